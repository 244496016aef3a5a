//! Turns: one input in, what it caused out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::door::Door;
use super::ledger::Stands;
use super::run::root;
use super::visits::Visits;
use crate::event::{Address, Ask, Body, Class, Control, Fact, Heard, Input, Moment, Outcome, Record, Reply};
use crate::program::{NameRef, Program};
use crate::value::{Secret, Value};

/// The interpreter of one run, between turns.
pub struct Engine {
    program: Arc<Program>,
    secrets: BTreeMap<String, Secret>,
    door: Door,
    walk: Option<Pin<Box<dyn Future<Output = Infallible> + Send>>>,
}

/// What one input caused.
#[derive(Debug)]
pub struct Turn {
    /// The input and every request and fact, in order.
    pub records: Vec<Record>,
    /// What is to begin once the records are stored.
    pub asks: Vec<Ask>,
    /// Whether the records must be on disk before anything begins.
    pub durable: bool,
    /// Set by the last turn.
    pub outcome: Option<Outcome>,
}

impl Engine {
    /// Returns the interpreter of a run that is not open yet: feed it [`Input::Opened`] first.
    pub fn new(program: Arc<Program>, secrets: BTreeMap<String, Secret>) -> Self {
        Engine { program, secrets, door: Door::default(), walk: None }
    }

    /// Returns the interpreter of a dry run: it reads, and tells by [`Fact::Would`] what a run would change. Its records
    /// are of no run, and nothing can be taken up from them.
    pub fn dry(program: Arc<Program>, secrets: BTreeMap<String, Secret>) -> Self {
        let engine = Engine::new(program, secrets);
        engine.door.state().dry = true;
        engine
    }

    /// Notes from now on where the walk has been. Nothing it does depends on it.
    pub fn note(&mut self, visits: &Visits) {
        self.door.state().visits = Some(visits.clone());
    }

    /// Feeds one input and walks until nothing moves.
    pub fn feed(&mut self, input: Input) -> Turn {
        let told = self.take_in(input);
        self.walk_on();
        let mut state = self.door.state();
        let outcome = state.outcome.take();
        let records = std::mem::take(&mut state.records);
        let asks = std::mem::take(&mut state.asks);
        drop(state);
        let durable = told || outcome.is_some() || asks.iter().any(Ask::acts);
        Turn { records, asks, durable, outcome }
    }

    /// Returns the changes that stand now, oldest first.
    pub fn made(&self) -> Vec<Stands> {
        self.door.made().list()
    }

    /// Returns the value that a name of the phases, or of the whole run, has now.
    pub fn name(&self, name: NameRef) -> Option<Value> {
        let state = self.door.state();
        let (frame, globals) = state.names.as_ref()?;
        match name {
            NameRef::Local(slot) => frame.get(slot),
            NameRef::Global(index) => globals.get(index as usize).cloned(),
        }
    }

    /// Returns what the engine has to deliver to itself before anything else is fed.
    pub fn next_inside(&mut self) -> Option<Input> {
        let mut state = self.door.state();
        if state.internal.is_empty() { None } else { Some(state.internal.remove(0)) }
    }

    /// Returns whether the input itself must be on disk before anything else.
    fn take_in(&mut self, input: Input) -> bool {
        let mut state = self.door.state();
        match &input {
            Input::Opened(opened) => {
                state.now = opened.at;
                state.rto = opened.rto_ns.filter(|_| !state.dry);
                push(&mut state.records, opened.at, &input);
                drop(state);
                let walk = root(
                    Arc::clone(&self.program),
                    (**opened).clone(),
                    self.secrets.clone(),
                    self.door.clone(),
                );
                self.walk = Some(Box::pin(walk));
                return true;
            }
            Input::Delivered { request, occurred, reply } => {
                state.arrive(*occurred);
                state.deliver(request, reply.clone());
                if *reply != Reply::Descend || !state.is_reading(request) {
                    let class = if state.is_inner(request) { Class::Trace } else { Class::Input };
                    let (address, at) = (request.clone(), state.now);
                    state.records.push(Record { class, address, at, body: Body::Input(input) });
                    // A replay does without what happened inside a reading.
                    if class == Class::Input {
                        state.tell_rto();
                    }
                }
            }
            Input::Control { control, by, occurred } => {
                state.arrive(*occurred);
                let now = state.now;
                push(&mut state.records, now, &input);
                state.tell_rto();
                match control {
                    Control::Stop => {
                        state.stop.get_or_insert_with(|| by.clone());
                    }
                    Control::Suspend => {
                        drop(state);
                        self.door.fact(&Address("".into()), false, Fact::Suspended { by: by.clone() });
                    }
                    Control::Rollback => {
                        state.stop.get_or_insert_with(|| by.clone());
                        state.rollback = Some(by.clone());
                        drop(state);
                        self.door.fact(&Address("".into()), false, Fact::RollingBack { by: by.clone() });
                    }
                }
                return true;
            }
            Input::Heard { heard, who, uid, occurred, .. } => {
                state.arrive(*occurred);
                let now = state.now;
                push(&mut state.records, now, &input);
                state.tell_rto();
                drop(state);
                return self.hear(heard.clone(), who.clone(), *uid);
            }
        }
        false
    }

    /// Writes the open questions down again: with another text, something else may follow them, and an answer is
    /// to what is shown.
    fn ask_anew(&self) {
        let mut state = self.door.state();
        let at = state.now;
        for ask in state.questions.values().cloned().collect::<Vec<_>>() {
            let address = ask.address.clone();
            state.records.push(Record { class: Class::Request, address, at, body: Body::Request(ask) });
        }
    }

    /// Returns whether that it was heard must be on disk before anything else.
    fn hear(&mut self, heard: Heard, who: String, uid: u32) -> bool {
        let resumed = matches!(heard, Heard::Resumed { .. });
        if matches!(&heard, Heard::Resumed { accepted, .. } if !accepted.is_empty()) {
            self.ask_anew();
            self.door.state().texts += 1;
        }
        let fact = match heard {
            Heard::Resumed { accepted, .. } => Fact::Resumed { who, uid, accepted },
            Heard::Note { text } => Fact::Noted { text, who, uid },
            Heard::Void { text, why } => Fact::Void { text, who, uid, why },
            Heard::Injected { text } => Fact::Injected { text, who, uid },
            // What the walk makes of it is a fact of its own.
            Heard::Stop { because } => {
                let mut state = self.door.state();
                if state.stop.is_none() {
                    (state.stop, state.because) = (Some(who), because);
                }
                return true;
            }
        };
        self.door.fact(&Address("".into()), false, fact);
        resumed
    }

    fn walk_on(&mut self) {
        let Some(walk) = self.walk.as_mut() else { return };
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            self.door.state().moved = false;
            let Poll::Pending = walk.as_mut().poll(&mut cx);
            if !self.door.state().moved {
                return;
            }
        }
    }
}

fn push(records: &mut Vec<Record>, at: Moment, input: &Input) {
    let address = Address("".into());
    records.push(Record { class: Class::Input, address, at, body: Body::Input(input.clone()) });
}
