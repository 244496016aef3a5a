//! One server process: started in the foreground, ready when it says so in its log, ended by its process id.

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

/// How long a server may take until it serves, and until it is gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a server is started on another port when somebody else was faster to take the free one.
const ATTEMPTS: usize = 5;

/// A running server. Dropping it ends the process and waits until it is gone.
pub struct Service {
    name: &'static str,
    child: Child,
    stop: Signal,
    log: Arc<Mutex<String>>,
}

impl Service {
    /// Starts a server on a free port of the loopback address and returns it with its port, once its log says `ready`.
    ///
    /// # Panics
    ///
    /// When no attempt became ready; with the log of the last one.
    pub fn start(
        name: &'static str,
        stop: Signal,
        ready: &str,
        command: impl Fn(u16) -> Command,
    ) -> (Self, u16) {
        let mut log = String::new();
        for _ in 0..ATTEMPTS {
            let port = free_port();
            match Self::attempt(name, stop, ready, command(port)) {
                Ok(service) => return (service, port),
                Err(seen) => log = seen,
            }
        }
        panic!("{name} did not start; its log:\n{log}");
    }

    fn attempt(name: &'static str, stop: Signal, ready: &str, mut command: Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}: {command:?}"));
        let log = Arc::new(Mutex::new(String::new()));
        let is_ready = follow(child.stderr.take().expect("stderr is piped"), ready, &log);
        let service = Self { name, child, stop, log };
        match is_ready.recv_timeout(PATIENCE) {
            Ok(()) => Ok(service),
            Err(RecvTimeoutError::Disconnected) => Err(service.log()),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("{}\n(not ready after {PATIENCE:?})", service.log()))
            }
        }
    }

    /// Returns what the server wrote to its log until now.
    pub fn log(&self) -> String {
        self.log.lock().expect("no reader of the log panics").clone()
    }

    /// Returns the process id of the server.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Kills the server without a chance to end in order, and waits until it is gone.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    fn end(&mut self, signal: Signal) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Refused only when the process has ended in between.
        let _ = rustix::process::kill_process(self.pid(), signal);
        let deadline = Instant::now() + PATIENCE;
        let gone = wait_until(deadline, || matches!(self.child.try_wait(), Ok(Some(_))));
        if !gone {
            let _ = self.child.kill();
            let _ = self.child.wait();
            assert!(thread::panicking(), "{} did not end after {PATIENCE:?}", self.name);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end(self.stop);
    }
}

/// Collects the log in a thread of its own and tells when a line of it contains `ready`.
fn follow(log: impl std::io::Read + Send + 'static, ready: &str, seen: &Arc<Mutex<String>>) -> Receiver<()> {
    let (tell, is_ready) = channel();
    let (ready, seen) = (ready.to_owned(), Arc::clone(seen));
    thread::spawn(move || {
        let mut tell = Some(tell);
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            let found = line.contains(&ready);
            let mut seen = seen.lock().expect("no reader of the log panics");
            seen.push_str(&line);
            seen.push('\n');
            drop(seen);
            if found && let Some(tell) = tell.take() {
                // Nobody listens any more when the wait has run out.
                let _ = tell.send(());
            }
        }
    });
    is_ready
}

/// Returns whether `holds` became true before the deadline. It is asked again after 5 ms, twice as much, up to 100 ms.
pub fn wait_until(deadline: Instant, mut holds: impl FnMut() -> bool) -> bool {
    let mut pause = Duration::from_millis(5);
    loop {
        if holds() {
            return true;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Returns a port of the loopback address that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port can be bound on loopback");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// The account that servers run under, as those refuse to work for root.
pub const ACCOUNT: &str = "postgres";

/// Returns a command that runs a server's program without privileges: as `postgres` when the tests run as root.
pub fn unprivileged(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--init-groups"]).arg(program);
    command
}

/// Returns a fresh folder that the servers' account can write to; it is deleted when it is dropped.
pub fn folder(prefix: &str) -> TempDir {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir().expect("a temporary folder can be made");
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("own folder");
    give_to_account(folder.path());
    folder
}

/// Hands a path to the servers' account when the tests run as root.
pub fn give_to_account(path: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let output = Command::new("chown").arg(ACCOUNT).arg(path).output().expect("chown runs");
    assert!(
        output.status.success(),
        "no account `{ACCOUNT}` on this machine (Debian's package postgresql makes it): {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Returns the program of that name from `PATH` or from one of `folders`.
///
/// # Panics
///
/// When this machine does not have it; with the Debian package that brings it.
pub fn find_program(name: &str, folders: &[PathBuf], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .iter()
        .cloned()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!("this test needs `{name}`, which this machine does not have: install Debian's package {package}")
        })
}
