//! Calls: what `check`, `run`, `undo` and `finally` do to the world.
//!
//! Owns commands, scripts and action calls with what qualifies them. Never knows a shell's syntax
//! (`shell` does): a command is a template.

use super::{Argument, Entry, Expr, Path, Template};
use crate::source::{Span, Spanned};

/// `[try] CALL` with its qualifiers; the place of the whole is the `Spanned`'s.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `try` stands before it: failing is a value.
    pub tried: bool,
    pub target: Spanned<CallTarget>,
    pub qualifiers: Qualifiers,
}

/// What is called.
#[derive(Clone, Debug, PartialEq)]
pub enum CallTarget {
    /// `$ command`; the template is all after the sign, outer blanks removed.
    Command(Template),
    /// A fence.
    Script { interpreter: Spanned<String>, body: Template },
    /// `module.action(…)`.
    Action { action: Path, arguments: Vec<Argument> },
    /// What could not be read; a diagnostic has been reported.
    Invalid,
}

/// What stands below a call and qualifies it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Qualifiers {
    pub env: Option<Spanned<Vec<Entry>>>,
    pub dir: Option<Box<Expr>>,
    pub user: Option<Box<Expr>>,
    pub stdin: Option<Box<Expr>>,
    pub timeout: Option<Box<Expr>>,
    /// `allow exit 0, 1`; empty when it was not written.
    pub allow_exit: Vec<Expr>,
}

/// `undo …` below a change.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a tree is built once and walked; a box for each would cost more"
)]
pub enum Undo {
    /// `undo CALL [safe]`: `safe` is to be done twice without harm.
    Call { call: Spanned<Call>, safe: Option<SafeMark> },
    /// `undo { … }`.
    Block(super::Block),
    /// `undo manual "…" by …`.
    Manual(super::Manual),
}

/// The place of the word `safe`; all are equal.
#[derive(Clone, Copy, Debug)]
pub struct SafeMark(pub Span);

impl PartialEq for SafeMark {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
