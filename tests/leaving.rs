//! A run is left at a question, or its terminal is lost: it waits, and goes on later with what was answered meanwhile.

mod support;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::sandbox::{Sandbox, program};
use support::service::wait_until;

const PATIENCE: Duration = Duration::from_secs(60);

const ASKS: &str = r#"
runbook "Asks"

resolve "Ask" {
  run $ touch first
    undo $ rm first
  approve "Go on?" by oncall within 10m on silence abort
  run $ touch second
    undo $ rm second
}
"#;

fn asking(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.runbook", text);
    sandbox
}

/// Starts the program as the leader of a session at a terminal of its own, which hangs up when what is returned is dropped.
fn at_raw_terminal(sandbox: &Sandbox, arguments: &[&str]) -> File {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(0o400).open(name).unwrap();
    // It is not waited for: it leads a session of its own, and whoever began it may be gone.
    Command::new("setsid")
        .args(["--fork", "--ctty", program()])
        .args(arguments)
        .env_clear()
        .envs(sandbox.environment())
        .env("TERM", "xterm-256color")
        .current_dir(sandbox.home())
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .stderr(terminal)
        .status()
        .unwrap();
    keyboard.into()
}

#[test]
fn a_question_is_left_by_a_word_and_by_ctrl_d_and_answered_from_elsewhere() {
    for keys in ["leave\r", "\u{4}"] {
        let sandbox = asking(ASKS);
        let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
        terminal.wait_for("`leave` or Ctrl-D leaves the run as it stands");
        terminal.wait_for("yes or no?");
        terminal.press(keys);
        let left = terminal.finish().expect_code(7);
        for said in ["the run was left as it stands", "mainstay waiting", "mainstay resume"] {
            assert!(left.stdout.contains(said), "no `{said}` in {}", left.stdout);
        }
        assert!(sandbox.home().join("first").exists(), "nothing is taken back");
        sandbox.run(["approve", "last", "--yes"]).expect_code(0);
        let done = sandbox.run(["resume", "last"]).expect_code(0);
        assert!(sandbox.home().join("second").exists(), "{}", done.stdout);
    }
}

#[test]
fn what_was_answered_meanwhile_is_not_asked_again() {
    let sandbox = asking(ASKS);
    for command in [["run", "a.runbook"], ["resume", "last"]] {
        let mut terminal = sandbox.at_terminal(command);
        terminal.wait_for("yes or no?");
        terminal.type_line("leave");
        let left = terminal.finish().expect_code(7).stdout;
        let went_on = left.find("went on with the run").unwrap_or_default();
        assert!(left.find("on silence").is_some_and(|asked| asked > went_on), "{command:?}: {left}");
    }
    sandbox.run(["approve", "last", "--yes"]).expect_code(0);
    let done = sandbox.at_terminal(["resume", "last"]).finish().expect_code(0).stdout;
    assert!(done.contains("went on with the run") && !done.contains("on silence"), "{done}");
    assert!(sandbox.home().join("second").exists(), "{done}");
}

#[test]
fn an_answer_from_elsewhere_ends_the_line_of_the_prompt() {
    let sandbox = asking(ASKS);
    let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
    terminal.wait_for("yes or no?");
    sandbox.run(["approve", "last", "--yes"]).expect_code(0);
    let done = terminal.finish().expect_code(0).stdout;
    let prompt = done.lines().find(|line| line.contains("yes or no?")).unwrap_or_else(|| panic!("{done}"));
    assert_eq!(prompt.trim_end(), "yes or no?", "{done}");
}

#[test]
fn what_could_be_the_answer_does_not_leave() {
    let sandbox = asking(
        "runbook \"Asks\"\nresolve \"Ask\" {\n  ask what \"What?\" one of \"leave\", \"take\" by oncall \
         within 10m on silence \"take\"\n  run $ touch {{ what }}\n    undo $ rm {{ what }}\n}\n",
    );
    let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
    terminal.wait_for("Ctrl-D leaves the run as it stands");
    assert!(!terminal.screen().contains("`leave` or"), "{}", terminal.screen());
    terminal.wait_for("answer:");
    terminal.type_line("leave");
    terminal.finish().expect_code(0);
    assert!(sandbox.home().join("leave").exists());
}

#[test]
fn the_time_for_an_answer_passes_while_nobody_runs_it() {
    let sandbox = asking(&ASKS.replace("10m", "2s"));
    let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
    terminal.wait_for("yes or no?");
    terminal.type_line("leave");
    terminal.finish().expect_code(7);
    let is_over = wait_until(Instant::now() + PATIENCE, || {
        let waiting = sandbox.run(["waiting", "--format", "json"]).stdout;
        let waiting: serde_json::Value = serde_json::from_str(&waiting).unwrap_or_default();
        waiting[0]["left_seconds"] == 0
    });
    assert!(is_over);
    let done = sandbox.run(["resume", "last"]).expect_code(4);
    assert!(done.stdout.contains("nobody answered in time"), "{}", done.stdout);
    assert!(!sandbox.home().join("first").exists(), "silence aborts");
}

/// The terminal goes away while a command runs: the command goes on to its end, and its end is there at the resume.
#[test]
fn a_lost_terminal_leaves_the_run_and_its_command_goes_on() {
    let sandbox = asking(
        "runbook \"Works\"\nresolve \"Work\" {\n  \
         run $ echo begun >> begun; until test -e go; do sleep 0.05; done; echo ended >> ended\n    timeout 5m\n    \
         leave \"a word\"\n}\n",
    );
    let keyboard = at_raw_terminal(&sandbox, &["run", "a.runbook"]);
    assert!(wait_until(Instant::now() + PATIENCE, || sandbox.home().join("begun").exists()));
    drop(keyboard);
    let left = wait_until(Instant::now() + PATIENCE, || {
        let runs = sandbox.run(["runs", "--format", "json"]).stdout;
        runs.contains("suspended")
    });
    assert!(left, "{}", sandbox.run(["runs"]).stdout);
    let said = sandbox.run(["timeline", "last"]).stdout;
    assert!(said.contains("hung up"), "{said}");
    assert!(!sandbox.home().join("ended").exists());
    sandbox.write("go", "");
    assert!(wait_until(Instant::now() + PATIENCE, || sandbox.home().join("ended").exists()));
    sandbox.run(["resume", "last"]).expect_code(0);
    assert_eq!(fs::read_to_string(sandbox.home().join("begun")).unwrap(), "begun\n", "it ran once");
}
