//! The one layout: what `mainstay fmt` makes of files, and that it says what it said.
//!
//! To add a case, drop `NAME.runbook` into `tests/fmt/` and run the tests with `SNAPSHOTS=overwrite`: `NAME.expected` is
//! what becomes of it.

mod command;
mod mangle;
#[path = "../support/mod.rs"]
mod support;
#[path = "../programs/text.rs"]
mod text;

use std::path::{Path, PathBuf};

use mainstay::diagnostic::Severity;
use mainstay::source::SourceId;
use mainstay::syntax::{ast, format, parse};
use mangle::Chance;
use proptest::prelude::*;

const CHECKOUT: &str = env!("CARGO_MANIFEST_DIR");

/// Every runbook in a folder of the checkout and below.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "runbook") {
            found.push(path);
        }
    }
}

fn runbooks(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in folders {
        below(&Path::new(CHECKOUT).join(folder), &mut found);
    }
    found.sort();
    found
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text)))
        .collect()
}

/// The tree of a text without an error.
fn tree(text: &str) -> Option<ast::File> {
    let parsed = parse(SourceId(0), text);
    let read = parsed.diagnostics.iter().all(|d| d.severity != Severity::Error);
    parsed.file.filter(|_| read)
}

fn laid_out(text: &str) -> Result<String, String> {
    format(SourceId(0), text).map_err(|why| format!("{why:?}\n{text}"))
}

/// What must hold of any text that can be read.
fn sound(text: &str) -> Result<String, String> {
    let laid = laid_out(text)?;
    if tree(&laid) != tree(text) {
        return Err(format!("it says something else:\n{text}\n---\n{laid}"));
    }
    if laid_out(&laid)? != laid {
        return Err(format!("it is not its own layout:\n{laid}\n---\n{}", laid_out(&laid)?));
    }
    let loose = |line: &str| line.ends_with([' ', '\t']);
    if !laid.ends_with('\n') || laid.ends_with("\n\n") || laid.contains("\n\n\n") && !text.contains("\n\n\n")
    {
        return Err(format!("empty lines:\n{laid}"));
    }
    if laid.lines().any(loose) && !text.lines().any(loose) {
        return Err(format!("blanks at the end of a line:\n{laid}"));
    }
    Ok(laid)
}

#[test]
fn what_ships_is_in_the_layout() {
    for (path, text) in runbooks(&["runbooks", "stdlib"]) {
        let laid = sound(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert!(laid == text, "run `mainstay fmt {}`; it would be\n{laid}", path.display());
    }
}

#[test]
fn every_file_that_can_be_read_says_the_same_in_the_layout() {
    let mut tried = 0;
    for (path, text) in runbooks(&["runbooks", "stdlib", "tests"]) {
        match tree(&text) {
            Some(_) => {
                tried += 1;
                sound(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            }
            None => assert!(format(SourceId(0), &text).is_err(), "{}", path.display()),
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn cases_come_out_as_expected() {
    let mut wrong = String::new();
    for path in support::cases::runbooks("tests/fmt") {
        let text = std::fs::read_to_string(&path).expect("a case");
        let laid = sound(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let beside = path.with_extension("expected");
        if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
            std::fs::write(&beside, &laid).expect("the expected text");
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != laid {
            wrong.push_str(&format!("{}\n{laid}\n", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn ends_of_lines_become_those_of_unix() {
    let unix = "runbook \"x\"\n\ndiagnose {\n  show \"\"\"\n    a\n    b\n  \"\"\"\n  check a = $ ls \\\n    -l\n}\n";
    for text in [
        unix.replace('\n', "\r\n"),
        unix.trim_end().to_owned(),
        format!("\u{FEFF}{unix}"),
        format!("{unix}\n\n"),
    ] {
        assert_eq!(laid_out(&text).as_deref(), Ok(unix), "{text:?}");
    }
}

#[test]
fn a_semicolon_stays_where_the_next_line_would_belong_to_the_sentence() {
    let text = "runbook \"x\"\n\nsymptom \"s\" {\n  check a = $ a\n  finding \"f\"; when a.ok\n}\n";
    let laid = sound(text).expect("it can be read");
    assert!(laid.contains("  finding \"f\";\n  when a.ok\n"), "{laid}");
    let text = "runbook \"x\"\n\ndiagnose {\n  finding \"f\"; show 1 + 1; # why\n  show 2\n}\n";
    let laid = sound(text).expect("it can be read");
    assert!(laid.ends_with("  finding \"f\"\n  show 1 + 1  # why\n  show 2\n}\n"), "{laid}");
}

/// Everything that can be read, once for all cases.
fn corpus() -> &'static [(PathBuf, String)] {
    static CORPUS: std::sync::LazyLock<Vec<(PathBuf, String)>> = std::sync::LazyLock::new(|| {
        let mut all = runbooks(&["runbooks", "stdlib", "tests"]);
        all.retain(|(_, text)| tree(text).is_some());
        all
    });
    &CORPUS
}

/// Returns runbooks made by chance, and files of the checkout.
fn any_text() -> impl Strategy<Value = String> {
    let file = any::<prop::sample::Index>().prop_map(|index| index.get(corpus()).1.clone());
    prop_oneof![proptest::collection::vec(any::<u16>(), 0..160).prop_map(|c| text::runbook(&c)), file]
}

/// As many cases as `PROPTEST_CASES` asks for, else `cases`.
fn tried(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(tried(40))]

    #[test]
    fn how_a_text_was_laid_out_makes_no_difference(text in any_text(), seed in any::<u64>()) {
        let laid = sound(&text).map_err(TestCaseError::fail)?;
        let mangled = mangle::blanks(&laid, &mut Chance(seed));
        prop_assert!(tree(&mangled) == tree(&text), "the test itself broke it:\n{}", mangled);
        let again = sound(&mangled).map_err(TestCaseError::fail)?;
        prop_assert_eq!(again, laid, "\n{}", mangled);
    }

    #[test]
    fn comments_stay_and_lines_may_be_broken(text in any_text(), seed in any::<u64>()) {
        let laid = sound(&text).map_err(TestCaseError::fail)?;
        let (mangled, comments) = mangle::commented(&laid, &mut Chance(seed));
        prop_assert!(tree(&mangled) == tree(&text), "the test itself broke it:\n{}", mangled);
        let again = sound(&mangled).map_err(TestCaseError::fail)?;
        let mut rest = again.as_str();
        for comment in &comments {
            let at = rest.find(comment.as_str());
            prop_assert!(at.is_some(), "`{}` is lost:\n{}\n---\n{}", comment, mangled, again);
            rest = &rest[at.unwrap_or(0) + comment.len()..];
        }
    }

    #[test]
    fn no_text_ends_the_program(text in any_text(), at in any::<prop::sample::Index>(), with in "[\"`$#{}();,= \\n\\\\a0-]{0,4}") {
        let mut text = text;
        let mut at = at.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, &with);
        match format(SourceId(0), &text) {
            Ok(laid) => prop_assert_eq!(laid_out(&laid), Ok(laid)),
            Err(why) => prop_assert!(why.iter().all(|d| d.code != "layout"), "{}", text),
        }
    }
}
