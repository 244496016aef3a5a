//! What happens inside a check: reading and checking, of many steps and of what ships; and a plan beside it.
//!
//! `cargo bench --bench check` prints for each the time and the bytes a second. `figures` measures whole processes.

use std::path::{Path, PathBuf};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use mainstay::bounds::Given;
use mainstay::check::{Disk, Memory, check};
use mainstay::display::{self, Look};
use mainstay::plan::Plan;
use mainstay::source::SourceId;
use mainstay::syntax::parse;

fn main() {
    divan::main();
}

/// As many recipes as `just --dry-run` is measured with, and a quarter of them: time grows with the length only.
const STEPS: [usize; 2] = [2_500, 10_000];

/// A runbook of that many steps, each of one change.
fn steps(count: usize) -> String {
    let step = |n| format!("  step \"Step {n}\" {{\n    run $ /bin/true\n      leave \"nothing\"\n  }}\n");
    let steps: String = (0..count).map(step).collect();
    format!("runbook \"Steps\"\n\nresolve \"All\" within 1h {{\n{steps}}}\n")
}

#[divan::bench(args = STEPS)]
fn parse_steps(bencher: Bencher, count: usize) {
    let text = steps(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(SourceId(0), black_box(&text)));
}

#[divan::bench(args = STEPS)]
fn check_steps(bencher: Bencher, count: usize) {
    let text = steps(count);
    let files = Memory::new([("steps.runbook", text.as_str())]);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let checked = check(black_box("steps.runbook"), &files);
        assert!(checked.program.is_some(), "the steps can be run");
        checked
    });
}

#[divan::bench(args = [1_000, 10_000])]
fn plan_steps(bencher: Bencher, count: usize) {
    let text = steps(count);
    let files = Memory::new([("steps.runbook", text.as_str())]);
    let program = check("steps.runbook", &files).program.expect("the steps can be run");
    let given = Given::nothing();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let plan = Plan::of(black_box(&program), "steps.runbook", &given);
        assert!(plan.worst.total_ns.is_some(), "an hour bounds them");
        display::plan::text(&plan, Look::BARE)
    });
}

/// The runbooks that ship, with their texts.
fn shipped() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let mut folders = vec![folder];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "runbook") {
                let text = std::fs::read_to_string(&path).expect("the runbook can be read");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "runbooks ship");
    found
}

fn bytes(files: &[(PathBuf, String)]) -> BytesCount {
    BytesCount::new(files.iter().map(|(_, text)| text.len()).sum::<usize>())
}

#[divan::bench]
fn parse_shipped(bencher: Bencher) {
    let files = shipped();
    bencher.counter(bytes(&files)).bench(|| {
        files.iter().map(|(_, text)| parse(SourceId(0), black_box(text)).diagnostics.len()).sum::<usize>()
    });
}

#[divan::bench]
fn check_shipped(bencher: Bencher) {
    let files = shipped();
    bencher.counter(bytes(&files)).bench(|| {
        let errors = |path: &PathBuf| check(path.to_str().expect("a path of text"), &Disk).diagnostics.len();
        files.iter().map(|(path, _)| errors(path)).sum::<usize>()
    });
}
