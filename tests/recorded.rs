//! `mainstay drill --from RUN`: what a real run recorded, as a drill that passes and that later edits must keep.

mod support;

use std::path::PathBuf;
use std::time::Instant;

use support::sandbox::{Finished, PATIENCE, Sandbox, make_executable};
use support::service::wait_until;

/// A home with a program `act`: it writes down what it is called with, prints what lies in `prints-WORD`, fails while
/// `broken-WORD` lies there (once, where that says `once`), and hangs while `hangs-WORD` does.
struct Home(Sandbox);

const ACT: &str = r#"#!/bin/sh
echo "$*" >> "$HOME/effects"
test -e "$HOME/prints-$1" && cat "$HOME/prints-$1"
test -e "$HOME/hangs-$1" && exec sleep 1000
if test -e "$HOME/broken-$1"; then
  grep -q once "$HOME/broken-$1" && rm "$HOME/broken-$1"
  echo "it is broken" >&2
  exit 3
fi
exit 0
"#;

impl Home {
    fn new(runbook: &str) -> Self {
        let sandbox = Sandbox::new();
        make_executable(&sandbox.write("bin/act", ACT));
        sandbox.write("things.runbook", runbook);
        std::fs::create_dir(sandbox.home().join("drills")).expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", sandbox.home().join("bin").display());
        Home(sandbox.with_env("PATH", path).with_env("DB_PASSWORD", "hunter2-very-secret"))
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        self.0.write(name, text)
    }

    fn run(&self, code: i32, more: &[&str]) -> Finished {
        self.0.run([&["run", "things.runbook"], more].concat()).expect_code(code)
    }

    /// Runs at a terminal, and answers what is asked.
    fn answered(&self, code: i32, answers: &[(&str, &str)]) {
        let mut terminal = self.0.at_terminal(["run", "things.runbook"]);
        for (question, answer) in answers {
            terminal.wait_for(question);
            terminal.type_line(answer);
        }
        let finished = terminal.finish();
        finished.expect_code(code);
    }

    /// Waits until `act` was called with that.
    fn waits_for(&self, word: &str) {
        let effects = self.0.home().join("effects");
        let called = wait_until(Instant::now() + PATIENCE, || {
            std::fs::read_to_string(&effects).is_ok_and(|text| text.lines().any(|line| line == word))
        });
        assert!(called, "`act {word}` was called");
    }

    /// Writes a drill from the last run, sees it pass, and returns it.
    fn drill(&self) -> String {
        self.0.run(["drill", "--from", "last", "--out", "drills/last.runbook"]).expect_code(0);
        let drilled = self.0.run(["drill", "drills/last.runbook"]).expect_code(0);
        assert!(drilled.stdout.contains("1 drill: all as expected"), "{}", drilled.stdout);
        assert!(!drilled.stdout.contains("never asked for"), "{}", drilled.stdout);
        let text =
            std::fs::read_to_string(self.0.home().join("drills/last.runbook")).expect("it was written");
        without_delays(&text)
    }

    /// Changes the runbook, and sees the drill of the run before fail with these words.
    fn fails_after(&self, before: &str, after: &str, words: &str) {
        let runbook = std::fs::read_to_string(self.0.home().join("things.runbook")).expect("the runbook");
        assert!(runbook.contains(before), "the edit finds its place: {before}");
        self.file("things.runbook", &runbook.replace(before, after));
        let drilled = self.0.run(["drill", "drills/last.runbook"]).expect_code(1);
        assert!(drilled.stdout.contains(words), "no `{words}`:\n{}", drilled.stdout);
    }
}

/// Returns the drill as it is where everything is quick: a busy machine may take a second for anything.
fn without_delays(text: &str) -> String {
    let late = regex::Regex::new(" after [0-9.]+m?s").expect("a pattern");
    let slow = regex::Regex::new("takes (0s|1s|[0-9.]+ms)").expect("a pattern");
    slow.replace_all(&late.replace_all(text, ""), "exits 0").into_owned()
}

const FULL: &str = r#"runbook "Too full"

param limit: percent = 90%
secret password "of the database" = env("DB_PASSWORD")

action fullness() -> int reads {
  check printed = $ act fullness
  return int(number(printed.stdout))
}

symptom "it is full" {
  check used = fullness()
  when used > 90
}

diagnose {
  check holders = $ act holders
  finding "somebody holds \"a lot\" of {{ limit }}" when "61" in holders.stdout
}

