//! Checked drills: what is given, and what is expected of the run.
//!
//! Owns the types. Values that are given are computed already; names are those of the program. Never runs anything.

use serde::{Deserialize, Serialize};

use super::Expr;
use crate::source::Span;
use crate::value::Value;

/// `drill "…" { given … expect … }`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Drill {
    pub title: String,
    pub span: Span,
    pub given: Vec<Given>,
    pub expect: Vec<Expect>,
}

/// A line that begins with `given`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Given {
    pub span: Span,
    pub what: GivenWhat,
}

/// What the world is. Steps and questions are named as they are written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum GivenWhat {
    /// A parameter, or a secret, which is no secret here.
    Param {
        name: String,
        value: Value,
    },
    /// The successive readings of a name or a call; the last one stays.
    Readings {
        name: String,
        readings: Vec<Reading>,
    },
    /// What happens in the successive attempts of a step; the last one stays.
    Step {
        name: String,
        outcomes: Vec<StepOutcome>,
    },
    /// The successive replies to approvals, or to manual steps; the last one stays. `text`: to that one alone.
    Replies {
        manual: bool,
        text: Option<String>,
        replies: Vec<Reply>,
    },
    /// The answer to an `ask`; `None`: never.
    Answer {
        name: String,
        value: Option<Value>,
        by: Option<String>,
        after: i64,
    },
    /// The alert that began it. Its labels give parameters.
    Alert {
        labels: Vec<(String, Value)>,
    },
    OperatorStops {
        step: String,
    },
    Crash {
        step: String,
    },
}

/// One reading.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// Its value, or why it fails.
    pub brings: Result<Value, String>,
    /// Nanoseconds.
    pub takes: i64,
}

/// What happens in an attempt of a step: its first change, or in a step that only reads its first reading, goes so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StepOutcome {
    Fails,
    /// Its end is never seen.
    Lost,
    Exits(i32),
    /// Nanoseconds.
    Takes(i64),
    Prints(String),
}

/// A reply to an approval or a manual step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// `None`: nobody replies.
    pub yes: Option<bool>,
    pub by: Option<String>,
    /// Nanoseconds.
    pub after: i64,
}

/// A line that begins with `expect`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expect {
    pub span: Span,
    pub what: ExpectWhat,
}

/// What must be so in the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ExpectWhat {
    /// The outcome's word.
    Outcome(String),
    /// The resolution that was taken, as written.
    Resolve(String),
    Step {
        name: String,
        fate: StepFate,
    },
    NothingChanged,
    NothingLeftChanged,
    EscalatedTo(String),
    Notified {
        channel: String,
        message: Option<String>,
    },
    Finding(String),
    /// A line of the timeline holds this.
    Timeline(String),
    /// True in the end. Names are the phases' own, whether they are bound or not.
    That(Expr),
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepFate {
    Ran,
    NotRun,
    Undone,
    /// So many attempts.
    Times(u32),
    /// It began before that one did.
    Before(String),
}
