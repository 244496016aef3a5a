//! The run as a whole: symptom, diagnosis, resolution, symptom again.
//!
//! Owns which phase follows which, and what the names at the top of a runbook stand for. Never goes back (`back`
//! does).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use super::back::{back, end, later};
use super::context::{Cx, Walk};
use super::door::Door;
use super::evaluate::time_of;
use super::failure::{Failure, Flow, Stop};
use super::join::Walking;
use super::planning::Here;
use super::poll::{Rhythm, poll};
use super::statement::block;
use super::unwind;
use crate::event::{Fact, Opened, Outcome, PhaseKind};
use crate::expression::{self, Scope};
use crate::program::{GlobalSource, NameRef, Phase, Program, Symptom};
use crate::value::{Secret, Value};

/// Without `cleared when`: `when` no longer holds, within 1m every 5s.
const CLEARED: Rhythm =
    Rhythm { within: Some(60_000_000_000), every: 5_000_000_000, holds: None, written: None };

/// Walks the whole program, and is there for whoever takes back later what it did.
pub(super) async fn root(
    program: Arc<Program>,
    opened: Opened,
    secrets: BTreeMap<String, Secret>,
    door: Door,
) -> Infallible {
    let (globals, failure) = match globals(&program, &opened.params, time_of(&opened, opened.at), &secrets) {
        Ok(globals) => (globals, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    let walk = Walk::new(&program, &opened, door, globals, secrets);
    let cx = Cx::new(&walk);
    walk.door.state().names = Some((cx.frame.clone(), walk.globals.clone()));
    let mut outcome = match failure {
        Some(mut failure) => {
            cx.report(&mut failure);
            if walk.dry { Outcome::Failed } else { end(&cx, Outcome::Failed, failure.message) }
        }
        None => once(&cx).await,
    };
    for time in 1.. {
        let by = walk.door.ended(outcome).await;
        outcome = later(&cx.down(format!("b{time}")), by).await;
    }
    std::future::pending().await
}

/// Walks forward, and where that fails, back.
async fn once(cx: &Cx<'_>) -> Outcome {
    let title = cx.text_or(&cx.walk.program.title, "");
    cx.fact(Fact::Titled { title });
    let mut walked = forward(cx).await;
    if cx.walk.dry {
        return super::dry::end(&walked);
    }
    // Asked for while there was nothing left at which the walk could have stopped.
    let rollback = cx.walk.door.state().rollback.clone();
    if let (Ok(_), Some(by)) = (&walked, rollback) {
        walked = Err(Stop::Operator(by));
    }
    match walked {
        Ok(Forward::NotNeeded) => end(cx, Outcome::NotNeeded, String::from("no symptom holds")),
        Ok(Forward::Cleared) => {
            for item in cx.changes.take() {
                cx.keep(item, None);
            }
            let standing = cx.walk.ledger().standing.len();
            if standing > 0 {
                let reason = String::from("the symptom is gone, but not everything could be taken back");
                return end(cx, Outcome::Failed, reason);
            }
            end(cx, Outcome::Resolved, String::new())
        }
        Err(stop) => back(cx, stop).await,
    }
}

/// How a runbook ended that nothing stopped.
pub(super) enum Forward {
    /// No symptom holds.
    NotNeeded,
    Cleared,
}

/// Walks a runbook: symptom, diagnosis, resolution, symptom again.
pub(super) async fn forward<'w>(cx: &Cx<'w>) -> Result<Forward, Stop> {
    let program = cx.walk.program;
    let mut held = symptoms(cx, PhaseKind::Symptom, "y").await?;
    needed_as_planned(cx, !held.is_empty()).await?;
    if !program.symptoms.is_empty() && held.is_empty() {
        if !cx.walk.opened.force {
            return Ok(Forward::NotNeeded);
        }
        // Forced: whatever was done, none of them may hold afterwards.
        held = program.symptoms.iter().collect();
    }
    let mut chosen = if program.resolves.len() == 1 { Some(0) } else { None };
    let mut lead = None;
    if let Some(diagnose) = &program.diagnose {
        match phase(cx, diagnose, PhaseKind::Diagnose, "diagnose").await? {
            Flow::Resolve(index) => chosen = Some(index),
            Flow::Follow(way) => {
                chosen = None;
                lead = Some(way);
            }
            _ if has_decide(&diagnose.body) => chosen = None,
            _ => {}
        }
    }
    if let Some(way) = lead {
        cx.down("follow").follow(way).await?;
    }
    if let Some(index) = chosen {
        let resolve = &program.resolves[index as usize];
        phase(cx, resolve, PhaseKind::Resolve, &format!("resolve{index}")).await?;
    }
    if !cx.walk.dry {
        clearing(cx, &held).await?;
    } else if cx.walk.ledger().attempted {
        cx.afterwards(&held);
    }
    Ok(Forward::Cleared)
}

/// Goes on where the runbook is needed as planned; that a run is not needed at all differs in nothing that is done.
async fn needed_as_planned(cx: &Cx<'_>, needed: bool) -> Result<(), Stop> {
    let symptoms = &cx.walk.program.symptoms;
    let (Some(first), true) = (symptoms.first(), cx.is_planned() && !cx.walk.opened.force) else {
        return Ok(());
    };
    let here = Here::needed(needed);
    if cx.walk.dry {
        cx.plan(&here, first.span);
    } else if needed || !cx.at.is_empty() {
        cx.as_planned(&[here], first.span, Vec::new()).await?;
    }
    Ok(())
}

fn has_decide(body: &crate::program::Block) -> bool {
    use crate::program::StatementKind as Kind;
    body.iter().any(|statement| match &statement.kind {
        Kind::Decide { .. } => true,
        Kind::Step(step) => has_decide(&step.body),
        Kind::If { arms, otherwise, .. } => arms.iter().any(|(_, b)| has_decide(b)) || has_decide(otherwise),
        Kind::For(looping) => has_decide(&looping.body),
        Kind::Parallel(arms) => has_decide(arms),
        _ => false,
    })
}

/// Measures every symptom; returns those that hold.
pub(super) async fn symptoms<'w>(cx: &Cx<'w>, kind: PhaseKind, part: &str) -> Result<Vec<&'w Symptom>, Stop> {
    let mut held = Vec::new();
    let mut unreadable = None;
    if cx.walk.program.symptoms.is_empty() {
        return Ok(held);
    }
    cx.fact(Fact::PhaseBegan { phase: kind, title: String::new(), deadline: None });
    for (index, symptom) in cx.walk.program.symptoms.iter().enumerate() {
        let here = cx.down(format!("{part}{index}"));
        let title = cx.text_or(&symptom.title, "symptom");
        let measured = measure(&here, symptom).await;
        let (holds, why) = match measured {
            Ok(holds) => (Some(holds), String::new()),
            Err(Stop::Failure(mut failure)) => {
                here.report(&mut failure);
                let why = failure.message.clone();
                unreadable = unreadable.or(Some(failure));
                (None, why)
            }
            Err(stop) => return Err(stop),
        };
        here.fact(Fact::Symptom { title, holds, why });
        if holds == Some(true) {
            held.push(symptom);
        }
    }
    let ok = unreadable.is_none();
    cx.fact(Fact::PhaseEnded { phase: kind, title: String::new(), ok });
    match unreadable {
        Some(failure) if held.is_empty() => Err(failure.into()),
        _ => Ok(held),
    }
}

