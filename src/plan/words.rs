//! The words for times, people and clauses.

use crate::bounds::{Amount, Time};
use crate::program::{Approvers, Polling, Silence};

use super::known::Known;

/// Returns a length that is not what it would be without a bound.
pub(super) fn cut(within: Option<Amount>, uncut: &Time) -> String {
    match within {
        Some(within) if uncut.forward.open.is_some() || uncut.forward.known > within.known => {
            format!("within {within}")
        }
        _ => String::new(),
    }
}

/// Returns who may answer: `oncall or lead`, `any 2 of lead, oncall`.
pub(super) fn approvers(by: &Approvers) -> String {
    if by.quorum {
        return format!("any {} of {}", by.count, by.roles.join(", "));
    }
    by.roles.join(" or ")
}

/// Returns what silence does.
pub(super) fn silence(silence: &Silence, known: &Known<'_>) -> String {
    match silence {
        Silence::Abort => "abort".to_owned(),
        Silence::Continue => "continue".to_owned(),
        Silence::Escalate { role, .. } => format!("escalate to {role}"),
        Silence::Answer(answer) => known.expr(answer),
    }
}

/// Returns the clauses of a polling.
pub(super) fn polling(polling: &Polling, known: &Known<'_>) -> Vec<(&'static str, String)> {
    let mut clauses = Vec::new();
    if let Some(holds) = &polling.holds {
        clauses.push(("for", known.expr(holds)));
    }
    if let Some(within) = &polling.within {
        clauses.push(("within", known.expr(within)));
    }
    clauses.push(("every", known.expr(&polling.every)));
    clauses
}
