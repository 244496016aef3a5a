//! `run`: a change, its four ends, and what is registered to take it back.

use std::sync::Arc;

use super::context::Cx;
use super::failure::{CallFailure, CallStop, End, Stop};
use super::ledger::{Changes, Item, Plan};
use super::planning::Here;
use super::unwind::finish;
use crate::event::{Change, ChangeState, Fact};
use crate::program::{Ending, Run, Statement, StatementKind, Target, Template, Undo};
use crate::source::Span;
use crate::value::Value;

impl<'w> Cx<'w> {
    /// Carries a `run` out. Returns the value of its call.
    pub async fn run_change(&self, run: &'w Run, span: Span) -> Result<Option<Value>, Stop> {
        let typed = self.typed(&run.call).map_err(|failed| Stop::Failure(failed.at(span)))?;
        let change = self.change_of(typed, span);
        if let Some(done_when) = run.proof()
            && self.is_so_already(run, done_when).await?
        {
            let message = String::from("it is so already");
            self.fact(Fact::ChangeEnded { change, state: ChangeState::NotRun, message });
            return Ok(None);
        }
        self.renewed(run, span).await?;
        if self.is_planned() {
            let all: Vec<Here> = self.change_here(run).into_iter().chain(self.undo_here(run)).collect();
            self.as_planned(&all, span, vec![self.deed(run, "")]).await?;
        }
        // A change in progress cannot be told apart from its action's own: they gather in a scope of their own.
        let own = Changes::default();
        let name = run.slot.map(|slot| self.slot_name(slot)).unwrap_or_default();
        let here = Cx { changes: own.clone(), ..self.down("d").named(&name, run.call.span) };
        let registered = self.register(run, &change)?;
        self.fact(Fact::ChangeBegan(change.clone()));
        if let Target::Manual(manual) = &run.call.target {
            let here = here.named(here.written(&manual.text), span);
            let (state, message, result) = Box::pin(here.manual(manual, span)).await;
            self.ended(run, &change, &registered, &own, (state, message));
            if result.is_ok() && state == ChangeState::InDoubt {
                self.changes.tolerate(&change);
            }
            return result.map(|()| None);
        }
        let result = here.untried(&run.call).await;
        let looked_at = match &result {
            Err(CallStop::Failed(_)) if run.call.tried => {
                // The run goes on: what the body of its action began ends now. What does not is listed.
                let _ended = finish(&here).await;
                super::reply::tried(&run.call, result.clone()).ok()
            }
            _ => None,
        };
        let ended = result.is_ok();
        let result = match (result, &run.done_when) {
            (Ok(value), Some(done_when)) => self.must_hold_now(done_when).await.map(|()| value),
            (result, _) => result,
        };
        let result = match result {
            Ok(value) => super::reply::tried(&run.call, Ok(value)),
            failed => failed,
        };
        if let Some(value) = result.as_ref().ok().or(looked_at.as_ref()) {
            self.bring(run, &registered, value);
        }
        match (self.settle(run, &change, &registered, &own, (ended, result), span), looked_at) {
            (Err(Stop::Failure(_)), Some(value)) => Ok(Some(value)),
            (settled, _) => settled,
        }
    }

    /// Returns the change that stands here.
    pub fn change_of(&self, call: String, span: Span) -> Change {
        let step = self.step.to_string();
        Change { address: self.address(), call, step, undoing: self.unwinding, span }
    }

    /// Returns whether there is nothing to do. What proves a manual step may not be readable yet.
    pub async fn is_so_already(
        &self,
        run: &'w Run,
        done_when: &'w crate::program::Expr,
    ) -> Result<bool, Stop> {
        match self.down("w").holds(done_when).await {
            Err(Stop::Failure(_)) if matches!(run.call.target, Target::Manual(_)) => Ok(false),
            result => result,
        }
    }

