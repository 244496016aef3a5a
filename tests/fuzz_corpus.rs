//! The kept inputs of the fuzzers, tried again on every change, and every runbook of the repository as one of them.
//!
//! What must hold stands in `fuzz/targets/`; `fuzz/README.md` says how new inputs are looked for.

#[path = "../fuzz/targets/check.rs"]
mod check;
#[path = "../fuzz/targets/interpolation.rs"]
mod interpolation;
#[path = "../fuzz/targets/journal.rs"]
mod journal;

use std::path::{Path, PathBuf};

/// Tries every kept input of a target, and says which one it was that failed.
fn replay(name: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let inputs = files(&folder);
    assert!(inputs.len() > 10, "only {} inputs in {}", inputs.len(), folder.display());
    for path in inputs {
        println!("{}", path.display());
        target(&std::fs::read(&path).expect("an input"));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn texts_are_parsed_and_checked() {
    replay("check", check::check);
}

#[test]
fn commands_keep_values_apart_from_code() {
    replay("interpolation", interpolation::interpolation);
}

#[test]
fn journals_are_read() {
    replay("journal", journal::journal);
}

#[test]
fn every_runbook_here_keeps_the_promise_cut_anywhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tried = 0;
    for folder in ["runbooks", "stdlib", "tests/check", "tests/engine"] {
        for path in files(&root.join(folder)) {
            if path.extension().is_some_and(|e| e == "runbook") {
                println!("{}", path.display());
                let text = std::fs::read(&path).expect("a runbook");
                check::check(&text);
                // An editor shows a file as it is being typed.
                for end in (0..text.len()).step_by(487) {
                    check::check(&text[..end]);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 300, "only {tried} texts");
}
