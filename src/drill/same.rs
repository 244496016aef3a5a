//! Whether a run that was taken up is the same as without that.
//!
//! Owns what may differ: when things happen, and the order of what goes on side by side. Never runs anything.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Address, Body, Class, Entry, Fact, Record};
use crate::program::{Program, StatementKind};
use crate::source::Span;

/// Where things go on side by side: the parts of addresses of the arms of every `parallel`.
#[derive(Debug, Default)]
pub(super) struct Arms(BTreeSet<String>);

impl Arms {
    pub fn of(program: &Program) -> Arms {
        let mut arms = BTreeSet::new();
        for book in program.with_followed() {
            book.every(&mut |statement| {
                if let StatementKind::Parallel(of) = &statement.kind {
                    arms.extend(of.iter().map(|arm| format!("s{}", arm.id)));
                }
            });
        }
        Arms(arms)
    }

    /// Returns the innermost arm or turn of a loop that an address lies in; empty: none.
    fn lane<'a>(&self, address: &'a Address) -> &'a str {
        let text: &str = &address.0;
        let mut end = text.len();
        for part in text.rsplit('.') {
            let is_turn = part
                .strip_prefix('i')
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
            if is_turn || self.0.contains(part) {
                return &text[..end];
            }
            end = end.saturating_sub(part.len() + 1);
        }
        ""
    }

    /// Returns the first facts in which two runs differ, each in the order of its own arm; `None`: in no fact.
    pub fn difference<'a>(&self, one: &'a [Record], other: &'a [Record]) -> Option<[Option<&'a Record>; 2]> {
        let (one, other) = (self.by_lane(one), self.by_lane(other));
        let lanes: BTreeSet<&str> = one.keys().chain(other.keys()).copied().collect();
        lanes.into_iter().find_map(|lane| {
            let facts = |of: &BTreeMap<&str, Vec<&'a Record>>| of.get(lane).cloned().unwrap_or_default();
            let (one, other) = (facts(&one), facts(&other));
            let steady = |record: &&'a Record| fact(record).map(|(address, fact)| (address, timeless(fact)));
            let same = one.iter().zip(&other).take_while(|(a, b)| steady(a) == steady(b)).count();
            let differs = same < one.len().max(other.len());
            differs.then(|| [one.get(same).copied(), other.get(same).copied()])
        })
    }

    fn by_lane<'a>(&self, records: &'a [Record]) -> BTreeMap<&'a str, Vec<&'a Record>> {
        let mut lanes: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in records.iter().filter(|record| fact(record).is_some()) {
            lanes.entry(self.lane(&record.address)).or_default().push(record);
        }
        lanes
    }
}

/// Returns what a record says that must be the same, however often a run was taken up.
pub(super) fn fact(record: &Record) -> Option<(&Address, &Fact)> {
    match &record.body {
        Body::Fact(Fact::Resumed { .. }) => None,
        Body::Fact(fact) if record.class == Class::Fact => Some((&record.address, fact)),
        _ => None,
    }
}

/// Returns a fact without when it is, and lists in an order that does not depend on that.
fn timeless(fact: &Fact) -> Cow<'_, Fact> {
    let mut fact = Cow::Borrowed(fact);
    match fact.as_ref() {
        Fact::PhaseBegan { .. }
        | Fact::StepBegan { .. }
        | Fact::Sampled { .. }
        | Fact::Asked { .. }
        | Fact::Waiting { .. }
        | Fact::Ended { .. } => {}
        _ => return fact,
    }
    match fact.to_mut() {
        Fact::PhaseBegan { deadline, .. }
        | Fact::StepBegan { deadline, .. }
        | Fact::Asked { deadline, .. }
        | Fact::Sampled { until: deadline, .. } => *deadline = None,
        Fact::Waiting { until, .. } => *until = 0,
        Fact::Ended { changed, taken_back, standing, left, .. } => {
            let by_place = |entry: &Entry| (entry.change.address.clone(), entry.note.clone());
            [changed, taken_back, standing, left].into_iter().for_each(|list| list.sort_by_key(by_place));
        }
        _ => {}
    }
    fact
}

/// Returns where it stands in the text, where a record says so.
pub(super) fn place(record: &Record) -> Option<Span> {
    let Body::Fact(fact) = &record.body else { return None };
    match fact {
        Fact::StepBegan { span, .. }
        | Fact::Read { span, .. }
        | Fact::Unread { span, .. }
        | Fact::Verified { span, .. }
        | Fact::Failed { span, .. } => Some(*span),
        Fact::ChangeBegan(change)
        | Fact::ChangeEnded { change, .. }
        | Fact::UndoRegistered { change, .. }
        | Fact::UnwindBegan { change, .. }
        | Fact::UnwindEnded { change, .. } => Some(change.span),
        _ => None,
    }
}

/// Returns the first line, in order, that one has more often than the other, with how often each has it.
pub(super) fn more_often<'a>(one: &'a [String], other: &'a [String]) -> Option<(&'a str, usize, usize)> {
    let count = |lines: &[String], line: &str| lines.iter().filter(|known| *known == line).count();
    one.iter().chain(other).map(String::as_str).find_map(|line| {
        let (here, there) = (count(one, line), count(other, line));
        (here != there).then_some((line, here, there))
    })
}
