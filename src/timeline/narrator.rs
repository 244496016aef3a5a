//! Records in, entries out, one at a time: also while the run goes on.
//!
//! Owns what an entry needs from records before it: the end of the command behind a reading
//! or a change, the steps around it, when a step began. Never holds more than what is open.

use std::collections::{BTreeMap, BTreeSet};

use super::facts;
use super::{Entry, Evidence, Kind, Tone, Weight, Words};
use crate::event::{
    Address, Body, ChangeState, Class, Fact, Input, Judgement, Record, Reply, Settled, StepOutcome, Verdict,
};
use crate::source::Span;

/// What it remembers of the run.
#[derive(Debug, Default)]
pub struct Narrator {
    /// Steps that have begun and not ended.
    steps: BTreeMap<Address, Open>,
    /// Loops that take several items at a time.
    wide: BTreeSet<Address>,
    /// Iterations of those that go on, each with its item.
    items: BTreeMap<Address, String>,
    /// Where something is being taken back, each with what failed there.
    unwinds: BTreeMap<Address, Option<(Vec<String>, Span)>>,
    /// A change that failed, with its message: its failure comes next, and is told with it.
    held: Option<(Address, String, Entry)>,
    /// Ends of iterations that came since.
    after: Vec<Entry>,
    /// Ends of commands that no fact has spoken of yet.
    ends: BTreeMap<Address, (u64, Option<String>)>,
    /// The last judgement of each polled condition, by its place.
    polls: BTreeMap<Address, Judgement>,
    /// What each `watch` said last, by its place.
    watches: BTreeMap<Address, Verdict>,
    /// The last text of each reading that is polled, by its name.
    readings: BTreeMap<String, String>,
    /// The last failure that was told, so that what repeats it can be short.
    failure: String,
}

/// A step that is open.
#[derive(Debug)]
struct Open {
    title: String,
    /// When it began, on the run's clock.
    began: i64,
    /// Whether another one ran beside it.
    beside: bool,
}

impl Narrator {
    /// Returns what the record says: nothing when it is not worth telling, and before it what was held
    /// back to be told with what comes next.
    pub fn tell(&mut self, seq: u64, record: &Record) -> Vec<Entry> {
        let held = self.held.take();
        let Some(mut entry) = self.entry(seq, record) else {
            return match (&self.held, held) {
                // The action around it failed with it: that is told.
                (Some((outer, message, _)), Some((inner, before, change))) => {
                    let is_told = is_below(&inner, outer) && message.ends_with(&before);
                    if is_told { Vec::new() } else { vec![change] }
                }
                (None, held) => {
                    self.held = held;
                    Vec::new()
                }
                (Some(_), None) => Vec::new(),
            };
        };
        let Some((address, message, mut change)) = held else {
            return vec![entry];
        };
        // The failure comes only after the iteration it ended.
        if let Body::Fact(Fact::IterationEnded { ok: false, .. }) = &record.body {
            self.held = Some((address, message, change));
            self.after.push(entry);
            return Vec::new();
        }
        let mut told = std::mem::take(&mut self.after);
        if entry.kind == Kind::Failure && entry.what.to_string() == message {
            change.span = entry.span;
            change.detail = std::mem::take(&mut entry.detail);
            // The command stands in the line already.
            if change.detail.first().is_some_and(|line| change.what.to_string().ends_with(line)) {
                change.detail.remove(0);
            }
            told.insert(0, change);
            return told;
        }
        told.insert(0, change);
        told.push(entry);
        told
    }

    /// Returns what is still held back when nothing comes any more.
    pub fn rest(&mut self) -> Vec<Entry> {
        let held = self.held.take().map(|(.., entry)| entry);
        held.into_iter().chain(std::mem::take(&mut self.after)).collect()
    }

    fn entry(&mut self, seq: u64, record: &Record) -> Option<Entry> {
        match &record.body {
            Body::Input(input) => self.input(seq, record, input),
            // What happens inside a reading is not told: the reading is.
            Body::Fact(_) if record.class == Class::Trace => None,
            Body::Fact(fact) => self.fact(seq, record, fact),
            Body::Request(_) => None,
        }
    }

