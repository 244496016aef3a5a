//! A world that is all given, on a virtual clock: an hour takes no time and nothing is touched.
//!
//! Owns the clock of tests and drills, the readings given by name, and faults put in anywhere.
//! Never runs anything: what was not given is an error that names it.

mod drill;
mod faults;
mod hidden;
mod opening;
mod played;
mod unused;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::event::{Address, Answer, Ask, CommandEnd, Control, Ended, Input, Moment, Outlet, Reply, Request};
use crate::program::native;
use crate::source::Span;
use crate::value::{Type, Value};
use crate::world::{Next, World, WorldError};

pub use crate::check::drills::BEGINNING;
pub use faults::{Fault, Faults, Struck};
pub use opening::opening;

use drill::Script;

/// How long a command goes on when the operator stops the run meanwhile, nanoseconds.
const A_WHILE: i64 = 1_000_000_000;

/// What is given for a name.
#[derive(Clone, Debug)]
pub enum Given {
    Value(Value),
    /// The reading or the change fails with these words.
    Fails(String),
    /// It takes that long, nanoseconds, then this.
    Takes(i64, Box<Given>),
}

/// How approvals are answered.
#[derive(Clone, Debug, PartialEq)]
pub enum People {
    /// Somebody says yes (or no) after that long, nanoseconds.
    Answer {
        who: String,
        uid: u32,
        value: Value,
        after: i64,
    },
    Never,
}

/// The given world.
#[derive(Clone, Debug, Default)]
pub struct GivenWorld {
    readings: BTreeMap<String, VecDeque<Given>>,
    people: VecDeque<People>,
    faults: Faults,
    now: i64,
    order: u64,
    /// By time, then by order of arrival.
    due: BTreeMap<(i64, u64), Input>,
    /// What waits at which time for which request.
    places: BTreeMap<Address, (i64, u64)>,
    /// How long commands take now, nanoseconds.
    busy: i64,
    /// What was not given, for the error.
    missing: Option<Missing>,
    /// What a drill gives besides readings.
    script: Script,
    /// How often what is given was asked for, as the drill names it.
    used: BTreeMap<String, usize>,
    /// Readings that are made by their body: what is missing inside one is told by its name.
    descended: BTreeMap<Address, Missing>,
    /// Readings that end where the run stops.
    ended_by_stop: BTreeSet<Address>,
    crashed: bool,
    /// The program is gone: nothing more begins.
    gone: bool,
    /// The last input, with its place in time, where it may have to be told again.
    last: Option<((i64, u64), Input)>,
    /// What was given to whom, where it may have to be given again.
    handed: BTreeMap<Address, Option<Given>>,
    /// Requests of a way back that were answered by what is given, and those that nothing is given for, by name.
    told: Vec<(Address, String)>,
    /// Questions whether something happened, which somebody answered: their places, for a fault, and addresses.
    doubts: Vec<(usize, Address)>,
    /// Changes that were made, as they could be typed, in order: what a file outside would show.
    pub acts: Vec<String>,
    /// What was told to whom.
    pub notified: Vec<(String, String)>,
}

/// Something that was asked for and not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it is bound to; may be empty.
    pub name: String,
    /// What is called; empty for a command.
    pub action: String,
    /// The call as it could be typed, or the question.
    pub call: String,
    /// Where the call stands.
    pub span: Span,
}

impl GivenWorld {
    /// Returns a world where nothing is given and every change succeeds at once.
    pub fn new() -> Self {
        GivenWorld::default()
    }

    /// Gives a name (of a check or an action) its successive values; the last one stays.
    #[must_use]
    pub fn given(mut self, name: &str, values: impl IntoIterator<Item = Given>) -> Self {
        self.readings.insert(name.to_owned(), values.into_iter().collect());
        self
    }

    /// Gives the answers to questions, one after the other; the last one stays. Without any: silence.
    #[must_use]
    pub fn people(mut self, people: impl IntoIterator<Item = People>) -> Self {
        self.people = people.into_iter().collect();
        self
    }

