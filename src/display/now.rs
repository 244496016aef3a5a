//! What goes on now: the phase, the steps and iterations that are open, the calls that are out.
//!
//! Owns a fold over the records that keeps only what is open, and since when by this terminal's
//! clock. Never draws: `stage` does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::tail::Tail;
use super::text::one_line;
use crate::event::{Address, Body, Class, CommandEnd, Fact, Input, Record, Reply, Request};
use crate::process::StreamName;
use crate::timeline::phase_words;

/// What goes on.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub phase: Option<Place>,
    /// Steps, iterations and ways back that are open, in the order in which they began.
    pub places: Vec<Place>,
    /// Requests that are out, the newest last.
    pub calls: Vec<Call>,
    /// The last command that ended.
    pub ended: Option<(String, CommandEnd)>,
    /// How long the run may take, where its runbook says so.
    rto: Option<Duration>,
    /// When the run's clock stood at zero, by this terminal's.
    zero: Option<Instant>,
    /// Loops that go on: how many items, how many at a time.
    loops: BTreeMap<Address, (u32, u32)>,
}

/// Something that other things happen in.
#[derive(Debug)]
pub(super) struct Place {
    pub address: Address,
    pub title: String,
    pub began: Instant,
    /// How long it may take, where it has a bound of its own.
    pub bound: Option<Duration>,
    deadline: Option<i64>,
    /// What it does between its calls: what it waits for.
    pub note: String,
    /// Since when it does so, and how long it may.
    pub noted: Option<(Instant, Option<Duration>)>,
    /// What was read last, for the condition that is polled.
    read: String,
}

/// A request that is out.
#[derive(Debug)]
pub(super) struct Call {
    pub address: Address,
    pub text: String,
    pub began: Instant,
    pub bound: Option<Duration>,
    /// Whose bound that is, where it is not that of a step or a phase.
    pub whose: &'static str,
    pub command: bool,
    pub tail: Tail,
}

/// Returns when the record was written: now, or before where it is read again.
fn when(record: &Record) -> Instant {
    let now = Instant::now();
    let age = jiff::Timestamp::now().as_microsecond().saturating_sub(record.at.wall_us).max(0).unsigned_abs();
    now.checked_sub(Duration::from_micros(age)).unwrap_or(now)
}

impl Now {
    /// Takes in what begins and ends.
    pub fn follow(&mut self, record: &Record) {
        self.zero = when(record).checked_sub(span(record.at.run_ns));
        match &record.body {
            Body::Input(Input::Opened(opened)) => self.rto = opened.rto_ns.map(span),
            Body::Input(Input::Delivered { request, reply, .. }) => self.delivered(request, reply),
            Body::Input(_) => {}
            Body::Request(ask) => match &ask.request {
                Request::Cancel { request } => self.calls.retain(|call| call.address != *request),
                request => {
                    let left = ask.deadline.map(|at| span(at.saturating_sub(record.at.run_ns)));
                    if let Some((text, command)) = Self::words(request) {
                        self.calls.push(Call {
                            address: ask.address.clone(),
                            text,
                            began: when(record),
                            bound: left,
                            whose: whose(&ask.bound),
                            command,
                            tail: Tail::default(),
                        });
                    }
                }
            },
            Body::Fact(_) if record.class == Class::Trace => {}
            Body::Fact(fact) => self.fact(record, fact),
        }
    }

    /// Returns how much is left of the `rto`, or by how much it is over.
    pub fn left(&self, now: Instant) -> Option<Result<Duration, Duration>> {
        let (rto, took) = (self.rto?, now.saturating_duration_since(self.zero?));
        Some(rto.checked_sub(took).ok_or_else(|| took.saturating_sub(rto)))
    }

    fn words(request: &Request) -> Option<(String, bool)> {
        let words = match request {
            Request::Command(command) => (format!("$ {}", one_line(&command.typed)), true),
            Request::Native(native) => (one_line(&native.typed), false),
            Request::Reading { call, .. } | Request::Named { call, .. } => (one_line(call), false),
            Request::Notify { channel, .. } => (format!("tell {}", one_line(channel)), false),
            _ => return None,
        };
        Some(words)
    }

    fn delivered(&mut self, request: &Address, reply: &Reply) {
        let Some(at) = self.calls.iter().position(|call| call.address == *request) else {
            return;
        };
        let call = self.calls.remove(at);
        if let Reply::Command(end) = reply {
            self.ended = Some((call.text, (**end).clone()));
        }
    }

