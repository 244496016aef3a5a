//! How large a number can be, and how long a list, before anything runs.
//!
//! Owns intervals of expressions: literals, parameters with a range or a value, and what is computed from them. What is
//! read while a run goes on has none. Never evaluates a call.

use crate::program::{BinaryOp, Expr, ExprKind, GlobalSource, NameRef, Param, Program, UnaryOp};
use crate::source::Span;
use crate::value::Value;

use super::{Amount, Given};

/// Functions whose result is no longer than their first argument.
const SHORTENING: &[&str] =
    &["map", "select", "reject", "selectattr", "rejectattr", "sort", "unique", "reverse", "groupby", "batch"];

/// What is known of a value: between which numbers it lies (durations in nanoseconds), and how long it is at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Known {
    pub number: Option<(f64, f64)>,
    pub length: Option<u64>,
}

impl Known {
    /// Returns what holds for both.
    pub fn or(self, other: Known) -> Known {
        let number = self.number.zip(other.number).map(|((a, b), (c, d))| (a.min(c), b.max(d)));
        Known { number, length: self.length.zip(other.length).map(|(a, b)| a.max(b)) }
    }

    /// Returns it as a key.
    pub fn key(self) -> (Option<(u64, u64)>, Option<u64>) {
        (self.number.map(|(low, high)| (low.to_bits(), high.to_bits())), self.length)
    }

    fn of(value: &Value) -> Known {
        let number = number(value).map(|n| (n, n));
        let length = match value {
            Value::List(items) => Some(items.len() as u64),
            _ => None,
        };
        Known { number, length }
    }
}

/// What is known of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    globals: Vec<Known>,
    /// Of the frame that is walked.
    pub locals: Vec<Option<Known>>,
}

impl Names {
    /// Returns what is known of a program's names before it begins. `args`: what a `follow` gives it.
    pub fn of(program: &Program, given: &Given, args: Option<&[(String, Known)]>) -> Names {
        let mut names = Names::default();
        for global in &program.globals {
            let name = &global.slot.name;
            let known = match &global.source {
                GlobalSource::Secret(_) => Known::default(),
                GlobalSource::Let(expr) => names.expr(expr),
                GlobalSource::Param(param) => match args {
                    Some(args) if !name.contains('.') => match args.iter().find(|(of, _)| of == name) {
                        Some((_, known)) => *known,
                        // What is not given has its default.
                        None => param.default.as_ref().map_or_else(Known::default, |d| names.expr(d)),
                    },
                    _ => names.param(name, param, given),
                },
            };
            names.globals.push(known);
        }
        names
    }

    fn param(&self, name: &str, param: &Param, given: &Given) -> Known {
        if let Some((_, value)) = given.params.iter().find(|(of, _)| of == name) {
            return Known::of(value);
        }
        if let (true, Some(default)) = (given.whole, &param.default) {
            return self.expr(default);
        }
        if let Some((low, high)) = &param.domain.range {
            return Known { number: number(low).zip(number(high)), length: None };
        }
        let choices = param.domain.choices.iter().map(Known::of);
        choices.reduce(Known::or).unwrap_or_default()
    }

    /// Binds a name; where it is bound already, on another path, what holds for both is known.
    pub fn bind(&mut self, slot: u32, known: Known) {
        let slot = slot as usize;
        if self.locals.len() <= slot {
            self.locals.resize(slot + 1, None);
        }
        self.locals[slot] = Some(self.locals[slot].map_or(known, |before| before.or(known)));
    }

    /// Returns what is known of an expression's value.
    pub fn expr(&self, expr: &Expr) -> Known {
        match &expr.kind {
            ExprKind::Literal(value) => Known::of(value),
            ExprKind::List(items) => Known { number: None, length: Some(items.len() as u64) },
            ExprKind::Name(NameRef::Global(n)) => self.globals.get(*n as usize).copied().unwrap_or_default(),
            ExprKind::Name(NameRef::Local(n)) => {
                self.locals.get(*n as usize).copied().flatten().unwrap_or_default()
            }
            ExprKind::Conditional { then, otherwise, .. } => self.expr(then).or(self.expr(otherwise)),
            ExprKind::Unary(UnaryOp::Negate, a) => {
                let number = self.expr(a).number.map(|(low, high)| (-high, -low));
                Known { number, length: None }
            }
            ExprKind::Binary(op, a, b) => {
                let number = self.expr(a).number.zip(self.expr(b).number);
                Known { number: number.and_then(|(a, b)| computed(*op, a, b)), length: None }
            }
            ExprKind::Function { name, args, named } => self.function(name, args, named),
            _ => Known::default(),
        }
    }

