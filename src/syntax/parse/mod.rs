//! Text → tree, with messages for everything that does not fit.
//!
//! Owns the way from a file's text to [`Parsed`]: pest first, then the tree.
//! Never stops at the first mistake and never shows one of pest's own texts. One file per noun; each adds
//! methods to [`reader::Reader`].

mod arms;
mod branch;
mod call;
mod clause;
mod command;
mod declared;
mod drill;
mod explain;
mod expression;
mod field;
mod file;
mod forms;
mod grammar;
mod habit;
mod head;
mod kind;
mod literal;
mod operand;
mod people;
mod phase;
mod reader;
mod slip;
mod statement;
mod template;
mod token;
mod unread;

use pest::Parser as _;
use pest::error::InputLocation;

use self::grammar::Grammar;
pub(super) use self::grammar::Rule;
use self::reader::{Pair, Reader};
use super::Parsed;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// Stack for one file. 128 levels take less than 8 MiB in a build without optimisation.
const STACK: usize = 32 << 20;

/// Reads one file. `source` is the id its places will carry.
///
/// Every mistake becomes a diagnostic with a place; what could be read is in the tree, so a caller may
/// go on checking it. Never panics, whatever the text; takes time linear in its length. Nesting is limited
/// to 128 levels, and works on a stack of its own, so that the caller's may be small.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    on_large_stack(|| read(source, text)).unwrap_or_else(|| {
        let message = "there is not enough memory to read this file";
        let diagnostic = Diagnostic::error("out-of-memory", message).at(Span::new(source, 0, 0), "");
        Parsed { file: None, diagnostics: vec![diagnostic] }
    })
}

/// Returns what `look` makes of the grammar's parse of a file; `None` for a text that the grammar does not know, or
/// without enough memory.
pub(super) fn recognised<T>(text: &str, look: impl FnOnce(Pair<'_>) -> T) -> Option<T> {
    on_large_stack(|| Grammar::parse(Rule::file, text).ok()?.next().map(look)).flatten()
}

/// Works on a stack that nesting cannot use up; `None` when there is no memory for it.
///
/// The stack is another, the thread the same: what a second thread allocates comes out of a heap that grows page by
/// page, and the first cannot use it again.
fn on_large_stack<T>(work: impl FnOnce() -> T) -> Option<T> {
    // `stacker` panics where it gets no memory.
    Vec::<u8>::new().try_reserve_exact(STACK + STACK / 8).ok()?;
    Some(stacker::grow(STACK, work))
}

fn read(source: SourceId, text: &str) -> Parsed {
    let mut reader = Reader::new(source, text);
    let file = match Grammar::parse(Rule::file, text) {
        Ok(mut pairs) => pairs.next().and_then(|file| reader.file(file)),
        Err(error) => {
            let at = match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            };
            reader.report(Diagnostic::error("syntax", "this cannot be read").at(reader.place(at, at), ""));
            None
        }
    };
    let mut diagnostics = reader.diagnostics;
    if reader.gave_up {
        // What follows from the text that was not read is no news.
        diagnostics.retain(|diagnostic| diagnostic.code != "unclosed-block");
    }
    diagnostics.sort_by_key(|d| d.span().map(|s| (s.start, s.end)));
    diagnostics.dedup();
    Parsed { file, diagnostics }
}
