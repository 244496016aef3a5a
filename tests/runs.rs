//! The list of runs, folded once and noticed when a run goes on; and `runs prune`, which deletes what is over and nothing else.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mainstay::event::{
    Address, Ask, Body, Change, Class, Entry, Fact, Input, Moment, Opened, Outcome, Question, QuestionKind,
    Record, Request, Wanted,
};
use mainstay::journal::{RunJournal, RunLock, StateDir};
use mainstay::source::Span;
use mainstay::world::Store as _;
use serde_json::{Value as Json, json};
use support::sandbox::{Finished, Sandbox};
use support::users;

const DAY: i64 = 86_400_000_000;

/// A state folder with runs that were made for the test.
struct Kept {
    sandbox: Sandbox,
    state: StateDir,
}

impl Kept {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let state = StateDir::create(sandbox.state().join("mainstay")).expect("a state folder");
        Kept { sandbox, state }
    }

    /// Makes a run that began so many days ago, and went as far as these facts.
    fn run(&self, run: &str, days: i64, facts: &[Fact]) {
        let mut journal = RunJournal::create(&self.state, run).expect("a new run");
        let at = Moment { run_ns: 0, wall_us: now_us() - days * DAY };
        let mut records =
            vec![record(Class::Input, at, Body::Input(Input::Opened(Box::new(opened(run, at)))))];
        records.extend(facts.iter().map(|fact| record(Class::Fact, at, Body::Fact(fact.clone()))));
        journal.append(&records, true).expect("a disk");
        journal.close().expect("a disk");
    }

    fn file(&self, run: &str, name: &str) -> PathBuf {
        self.state.run_dir(run).join(name)
    }

    fn mainstay(&self, words: &[&str]) -> Finished {
        self.sandbox.run(words.iter().copied())
    }

    /// The runs that are listed, each with its outcome.
    fn listed(&self) -> Vec<(String, String)> {
        let runs: Json =
            serde_json::from_str(&self.mainstay(&["runs", "--format", "json"]).expect_code(0).stdout)
                .unwrap();
        let text = |run: &Json, key: &str| run[key].as_str().unwrap_or_default().to_owned();
        runs.as_array().unwrap().iter().map(|run| (text(run, "run"), text(run, "outcome"))).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.listed().into_iter().map(|(run, _)| run).collect();
        names.sort();
        names
    }

    fn prune(&self, more: &[&str]) -> Json {
        let words = [&["runs", "prune", "--older-than", "90d", "--format", "json"], more].concat();
        serde_json::from_str(&self.mainstay(&words).expect_code(0).stdout).expect("JSON")
    }
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn record(class: Class, at: Moment, body: Body) -> Record {
    Record { class, address: Address("".into()), at, body }
}

fn opened(run: &str, at: Moment) -> Opened {
    let me = rustix::process::geteuid().as_raw();
    serde_json::from_value(json!({
        "format": 1, "run": run, "at": at, "program_hash": "", "file": "a.runbook", "sources": [], "params": [],
        "env_names": [], "cwd": "/", "uid": me, "user": "dana", "host": "ops-1", "boot_id": "", "pid": 1, "version": "0.1.0",
        "force": false, "attended": false, "unattended": false, "roles": {}, "named_calls": false, "call_timeout_ns": 1,
    }))
    .expect("an opening")
}

fn ended(outcome: Outcome, standing: usize) -> Fact {
    let change = Change {
        address: Address("s1".into()),
        call: "$ touch a".to_owned(),
        step: "A".to_owned(),
        undoing: false,
        span: Span::default(),
    };
    Fact::Ended {
        outcome,
        reason: String::new(),
        changed: Vec::new(),
        taken_back: Vec::new(),
        standing: vec![Entry { change, note: "in doubt".to_owned() }; standing],
        left: Vec::new(),
    }
}

