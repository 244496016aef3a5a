//! Drills broken everywhere: mistakes that are planted are found, and nothing else.
//!
//! A case is a file `tests/failures/NAME.runbook` whose first line says what is found: `# finds: KIND, KIND` or
//! `# finds: nothing`; `# at: TEXT` below it: how the text of each finding begins. Drop a new one in.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mainstay::check::{self, Checked, Disk};
use mainstay::drill::{self, Depth, Explored, Findings};
use mainstay::program::Program;
use mainstay::source::Span;
use support::cases;
use support::sandbox::Sandbox;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failures")
}

fn checked(path: &Path) -> (Checked, Arc<Program>) {
    let checked = check::check(&path.to_string_lossy(), &Disk);
    let told: Vec<_> = checked.diagnostics.iter().map(|d| format!("{}: {}", d.code, d.message)).collect();
    let program = checked.drilled().cloned().unwrap_or_else(|| panic!("{}: {told:#?}", path.display()));
    (checked, Arc::new(program))
}

/// What is found in a file, and in how many broken runs.
fn explored(path: &Path, depth: Depth) -> (Findings, u64) {
    let (checked, program) = checked(path);
    let explored = Explored::together(checked.drills.iter().map(|one| {
        let report = drill::drill(&program, one);
        assert!(report.passed(), "{}: \"{}\" {:#?}", path.display(), one.title, report.unmet);
        drill::explore(&program, one, depth)
    }));
    (explored.findings, explored.cases)
}

fn kinds(findings: &Findings) -> BTreeSet<String> {
    findings.in_order().iter().map(|finding| finding.kind.word().to_owned()).collect()
}

fn expected(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).expect("the case");
    let line = text.lines().next().and_then(|line| line.strip_prefix("# finds: "));
    let line = line.unwrap_or_else(|| panic!("{}: what it finds", path.display())).to_owned();
    line.split(", ").filter(|kind| *kind != "nothing").map(str::to_owned).collect()
}

const SINGLE: Depth = Depth { pairs: 0, seed: 1 };

