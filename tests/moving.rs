//! What moves at a terminal while a run goes on, and the keys: nothing garbles it, and the terminal comes back.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use support::sandbox::{PATIENCE, Sandbox};
use support::service::wait_until;
use support::terminal::{NO, Terminal, YES};

/// A runbook with a symptom that holds, which sees the folder `home`.
fn runbook(resolve: &str) -> String {
    format!(
        "runbook \"Trouble\"\n\nparam home: text\n\nsymptom \"it is there\" {{\n  check n = $ echo 5\n  \
         when n.number > 3\n  cleared when n.number > 3 within 1s every 1s\n}}\n\nresolve \"Mend it\" within 5m \
         {{\n{resolve}\n}}\n"
    )
}

fn home(resolve: &str) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new().with_env("LANG", "C.UTF-8");
    let file = sandbox.write("trouble.runbook", &runbook(resolve));
    (sandbox, file)
}

fn arguments(sandbox: &Sandbox, file: &Path) -> Vec<String> {
    let home = format!("home={}", sandbox.home().display());
    vec!["run".to_owned(), file.display().to_string(), "-p".to_owned(), home]
}

fn start(sandbox: &Sandbox, file: &Path, size: (u16, u16)) -> Terminal {
    sandbox.at_terminal_of(size, arguments(sandbox, file))
}

/// Waits for a file that a test makes.
const UNTIL_GONE: &str = "until [ -e go ]; do sleep 0.05; done";

/// A step with this script, which goes on when the file `go` is there.
fn held_by_go(script: &str) -> String {
    format!(
        "  step \"Work\" timeout 90s {{\n    run ```bash\n      cd {{{{ home }}}}\n      {script}\n      {UNTIL_GONE}\n    \
         ```\n      leave \"harmless\"\n  }}"
    )
}

fn go(sandbox: &Sandbox) {
    sandbox.write("go", "");
}

