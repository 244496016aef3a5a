//! A dry run: what reads is done, what would change is told, and what depends on that is unknown.
//!
//! Owns what becomes of each statement in it. What is unknown is a name that is not bound: whatever is computed from it
//! is unknown too, and of a branch that hangs on it every way is shown. After the first change that was not made nothing
//! is read, since the world would be another one by then. Never asks for anything but readings.

use super::call::Spelled;
use super::context::Cx;
use super::failure::{CallFailure, End, Failure, Flow, Stop};
use super::frame::Frame;
use super::join::Walking;
use super::planning::Here;
use super::statement::{block, statement};
use crate::event::{ChangeState, Deed, Fact, Outcome, StepOutcome, Would};
use crate::program::{
    ActionId, Approvers, Call, Ending, Expr, For, Run, Silence, Statement, StatementKind, Step, Symptom,
    Target, Template, TemplatePart,
};
use crate::source::Span;
use crate::value::Value;

/// Walks one statement of a dry run.
pub(super) fn dry<'w>(here: Cx<'w>, next: &'w Statement) -> Walking<'w, Result<Flow, Stop>> {
    Box::pin(async move {
        let span = next.span;
        match &next.kind {
            StatementKind::Run(run) => here.would_run(run, span).await?,
            StatementKind::Wait { duration, reason } => {
                let length =
                    here.value(duration).map_or_else(|_| here.source(duration.span), |v| v.to_string());
                let why = reason.as_ref().map(|reason| here.as_known(reason)).unwrap_or_default();
                here.would(Would::Wait, format!("wait {length}"), why, span);
            }
            StatementKind::Approve(approval) => {
                if let Ok(text) = here.text(&approval.text) {
                    here.plan(&Here::question(&text, &text), span);
                }
                let back = here.whom(&approval.by, &approval.within, &approval.on_silence);
                here.would(Would::Ask, format!("approve \"{}\"", here.as_known(&approval.text)), back, span);
            }
            StatementKind::Ask(asking) => {
                if let Some(asked) = here.asked_here(asking) {
                    here.plan(&asked, span);
                }
                let back = here.whom(&asking.by, &asking.within, &asking.on_silence);
                here.would(Would::Ask, format!("ask \"{}\"", here.as_known(&asking.text)), back, span);
            }
            StatementKind::Notify { channel, text } => {
                let call = format!("notify {channel} \"{}\"", here.as_known(text));
                here.would(Would::Tell, call, String::new(), span);
            }
            StatementKind::Escalate { role, text } => return Err(here.would_escalate(role, text, span)),
            StatementKind::Step(step) => return here.dry_step(step, span).await,
            StatementKind::If { arms, otherwise, .. } => return here.dry_branch(arms, otherwise, span).await,
            StatementKind::For(looping) => return here.dry_loop(looping, span).await,
            StatementKind::Parallel(arms) => {
                for (index, arm) in arms.iter().enumerate() {
                    match dry(here.down(format!("s{}", arm.id)), arm).await {
                        Ok(Flow::Next) => {}
                        // The others begin, and how far they come by then nobody knows.
                        ends => {
                            here.plan_open(&arms[index + 1..]);
                            return ends;
                        }
                    }
                }
            }
            StatementKind::Decide { arms, otherwise, else_at } => {
                return here.dry_decide(arms, otherwise, *else_at).await;
            }
            StatementKind::Watch(_) => {
                here.plan_open(std::slice::from_ref(next));
                here.would(Would::Wait, here.heading(span), String::new(), span);
            }
            StatementKind::PointOfNoReturn { text, when } => {
                let call = format!("point of no return \"{}\"", here.as_known(text));
                let when = when.as_ref().map(|when| format!("when {}", here.source(when.span)));
                here.would(Would::Pass, call, when.unwrap_or_default(), span);
            }
            StatementKind::Return(_) => return statement(here, next).await,
            _ => match statement(here.clone(), next).await {
                Err(Stop::Failure(failure)) if failure.unknown => here.unknown(next, &failure),
                result => return result,
            },
        }
        Ok(Flow::Next)
    })
}

/// Returns how a dry run ended that walked so far.
pub(super) fn end(walked: &Result<super::run::Forward, Stop>) -> Outcome {
    match walked {
        Ok(super::run::Forward::NotNeeded) => Outcome::NotNeeded,
        Ok(super::run::Forward::Cleared) => Outcome::Resolved,
        Err(Stop::Escalate { .. }) => Outcome::Escalated,
        Err(Stop::Operator(_) | Stop::Refused(_)) => Outcome::Aborted,
        Err(Stop::Failure(_) | Stop::Arm) => Outcome::Failed,
    }
}

