//! The sections of a runbook or a change that hold statements.
//!
//! Owns symptom and phases as written. Never knows which phase may change the world.

use super::{Expr, Poll, Statement, Text};
use crate::source::Spanned;

/// Statements between braces; the place includes the braces.
pub type Block = Spanned<Vec<Statement>>;

/// `symptom "…" { alert … check … when … cleared when … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptom {
    pub title: Text,
    pub alerts: Vec<Text>,
    /// The checks, and whatever else was written among them.
    pub body: Block,
    pub when: Option<Spanned<Expr>>,
    pub cleared: Option<Spanned<Cleared>>,
}

/// `cleared when EXPR for 1m within 10m every 15s`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleared {
    pub condition: Expr,
    pub poll: Poll,
}

/// `diagnose within 1m { … }` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    pub word: Spanned<PhaseWord>,
    /// Of a `resolve`; others may have one for the reader.
    pub title: Option<Text>,
    pub timeout: Option<Spanned<Expr>>,
    pub within: Option<Spanned<Expr>>,
    pub body: Block,
}

/// The word a phase begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhaseWord {
    Diagnose,
    Preflight,
    Resolve,
    Procedure,
    Rollback,
}

impl PhaseWord {
    /// Returns the word as written.
    pub fn word(self) -> &'static str {
        match self {
            PhaseWord::Diagnose => "diagnose",
            PhaseWord::Preflight => "preflight",
            PhaseWord::Resolve => "resolve",
            PhaseWord::Procedure => "procedure",
            PhaseWord::Rollback => "rollback",
        }
    }
}
