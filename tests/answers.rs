//! What a run asks is answered from elsewhere: from another terminal, by other users of the machine, and while no
//! process executes the run.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use mainstay::event::{Body, Request};
use mainstay::journal::{Reader, StateDir};
use mainstay::people::inbox::{Inbox, Letter, Message, seal_of};
use serde_json::Value as Json;
use support::sandbox::{Sandbox, program};
use support::service::wait_until;
use support::users::{self, Team, command_as};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Every way in which a run asks.
const SWITCH: &str = r#"
runbook "Switch the shop over"

param site: text = "blue"

resolve "Switch" {
  check now = $ echo green
  approve "Switch from {{ now.stdout }} to {{ site }}?" by oncall or lead within 10m on silence abort
  run $ touch {{ site }}
    undo $ rm {{ site }}
  ask region "Which region?" one of "eu", "us" by oncall within 10m on silence "eu"
  run $ touch {{ region }}
    leave "an empty file is harmless"
  manual "Tell the status page" by lead within 10m on silence abort
    irreversible "what is said is said"
}
"#;

const FOUR_EYES: &str = r#"
runbook "Drop the replica"

resolve "Drop it" {
  run $ touch drained
    undo $ rm drained
  approve "Drop it?" by any 2 of oncall, lead within 10m on silence abort
  run $ touch dropped
    irreversible "the data are gone"
}
"#;

/// Runs of one user, without roles.
struct Alone(Sandbox);

impl Alone {
    fn new(runbook: &str) -> Self {
        let alone = Alone(Sandbox::new());
        alone.0.write("a.runbook", runbook);
        alone
    }

    fn mainstay(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let done = self.0.run(arguments);
        (done.code, done.stdout, done.stderr)
    }

    /// Waits until something of that kind is asked, and returns what.
    fn asked(&self, kind: &str) -> Json {
        let mut found = Json::Null;
        let is_asked = wait_until(Instant::now() + PATIENCE, || {
            let (_, stdout, _) = self.mainstay(&["waiting", "--format", "json"]);
            found = serde_json::from_str::<Json>(&stdout).unwrap_or_default()[0].clone();
            found["kind"] == kind
        });
        assert!(is_asked, "no {kind} is asked: {found}");
        found
    }
}

