//! The engine's side of the door: requests go out, replies come in.
//!
//! Owns what one turn gathers and who waits for what. Never knows what a request means.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::frame::Frame;
use super::ledger::Made;
use super::visits::{Passed, Visits};
use crate::event::{
    Address, Ask, Body, Class, Ended, Fact, Input, Moment, Outcome, Place, Record, Reply, Request,
};
use crate::source::Span;
use crate::value::Value;

/// What a turn gathers, and the replies nobody took yet.
#[derive(Debug, Default)]
pub(super) struct State {
    pub now: Moment,
    /// Who stopped the run.
    pub stop: Option<String>,
    /// Why, where somebody said so.
    pub because: String,
    /// Who wants everything taken back.
    pub rollback: Option<String>,
    /// How the run ended, until the turn tells it.
    pub outcome: Option<Outcome>,
    /// The `rto`, while it has not run out and the run has not come to its end.
    pub rto: Option<i64>,
    /// How often another text has taken the place of the one before: what was approved with that may not be what follows.
    pub texts: u32,
    pub records: Vec<Record>,
    pub asks: Vec<Ask>,
    /// What the engine delivers to itself: readings whose body has ended.
    pub internal: Vec<Input>,
    /// Whether anything happened since the last poll.
    pub moved: bool,
    waiting: BTreeMap<Address, Option<Reply>>,
    /// The names of the run: the phases' frame, and what lives in the whole run.
    pub names: Option<(Frame, Vec<Value>)>,
    /// Questions that nobody has answered.
    pub questions: BTreeMap<Address, Ask>,
    kinds: BTreeMap<Address, Known>,
    /// Nothing is changed and nobody is asked.
    pub dry: bool,
    /// Where the walk has been; `None`: nobody wants to know.
    pub visits: Option<Visits>,
}

/// What is known of an open request.
#[derive(Debug)]
struct Known {
    inner: bool,
    reading: bool,
    /// Its deadline, and where the length of that stands.
    bound: Option<(i64, Span)>,
}

impl State {
    /// Takes over when an input occurred: the run's clock never goes back.
    pub fn arrive(&mut self, occurred: Moment) {
        self.now.run_ns = self.now.run_ns.max(occurred.run_ns);
        self.now.wall_us = occurred.wall_us;
    }

    /// Writes down that the `rto` has run out, once.
    pub fn tell_rto(&mut self) {
        let now = self.now;
        let Some(rto_ns) = self.rto.take_if(|rto| now.run_ns > *rto) else { return };
        let since_us = now.run_ns.saturating_sub(rto_ns) / 1_000;
        let at = Moment { run_ns: rto_ns, wall_us: now.wall_us.saturating_sub(since_us) };
        let body = Body::Fact(Fact::OverRto { rto_ns, at });
        self.records.push(Record { class: Class::Fact, address: Address("".into()), at: now, body });
    }

    /// Hands a reply to whoever waits at `address`. Returns whether somebody does.
    pub fn deliver(&mut self, address: &Address, reply: Reply) -> bool {
        if let (Some(visits), Some(known)) = (&self.visits, self.kinds.get(address))
            && let Some((deadline, written)) = known.bound
            && self.now.run_ns >= deadline
            && cut_off(&reply)
        {
            visits.note(written, Passed::RanOut);
        }
        match self.waiting.get_mut(address) {
            Some(slot @ None) => {
                *slot = Some(reply);
                self.questions.remove(address);
                self.moved = true;
                true
            }
            _ => false,
        }
    }

    /// Returns whether the request at `address` was made inside a read.
    pub fn is_inner(&self, address: &Address) -> bool {
        self.kinds.get(address).is_some_and(|known| known.inner)
    }

    /// Returns whether the request at `address` is a reading: to descend into one is no input.
    pub fn is_reading(&self, address: &Address) -> bool {
        self.kinds.get(address).is_some_and(|known| known.reading)
    }
}

/// The shared handle on the door.
#[derive(Clone, Debug, Default)]
pub(super) struct Door(Arc<Mutex<State>>, Made);

