//! A world that outlives whoever runs the program: commands go on without them, and can be asked about later.
//!
//! What becomes of a request is a function of its address and a seed. So the world is the same for a run that was
//! cut off and taken up again as for one that was not, and any difference between them is the engine's. Never
//! runs anything; its clock is the run's.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use mainstay::event::{
    Address, Answer, Ask, Body, Class, CommandEnd, Control, Ended, Input, Moment, Outlet, Question, Record,
    Reply, Request, Wanted,
};
use mainstay::value::{CommandValue, Output, Value};
use mainstay::world::{Next, World, WorldError};

/// 2026-01-01T00:00Z, where virtual time begins; microseconds.
pub const BEGINNING: i64 = 1_767_225_600_000_000;

const SECOND: i64 = 1_000_000_000;

/// How a world is.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub seed: u64,
    /// How many of a hundred requests go wrong.
    pub trouble: u64,
    /// Every reading is made by its body, as in the real world; else most are given.
    pub real: bool,
    /// Most commands take nearly all the time they may take.
    pub slow: bool,
    /// When an operator stops the run, seconds.
    pub stop: Option<u32>,
}

/// When something comes; of what comes at once a command's end first, a timer later, a stop last.
type Key = (i64, u8, String);

/// The world.
#[derive(Clone, Debug)]
pub struct Outside {
    fate: Fate,
    now: i64,
    due: BTreeMap<Key, Input>,
    /// Changes that were begun: when and how they end. Whoever runs them outlives the program.
    begun: BTreeMap<Address, (i64, Reply)>,
    /// When the readings were asked for that are made by their bodies.
    readings: BTreeMap<Address, i64>,
    /// Nobody knows any more what was begun.
    lost: bool,
    /// Changes that were made, in order: what a file outside would show.
    pub acts: Vec<(Address, String)>,
}

impl Outside {
    pub fn new(fate: Fate) -> Self {
        let mut world = Outside {
            fate,
            now: 0,
            due: BTreeMap::new(),
            begun: BTreeMap::new(),
            readings: BTreeMap::new(),
            lost: false,
            acts: Vec::new(),
        };
        world.stop();
        world
    }

    /// Takes the program away, which has stored `kept`; the clock stands still meanwhile. What it waited for by itself
    /// is gone, and an operator who saw no effect stops the run again.
    pub fn crash(&mut self, kept: &[Record]) {
        let stopped = |r: &Record| matches!(&r.body, Body::Input(Input::Control { .. }));
        let last = kept.iter().rev().find(|r| r.class == Class::Input);
        self.now = last.map_or(0, |record| record.at.run_ns);
        self.due.clear();
        if !kept.iter().any(stopped) {
            self.stop();
        }
    }

    /// Takes up what is without an answer. `lost`: whoever ran the commands is gone, too.
    pub fn take_up(&mut self, asks: Vec<Ask>, lost: bool) {
        self.lost = lost;
        for ask in asks {
            self.begin_one(&ask);
        }
        self.lost = false;
    }

    fn stop(&mut self) {
        if let Some(seconds) = self.fate.stop {
            let at = i64::from(seconds) * SECOND;
            let input =
                Input::Control { control: Control::Stop, by: "operator".to_owned(), occurred: moment(at) };
            self.due.insert((at, 3, String::new()), input);
        }
    }

