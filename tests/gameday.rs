//! Game days: people play in a given world, an instructor changes it, and nobody can take one for a run.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use mainstay::people::inbox::{Inbox, Letter, Message};
use serde_json::Value;
use support::sandbox::{Finished, Running, Sandbox};
use support::service::wait_until;
use support::terminal::Terminal;

const PATIENCE: Duration = Duration::from_secs(60);

/// Each of its commands would leave a file.
const POOL: &str = r#"
runbook "The pool is full"

param host: text "Which database" = "db1"

symptom "Connections run out" {
  alert "PoolFull"
  check pool_used = $ touch really-1
  when pool_used.number > 80
  cleared when pool_used.number < 60 within 2m every 10s
}

diagnose {
  check holders = $ touch really-2
  finding "{{ holders.stdout | trim }} holds them"
  if age(2026-01-01T00:00Z) < 1d {
    finding "it is the day of the drill"
  }
}

resolve "Restart what holds them" {
  approve "Restart {{ holders.stdout | trim }} on {{ host }}?" by oncall within 10m on silence abort
  step "Restart" timeout 2m {
    run $ touch really-3
      undo $ touch really-4
  }
  manual "Tell the customers" by oncall within 5m on silence continue
    leave "it is a message"
  ask load "How much load is left?" one of "none", "some" by oncall within 5m on silence "some"
  notify ops "restarted on {{ host }}"
}

drill "a restart helps" {
  given pool_used = "95", then "20"
  given holders = "web"
  given step "Restart" takes 40s
  given approval denied
  given manual done
  given load = "none"
  expect outcome resolved
  expect step "Restart" ran
  expect load == "none"
  expect elapsed < 2s
}

drill "a restart does not help" {
  given pool_used = "95"
  given holders = "web"
  given approval granted
  given manual done
  given load = "none"
  expect outcome rolled_back
}
"#;

const QUESTION: &str = "Restart web on db1?";

fn home() -> Sandbox {
    let home = Sandbox::new();
    home.write("pool.runbook", POOL);
    home
}

const PLAY: [&str; 5] = ["drill", "pool.runbook", "--game-day", "--filter", "a restart helps"];

/// Begins a game day that asks its first question without a terminal.
fn from_elsewhere(home: &Sandbox, more: &[&str]) -> Running {
    let mut playing = home.start([&PLAY, more].concat());
    playing.wait_for(QUESTION);
    playing
}

/// Answers what is asked once it is.
fn answer(home: &Sandbox, question: &str, arguments: &[&str]) {
    let asked = || home.run(["waiting", "last"]).stdout.contains(question);
    assert!(wait_until(Instant::now() + PATIENCE, asked), "`{question}` is not asked");
    home.run(arguments).expect_code(0);
}

fn at_terminal(home: &Sandbox) -> Terminal {
    let mut terminal = home.at_terminal(PLAY);
    terminal.wait_for("yes or no?");
    terminal
}

fn nothing_happened(home: &Sandbox) {
    let made: Vec<_> = fs::read_dir(home.home()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!made.iter().any(|name| name.to_string_lossy().starts_with("really")), "{made:?}");
}

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {}", finished.stdout))
}

fn me() -> String {
    mainstay::people::Person::current().name
}

#[test]
fn people_are_asked_an_instructor_changes_the_world_and_the_report_says_how_long_they_took() {
    let home = home();
    let mut terminal = at_terminal(&home);
    assert!(terminal.screen().contains(QUESTION), "{}", terminal.screen());
    assert!(terminal.screen().contains("a drill, nothing of it is real"), "{}", terminal.screen());
    home.run(["inject", "last", "given pool_used = \"97\""]).expect_code(0).expect_output("injected into");
    terminal.type_line("yes");
    terminal.wait_for("done or no?");
    terminal.type_line("done");
    terminal.wait_for("answer: ");
    terminal.type_line("none");
    let done = terminal.finish().expect_code(3);
    let me = me();
    for said in [
        "GAME DAY",
        "not sent: it is a game day",
        "it is the day of the drill",
        "Decisions",
        &format!("{me}: yes, to \"{QUESTION}\""),
        &format!("{me}: done, to \"Tell the customers\""),
        &format!("{me}: none, to \"How much load is left?\""),
        "of 10m",
        "in all",
        "Injected",
        &format!("{me}: given pool_used = \"97\""),
        "Expected by the drill",
        "outcome resolved: ",
    ] {
        assert!(done.stdout.contains(said), "no `{said}` on the screen:\n{}", done.stdout);
    }
    nothing_happened(&home);
}

