//! What is wrong with a broken run, and the same thing only once.
//!
//! Owns the rule of what is a finding (`docs/drills.md`). Never runs anything.

use std::collections::BTreeMap;

use super::cases::Case;
use super::stage::{Problem, Ran};
use crate::diagnostic::Diagnostic;
use crate::event::{Address, Body, Change, ChangeState, Class, Entry, Fact, Outcome, Record, Settled};
use crate::given::is_below;
use crate::program::{Ending, Program, StatementKind};
use crate::source::Span;
use crate::value::Value;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An undo or a `finally` fails although nothing it does was broken.
    UndoFails,
    /// A change may have happened, and nothing settles whether it did.
    LeftInDoubt,
    /// A change stands that nothing takes back, and that was not declared.
    NothingTakesBack,
    /// Something stands, and the outcome does not say so.
    NotSaid,
    /// What a later statement was to end goes on in a resolved run.
    LeftOn,
    /// An irreversible change was made twice.
    MadeTwice,
    /// It took longer than the runbook's `rto`.
    OverRto,
    /// The run came to no end.
    NoOutcome,
    /// A run that was taken up went another way.
    NotTheSame,
}

impl Kind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::UndoFails => "undo-fails",
            Kind::LeftInDoubt => "left-in-doubt",
            Kind::NothingTakesBack => "nothing-takes-back",
            Kind::NotSaid => "not-said",
            Kind::LeftOn => "left-on",
            Kind::MadeTwice => "made-twice",
            Kind::OverRto => "over-rto",
            Kind::NoOutcome => "no-outcome",
            Kind::NotTheSame => "not-the-same",
        }
    }
}

/// The same thing, found in one case or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// The statement that stands, or where it went wrong.
    pub span: Span,
    pub message: String,
    pub notes: Vec<String>,
    pub help: Vec<String>,
    /// In how many cases.
    pub cases: u64,
    /// The drill of the first case.
    pub drill: String,
    pub first: Case,
}

impl Finding {
    fn new(kind: Kind, span: Span, message: String) -> Finding {
        let (notes, help, drill) = (Vec::new(), Vec::new(), String::new());
        Finding { kind, span, message, notes, help, cases: 1, drill, first: Case::default() }
    }

    fn note(mut self, note: impl Into<String>) -> Finding {
        self.notes.push(note.into());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Finding {
        self.help.push(help.into());
        self
    }

    /// Returns it as a message; `repeat`: the command that shows the first case.
    pub fn diagnostic(&self, repeat: &str) -> Diagnostic {
        let told = Diagnostic::error(self.kind.word(), self.message.clone()).at(self.span, "");
        let told = self.notes.iter().fold(told, Diagnostic::note);
        let cases = match self.cases {
            1 => String::from("in one case"),
            n => format!("in {n} cases, the first"),
        };
        let told = told.note(format!("{cases} of \"{}\": {}", self.drill, self.first.words()));
        self.help.iter().fold(told, Diagnostic::help).help(format!("look at it: {repeat}"))
    }
}

/// Findings by what they are about; what is the same is one.
#[derive(Clone, Debug, Default)]
pub struct Findings(BTreeMap<(Kind, Span), Finding>);

impl Findings {
    /// Adds what was found in a case.
    pub(super) fn add(&mut self, finding: Finding) {
        let key = (finding.kind, finding.span);
        match self.0.get_mut(&key) {
            Some(known) => known.cases += finding.cases,
            None => {
                self.0.insert(key, finding);
            }
        }
    }

    /// Returns whether this has been found already.
    pub(super) fn knows(&self, finding: &Finding) -> bool {
        self.0.contains_key(&(finding.kind, finding.span))
    }

    /// Adds those of another drill of the same file.
    pub fn merge(&mut self, other: Findings) {
        for finding in other.0.into_values() {
            self.add(finding);
        }
    }

    /// Leaves out what is known.
    pub fn forget(&mut self, known: &Findings) {
        self.0.retain(|key, _| !known.0.contains_key(key));
    }

