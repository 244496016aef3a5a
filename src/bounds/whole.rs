//! Phases and runs.
//!
//! Owns what a runbook is made of as a whole, and what comes behind its last phase. Never looks into a statement.

use super::cost::Cost;
use super::extent::{Known, Names};
use super::fold::Fold;
use super::{Amount, Bounds, CLEARED, Given, Phase, Time};
use crate::program::{self, Choice, Program, Silence, StatementKind, Symptom, every};

/// Returns the bounds of a program. `follows`: all that may be followed.
pub(super) fn bounds(program: &Program, follows: &[Program], given: &Given) -> Bounds {
    let mut fold = Fold::new(program, follows, given, Names::of(program, given, None));
    walk(&mut fold, false).1
}

/// Returns what it takes to follow a runbook, and its bounds. `timed`: whether something around bounds it.
pub(super) fn followed(of: &Fold<'_>, book: u32, args: &[(String, Known)], timed: bool) -> (Cost, Bounds) {
    let program = &of.follows[book as usize];
    let names = Names::of(program, of.given, Some(args));
    let mut fold = Fold::new(program, of.follows, of.given, names);
    let (ways, bounds) = walk(&mut fold, timed);
    let before = Cost::of(bounds.symptoms).then(Cost::of(bounds.diagnose.map_or(Time::ZERO, |d| d.time)));
    let cost = before.then(ways).then(Cost::of(bounds.clearing));
    let rollback = bounds.rollback.map_or(Time::ZERO, |rollback| rollback.time).plus(bounds.page).back();
    (Cost { back: cost.back.plus(rollback), ..cost }, bounds)
}

/// Walks all of a program. Returns the worst of its ways, and its bounds.
fn walk<'p>(fold: &mut Fold<'p>, timed: bool) -> (Cost, Bounds) {
    let program = fold.program;
    let mut bounds = Bounds::default();
    for symptom in &program.symptoms {
        let (measured, cleared) = symptom_of(fold, symptom, timed);
        bounds.symptoms = bounds.symptoms.plus(measured);
        bounds.clearing = bounds.clearing.plus(cleared);
    }
    let mut ways: Option<Cost> = None;
    let mut worse = |cost: Cost| ways = Some(ways.map_or(cost, |ways| ways.or(cost)));
    if let Some(diagnose) = &program.diagnose {
        bounds.diagnose = Some(phase(fold, diagnose, timed).1);
    }
    // What a name of the diagnosis is known to be stays known.
    for resolve in &program.resolves {
        let (cost, found) = phase(fold, resolve, timed);
        worse(cost);
        bounds.resolves.push(found);
    }
    for (book, cost) in std::mem::take(&mut fold.leads) {
        worse(cost);
        bounds.leads.push((book, of_cost(&cost)));
    }
    fold.unwinding = true;
    bounds.rollback = program.rollback.as_ref().map(|rollback| phase(fold, rollback, false).1);
    bounds.page = page(fold);
    bounds.books = std::mem::take(&mut fold.books);
    bounds.parts = std::mem::take(&mut fold.parts);
    (ways.unwrap_or_default(), bounds)
}

/// Returns what one measurement of a symptom takes, and how long it is measured until it is gone.
fn symptom_of<'p>(fold: &mut Fold<'p>, symptom: &'p Symptom, timed: bool) -> (Time, Time) {
    let body = fold.block(&symptom.body, timed).full;
    let when = fold.calls_in(&symptom.when, timed);
    let cleared = match &symptom.cleared {
        Some((expr, polling)) => {
            let sample = body.plus(fold.calls_in(expr, timed));
            fold.poll(polling, sample).0
        }
        None => Time::work(Amount::of(CLEARED)).plus(body).plus(when),
    };
    (body.plus(when), cleared)
}

fn phase<'p>(fold: &mut Fold<'p>, phase: &'p program::Phase, timed: bool) -> (Cost, Phase) {
    let body = fold.block(&phase.body, timed || phase.within.is_some());
    let within = phase.within.as_ref().map(|within| fold.names.duration(within));
    let cut = within.map_or(body.full, |within| body.full.within(within, body.late));
    let cost = Cost { full: cut, ..body }.scope();
    (cost, Phase { within, uncut: body.full, ..of_cost(&cost) })
}

fn of_cost(cost: &Cost) -> Phase {
    Phase { time: cost.full, back: cost.undoing(), within: None, uncut: cost.full }
}

/// Returns what it takes to page somebody at the end, also where `rollback` ends so.
fn page(fold: &Fold<'_>) -> Time {
    let program = fold.program;
    let mut escalates = false;
    program.every(&mut |statement| {
        escalates |= match &statement.kind {
            StatementKind::Escalate { .. } => true,
            StatementKind::Approve(approval) => matches!(approval.on_silence, Silence::Escalate { .. }),
            StatementKind::Ask(asking) => matches!(asking.on_silence, Silence::Escalate { .. }),
            StatementKind::Run(run) => match &run.call.target {
                program::Target::Manual(manual) => matches!(manual.on_silence, Silence::Escalate { .. }),
                _ => false,
            },
            StatementKind::Decide { arms, otherwise, .. } => {
                arms.iter().map(|(_, c)| c).chain([otherwise]).any(|c| matches!(c, Choice::Escalate { .. }))
            }
            _ => false,
        };
    });
    let mut in_rollback = 0;
    if let Some(rollback) = &program.rollback {
        every(&rollback.body, &mut |statement| {
            if matches!(&statement.kind, StatementKind::Approve(_) | StatementKind::Ask(_)) {
                in_rollback = 1;
            }
        });
    }
    let followed = fold.books.values().map(|book| book.page).fold(Time::ZERO, Time::or);
    let own = Time::work(Amount::of(fold.given.call)).times(u64::from(escalates) * (1 + in_rollback));
    own.or(followed)
}
