//! One run at a time with a key: the second is refused or waits, whoever begins it and whatever became of the first.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use mainstay::event::{Body, Class, Fact, Record};
use mainstay::journal::{RunJournal, StateDir};
use mainstay::world::Store as _;
use support::sandbox::{Running, Sandbox};
use support::service::wait_until;
use support::shop::{Shop, end};
use support::users;

const PATIENCE: Duration = Duration::from_secs(60);

fn runbook(title: &str, busy: &str) -> String {
    format!(
        r#"
runbook "{title}"

param host: text = "db1"

concurrency "database {{{{ host }}}}" {busy}

resolve "Work" {{
  run $ echo begun >> begun; until test -e {{{{ host }}}}-goes-on; do sleep 0.05; done
    timeout 5m
    leave "it only waits"
}}
"#
    )
}

struct Alone(Sandbox);

impl Alone {
    fn new(busy: &str) -> Self {
        let alone = Alone(Sandbox::new());
        alone.0.write("a.runbook", &runbook("First", busy));
        alone.0.write("b.runbook", &runbook("Second", busy));
        alone
    }

    /// Starts the first run and waits until it is at work.
    fn start(&self) -> Running {
        let mut running = self.0.start(["run", "a.runbook"]);
        running.wait_for("echo begun");
        assert!(wait_until(Instant::now() + PATIENCE, || self.begun() == 1));
        running
    }

    fn begun(&self) -> usize {
        fs::read_to_string(self.0.home().join("begun")).unwrap_or_default().lines().count()
    }

    fn let_go_on(&self, host: &str) {
        self.0.write(&format!("{host}-goes-on"), "");
    }
}

#[test]
fn a_second_run_with_the_key_is_refused_and_told_who_has_it() {
    let alone = Alone::new("refuse");
    let running = alone.start();
    let refused = alone.0.run(["run", "b.runbook"]).expect_code(2);
    for said in ["has the key `database db1`", "\"First\", begun by", "is running", "mainstay stop"] {
        assert!(refused.stderr.contains(said), "no `{said}` in {}", refused.stderr);
    }
    assert_eq!(alone.begun(), 1);
    // It left nothing behind that looks like a run.
    let listed = alone.0.run(["runs", "--format", "json"]).expect_code(0);
    assert_eq!(listed.stdout.matches("\"run\"").count(), 1, "{}", listed.stdout);
    // Another value of the parameter is another key.
    alone.let_go_on("db2");
    alone.0.run(["run", "b.runbook", "-p", "host=db2"]).expect_code(0);
    alone.let_go_on("db1");
    running.finish().expect_code(0);
    alone.0.run(["run", "b.runbook"]).expect_code(0);
}

#[test]
fn a_second_run_waits_and_begins_when_the_first_is_over() {
    let alone = Alone::new("wait 5m");
    let running = alone.start();
    let mut second = alone.0.start(["run", "b.runbook"]);
    second.wait_for("it has the key `database db1` (Ctrl-C leaves; nothing was run)");
    assert_eq!(alone.begun(), 1);
    let listed = alone.0.run(["runs", "--format", "json"]).expect_code(0);
    assert_eq!(listed.stdout.matches("\"run\"").count(), 1, "it has not been opened: {}", listed.stdout);
    alone.let_go_on("db1");
    running.finish().expect_code(0);
    second.finish().expect_code(0);
    assert_eq!(alone.begun(), 2);
}

#[test]
fn a_second_run_waits_no_longer_than_it_says() {
    let alone = Alone::new("wait 1s");
    let running = alone.start();
    let json = alone.0.run(["run", "b.runbook", "--format", "json"]).expect_code(2);
    assert_eq!(json.stdout, "");
    assert!(json.stderr.contains("waiting for the run"), "{}", json.stderr);
    assert!(
        json.stderr.contains("also after 1.0s") || json.stderr.contains("also after 1s"),
        "{}",
        json.stderr
    );
    alone.let_go_on("db1");
    running.finish().expect_code(0);
}