    /// Puts faults in.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self.faults.lasting |= self.faults.is_exploring() && self.crashes();
        self
    }

    /// Returns how many requests were counted as places for a fault.
    pub fn places(&self) -> usize {
        self.faults.seen()
    }

    /// Returns the faults that were put in, and what they broke.
    pub fn broken(&self) -> &Faults {
        &self.faults
    }

    /// Returns the names of what was answered below that address by what is given, or asked for without being given.
    pub fn told_below(&self, address: &Address) -> BTreeSet<&str> {
        self.told.iter().filter(|(told, _)| is_below(told, address)).map(|(_, name)| name.as_str()).collect()
    }

    /// Returns the questions whether something happened that somebody answered: places for a fault, and addresses.
    pub fn doubts(&self) -> &[(usize, Address)] {
        &self.doubts
    }

    /// Returns what was asked for and not given.
    pub fn missing(&self) -> Option<&Missing> {
        self.missing.as_ref()
    }

    fn moment(&self, run_ns: i64) -> Moment {
        Moment { run_ns, wall_us: BEGINNING + run_ns / 1000 }
    }

    fn put(&mut self, at: i64, input: Input) -> (i64, u64) {
        self.order += 1;
        let key = (at.max(self.now), self.order);
        self.due.insert(key, input);
        key
    }

    fn reply(&mut self, address: &Address, at: i64, reply: Reply) {
        let occurred = self.moment(at.max(self.now));
        let key = self.put(at, Input::Delivered { request: address.clone(), occurred, reply });
        self.places.insert(address.clone(), key);
    }

    fn next_given(&mut self, name: &str) -> Option<Given> {
        let values = self.readings.get_mut(name)?;
        let next = if values.len() > 1 { values.pop_front() } else { values.front().cloned() };
        self.uses(name);
        next
    }

    /// Returns what is given for a name, or else for what is called.
    fn given_for(&mut self, ask: &Ask, name: &str, called: &str) -> Option<Given> {
        if let Some(given) = self.handed.get(&ask.address) {
            return given.clone();
        }
        let names = self.script.names(&ask.place.within, name, called);
        let given = names.into_iter().find_map(|name| self.next_given(&name).map(|given| (name, given)));
        if let Some((name, _)) = &given {
            self.tells(ask, name);
        }
        let given = given.map(|(_, given)| given);
        if self.faults.lasting {
            self.handed.insert(ask.address.clone(), given.clone());
        }
        given
    }

    /// Notes that what comes of a way back depends on what is given.
    fn tells(&mut self, ask: &Ask, name: &str) {
        if ask.place.undoing && self.faults.is_exploring() {
            self.told.push((ask.address.clone(), name.to_owned()));
        }
    }

    /// Returns whether that is an action that is carried out by its body: all are, in a drill.
    fn stands_in(&self, ask: &Ask) -> bool {
        let stands_for = |action| !self.script.strict && self.readings.contains_key(action);
        matches!(&ask.request, Request::Named { action, .. } if !stands_for(action))
    }

    fn begin_one(&mut self, ask: Ask) {
        let stands_in = self.stands_in(&ask);
        if let Some(fault) = self.faults.strike(&ask, stands_in) {
            self.fault(&ask, fault);
            return;
        }
        if self.scripted(&ask) {
            return;
        }
        let address = ask.address.clone();
        match &ask.request {
            Request::Reading { name, action, call } => {
                let given = self.given_for(&ask, name, action);
                let given = given.map(|g| as_reading(g, call));
                if given.is_none() && name.is_empty() && self.script.is_a_name(action) {
                    // Nothing can be given for what is called: what is read in it is told instead.
                } else if given.is_none() {
                    let missing = Missing {
                        name: self.script.told_apart(&ask.place.within, name),
                        action: action.clone(),
                        call: call.clone(),
                        span: ask.place.span,
                    };
                    self.descended.insert(address.clone(), missing);
                } else if ends_by_stop(&ask, action) {
                    self.ended_by_stop.insert(address.clone());
                }
                self.named(&ask, given);
            }
            Request::Named { action, .. } => {
                let given = if self.stands_in(&ask) { None } else { self.given_for(&ask, "", action) };
                self.named(&ask, given);
            }
            Request::Command(command) => {
                let typed = command.typed.clone();
                match self.given_for(&ask, &ask.place.name, "") {
                    _ if !ask.changes => self.missing_in(&ask, &format!("$ {typed}")),
                    Some(given) => self.given_reply(&ask, given, self.now),
                    None => {
                        self.acts.push(typed);
                        let end = exit(0, "");
                        self.reply(&address, self.now + self.busy, Reply::Command(Box::new(end)));
                    }
                }
            }
            Request::Native(native) => {
                let function = format!("{}.{}", native.module, native.function);
                let given = self.given_for(&ask, &ask.place.name, &function);
                match given {
                    _ if !ask.changes => self.missing_in(&ask, &native.typed.clone()),
                    Some(given) => self.given_reply(&ask, given, self.now),
                    None if self.script.strict && !ask.place.name.is_empty() => {
                        self.missing_in(&ask, &native.typed.clone());
                    }
                    None => {
                        self.acts.push(native.typed.clone());
                        self.reply(&address, self.now, Reply::Value { value: Value::None });
                    }
                }
            }
            Request::Timer => self.reply(&address, ask.deadline.unwrap_or(self.now), Reply::Fired),
            Request::Question(question) if self.script.strict => {
                let question = (**question).clone();
                self.reply_to(&ask, &question);
            }
            Request::Question(_) => self.question(&ask),
            Request::Notify { .. } if self.script.played => {
                let message = String::from("it is a game day");
                self.reply(&address, self.now, Reply::Failed { message, doubt: false });
            }
            Request::Notify { channel, text, .. } => {
                self.notified.push((channel.clone(), text.clone()));
                self.reply(&address, self.now, Reply::Done);
            }
            Request::Kill { command } => {
                let end = CommandEnd { ended: Ended::Killed, ..exit(0, "") };
                self.end(command, Reply::Command(Box::new(end)));
            }
            Request::Cancel { request } => {
                if let Some(key) = self.places.remove(request) {
                    self.due.remove(&key);
                }
            }
        }
    }

    /// Ends a running command now, in place of what was to come.
    fn end(&mut self, command: &Address, reply: Reply) {
        if let Some(key) = self.places.remove(command)
            && self.due.remove(&key).is_some()
        {
            self.reply(command, self.now, reply);
        }
    }

    /// Ends the readings that are under way, as the run stops.
    fn end_readings(&mut self) {
        for reading in std::mem::take(&mut self.ended_by_stop) {
            let message = String::from("the run stops");
            self.end(&reading, Reply::Failed { message, doubt: false });
        }
    }

    fn named(&mut self, ask: &Ask, given: Option<Given>) {
        match given {
            None => self.reply(&ask.address, self.now, Reply::Descend),
            Some(given) => self.given_reply(ask, given, self.now),
        }
    }

    fn given_reply(&mut self, ask: &Ask, given: Given, at: i64) {
        match given {
            Given::Takes(ns, then) => {
                let end = at.saturating_add(ns);
                match ask.deadline.filter(|d| *d < end) {
                    Some(deadline) => self.reply(&ask.address, deadline, ran_out(ask)),
                    None => self.given_reply(ask, *then, end),
                }
            }
            Given::Value(value) => {
                if ask.changes {
                    self.acts.push(said(ask));
                }
                let reply = match &value {
                    Value::Command(command) => Reply::Command(Box::new(end_of(command))),
                    _ => Reply::Value { value },
                };
                self.reply(&ask.address, at, reply);
            }
            Given::Fails(message) => self.reply(&ask.address, at, Reply::Failed { message, doubt: false }),
        }
    }

    /// Notes that a leaf was not given; inside a reading, that this was not.
    fn missing_in(&mut self, ask: &Ask, what: &str) {
        let around = self.descended.iter().find(|(reading, _)| ask.address.0.starts_with(&*reading.0));
        let missing = around.map(|(_, missing)| missing.clone()).unwrap_or_else(|| Missing {
            name: self.script.told_apart(&ask.place.within, &ask.place.name),
            action: String::new(),
            call: what.to_owned(),
            span: ask.place.span,
        });
        self.miss(ask, missing);
    }

    fn miss(&mut self, ask: &Ask, missing: Missing) {
        let message = format!("`{}` was not given", missing.call);
        if self.faults.astray() {
            let name = if missing.name.is_empty() { &missing.call } else { &missing.name };
            self.tells(ask, name);
        } else if !self.script.played {
            self.missing.get_or_insert(missing);
        }
        self.reply(&ask.address, self.now, Reply::Failed { message, doubt: false });
    }

    fn question(&mut self, ask: &Ask) {
        let people =
            if self.people.len() > 1 { self.people.pop_front() } else { self.people.front().cloned() };
        let deadline = ask.deadline.unwrap_or(self.now);
        match people {
            Some(People::Answer { who, uid, value, after }) if self.now.saturating_add(after) <= deadline => {
                let (role, shown) = match &ask.request {
                    Request::Question(question) => {
                        (question.roles.first().cloned().unwrap_or_default(), question.shown.clone())
                    }
                    _ => Default::default(),
                };
                let (because, letter) = (String::new(), String::new());
                let answer = Answer { who, uid, role, value, because, letter, shown };
                self.reply(&ask.address, self.now + after, Reply::Answer(answer));
            }
            _ => {
                let why = format!("{} ran out", ask.bound);
                self.reply(&ask.address, deadline, Reply::Silence { why });
            }
        }
    }
}