    /// Returns them in the order of their places.
    pub fn in_order(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.0.values().collect();
        findings.sort_by_key(|finding| (finding.span, finding.kind));
        findings
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns whether a record is needed for judging a run.
pub(super) fn matters(record: &Record) -> bool {
    if record.class != Class::Fact {
        return false;
    }
    let Body::Fact(fact) = &record.body else { return false };
    matches!(
        fact,
        Fact::ChangeEnded { .. }
            | Fact::UndoRegistered { .. }
            | Fact::UnwindEnded { .. }
            | Fact::PointJudged { .. }
            | Fact::StepBegan { .. }
            | Fact::Ended { .. }
    )
}

/// What is known of a program, to judge its runs.
#[derive(Debug)]
pub(super) struct Rule {
    rto: Option<i64>,
    title: Span,
    /// What is declared of each change: whether it may stand.
    declared: BTreeMap<Span, bool>,
    irreversible: Vec<Span>,
    /// What the unbroken run does.
    acts: Vec<String>,
}

/// What a run left behind.
#[derive(Default)]
struct Left<'a> {
    end: Option<(i64, Outcome, &'a [Entry], &'a [Entry])>,
    /// Undos that did not do it, with their places.
    undos: Vec<(&'a Change, &'a Address, Settled, &'a str)>,
    undo_texts: Vec<(&'a Change, &'a str)>,
    /// Past a point of no return.
    past: bool,
    /// Irreversible changes that were made, by their places without attempts.
    made: BTreeMap<String, u32>,
    twice: Vec<&'a Change>,
    late: Option<(Span, &'a str)>,
}

impl Rule {
    pub fn of(program: &Program) -> Rule {
        let mut rule = Rule {
            rto: program.fields.rto,
            title: program.title.span,
            declared: BTreeMap::new(),
            irreversible: Vec::new(),
            acts: Vec::new(),
        };
        for book in program.with_followed() {
            book.every(&mut |statement| {
                if let StatementKind::Run(run) = &statement.kind {
                    let declared = matches!(run.ending, Ending::Leave(_) | Ending::Irreversible(_));
                    rule.declared.insert(statement.span, declared);
                    if matches!(run.ending, Ending::Irreversible(_)) {
                        rule.irreversible.push(statement.span);
                    }
                }
            });
        }
        rule
    }

    /// Takes in what the run does that nothing breaks.
    pub fn unbroken(&mut self, ran: &Ran) {
        self.acts.clone_from(&ran.world.acts);
    }

    /// Returns what is wrong with a run.
    pub fn findings(&self, ran: &Ran) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some(problem) = &ran.problem {
            let why = match problem {
                Problem::Missing(missing) => format!("`{}` was not given", missing.call),
                Problem::Param(name) => format!("the parameter `{name}` was not given"),
                Problem::Other(why) => why.clone(),
            };
            found.push(no_outcome(self.title, why));
            return found;
        }
        let left = self.left(&ran.records);
        let Some((elapsed, outcome, standing, changed)) = left.end else {
            found.push(no_outcome(self.title, String::from("it has no end")));
            return found;
        };
        let undeclared: Vec<&Entry> =
            standing.iter().filter(|entry| !self.is_declared(&left, entry)).collect();
        found.extend(undeclared.iter().filter_map(|entry| standing_for(ran, &left, entry)));
        if !undeclared.is_empty() && !matches!(outcome, Outcome::Failed | Outcome::Escalated) {
            found.extend(undeclared.iter().map(|entry| not_said(entry, outcome)));
        }
        if outcome == Outcome::Resolved {
            found.extend(changed.iter().filter_map(|entry| self.left_on(ran, &left, entry)));
        }
        found.extend(left.twice.iter().map(|change| {
            let message = format!("`{}` is irreversible and was made twice", change.call);
            Finding::new(Kind::MadeTwice, change.span, message)
                .note("a retry begins its step from the beginning")
                .help("put it into a step of its own, or declare `leave` where twice does no harm")
        }));
        if let Some(rto) = self.rto
            && elapsed > rto
        {
            found.push(self.over_rto(rto, elapsed, left.late));
        }
        found
    }

    fn left<'a>(&self, records: &'a [Record]) -> Left<'a> {
        let mut left = Left::default();
        for record in records.iter().filter(|record| record.class == Class::Fact) {
            let Body::Fact(fact) = &record.body else { continue };
            match fact {
                Fact::ChangeEnded { change, state, .. } if self.irreversible.contains(&change.span) => {
                    left.made(change, *state);
                }
                Fact::UndoRegistered { change, undo, .. } => left.undo_texts.push((change, undo)),
                Fact::UnwindEnded { change, settled, message, .. } => {
                    left.undos.push((change, &record.address, *settled, message));
                }
                Fact::PointJudged { past: true, .. } => left.past = true,
                Fact::StepBegan { title, span, .. }
                    if self.rto.is_some_and(|rto| record.at.run_ns <= rto) =>
                {
                    left.late = Some((*span, title));
                }
                Fact::Ended { outcome, changed, standing, .. } => {
                    left.end = Some((record.at.run_ns, *outcome, standing, changed));
                }
                _ => {}
            }
        }
        left
    }

    fn is_declared(&self, left: &Left<'_>, entry: &Entry) -> bool {
        let was_tried = left.undos.iter().any(|(change, ..)| change.address == entry.change.address);
        self.declared.get(&entry.change.span) == Some(&true) || left.past && !was_tried
    }