#[test]
fn planted_mistakes_are_found_and_nothing_else() {
    let mut wrong = Vec::new();
    for path in cases::runbooks("tests/failures") {
        let (findings, cases) = explored(&path, SINGLE);
        assert!(cases > 5, "{}: {cases} cases", path.display());
        let text = std::fs::read_to_string(&path).expect("the case");
        let at = text.lines().find_map(|line| line.strip_prefix("# at: ")).unwrap_or_default();
        let begins = |span: Span| text.get(span.range()).is_some_and(|there| there.starts_with(at));
        let placed = findings.in_order().iter().all(|finding| begins(finding.span));
        if kinds(&findings) != expected(&path) || !placed {
            wrong.push(format!("{}: {:#?}", path.display(), findings.in_order()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_failures_at_once_find_nothing_in_a_good_runbook() {
    for name in ["good", "parallel-people"] {
        let path = folder().join(name).with_extension("runbook");
        let (findings, cases) = explored(&path, Depth { pairs: 100, seed: 7 });
        assert!(cases > 500, "{name}: {cases} cases");
        assert!(findings.is_empty(), "{name}: {:#?}", findings.in_order());
    }
}

#[test]
fn the_first_case_of_a_finding_shows_it_again() {
    let mut shown = 0;
    for path in cases::runbooks("tests/failures") {
        let (checked, program) = checked(&path);
        for one in &checked.drills {
            let explored = drill::explore(&program, one, Depth { pairs: 40, seed: 3 });
            for finding in explored.findings.in_order() {
                let named = finding.first.to_string().parse().expect("a case");
                let drill::Shown { records, findings: again, .. } = drill::case(&program, one, &named);
                let place = |found: &mainstay::drill::Finding| (found.kind, found.span);
                let known = explored.known.in_order().iter().any(|one| place(one) == place(finding));
                let again = again.in_order().iter().any(|one| place(one) == place(finding));
                assert!(again || known, "{}: {named}: {finding:#?}", path.display());
                assert!(!records.is_empty(), "{named}");
                shown += 1;
            }
        }
    }
    assert!(shown > 5, "{shown}");
}

#[test]
fn the_same_seed_finds_the_same() {
    let path = folder().join("retry-repeats.runbook");
    let found = |seed| explored(&path, Depth { pairs: 200, seed });
    let (first, again, other) = (found(5), found(5), found(6));
    assert_eq!(first.0.in_order(), again.0.in_order());
    assert_eq!(first.1, other.1);
    assert_ne!(first.0.in_order(), other.0.in_order(), "another seed, other pairs");
}

#[test]
fn findings_are_told_with_the_command_that_repeats_them() {
    let sandbox = Sandbox::new();
    let file = folder().join("undo-needs-a-later-value.runbook");
    let file = file.to_string_lossy();
    let told = sandbox.run(["drill", &file, "--every-failure"]).expect_code(1);
    assert!(told.stdout.contains("1 finding"), "{}", told.stdout);
    let at = told.stdout.split("--at ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let at = at.unwrap_or_else(|| panic!("{}", told.stdout));
    let shown = sandbox.run(["drill", &file, "--every-failure", "--at", at]).expect_code(1);
    assert!(shown.stdout.contains("what happened:"), "{}", shown.stdout);
    assert!(shown.stdout.contains("undo-fails"), "{}", shown.stdout);

    let json = sandbox.run(["drill", &file, "--every-failure", "--format", "json"]).expect_code(1).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["files"][0]["findings"][0]["kind"], "undo-fails", "{json:#}");
    assert_eq!(json["files"][0]["findings"][0]["first"], at, "{json:#}");

    let good = folder().join("good.runbook");
    let good = good.to_string_lossy();
    let pairs = ["drill", &good, "--every-failure", "--depth", "2", "--cases", "50", "--seed", "9"];
    let told = sandbox.run(pairs).expect_code(0).stdout;
    assert!(told.contains("(pairs: seed 9): nothing found"), "{told}");
    let several = sandbox.run(["drill", &good, "--every-failure", "--at", "1:fails"]).expect_code(2);
    assert!(several.stderr.contains("`--at` is a case of one drill, and 3 are meant"), "{}", several.stderr);
    assert!(several.stderr.contains("\"it does not help\""), "they are named: {}", several.stderr);
    let title = "it is updated";
    let past = sandbox
        .run(["drill", &good, "--filter", title, "--every-failure", "--at", "999:fails"])
        .expect_code(2);
    assert!(past.stderr.contains("nothing can be broken so"), "{}", past.stderr);
    let unknown = sandbox.run(["drill", &good, "--every-failure", "--at", "1:breaks"]).expect_code(2);
    assert!(unknown.stderr.contains("is no case"), "{}", unknown.stderr);
}

/// In this process, as many as there are: how long that takes on a busy machine is no matter.
fn ends_well(runbook: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks").join(runbook);
    let (findings, cases) = explored(&path, SINGLE);
    assert!(cases > 1000, "{runbook}: {cases} cases");
    assert!(findings.is_empty(), "{runbook}: {:#?}", findings.in_order());
}

#[test]
fn the_incidents_that_ship_have_no_finding() {
    ends_well("incidents/database-connections.runbook");
}

#[test]
fn the_quickstart_has_no_finding() {
    ends_well("quickstart/quickstart.runbook");
}

const NEVER_ANSWERED: &str = r#"runbook "What depends on people, and on what is read"

resolve "Work" {
  run $ stop-workers
    undo $ start-workers
  run $ drain
    undo {
      check s = $ status
      run $ undrain {{ s.lines[7] }}
    }
}

drill "it works" {
  expect outcome resolved
}

drill "it works again" {
  expect outcome resolved
}
"#;

#[test]
fn what_stays_in_doubt_without_an_answer_and_what_was_not_judged_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("doubt.runbook", NEVER_ANSWERED);
    let told = sandbox.run(["drill", "doubt.runbook", "--every-failure"]).expect_code(0).stdout;
    assert!(told.contains("doubt.runbook:4: `$ stop-workers` stays in doubt"), "{told}");
    assert!(told.contains("2 changes stay in doubt if nobody says whether they happened"), "{told}");
    assert!(told.contains("1 undo was not judged") && told.contains("on the way back: `s`"), "{told}");

    let json = sandbox.run(["drill", "doubt.runbook", "--every-failure", "--format", "json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    let remarks = json["files"][0]["remarks"].as_array().expect("a list");
    let kinds: Vec<&str> = remarks.iter().filter_map(|remark| remark["kind"].as_str()).collect();
    assert_eq!(kinds, ["in-doubt-unanswered", "in-doubt-unanswered", "undo-not-judged"], "{json:#}");

    // A case tells which of them it is, and never that nothing is wrong with it.
    let case = |at: &str| {
        let filter = ["drill", "doubt.runbook", "--filter", "it works again", "--every-failure", "--at", at];
        sandbox.run(filter).expect_code(0).stdout
    };
    let failed = case("1:fails");
    assert!(failed.contains("not judged") && failed.contains("no finding"), "{failed}");
    assert!(!failed.contains("nothing is wrong"), "{failed}");
    let first = remarks[0]["first"].as_str().expect("a case");
    assert!(case(first).contains("`$ stop-workers` stays in doubt"), "{first}");
    let stopped = case("1:fails,3:fails");
    assert!(stopped.contains("was itself broken"), "{stopped}");
}

#[test]
fn a_drill_that_shares_a_finding_is_marked_too() {
    let sandbox = Sandbox::new();
    let twice = "runbook \"Twice\"\n\nresolve \"Work\" {\n  run $ drain on\n    undo $ drain off\n  \
                 step \"Work\" on failure continue {\n    run $ work\n      undo $ unwork\n    run $ drain off\n      leave \"off\"\n  }\n}\n\n\
                 drill \"one\" {\n  expect outcome resolved\n}\n\ndrill \"two \u{1b}[31m\" {\n  expect outcome resolved\n}\n";
    sandbox.write("twice.runbook", twice);
    let told = sandbox.run(["drill", "twice.runbook", "--every-failure"]).expect_code(1).stdout;
    let marked = told.lines().filter(|line| line.ends_with(" failures") && line.contains('x')).count();
    assert_eq!(marked, 2, "{told}");
    assert!(!told.contains('\u{1b}'), "what a terminal would obey: {told:?}");
}

#[test]
fn coverage_is_honoured_beside_every_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("doubt.runbook", NEVER_ANSWERED);
    let with = |more: &[&str]| {
        let all = ["drill", "doubt.runbook", "--every-failure"].iter().chain(more).copied();
        sandbox.run(all.collect::<Vec<_>>())
    };
    let little = with(&["--min-coverage", "90"]).expect_code(1);
    assert!(little.stderr.contains("drills take less than 90%"), "{}", little.stderr);
    let shown = with(&["--coverage", "--coverage-lcov", "lcov.info"]).expect_code(0).stdout;
    assert!(shown.contains("failures explored") && shown.contains("coverage: "), "{shown}");
    assert!(read(&sandbox, "lcov.info").starts_with("TN:\nSF:doubt.runbook\n"));
    let json = with(&["--coverage", "--format", "json"]).expect_code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(json["coverage"]["total"]["points"].is_u64() && json["cases"].is_u64(), "{json:#}");
    let at =
        with(&["--at", "0:fails", "--filter", "it works again", "--format", "json"]).expect_code(0).stdout;
    let at: serde_json::Value = serde_json::from_str(&at).expect("JSON");
    assert_eq!(
        (at["case"].as_str(), at["drill"].as_str()),
        (Some("0:fails"), Some("it works again")),
        "{at:#}"
    );
    assert!(at["happened"].as_array().is_some_and(|lines| !lines.is_empty()), "{at:#}");
    with(&["--at", "0:fails", "--min-coverage", "90"]).expect_code(2);
    let out = sandbox.run(["drill", "doubt.runbook", "--out", "x.runbook"]).expect_code(2);
    assert!(out.stderr.contains("--out"), "{}", out.stderr);
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.home().join(name)).expect("a file")
}

#[test]
fn what_is_no_page_is_not_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.write("doubt.runbook", NEVER_ANSWERED);
    for option in ["--coverage-html", "--coverage-lcov"] {
        let refused = sandbox.run(["drill", "doubt.runbook", option, "doubt.runbook"]).expect_code(2);
        assert!(refused.stderr.contains("is left as it is"), "{}", refused.stderr);
        assert_eq!(read(&sandbox, "doubt.runbook"), NEVER_ANSWERED);
        for _ in 0..2 {
            sandbox.run(["drill", "doubt.runbook", option, "out"]).expect_code(0);
        }
        std::fs::remove_file(sandbox.home().join("out")).expect("it was written");
    }
}

#[test]
fn at_eighty_columns_figures_stand_below_their_heads_and_commands_are_whole() {
    let sandbox = Sandbox::new();
    let long = "it works where the words of a title are many more than anybody would write";
    sandbox.write("a-folder-with-a-name/doubt.runbook", &NEVER_ANSWERED.replace("it works again", long));
    let file = "a-folder-with-a-name/doubt.runbook";
    let shown =
        sandbox.at_terminal_of((100, 80), ["drill", file, "--coverage"]).finish().expect_code(0).stdout;
    let row = |begins: &str| {
        let at = |line: &&str| line.trim_start().starts_with(begins) && line.contains("  ");
        shown.lines().rfind(at).unwrap_or_else(|| panic!("{begins}: {shown}")).to_owned()
    };
    let (head, figures) = (row("FILE"), row(file));
    assert!(head.len() <= 80 && head.ends_with("UNDOS"), "{shown}");
    assert_eq!(
        head.trim_end().len(),
        figures.trim_end().len(),
        "the last column ends below its head: {shown}"
    );

    let told =
        sandbox.at_terminal_of((100, 80), ["drill", file, "--every-failure"]).finish().expect_code(0).stdout;
    let command = told.lines().position(|line| line.contains("look at it: ")).expect("a command");
    let whole = told.lines().nth(command).is_some_and(|line| line.ends_with(" --at 0:times-out"));
    assert!(whole, "only the terminal breaks it: {told}");
}
