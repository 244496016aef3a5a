//! Numbers with and without units, dates and times.
//!
//! Owns the units that may be written. Never compares or converts values beyond their smallest unit.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::Expression;

/// Units of time, in nanoseconds.
const TIMES: [(&str, u64); 5] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Units of size, in bytes.
const SIZES: [(&str, u64); 12] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PiB", 1 << 50),
];

/// What people write for a unit, and the unit.
const HABITS: [(&str, &str); 25] = [
    ("milliseconds", "ms"),
    ("millisecond", "ms"),
    ("msec", "ms"),
    ("seconds", "s"),
    ("second", "s"),
    ("secs", "s"),
    ("sec", "s"),
    ("minutes", "m"),
    ("minute", "m"),
    ("mins", "m"),
    ("min", "m"),
    ("hours", "h"),
    ("hour", "h"),
    ("hrs", "h"),
    ("hr", "h"),
    ("days", "d"),
    ("day", "d"),
    ("percent", "%"),
    ("K", "KiB"),
    ("M", "MiB"),
    ("G", "GiB"),
    ("T", "TiB"),
    ("Gi", "GiB"),
    ("Mi", "MiB"),
    ("Ki", "KiB"),
];

fn unit_of(word: &str) -> Option<&'static str> {
    let known = TIMES.iter().chain(&SIZES).map(|(unit, _)| *unit).chain(["%"]);
    known
        .clone()
        .find(|unit| *unit == word)
        .or_else(|| HABITS.iter().find(|(habit, _)| habit.eq_ignore_ascii_case(word)).map(|(_, unit)| *unit))
        .or_else(|| known.clone().find(|unit| unit.eq_ignore_ascii_case(word)))
}

impl Reader<'_> {
    /// Reads a number, a quantity, a date or a time.
    pub fn quantity(&mut self, pair: &Pair<'_>) -> Expression {
        let written = pair.as_str();
        let span = self.span(pair);
        match pair.as_rule() {
            Rule::number => self.number(written, span),
            Rule::quantity => self.with_unit(written, span),
            Rule::mistake_spaced_quantity => self.spaced(written, span),
            Rule::date => self.date(pair).map_or(Expression::Invalid, |date| Expression::Date(date.node)),
            Rule::timestamp => self.timestamp(written, span),
            _ => Expression::Invalid,
        }
    }

    fn number(&mut self, written: &str, span: Span) -> Expression {
        let digits = written.replace('_', "");
        if digits.contains('.') {
            return digits.parse().map_or(Expression::Invalid, Expression::Float);
        }
        digits.parse().map(Expression::Int).unwrap_or_else(|_| self.too_large(span))
    }

    fn too_large(&mut self, span: Span) -> Expression {
        let message = format!("`{}` is too large", self.slice(span));
        self.report(Diagnostic::error("number-too-large", message).at(span, ""));
        Expression::Invalid
    }

    fn spaced(&mut self, written: &str, span: Span) -> Expression {
        let (number, word) = split_unit(written);
        let unit = unit_of(word).unwrap_or(word);
        let number = number.trim_end();
        self.report(
            Diagnostic::error("spaced-unit", "a unit follows its number without a blank")
                .at(span, "")
                .help(format!("write `{number}{unit}`")),
        );
        self.valued(number, unit, span)
    }

    fn with_unit(&mut self, written: &str, span: Span) -> Expression {
        let (number, word) = split_unit(written);
        if TIMES.iter().chain(&SIZES).any(|(unit, _)| *unit == word) || word == "%" {
            return self.valued(number, word, span);
        }
        if let Some(nanos) = compound(written) {
            return Expression::Duration(Duration::from_nanos(nanos));
        }
        let shown: String = written.chars().take(40).collect();
        let diagnostic = Diagnostic::error("unknown-unit", format!("`{word}` is not a unit")).at(span, "");
        let units = "units are `ms s m h d` of time, `B KB MB GB TB KiB MiB GiB TiB` of size, and `%`";
        let Some(unit) = unit_of(word) else {
            let near = nearest(word, SIZES.iter().map(|(unit, _)| *unit).filter(|_| word.len() > 1));
            let diagnostic = match near {
                Some(near) => diagnostic.help(format!("did you mean `{number}{near}`?")),
                None => diagnostic.help(units),
            };
            self.report(diagnostic);
            return Expression::Invalid;
        };
        self.report(diagnostic.help(format!("write `{number}{unit}` instead of `{shown}`")));
        self.valued(number, unit, span)
    }

    fn valued(&mut self, number: &str, unit: &str, span: Span) -> Expression {
        let number = number.replace('_', "");
        if unit == "%" {
            return number.parse().map_or(Expression::Invalid, Expression::Percent);
        }
        if let Some((_, nanos)) = TIMES.iter().find(|(name, _)| *name == unit) {
            return match scaled(&number, *nanos) {
                Some(nanos) => Expression::Duration(Duration::from_nanos(nanos)),
                None => self.too_large(span),
            };
        }
        let bytes =
            SIZES.iter().find(|(name, _)| *name == unit).and_then(|(_, bytes)| scaled(&number, *bytes));
        bytes.map_or_else(|| self.too_large(span), Expression::Size)
    }

    /// Reads a `date`.
    pub fn date(&mut self, pair: &Pair<'_>) -> Option<Spanned<Date>> {
        let span = self.span(pair);
        match pair.as_str().parse::<Date>() {
            Ok(date) => Some(Spanned::new(date, span)),
            Err(_) => {
                let message = format!("`{}` is not a day of the calendar", pair.as_str());
                self.report(Diagnostic::error("invalid-date", message).at(span, ""));
                None
            }
        }
    }

    fn timestamp(&mut self, written: &str, span: Span) -> Expression {
        if let Ok(time) = written.parse::<Timestamp>() {
            return Expression::Time(time);
        }
        let zoned = written.get(16..).is_some_and(|rest| rest.contains(['Z', '+', '-']));
        let diagnostic = if zoned {
            Diagnostic::error("invalid-date", format!("`{written}` is not a time")).at(span, "")
        } else {
            Diagnostic::error("invalid-date", format!("`{written}` does not say in which zone"))
                .at(span, "")
                .help(format!("write `{written}Z` for UTC"))
        };
        self.report(diagnostic);
        Expression::Invalid
    }
}

/// Splits `30s` into number and unit.
fn split_unit(written: &str) -> (&str, &str) {
    let at = written.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(written.len());
    written.split_at_checked(at).unwrap_or((written, ""))
}

/// Returns `number` × `unit`, exact for whole numbers, or `None` when it does not fit.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let mut part = 0_u128;
    let mut scale = 1_u128;
    for digit in fraction.bytes().take(18) {
        part = part * 10 + u128::from(digit.saturating_sub(b'0'));
        scale *= 10;
    }
    whole.checked_add(u64::try_from(part * u128::from(unit) / scale).ok()?)
}

/// Returns the nanoseconds of `1h30m`: units of time from large to small, each once.
fn compound(written: &str) -> Option<u64> {
    let mut rest = written;
    let mut total = 0_u64;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, nanos) = TIMES.iter().find(|(name, _)| *name == unit)?;
        if *nanos >= last {
            return None;
        }
        last = *nanos;
        total = total.checked_add(scaled(number, *nanos)?)?;
        rest = after;
    }
    Some(total)
}
