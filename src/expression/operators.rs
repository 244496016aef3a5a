//! Operators on values: order, equality, arithmetic with units.
//!
//! Owns what `types` allows, carried out. An overflow, a division by zero and kinds that do
//! not go together are errors that name both values. Never compares a secret.

use std::cmp::Ordering;

use super::scope::Failure;
use super::text::text_of;
use crate::program::{BinaryOp, UnaryOp};
use crate::value::{Value, float, whole};

/// How much of a value messages show, in characters.
pub(super) const SHOWN: usize = 60;

/// Returns the value as messages name it: `` `5m` (a duration) ``.
pub(super) fn named(value: &Value) -> String {
    match value {
        Value::None => String::from("none"),
        Value::Text(text) if text.is_empty() => String::from("an empty text"),
        value => format!("`{}` ({})", value.brief(SHOWN), value.kind()),
    }
}

/// Returns the value, of a tried call its own.
///
/// # Errors
/// The call failed.
pub(super) fn plain(value: Value) -> Result<Value, Failure> {
    match value {
        Value::Tried(tried) => match &tried.result {
            Ok(value) => plain(value.clone()),
            Err(error) => Err(failed_call(&tried.call, error)),
        },
        other => Ok(other),
    }
}

pub(super) fn failed_call(call: &str, error: &str) -> Failure {
    Failure::missing(format!("`{call}` failed: {error}"))
        .help("of a failed call only `.ok` and `.error` can be read")
}

/// Returns `op value`.
///
/// # Errors
/// The operator does not go with that kind, or the result is too large.
pub(super) fn unary(op: UnaryOp, value: &Value) -> Result<Value, Failure> {
    match (op, value) {
        (UnaryOp::Not, value) => truth(value, "not").map(|b| Value::Bool(!b)),
        (UnaryOp::Negate, Value::Int(n)) => n.checked_neg().map(Value::Int).ok_or_else(too_large),
        (UnaryOp::Negate, Value::Number(n)) => Ok(Value::Number(-n)),
        (UnaryOp::Negate, Value::Percent(n)) => Ok(Value::Percent(-n)),
        (UnaryOp::Negate, Value::Duration(n)) => n.checked_neg().map(Value::Duration).ok_or_else(too_large),
        (UnaryOp::Negate, Value::Size(n)) => n.checked_neg().map(Value::Size).ok_or_else(too_large),
        (UnaryOp::Negate, other) => Err(Failure::new(format!("cannot negate {}", named(other)))),
    }
}

/// Returns whether the value is true.
///
/// # Errors
/// It is neither true nor false.
pub(super) fn truth(value: &Value, word: &str) -> Result<bool, Failure> {
    match value {
        Value::Bool(b) => Ok(*b),
        other => Err(Failure::new(format!("`{word}` takes true or false, not {}", named(other)))),
    }
}

/// Returns `a op b`; `and` and `or` are decided by the caller, who need not know `b`.
///
/// # Errors
/// The operator does not go with these kinds, or there is no result.
pub(super) fn binary(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Failure> {
    let is = |wanted: fn(Ordering) -> bool| compare(a, b).map(|o| Value::Bool(wanted(o)));
    match op {
        BinaryOp::Or => Ok(Value::Bool(truth(a, "or")? || truth(b, "or")?)),
        BinaryOp::And => Ok(Value::Bool(truth(a, "and")? && truth(b, "and")?)),
        BinaryOp::Equal => equal(a, b).map(Value::Bool),
        BinaryOp::NotEqual => equal(a, b).map(|e| Value::Bool(!e)),
        BinaryOp::Less => is(Ordering::is_lt),
        BinaryOp::LessEqual => is(Ordering::is_le),
        BinaryOp::Greater => is(Ordering::is_gt),
        BinaryOp::GreaterEqual => is(Ordering::is_ge),
        BinaryOp::In => contains(b, a).map(Value::Bool),
        BinaryOp::NotIn => contains(b, a).map(|c| Value::Bool(!c)),
        BinaryOp::Join => super::text::concat(&[a, b]),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => arithmetic(op, a, b),
    }
}

/// Returns how two numbers compare, exactly also beyond 2^53.
fn compare_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    let number = |value: &Value| match value {
        Value::Number(n) | Value::Percent(n) => Some(*n),
        _ => None,
    };
    let int_with = |n: i64, f: f64| match whole(f) {
        Some(m) => Some(n.cmp(&m)),
        None => float(n).partial_cmp(&f),
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(a), b) => int_with(*a, number(b)?),
        (a, Value::Int(b)) => int_with(*b, number(a)?).map(Ordering::reverse),
        (a, b) => number(a)?.partial_cmp(&number(b)?),
    }
}

fn same_kind(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Duration(a), Value::Duration(b)) | (Value::Size(a), Value::Size(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => compare_numbers(a, b),
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Damaged(_) | Value::Command(_))
}

