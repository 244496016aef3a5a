//! Types of operators, fields and indices.
//!
//! Owns what the checker may rely on: the type an expression has, and why it has none.
//! `operators` and `access` carry out at run time what is allowed here; what is `any` is
//! left to them. Never looks at values.

use crate::diagnostic::nearest;
use crate::program::{BinaryOp, UnaryOp};
use crate::value::Type;

/// Why a field is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Lowercase, no full stop.
    pub message: String,
    /// The fields that are there; empty when the type has none.
    pub known: Vec<String>,
}

/// The fields of a command's result, with their types.
pub(super) const COMMAND_FIELDS: [(&str, Type); 8] = [
    ("stdout", Type::Text),
    ("stderr", Type::Text),
    ("lines", Type::Any),
    ("json", Type::Any),
    ("number", Type::Number),
    ("exit", Type::Int),
    ("ok", Type::Bool),
    ("elapsed", Type::Duration),
];

/// The fields of a response, with their types.
pub(super) const RESPONSE_FIELDS: [(&str, Type); 6] = [
    ("status", Type::Int),
    ("headers", Type::Record(None)),
    ("body", Type::Text),
    ("json", Type::Any),
    ("ok", Type::Bool),
    ("elapsed", Type::Duration),
];

/// What text offers of a command's fields.
const TEXT_FIELDS: [&str; 4] = ["stdout", "lines", "json", "number"];

/// Returns the type of the call's own value: a tried one is used as if it had not failed.
pub(super) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Tried(of) => plain(of),
        other => other,
    }
}

/// Returns whether a value of that type is, or holds, a secret.
pub fn contains_secret(ty: &Type) -> bool {
    match ty {
        Type::Secret => true,
        Type::List(of) | Type::Tried(of) => contains_secret(of),
        Type::Record(Some(fields)) => fields.values().any(contains_secret),
        _ => false,
    }
}

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Number | Type::Percent)
}

fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Command)
}

/// Returns whether a value of `from` may stand where `to` is wanted.
///
/// Whole numbers are numbers, numbers and percentages are each other, `any` is checked when
/// used, a tried value is used as if it had not failed, a command stands for what it printed,
/// a secret may go where text may (and makes what comes of it secret).
pub fn assignable(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Any) | (Type::Any, _) => true,
        (from, to) if from == to => true,
        (Type::Tried(from), Type::Tried(to)) => assignable(from, to),
        (Type::Tried(from), to) => assignable(from, to),
        (from, Type::Tried(to)) => assignable(from, to),
        (Type::Int | Type::Number | Type::Percent, Type::Number | Type::Percent)
        | (Type::Command | Type::Secret, Type::Text)
        | (Type::Record(_), Type::Record(None))
        | (Type::Record(None), Type::Record(_)) => true,
        (Type::List(from), Type::List(to)) => assignable(from, to),
        (Type::Record(Some(from)), Type::Record(Some(to))) => {
            to.iter().all(|(name, ty)| from.get(name).is_some_and(|have| assignable(have, ty)))
        }
        _ => false,
    }
}

/// Returns the type that values of both have: of the branches of a condition, the items of a list.
/// `any` when they have none in common.
pub fn common(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::Secret, Type::Text | Type::Command) | (Type::Text | Type::Command, Type::Secret) => {
            Type::Secret
        }
        (Type::Percent, Type::Int | Type::Number) | (Type::Int | Type::Number, Type::Percent) => {
            Type::Percent
        }
        (Type::Int, Type::Number) | (Type::Number, Type::Int) => Type::Number,
        (Type::Command, Type::Text) | (Type::Text, Type::Command) => Type::Text,
        (Type::List(a), Type::List(b)) => Type::List(Box::new(common(a, b))),
        (Type::Record(_), Type::Record(_)) => Type::Record(None),
        (Type::Tried(a), b) | (b, Type::Tried(a)) => common(plain(a), plain(b)),
        _ => Type::Any,
    }
}

/// Returns whether `==` may stand between values of these types.
pub fn comparable(a: &Type, b: &Type) -> bool {
    match (plain(a), plain(b)) {
        (Type::Any | Type::None, _) | (_, Type::Any | Type::None) => true,
        (a, b) if is_number(a) && is_number(b) => true,
        (a, b) if is_text(a) && is_text(b) => true,
        (Type::List(a), Type::List(b)) => comparable(a, b),
        (Type::Record(_), Type::Record(_)) => true,
        (a, b) => a == b,
    }
}

/// Returns whether `<` may stand between values of these types.
fn ordered(a: &Type, b: &Type) -> bool {
    let orderable = |ty: &Type| {
        is_number(ty) || is_text(ty) || matches!(ty, Type::Any | Type::Duration | Type::Size | Type::Time)
    };
    let (a, b) = (plain(a), plain(b));
    orderable(a) && orderable(b) && comparable(a, b)
}

