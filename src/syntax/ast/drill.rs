//! Drills: the given world and what is expected of a run in it.
//!
//! Owns `given` and `expect` as written. Never runs one.

use super::{Entry, Expr, Name, Path, Text};
use crate::source::Spanned;

/// `drill "…" { given … expect … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    pub title: Text,
    pub parts: Vec<Spanned<DrillPart>>,
}

/// One line of a drill.
#[derive(Clone, Debug, PartialEq)]
pub enum DrillPart {
    Given(Given),
    Expect(Expect),
}

/// What the world is.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// `given NAME = v, then fails "why", then v2 after 20s`: at least one.
    Value { name: Path, values: Vec<Spanned<GivenReading>> },
    /// `given step "…" fails, then exits 0`: at least one.
    Step { title: Text, outcomes: Vec<Spanned<StepOutcome>> },
    /// `given approval ["…"] …, then …`, and `given manual …`: at least one.
    Reply { manual: bool, text: Option<Text>, replies: Vec<Spanned<GivenReply>> },
    /// `given answer NAME = v by "dana" after 40s`; without a value: never.
    Answer { name: Name, value: Option<Expr>, by: Option<Text>, after: Option<Expr> },
    /// `given alert "…" with { label: v }`.
    Alert { name: Text, labels: Vec<Entry> },
    /// `given operator stops at step "…"`.
    OperatorStops { step: Text },
    /// `given crash in step "…"`.
    Crash { step: Text },
}

/// One reading of several.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenReading {
    pub what: GivenWhat,
    /// How long it takes.
    pub after: Option<Expr>,
}

/// What a reading brings.
#[derive(Clone, Debug, PartialEq)]
pub enum GivenWhat {
    Value(Expr),
    Fails(Option<Text>),
}

/// What a step does in a drill.
#[derive(Clone, Debug, PartialEq)]
pub enum StepOutcome {
    Fails,
    /// Its end is never seen.
    Lost,
    Exits(Expr),
    Takes(Expr),
    Prints(Expr),
}

/// How somebody replies.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenReply {
    pub says: Says,
    pub by: Option<Text>,
    pub after: Option<Expr>,
}

/// A yes, a no, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Granted,
    Denied,
    Never,
}

/// What must be so in the end.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// `expect outcome rolled_back`.
    Outcome(Name),
    /// `expect resolve "…"`.
    Resolve(Text),
    /// `expect step "…" undone`.
    Step {
        title: Text,
        fate: Spanned<StepFate>,
    },
    /// `expect nothing changed`.
    NothingChanged,
    /// `expect nothing left changed`.
    NothingLeftChanged,
    EscalatedTo(Name),
    Notified {
        channel: Name,
        message: Option<Text>,
    },
    Finding(Text),
    /// Some line of the timeline holds this text.
    Timeline(Text),
    /// Any expression, also over `elapsed`.
    That(Expr),
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepFate {
    Ran,
    NotRun,
    Undone,
    /// `3 times`.
    Times(Expr),
    /// `before step "…"`.
    Before(Text),
}
