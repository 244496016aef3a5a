//! Drills against the program they drill: whether what they name exists, and what is given fits.
//!
//! Owns these rules. Looks at whole programs only, those that are followed with them.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Brings, inside};
use super::report::{Report, listed, near};
use crate::diagnostic::Diagnostic;
use crate::program::{
    Drill, Effect, ExpectWhat, Given, GivenWhat, GlobalSource, Program, Slot, Statement, StatementKind,
    StepFate, Target, every, native,
};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::{Domain, Type, Value};

/// The words of `expect outcome`.
const OUTCOMES: &[&str] = &["resolved", "failed", "rolled_back", "aborted", "escalated", "not_needed"];

/// Says so when a word is no outcome.
pub(super) fn outcome(name: &ast::Name, report: &mut Report) {
    if OUTCOMES.contains(&name.node.as_str()) {
        return;
    }
    let unknown = Diagnostic::error("unknown-outcome", format!("no run ends as `{}`", name.node))
        .at(name.span, "")
        .note(format!("outcomes: {}", listed(OUTCOMES.iter().copied())));
    report.push(near(unknown, &name.node, OUTCOMES.iter().copied()));
}

/// What a drill may name.
#[derive(Default)]
struct Names {
    params: BTreeMap<String, Option<Domain>>,
    /// Parameters of what is followed, which `follow` gives.
    followed: BTreeSet<String>,
    /// Names of checks and of changes that are bound.
    bound: super::names::Names,
    asks: BTreeMap<String, Domain>,
    steps: BTreeSet<String>,
    resolves: BTreeSet<String>,
    approvals: BTreeSet<String>,
    manuals: BTreeSet<String>,
    actions: BTreeMap<String, (Effect, Type)>,
}

/// Checks the drills of a program and settles what their names mean.
pub(super) fn fit(program: &Program, drills: &mut [Drill], report: &mut Report) {
    if drills.is_empty() {
        return;
    }
    let names = Names::of(program);
    for drill in drills {
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for given in &mut drill.given {
            names.given(given, report);
            let key = key(&given.what);
            if let Some(first) = seen.insert(key.clone(), given.span) {
                let told = Diagnostic::error("given-twice", format!("{key} is given twice"))
                    .at(given.span, "again here")
                    .at(first, "first here");
                let once = matches!(
                    given.what,
                    GivenWhat::Alert { .. } | GivenWhat::OperatorStops { .. } | GivenWhat::Crash { .. }
                );
                report.push(if once {
                    told.help("it comes once in a drill: write another drill for another")
                } else {
                    told.help("write successive values in one line: `given NAME = v, then v2`")
                });
            }
        }
        for expect in &drill.expect {
            names.expect(&expect.what, expect.span, report);
        }
    }
}

fn key(what: &GivenWhat) -> String {
    match what {
        GivenWhat::Param { name, .. } | GivenWhat::Readings { name, .. } | GivenWhat::Answer { name, .. } => {
            format!("`{name}`")
        }
        GivenWhat::Step { name, .. } => format!("the step \"{name}\""),
        GivenWhat::Replies { manual, text, .. } => match (manual, text) {
            (_, Some(text)) => format!("the reply to \"{text}\""),
            (true, None) => String::from("what manual steps come to"),
            (false, None) => String::from("the reply to approvals"),
        },
        GivenWhat::Alert { .. } => String::from("the alert"),
        GivenWhat::OperatorStops { step } => format!("a stop at the step \"{step}\""),
        GivenWhat::Crash { step } => format!("a crash in the step \"{step}\""),
    }
}

impl Names {
    fn of(program: &Program) -> Names {
        let mut names = Names { bound: super::names::Names::of(program), ..Names::default() };
        for (at, book) in program.with_followed().enumerate() {
            for global in &book.globals {
                let accepts = match &global.source {
                    GlobalSource::Param(_) if at > 0 => {
                        names.followed.insert(global.slot.name.clone());
                        continue;
                    }
                    GlobalSource::Param(param) => Some(param.domain.clone()),
                    GlobalSource::Secret(_) => None,
                    GlobalSource::Let(_) => continue,
                };
                names.params.entry(global.slot.name.clone()).or_insert(accepts);
            }
            names.resolves.extend(book.resolves.iter().map(|resolve| resolve.name.clone()));
            let bodies = book.symptoms.iter().map(|s| &s.body);
            let phases = book.diagnose.iter().chain(&book.resolves).chain(&book.rollback).map(|p| &p.body);
            for body in bodies.chain(phases) {
                names.body(book, body, &book.locals);
            }
            for action in &book.actions {
                names.body(book, &action.body, &action.locals);
                let returns = action.returns.clone().unwrap_or(Type::None);
                names.actions.insert(action.name.clone(), (action.effect, returns));
            }
        }
        names
    }

