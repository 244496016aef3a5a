//! What is wrong with a broken run.
//!
//! Owns the rule of what is a finding (`docs/drills.md`). Never runs anything.

use std::collections::BTreeMap;

use super::found::{Finding, Kind};
use super::stage::{Problem, Ran};
use crate::event::{Address, Body, Change, ChangeState, Class, Entry, Fact, Outcome, Record, Settled};
use crate::given::is_below;
use crate::program::{Ending, Program, Statement, StatementKind};
use crate::source::Span;
use crate::value::Value;

/// Returns whether a record is needed for judging a run.
fn matters(record: &Record) -> bool {
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
            | Fact::Ended { .. }
    )
}

/// Returns the same where a time is bounded: what went on when it ran out must be known too.
fn matters_in_time(record: &Record) -> bool {
    record.class == Class::Fact && matches!(record.body, Body::Fact(_))
}

/// What is known of a program, to judge its runs.
#[derive(Debug)]
pub(super) struct Rule {
    rto: Option<i64>,
    title: Span,
    /// What is declared of each change: whether it may stand.
    declared: BTreeMap<Span, bool>,
    /// What takes each change back, as it is written.
    undos: BTreeMap<Span, String>,
    irreversible: Vec<Span>,
    /// Where statements stand, by their parts of addresses.
    places: BTreeMap<String, Span>,
    /// How often the unbroken run makes each change that it makes.
    calls: BTreeMap<String, usize>,
}

/// What is said of a run.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub findings: Vec<Finding>,
    /// What is no finding and should be known.
    pub remarks: Vec<Finding>,
    /// What was to take something back and was itself broken, as it could be typed.
    pub broken: Vec<String>,
}

/// What a run left behind.
#[derive(Default)]
struct Left<'a> {
    end: Option<(i64, Outcome, &'a [Entry], &'a [Entry])>,
    /// Undos that did not do it, with their places.
    undos: Vec<Walked<'a>>,
    undo_texts: Vec<(&'a Change, &'a str)>,
    /// Past a point of no return.
    past: bool,
    /// Irreversible changes that were made, by their places without attempts.
    made: BTreeMap<String, u32>,
    twice: Vec<&'a Change>,
    /// How often each change was made, or may have been.
    calls: BTreeMap<&'a str, usize>,
    /// What went on when the `rto` ran out.
    late: Option<&'a Record>,
}

/// An undo or a `finally` that was walked.
struct Walked<'a> {
    change: &'a Change,
    address: &'a Address,
    settled: Settled,
    what: &'a str,
    message: &'a str,
}

impl Rule {
    pub fn of(program: &Program) -> Rule {
        let mut rule = Rule {
            rto: program.fields.rto,
            title: program.title.span,
            declared: BTreeMap::new(),
            undos: BTreeMap::new(),
            irreversible: Vec::new(),
            places: BTreeMap::new(),
            calls: BTreeMap::new(),
        };
        for book in program.with_followed() {
            book.every(&mut |statement| {
                rule.places.entry(format!("s{}", statement.id)).or_insert(statement.span);
                if let StatementKind::Run(run) = &statement.kind {
                    let declared = matches!(run.ending, Ending::Leave(_) | Ending::Irreversible(_));
                    rule.declared.insert(statement.span, declared);
                    if matches!(run.ending, Ending::Irreversible(_)) {
                        rule.irreversible.push(statement.span);
                    }
                    if let Ending::Undo(undo) = &run.ending {
                        let written = match undo.body.as_slice() {
                            [Statement { kind: StatementKind::Run(one), .. }] => &one.call.text,
                            _ => &undo.text,
                        };
                        rule.undos.insert(statement.span, written.clone());
                    }
                }
            });
        }
        rule
    }

    /// Takes in what the run does that nothing breaks.
    pub fn unbroken(&mut self, ran: &Ran) {
        let left = self.left(&ran.records);
        let calls = left.calls.iter().map(|(call, times)| ((*call).to_owned(), *times)).collect();
        self.calls = calls;
    }

    /// Returns which records are needed for judging a run.
    pub fn matters(&self) -> fn(&Record) -> bool {
        if self.rto.is_some() { matters_in_time } else { matters }
    }

