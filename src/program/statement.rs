//! Checked statements and calls.

use serde::{Deserialize, Serialize};

use super::{ActionId, Effect, Expr, Template};
use crate::shell::CommandPlan;
use crate::source::Span;
use crate::value::{Domain, Type};

/// Statements in order.
pub type Block = Vec<Statement>;

/// One statement. `id` is unique in the program and the same for the same text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statement {
    pub id: u32,
    pub span: Span,
    pub kind: StatementKind,
}

/// What a statement does. Slots are of the frame it stands in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum StatementKind {
    /// `check [NAME =] CALL [until …]`
    Check {
        slot: Option<u32>,
        call: Box<Call>,
        until: Option<Box<(Expr, Polling)>>,
    },
    Run(Box<Run>),
    /// Without polling: must be true now. Its `holds`: must stay true that long.
    Verify {
        expr: Expr,
        message: Option<Template>,
        polling: Option<Box<Polling>>,
    },
    Let {
        slot: u32,
        expr: Expr,
    },
    /// `text`: the expression as written.
    Show {
        expr: Expr,
        text: String,
    },
    Finding {
        text: Template,
        when: Option<Expr>,
    },
    Output {
        slot: u32,
        name: String,
        expr: Expr,
    },
    Wait {
        duration: Expr,
        reason: Option<Template>,
    },
    Approve(Box<Approval>),
    Ask(Box<Asking>),
    Notify {
        channel: String,
        text: Template,
    },
    Escalate {
        role: String,
        text: Template,
    },
    Step(Box<Step>),
    If {
        arms: Vec<(Expr, Block)>,
        otherwise: Block,
        /// Where the block of `else` begins, if it is written.
        else_at: Option<Span>,
    },
    For(Box<For>),
    /// Each a step.
    Parallel(Vec<Statement>),
    Decide {
        arms: Vec<(Expr, Choice)>,
        otherwise: Choice,
        /// Where the arm `otherwise` stands.
        else_at: Span,
    },
    Follow(Box<Follow>),
    /// Samples while the statements behind it in its block are carried out.
    Watch(Box<Watch>),
    /// Without `when`: always.
    PointOfNoReturn {
        text: Template,
        when: Option<Expr>,
    },
    Return(Option<Expr>),
}

/// `watch "…" every … { … }`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watch {
    pub title: Template,
    /// Duration.
    pub every: Expr,
    /// `good` and `bad`, in the order in which they are tried.
    pub arms: Vec<WatchArm>,
    pub otherwise: WatchTarget,
    /// Where the arm `otherwise` stands.
    pub else_at: Span,
}

/// `good when …` or `bad when …, N times in a row -> …`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WatchArm {
    pub good: bool,
    pub when: Expr,
    /// How often in a row; once where nothing is written.
    pub times: Option<Expr>,
    /// Of a `bad` arm.
    pub target: Option<WatchTarget>,
}

/// Where an arm of a `watch` leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum WatchTarget {
    /// `fail ["…"]`: the block fails.
    Fail(Option<Template>),
    /// Carried out while the block is held.
    Block(Block),
}

/// `within W every E`, or with `holds`: `for H [within W] every E`. Duration expressions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Polling {
    pub within: Option<Expr>,
    pub every: Expr,
    pub holds: Option<Expr>,
}

/// `run [NAME =] CALL` with what takes it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub slot: Option<u32>,
    pub call: Call,
    pub done_when: Option<Expr>,
    pub ending: Ending,
    /// Ends it when the step, or outside a step the phase, ends.
    pub finally: Option<Box<Call>>,
}

impl Run {
    /// Returns what tells whether the change has happened: `done when`, or what proves a manual step.
    pub fn proof(&self) -> Option<&Expr> {
        match &self.call.target {
            Target::Manual(manual) => manual.until.as_ref().map(|(condition, _)| condition),
            _ => self.done_when.as_ref(),
        }
    }
}

/// How a change is taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ending {
    Undo(Undo),
    Leave(Template),
    Irreversible(Template),
    /// The action's own undos, or its `finally`, are the answer.
    Own,
}

/// `undo CALL [safe]` or `undo { … }`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Undo {
    pub body: Block,
    /// May be repeated, and may follow a change that did not happen.
    pub safe: bool,
    /// As written, for lists.
    pub text: String,
    pub span: Span,
}

