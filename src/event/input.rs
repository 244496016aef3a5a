//! What comes in from outside, one at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Address, Moment, Planned};
use crate::config::RolePerson;
use crate::value::Value;

/// An input. The first of a run is `Opened`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    Opened(Box<Opened>),
    /// What became of a request, and when that happened.
    Delivered {
        request: Address,
        occurred: Moment,
        reply: Reply,
    },
    /// Somebody interferes.
    Control {
        control: Control,
        by: String,
        occurred: Moment,
    },
    /// Somebody said something from elsewhere, or to nobody in particular.
    Heard {
        heard: Heard,
        who: String,
        uid: u32,
        /// Its file in the run's inbox.
        letter: String,
        occurred: Moment,
    },
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "heard_as", rename_all = "snake_case")]
pub enum Heard {
    /// `mainstay resume`: the run goes on. `executor`: who executes it from here on; `None` in journals that
    /// do not say so. `accepted`: the hash of the program that took the old one's place; empty where it did not.
    Resumed {
        #[serde(default)]
        executor: Option<Box<Executor>>,
        #[serde(default)]
        accepted: String,
    },
    /// `mainstay note`.
    Note { text: String },
    /// `mainstay stop`: as [`Control::Stop`], from somebody who may. `because` may be empty.
    Stop { because: String },
    /// An answer that does not count.
    Void { text: String, why: String },
    /// `mainstay inject`: from here on the world of a game day is so. `text`: a line of `given`, without that word.
    Injected { text: String },
}

/// Everything a run starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub format: u32,
    pub run: String,
    pub at: Moment,
    pub program_hash: String,
    pub file: String,
    pub sources: Vec<SourceHash>,
    /// Parameters that were given, by name.
    pub params: Vec<(String, Value)>,
    /// Names of environment variables, never their values.
    pub env_names: Vec<String>,
    pub cwd: String,
    pub uid: u32,
    pub user: String,
    pub host: String,
    pub boot_id: String,
    /// The kernel's time since boot when the run was opened, nanoseconds; `None` in journals that do not say so.
    #[serde(default)]
    pub zero_ns: Option<i64>,
    pub pid: u32,
    /// Of the program that runs it.
    pub version: String,
    /// `--force`: go on although no symptom holds.
    pub force: bool,
    /// Whether somebody sits at the terminal.
    pub attended: bool,
    /// `--unattended`: nobody is asked.
    pub unattended: bool,
    /// Who holds which role. Empty where none are set up: then whoever started the run holds them all.
    pub roles: BTreeMap<String, Vec<RolePerson>>,
    /// Calls of actions are put to the world by name before their body runs (a given world).
    pub named_calls: bool,
    /// Duration of a call without a timeout, nanoseconds; 1m.
    pub call_timeout_ns: i64,
    /// The runbook's `rto`, nanoseconds; `None` where it has none, and in journals that do not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto_ns: Option<i64>,
    /// Set where nothing of it is real; `None` in the journals of real runs, and in all that know no game days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_day: Option<GameDay>,
    /// The saved plan that the run follows; `None` where it follows none, and in journals that know of no plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Planned>>,
}

/// What a game day is played on: people are asked, and everything else is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameDay {
    /// The title of the drill that gives the world.
    pub drill: String,
    /// The file in which it stands.
    pub file: String,
    /// What the runbook takes for the time when the run's clock stands at zero, microseconds since 1970 UTC.
    pub zero_us: i64,
}

impl GameDay {
    /// Returns what the runbook takes for the time at that moment, microseconds since 1970 UTC.
    pub fn wall_us(&self, at: Moment) -> i64 {
        self.zero_us.saturating_add(at.run_ns / 1_000)
    }
}

/// A process that executes a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executor {
    pub pid: u32,
    pub host: String,
    pub boot_id: String,
    /// The kernel's time since boot at which the run's clock stood at zero, nanoseconds.
    pub zero_ns: i64,
    /// Of the program that runs it.
    pub version: String,
}

/// A file of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceHash {
    pub name: String,
    /// BLAKE3, lowercase hex.
    pub hash: String,
}

/// How somebody interferes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// End in order: undo, rollback, symptom again.
    Stop,
    /// Leave the run where it stands; it can be taken up again.
    Suspend,
    /// Take everything back, also what a run that is over has done.
    Rollback,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// A command ended, or could not start.
    Command(Box<CommandEnd>),
    /// A reading, a native call or a named call has this value.
    Value { value: Value },
    /// A native call or a given call failed. `doubt`: its end was not seen, a change may have happened.
    Failed { message: String, doubt: bool },
    /// A reading or a named call is to be made by its body. Not recorded of a reading: its value will be.
    Descend,
    /// A timer's time has come.
    Fired,
    /// A person answered.
    Answer(Answer),
    /// Nobody answered in time, or nobody can be asked.
    Silence { why: String },
    /// Sent.
    Done,
    /// Its end will never be known.
    Lost { why: String },
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub who: String,
    pub uid: u32,
    /// In which role; empty where none was asked for.
    pub role: String,
    /// True or false, or the value that was asked for.
    pub value: Value,
    /// Why, where somebody said so.
    pub because: String,
    /// Its file in the run's inbox; empty for what was typed at the run's own terminal.
    pub letter: String,
    /// The digest of what it answers; empty in journals that do not say so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shown: String,
}

impl Answer {
    /// Returns whether it is a yes.
    pub fn is_yes(&self) -> bool {
        self.value == Value::Bool(true)
    }
}

/// A command that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandEnd {
    pub ended: Ended,
    pub stdout: Outlet,
    pub stderr: Outlet,
    /// Nanoseconds.
    pub elapsed: i64,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ended {
    Exit {
        code: i32,
    },
    /// By a signal that was not ours.
    Signal {
        signal: i32,
    },
    /// We ended it at its deadline.
    Timeout,
    /// We ended it because the run stops.
    Killed,
    /// It never began.
    NotStarted {
        message: String,
    },
}

/// What one stream carried. Secrets are blotted out already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlet {
    /// Bytes in all.
    pub len: u64,
    /// The text as the run sees it; only the beginning when `cut`.
    pub text: String,
    /// The end of the text when `cut`.
    pub tail: String,
    pub utf8: bool,
    /// Whether `text` is not all of it.
    pub cut: bool,
    /// BLAKE3 of all bytes, lowercase hex; empty when nothing was printed.
    pub digest: String,
    /// The file that holds all of it, in the run's folder.
    pub file: Option<String>,
    /// What is kept, where that is not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// The beginning of a stream, of which no more could be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Bytes in the file.
    pub len: u64,
    /// BLAKE3 of them, lowercase hex; empty where nobody knows.
    pub digest: String,
    /// Why it is not all.
    pub why: String,
}
