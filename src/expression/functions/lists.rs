//! Functions of lists and records that keep their values as they are.
//!
//! Owns taking apart and putting together; what looks into items stands in `select`. Never
//! makes a list without bound.

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::operators::{binary, compare};
use super::super::scope::Failure;
use super::super::text::{concat, text_of};
use super::arguments::Args;
use crate::program::BinaryOp;
use crate::value::Value;

/// Most items a function makes by itself.
const MOST: i64 = 100_000;

pub(super) fn call(args: &Args) -> Result<Value, Failure> {
    match args.name {
        "length" | "count" => length(args),
        "default" => match args.any(0)? {
            Value::None => args.any(1).cloned(),
            value => Ok(value.clone()),
        },
        "first" => end(args, |items| items.first()),
        "last" => end(args, |items| items.last()),
        "take" => {
            let n = usize::try_from(args.int(1)?).map_err(|_| args.wants(1, "a whole number from 0"))?;
            Ok(Value::list(args.list(0)?.iter().take(n).cloned().collect()))
        }
        "min" => extreme(args, Ordering::Less),
        "max" => extreme(args, Ordering::Greater),
        "sum" => sum(args),
        "reverse" => reverse(args),
        "join" => join(args),
        "chain" => {
            let both = args.list(0)?.iter().chain(args.list(1)?.iter());
            Ok(Value::list(both.cloned().collect()))
        }
        "zip" => {
            let pairs = args.list(0)?.iter().zip(args.list(1)?.iter());
            Ok(Value::list(pairs.map(|(a, b)| Value::list(vec![a.clone(), b.clone()])).collect()))
        }
        "batch" => batch(args),
        "slice" => slice(args),
        "range" => range(args),
        "list" => list(args),
        _ => fields(args),
    }
}

fn count(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn length(args: &Args) -> Result<Value, Failure> {
    match args.any(0)? {
        Value::List(items) => Ok(count(items.len())),
        Value::Record(record) => Ok(count(record.0.len())),
        text @ (Value::Text(_) | Value::Damaged(_)) => Ok(count(text_of(text)?.chars().count())),
        Value::Command(_) => Err(args
            .wants(0, "a list, a record or text")
            .help("`.lines`, `.json` or `.stdout` say what of the command is counted")),
        _ => Err(args.wants(0, "a list, a record or text")),
    }
}

fn end(args: &Args, pick: fn(&[Value]) -> Option<&Value>) -> Result<Value, Failure> {
    pick(args.list(0)?).cloned().ok_or_else(|| Failure::missing(format!("`{}` of an empty list", args.name)))
}

fn extreme(args: &Args, wanted: Ordering) -> Result<Value, Failure> {
    let several: Vec<&Value> = args.values.iter().flatten().collect();
    let items: Vec<&Value> = match several.as_slice() {
        [_] => args.list(0)?.iter().collect(),
        _ => several,
    };
    let mut items = items.into_iter();
    let mut best =
        items.next().ok_or_else(|| Failure::missing(format!("`{}` of an empty list", args.name)))?;
    compare(best, best)?;
    for item in items {
        if compare(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

fn sum(args: &Args) -> Result<Value, Failure> {
    let mut items = args.list(0)?.iter();
    let Some(first) = items.next() else {
        return Ok(Value::Int(0));
    };
    if matches!(first, Value::List(_) | Value::Time(_)) {
        return Err(args.wants(0, "a list of numbers, durations or sizes"));
    }
    // Adding nothing finds out whether the only item can be added at all.
    binary(BinaryOp::Subtract, first, first)?;
    items.try_fold(first.clone(), |total, item| binary(BinaryOp::Add, &total, item))
}

fn reverse(args: &Args) -> Result<Value, Failure> {
    match args.any(0)? {
        Value::List(items) => Ok(Value::list(items.iter().rev().cloned().collect())),
        Value::Damaged(text) => {
            let reversed: String = text.chars().rev().collect();
            Ok(Value::Damaged(reversed.into()))
        }
        Value::Secret(secret) => {
            Ok(Value::Secret(secret.derive(secret.reveal().chars().rev().collect::<String>())))
        }
        _ => Ok(Value::text(args.text(0)?.chars().rev().collect::<String>())),
    }
}

fn join(args: &Args) -> Result<Value, Failure> {
    let separator = Value::Text(args.optional_text(1)?.unwrap_or_else(|| "".into()));
    let mut parts: Vec<&Value> = Vec::new();
    for (i, item) in args.list(0)?.iter().enumerate() {
        if i > 0 {
            parts.push(&separator);
        }
        parts.push(item);
    }
    concat(&parts)
}

fn batch(args: &Args) -> Result<Value, Failure> {
    let size = args.int_in(1, 1, MOST)?;
    let batches = args.list(0)?.chunks(size).map(|chunk| {
        let mut items = chunk.to_vec();
        if let Some(fill) = args.given(2) {
            items.resize(size, fill.clone());
        }
        Value::list(items)
    });
    Ok(Value::list(batches.collect()))
}

fn slice(args: &Args) -> Result<Value, Failure> {
    let pieces = args.int_in(1, 1, MOST)?;
    let mut rest: &[Value] = args.list(0)?;
    let (short, longer) = (rest.len() / pieces, rest.len() % pieces);
    let mut slices = Vec::with_capacity(pieces);
    for i in 0..pieces {
        let (head, tail) = rest.split_at(short + usize::from(i < longer));
        let mut items = head.to_vec();
        if let (Some(fill), true) = (args.given(2), longer > 0 && i >= longer) {
            items.push(fill.clone());
        }
        slices.push(Value::list(items));
        rest = tail;
    }
    Ok(Value::list(slices))
}

fn range(args: &Args) -> Result<Value, Failure> {
    let (start, end) = match args.given(1) {
        None => (0, args.int(0)?),
        Some(_) => (args.int(0)?, args.int(1)?),
    };
    if i128::from(end) - i128::from(start) > i128::from(MOST) {
        return Err(Failure::new(format!("`range` makes at most {MOST} numbers")));
    }
    Ok(Value::list((start..end).map(Value::Int).collect()))
}

fn list(args: &Args) -> Result<Value, Failure> {
    match args.any(0)? {
        list @ Value::List(_) => Ok(list.clone()),
        Value::Record(record) => Ok(Value::list(record.names().map(Value::text).collect())),
        Value::Text(_) | Value::Damaged(_) | Value::Command(_) => {
            Ok(Value::list(args.text(0)?.chars().map(|c| Value::text(c.to_string())).collect()))
        }
        _ => Err(args.wants(0, "a list, a record or text")),
    }
}

fn fields(args: &Args) -> Result<Value, Failure> {
    let record = args.record(0)?;
    let mut fields: Vec<_> = record.0.iter().collect();
    if args.name == "dictsort" {
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    Ok(Value::list(
        fields
            .into_iter()
            .map(|(name, value)| {
                let name = Value::Text(Arc::clone(name));
                match args.name {
                    "keys" => name,
                    "values" => value.clone(),
                    _ => Value::list(vec![name, value.clone()]),
                }
            })
            .collect(),
    ))
}
