//! minijinja's filters of text.
//!
//! Owns the way to minijinja and back; only text and plain values go that way, as units would
//! be lost. Never lets a filter make a text out of all proportion.

use std::sync::OnceLock;

use minijinja::Environment;
use minijinja::value::{Value as Jinja, ValueKind};

use super::super::operators::SHOWN;
use super::super::scope::Failure;
use super::arguments::Args;
use crate::value::{Value, brief};

/// Widest indentation, in characters.
const WIDEST: i64 = 1_000;
/// Largest text a filter may make, in bytes.
const LARGEST: usize = 64 << 20;

pub(super) fn call(args: &Args) -> Result<Value, Failure> {
    if args.name != "urlencode" {
        args.text(0)?;
    }
    match args.name {
        "indent" => {
            args.int_in(1, 0, WIDEST)?;
        }
        "trim" | "split" => {
            args.optional_text(1)?;
        }
        "replace" => {
            args.text(1)?;
            let longest = args.text(2)?.len().max(1);
            if args.text(0)?.len().saturating_add(1).saturating_mul(longest) > LARGEST {
                return Err(Failure::new("the text would be too long"));
            }
        }
        "format" if too_wide(&args.text(0)?) => {
            return Err(Failure::new("`format` takes no width above 999"));
        }
        _ => {}
    }
    let mut positional: Vec<Jinja> = Vec::new();
    for value in &args.values {
        // A parameter that was left out ends the arguments, or is none between them.
        positional.push(value.as_ref().map_or_else(|| Ok(Jinja::from(())), to_jinja)?);
    }
    while matches!(args.values.get(positional.len().wrapping_sub(1)), Some(None)) {
        positional.pop();
    }
    let result = environment().empty_state().apply_filter(args.name, &positional).map_err(|e| {
        let why = e.detail().map_or_else(|| e.kind().to_string(), str::to_owned);
        Failure::new(format!("`{}`: {}", args.name, brief(&why, SHOWN * 2)))
    })?;
    Ok(from_jinja(&result))
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(Environment::new)
}

fn too_wide(pattern: &str) -> bool {
    pattern.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 3) || pattern.contains('*')
}

fn to_jinja(value: &Value) -> Result<Jinja, Failure> {
    Ok(match value {
        Value::None => Jinja::from(()),
        Value::Bool(b) => Jinja::from(*b),
        Value::Int(n) => Jinja::from(*n),
        Value::Number(n) | Value::Percent(n) => Jinja::from(*n),
        Value::Text(text) | Value::Damaged(text) => Jinja::from(&**text),
        Value::Command(command) => Jinja::from(super::super::text::printed(command)?),
        Value::List(items) => items.iter().map(to_jinja).collect::<Result<_, _>>()?,
        Value::Record(record) => {
            let mut pairs = Vec::with_capacity(record.0.len());
            for (name, value) in &record.0 {
                pairs.push((name.to_string(), to_jinja(value)?));
            }
            Jinja::from_pairs(pairs)
        }
        other => Jinja::from(other.to_string()),
    })
}

fn from_jinja(value: &Jinja) -> Value {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Value::None,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => i64::try_from(value.clone()).map_or_else(
            |_| f64::try_from(value.clone()).ok().and_then(|n| Value::number(n).ok()).unwrap_or(Value::None),
            Value::Int,
        ),
        ValueKind::Seq | ValueKind::Iterable => Value::list(
            value.try_iter().map(|items| items.map(|item| from_jinja(&item)).collect()).unwrap_or_default(),
        ),
        _ => Value::text(value.to_string()),
    }
}
