//! What a drill gives and no run has asked for.
//!
//! Owns how that is named. Never decides what is asked for.

use super::GivenWorld;
use crate::program::{Drill, GivenWhat};

pub(super) fn outcome_of(step: &str) -> String {
    format!("step \"{step}\"")
}

pub(super) fn stop_of(step: &str) -> String {
    format!("operator stops at step \"{step}\"")
}

pub(super) fn crash_of(step: &str) -> String {
    format!("crash in step \"{step}\"")
}

pub(super) fn answer_of(name: &str) -> String {
    format!("answer {name}")
}

/// `text`: of the question; empty: any.
pub(super) fn replies_of(manual: bool, text: &str) -> String {
    let kind = if manual { "manual" } else { "approval" };
    if text.is_empty() { kind.to_owned() } else { format!("{kind} \"{text}\"") }
}

impl GivenWorld {
    /// Notes that something that is given was asked for.
    pub(super) fn uses(&mut self, what: &str) {
        *self.used.entry(what.to_owned()).or_default() += 1;
    }

    /// Returns what a drill gives and no run has asked for, as it is named there.
    pub fn unused(&self, drill: &Drill) -> Vec<String> {
        drill.given.iter().filter_map(|given| self.unused_of(&given.what)).collect()
    }

    fn unused_of(&self, what: &GivenWhat) -> Option<String> {
        let (name, values) = match what {
            GivenWhat::Param { .. } | GivenWhat::Alert { .. } => return None,
            GivenWhat::Readings { name, readings } => (name.clone(), readings.len()),
            GivenWhat::Step { name, outcomes } => (outcome_of(name), outcomes.len()),
            GivenWhat::Replies { manual, text, replies } => {
                (replies_of(*manual, text.as_deref().unwrap_or_default()), replies.len())
            }
            GivenWhat::Answer { name, .. } => (answer_of(name), 1),
            GivenWhat::OperatorStops { step } => (stop_of(step), 1),
            GivenWhat::Crash { step } => (crash_of(step), 1),
        };
        match self.used.get(&name).copied().unwrap_or_default() {
            0 => Some(name),
            asked if asked < values => Some(format!("{name}, value {} of {values}", asked + 1)),
            _ => None,
        }
    }
}
