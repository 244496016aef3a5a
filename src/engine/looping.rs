//! `for` in batches, and `parallel`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::Cx;
use super::failure::{Failure, Flow, Stop};
use super::join::{self, Walking};
use super::ledger::Changes;
use super::planning::Here;
use super::statement::{block, statement};
use super::unwind;
use super::visits::Passed;
use crate::event::Fact;
use crate::program::{For, Statement};
use crate::source::Span;
use crate::value::Value;

impl<'w> Cx<'w> {
    /// Runs a loop, batch by batch. A failed iteration is undone at once.
    pub async fn looping(&self, looping: &'w For, span: Span) -> Result<Flow, Stop> {
        let items = self.items(looping)?;
        let at_a_time = self.at_a_time(looping, items.len())?;
        if self.is_planned() {
            let turns = Here::turns(&looping.name, &items, at_a_time);
            let body = Cx { next: &looping.body, rest: self.what_follows(), ..self.clone() };
            body.as_planned(&[turns], span, Vec::new()).await?;
        }
        let stop_after = looping.stop_after.as_ref().map_or(Ok(1), |e| self.count(e))?.max(1);
        let apart = looping.apart.as_ref().map(|e| self.duration(e)).transpose()?;
        self.fact(Fact::LoopBegan {
            name: looping.name.clone(),
            items: u32::try_from(items.len()).unwrap_or(u32::MAX),
            at_a_time: u32::try_from(at_a_time).unwrap_or(u32::MAX),
        });
        self.passed(span, Passed::items(items.len()));
        let mut failures = Vec::new();
        let mut index = 0u32;
        for (batch, chunk) in items.chunks(at_a_time).enumerate() {
            self.may_go_on(span)?;
            if batch > 0
                && let Some(apart) = apart
            {
                let until = self.now().run_ns.saturating_add(apart);
                self.down(format!("p{batch}")).sleep(until, span).await?;
            }
            let (here, first) = self.together();
            let mut arms: Vec<Walking<'_, Result<Result<Flow, Failure>, Stop>>> = Vec::new();
            for item in chunk {
                index += 1;
                let (iteration, first) = (here.iteration(looping, item.clone(), index), &first);
                arms.push(Box::pin(async move { first.note(iteration.await) }));
            }
            let mut leaves = Flow::Next;
            for end in join::all(arms).await.into_iter().flatten() {
                match end {
                    Ok(flow) if leaves == Flow::Next => leaves = flow,
                    Ok(_) => {}
                    Err(failure) => failures.push(failure),
                }
            }
            first.result()?;
            if failures.len() >= stop_after as usize {
                return Err(failures.swap_remove(0).into());
            }
            if leaves != Flow::Next {
                return Ok(leaves);
            }
        }
        if !failures.is_empty() {
            let line = format!("{} of {} iterations failed and were undone", failures.len(), items.len());
            self.fact(Fact::Finding { text: line.clone() });
            self.note("", line);
        }
        Ok(Flow::Next)
    }

    /// Returns what the loop goes over.
    pub fn items(&self, looping: &For) -> Result<Vec<Value>, Failure> {
        let list = self.value(&looping.list)?;
        let items = match &list {
            Value::List(items) => items.as_ref().clone(),
            Value::Tried(tried) => match &tried.result {
                Ok(Value::List(items)) => items.as_ref().clone(),
                _ => {
                    return Err(Failure::new("the list could not be read", looping.list.span));
                }
            },
            other => {
                return Err(Failure::new(
                    format!("expected a list, found `{}`", other.brief(60)),
                    looping.list.span,
                ));
            }
        };
        if let Some(at_most) = &looping.at_most {
            let limit = self.count(at_most)?;
            if items.len() > limit as usize {
                let mut failure = Failure::new(
                    format!("the list has {} items, at most {limit} may be", items.len()),
                    at_most.span,
                );
                failure.detail.push(String::from("nothing of it was done"));
                return Err(failure);
            }
        }
        Ok(items)
    }