/// Returns the type of `a op b`.
///
/// # Errors
/// The reason why the operator may not stand between these types.
pub fn binary_type(op: BinaryOp, a: &Type, b: &Type) -> Result<Type, String> {
    let (a, b) = (plain(a), plain(b));
    if op == BinaryOp::Join {
        return Ok(if contains_secret(a) || contains_secret(b) { Type::Secret } else { Type::Text });
    }
    if *a == Type::Secret || *b == Type::Secret {
        return Err(String::from(
            "a secret may go into a command or a request and nowhere else: only `~` takes one",
        ));
    }
    match op {
        BinaryOp::Or | BinaryOp::And => {
            for ty in [a, b] {
                if !matches!(ty, Type::Bool | Type::Any) {
                    let word = if op == BinaryOp::Or { "or" } else { "and" };
                    return Err(format!("`{word}` takes true or false, not `{ty}`"));
                }
            }
            Ok(Type::Bool)
        }
        BinaryOp::Equal | BinaryOp::NotEqual if comparable(a, b) => Ok(Type::Bool),
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual
            if ordered(a, b) =>
        {
            Ok(Type::Bool)
        }
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual => Err(not_comparable(a, b)),
        BinaryOp::In | BinaryOp::NotIn => member_type(a, b),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => {
            arithmetic_type(op, a, b)
        }
        BinaryOp::Join => Ok(Type::Text),
    }
}

fn not_comparable(a: &Type, b: &Type) -> String {
    if a == b {
        return format!("`{a}` has no order: only `==` and `!=` compare it");
    }
    let hint = match (a, b) {
        (Type::Command, _) | (_, Type::Command) => {
            ": use `.number`, `.json`, `.lines` or `.exit` of the command"
        }
        (Type::Duration, n) | (n, Type::Duration) if is_number(n) => {
            ": write the number with its unit, or make it a duration with `seconds(n)`"
        }
        (Type::Size, n) | (n, Type::Size) if is_number(n) => {
            ": write the number with its unit, or make it a size with `bytes(n)`"
        }
        (Type::Text, n) | (n, Type::Text) if is_number(n) => ": `number(text)` makes a number of text",
        _ => "",
    };
    format!("cannot compare `{a}` with `{b}`{hint}")
}

fn member_type(item: &Type, of: &Type) -> Result<Type, String> {
    let fits = match of {
        Type::Any => true,
        Type::List(element) => comparable(item, element),
        Type::Text | Type::Command | Type::Record(_) => is_text(item) || *item == Type::Any,
        _ => {
            return Err(format!("`in` looks into a list, a text or a record, not into `{of}`"));
        }
    };
    if fits { Ok(Type::Bool) } else { Err(format!("`{item}` is never in `{of}`")) }
}

fn arithmetic_type(op: BinaryOp, a: &Type, b: &Type) -> Result<Type, String> {
    use BinaryOp::{Add, Divide, Multiply, Subtract};
    use Type::{Any, Duration, Int, List, Number, Percent, Size, Time};
    Ok(match (op, a, b) {
        (_, Any, _) | (_, _, Any) => Any,
        (Add | Subtract | Multiply, Int, Int) => Int,
        (Add | Subtract, Percent, n) | (Add | Subtract, n, Percent) if is_number(n) => Percent,
        (Multiply, Percent, Percent) => Percent,
        (Divide, Percent, Int | Number) => Percent,
        (_, a, b) if is_number(a) && is_number(b) => Number,
        (Add | Subtract, Duration, Duration) | (Subtract, Time, Time) => Duration,
        (Add | Subtract, Size, Size) => Size,
        (Add | Subtract, Time, Duration) | (Add, Duration, Time) => Time,
        (Multiply | Divide, Duration, n) | (Multiply, n, Duration) if is_number(n) => Duration,
        (Multiply | Divide, Size, n) | (Multiply, n, Size) if is_number(n) => Size,
        (Divide, Duration, Duration) | (Divide, Size, Size) => Number,
        (Add, List(a), List(b)) => List(Box::new(common(a, b))),
        _ => return Err(no_arithmetic(op, a, b)),
    })
}

