//! The real program in a home of its own: nothing of the machine's user is read or written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::service::wait_until;
use super::terminal::{LARGE, Terminal};

/// How long one run of the program may take before the test gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A home folder, a state folder inside it, and an environment with nothing but `PATH` and what a test adds.
pub struct Sandbox {
    home: TempDir,
    environment: BTreeMap<String, String>,
}

/// What a run of the program came to.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its output; at a terminal the last screen.
    pub stdout: String,
    /// What it wrote to its error output; empty at a terminal.
    pub stderr: String,
}

impl Finished {
    /// Returns itself when the exit code is the expected one.
    ///
    /// # Panics
    ///
    /// When it is another one; with everything the program wrote.
    #[track_caller]
    pub fn expect_code(self, expected: i32) -> Self {
        assert!(
            self.code == Some(expected),
            "exit code {:?} instead of {expected}\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Returns itself when the output contains the text.
    ///
    /// # Panics
    ///
    /// When it does not; with everything the program wrote.
    #[track_caller]
    pub fn expect_output(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no `{text}` in the output\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Returns the records of an output of JSON lines.
    ///
    /// # Panics
    ///
    /// When a line is not JSON.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON: {error}: {line}"))
            })
            .collect()
    }
}

impl Sandbox {
    /// Makes an empty home.
    ///
    /// # Panics
    ///
    /// When no temporary folder can be made.
    pub fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("mainstay-home-")
            .tempdir()
            .expect("a temporary folder can be made");
        Self { home, environment: BTreeMap::new() }
    }

    /// Adds a variable to the environment of the program.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Returns the home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the folder that holds the runs' state.
    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// Writes a file below the home folder and returns its path.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file stands in a folder"))
            .and_then(|()| std::fs::write(&path, text))
            .unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
        path
    }

    /// Returns the environment of the program.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        let mut add = |name: &str, value: String| {
            environment.entry(name.to_owned()).or_insert(value);
        };
        add("PATH", std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned()));
        add("HOME", self.home.path().display().to_string());
        add("XDG_STATE_HOME", self.state().display().to_string());
        environment
    }

    /// Runs the program without a terminal and returns what it came to.
    ///
    /// # Panics
    ///
    /// When it has not ended after [`PATIENCE`].
    pub fn run<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Finished {
        self.start(arguments).finish()
    }

    /// Waits until some run asks that, where others may answer.
    ///
    /// # Panics
    ///
    /// When nothing does within [`PATIENCE`].
    pub fn waits_for(&self, asked: &str) {
        let mut found = String::new();
        let is_asked = wait_until(Instant::now() + PATIENCE, || {
            found = self.run(["waiting", "--format", "json"]).stdout;
            found.contains(asked)
        });
        assert!(is_asked, "{asked}: {found}");
    }

    /// Starts the program without a terminal.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Running {
        let child = Command::new(program())
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        Running::new(child)
    }

    /// Starts the program at a terminal of its own.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn at_terminal<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Terminal {
        self.at_terminal_of(LARGE, arguments)
    }

    /// Starts the program at a terminal of so many rows and columns.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn at_terminal_of<I: AsRef<std::ffi::OsStr>>(
        &self,
        size: (u16, u16),
        arguments: impl IntoIterator<Item = I>,
    ) -> Terminal {
        Terminal::start(Path::new(program()), arguments, &self.environment(), self.home.path(), size)
    }
}

/// Lets everybody execute the file.
///
/// # Panics
///
/// When it is not ours.
pub fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("the file is ours");
}

/// Returns the path of the program under test.
pub fn program() -> &'static str {
    env!("CARGO_BIN_EXE_mainstay")
}

/// Returns the path of a file of the checkout.
pub fn in_checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program, running without a terminal.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    stdout: String,
}

impl Running {
    fn new(mut child: Child) -> Self {
        let lines = stream(child.stdout.take().expect("stdout is piped"));
        let errors = stream(child.stderr.take().expect("stderr is piped"));
        Self { child, lines, errors, stdout: String::new() }
    }

    /// Waits until the output contains the text.
    ///
    /// # Panics
    ///
    /// When the program ended without it, or [`PATIENCE`] has run out; with what it wrote.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.stdout.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.stdout.push_str(&line),
                Err(error) => {
                    let errors: String = self.errors.try_iter().collect();
                    panic!(
                        "no `{text}` in the output ({error})\n--- stdout\n{}\n--- stderr\n{errors}",
                        self.stdout
                    )
                }
            }
        }
    }

    /// Returns whether it has ended.
    ///
    /// # Panics
    ///
    /// When it cannot be asked.
    pub fn is_over(&self) -> bool {
        // Not `try_wait`, which would reap it: `/proc` tells as well.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z') || rest.is_empty())
    }

    /// Ends the program at once, as `kill -9` does.
    ///
    /// # Panics
    ///
    /// When it is not there any more.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is our child");
    }

    /// Waits until the output contains the text, and tells the program that its terminal is gone.
    ///
    /// # Panics
    ///
    /// As [`Running::wait_for`] and [`Running::finish`].
    #[track_caller]
    pub fn hang_up_at(mut self, text: &str) -> Finished {
        self.wait_for(text);
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("it runs");
        self.finish()
    }

    /// Waits for the end and returns what it came to.
    ///
    /// # Panics
    ///
    /// When it has not ended after [`PATIENCE`]; with what it wrote.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let mut status: Option<ExitStatus> = None;
        let ended = wait_until(Instant::now() + PATIENCE, || {
            self.stdout.extend(self.lines.try_iter());
            status = self.child.try_wait().expect("the program is our child");
            status.is_some()
        });
        // What a killed program's children hold open must not hold up the test.
        let grace = Instant::now() + Duration::from_secs(2);
        let drain = |receiver: &Receiver<String>| {
            let mut text = String::new();
            while let Ok(line) = receiver.recv_timeout(grace.saturating_duration_since(Instant::now())) {
                text.push_str(&line);
            }
            text
        };
        self.stdout.push_str(&drain(&self.lines));
        let stderr = drain(&self.errors);
        let stdout = std::mem::take(&mut self.stdout);
        assert!(ended, "no end after {PATIENCE:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        Finished { code: status.and_then(|status| status.code()), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads lines in a thread of its own, as they come.
fn stream(source: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, lines) = channel();
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while matches!(source.read_until(b'\n', &mut line), Ok(length) if length > 0) {
            if tell.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    lines
}