/// A command, an action or a native function, with what qualifies it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    pub target: Target,
    pub effect: Effect,
    /// `try`: a failure is a value.
    pub tried: bool,
    /// `with env`, names with text expressions; a secret is allowed.
    pub env: Vec<(String, Expr)>,
    pub dir: Option<Box<Expr>>,
    pub user: Option<Box<Expr>>,
    pub stdin: Option<Box<Expr>>,
    /// Duration.
    pub timeout: Option<Box<Expr>>,
    /// Exit statuses that count as success; empty: only 0.
    pub allow_exit: Vec<i32>,
    pub ty: Type,
    /// As written, on one line, for lists and errors.
    pub text: String,
    pub span: Span,
}

/// What is called.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Target {
    Command(Command),
    /// Arguments in the order of the action's parameters, defaults filled in.
    Action {
        action: ActionId,
        args: Vec<Expr>,
    },
    /// `module.function`; arguments by name as [`super::native`] lists them, defaults left out.
    Native {
        module: String,
        function: String,
        args: Vec<(String, Expr)>,
    },
    /// A change that a person makes.
    Manual(Box<Manual>),
}

/// A command line or a script.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    pub plan: CommandPlan,
    /// The value of each interpolation, by its index.
    pub values: Vec<Expr>,
}

/// `approve …`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approval {
    pub text: Template,
    pub by: Approvers,
    /// Duration.
    pub within: Expr,
    pub on_silence: Silence,
}

/// `ask NAME …`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asking {
    pub slot: u32,
    pub text: Template,
    pub by: Approvers,
    /// Duration.
    pub within: Expr,
    /// Never [`Silence::Continue`]: the name must have a value.
    pub on_silence: Silence,
    pub domain: Domain,
    /// `one of` a list that was read: its items are the choices.
    pub one_of: Option<Expr>,
}

/// `manual …`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manual {
    pub text: Template,
    pub by: Approvers,
    /// Duration.
    pub within: Expr,
    /// Never [`Silence::Answer`].
    pub on_silence: Silence,
    /// What proves it, and how often that is read (a duration).
    pub until: Option<(Expr, Expr)>,
}

/// Who may answer: one of the roles, or `any N of` them (different people, the starter not counted).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    pub roles: Vec<String>,
    /// 1 for `by a or b`.
    pub count: u32,
    pub quorum: bool,
}

/// `on silence …`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Silence {
    Abort,
    Continue,
    /// The text is what is sent; without it the question.
    Escalate {
        role: String,
        text: Option<Template>,
    },
    /// Of an `ask`: this is the answer then.
    Answer(Expr),
}

/// `step "…" …`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    pub title: Template,
    /// As written, by which drills name it.
    pub name: String,
    /// Bounds an attempt. Duration.
    pub timeout: Option<Expr>,
    /// Bounds all attempts. Duration.
    pub within: Option<Expr>,
    /// Attempts after the first.
    pub retry: Option<Expr>,
    /// Shortest and longest pause between attempts; equal when only one is written.
    pub every: Option<(Expr, Expr)>,
    pub on_failure: Failure,
    pub body: Block,
}

/// `on failure …`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    Stop,
    Continue,
    Ask,
}

/// `for x in xs …`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct For {
    pub slot: u32,
    pub name: String,
    pub list: Expr,
    pub at_most: Option<Expr>,
    /// How many at a time: int, percent of the list, or `none` for all at once. Default 1.
    pub at_a_time: Option<Expr>,
    pub all_at_once: bool,
    /// Pause between batches. Duration.
    pub apart: Option<Expr>,
    /// Failures that end the loop. Default 1.
    pub stop_after: Option<Expr>,
    pub keep_finished: bool,
    pub body: Block,
}

/// Where a `decide` leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Choice {
    /// Index into [`super::Program::resolves`].
    Resolve(u32),
    Escalate {
        role: String,
        text: Template,
    },
    Follow(Box<Follow>),
    Block(Block),
}

/// `follow "FILE" with { … }`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Follow {
    /// Index into [`super::Program::follows`] of the file that is run.
    pub book: u32,
    /// As written.
    pub file: String,
    /// Its parameters that are given, by name.
    pub args: Vec<(String, Expr)>,
    /// An arm of `decide` in a phase that only reads: it is followed once that phase has ended.
    pub leaves: bool,
    pub span: Span,
}
