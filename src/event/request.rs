//! What the engine asks of the world.

use serde::{Deserialize, Serialize};

use super::{Address, Moment};
use crate::value::{Secret, Value};

/// A request with its address and deadline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub address: Address,
    pub request: Request,
    /// On the run's clock, nanoseconds. A timer fires then; others are ended then.
    pub deadline: Option<i64>,
    /// Which bound the deadline comes from, for messages: `timeout 10s of the step "…"`.
    pub bound: String,
    /// Whether it acts on the world: it is on disk before it begins.
    pub changes: bool,
    /// Made inside a read: kept as a trace, not needed for a replay.
    pub inner: bool,
    pub asked: Moment,
}

impl Ask {
    /// Returns whether it acts on the world or on people: the turn that makes it is on disk before it begins.
    pub fn acts(&self) -> bool {
        if self.inner {
            return false;
        }
        match self.request {
            Request::Question(_) | Request::Notify { .. } | Request::Kill { .. } => true,
            Request::Timer | Request::Cancel { .. } | Request::Reading { .. } => false,
            Request::Command(_) | Request::Native(_) | Request::Named { .. } => self.changes,
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Start a command and tell how it ends.
    Command(Box<CommandRequest>),
    /// Carry out a native function.
    Native(Box<NativeRequest>),
    /// The value of a reading: `name` is what it is bound to, `action` what is called, either may be empty.
    /// Answered by a value, a failure, or [`super::Reply::Descend`].
    Reading {
        name: String,
        action: String,
        call: String,
    },
    /// A changing action, by name; only with `named_calls`. Answered like a reading.
    Named {
        action: String,
        call: String,
    },
    /// Answered by `Fired` at the deadline.
    Timer,
    Question(Box<Question>),
    /// Tell a channel, or page a role.
    Notify {
        channel: String,
        text: String,
        page: bool,
    },
    /// End that command now.
    Kill {
        command: Address,
    },
    /// Forget that question or timer.
    Cancel {
        request: Address,
    },
}

/// A command, ready to start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandRequest {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The command as it could be typed, secrets named.
    pub typed: String,
    pub env: Vec<(String, String)>,
    pub secret_env: Vec<(String, Secret)>,
    /// Text and secrets in order; `None`: nothing to read.
    pub stdin: Option<Vec<Value>>,
    pub dir: Option<String>,
    pub user: Option<String>,
    /// Exit statuses besides 0 that are no failure.
    pub allow_exit: Vec<i32>,
}

/// A native call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NativeRequest {
    pub module: String,
    pub function: String,
    pub args: Vec<(String, Value)>,
    /// As it could be written, secrets named.
    pub typed: String,
}

/// A question to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Not stored as `kind`, which tells the request's own kind.
    #[serde(rename = "wants")]
    pub kind: QuestionKind,
    pub text: String,
    pub roles: Vec<String>,
    /// How many different people must agree.
    pub count: u32,
    pub quorum: bool,
    /// Readings and findings so far, newest last, each a line.
    pub evidence: Vec<String>,
    /// What silence does, as written.
    pub on_silence: String,
    /// BLAKE3 over what is shown: an answer is to this and nothing else.
    pub shown: String,
}

/// What kind of answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Yes or no to something that is about to happen.
    Approval,
    /// `on failure ask`: go on without the step?
    Failure,
    /// A change in doubt: did it happen?
    Doubt,
}
