//! The way of a real run: what it asked of the world, in order, and what came back.
//!
//! Walks the recorded inputs again, since only the walk knows where in the text each request stands. Never judges.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Engine;
use crate::event::{Address, Ask, Body, Class, Control, Fact, Heard, Input, Record, Reply};
use crate::program::Program;
use crate::value::Secret;

/// A request, and what became of it.
#[derive(Debug)]
pub(super) struct Met {
    pub ask: Ask,
    /// When it was answered, on the run's clock, and how; `None`: it never was.
    pub reply: Option<(i64, Reply)>,
}

impl Met {
    /// Returns how long it took, nanoseconds.
    pub fn took(&self) -> i64 {
        self.reply.as_ref().map_or(0, |(at, _)| (at - self.ask.asked.run_ns).max(0))
    }
}

/// Something that happened to the run from outside.
#[derive(Debug)]
pub(super) struct Event {
    pub what: Happened,
    pub at: i64,
    /// Requests that were made before it.
    pub before: usize,
    /// Those of them that waited for their answer.
    pub open: Vec<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// By whom.
    Stopped(String),
    /// Its program was gone, or it was left; somebody went on with it.
    TakenUp,
    /// Somebody asked for it to be taken back before it had ended.
    TakenBack(String),
}

/// All of it, up to the first end of the run.
#[derive(Debug)]
pub(super) struct Way {
    pub met: Vec<Met>,
    pub events: Vec<Event>,
    pub records: Vec<Record>,
    /// Whether something was written down after the end.
    pub goes_on: bool,
}

/// Returns the way of the run that these records tell of.
pub(super) fn way(program: &Arc<Program>, secrets: BTreeMap<String, Secret>, records: &[Record]) -> Way {
    let ends = records.iter().position(|record| matches!(record.body, Body::Fact(Fact::Ended { .. })));
    let until = ends.map_or(records.len(), |at| at + 1);
    let kept = &records[..until];
    let mut engine = Engine::new(Arc::clone(program), secrets);
    let (mut met, mut events): (Vec<Met>, Vec<Event>) = (Vec::new(), Vec::new());
    let mut waiting: BTreeMap<Address, usize> = BTreeMap::new();
    for record in kept.iter().filter(|record| record.class != Class::Trace) {
        let Body::Input(input) = &record.body else { continue };
        match input {
            Input::Delivered { request, occurred, reply } => {
                if let Some(at) = waiting.remove(request) {
                    met[at].reply = Some((occurred.run_ns, reply.clone()));
                }
            }
            other => {
                if let Some((what, at)) = happened(other) {
                    events.push(Event {
                        what,
                        at,
                        before: met.len(),
                        open: waiting.values().copied().collect(),
                    });
                }
            }
        }
        for ask in engine.feed(input.clone()).asks {
            waiting.insert(ask.address.clone(), met.len());
            met.push(Met { ask, reply: None });
        }
    }
    let rest =
        records[until..].iter().any(|record| matches!(record.body, Body::Input(Input::Control { .. })));
    Way { met, events, records: kept.to_vec(), goes_on: rest }
}

fn happened(input: &Input) -> Option<(Happened, i64)> {
    match input {
        Input::Control { control, by, occurred } => {
            let what = match control {
                Control::Stop => Happened::Stopped(by.clone()),
                Control::Rollback => Happened::TakenBack(by.clone()),
                Control::Suspend => return None,
            };
            Some((what, occurred.run_ns))
        }
        Input::Heard { heard: Heard::Stop { .. }, who, occurred, .. } => {
            Some((Happened::Stopped(who.clone()), occurred.run_ns))
        }
        Input::Heard { heard: Heard::Resumed { .. }, occurred, .. } => {
            Some((Happened::TakenUp, occurred.run_ns))
        }
        _ => None,
    }
}
