//! Functions that look into the items of a list: pick, test, sort, group.
//!
//! Owns paths (`a.b`, `0.name`) and tests by name. Compares as the operators do, so units are
//! kept and kinds that do not go together are errors. Never treats a missing field as empty.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::super::access;
use super::super::operators::{SHOWN, binary, compare, named};
use super::super::scope::Failure;
use super::super::text::{regex, text_of};
use super::arguments::Args;
use crate::diagnostic::nearest;
use crate::program::BinaryOp;
use crate::value::{Type, Value, brief, whole};

/// Tests by name; those of minijinja, and `matches`.
const TESTS: [&str; 24] = [
    "eq",
    "equalto",
    "==",
    "ne",
    "!=",
    "lt",
    "lessthan",
    "<",
    "le",
    "<=",
    "gt",
    "greaterthan",
    ">",
    "ge",
    ">=",
    "in",
    "true",
    "false",
    "none",
    "defined",
    "startingwith",
    "endingwith",
    "containing",
    "matches",
];

pub(super) fn call(args: &Args) -> Result<Value, Failure> {
    match args.name {
        "attr" => path(args.any(0)?, &args.text(1)?, "the value"),
        "map" => map(args),
        "select" => keep(args, None, 1, true),
        "reject" => keep(args, None, 1, false),
        "selectattr" => keep(args, Some(1), 2, true),
        "rejectattr" => keep(args, Some(1), 2, false),
        "groupby" => group(args),
        "sort" => sort(args),
        _ => unique(args),
    }
}

/// Returns the value at a path of names and positions.
fn path(value: &Value, path: &str, what: &str) -> Result<Value, Failure> {
    let mut value = value.clone();
    let mut so_far = what.to_owned();
    for step in path.split('.') {
        let what = || so_far.clone();
        value = match (&value, step.parse::<i64>()) {
            (Value::List(_), Ok(at)) => access::index(&value, &Value::Int(at), &what)?,
            _ => access::field(&value, step, &Type::Any, &what)?,
        };
        so_far = format!("{so_far}.{step}");
    }
    Ok(value)
}

fn item_path(item: &Value, at: usize, name: &str) -> Result<Value, Failure> {
    path(item, name, &format!("item {at} of the list"))
}

fn map(args: &Args) -> Result<Value, Failure> {
    let attribute = args.optional_text(1)?;
    let filter = args.optional_text(2)?;
    let mut result = Vec::with_capacity(args.list(0)?.len());
    for (at, item) in args.list(0)?.iter().enumerate() {
        let mut value = item.clone();
        if let Some(attribute) = &attribute {
            value = match (item_path(item, at, attribute), args.given(3)) {
                (Err(failure), Some(default)) if failure.missing => default.clone(),
                (value, _) => value?,
            };
        }
        if let Some(filter) = &filter {
            value = super::call_function(filter, vec![value], Vec::new(), args.now)?;
        }
        result.push(value);
    }
    if attribute.is_none() && filter.is_none() {
        return Err(Failure::new("`map` needs the argument `attribute`")
            .help("`map(\"name\")` takes that field of each item, `map(filter: \"upper\")` a filter"));
    }
    Ok(Value::list(result))
}

/// Keeps the items for which the test, named by argument `test_at`, is `wanted`.
fn keep(args: &Args, attribute_at: Option<usize>, test_at: usize, wanted: bool) -> Result<Value, Failure> {
    let attribute = attribute_at.map(|at| args.text(at)).transpose()?;
    let test = args.optional_text(test_at)?;
    let operand = args.given(test_at + 1);
    let mut kept = Vec::new();
    for (at, item) in args.list(0)?.iter().enumerate() {
        let value = match &attribute {
            Some(name) => match (item_path(item, at, name), test.as_deref()) {
                (found, Some("defined")) => {
                    if matches!(&found, Err(failure) if !failure.missing) {
                        return found;
                    }
                    Value::Bool(found.is_ok())
                }
                (found, _) => found?,
            },
            None => item.clone(),
        };
        let holds = match test.as_deref() {
            None => truthy(&value),
            Some("defined") if attribute.is_some() => truthy(&value),
            Some(test) => holds(test, &value, operand)?,
        };
        if holds == wanted {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(b) => *b,
        Value::Int(n) | Value::Duration(n) | Value::Size(n) => *n != 0,
        Value::Number(n) | Value::Percent(n) => *n != 0.0,
        Value::Text(text) | Value::Damaged(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Record(record) => !record.0.is_empty(),
        Value::Command(command) => command.ok,
        _ => true,
    }
}

fn holds(test: &str, value: &Value, operand: Option<&Value>) -> Result<bool, Failure> {
    let need =
        || operand.ok_or_else(|| Failure::new(format!("the test `{test}` needs a value to test with")));
    let op = |op: BinaryOp| -> Result<bool, Failure> { Ok(binary(op, value, need()?)? == Value::Bool(true)) };
    let texts = || -> Result<_, Failure> { Ok((text_of(value)?, text_of(need()?)?)) };
    match test {
        "eq" | "equalto" | "==" => op(BinaryOp::Equal),
        "ne" | "!=" => op(BinaryOp::NotEqual),
        "lt" | "lessthan" | "<" => op(BinaryOp::Less),
        "le" | "<=" => op(BinaryOp::LessEqual),
        "gt" | "greaterthan" | ">" => op(BinaryOp::Greater),
        "ge" | ">=" => op(BinaryOp::GreaterEqual),
        "in" => op(BinaryOp::In),
        "true" => Ok(*value == Value::Bool(true)),
        "false" => Ok(*value == Value::Bool(false)),
        "none" => Ok(*value == Value::None),
        "defined" => Ok(*value != Value::None),
        "startingwith" => texts().map(|(text, with)| text.starts_with(&*with)),
        "endingwith" => texts().map(|(text, with)| text.ends_with(&*with)),
        "containing" => Ok(binary(BinaryOp::In, need()?, value)? == Value::Bool(true)),
        "matches" => texts().and_then(|(text, pattern)| Ok(regex(&pattern)?.is_match(&text))),
        _ => {
            let failure = Failure::new(format!("there is no test `{}`", brief(test, SHOWN)));
            Err(match nearest(test, TESTS) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("there are {}", TESTS.join(" "))),
            })
        }
    }
}