fn signal(terminal: &Terminal, signal: Signal) {
    let pid = Pid::from_raw(terminal.pid().cast_signed()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Returns whether the program is stopped, as after Ctrl-Z.
fn is_stopped(terminal: &Terminal) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", terminal.pid())).unwrap();
    stat.rsplit_once(") ").unwrap().1.starts_with('T')
}

#[track_caller]
fn eventually(what: &str, is: impl FnMut() -> bool) {
    assert!(wait_until(Instant::now() + PATIENCE, is), "{what}");
}

/// Returns for how many seconds the step "Work" has run, as the screen has it.
fn worked(screen: &str) -> u64 {
    let after = screen.split("  Work  ").last().unwrap_or_default();
    after.split('s').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

const SMALL: (u16, u16) = (24, 80);

#[test]
fn what_goes_on_stands_below_with_the_end_of_its_output_and_what_can_be_taken_back() {
    let work = "for i in $(seq 1 50); do echo \"item $i\"; done";
    let resolve = format!(
        "  run $ touch {{{{ home ~ \"/a\" }}}}\n    undo $ rm {{{{ home ~ \"/a\" }}}}\n  run $ touch {{{{ home ~ \"/b\" }}}}\n    \
         undo $ rm {{{{ home ~ \"/b\" }}}}\n  finding \"it is so\"\n{}",
        held_by_go(work)
    );
    let (sandbox, file) = home(&resolve);
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("│ item 50\n");
    let screen = terminal.screen();
    for text in [
        "── resolve \"Mend it\" ─ ",
        "s of 5m ──",
        "  Work  ",
        "s of 1m 30s",
        "│ item 46",
        "3 changes, 2 can be taken back · 1 finding",
        "o output · s so far · Ctrl-C stop",
    ] {
        assert!(screen.contains(text), "no `{text}`:\n{screen}");
    }
    assert!(!screen.contains("│ item 45\n"), "only the end of it:\n{screen}");
    go(&sandbox);
    terminal.wait_for("measure the symptom again");
}

#[test]
fn keys_are_not_shown_while_something_moves_and_some_do_something() {
    let (sandbox, file) = home(&held_by_go("seq --format='line %g of it' 1 300; echo to stderr >&2"));
    let mut terminal = start(&sandbox, &file, (160, 80));
    terminal.wait_for("│ to stderr");
    assert_eq!(terminal.mode(), (false, false));
    terminal.press("x");
    terminal.press("s");
    terminal.wait_for("── so far: Trouble ──");
    terminal.press("o");
    terminal.wait_for("── printed so far by $ ");
    terminal.wait_for("│ line 300 of it\n│ stderr:\n│ to stderr\n───");
    assert!(!terminal.screen().contains("xs"), "{}", terminal.screen());
    terminal.press("pasted words with an o and an s\r");
    // A second later it would have come to something.
    let pasted = worked(&terminal.screen());
    terminal.wait_until("a second later", |screen| worked(screen) > pasted + 1);
    let times = String::from_utf8_lossy(terminal.written()).matches("printed so far by").count();
    assert_eq!(times, 1, "{}", terminal.screen());
    go(&sandbox);
    let finished = terminal.finish();
    assert!(!finished.stdout.contains("pasted words"), "{}", finished.stdout);
}

#[test]
fn all_of_a_long_output_is_in_a_file_that_is_named() {
    let (sandbox, file) = home(&held_by_go("seq 1 100000; echo done"));
    let mut terminal = start(&sandbox, &file, (60, 300));
    terminal.wait_for("│ done");
    terminal.press("o");
    terminal.wait_for("│ 100000\n│ done\n──");
    let screen = terminal.written().to_vec();
    let screen = String::from_utf8_lossy(&screen);
    assert!(screen.contains("the end of 588900 bytes; all of it: "));
    let path = screen.split("all of it: ").nth(1).unwrap().split(['\u{1b}', '\r']).next().unwrap();
    assert_eq!(fs::read_to_string(path.trim()).unwrap().lines().count(), 100_001);
    go(&sandbox);
}

#[test]
fn steps_beside_each_other_have_a_line_each_and_those_without_room_are_counted() {
    let mut arms = String::from("  parallel {\n");
    for n in 1..=20 {
        let _ = write!(
            arms,
            "    step \"host {n}\" {{\n      check out{n} = ```bash\n        cd {{{{ home }}}}\n        echo one; \
             echo state {n}\n        {UNTIL_GONE}\n      ```\n    }}\n"
        );
    }
    arms.push_str("  }");
    let (sandbox, file) = home(&arms);
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("  state 9\n  … and 11 more\n");
    assert!(!terminal.screen().contains("one"), "one line for each:\n{}", terminal.screen());
    terminal.resize((40, 80));
    terminal.wait_until("host 17", |screen| (1..=17).all(|n| screen.contains(&format!("  host {n}  "))));
    terminal.wait_for("state 17\n  … and 3 more");
    go(&sandbox);
    terminal.wait_for("measure the symptom again");
    let written = String::from_utf8_lossy(terminal.written()).replace("\u{1b}[0m", "");
    for n in 1..=20 {
        let named = written.lines().any(|line| line.contains(&format!("[host {n}] ")) && line.contains("= "));
        assert!(named, "no line of host {n}: {written}");
    }
}

#[test]
fn items_taken_beside_each_other_are_named_on_their_lines() {
    let (sandbox, file) = home("  for x in [\"a\", \"b\"], all at once {\n    check y = $ echo {{ x }}\n  }");
    let finished = sandbox.run(arguments(&sandbox, &file));
    for text in ["[x = a] y = a", "[x = b] y = b"] {
        assert!(finished.stdout.contains(text), "no `{text}`:\n{}", finished.stdout);
    }
}

/// What a terminal would obey, in output and in values.
const EVIL: &str = r#"printf '\e]0;evil\a\e[31mred\e[0m done\n'; printf 'half %d%%\rhalf %d%%\n' 10 99; printf 'user \xe2\x80\xae drowssap\n'; printf '\e[2J\x9b2J\x84wide \xe6\xbc\xa2\xe5\xad\x97\n'; printf '%0300d\n' 7"#;

#[test]
fn nothing_that_was_printed_moves_the_cursor_or_breaks_a_line() {
    let resolve =
        format!("  check evil = ```bash\n    {EVIL}\n  ```\n  show evil.stdout\n{}", held_by_go(EVIL));
    let (sandbox, file) = home(&resolve);
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("│ red done\n    │ half 99%\n");
    terminal.wait_for("wide 漢字\n    │ 00000000");
    terminal.press("o");
    terminal.wait_for("printed so far by");
    go(&sandbox);
    terminal.wait_until("the end", |screen| screen.contains("measure the symptom again"));
    let written = String::from_utf8(terminal.written().to_vec()).unwrap();
    for evil in ["\u{1b}]", "\u{1b}[2J", "\u{202e}", "\u{9b}", "\u{84}", "\u{1b}[31m"] {
        assert!(!written.contains(evil), "{evil:?} in {written}");
    }
    assert!(written.contains("user \u{fffd} drowssap"), "{written}");
}

#[test]
fn a_terminal_without_utf8_gets_ascii_alone() {
    let (sandbox, file) = home(&format!("  finding \"größer 漢\"\n{}", held_by_go("echo größer 漢 done")));
    let sandbox = sandbox.with_env("LC_ALL", "C");
    let mut terminal = start(&sandbox, &file, (30, 40));
    terminal.wait_for("* finding: gr??er ??");
    terminal.wait_for("| gr??er ?? done");
    terminal.wait_for("-- resolve \"Mend it\" - ");
    terminal.press("o");
    terminal.wait_for("printed so far by $ cd");
    go(&sandbox);
    terminal.wait_for("measure the symptom again");
    let strange: BTreeSet<u8> = terminal.written().iter().copied().filter(|byte| !byte.is_ascii()).collect();
    assert_eq!(strange, BTreeSet::new());
}

#[test]
fn without_colours_nothing_is_coloured_and_a_dumb_terminal_gets_plain_lines() {
    let (sandbox, file) = home(&held_by_go("echo here"));
    let sandbox = sandbox.with_env("NO_COLOR", "1");
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("│ here");
    let written = String::from_utf8_lossy(terminal.written()).into_owned();
    let ends: Vec<&str> = written.split("\u{1b}[").skip(1).collect();
    assert!(
        ends.iter()
            .all(|rest| !rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
    );
    drop(terminal);
    let sandbox = sandbox.with_env("TERM", "dumb");
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("· step \"Work\"");
    go(&sandbox);
    terminal.wait_for("measure the symptom again");
    assert!(!terminal.written().contains(&0x1b), "{}", terminal.screen());
}

#[test]
fn a_clock_that_goes_on_costs_a_slow_line_little() {
    let (sandbox, file) = home(&held_by_go("true"));
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_until("a beginning", |screen| worked(screen) > 1);
    let (began, before) = (worked(&terminal.screen()), terminal.written().len());
    terminal.wait_until("two seconds more", |screen| worked(screen) > began + 1);
    let seconds = usize::try_from(worked(&terminal.screen()) - began).unwrap();
    let bytes = terminal.written().len() - before;
    assert!((1..=60 * (seconds + 1)).contains(&bytes), "{bytes} bytes in {seconds} seconds");
}

#[test]
fn a_terminal_that_stands_still_does_not_hold_up_the_run() {
    let after = "  step \"Say much\" {\n    check much = $ seq 1 200000\n    show much.stdout\n  }\n  run $ touch {{ home ~ \"/after\" }}\n    \
                 leave \"harmless\"";
    let (sandbox, file) = home(&format!("{}\n{after}", held_by_go("echo here")));
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("│ here");
    // Ctrl-S.
    terminal.press("\x13");
    go(&sandbox);
    eventually("the run stands still", || sandbox.home().join("after").exists());
    terminal.press("\x11");
    terminal.wait_for("measure the symptom again");
}

/// Columns of the lines with which what moves begins.
fn heads(screen: &str) -> Vec<usize> {
    let heads = screen.lines().filter(|line| line.starts_with("── resolve"));
    heads.map(|line| line.chars().count()).collect()
}

#[test]
fn another_width_leaves_nothing_behind() {
    let (sandbox, file) = home(&held_by_go("echo here"));
    let mut terminal = start(&sandbox, &file, (24, 120));
    terminal.wait_for("│ here");
    terminal.resize((24, 50));
    terminal.wait_until("narrow lines", |screen| heads(screen) == [49]);
    terminal.wait_for("  o output · s so far · Ctrl-C stop");
    terminal.resize((24, 100));
    terminal.wait_until("wide lines", |screen| heads(screen) == [99]);
}

#[test]
fn a_line_is_typed_at_a_question_as_everywhere() {
    let resolve =
        format!("  approve \"Go on?\" by oncall within 5m on silence abort\n{}", held_by_go("echo here"));
    let (sandbox, file) = home(&resolve);
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("yes or no?");
    eventually("keys are shown", || terminal.mode() == (true, true));
    assert!(terminal.written().contains(&0x07), "a bell calls whoever looks elsewhere");
    // What is typed wrong is taken back with the key for it.
    terminal.press("nope\x7f\x7f\x7f\x7f");
    terminal.type_line(YES);
    terminal.wait_for("│ here");
    assert_eq!(terminal.mode(), (false, false));
}

#[test]
fn the_terminal_comes_back_in_every_ending() {
    let (sandbox, file) = home(&held_by_go("echo here"));
    let begin = || {
        let mut terminal = start(&sandbox, &file, SMALL);
        let before = (true, true);
        terminal.wait_for("│ here");
        assert_eq!(terminal.mode(), (false, false));
        (terminal, before)
    };
    let (mut terminal, before) = begin();
    terminal.press("\x03");
    terminal.wait_for("stop the run");
    assert_eq!(terminal.mode(), (true, true));
    terminal.press("\x03");
    eventually("Ctrl-C twice", || terminal.mode() == before);
    terminal.finish().expect_code(7);

    let (terminal, before) = begin();
    signal(&terminal, Signal::TERM);
    eventually("TERM", || terminal.mode() == before);
    terminal.finish().expect_code(4);

    let (terminal, before) = begin();
    signal(&terminal, Signal::HUP);
    eventually("HUP", || terminal.mode() == before);
    terminal.finish().expect_code(7);

    let (mut terminal, before) = begin();
    // Ctrl-Z.
    terminal.press("\x1a");
    eventually("Ctrl-Z stops", || is_stopped(&terminal));
    assert_eq!(terminal.mode(), before);
    signal(&terminal, Signal::CONT);
    eventually("keys are read again", || terminal.mode() == (false, false));
    terminal.wait_for("│ here");
    go(&sandbox);
    terminal.wait_for("measure the symptom again");
    eventually("the end", || terminal.mode() == before);
}

#[test]
fn a_poll_says_how_long_it_may_take_and_what_was_read_last() {
    let poll =
        "  check state = $ cat {{ home ~ \"/mode\" }}\n    until state.stdout == \"up\" within 90s every 1s";
    let (sandbox, file) = home(poll);
    sandbox.write("mode", "down");
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal.wait_for("until state.stdout == \"up\" (read 2 times: state = down)  ");
    terminal.wait_for("s of 1m 30s");
    terminal.press("\x03");
    terminal.wait_for("stop the run and take its changes back?\n  nothing changed\n");
    terminal.type_line(NO);
    sandbox.write("mode", "up");
    terminal.wait_for("measure the symptom again");
}

#[test]
fn a_question_says_that_other_things_go_on() {
    let ask = "step \"Ask\" {\n approve \"Go on?\" by oncall within 5m on silence abort\n }";
    let (sandbox, file) = home(&format!("  parallel {{\n{ask}\n{}\n  }}", held_by_go("echo here")));
    let mut terminal = start(&sandbox, &file, SMALL);
    terminal
        .wait_for("1 other thing goes on meanwhile; what is told of it comes after the answer\n\n? Go on?");
    terminal.wait_for("yes or no?");
    terminal.type_line(YES);
    terminal.wait_for("│ here");
    go(&sandbox);
    terminal.wait_for("measure the symptom again");
}