    /// Returns what is to be said of a run.
    pub fn judged(&self, ran: &Ran) -> Judged {
        let mut judged = Judged::default();
        let found = &mut judged.findings;
        if let Some(problem) = &ran.problem {
            let why = match problem {
                Problem::Missing(missing) => format!("`{}` was not given", missing.call),
                Problem::Param(name) => format!("the parameter `{name}` was not given"),
                Problem::Other(why) => why.clone(),
            };
            found.push(no_outcome(self.title, why));
            return judged;
        }
        let left = self.left(&ran.records);
        let Some((elapsed, outcome, standing, changed)) = left.end else {
            found.push(no_outcome(self.title, String::from("it has no end")));
            return judged;
        };
        let undeclared: Vec<&Entry> =
            standing.iter().filter(|entry| !self.is_declared(&left, entry)).collect();
        for entry in &undeclared {
            match standing_for(ran, &left, entry) {
                Stands::Wrong(finding) => found.push(finding),
                Stands::NotJudged(remark) => judged.remarks.push(remark),
                Stands::Broken(what) => judged.broken.push(what.to_owned()),
            }
        }
        if !undeclared.is_empty() && !matches!(outcome, Outcome::Failed | Outcome::Escalated) {
            found.extend(undeclared.iter().map(|entry| not_said(entry, outcome)));
        }
        if outcome == Outcome::Resolved {
            found.extend(changed.iter().filter_map(|entry| self.left_on(&left, entry)));
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
        judged.remarks.extend(ran.world.doubts().iter().filter_map(|doubt| unanswered(&left, &doubt.1)));
        judged
    }

    fn left<'a>(&self, records: &'a [Record]) -> Left<'a> {
        let mut left = Left::default();
        for record in records.iter().filter(|record| record.class == Class::Fact) {
            let Body::Fact(fact) = &record.body else { continue };
            // What comes to an end first after it is what went on.
            if left.late.is_none()
                && self.rto.is_some_and(|rto| record.at.run_ns > rto)
                && self.place(record).is_some()
            {
                left.late = Some(record);
            }
            match fact {
                Fact::ChangeEnded { change, state, .. } => {
                    if *state != ChangeState::Failed {
                        *left.calls.entry(&change.call).or_default() += 1;
                    }
                    if self.irreversible.contains(&change.span) {
                        left.made(change, *state);
                    }
                }
                Fact::UndoRegistered { change, undo, .. } => left.undo_texts.push((change, undo)),
                Fact::UnwindEnded { change, what, settled, message, .. } => {
                    let (address, settled) = (&record.address, *settled);
                    left.undos.push(Walked { change, address, settled, what, message });
                }
                Fact::PointJudged { past: true, .. } => left.past = true,
                Fact::Ended { outcome, changed, standing, .. } => {
                    left.end = Some((record.at.run_ns, *outcome, standing, changed));
                }
                _ => {}
            }
        }
        left
    }

    fn is_declared(&self, left: &Left<'_>, entry: &Entry) -> bool {
        let was_tried = left.undos.iter().any(|walked| walked.change.address == entry.change.address);
        self.declared.get(&entry.change.span) == Some(&true) || left.past && !was_tried
    }

    /// Returns where the innermost statement stands in which something is written down.
    fn place(&self, record: &Record) -> Option<Span> {
        record.address.0.rsplit('.').find_map(|part| self.places.get(part)).copied()
    }

    /// Returns a finding where a change goes on that a later one was to end.
    fn left_on(&self, left: &Left<'_>, entry: &Entry) -> Option<Finding> {
        let of_it = |(change, _): &&(&Change, &str)| change.address == entry.change.address;
        let (_, undo) = left.undo_texts.iter().rev().find(of_it)?;
        if left.calls.get(undo).copied().unwrap_or(0) >= self.calls.get(*undo).copied().unwrap_or(0) {
            return None;
        }
        let call = &entry.change.call;
        let written = self.undos.get(&entry.change.span).map_or(*undo, String::as_str);
        let message = format!("the run is resolved, and `{call}` was not ended by `{undo}`");
        Some(
            Finding::new(Kind::LeftOn, entry.change.span, message)
                .note("without a fault, a later statement ends it")
                .help(format!(
                    "write `finally {written}` below it, in place of its undo and of that statement"
                )),
        )
    }

    fn over_rto(&self, rto: i64, elapsed: i64, late: Option<&Record>) -> Finding {
        let span = late.and_then(|record| self.place(record)).unwrap_or(self.title);
        let (rto, elapsed) = (Value::Duration(rto), Value::Duration(elapsed));
        let found = Finding::new(Kind::OverRto, span, format!("over the rto of {rto}: {elapsed}"));
        let waits = late.is_some_and(|record| {
            matches!(record.body, Body::Fact(Fact::Answered { .. } | Fact::Silent { .. }))
        });
        let found = match late {
            Some(_) => found.note("the rto ran out while this went on"),
            None => found,
        };
        found.help(if waits {
            "let it wait for less time (`within`), or write a longer `rto`"
        } else {
            "bound what waits or is tried again (`timeout`, `within`), or write a longer `rto`"
        })
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

/// What is said of a change that stands.
enum Stands<'a> {
    Wrong(Finding),
    /// What was to take it back was itself broken.
    Broken(&'a str),
    /// That depends on what the drill does not give.
    NotJudged(Finding),
}

/// Returns what is said of a change that stands.
fn standing_for<'a>(ran: &Ran, left: &Left<'a>, entry: &Entry) -> Stands<'a> {
    let Entry { change, note } = entry;
    let struck = ran.world.broken().struck();
    let mut tried = left.undos.iter().rev().filter(|walked| walked.change.address == change.address);
    let Some(failed) = tried.find(|walked| matches!(walked.settled, Settled::Failed | Settled::InDoubt))
    else {
        return Stands::Wrong(if note.starts_with("in doubt") {
            in_doubt(change, note)
        } else {
            nothing_takes_back(change, note)
        });
    };
    if struck.iter().any(|one| is_below(&one.address, failed.address)) {
        return Stands::Broken(failed.what);
    }
    let told: Vec<&str> = ran.world.told_below(failed.address).into_iter().collect();
    if !told.is_empty() {
        return Stands::NotJudged(not_judged(change, failed, &told));
    }
    Stands::Wrong(if failed.settled == Settled::InDoubt {
        in_doubt(change, failed.message)
    } else {
        let message = format!("`{}` stands: what takes it back fails by itself", change.call);
        let found = Finding::new(Kind::UndoFails, change.span, message).note(failed.message);
        // A change whose end nobody saw has brought nothing that its undo could name.
        if failed.message.contains("is not bound on this path") {
            found
                .note("what a change brings is known once it is done; where it fails, or its end is not seen, its undo cannot name it")
                .help("name it before the change and pass it in, find it by reading inside the undo, or declare `leave`")
        } else {
            found.help("an undo may use only what is known before its change; else read it inside the undo")
        }
    })
}

