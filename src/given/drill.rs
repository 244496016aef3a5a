//! What a drill gives besides readings: how steps go, who replies what and when, a stop, a crash.
//!
//! Owns the script of a drill and what of it has happened. Never judges what came of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::opening::{STARTER, STARTER_UID};
use super::unused::{answer_of, crash_of, outcome_of, replies_of, stop_of};
use super::{Given, GivenWorld, Missing, exit, said};
use crate::check::names::{Names, inside};
use crate::event::{
    Address, Answer, Around, Ask, CommandEnd, Ended, Input, Outlet, Question, QuestionKind,
    Reply as Answered, Request,
};
use crate::program::{Drill, GivenWhat, Program, Reply, StatementKind, StepOutcome};
use crate::value::Value;

/// What is given of people and steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// Whoever is asked something that no reply was given for is an error.
    pub strict: bool,
    /// People play: nobody is told anything, and what nobody gave cannot be read.
    pub played: bool,
    names: Names,
    steps: BTreeMap<String, VecDeque<StepOutcome>>,
    /// Steps that only read.
    reads: BTreeSet<String>,
    /// What the attempts that have begun come to.
    attempts: BTreeMap<Address, Attempt>,
    /// By whether it is a manual step, and the text; empty: any.
    replies: BTreeMap<(bool, String), VecDeque<Reply>>,
    answers: BTreeMap<String, (Option<Value>, Option<String>, i64)>,
    stops: BTreeSet<String>,
    crashes: BTreeSet<String>,
    people: Vec<String>,
    /// Who has answered which question, and where that was asked.
    voices: BTreeMap<(String, String), Address>,
}

impl Script {
    /// Returns under which names something is given for what is bound to `name` there, or calls `called`.
    pub fn names(&self, within: &str, name: &str, called: &str) -> Vec<String> {
        if !self.strict {
            return [name, called].into_iter().map(str::to_owned).collect();
        }
        let own = [self.told_apart(within, name)].into_iter().filter(|_| !name.is_empty());
        let inside = (!name.is_empty() && !within.is_empty()).then(|| inside(within, name));
        // What is given for a name is for that name alone.
        let called = (!called.is_empty() && !self.is_a_name(called)).then(|| called.to_owned());
        inside.into_iter().chain(own).chain(called).collect()
    }

    /// Returns whether what is given by that name is given for what is bound to it.
    pub fn is_a_name(&self, called: &str) -> bool {
        self.strict && self.names.is_bound(called)
    }

    /// Returns all that attempts of steps come to.
    pub fn outcomes(&mut self) -> impl Iterator<Item = &mut StepOutcome> {
        self.steps.values_mut().flatten()
    }

    /// Returns whether nobody of that name has replied to that question yet.
    fn is_first(&self, ask: &Ask, by: Option<&str>) -> bool {
        let Some(by) = by else { return true };
        let voice = (question_of(&ask.address).to_owned(), by.to_owned());
        self.voices.get(&voice).is_none_or(|asked| *asked == ask.address)
    }

    /// Returns the name under which a drill gives what is bound to `name` there.
    pub fn told_apart(&self, within: &str, name: &str) -> String {
        if within.is_empty() || !self.names.needs_action(name) {
            name.to_owned()
        } else {
            inside(within, name)
        }
    }
}

/// What an attempt of a step comes to.
#[derive(Clone, Debug)]
struct Attempt {
    outcome: Option<StepOutcome>,
    /// What it happened to: it happens to that again where it is begun anew, and to nothing else.
    to: Option<Address>,
}

impl GivenWorld {
    /// Returns the world of a drill of that program.
    pub fn of(program: &Program, drill: &Drill) -> GivenWorld {
        let mut world = GivenWorld::new();
        world.script.strict = true;
        world.script.names = Names::of(program);
        world.script.reads = steps_that_read(program);
        drill.given.iter().for_each(|given| world.give(&given.what));
        world
    }

