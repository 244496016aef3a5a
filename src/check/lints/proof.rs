//! `verify-proves-nothing`: a `verify` that holds whatever the changes above it did.
//!
//! Owns when each name of a body was read, and where its first change stands. Looks at each block by itself: a change in
//! a branch may not have happened, and what is only sometimes checked may well be a guard.

use std::collections::HashMap;

use crate::check::phases::Sections;
use crate::check::report::Report;
use crate::diagnostic::Diagnostic;
use crate::expression::{self, Scope};
use crate::program::{
    Action, BinaryOp, Choice, Ending, Expr, ExprKind, Global, GlobalSource, NameRef, Run, Slot, Statement,
    StatementKind, Target, Watch, WatchTarget,
};
use crate::source::Span;
use crate::value::Value;

/// Looks at the phases, in the order in which they run.
pub(super) fn of_sections(globals: &[Global], sections: &Sections, report: &mut Report) {
    let mut walk = Walk::new(globals, &sections.locals, report);
    let symptoms = sections.symptoms.iter().map(|symptom| &symptom.body);
    let phases = sections.diagnose.iter().chain(&sections.resolves).chain(&sections.rollback);
    for body in symptoms.chain(phases.map(|phase| &phase.body)) {
        walk.alone(body);
    }
}

/// Looks at an action's body.
pub(super) fn of_action(globals: &[Global], action: &Action, report: &mut Report) {
    Walk::new(globals, &action.locals, report).alone(&action.body);
}

/// When a value was known, in the order of the statements.
#[derive(Clone, Copy, Default)]
struct Known {
    at: u32,
    /// It tells of the world, not of what somebody gave or said.
    read: bool,
}

struct Walk<'p> {
    globals: &'p [Global],
    locals: &'p [Slot],
    known: HashMap<u32, Known>,
    /// Names that exist only where a command went well, `false` where another statement binds them, too.
    certain: HashMap<u32, bool>,
    clock: u32,
    /// The first change of this block, or of the one around it.
    change: Option<(u32, Span)>,
    report: &'p mut Report,
}

impl<'p> Walk<'p> {
    fn new(globals: &'p [Global], locals: &'p [Slot], report: &'p mut Report) -> Self {
        Walk {
            globals,
            locals,
            known: HashMap::new(),
            certain: HashMap::new(),
            clock: 0,
            change: None,
            report,
        }
    }

    /// Walks statements above which nothing is known to have changed.
    fn alone(&mut self, body: &[Statement]) {
        let outer = self.change.take();
        self.block(body);
        self.change = outer;
    }

