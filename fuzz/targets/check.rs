//! What the parser, the layout and the checker promise for any text: no panic, messages that point into it, one layout.
//!
//! Called by the fuzzer and by `tests/fuzz_corpus.rs`. Never reads a file: what a text `use`s stands behind it, after
//! a NUL byte, as `second.runbook` and `third.runbook`.

use mainstay::check::{self, Checked, Memory};
use mainstay::display::{self, Look};
use mainstay::source::SourceId;
use mainstay::syntax::format;

/// The narrowest terminal there is, with everything it may show.
const NARROW: Look = Look { colour: true, unicode: true, width: Some(20) };

/// Checks one input; panics where the promise is broken.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let names = ["main.runbook", "second.runbook", "third.runbook"];
    let loader = Memory::new(names.into_iter().zip(text.split('\0')));
    let checked = check::check("main.runbook", &loader);
    assert_pointing(&checked);
    assert_laid_out(text);
    assert!(checked.program.is_none() || !checked.has_errors(), "a program with errors");
    for look in [Look::BARE, NARROW] {
        let drawn = display::diagnostics(&checked.diagnostics, &checked.sources, look);
        assert_eq!(drawn.is_empty(), checked.diagnostics.is_empty());
    }
    let json = display::diagnostics_json(&checked.diagnostics, &checked.sources);
    assert_eq!(json.as_array().map(Vec::len), Some(checked.diagnostics.len()));
}

/// A text that can be read has a layout, which is its own.
fn assert_laid_out(text: &str) {
    match format(SourceId(0), text) {
        Ok(laid) => assert_eq!(format(SourceId(0), &laid).as_ref(), Ok(&laid)),
        Err(why) => assert!(why.iter().any(|d| d.code != "layout"), "it cannot be laid out: {text}"),
    }
}

/// Every place of every message lies inside its text, at the edges of characters.
fn assert_pointing(checked: &Checked) {
    for diagnostic in &checked.diagnostics {
        let message = &diagnostic.message;
        // The parser's thread ended by a panic, or never began.
        assert_ne!(diagnostic.code, "out-of-memory", "{message}");
        assert!(!diagnostic.labels.is_empty(), "a message without a place: {message}");
        for label in &diagnostic.labels {
            let span = label.span;
            let file = checked.sources.get(span.source);
            let text = file.unwrap_or_else(|| panic!("a place in no file: {message}")).text.get(span.range());
            assert!(text.is_some(), "{}..{} is no place: {message}", span.start, span.end);
        }
    }
}
