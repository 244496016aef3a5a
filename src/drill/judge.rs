//! What is expected of a run, and what came of it.
//!
//! Owns the meaning of every `expect`, and the messages. Never runs anything.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::in_the_end::that;
use super::stage::{Problem, Ran, Stage};
use crate::diagnostic::{Diagnostic, Label};
use crate::engine::Engine;
use crate::event::{Address, Body, ChangeState, Entry, Fact, Outcome, PhaseKind, Record, Settled};
use crate::given::{Missing, is_below};
use crate::program::{Call, Drill, ExpectWhat, Program, StatementKind, StepFate};
use crate::source::Span;
use crate::timeline;
use crate::value::Type;

/// Returns what is not as the drill expects; first of all what kept the run from its end.
pub(super) fn unmet(stage: &Stage, drill: &Drill, ran: &Ran) -> Vec<Diagnostic> {
    if let Some(problem) = &ran.problem {
        return vec![told(stage, drill, problem)];
    }
    let seen = Seen::of(&stage.program, &ran.records);
    drill
        .expect
        .iter()
        .filter_map(|expect| Some(placed(seen.fails(stage, ran, &expect.what)?, expect.span)))
        .collect()
}

pub(super) fn not_as_expected(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("not-as-expected", message)
}

/// Puts the place of what was expected before all others.
fn placed(mut diagnostic: Diagnostic, span: Span) -> Diagnostic {
    diagnostic.labels.insert(0, Label { span, text: String::new() });
    diagnostic
}

/// Returns why the run did not come to its end.
fn told(stage: &Stage, drill: &Drill, problem: &Problem) -> Diagnostic {
    match problem {
        Problem::Param(name) => {
            Diagnostic::error("not-given", format!("the parameter `{name}` was not given"))
                .at(drill.span, "")
                .help(format!("add `given {name} = …`"))
        }
        Problem::Missing(missing) => missing_words(&stage.program, drill, missing),
        Problem::Other(why) => Diagnostic::error("drill-failed", why.clone()).at(drill.span, ""),
    }
}

fn missing_words(program: &Program, drill: &Drill, missing: &Missing) -> Diagnostic {
    let Missing { name, action, call, span } = missing;
    let placed = |told: Diagnostic| told.at(drill.span, "in this drill").at(*span, "asked for here");
    if action == "answer" {
        return placed(Diagnostic::error("cannot-be-given", format!("the answer `{name}`: {call}")))
            .help(format!("answer with one of these, or write `given answer {name} never`"));
    }
    let told = placed(Diagnostic::error("not-given", format!("`{call}` was not given")));
    match (action.as_str(), name.as_str()) {
        ("ask", name) => told.help(format!("add `given answer {name} = …`, or `given answer {name} never`")),
        ("approve", _) => {
            told.help("add `given approval granted`, `given approval denied` or `given approval never`")
        }
        ("manual", _) => told.help("add `given manual done`, `given manual denied` or `given manual never`"),
        ("", "") => {
            told.help("give it a name where it stands: `check NAME = $ …`; then add `given NAME = …`")
        }
        (action, name) => {
            let key = if name.is_empty() { action } else { name };
            told.help(format!("add `given {key} = {}`", example(program, *span)))
        }
    }
}

/// Returns a value of the type that the call at that place has, as an example.
fn example(program: &Program, span: Span) -> String {
    let mut found = None;
    for book in program.with_followed() {
        let mut look = |call: &Call| {
            if call.span == span {
                found = Some(call.ty.clone());
            }
        };
        book.every(&mut |statement| match &statement.kind {
            StatementKind::Check { call, .. } => look(call),
            StatementKind::Run(run) => look(&run.call),
            _ => {}
        });
    }
    match found {
        Some(Type::Bool) => "true",
        Some(Type::Int | Type::Number) => "1",
        Some(Type::Percent) => "50%",
        Some(Type::Duration) => "30s",
        Some(Type::Size) => "1GiB",
        Some(Type::List(_)) => "[]",
        Some(Type::Record(_)) => "{ name: \"…\" }",
        Some(Type::Response) => "{ status: 200 }",
        Some(Type::Command | Type::Text) => "\"…\"",
        _ => "…",
    }
    .to_owned()
}

/// What the records say, as far as something may be expected of it.
pub(super) struct Seen<'a> {
    pub outcome: Option<(Outcome, &'a str)>,
    /// The resolution that was taken, not that of a runbook that is followed.
    pub resolve: Option<String>,
    /// Those that were taken of runbooks that are followed, by their titles.
    followed: Vec<&'a str>,
    /// The attempts of steps: name as written, address, and place in the record.
    pub attempts: Vec<(&'a str, &'a Address, usize)>,
    pub attempted: Vec<&'a str>,
    /// Changes of which nobody knows whether there is anything to take back.
    in_doubt: Vec<&'a Address>,
    pub changed: &'a [Entry],
    pub taken_back: &'a [Entry],
    pub standing: &'a [Entry],
    pub left: &'a [Entry],
    pub told: Vec<(&'a str, &'a str, bool)>,
    pub findings: Vec<&'a str>,
    /// The interpreter as the run left it, for names; or why it cannot be had.
    engine: OnceCell<Result<Engine, String>>,
}

