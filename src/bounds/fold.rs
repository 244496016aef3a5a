//! Statements: what each takes, and what it leaves for the way back.
//!
//! Owns the walk over a block and the leaves. What branches, repeats or runs side by side stands in `flow`, what calls in
//! `calls`.

use std::collections::{BTreeMap, HashMap};

use super::cost::{Cost, Made, Part};
use super::extent::{Known, Names};
use super::{Amount, Bounds, Given, OWN, Time};
use crate::expression;
use crate::program::{Asking, Expr, Polling, Program, Silence, Statement, StatementKind};

/// What makes a difference to a runbook that is followed: which, whether something bounds it, and what it is given.
type Followed = (u32, bool, Vec<(String, super::calls::KnownKey)>);

/// The walk over one program.
pub(super) struct Fold<'p> {
    pub program: &'p Program,
    pub follows: &'p [Program],
    pub given: &'p Given,
    pub names: Names,
    pub parts: Vec<Option<Part>>,
    /// Of actions, by what makes a difference to them.
    pub actions: HashMap<super::calls::Key, Cost>,
    /// Other runbooks that an arm of the diagnosis leads to.
    pub leads: Vec<(u32, Cost)>,
    /// Inside an undo or a `rollback`.
    pub unwinding: bool,
    pub books: BTreeMap<u32, Bounds>,
    followed: HashMap<Followed, Cost>,
}

impl<'p> Fold<'p> {
    pub fn new(program: &'p Program, follows: &'p [Program], given: &'p Given, names: Names) -> Self {
        Fold {
            program,
            follows,
            given,
            names,
            parts: Vec::new(),
            actions: HashMap::new(),
            leads: Vec::new(),
            unwinding: false,
            books: BTreeMap::new(),
            followed: HashMap::new(),
        }
    }

    /// Returns what a block takes. `timed`: whether something around bounds it.
    pub fn block(&mut self, body: &'p [Statement], timed: bool) -> Cost {
        let mut cost = Cost::default();
        for (at, statement) in body.iter().enumerate() {
            if let StatementKind::Watch(watch) = &statement.kind {
                let rest = self.block(&body[at + 1..], timed);
                return cost.then(self.watch(watch, statement.id, rest, timed));
            }
            cost = cost.then(self.statement(statement, timed));
        }
        cost
    }

    /// Returns what a statement takes.
    pub fn statement(&mut self, statement: &'p Statement, timed: bool) -> Cost {
        let (cost, made) = self.costs(statement, timed);
        self.note(statement.id, &cost, made);
        Cost { begins: cost.begins.saturating_add(1), ..cost }
    }

    /// Keeps what is shown of a statement. In an action that is called several times, the first call counts.
    pub fn note(&mut self, id: u32, cost: &Cost, made: Option<Made>) {
        let at = id as usize;
        if self.parts.len() <= at {
            self.parts.resize(at + 1, None);
        }
        self.parts[at].get_or_insert(Part {
            time: cost.full,
            back: cost.back,
            ends: cost.ends,
            made: made.map(Box::new),
        });
    }