impl<'w> Cx<'w> {
    /// Refuses to read where a change would have been made before.
    pub fn up_to_date(&self) -> Result<(), CallFailure> {
        if self.walk.dry && !self.inner && self.walk.ledger().attempted {
            return Err(CallFailure::new(End::Unknown, "it is read after a change that was not made"));
        }
        Ok(())
    }

    fn would(&self, what: Would, call: String, back: String, span: Span) {
        self.fact(Fact::Would { what, deed: Deed { call, back }, known: true, span });
    }

    /// Tells that what a change would have cleared was not measured again.
    pub fn afterwards(&self, held: &[&Symptom]) {
        for symptom in held {
            let text = format!("symptom \"{}\", measured again", self.as_known(&symptom.title));
            let why = String::from("it is read after a change that was not made");
            self.fact(Fact::Unknown { text, why, span: symptom.span });
        }
    }

    /// Tells a statement that did nothing, since what it needs is unknown.
    fn unknown(&self, statement: &'w Statement, failure: &Failure) {
        self.plan_open(std::slice::from_ref(statement));
        let text = match &statement.kind {
            StatementKind::Check { slot: Some(slot), .. } => self.slot_name(*slot),
            StatementKind::Verify { expr, .. } => format!("verify {}", self.source(expr.span)),
            _ => self.source(statement.span).lines().next().unwrap_or_default().trim_end().to_owned(),
        };
        let why = match &statement.kind {
            StatementKind::Verify { .. } => format!("not checked: {}", failure.message),
            _ => failure.message.clone(),
        };
        self.fact(Fact::Unknown { text, why, span: statement.span });
    }

    async fn would_run(&self, run: &'w Run, span: Span) -> Result<(), Stop> {
        let Spelled { text, mut known } =
            self.spelled(&run.call).map_err(|failed| Stop::Failure(failed.at(span)))?;
        let mut deed = self.deed(run, "");
        if let Target::Manual(manual) = &run.call.target {
            let whom = self.whom(&manual.by, &manual.within, &manual.on_silence);
            deed.back = if deed.back.is_empty() { whom } else { format!("{whom}; {}", deed.back) };
        }
        if let Some(done_when) = run.proof() {
            match self.is_so_already(run, done_when).await {
                Ok(true) => {
                    self.plan(&Here::already(), span);
                    let change = self.change_of(text, span);
                    let message = String::from("it is so already");
                    self.fact(Fact::ChangeEnded { change, state: ChangeState::NotRun, message });
                    return Ok(());
                }
                Err(Stop::Failure(failure)) if failure.unknown => {
                    known = false;
                    let unless = format!("unless `{}` by then", self.source(done_when.span));
                    deed.back =
                        if deed.back.is_empty() { unless } else { format!("{unless}; {}", deed.back) };
                }
                Err(stop) => return Err(stop),
                Ok(false) => {}
            }
        }
        self.plan_run(run, span);
        let Target::Action { action, args } = &run.call.target else {
            self.fact(Fact::Would { what: Would::Change, deed, known, span });
            self.walk.attempt();
            return Ok(());
        };
        if !matches!(run.ending, Ending::Own) || run.finally.is_some() {
            self.fact(Fact::Would { what: Would::Call, deed, known, span });
        }
        let value = self.dry_action(&run.call, *action, args).await?;
        if let (Some(slot), Some(value)) = (run.slot, value) {
            self.frame.bind(slot, value);
        }
        Ok(())
    }