    fn function(&self, name: &str, args: &[Expr], named: &[(String, Expr)]) -> Known {
        let first = args.first().map(|a| self.expr(a)).unwrap_or_default();
        let numbers = || args.iter().map(|a| self.expr(a).number);
        let lengths = || args.iter().map(|a| self.expr(a).length);
        let number = match name {
            // The smallest of several is no larger than any of them.
            "min" if args.len() > 1 => {
                let high = numbers().flatten().map(|(_, high)| high).reduce(f64::min);
                let low = numbers().map(|n| n.map_or(f64::NEG_INFINITY, |(low, _)| low)).reduce(f64::min);
                low.zip(high)
            }
            "max" if args.len() > 1 => numbers()
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().reduce(|(a, b), (c, d)| (a.max(c), b.max(d)))),
            "seconds" => first.number.map(|(low, high)| (low * 1e9, high * 1e9)),
            "in_seconds" => first.number.map(|(low, high)| (low / 1e9, high / 1e9)),
            "percent" => first.number.map(|(low, high)| (low / 100.0, high / 100.0)),
            "int" | "float" | "number" | "duration" => first.number,
            "round" => first.number.map(|(low, high)| (low.floor(), high.ceil())),
            "length" | "count" => first.length.map(|length| (0.0, as_number(length))),
            _ => None,
        };
        let length = match name {
            "take" => {
                let n = args.get(1).or_else(|| named.iter().find(|(k, _)| k == "n").map(|(_, e)| e));
                let n = n.and_then(|n| self.expr(n).number).map(|(_, high)| whole(high));
                [n, first.length].into_iter().flatten().min()
            }
            "range" => {
                let ends: Option<Vec<_>> =
                    args.iter().chain(named.iter().map(|(_, e)| e)).map(|e| self.expr(e).number).collect();
                ends.and_then(|ends| match ends.as_slice() {
                    [(_, high)] => Some(whole(*high)),
                    [(low, _), (_, high)] => Some(whole(high - low)),
                    _ => None,
                })
            }
            "chain" => lengths().sum::<Option<u64>>(),
            "zip" => lengths().flatten().min(),
            name if SHORTENING.contains(&name) => first.length,
            _ => None,
        };
        Known { number, length }
    }

    /// Returns how long a duration is at most.
    pub fn duration(&self, expr: &Expr) -> Amount {
        match self.expr(expr).number {
            Some((_, high)) => Amount::of(nanoseconds(high)),
            None => Amount::unknown(expr.span),
        }
    }

    /// Returns how large a count is at most, or where nothing bounds it.
    pub fn count(&self, expr: &Expr) -> Result<u64, Span> {
        self.expr(expr).number.map(|(_, high)| whole(high)).ok_or(expr.span)
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) | Value::Duration(n) | Value::Size(n) => Some(as_float(*n)),
        Value::Number(n) | Value::Percent(n) => Some(*n),
        _ => None,
    }
}

fn computed(op: BinaryOp, (a, b): (f64, f64), (c, d): (f64, f64)) -> Option<(f64, f64)> {
    let corners = |f: fn(f64, f64) -> f64| {
        let all = [f(a, c), f(a, d), f(b, c), f(b, d)];
        (all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max))
    };
    let made = match op {
        BinaryOp::Add => corners(|x, y| x + y),
        BinaryOp::Subtract => corners(|x, y| x - y),
        BinaryOp::Multiply => corners(|x, y| x * y),
        BinaryOp::Divide if c > 0.0 || d < 0.0 => corners(|x, y| x / y),
        _ => return None,
    };
    (made.0.is_finite() && made.1.is_finite()).then_some(made)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of more than a hundred days lose nanoseconds")]
fn as_float(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn as_number(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
fn nanoseconds(n: f64) -> i64 {
    n.ceil() as i64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, not wrapped")]
pub(super) fn whole(n: f64) -> u64 {
    n.max(0.0).floor() as u64
}