    async fn must_hold_now(&self, done_when: &'w crate::program::Expr) -> Result<(), CallStop> {
        match self.down("v").holds(done_when).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                let words = self.walk.program.sources.text(done_when.span);
                Err(CallFailure::new(
                    End::Failed,
                    format!("the change was made, but its `done when {words}` does not hold"),
                )
                .into())
            }
            Err(Stop::Failure(failure)) => {
                let mut failed = CallFailure::new(End::Failed, failure.message);
                failed.detail = failure.detail;
                failed.detail.push(String::from("read for its `done when` after the change"));
                Err(failed.into())
            }
            Err(stop) => Err(CallStop::Stop(stop)),
        }
    }

    /// Registers what takes the change back: its `finally` first, then its undo. Returns their places in the order.
    fn register(&self, run: &'w Run, change: &Change) -> Result<Vec<u64>, Stop> {
        let mut registered = Vec::new();
        if let Some(call) = &run.finally {
            let text = match self.typed(call) {
                Ok(text) => text,
                // It may name what the change is bound to.
                Err(_) if run.slot.is_some() => call.text.clone(),
                Err(failed) => return Err(Stop::Failure(failed.at(call.span))),
            };
            registered.push(self.push(change, Plan::Finally(call), None, text));
        }
        let (plan, text) = match &run.ending {
            Ending::Undo(undo) => (Plan::Undo(undo), self.undo_text(undo)),
            Ending::Leave(why) => (Plan::Leave(self.why(run, why)?), String::new()),
            Ending::Irreversible(why) => (Plan::Irreversible(self.why(run, why)?), String::new()),
            Ending::Own if run.finally.is_some() || self.is_action(run) => return Ok(registered),
            Ending::Own => (Plan::Nothing, String::new()),
        };
        if let Plan::Undo(undo) = &plan {
            let (undo, safe) = (text.clone(), undo.safe);
            self.fact(Fact::UndoRegistered { change: change.clone(), undo, safe });
        }
        registered.push(self.push(change, plan, run.proof(), text));
        Ok(registered)
    }

    /// Returns the reason; as written where it may name what the change is bound to.
    fn why(&self, run: &'w Run, why: &Template) -> Result<String, Stop> {
        match self.text(why) {
            Err(_) if run.slot.is_some() => Ok(self.walk.program.sources.text(why.span).to_owned()),
            result => Ok(result?),
        }
    }

    /// Binds what the change brought, also for what takes it back.
    fn bring(&self, run: &'w Run, registered: &[u64], value: &Value) {
        let Some(slot) = run.slot else { return };
        let frame = self.frame.fork();
        frame.bind(slot, value.clone());
        let here = Cx { frame: frame.clone(), ..self.clone() };
        for order in registered {
            self.changes.update(*order, |item| {
                item.frame = frame.clone();
                match (&mut item.plan, &run.ending) {
                    (Plan::Undo(undo), _) => item.text = here.undo_text(undo),
                    (Plan::Finally(call), _) => {
                        item.text = here.typed(call).unwrap_or_else(|_| call.text.clone());
                    }
                    (Plan::Leave(text), Ending::Leave(why))
                    | (Plan::Irreversible(text), Ending::Irreversible(why)) => {
                        *text = here.text_or(why, text);
                    }
                    _ => {}
                }
            });
        }
    }

    fn is_action(&self, run: &Run) -> bool {
        matches!(run.call.target, crate::program::Target::Action { .. })
    }

    fn push(
        &self,
        change: &Change,
        plan: Plan<'w>,
        done_when: Option<&'w crate::program::Expr>,
        text: String,
    ) -> u64 {
        let order = self.walk.ledger().next_order();
        let frame = self.frame.fork();
        let change = change.clone();
        let (attempt, began) = (self.attempt, self.began);
        let state = ChangeState::InDoubt;
        self.changes.push(Item {
            walk: Arc::clone(&self.walk),
            order,
            change,
            state,
            plan,
            done_when,
            frame,
            attempt,
            began,
            text,
            tolerated: false,
        });
        order
    }

    /// Returns an undo as it could be written with its values.
    pub fn undo_text(&self, undo: &'w Undo) -> String {
        if let [Statement { kind: StatementKind::Run(run), .. }] = undo.body.as_slice()
            && let Ok(typed) = self.typed(&run.call)
        {
            return typed;
        }
        undo.text.clone()
    }

    fn settle(
        &self,
        run: &'w Run,
        change: &Change,
        registered: &[u64],
        own: &Changes<'w>,
        (ended, result): (bool, Result<Value, CallStop>),
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        let (state, message) = match &result {
            Ok(_) => (ChangeState::Done, String::new()),
            Err(CallStop::Failed(failed)) => (
                match failed.end {
                    End::NotRun | End::Unknown => ChangeState::NotRun,
                    End::Failed => ChangeState::Failed,
                    End::InDoubt => ChangeState::InDoubt,
                },
                failed.message.clone(),
            ),
            Err(CallStop::Stop(Stop::Failure(failure))) => (ChangeState::Failed, failure.message.clone()),
            Err(CallStop::Stop(_)) if own.in_doubt() => (ChangeState::InDoubt, String::from("stopped")),
            // Refused, or stopped, before anything in its action was begun.
            Err(CallStop::Stop(_)) if !ended && own.is_empty() => {
                (ChangeState::NotRun, String::from("stopped"))
            }
            Err(CallStop::Stop(_)) => (ChangeState::Failed, String::from("stopped")),
        };
        self.ended(run, change, registered, own, (state, message));
        if result.is_err()
            && !self.halt.shielded
            && let Some(by) = self.walk.door.stopped()
        {
            return Err(Stop::Operator(by));
        }
        match result {
            Ok(value) => Ok(Some(value)),
            Err(CallStop::Failed(failed)) => Err(Stop::Failure(failed.at(span))),
            Err(CallStop::Stop(stop)) => Err(stop),
        }
    }

    /// Writes down how the change ended.
    fn ended(
        &self,
        run: &'w Run,
        change: &Change,
        registered: &[u64],
        own: &Changes<'w>,
        (state, message): (ChangeState, String),
    ) {
        self.fact(Fact::ChangeEnded { change: change.clone(), state, message });
        if state != ChangeState::NotRun {
            self.walk.attempt();
        }
        self.hand_over(run, registered, own, state);
    }

    /// Decides what takes the change back from now on: what its statement says, or what its action did itself.
    fn hand_over(&self, run: &'w Run, registered: &[u64], own: &Changes<'w>, state: ChangeState) {
        let covered = !matches!(run.ending, Ending::Own) || run.finally.is_some();
        let by_itself = state != ChangeState::Done && own.has_undo();
        for (index, order) in registered.iter().enumerate() {
            let is_finally = run.finally.is_some() && index == 0;
            if state == ChangeState::NotRun || (by_itself && !is_finally) {
                self.changes.remove(*order);
            } else {
                let completed = self.walk.ledger().next_order();
                self.changes.settle(*order, completed, state);
                self.changes.update(completed, |item| {
                    if let Some(back) = item.plan.words(&item.text) {
                        let undo = matches!(item.plan, Plan::Undo(_)).then(|| item.text.clone());
                        self.walk.ledger().stands(&item.change, back, undo);
                    }
                });
            }
        }
        if covered && !by_itself {
            for item in own.take_finallys() {
                self.changes.push(item);
            }
            for item in own.take() {
                self.walk.ledger().falls(&item.change);
            }
        }
        own.merge_into(&self.changes);
    }
}