    /// Returns a number below 100 that is always the same for this address and purpose.
    fn draw(&self, address: &Address, purpose: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.fate.seed, &address.0, purpose).hash(&mut hasher);
        hasher.finish() % 100
    }

    fn goes_wrong(&self, address: &Address) -> bool {
        self.draw(address, "trouble") < self.fate.trouble
    }

    fn reply(&mut self, address: &Address, at: i64, rank: u8, reply: Reply) {
        let at = at.max(self.now);
        self.forget(address);
        let input = Input::Delivered { request: address.clone(), occurred: moment(at), reply };
        self.due.insert((at, rank, address.to_string()), input);
    }

    /// Takes back what is to come for a request; returns whether there was something.
    fn forget(&mut self, address: &Address) -> bool {
        let before = self.due.len();
        self.due.retain(|(_, _, of), _| **of != *address.0 || of.is_empty());
        self.due.len() < before
    }

    fn begin_one(&mut self, ask: &Ask) {
        let address = &ask.address;
        let asked = ask.asked.run_ns;
        match &ask.request {
            Request::Command(_) | Request::Named { .. } if ask.changes && !ask.inner => self.act(ask),
            Request::Command(_) => {
                let (at, end) = self.command(ask);
                self.reply(address, at, 0, end);
            }
            Request::Reading { action, call, .. } => {
                let (at, reply) = self.reading(ask, action, call);
                if !ask.inner {
                    self.readings.insert(address.clone(), asked);
                }
                self.reply(address, at, 0, reply);
            }
            Request::Timer => self.reply(address, ask.deadline.unwrap_or(asked), 2, Reply::Fired),
            Request::Question(question) => {
                let (at, reply) = self.answer(ask, question);
                self.reply(address, at, 1, reply);
            }
            Request::Notify { .. } if self.goes_wrong(address) => {
                let message = "no such channel".to_owned();
                self.reply(address, asked, 1, Reply::Failed { message, doubt: false });
            }
            Request::Notify { .. } => self.reply(address, asked, 1, Reply::Done),
            Request::Kill { command } => {
                if self.forget(command) {
                    let end = ended(Ended::Killed, "");
                    self.begun.insert(command.clone(), (self.now, end.clone()));
                    self.reply(command, self.now, 0, end);
                }
            }
            Request::Cancel { request } => {
                self.forget(request);
            }
            Request::Native(_) => unreachable!("no native call is made by chance"),
            Request::Named { .. } => unreachable!("a named call changes"),
        }
    }

    /// Begins a change, or tells how it went if it was begun before.
    fn act(&mut self, ask: &Ask) {
        let address = &ask.address;
        if self.lost {
            let why = "whoever ran it is gone".to_owned();
            self.reply(address, self.now, 0, Reply::Lost { why });
            return;
        }
        if let Some((at, reply)) = self.begun.get(address).cloned() {
            self.reply(address, at, 0, reply);
            return;
        }
        let (at, reply) = match &ask.request {
            Request::Named { action, .. } => self.named(ask, action),
            _ => self.command(ask),
        };
        let said = match &ask.request {
            Request::Command(command) => command.typed.clone(),
            Request::Named { call, .. } => call.clone(),
            _ => String::new(),
        };
        let starts = !matches!(&reply, Reply::Command(end) if matches!(end.ended, Ended::NotStarted { .. }));
        if starts && reply != Reply::Descend {
            self.acts.push((address.clone(), said));
        }
        self.begun.insert(address.clone(), (at, reply.clone()));
        self.reply(address, at, 0, reply);
    }

    /// Returns when something ends that was asked for: what happens inside a reading at the same time however often
    /// the reading is made.
    fn end_of(&self, ask: &Ask) -> i64 {
        let inside = |reading: &Address| ask.address.0.starts_with(&format!("{reading}."));
        let around = |(reading, _): &(&Address, &i64)| ask.inner && inside(reading);
        let (address, asked) = match self.readings.iter().find(around) {
            Some((reading, asked)) => (reading, *asked),
            None => (&ask.address, ask.asked.run_ns),
        };
        let lasts = [0, 0, 1, 3, 12][usize::try_from(self.draw(address, "lasts") % 5).expect("small")];
        asked.saturating_add(lasts * SECOND)
    }

    /// Returns how a command ends, and when.
    fn command(&self, ask: &Ask) -> (i64, Reply) {
        let address = &ask.address;
        let deadline = ask.deadline.unwrap_or(i64::MAX);
        let at = match self.fate.slow && self.draw(address, "slow") < 70 {
            true => deadline.saturating_sub(SECOND).max(ask.asked.run_ns),
            false => self.end_of(ask),
        };
        if !self.goes_wrong(address) {
            if at > deadline {
                return (deadline, ended(Ended::Timeout, ""));
            }
            return (at, ended(Ended::Exit { code: 0 }, self.good(address)));
        }
        let at = at.min(deadline);
        match self.draw(address, "how") {
            0..40 => (at, ended(Ended::Exit { code: 1 }, "")),
            40..60 if ask.deadline.is_some() && !ask.inner => (deadline, ended(Ended::Timeout, "")),
            60..75 => (at, Reply::Lost { why: "the machine is gone".to_owned() }),
            75..85 => (at, ended(Ended::Signal { signal: 11 }, "")),
            _ => (at, ended(Ended::NotStarted { message: "no such program".to_owned() }, "")),
        }
    }

    fn good(&self, address: &Address) -> &'static str {
        // The symptom is there at first, and mostly gone later.
        let bias = match address.0.split('.').next().unwrap_or_default() {
            first if first.starts_with('y') => 20,
            first if first.starts_with('z') || first.starts_with('x') => 70,
            _ => 30,
        };
        if self.draw(address, "value") < bias { "0" } else { "1" }
    }

    fn reading(&self, ask: &Ask, action: &str, call: &str) -> (i64, Reply) {
        let address = &ask.address;
        let asked = ask.asked.run_ns;
        if self.fate.real || self.draw(address, "given") < 20 {
            return (asked, Reply::Descend);
        }
        if self.goes_wrong(address) {
            let message = "it cannot be read".to_owned();
            return (asked, Reply::Failed { message, doubt: false });
        }
        let at = self.end_of(ask);
        if let Some(deadline) = ask.deadline.filter(|deadline| *deadline < at) {
            let message = format!("{} ran out", ask.bound);
            return (deadline, Reply::Failed { message, doubt: false });
        }
        let text = self.good(address);
        let value = if action.is_empty() { read(call, text) } else { Value::text(text) };
        (at, Reply::Value { value })
    }

    fn named(&self, ask: &Ask, action: &str) -> (i64, Reply) {
        let address = &ask.address;
        let asked = ask.asked.run_ns;
        if self.draw(address, "given") < 60 {
            return (asked, Reply::Descend);
        }
        let at = ask.deadline.map_or(asked, |deadline| asked.saturating_add(2 * SECOND).min(deadline));
        if self.goes_wrong(address) {
            let doubt = self.draw(address, "how") < 50;
            return (at, Reply::Failed { message: "it went wrong".to_owned(), doubt });
        }
        let value = if action == "locked" { Value::text("1") } else { Value::None };
        (at, Reply::Value { value })
    }

    fn answer(&self, ask: &Ask, question: &Question) -> (i64, Reply) {
        let address = &ask.address;
        let asked = ask.asked.run_ns;
        let silence = |deadline: i64| (deadline, Reply::Silence { why: format!("{} ran out", ask.bound) });
        let deadline = ask.deadline.unwrap_or(asked);
        let draw = self.draw(address, "answer");
        let at = asked + if draw.is_multiple_of(2) { 5 * SECOND } else { 25 * SECOND };
        if draw < self.fate.trouble || at > deadline {
            return silence(deadline);
        }
        let yes = !self.goes_wrong(address);
        let value = match question.wanted {
            Wanted::YesNo | Wanted::Done => Value::Bool(yes),
            Wanted::Value(_) => Value::text(if yes { "x" } else { "y" }),
        };
        let (who, uid) = if draw.is_multiple_of(3) { ("kim", 1001) } else { ("lee", 1002) };
        let (who, because, letter) = (who.to_owned(), String::new(), String::new());
        let shown = question.shown.clone();
        let role = question.roles.first().cloned().unwrap_or_default();
        (at, Reply::Answer(Answer { who, uid, role, value, because, letter, shown }))
    }
}