#[test]
fn what_ended_long_ago_is_deleted_and_everything_else_is_kept_and_named() {
    let kept = Kept::new();
    kept.run("20260101-0000-old1", 100, &[ended(Outcome::Resolved, 0)]);
    kept.run("20260101-0000-old2", 91, &[ended(Outcome::RolledBack, 0)]);
    kept.run("20260101-0000-new1", 89, &[ended(Outcome::Resolved, 0)]);
    kept.run("20260101-0000-left", 200, &[]);
    kept.run("20260101-0000-open", 100, &[ended(Outcome::Failed, 1)]);
    kept.run("20260101-0000-held", 101, &[ended(Outcome::Resolved, 0)]);
    kept.run("20260101-0000-torn", 100, &[ended(Outcome::Resolved, 0)]);
    fs::write(kept.file("20260101-0000-torn", "journal.db"), "torn").expect("a file");
    let lock = RunLock::take(&kept.state.run_dir("20260101-0000-held")).expect("a lock");

    let before = kept.names();
    let dry = kept.prune(&["--dry-run"]);
    assert_eq!(dry["deleted"], json!(["20260101-0000-old2", "20260101-0000-old1", "20260101-0000-held"]));
    assert_eq!(kept.names(), before);

    let done = kept.prune(&[]);
    assert_eq!(done["deleted"], json!(["20260101-0000-old2", "20260101-0000-old1"]), "{done}");
    assert!(done["bytes"].as_u64().is_some_and(|bytes| bytes > 8000), "{done}");
    let why = |run: &str| {
        let of = done["kept"].as_array().unwrap().iter().find(|kept| kept["run"] == run);
        of.map(|kept| kept["why"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    assert!(why("20260101-0000-left").contains("`mainstay resume 20260101-0000-left`"), "{done}");
    assert!(why("20260101-0000-open").contains("1 change of it still stands"), "{done}");
    assert!(why("20260101-0000-held").contains("is being executed by process"), "{done}");
    assert!(why("20260101-0000-torn").contains("its journal cannot be read"), "{done}");
    assert_eq!(why("20260101-0000-new1"), "");
    let left = ["held", "left", "new1", "open", "torn"].map(|name| format!("20260101-0000-{name}"));
    assert_eq!(kept.names(), left);

    drop(lock);
    let text = kept.mainstay(&["runs", "prune", "--older-than", "90d", "--standing"]).expect_code(0);
    assert!(text.stdout.contains("2 runs deleted, "), "{}", text.stdout);
    assert_eq!(kept.names(), ["left", "new1", "torn"].map(|name| format!("20260101-0000-{name}")));
    let wrong = kept.mainstay(&["runs", "prune", "--older-than", "long"]).expect_code(2);
    assert!(wrong.stderr.contains("`long` is not a duration"), "{}", wrong.stderr);
}

#[test]
fn what_was_cut_off_before_its_first_row_is_deleted_once_it_is_old_and_nobody_has_it() {
    let kept = Kept::new();
    let made = |run: &str| RunJournal::create(&kept.state, run).expect("a new run");
    for run in ["20260101-0000-old1", "29991231-2359-new1"] {
        made(run).close().expect("a disk");
    }
    fs::write(kept.file("20260101-0000-old1", "sources.json"), "[]").expect("a file");
    kept.state.create_run_dir("20260101-0000-old2").expect("a folder");
    fs::write(kept.file("20260101-0000-old2", "lock"), "").expect("a file");
    // Somebody is about to begin it.
    let held = made("20260101-0000-held");
    // It had a journal, and has lost it.
    kept.run("20260101-0000-lost", 100, &[ended(Outcome::Resolved, 0)]);
    fs::write(kept.file("20260101-0000-lost", "sources.json"), "[]").expect("a file");
    fs::remove_file(kept.file("20260101-0000-lost", "journal.db")).expect("a file");

    let mut deleted: Vec<_> = kept.prune(&[])["deleted"].as_array().cloned().unwrap_or_default();
    deleted.sort_by_key(ToString::to_string);
    assert_eq!(deleted, ["20260101-0000-old1", "20260101-0000-old2"]);
    assert_eq!(kept.names(), ["20260101-0000-held", "20260101-0000-lost", "29991231-2359-new1"]);
    held.close().expect("a disk");
}

#[test]
fn a_run_of_somebody_else_with_a_time_to_come_is_not_the_last_one() {
    if !users::can_be_made() {
        return;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.state().join("mainstay");
    fs::create_dir_all(&root).expect("a folder");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o3770)).expect("a mode");
    let state = StateDir::create(&root).expect("a shared folder");
    let kept = Kept { sandbox, state };
    for run in ["20260101-0000-mine", "29990101-0000-ahead"] {
        kept.run(run, 0, &[]);
    }
    // One's own clock may have been wrong.
    assert_eq!(kept.state.find("last").expect("a run"), "29990101-0000-ahead");
    kept.state.create_run_dir("29991231-0000-your").expect("a folder");
    std::os::unix::fs::chown(kept.state.run_dir("29991231-0000-your"), Some(1), None)
        .expect("a folder can be given away");
    assert_eq!(kept.state.find("last").expect("a run"), "29990101-0000-ahead");
    assert_eq!(kept.state.find("your").expect("a run"), "29991231-0000-your");
}

#[test]
fn a_link_to_a_run_is_no_run() {
    let kept = Kept::new();
    let run = "20261021-0000-real";
    kept.run(run, 9, &[ended(Outcome::Resolved, 0)]);
    let link = kept.state.run_dir("29991231-0000-aaaa");
    std::os::unix::fs::symlink(kept.state.run_dir(run), link).expect("a link");
    assert_eq!(kept.listed(), [(run.to_owned(), "resolved".to_owned())]);
    kept.mainstay(&["runs", "prune", "--older-than", "1d"]).expect_code(0).expect_output("1 run deleted");
    assert_eq!(kept.listed(), []);
}

#[test]
fn of_many_runs_the_newest_are_shown_and_all_that_are_not_over() {
    let kept = Kept::new();
    for number in 0..103 {
        kept.run(&format!("20261021-0000-a{number:03}"), 1, &[ended(Outcome::Resolved, 0)]);
    }
    kept.run("20261020-0000-open", 9, &[]);
    let shown = kept.mainstay(&["runs"]).expect_code(0).stdout;
    assert_eq!(shown.matches("20261021-0000-a").count(), 100, "{shown}");
    assert!(shown.contains("20261020-0000-open"), "{shown}");
    assert!(shown.contains("and 3 more that have ended: `mainstay runs -n 104` lists all"), "{shown}");
    assert_eq!(kept.mainstay(&["runs", "-n", "104"]).stdout.matches("20261021-0000-a").count(), 103);
    assert_eq!(kept.listed().len(), 104, "a program gets all");
}

#[test]
fn what_a_crash_left_half_deleted_is_no_run_and_goes_with_the_next_prune() {
    let kept = Kept::new();
    kept.run("20260101-0000-old1", 100, &[ended(Outcome::Resolved, 0)]);
    let half = kept.state.root().join("runs/.pruned-20260101-0000-half");
    fs::create_dir_all(half.join("out")).expect("a folder");
    fs::write(half.join("out/1.stdout"), "x").expect("a file");
    assert_eq!(kept.listed(), [("20260101-0000-old1".to_owned(), "resolved".to_owned())]);
    kept.prune(&["--dry-run"]);
    assert!(half.exists());
    kept.prune(&[]);
    assert!(!half.exists());
    assert!(kept.names().is_empty());
}

#[test]
fn in_a_shared_folder_everybody_prunes_only_what_is_theirs() {
    if !users::can_be_made() {
        return;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.state().join("mainstay");
    fs::create_dir_all(&root).expect("a folder");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o3770)).expect("a mode");
    let state = StateDir::create(&root).expect("a shared folder");
    let kept = Kept { sandbox, state };
    for run in ["20260101-0000-mine", "20260101-0000-your"] {
        kept.run(run, 100, &[ended(Outcome::Resolved, 0)]);
    }
    let folder = kept.state.run_dir("20260101-0000-your");
    std::os::unix::fs::chown(folder, Some(1), None).expect("a folder can be given away");
    // What somebody else puts there keeps nobody from it.
    let theirs = kept.state.root().join("runs/.pruned-20260101-0000-mine");
    fs::write(&theirs, "").expect("a file");
    std::os::unix::fs::chown(&theirs, Some(1), None).expect("a file can be given away");
    let done = kept.prune(&[]);
    assert_eq!(done["deleted"], json!(["20260101-0000-mine"]), "{done}");
    assert!(done["kept"][0]["why"].as_str().is_some_and(|why| why.contains("it belongs to `")), "{done}");
}

#[test]
fn a_run_is_folded_once_and_again_when_it_went_on() {
    let kept = Kept::new();
    let run = "20260101-0000-left";
    kept.run(run, 1, &[Fact::Titled { title: "One".to_owned() }]);
    assert_eq!(kept.listed(), [(run.to_owned(), "suspended".to_owned())]);
    // What stands in the journal is not looked at again as long as its file is the same.
    let path = kept.file(run, "journal.db");
    let written = fs::metadata(&path).and_then(|found| found.modified()).expect("a time");
    let good = fs::read(&path).expect("a file");
    overwrite(&path, &vec![7; good.len()], written);
    assert_eq!(kept.listed(), [(run.to_owned(), "suspended".to_owned())]);
    overwrite(&path, &good, written + Duration::from_secs(1));
    assert_eq!(kept.listed(), [(run.to_owned(), "suspended".to_owned())]);

    let mut journal = RunJournal::open(&kept.state, run).expect("a run");
    let at = Moment { run_ns: 5, wall_us: now_us() };
    journal
        .append(&[record(Class::Fact, at, Body::Fact(Fact::Titled { title: "Two".to_owned() }))], true)
        .unwrap();
    // Also while the turn stands in the log alone.
    kept.mainstay(&["runs"]).expect_code(0).expect_output("Two");
    journal.append(&[record(Class::Fact, at, Body::Fact(ended(Outcome::Resolved, 0)))], true).unwrap();
    journal.close().unwrap();
    assert_eq!(kept.listed(), [(run.to_owned(), "resolved".to_owned())]);

    // A run that is over can be taken back later.
    let mut journal = RunJournal::open(&kept.state, run).expect("a run");
    journal.append(&[record(Class::Fact, at, Body::Fact(ended(Outcome::RolledBack, 0)))], true).unwrap();
    assert_eq!(kept.listed(), [(run.to_owned(), "rolled_back".to_owned())]);
}

fn asks(text: &str) -> Body {
    let question = Question {
        kind: QuestionKind::Approval,
        text: text.to_owned(),
        roles: vec!["oncall".to_owned()],
        count: 1,
        quorum: false,
        wanted: Wanted::YesNo,
        params: Vec::new(),
        evidence: vec!["lag = 5s".to_owned()],
        ahead: Vec::new(),
        made: Vec::new(),
        on_silence: "the run is aborted".to_owned(),
        game_day: false,
        plan: None,
        shown: "0".repeat(64),
    };
    Body::Request(Ask {
        address: Address("s1.q1".into()),
        request: Request::Question(Box::new(question)),
        deadline: None,
        bound: "".into(),
        changes: false,
        inner: false,
        asked: Moment::default(),
        place: mainstay::event::Place::default(),
    })
}

#[test]
fn what_runs_ask_is_kept_until_their_journals_change() {
    let kept = Kept::new();
    let (run, over) = ("20260101-0000-asks", "20260101-0000-over");
    kept.run(over, 1, &[ended(Outcome::Resolved, 0)]);
    kept.run("20260101-0000-left", 1, &[Fact::Titled { title: "Left".to_owned() }]);
    kept.run(run, 1, &[Fact::Titled { title: "One".to_owned() }]);
    let at = Moment { run_ns: 5, wall_us: now_us() };
    let append = |class, body| {
        let mut journal = RunJournal::open(&kept.state, run).expect("a run");
        journal.append(&[record(class, at, body)], true).expect("a disk");
        journal.close().expect("a disk");
    };
    append(Class::Request, asks("Switch over?"));
    let waiting = || -> Json {
        let told = kept.mainstay(&["waiting", "--format", "json"]).expect_code(0);
        serde_json::from_str(&told.stdout).expect("JSON")
    };
    let first = waiting();
    assert_eq!(first.as_array().map(Vec::len), Some(1), "{first}");
    assert_eq!(first[0]["run"], run);
    assert_eq!(first[0]["question"], "Switch over?");
    assert_eq!(first[0]["title"], "One");
    assert_eq!(first[0]["yours"], true);

    // As long as the file is the same, it is not looked at again.
    let path = kept.file(run, "journal.db");
    let written = fs::metadata(&path).and_then(|found| found.modified()).expect("a time");
    let good = fs::read(&path).expect("a file");
    overwrite(&path, &vec![7; good.len()], written);
    assert_eq!(waiting(), first);
    overwrite(&path, &good, written + Duration::from_secs(1));
    assert_eq!(waiting(), first);

    // The page of the question shows all of it.
    kept.mainstay(&["approve", run]).expect_output("lag = 5s");
    append(Class::Fact, Body::Fact(ended(Outcome::Aborted, 0)));
    assert_eq!(waiting(), json!([]));
}

/// Replaces what stands in a file, and sets its time.
fn overwrite(path: &std::path::Path, bytes: &[u8], time: SystemTime) {
    fs::write(path, bytes).expect("a file");
    fs::File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
}
