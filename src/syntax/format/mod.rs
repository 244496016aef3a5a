//! Text → the same text in the layout of all runbooks.
//!
//! Owns the one layout: indentation, empty lines, blanks, columns. It moves what was written and never writes it anew:
//! comments, texts, commands and scripts stay as they are, and where a sentence goes on in the next line is the
//! author's. Never gives back a text that would be read as another tree.

mod line;
mod reading;
mod several;
mod table;
mod token;

use self::token::{Kind, Token};
use super::parse::{parse, recognised};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{SourceId, Span};

/// Returns `text` in the one layout. `source` is the id that places of messages carry.
///
/// The result is read as the same tree, holds the same comments in the same order, and is its own layout. Lines end with
/// `\n`, the last one too.
///
/// # Errors
///
/// What is wrong with the text when it cannot be read; then nothing can be said of its layout.
pub fn format(source: SourceId, text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut parsed = parse(source, text);
    parsed.diagnostics.retain(|d| d.severity == Severity::Error);
    if parsed.file.is_none() || !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let text = text.replace("\r\n", "\n");
    let laid = recognised(&text, |file| {
        let tokens = reading::tokens(&text, file);
        (laid_out(&tokens), comments(&tokens))
    });
    if let Some((laid, said)) = laid {
        let again = parse(source, &laid);
        let keeps = recognised(&laid, |file| comments(&reading::tokens(&laid, file)) == said);
        if again.file == parsed.file && keeps == Some(true) {
            return Ok(laid);
        }
    }
    let message = "this file cannot be laid out without changing what it says";
    Err(vec![
        Diagnostic::error("layout", message)
            .at(Span::new(source, 0, 0), "")
            .help("nothing was written; this is a mistake in mainstay, please report it with the file"),
    ])
}

fn laid_out(tokens: &[Token<'_>]) -> String {
    let mut lines = line::lines(tokens);
    table::align(&mut lines);
    let mut out = String::new();
    for line in &lines {
        line.write(&mut out);
    }
    out
}

fn comments(tokens: &[Token<'_>]) -> Vec<String> {
    tokens.iter().filter(|t| t.kind == Kind::Comment).map(|t| t.text.to_owned()).collect()
}
