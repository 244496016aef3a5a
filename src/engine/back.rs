//! The way back: undo, rollback, symptom again; and how a run ends.
//!
//! Owns in which order a run is taken back, at once or later, and which outcome that gives. Never takes a
//! single change back (`unwind` does).

use super::context::Cx;
use super::failure::Stop;
use super::ledger::{Changes, Item};
use super::run::{phase, symptoms};
use super::unwind;
use crate::event::{Address, Entry, Fact, Outcome, PhaseKind};

/// The way back: undo, rollback, symptom again; and how the run ends.
pub(super) async fn back(cx: &Cx<'_>, stop: Stop) -> Outcome {
    let mut outcome = match &stop {
        Stop::Failure(_) | Stop::Arm => Outcome::RolledBack,
        Stop::Refused(_) | Stop::Operator(_) => Outcome::Aborted,
        Stop::Escalate { .. } => Outcome::Escalated,
    };
    let because = cx.walk.door.state().because.clone();
    let reason = match &stop {
        Stop::Failure(failure) => failure.message.clone(),
        Stop::Refused(why) => why.clone(),
        Stop::Operator(by) if because.is_empty() => format!("stopped by {by}"),
        Stop::Operator(by) => format!("stopped by {by}, because {because}"),
        Stop::Escalate { role, text } => format!("escalated to {role}: {text}"),
        Stop::Arm => String::from("stopped"),
    };
    if let Stop::Operator(by) = &stop {
        // Not in the `match`: the door is locked while it is looked at.
        let taken_back = cx.walk.door.state().rollback.take();
        match taken_back {
            Some(_) if cx.walk.ledger().attempted => outcome = Outcome::RolledBack,
            // Nothing was changed: it was only ended.
            Some(_) => {}
            None => cx.fact(Fact::Stopped { by: by.clone(), because }),
        }
    }
    let attempted = cx.walk.ledger().attempted;
    let mut clean = unwinding(cx, cx.changes.take()).await;
    if attempted {
        clean &= rollback(cx).await;
        remeasure(cx).await;
    }
    clean &= cx.walk.ledger().standing.is_empty();
    if !attempted && outcome == Outcome::RolledBack || !clean && outcome != Outcome::Escalated {
        outcome = Outcome::Failed;
    }
    if let Stop::Escalate { role, text } = stop {
        page(cx, &role, &text).await;
    }
    end(cx, outcome, reason)
}

/// Takes back what a run that is over has done, as far as that is recorded: once more the way back.
pub(super) async fn later(cx: &Cx<'_>, by: String) -> Outcome {
    let items = cx.kept.take();
    cx.walk.ledger().forget(&items);
    for rollback in cx.kept.1.take_rollbacks() {
        cx.changes.1.push_rollback(rollback);
    }
    let again = cx.walk.ledger().rolled_back;
    let mut clean = unwinding(cx, items).await;
    if !again {
        clean &= rollback(cx).await;
    }
    remeasure(cx).await;
    clean &= cx.walk.ledger().standing.is_empty();
    end(cx, if clean { Outcome::RolledBack } else { Outcome::Failed }, format!("taken back by {by}"))
}

async fn unwinding<'w>(cx: &Cx<'w>, items: Vec<Item<'w>>) -> bool {
    if items.is_empty() && cx.changes.1.is_empty() {
        return true;
    }
    let kind = PhaseKind::Unwind;
    cx.fact(Fact::PhaseBegan { phase: kind, title: String::new(), deadline: None });
    let clean = unwind::all_back(cx, items).await;
    cx.fact(Fact::PhaseEnded { phase: kind, title: String::new(), ok: clean });
    clean
}

async fn rollback(cx: &Cx<'_>) -> bool {
    let Some(rollback) = &cx.walk.program.rollback else {
        cx.walk.ledger().rolled_back = true;
        return true;
    };
    let here = Cx { changes: Changes::default(), ..cx.shielded() };
    let result = phase(&here, rollback, PhaseKind::Rollback, "rollback").await;
    if let Err(Stop::Escalate { role, text }) = &result {
        page(&here.down("rollback"), role, text).await;
    }
    let mut ledger = cx.walk.ledger();
    for item in here.changes.take() {
        ledger.keep(item, Some("made by the rollback"));
    }
    // One that failed is walked again when somebody takes the run back once more.
    ledger.rolled_back = result.is_ok();
    let at = Address("rollback".into());
    if ledger.rolled_back {
        ledger.pays(&at)
    } else {
        ledger.owes(&at, "the section `rollback`")
    }
    result.is_ok()
}

async fn remeasure(cx: &Cx<'_>) {
    let here = cx.shielded().forked();
    // What cannot be measured is written down by `symptoms`; it does not change how the run ends.
    let _measured = symptoms(&here, PhaseKind::Remeasure, "x").await;
}

/// Pages a role, with what still stands.
pub(super) async fn page(cx: &Cx<'_>, role: &str, text: &str) {
    let ledger = cx.walk.ledger().clone();
    let standing: Vec<_> =
        ledger.standing.iter().chain(&ledger.irreversible).map(|e| e.change.call.as_str()).collect();
    let text = if standing.is_empty() {
        text.to_owned()
    } else {
        format!("{text} (still stands: {})", standing.join("; "))
    };
    let here = cx.shielded().down("page");
    // A page that cannot be sent is a fact of its own.
    let _sent = here.notify(role, text, true).await;
}

pub(super) fn end(cx: &Cx<'_>, outcome: Outcome, reason: String) -> Outcome {
    let ledger = cx.walk.ledger().clone();
    let mut standing: Vec<Entry> = ledger.standing;
    standing.extend(ledger.irreversible);
    cx.fact(Fact::Ended {
        outcome,
        reason,
        changed: ledger.changed,
        taken_back: ledger.taken_back,
        standing,
        left: ledger.left,
    });
    outcome
}