    fn fact(&mut self, record: &Record, fact: &Fact) {
        let address = &record.address;
        let open = |title: String, deadline: Option<i64>| Place {
            address: address.clone(),
            title: one_line(&title),
            began: when(record),
            bound: deadline.map(|at| span(at.saturating_sub(record.at.run_ns))),
            deadline,
            note: String::new(),
            noted: None,
            read: String::new(),
        };
        match fact {
            Fact::PhaseBegan { phase, title, deadline } => {
                let place = open(phase_words(*phase, title).to_string(), *deadline);
                match &self.phase {
                    // Of a runbook that is followed, inside a phase of this one.
                    Some(phase) if phase.address != *address => self.begin(place),
                    _ => self.phase = Some(place),
                }
            }
            Fact::PhaseEnded { .. } if self.phase.as_ref().is_some_and(|p| p.address != *address) => {
                self.end(address)
            }
            Fact::FollowBegan { file, .. } if self.phase.is_some() => {
                self.begin(open(format!("follow {file}"), None));
            }
            Fact::FollowEnded { .. } => self.end(address),
            Fact::PhaseEnded { .. } => {
                let (rto, zero) = (self.rto, self.zero);
                *self = Now { ended: self.ended.take(), rto, zero, ..Now::default() };
            }
            Fact::StepBegan { title, attempt, attempts, deadline, .. } => {
                let again =
                    if *attempt > 1 { format!(" (attempt {attempt} of {attempts})") } else { String::new() };
                self.begin(open(format!("{title}{again}"), *deadline));
            }
            Fact::LoopBegan { items, at_a_time, .. } => {
                self.loops.insert(address.clone(), (*items, *at_a_time));
            }
            Fact::IterationBegan { name, item, index } => {
                let of = self.loops.iter().rfind(|(around, _)| is_inside(address, around));
                let count = of.map_or_else(String::new, |(_, (items, _))| format!(" ({index} of {items})"));
                self.begin(open(format!("{name} = {item}{count}"), None));
            }
            Fact::UnwindBegan { what, finally, .. } => {
                let verb = if *finally { "finally" } else { "undo" };
                self.begin(open(format!("{verb} {what}"), None));
            }
            Fact::StepEnded { .. } | Fact::IterationEnded { .. } | Fact::UnwindEnded { .. } => {
                self.end(address)
            }
            Fact::Sampled { text, sample, until, .. } => {
                if let Some(place) = self.place_of(address) {
                    let read = std::mem::take(&mut place.read);
                    let read = if read.is_empty() { read } else { format!(": {read}") };
                    let times = if *sample == 1 { "once".to_owned() } else { format!("{sample} times") };
                    place.note = format!("until {} (read {times}{read})", one_line(text));
                    if *sample == 1 || place.noted.is_none() {
                        let left = until.map(|at| span(at.saturating_sub(record.at.run_ns)));
                        place.noted = Some((when(record), left));
                    }
                }
            }
            Fact::Read { name, text, .. } => {
                if let Some(place) = self.place_of(address) {
                    place.read = format!("{name} = {}", one_line(text));
                }
            }
            Fact::Waiting { reason, until } => {
                if let Some(place) = self.place_of(address) {
                    place.note = format!("wait: {}", one_line(reason));
                    let left = span(until.saturating_sub(record.at.run_ns));
                    place.noted = Some((when(record), Some(left)));
                }
            }
            Fact::Verified { .. } | Fact::Symptom { .. } | Fact::Failed { .. } => {
                if let Some(place) = self.place_of(address) {
                    place.note.clear();
                    place.noted = None;
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, mut place: Place) {
        self.end(&place.address);
        // A bound that it has from outside stands there already.
        if self.around(&place.address).any(|outer| outer.deadline == place.deadline) {
            place.bound = None;
        }
        self.places.push(place);
    }

    fn end(&mut self, address: &Address) {
        self.places.retain(|place| !is_inside(&place.address, address));
        self.calls.retain(|call| !is_inside(&call.address, address));
    }

    /// Returns the innermost that is open around an address.
    fn place_of(&mut self, address: &Address) -> Option<&mut Place> {
        let places = self.places.iter_mut().filter(|place| is_inside(address, &place.address));
        self.phase.iter_mut().chain(places).last()
    }

    /// Returns what is open around a place, the innermost last.
    fn around<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = &'a Place> {
        let places = self.places.iter().filter(|place| is_inside(address, &place.address));
        self.phase.iter().chain(places)
    }

    /// Takes in what a command printed; returns whether it is one that runs.
    pub fn printed(&mut self, address: &Address, stream: StreamName, offset: u64, bytes: &[u8]) -> bool {
        let call = self.calls.iter_mut().find(|call| call.address == *address);
        call.map(|call| call.tail.push(stream, offset, bytes)).is_some()
    }

    /// Returns the newest call that is out in this place, and in none of those inside it.
    pub fn call_of(&self, place: &Place) -> Option<&Call> {
        self.calls.iter().rfind(|call| {
            let innermost = self.around(&call.address).last();
            innermost.is_some_and(|inner| inner.address == place.address)
        })
    }

    /// Returns how many places are open around this one, without the phase.
    pub fn depth(&self, place: &Place) -> usize {
        self.places.iter().filter(|outer| is_inside(&place.address, &outer.address)).count() - 1
    }

    /// Returns whether nothing is open inside this place.
    pub fn is_leaf(&self, place: &Place) -> bool {
        let inside = self.places.iter().filter(|inner| is_inside(&inner.address, &place.address));
        inside.count() == 1
    }
}

fn span(ns: i64) -> Duration {
    Duration::from_nanos(ns.max(0).unsigned_abs())
}

/// Returns whose bound that is in a word or two; nothing for that of a step or a phase, which shows it.
fn whose(words: &str) -> &'static str {
    match words.strip_prefix("the ").unwrap_or_default() {
        words if words.starts_with("default timeout") => "default timeout",
        words if words.starts_with("timeout") => "its timeout",
        words if words.starts_with("undo") => "bound of an undo",
        words if words.ends_with("`finally`") => "bound of a `finally`",
        _ => "",
    }
}

/// Returns whether a place is at or below another; all are below the empty one.
pub(super) fn is_inside(inner: &Address, outer: &Address) -> bool {
    let rest = inner.0.strip_prefix(&*outer.0);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || outer.0.is_empty())
}
