//! The words for times, people and clauses.

use crate::bounds::{Amount, Time};
use crate::program::{Approvers, Polling, Silence};

use super::known::Known;

/// Returns what comes behind the bound of a phase, where something does.
pub(super) fn behind(within: Option<Amount>, time: &Time) -> String {
    match within.and_then(Amount::bounded).zip(time.all.bounded()) {
        Some((within, all)) if all > within => {
            let (within, rest) = (Amount::of(within), Amount::of(all - within));
            format!("within {within}, {rest} behind it to end and take back")
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
        Silence::Escalate { role, text: None } => format!("escalate to {role}"),
        Silence::Escalate { role, text: Some(text) } => {
            format!("escalate to {role} \"{}\"", known.text(text))
        }
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
