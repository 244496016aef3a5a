//! A run that is stopped from elsewhere: in order, by whoever may, and told apart from a failure.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use mainstay::people::inbox::seal_of;
use support::sandbox::{Running, Sandbox};
use support::service::wait_until;
use support::shop::{Shop, end};
use support::users::{self, command_as};

const PATIENCE: Duration = Duration::from_secs(60);

/// Its second command ends only when it is ended, and says when it has.
const LONG: &str = r#"
runbook "Long work"

resolve "Work" {
  run $ touch first
    undo $ bash -c 'echo undone >> order; rm first'
  step "Wait" timeout 5m {
    run $ bash -c 'trap "sleep 0.3; echo ended >> order; exit 1" TERM; touch waits; while :; do sleep 0.1; done'
      timeout 5m
      leave "it only waits"
  }
}

rollback {
  run $ bash -c 'test -p gate && cat gate || true'
    timeout 1m
    leave "it only waits"
}
"#;

struct Alone(Sandbox);

impl Alone {
    fn new() -> Self {
        let alone = Alone(Sandbox::new());
        alone.0.write("a.runbook", LONG);
        alone
    }

    /// Starts the run, which then waits in its second command.
    fn start(&self, arguments: &[&str]) -> Running {
        let running = self.0.start([&["run", "a.runbook"], arguments].concat());
        assert!(wait_until(Instant::now() + PATIENCE, || self.0.home().join("waits").exists()));
        running
    }

    fn order(&self) -> String {
        fs::read_to_string(self.0.home().join("order")).unwrap_or_default()
    }
}

fn me() -> String {
    mainstay::people::Person::current().name
}

#[test]
fn the_running_command_is_ended_before_the_first_undo_and_the_run_is_aborted() {
    let alone = Alone::new();
    let running = alone.start(&[]);
    let stopped = alone.0.run(["stop", "last", "--because", "the bank called"]).expect_code(0);
    assert!(
        stopped.stdout.contains("what it runs now is ended, then its changes are taken back"),
        "{stopped:?}"
    );
    let done = running.finish().expect_code(4);
    for said in [
        format!("{} stopped the run: because the bank called", me()),
        format!("stopped by {}, because the bank called", me()),
    ] {
        assert!(done.stdout.contains(&said), "no `{said}` in {}", done.stdout);
    }
    assert_eq!(alone.order(), "ended\nundone\n");
    assert!(!alone.0.home().join("first").exists());
    let shown = alone.0.run(["show", "last", "--format", "json"]).expect_code(0);
    assert!(shown.stdout.contains("\"aborted\""), "{}", shown.stdout);
    let again = alone.0.run(["stop", "last"]).expect_code(2);
    assert!(again.stderr.contains("has ended: aborted"), "{}", again.stderr);
}

#[test]
fn a_second_stop_does_no_harm_while_changes_are_taken_back() {
    let alone = Alone::new();
    let gate = alone.0.home().join("gate");
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let mut running = alone.start(&[]);
    alone.0.run(["stop", "last"]).expect_code(0);
    running.wait_for("rollback");
    let again = alone.0.run(["stop", "last", "--because", "twice"]).expect_code(0);
    assert!(again.stdout.contains("takes its changes back already"), "{}", again.stdout);
    fs::write(gate, "on\n").unwrap();
    let done = running.finish().expect_code(4);
    assert!(!done.stdout.contains("twice"), "{}", done.stdout);
    assert_eq!(alone.order(), "ended\nundone\n");
}

#[test]
fn a_run_that_asks_nobody_can_be_stopped() {
    let alone = Alone::new();
    let running = alone.start(&["--unattended"]);
    alone.0.run(["stop", "last"]).expect_code(0);
    running.finish().expect_code(4);
    assert_eq!(alone.order(), "ended\nundone\n");
}

#[test]
fn a_run_that_nobody_executes_is_not_stopped_and_the_way_on_is_told() {
    let alone = Alone::new();
    let mut running = alone.start(&[]);
    running.kill();
    let refused = alone.0.run(["stop", "last"]).expect_code(2);
    assert!(refused.stderr.contains("nobody executes the run"), "{}", refused.stderr);
    assert!(refused.stderr.contains("mainstay resume"), "{}", refused.stderr);
    // Nothing was kept that would stop it when it is taken up.
    let running = alone.0.start(["resume", "last"]);
    let resumed = wait_until(Instant::now() + PATIENCE, || {
        alone.0.run(["timeline", "last"]).stdout.contains("went on with the run")
    });
    assert!(resumed);
    alone.0.run(["stop", "last"]).expect_code(0);
    running.finish().expect_code(4);
    assert_eq!(alone.order(), "ended\nundone\n");
}

#[test]
fn a_run_that_asks_is_stopped_from_elsewhere() {
    let sandbox = Sandbox::new();
    let text = "runbook \"Asks\"\nresolve \"Ask\" {\n  run $ touch first\n    undo $ rm first\n  \
                approve \"Go on?\" by oncall within 10m on silence abort\n}\n";
    sandbox.write("a.runbook", text);
    let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
    terminal.wait_for("yes or no?");
    sandbox.run(["stop", "last"]).expect_code(0);
    terminal.finish().expect_code(4);
    assert!(!sandbox.home().join("first").exists());
}

#[test]
fn in_a_team_a_role_of_the_run_stops_it_and_nobody_else() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (child, run) = shop.wait(dana, "022");
    let refused = shop.mainstay(li, &["stop", &run]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{errors}");
    assert!(errors.contains("did not start the run and holds no role of it"), "{errors}");
    // Nor by a letter of their own making.
    let letter = serde_json::json!({
        "format": 1, "run": run, "message": {"kind": "stop", "because": ""},
    })
    .to_string();
    let name = "stop-forged.json";
    let inbox = shop.state().join("runs").join(&run).join("inbox");
    let script = "umask 027; mkdir \"$2/$4\"; printf %s \"$1\" > \"$2/.tmp\" && mv \"$2/.tmp\" \"$2/$3\"";
    let seal = seal_of(name, letter.as_bytes());
    let mut put = command_as(li, "sh");
    put.args(["-c", script, "sh", &letter]).arg(&inbox).args([name, &seal]);
    assert!(put.status().unwrap().success());
    let told = wait_until(Instant::now() + PATIENCE, || {
        shop.prints(li, &["timeline", &run]).contains("\"stop the run\" does not count")
    });
    assert!(told, "{}", shop.prints(li, &["timeline", &run]));
    shop.open_gate();
    assert_eq!(end(child), Some(0), "it went on");

    let roles = format!("state = \"state\"\n[roles]\nlead = [\"{li}\"]\n");
    fs::write(shop.folder.path().join("mainstay.toml"), roles).unwrap();
    let (child, run) = shop.wait(dana, "022");
    let said = shop.prints(li, &["stop", &run]);
    assert!(said.contains("stop"), "{said}");
    assert_eq!(end(child), Some(4));
    assert!(shop.prints(dana, &["show", &run]).contains(&format!("stopped by {li}")));
}