    /// Returns a finding where a change goes on that a later one was to end.
    fn left_on(&self, ran: &Ran, left: &Left<'_>, entry: &Entry) -> Option<Finding> {
        let of_it = |(change, _): &&(&Change, &str)| change.address == entry.change.address;
        let (_, undo) = left.undo_texts.iter().rev().find(of_it)?;
        let undo = undo.strip_prefix("$ ").unwrap_or(undo);
        let count = |acts: &[String]| acts.iter().filter(|act| *act == undo).count();
        if count(&ran.world.acts) >= count(&self.acts) {
            return None;
        }
        let call = &entry.change.call;
        let message = format!("the run is resolved, and `{call}` was not ended by `{undo}`");
        Some(
            Finding::new(Kind::LeftOn, entry.change.span, message)
                .note("without a fault, a later statement ends it")
                .help(format!(
                    "write `finally $ {undo}` below it, in place of its undo and of that statement"
                )),
        )
    }

    fn over_rto(&self, rto: i64, elapsed: i64, late: Option<(Span, &str)>) -> Finding {
        let (span, title) = late.unwrap_or((self.title, ""));
        let (rto, elapsed) = (Value::Duration(rto), Value::Duration(elapsed));
        let found = Finding::new(Kind::OverRto, span, format!("over the rto of {rto}: {elapsed}"));
        let found = if title.is_empty() {
            found
        } else {
            found.note(format!("the rto ran out after \"{title}\" had begun"))
        };
        found.help("bound what waits or is tried again: `timeout`, `within`")
    }
}

impl<'a> Left<'a> {
    fn made(&mut self, change: &'a Change, state: ChangeState) {
        if state == ChangeState::NotRun {
            return;
        }
        let place = without_attempts(&change.address);
        let before = self.made.get(&place).copied().unwrap_or(0);
        if before == 1 {
            self.twice.push(change);
        }
        if before > 0 || state != ChangeState::Failed {
            self.made.insert(place, before + 1);
        }
    }
}

fn without_attempts(address: &Address) -> String {
    let is_attempt =
        |part: &str| part.strip_prefix('a').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    address.0.split('.').filter(|part| !is_attempt(part)).collect::<Vec<_>>().join(".")
}

fn no_outcome(span: Span, why: String) -> Finding {
    Finding::new(Kind::NoOutcome, span, format!("the run comes to no end: {why}"))
}

fn not_said(entry: &Entry, outcome: Outcome) -> Finding {
    let (call, word) = (&entry.change.call, outcome.word());
    let message = format!("`{call}` stands, and the outcome is `{word}`");
    Finding::new(Kind::NotSaid, entry.change.span, message).note(entry.note.clone())
}

/// Returns what is wrong with a change that stands, unless what was to take it back was itself broken, or depends on
/// what the drill does not give.
fn standing_for(ran: &Ran, left: &Left<'_>, entry: &Entry) -> Option<Finding> {
    let Entry { change, note } = entry;
    let struck = ran.world.broken().struck();
    let mut tried = left.undos.iter().rev().filter(|(of, ..)| of.address == change.address);
    let failed = tried.find(|(_, _, settled, _)| matches!(settled, Settled::Failed | Settled::InDoubt));
    let Some((_, address, settled, why)) = failed else {
        return Some(if note.starts_with("in doubt") {
            in_doubt(change, note)
        } else {
            let help = if change.undoing {
                "on the way back a step cannot be tried again: write it without `retry`"
            } else {
                "add an `undo` or a `finally`, or declare `leave` or `irreversible`"
            };
            Finding::new(Kind::NothingTakesBack, change.span, format!("nothing takes `{}` back", change.call))
                .note(note.clone())
                .help(help)
        });
    };
    let excused =
        struck.iter().any(|one| is_below(&one.address, address)) || ran.world.was_told_below(address);
    if excused {
        return None;
    }
    Some(if *settled == Settled::InDoubt {
        in_doubt(change, why)
    } else {
        let message = format!("`{}` stands: what takes it back fails by itself", change.call);
        Finding::new(Kind::UndoFails, change.span, message)
            .note((*why).to_owned())
            .help("an undo may use only what is known before its change; else read it inside the undo")
    })
}

fn in_doubt(change: &Change, why: &str) -> Finding {
    let message = format!("`{}` may have happened, and nothing settles whether it did", change.call);
    Finding::new(Kind::LeftInDoubt, change.span, message)
        .note(why.to_owned())
        .help("add `done when …`, or `safe` to its undo")
}

/// Returns a finding where a run that was taken up did not go as it would have.
pub(super) fn not_the_same(span: Span, differs: Vec<String>) -> Finding {
    let message = String::from("a run that is taken up does not go as it would have");
    differs.into_iter().fold(Finding::new(Kind::NotTheSame, span, message), Finding::note)
}