    /// Makes the world so from here on. Parameters are those of the opening: they do not change.
    pub fn give(&mut self, what: &GivenWhat) {
        let script = &mut self.script;
        match what {
            GivenWhat::Param { .. } | GivenWhat::Alert { .. } => {}
            GivenWhat::Readings { name, readings } => {
                let readings = readings.iter().map(|reading| {
                    let brings = match &reading.brings {
                        Ok(value) => Given::Value(value.clone()),
                        Err(why) => Given::Fails(why.clone()),
                    };
                    if reading.takes > 0 { Given::Takes(reading.takes, Box::new(brings)) } else { brings }
                });
                self.readings.insert(name.clone(), readings.collect());
            }
            GivenWhat::Step { name, outcomes } => {
                script.steps.insert(name.clone(), outcomes.iter().cloned().collect());
            }
            GivenWhat::Replies { manual, text, replies } => {
                let key = (*manual, text.clone().unwrap_or_default());
                script.replies.insert(key, replies.iter().cloned().collect());
            }
            GivenWhat::Answer { name, value, by, after } => {
                script.answers.insert(name.clone(), (value.clone(), by.clone(), *after));
            }
            GivenWhat::OperatorStops { step } => {
                script.stops.insert(step.clone());
            }
            GivenWhat::Crash { step } => {
                script.crashes.insert(step.clone());
            }
        }
    }

    /// Returns whether the drill itself gives a crash.
    pub fn crashes(&self) -> bool {
        !self.script.crashes.is_empty()
    }

    /// Takes up a run whose program is gone: what it waits for is asked anew, unless it is under way.
    ///
    /// `stored`: whether that input is in its journal; the last one that is not is told again.
    pub fn take_up(&mut self, open: Vec<Ask>, stored: impl Fn(&Input) -> bool) {
        let waiting: BTreeSet<Address> = open.iter().map(|ask| ask.address.clone()).collect();
        let stale: Vec<Address> =
            self.places.keys().filter(|address| !waiting.contains(*address)).cloned().collect();
        for address in stale {
            if let Some(key) = self.places.remove(&address) {
                self.due.remove(&key);
            }
        }
        self.descended.clear();
        if let Some((key, input)) = self.last.take() {
            let again = match &input {
                Input::Delivered { request, .. } => waiting.contains(request),
                other => !stored(other),
            };
            if again {
                if let Input::Delivered { request, .. } = &input {
                    self.places.insert(request.clone(), key);
                }
                self.due.insert(key, input);
            }
        }
        for ask in open {
            if !self.gone && !self.places.contains_key(&ask.address) {
                self.begin_one(ask);
            }
        }
    }

    /// Does what the drill says of the steps in which something begins, the innermost first. Returns whether that was
    /// all.
    pub(super) fn scripted(&mut self, ask: &Ask) -> bool {
        if !self.script.strict {
            return false;
        }
        let mut around = ask.place.around.clone();
        while let Some(step) = around {
            if step.undoing == ask.place.undoing && self.of_step(ask, &step) {
                return true;
            }
            around = step.outer.clone();
        }
        false
    }

    /// Does what the drill says of one step. A stop and a crash come also while one that changes nothing waits or asks.
    fn of_step(&mut self, ask: &Ask, around: &Around) -> bool {
        let step = around.step.to_string();
        let reads = !ask.inner && self.script.reads.contains(&step);
        let acts = match &ask.request {
            Request::Command(_) | Request::Native(_) => ask.changes,
            Request::Reading { .. } => reads,
            _ => false,
        };
        let waits = match &ask.request {
            Request::Question(question) => reads || question.kind == QuestionKind::Manual,
            Request::Timer => reads,
            _ => false,
        };
        if !acts && !waits {
            return false;
        }
        if self.script.stops.remove(&step) {
            self.uses(&stop_of(&step));
            self.stop(ask, "operator");
            return true;
        }
        if self.script.crashes.remove(&step) {
            self.uses(&crash_of(&step));
            self.crashed = true;
        }
        acts && self.in_attempt(ask, &step, &around.attempt)
    }

