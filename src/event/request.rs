//! What the engine asks of the world.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, Moment, OfPlan};
use crate::source::Span;
use crate::value::{Domain, Secret, Type, Value, brief};

/// A request with its address and deadline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub address: Address,
    pub request: Request,
    /// On the run's clock, nanoseconds. A timer fires then; others are ended then.
    pub deadline: Option<i64>,
    /// Which bound the deadline comes from, for messages: `timeout 10s of the step "…"`.
    pub bound: Arc<str>,
    /// Whether it acts on the world: it is on disk before it begins.
    pub changes: bool,
    /// Made inside a read: kept as a trace, not needed for a replay.
    pub inner: bool,
    pub asked: Moment,
    /// Where it stands in the text. Not recorded: a replay finds it again.
    #[serde(skip)]
    pub place: Place,
}

/// Where a request stands in the text, for a world that is given. Equality ignores it, as that of
/// [`crate::source::Spanned`] does.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The step around it, as written; empty outside one.
    pub step: Arc<str>,
    /// The attempt of that step.
    pub attempt: Address,
    /// The steps around it, from the inside out.
    pub around: Option<Arc<Around>>,
    /// What the value will be bound to, where a leaf of a change is; of a question its text as written, or its name.
    pub name: Arc<str>,
    /// The action whose body it stands in, by its own name; empty outside one.
    pub within: Arc<str>,
    /// Part of an undo, a `finally` or `rollback`.
    pub undoing: bool,
    pub span: Span,
    /// Where the length stands that gives it its deadline, if it is written.
    pub bound: Option<Span>,
}

/// An attempt of a step.
#[derive(Debug)]
pub struct Around {
    /// The step, as written.
    pub step: Arc<str>,
    pub attempt: Address,
    /// Whether the step is part of an undo or `rollback`.
    pub undoing: bool,
    /// The step around this one.
    pub outer: Option<Arc<Around>>,
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
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
    Command(Arc<CommandRequest>),
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
    pub wanted: Wanted,
    /// The run's parameters, `name = value`.
    pub params: Vec<String>,
    /// Readings and findings so far, newest last, each a line.
    pub evidence: Vec<String>,
    /// The changes that follow when the run goes on.
    pub ahead: Vec<Deed>,
    /// The changes made so far that stand.
    pub made: Vec<Deed>,
    /// What silence does, as written.
    pub on_silence: String,
    /// Nothing of it is real: it is asked on a game day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub game_day: bool,
    /// The plan that the run follows, and what is not as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<OfPlan>,
    /// BLAKE3 over all of this, the run and the place: an answer is to this and nothing else.
    pub shown: String,
}

/// What kind of answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Yes or no to something that is about to happen.
    Approval,
    /// `ask`: a value.
    Answer,
    /// `manual`: somebody does something and says so.
    Manual,
    /// `on failure ask`: go on without the step?
    Failure,
    /// A change in doubt: did it happen?
    Doubt,
    /// It is not as planned: go on with what is now?
    Plan,
}

/// What counts as an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    YesNo,
    /// Whether it was done.
    Done,
    Value(Domain),
}

/// What is typed at a question to leave the run as it stands.
pub const LEAVE: &str = "leave";

impl Question {
    /// Returns whether the word leaves the run: not where it could be the answer.
    pub fn can_be_left_by_word(&self) -> bool {
        self.wanted.parse(LEAVE).is_err()
    }
}

impl Wanted {
    /// Returns a value if it can be an answer.
    ///
    /// # Errors
    /// When it is none; the message says what would be.
    pub fn accept(&self, value: Value) -> Result<Value, String> {
        match self {
            Wanted::Value(domain) => domain.accept(value),
            Wanted::YesNo | Wanted::Done => Ok(value),
        }
    }

    /// Returns the answer that was typed: true or false, or the value that is asked for.
    ///
    /// # Errors
    /// When it is none; the message says what would be.
    pub fn parse(&self, typed: &str) -> Result<Value, String> {
        let said = typed.trim().to_lowercase();
        let truth = |yes: &[&str], no: &[&str]| {
            yes.contains(&said.as_str()).then_some(true).or(no.contains(&said.as_str()).then_some(false))
        };
        match self {
            Wanted::YesNo => truth(&["yes", "y"], &["no", "n"]),
            Wanted::Done => truth(&["done"], &["no", "n", "not done"]),
            Wanted::Value(domain) if domain.ty == Type::Bool => {
                truth(&["yes", "y", "true"], &["no", "n", "false"])
            }
            Wanted::Value(_) if said.is_empty() => None,
            Wanted::Value(domain) => return domain.parse(typed.trim()),
        }
        .map(Value::Bool)
        .ok_or_else(|| match said.as_str() {
            "" => format!("type {self}"),
            _ => format!("`{}` is no answer: type {self}", brief(typed.trim(), 60)),
        })
    }
}

/// The words for what may be typed.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wanted::YesNo => f.write_str("yes or no"),
            Wanted::Done => f.write_str("done or no"),
            Wanted::Value(domain) if domain.ty == Type::Bool => f.write_str("yes or no"),
            Wanted::Value(domain) => write!(f, "{domain}"),
        }
    }
}

/// A change as a question shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// As it could be typed where its values are known, else as it is written.
    pub call: String,
    /// How it is taken back, or why not.
    pub back: String,
}
