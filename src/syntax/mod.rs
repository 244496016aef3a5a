//! Text → tree, and text → text in the one layout: the only room that knows how a runbook is written down.
//!
//! Owns the syntax tree ([`ast`]), the parser ([`parse`]) and the layout ([`format`]); the grammar itself stands alone in
//! `grammar/mainstay.pest`. Never resolves a name, checks a type or reads another file: the tree holds
//! what was written, and every later room works on it without knowing pest.

pub mod ast;
mod format;
mod parse;

pub use self::format::format;
pub use self::parse::parse;

use crate::diagnostic::Diagnostic;

/// What came of reading one file: a tree as far as it goes, and everything that is wrong.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// `None` when not even the first line says what the file is.
    pub file: Option<ast::File>,
    /// In the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}
