//! Steps: attempts that start clean, deadlines, what happens on failure.

use std::sync::Arc;

use super::context::Cx;
use super::failure::{Failure, Flow, Stop};
use super::ledger::Changes;
use super::people::Heard;
use super::question::Asked;
use super::statement::block;
use super::unwind;
use super::visits::Passed;
use crate::event::{Around, Fact, Place, QuestionKind, StepOutcome, Wanted};
use crate::program::{Failure as OnFailure, Step};
use crate::source::Span;

impl<'w> Cx<'w> {
    /// Runs a step with its attempts.
    pub async fn step(&self, step: &'w Step, span: Span) -> Result<Flow, Stop> {
        let title: Arc<str> = self.text(&step.title)?.into();
        let retries = step.retry.as_ref().map_or(Ok(0), |e| self.count(e))?;
        let attempts = retries.saturating_add(1);
        let mut here = Cx { step: Arc::clone(&title), began: self.now().run_ns, ..self.clone() };
        if let Some(within) = &step.within {
            let length = self.duration(within)?;
            let words = format!("`within {}` of the step \"{title}\"", Self::length(length));
            here = here.bounded(length, &words, Some(within.span));
        }
        let mut attempt = 1;
        loop {
            here.passed(span, Passed::Ran);
            let tried = here.attempt(step, attempt, attempts, span).await;
            let (failure, clean) = match tried {
                Ok(flow) => return Ok(flow),
                Err((Stop::Failure(failure), clean)) => (failure, clean),
                Err((stop, _)) => return Err(stop),
            };
            if attempt >= attempts || !clean || here.may_go_on(span).is_err() {
                return self.step_failed(step, &title, attempt, failure, span).await;
            }
            match here.pause(step, attempt, span).await {
                Ok(()) => {}
                // Its `within` ran out in the pause: there is no other attempt.
                Err(Stop::Failure(_)) => {
                    return self.step_failed(step, &title, attempt, failure, span).await;
                }
                Err(stop) => return Err(stop),
            }
            attempt += 1;
        }
    }

    /// Runs one attempt. What it changed joins the outer changes, except where the step goes on in spite of its
    /// failure: then it is taken back here. `bool`: whether everything was.
    async fn attempt(
        &self,
        step: &'w Step,
        attempt: u32,
        attempts: u32,
        span: Span,
    ) -> Result<Flow, (Stop, bool)> {
        let changes = Changes::default();
        let down = self.down(format_args!("a{attempt}"));
        let name: Arc<str> = step.name.as_str().into();
        let outer = down.place.around.clone();
        let undoing = self.unwinding;
        let around = Around { step: Arc::clone(&name), attempt: down.address(), undoing, outer };
        let place = Place {
            step: name,
            attempt: down.address(),
            around: Some(Arc::new(around)),
            name: Arc::default(),
            ..down.place.clone()
        };
        let mut here = Cx { changes: changes.clone(), attempt, place, ..down };
        if let Some(timeout) = &step.timeout {
            let length = self.duration(timeout).map_err(|f| (f.into(), true))?;
            let words = format!("`timeout {}` of the step \"{}\"", Self::length(length), self.step);
            here = here.bounded(length, &words, Some(timeout.span));
        }
        let title = self.step.to_string();
        let deadline = here.bound.as_ref().map(|b| b.at);
        here.fact(Fact::StepBegan { title: title.clone(), attempt, attempts, deadline, span });
        let mut ended = true;
        let result = match block(&here, &step.body).await {
            Ok(flow) => {
                let finished = unwind::finish(&here).await;
                ended = finished.is_ok();
                finished.map(|()| flow)
            }
            stopped => stopped,
        };
        let mut stop = match result {
            Ok(flow) => {
                here.fact(Fact::StepEnded {
                    title,
                    attempt,
                    outcome: StepOutcome::Ok,
                    message: String::new(),
                });
                changes.merge_into(&self.changes);
                return Ok(flow);
            }
            Err(stop) => stop,
        };
        let Stop::Failure(failure) = &mut stop else {
            let message = String::new();
            here.fact(Fact::StepEnded { title, attempt, outcome: StepOutcome::Stopped, message });
            changes.merge_into(&self.changes);
            return Err((stop, true));
        };
        let tolerated = step.on_failure != OnFailure::Stop;
        let outcome = if tolerated && attempt == attempts && step.on_failure == OnFailure::Continue {
            StepOutcome::Tolerated
        } else {
            StepOutcome::Failed
        };
        here.report(failure);
        here.fact(Fact::StepEnded { title, attempt, outcome, message: failure.message.clone() });
        if attempt < attempts || tolerated {
            // What cannot be taken back and may have happened must not happen twice.
            let doubtful = changes.irreversible_in_doubt();
            let clean = unwind::unwind(&here).await;
            changes.merge_into(&self.changes);
            return Err((stop, clean && ended && !doubtful));
        }
        changes.merge_into(&self.changes);
        Err((stop, true))
    }

    async fn step_failed(
        &self,
        step: &'w Step,
        title: &Arc<str>,
        attempt: u32,
        failure: Failure,
        span: Span,
    ) -> Result<Flow, Stop> {
        match step.on_failure {
            OnFailure::Stop => Err(failure.into()),
            OnFailure::Continue => {
                let lines = format!("the step \"{title}\" failed, and the run goes on: {}", failure.message);
                self.note("", lines);
                // A bound around the step is not the step's own failure.
                self.may_go_on(span)?;
                Ok(Flow::Next)
            }
            OnFailure::Ask => {
                let text = format!("The step \"{title}\" failed: {}. Go on without it?", failure.message);
                let here = self.down(format!("o{attempt}"));
                let question = here.question(Asked {
                    kind: QuestionKind::Failure,
                    text,
                    by: None,
                    wanted: Wanted::YesNo,
                    on_silence: String::from("the run fails"),
                    undo: None,
                });
                match here.put_own(&question, span).await {
                    Heard::Answer(answer) => {
                        let yes = answer.is_yes();
                        here.answered(&question, answer);
                        if !yes {
                            return Err(failure.into());
                        }
                        self.may_go_on(span)?;
                        Ok(Flow::Next)
                    }
                    Heard::Silence(_) => Err(failure.into()),
                    Heard::Late(stop) => Err(stop),
                    Heard::Cut => Err(self.cut()),
                }
            }
        }
    }

    /// Waits between two attempts: doubling from the shortest to the longest pause.
    async fn pause(&self, step: &'w Step, attempt: u32, span: Span) -> Result<(), Stop> {
        let Some((shortest, longest)) = &step.every else {
            return Ok(());
        };
        let shortest = self.duration(shortest)?;
        let longest = self.duration(longest)?;
        let factor = 1i64.checked_shl(attempt - 1).filter(|factor| *factor > 0).unwrap_or(i64::MAX);
        let pause = shortest.saturating_mul(factor).min(longest.max(shortest));
        self.down(format!("p{attempt}")).sleep(self.now().run_ns.saturating_add(pause), span).await
    }
}

impl Cx<'_> {
    /// Writes a failure down, once.
    pub fn report(&self, failure: &mut Failure) {
        if !failure.reported {
            let Failure { message, detail, span, .. } = failure.clone();
            self.fact(Fact::Failed { message, detail, span });
            failure.reported = true;
        }
    }
}