fn no_arithmetic(op: BinaryOp, a: &Type, b: &Type) -> String {
    let hint = match (op, a, b) {
        (BinaryOp::Add, x, _) | (BinaryOp::Add, _, x) if *x == Type::Text => ": `~` joins text",
        (_, Type::Command, _) | (_, _, Type::Command) => {
            ": use `.number` of the command for the number it printed"
        }
        (_, Type::Duration, n) | (_, n, Type::Duration) if is_number(n) => {
            ": give the number its unit, or make it a duration with `seconds(n)`"
        }
        (_, Type::Size, n) | (_, n, Type::Size) if is_number(n) => {
            ": give the number its unit, or make it a size with `bytes(n)`"
        }
        _ => "",
    };
    match op {
        BinaryOp::Add => format!("cannot add `{a}` and `{b}`{hint}"),
        BinaryOp::Subtract => format!("cannot subtract `{b}` from `{a}`{hint}"),
        BinaryOp::Multiply => format!("cannot multiply `{a}` by `{b}`{hint}"),
        _ => format!("cannot divide `{a}` by `{b}`{hint}"),
    }
}

/// Returns the type of `op a`.
///
/// # Errors
/// The reason why the operator may not stand before that type.
pub fn unary_type(op: UnaryOp, ty: &Type) -> Result<Type, String> {
    match (op, plain(ty)) {
        (_, Type::Any) => Ok(match op {
            UnaryOp::Not => Type::Bool,
            UnaryOp::Negate => Type::Any,
        }),
        (UnaryOp::Not, Type::Bool) => Ok(Type::Bool),
        (UnaryOp::Not, other) => Err(format!("`not` takes true or false, not `{other}`")),
        (UnaryOp::Negate, ty @ (Type::Int | Type::Number | Type::Percent | Type::Duration | Type::Size)) => {
            Ok(ty.clone())
        }
        (UnaryOp::Negate, other) => Err(format!("cannot negate `{other}`")),
    }
}

/// Returns the type of `base.field`.
///
/// # Errors
/// Why there is no such field, and the fields there are.
pub fn field_type(base: &Type, field: &str) -> Result<Type, FieldError> {
    let of = |fields: &[(&str, Type)]| {
        fields
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(name, ty)| typed(name, ty))
            .ok_or_else(|| unknown(base, field, fields.iter().map(|(n, _)| (*n).to_owned())))
    };
    match base {
        Type::Any => Ok(Type::Any),
        Type::Command => of(&COMMAND_FIELDS),
        Type::Response => of(&RESPONSE_FIELDS),
        Type::Text => {
            let fields: Vec<_> =
                COMMAND_FIELDS.into_iter().filter(|(name, _)| TEXT_FIELDS.contains(name)).collect();
            of(&fields)
        }
        Type::Tried(inner) => match field {
            "ok" => Ok(Type::Bool),
            "error" => Ok(Type::Text),
            _ => field_type(inner, field).map_err(|e| {
                let own = ["ok", "error"].map(str::to_owned).into_iter();
                let known = own.chain(e.known.into_iter().filter(|n| n != "ok"));
                unknown(base, field, known)
            }),
        },
        Type::Record(None) => Ok(Type::Any),
        Type::Record(Some(fields)) => {
            fields.get(field).cloned().ok_or_else(|| unknown(base, field, fields.keys().cloned()))
        }
        _ => Err(unknown(base, field, std::iter::empty())),
    }
}

fn typed(field: &str, ty: &Type) -> Type {
    if field == "lines" { Type::List(Box::new(Type::Text)) } else { ty.clone() }
}

fn unknown(base: &Type, field: &str, known: impl Iterator<Item = String>) -> FieldError {
    let known: Vec<String> = known.collect();
    let hint = match (nearest(field, known.iter().map(String::as_str)), plain(base)) {
        (Some(name), _) => format!(": did you mean `{name}`?"),
        (None, Type::Secret) => String::from(
            ": it goes whole into a command or a request; `parse_url` takes a connection string apart",
        ),
        (None, Type::List(_)) => String::from(": `[0]` takes its first item"),
        (None, _) => String::new(),
    };
    FieldError { message: format!("`{base}` has no field `{field}`{hint}"), known }
}

/// Returns the type of `base[index]`.
///
/// # Errors
/// The reason why it cannot be indexed so.
pub fn index_type(base: &Type, index: &Type) -> Result<Type, String> {
    match (plain(base), plain(index)) {
        (Type::Any, Type::Any | Type::Int | Type::Text) => Ok(Type::Any),
        (Type::List(of), Type::Int | Type::Any) => Ok((**of).clone()),
        (Type::List(_), other) => Err(format!("a list is indexed by a whole number, not `{other}`")),
        (Type::Record(_), Type::Text | Type::Any) => Ok(Type::Any),
        (Type::Record(_), other) => Err(format!("a record is indexed by text, not `{other}`")),
        (Type::Any, other) => Err(format!("an index is a whole number or text, not `{other}`")),
        (other, _) => Err(format!("`{other}` has no items to index")),
    }
}
