//! Saved plans: what is run is what was reviewed, or the run stops and shows what is different.

mod support;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use mainstay::event::{Body, Input, Reply, Request};
use mainstay::journal::{Reader, StateDir};
use serde_json::Value as Json;
use support::sandbox::{Finished, PATIENCE, Running, Sandbox, make_executable, program};
use support::service::wait_until;

const RUNBOOK: &str = r#"runbook "The pool is full"

use "./parts.runbook" as parts

param limit: int "How many may wait" = 3

symptom "it is full" {
  check used = $ cat used
  when used.number > 10
}

diagnose {
  check shards = $ cat shards
  check load   = $ cat load
  check owner  = $ cat owner
  finding "load is {{ load.stdout }}"
  decide {
    when load.number > 100 -> resolve "Many"
    otherwise -> resolve "Few"
  }
}

resolve "Few" {
  run $ act begin
    undo $ act end {{ owner.stdout }}
  for shard in shards.lines, at most 5 {
    run $ act drain
      with stdin shard
      undo $ act fill
  }
  if load.number > 50 {
    run $ act throttle {{ limit }}
      leave "harmless"
  }
  run $ act clean
    done when file_is("clean")
    leave "harmless"
  run $ act tell {{ owner.stdout }}
    leave "said"
  run $ echo 5 > used
    leave "it is used"
  check now = $ cat used
  if now.number > 4 {
    run parts.note("{{ now.stdout }}")
  }
}

resolve "Many" {
  run $ act many
    leave "harmless"
}

action file_is(name: text) -> bool reads {
  check it = try $ test -e {{ name }}
  return it.ok
}
"#;

const PARTS: &str = r#"module parts "Parts"

action note(what: text) changes {
  run $ act note {{ what }}
    leave "a note"
}
"#;

/// What a run does that is as planned.
const PLANNED: &str = "begin, drain a, drain b, clean, tell ann, note 5, ";

struct Home(Sandbox);

impl Home {
    fn new(runbook: &str) -> Self {
        let sandbox = Sandbox::new();
        let tool = "#!/bin/sh\nIFS= read -r what || test -n \"$what\"\necho \"$*${what:+ $what}\" >> \"$EFFECTS\"\ntest \"$1\" != clean || : > clean\n";
        make_executable(&sandbox.write("bin/act", tool));
        for (name, text) in
            [("used", "12"), ("shards", "a\nb"), ("load", "20"), ("owner", "ann"), ("effects", "")]
        {
            sandbox.write(name, text);
        }
        sandbox.write("pool.runbook", runbook);
        sandbox.write("parts.runbook", PARTS);
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", sandbox.home().join("bin").display());
        let effects = sandbox.home().join("effects").display().to_string();
        Home(sandbox.with_env("PATH", path).with_env("EFFECTS", effects))
    }

    /// Returns a home in which that runbook is planned.
    fn planned(runbook: &str) -> Self {
        let home = Home::new(runbook);
        home.call(&["plan", "pool.runbook", "--out", "p.json"]).expect_code(0);
        assert_eq!(home.effects(), "", "a plan changes nothing");
        home
    }

    fn call(&self, arguments: &[&str]) -> Finished {
        self.0.run(arguments)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.home().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        self.0.write(name, text);
    }

    fn effects(&self) -> String {
        fs::read_to_string(self.path("effects")).expect("the effects").replace('\n', ", ")
    }

    fn plan(&self) -> Json {
        serde_json::from_str(&fs::read_to_string(self.path("p.json")).expect("the plan")).expect("JSON")
    }

    fn id(&self) -> String {
        self.plan()["digest"].as_str().expect("a digest")[..12].to_owned()
    }

    /// Begins the planned run and waits until it asks that.
    fn run_until(&self, asked: &str) -> Running {
        let mut running = self.0.start(["run", "--plan", "p.json"]);
        running.wait_for(asked);
        self.0.waits_for(asked);
        running
    }

    fn show(&self) -> Json {
        serde_json::from_str(&self.call(&["show", "last", "--format", "json"]).expect_code(0).stdout)
            .expect("JSON")
    }
}

