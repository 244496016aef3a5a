//! A run in the background, and a run that is looked at from another terminal.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use support::sandbox::Sandbox;
use support::service::wait_until;
use support::shop::{Shop, end};
use support::users;

const PATIENCE: Duration = Duration::from_secs(60);

const WORKS: &str = r#"
runbook "Works"

secret token "Of the queue" = env("TOKEN")

resolve "Work" {
  run $ echo begun >> begun; echo so far so good; until test -e go; do sleep 0.05; done
    with env { TOKEN: token }
    timeout 5m
    undo $ rm -f begun
      safe
  approve "Go on?" by oncall within 10m on silence abort
}
"#;

fn works() -> Sandbox {
    let sandbox = Sandbox::new().with_env("TOKEN", "sesame-open");
    sandbox.write("a.runbook", WORKS);
    sandbox
}

fn begun(sandbox: &Sandbox) -> bool {
    wait_until(Instant::now() + PATIENCE, || sandbox.home().join("begun").exists())
}

fn asks(sandbox: &Sandbox) -> bool {
    wait_until(Instant::now() + PATIENCE, || sandbox.run(["waiting"]).stdout.contains("Go on?"))
}

fn is_over(sandbox: &Sandbox, outcome: &str) -> bool {
    wait_until(Instant::now() + PATIENCE, || sandbox.run(["runs"]).stdout.contains(outcome))
}

#[test]
fn a_detached_run_goes_on_in_the_background_and_is_answered_from_elsewhere() {
    let sandbox = works();
    let said = sandbox.run(["run", "a.runbook", "--detach"]).expect_code(0);
    let run = said.stdout.lines().next().expect("an id").to_owned();
    for line in ["the run goes on in the background", "mainstay attach", "mainstay waiting", "mainstay stop"]
    {
        assert!(said.stdout.contains(line), "no `{line}` in {}", said.stdout);
    }
    assert!(begun(&sandbox));
    let second = sandbox.run(["resume", &run]).expect_code(1);
    assert!(second.stderr.contains("is being executed by process"), "{}", second.stderr);
    sandbox.write("go", "");
    assert!(asks(&sandbox));
    sandbox.run(["approve", &run, "--yes"]).expect_code(0);
    assert!(is_over(&sandbox, "resolved"), "{}", sandbox.run(["runs"]).stdout);
    assert_eq!(fs::read_to_string(sandbox.home().join("begun")).unwrap(), "begun\n", "it ran once");
}

#[test]
fn what_is_wrong_is_told_before_a_run_goes_into_the_background() {
    let sandbox = Sandbox::new();
    sandbox.write("a.runbook", WORKS);
    let refused = sandbox.run(["run", "a.runbook", "--detach"]).expect_code(2);
    assert!(refused.stderr.contains("TOKEN"), "{}", refused.stderr);
    assert!(sandbox.run(["runs"]).stdout.contains("nothing has been run yet"));
}

/// The terminal it was begun at is closed, as is everything that belongs to it.
#[test]
fn the_background_survives_its_terminal() {
    let sandbox = works();
    let mut shell = support::terminal::Terminal::start(
        std::path::Path::new("/bin/bash"),
        ["--norc"],
        &sandbox.environment(),
        sandbox.home(),
        support::terminal::LARGE,
    );
    shell.type_line(&format!("{} run a.runbook --detach", support::sandbox::program()));
    shell.wait_for("the run goes on in the background");
    // The shell is killed, and with it its session ends: whoever is still in it is hung up.
    drop(shell);
    assert!(begun(&sandbox));
    sandbox.write("go", "");
    assert!(asks(&sandbox));
    sandbox.run(["stop", "last"]).expect_code(0);
    assert!(is_over(&sandbox, "aborted"), "{}", sandbox.run(["runs"]).stdout);
    assert!(!sandbox.home().join("begun").exists());
}

#[test]
fn a_run_that_was_left_goes_on_in_the_background() {
    let sandbox = works();
    let mut running = sandbox.start(["run", "a.runbook"]);
    assert!(begun(&sandbox));
    running.kill();
    sandbox.run(["resume", "last", "--detach"]).expect_code(0);
    sandbox.write("go", "");
    assert!(asks(&sandbox));
    sandbox.run(["deny", "last"]).expect_code(0);
    assert!(is_over(&sandbox, "aborted"), "{}", sandbox.run(["runs"]).stdout);
}

#[test]
fn a_run_is_looked_at_from_another_terminal_to_its_end() {
    let sandbox = works();
    let running = sandbox.start(["run", "a.runbook"]);
    assert!(begun(&sandbox));
    let mut terminal = sandbox.at_terminal(["attach", "last"]);
    terminal.wait_for("resolve \"Work\"");
    // What the command printed before, and what it prints now.
    terminal.wait_for("echo begun");
    let mut plain = sandbox.start(["attach", "last"]);
    plain.wait_for("resolve \"Work\"");
    let json = sandbox.start(["attach", "last", "--format", "json"]);
    sandbox.write("go", "");
    assert!(asks(&sandbox));
    sandbox.run(["deny", "last"]).expect_code(0);
    running.finish().expect_code(4);
    terminal.finish().expect_code(4).expect_output("aborted");
    plain.finish().expect_code(4).expect_output("refused");
    let records = json.finish().expect_code(4).json_lines();
    assert_eq!(records[0]["seq"], 1);
    assert_eq!(records.last().expect("records")["body"]["fact"], "ended");
}

#[test]
fn ctrl_c_leaves_the_view_and_not_the_run() {
    let sandbox = works();
    let running = sandbox.start(["run", "a.runbook"]);
    assert!(begun(&sandbox));
    let mut terminal = sandbox.at_terminal(["attach", "last"]);
    terminal.wait_for("resolve \"Work\"");
    terminal.press("\u{3}");
    terminal.finish().expect_code(0).expect_output("the view was left; the run");
    sandbox.write("go", "");
    assert!(asks(&sandbox), "the run goes on");
    sandbox.run(["approve", "last", "--yes"]).expect_code(0);
    running.finish().expect_code(0);
}

#[test]
fn where_nobody_executes_a_run_there_is_nothing_to_look_at() {
    let sandbox = works();
    let mut running = sandbox.start(["run", "a.runbook"]);
    assert!(begun(&sandbox));
    let mut plain = sandbox.start(["attach", "last"]);
    plain.wait_for("resolve \"Work\"");
    running.kill();
    let left = plain.finish().expect_code(7);
    assert!(left.stderr.contains("nobody executes the run any more"), "{}", left.stderr);
    let refused = sandbox.run(["attach", "last"]).expect_code(2);
    assert!(refused.stderr.contains("mainstay resume"), "{}", refused.stderr);
    sandbox.run(["rollback", "last"]).expect_code(3);
    let over = sandbox.run(["attach", "last"]).expect_code(2);
    assert!(over.stderr.contains("has ended"), "{}", over.stderr);
}

#[test]
fn in_a_team_others_look_on() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (child, run) = shop.wait(dana, "077");
    let mut attached = shop.command(li, "022", &["attach", &run]);
    let attached = attached.stdout(std::process::Stdio::piped()).spawn().unwrap();
    shop.open_gate();
    assert_eq!(end(child), Some(0));
    let seen = attached.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&seen.stdout);
    assert_eq!(seen.status.code(), Some(0), "{seen:?}");
    assert!(text.contains("cat gate") && text.contains("resolved"), "{text}");
}
