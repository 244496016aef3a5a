//! `mainstay help`: subcommands, and the language by topics, plain and at a terminal.

mod support;

use support::sandbox::{Finished, Sandbox};

fn asked(sandbox: &Sandbox, words: &[&str]) -> Finished {
    sandbox.run(std::iter::once("help").chain(words.iter().copied()))
}

#[test]
fn every_topic_that_is_listed_is_found_and_fits_the_screen() {
    let sandbox = Sandbox::new().with_env("LANG", "C.UTF-8");
    let list = asked(&sandbox, &["language"]).expect_code(0).stdout;
    let topics: Vec<&str> =
        list.split('`').skip(1).step_by(2).filter(|topic| !topic.contains("mainstay")).collect();
    assert!(topics.len() > 30, "{list}");
    for topic in topics {
        // A long one may go on in the next line.
        let topic = topic.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = asked(&sandbox, &["language", &topic]).expect_code(0).stdout;
        assert!(!shown.trim().is_empty(), "{topic}");
        for line in shown.lines() {
            let prose = !line.starts_with("  ");
            assert!(!prose || line.chars().count() <= 80, "`{topic}`: {line}");
        }
    }
}

#[test]
fn a_topic_is_a_statement_a_clause_a_function_or_a_message() {
    let sandbox = Sandbox::new();
    asked(&sandbox, &["language", "approve"])
        .expect_code(0)
        .expect_output("Asks before going on.")
        .expect_output("on silence escalate to database");
    asked(&sandbox, &["language", "undo"]).expect_code(0).expect_output("this takes it back");
    asked(&sandbox, &["language", "capture"]).expect_code(0).expect_output("Returns the first group");
    asked(&sandbox, &["language", "missing-at-most"])
        .expect_code(0)
        .expect_output("So it is wrong:")
        .expect_output("for host in hosts {");
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let sandbox = Sandbox::new();
    let topic = asked(&sandbox, &["language", "aprove"]).expect_code(2);
    assert!(topic.stderr.contains("did you mean `approve`?"), "{}", topic.stderr);
    let command = asked(&sandbox, &["timelin"]).expect_code(2);
    assert!(command.stderr.contains("did you mean `timeline`?"), "{}", command.stderr);
}

#[test]
fn a_subcommand_is_helped_with_as_by_its_own_option() {
    let sandbox = Sandbox::new();
    let by_option = sandbox.run(["run", "--help"]).expect_code(0);
    let by_command = asked(&sandbox, &["run"]).expect_code(0);
    assert_eq!(by_option.stdout.trim(), by_command.stdout.trim());
}

#[test]
fn a_terminal_gets_a_pager_and_no_colours_that_were_refused() {
    let sandbox = Sandbox::new().with_env("NO_COLOR", "1").with_env("PAGER", "sed s/^/paged:/");
    let shown = sandbox.at_terminal(["help", "language", "wait"]).finish().expect_code(0);
    assert!(shown.stdout.contains("paged:`wait LENGTH \"why\"`."), "{}", shown.stdout);

    let without = Sandbox::new().with_env("PAGER", "there-is-no-such-pager");
    let shown = without.at_terminal(["help", "language", "wait"]).finish().expect_code(0);
    assert!(shown.stdout.contains("Wait"), "{}", shown.stdout);
}
