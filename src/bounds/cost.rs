//! What statements take, together with what takes them back.
//!
//! Owns how costs add up one after the other, beside each other and over scopes. Never looks at a program.

use super::time::Time;

/// What something takes, and what it leaves for the way back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// All that passes until it has ended, what is taken back on the way included.
    pub full: Time,
    /// What may still pass in it when a bound around it has run out: what takes changes back is not bounded by that.
    pub late: Time,
    /// The undos that it registers.
    pub back: Time,
    /// The `finally`s that it registers: they act when its scope ends, or on the way back.
    pub ends: Time,
    /// What the way back takes longer when it begins inside of this: what had no time to end, and what is in doubt.
    pub open: Time,
    /// Statements that begin in it, one after the other.
    pub begins: u64,
}

impl Cost {
    /// Returns what only takes time.
    pub fn of(full: Time) -> Cost {
        Cost { full, ..Cost::default() }
    }

    /// Returns both, one after the other. Only one of them is under way at a time.
    #[must_use]
    pub fn then(self, next: Cost) -> Cost {
        Cost {
            full: self.full.plus(next.full),
            late: self.late.or(next.late),
            back: self.back.plus(next.back),
            ends: self.ends.plus(next.ends),
            open: self.open.or(next.open),
            begins: self.begins.saturating_add(next.begins),
        }
    }

    /// Returns the worse of two ways.
    #[must_use]
    pub fn or(self, other: Cost) -> Cost {
        Cost {
            full: self.full.or(other.full),
            late: self.late.or(other.late),
            back: self.back.or(other.back),
            ends: self.ends.or(other.ends),
            open: self.open.or(other.open),
            begins: self.begins.max(other.begins),
        }
    }

    /// Returns both beside each other. They are taken back one after the other.
    #[must_use]
    pub fn beside(self, other: Cost) -> Cost {
        Cost {
            full: self.full.or(other.full),
            late: self.late.or(other.late),
            back: self.back.plus(other.back),
            ends: self.ends.plus(other.ends),
            open: self.open.plus(other.open),
            begins: self.begins.saturating_add(other.begins),
        }
    }

    /// Returns what it takes to take all of it back.
    pub fn undoing(&self) -> Time {
        self.back.plus(self.ends).plus(self.open).back()
    }

    /// Returns the cost of a scope: its `finally`s act when it ends.
    #[must_use]
    pub fn scope(self) -> Cost {
        let ends = self.ends.back();
        Cost {
            full: self.full.plus(ends),
            late: self.late.or(ends),
            open: self.open.plus(ends),
            ends: Time::ZERO,
            ..self
        }
    }
}

/// What a statement takes, for those who show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Until it has ended; of a phase, a step and a loop with what is taken back on the way.
    pub time: Time,
    /// The undos that it adds to the way back.
    pub back: Time,
    /// The `finally`s that it adds to the end of its step, or to the way back.
    pub ends: Time,
    /// `None`: a mere sum. In a box, since there is a part for each statement and few have it.
    pub made: Option<Box<Made>>,
}

impl Part {
    /// Returns what its time is made of, in words; nothing where that says no more than the time.
    pub fn words(&self) -> String {
        self.made.as_deref().map_or_else(String::new, Made::words)
    }
}

/// What a time is made of, where that is more than a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Attempts {
        count: u64,
        /// One attempt.
        each: Time,
        /// What it takes to take a failed one back.
        undoing: Time,
        /// All pauses.
        pauses: Time,
        /// Its `within`, what all would take without it, and what may come behind it.
        cut: Option<(super::Amount, Time, Time)>,
    },
    Loop {
        items: u64,
        batches: u64,
        /// One batch.
        each: Time,
        /// All pauses.
        pauses: Time,
        /// What it takes to take one batch back, and how many may fail.
        undoing: Time,
        failing: u64,
    },
    Poll {
        /// For how long it is read again.
        length: Time,
        /// One reading.
        sample: Time,
    },
}

impl Made {
    fn words(&self) -> String {
        match self {
            Made::Attempts { count, each, undoing, pauses, cut } => {
                let mut parts = Vec::new();
                if *count > 1 {
                    parts.push(format!("{count} attempts of {}", each.all));
                    push(&mut parts, undoing, "to take a failed one back");
                    push(&mut parts, pauses, "of pauses");
                }
                if let Some((within, uncut, late)) = cut
                    && (uncut.all.open.is_some() || uncut.all.known > within.plus(late.all).known)
                {
                    parts.push(format!("within {within}"));
                    push(&mut parts, late, "behind it to end and take back");
                }
                parts.join(", ")
            }
            Made::Loop { items, batches, each, pauses, undoing, failing } => {
                let mut parts = vec![match items == batches {
                    true => format!("{items} times {}", each.all),
                    false => format!("{items} items in {batches} batches of {}", each.all),
                }];
                push(&mut parts, pauses, "of pauses");
                if !undoing.is_zero() {
                    let times = if *failing > 1 { format!("{failing} times ") } else { String::new() };
                    parts.push(format!("{times}{} to take back what fails", undoing.all));
                }
                parts.join(", ")
            }
            Made::Poll { length, sample } if !length.is_zero() && sample.all.known > 0 => {
                format!("{} and a last reading of {}", length.all, sample.all)
            }
            Made::Poll { .. } => String::new(),
        }
    }
}

fn push(parts: &mut Vec<String>, time: &Time, what: &str) {
    if !time.is_zero() {
        parts.push(format!("{} {what}", time.all));
    }
}
