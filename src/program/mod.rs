//! The checked program: what the engine walks.
//!
//! Immutable and serialisable. What is not resolved cannot be represented: names are
//! slots, calls have their target, every change says how it is taken back. Only `check`
//! makes one. Never knows how it was written beyond the places it came from.

mod drill;
mod expression;
pub mod native;
mod statement;
mod walk;

use serde::{Deserialize, Serialize};

use crate::source::{Sources, Span};
use crate::value::{Domain, Type};

pub use drill::{Drill, Expect, ExpectWhat, Given, GivenWhat, Reading, Reply, StepFate, StepOutcome};
pub use expression::{BinaryOp, Expr, ExprKind, NameRef, Template, TemplatePart, UnaryOp};
pub use statement::{
    Approval, Approvers, Asking, Block, Call, Choice, Command, Ending, Failure, Follow, For, Manual, Polling,
    Run, Silence, Statement, StatementKind, Step, Target, Undo, Watch, WatchArm, WatchTarget,
};

/// A runbook that has passed every check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Program {
    pub title: Template,
    pub fields: Fields,
    /// Every file it was read from, modules included.
    pub sources: Sources,
    /// BLAKE3 over names and texts of the sources, lowercase hex.
    pub hash: String,
    /// Names that live in the whole run: parameters, secrets, top-level `let`s of every file.
    pub globals: Vec<Global>,
    /// Names bound in the phases.
    pub locals: Vec<Slot>,
    pub symptoms: Vec<Symptom>,
    pub diagnose: Option<Phase>,
    /// At least one, unless the diagnosis only escalates.
    pub resolves: Vec<Phase>,
    pub rollback: Option<Phase>,
    pub prevention: Option<Template>,
    /// Every action that can be reached, by [`ActionId`].
    pub actions: Vec<Action>,
    /// Tools named by `needs tool`, of every file.
    pub tools: Vec<String>,
    /// Every runbook that this one may follow, and those that they do. Theirs is empty: they are told apart by their
    /// place in this one.
    pub follows: Vec<Program>,
}

/// The fields below the first line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fields {
    pub severity: Option<String>,
    pub owner: Option<String>,
    pub reviewed: Option<String>,
    /// Nanoseconds.
    pub rto: Option<i64>,
    pub impact: Option<String>,
    pub tags: Vec<String>,
    pub concurrency: Option<Concurrency>,
}

/// One run at a time with that key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Concurrency {
    pub key: Template,
    /// How long a second one waits for the first, nanoseconds; `None`: it is refused.
    pub wait: Option<i64>,
}

/// A name that is bound in a frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slot {
    pub name: String,
    pub ty: Type,
    pub span: Span,
    /// What it was bound to, as written: errors about the value name it.
    pub origin: String,
}

/// A name of the whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Global {
    pub slot: Slot,
    pub description: String,
    pub source: GlobalSource,
}

/// Where a global's value comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum GlobalSource {
    Param(Param),
    /// Tried in order.
    Secret(Vec<SecretSource>),
    Let(Expr),
}

/// What a parameter accepts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Param {
    pub domain: Domain,
    /// May name parameters declared above it.
    pub default: Option<Expr>,
}

/// Where a secret is looked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SecretSource {
    Env(String),
    File(String),
    Command(String),
}

/// What tells that there is an incident.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Symptom {
    pub title: Template,
    pub alert: Option<String>,
    /// Only reads.
    pub body: Block,
    pub when: Expr,
    /// `cleared when`; without it: `when` no longer holds, within 1m every 5s. `holds` of the polling is `for`.
    pub cleared: Option<(Expr, Polling)>,
    pub span: Span,
}

/// `diagnose`, a `resolve`, or `rollback`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Phase {
    /// The title of a `resolve`; empty text for the others.
    pub title: Template,
    /// The title as written, by which drills and decisions name it.
    pub name: String,
    /// Duration expression.
    pub within: Option<Expr>,
    pub body: Block,
    pub span: Span,
}

/// Names an action of [`Program::actions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionId(pub u32);

/// Whether something touches the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Reads,
    Changes,
}

/// `action NAME(…)`. Its parameters are the first slots of its frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Action {
    /// As called: `postgres.query`, or without a module for the runbook's own.
    pub name: String,
    pub params: usize,
    pub locals: Vec<Slot>,
    pub returns: Option<Type>,
    pub effect: Effect,
    pub body: Block,
    pub span: Span,
}

impl Program {
    /// Returns the action of that id.
    pub fn action(&self, id: ActionId) -> &Action {
        &self.actions[id.0 as usize]
    }