#[test]
fn waits_take_no_time_while_nobody_is_asked_and_answers_come_from_elsewhere_too() {
    let home = home();
    let began = Instant::now();
    let playing = from_elsewhere(&home, &["--format", "json"]);
    let waiting = home.run(["waiting", "--format", "json"]).expect_code(0);
    assert_eq!(json(&waiting)[0]["game_day"], true, "{}", waiting.stdout);
    home.run(["waiting"]).expect_output("a drill, nothing of it is real");
    answer(&home, QUESTION, &["approve", "last", "--yes"]);
    answer(&home, "Tell the customers", &["answer", "last", "done"]);
    answer(&home, "How much load", &["answer", "last", "none"]);
    let done = playing.finish().expect_code(0);
    let real = i64::try_from(began.elapsed().as_nanos()).unwrap();
    let lines = done.json_lines();
    assert_eq!(lines[0]["body"]["game_day"]["drill"], "a restart helps", "{}", lines[0]);
    let report = &lines[lines.len() - 1]["game_day"];
    assert_eq!(report["outcome"], "resolved");
    let elapsed = report["elapsed_ns"].as_i64().unwrap();
    assert!((40_000_000_000..40_000_000_000 + real).contains(&elapsed), "{elapsed} after {real}");
    let decisions = report["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 3, "{report}");
    assert_eq!(decisions[0]["of_ns"], 600_000_000_000_i64);
    let took = |decision: &Value| decision["took_ns"].as_i64().unwrap();
    assert!(decisions.iter().all(|decision| (0..real).contains(&took(decision))), "{report}");
    assert_eq!(report["decisions_ns"], decisions.iter().map(took).sum::<i64>());
    let met: Vec<bool> =
        report["expected"].as_array().unwrap().iter().map(|one| one["met"] == true).collect();
    assert_eq!(met, [true, true, true, false], "{report}");
    // What it said of itself at its end can be had later.
    let shown = json(&home.run(["show", "last", "--format", "json"]).expect_code(0));
    assert_eq!(shown["game_day"], *report);
    nothing_happened(&home);
}

#[test]
fn every_look_at_it_says_that_it_was_a_game_day_and_nobody_goes_on_with_it() {
    let home = home();
    let playing = from_elsewhere(&home, &[]);
    home.run(["deny", "last"]).expect_code(0);
    playing.finish().expect_code(4).expect_output("GAME DAY");
    home.run(["runs"]).expect_output("game day: aborted");
    assert_eq!(json(&home.run(["runs", "--format", "json"]))[0]["game_day"], "a restart helps");
    home.run(["show", "last"]).expect_output("a drill, nothing of it is real: the drill \"a restart helps\"");
    let timeline = home.run(["timeline", "last"]).expect_code(0);
    for said in
        ["# Game day: The pool is full", "**A game day, a drill: nothing of it was real.**", "## Decisions"]
    {
        assert!(timeline.stdout.contains(said), "no `{said}` in {}", timeline.stdout);
    }
    home.run(["verify", "last"]).expect_code(0).expect_output("nothing of it was real");
    for refused in [&["resume", "last"][..], &["rollback", "last"], &["rollback", "last", "--dry-run"]] {
        let refused = home.run(refused).expect_code(2);
        assert!(refused.stderr.contains("is a game day"), "{}", refused.stderr);
    }
    let refused = home.run(["drill", "--from", "last"]).expect_code(2);
    assert!(refused.stderr.contains("is a game day"), "{}", refused.stderr);
    nothing_happened(&home);
}

#[test]
fn what_an_instructor_says_of_a_step_happens_and_stands_on_the_timeline() {
    let home = home();
    let playing = from_elsewhere(&home, &[]);
    home.run(["inject", "last", "step \"Restart\" fails"]).expect_code(0);
    home.run(["approve", "last", "--yes"]).expect_code(0);
    let done = playing.finish().expect_code(3);
    // Whoever plays learns of it in the end only.
    let (played, report) = done.stdout.split_once("Decisions").expect("a report");
    assert!(!played.contains("njected"), "{played}");
    assert!(report.contains("step \"Restart\" fails"), "{report}");
    let timeline = home.run(["timeline", "last"]).expect_code(0);
    assert!(timeline.stdout.contains("injected: `step \"Restart\" fails`"), "{}", timeline.stdout);
    assert!(timeline.stdout.contains(&me()), "{}", timeline.stdout);
    nothing_happened(&home);
}

#[test]
fn what_does_not_fit_is_told_as_in_a_drill_and_changes_nothing() {
    let home = home();
    let playing = from_elsewhere(&home, &[]);
    let cases = [
        ("pool_usd = 97", "nothing that is read is called `pool_usd`"),
        ("pool_usd = 97", "pool_used"),
        ("step \"Restrat\" fails", "no step is called \"Restrat\""),
        ("step \"Restart\" explodes", "<inject>:1"),
        ("host = \"db2\"", "`host` has one value in the whole run"),
        ("approval granted", "people answer themselves"),
        ("load = \"none\"", "people answer themselves"),
        ("alert \"PoolFull\"", "this one has begun"),
        ("crash in step \"Restart\"", "cannot crash"),
        ("pool_used = \"1\"\ngiven holders = \"x\"", "one thing is injected at a time"),
        ("", "<inject>:1"),
    ];
    for (what, told) in cases {
        let refused = home.run(["inject", "last", what]).expect_code(2);
        assert!(refused.stderr.contains(told), "no `{told}` for `{what}` in {}", refused.stderr);
        assert!(refused.stderr.contains("nothing was injected"), "{}", refused.stderr);
    }
    home.run(["stop", "last", "--because", "enough"]).expect_code(0);
    let done = playing.finish().expect_code(4);
    assert!(!done.stdout.contains("Injected"), "{}", done.stdout);
}

#[test]
fn a_letter_that_nobody_checked_is_checked_by_the_game_day() {
    let home = home();
    let playing = from_elsewhere(&home, &[]);
    put(&home, "step \"Restrat\" fails");
    home.run(["deny", "last"]).expect_code(0);
    let done = playing.finish().expect_code(4);
    assert!(done.stdout.contains("no step is called \"Restrat\""), "{}", done.stdout);
}

/// Puts a line into the inbox of the only run.
fn put(home: &Sandbox, text: &str) {
    let runs = home.state().join("mainstay/runs");
    let folder = fs::read_dir(runs).unwrap().flatten().next().expect("there is a run").path();
    let run = folder.file_name().unwrap().to_string_lossy().into_owned();
    Inbox::at(&folder).put(&Letter { run, message: Message::Inject { text: text.to_owned() } }).unwrap();
}

#[test]
fn a_real_run_takes_nothing() {
    let home = Sandbox::new();
    home.write(
        "real.runbook",
        "runbook \"Real\"\n\nresolve \"Work\" {\n  approve \"Really?\" by oncall within 10m on silence abort\n}\n",
    );
    let mut running = home.start(["run", "real.runbook"]);
    running.wait_for("Really?");
    let refused = home.run(["inject", "last", "step \"Work\" fails"]).expect_code(2);
    assert!(refused.stderr.contains("is real: nothing can be injected into it"), "{}", refused.stderr);
    put(&home, "step \"Work\" fails");
    running.wait_for("only into a game day");
    home.run(["deny", "last"]).expect_code(0);
    let done = running.finish().expect_code(4);
    assert!(!done.stdout.to_lowercase().contains("game day:"), "{}", done.stdout);
    assert_eq!(json(&home.run(["runs", "--format", "json"]))[0]["game_day"], Value::Null);
}

#[test]
fn one_that_was_left_waits_for_nobody() {
    let home = home();
    let mut terminal = at_terminal(&home);
    terminal.type_line("leave");
    terminal.finish().expect_code(7);
    home.run(["runs"]).expect_output("game day: left");
    home.run(["waiting"]).expect_output("nothing waits for anybody");
    let refused = home.run(["inject", "last", "pool_used = \"1\""]).expect_code(2);
    assert!(refused.stderr.contains("nobody plays the game day"), "{}", refused.stderr);
    let refused = home.run(["resume", "last"]).expect_code(2);
    assert!(refused.stderr.contains("is a game day"), "{}", refused.stderr);
}

#[test]
fn in_real_time_nothing_jumps() {
    let home = home();
    home.write("pool.runbook", &POOL.replace("takes 40s", "takes 1s"));
    let playing = from_elsewhere(&home, &["--real-time", "--format", "json"]);
    answer(&home, QUESTION, &["approve", "last", "--yes"]);
    answer(&home, "Tell the customers", &["answer", "last", "no"]);
    let done = playing.finish().expect_code(4);
    let lines = done.json_lines();
    let at = |fact: &str| {
        let line = lines.iter().find(|line| line["body"]["fact"] == fact).expect(fact);
        line["at"]["wall_us"].as_i64().unwrap()
    };
    // The wall clock is real.
    assert!(at("step_ended") - at("step_began") >= 900_000, "{}", done.stdout);
}

#[test]
fn what_nobody_gave_cannot_be_read_unless_it_is_injected() {
    let home = home();
    let read = "  check late = $ touch really-5\n  finding \"late: {{ late.stdout | trim }}\"\n  notify ops";
    home.write("pool.runbook", &POOL.replace("  notify ops", read));
    let cases = [(None, 3, "was not given"), (Some("late = \"by a minute\""), 0, "late: by a minute")];
    for (given, code, told) in cases {
        let playing = from_elsewhere(&home, &[]);
        if let Some(given) = given {
            home.run(["inject", "last", given]).expect_code(0);
        }
        answer(&home, QUESTION, &["approve", "last", "--yes"]);
        answer(&home, "Tell the customers", &["answer", "last", "done"]);
        answer(&home, "How much load", &["answer", "last", "none"]);
        playing.finish().expect_code(code).expect_output(told);
    }
    nothing_happened(&home);
}

#[test]
fn one_drill_is_chosen_or_the_choice_is_told() {
    let home = home();
    let cases: [(&[&str], &str); 6] = [
        (&["drill", "pool.runbook", "--game-day"], "`pool.runbook` has 2 drills"),
        (
            &["drill", "pool.runbook", "--game-day", "--filter", "a restart"],
            "with `a restart` in their titles",
        ),
        (&["drill", "pool.runbook", "--game-day"], "\"a restart does not help\""),
        (&["drill", "pool.runbook", "--game-day", "--filter", "nope"], "no drill's title"),
        (&["drill", "pool.runbook", "--game-day", "--format", "junit"], "as text or as JSON"),
        (&["drill", ".", "--game-day"], "is a folder"),
    ];
    for (arguments, told) in cases {
        let refused = home.run(arguments).expect_code(2);
        assert!(refused.stderr.contains(told), "no `{told}` in {}", refused.stderr);
    }
    home.write("other.runbook", &POOL.replace("\"Which database\" = \"db1\"", "\"Which database\""));
    let refused = home.run(["drill", "other.runbook", "--game-day", "--filter", "not help"]).expect_code(2);
    assert!(refused.stderr.contains("add `given host = …` to it"), "{}", refused.stderr);
    // Nothing was begun.
    home.run(["runs"]).expect_output("nothing has been run yet");
}

#[test]
fn drills_of_another_file_can_be_played_and_changed() {
    let home = home();
    let (runbook, _) = POOL.split_once("drill \"a restart helps\"").unwrap();
    home.write("pool.runbook", runbook);
    home.write(
        "drills/days.runbook",
        "drills for \"../pool.runbook\"\n\ndrill \"a day\" {\n  given pool_used = \"95\"\n  given holders = \"web\"\n  \
         expect outcome resolved\n}\n",
    );
    let mut playing = home.start(["drill", "drills/days.runbook", "--game-day"]);
    playing.wait_for(QUESTION);
    home.run(["inject", "last", "pool_used fails \"no route\""]).expect_code(0);
    home.run(["deny", "last"]).expect_code(0);
    playing.finish().expect_code(4).expect_output("Expected by the drill");
    home.run(["runs", "--runbook", "pool"]).expect_output("game day: aborted");
}
