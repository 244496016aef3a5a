//! The lists a summary is made of.

use serde::Serialize;

use crate::event::{Address, Change, ChangeState, Entry, Moment, Outcome, PhaseKind, Settled, StepOutcome};
use crate::source::Span;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ending {
    pub at: Moment,
    pub outcome: Outcome,
    pub reason: String,
    pub changed: Vec<Entry>,
    pub taken_back: Vec<Entry>,
    pub standing: Vec<Entry>,
    pub left: Vec<Entry>,
}

/// When what matters happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Milestones {
    /// The symptom was seen to hold.
    pub detected: Option<Moment>,
    /// The diagnosis chose its way; without a choice, the resolution began.
    pub decided: Option<Moment>,
    /// The symptom was gone.
    pub resolved: Option<Moment>,
}

/// A measurement of a symptom.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SymptomLine {
    pub at: Moment,
    pub seq: u64,
    pub phase: PhaseKind,
    pub title: String,
    pub holds: Option<bool>,
    pub why: String,
}

/// An attempt of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepLine {
    pub title: String,
    pub address: Address,
    pub phase: Option<PhaseKind>,
    pub attempt: u32,
    pub attempts: u32,
    pub began: Moment,
    /// `None` while it runs, or when its end was never written down.
    pub ended: Option<(Moment, StepOutcome, String)>,
}

/// A question with its answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Approval {
    /// Where in the walk it is asked.
    pub address: Address,
    pub text: String,
    pub roles: Vec<String>,
    pub count: u32,
    pub asked: Moment,
    pub deadline: Option<i64>,
    pub answers: Vec<Answer>,
    /// When nobody answered: when, why, and what was done then.
    pub silent: Option<(Moment, String, String)>,
}

impl Approval {
    /// Returns whether the request at `address` is one of its questions.
    pub fn is_asked_at(&self, address: &Address) -> bool {
        let below = address.0.strip_prefix(&*self.address.0).and_then(|rest| rest.strip_prefix(".q"));
        below.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub at: Moment,
    pub who: String,
    pub uid: u32,
    pub role: String,
    /// In words: `yes`, `not done`, the value that was asked for.
    pub said: String,
    pub refused: bool,
    /// Why, where somebody said so.
    pub because: String,
}

/// A change and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeLine {
    pub change: Change,
    pub began: Moment,
    /// `None`: it began, and its end is not known.
    pub state: Option<ChangeState>,
    pub message: String,
    /// What would take it back.
    pub undo: Option<String>,
    pub unwound: Option<Settled>,
}

/// A failure with its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailureLine {
    pub at: Moment,
    pub seq: u64,
    pub message: String,
    pub detail: Vec<String>,
    pub span: Span,
}

impl ChangeLine {
    /// Returns whether it happened, or may have.
    pub fn is_made(&self) -> bool {
        self.state != Some(ChangeState::NotRun)
    }

    /// Returns how it ended, in words. `over`: whether the run is, so that nothing more can be learnt.
    pub fn state_words(&self, over: bool) -> &'static str {
        match (self.state, over) {
            (Some(ChangeState::Done), _) => "done",
            (Some(ChangeState::NotRun), _) => "not run",
            (Some(ChangeState::Failed), _) => "failed",
            (Some(ChangeState::InDoubt), _) => "in doubt",
            // Nobody executes the run: its command may go on all the same.
            (None, true) => "its end was not seen yet",
            (None, false) => "running",
        }
    }

    /// Returns how it was taken back, in words; empty when it was not tried.
    pub fn unwound_words(&self) -> &'static str {
        match self.unwound {
            None => "",
            Some(Settled::Done) => "taken back",
            Some(Settled::NotNeeded) => "nothing to take back",
            Some(Settled::Failed) => "its undo failed",
            Some(Settled::InDoubt) => "undo in doubt",
        }
    }
}
