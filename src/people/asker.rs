//! Which question is put when, and what counts as its answer.
//!
//! Owns the questions that are open, in the order they were asked; one is shown at a time, and
//! the question whether to stop goes before all others. Pure but for its [`Seat`]: time comes in
//! as a number on the run's clock, so that a deadline is the run's and not the screen's.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Closed, Person, Prompt, Seat};
use crate::event::{Address, Question, Reply};

/// How long the question whether to stop stands before the run is taken to go on, nanoseconds.
const STOP_PATIENCE: i64 = 60_000_000_000;

const HINT: &str = "type yes or no";

/// What came of a question, or of Ctrl-C.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Reply {
        request: Address,
        reply: Reply,
    },
    /// Somebody wants the run to stop.
    Stop,
}

/// Puts questions to whoever sits at the terminal, if anybody does.
pub struct Asker {
    seat: Option<Seat>,
    person: Person,
    open: VecDeque<Open>,
    shown: Shown,
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
    /// Returns somebody to ask at this seat; without one there is nobody.
    pub fn new(seat: Option<Seat>, person: Person) -> Self {
        Asker { seat, person, open: VecDeque::new(), shown: Shown::Nothing }
    }

    /// Returns who sits there: for now always who started the run.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Returns whether anybody sits there.
    pub fn is_attended(&self) -> bool {
        self.seat.is_some()
    }

    /// Returns whether a question is open.
    pub fn is_asking(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes a question in, shown as soon as it is the first. Returns a reply at once where nobody can be asked.
    pub fn ask(
        &mut self,
        request: Address,
        question: Question,
        deadline: Option<i64>,
        now: i64,
    ) -> Option<Reply> {
        if self.seat.is_none() {
            return Some(Reply::Silence { why: "nobody can be asked: no terminal".to_owned() });
        }
        self.open.push_back(Open { request, question, deadline });
        self.show(now);
        None
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
        let why = match self.note(at) {
            Some(note) => note.to_owned(),
            None => "nobody answered in time".to_owned(),
        };
        let open = self.remove(at, Closed::Silent, now)?;
        let reply = Reply::Silence { why };
        Some((deadline, Said::Reply { request: open.request, reply }))
    }

    /// Waits for a line while something is asked; pending for ever otherwise.
    pub async fn line(&mut self) -> String {
        let listening = match self.shown {
            Shown::Nothing => false,
            Shown::First => self.note(0).is_none(),
            Shown::Stop { .. } => true,
        };
        match &mut self.seat {
            Some(seat) if listening => seat.terminal.line().await,
            _ => std::future::pending().await,
        }
    }

    /// Takes a line in. What is no answer is asked again.
    pub fn take(&mut self, line: &str, now: i64) -> Option<Said> {
        let yes = match line.trim().to_lowercase().as_str() {
            "yes" | "y" => Some(true),
            "no" | "n" => Some(false),
            _ => None,
        };
        match (self.shown, yes) {
            (Shown::Nothing, _) => None,
            (Shown::Stop { .. }, _) => {
                let yes = yes == Some(true);
                self.close(Closed::Answered { yes, role: "" });
                self.show(now);
                yes.then_some(Said::Stop)
            }
            (Shown::First, None) => {
                if let Some(seat) = &mut self.seat {
                    seat.prompter.invalid(line.trim(), HINT);
                }
                None
            }
            (Shown::First, Some(yes)) => {
                let role = self.open.front()?.question.roles.first().cloned().unwrap_or_default();
                let open = self.remove(0, Closed::Answered { yes, role: &role }, now)?;
                let reply = Reply::Answer { who: self.person.name.clone(), uid: self.person.uid, role, yes };
                Some(Said::Reply { request: open.request, reply })
            }
        }
    }

    /// Returns why an answer given here cannot count, if it cannot: of a quorum the one who
    /// started the run is no part (`docs/language.md`, *What a run does*, 8).
    fn note(&self, at: usize) -> Option<&'static str> {
        let open = self.open.get(at)?;
        open.question.quorum.then_some(
            "the one who started the run does not count, and nobody else can answer at this terminal",
        )
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
        if self.shown != Shown::Nothing {
            return;
        }
        let note = self.note(0);
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
            note,
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