    /// Lets the first of an attempt go as the drill says.
    fn in_attempt(&mut self, ask: &Ask, step: &str, attempt: &Address) -> bool {
        if !self.script.attempts.contains_key(attempt) {
            let Some(outcomes) = self.script.steps.get_mut(step) else { return false };
            let next = if outcomes.len() > 1 { outcomes.pop_front() } else { outcomes.front().cloned() };
            self.script.attempts.insert(attempt.clone(), Attempt { outcome: next, to: None });
            self.uses(&outcome_of(step));
        }
        let Some(Attempt { outcome: Some(outcome), to }) = self.script.attempts.get_mut(attempt) else {
            return false;
        };
        if to.get_or_insert_with(|| ask.address.clone()) != &ask.address {
            return false;
        }
        let outcome = outcome.clone();
        let is_command = matches!(ask.request, Request::Command(_));
        if outcome != StepOutcome::Fails && ask.changes && !matches!(outcome, StepOutcome::Takes(_)) {
            self.acts.push(said(ask));
        }
        let failed = |message: &str| Answered::Failed { message: message.to_owned(), doubt: false };
        let reply = match outcome {
            StepOutcome::Fails if is_command => {
                Answered::Command(Box::new(exit(1, "it fails, as the drill gives it")))
            }
            StepOutcome::Fails => failed("it fails, as the drill gives it"),
            StepOutcome::Lost => Answered::Lost { why: String::from("the drill loses it") },
            StepOutcome::Exits(code) if is_command => Answered::Command(Box::new(exit(code, ""))),
            StepOutcome::Exits(0) => return false,
            StepOutcome::Exits(code) => failed(&format!("it ends with {code}, as the drill gives it")),
            StepOutcome::Prints(text) => Answered::Command(Box::new(printed(&text))),
            StepOutcome::Takes(length) => {
                self.busy = length;
                let end = self.now.saturating_add(length);
                match ask.deadline.filter(|deadline| *deadline < end) {
                    Some(deadline) => self.timed_out(ask, deadline, is_command),
                    None => self.later(ask, end),
                }
                self.busy = 0;
                return true;
            }
        };
        self.reply(&ask.address, self.now, reply);
        true
    }

    fn later(&mut self, ask: &Ask, end: i64) {
        let given = self.given_for(ask, &ask.place.name, "");
        let given = given.unwrap_or_else(|| match ask.request {
            Request::Command(_) => Given::Value(super::given_value(Value::text(""), "$ ")),
            _ => Given::Value(Value::None),
        });
        self.given_reply(ask, given, end);
    }

    fn timed_out(&mut self, ask: &Ask, deadline: i64, is_command: bool) {
        if ask.changes {
            self.acts.push(said(ask));
        }
        let reply = if is_command {
            Answered::Command(Box::new(CommandEnd { ended: Ended::Timeout, ..exit(0, "") }))
        } else {
            Answered::Failed { message: format!("{} ran out", ask.bound), doubt: ask.changes }
        };
        self.reply(&ask.address, deadline, reply);
    }

    /// Lets somebody reply as the drill says.
    pub(super) fn reply_to(&mut self, ask: &Ask, question: &Question) {
        if question.kind == QuestionKind::Doubt && self.faults.astray() {
            // Whatever is in doubt here has happened: who looks says so.
            self.doubts.push((self.faults.place_of(&ask.address), ask.address.clone()));
            let answer = self.answer(ask, question, Value::Bool(true), None);
            return self.reply(&ask.address, self.now, Answered::Answer(answer));
        }
        let name = ask.place.name.to_string();
        let reply = match question.kind {
            QuestionKind::Answer => match self.script.answers.get(&name).cloned() {
                Some((value, by, after)) => {
                    self.uses(&answer_of(&name));
                    let refused = value.clone().and_then(|value| question.wanted.accept(value).err());
                    match refused {
                        Some(why) => return self.not_an_answer(ask, name, why),
                        None => Some((value, by, after)),
                    }
                }
                None => return self.unanswered(ask, question, name),
            },
            // Whether what nobody saw did happen, nobody knows in a drill.
            QuestionKind::Doubt => None,
            kind => {
                let manual = kind == QuestionKind::Manual;
                let own = (manual, name.clone());
                let key = if self.script.replies.contains_key(&own) { own } else { (manual, String::new()) };
                if self.script.replies.contains_key(&key) {
                    self.uses(&replies_of(key.0, &key.1));
                }
                match self.script.replies.get_mut(&key) {
                    Some(replies) => {
                        let stays = replies.len() == 1;
                        let next = if stays { replies.front().cloned() } else { replies.pop_front() };
                        // The last reply stays, but nobody says the same twice to one question.
                        next.filter(|next| !stays || self.script.is_first(ask, next.by.as_deref()))
                            .map(|reply| (reply.yes.map(Value::Bool), reply.by, reply.after))
                    }
                    // Nobody is expected to answer what the runbook does not write.
                    None if kind == QuestionKind::Failure => None,
                    None => return self.unanswered(ask, question, name),
                }
            }
        };
        let deadline = ask.deadline.unwrap_or(self.now);
        match reply {
            Some((Some(value), by, after)) if self.now.saturating_add(after) <= deadline => {
                let answer = self.answer(ask, question, value, by);
                self.reply(&ask.address, self.now + after, Answered::Answer(answer));
            }
            _ => {
                let why = format!("{} ran out", ask.bound);
                self.reply(&ask.address, deadline, Answered::Silence { why });
            }
        }
    }

