//! Runs at a real terminal: what moves, what is asked, what stays. And the commands that look back at them.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::sandbox::{Sandbox, program};
use support::terminal::{NO, YES};

const RUNBOOK: &str = r#"runbook "Too many files in {{ spool }}"

rto 60m

param spool: text "The spool folder"
param limit: int in 1..100 "Most files that may lie there" = 3

symptom "more than {{ limit }} files" {
  check n = $ ls {{ spool }} | wc --lines
  when n.number > limit
}

diagnose within 1m {
  step "Look at the files" timeout 15s {
    check slow = $ bash -c 'echo looking around; sleep 3'
    finding "{{ n.number }} files"
  }
}

resolve "Move them away" within 5m {
  approve "Move the files of {{ spool }}?" by oncall within 1m on silence abort
  step "Move" timeout 30s {
    run $ mv {{ spool }} {{ spool ~ ".away" }}
      undo $ mv {{ spool ~ ".away" }} {{ spool }}
    run $ mkdir {{ spool }}
      undo $ rmdir {{ spool }}
  }
  verify limit > 50 else "the limit is too low"
}

prevention """
Let logrotate keep {{ limit }} files of {{ spool }}.
"""
"#;

/// A home with a runbook in it, and a folder with too many files.
fn trouble() -> (Sandbox, PathBuf, PathBuf) {
    let sandbox = Sandbox::new().with_env("LANG", "C.UTF-8");
    let runbook = sandbox.write("spool.runbook", RUNBOOK);
    for n in 0..5 {
        sandbox.write(&format!("spool/{n}"), "");
    }
    let spool = sandbox.home().join("spool");
    (sandbox, runbook, spool)
}

fn arguments(runbook: &Path, extra: &[String]) -> Vec<String> {
    let mut arguments = vec!["run".to_owned(), runbook.display().to_string()];
    for parameter in extra {
        arguments.extend(["-p".to_owned(), parameter.clone()]);
    }
    arguments
}

/// Returns the arguments of a run that asks nobody.
fn unattended(runbook: &Path, spool: &Path) -> Vec<String> {
    let mut arguments = arguments(runbook, &[format!("spool={}", spool.display())]);
    arguments.push("--unattended".to_owned());
    arguments
}

#[test]
fn a_step_shows_its_time_its_bound_and_what_it_prints_and_leaves_no_bar_behind() {
    let (sandbox, runbook, spool) = trouble();
    let mut terminal = sandbox.at_terminal(arguments(&runbook, &[format!("spool={}", spool.display())]));
    terminal.wait_for("Look at the files  1s of 15s");
    terminal.wait_for("│ looking around");
    terminal.wait_for("rto: 59m");
    terminal.wait_for("nothing changed");
    terminal.wait_for("yes or no?");
    let asked = terminal.screen();
    for text in
        ["finding: 5 files", "asked of      oncall", "on silence    the run is aborted", "time left     1m"]
    {
        assert!(asked.contains(text), "no `{text}`:\n{asked}");
    }
    terminal.wait_for("time left     58s");
    terminal.type_line("perhaps");
    terminal.wait_for("`perhaps` is no answer: type yes or no");
    terminal.wait_for("time left     56s");
    terminal.type_line(YES);
    let finished = terminal.finish().expect_code(3);
    let screen = &finished.stdout;
    assert!(!screen.contains("1s of 15s"), "a bar is left over:\n{screen}");
    for text in [
        "Too many files in",
        "yes to \"Move the files of",
        "the limit is too low",
        "spool.runbook:28:",
        "taken back",
        "prevention    Let logrotate keep 3 files of",
        "mainstay timeline ",
    ] {
        assert!(screen.contains(text), "no `{text}`:\n{screen}");
    }
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 5, "the files are back");
}

#[test]
fn a_missing_parameter_is_asked_for_and_what_is_none_is_asked_again() {
    let (sandbox, runbook, spool) = trouble();
    let mut terminal = sandbox.at_terminal(arguments(&runbook, &[]));
    terminal.wait_for("spool: text \"The spool folder\"");
    terminal.type_line(&spool.display().to_string());
    terminal.wait_for("yes or no?");
    terminal.type_line(NO);
    terminal.finish().expect_code(4).expect_output("refused: Move the files");
}

#[test]
fn a_stopped_run_takes_its_changes_back() {
    let (sandbox, runbook, spool) = trouble();
    let mut terminal = sandbox.at_terminal(arguments(&runbook, &[format!("spool={}", spool.display())]));
    terminal.wait_for("looking around");
    terminal.press("\x03");
    terminal.wait_for("stop the run and take its changes back?");
    terminal.type_line("y");
    let finished = terminal.finish().expect_code(4).expect_output("stopped the run");
    assert!(!finished.stdout.contains("^C"), "{}", finished.stdout);
}

#[test]
fn arguments_that_are_wrong_are_explained_before_anything_runs() {
    let (sandbox, runbook, spool) = trouble();
    let spool = format!("spool={}", spool.display());
    for (given, message, help) in [
        (vec![], "parameter `spool` is missing", "spool: text \"The spool folder\""),
        (vec!["spol=x".to_owned()], "there is no parameter `spol`", "did you mean `spool`?"),
        (
            vec![spool.clone(), "limit=x".to_owned()],
            "parameter `limit`: `x` is not a whole number",
            "limit: int in 1..100",
        ),
        (
            vec![spool.clone(), "limit=101".to_owned()],
            "parameter `limit`: `101` is not in 1..100",
            "limit: int in 1..100",
        ),
        (vec!["spool".to_owned()], "`spool` is no parameter", "write it as `-p name=value`"),
    ] {
        let finished = sandbox.run(arguments(&runbook, &given)).expect_code(2);
        for text in [message, help] {
            assert!(finished.stderr.contains(text), "no `{text}`:\n{}", finished.stderr);
        }
        assert!(!finished.stderr.contains('\u{1b}'));
    }
    assert!(!sandbox.state().exists(), "nothing was begun");
}