    fn costs(&mut self, statement: &'p Statement, timed: bool) -> (Cost, Option<Made>) {
        let time = match &statement.kind {
            StatementKind::Check { call, until, .. } => {
                let mut sample = self.call(call, timed).full;
                match until.as_deref() {
                    None => sample,
                    Some((expr, polling)) => {
                        sample = sample.plus(self.calls_in(expr, timed));
                        let (full, made) = self.poll(polling, sample);
                        return (Cost::of(full), Some(made));
                    }
                }
            }
            StatementKind::Verify { expr, polling, .. } => {
                let sample = self.calls_in(expr, timed);
                match polling {
                    None => sample,
                    Some(polling) => {
                        let (full, made) = self.poll(polling, sample);
                        return (Cost::of(full), Some(made));
                    }
                }
            }
            StatementKind::Let { slot, expr } | StatementKind::Output { slot, expr, .. } => {
                let known = self.names.expr(expr);
                self.names.bind(*slot, known);
                Time::ZERO
            }
            StatementKind::Wait { duration, .. } => Time::work(self.names.duration(duration)),
            StatementKind::Approve(approval) => Time::people(self.names.duration(&approval.within)),
            StatementKind::Ask(asking) => self.asked(asking),
            StatementKind::Notify { .. } => Time::work(Amount::of(self.given.call)),
            StatementKind::Escalate { .. } => self.page(),
            StatementKind::Run(run) => return (self.change(run, timed), None),
            StatementKind::Step(step) => return self.step(step, timed),
            StatementKind::If { arms, otherwise, .. } => {
                let first = self.block(otherwise, timed);
                let cost = arms.iter().fold(first, |cost, (_, body)| cost.or(self.block(body, timed)));
                return (cost, None);
            }
            StatementKind::For(looping) => return self.looping(looping, timed),
            StatementKind::Parallel(arms) => {
                let costs = arms.iter().map(|arm| self.statement(arm, timed));
                return (costs.reduce(Cost::beside).unwrap_or_default(), None);
            }
            StatementKind::Decide { arms, otherwise, .. } => {
                return (self.decide(arms, otherwise, timed), None);
            }
            StatementKind::Follow(follow) => {
                return (self.follow(follow, timed), None);
            }
            StatementKind::PointOfNoReturn { when, .. } => {
                // Read when changes are taken back.
                let read = when.as_ref().map_or(Time::ZERO, |when| self.bounded_calls(when));
                return (Cost { back: read.back(), ..Cost::default() }, None);
            }
            // `block` walks it with what stands behind it.
            StatementKind::Watch(_) => Time::ZERO,
            StatementKind::Show { .. } | StatementKind::Finding { .. } | StatementKind::Return(_) => {
                Time::ZERO
            }
        };
        (Cost::of(time), None)
    }

    fn asked(&mut self, asking: &Asking) -> Time {
        let mut known = domain(&asking.domain);
        if let Silence::Answer(answer) = &asking.on_silence {
            known = known.or(self.names.expr(answer));
        }
        self.names.bind(asking.slot, known);
        Time::people(self.names.duration(&asking.within))
    }

    /// Returns what the calls of an expression take, each made once.
    pub fn calls_in(&mut self, expr: &'p Expr, timed: bool) -> Time {
        let calls = expression::calls(expr);
        calls.into_iter().fold(Time::ZERO, |time, (_, call)| time.plus(self.call(call, timed).full))
    }

    /// Returns what the calls of an expression take that has 1m for all of them.
    pub fn bounded_calls(&mut self, expr: &'p Expr) -> Time {
        self.calls_in(expr, true).within(Amount::of(OWN), Time::ZERO)
    }

    /// Returns what an escalation takes where it stands: forward its page comes at the end of the run.
    pub fn page(&self) -> Time {
        if self.unwinding { Time::work(Amount::of(self.given.call)) } else { Time::ZERO }
    }

    /// Returns how long something is read again. The last reading begins when `within` runs out, and has its own bound.
    pub fn poll(&mut self, polling: &Polling, sample: Time) -> (Time, Made) {
        let length = |e: &Option<Expr>| e.as_ref().map(|e| Time::work(self.names.duration(e)));
        let (within, holds) = (length(&polling.within), length(&polling.holds));
        let made = |length| Made::Poll { length, sample };
        match (within, holds) {
            (Some(within), _) => (within.plus(sample), made(within)),
            // It counts from the end of the first reading.
            (None, Some(holds)) => (holds.plus(sample.times(2)), made(holds)),
            (None, None) => (sample, made(Time::ZERO)),
        }
    }

    pub fn followed(&mut self, book: u32, args: &[(String, Known)], timed: bool) -> Cost {
        let key = (book, timed, args.iter().map(|(name, known)| (name.clone(), known.key())).collect());
        if let Some(cost) = self.followed.get(&key) {
            return *cost;
        }
        let (cost, bounds) = super::whole::followed(self, book, args, timed);
        self.books.entry(book).or_insert(bounds);
        self.followed.insert(key, cost);
        cost
    }
}

fn domain(domain: &crate::value::Domain) -> Known {
    let lit = |value: &crate::value::Value| {
        let expr = crate::program::ExprKind::Literal(value.clone());
        Names::default().expr(&Expr {
            kind: expr,
            ty: domain.ty.clone(),
            span: crate::source::Span::default(),
        })
    };
    match &domain.range {
        Some((low, high)) => lit(low).or(lit(high)),
        None => domain.choices.iter().map(lit).reduce(Known::or).unwrap_or_default(),
    }
}
