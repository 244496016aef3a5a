//! Clauses that were written behind a command, where they belong to the command.
//!
//! Owns the guess, which is made only where the end of a line can hardly be anything else. Never changes
//! the command.

use super::reader::{Reader, first_word};
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;
use crate::syntax::ast::{Call, CallTarget, Piece, Template};

/// No clause behind a command is longer, in bytes. What begins further from the end of the line is the command's own.
const LONGEST_CLAUSE: usize = 4096;

/// Tells from the rest of the line whether it is the clause it looks like.
type Fits = fn(&str) -> bool;

/// Words a clause behind a command begins with, and what must follow to the end of the line.
const CLAUSES: [(&str, Fits); 15] = [
    ("timeout", is_duration),
    ("within", is_poll),
    ("until", |rest| rest.contains(" within ")),
    ("retry", is_retry),
    ("allow exit", |rest| rest.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ')),
    ("with env", |rest| rest.starts_with('{')),
    ("with dir", |rest| rest.starts_with('"')),
    ("with user", |rest| rest.starts_with('"')),
    ("with stdin", |rest| !rest.is_empty()),
    ("done when", |rest| !rest.is_empty()),
    ("undo", is_call),
    ("finally", is_call),
    ("leave", |rest| rest.starts_with('"')),
    ("irreversible", |rest| rest.starts_with('"')),
    ("on failure", |rest| matches!(rest, "continue" | "ask")),
];

impl Reader<'_> {
    /// Reports a clause at the end of a command line.
    pub fn clause_in_command(&mut self, template: &Template) {
        let Some(last) = template.pieces.last() else {
            return;
        };
        let Piece::Text(text) = &last.node else {
            return;
        };
        let Some((at, word)) = clause_in(text) else {
            self.brace_in_command(template, last, text);
            return;
        };
        let start = last.span.start as usize + at;
        let span = self.place(start, last.span.end as usize);
        let written = text.get(at..).unwrap_or("");
        self.report(
            Diagnostic::error("clause-in-command", format!("`{word}` belongs to the command here"))
                .at(span, "a command goes to the end of its line")
                .help(format!("write it on the next line: `{written}`"))
                .help("if the command is meant to get these words, put them in quotes"),
        );
    }

    /// Returns whether the command holds the clause that says how the change ends, which was told.
    pub fn ending_in_command(&self, call: &Spanned<Call>) -> bool {
        let CallTarget::Command(template) = &call.node.target.node else { return false };
        let Some(Spanned { node: Piece::Text(text), .. }) = template.pieces.last() else { return false };
        let ending = |word| matches!(word, "undo" | "finally" | "leave" | "irreversible");
        clause_in(text).is_some_and(|(_, word)| ending(word))
    }

    /// Reports `undo $ cmd safe`, where the mark would be a word of the command.
    pub fn safe_in_command(&mut self, call: &Spanned<Call>) {
        let CallTarget::Command(template) = &call.node.target.node else { return };
        let Some(Spanned { node: Piece::Text(text), span }) = template.pieces.last() else { return };
        if !text.ends_with(" safe") {
            return;
        }
        let end = span.end as usize;
        self.report(
            Diagnostic::error("clause-in-command", "`safe` belongs to the command here")
                .at(self.place(end - "safe".len(), end), "a command goes to the end of its line")
                .help("write it on the next line: `safe`")
                .help("if the command is meant to get these words, put them in quotes"),
        );
    }

    /// Reports `run $ cmd }`: the brace that should close the block.
    fn brace_in_command(&mut self, template: &Template, last: &Spanned<Piece>, text: &str) {
        let count = |sign: char| -> usize {
            let texts = template.pieces.iter().filter_map(|piece| match &piece.node {
                Piece::Text(text) => Some(text.matches(sign).count()),
                Piece::Interpolation(_) => None,
            });
            texts.sum()
        };
        if !text.ends_with(" }") || count('}') <= count('{') {
            return;
        }
        let end = last.span.end as usize;
        let span = self.place(end.saturating_sub(1), end);
        self.gave_up = true;
        self.report(
            Diagnostic::error("clause-in-command", "`}` belongs to the command here")
                .at(span, "a command goes to the end of its line")
                .help("write the `}` that closes the block on the next line"),
        );
    }
}

/// Returns the first clause in a command and where it begins: its word stands between blanks, outside quotes, and what
/// follows fits. One look at each character, since a command may be long.
fn clause_in(text: &str) -> Option<(usize, &'static str)> {
    let tail = text.len().saturating_sub(LONGEST_CLAUSE);
    let (mut quoted, mut single, mut blank) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if blank && at >= tail && !quoted && !single && byte.is_ascii_lowercase() {
            let found = text.get(at..).and_then(clause_at);
            if found.is_some() {
                return found.map(|word| (at, word));
            }
        }
        blank = matches!(byte, b' ' | b'\t');
        quoted ^= byte == b'"';
        single ^= byte == b'\'';
    }
    None
}

/// Returns the word of the clause that `text` is.
fn clause_at(text: &str) -> Option<&'static str> {
    let fitting = CLAUSES.iter().find(|(word, fits)| {
        let rest = text.strip_prefix(word).filter(|rest| rest.starts_with([' ', '\t']));
        rest.is_some_and(|rest| fits(rest.trim()))
    });
    fitting.map(|(word, _)| *word)
}

fn is_duration(text: &str) -> bool {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    digits > 0 && matches!(text.get(digits..), Some("ms" | "s" | "m" | "h" | "d" | "sec" | "min"))
}

fn is_poll(text: &str) -> bool {
    match text.split_once(" every ") {
        Some((within, every)) => is_duration(within.trim()) && is_duration(every.trim()),
        None => is_duration(text),
    }
}

fn is_retry(text: &str) -> bool {
    let times = text.split(' ').next().unwrap_or("");
    let rest = text.get(times.len()..).unwrap_or("").trim();
    !times.is_empty()
        && times.bytes().all(|b| b.is_ascii_digit())
        && (rest.is_empty() || rest.starts_with("every "))
}

fn is_call(text: &str) -> bool {
    if text.starts_with("$ ") || text.starts_with("manual \"") {
        return true;
    }
    let module = first_word(text);
    let Some(rest) = text.get(module.len()..).and_then(|rest| rest.strip_prefix('.')) else {
        return false;
    };
    let name = first_word(rest);
    !module.is_empty() && !name.is_empty() && rest.get(name.len()..).is_some_and(|rest| rest.starts_with('('))
}
