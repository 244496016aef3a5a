//! Drills through their real door: a file, its drills, and what is told of them.
//!
//! A case is a file `tests/drill/NAME.runbook` with `NAME.expected` beside it, which is what `mainstay drill` writes. Drop
//! a new file in; `SNAPSHOTS=overwrite cargo test --test drill` writes what is expected, to be read before it is committed.
//! What `check` says of wrong drills stands in `tests/check/refused`.

mod support;

use std::path::Path;
use std::sync::Arc;

use mainstay::check::{self, Checked, Disk};
use mainstay::display::{self, DrilledFile, Look};
use mainstay::drill::{self, Report};
use support::cases;
use support::sandbox::{Sandbox, in_checkout};

fn checked(path: &Path) -> Checked {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let checked = check::check(&name, &Disk);
    let told = display::diagnostics(&checked.diagnostics, &checked.sources, Look::BARE);
    assert!(!checked.has_errors(), "{told}");
    checked
}

fn drilled(checked: &Checked) -> Vec<Report> {
    let program = Arc::new(checked.drilled().expect("a program").clone());
    checked.drills.iter().map(|one| drill::drill(&program, one)).collect()
}

#[test]
fn every_case_is_told_as_expected() {
    let mut wrong = Vec::new();
    for path in cases::runbooks("tests/drill") {
        let checked = checked(&path);
        let reports = drilled(&checked);
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let shown = DrilledFile { file: &file, sources: &checked.sources, reports: &reports, errors: &[] };
        let text = display::drills(&shown, Look::BARE);
        let expected = path.with_extension("expected");
        if std::env::var("SNAPSHOTS").is_ok_and(|wanted| wanted == "overwrite") {
            std::fs::write(&expected, &text).expect("the expectation is written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if wanted != text {
            wrong.push(format!("{file}:\n--- expected\n{wanted}\n--- found\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same events for the same file, byte for byte.
#[test]
fn a_drill_is_the_same_each_time() {
    for path in cases::runbooks("tests/drill") {
        let lines = || -> Vec<String> {
            let reports = drilled(&checked(&path));
            let records = reports.iter().flat_map(|report| &report.records);
            records.map(|record| serde_json::to_string(record).expect("a record is JSON")).collect()
        };
        let first = lines();
        assert!(!first.is_empty(), "{}", path.display());
        assert_eq!(first, lines(), "{}", path.display());
    }
}

#[test]
fn the_program_tells_how_many_came_out_and_its_exit_code_says_so() {
    let sandbox = Sandbox::new();
    let all = sandbox.run(["drill", &in_checkout("tests/drill/clock.runbook").display().to_string()]);
    assert_eq!(all.code, Some(0), "{}{}", all.stdout, all.stderr);
    assert!(all.stdout.ends_with("3 drills: all as expected\n"), "{}", all.stdout);
    let some = sandbox.run(["drill", &in_checkout("tests/drill").display().to_string(), "--jobs", "3"]);
    assert_eq!(some.code, Some(1), "{}{}", some.stdout, some.stderr);
    let total = some.stdout.lines().last().unwrap_or_default();
    assert!(total.ends_with(" not as expected"), "{total}");
    assert!(some.stdout.contains("apart.runbook"), "a folder stands for every file in it: {}", some.stdout);
}

#[test]
fn only_the_drills_that_are_wanted_run() {
    let sandbox = Sandbox::new();
    let file = in_checkout("tests/drill/clock.runbook").display().to_string();
    let some = sandbox.run(["drill", &file, "--filter", "afternoon", "--format", "json"]);
    assert_eq!(some.code, Some(0), "{}{}", some.stdout, some.stderr);
    let told: serde_json::Value = serde_json::from_str(&some.stdout).expect("JSON");
    assert_eq!(told["passed"], 1);
    let drills = told["files"][0]["drills"].as_array().expect("drills");
    assert_eq!(drills.len(), 1);
    assert_eq!(drills[0]["title"], "an afternoon");
    assert_eq!(drills[0]["outcome"], "resolved");
    let none = sandbox.run(["drill", &file, "--filter", "evening"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("no drill's title contains `evening`"), "{}", none.stderr);
}

#[test]
fn a_file_with_errors_and_one_without_drills_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("wrong.runbook", "runbook \"x\"\nresolve \"y\" {\n  shw 1\n}\n");
    let wrong = sandbox.run(["drill", "wrong.runbook"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stdout);
    assert!(wrong.stderr.contains("`wrong.runbook` has errors and was not drilled"), "{}", wrong.stderr);
    sandbox.write("bare.runbook", "runbook \"x\"\nresolve \"y\" {\n  show 1\n}\n");
    let bare = sandbox.run(["drill", "bare.runbook"]);
    assert_eq!(bare.code, Some(2), "{}", bare.stdout);
    assert!(bare.stderr.contains("there are no drills in these files that can be run"), "{}", bare.stderr);
    let later =
        sandbox.run(["drill", &in_checkout("tests/check/examples/blue-green.runbook").display().to_string()]);
    assert_eq!(later.code, Some(2), "{}", later.stdout);
    assert!(later.stderr.contains("does not run yet"), "{}", later.stderr);
}

/// What is a runbook's drills is no runbook: it is not run by mistake.
#[test]
fn a_file_of_drills_is_not_run() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["run", &in_checkout("tests/drill/apart.runbook").display().to_string()]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("is no runbook; only runbooks can be run"), "{}", run.stderr);
}

/// All that ships is drilled, comes out as expected and leaves little out; that it ends well whatever fails is seen
/// in `tests/failures.rs`.
#[test]
fn the_runbooks_that_ship_are_drilled() {
    let sandbox = Sandbox::new();
    let folder = in_checkout("runbooks").display().to_string();
    let all = sandbox.run(["drill", &folder, "--min-coverage", "90"]);
    assert_eq!(all.code, Some(0), "{}{}", all.stdout, all.stderr);
}

/// What `check` lets pass has room on the stack of whichever thread drills it.
#[test]
fn deep_nesting_is_drilled_on_any_thread() {
    let sandbox = Sandbox::new();
    let steps = 60;
    let open: String = (0..steps).map(|n| format!("step \"S{n}\" {{\n")).collect();
    let close = "}\n".repeat(steps);
    let chain: String =
        (1..60).map(|n| format!("action a{n}() changes {{\n  run a{}()\n}}\n", n - 1)).collect();
    let text = format!(
        "runbook \"deep\"\naction a0() changes {{\n  run $ it\n    leave \"x\"\n}}\n{chain}\
         resolve \"R\" {{\n{open}run a59()\n{close}}}\n\
         drill \"d\" {{\n  expect outcome resolved\n}}\ndrill \"e\" {{\n  expect outcome resolved\n}}\n"
    );
    sandbox.write("deep.runbook", &text);
    let drilled = sandbox.run(["drill", "deep.runbook", "--jobs", "2"]).expect_code(0);
    assert!(drilled.stdout.ends_with("2 drills: all as expected\n"), "{}", drilled.stdout);
}