    /// Walks the body of an action that changes. Returns what it would return, if that is known.
    async fn dry_action(
        &self,
        call: &'w Call,
        id: ActionId,
        args: &'w [Expr],
    ) -> Result<Option<Value>, Stop> {
        let action = self.walk.program.action(id);
        let frame = Frame::new(action.locals.len(), Some(id));
        for (slot, arg) in (0u32..).zip(args) {
            match self.value(arg) {
                Ok(value) => frame.bind(slot, value),
                Err(failure) if failure.unknown => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        // The place that it has in a run, too.
        let here = Cx { frame, next: &[], rest: None, ..self.down("d").down("b").named("", call.span) };
        match block(&here, &action.body).await {
            Ok(Flow::Return(value)) => Ok(Some(value)),
            Ok(_) => Ok(Some(Value::None)),
            Err(Stop::Failure(failure)) if failure.unknown => {
                here.plan_open(&action.body);
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }

    async fn dry_step(&self, step: &'w Step, span: Span) -> Result<Flow, Stop> {
        let title = self.as_known(&step.title);
        let here = Cx { step: title.as_str().into(), began: self.now().run_ns, ..self.down("a1") };
        here.fact(Fact::StepBegan { title: title.clone(), attempt: 1, attempts: 1, deadline: None, span });
        let mut result = block(&here, &step.body).await;
        let outcome = match &mut result {
            Err(Stop::Failure(failure)) if failure.unknown => StepOutcome::Skipped,
            Err(Stop::Failure(failure)) => {
                here.report(failure);
                match step.on_failure {
                    crate::program::Failure::Continue => StepOutcome::Tolerated,
                    _ => StepOutcome::Failed,
                }
            }
            Err(_) => StepOutcome::Stopped,
            Ok(_) => StepOutcome::Ok,
        };
        here.fact(Fact::StepEnded { title, attempt: 1, outcome, message: String::new() });
        if outcome == StepOutcome::Tolerated { Ok(Flow::Next) } else { result }
    }

    async fn dry_loop(&self, looping: &'w For, span: Span) -> Result<Flow, Stop> {
        let name = &looping.name;
        let items = match self.items(looping) {
            Err(failure) if failure.unknown => {
                return self
                    .perhaps(self.heading(span), &failure.message, &looping.body)
                    .await
                    .map(|()| Flow::Next);
            }
            items => items?,
        };
        let at_a_time = self.at_a_time(looping, items.len());
        if let Ok(at_a_time) = &at_a_time {
            self.plan(&Here::turns(name, &items, *at_a_time), span);
        }
        for (index, item) in (1u32..).zip(items) {
            let here = Cx { next: &[], rest: None, ..self.forked().down(format!("i{index}")) };
            here.frame.bind(looping.slot, item.clone());
            let (name, item) = (name.clone(), item.brief(60));
            here.fact(Fact::IterationBegan { name: name.clone(), item: item.clone(), index });
            let result = block(&here, &looping.body).await;
            here.fact(Fact::IterationEnded { name, item, index, ok: result.is_ok() });
            match result {
                Ok(Flow::Next) => {}
                ends => {
                    // Others may have begun, or may go on.
                    let stop_after = looping.stop_after.as_ref().map_or(Ok(1), |many| self.count(many));
                    if at_a_time.is_ok_and(|many| many > 1) || stop_after.is_ok_and(|many| many > 1) {
                        self.plan_open(&looping.body);
                    }
                    return ends;
                }
            }
        }
        Ok(Flow::Next)
    }

    /// Tells that somebody would be paged, with which a run ends.
    pub fn would_escalate(&self, role: &str, text: &Template, span: Span) -> Stop {
        let text = self.as_known(text);
        let back = String::from("the run ends here as `escalated`: what it changed is taken back");
        self.would(Would::Tell, format!("page {role} \"{text}\""), back, span);
        Stop::Escalate { role: role.to_owned(), text }
    }

    fn whom(&self, by: &Approvers, within: &Expr, silence: &Silence) -> String {
        let roles = by.roles.join(" or ");
        let who = if by.count > 1 { format!("any {} of {roles}", by.count) } else { roles };
        let within = self.value(within).map_or_else(|_| self.source(within.span), |value| value.to_string());
        let then = self.silence_words(silence).unwrap_or_else(|_| String::from("the answer is unknown"));
        format!("by {who} within {within}, else {then}")
    }

    /// Returns a text with its values; what is unknown stands there as it is written.
    fn as_known(&self, template: &Template) -> String {
        let parts = template.parts.iter().map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Value(expr) => match self.value(expr) {
                Ok(value) => value.to_string(),
                Err(_) => format!("{{{{ {} }}}}", self.source(expr.span)),
            },
        });
        parts.collect()
    }

    /// Returns how a statement with a block begins, as it is written.
    fn heading(&self, span: Span) -> String {
        let text = self.walk.program.sources.text(span);
        text.lines().next().unwrap_or_default().trim_end_matches(['{', ' ']).to_owned()
    }

    pub fn source(&self, span: Span) -> String {
        self.walk.program.sources.text(span).to_owned()
    }
}
