//! What the index keeps of a run: the line that the list shows, and what the run asks.
//!
//! Owns the two as data. Never folds them (`timeline` does) and never judges whose answer counts (`people` does).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Head;
use crate::config::RolePerson;
use crate::event::{Address, Executor, Moment, Outcome, Question};

/// One run, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub run: String,
    pub title: String,
    /// The runbook, as given on the command line.
    pub file: String,
    /// Who started it.
    pub user: String,
    pub host: String,
    /// The title of the drill, where it is a game day: nothing of it was real.
    #[serde(default)]
    pub game_day: Option<String>,
    /// The digest of the saved plan that it follows.
    #[serde(default)]
    pub plan: Option<String>,
    /// Microseconds since 1970 UTC.
    pub opened_us: i64,
    pub ended_us: Option<i64>,
    /// `None` while it is not over.
    pub outcome: Option<Outcome>,
    /// Whether it was left on purpose, and nobody has gone on with it.
    #[serde(default)]
    pub left: bool,
    /// What a run that is not over waits for; empty when it does not wait.
    pub waiting: String,
    pub counts: Counts,
    /// How far the journal went; tells later whether its end was cut off.
    pub head: Head,
}

/// How many changes ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub changed: usize,
    pub taken_back: usize,
    pub standing: usize,
    pub left: usize,
}

/// What a run that is not over asks, with all that says of whom, and for how long still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asks {
    /// Who held which role when the run was opened.
    pub roles: BTreeMap<String, Vec<RolePerson>>,
    /// The number of the user who started it.
    pub starter: u32,
    /// The process that executes it, or did so last: its clock says how late it is.
    pub executor: Option<Executor>,
    /// When the last record was written.
    pub last: Moment,
    pub questions: Vec<Asked>,
}

/// A question that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub address: Address,
    pub question: Question,
    /// On the run's clock, nanoseconds; `None` where nothing bounds it.
    pub deadline: Option<i64>,
    /// Who has said yes already where several must, by name and number.
    pub agreed: Vec<(String, u32)>,
}

impl Asks {
    /// Returns it without what only the page of a question shows: readings, parameters, and what was done and will be.
    #[must_use]
    pub fn brief(mut self) -> Asks {
        for asked in &mut self.questions {
            let question = &mut asked.question;
            (question.params, question.evidence) = (Vec::new(), Vec::new());
            (question.ahead, question.made) = (Vec::new(), Vec::new());
        }
        self
    }
}