    fn input(&mut self, seq: u64, record: &Record, input: &Input) -> Option<Entry> {
        match input {
            Input::Opened(opened) => {
                let mut entry = blank(seq, record, Kind::Opened);
                entry.who.clone_from(&opened.user);
                let begun = if opened.game_day.is_some() { "started a game day of " } else { "started " };
                entry.what = Words::say(begun).code(opened.file.clone());
                let real = if opened.game_day.is_some() { "; nothing of it is real" } else { "" };
                let plan = opened.plan.as_ref().map(|plan| format!(", following the plan {}", plan.id()));
                let plan = plan.unwrap_or_default();
                entry.outcome = Words::say(format!("run {} on {}{real}{plan}", opened.run, opened.host));
                entry.evidence = vec![Evidence::Row(seq)];
                Some(entry)
            }
            Input::Delivered { request, reply: Reply::Command(end), .. } => {
                let file = end.stdout.file.clone().or_else(|| end.stderr.file.clone());
                self.ends.insert(request.clone(), (seq, file));
                let short = [&end.stdout, &end.stderr].into_iter().find_map(|outlet| outlet.kept.as_ref())?;
                let mut entry = blank(seq, record, Kind::Message);
                entry.tone = Tone::Warn;
                entry.what = Words::say(format!("of its output the first {} bytes are kept", short.len));
                entry.outcome = Words::say(short.why.clone());
                entry.evidence = vec![Evidence::Row(seq)];
                Some(entry)
            }
            Input::Delivered { .. } | Input::Control { .. } | Input::Heard { .. } => None,
        }
    }

    fn fact(&mut self, seq: u64, record: &Record, fact: &Fact) -> Option<Entry> {
        if let Fact::StepBegan { title, .. } = fact {
            let entry = self.place(seq, record, fact)?;
            self.begin(&record.address, title.clone(), record.at.run_ns);
            return Some(entry);
        }
        self.iterate(&record.address, fact);
        if self.is_old(record, fact) || self.is_part_of_unwind(record, fact) {
            return None;
        }
        let failed = match fact {
            Fact::UnwindEnded { .. } => self.unwinds.remove(&record.address).flatten(),
            _ => None,
        };
        let began = match fact {
            Fact::StepEnded { .. } => self.steps.remove(&record.address).map(|step| step.began),
            _ => None,
        };
        let mut entry = self.place(seq, record, fact)?;
        match fact {
            Fact::StepEnded { outcome, message, .. } => {
                if let Some(began) = began {
                    entry.outcome = facts::after(entry.outcome, record.at.run_ns.saturating_sub(began));
                }
                if *outcome != StepOutcome::Ok && *message == self.failure {
                    entry.detail.clear();
                }
            }
            Fact::Failed { message, .. } => self.failure.clone_from(message),
            Fact::ChangeEnded { state: ChangeState::Failed | ChangeState::InDoubt, message, .. }
                if !message.is_empty() =>
            {
                self.held = Some((record.address.clone(), message.clone(), entry));
                return None;
            }
            Fact::UnwindEnded { what, settled: Settled::Failed | Settled::InDoubt, .. } => {
                if let Some((mut detail, span)) = failed {
                    if detail.first() == Some(what) {
                        detail.remove(0);
                    }
                    (entry.detail, entry.span) = (detail, Some(span));
                }
            }
            // A poll reads again and again: what changes is worth a line, not a place on the timeline.
            Fact::Read { .. } | Fact::Unread { .. } if is_sample(&record.address) => {
                entry.weight = Weight::Line;
            }
            _ => {}
        }
        Some(entry)
    }

    /// Returns whether a change or a failure is only how another change is taken back, which is told by itself.
    fn is_part_of_unwind(&mut self, record: &Record, fact: &Fact) -> bool {
        match fact {
            Fact::UnwindBegan { .. } => {
                self.unwinds.insert(record.address.clone(), None);
                false
            }
            Fact::ChangeBegan(_) | Fact::ChangeEnded { .. } => {
                self.unwinds.keys().any(|unwind| is_below(&record.address, unwind))
            }
            Fact::Failed { detail, span, .. } => {
                let around = self.unwinds.iter_mut().filter(|(unwind, _)| is_below(&record.address, unwind));
                around.last().is_some_and(|(_, failed)| {
                    *failed = Some((detail.clone(), *span));
                    true
                })
            }
            _ => false,
        }
    }

    /// Returns whether a polled condition says what it said before.
    fn is_old(&mut self, record: &Record, fact: &Fact) -> bool {
        match fact {
            Fact::Sampled { judgement, .. } => {
                self.command_of(&record.address);
                let poll = parent(&record.address);
                let before = self.polls.insert(poll, judgement.clone());
                before.as_ref() == Some(judgement)
                    // It is told what was verified, or that the symptom is gone.
                    || *judgement == Judgement::Holds
            }
            Fact::Watched { verdict, .. } => {
                let before = self.watches.insert(parent(&record.address), verdict.clone());
                before.as_ref() == Some(verdict)
            }
            Fact::Read { name, text, .. } | Fact::Unread { name, message: text, .. }
                if is_sample(&record.address) =>
            {
                let before = self.readings.insert(name.clone(), text.clone());
                before.as_ref() == Some(text)
            }
            _ => false,
        }
    }

