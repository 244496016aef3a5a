//! Which question is put when, and what counts as its answer.
//!
//! Owns the questions that are open, in the order they were asked; one is shown at a time, and
//! the question whether to stop goes before all others. Pure but for its [`Seat`]: time comes in
//! as a number on the run's clock, so that a deadline is the run's and not the screen's.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Closed, Person, Prompt, Rules, Seat, Typed};
use crate::event::{Address, Answer, LEAVE, Question, Reply, Wanted};
use crate::value::Value;

/// How long the question whether to stop stands before the run is taken to go on, nanoseconds.
const STOP_PATIENCE: i64 = 60_000_000_000;

/// What came of a question, or of Ctrl-C.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Reply {
        request: Address,
        reply: Reply,
    },
    /// Somebody wants the run to stop.
    Stop,
    /// Somebody wants the run to be left as it stands.
    Leave,
}

/// An answer that was given elsewhere.
pub struct Elsewhere<'a> {
    pub who: &'a Person,
    /// The digest of what it answers.
    pub shown: &'a str,
    pub said: &'a str,
    pub because: &'a str,
    /// Its file in the run's inbox.
    pub letter: &'a str,
    /// When it was given, on the run's clock.
    pub run_ns: i64,
}

/// Puts questions to whoever sits at the terminal, if anybody does.
pub struct Asker {
    seat: Option<Seat>,
    person: Person,
    rules: Rules,
    /// Whether answers may come from elsewhere.
    reachable: bool,
    open: VecDeque<Open>,
    shown: Shown,
    /// Whether questions are taken in and not shown.
    held: bool,
}

struct Open {
    request: Address,
    question: Question,
    deadline: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    /// The first of the open questions.
    First,
    Stop {
        until: i64,
    },
}

impl Asker {
    /// Returns somebody to ask at this seat. `reachable`: others can answer from elsewhere.
    pub fn new(seat: Option<Seat>, person: Person, rules: Rules, reachable: bool) -> Self {
        Asker { seat, person, rules, reachable, open: VecDeque::new(), shown: Shown::Nothing, held: false }
    }

    /// Returns who sits there.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Returns whether anybody sits there.
    pub fn is_attended(&self) -> bool {
        self.seat.is_some()
    }

    /// Checks that this person may stop the run.
    ///
    /// # Errors
    /// Why not.
    pub fn may_stop(&self, person: &Person) -> Result<(), String> {
        self.rules.may_stop(person)
    }

    /// Returns whether a question is open.
    pub fn is_asking(&self) -> bool {
        !self.open.is_empty()
    }

    /// Returns whether a question is open, if only whether to stop.
    pub fn is_waiting(&self) -> bool {
        self.is_asking() || matches!(self.shown, Shown::Stop { .. })
    }

    /// Takes a question in, shown as soon as it is the first. Returns a reply at once where nobody can be asked.
    pub fn ask(
        &mut self,
        request: Address,
        question: Question,
        deadline: Option<i64>,
        now: i64,
    ) -> Option<Reply> {
        if self.seat.is_none() && !self.reachable {
            return Some(Reply::Silence { why: "nobody is asked: the run is unattended".to_owned() });
        }
        self.open.push_back(Open { request, question, deadline });
        let newest = self.open.len() - 1;
        if self.shown == Shown::First && self.may_answer(0).is_err() && self.may_answer(newest).is_ok() {
            self.close(Closed::Withdrawn);
        }
        self.show(now);
        None
    }

    /// Shows no question from now on: one that was answered meanwhile is not put once more.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Shows what was held back and is still open.
    pub fn release(&mut self, now: i64) {
        if std::mem::take(&mut self.held) {
            self.show(now);
        }
    }

    /// Forgets a question; returns whether it was open.
    pub fn cancel(&mut self, request: &Address, now: i64) -> bool {
        let Some(at) = self.open.iter().position(|open| open.request == *request) else {
            return false;
        };
        self.remove(at, Closed::Withdrawn, now);
        true
    }

    /// Asks whether to stop. Returns `false` where that was being asked already, or nobody can be.
    pub fn ask_stop(&mut self, now: i64) -> bool {
        if matches!(self.shown, Shown::Stop { .. }) || self.seat.is_none() {
            return false;
        }
        self.close(Closed::Withdrawn);
        self.shown = Shown::Stop { until: now.saturating_add(STOP_PATIENCE) };
        self.draw(Prompt::Stop);
        true
    }

    /// Closes the question whether to stop: the run stops anyway.
    pub fn withdraw_stop(&mut self, now: i64) {
        if matches!(self.shown, Shown::Stop { .. }) {
            self.close(Closed::Withdrawn);
            self.show(now);
        }
    }

    /// Closes what is shown: the run is left.
    pub fn leave(&mut self) {
        self.close(Closed::Withdrawn);
        self.open.clear();
    }

    /// Returns when something happens by itself.
    pub fn deadline(&self) -> Option<i64> {
        let stop = match self.shown {
            Shown::Stop { until } => Some(until),
            _ => None,
        };
        self.open.iter().filter_map(|open| open.deadline).chain(stop).min()
    }

    /// Returns a question nobody answered in time, with the moment silence fell.
    pub fn expire(&mut self, now: i64) -> Option<(i64, Said)> {
        if let Shown::Stop { until } = self.shown
            && until <= now
        {
            self.close(Closed::Silent);
            self.show(now);
        }
        let due = |open: &Open| open.deadline.filter(|deadline| *deadline <= now);
        let (at, deadline) = self
            .open
            .iter()
            .enumerate()
            .filter_map(|(at, open)| Some((at, due(open)?)))
            .min_by_key(|(_, deadline)| *deadline)?;
        let open = self.remove(at, Closed::Silent, now)?;
        let reply = Reply::Silence { why: "nobody answered in time".to_owned() };
        Some((deadline, Said::Reply { request: open.request, reply }))
    }

