//! What came of a real run, as lines that begin with `expect`.
//!
//! Asks the judge of drills what the run's own records say, so that both read them in the same way.

use std::collections::BTreeSet;

use super::literal::{as_written, duration, quote};
use crate::drill::judge::Seen;
use crate::event::{Outcome, Record};
use crate::program::{Program, StepFate};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;

/// Lengths that people would write as a bound, nanoseconds.
const BOUNDS: &[i64] = &[
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    3 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    45 * MINUTE,
];

/// Returns the lines that say what came of the run.
pub(super) fn expected(program: &Program, records: &[Record]) -> Vec<String> {
    let seen = Seen::of(program, records);
    let mut lines = Vec::new();
    // One that was left is not over: nobody can expect it.
    if let Some((outcome, _)) = seen.outcome.filter(|(outcome, _)| *outcome != Outcome::Suspended) {
        lines.push(format!("  expect outcome {}", outcome.word()));
    }
    if let Some(resolve) = &seen.resolve {
        lines.push(format!("  expect resolve {}", as_written(resolve)));
    }
    let mut met: BTreeSet<&str> = BTreeSet::new();
    for (name, ..) in &seen.attempts {
        if !met.insert(name) {
            continue;
        }
        let step = as_written(name);
        match seen.attempts.iter().filter(|(other, ..)| other == name).count() {
            1 => lines.push(format!("  expect step {step} ran")),
            times => lines.push(format!("  expect step {step} {times} times")),
        }
        if seen.step(name, &StepFate::Undone).is_none() {
            lines.push(format!("  expect step {step} undone"));
        }
    }
    if seen.attempted.is_empty() {
        lines.push(String::from("  expect nothing changed"));
    } else if seen.changed.is_empty() && seen.standing.is_empty() {
        lines.push(String::from("  expect nothing left changed"));
    }
    for (whom, text, page) in &seen.told {
        lines.push(match page {
            true => format!("  expect escalated to {whom}"),
            false => format!("  expect notified {whom} {}", quote(text)),
        });
    }
    lines.extend(seen.findings.iter().map(|text| format!("  expect finding {}", quote(text))));
    let mut once = BTreeSet::new();
    lines.retain(|line| once.insert(line.clone()));
    lines
}

/// Returns the line that bounds a run of that length, with room to spare.
pub(super) fn bounded(elapsed: i64) -> String {
    let wanted = elapsed.saturating_mul(2);
    let hour = 60 * MINUTE;
    let hours = || (wanted / hour).saturating_add(1).saturating_mul(hour);
    let bound = BOUNDS.iter().copied().find(|bound| *bound > wanted).unwrap_or_else(hours);
    format!("  expect elapsed < {}", duration(bound))
}