impl World for Outside {
    fn now(&mut self) -> Moment {
        moment(self.now)
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        for ask in asks {
            self.begin_one(&ask);
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        // A stop that only waits for its time is nothing that the run waits for.
        if self.due.keys().all(|(_, _, address)| address.is_empty()) {
            return Err(WorldError::Nothing);
        }
        let ((at, ..), input) = self.due.pop_first().ok_or(WorldError::Nothing)?;
        self.now = self.now.max(at);
        Ok(Next::Input(input))
    }
}

fn moment(run_ns: i64) -> Moment {
    Moment { run_ns, wall_us: BEGINNING + run_ns / 1000 }
}

fn ended(ended: Ended, text: &str) -> Reply {
    let stdout = Outlet { len: text.len() as u64, text: text.to_owned(), utf8: true, ..Outlet::default() };
    let stderr = Outlet { utf8: true, ..Outlet::default() };
    Reply::Command(Box::new(CommandEnd { ended, stdout, stderr, elapsed: 0 }))
}

fn read(call: &str, text: &str) -> Value {
    let output = |text: &str| Output { text: text.into(), utf8: true, cut: false };
    Value::Command(Arc::new(CommandValue {
        typed: call.trim_start_matches("$ ").into(),
        exit: 0,
        ok: true,
        stdout: output(text),
        stderr: output(""),
        elapsed: 0,
    }))
}
