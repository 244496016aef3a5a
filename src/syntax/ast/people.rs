//! The statements that people take part in: approvals, questions, manual steps.
//!
//! Owns who is asked, how long, and what silence means, as written. What is missing is `None`; the
//! checker says what must be there.

use super::{Expr, Name, Text, Type, Undo, Until};
use crate::source::Spanned;

/// `by … within … on silence …`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audience {
    pub by: Option<Spanned<By>>,
    pub within: Option<Expr>,
    pub on_silence: Option<Spanned<OnSilence>>,
}

/// `by oncall or lead`, `by any 2 of lead, oncall`.
#[derive(Clone, Debug, PartialEq)]
pub struct By {
    /// The number of `any N of`; without it one person of any of the roles.
    pub count: Option<Spanned<u32>>,
    pub roles: Vec<Name>,
}

/// What happens when nobody answers in time.
#[derive(Clone, Debug, PartialEq)]
pub enum OnSilence {
    Abort,
    Continue,
    Escalate(Escalate),
    /// Of an `ask`: this is then the answer.
    Answer(Expr),
}

/// `escalate to ROLE "…"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Escalate {
    pub role: Name,
    pub message: Option<Text>,
}

/// `approve "…" by …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Approve {
    pub question: Text,
    pub audience: Audience,
}

/// `ask NAME "…" one of "eu", "us" by …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub name: Name,
    pub question: Text,
    /// `yes/no` is [`Type::Bool`]; `None` when none was written.
    pub answer: Option<Spanned<Type>>,
    pub audience: Audience,
}

/// `manual "…" by …`, also as an `undo`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manual {
    pub task: Text,
    pub audience: Audience,
    pub until: Option<Spanned<Until>>,
    pub undo: Option<Box<Spanned<Undo>>>,
    /// `leave "why"` in place of an undo.
    pub leave: Option<Text>,
    /// `irreversible "why"` in place of an undo.
    pub irreversible: Option<Text>,
}