#[test]
fn what_was_planned_is_run_from_anywhere_and_every_look_at_the_run_says_so() {
    let home = Home::planned(RUNBOOK);
    let id = home.id();
    let shown = home.call(&["plan", "p.json"]).expect_code(0);
    for text in [&*id, "pool.runbook", "parts.runbook", "$ act tell ann", "unknown", "binds nothing"] {
        assert!(shown.stdout.contains(text), "{text}: {}", shown.stdout);
    }
    fs::create_dir(home.path("elsewhere")).expect("a folder");
    // The load is another one, and nothing that is done depends on by how much.
    home.write("load", "21");
    let run = home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(0);
    assert!(run.stdout.contains(&format!("following the plan {id}")), "{}", run.stdout);
    assert!(run.stdout.contains("all was as planned"), "{}", run.stdout);
    assert_eq!(home.effects(), PLANNED);
    let show = home.call(&["show", "last"]).expect_code(0).stdout;
    assert!(show.contains(&format!("plan          {id}, made by")), "{show}");
    assert!(!show.contains("Not as planned"), "{show}");
    home.call(&["timeline", "last"]).expect_code(0).expect_output(&id);
    home.call(&["runs"]).expect_code(0).expect_output(&format!("(plan {id})"));
    assert_eq!(home.show()["plan"]["digest"], home.plan()["digest"]);
}

#[test]
fn a_plan_of_other_files_or_parameters_or_that_was_touched_is_refused_before_anything_is_run() {
    let home = Home::planned(RUNBOOK);
    let good = fs::read_to_string(home.path("p.json")).expect("the plan");
    let refused = |arguments: &[&str], says: &[&str]| {
        let told = home.call(arguments).expect_code(2).stderr;
        for text in says {
            assert!(told.contains(text), "{text}: {told}");
        }
    };
    let follow: &[&str] = &["run", "--plan", "p.json", "--unattended"];
    for (file, text) in [("pool.runbook", RUNBOOK), ("parts.runbook", PARTS)] {
        home.write(file, &format!("{text}\n# another line\n"));
        refused(follow, &["the text is not what it was", &format!("`{file}` was "), ", and is "]);
        home.write(file, text);
    }
    refused(
        &[follow, &["-p", "limit=4"]].concat(),
        &["its default for the parameter `limit`", "`4` is given"],
    );
    home.write("other.runbook", RUNBOOK);
    refused(&[follow, &["other.runbook"]].concat(), &["not for `other.runbook`"]);
    for (from, to, says) in [
        ("drain", "grain", "is not as it was written"),
        ("\"format\": 1", "\"format\": 2", "is a plan of format 2, this program knows 1"),
        ("\"force\": false", "\"force\": false, \"more\": 1", "is not as it was written"),
        ("\"planned\"", "\"unplanned\"", "is no saved plan"),
        ("{", "", "is no saved plan"),
    ] {
        home.write("p.json", &good.replacen(from, to, 1));
        refused(follow, &[says]);
    }
    home.write("p.json", &good);
    refused(&["run"], &["required"]);
    refused(&["run", "--plan", "p.json", "--dry-run"], &["cannot be used with"]);
    refused(&["run", "--plan", "absent.json"], &["cannot be read"]);
    refused(&["plan", "pool.runbook", "--out", "owner"], &["is there already"]);
    let again = ["plan", "pool.runbook", "-p", "limit=4", "--out", "p.json"];
    refused(&again, &["`p.json` is there already", "remove that one first"]);
    assert_eq!(fs::read_to_string(home.path("p.json")).expect("the plan"), good);
    assert_eq!(home.effects(), "");
    home.call(&["runs"]).expect_output("nothing has been run yet");

    // The same runbook by another path, the same parameter, the same plan written by another program.
    fs::remove_file(home.path("p.json")).expect("it is there");
    home.call(&again).expect_code(0);
    home.write("p.json", &serde_json::to_string(&home.plan()).expect("JSON"));
    let here = home.path("pool.runbook").display().to_string();
    home.call(&[follow, &["-p", "limit=4", &here]].concat()).expect_code(0);
    assert_eq!(home.effects(), PLANNED);
}