impl<'a> Seen<'a> {
    pub fn of(program: &'a Program, records: &'a [Record]) -> Seen<'a> {
        let mut seen = Seen {
            outcome: None,
            resolve: None,
            followed: Vec::new(),
            attempts: Vec::new(),
            attempted: Vec::new(),
            in_doubt: Vec::new(),
            changed: &[],
            taken_back: &[],
            standing: &[],
            left: &[],
            told: Vec::new(),
            findings: Vec::new(),
            engine: OnceCell::new(),
        };
        let names = steps(program);
        for (at, record) in records.iter().enumerate() {
            let Body::Fact(fact) = &record.body else { continue };
            match fact {
                Fact::PhaseBegan { phase: PhaseKind::Resolve, title, .. } => {
                    match resolve_of(program, &record.address) {
                        Some(own) => seen.resolve = Some(own),
                        None => seen.followed.push(title),
                    }
                }
                Fact::StepBegan { title, span, .. } => {
                    let name = names.get(span).copied().unwrap_or(title);
                    seen.attempts.push((name, &record.address, at));
                }
                Fact::ChangeBegan(change) if !change.undoing => seen.attempted.push(&change.call),
                // A person who is asked to do something and refuses has changed nothing.
                Fact::ChangeEnded { change, state: ChangeState::NotRun, .. }
                    if change.call.starts_with("manual ") =>
                {
                    let asked = seen.attempted.iter().rposition(|call| *call == change.call);
                    asked.map(|at| seen.attempted.remove(at));
                }
                Fact::UnwindEnded { change, settled: Settled::InDoubt, .. } => {
                    seen.in_doubt.push(&change.address)
                }
                Fact::Notified { channel, text, page, .. } => seen.told.push((channel, text, *page)),
                Fact::Finding { text } => seen.findings.push(text),
                Fact::Ended { outcome, reason, changed, taken_back, standing, left } => {
                    seen.outcome = Some((*outcome, reason));
                    (seen.changed, seen.taken_back, seen.standing, seen.left) =
                        (changed, taken_back, standing, left);
                }
                _ => {}
            }
        }
        seen
    }

    /// Returns what there is instead, if it is not so.
    fn fails(&self, stage: &Stage, ran: &Ran, what: &ExpectWhat) -> Option<Diagnostic> {
        match what {
            ExpectWhat::Outcome(word) => {
                let (outcome, reason) = self.outcome?;
                (outcome.word() != word).then(|| {
                    let unmet = not_as_expected(format!("the outcome is `{}`, not `{word}`", outcome.word()));
                    let unmet = if reason.is_empty() { unmet } else { unmet.note(reason) };
                    self.because_of_what_stands(unmet, outcome)
                })
            }
            ExpectWhat::Resolve(name) => match &self.resolve {
                Some(taken) if taken == name => None,
                _ if self.followed.contains(&name.as_str()) => None,
                Some(taken) => {
                    Some(not_as_expected(format!("the resolution \"{taken}\" was taken, not \"{name}\"")))
                }
                None => Some(not_as_expected("no resolution was taken")),
            },
            ExpectWhat::Step { name, fate } => self.step(name, fate),
            ExpectWhat::NothingChanged => (!self.attempted.is_empty())
                .then(|| listed(not_as_expected("something was changed"), "changed", &self.attempted)),
            ExpectWhat::NothingLeftChanged => {
                let stand: Vec<&str> = self
                    .changed
                    .iter()
                    .chain(self.standing)
                    .map(|entry| entry.change.call.as_str())
                    .collect();
                (!stand.is_empty()).then(|| listed(not_as_expected("something stands"), "stands", &stand))
            }
            ExpectWhat::EscalatedTo(role) => {
                let paged = |page: &bool| *page;
                self.nobody_told(role, None, paged, "nobody was paged", "paged")
            }
            ExpectWhat::Notified { channel, message } => {
                self.nobody_told(channel, message.as_deref(), |page| !page, "nobody was notified", "notified")
            }
            ExpectWhat::Finding(text) => (!self.findings.iter().any(|found| found.contains(text.as_str())))
                .then(|| {
                    listed(not_as_expected(format!("no finding says \"{text}\"")), "finding", &self.findings)
                }),
            ExpectWhat::Timeline(text) => {
                let rows: Vec<(u64, Record)> = (1..).zip(ran.records.iter().cloned()).collect();
                let mut lines = timeline::entries(&rows)
                    .into_iter()
                    .map(|entry| [entry.what.to_string(), entry.outcome.to_string()].join(" "));
                (!lines.any(|line| line.contains(text.as_str())))
                    .then(|| not_as_expected(format!("no line of the timeline holds \"{text}\"")))
            }
            ExpectWhat::That(expr) => that(stage, ran, &self.engine, expr),
        }
    }

    /// Adds what keeps a run that went back from being `rolled_back` or `aborted`.
    fn because_of_what_stands(&self, unmet: Diagnostic, outcome: Outcome) -> Diagnostic {
        if outcome != Outcome::Failed || self.standing.is_empty() {
            return unmet;
        }
        let stand: Vec<String> =
            self.standing.iter().map(|entry| format!("{} ({})", entry.change.call, entry.note)).collect();
        let stand: Vec<&str> = stand.iter().map(String::as_str).collect();
        let unmet = listed(unmet, "stands", &stand);
        if self.standing.iter().all(|entry| !self.in_doubt.contains(&&entry.change.address)) {
            return unmet;
        }
        unmet.help("`done when` tells whether a change in doubt happened; an undo that is harmless where it did not is `safe`")
    }

    /// Returns why the step did not fare so, if it did not.
    pub fn step(&self, name: &str, fate: &StepFate) -> Option<Diagnostic> {
        let times = self.attempts.iter().filter(|(step, ..)| *step == name).count();
        let first = |name: &str| self.attempts.iter().find(|(step, ..)| *step == name).map(|(_, _, at)| *at);
        match fate {
            StepFate::Ran => {
                (times == 0).then(|| not_as_expected(format!("the step \"{name}\" did not run")))
            }
            StepFate::NotRun => (times > 0).then(|| not_as_expected(format!("the step \"{name}\" ran"))),
            StepFate::Times(wanted) => (times != *wanted as usize).then(|| {
                not_as_expected(format!(
                    "the step \"{name}\" began {}, not {}",
                    often(times),
                    often(*wanted as usize)
                ))
            }),
            StepFate::Before(other) => match (first(name), first(other)) {
                (Some(one), Some(two)) if one < two => None,
                (Some(_), Some(_)) => {
                    Some(not_as_expected(format!("the step \"{name}\" began behind \"{other}\"")))
                }
                (None, _) => Some(not_as_expected(format!("the step \"{name}\" did not run"))),
                (_, None) => Some(not_as_expected(format!("the step \"{other}\" did not run"))),
            },
            StepFate::Undone => self.undone(name, times),
        }
    }

    fn undone(&self, name: &str, times: usize) -> Option<Diagnostic> {
        if times == 0 {
            return Some(not_as_expected(format!("the step \"{name}\" did not run")));
        }
        // What stands in steps inside it is its own.
        let attempts = || self.attempts.iter().filter(|(step, ..)| *step == name);
        let own = |entry: &&Entry| attempts().any(|(_, attempt, _)| is_below(&entry.change.address, attempt));
        let stand: Vec<&Entry> =
            self.changed.iter().chain(self.standing).chain(self.left).filter(own).collect();
        if let Some(entry) = stand.first() {
            let calls: Vec<&str> = stand.iter().map(|entry| entry.change.call.as_str()).collect();
            let unmet = not_as_expected(format!("the step \"{name}\" was not undone"));
            return Some(listed(unmet, "stands", &calls).at(entry.change.span, "this stands"));
        }
        if self.taken_back.iter().any(|entry| own(&entry)) {
            return None;
        }
        Some(not_as_expected(format!("nothing of the step \"{name}\" was undone: it changed nothing")))
    }

    fn nobody_told(
        &self,
        whom: &str,
        message: Option<&str>,
        kind: impl Fn(&bool) -> bool,
        nobody: &str,
        word: &str,
    ) -> Option<Diagnostic> {
        let fits = |(channel, text, page): &&(&str, &str, bool)| {
            *channel == whom && kind(page) && message.is_none_or(|message| text.contains(message))
        };
        if self.told.iter().any(|told| fits(&told)) {
            return None;
        }
        let others: Vec<String> = self
            .told
            .iter()
            .filter(|(_, _, page)| kind(page))
            .map(|(channel, text, _)| format!("{channel}: {text}"))
            .collect();
        Some(match others.as_slice() {
            [] => not_as_expected(nobody),
            _ => {
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                let what = message.map_or_else(String::new, |message| format!(" with \"{message}\""));
                listed(not_as_expected(format!("`{whom}` was not {word}{what}")), word, &others)
            }
        })
    }
}

fn often(times: usize) -> String {
    match times {
        0 => String::from("never"),
        1 => String::from("once"),
        n => format!("{n} times"),
    }
}

fn listed(unmet: Diagnostic, word: &str, lines: &[&str]) -> Diagnostic {
    const SHOWN: usize = 8;
    let unmet = lines.iter().take(SHOWN).fold(unmet, |unmet, line| unmet.note(format!("{word}: {line}")));
    match lines.len().saturating_sub(SHOWN) {
        0 => unmet,
        more => unmet.note(format!("… and {more} more")),
    }
}

fn resolve_of(program: &Program, address: &Address) -> Option<String> {
    // A followed runbook has resolutions of its own; they are not this one's.
    let index = address.0.strip_prefix("resolve")?.parse::<usize>().ok()?;
    program.resolves.get(index).map(|resolve| resolve.name.clone())
}

/// Returns the names of the steps, by where they stand.
fn steps(program: &Program) -> BTreeMap<Span, &str> {
    let mut found = BTreeMap::new();
    for book in program.with_followed() {
        book.every(&mut |statement| {
            if let StatementKind::Step(step) = &statement.kind {
                found.insert(statement.span, step.name.as_str());
            }
        });
    }
    found
}
