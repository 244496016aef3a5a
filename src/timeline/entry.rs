//! One thing worth telling about a run.

use super::Words;
use crate::event::Moment;
use crate::source::Span;
use crate::value::Value;

/// One thing worth telling.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The journal's row.
    pub seq: u64,
    pub at: Moment,
    pub kind: Kind,
    pub tone: Tone,
    pub weight: Weight,
    /// How many steps it stands in, one for each, from 0.
    pub depth: usize,
    /// The step it stands in, where several run at once; empty otherwise.
    pub lane: String,
    /// A person, or `mainstay`.
    pub who: String,
    pub what: Words,
    /// The call a reading came from, where it has a name of its own.
    pub from: String,
    /// What came of it; may be empty.
    pub outcome: Words,
    /// More, each a line: the end of a command's output.
    pub detail: Vec<String>,
    /// A value that is worth more than a line.
    pub value: Option<Value>,
    /// Where in the runbook, for failures.
    pub span: Option<Span>,
    pub evidence: Vec<Evidence>,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Opened,
    Title,
    Phase,
    Symptom,
    Step,
    Reading,
    Condition,
    Finding,
    Value,
    Decision,
    Change,
    Unwind,
    Question,
    Answer,
    Silence,
    Message,
    Note,
    Wait,
    Failure,
    Stop,
    /// The runbook's `rto` ran out.
    Rto,
    Ended,
}

/// How it is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
    Warn,
    /// Of little weight.
    Quiet,
}

/// Where it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// On the timeline, and wherever lines are shown.
    Key,
    /// A line, but nothing for the timeline.
    Line,
    /// Something begins: a line where nothing moves, else what moves shows it.
    Begin,
}

/// Where the proof is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A row of the journal.
    Row(u64),
    /// A file in the run's folder.
    File(String),
}