/// What is changed before the run, what is planned, what is now, and what the run does until it stops, and takes back.
const DIFFERENT: [(&str, &str, &str, &str, &str); 5] = [
    ("load", "101", r#"resolve "Few""#, r#"resolve "Many""#, ""),
    (
        "load",
        "60",
        "`load.number > 50` is not true",
        "`load.number > 50` is true",
        "begin, drain a, drain b, fill, fill, end ann, ",
    ),
    ("shards", "a\nb\nc", "2 items: a, b", "3 items: a, b, c", "begin, end ann, "),
    ("shards", "a\nc", "$ act drain", "with another input", "begin, drain a, fill, end ann, "),
    ("owner", "bob", "$ act end ann", "$ act end bob", ""),
];

#[test]
fn what_counts_and_differs_stops_the_run_before_it_and_both_are_shown() {
    for (file, text, planned, now, effects) in DIFFERENT {
        let home = Home::planned(RUNBOOK);
        home.write(file, text);
        let run = home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(4);
        for text in [planned, now, "not as planned"] {
            assert!(run.stdout.contains(text), "{file}: {text}: {}", run.stdout);
        }
        assert_eq!(home.effects(), effects, "{file}");
        let show = home.call(&["show", "last"]).expect_code(0).stdout;
        assert!(show.contains("Not as planned") && show.contains("nobody accepted it"), "{show}");
    }
}

#[test]
fn a_change_that_was_not_to_be_made_is_a_difference_and_one_that_is_not_needed_any_more_is_none() {
    let clean = "  run $ act clean\n    done when file_is(\"clean\")\n    leave \"harmless\"\n";
    let first = RUNBOOK.replace(clean, "").replace("  run $ act begin", &format!("{clean}  run $ act begin"));
    let home = Home::new(&first);
    home.write("clean", "");
    home.call(&["plan", "pool.runbook", "--out", "p.json"]).expect_code(0);
    fs::remove_file(home.path("clean")).expect("it is there");
    let run = home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(4);
    assert!(run.stdout.contains("$ act clean, planned: nothing: it is so already"), "{}", run.stdout);
    assert_eq!(home.effects(), "");

    let home = Home::planned(RUNBOOK);
    home.write("clean", "");
    home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(0);
    assert_eq!(home.effects(), PLANNED.replace("clean, ", ""));

    let home = Home::planned(RUNBOOK);
    home.write("used", "1");
    home.call(&["run", "--plan", "p.json", "--unattended"])
        .expect_code(6)
        .expect_output("nothing of it was needed");
    assert_eq!(home.effects(), "", "a run that is not needed does nothing");
}

#[test]
fn a_plan_of_nothing_binds_too_and_one_of_a_run_that_would_fail_is_not_saved() {
    let home = Home::new(RUNBOOK);
    home.write("used", "1");
    home.call(&["plan", "pool.runbook", "--out", "p.json"]).expect_code(6);
    home.write("used", "12");
    let run = home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(4);
    assert!(run.stdout.contains("a symptom holds, planned: no symptom holds"), "{}", run.stdout);
    home.write("used", "1");
    fs::remove_file(home.path("p.json")).expect("it is there");
    home.call(&["plan", "pool.runbook", "--force", "--out", "p.json"]).expect_code(0);
    home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(0);
    assert_eq!(home.show()["forced"], true);
    assert_eq!(home.effects(), PLANNED);

    let home = Home::new(RUNBOOK);
    fs::remove_file(home.path("load")).expect("it is there");
    let told = home.call(&["plan", "pool.runbook", "--out", "p.json"]).expect_code(1);
    assert!(told.stderr.contains("no plan was saved"), "{}", told.stderr);
    assert!(!home.path("p.json").exists());
}

#[test]
fn what_differs_is_accepted_by_somebody_from_elsewhere_and_each_thing_once() {
    let home = Home::planned(RUNBOOK);
    home.write("owner", "bob");
    home.write("shards", "a\nb\nc");
    let running = home.run_until("Not as planned: what takes `$ act begin` back: $ act end bob");
    let page = home.call(&["waiting", "last"]).expect_code(0).stdout;
    for text in [
        "planned       owner = ann",
        "now           owner = bob",
        "planned       $ act tell ann",
        "mainstay approve",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    home.0.waits_for("3 items: a, b, c");
    assert_eq!(home.effects(), "begin, ", "the question comes before the loop");
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    // What is told at the end was shown with the first question; what the third shard brings was accepted with it.
    let run = running.finish().expect_code(0);
    assert!(run.stdout.contains("2 things were not as planned"), "{}", run.stdout);
    assert_eq!(home.effects(), "begin, drain a, drain b, drain c, clean, tell bob, note 5, ");
    let show = home.call(&["show", "last"]).expect_code(0).stdout;
    assert_eq!(show.matches(" accepted it").count(), 2, "{show}");
    assert!(!show.contains("nobody accepted it"), "{show}");
    home.call(&["timeline", "last"]).expect_output("not as planned");
    home.call(&["verify", "last"]).expect_code(0);
}

#[test]
fn who_does_not_accept_it_has_everything_taken_back() {
    let home = Home::planned(RUNBOOK);
    home.write("shards", "a\nb\nc");
    let running = home.run_until("3 items");
    home.call(&["show", "last"]).expect_code(0).expect_output("it waits for somebody to accept it");
    home.call(&["deny", "last"]).expect_code(0);
    running.finish().expect_code(4).expect_output("did not accept it");
    assert_eq!(home.effects(), "begin, end ann, ");
}

#[test]
fn a_run_that_was_cut_off_goes_on_with_its_plan_when_the_file_and_the_readings_are_gone() {
    let home = Home::planned(RUNBOOK);
    home.write("owner", "bob");
    home.write("shards", "a\nb\nc");
    let mut running = home.run_until("$ act end bob");
    running.kill();
    for name in ["p.json", "owner", "shards", "load"] {
        fs::remove_file(home.path(name)).expect("it is there");
    }
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    let mut running = home.0.start(["resume", "last"]);
    running.wait_for("3 items: a, b, c");
    home.0.waits_for("3 items: a, b, c");
    running.kill();
    // A second time, beyond what was accepted: it is not asked again.
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    home.call(&["resume", "last"]).expect_code(0);
    assert_eq!(home.effects(), "begin, drain a, drain b, drain c, clean, tell bob, note 5, ");
    home.call(&["rollback", "last"]).expect_code(3);
}

#[test]
fn the_background_follows_the_plan_too() {
    let home = Home::planned(RUNBOOK);
    home.write("owner", "bob");
    home.call(&["run", "--plan", "p.json", "--detach"]).expect_code(0);
    home.0.waits_for("$ act end bob");
    home.call(&["deny", "last"]).expect_code(0);
    let is_over = wait_until(Instant::now() + PATIENCE, || home.show()["ended"]["outcome"] == "aborted");
    assert!(is_over, "{:#}", home.show());
    assert_eq!(home.effects(), "");
}

#[test]
fn somebody_at_the_terminal_sees_both_and_is_asked() {
    let home = Home::planned(RUNBOOK);
    home.write("shards", "a\nb\nc");
    let mut terminal = home.0.at_terminal(["run", "--plan", "p.json"]);
    terminal.wait_for("yes or no?");
    let screen = terminal.screen();
    for text in [
        "Not as planned",
        "for each shard: 2 items: a, b",
        "for each shard: 3 items: a, b, c",
        "shards = a b c",
    ] {
        assert!(screen.contains(text), "{text}: {screen}");
    }
    terminal.type_line("yes");
    terminal.finish().expect_code(0);
    assert_eq!(home.effects(), "begin, drain a, drain b, drain c, clean, tell ann, note 5, ");
}

const SECRETS: &str = r#"runbook "With secrets"

secret key "A key" = command("cat key")

resolve "Use it" {
  check shown = $ echo "the key is $(cat key)"
  run $ act use {{ shown.stdout }}
    with env { KEY: key }
    undo $ act unuse
      with env { KEY: key }
}
"#;

#[test]
fn a_secret_is_neither_in_the_plan_nor_on_the_screen() {
    let home = Home::new(SECRETS);
    home.write("key", "hunter2-and-more");
    let told = home.call(&["plan", "pool.runbook", "--out", "p.json"]).expect_code(0);
    let file = fs::read_to_string(home.path("p.json")).expect("the plan");
    let shown = home.call(&["plan", "p.json"]).expect_code(0);
    for text in [&told.stdout, &told.stderr, &file, &shown.stdout] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(shown.stdout.contains("the key is [secret]"), "{}", shown.stdout);
    // Another key is no difference: a plan knows nothing of it, not even a digest.
    home.write("key", "hunter3-and-more");
    home.call(&["run", "--plan", "p.json", "--unattended"])
        .expect_code(0)
        .expect_output("all was as planned");
}

const PERHAPS: &str = r#"runbook "It may come to that"

resolve "Try" {
  run $ act one
    leave "harmless"
  check after = $ cat owner
  if after.stdout == "bob" {
    run $ act two
      leave "harmless"
  } else {
    run $ act three {{ after.stdout }}
      leave "harmless"
  }
  run $ act four {{ after.stdout }}
    leave "harmless"
  watch "the load" every 1h {
    bad when try_load() > 100 -> fail
    otherwise -> { run $ act watched leave "harmless" }
  }
  run $ act five
    leave "harmless"
}

action try_load() -> int reads {
  check load = $ cat load
  return int(load.number)
}
"#;

#[test]
fn what_was_unknown_binds_nothing() {
    let perhaps = PERHAPS.replace(" leave \"harmless\" }\n  }", "\n      leave \"harmless\" }\n  }");
    let home = Home::planned(&perhaps);
    home.write("owner", "bob");
    home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(0);
    assert!(home.effects().starts_with("one, two, four bob, "), "{}", home.effects());
}

const APPROVED: &str = r#"runbook "Drop it"

param why: text = "old"

resolve "Drop it" {
  check owner  = $ cat owner
  check shards = $ cat shards
  approve "Drop what is {{ owner.stdout }}'s?" by oncall within 5m on silence continue
  run $ act drop {{ shards.lines[0] }}
    leave "it is gone"
  check again = $ cat load
  run $ act note {{ again.stdout }}
    leave "said"
}
"#;

#[test]
fn an_approval_shows_whether_it_is_as_planned_and_a_yes_is_to_what_was_shown() {
    let home = Home::planned(APPROVED);
    let running = home.run_until("Drop what is ann's?");
    let page = home.call(&["waiting", "last"]).expect_code(0).stdout;
    assert!(page.contains(&format!("{}: what is shown is as planned", home.id())), "{page}");
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    running.finish().expect_code(0);
    assert_eq!(home.effects(), "drop a, note 20, ");
    let state = StateDir::create(home.0.state().join("mainstay")).expect("the state");
    let run = state.find("last").expect("the run");
    let rows = Reader::open(&state, &run).expect("opens").after(0).expect("reads");
    let shown = rows.iter().find_map(|(_, record)| match &record.body {
        Body::Request(ask) => match &ask.request {
            Request::Question(question) => Some(question.shown.clone()),
            _ => None,
        },
        _ => None,
    });
    let answered = rows.iter().find_map(|(_, record)| match &record.body {
        Body::Input(Input::Delivered { reply: Reply::Answer(answer), .. }) => Some(answer.shown.clone()),
        _ => None,
    });
    assert!(shown.as_ref().is_some_and(|shown| shown.len() == 64), "{shown:?}");
    assert_eq!(shown, answered, "the journal says to what somebody agreed");

    // What lies ahead is another change: the page shows both, and with a yes to it nobody is asked again.
    let home = Home::planned(APPROVED);
    home.write("shards", "b\na");
    let running = home.run_until("Drop what is ann's?");
    let page = home.call(&["waiting", "last"]).expect_code(0).stdout;
    for text in ["not all of it is as planned", "planned       $ act drop a", "now           $ act drop b"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    running.finish().expect_code(0);
    assert_eq!(home.effects(), "drop b, note 20, ");
    assert_eq!(home.show()["departures"].as_array().map(Vec::len), Some(1), "{:#}", home.show());
}

#[test]
fn silence_agrees_to_nothing_that_is_not_as_planned() {
    let home = Home::planned(APPROVED);
    home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(0);
    for (file, text) in [("owner", "bob"), ("shards", "b")] {
        let home = Home::planned(APPROVED);
        home.write(file, text);
        let run = home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(4);
        assert!(run.stdout.contains("not as planned"), "{}", run.stdout);
        assert_eq!(home.effects(), "");
    }
}

const AHEAD: &str = r#"runbook "Scale it"

diagnose {
  check owner = $ cat owner
  decide { otherwise -> resolve "Scale" }
}

resolve "Scale" {
  approve "Scale it?" by oncall within 5m on silence abort
  run $ act scale
    undo $ act unscale {{ owner.stdout }}
  run $ act hold
    finally $ act release {{ owner.stdout }}
  if owner.stdout == "ann" {
    run $ act small
      leave "harmless"
  } else {
    run $ act big
      leave "harmless"
  }
}
"#;

#[test]
fn an_approval_lists_all_that_differs_ahead_also_ways_and_ways_back_and_a_yes_covers_it() {
    let home = Home::planned(AHEAD);
    home.write("owner", "bob");
    let running = home.run_until("Scale it?");
    let page = home.call(&["waiting", "last"]).expect_code(0).stdout;
    for text in [
        "not all of it is as planned",
        "planned       what takes `$ act scale` back: $ act unscale ann",
        "now           what takes `$ act scale` back: $ act unscale bob",
        "now           what ends `$ act hold`: $ act release bob",
        "now           `owner.stdout == \"ann\"` is not true",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    running.finish().expect_code(0);
    assert_eq!(home.effects(), "scale, hold, big, release bob, ");
    assert_eq!(home.show()["departures"].as_array().map(Vec::len), Some(1), "{:#}", home.show());
    let show = home.call(&["show", "last"]).expect_code(0).stdout;
    assert!(show.contains("what takes `$ act scale` back: $ act unscale bob, planned:"), "{show}");
}

#[test]
fn a_run_that_nobody_accepts_before_its_phase_runs_out_is_aborted() {
    let bounded = AHEAD
        .replace("  approve \"Scale it?\" by oncall within 5m on silence abort\n", "")
        .replace("resolve \"Scale\" {", "resolve \"Scale\" within 4s {");
    let home = Home::planned(&bounded);
    home.write("owner", "bob");
    let run = home.call(&["run", "--plan", "p.json"]).expect_code(4);
    assert!(run.stdout.contains("nobody accepted it ("), "{}", run.stdout);
    assert_eq!(home.effects(), "");
}

#[test]
fn a_plan_is_known_by_what_is_in_it_and_is_no_runbook() {
    let home = Home::new(RUNBOOK);
    home.call(&["plan", "pool.runbook", "--out", "tonight.txt"]).expect_code(0);
    home.call(&["plan", "tonight.txt"]).expect_code(0).expect_output("$ act tell ann");
    for arguments in [&["--format", "html"][..], &["--format", "json"], &["-p", "limit=4"]] {
        let told = home.call(&[&["plan", "tonight.txt"], arguments].concat()).expect_code(2);
        assert!(told.stderr.contains("is a saved plan: it is shown as it is"), "{}", told.stderr);
    }
    let told = home.call(&["run", "tonight.txt"]).expect_code(2);
    for text in ["is no runbook, but a saved plan", "mainstay run --plan tonight.txt"] {
        assert!(told.stderr.contains(text), "{text}: {}", told.stderr);
    }
    home.call(&["run", "--plan", "tonight.txt", "--unattended"]).expect_code(0);
    assert_eq!(home.effects(), PLANNED);
}

#[test]
fn a_plan_is_shown_with_the_signs_of_the_terminal_and_as_wide_as_it_is() {
    let long =
        RUNBOOK.replace("act tell {{ owner.stdout }}", &format!("act tell {}", "again and ".repeat(12)));
    let Home(sandbox) = Home::planned(&long);
    let mut terminal = sandbox.at_terminal_of((60, 80), ["plan", "p.json"]);
    terminal.wait_for("binds nothing");
    let screen = terminal.screen();
    terminal.finish().expect_code(0);
    assert!(screen.contains("> resolve") && !screen.contains('?'), "{screen}");
    let sandbox = sandbox.with_env("LC_ALL", "C.UTF-8");
    let mut terminal = sandbox.at_terminal_of((60, 80), ["plan", "p.json"]);
    terminal.wait_for("binds nothing");
    let screen = terminal.screen();
    terminal.finish().expect_code(0);
    for text in ["▸ resolve", "│ taken back by `$ act end ann`"] {
        assert!(screen.contains(text), "{text}: {screen}");
    }
    let line = screen.lines().position(|line| line.contains("$ act tell")).expect("the line");
    let below = screen.lines().nth(line + 1).unwrap_or_default();
    let begins = |line: &str| line.chars().take_while(|c| *c == ' ').count();
    assert!(begins(below) > 10, "it goes on below where it begins: {screen}");
}

#[test]
fn what_ends_a_change_is_compared_with_all_that_goes_into_it() {
    let home = Home::planned(
        r#"runbook "Pause"

diagnose {
  check load = $ cat load
}

resolve "Pause" {
  run $ act pause
    finally $ act go-on
      with stdin load.stdout
  run $ act look
    leave "it changes nothing"
}
"#,
    );
    home.0.write("load", "21");
    let ran = home.call(&["run", "--plan", "p.json", "--unattended"]).expect_code(4);
    ran.expect_output("not as planned");
    assert_eq!(home.effects(), "");
}

#[test]
fn a_state_folder_that_is_named_from_here_is_refused_where_the_run_goes_elsewhere() {
    let home =
        Home::planned("runbook \"One\"\n\nresolve \"One\" {\n  run $ act one\n    leave \"harmless\"\n}\n");
    fs::create_dir(home.path("elsewhere")).expect("a folder");
    let ran = std::process::Command::new(program())
        .args(["run", "--plan", "../p.json"])
        .current_dir(home.path("elsewhere"))
        .env_clear()
        .envs(home.0.environment())
        .env("MAINSTAY_STATE", "state")
        .output()
        .expect("it runs");
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        said.contains("`MAINSTAY_STATE` is a path from here") && said.contains("from the root"),
        "{said}"
    );
    assert_eq!(home.effects(), "");
}