    fn body(&mut self, book: &Program, body: &[Statement], locals: &[Slot]) {
        let name = |slot: u32| locals.get(slot as usize).map(|slot| slot.name.clone());
        let written = |span: Span| book.sources.unquoted(span).to_owned();
        every(body, &mut |statement| match &statement.kind {
            StatementKind::Run(run) => {
                if let Target::Manual(manual) = &run.call.target {
                    self.manuals.insert(written(manual.text.span));
                }
            }
            StatementKind::Ask(asking) => {
                self.asks.extend(name(asking.slot).map(|name| (name, asking.domain.clone())));
            }
            StatementKind::Approve(approval) => {
                self.approvals.insert(written(approval.text.span));
            }
            StatementKind::Step(step) => {
                self.steps.insert(step.name.clone());
            }
            _ => {}
        });
    }

    fn given(&self, given: &mut Given, report: &mut Report) {
        let span = given.span;
        match &mut given.what {
            GivenWhat::Readings { name, .. } if self.params.contains_key(name) => {
                given.what = self.param(&given.what, span, report);
            }
            GivenWhat::Readings { name, .. } if self.asks.contains_key(name) => {
                given.what = self.answer(&given.what, span, report);
            }
            GivenWhat::Readings { name, readings } => {
                let Some(ty) = self.type_of(name, span, report) else { return };
                for reading in readings {
                    let Ok(value) = &reading.brings else { continue };
                    match shaped(value, &ty) {
                        Ok(value) => reading.brings = Ok(value),
                        Err(why) => report.push(
                            Diagnostic::error("type-mismatch", format!("`{name}` is `{ty}`: {why}"))
                                .at(span, ""),
                        ),
                    }
                }
            }
            GivenWhat::Answer { name, value, .. } => match self.asks.get(name) {
                Some(domain) => {
                    if let Some(given) = value.take() {
                        *value = Some(accepted(domain, given, span, report));
                    }
                }
                None => unknown("question", name, self.asks.keys(), span, report),
            },
            GivenWhat::Step { name, .. }
            | GivenWhat::OperatorStops { step: name }
            | GivenWhat::Crash { step: name } => self.step(name, span, report),
            GivenWhat::Replies { manual, text: Some(text), .. } => {
                let known = if *manual { &self.manuals } else { &self.approvals };
                if !known.contains(text) {
                    let what = if *manual { "manual step" } else { "approval" };
                    unknown(what, text, known, span, report);
                }
            }
            GivenWhat::Alert { labels } => {
                labels.retain(|(name, _)| matches!(self.params.get(name), Some(Some(_))));
                for (name, value) in labels {
                    let Some(Some(domain)) = self.params.get(name.as_str()) else { continue };
                    let given = match &value {
                        Value::Text(text) => domain.parse(text),
                        _ => domain.accept(value.clone()),
                    };
                    match given {
                        Ok(given) => *value = given,
                        Err(why) => misfit(name, &why, span, report),
                    }
                }
            }
            GivenWhat::Replies { text: None, .. } | GivenWhat::Param { .. } => {}
        }
    }

    fn param(&self, what: &GivenWhat, span: Span, report: &mut Report) -> GivenWhat {
        let GivenWhat::Readings { name, readings } = what else { return what.clone() };
        let value = match readings.as_slice() {
            [only] if only.takes == 0 => only.brings.clone().ok(),
            _ => None,
        };
        let Some(value) = value else {
            report.push(
                Diagnostic::error("type-mismatch", format!("`{name}` has one value in the whole run"))
                    .at(span, "")
                    .help(format!("write `given {name} = VALUE`")),
            );
            return GivenWhat::Param { name: name.clone(), value: Value::None };
        };
        let value = match self.params.get(name) {
            Some(Some(domain)) => accepted(domain, value, span, report),
            _ => value,
        };
        GivenWhat::Param { name: name.clone(), value }
    }

    /// `given region = "eu"` of an `ask`.
    fn answer(&self, what: &GivenWhat, span: Span, report: &mut Report) -> GivenWhat {
        let GivenWhat::Readings { name, readings } = what else { return what.clone() };
        let value = match readings.as_slice() {
            [only] => only.brings.clone().ok().map(|value| (value, only.takes)),
            _ => None,
        };
        let Some((value, after)) = value else {
            report.push(
                Diagnostic::error("type-mismatch", format!("`{name}` is asked for: it has one answer"))
                    .at(span, "")
                    .help(format!("write `given answer {name} = VALUE`, or `given answer {name} never`")),
            );
            return GivenWhat::Answer { name: name.clone(), value: None, by: None, after: 0 };
        };
        let value = self.asks.get(name).map(|domain| accepted(domain, value, span, report));
        GivenWhat::Answer { name: name.clone(), value, by: None, after }
    }

