//! What is found wrong, gathered.
//!
//! Owns the list of messages while a file is checked, and the words for what several rules say
//! alike. Never decides a rule.

use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::source::Span;

/// The messages so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    diagnostics: Vec<Diagnostic>,
    /// Whether something was found that is read but does not run yet.
    pub unsupported: bool,
}

impl Report {
    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds several messages.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(diagnostics);
    }

    /// Takes in what was found elsewhere.
    pub fn join(&mut self, other: Report) {
        self.unsupported |= other.unsupported;
        self.diagnostics.extend(other.diagnostics);
    }

    /// Says that something is read and checked but does not run yet.
    pub fn not_yet(&mut self, span: Span, what: &str) {
        self.unsupported = true;
        self.push(
            Diagnostic::warning("not-yet-supported", format!("{what} does not run yet"))
                .at(span, "checked, but a run of this file is refused"),
        );
    }

    /// Returns how many messages there are.
    pub fn len(&self) -> usize {
        self.diagnostics.len()
    }

    /// Returns whether something keeps the file from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Returns the messages by place, each once.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|d| (d.span().map(|s| (s.source, s.start, s.end)), d.severity));
        let mut each: Vec<Diagnostic> = Vec::with_capacity(self.diagnostics.len());
        for diagnostic in self.diagnostics {
            // A module that two files use is looked at twice.
            let here = each.iter().rev().take_while(|told| told.span() == diagnostic.span());
            if !here.into_iter().any(|told| *told == diagnostic) {
                each.push(diagnostic);
            }
        }
        each
    }
}

/// Adds "did you mean" when one of the names is near.
pub(super) fn near<'a>(
    diagnostic: Diagnostic,
    found: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    match nearest(found, names) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic,
    }
}

/// Returns the names as a sorted list for a message: "`a`, `b` and `c`".
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names = names.into_iter().filter(|n| !n.is_empty());
    let mut names: Vec<_> = names.map(|n| format!("`{n}`")).collect();
    names.sort();
    names.dedup();
    match names.pop() {
        None => String::from("none"),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}

/// Returns "1 argument", "2 arguments".
pub(super) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