/// What keeps a wait from being cut short.
#[derive(Clone, Debug, Default)]
pub(super) struct Halt {
    /// Set when another arm failed; all the flags above count too.
    flags: Vec<Arc<std::sync::atomic::AtomicBool>>,
    /// Set while a `watch` around wants an answer: the next statement waits.
    holds: Vec<Arc<std::sync::atomic::AtomicBool>>,
    /// Undo, `finally` and `rollback` are not stopped.
    pub shielded: bool,
}

impl Halt {
    /// Returns a halt with one more flag, and the flag.
    pub fn nested(&self) -> (Halt, Arc<std::sync::atomic::AtomicBool>) {
        let flag = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let mut flags = self.flags.clone();
        flags.push(Arc::clone(&flag));
        (Halt { flags, ..self.clone() }, flag)
    }

    /// Returns a halt that this flag sets, too.
    pub fn cut_by(&self, flag: &Arc<std::sync::atomic::AtomicBool>) -> Halt {
        let mut halt = self.clone();
        halt.flags.push(Arc::clone(flag));
        halt
    }

    /// Returns a halt with which the next statement waits while this flag is set.
    pub fn held_by(&self, flag: &Arc<std::sync::atomic::AtomicBool>) -> Halt {
        let mut halt = self.clone();
        halt.holds.push(Arc::clone(flag));
        halt
    }

    /// Returns a halt with which no statement waits: inside a call.
    pub fn unheld(&self) -> Halt {
        Halt { holds: Vec::new(), ..self.clone() }
    }

    /// Returns whether the next statement has to wait.
    pub fn is_held(&self) -> bool {
        self.holds.iter().any(|f| f.load(std::sync::atomic::Ordering::Relaxed))
    }

    /// Returns a halt that nothing sets.
    pub fn shield() -> Halt {
        Halt { flags: Vec::new(), holds: Vec::new(), shielded: true }
    }

    /// Returns whether another arm has failed.
    pub fn is_set(&self) -> bool {
        self.flags.iter().any(|f| f.load(std::sync::atomic::Ordering::Relaxed))
    }
}

impl Door {
    /// Returns the state. Nobody holds it over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what stands.
    pub fn made(&self) -> &Made {
        &self.1
    }

