//! `mainstay new`: what it writes is whole, in the layout, and never written over anything.

mod support;

use support::sandbox::{Finished, Sandbox};

fn made(sandbox: &Sandbox, words: &[&str]) -> Finished {
    sandbox.run(std::iter::once("new").chain(words.iter().copied()))
}

/// What must hold of a file to start from.
fn whole(sandbox: &Sandbox, file: &str) {
    sandbox.run(["check", file]).expect_code(0).expect_output("1 file checked: no errors\n");
    sandbox.run(["fmt", "--check", file]).expect_code(0);
}

#[test]
fn an_incident_is_whole_and_its_drills_pass() {
    let sandbox = Sandbox::new();
    let told = made(&sandbox, &["incident", "The shop is down: 503!"]).expect_code(0);
    let file = "the-shop-is-down-503.runbook";
    assert!(told.stdout.starts_with(&format!("{file}\n")), "{}", told.stdout);
    assert!(told.stdout.contains(&format!("mainstay drill {file}")), "{}", told.stdout);
    whole(&sandbox, file);
    sandbox.run(["drill", file]).expect_code(0).expect_output("5 drills: all as expected");
    sandbox.run(["drill", "--every-failure", file]).expect_code(0).expect_output("nothing found");
    let text = std::fs::read_to_string(sandbox.home().join(file)).expect("the file");
    for part in ["severity ", "owner ", "reviewed 2", "rto ", "impact ", "undo ", "rollback {", "prevention "]
    {
        assert!(text.contains(part), "no {part}\n{text}");
    }
    assert!(!text.contains("OWNER") && !text.contains("reviewed 2000"), "{text}");
}

#[test]
fn any_title_stands_in_its_quotes() {
    let sandbox = Sandbox::new();
    let title = r#"a "quoted" \ one, {{ not.filled(in) }}"#;
    made(&sandbox, &["incident", title, "--out", "odd.runbook"]).expect_code(0);
    whole(&sandbox, "odd.runbook");
    sandbox.run(["drill", "odd.runbook"]).expect_code(0);
    let text = std::fs::read_to_string(sandbox.home().join("odd.runbook")).expect("the file");
    assert!(text.contains(r#"runbook "a \"quoted\" \\ one, \{{ not.filled(in) }}""#), "{text}");
    let told = made(&sandbox, &["incident", "!?"]).expect_code(2);
    assert!(told.stderr.contains("`--out FILE`"), "{}", told.stderr);
}

#[test]
fn a_module_is_whole_and_a_runbook_can_use_it() {
    let sandbox = Sandbox::new();
    let told = made(&sandbox, &["module", "page"]).expect_code(0);
    assert!(told.stdout.contains("use \"./page.runbook\" as page"), "{}", told.stdout);
    whole(&sandbox, "page.runbook");
    let user = "runbook \"Work on it\"\n\nuse \"./page.runbook\" as page\n\nresolve \"Show it\" {\n  \
                run page.show_page(\"shop\")\n}\n\ndrill \"shown\" {\n  given page.is_shown = false, then true\n  \
                expect outcome resolved\n}\n";
    sandbox.write("user.runbook", user);
    whole(&sandbox, "user.runbook");
    sandbox.run(["drill", "user.runbook"]).expect_code(0);
    for wrong in ["my-page", "2nd", "not", ""] {
        let told = made(&sandbox, &["module", wrong, "--out", "wrong.runbook"]).expect_code(2);
        assert!(told.stderr.contains("cannot be the name of a module"), "{wrong}: {}", told.stderr);
    }
    assert!(!sandbox.home().join("wrong.runbook").exists());
}

#[test]
fn nothing_is_written_over() {
    let sandbox = Sandbox::new();
    let mine = sandbox.write("mine.runbook", "mine");
    let told = made(&sandbox, &["incident", "Mine"]).expect_code(2);
    assert!(told.stderr.contains("`mine.runbook` is there already; nothing was written"), "{}", told.stderr);
    made(&sandbox, &["module", "other", "--out", "mine.runbook"]).expect_code(2);
    assert_eq!(std::fs::read_to_string(&mine).expect("the file"), "mine");
    made(&sandbox, &["incident", "Mine", "--out", "-"]).expect_code(0).expect_output("runbook \"Mine\"\n");
    let told = made(&sandbox, &["incident", "Mine", "--out", "no/such/folder.runbook"]).expect_code(1);
    assert!(told.stderr.contains("cannot write"), "{}", told.stderr);
}