#[test]
fn parameters_come_from_files_and_the_command_line_wins() {
    let (sandbox, runbook, spool) = trouble();
    let json = sandbox.write("p.json", &format!("{{\"spool\": \"{}\", \"limit\": 4}}", spool.display()));
    let toml = sandbox.write("p.toml", &format!("spool = \"{}\"\nlimit = 4\n", spool.display()));
    for file in [json, toml] {
        let mut arguments = arguments(&runbook, &["limit=99".to_owned()]);
        arguments.extend(["--params".to_owned(), file.display().to_string()]);
        sandbox.run(&arguments).expect_code(6);
    }
    sandbox.run(["show", "last"]).expect_code(0).expect_output("limit = 99");
}

#[test]
fn runs_are_listed_shown_and_told() {
    let (sandbox, runbook, spool) = trouble();
    sandbox.run(["runs"]).expect_code(0).expect_output("nothing has been run yet");
    sandbox.run(unattended(&runbook, &spool)).expect_code(4);
    let listed = sandbox.run(["runs", "--format", "json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let run = json[0]["run"].as_str().unwrap().to_owned();
    assert_eq!((json[0]["outcome"].as_str(), json.as_array().unwrap().len()), (Some("aborted"), 1));
    sandbox.run(["runs", "--outcome", "resolved"]).expect_code(0).expect_output("no run is like that");
    sandbox.run(["runs", "--runbook", "spool"]).expect_code(0).expect_output(&run);
    let typo = sandbox.run(["runs", "--outcome", "abborted"]).expect_code(2);
    assert!(typo.stderr.contains("did you mean `aborted`?"), "{}", typo.stderr);

    let tail = run.rsplit('-').next().unwrap();
    sandbox.run(["show", tail]).expect_code(0).expect_output("no answer (nobody is asked");
    let shown = sandbox.run(["show", &run, "--format", "json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(json["findings"][0][2], "5 files");
    sandbox
        .run(["timeline", "last"])
        .expect_code(0)
        .expect_output("| time (UTC) | who | what | outcome | evidence |")
        .expect_output("## Prevention\n\nLet logrotate keep 3 files of");
    let unknown = sandbox.run(["show", "nope"]).expect_code(2);
    assert!(unknown.stderr.contains("there is no run `nope`"), "{}", unknown.stderr);

    // The index is only a shortcut.
    fs::remove_file(sandbox.state().join("mainstay/index.db")).unwrap();
    sandbox.run(["runs"]).expect_code(0).expect_output(&run);
}

/// A disk that cannot be written to: the folders belong to somebody else.
#[test]
fn what_cannot_be_written_can_still_be_read() {
    let (sandbox, runbook, spool) = trouble();
    sandbox.run(unattended(&runbook, &spool)).expect_code(4);
    let is_root = rustix::process::geteuid().is_root();
    let setpriv = Command::new("setpriv").arg("--version").output().is_ok();
    if !is_root || !setpriv {
        return;
    }
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let binary = sandbox.home().join("mainstay");
    fs::copy(program(), &binary).unwrap();
    open(sandbox.home(), 0o755);
    let state = sandbox.state().join("mainstay");
    for folder in [sandbox.state(), state.clone(), state.join("runs")] {
        open(&folder, 0o755);
    }
    let run = fs::read_dir(state.join("runs")).unwrap().next().unwrap().unwrap().path();
    open(&run, 0o755);
    for file in fs::read_dir(&run).unwrap() {
        open(&file.unwrap().path(), 0o644);
    }
    let as_nobody = |arguments: &[&str]| {
        Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&binary)
            .args(arguments)
            .env_clear()
            .env("MAINSTAY_STATE", &state)
            .current_dir("/")
            .output()
            .unwrap()
    };
    for arguments in [&["show", "last"][..], &["runs"], &["timeline", "last"]] {
        let output = as_nobody(arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("Too many files"), "{arguments:?}: {output:?}");
    }
    let denied = as_nobody(&["run", &runbook.display().to_string(), "-p", "spool=/"]);
    let text = String::from_utf8_lossy(&denied.stderr);
    assert!(text.contains("may not be accessed by this user"), "{text}");
    assert!(text.contains("set MAINSTAY_STATE to a folder"), "{text}");
}

#[test]
fn turns_are_logged_for_those_who_look_for_a_fault_and_for_nobody_else() {
    let (sandbox, runbook, spool) = trouble();
    let arguments = unattended(&runbook, &spool);
    assert!(!sandbox.run(&arguments).stderr.contains("records="));
    let sandbox = sandbox.with_env("MAINSTAY_LOG", "debug");
    let logged = sandbox.run(&arguments).stderr;
    assert!(logged.contains("DEBUG mainstay::engine::drive: turn records="), "{logged}");
    assert!(logged.lines().all(|line| !line.contains("DEBUG") || line.contains(" mainstay::")), "{logged}");
}
