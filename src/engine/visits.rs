//! Where the walk has been, for whoever wants to know.
//!
//! Owns the ways in which a place in the text can be passed. Never says what places there are, and nothing that the
//! walk does depends on it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::source::Span;

/// How a place was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Passed {
    /// The condition of an arm held, and the arm was taken.
    Arm,
    /// None of the conditions held: `else`, or `otherwise`.
    Otherwise,
    /// None of the conditions of an `if` held that has no `else`.
    PassedBy,
    /// A loop had no item.
    Zero,
    /// A loop had one item.
    One,
    /// A loop had several items.
    Many,
    /// A step began.
    Ran,
    /// An undo began.
    Undone,
    /// A length of time ran out.
    RanOut,
    Granted,
    /// An approval, or a manual step.
    Refused,
    /// A manual step.
    Done,
    Answered,
    /// Nobody answered in time.
    Silent,
}

impl Passed {
    /// Returns how a loop over that many items passes.
    pub fn items(count: usize) -> Passed {
        match count {
            0 => Passed::Zero,
            1 => Passed::One,
            _ => Passed::Many,
        }
    }
}

/// The places that were passed. Cloning shares them: they outlive the interpreter that notes them.
#[derive(Clone, Debug, Default)]
pub struct Visits(Arc<Mutex<BTreeSet<(Span, Passed)>>>);

impl Visits {
    pub(super) fn note(&self, span: Span, passed: Passed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((span, passed));
    }

    /// Returns what was noted, and forgets it.
    pub fn take(&self) -> BTreeSet<(Span, Passed)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
