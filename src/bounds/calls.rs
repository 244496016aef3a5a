//! Calls and changes, and what takes a change back.
//!
//! Owns which bound a call has: its own, what is left around it, or the run's default.

use super::cost::Cost;
use super::extent::Known;
use super::fold::Fold;
use super::{Amount, OWN, PATIENCE, Time};
use crate::program::{Call, Ending, Manual, Run, Target, Undo, native};
use crate::value::Value;

pub(super) type KnownKey = (Option<(u64, u64)>, Option<u64>);

/// What makes a difference to the bounds of an action: which, whether something bounds it, and its arguments.
pub(super) type Key = (u32, bool, Vec<KnownKey>);

impl<'p> Fold<'p> {
    /// Returns what a call takes. `timed`: whether something around bounds it.
    pub fn call(&mut self, call: &'p Call, timed: bool) -> Cost {
        let own = call.timeout.as_ref().map(|timeout| self.names.duration(timeout));
        let deadline = match own {
            Some(own) => own,
            None if timed => Amount::REST,
            None => Amount::of(self.given.call),
        };
        match &call.target {
            Target::Command(_) => Cost::of(Time::work(deadline)),
            Target::Native { module, function, args } => {
                let taken = self.patience(module, function, args).unwrap_or(deadline);
                Cost::of(Time::work(taken.within(deadline, Amount::ZERO)))
            }
            Target::Action { action, args } => {
                let known: Vec<Known> = args.iter().map(|arg| self.names.expr(arg)).collect();
                let body = self.action(action.0, known, timed || own.is_some());
                let full = own.map_or(body.full, |own| body.full.within(own, body.late));
                // A `watch` holds no statement of an action.
                Cost { full, begins: 0, ..body }.scope()
            }
            Target::Manual(manual) => self.manual(manual, timed),
        }
    }

    /// Returns what the body of an action takes.
    fn action(&mut self, id: u32, args: Vec<Known>, timed: bool) -> Cost {
        let key: Key = (id, timed, args.iter().map(|known| known.key()).collect());
        if let Some(cost) = self.actions.get(&key) {
            return *cost;
        }
        let outer = std::mem::take(&mut self.names.locals);
        self.names.locals = args.into_iter().map(Some).collect();
        let body = &self.program.actions[id as usize].body;
        let cost = self.block(body, timed);
        self.names.locals = outer;
        self.actions.insert(key, cost);
        cost
    }

    /// Returns how long a native function waits by itself, where it takes that as an argument.
    fn patience(
        &self,
        module: &str,
        function: &str,
        args: &'p [(String, crate::program::Expr)],
    ) -> Option<Amount> {
        if let Some((_, expr)) = args.iter().find(|(name, _)| name == "timeout") {
            return Some(self.names.duration(expr));
        }
        let native = native::find(module, function)?;
        let param = native.params.iter().find(|param| param.name == "timeout")?;
        match Value::parse_as(&param.ty, param.default) {
            Ok(Value::Duration(ns)) => Some(Amount::of(ns)),
            _ => None,
        }
    }

    /// Returns what a manual step takes: the first reading of what proves it, then the question, and the last reading.
    fn manual(&mut self, manual: &'p Manual, timed: bool) -> Cost {
        let asked = Time::people(self.names.duration(&manual.within));
        Cost::of(match &manual.until {
            None => asked,
            Some((condition, every)) => {
                let read = self.calls_in(condition, timed);
                // Somebody who answers at once is believed at the next reading.
                let next = Time { machine: self.names.duration(every), ..Time::ZERO };
                read.plus(asked).plus(next).plus(read)
            }
        })
    }

    /// Returns what a change takes, and what takes it back.
    pub fn change(&mut self, run: &'p Run, timed: bool) -> Cost {
        let read = run.done_when.as_ref().map_or(Time::ZERO, |done_when| self.calls_in(done_when, timed));
        let body = self.call(&run.call, timed);
        let mut cost = Cost::of(read).then(body).then(Cost::of(read));
        let manual = matches!(run.call.target, Target::Manual(_));
        let proof = if manual { run.proof() } else { run.done_when.as_ref() };
        match &run.ending {
            Ending::Own => {}
            Ending::Undo(undo) => {
                let (own, doubt) = (self.undo(undo), self.doubt(undo, proof));
                // Until the action has completed its own undos count, then this one.
                let inside = cost.back.plus(cost.open);
                // After a manual step nobody confirmed, or a `try`, the run may go on with a doubt.
                let goes_on = manual || run.call.tried;
                cost.back = if goes_on { own.plus(doubt) } else { own };
                cost.open = if goes_on { inside } else { doubt.or(inside) };
            }
            Ending::Leave(_) | Ending::Irreversible(_) => {
                cost.open = cost.back.plus(cost.open);
                cost.back = Time::ZERO;
            }
        }
        if run.call.tried {
            // What is in doubt inside stays so, and the run goes on.
            cost.back = cost.back.plus(cost.open);
            cost.open = Time::ZERO;
        }
        if let Some(finally) = &run.finally {
            let body = self.call(finally, true);
            let time = match finally.timeout {
                Some(_) => self.call(finally, false).full,
                None => body.full.within(Amount::of(OWN), body.late),
            };
            cost.ends = cost.ends.plus(time.back());
        }
        cost
    }

    /// Returns what an undo takes: 1m, where nothing in it has a bound of its own.
    fn undo(&mut self, undo: &'p Undo) -> Time {
        let own = self.program.bounds_itself(&undo.body);
        let forward = std::mem::replace(&mut self.unwinding, true);
        let body = self.block(&undo.body, !own);
        self.unwinding = forward;
        let time = if own { body.full } else { body.full.within(Amount::of(OWN), body.late) };
        time.plus(body.ends).back()
    }

    /// Returns what it takes to find out whether a change happened whose end nobody saw.
    fn doubt(&mut self, undo: &Undo, proof: Option<&'p crate::program::Expr>) -> Time {
        let read = proof.map_or(Time::ZERO, |proof| self.bounded_calls(proof));
        let asked = if undo.safe { Time::ZERO } else { Time::people(Amount::of(PATIENCE)) };
        read.plus(asked).back()
    }
}