    /// Returns this runbook and all it may follow.
    pub fn with_followed(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(self).chain(&self.follows)
    }

    /// Returns the parameters that a run is given: its own, and those of modules that only followed files use.
    pub fn params(&self) -> impl Iterator<Item = (&Global, &Param)> {
        let mut seen = std::collections::BTreeSet::new();
        let own = self.globals.iter();
        let theirs = self.follows.iter().flat_map(|other| &other.globals);
        own.chain(theirs.filter(|global| global.slot.name.contains('.'))).filter_map(move |global| {
            match &global.source {
                GlobalSource::Param(param) if seen.insert(global.slot.name.as_str()) => Some((global, param)),
                _ => None,
            }
        })
    }

    /// Returns whether a statement calls a command. Those inside expressions are not looked for.
    pub fn has_commands(&self) -> bool {
        self.with_followed().any(Program::calls_commands)
    }

    fn calls_commands(&self) -> bool {
        let is_command = |call: &Call| matches!(call.target, Target::Command(_));
        let mut found = false;
        self.every(&mut |statement| match &statement.kind {
            StatementKind::Check { call, .. } => found |= is_command(call),
            StatementKind::Run(run) => {
                found |= is_command(&run.call) || run.finally.as_deref().is_some_and(is_command);
            }
            _ => {}
        });
        found
    }

    /// Returns who is asked anywhere.
    pub fn approvers(&self) -> Vec<&Approvers> {
        let mut found = Vec::new();
        for program in self.with_followed() {
            program.every(&mut |statement| match &statement.kind {
                StatementKind::Approve(approval) => found.push(&approval.by),
                StatementKind::Ask(asking) => found.push(&asking.by),
                StatementKind::Run(run) => {
                    if let Target::Manual(manual) = &run.call.target {
                        found.push(&manual.by);
                    }
                }
                _ => {}
            });
        }
        found
    }

    /// Calls `f` with every statement of a body, those of the actions it runs with them.
    pub fn every_in<'a>(&'a self, body: &'a [Statement], f: &mut dyn FnMut(&'a Statement)) {
        let mut actions = Vec::new();
        every(body, &mut |statement| {
            f(statement);
            if let StatementKind::Run(run) = &statement.kind
                && let (Target::Action { action, .. }, Ending::Own) = (&run.call.target, &run.ending)
            {
                actions.push(*action);
            }
        });
        // Actions do not recurse.
        for action in actions {
            self.every_in(&self.action(action).body, f);
        }
    }

    /// Returns whether something in an undo has a bound of its own: then the undo has none.
    pub fn bounds_itself(&self, body: &[Statement]) -> bool {
        let mut found = false;
        self.every_in(body, &mut |statement| {
            found |= match &statement.kind {
                StatementKind::Run(run) => {
                    run.call.timeout.is_some() || matches!(run.call.target, Target::Manual(_))
                }
                StatementKind::Approve(_) | StatementKind::Ask(_) => true,
                _ => false,
            }
        });
        found
    }

    /// Calls `f` with every statement, those in undos and actions with them.
    pub fn every<'a>(&'a self, f: &mut dyn FnMut(&'a Statement)) {
        let phases = self.diagnose.iter().chain(&self.resolves).chain(&self.rollback);
        self.symptoms
            .iter()
            .map(|symptom| &symptom.body)
            .chain(phases.map(|phase| &phase.body))
            .chain(self.actions.iter().map(|action| &action.body))
            .for_each(|body| every(body, f));
    }
}

/// Calls `f` with every statement of a body, those inside others and in undos with them.
pub fn every<'a>(body: &'a [Statement], f: &mut dyn FnMut(&'a Statement)) {
    for statement in body {
        f(statement);
        match &statement.kind {
            StatementKind::Run(run) => {
                if let Ending::Undo(undo) = &run.ending {
                    every(&undo.body, f);
                }
            }
            StatementKind::Step(step) => every(&step.body, f),
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, body)| every(body, f));
                every(otherwise, f);
            }
            StatementKind::For(looping) => every(&looping.body, f),
            StatementKind::Parallel(arms) => every(arms, f),
            StatementKind::Watch(watch) => {
                for target in
                    watch.arms.iter().filter_map(|arm| arm.target.as_ref()).chain([&watch.otherwise])
                {
                    if let WatchTarget::Block(body) = target {
                        every(body, f);
                    }
                }
            }
            StatementKind::Decide { arms, otherwise, .. } => {
                for choice in arms.iter().map(|(_, choice)| choice).chain([otherwise]) {
                    if let Choice::Block(body) = choice {
                        every(body, f);
                    }
                }
            }
            _ => {}
        }
    }
}
