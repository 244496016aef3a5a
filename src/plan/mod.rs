//! Plans: what a run of a runbook can do, along every path, without touching the world.
//!
//! Owns the tree of phases, decisions and statements with their effects, bounds and ways back; the path that takes longest;
//! and where there is no way back any more. Plain data, which `display` draws. Never reads, and never evaluates what is not known
//! beforehand: it stands as `{{ name }}`.

mod about;
mod build;
mod call;
mod known;
mod path;
mod statement;
mod words;

use serde::Serialize;

pub use about::{About, Made, Secret};

use crate::bounds::{Amount, Bounds, Given, Open, Time};
use crate::program::{Effect, Program};
use crate::source::Sources;

/// The version of the plan as JSON: it changes when a field changes its meaning or goes.
pub const FORMAT: u32 = 1;

/// What a run of a runbook can do.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    pub format: u32,
    pub title: String,
    pub file: String,
    /// Of the program, as in a run's record.
    pub hash: String,
    pub severity: Option<String>,
    pub owner: Option<String>,
    pub rto_ns: Option<i64>,
    pub params: Vec<Param>,
    /// The longest way, and all of it back.
    pub worst: Bound,
    /// Through each resolution, and through each other runbook that the diagnosis leads to.
    pub ways: Vec<Way>,
    pub phases: Vec<Node>,
    /// What else the file says of itself.
    #[serde(skip)]
    pub about: About,
}

/// A parameter.
#[derive(Clone, Debug, Serialize)]
pub struct Param {
    pub name: String,
    /// As it is declared: `int in 1..50`.
    #[serde(rename = "type")]
    pub ty: String,
    /// What the plan takes it to be; `None`: whatever it may be.
    pub value: Option<String>,
    #[serde(skip)]
    pub description: String,
    /// As it is written; `None`: it must be given.
    #[serde(skip)]
    pub default: Option<String>,
}

/// One way through a runbook.
#[derive(Clone, Debug, Serialize)]
pub struct Way {
    pub title: String,
    /// From the first measurement of the symptoms to the last.
    pub forward: Bound,
    /// Taking all of it back at its end.
    pub back: Bound,
    /// What the longest path is made of.
    pub critical: Vec<Leg>,
    /// The first statements from which on there is no way back, one for each path that has one.
    pub no_return: Vec<NoReturn>,
}

/// A part of the longest path.
#[derive(Clone, Debug, Serialize)]
pub struct Leg {
    pub text: String,
    pub bound: Bound,
}

/// Where there is no way back any more.
#[derive(Clone, Debug, Serialize)]
pub struct NoReturn {
    /// Whether a `point of no return` says so, else it is the first change that is irreversible.
    pub declared: bool,
    pub text: String,
    /// The reason, or when it counts.
    pub why: String,
    pub line: usize,
}

/// How long something takes at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// When people take all the time they are given; `None`: nothing bounds it.
    pub total_ns: Option<i64>,
    /// When everybody who is asked answers at once.
    pub machine_ns: Option<i64>,
    /// What it is made of, or why nothing bounds it; may be empty.
    pub made: String,
}

/// A phase, a statement, a branch, or what takes a change back.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Node {
    pub kind: Kind,
    /// What is done: a title, a command as it would be typed, a condition.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Its clauses: the word, and what follows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<(&'static str, String)>,
    /// `None` where it takes no time of its own, or what is left of a bound around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    pub file: String,
    pub line: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
    /// Where the action that it calls has no way back any more.
    #[serde(skip)]
    pub(crate) inside: Option<NoReturn>,
    /// What it takes, for whoever looks for the longest path.
    #[serde(skip)]
    pub(crate) time: Time,
}

/// What a node is. As JSON its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Symptom,
    Diagnose,
    Resolve,
    Clearing,
    Rollback,
    #[default]
    Check,
    Run,
    Verify,
    Wait,
    Approve,
    Ask,
    Manual,
    Notify,
    Escalate,
    Step,
    If,
    For,
    Parallel,
    Decide,
    Follow,
    Watch,
    /// `point of no return`
    Point,
    /// A branch of `if` or `decide`; when a symptom holds.
    When,
    /// `good when` of a `watch`.
    Good,
    /// `bad when` of a `watch`.
    Bad,
    /// The branch that is left.
    Otherwise,
    Undo,
    Leave,
    Irreversible,
    Finally,
    /// The resolution that an arm leads to.
    Goto,
    /// The body of an action, where it is called first.
    Action,
    /// The kinds below touch nothing, and stand only in a plan that is [told](Plan::told).
    Let,
    Show,
    Finding,
    Output,
    /// What an action returns.
    Return,
}

impl Kind {
    /// Returns the word by which it is written.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Symptom => "symptom",
            Kind::Diagnose => "diagnose",
            Kind::Resolve | Kind::Goto => "resolve",
            Kind::Clearing => "cleared",
            Kind::Rollback => "rollback",
            Kind::Check => "check",
            Kind::Run => "run",
            Kind::Verify => "verify",
            Kind::Wait => "wait",
            Kind::Approve => "approve",
            Kind::Ask => "ask",
            Kind::Manual => "manual",
            Kind::Notify => "notify",
            Kind::Escalate => "escalate to",
            Kind::Step => "step",
            Kind::If => "if",
            Kind::For => "for",
            Kind::Parallel => "parallel",
            Kind::Decide => "decide",
            Kind::Follow => "follow",
            Kind::Watch => "watch",
            Kind::Point => "point of no return",
            Kind::When => "when",
            Kind::Good => "good when",
            Kind::Bad => "bad when",
            Kind::Otherwise => "otherwise",
            Kind::Undo => "undo",
            Kind::Leave => "leave",
            Kind::Irreversible => "irreversible",
            Kind::Finally => "finally",
            Kind::Action => "action",
            Kind::Let => "let",
            Kind::Show => "show",
            Kind::Finding => "finding",
            Kind::Output => "output",
            Kind::Return => "return",
        }
    }

    /// Returns whether it touches nothing: names and values, and what is said of them.
    pub fn is_quiet(self) -> bool {
        matches!(self, Kind::Let | Kind::Show | Kind::Finding | Kind::Output | Kind::Return)
    }
}

impl Plan {
    /// Returns the plan of a program.
    pub fn of(program: &Program, file: &str, given: &Given) -> Plan {
        build::plan(program, file, given, &Bounds::of(program, given), false)
    }

    /// Returns the plan of every run of a program, with all that somebody needs who has nothing but the plan: also statements that touch
    /// nothing, and clauses that only say how something is meant.
    pub fn told(program: &Program, file: &str) -> Plan {
        let given = Given::nothing();
        build::plan(program, file, &given, &Bounds::of(program, &given), true)
    }
}

impl Bound {
    pub(crate) fn of(time: Time, made: String, sources: &Sources) -> Bound {
        let made = why(time.all, sources).unwrap_or(made);
        Bound { total_ns: time.all.bounded(), machine_ns: time.machine.bounded(), made }
    }
}

/// Stands for the length of what takes, at most, what is left of a bound around it.
pub const REST: &str = "what is left";

/// Says of a point of no return that it counts whenever it is passed.
pub const ALWAYS: &str = "always";

/// Returns why nothing bounds a length.
fn why(amount: Amount, sources: &Sources) -> Option<String> {
    match amount.open? {
        Open::Rest => Some(REST.to_owned()),
        Open::Unknown(span) => Some(format!("nothing bounds `{}`", sources.text(span))),
    }
}