fn nothing_takes_back(change: &Change, note: &str) -> Finding {
    let help = if change.undoing {
        "on the way back a step cannot be tried again: write it without `retry`"
    } else {
        "add an `undo` or a `finally`, or declare `leave` or `irreversible`"
    };
    Finding::new(Kind::NothingTakesBack, change.span, format!("nothing takes `{}` back", change.call))
        .note(note)
        .help(help)
}

/// Returns the remark that a change would stay in doubt, if nobody answered the question below `asked`.
fn unanswered(left: &Left<'_>, asked: &Address) -> Option<Finding> {
    let walked = left.undos.iter().find(|walked| is_below(asked, walked.address))?;
    let message = format!("`{}` stays in doubt", walked.change.call);
    Some(
        Finding::new(Kind::Unanswered, walked.change.span, message)
            .note("its undo waits for somebody to say whether it happened; without that the run lists it and is `failed`")
            .help("add `safe` to its undo where that does no harm to what did not happen, or `done when …`"),
    )
}

fn not_judged(change: &Change, walked: &Walked<'_>, told: &[&str]) -> Finding {
    let message = format!("whether `{}` takes `{}` back was not judged", walked.what, change.call);
    let names: Vec<String> = told.iter().map(|name| format!("`{name}`")).collect();
    let names = names.join(", ");
    Finding::new(Kind::NotJudged, change.span, message)
        .note(format!("it failed: {}", walked.message))
        .help(format!("write a drill that fails there and gives what is read on the way back: {names}"))
}

fn in_doubt(change: &Change, why: &str) -> Finding {
    let message = format!("`{}` may have happened, and nothing settles whether it did", change.call);
    // What stands on the way back has no undo of its own.
    let help =
        if change.undoing { "add `done when …`" } else { "add `done when …`, or `safe` to its undo" };
    Finding::new(Kind::LeftInDoubt, change.span, message).note(why.to_owned()).help(help)
}

/// Returns a finding where a run that was taken up did not go as it would have.
pub(super) fn not_the_same(span: Span, differs: Vec<String>) -> Finding {
    let message = String::from("a run that is taken up does not go as it would have");
    differs.into_iter().fold(Finding::new(Kind::NotTheSame, span, message), Finding::note)
}