    /// Returns the entry of a fact with everything but what an earlier record decides.
    fn place(&mut self, seq: u64, record: &Record, fact: &Fact) -> Option<Entry> {
        let mut entry = blank(seq, record, Kind::Phase);
        if !facts::tell(fact, record.at, &mut entry) {
            return None;
        }
        if let Fact::OverRto { at, .. } = fact {
            entry.at = *at;
        }
        entry.depth = self.steps.keys().filter(|step| is_below(&record.address, step)).count();
        entry.lane = self.lane(&record.address).to_owned();
        entry.evidence = self.evidence(seq, record, &entry);
        Some(entry)
    }

    /// Notes a step, and which others it runs beside.
    fn begin(&mut self, address: &Address, title: String, began: i64) {
        let others = self.steps.iter_mut().filter(|(other, _)| !is_below(address, other));
        let beside = others.map(|(_, other)| other.beside = true).count() > 0;
        self.steps.insert(address.clone(), Open { title, began, beside });
    }

    /// Notes items that are taken beside others.
    fn iterate(&mut self, address: &Address, fact: &Fact) {
        match fact {
            Fact::LoopBegan { at_a_time, .. } if *at_a_time > 1 => {
                self.wide.insert(address.clone());
            }
            Fact::IterationBegan { name, item, .. } if self.wide.contains(&parent(address)) => {
                self.items.insert(address.clone(), format!("{name} = {item}"));
            }
            Fact::IterationEnded { .. } => {
                self.items.remove(address);
            }
            _ => {}
        }
    }

    /// Returns which of the things that go on beside each other a place is in; empty where only one does.
    fn lane(&self, address: &Address) -> &str {
        let steps = self.steps.iter().filter(|(_, step)| step.beside).map(|(at, step)| (at, &step.title));
        let items = self.items.iter().filter(|(at, _)| *at != address);
        let around = steps.chain(items).filter(|(at, _)| is_below(address, at));
        around.max_by_key(|(at, _)| at.0.len()).map_or("", |(_, title)| title)
    }

    fn evidence(&mut self, seq: u64, record: &Record, entry: &Entry) -> Vec<Evidence> {
        let result = matches!(entry.kind, Kind::Reading | Kind::Change | Kind::Unwind | Kind::Symptom)
            && entry.weight != Weight::Begin;
        let end = if result { self.command_of(&record.address) } else { None };
        match end {
            Some((row, file)) => {
                std::iter::once(Evidence::Row(row)).chain(file.map(Evidence::File)).collect()
            }
            None if seq == 0 => Vec::new(),
            None => vec![Evidence::Row(seq)],
        }
    }

    /// Takes out the ends of commands at or below `address` and returns the last one.
    fn command_of(&mut self, address: &Address) -> Option<(u64, Option<String>)> {
        let below: Vec<Address> = self.ends.keys().filter(|end| is_below(end, address)).cloned().collect();
        below.iter().filter_map(|end| self.ends.remove(end)).max_by_key(|(row, _)| *row)
    }
}

/// Returns whether `inner` is `outer` or a place inside it.
pub(super) fn is_below(inner: &Address, outer: &Address) -> bool {
    inner
        .0
        .strip_prefix(&*outer.0)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || outer.0.is_empty())
}

fn parent(address: &Address) -> Address {
    let parent = address.0.rsplit_once('.').map_or("", |(parent, _)| parent);
    Address(parent.into())
}

/// Returns whether a place is inside a sample: it has a part `n1`, `n2`, ….
fn is_sample(address: &Address) -> bool {
    address.0.split('.').any(|part| {
        part.strip_prefix('n').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn blank(seq: u64, record: &Record, kind: Kind) -> Entry {
    Entry {
        seq,
        at: record.at,
        kind,
        tone: Tone::Plain,
        weight: Weight::Key,
        depth: 0,
        lane: String::new(),
        who: "mainstay".to_owned(),
        what: Words::default(),
        from: String::new(),
        outcome: Words::default(),
        detail: Vec::new(),
        value: None,
        span: None,
        evidence: Vec::new(),
    }
}
