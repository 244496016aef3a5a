//! Runs that somebody goes on with or takes back: `resume` with a text that has changed, `rollback` of what has ended.

mod support;

use std::path::Path;

use support::sandbox::{Finished, PATIENCE, Sandbox, make_executable};
use support::service::wait_until;

const RUNBOOK: &str = r#"runbook "Three things"

param second: text "what comes second" = "two"

resolve "Make them" {
  step "One" {
    run $ act one
      undo $ act undo-one
  }
  step "Two" {
    run made = $ act {{ second }}
      undo $ act undo {{ second }} {{ made.exit }}
    run $ act note
      leave "a note harms nobody"
  }
  run $ act three
    undo $ act undo-three
}

rollback {
  run $ act told-everybody
}
"#;

struct Home(Sandbox);

impl Home {
    fn new(runbook: &str) -> Self {
        let sandbox = Sandbox::new();
        let tool = "#!/bin/sh\necho \"$*\" >> \"$EFFECTS\"\ntest ! -e \"$HOME/broken-$1\"\n";
        make_executable(&sandbox.write("bin/act", tool));
        sandbox.write("effects", "");
        sandbox.write("things.runbook", runbook);
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", sandbox.home().join("bin").display());
        let effects = sandbox.home().join("effects").display().to_string();
        Home(sandbox.with_env("PATH", path).with_env("EFFECTS", effects))
    }

    fn call(&self, arguments: &[&str]) -> Finished {
        self.0.run(arguments)
    }

    fn effects(&self) -> String {
        std::fs::read_to_string(self.0.home().join("effects")).expect("the effects").replace('\n', ", ")
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.home().join(name)
    }

    /// Runs until a question, and leaves the run there.
    fn leave_at_the_question(&self) {
        let mut running = self.0.start(["run", "things.runbook"]);
        running.wait_for("Go on?");
        running.kill();
    }
}

#[test]
fn a_run_that_has_ended_is_taken_back_once() {
    let home = Home::new(RUNBOOK);
    home.call(&["run", "things.runbook", "-p", "second=zwei drei"]).expect_code(0);
    let shown = home.call(&["rollback", "last", "--dry-run"]).expect_code(0).stdout;
    let order = ["act undo-three", "act undo 'zwei drei' 0", "act undo-one", "act note"];
    let places: Vec<_> =
        order.iter().map(|undo| shown.find(undo).unwrap_or_else(|| panic!("{undo}: {shown}"))).collect();
    assert!(places.is_sorted(), "{shown}");
    assert!(shown.contains("a note harms nobody"), "{shown}");
    assert_eq!(home.effects(), "one, zwei drei, note, three, ", "a dry run does nothing");

    home.call(&["rollback", "last"]).expect_code(3).expect_output("takes the run back");
    let back = "one, zwei drei, note, three, undo-three, undo zwei drei 0, undo-one, told-everybody, ";
    assert_eq!(home.effects(), back);
    home.call(&["show", "last"]).expect_code(0).expect_output("rolled back");
    home.call(&["runs"]).expect_code(0).expect_output("rolled back");

    home.call(&["rollback", "last"]).expect_code(0).expect_output("nothing was done");
    assert_eq!(home.effects(), back, "a second call does nothing");
}

#[test]
fn an_undo_that_fails_leaves_the_others_and_is_tried_again() {
    let home = Home::new(RUNBOOK);
    home.call(&["run", "things.runbook"]).expect_code(0);
    std::fs::write(home.path("broken-undo"), "").expect("writes");
    let failed = home.call(&["rollback", "last"]).expect_code(1);
    assert!(failed.stdout.contains("still stands"), "{}", failed.stdout);
    let once = "one, two, note, three, undo-three, undo two 0, undo-one, told-everybody, ";
    assert_eq!(home.effects(), once);
    std::fs::remove_file(home.path("broken-undo")).expect("it is there");
    home.call(&["rollback", "last", "--dry-run"]).expect_code(0).expect_output("act undo two 0");
    home.call(&["rollback", "last"]).expect_code(3);
    assert_eq!(home.effects(), format!("{once}undo two 0, "), "only what stood, and `rollback` once");
}

#[test]
fn a_rollback_and_a_finally_that_failed_are_tried_again() {
    let ends = "  run $ act begin\n    finally $ act end\n  run $ act three";
    let home = Home::new(&RUNBOOK.replace("  run $ act three", ends));
    std::fs::write(home.path("broken-end"), "").expect("writes");
    std::fs::write(home.path("broken-told-everybody"), "").expect("writes");
    home.call(&["run", "things.runbook"]).expect_code(1).expect_output("still stands");
    std::fs::remove_file(home.path("broken-end")).expect("it is there");
    home.call(&["rollback", "last", "--dry-run"]).expect_code(0).expect_output("act end");
    home.call(&["rollback", "last"]).expect_code(1);
    std::fs::remove_file(home.path("broken-told-everybody")).expect("it is there");
    let shown = home.call(&["rollback", "last", "--dry-run"]).expect_code(0).stdout;
    assert!(shown.contains("the section `rollback`") && !shown.contains("act end"), "{shown}");
    home.call(&["rollback", "last"]).expect_code(3);
    assert!(home.effects().ends_with("end, told-everybody, told-everybody, "), "{}", home.effects());
    home.call(&["rollback", "last"]).expect_code(0).expect_output("nothing was done");
}

