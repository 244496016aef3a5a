//! The people a run asks, at the terminal it was started from.
//!
//! Owns who sits there ([`Person`]), how lines are read from there without a thread
//! ([`Terminal`]), which question is put when ([`Asker`]), and whose answer counts
//! ([`Rules`]). Never draws: what a prompt looks like is the screen's matter, behind
//! [`Prompter`]. Never answers by itself: silence stays silence.

mod asker;
pub mod inbox;
mod person;
mod rules;
mod terminal;

use std::time::Duration;

pub use asker::{Asker, Elsewhere, Said};
pub use person::Person;
pub use rules::Rules;
pub use terminal::{Terminal, Typed};

use crate::event::Question;

/// What is put to whoever sits at the terminal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prompt<'a> {
    /// A question of the runbook.
    Question {
        question: &'a Question,
        /// Time until silence decides; `None` where nothing bounds it.
        left: Option<Duration>,
        /// What the reader must know beside the question, such as that an answer here cannot count.
        note: Option<&'a str>,
        /// Whether an answer is read; otherwise only time passes.
        answerable: bool,
    },
    /// After the first Ctrl-C: “stop the run and take changes back? [y/N]”.
    Stop,
}

/// How a prompt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed<'a> {
    Answered {
        /// As it was typed.
        said: &'a str,
        /// The role the answer was given in; empty for the question whether to stop.
        role: &'a str,
    },
    /// Nobody answered in time.
    Silent,
    /// The run no longer needs the answer, somebody gave it elsewhere, or something more urgent is asked.
    Withdrawn,
}

/// Draws prompts. One is open at a time; the screen pauses what moves until it is closed.
pub trait Prompter {
    /// Opens a prompt.
    fn show(&mut self, prompt: Prompt<'_>);

    /// Says why what was typed, `found`, is no answer, and asks again.
    fn invalid(&mut self, found: &str, why: &str);

    /// Closes the open prompt.
    fn close(&mut self, closed: Closed<'_>);
}

/// A terminal, and what draws on it.
pub struct Seat {
    pub terminal: Terminal,
    pub prompter: Box<dyn Prompter>,
}
