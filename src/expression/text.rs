//! Values in text.
//!
//! Owns what a value is where text is wanted, and what a text becomes that holds a secret or
//! damaged bytes: secret, or damaged. Never cuts: a command that printed more than a value
//! can hold is an error here, as half of it would pass for the whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use regex::Regex;

use super::operators::{failed_call, named};
use super::scope::Failure;
use crate::value::{CommandValue, Output, Record, Secret, Value};

/// Most compiled patterns kept.
const PATTERNS: usize = 256;

/// Returns the whole text of an output.
///
/// # Errors
/// More was printed than a value can hold.
pub(super) fn whole_output<'a>(output: &'a Output, of: &str) -> Result<&'a str, Failure> {
    if output.cut {
        return Err(Failure::new(format!("`{of}` printed more than a value can hold"))
            .help("let it print less, or write to a file"));
    }
    Ok(output.trimmed())
}

/// Returns what a command printed.
pub(super) fn printed(command: &CommandValue) -> Result<&str, Failure> {
    whole_output(&command.stdout, &command.typed)
}

/// Returns the text of a text or of what a command printed.
///
/// # Errors
/// It is neither, or a secret.
pub(super) fn text_of(value: &Value) -> Result<Arc<str>, Failure> {
    match value {
        Value::Text(text) | Value::Damaged(text) => Ok(Arc::clone(text)),
        Value::Command(command) => printed(command).map(Arc::from),
        other => Err(Failure::new(format!("{} is not text", named(other)))),
    }
}

/// Returns the first secret in the value.
pub(super) fn secret_in(value: &Value) -> Option<&Secret> {
    match value {
        Value::Secret(secret) => Some(secret),
        Value::List(items) => items.iter().find_map(secret_in),
        Value::Record(record) => record.0.iter().find_map(|(_, v)| secret_in(v)),
        Value::Tried(tried) => tried.result.as_ref().ok().and_then(secret_in),
        _ => None,
    }
}

/// Returns whether some text in the value was read from bytes that are not UTF-8.
pub(super) fn is_damaged(value: &Value) -> bool {
    match value {
        Value::Damaged(_) => true,
        Value::Command(command) => matches!(command.text(), Value::Damaged(_)),
        Value::List(items) => items.iter().any(is_damaged),
        Value::Record(record) => record.0.iter().any(|(_, v)| is_damaged(v)),
        Value::Tried(tried) => tried.result.as_ref().is_ok_and(is_damaged),
        _ => false,
    }
}

/// Returns the value with every text in it replaced by what `f` makes of it.
pub(super) fn map_texts(value: &Value, f: &dyn Fn(&Value) -> Option<Value>) -> Value {
    if let Some(mapped) = f(value) {
        return mapped;
    }
    match value {
        Value::List(items) => Value::list(items.iter().map(|item| map_texts(item, f)).collect()),
        Value::Record(record) => Value::Record(Arc::new(Record(
            record.0.iter().map(|(name, value)| (Arc::clone(name), map_texts(value, f))).collect(),
        ))),
        other => other.clone(),
    }
}

/// Returns the value with its secrets as plain text. What is made of it must become a secret.
pub(super) fn revealed(value: &Value) -> Value {
    map_texts(value, &|v| match v {
        Value::Secret(secret) => Some(Value::text(secret.reveal())),
        _ => None,
    })
}

/// Returns the value with its texts marked as damaged.
pub(super) fn damaged(value: &Value) -> Value {
    map_texts(value, &|v| match v {
        Value::Text(text) => Some(Value::Damaged(Arc::clone(text))),
        _ => None,
    })
}

/// Returns the values joined to one text, which is a secret when one of them holds one.
///
/// # Errors
/// A tried call failed, or a command printed more than a value can hold.
pub(super) fn concat(values: &[&Value]) -> Result<Value, Failure> {
    let mut text = String::new();
    let mut secret = None;
    let mut spoiled = false;
    for value in values {
        let mut value = *value;
        while let Value::Tried(tried) = value {
            value = match &tried.result {
                Ok(value) => value,
                Err(error) => return Err(failed_call(&tried.call, error)),
            };
        }
        secret = secret.or_else(|| secret_in(value));
        spoiled = spoiled || is_damaged(value);
        match value {
            Value::Command(command) => text.push_str(printed(command)?),
            value if secret.is_some() => text.push_str(&revealed(value).to_string()),
            value => text.push_str(&value.to_string()),
        }
    }
    Ok(match secret {
        Some(secret) => Value::Secret(secret.derive(text)),
        None if spoiled => Value::Damaged(text.into()),
        None => Value::text(text),
    })
}

/// Returns the compiled pattern.
///
/// # Errors
/// It is no regular expression; the message says why.
pub(super) fn regex(pattern: &str) -> Result<Regex, Failure> {
    static COMPILED: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);
    // A cache only: what it holds never changes a result.
    let mut guard = COMPILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let cache = guard.get_or_insert_default();
    if let Some(regex) = cache.get(pattern) {
        return Ok(regex.clone());
    }
    let regex = Regex::new(pattern).map_err(|e| {
        let full = e.to_string();
        let why = full.lines().last().unwrap_or("").trim();
        let why = why.strip_prefix("error: ").unwrap_or(why);
        Failure::new(format!("`{pattern}` is not a regular expression: {why}"))
    })?;
    if cache.len() >= PATTERNS {
        cache.clear();
    }
    cache.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}