/// Returns the order of two numbers, texts, durations, sizes or times.
///
/// # Errors
/// They have no order.
pub(super) fn compare(a: &Value, b: &Value) -> Result<Ordering, Failure> {
    if is_text(a) && is_text(b) {
        return Ok(text_of(a)?.cmp(&text_of(b)?));
    }
    same_kind(a, b).ok_or_else(|| not_comparable(a, b))
}

/// Returns whether two values are equal; `none` is equal to `none` only.
///
/// # Errors
/// They are of kinds that are never equal.
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    match (a, b) {
        (Value::Secret(_), _) | (_, Value::Secret(_)) => Err(not_comparable(a, b)),
        (Value::None, Value::None) => Ok(true),
        (Value::None, _) | (_, Value::None) => Ok(false),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (a, b) if is_text(a) && is_text(b) => Ok(text_of(a)? == text_of(b)?),
        (Value::List(a), Value::List(b)) => Ok(a.len() == b.len() && all_same(a.iter().zip(b.iter()))?),
        (Value::Record(a), Value::Record(b)) => {
            let pairs: Option<Vec<_>> =
                a.0.iter().map(|(name, value)| b.get(name).map(|other| (value, other))).collect();
            match pairs {
                Some(pairs) if a.0.len() == b.0.len() => all_same(pairs.into_iter()),
                _ => Ok(false),
            }
        }
        (Value::Response(a), Value::Response(b)) => Ok(a == b),
        (a, b) => same_kind(a, b).map(Ordering::is_eq).ok_or_else(|| not_comparable(a, b)),
    }
}

/// Inside lists and records other kinds are just not equal; a secret is still refused.
fn all_same<'a>(mut pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<bool, Failure> {
    pairs.try_fold(true, |same, (a, b)| {
        let secret = matches!(a, Value::Secret(_)) || matches!(b, Value::Secret(_));
        match equal(a, b) {
            Ok(equal) => Ok(same && equal),
            Err(failure) if secret => Err(failure),
            Err(_) => Ok(false),
        }
    })
}

fn contains(of: &Value, item: &Value) -> Result<bool, Failure> {
    match of {
        Value::List(items) => {
            let mut why = None;
            let mut fits = items.is_empty();
            for other in items.iter() {
                match equal(other, item) {
                    Ok(true) => return Ok(true),
                    Ok(false) => fits = true,
                    Err(failure) => why = Some(failure),
                }
            }
            // In a list of mixed kinds one that fits is enough; with none the question is wrong.
            match why {
                Some(failure) if !fits => Err(failure),
                _ => Ok(false),
            }
        }
        Value::Record(record) if is_text(item) => Ok(record.get(&text_of(item)?).is_some()),
        text if is_text(text) && is_text(item) => Ok(text_of(text)?.contains(&*text_of(item)?)),
        other => Err(Failure::new(format!("cannot look for {} in {}", named(item), named(other)))),
    }
}

fn not_comparable(a: &Value, b: &Value) -> Failure {
    let failure = Failure::new(format!("cannot compare {} with {}", named(a), named(b)));
    let number = |v: &Value| matches!(v, Value::Int(_) | Value::Number(_) | Value::Percent(_));
    match (a, b) {
        (Value::Secret(_), _) | (_, Value::Secret(_)) => {
            failure.help("a secret may go into a command or a request and nowhere else")
        }
        (Value::Command(_), n) | (n, Value::Command(_)) if number(n) => {
            failure.help("`.number` is the number that a command printed")
        }
        (Value::Text(_), n) | (n, Value::Text(_)) if number(n) => {
            failure.help("`number(text)` makes a number of text")
        }
        (Value::Duration(_), n) | (n, Value::Duration(_)) if number(n) => {
            failure.help("`seconds(n)` makes a duration of a number")
        }
        (Value::Size(_), n) | (n, Value::Size(_)) if number(n) => {
            failure.help("`bytes(n)` makes a size of a number")
        }
        (Value::Text(_), Value::Time(_)) | (Value::Time(_), Value::Text(_)) => {
            failure.help("`time(text)` makes a time of text")
        }
        (Value::Text(_), Value::Duration(_)) | (Value::Duration(_), Value::Text(_)) => {
            failure.help("`duration(text)` makes a duration of text")
        }
        (Value::Text(_), Value::Size(_)) | (Value::Size(_), Value::Text(_)) => {
            failure.help("`size(text)` makes a size of text")
        }
        _ => failure,
    }
}

fn too_large() -> Failure {
    Failure::new("the result is too large")
}

