//! Bounds: how long a runbook, its phases and its statements take at worst, without running anything.
//!
//! Owns the worst case along every path, as the engine bounds it: sums, the longest of branches and arms, products of
//! bounded loops and attempts, capped by `timeout` and `within`; the time of people and the way back apart. A pure fold
//! over the checked program, in linear time. Never decides what is wrong with a bound (`check` does).
//!
//! What counts is what the interpreter enforces. The ten seconds that a command may take to end after its bound
//! are not counted.

mod calls;
mod cost;
mod extent;
mod flow;
mod fold;
mod time;
mod whole;

use std::collections::BTreeMap;

use crate::program::Program;
use crate::value::Value;

pub use cost::{Made, Part};
pub use time::{Amount, Open, Time};

/// How long a call may take that has no bound, without a configuration: 1m.
pub const CALL: i64 = 60_000_000_000;
/// How long an undo or a `finally` without a bound of its own may take: 1m.
pub const OWN: i64 = 60_000_000_000;
/// How long a question stands that the runbook does not write: 5m.
pub const PATIENCE: i64 = 300_000_000_000;
/// Without `cleared when`: `when` no longer holds, within 1m.
pub const CLEARED: i64 = 60_000_000_000;

/// What is known before a run.
#[derive(Clone, Debug)]
pub struct Given {
    /// Parameters that are given.
    pub params: Vec<(String, Value)>,
    /// Whether these are all: the others have their defaults. Else they may be given anything they take.
    pub whole: bool,
    /// How long a call may take that has no bound, nanoseconds.
    pub call: i64,
}

impl Given {
    /// Returns what holds for every run.
    pub fn nothing() -> Given {
        Given { params: Vec::new(), whole: false, call: CALL }
    }
}

/// The bounds of a runbook.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Of statements, by their id; of those in an action as where it is called first.
    parts: Vec<Option<Part>>,
    /// One measurement of all symptoms.
    pub symptoms: Time,
    pub diagnose: Option<Phase>,
    pub resolves: Vec<Phase>,
    /// What `diagnose` leads to in other runbooks, by their index.
    pub leads: Vec<(u32, Phase)>,
    /// Measuring the symptoms again until they are gone.
    pub clearing: Time,
    pub rollback: Option<Phase>,
    /// Paging somebody at the end, where something escalates.
    pub page: Time,
    /// Of the runbooks that are followed, by their index.
    pub books: BTreeMap<u32, Bounds>,
}

/// The bounds of a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    pub time: Time,
    /// Taking its changes back.
    pub back: Time,
    /// What its `within` says.
    pub within: Option<Amount>,
    /// What it would take without that.
    pub uncut: Time,
}

impl Bounds {
    /// Returns the bounds of a program and of those it follows.
    pub fn of(program: &Program, given: &Given) -> Bounds {
        whole::bounds(program, &program.follows, given)
    }

    /// Returns the bounds of a statement that stands on some path.
    pub fn part(&self, id: u32) -> Option<&Part> {
        self.parts.get(id as usize)?.as_ref()
    }

    /// Returns the ways through it: each resolution and each other runbook that the diagnosis leads to; one empty way where it leads to
    /// none.
    pub fn ways(&self) -> impl Iterator<Item = Phase> {
        let none = self.resolves.is_empty() && self.leads.is_empty();
        let ways = self.resolves.iter().copied().chain(self.leads.iter().map(|(_, lead)| *lead));
        ways.chain(none.then(Phase::default))
    }

    /// Returns what a way takes from the first measurement to the last.
    pub fn forward(&self, way: &Phase) -> Time {
        let diagnose = self.diagnose.map_or(Time::ZERO, |diagnose| diagnose.time);
        self.symptoms.plus(diagnose).plus(way.time).plus(self.clearing)
    }

    /// Returns what it takes at the end of a way to go all of it back.
    pub fn backward(&self, way: &Phase) -> Time {
        let rollback = self.rollback.map_or(Time::ZERO, |rollback| rollback.time);
        way.back.plus(rollback).plus(self.symptoms).plus(self.page).back()
    }

    /// Returns the worst case of a run: the longest way, and all of it back.
    pub fn worst(&self) -> Time {
        self.ways()
            .map(|way| self.forward(&way).plus(self.backward(&way)))
            .reduce(Time::or)
            .unwrap_or(Time::ZERO)
    }
}