/// Returns each item with the values it is compared by: itself, or those of its fields `a, b`.
fn keyed(args: &Args, attributes: Option<&str>) -> Result<Vec<(Vec<Value>, Value)>, Failure> {
    args.list(0)?
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let key = match attributes {
                None => vec![item.clone()],
                Some(names) => {
                    names.split(',').map(|name| item_path(item, at, name.trim())).collect::<Result<_, _>>()?
                }
            };
            Ok((key, item.clone()))
        })
        .collect()
}

fn compare_keys(a: &[Value], b: &[Value]) -> Result<Ordering, Failure> {
    for (a, b) in a.iter().zip(b) {
        let order = compare(a, b)?;
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// Sorts, keeping the order of equal items.
fn sort_keyed(items: &mut [(Vec<Value>, Value)], reverse: bool) -> Result<(), Failure> {
    // Whatever is comparable with the first is comparable with the others.
    if let Some((first, _)) = items.first() {
        for (key, _) in items.iter() {
            compare_keys(first, key)?;
            for (a, b) in first.iter().zip(key) {
                compare(a, b)?;
            }
        }
    }
    items.sort_by(|(a, _), (b, _)| {
        let order = compare_keys(a, b).unwrap_or(Ordering::Equal);
        if reverse { order.reverse() } else { order }
    });
    Ok(())
}

fn sort(args: &Args) -> Result<Value, Failure> {
    let attribute = args.optional_text(1)?;
    let mut items = keyed(args, attribute.as_deref())?;
    if !args.flag(3, true)? {
        for value in items.iter_mut().flat_map(|(key, _)| key) {
            if let Value::Text(text) = value {
                *value = Value::text(text.to_lowercase());
            }
        }
    }
    sort_keyed(&mut items, args.flag(2, false)?)?;
    Ok(Value::list(items.into_iter().map(|(_, item)| item).collect()))
}

/// Returns what tells one value from another, equal for values that are equal.
fn identity(value: &Value) -> String {
    match value {
        Value::Int(n) => format!("number {n}"),
        Value::Number(n) | Value::Percent(n) => match whole(*n) {
            Some(whole) => format!("number {whole}"),
            None => format!("number {n}"),
        },
        Value::Damaged(text) => format!("text {text}"),
        Value::Command(command) => format!("text {}", command.printed()),
        other => format!("{} {}", other.kind(), other.to_json()),
    }
}

fn unique(args: &Args) -> Result<Value, Failure> {
    let attribute = args.optional_text(1)?;
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for (key, item) in keyed(args, attribute.as_deref())? {
        let key: Vec<String> = key.iter().map(identity).collect();
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn group(args: &Args) -> Result<Value, Failure> {
    let attribute = args.text(1)?;
    let mut items = keyed(args, Some(&attribute))?;
    sort_keyed(&mut items, false)
        .map_err(|failure| failure.help(format!("the groups of `{attribute}` are sorted by it")))?;
    let mut groups: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    for (key, item) in items {
        match groups.last_mut() {
            Some((last, list)) if compare_keys(last, &key)?.is_eq() => list.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    groups
        .into_iter()
        .map(|(mut key, list)| {
            let grouper =
                key.pop().ok_or_else(|| Failure::new(format!("no group for {}", named(&Value::None))))?;
            Ok(Value::record([("grouper", grouper), ("list", Value::list(list))]))
        })
        .collect::<Result<_, Failure>>()
        .map(Value::list)
}
