//! `runbooks/quickstart`: the first incident that a newcomer sees, with its real trouble.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use support::sandbox::{Sandbox, in_checkout, program};
use support::service::wait_until;
use support::terminal::{LARGE, NO, Terminal, YES};

const QUESTION: &str = "and stop process";

/// A folder with the quickstart's trouble in it. Its process is gone when it is dropped.
struct Trouble {
    folder: TempDir,
    pid: i32,
}

impl Trouble {
    fn make() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let status = Command::new(in_checkout("runbooks/quickstart/make-trouble"))
            .arg(folder.path())
            .status()
            .expect("the script runs");
        assert!(status.success(), "the script fails: {status}");
        let pid = std::fs::read_to_string(folder.path().join("shop.pid"))
            .expect("the script leaves the process id");
        let pid = pid.trim().parse().expect("a process id is a number");
        Self { folder, pid }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("shop.log")
    }

    fn arguments(&self, extra: &[&str]) -> Vec<String> {
        let file = in_checkout("runbooks/quickstart/quickstart.runbook");
        let mut arguments = vec![
            "run".to_owned(),
            file.display().to_string(),
            "-p".to_owned(),
            format!("folder={}", self.folder.path().display()),
        ];
        arguments.extend(extra.iter().map(|argument| (*argument).to_owned()));
        arguments
    }

    /// Returns the state of the process, as `/proc` has it: `S` sleeps, `T` is paused; `None` when it is gone.
    fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        let state = stat.rsplit_once(") ")?.1.chars().next()?;
        // A zombie has ended, and waits for its parent.
        (state != 'Z' && state != 'X').then_some(state)
    }

    #[track_caller]
    fn assert_as_before(&self, before: &[u8]) {
        let now = std::fs::read(self.log()).expect("the log is there");
        assert!(now.starts_with(before), "the log has lost lines: {} bytes of {}", now.len(), before.len());
        assert!(!self.log().with_extension("log.gz").exists(), "no compressed log is left over");
        let state = self.state();
        assert!(matches!(state, Some('S' | 'R' | 'D')), "the writer goes on: {state:?}");
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        if self.state().is_some()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // Refused only when it has ended by itself in between.
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}

#[test]
fn the_log_is_compressed_and_the_writer_stopped() {
    let trouble = Trouble::make();
    let sandbox = Sandbox::new();
    let before = std::fs::metadata(trouble.log()).expect("the log is there").len();
    assert!(before > 4_000_000, "the log has {before} bytes");
    let mut terminal = sandbox.at_terminal(trouble.arguments(&[]));
    terminal.wait_for(QUESTION);
    assert!(terminal.screen().contains("shop-worker"), "the writer is named:\n{}", terminal.screen());
    terminal.type_line(YES);
    terminal.finish().expect_code(0);

    let after = std::fs::metadata(trouble.log()).expect("the log is there").len();
    assert_eq!(after, 0, "the log is empty");
    assert!(trouble.log().with_extension("log.gz").exists());
    assert!(wait_until(Instant::now() + Duration::from_secs(10), || { trouble.state().is_none() }));
}

#[test]
fn a_refused_approval_changes_nothing() {
    let trouble = Trouble::make();
    let before = std::fs::read(trouble.log()).expect("the log is there");
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.at_terminal(trouble.arguments(&[]));
    terminal.wait_for(QUESTION);
    terminal.type_line(NO);
    terminal.finish().expect_code(4);
    trouble.assert_as_before(&before);
}

#[test]
fn unattended_nobody_is_asked_and_nothing_changes() {
    let trouble = Trouble::make();
    let before = std::fs::read(trouble.log()).expect("the log is there");
    Sandbox::new().run(trouble.arguments(&["--unattended"])).expect_code(4);
    trouble.assert_as_before(&before);
}

#[test]
fn what_does_not_help_is_taken_back() {
    let trouble = Trouble::make();
    let before = std::fs::read(trouble.log()).expect("the log is there");
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.at_terminal(trouble.arguments(&["-p", "limit=0.1%"]));
    terminal.wait_for(QUESTION);
    terminal.type_line(YES);
    terminal.finish().expect_code(3).expect_output("the log was not what fills the folder");
    trouble.assert_as_before(&before);
}

#[test]
fn the_script_makes_the_trouble_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let mut environment = sandbox.environment();
    environment.insert("MAINSTAY".to_owned(), program().to_owned());
    environment.insert("TMPDIR".to_owned(), sandbox.home().display().to_string());
    let script = in_checkout("runbooks/quickstart/run");
    let mut terminal = Terminal::start(&script, Vec::<String>::new(), &environment, sandbox.home(), LARGE);
    terminal.wait_for(QUESTION);
    let folder = trouble_below(sandbox.home()).expect("the script made a folder");
    terminal.type_line(YES);
    terminal.finish().expect_code(0);
    assert!(!folder.exists(), "{} is left over", folder.display());
}

/// Returns the folder with the trouble below a folder.
fn trouble_below(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    folders.into_iter().find(|path| path.join("shop.pid").exists())
}
