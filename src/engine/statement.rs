//! Statements, one after the other.

use super::context::Cx;
use super::dry::dry;
use super::failure::{CallStop, End, Failure, Flow, Stop};
use super::join::Walking;
use super::poll::{Rhythm, poll};
use crate::event::Fact;
use crate::program::{Call, Expr, Polling, Statement, StatementKind, Template};
use crate::source::Span;
use crate::value::Value;

/// Characters of a reading that facts show.
const SHOWN: usize = 400;

/// Walks a block.
pub(super) fn block<'a, 'w>(cx: &'a Cx<'w>, body: &'w [Statement]) -> Walking<'a, Result<Flow, Stop>> {
    Box::pin(async move {
        let rest = cx.what_follows();
        for (index, next) in body.iter().enumerate() {
            cx.unheld().await;
            cx.may_go_on(next.span)?;
            let here =
                Cx { next: &body[index + 1..], rest: rest.clone(), ..cx.down(format_args!("s{}", next.id)) };
            let is_dry = cx.walk.dry && !cx.inner;
            if let (StatementKind::Watch(watch), false) = (&next.kind, is_dry) {
                return Box::pin(cx.watched(here, watch, next.span, &body[index + 1..])).await;
            }
            let walked = if is_dry { dry(here, next).await } else { statement(here, next).await };
            match walked? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    })
}

/// Walks one statement.
pub(super) fn statement<'w>(here: Cx<'w>, statement: &'w Statement) -> Walking<'w, Result<Flow, Stop>> {
    Box::pin(async move {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Check { slot, call, until } => {
                here.check(*slot, call, until.as_deref(), span).await?
            }
            StatementKind::Run(run) => {
                let value = here.run_change(run, span).await?;
                if let (Some(slot), Some(value)) = (run.slot, value) {
                    here.frame.bind(slot, value);
                }
            }
            StatementKind::Verify { expr, message, polling } => {
                here.verify(expr, message.as_ref(), polling.as_deref(), span).await?;
            }
            StatementKind::Let { slot, expr } => here.frame.bind(*slot, here.value(expr)?),
            StatementKind::Show { expr, text } => {
                let value = here.value(expr)?;
                here.fact(Fact::Shown { name: text.clone(), value });
            }
            StatementKind::Finding { text, when } => {
                if when.as_ref().is_none_or(|w| matches!(here.value(w), Ok(Value::Bool(true)))) {
                    let text = here.text(text)?;
                    here.note("", format!("finding: {text}"));
                    here.fact(Fact::Finding { text });
                } else if let Some(when) = when {
                    super::evaluate::truth(&here.value(when)?, when.span)?;
                }
            }
            StatementKind::Output { slot, name, expr } => {
                let value = here.value(expr)?;
                here.frame.bind(*slot, value.clone());
                here.fact(Fact::Output { name: name.clone(), value });
            }
            StatementKind::Wait { duration, reason } => {
                let until = here.now().run_ns.saturating_add(here.duration(duration)?);
                let reason = reason.as_ref().map_or(Ok(String::new()), |r| here.text(r))?;
                here.fact(Fact::Waiting { reason, until });
                here.sleep(until, span).await?;
            }
            StatementKind::Approve(approval) => {
                let here = here.named(here.written(&approval.text), span);
                Box::pin(here.approve(approval, span)).await?;
            }
            StatementKind::Ask(asking) => {
                let here = here.named(&here.slot_name(asking.slot), span);
                Box::pin(here.ask_for(asking, span)).await?;
            }
            StatementKind::Notify { channel, text } => {
                let text = here.text(text)?;
                Box::pin(here.notify(channel, text, false)).await?;
            }
            StatementKind::Escalate { role, text } => {
                let text = here.text(text)?;
                if !here.unwinding {
                    return Err(Stop::Escalate { role: role.clone(), text });
                }
                Box::pin(here.notify(role, text, true)).await?;
            }
            StatementKind::Step(step) => return Box::pin(here.step(step, span)).await,
            StatementKind::If { arms, otherwise, else_at } => {
                return Box::pin(here.branch(arms, otherwise, *else_at, span)).await;
            }
            StatementKind::For(looping) => return Box::pin(here.looping(looping, span)).await,
            StatementKind::Parallel(arms) => return Box::pin(here.parallel(arms)).await,
            StatementKind::Decide { arms, otherwise, else_at } => {
                return Box::pin(here.decide(arms, otherwise, *else_at)).await;
            }
            // Its block walks it, together with what stands behind it.
            StatementKind::Watch(_) => {}
            StatementKind::Follow(follow) => Box::pin(here.follow(here.way(follow)?)).await?,
            StatementKind::PointOfNoReturn { text, when } => here.pass(text, when.as_ref())?,
            StatementKind::Return(expr) => {
                return Ok(Flow::Return(expr.as_ref().map_or(Ok(Value::None), |e| here.value(e))?));
            }
        }
        Ok(Flow::Next)
    })
}

impl<'w> Cx<'w> {
    async fn check(
        &self,
        slot: Option<u32>,
        call: &'w Call,
        until: Option<&'w (Expr, Polling)>,
        span: Span,
    ) -> Result<(), Stop> {
        let name = slot.map(|s| self.slot_name(s)).unwrap_or_default();
        let Some((expr, polling)) = until else {
            let value = self.read_and_tell(call, &name, span).await?;
            if let Some(slot) = slot {
                self.frame.bind(slot, value);
            }
            return Ok(());
        };
        let rhythm = Rhythm::of(self, polling)?;
        let words = self.walk.program.sources.text(expr.span).to_owned();
        let known: std::sync::Arc<str> = name.into();
        Box::pin(poll(self, &rhythm, &words, span, |here: &Cx<'w>| {
            let (here, known) = (here.clone(), std::sync::Arc::clone(&known));
            Box::pin(async move {
                let value = here.read_and_tell(call, &known, span).await?;
                if let Some(slot) = slot {
                    here.frame.bind(slot, value);
                }
                here.down("until").holds(expr).await
            })
        }))
        .await?;
        Ok(())
    }

    async fn read_and_tell(&self, call: &'w Call, name: &str, span: Span) -> Result<Value, Stop> {
        let shown = self.typed(call).unwrap_or_else(|_| call.text.clone());
        match self.read(call, name).await {
            Ok(value) => {
                let text = value.brief(SHOWN);
                let label = if name.is_empty() { shown.as_str() } else { name };
                self.note(label, format!("{label} = {text}"));
                self.fact(Fact::Read { name: name.to_owned(), call: shown, text, span });
                Ok(value)
            }
            Err(CallStop::Failed(failed)) if failed.end == End::Unknown => Err(failed.at(call.span).into()),
            Err(CallStop::Failed(failed)) => {
                let message = failed.message.clone();
                self.fact(Fact::Unread { name: name.to_owned(), call: shown, message, span });
                Err(failed.at(call.span).into())
            }
            Err(CallStop::Stop(stop)) => Err(stop),
        }
    }

    pub fn slot_name(&self, slot: u32) -> String {
        let program = self.walk.program;
        let slots = match self.frame.action {
            Some(action) => &program.action(action).locals,
            None => &program.locals,
        };
        slots.get(slot as usize).map(|s| s.name.clone()).unwrap_or_default()
    }

    async fn verify(
        &self,
        expr: &'w Expr,
        message: Option<&'w Template>,
        polling: Option<&'w Polling>,
        span: Span,
    ) -> Result<(), Stop> {
        let words = self.walk.program.sources.text(expr.span).to_owned();
        let result = match polling {
            None => match self.holds(expr).await {
                Ok(true) => Ok(1),
                Ok(false) => Err(Failure::new(format!("`{words}` is not true"), expr.span).into()),
                Err(stop) => Err(stop),
            },
            Some(polling) => {
                let rhythm = Rhythm::of(self, polling)?;
                Box::pin(poll(self, &rhythm, &words, expr.span, |here: &Cx<'w>| {
                    let here = here.clone();
                    Box::pin(async move { here.holds(expr).await })
                }))
                .await
                .map(|polled| polled.samples)
            }
        };
        match (result, message) {
            (Ok(samples), _) => {
                self.fact(Fact::Verified { text: words, samples, span });
                Ok(())
            }
            (Err(Stop::Failure(failure)), Some(message)) if !failure.unknown => {
                let mut detail = vec![failure.message];
                detail.extend(failure.detail);
                Err(Failure { detail, ..Failure::new(self.text(message)?, failure.span) }.into())
            }
            (Err(stop), _) => Err(stop),
        }
    }
}
