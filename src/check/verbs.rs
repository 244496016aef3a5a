//! Commands that are known to change something, where only reading is meant.
//!
//! Owns what is said of them. Never an error, and never knows which they are (`shell` does): what a command does is
//! known to its author alone.

use super::lower::{Lower, Section};
use crate::diagnostic::Diagnostic;
use crate::program::Effect;
use crate::source::Span;

impl Lower<'_> {
    /// Points at commands under `check` that are known to change something.
    pub fn changing_command(&mut self, changes: &[String], span: Span) {
        let mut below = span.start as usize;
        for what in changes {
            let line = self.line_of(what, span, below);
            below = line.end as usize;
            let d = Diagnostic::warning("check-changes", format!("{what}, `check` only reads")).at(line, "");
            let written = self.one_line(span);
            let place = self.where_changes_stand();
            self.c.report.push(d.help(match written.starts_with('$') {
                true => format!("write `run {written}`{place}, and below it how it is taken back"),
                false => format!("write `run` before the script{place}, and below it how it is taken back"),
            }));
            if line == span {
                // One line has one message.
                return;
            }
        }
    }

    /// Returns where a change is to be moved to from a place that only reads, in words; nothing where it may stand.
    fn where_changes_stand(&self) -> &'static str {
        let section = self.place.section;
        match section {
            Section::Action(Effect::Reads) => ", in an action that `changes`",
            Section::Reads("preflight") => ", in `procedure`",
            _ if section.only_reads().is_some() => ", in a `resolve`",
            _ => "",
        }
    }

    /// Returns the first line of a script from `below` on that has the words in backticks, else all of it.
    fn line_of(&self, what: &str, span: Span, below: usize) -> Span {
        let text = self.c.sources.text(span);
        if !text.contains('\n') {
            return span;
        }
        let words: Vec<&str> = what.split('`').nth(1).unwrap_or("").split_whitespace().collect();
        let mut at = span.start as usize;
        for line in text.split_inclusive('\n') {
            let found = words.iter().all(|word| *word == "…" || line.contains(word));
            if found && at >= below && !line.trim_start().starts_with('#') {
                let blank = line.len() - line.trim_start().len();
                return Span::new(span.source, at + blank, at + line.trim_end().len());
            }
            at += line.len();
        }
        span
    }
}