async fn measure<'w>(cx: &Cx<'w>, symptom: &'w Symptom) -> Result<bool, Stop> {
    block(cx, &symptom.body).await?;
    cx.down("when").holds(&symptom.when).await
}

/// Measures the symptoms again until they are gone.
async fn clearing<'w>(cx: &Cx<'w>, held: &[&'w Symptom]) -> Result<(), Stop> {
    if held.is_empty() {
        return Ok(());
    }
    let kind = PhaseKind::Clearing;
    cx.fact(Fact::PhaseBegan { phase: kind, title: String::new(), deadline: None });
    let mut result = Ok(());
    for (index, symptom) in held.iter().enumerate() {
        let here = cx.down(format!("z{index}"));
        let title = cx.text_or(&symptom.title, "symptom");
        result = cleared(&here, symptom).await;
        match &mut result {
            Ok(()) => here.fact(Fact::Symptom { title, holds: Some(false), why: String::new() }),
            Err(Stop::Failure(failure)) => {
                failure.message = format!("the symptom \"{title}\" is not cleared: {}", failure.message);
                here.report(failure);
                here.fact(Fact::Symptom { title, holds: Some(true), why: failure.message.clone() });
                break;
            }
            Err(_) => break,
        }
    }
    cx.fact(Fact::PhaseEnded { phase: kind, title: String::new(), ok: result.is_ok() });
    result
}

