//! The journal's record types.
//!
//! Owns what is written down of a run: inputs from outside, requests to the world, facts,
//! and traces. Versioned and round-tripped; apart from what a screen shows. Never holds a
//! secret: a [`crate::value::Secret`] stores its name only.

mod fact;
mod input;
mod planned;
mod request;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use fact::{
    Change, ChangeState, Entry, Fact, FollowEnd, Judgement, Outcome, PhaseKind, Settled, StepOutcome,
    Verdict, Would,
};
pub use input::{
    Answer, CommandEnd, Control, Ended, Executor, GameDay, Heard, Input, Kept, Opened, Outlet, Reply,
    SourceHash,
};
pub use planned::{
    Difference, OfPlan, PLAN_FORMAT, Planned, PlannedReading, Point, PointKind, SavedPlan, plan_id,
};
pub use request::{
    Around, Ask, CommandRequest, Deed, LEAVE, NativeRequest, Place, Question, QuestionKind, Request, Wanted,
};

/// The format of the journal that this program writes.
pub const FORMAT: u32 = 1;

/// A point in time: on the wall, and on the run's own clock, which no wall clock moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// Nanoseconds since the run was opened; time that passed while nobody ran it counts.
    pub run_ns: i64,
    /// Microseconds since 1970 UTC.
    pub wall_us: i64,
}

/// Names one place of one walk: `s4.i2.a1.s9`. Statement ids with iteration (`i`), attempt
/// (`a`), sample (`n`), undo (`u`). The same in a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(pub Arc<str>);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a row of the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    Input,
    Request,
    Fact,
    /// What happened inside a read; not needed for a replay.
    Trace,
}

/// One row of the journal, before it is numbered and chained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub class: Class,
    /// Where in the walk; empty for what concerns the whole run.
    pub address: Address,
    pub at: Moment,
    pub body: Body,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    Input(Input),
    Request(Ask),
    Fact(Fact),
}