    /// Returns how many of so many items are done at the same time.
    pub fn at_a_time(&self, looping: &For, items: usize) -> Result<usize, Failure> {
        if looping.all_at_once {
            return Ok(items.max(1));
        }
        let Some(expr) = &looping.at_a_time else {
            return Ok(1);
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a list's length, clamped to 1..=length"
        )]
        let count = match self.value(expr)? {
            Value::Percent(share) | Value::Number(share) => (share * items as f64).floor().max(1.0) as usize,
            Value::Int(n) => usize::try_from(n).unwrap_or(1),
            other => {
                let message = format!("expected a number or a percentage, found `{other}`");
                return Err(Failure::new(message, expr.span));
            }
        };
        Ok(count.clamp(1, items.max(1)))
    }

    /// Runs one iteration. `Ok(Err)`: it failed and was undone.
    async fn iteration(
        &self,
        looping: &'w For,
        item: Value,
        index: u32,
    ) -> Result<Result<Flow, Failure>, Stop> {
        let changes = Changes::default();
        let place = self.forked().down(format!("i{index}"));
        let rest = self.iterations_follow(looping);
        let here = Cx { changes: changes.clone(), next: &[], rest, ..place };
        here.frame.bind(looping.slot, item.clone());
        let (name, item) = (looping.name.clone(), item.brief(60));
        here.fact(Fact::IterationBegan { name: name.clone(), item: item.clone(), index });
        let result = match block(&here, &looping.body).await {
            Ok(flow) => unwind::finish(&here).await.map(|()| flow),
            stopped => stopped,
        };
        here.fact(Fact::IterationEnded { name, item: item.clone(), index, ok: result.is_ok() });
        match result {
            Ok(flow) if looping.keep_finished => {
                for change in changes.take() {
                    self.keep(change, Some("kept: its iteration had finished"));
                }
                // It stands: nothing of it is rolled back, unless somebody takes the run back later.
                for rollback in changes.1.take_rollbacks() {
                    self.kept.1.push_rollback(rollback);
                }
                changes.merge_into(&self.changes);
                Ok(Ok(flow))
            }
            Ok(flow) => {
                changes.merge_into(&self.changes);
                Ok(Ok(flow))
            }
            Err(Stop::Failure(mut failure)) => {
                here.report(&mut failure);
                let clean = unwind::unwind(&here).await;
                changes.merge_into(&self.changes);
                if clean {
                    Ok(Err(failure))
                } else {
                    failure.detail.push(format!("and what {item} changed could not all be taken back"));
                    Err(failure.into())
                }
            }
            Err(stop) => {
                changes.merge_into(&self.changes);
                Err(stop)
            }
        }
    }

    /// Runs the arms of a `parallel`. When one fails, the others stop at their next statement.
    pub async fn parallel(&self, arms: &'w [Statement]) -> Result<Flow, Stop> {
        let (here, first) = self.together();
        let running: Vec<Walking<'_, Result<Flow, Stop>>> = arms
            .iter()
            .map(|arm| {
                let (here, first) = (&here, &first);
                Box::pin(async move { first.note(statement(here.down(format!("s{}", arm.id)), arm).await) })
                    as Walking<'_, _>
            })
            .collect();
        let ends = join::all(running).await;
        first.result()?;
        Ok(ends.into_iter().flatten().find(|flow| *flow != Flow::Next).unwrap_or(Flow::Next))
    }

    /// Returns the place for what runs at the same time, and what stops it.
    pub fn together(&self) -> (Cx<'w>, First) {
        let (halt, flag) = self.halt.nested();
        (Cx { halt, ..self.clone() }, First { flag, stop: Mutex::default() })
    }
}

/// The first of several ends that is a stop: the others halt at their next statement.
pub(super) struct First {
    flag: Arc<AtomicBool>,
    stop: Mutex<Option<Stop>>,
}

impl First {
    pub fn note<T>(&self, result: Result<T, Stop>) -> Result<T, Stop> {
        if let Err(stop) = &result {
            self.flag.store(true, Ordering::Relaxed);
            let mut first = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(&*first, None | Some(Stop::Arm)) {
                *first = Some(stop.clone());
            }
        }
        result
    }

    pub fn result(&self) -> Result<(), Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }
}
