//! Taking changes back, last first; and `finally`s when their step ends.

use std::sync::Arc;

use super::context::Cx;
use super::failure::{Failure, Stop};
use super::join::Walking;
use super::ledger::{Item, Plan};
use super::mark::{past, run_behind, stays};
use super::people::Heard;
use super::question::Asked;
use super::statement::block;
use super::visits::Passed;
use crate::event::{ChangeState, Entry, Fact, QuestionKind, Settled, Wanted};
use crate::program::Undo;
use crate::value::Value;

/// How long an undo or a `finally` without a timeout of its own may take: 1m.
pub(super) const OWN_BOUND: i64 = 60_000_000_000;

/// Acts the `finally`s of a place that ended well, last first.
///
/// # Errors
/// When one fails: what it should have ended still stands.
pub(super) fn finish<'a>(cx: &'a Cx<'_>) -> Walking<'a, Result<(), Stop>> {
    Box::pin(finally(cx))
}

async fn finally(cx: &Cx<'_>) -> Result<(), Stop> {
    let mut failed = None;
    for item in cx.changes.take_finallys().into_iter().rev() {
        let (settled, message) = take_back(cx, &item).await;
        if settled != Settled::Done {
            let text = format!("`finally {}` failed: {message}", item.text);
            failed = failed.or(Some(Failure::new(text, item.change.span)));
        }
    }
    failed.map_or(Ok(()), |failure| Err(failure.into()))
}

/// Takes everything back, last first. One that fails does not stop the others.
///
/// Returns whether nothing is left that should not stand.
pub(super) async fn unwind(cx: &Cx<'_>) -> bool {
    all_back(cx, cx.changes.take()).await
}

/// Takes these back, the last first, as [`unwind`] does.
pub(super) async fn all_back<'w>(cx: &Cx<'w>, items: Vec<Item<'w>>) -> bool {
    let past = past(cx).await;
    let mut rollbacks = cx.changes.1.take_rollbacks();
    let mut clean = true;
    for item in items.into_iter().rev() {
        clean &= run_behind(cx, &mut rollbacks, item.order).await;
        let settled = match (&item.plan, &past) {
            (Plan::Undo(_), Some(point)) if item.order < point.order => stays(cx, &item, point),
            (Plan::Undo(_) | Plan::Finally(_), _) => take_back(cx, &item).await.0,
            (Plan::Leave(_) | Plan::Irreversible(_) | Plan::Nothing, _) => declared(cx, item),
        };
        clean &= matches!(settled, Settled::Done | Settled::NotNeeded);
    }
    clean & run_behind(cx, &mut rollbacks, 0).await
}

/// Lists a change that nothing takes back.
fn declared(cx: &Cx<'_>, item: Item<'_>) -> Settled {
    let mut ledger = cx.walk.ledger();
    let entry = |note: String| Entry { change: item.change.clone(), note };
    match (&item.plan, item.state) {
        (_, ChangeState::NotRun) => Settled::NotNeeded,
        (Plan::Leave(why), state) => {
            let failed = if state == ChangeState::Failed { "it failed; " } else { "" };
            ledger.left.push(entry(format!("{failed}{why}")));
            Settled::Done
        }
        (Plan::Irreversible(why), ChangeState::InDoubt) => {
            ledger.irreversible.push(entry(format!("in doubt, and irreversible: {why}")));
            Settled::Done
        }
        (Plan::Irreversible(why), _) => {
            ledger.irreversible.push(entry(format!("irreversible: {why}")));
            Settled::Done
        }
        _ => {
            ledger.standing.push(entry(String::from("nothing takes it back")));
            Settled::Failed
        }
    }
}

/// Carries one undo or `finally` out and lists what became of it.
async fn take_back<'w>(cx: &Cx<'w>, item: &Item<'w>) -> (Settled, String) {
    let finally = matches!(item.plan, Plan::Finally(_));
    let part = if finally { "f" } else { "u" };
    let place = cx.shielded().down(format_args!("{part}{}", item.order));
    let here = Cx {
        walk: Arc::clone(&item.walk),
        frame: item.frame.fork(),
        step: item.change.step.as_str().into(),
        attempt: item.attempt,
        began: item.began,
        ..place
    };
    let (settled, message) = settle(&here, item).await;
    let entry = |note: String| Entry { change: item.change.clone(), note };
    let mut ledger = cx.walk.ledger();
    match settled {
        Settled::Done => {
            let how = if finally { "put back: " } else { "undone: " };
            ledger.falls(&item.change);
            ledger.taken_back.push(entry(format!("{how}{}", item.text)));
        }
        Settled::NotNeeded => ledger.falls(&item.change),
        Settled::Failed | Settled::InDoubt => {
            let what = if finally { "its `finally` failed: " } else { "its undo failed: " };
            let what = if settled == Settled::InDoubt { "in doubt: " } else { what };
            ledger.standing.push(entry(format!("{what}{message}")));
            if finally {
                ledger.stands(&item.change, format!("ended by `{}`", item.text), Some(item.text.clone()));
            }
            drop(ledger);
            cx.keep_for_later(item);
        }
    }
    (settled, message)
}

