//! What an expression sees, and what may come of evaluating it.
//!
//! Owns the door between evaluation and the engine. Never holds a value itself.

use crate::program::NameRef;
use crate::source::Span;
use crate::value::Value;

/// What an expression sees. Everything it answers must be the same on replay.
pub trait Scope {
    /// Returns the value of a name, or `None` when nothing is bound to it yet.
    fn name(&self, name: NameRef) -> Option<Value>;

    /// Returns whether nobody knows the value of a name that is bound: a dry run did not do what brings it.
    fn unknown(&self, _name: NameRef) -> bool {
        false
    }

    /// Returns how errors call it, and what it was bound to, as written.
    fn describe(&self, name: NameRef) -> (String, String);

    /// Returns the result of call number `index` of this whole expression, if it was made already. Where no call is
    /// made there is none.
    fn reading(&self, _index: u32) -> Option<Result<Value, String>> {
        None
    }

    /// Returns the running attempt of the step, from 1. Outside a step it is the first.
    fn attempt(&self) -> i64 {
        1
    }

    /// Returns the nanoseconds since the step began. Outside a step there are none.
    fn elapsed(&self) -> i64 {
        0
    }

    /// Returns the time of the turn.
    fn now(&self) -> jiff::Timestamp;
}

/// Why evaluation stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// This call must be made first; then evaluate again.
    NeedCall(u32),
    /// The value depends on this name, whose value nobody knows.
    Unknown(String),
    Error(EvalError),
}

/// What went wrong in an expression. Never holds the text of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// Lowercase, no full stop, user's text in backticks.
    pub message: String,
    pub span: Span,
    /// What to do and where the value came from, each a line.
    pub help: Vec<String>,
    /// Whether something was not there: `| default(x)` catches it.
    pub missing: bool,
}

/// What went wrong in a function or operator, before its place is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub message: String,
    pub help: Vec<String>,
    /// Whether something was not there: `| default(x)` catches it.
    pub missing: bool,
}

impl Failure {
    /// Returns a failure that says what is wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), help: Vec::new(), missing: false }
    }

    /// Returns a failure that `| default(x)` catches.
    pub fn missing(message: impl Into<String>) -> Self {
        Failure { missing: true, ..Failure::new(message) }
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    /// Returns the error at that place.
    pub fn at(self, span: Span) -> EvalError {
        EvalError { message: self.message, span, help: self.help, missing: self.missing }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::new(message)
    }
}

impl From<EvalError> for Stop {
    fn from(error: EvalError) -> Self {
        Stop::Error(error)
    }
}