    /// Nobody can answer so: asked again and again, it ends in silence; unless that is the way the drill gives.
    fn not_an_answer(&mut self, ask: &Ask, name: String, why: String) {
        if self.faults.astray() {
            return self.stays_silent(ask, &name);
        }
        self.miss(ask, Missing { name, action: String::from("answer"), call: why, span: ask.place.span });
    }

    fn stays_silent(&mut self, ask: &Ask, name: &str) {
        self.tells(ask, name);
        let why = format!("{} ran out", ask.bound);
        self.reply(&ask.address, ask.deadline.unwrap_or(self.now), Answered::Silence { why });
    }

    fn unanswered(&mut self, ask: &Ask, question: &Question, name: String) {
        if self.faults.astray() {
            return self.stays_silent(ask, &question.text);
        }
        let action = match question.kind {
            QuestionKind::Answer => "ask",
            QuestionKind::Manual => "manual",
            _ => "approve",
        };
        let (action, call) = (action.to_owned(), format!("{action} \"{}\"", question.text));
        self.miss(ask, Missing { name, action, call, span: ask.place.span });
    }

    /// Returns an answer of that person, or of one for each vote who holds the first of the roles.
    fn answer(&mut self, ask: &Ask, question: &Question, value: Value, by: Option<String>) -> Answer {
        let role = question.roles.first().cloned().unwrap_or_default();
        let vote = ask.address.0.rsplit_once(".q").map_or("1", |(_, vote)| vote);
        let who = by.unwrap_or_else(|| match (role.as_str(), vote) {
            ("", _) => STARTER.to_owned(),
            (role, "1") => role.to_owned(),
            (role, vote) => format!("{role} {vote}"),
        });
        let at = match self.script.people.iter().position(|known| *known == who) {
            Some(at) => at,
            None => {
                self.script.people.push(who.clone());
                self.script.people.len() - 1
            }
        };
        let asked = (question_of(&ask.address).to_owned(), who.clone());
        self.script.voices.entry(asked).or_insert_with(|| ask.address.clone());
        let uid = if who == STARTER { STARTER_UID } else { 1001 + u32::try_from(at).unwrap_or(0) };
        let (because, letter, shown) = (String::new(), String::new(), question.shown.clone());
        Answer { who, uid, role, value, because, letter, shown }
    }
}

/// Returns the address of what a question is asked for, of which each vote has one of its own.
fn question_of(vote: &Address) -> &str {
    vote.0.rsplit_once(".q").map_or(&*vote.0, |(question, _)| question)
}

fn printed(text: &str) -> CommandEnd {
    let stdout = Outlet { len: text.len() as u64, text: text.to_owned(), utf8: true, ..Outlet::default() };
    CommandEnd { stdout, ..exit(0, "") }
}

fn steps_that_read(program: &Program) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for book in program.with_followed() {
        book.every(&mut |statement| {
            if let StatementKind::Step(step) = &statement.kind {
                let mut changes = false;
                book.every_in(&step.body, &mut |inner| {
                    changes |= matches!(inner.kind, StatementKind::Run(_));
                });
                if !changes {
                    found.insert(step.name.clone());
                }
            }
        });
    }
    found
}