async fn cleared<'w>(cx: &Cx<'w>, symptom: &'w Symptom) -> Result<(), Stop> {
    let (rhythm, text) = match &symptom.cleared {
        Some((expr, polling)) => {
            (Rhythm::of(cx, polling)?, cx.walk.program.sources.text(expr.span).to_owned())
        }
        None => (CLEARED, format!("not ({})", cx.walk.program.sources.text(symptom.when.span))),
    };
    poll(cx, &rhythm, &text, symptom.span, |here: &Cx<'w>| {
        let here = here.forked();
        let sample: Walking<'_, Result<bool, Stop>> = Box::pin(async move {
            match &symptom.cleared {
                Some((expr, _)) => {
                    block(&here, &symptom.body).await?;
                    here.down("when").holds(expr).await
                }
                None => Ok(!measure(&here, symptom).await?),
            }
        });
        sample
    })
    .await?;
    Ok(())
}

/// Walks a phase, its `finally`s included.
pub(super) async fn phase<'w>(
    cx: &Cx<'w>,
    phase: &'w Phase,
    kind: PhaseKind,
    part: &str,
) -> Result<Flow, Stop> {
    let mut here = cx.down(part);
    let title = here.text_or(&phase.title, &phase.name);
    if let Some(within) = &phase.within {
        let length = here.duration(within)?;
        here =
            here.bounded(length, &format!("`within {}` of the phase", Cx::length(length)), Some(within.span));
    }
    let deadline = here.bound.as_ref().map(|b| b.at);
    here.fact(Fact::PhaseBegan { phase: kind, title: title.clone(), deadline });
    let mut result = match block(&here, &phase.body).await {
        Ok(flow) => unwind::finish(&here).await.map(|()| flow),
        stopped => {
            if kind == PhaseKind::Rollback {
                // Nothing unwinds a rollback. A `finally` that fails is listed as standing.
                let _ended = unwind::finish(&here).await;
            }
            stopped
        }
    };
    if let Err(Stop::Failure(failure)) = &mut result {
        here.report(failure);
    }
    here.fact(Fact::PhaseEnded { phase: kind, title, ok: result.is_ok() });
    result
}

struct Globals<'a> {
    program: &'a Program,
    /// When the run was opened.
    now: jiff::Timestamp,
    values: Vec<Value>,
}

impl Scope for Globals<'_> {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Global(n) => self.values.get(n as usize).cloned(),
            NameRef::Local(_) => None,
        }
    }

    fn describe(&self, name: NameRef) -> (String, String) {
        match name {
            NameRef::Global(n) => {
                self.program.globals.get(n as usize).map(|g| (g.slot.name.clone(), g.slot.origin.clone()))
            }
            NameRef::Local(_) => None,
        }
        .unwrap_or_default()
    }

    fn now(&self) -> jiff::Timestamp {
        self.now
    }
}

/// Returns the values of parameters, secrets and top-level `let`s, as they are at that time, microseconds since 1970 UTC.
pub(super) fn globals(
    program: &Program,
    params: &[(String, Value)],
    wall_us: i64,
    secrets: &BTreeMap<String, Secret>,
) -> Result<Vec<Value>, Failure> {
    let now = jiff::Timestamp::from_microsecond(wall_us).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut scope = Globals { program, now, values: Vec::new() };
    for global in &program.globals {
        let name = &global.slot.name;
        let expr = match &global.source {
            GlobalSource::Secret(_) => {
                let secret = secrets.get(name).cloned().unwrap_or_else(|| Secret::new(name.as_str(), ""));
                scope.values.push(Value::Secret(secret));
                continue;
            }
            GlobalSource::Param(param) => match params.iter().find(|(n, _)| n == name) {
                Some((_, value)) => {
                    scope.values.push(value.clone());
                    continue;
                }
                None => param.default.as_ref(),
            },
            GlobalSource::Let(expr) => Some(expr),
        };
        let Some(expr) = expr else {
            return Err(Failure::new(format!("the parameter `{name}` was not given"), global.slot.span));
        };
        match expression::evaluate(expr, &scope) {
            Ok(value) => scope.values.push(value),
            Err(expression::Stop::Error(error)) => {
                return Err(Failure::new(error.message, error.span));
            }
            Err(expression::Stop::NeedCall(_) | expression::Stop::Unknown(_)) => {
                return Err(Failure::new("a call stands where none can be made", expr.span));
            }
        }
    }
    Ok(scope.values)
}
