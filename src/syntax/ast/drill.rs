//! Drills: the given world and what is expected of a run in it.
//!
//! Owns `given` and `expect` as written. Never runs one.

use super::{Expr, Name, Path, Text};
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
    /// `given NAME = v, then v2`: at least one value.
    Value {
        name: Path,
        values: Vec<Expr>,
    },
    /// `given step "…" fails, then exits 0`: at least one.
    Step {
        title: Text,
        outcomes: Vec<Spanned<StepOutcome>>,
    },
    Approval(Spanned<GivenAnswer>),
    /// `given operator stops at step "…"`.
    OperatorStops {
        step: Text,
    },
    /// `given crash in step "…"`.
    Crash {
        step: Text,
    },
}

/// What a step does in a drill.
#[derive(Clone, Debug, PartialEq)]
pub enum StepOutcome {
    Fails,
    Exits(Expr),
    Takes(Expr),
}

/// How approvals are answered.
#[derive(Clone, Debug, PartialEq)]
pub enum GivenAnswer {
    Granted,
    Denied,
    Never,
    /// `by "dana" after 40s`: granted by this person.
    By {
        person: Text,
        after: Option<Expr>,
    },
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
}