#[test]
fn a_run_that_was_cut_off_has_its_key_until_it_is_over() {
    let alone = Alone::new("refuse");
    let mut running = alone.start();
    running.kill();
    let refused = alone.0.run(["run", "b.runbook"]).expect_code(2);
    for said in ["was cut off", "mainstay resume"] {
        assert!(refused.stderr.contains(said), "no `{said}` in {}", refused.stderr);
    }
    let resumed = alone.0.start(["resume", "last"]);
    alone.let_go_on("db1");
    resumed.finish().expect_code(0);
    alone.0.run(["run", "b.runbook"]).expect_code(0);
}

#[test]
fn a_run_that_is_over_is_not_taken_back_beside_another_one() {
    let alone = Alone::new("refuse");
    alone.0.write(
        "c.runbook",
        "runbook \"Third\"\nconcurrency \"database db1\" refuse\nresolve \"Work\" {\n  \
         run $ touch third\n    undo $ rm third\n}\n",
    );
    let done = alone.0.run(["run", "c.runbook", "--format", "json"]).expect_code(0);
    let run = done.json_lines()[0]["body"]["run"].as_str().expect("an id").to_owned();
    let running = alone.start();
    let refused = alone.0.run(["rollback", &run]).expect_code(2);
    assert!(refused.stderr.contains("has the key `database db1`"), "{}", refused.stderr);
    assert!(alone.0.home().join("third").exists());
    alone.let_go_on("db1");
    running.finish().expect_code(0);
    alone.0.run(["rollback", &run]).expect_code(3);
    assert!(!alone.0.home().join("third").exists());
}

/// Many at once: never two at work together.
#[test]
fn of_many_that_begin_at_once_one_is_let_in() {
    let alone = Alone::new("refuse");
    let starting: Vec<Running> = (0..6).map(|_| alone.0.start(["run", "a.runbook"])).collect();
    assert!(wait_until(Instant::now() + PATIENCE, || alone.begun() == 1));
    let mut codes = Vec::new();
    let mut starting = starting;
    // All but one end without anybody's doing.
    let only_one_is_left = wait_until(Instant::now() + PATIENCE, || {
        let (over, open): (Vec<Running>, Vec<Running>) =
            std::mem::take(&mut starting).into_iter().partition(Running::is_over);
        codes.extend(over.into_iter().map(|running| running.finish().code));
        starting = open;
        starting.len() == 1
    });
    assert!(only_one_is_left, "{codes:?}");
    assert_eq!(codes, [Some(2); 5]);
    assert_eq!(alone.begun(), 1);
    alone.let_go_on("db1");
    starting.remove(0).finish().expect_code(0);
}

#[test]
fn in_a_team_a_key_is_everybodys() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let path = shop.folder.path().join("wait.runbook");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("resolve", "concurrency \"the shop\" refuse\n\nresolve")).unwrap();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (child, run) = shop.wait(dana, "077");
    let refused = shop.mainstay(li, &["run", "wait.runbook"]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{errors}");
    assert!(errors.contains(&format!("begun by {dana}")) && errors.contains(&run), "{errors}");
    shop.open_gate();
    assert_eq!(end(child), Some(0));
    let (child, _) = shop.wait(li, "077");
    shop.open_gate();
    assert_eq!(end(child), Some(0));
}

#[test]
fn a_run_that_ended_and_was_cut_off_while_it_was_taken_back_has_its_key() {
    let alone = Alone::new("refuse");
    alone.let_go_on("db1");
    alone.0.run(["run", "a.runbook"]).expect_code(0);
    alone.0.run(["runs"]).expect_code(0).expect_output("resolved");
    // As by somebody with a list of their own: this one still says how it ended.
    let state = StateDir::existing(alone.0.state().join("mainstay"));
    let run = state.find("last").expect("a run");
    let mut journal = RunJournal::open(&state, &run).expect("a run");
    let last = journal.read().expect("records").pop().expect("a record");
    let back = Body::Fact(Fact::RollingBack { by: "dana".to_owned() });
    journal.append(&[Record { class: Class::Fact, body: back, ..last }], true).expect("a disk");
    journal.close().expect("a disk");
    let refused = alone.0.run(["run", "b.runbook"]).expect_code(2);
    assert!(refused.stderr.contains("has the key `database db1`"), "{}", refused.stderr);
}