    /// Waits for a line while something is asked; pending for ever otherwise.
    pub async fn line(&mut self) -> Typed {
        let listening = match self.shown {
            Shown::Nothing => false,
            Shown::First => self.may_answer(0).is_ok(),
            Shown::Stop { .. } => true,
        };
        match &mut self.seat {
            Some(seat) if listening => seat.terminal.line().await,
            _ => std::future::pending().await,
        }
    }

    /// Takes in that Ctrl-D was typed: a question is left with the run; the question whether to stop is none.
    pub fn take_end(&mut self, now: i64) -> Option<Said> {
        match self.shown {
            Shown::First => Some(Said::Leave),
            _ => self.take("", now),
        }
    }

    /// Takes a line in. What is no answer is asked again.
    pub fn take(&mut self, line: &str, now: i64) -> Option<Said> {
        match self.shown {
            Shown::Nothing => None,
            Shown::Stop { .. } => {
                let stops = match Wanted::YesNo.parse(line) {
                    Ok(value) => value == Value::Bool(true),
                    Err(_) if line.trim().is_empty() => false,
                    Err(why) => {
                        if let Some(seat) = &mut self.seat {
                            seat.prompter.invalid(line.trim(), &why);
                        }
                        return None;
                    }
                };
                self.close(Closed::Answered { said: line.trim(), role: "" });
                self.show(now);
                stops.then_some(Said::Stop)
            }
            Shown::First => {
                let role = self.may_answer(0).ok()?;
                if line.trim() == LEAVE && self.open.front()?.question.can_be_left_by_word() {
                    return Some(Said::Leave);
                }
                match self.open.front()?.question.wanted.parse(line) {
                    Ok(value) => {
                        let open =
                            self.remove(0, Closed::Answered { said: line.trim(), role: &role }, now)?;
                        let Person { uid, name: who } = self.person.clone();
                        let (because, letter) = (String::new(), String::new());
                        let shown = open.question.shown.clone();
                        let answer = Answer { who, uid, role, value, because, letter, shown };
                        Some(Said::Reply { request: open.request, reply: Reply::Answer(answer) })
                    }
                    Err(why) => {
                        if let Some(seat) = &mut self.seat {
                            seat.prompter.invalid(line.trim(), &why);
                        }
                        None
                    }
                }
            }
        }
    }

    /// Takes an answer in that somebody gave elsewhere. `shown`: the digest of what it answers.
    ///
    /// # Errors
    /// Why it does not count, with the words of the question where it is known.
    pub fn take_elsewhere(&mut self, given: Elsewhere<'_>, now: i64) -> Result<Said, (String, String)> {
        let Some(at) = self.open.iter().position(|open| open.question.shown == given.shown) else {
            return Err((String::new(), "what it answers is not asked any more".to_owned()));
        };
        let question = &self.open[at].question;
        let text = question.text.clone();
        if self.open[at].deadline.is_some_and(|deadline| given.run_ns > deadline) {
            return Err((text, "it came too late".to_owned()));
        }
        let role = self.rules.role_of(question, given.who).map_err(|why| (text.clone(), why))?;
        let value = question.wanted.parse(given.said).map_err(|why| (text.clone(), why))?;
        // Nobody ended the line at this prompt.
        let open = self.remove(at, Closed::Withdrawn, now).ok_or_else(|| (text, String::new()))?;
        let answer = Answer {
            who: given.who.name.clone(),
            uid: given.who.uid,
            role,
            value,
            because: given.because.to_owned(),
            letter: given.letter.to_owned(),
            shown: open.question.shown.clone(),
        };
        Ok(Said::Reply { request: open.request, reply: Reply::Answer(answer) })
    }

    /// Returns the role in which whoever sits here may answer, or why an answer here does not count.
    fn may_answer(&self, at: usize) -> Result<String, String> {
        self.open.get(at).map_or(Ok(String::new()), |open| self.rules.role_of(&open.question, &self.person))
    }

    fn remove(&mut self, at: usize, closed: Closed<'_>, now: i64) -> Option<Open> {
        if at == 0 && self.shown == Shown::First {
            self.close(closed);
        }
        let open = self.open.remove(at);
        self.show(now);
        open
    }

    /// Shows the first question if nothing is shown.
    fn show(&mut self, now: i64) {
        if self.held || self.shown != Shown::Nothing {
            return;
        }
        // What whoever sits here may answer goes first.
        if let Some(at) = (0..self.open.len()).find(|at| self.may_answer(*at).is_ok())
            && let Some(open) = self.open.remove(at)
        {
            self.open.push_front(open);
        }
        let note = self.may_answer(0).err();
        let (Some(open), Some(seat)) = (self.open.front(), &mut self.seat) else {
            return;
        };
        self.shown = Shown::First;
        let left = open
            .deadline
            .map(|deadline| Duration::from_nanos(deadline.saturating_sub(now).max(0).unsigned_abs()));
        seat.terminal.forget();
        seat.prompter.show(Prompt::Question {
            question: &open.question,
            left,
            note: note.as_deref(),
            answerable: note.is_none(),
        });
    }

    fn draw(&mut self, prompt: Prompt<'_>) {
        if let Some(seat) = &mut self.seat {
            seat.terminal.forget();
            seat.prompter.show(prompt);
        }
    }

    fn close(&mut self, closed: Closed<'_>) {
        if std::mem::replace(&mut self.shown, Shown::Nothing) != Shown::Nothing
            && let Some(seat) = &mut self.seat
        {
            seat.prompter.close(closed);
        }
    }
}