fn arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Failure> {
    use BinaryOp::{Add, Divide, Multiply, Subtract};
    use Value::{Duration, Int, List, Size, Time};
    if op == Divide && is_zero(b) {
        return Err(Failure::new(format!("division by zero: {} / {}", named(a), named(b))));
    }
    let result = match (op, a, b) {
        (Add, Int(a), Int(b)) => a.checked_add(*b).map(Int),
        (Subtract, Int(a), Int(b)) => a.checked_sub(*b).map(Int),
        (Multiply, Int(a), Int(b)) => a.checked_mul(*b).map(Int),
        (Add, Duration(a), Duration(b)) => a.checked_add(*b).map(Duration),
        (Subtract, Duration(a), Duration(b)) => a.checked_sub(*b).map(Duration),
        (Add, Size(a), Size(b)) => a.checked_add(*b).map(Size),
        (Subtract, Size(a), Size(b)) => a.checked_sub(*b).map(Size),
        (Divide, Duration(a), Duration(b)) | (Divide, Size(a), Size(b)) => {
            return Ok(Value::Number(float(*a) / float(*b)));
        }
        (Subtract, Time(a), Time(b)) => {
            i64::try_from(a.as_nanosecond() - b.as_nanosecond()).ok().map(Duration)
        }
        (Add, Time(t), Duration(d)) | (Add, Duration(d), Time(t)) => {
            t.checked_add(jiff::SignedDuration::from_nanos(*d)).ok().map(Time)
        }
        (Subtract, Time(t), Duration(d)) => {
            t.checked_sub(jiff::SignedDuration::from_nanos(*d)).ok().map(Time)
        }
        (Add, List(a), List(b)) => Some(Value::list(a.iter().chain(b.iter()).cloned().collect())),
        (Multiply | Divide, Duration(n), by) | (Multiply, by, Duration(n)) if is_number(by) => {
            scale(op, *n, by).map(Duration)
        }
        (Multiply | Divide, Size(n), by) | (Multiply, by, Size(n)) if is_number(by) => {
            scale(op, *n, by).map(Size)
        }
        (op, a, b) if is_number(a) && is_number(b) => return numbers(op, a, b),
        _ => return Err(no_arithmetic(op, a, b)),
    };
    result.ok_or_else(too_large)
}

fn is_number(value: &Value) -> bool {
    as_number(value).is_some()
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(float(*n)),
        Value::Number(n) | Value::Percent(n) => Some(*n),
        _ => None,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(n) | Value::Duration(n) | Value::Size(n) => *n == 0,
        Value::Number(n) | Value::Percent(n) => *n == 0.0,
        _ => false,
    }
}

/// Returns a duration or size times or by a number, to the nearest nanosecond or byte.
fn scale(op: BinaryOp, n: i64, by: &Value) -> Option<i64> {
    match (op, by) {
        (BinaryOp::Multiply, Value::Int(by)) => n.checked_mul(*by),
        (BinaryOp::Multiply, by) => whole((float(n) * as_number(by)?).round()),
        (_, by) => whole((float(n) / as_number(by)?).round()),
    }
}

fn numbers(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Failure> {
    let (Some(x), Some(y)) = (as_number(a), as_number(b)) else {
        return Err(no_arithmetic(op, a, b));
    };
    let result = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        _ => x / y,
    };
    if !result.is_finite() {
        return Err(too_large());
    }
    let percent = |v: &Value| matches!(v, Value::Percent(_));
    let share = match op {
        BinaryOp::Add | BinaryOp::Subtract => percent(a) || percent(b),
        BinaryOp::Multiply => percent(a) && percent(b),
        _ => percent(a) && !percent(b),
    };
    Ok(if share { Value::Percent(result) } else { Value::Number(result) })
}

fn no_arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Failure {
    let (a_named, b_named) = (named(a), named(b));
    let failure = Failure::new(match op {
        BinaryOp::Add => format!("cannot add {a_named} and {b_named}"),
        BinaryOp::Subtract => format!("cannot subtract {b_named} from {a_named}"),
        BinaryOp::Multiply => format!("cannot multiply {a_named} by {b_named}"),
        _ => format!("cannot divide {a_named} by {b_named}"),
    });
    match (a, b) {
        (Value::Secret(_), _) | (_, Value::Secret(_)) => {
            failure.help("only `~` takes a secret, and makes a secret")
        }
        (Value::Text(_), _) | (_, Value::Text(_)) if op == BinaryOp::Add => {
            failure.help("`~` joins text, `number(text)` makes a number of it")
        }
        (Value::Text(_), _) | (_, Value::Text(_)) => failure.help("`number(text)` makes a number of text"),
        (Value::Command(_), _) | (_, Value::Command(_)) => {
            failure.help("`.number` is the number that a command printed")
        }
        (Value::Duration(_), _) | (_, Value::Duration(_)) => {
            failure.help("`seconds(n)` makes a duration of a number")
        }
        (Value::Size(_), _) | (_, Value::Size(_)) => failure.help("`bytes(n)` makes a size of a number"),
        _ => failure,
    }
}