    fn block(&mut self, body: &[Statement]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        self.clock += 1;
        let now = Known { at: self.clock, read: true };
        match &statement.kind {
            StatementKind::Check { slot: Some(slot), call, until } => {
                let strict = !call.tried && call.allow_exit.is_empty() && until.is_none();
                let certain = strict && matches!(call.target, Target::Command(_));
                self.certain.entry(*slot).and_modify(|so_far| *so_far &= certain).or_insert(certain);
                self.known.insert(*slot, now);
            }
            StatementKind::Run(run) => self.run(run, statement.span),
            StatementKind::Let { slot, expr } | StatementKind::Output { slot, expr, .. } => {
                let known = self.of(expr);
                self.known.insert(*slot, known);
            }
            StatementKind::Ask(asking) => {
                self.known.insert(asking.slot, Known { read: false, ..now });
            }
            StatementKind::Verify { expr, polling: None, .. } => self.verify(expr),
            StatementKind::Step(step) => self.block(&step.body),
            StatementKind::Parallel(arms) => self.parallel(arms),
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, body)| self.alone(body));
                self.alone(otherwise);
            }
            StatementKind::For(each) => {
                let list = self.of(&each.list);
                self.known.insert(each.slot, list);
                self.alone(&each.body);
            }
            StatementKind::Decide { arms, otherwise, .. } => {
                for choice in arms.iter().map(|(_, choice)| choice).chain([otherwise]) {
                    if let Choice::Block(body) = choice {
                        self.alone(body);
                    }
                }
            }
            StatementKind::Watch(watch) => self.watch(watch),
            StatementKind::Follow(_) => self.changed(statement.span),
            _ => {}
        }
    }

    fn changed(&mut self, span: Span) {
        self.change.get_or_insert((self.clock, span));
    }

    fn run(&mut self, run: &Run, span: Span) {
        let word = if matches!(run.call.target, Target::Manual(_)) { "manual" } else { "run" };
        self.changed(Span::new(span.source, span.start as usize, span.start as usize + word.len()));
        if let Some(slot) = run.slot {
            self.known.insert(slot, Known { at: self.clock, read: true });
        }
        if let Ending::Undo(undo) = &run.ending {
            self.alone(&undo.body);
        }
    }

    /// Walks arms that go on at the same time: none is above another.
    fn parallel(&mut self, arms: &[Statement]) {
        let before = self.change;
        let mut first = before;
        for arm in arms {
            self.change = before;
            self.statement(arm);
            first = first.or(self.change);
        }
        self.change = first;
    }

    fn watch(&mut self, watch: &Watch) {
        for target in watch.arms.iter().filter_map(|arm| arm.target.as_ref()).chain([&watch.otherwise]) {
            if let WatchTarget::Block(body) = target {
                self.alone(body);
            }
        }
    }

    /// Returns when the newest of an expression's names was known.
    fn of(&self, expr: &Expr) -> Known {
        let mut newest = Known::default();
        for name in super::super::walk::names(expr) {
            if let NameRef::Local(slot) = name {
                let known = self.known.get(&slot).copied().unwrap_or_default();
                newest = Known { at: newest.at.max(known.at), read: newest.read || known.read };
            }
        }
        newest
    }

    /// Returns whether it only asks whether a command went well whose failure has ended the path already.
    fn went_well(&self, expr: &Expr) -> bool {
        let of_certain = |of: &Expr| match of.kind {
            ExprKind::Name(NameRef::Local(slot)) => self.certain.get(&slot).copied().unwrap_or(false),
            _ => false,
        };
        match &expr.kind {
            ExprKind::Field(of, field) => field == "ok" && of_certain(of),
            ExprKind::Binary(BinaryOp::Equal, left, right) => match (&left.kind, &right.kind) {
                (ExprKind::Field(of, field), ExprKind::Literal(Value::Int(0))) => {
                    field == "exit" && of_certain(of)
                }
                _ => false,
            },
            ExprKind::Binary(BinaryOp::And, left, right) => self.went_well(left) && self.went_well(right),
            _ => false,
        }
    }

    fn verify(&mut self, expr: &Expr) {
        if self.went_well(expr) {
            self.report.push(
                Diagnostic::warning(
                    "verify-proves-nothing",
                    "this always holds: had the command failed, the path would have ended there",
                )
                .at(expr.span, "")
                .help("compare with what it printed: `verify NAME.stdout == …`")
                .help("or look at its failure here: `check NAME = try $ …`"),
            );
            return;
        }
        if reads_anew(expr) {
            return;
        }
        if is_constant(expr, self.globals) {
            let holds = matches!(expression::evaluate(expr, &Constants(self.globals)), Ok(Value::Bool(true)));
            // One that never holds is how a path is ended on purpose.
            if holds {
                self.report.push(
                    Diagnostic::warning("verify-proves-nothing", "this holds whatever happened")
                        .at(expr.span, "")
                        .help("compare with what is read: `verify ACTION(…) == …`"),
                );
            }
            return;
        }
        let known = self.of(expr);
        let Some((_, change)) = self.change.filter(|(at, _)| known.at < *at && known.read) else { return };
        let mut d = Diagnostic::warning(
            "verify-proves-nothing",
            "this was known before the change: what the change did cannot make it false",
        )
        .at(expr.span, "")
        .at(change, "changed here");
        let names = super::super::walk::names(expr);
        let oldest = names.into_iter().find_map(|name| match name {
            NameRef::Local(slot) => self.locals.get(slot as usize),
            NameRef::Global(_) => None,
        });
        if let Some(slot) = oldest {
            d = d.at(slot.span, format!("`{}` is frozen since here", slot.name));
            if slot.origin.starts_with('$') || slot.origin.ends_with(')') {
                d = d.help(format!("read it again below the change: `check NAME = {}`", slot.origin));
            } else {
                d = d.help("read it again below the change");
            }
        }
        self.report.push(d.help("or put it above the change: there it guards it"));
    }
}

/// Returns whether the expression is not the same each time: it calls something, or asks for the time.
fn reads_anew(expr: &Expr) -> bool {
    let mut found = false;
    expr.every(&mut |e| {
        found |= match &e.kind {
            ExprKind::Call { .. } | ExprKind::Attempt | ExprKind::Elapsed => true,
            ExprKind::Function { name, .. } => name == "now" || name == "age",
            _ => false,
        }
    });
    found
}

/// Returns whether it is made of what is written in the file alone.
fn is_constant(expr: &Expr, globals: &[Global]) -> bool {
    super::super::walk::names(expr).into_iter().all(|name| match name {
        NameRef::Local(_) => false,
        NameRef::Global(slot) => match globals.get(slot as usize).map(|global| &global.source) {
            Some(GlobalSource::Let(of)) => !reads_anew(of) && is_constant(of, globals),
            _ => false,
        },
    })
}

/// Names that are bound to what is written in the file.
struct Constants<'p>(&'p [Global]);

impl Scope for Constants<'_> {
    fn name(&self, name: NameRef) -> Option<Value> {
        let NameRef::Global(slot) = name else { return None };
        match &self.0.get(slot as usize)?.source {
            GlobalSource::Let(expr) => expression::evaluate(expr, self).ok(),
            _ => None,
        }
    }

    fn describe(&self, _: NameRef) -> (String, String) {
        Default::default()
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}