#[test]
fn approvals_questions_and_manual_steps_are_answered_from_another_terminal() {
    let alone = Alone::new(SWITCH);
    let running = alone.0.start(["run", "a.runbook"]);
    let asked = alone.asked("approval");
    assert_eq!(asked["question"], "Switch from green to blue?");
    assert_eq!(asked["kind"], "approval");
    assert_eq!(asked["yours"], true);
    let (code, page, _) = alone.mainstay(&["approve", "last", "--yes", "--because", "seen the graphs"]);
    assert_eq!(code, Some(0), "{page}");
    for shown in [
        "Switch the shop over",
        "site = blue",
        "now = green",
        "$ touch blue\n",
        "taken back by `$ rm blue`",
        "$ touch {{ region }}",
        "irreversible: what is said is said",
        "on silence    the run is aborted",
        "time left",
        "the answer is taken: Switch from green to blue?",
    ] {
        assert!(page.contains(shown), "no `{shown}` in {page}");
    }
    assert_eq!(alone.asked("answer")["answer"], "one of \"eu\", \"us\"");
    let (code, _, stderr) = alone.mainstay(&["answer", "last", "eux"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("`eux` is none of eu, us (did you mean `eu`?)"), "{stderr}");
    let (code, _, stderr) = alone.mainstay(&["approve", "last", "--yes"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("`mainstay approve` does not answer what the run asks"), "{stderr}");
    assert_eq!(alone.mainstay(&["answer", "last", "us"]).0, Some(0));
    alone.asked("manual");
    let (code, stdout, _) = alone.mainstay(&["answer", "last", "done"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "the run has heard of it: Tell the status page\n"));
    let done = running.finish().expect_code(0);
    assert!(alone.0.home().join("us").exists(), "{}", done.stdout);
    let (_, timeline, _) = alone.mainstay(&["timeline", "last"]);
    assert!(timeline.contains("yes, because seen the graphs"), "{timeline}");
    let (code, _, stderr) = alone.mainstay(&["approve", "last", "--yes"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("waits for no answer"), "{stderr}");
}

#[test]
fn a_refusal_takes_changes_back_and_says_why() {
    let alone = Alone::new(SWITCH);
    let running = alone.0.start(["run", "a.runbook"]);
    alone.asked("approval");
    assert_eq!(alone.mainstay(&["approve", "last", "--yes"]).0, Some(0));
    alone.asked("answer");
    assert_eq!(alone.mainstay(&["answer", "last", "us"]).0, Some(0));
    alone.asked("manual");
    let (code, _, _) = alone.mainstay(&["answer", "last", "no", "--because", "nobody there"]);
    assert_eq!(code, Some(0));
    let done = running.finish().expect_code(4);
    assert!(done.stdout.contains("refused: Tell the status page (nobody there)"), "{}", done.stdout);
    assert!(!alone.0.home().join("blue").exists());
}

#[test]
fn nothing_is_approved_unseen() {
    let alone = Alone::new(SWITCH);
    let running = alone.0.start(["run", "a.runbook"]);
    let id = alone.asked("approval")["id"].as_str().expect("an id").to_owned();
    let (code, _, stderr) = alone.mainstay(&["approve", "last"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("`--yes` approves what is shown above"), "{stderr}");
    let (code, _, stderr) = alone.mainstay(&["approve", "last", "--yes", "--question", "ffffffff"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("has no open question `ffffffff`"), "{stderr}");
    let (code, _, _) = alone.mainstay(&["deny", "last", "--question", &id]);
    assert_eq!(code, Some(0));
    running.finish().expect_code(4);
}

#[test]
fn unattended_nobody_is_asked() {
    let alone = Alone::new(SWITCH);
    let done = alone.0.run(["run", "a.runbook", "--unattended"]).expect_code(4);
    assert!(done.stdout.contains("nobody is asked: the run is unattended"), "{}", done.stdout);
}

#[test]
fn an_answer_counts_that_was_given_in_time_while_no_process_ran() {
    let alone = Alone::new(SWITCH);
    let mut running = alone.0.start(["run", "a.runbook"]);
    alone.asked("approval");
    running.kill();
    let (code, _, stderr) = alone.mainstay(&["approve", "last", "--yes"]);
    assert_eq!(code, Some(0));
    assert!(stderr.contains("your answer is kept, and nobody executes the run now"), "{stderr}");
    let (code, _, stderr) = alone.mainstay(&["deny", "last"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("has answered `yes` already, and that is kept for the run"), "{stderr}");
    assert_eq!(alone.asked("approval")["kept"][0][1], "yes");
    for list in [&["waiting"][..], &["show", "last"], &["timeline", "last"]] {
        let (_, shown, _) = alone.mainstay(list);
        assert!(shown.contains("yes") && shown.contains("it counts when"), "{list:?}: {shown}");
    }
    assert_eq!(alone.mainstay(&["note", "last", "power failure"]).0, Some(0));
    let (_, shown, _) = alone.mainstay(&["show", "last"]);
    assert!(shown.contains("power failure"), "{shown}");
    let mut running = alone.0.start(["resume", "last"]);
    assert_eq!(alone.asked("answer")["question"], "Which region?");
    running.kill();
    assert!(alone.0.home().join("blue").exists());
    assert_eq!(alone.mainstay(&["answer", "last", "eu"]).0, Some(0));
    let running = alone.0.start(["resume", "last"]);
    alone.asked("manual");
    assert_eq!(alone.mainstay(&["answer", "last", "done"]).0, Some(0));
    running.finish().expect_code(0);
    let (code, _, stderr) = alone.mainstay(&["resume", "last"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("has ended: resolved"), "{stderr}");
    assert_eq!(alone.mainstay(&["note", "last", "and all is well"]).0, Some(0));
    let (_, timeline, _) = alone.mainstay(&["timeline", "last"]);
    assert_eq!(timeline.matches("note: power failure").count(), 1, "{timeline}");
    assert!(!timeline.contains("it counts when"), "it is taken by now: {timeline}");
    assert_eq!(timeline.matches("went on with the run").count(), 2, "{timeline}");
    assert!(timeline.contains("note: and all is well"), "{timeline}");
}

#[test]
fn an_answer_that_came_too_late_is_none() {
    let alone = Alone::new(
        &SWITCH.replace("within 10m on silence abort\n  run", "within 1s on silence abort\n  run"),
    );
    let mut running = alone.0.start(["run", "a.runbook"]);
    let asked = alone.asked("approval");
    running.kill();
    let run = asked["run"].as_str().expect("a run").to_owned();
    let late = wait_until(Instant::now() + PATIENCE, || alone.asked("approval")["left_seconds"] == 0);
    assert!(late);
    let (code, _, stderr) = alone.mainstay(&["approve", &run, "--yes"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("it is too late"), "{stderr}");
    let done = alone.0.run(["resume", "last"]).expect_code(4);
    assert!(done.stdout.contains("nobody answered in time"), "{}", done.stdout);
}

/// After a resume everything has its whole time, and what lies in the inbox is judged before silence falls.
#[test]
fn what_was_answered_in_time_counts_whatever_lies_before_it_and_the_rest_has_its_time() {
    let alone = Alone::new(
        r#"
runbook "Two questions"

resolve "Ask" {
  approve "One?" by oncall within 3s on silence abort
  run $ touch one
    timeout 2s
    undo $ rm one
  approve "Two?" by oncall within 10m on silence abort
  run $ touch two
    irreversible "done is done"
}
"#,
    );
    let mut running = alone.0.start(["run", "a.runbook"]);
    alone.asked("approval");
    running.kill();
    assert_eq!(alone.mainstay(&["note", "last", "first a note"]).0, Some(0));
    assert_eq!(alone.mainstay(&["approve", "last", "--yes"]).0, Some(0));
    let over = wait_until(Instant::now() + PATIENCE, || alone.asked("approval")["left_seconds"] == 0);
    assert!(over);
    let running = alone.0.start(["resume", "last"]);
    let is_asked = wait_until(Instant::now() + PATIENCE, || alone.asked("approval")["question"] == "Two?");
    assert!(is_asked);
    assert!(alone.0.home().join("one").exists());
    assert!(!alone.0.home().join("two").exists());
    assert_eq!(alone.mainstay(&["approve", "last", "--yes"]).0, Some(0));
    running.finish().expect_code(0);
}

#[test]
fn the_page_shows_all_that_a_yes_lets_happen() {
    let alone = Alone::new(
        r#"
runbook "Many ways"

action wipe(disk: text) changes {
  run $ touch wiped
    irreversible "what is wiped is gone"
}

resolve "Go" {
  let hosts = ["a", "b", "c"]
  for host in hosts, at most 3 {
    if host == "a" {
      approve "Begin with a?" by oncall within 10m on silence abort
    }
    run $ touch {{ host }}
      leave "an empty file"
  }
  parallel {
    step "Asks" {
      approve "And this?" by oncall within 10m on silence abort
    }
    step "Does not" {
      run $ touch beside
        irreversible "it is so"
    }
  }
  run wipe("sda")
}
"#,
    );
    let running = alone.0.start(["run", "a.runbook"]);
    alone.asked("approval");
    let (code, page, _) = alone.mainstay(&["approve", "last"]);
    assert_eq!(code, Some(2));
    for shown in [
        "$ touch a\n",
        "for each other host: $ touch {{ host }}",
        "$ touch beside\n",
        "irreversible: it is so",
        "wipe(\"sda\")",
        "irreversible in it: \"what is wiped is gone\"",
    ] {
        assert!(page.contains(shown), "no `{shown}` in {page}");
    }
    assert_eq!(alone.mainstay(&["deny", "last"]).0, Some(0));
    running.finish().expect_code(4);
}

#[test]
fn a_run_that_asks_nobody_asks_nobody_when_it_is_taken_up() {
    let alone = Alone::new(
        r#"
runbook "Alone"

resolve "Go" {
  run $ mkfifo gate && cat gate
    leave "a pipe is harmless"
  approve "On?" by oncall within 10m on silence abort
}
"#,
    );
    let mut running = alone.0.start(["run", "--unattended", "a.runbook"]);
    assert!(wait_until(Instant::now() + PATIENCE, || alone.0.home().join("gate").exists()));
    running.kill();
    fs::write(alone.0.home().join("gate"), "on\n").unwrap();
    let done = alone.0.run(["resume", "last"]).expect_code(4);
    assert!(done.stdout.contains("nobody is asked: the run is unattended"), "{}", done.stdout);
}

/// A team: who starts, who is on call, who leads, and a member without a role.
struct Shop {
    folder: TempDir,
    team: Team,
}

const STARTER: usize = 0;
const ONCALL: usize = 1;
const LEAD: usize = 2;
const OTHER: usize = 3;

impl Shop {
    fn new(runbook: &str) -> Self {
        let team = Team::new(4);
        let folder = tempfile::Builder::new().prefix("mainstay-answers-").tempdir().unwrap();
        // Everybody may run here; what is in it belongs to whoever makes it.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
        fs::write(folder.path().join("a.runbook"), runbook).unwrap();
        let config = format!(
            "state = \"state\"\n\n[roles]\noncall = [\"{0}\", \"{1}\"]\nlead = [\"{2}\"]\n",
            team.member(STARTER),
            team.member(ONCALL),
            team.member(LEAD)
        );
        fs::write(folder.path().join("mainstay.toml"), config).unwrap();
        fs::copy(program(), folder.path().join("mainstay")).unwrap();
        let state = folder.path().join("state");
        let install = Command::new("install")
            .args(["-d", "-m", "3770", "-g", &team.group])
            .args([&state, &state.join("runs")])
            .status();
        assert!(install.unwrap().success());
        Shop { folder, team }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, who: usize, arguments: &[&str]) -> Command {
        let mut command = command_as(self.team.member(who), self.path("mainstay"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn mainstay(&self, who: usize, arguments: &[&str]) -> Output {
        self.command(who, arguments).output().unwrap()
    }

    #[track_caller]
    fn answers(&self, who: usize, arguments: &[&str], code: i32, error: &str) {
        let output = self.mainstay(who, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(error), "no `{error}` in {errors}");
    }

    fn start(&self) -> Child {
        self.command(STARTER, &["run", "a.runbook"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Waits until it is asked, with this many who have agreed, and returns what is asked.
    fn asked(&self, agreed: usize) -> Json {
        let mut found = Json::Null;
        let is_asked = wait_until(Instant::now() + PATIENCE, || {
            let output = self.mainstay(LEAD, &["waiting", "--format", "json"]);
            found = serde_json::from_slice::<Json>(&output.stdout).unwrap_or_default()[0].clone();
            found["agreed"].as_array().is_some_and(|names| names.len() == agreed)
        });
        assert!(is_asked, "not asked: {found}");
        found
    }

    fn timeline(&self) -> String {
        String::from_utf8(self.mainstay(LEAD, &["timeline", "last"]).stdout).unwrap()
    }

    /// Puts a letter into the inbox as that user would who writes it by hand.
    fn forge(&self, who: usize, run: &str, letter: &str) {
        let inbox = Inbox::at(&StateDir::existing(self.path("state")).run_dir(run)).folder().to_owned();
        let script = "umask 027; mkdir \"$2/$4\"; printf %s \"$1\" > \"$2/.tmp-forged\" && mv \"$2/.tmp-forged\" \"$2/$3\"";
        let name = format!("answer-{}.json", self.team.member(who));
        let seal = seal_of(&name, letter.as_bytes());
        let mut command = command_as(self.team.member(who), "sh");
        command.args(["-c", script, "sh", letter]).arg(&inbox).args([name, seal]);
        assert!(command.status().unwrap().success());
    }

    fn letters(&self, run: &str) -> Vec<PathBuf> {
        let inbox = Inbox::at(&StateDir::existing(self.path("state")).run_dir(run)).folder().to_owned();
        let paths = fs::read_dir(inbox).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect()
    }
}

#[test]
fn two_people_of_the_roles_agree_and_nobody_else_counts() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new(FOUR_EYES);
    let mut running = shop.start();
    let asked = shop.asked(0);
    let run = asked["run"].as_str().unwrap().to_owned();
    assert_eq!(asked["count"], 2);
    assert_eq!(asked["who"], serde_json::json!([shop.team.member(ONCALL), shop.team.member(LEAD)]));
    let approve = ["approve", "last", "--yes"];
    shop.answers(STARTER, &approve, 2, "who started the run does not count");
    shop.answers(OTHER, &approve, 2, "is not oncall or lead");
    // The third one writes the letter by hand, with the digest of what is really asked.
    shop.answers(ONCALL, &approve, 0, "");
    assert_eq!(shop.asked(1)["agreed"], serde_json::json!([shop.team.member(ONCALL)]));
    let genuine = fs::read_to_string(&shop.letters(&run)[0]).unwrap();
    shop.forge(OTHER, &run, &genuine);
    // Replayed by the same person, it is the same vote.
    shop.forge(ONCALL, &run, &genuine);
    shop.answers(ONCALL, &approve, 2, "you have answered already, and nobody counts twice");
    shop.answers(LEAD, &["resume", "last"], 1, "");
    let told = wait_until(Instant::now() + PATIENCE, || {
        let timeline = shop.timeline();
        timeline.contains("is not oncall or lead") && timeline.contains("nobody counts twice")
    });
    assert!(told, "{}", shop.timeline());
    assert!(!shop.path("dropped").exists());
    shop.answers(LEAD, &approve, 0, "");
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert!(shop.path("dropped").exists());
}

#[test]
fn an_answer_to_what_is_not_asked_any_more_is_void_and_says_so() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new(&FOUR_EYES.replace("any 2 of oncall, lead", "oncall or lead"));
    let mut running = shop.start();
    let asked = shop.asked(0);
    let run = asked["run"].as_str().unwrap().to_owned();
    let letter = Letter {
        run: run.clone(),
        message: Message::Answer {
            question: "resolve0.s2".to_owned(),
            shown: "0".repeat(64),
            said: "yes".to_owned(),
            because: String::new(),
        },
    };
    // As root: nobody is more than who started the run, and no role is root's.
    Inbox::at(&StateDir::existing(shop.path("state")).run_dir(&run)).put(&letter).unwrap();
    let told = wait_until(Instant::now() + PATIENCE, || {
        shop.timeline().contains("what it answers is not asked any more")
    });
    assert!(told, "{}", shop.timeline());
    assert!(!shop.path("dropped").exists());
    shop.answers(LEAD, &["deny", "last"], 0, "");
    assert_eq!(running.wait().unwrap().code(), Some(4));
    assert!(!shop.path("drained").exists());
}

#[test]
fn a_letter_that_does_not_count_keeps_nobody_from_answering_a_run_that_was_cut_off() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new(&FOUR_EYES.replace("any 2 of oncall, lead", "oncall or lead"));
    let mut running = shop.start();
    let run = shop.asked(0)["run"].as_str().unwrap().to_owned();
    running.kill().unwrap();
    running.wait().unwrap();
    let state = StateDir::existing(shop.path("state"));
    let records = Reader::open(&state, &run).unwrap().read().unwrap();
    let asked = records.iter().find_map(|record| match &record.body {
        Body::Request(ask) => match &ask.request {
            Request::Question(question) => Some((ask.address.to_string(), question.shown.clone())),
            _ => None,
        },
        _ => None,
    });
    let (question, shown) = asked.expect("a question");
    let message = serde_json::json!({
        "kind": "answer", "question": question, "shown": shown, "said": "no", "because": "",
    });
    let letter = serde_json::json!({ "format": 1, "run": run, "message": message }).to_string();
    shop.forge(OTHER, &run, &letter);
    assert_eq!(shop.asked(0)["kept"], serde_json::json!([]));
    assert!(!shop.timeline().contains("has answered"), "{}", shop.timeline());
    shop.answers(LEAD, &["approve", "last", "--yes"], 0, "nobody executes the run now");
    assert_eq!(shop.asked(0)["kept"], serde_json::json!([[shop.team.member(LEAD), "yes"]]));
    shop.answers(STARTER, &["resume", "last"], 0, "");
    assert!(shop.path("dropped").exists());
}

#[test]
fn what_nobody_could_answer_is_not_begun() {
    let alone = Alone::new(FOUR_EYES);
    let (code, _, stderr) = alone.mainstay(&["run", "a.runbook"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("nobody could answer `by any 2 of oncall, lead`"), "{stderr}");
    alone.0.write("mainstay.toml", "[roles]\noncall = [\"root\"]\n");
    let (code, _, stderr) = alone.mainstay(&["run", "a.runbook"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("nobody holds `lead`"), "{stderr}");
    alone.0.write("mainstay.toml", "[roles]\noncall = [\"root\"]\nlead = [\"root\", \"daemon\"]\n");
    let (code, _, stderr) = alone.mainstay(&["run", "a.runbook"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("`by any 2 of oncall, lead` needs 2 people besides you"), "{stderr}");
    assert!(!Path::new(&alone.0.home().join("drained")).exists());
}