    /// Returns the type of what is read or called, or says why nothing can be given for it.
    fn type_of(&self, name: &str, span: Span, report: &mut Report) -> Option<Type> {
        match self.bound.find(name) {
            Some(Ok(Brings::Value(ty))) => return Some(ty.clone()),
            Some(Ok(Brings::Walked(action))) => {
                report.push(walked(name, action, span));
                return None;
            }
            Some(Err(actions)) => {
                report.push(in_several(name, &actions, span));
                return None;
            }
            None => {}
        }
        if let Some((effect, ty)) = self.actions.get(name) {
            if *effect == Effect::Changes {
                report.push(
                    Diagnostic::error("cannot-be-given", format!("`{name}` changes: it is walked in a drill"))
                        .at(span, "")
                        .help("give what it reads, by its names; or say how its step goes: `given step \"…\" fails`"),
                );
                return None;
            }
            return Some(ty.clone());
        }
        if let Some((module, function)) = name.split_once('.')
            && let Some(found) = native::find(module, function)
        {
            return Some(found.returns.clone());
        }
        if self.followed.contains(name) {
            let told = format!("`{name}` is a parameter of a runbook that is followed");
            report.push(
                Diagnostic::error("cannot-be-given", told)
                    .at(span, "")
                    .help(format!("it has what `follow` gives it: `follow \"FILE\" with {{ {name}: … }}`")),
            );
            return None;
        }
        let bound = self.bound.all();
        let known = bound.iter().chain(self.actions.keys()).chain(self.params.keys()).chain(self.asks.keys());
        unknown("reading", name, known, span, report);
        None
    }

    fn step(&self, name: &str, span: Span, report: &mut Report) {
        if !self.steps.contains(name) {
            unknown("step", name, &self.steps, span, report);
        }
    }

    fn expect(&self, what: &ExpectWhat, span: Span, report: &mut Report) {
        match what {
            ExpectWhat::Resolve(name) if !self.resolves.contains(name) => {
                unknown("resolution", name, &self.resolves, span, report);
            }
            ExpectWhat::Step { name, fate } => {
                self.step(name, span, report);
                if let StepFate::Before(other) = fate {
                    self.step(other, span, report);
                }
            }
            _ => {}
        }
    }
}

/// Says that a name is what an action of the runbook brings, whose body is walked.
fn walked(name: &str, action: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        "cannot-be-given",
        format!("`{name}` is what `{action}` brings, which is walked in a drill"),
    )
    .at(span, "")
    .help("give what happens in it, by the names there; or say how its step goes: `given step \"…\" fails`")
}

/// Says that a name is bound in several actions.
fn in_several(name: &str, actions: &[&str], span: Span) -> Diagnostic {
    let first = actions.first().copied().unwrap_or_default();
    Diagnostic::error("cannot-be-given", format!("`{name}` is bound in several actions"))
        .at(span, "which of them is meant?")
        .note(format!("it is bound in {}", listed(actions.iter().copied())))
        .help(format!("write `given {} = …`", inside(first, name)))
}

/// Returns a given value as a reading of that type.
fn shaped(value: &Value, ty: &Type) -> Result<Value, String> {
    let of = if let Type::Tried(of) = ty { of } else { ty };
    if let (Type::Command, Value::Record(record)) = (of, value) {
        let known = ["stdout", "stderr", "exit", "ok", "elapsed"];
        let (own, other): (Vec<_>, Vec<_>) = record.names().partition(|name| known.contains(name));
        if let (Some(own), Some(other)) = (own.first(), other.first()) {
            return Err(format!(
                "a command has no field `{other}`; with `{own}` it is no JSON that it prints"
            ));
        }
    }
    let given = value.clone().given(ty);
    // What is printed is text whatever is given for it.
    given.coerce(ty).or_else(|why| if matches!(given, Value::Command(_)) { Ok(given) } else { Err(why) })
}

fn accepted(domain: &Domain, value: Value, span: Span, report: &mut Report) -> Value {
    let shaped = value.coerce(&domain.ty).and_then(|value| domain.accept(value));
    shaped.unwrap_or_else(|why| {
        report.push(Diagnostic::error("type-mismatch", why).at(span, ""));
        value
    })
}

fn misfit(name: &str, why: &str, span: Span, report: &mut Report) {
    report.push(
        Diagnostic::error("type-mismatch", format!("the label `{name}` gives no parameter: {why}"))
            .at(span, ""),
    );
}

fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a String>,
    span: Span,
    report: &mut Report,
) {
    let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
    let quoted =
        if matches!(what, "reading" | "question") { format!("`{name}`") } else { format!("\"{name}\"") };
    let told = match what {
        "reading" => format!("nothing that is read is called {quoted}"),
        "question" => format!("no `ask` is called {quoted}"),
        what => format!("no {what} is called {quoted}"),
    };
    let mut diagnostic = Diagnostic::error("unknown-in-drill", told).at(span, "");
    if !known.is_empty() && known.len() <= 12 {
        diagnostic = diagnostic.note(format!("there is {}", listed(known.iter().copied())));
    }
    report.push(near(diagnostic, name, known));
}