async fn settle<'w>(cx: &Cx<'w>, item: &Item<'w>) -> (Settled, String) {
    if let Plan::Undo(undo) = &item.plan
        && item.state == ChangeState::InDoubt
    {
        match happened(cx, item, undo).await {
            Doubt::Undo => {}
            Doubt::Nothing(why) => {
                cx.fact(settled_fact(item, Settled::NotNeeded, &why));
                return (Settled::NotNeeded, why);
            }
            Doubt::Open(why) => {
                cx.fact(settled_fact(item, Settled::InDoubt, &why));
                return (Settled::InDoubt, why);
            }
        }
    }
    let finally = matches!(item.plan, Plan::Finally(_));
    cx.fact(Fact::UnwindBegan { change: item.change.clone(), what: item.text.clone(), finally });
    let result = act(cx, item).await;
    let (settled, message) = match result {
        Ok(()) => (Settled::Done, String::new()),
        Err(failure) => {
            let (message, detail, span) = (failure.message.clone(), failure.detail, failure.span);
            cx.fact(Fact::Failed { message, detail, span });
            (Settled::Failed, failure.message)
        }
    };
    cx.fact(settled_fact(item, settled, &message));
    (settled, message)
}

fn settled_fact(item: &Item<'_>, settled: Settled, message: &str) -> Fact {
    Fact::UnwindEnded {
        change: item.change.clone(),
        what: item.text.clone(),
        finally: matches!(item.plan, Plan::Finally(_)),
        settled,
        message: message.to_owned(),
    }
}

async fn act<'w>(cx: &Cx<'w>, item: &Item<'w>) -> Result<(), Failure> {
    let span = item.change.span;
    let stopped = match &item.plan {
        Plan::Undo(undo) => {
            cx.passed(undo.span, Passed::Undone);
            let bounded = cx.bounded(OWN_BOUND, "the undo's bound of 1m", None);
            let place = if cx.walk.program.bounds_itself(&undo.body) { cx } else { &bounded };
            let result = block(place, &undo.body).await;
            let ended = finish(place).await;
            match result {
                Ok(_) if place.changes.in_doubt() => {
                    Some(Failure::new("nobody confirmed that it was taken back", undo.span).into())
                }
                Ok(_) => ended.err(),
                Err(stop) => Some(stop),
            }
        }
        Plan::Finally(call) => {
            let bounded = cx.bounded(OWN_BOUND, "the bound of 1m of a `finally`", None);
            let place = if call.timeout.is_some() { cx } else { &bounded };
            let result = place.change(call).await;
            let ended = finish(place).await;
            result.err().map(|stop| stop.at(span)).or(ended.err())
        }
        Plan::Leave(_) | Plan::Irreversible(_) | Plan::Nothing => None,
    };
    match stopped {
        None => Ok(()),
        Some(Stop::Failure(failure)) => Err(failure),
        Some(Stop::Refused(why)) => Err(Failure::new(why, span)),
        Some(Stop::Escalate { text, .. }) => Err(Failure::new(text, span)),
        Some(Stop::Operator(_) | Stop::Arm) => Err(Failure::new("it was stopped", span)),
    }
}

enum Doubt {
    /// Undo it.
    Undo,
    /// It did not happen.
    Nothing(String),
    /// Nobody knows.
    Open(String),
}

/// Settles a change in doubt: by its `done when`, by an undo that is `safe`, or by a person.
async fn happened<'w>(cx: &Cx<'w>, item: &Item<'w>, undo: &Undo) -> Doubt {
    if let Some(done_when) = item.done_when {
        let place = cx.down("w").bounded(OWN_BOUND, "the bound of 1m of a reading", None);
        match place.holds(done_when).await {
            Ok(true) => return Doubt::Undo,
            Ok(false) => {
                return Doubt::Nothing(String::from("what tells it says that it did not happen"));
            }
            Err(_) => {}
        }
    }
    if undo.safe {
        return Doubt::Undo;
    }
    let text = format!("`{}` may have happened: its end was not seen. Did it happen?", item.change.call);
    let question = cx.question(Asked {
        kind: QuestionKind::Doubt,
        text,
        by: None,
        wanted: Wanted::YesNo,
        on_silence: String::from("it stays in doubt, and is listed"),
        undo: Some(item.text.clone()),
    });
    match cx.put_own(&question, item.change.span).await {
        Heard::Answer(answer) => {
            let (yes, who) = (answer.is_yes(), answer.who.clone());
            cx.answered(&question, answer);
            if yes { Doubt::Undo } else { Doubt::Nothing(format!("{who} says that it did not happen")) }
        }
        Heard::Silence(why) => Doubt::Open(format!("nobody said whether it happened: {why}")),
        Heard::Cut | Heard::Late(_) => Doubt::Open(String::from("nobody said whether it happened")),
    }
}

impl<'w> Cx<'w> {
    /// Lists a change that nothing needs to take back any more, and keeps what would.
    pub fn keep(&self, item: Item<'w>, why: Option<&str>) {
        self.keep_for_later(&item);
        self.walk.ledger().keep(item, why);
    }

    /// Keeps what takes a change back, for later.
    fn keep_for_later(&self, item: &Item<'w>) {
        // What an undo or a rollback did is the way back, and is not taken back itself.
        let happened = item.state != ChangeState::NotRun && !item.change.undoing;
        if matches!(item.plan, Plan::Undo(_) | Plan::Finally(_)) && happened {
            self.kept.push(item.clone());
        }
    }

    /// Returns a duration as people read it.
    pub fn length(ns: i64) -> String {
        Value::Duration(ns).to_string()
    }
}
