//! Statements: one struct for each that has more than two parts.
//!
//! Owns what was written under each statement's word. Never decides where a statement may stand or
//! what must not be missing (`check` does), save for what makes no sentence at all.

use super::{Approve, Ask, Block, Call, Entry, Escalate, Expr, Manual, Name, Text, Undo};
use crate::source::{Span, Spanned};

/// One statement. Equality ignores the places.
#[derive(Clone, Debug)]
pub struct Statement {
    pub kind: StatementKind,
    /// From its word to the end of its last clause or block.
    pub span: Span,
    /// Its word alone: the place to underline when the whole would be too much.
    pub word: Span,
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What a statement can be. A large file holds thousands: whatever has many parts is in a box, so that a small one is
/// small.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    Check(Box<Check>),
    Run(Box<Run>),
    Verify(Box<Verify>),
    Let {
        name: Name,
        value: Expr,
    },
    Show(Expr),
    Finding {
        text: Text,
        when: Option<Expr>,
    },
    Output {
        name: Name,
        value: Expr,
    },
    Wait {
        duration: Expr,
        why: Option<Text>,
    },
    Approve(Box<Approve>),
    Ask(Box<Ask>),
    Manual(Box<Manual>),
    Notify {
        channel: Name,
        message: Text,
    },
    Escalate(Escalate),
    Follow(Follow),
    Step(Box<Step>),
    If(If),
    For(Box<For>),
    Parallel(Block),
    On(Box<On>),
    Decide(Vec<Spanned<DecideArm>>),
    Watch(Box<Watch>),
    PointOfNoReturn {
        text: Text,
        when: Option<Expr>,
    },
    Return(Option<Expr>),
    /// What could not be read; a diagnostic has been reported. A block it opened is kept, so that names
    /// and mistakes inside it are still found.
    Invalid(Option<Block>),
}

/// `check NAME = CALL` `until …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub name: Name,
    pub call: Spanned<Call>,
    pub until: Option<Spanned<Until>>,
}

/// `until EXPR within 30m every 15s`.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    pub condition: Expr,
    pub poll: Poll,
}

/// How long and how often something is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Poll {
    /// `for`: it must stay true that long.
    pub hold: Option<Expr>,
    pub within: Option<Expr>,
    pub every: Option<Expr>,
}

/// `run [NAME =] CALL` and its clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub name: Option<Name>,
    pub call: Spanned<Call>,
    pub done_when: Option<Spanned<Expr>>,
    pub undo: Option<Box<Spanned<Undo>>>,
    pub leave: Option<Text>,
    pub irreversible: Option<Text>,
    pub finally: Option<Box<Spanned<Call>>>,
}

/// `verify EXPR [for …] [within …] [every …] [else "…"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Verify {
    pub condition: Expr,
    pub poll: Poll,
    pub message: Option<Text>,
}

/// `follow "other.runbook" with { a: b }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Follow {
    pub file: Text,
    pub with: Vec<Entry>,
}

/// `step "…" timeout 30s within 5m retry 3 every 1s..30s on failure continue { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub title: Text,
    pub timeout: Option<Expr>,
    pub within: Option<Expr>,
    pub retry: Option<Spanned<Retry>>,
    pub on_failure: Option<Spanned<OnFailure>>,
    pub body: Block,
}

/// `retry 3 every 1s..30s`: the pause grows from the first to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    pub times: Expr,
    pub every: Option<Expr>,
    pub up_to: Option<Expr>,
}

/// What a step's failure does instead of unwinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnFailure {
    Continue,
    Ask,
}

/// `if … { } else if … { } else { }`.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// At least one; tried in order.
    pub branches: Vec<Branch>,
    pub otherwise: Option<Block>,
}

/// A condition and its block.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    pub condition: Expr,
    pub body: Block,
}

/// `for NAME in LIST, … { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    pub name: Name,
    pub list: Expr,
    /// `at most N`.
    pub at_most: Option<Expr>,
    pub batch: Option<Spanned<Batch>>,
    /// `30s apart`.
    pub apart: Option<Expr>,
    /// `stop after N failures`.
    pub stop_after: Option<Expr>,
    /// `keep finished`.
    pub keep_finished: bool,
    pub body: Block,
}

/// How many iterations go at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Batch {
    /// `2 at a time`, `20% at a time`.
    AtATime(Expr),
    /// `all at once`.
    AllAtOnce,
}

/// `on HOST as "user" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    pub host: Expr,
    pub user: Option<Expr>,
    pub body: Block,
}

/// `when EXPR -> …` or `otherwise -> …`.
#[derive(Clone, Debug, PartialEq)]
pub struct DecideArm {
    /// `None` is `otherwise`.
    pub condition: Option<Expr>,
    pub target: Spanned<Target>,
}

/// Where an arm leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// `resolve "…"`.
    Resolve(Text),
    /// `fail ["…"]`, of a `watch`.
    Fail(Option<Text>),
    /// `follow`, `escalate`, `approve` and other one-line statements.
    Statement(Box<Statement>),
    Block(Block),
}

/// `watch "…" every 5m { good when … bad when … otherwise … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub title: Text,
    pub every: Option<Expr>,
    pub arms: Vec<Spanned<WatchArm>>,
}

/// One arm of a `watch`.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchArm {
    pub verdict: Spanned<Verdict>,
    /// `None` for `otherwise`.
    pub condition: Option<Expr>,
    /// `3 times in a row`.
    pub times: Option<Expr>,
    pub target: Option<Spanned<Target>>,
}

/// What an arm of a `watch` says of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Good,
    Bad,
    Otherwise,
}