#[test]
fn a_run_is_taken_back_by_the_text_it_had() {
    let home = Home::new(RUNBOOK);
    home.call(&["run", "things.runbook"]).expect_code(0);
    std::fs::write(home.path("things.runbook"), RUNBOOK.replace("undo-one", "undo-something-else"))
        .expect("writes");
    home.call(&["rollback", "last"]).expect_code(3);
    assert!(home.effects().ends_with("undo-one, told-everybody, "), "{}", home.effects());
}

#[test]
fn a_run_that_was_left_is_taken_back() {
    let asks = RUNBOOK.replace(
        "  step \"Two\"",
        "  approve \"Go on?\" by oncall within 1h on silence abort\n  step \"Two\"",
    );
    let home = Home::new(&asks);
    home.leave_at_the_question();
    home.call(&["rollback", "last", "--dry-run"]).expect_code(0).expect_output("act undo-one");
    home.call(&["rollback", "last"]).expect_code(3);
    assert_eq!(home.effects(), "one, undo-one, told-everybody, ");
    home.call(&["resume", "last"]).expect_code(2);
}

/// Its last command has ended by the time it is taken up: nothing is left at which the walk could stop.
#[test]
fn a_run_that_was_cut_off_in_its_last_command_is_taken_back_once() {
    let home = Home::new("runbook \"Hold\"\nresolve \"Hold\" {\n  run $ hold\n    undo $ act undo-hold\n}\n");
    let tool = "#!/bin/sh\nwhile test ! -e \"$HOME/go\"; do sleep 0.02; done\necho held >> \"$EFFECTS\"\n";
    make_executable(&home.0.write("bin/hold", tool));
    let mut running = home.0.start(["run", "things.runbook"]);
    running.wait_for("$ hold");
    running.kill();
    std::fs::write(home.path("go"), "").expect("writes");
    let held = || home.effects() == "held, ";
    assert!(wait_until(std::time::Instant::now() + PATIENCE, held), "the command goes on");
    home.call(&["rollback", "last"]).expect_code(3);
    assert_eq!(home.effects(), "held, undo-hold, ");
    home.call(&["rollback", "last"]).expect_code(0).expect_output("nothing was done");
    assert_eq!(home.effects(), "held, undo-hold, ");
}

#[test]
fn a_changed_text_is_not_gone_on_with_until_somebody_says_so() {
    let asks = RUNBOOK.replace(
        "  step \"Two\"",
        "  approve \"Go on?\" by oncall within 1h on silence continue\n  step \"Two\"",
    );
    let home = Home::new(&asks);
    home.leave_at_the_question();
    let hash = |path: &Path| blake3::hash(&std::fs::read(path).expect("reads")).to_hex()[..16].to_owned();
    let before = hash(&home.path("things.runbook"));
    // What comes later is another thing now, and what was done has moved down in the text.
    let changed = asks.replace("act three", "act four").replace("undo-three", "undo-four");
    let changed = changed.replacen("\n\n", "\n\n# A comment.\n\n", 1);
    std::fs::write(home.path("things.runbook"), &changed).expect("writes");
    let after = hash(&home.path("things.runbook"));
    let refused = home.call(&["resume", "last"]).expect_code(2);
    let line = format!("`things.runbook` was {before}, and is {after}");
    assert!(refused.stderr.contains(&line), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--accept-changed") && refused.stderr.contains("--as-begun"),
        "{}",
        refused.stderr
    );
    assert_eq!(home.effects(), "one, ", "nothing was done");

    // It is left again, and taken up again: by then the changed text is the run's own.
    let mut running = home.0.start(["resume", "last", "--accept-changed"]);
    running.wait_for("Go on?");
    running.wait_for("with a changed runbook");
    running.kill();
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    home.call(&["resume", "last"]).expect_code(0);
    assert_eq!(home.effects(), "one, two, note, four, ");
    home.call(&["rollback", "last"]).expect_code(3);
    assert_eq!(home.effects(), "one, two, note, four, undo-four, undo two 0, undo-one, told-everybody, ");
}

#[test]
fn a_changed_text_that_does_not_fit_says_where() {
    let asks = RUNBOOK.replace(
        "  step \"Two\"",
        "  approve \"Go on?\" by oncall within 1h on silence continue\n  step \"Two\"",
    );
    let home = Home::new(&asks);
    home.leave_at_the_question();
    std::fs::write(home.path("things.runbook"), asks.replace("act one", "act other")).expect("writes");
    let refused = home.call(&["resume", "last", "--accept-changed"]).expect_code(1);
    for words in ["does not fit the text at things.runbook:7:", "`$ act one`", "`$ act other`", "--as-begun"]
    {
        assert!(refused.stderr.contains(words), "no {words}: {}", refused.stderr);
    }
    assert_eq!(home.effects(), "one, ");
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    home.call(&["resume", "last", "--as-begun"]).expect_code(0);
    assert_eq!(home.effects(), "one, two, note, three, ");
}

#[test]
fn a_run_that_was_left_on_purpose_says_so() {
    let asks = RUNBOOK.replace(
        "  step \"Two\"",
        "  approve \"Go on?\" by oncall within 1h on silence continue\n  step \"Two\"",
    );
    let home = Home::new(&asks);
    let running = home.0.start(["run", "things.runbook"]);
    let done = running.hang_up_at("Go on?").expect_code(7);
    assert!(done.stderr.contains("mainstay resume"), "{}", done.stderr);
    home.call(&["show", "last"]).expect_code(0).expect_output("left where it stands");
    home.call(&["timeline", "last"]).expect_code(0).expect_output("the terminal hung up");
    let listed = home.call(&["runs", "--outcome", "suspended"]).expect_code(0).stdout;
    assert!(listed.contains("suspended, waiting for"), "{listed}");
}