resolve "Make room" {
  step "Move" {
    run moved = $ act move
      with env { PASSWORD: password }
      undo $ act move-back
  }
  step "Delete {{ limit }}" retry 2 every 50ms {
    run $ act delete
      undo $ act restore
  }
}
"#;

impl Home {
    fn full() -> Self {
        let home = Home::new(FULL);
        home.file("prints-holders", "app 61\n\"worker\" {{ 2 }} \\n\n");
        home.file("prints-move", "moved\n");
        home.file("prints-fullness", "95\n");
        home
    }
}

#[test]
fn a_run_that_rolled_back_becomes_a_drill() {
    let home = Home::full();
    home.file("broken-delete", "always");
    home.run(3, &["-p", "limit=80%"]);
    let text = home.drill();
    for line in [
        "drills for \"../things.runbook\"",
        "  given limit = 80%",
        "  given used = 95",
        "  given moved = \"moved\"",
        "  given step \"Delete {{ limit }}\" exits 3",
        "  # The secret `password` is given a stand-in.",
        "  expect outcome rolled_back",
        "  expect resolve \"Make room\"",
        "  expect step \"Move\" undone",
        "  expect step \"Delete {{ limit }}\" 3 times",
        "  expect nothing left changed",
        "  expect finding \"somebody holds \\\"a lot\\\" of 80%\"",
    ] {
        assert!(text.lines().any(|l| l == line), "no `{line}`:\n{text}");
    }
    assert!(text.contains(r#"given holders = "app 61\n\"worker\" \{{ 2 }} \\n""#), "{text}");
    assert!(text.contains("expect elapsed < "), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(!text.contains("printed"), "the outermost reading is given:\n{text}");
    home.fails_after("      undo $ act move-back", "      leave \"it stays\"", "was not undone");
}

#[test]
fn a_run_that_resolved_becomes_a_drill_with_its_readings_in_succession() {
    let home = Home::full();
    home.file("prints-fullness", "95\n");
    let emptied = "#!/bin/sh\necho 20 > \"$HOME/prints-fullness\"\n";
    make_executable(&home.file("bin/empty-it", emptied));
    home.file("things.runbook", &FULL.replace("run $ act delete", "run $ empty-it"));
    home.run(0, &[]);
    let text = home.drill();
    assert!(text.contains("  given used = 95, then 20\n"), "{text}");
    assert!(
        text.contains("  expect outcome resolved\n") && text.contains("  expect step \"Move\" ran\n"),
        "{text}"
    );
    assert!(!text.contains("given limit"), "what was not given is the runbook's own:\n{text}");
    assert!(!text.contains("expect nothing left changed"), "{text}");
    home.fails_after("when used > 90", "when used > 99", "the outcome is `not_needed`, not `resolved`");
}

#[test]
fn a_run_that_was_not_needed_becomes_a_drill() {
    let home = Home::full();
    home.file("prints-fullness", "12\n");
    home.run(6, &[]);
    let text = home.drill();
    assert!(text.contains("  expect outcome not_needed\n  expect nothing changed\n"), "{text}");
    home.fails_after("when used > 90", "when used > 9", "was not given");
}

#[test]
fn a_retry_that_helped_is_said_attempt_by_attempt() {
    let home = Home::new(
        "runbook \"Again\"\n\nresolve \"Try\" {\n  step \"Start\" retry 2 every 50ms {\n    run $ act start\n      undo $ act stop\n  }\n}\n",
    );
    home.file("broken-start", "once");
    home.run(0, &[]);
    let text = home.drill();
    assert!(text.contains("  given step \"Start\" exits 3, then exits 0\n"), "{text}");
    assert!(text.contains("  expect step \"Start\" 2 times\n"), "{text}");
    home.fails_after(" retry 2 every 50ms", "", "the outcome is `rolled_back`, not `resolved`");
}

#[test]
fn each_iteration_of_a_loop_has_its_own_reading_and_outcome() {
    let home = Home::new(
        r#"runbook "Hosts"

resolve "All" {
  for host in ["web1", "web2", "web3"], keep finished {
    step "Restart {{ host }}" {
      check state = $ act state-{{ host }}
      finding "{{ host }} is {{ state.stdout | trim }}"
      run $ act restart-{{ host }}
        leave "a restart is harmless"
    }
  }
}
"#,
    );
    home.file("prints-state-web1", "up\n");
    home.file("prints-state-web2", "down\n");
    home.file("prints-state-web3", "down\n");
    home.file("broken-restart-web3", "always");
    home.run(3, &[]);
    let text = home.drill();
    assert!(text.contains("  given state = \"up\", then \"down\""), "{text}");
    let step = "  given step \"Restart {{ host }}\" exits 0, then exits 0, then exits 3\n";
    assert!(text.contains(step), "{text}");
    assert!(text.contains("  expect step \"Restart {{ host }}\" 3 times\n"), "{text}");
    home.fails_after("\"web2\", \"web3\"", "\"web2\"", "not as expected");
}

const ASKS: &str = r#"runbook "Asks"

resolve "Ask" {
  ask region "Which region?" one of "eu", "us" by operator within 1m on silence abort
  manual "Unplug {{ region }}" by operator within 1m on silence abort
    leave "it is plugged in again tomorrow"
  approve "Switch {{ region }} off?" by operator within 1m on silence abort
  step "Off" {
    run $ act off {{ region }}
      undo $ act on {{ region }}
  }
}
"#;

#[test]
fn what_people_answered_is_said_with_their_names() {
    let home = Home::new(ASKS);
    home.answered(0, &[("Which region?", "us"), ("Unplug us", "done"), ("Switch us off?", "yes")]);
    let text = home.drill();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let line = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(line("given answer region = \"us\" by \""), "{text}");
    assert!(line("given manual \"Unplug {{ region }}\" done by \""), "{text}");
    assert!(line("given approval granted by \""), "{text}");
    let edit = "    verify region == \"eu\"\n    run $ act off";
    home.fails_after("    run $ act off", edit, "the outcome is `rolled_back`, not `resolved`");
}

#[test]
fn a_run_that_was_denied_becomes_a_drill() {
    let home = Home::new(ASKS);
    home.answered(4, &[("Which region?", "eu"), ("Unplug eu", "done"), ("Switch eu off?", "no")]);
    let text = home.drill();
    assert!(text.contains("given approval denied by \""), "{text}");
    assert!(text.contains("  expect outcome aborted\n"), "{text}");
    home.fails_after(
        "  approve \"Switch {{ region }} off?\" by operator within 1m on silence abort\n",
        "",
        "not as expected",
    );
}

#[test]
fn a_command_that_ran_out_of_time_takes_longer_than_it_may() {
    let home = Home::new(
        "runbook \"Slow\"\n\nresolve \"Try\" {\n  step \"Begin\" {\n    run $ act begin\n      undo $ act end\n  }\n  step \"Hang\" timeout 1s {\n    run $ act hang\n      undo $ act unhang\n        safe\n  }\n}\n",
    );
    home.file("hangs-hang", "");
    home.run(3, &[]);
    let text = home.drill();
    assert!(text.contains("  given step \"Hang\" takes 2s\n"), "{text}");
    assert!(text.contains("  expect step \"Hang\" undone\n"), "{text}");
    home.fails_after(" timeout 1s", " timeout 5s", "the outcome is `resolved`, not `rolled_back`");
}

#[test]
fn what_no_drill_can_say_keeps_it_from_being_written() {
    let home = Home::new(
        "runbook \"Two\"\n\nresolve \"Try\" {\n  step \"Both\" {\n    run $ act one\n      undo $ act undo-one\n    run $ act two\n      undo $ act undo-two\n  }\n}\n",
    );
    home.file("broken-two", "always");
    home.run(3, &[]);
    let failed = home.0.run(["drill", "--from", "last", "--out", "drills/last.runbook"]).expect_code(1);
    assert!(failed.stderr.contains("the outcome is `resolved`, not `rolled_back`"), "{}", failed.stderr);
    assert!(
        !failed.stderr.contains("drill.runbook"),
        "no place in a file that is nowhere: {}",
        failed.stderr
    );
    assert!(
        failed.stderr.contains("no drill can say: the command ended with exit status 3: `act two`"),
        "{}",
        failed.stderr
    );
    assert!(!home.0.home().join("drills/last.runbook").exists());
}

#[test]
fn a_file_that_is_there_is_not_written_over_and_standard_output_takes_it() {
    let home = Home::full();
    home.file("prints-fullness", "12\n");
    home.run(6, &[]);
    let mine = home.file("drills/mine.runbook", "mine");
    home.0.run(["drill", "--from", "last", "--out", "drills/mine.runbook"]).expect_code(2);
    assert_eq!(std::fs::read_to_string(mine).expect("it is there"), "mine");
    let printed = home.0.run(["drill", "--from", "last"]).expect_code(0);
    assert_eq!(printed.stderr, "");
    let printed = printed.stdout;
    assert!(printed.starts_with("drills for \"things.runbook\"\n\ndrill \"as in the run "), "{printed}");
    home.file("printed.runbook", &printed);
    home.0.run(["drill", "printed.runbook"]).expect_code(0);

    let runbook = std::fs::read_to_string(home.0.home().join("things.runbook")).expect("the runbook");
    home.file("things.runbook", &format!("{runbook}\n# Edited.\n"));
    let later = home.0.run(["drill", "--from", "last"]).expect_code(0);
    assert!(later.stderr.contains("has changed since that run"), "{}", later.stderr);
}

const LONG: &str = r#"runbook "Long"

resolve "Do" {
  step "First" {
    run $ act first
      undo $ act undo-first
  }
  step "Long" {
    run $ act long
      undo $ act undo-long
        safe
    approve "Go on?" by operator within 1m on silence abort
  }
}
"#;

#[test]
fn an_operators_stop_is_given_at_its_step() {
    let home = Home::new(LONG);
    home.file("hangs-long", "");
    let running = home.0.start(["run", "things.runbook"]);
    home.waits_for("long");
    home.0.run(["stop", "last"]).expect_code(0);
    running.finish().expect_code(4);
    let text = home.drill();
    assert!(text.contains("  given operator stops at step \"Long\"\n"), "{text}");
    assert!(text.contains("  expect outcome aborted\n  expect resolve \"Do\"\n"), "{text}");
    assert!(text.contains("  expect step \"First\" undone\n"), "{text}");
    home.fails_after("      undo $ act undo-first", "      leave \"it stays\"", "was not undone");
}

#[test]
fn a_run_that_was_cut_off_and_taken_up_again_becomes_a_drill() {
    let home = Home::new(LONG);
    let mut running = home.0.start(["run", "things.runbook"]);
    running.wait_for("Go on?");
    running.kill();
    let mut terminal = home.0.at_terminal(["resume", "last"]);
    terminal.wait_for("Go on?");
    terminal.type_line("no");
    terminal.finish().expect_code(4);
    home.0.run(["rollback", "last"]).expect_code(0);
    let text = home.drill();
    assert!(text.contains("  # Not said: the run was left or cut off, and taken up again"), "{text}");
    assert!(text.contains("given approval denied by \""), "{text}");
    home.fails_after(
        "    approve \"Go on?\" by operator within 1m on silence abort\n",
        "",
        "not as expected",
    );
}

#[test]
fn a_reading_that_is_repeated_and_a_message_with_a_time_become_lines() {
    let home = Home::new(
        r#"runbook "Poll"

resolve "Do" {
  step "Wait for it" {
    run $ act begin
      undo $ act end
    check seen = $ act seen
      until "yes" in seen.stdout within 400ms every 100ms
    notify ops "never sent"
  }
}

rollback {
  step "Tell" {
    check when = $ date +%N
    notify ops "it is {{ when.stdout }}"
    check broken = try $ act broken
    show broken
  }
}
"#,
    );
    home.file("broken-broken", "always");
    home.run(3, &[]);
    let text = home.drill();
    assert!(text.contains("  given seen ") && text.contains("  given broken fails \"the command"), "{text}");
    assert!(text.contains("  expect notified ops \"it is ") && !text.contains("never sent"), "{text}");
    assert!(text.contains("  expect step \"Wait for it\" undone\n"), "{text}");
    home.fails_after("within 400ms every 100ms", "within 5m every 1s", "s` is not true");
}

#[test]
fn a_run_that_is_not_over_is_refused() {
    let home = Home::new(LONG);
    let mut running = home.0.start(["run", "things.runbook"]);
    running.wait_for("Go on?");
    let living = home.0.run(["drill", "--from", "last"]).expect_code(2);
    assert!(living.stderr.contains("it goes on now"), "{}", living.stderr);
    running.kill();
    let refused = home.0.run(["drill", "--from", "last"]).expect_code(2);
    assert!(refused.stderr.contains("has not ended") && refused.stdout.is_empty(), "{}", refused.stderr);
    let both = home.0.run(["drill", "--from", "last", "things.runbook"]).expect_code(2);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
}
