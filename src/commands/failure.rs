//! Why a command could not be carried out, as the operator reads it.

use crate::diagnostic::Diagnostic;
use crate::display::{self, Look};
use crate::journal::JournalError;
use crate::source::Sources;

/// Invalid file or arguments (`docs/language.md`, *Outcomes*).
pub(super) const INVALID: u8 = 2;

/// A message, what to do about it, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub code: u8,
    message: String,
    notes: Vec<String>,
    help: Vec<String>,
}

impl Failure {
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Failure { code, message: message.into(), notes: Vec::new(), help: Vec::new() }
    }

    /// Adds a line of background.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Writes it to standard error.
    pub fn tell(&self) {
        let mut diagnostic = Diagnostic::error("", self.message.as_str());
        diagnostic.notes.clone_from(&self.notes);
        diagnostic.help.clone_from(&self.help);
        tell(&diagnostic);
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let code = match error {
            JournalError::UnknownRun { .. } | JournalError::AmbiguousRun { .. } => INVALID,
            _ => 1,
        };
        let failure = Failure::new(code, error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

/// Writes a warning to standard error.
pub(super) fn warn(message: impl Into<String>) {
    tell(&Diagnostic::warning("", message));
}

fn tell(diagnostic: &Diagnostic) {
    eprint!("{}", display::diagnostic(diagnostic, &Sources::default(), Look::of_stderr()));
}