    /// Tells that the run is over, and waits until somebody wants it taken back; returns who.
    pub async fn ended(&self, outcome: Outcome) -> String {
        {
            let mut state = self.state();
            state.outcome = Some(outcome);
            state.rto = None;
            // What was asked for until now has been done: nothing begins in the turn that ends the run.
            state.rollback = None;
        }
        poll_fn(|_| {
            let mut state = self.state();
            match state.rollback.take() {
                Some(by) => {
                    state.moved = true;
                    Poll::Ready(by)
                }
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Returns the time of the last input.
    pub fn now(&self) -> Moment {
        self.state().now
    }

    /// Returns who stopped the run.
    pub fn stopped(&self) -> Option<String> {
        self.state().stop.clone()
    }

    /// Notes that the walk was there, where somebody wants to know.
    pub fn passed(&self, span: Span, passed: Passed) {
        if let Some(visits) = &self.state().visits {
            visits.note(span, passed);
        }
    }

    /// Notes that a length ran out which is written there.
    pub fn ran_out(&self, written: Option<Span>) {
        if let Some(span) = written {
            self.passed(span, Passed::RanOut);
        }
    }

    /// Writes a fact down.
    pub fn fact(&self, address: &Address, inner: bool, fact: Fact) {
        let mut state = self.state();
        let at = state.now;
        let class = if inner { Class::Trace } else { Class::Fact };
        state.records.push(Record { class, address: address.clone(), at, body: Body::Fact(fact) });
        state.moved = true;
    }

    /// Makes a request that nobody waits for.
    fn tell(&self, address: Address, request: Request, inner: bool) {
        let mut state = self.state();
        let asked = state.now;
        let bound = Arc::default();
        let place = Place::default();
        send(&mut state, Ask { address, request, deadline: None, bound, changes: true, inner, asked, place });
    }

    /// Delivers to the engine itself, in a turn of its own.
    pub fn deliver_inside(&self, request: Address, reply: Reply) {
        let mut state = self.state();
        let occurred = state.now;
        state.waiting.insert(request.clone(), None);
        state.internal.push(Input::Delivered { request, occurred, reply });
        state.moved = true;
    }

    /// Makes a request and waits for its reply. `None`: the wait was cut short (a stop, another arm).
    pub fn ask(&self, ask: Ask, halt: &Halt) -> Waiting {
        let address = ask.address.clone();
        let inner = ask.inner;
        let cut = match ask.request {
            Request::Timer | Request::Question(_) => Cut::Cancel,
            Request::Command(_) => Cut::Kill,
            _ => Cut::Never,
        };
        let mut state = self.state();
        state.waiting.insert(address.clone(), None);
        send(&mut state, ask);
        Waiting { door: self.clone(), address, halt: halt.clone(), cut, inner }
    }

    /// Waits for another reply to a request that was made before.
    pub fn again(&self, address: Address) -> Waiting {
        Waiting { door: self.clone(), address, halt: Halt::shield(), cut: Cut::Never, inner: false }
    }
}

fn send(state: &mut State, ask: Ask) {
    let class = if ask.inner { Class::Trace } else { Class::Request };
    let reading = matches!(ask.request, Request::Reading { .. });
    if matches!(ask.request, Request::Question(_)) {
        state.questions.insert(ask.address.clone(), ask.clone());
    }
    let bound = ask.deadline.zip(ask.place.bound);
    state.kinds.insert(ask.address.clone(), Known { inner: ask.inner, reading, bound });
    let at = state.now;
    state.records.push(Record { class, address: ask.address.clone(), at, body: Body::Request(ask.clone()) });
    state.asks.push(ask);
    state.moved = true;
}

/// Returns whether a reply at its deadline says that the deadline was why.
fn cut_off(reply: &Reply) -> bool {
    match reply {
        Reply::Command(end) => end.ended == Ended::Timeout,
        Reply::Failed { .. } | Reply::Lost { .. } => true,
        _ => false,
    }
}

/// What a stop does to a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// Forget the request.
    Cancel,
    /// End the command, then wait for its end.
    Kill,
    Killed,
    Never,
}

/// Waits for one reply.
pub(super) struct Waiting {
    door: Door,
    address: Address,
    halt: Halt,
    cut: Cut,
    inner: bool,
}

impl Future for Waiting {
    type Output = Option<Reply>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let door = self.door.clone();
        let mut state = door.state();
        if let Some(Some(_)) = state.waiting.get(&self.address) {
            state.moved = true;
            let descends = matches!(state.waiting.get(&self.address), Some(Some(Reply::Descend)));
            if !descends {
                state.kinds.remove(&self.address);
            }
            return Poll::Ready(state.waiting.remove(&self.address).flatten());
        }
        let stopped = state.stop.is_some() && !self.halt.shielded;
        match self.cut {
            Cut::Cancel if stopped || self.halt.is_set() => {
                state.waiting.remove(&self.address);
                state.questions.remove(&self.address);
                let request = Request::Cancel { request: self.address.clone() };
                drop(state);
                door.tell(suffix(&self.address, "cancel"), request, self.inner);
                Poll::Ready(None)
            }
            Cut::Kill if stopped => {
                let request = Request::Kill { command: self.address.clone() };
                drop(state);
                door.tell(kill_of(&self.address), request, self.inner);
                self.cut = Cut::Killed;
                Poll::Pending
            }
            _ => Poll::Pending,
        }
    }
}

/// Returns the address of the request that ends the command at `address`.
pub(super) fn kill_of(address: &Address) -> Address {
    suffix(address, "kill")
}

fn suffix(address: &Address, part: &str) -> Address {
    Address(format!("{address}.{part}").into())
}
