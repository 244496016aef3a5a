//! Text → tree, with messages for everything that does not fit.
//!
//! Owns the way from a file's text to [`Parsed`]: depth first ([`depth`]), then pest, then the tree.
//! Never stops at the first mistake and never shows one of pest's own texts. One file per noun; each adds
//! methods to [`reader::Reader`].

mod call;
mod clause;
mod command;
mod depth;
mod drill;
mod explain;
mod expression;
mod field;
mod file;
mod forms;
mod grammar;
mod literal;
mod people;
mod phase;
mod reader;
mod statement;
mod template;

use pest::Parser as _;

use self::grammar::{Grammar, Rule};
use self::reader::Reader;
use super::Parsed;
use crate::diagnostic::Diagnostic;
use crate::source::SourceId;

/// Reads one file. `source` is the id its places will carry.
///
/// Every mistake becomes a diagnostic with a place; what could be read is in the tree, so a caller may
/// go on checking it. Never panics, whatever the text; takes time linear in its length.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    let mut reader = Reader::new(source, text);
    if let Some(diagnostic) = depth::too_deep(source, text) {
        return Parsed { file: None, diagnostics: vec![diagnostic] };
    }
    let file = match Grammar::parse(Rule::file, text) {
        Ok(mut pairs) => pairs.next().and_then(|file| reader.file(file)),
        Err(error) => {
            let place = match error.location {
                pest::error::InputLocation::Pos(at) => reader.place(at, at),
                pest::error::InputLocation::Span((start, end)) => reader.place(start, end),
            };
            reader.report(Diagnostic::error("syntax", "this cannot be read").at(place, ""));
            None
        }
    };
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|d| d.span().map(|s| (s.start, s.end)));
    diagnostics.dedup();
    Parsed { file, diagnostics }
}
