//! Why a block ended early.

use crate::source::Span;

/// Something failed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub message: String,
    /// Command, exit status, end of its output: each a line.
    pub detail: Vec<String>,
    pub span: Span,
    /// Whether the journal has it already.
    pub reported: bool,
    /// Nothing went wrong: a dry run does not know.
    pub unknown: bool,
}

impl Failure {
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Failure { message: message.into(), detail: Vec::new(), span, reported: false, unknown: false }
    }

    /// Returns what a dry run says where a value depends on one that it does not know.
    pub fn unknown(name: &str, span: Span) -> Self {
        Failure { unknown: true, ..Failure::new(format!("`{name}` is unknown"), span) }
    }
}

/// Why a block ended before its last statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Failure(Failure),
    /// A person refused, or was silent where silence aborts.
    Refused(String),
    /// Somebody stopped the run.
    Operator(String),
    Escalate {
        role: String,
        text: String,
    },
    /// Another arm of a `parallel` failed.
    Arm,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failure(failure)
    }
}

/// How a block ended that did not stop.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flow {
    Next,
    Return(crate::value::Value),
    /// `decide` chose this resolution.
    Resolve(u32),
    /// `decide` leads to another runbook, which is run once the diagnosis has ended.
    Follow(super::follow::Way),
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallFailure {
    pub message: String,
    pub detail: Vec<String>,
    pub end: End,
}

/// What is known of the end of a call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It never began.
    NotRun,
    /// Its end was seen.
    Failed,
    /// It may have happened.
    InDoubt,
    /// A dry run did not make it, or did not know what to make.
    Unknown,
}

impl CallFailure {
    pub fn new(end: End, message: impl Into<String>) -> Self {
        CallFailure { message: message.into(), detail: Vec::new(), end }
    }

    /// Returns the failure as one text: the message, then a line for each detail.
    pub fn text(&self) -> String {
        let mut lines = vec![self.message.clone()];
        lines.extend(self.detail.iter().cloned());
        lines.join("\n")
    }

    /// Returns the failure of a text made by [`CallFailure::text`].
    pub fn parse(text: &str, end: End) -> Self {
        let mut lines = text.lines().map(str::to_owned);
        CallFailure { message: lines.next().unwrap_or_default(), detail: lines.collect(), end }
    }

    pub fn at(self, span: Span) -> Failure {
        let unknown = self.end == End::Unknown;
        Failure { detail: self.detail, unknown, ..Failure::new(self.message, span) }
    }
}

/// Why a call brought no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallStop {
    Failed(CallFailure),
    /// Not its own failure: a stop, a refusal, an escalation inside it.
    Stop(Stop),
}

impl CallStop {
    pub fn at(self, span: Span) -> Stop {
        match self {
            CallStop::Failed(failure) => Stop::Failure(failure.at(span)),
            CallStop::Stop(stop) => stop,
        }
    }
}

impl From<CallFailure> for CallStop {
    fn from(failure: CallFailure) -> Self {
        CallStop::Failed(failure)
    }
}
