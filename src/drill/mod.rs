//! Drills: a runbook run in a world that is all given, on a virtual clock, and what is expected of it.
//!
//! Owns how a drill is set up, run, and judged. It is the same interpreter as in a real run, in another world. Never
//! touches anything, never reads a clock, never draws anything.

mod cases;
mod coverage;
mod explore;
mod findings;
mod found;
mod in_the_end;
mod judge;
mod record;
mod same;
mod stage;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::engine::{Passed, Visits};
use crate::event::{Outcome, Record};
use crate::program::{Drill, Program};
use crate::source::Span;

pub use cases::{Break, Case};
pub use coverage::{Coverage, FileCoverage, Group, Point, Tally, never};
pub use explore::{Depth, Explored, Shown, case, explore};
pub use found::{Finding, Findings, Kind};
pub use record::{Recorded, Unrecorded, file_of_drills, record};
pub use stage::{Kept, Problem, Ran, Stage};

/// What came of a drill.
#[derive(Clone, Debug)]
pub struct Report {
    pub title: String,
    /// Where its title stands.
    pub span: Span,
    /// What is not as expected, or kept the run from its end; empty: it passed.
    pub unmet: Vec<Diagnostic>,
    /// What was given and nobody asked for, as the drill names it.
    pub unused: Vec<String>,
    /// `None` where the run did not come to its end.
    pub outcome: Option<Outcome>,
    /// On the virtual clock, nanoseconds.
    pub elapsed: i64,
    /// What the run wrote down.
    pub records: Vec<Record>,
    /// Where it has been.
    pub passed: BTreeSet<(Span, Passed)>,
}

impl Report {
    /// Returns whether everything is as expected.
    pub fn passed(&self) -> bool {
        self.unmet.is_empty()
    }
}

/// Returns what of a drill's expectations does not hold for a run that is over, which people played.
pub fn unmet(program: &Arc<Program>, drill: &Drill, records: &[Record]) -> Vec<Diagnostic> {
    let world = crate::given::GivenWorld::new();
    let ran = Ran { records: records.to_vec(), writes: 0, problem: None, world };
    judge::unmet(&Stage::new(program, drill), drill, &ran)
}

/// Runs one drill of a program.
pub fn drill(program: &Arc<Program>, drill: &Drill) -> Report {
    let visits = Visits::default();
    let stage = Stage::new(program, drill).noting(&visits);
    let ran = stage.run(crate::given::Faults::default());
    let unmet = judge::unmet(&stage, drill, &ran);
    Report {
        title: drill.title.clone(),
        span: drill.span,
        unmet,
        // Where the run did not come to its end, nobody knows what it would have asked for.
        unused: if ran.problem.is_none() { ran.world.unused(drill) } else { Vec::new() },
        outcome: ran.outcome(),
        elapsed: ran.elapsed(),
        records: ran.records,
        passed: visits.take(),
    }
}
