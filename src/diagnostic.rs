//! Messages about a text: what is wrong, where, what was expected, what to do.
//!
//! Owns diagnostics as plain data. Never renders them (`display` does) and never decides
//! what is wrong (`syntax` and `check` do).

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// How grave a message is. Errors keep a file from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// An underlined place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub span: Span,
    /// May be empty for the primary label, whose message stands above it.
    pub text: String,
}

/// One message. The first label is the primary one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable, kebab-case, e.g. `unknown-name`; listed in `docs/language.md`.
    pub code: String,
    pub severity: Severity,
    /// Lowercase, no full stop, user's text in backticks.
    pub message: String,
    pub labels: Vec<Label>,
    /// What to do, each a line: "did you mean `holders`?".
    pub help: Vec<String>,
    /// Background, each a line.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// Returns an error without a place; add one with [`Diagnostic::at`].
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Diagnostic {
            code: code.to_owned(),
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Returns a warning without a place.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// Adds a labelled place; the first one added is the primary.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a line of background.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Returns the primary place.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|l| l.span)
    }
}

/// Returns the candidate nearest to `found` when it is near enough to be a slip of the fingers.
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match found.chars().count() {
        0..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let found = found.to_lowercase();
    // Two slips and another first letter make another word.
    let begins = |c: &str| c.chars().next().zip(found.chars().next()).is_some_and(|(a, b)| a == b);
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&found, &c.to_lowercase()), c))
        .filter(|(d, c)| *d <= 1 || *d <= limit && begins(&c.to_lowercase()))
        .min()
        .map(|(_, c)| c)
}
