//! Lengths of time that something takes at most.
//!
//! Owns how they add up and how a bound caps them. Never knows what takes the time.

use std::fmt;

use crate::source::Span;
use crate::value::Value;

/// A length that is never exceeded, or why there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// What is known of it, nanoseconds; all of it where `open` is `None`.
    pub known: i64,
    pub open: Option<Open>,
}

/// Why a length has no end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// A call without a timeout: it may take whatever the bound around it has left.
    Rest,
    /// Nothing bounds the number that stands there.
    Unknown(Span),
}

impl Amount {
    pub const ZERO: Amount = Amount { known: 0, open: None };
    pub const REST: Amount = Amount { known: 0, open: Some(Open::Rest) };

    /// Returns that length, nanoseconds.
    pub fn of(ns: i64) -> Amount {
        Amount { known: ns.max(0), open: None }
    }

    /// Returns a length that nothing bounds, because of the number at that place.
    pub fn unknown(span: Span) -> Amount {
        Amount { known: 0, open: Some(Open::Unknown(span)) }
    }

    /// Returns the length in nanoseconds, where there is one.
    pub fn bounded(self) -> Option<i64> {
        self.open.is_none().then_some(self.known)
    }

    pub fn is_zero(self) -> bool {
        self == Amount::ZERO
    }

    #[must_use]
    pub fn plus(self, other: Amount) -> Amount {
        Amount { known: self.known.saturating_add(other.known), open: worse(self.open, other.open) }
    }

    /// Returns the longer one.
    #[must_use]
    pub fn or(self, other: Amount) -> Amount {
        Amount { known: self.known.max(other.known), open: worse(self.open, other.open) }
    }

    #[must_use]
    pub fn times(self, n: u64) -> Amount {
        if n == 0 {
            return Amount::ZERO;
        }
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        Amount { known: self.known.saturating_mul(n), open: self.open }
    }

    /// Returns what is left of it where it ends after `limit`, and `late` behind that.
    #[must_use]
    pub fn within(self, limit: Amount, late: Amount) -> Amount {
        let all = limit.plus(late);
        match (self.open, all.open) {
            (None, Some(_)) => self,
            // A limit that nobody knows limits nothing, but it is why nobody knows.
            (Some(_), Some(_)) => Amount { known: self.known, open: all.open },
            (None, None) => Amount::of(self.known.min(all.known)),
            (Some(_), None) => all,
        }
    }
}

fn worse(one: Option<Open>, other: Option<Open>) -> Option<Open> {
    match (one, other) {
        (Some(Open::Unknown(span)), _) | (_, Some(Open::Unknown(span))) => Some(Open::Unknown(span)),
        (one, other) => one.or(other),
    }
}

/// As people read it.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.open {
            None => Value::Duration(self.known).fmt(f),
            Some(Open::Rest) => f.write_str("what is left"),
            Some(Open::Unknown(_)) => f.write_str("unbounded"),
        }
    }
}

/// What something takes at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// When everybody who is asked answers at once.
    pub machine: Amount,
    /// When people take all the time they are given.
    pub all: Amount,
    /// As `all`, without what takes changes back on the way: bounds around do not bound that.
    pub forward: Amount,
}

impl Time {
    pub const ZERO: Time = Time { machine: Amount::ZERO, all: Amount::ZERO, forward: Amount::ZERO };

    /// Returns what the machine takes.
    pub fn work(amount: Amount) -> Time {
        Time { machine: amount, all: amount, forward: amount }
    }

    /// Returns how long people are waited for.
    pub fn people(amount: Amount) -> Time {
        Time { machine: Amount::ZERO, all: amount, forward: amount }
    }

    /// Returns it as time in which changes are taken back.
    #[must_use]
    pub fn back(self) -> Time {
        Time { forward: Amount::ZERO, ..self }
    }

    #[must_use]
    pub fn plus(self, other: Time) -> Time {
        self.with(other, Amount::plus)
    }

    /// Returns the longer of each.
    #[must_use]
    pub fn or(self, other: Time) -> Time {
        self.with(other, Amount::or)
    }

    #[must_use]
    pub fn times(self, n: u64) -> Time {
        Time { machine: self.machine.times(n), all: self.all.times(n), forward: self.forward.times(n) }
    }

    /// Returns what is left of it under a bound, and `late` behind that.
    #[must_use]
    pub fn within(self, limit: Amount, late: Time) -> Time {
        Time {
            machine: self.machine.within(limit, late.machine),
            all: self.all.within(limit, late.all),
            forward: self.forward.within(limit, Amount::ZERO),
        }
    }

    pub fn is_zero(self) -> bool {
        self == Time::ZERO
    }

    fn with(self, other: Time, f: impl Fn(Amount, Amount) -> Amount) -> Time {
        Time {
            machine: f(self.machine, other.machine),
            all: f(self.all, other.all),
            forward: f(self.forward, other.forward),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Time};
    use crate::source::Span;

    #[test]
    fn a_bound_caps_what_has_no_end_and_what_comes_behind_it_is_added() {
        let limit = Amount::of(10);
        assert_eq!(Amount::REST.plus(Amount::of(3)).within(limit, Amount::ZERO), Amount::of(10));
        assert_eq!(Amount::of(7).within(limit, Amount::of(2)), Amount::of(7));
        assert_eq!(Amount::of(70).within(limit, Amount::of(2)), Amount::of(12));
        let unknown = Amount::unknown(Span::default());
        assert_eq!(Amount::REST.within(unknown, Amount::ZERO), unknown);
        assert_eq!(Amount::of(7).within(unknown, Amount::ZERO), Amount::of(7));
    }

    #[test]
    fn people_are_counted_apart() {
        let both = Time::work(Amount::of(2)).plus(Time::people(Amount::of(5)));
        assert_eq!((both.machine, both.all), (Amount::of(2), Amount::of(7)));
        assert_eq!(both.back().forward, Amount::ZERO);
    }
}
