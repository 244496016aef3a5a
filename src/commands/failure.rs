//! Why a command could not be carried out, as the operator reads it.

use crate::config::ConfigError;
use crate::diagnostic::Diagnostic;
use crate::display::{self, Look};
use crate::journal::JournalError;
use crate::people::inbox::InboxError;
use crate::source::Sources;

/// Invalid file or arguments (`docs/language.md`, *Outcomes*).
pub(super) const INVALID: u8 = 2;

/// A message, what to do about it, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub code: u8,
    /// At least one; notes and help go to the last.
    diagnostics: Vec<Diagnostic>,
    /// What their places point into.
    sources: Sources,
}

impl Failure {
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Failure { code, diagnostics: vec![Diagnostic::error("", message)], sources: Sources::default() }
    }

    /// Adds a line of background.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.last_mut() {
            last.notes.push(text.into());
        }
        self
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.last_mut() {
            last.help.push(text.into());
        }
        self
    }

    /// Writes it to standard error.
    pub fn tell(&self) {
        for diagnostic in &self.diagnostics {
            tell(diagnostic, &self.sources);
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure { code: INVALID, diagnostics: error.diagnostics, sources: error.sources }
    }
}

impl From<InboxError> for Failure {
    fn from(error: InboxError) -> Self {
        let failure = Failure::new(1, error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
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
    tell(&Diagnostic::warning("", message), &Sources::default());
}

/// Writes a warning, and what to do about it, to standard error.
pub(super) fn warn_with(message: impl Into<String>, help: impl Into<String>) {
    tell(&Diagnostic::warning("", message).help(help), &Sources::default());
}

fn tell(diagnostic: &Diagnostic, sources: &Sources) {
    eprint!("{}", display::diagnostic(diagnostic, sources, Look::of_stderr()));
}
