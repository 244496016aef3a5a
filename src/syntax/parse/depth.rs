//! How deep a file nests, counted before anything recurses.
//!
//! Owns the limit. It reads texts, commands, scripts and comments over as the grammar does, so that a
//! bracket in a command does not count; in doubt it counts.

use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// Brackets and blocks inside one another.
pub(super) const MAX_NESTING: usize = 128;

/// Returns a message when the file nests deeper than anyone would write it.
pub(super) fn too_deep(source: SourceId, text: &str) -> Option<Diagnostic> {
    let mut scan = Scan { text: text.as_bytes(), at: 0, open: Vec::new() };
    let at = scan.first_too_deep()?;
    Some(
        Diagnostic::error("nested-too-deeply", format!("brackets nest deeper than {MAX_NESTING} levels"))
            .at(Span::new(source, at, at + 1), "")
            .help("give the inner parts names with `let`, or move them into actions"),
    )
}

/// What a bracket was opened by, and what closes it.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Round,
    Square,
    Curly,
    /// `{{` in a text that ends with its line.
    InText,
    /// `{{` in a text of several lines.
    InBlockText,
    /// `{{` in a command line.
    InCommand,
    /// `{{` in a script.
    InScript,
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    open: Vec<Open>,
}

impl Scan<'_> {
    fn first_too_deep(&mut self) -> Option<usize> {
        while let Some(&byte) = self.text.get(self.at) {
            let here = self.at;
            match byte {
                b'#' => self.to_line_end(),
                b'"' if self.sees("\"\"\"") => self.block_text(3),
                b'"' => self.line_text(1, Open::InText),
                b'`' if self.sees("```") => self.script(3),
                b'$' => self.command(1),
                b'(' => self.push(Open::Round, 1),
                b'[' => self.push(Open::Square, 1),
                b'{' => self.push(Open::Curly, 1),
                b')' => self.pop(Open::Round),
                b']' => self.pop(Open::Square),
                b'}' => self.closing_curly(),
                b'\n' => {
                    self.line_ends();
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if self.open.len() > MAX_NESTING {
                return Some(here);
            }
        }
        None
    }

    fn sees(&self, word: &str) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()))
    }

    fn push(&mut self, open: Open, length: usize) {
        self.open.push(open);
        self.at += length;
    }

    fn pop(&mut self, open: Open) {
        self.at += 1;
        if self.open.last() == Some(&open) {
            self.open.pop();
        }
    }

    fn closing_curly(&mut self) {
        let top = self.open.last().copied();
        let resumed = self.sees("}}").then_some(top).flatten();
        match resumed {
            Some(Open::InText) => self.resume(|scan| scan.line_text(2, Open::InText)),
            Some(Open::InBlockText) => self.resume(|scan| scan.block_text(2)),
            Some(Open::InCommand) => self.resume(|scan| scan.command(2)),
            Some(Open::InScript) => self.resume(|scan| scan.script(2)),
            _ => self.pop(Open::Curly),
        }
    }

    fn resume(&mut self, go_on: impl FnOnce(&mut Self)) {
        self.open.pop();
        go_on(self);
    }

    fn to_line_end(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| *byte != b'\n') {
            self.at += 1;
        }
    }

    /// Whatever a line's text or command held open ends with its line, and all inside it.
    fn line_ends(&mut self) {
        if let Some(first) = self.open.iter().position(|open| matches!(open, Open::InText | Open::InCommand)) {
            self.open.truncate(first);
        }
    }

    fn line_text(&mut self, skip: usize, open: Open) {
        self.at += skip;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => return,
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.escaped(),
                b'{' if self.sees("{{") => return self.push(open, 2),
                _ => self.at += 1,
            }
        }
    }

    fn block_text(&mut self, skip: usize) {
        self.at += skip;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'"' if self.sees("\"\"\"") => {
                    self.at += 3;
                    return;
                }
                b'\\' => self.escaped(),
                b'{' if self.sees("{{") => return self.push(Open::InBlockText, 2),
                _ => self.at += 1,
            }
        }
    }

    fn command(&mut self, skip: usize) {
        self.at += skip;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => return,
                b'\\' if self.sees("\\\r\n") => self.at += 3,
                b'\\' if self.sees("\\\n") => self.at += 2,
                b'\\' => self.escaped(),
                b'{' if self.sees("{{") && !self.go_template() => return self.push(Open::InCommand, 2),
                b'{' if self.sees("{{") => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    fn script(&mut self, skip: usize) {
        self.at += skip;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'`' if self.sees("```") => {
                    self.at += 3;
                    return;
                }
                b'\\' => self.escaped(),
                b'{' if self.sees("{{") && !self.go_template() => return self.push(Open::InScript, 2),
                b'{' if self.sees("{{") => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// `{{.` is text.
    fn go_template(&self) -> bool {
        let rest = self.text.get(self.at + 2..).unwrap_or(&[]);
        rest.iter().find(|byte| **byte != b' ') == Some(&b'.')
    }

    fn escaped(&mut self) {
        self.at += if self.sees("\\{{") { 3 } else { 1 };
        if self.text.get(self.at).is_some_and(|byte| matches!(byte, b'"' | b'\\')) {
            self.at += 1;
        }
    }
}