impl World for GivenWorld {
    fn now(&mut self) -> Moment {
        self.moment(self.now)
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        for ask in asks {
            self.begin_one(ask);
            if std::mem::take(&mut self.gone) {
                return Err(WorldError::Crashed);
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        if let Some(missing) = &self.missing {
            return Err(WorldError::Unreachable(format!("`{}` was not given", missing.call)));
        }
        if std::mem::take(&mut self.crashed) || std::mem::take(&mut self.gone) {
            return Err(WorldError::Crashed);
        }
        let (key, input) = self.due.pop_first().ok_or(WorldError::Nothing)?;
        self.now = self.now.max(key.0);
        if let Input::Delivered { request, .. } = &input {
            self.places.remove(request);
        }
        if matches!(input, Input::Control { control: Control::Stop, .. }) {
            self.end_readings();
        }
        if self.faults.lasting {
            self.last = Some((key, input.clone()));
        }
        Ok(Next::Input(input))
    }
}

/// Returns whether a request belongs to what has that address.
pub fn is_below(request: &Address, address: &Address) -> bool {
    request.0.strip_prefix(&*address.0).is_some_and(|rest| rest.starts_with('.'))
}

/// Returns whether a stop ends that reading: a command's, or an action's. A native function comes to its own end, and
/// what takes something back is not stopped.
fn ends_by_stop(ask: &Ask, action: &str) -> bool {
    let is_native = action.split_once('.').is_some_and(|(module, name)| native::find(module, name).is_some());
    !is_native && !ask.place.undoing
}

/// Returns what comes of something that takes longer than it may.
fn ran_out(ask: &Ask) -> Reply {
    match &ask.request {
        // A port at which nobody answers is not open.
        Request::Reading { action, .. } if action == "tcp.open" => Reply::Value { value: Value::Bool(false) },
        _ => Reply::Failed { message: format!("{} ran out", ask.bound), doubt: ask.changes },
    }
}

/// Returns a given text as the output of a command, where a command is read.
fn as_reading(given: Given, call: &str) -> Given {
    match given {
        Given::Value(value) => Given::Value(given_value(value, call)),
        Given::Takes(ns, then) => Given::Takes(ns, Box::new(as_reading(*then, call))),
        fails @ Given::Fails(_) => fails,
    }
}

fn given_value(value: Value, call: &str) -> Value {
    if call.starts_with("$ ") { value.given(&Type::Command) } else { value }
}

/// Returns how a command ended that printed this.
fn end_of(command: &crate::value::CommandValue) -> CommandEnd {
    let outlet = |output: &crate::value::Output| Outlet {
        len: output.text.len() as u64,
        text: output.text.to_string(),
        utf8: output.utf8,
        ..Outlet::default()
    };
    CommandEnd {
        ended: Ended::Exit { code: command.exit },
        stdout: outlet(&command.stdout),
        stderr: outlet(&command.stderr),
        elapsed: command.elapsed,
    }
}

fn said(ask: &Ask) -> String {
    match &ask.request {
        Request::Command(command) => command.typed.clone(),
        Request::Native(native) => native.typed.clone(),
        Request::Named { call, .. } | Request::Reading { call, .. } => call.clone(),
        Request::Notify { text, .. } => text.clone(),
        _ => String::new(),
    }
}

fn exit(code: i32, stderr: &str) -> CommandEnd {
    let stderr =
        Outlet { len: stderr.len() as u64, text: stderr.to_owned(), utf8: true, ..Outlet::default() };
    let stdout = Outlet { utf8: true, ..Outlet::default() };
    CommandEnd { ended: Ended::Exit { code }, stdout, stderr, elapsed: 0 }
}
