//! The arguments of a native call, taken by name.
//!
//! `check` has compared them with the signature; what only JSON could bring (`any`) is looked at
//! here again, and refused with the argument's name.

use std::time::Duration;

use crate::event::NativeRequest;
use crate::value::{Record, Secret, Value};

use super::Failure;

/// Text that may be a secret.
#[derive(Clone, Debug)]
pub(super) enum Words {
    Plain(String),
    Secret(Secret),
}

impl Words {
    /// Returns the text itself, for the one who sends it.
    pub fn reveal(&self) -> &str {
        match self {
            Words::Plain(text) => text,
            Words::Secret(secret) => secret.reveal(),
        }
    }

    /// Returns whether it must not be seen.
    pub fn is_secret(&self) -> bool {
        matches!(self, Words::Secret(_))
    }
}

/// The arguments of one call.
pub(super) struct Arguments<'a> {
    request: &'a NativeRequest,
}

impl<'a> Arguments<'a> {
    pub fn new(request: &'a NativeRequest) -> Self {
        Arguments { request }
    }

    /// Returns the argument, or `None` where it was not given or is `none`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.request
            .args
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value)
            .filter(|value| **value != Value::None)
    }

    /// Returns a text that must be there.
    pub fn text(&self, name: &str) -> Result<&'a str, Failure> {
        match self.get(name) {
            Some(Value::Text(text)) => Ok(text),
            Some(other) => Err(self.unfit(name, "text", other)),
            None => Err(Failure::seen(format!("{} needs `{name}`", self.call()))),
        }
    }

    /// Returns a text or secret, if given. Numbers become text.
    pub fn words(&self, name: &str) -> Result<Option<Words>, Failure> {
        self.get(name).map(|value| words(value).ok_or_else(|| self.unfit(name, "text", value))).transpose()
    }

    pub fn duration(&self, name: &str) -> Result<Option<Duration>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Duration(ns)) if *ns > 0 => Ok(Some(Duration::from_nanos(ns.unsigned_abs()))),
            Some(other) => Err(self.unfit(name, "a duration above zero", other)),
        }
    }

    /// Returns the number of a port, if given.
    pub fn port(&self, name: &str) -> Result<Option<u16>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(n)) => match u16::try_from(*n) {
                Ok(port) if port > 0 => Ok(Some(port)),
                _ => Err(Failure::seen(format!(
                    "`{name}` of {} is from 1 to 65535, and {n} is not",
                    self.call()
                ))),
            },
            Some(other) => Err(self.unfit(name, "a whole number", other)),
        }
    }

    pub fn time(&self, name: &str) -> Result<Option<jiff::Timestamp>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Time(time)) => Ok(Some(*time)),
            Some(other) => Err(self.unfit(name, "a time", other)),
        }
    }

    /// Returns a text that may be left out.
    pub fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.get(name).map(|_| self.text(name)).transpose()
    }

    pub fn count(&self, name: &str) -> Result<Option<usize>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(n)) if (0..=100).contains(n) => Ok(usize::try_from(*n).ok()),
            Some(other) => Err(self.unfit(name, "a number from 0 to 100", other)),
        }
    }

    /// Returns the fields of a record, each a text or secret; none where it was not given.
    pub fn fields(&self, name: &str) -> Result<Vec<(&'a str, Words)>, Failure> {
        let record: &Record = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Record(record)) => record,
            Some(other) => return Err(self.unfit(name, "a record", other)),
        };
        record
            .0
            .iter()
            .map(|(field, value)| {
                words(value)
                    .map(|words| (&**field, words))
                    .ok_or_else(|| self.unfit(&format!("{name}.{field}"), "text", value))
            })
            .collect()
    }

    /// Returns the call's name, `http.get`.
    pub fn call(&self) -> String {
        format!("{}.{}", self.request.module, self.request.function)
    }

    fn unfit(&self, name: &str, wanted: &str, found: &Value) -> Failure {
        Failure::seen(format!("`{name}` of {} must be {wanted}, and is {}", self.call(), found.kind()))
    }
}

fn words(value: &Value) -> Option<Words> {
    match value {
        Value::Text(text) => Some(Words::Plain(text.to_string())),
        Value::Secret(secret) => Some(Words::Secret(secret.clone())),
        Value::Int(n) => Some(Words::Plain(n.to_string())),
        Value::Number(n) => Some(Words::Plain(n.to_string())),
        Value::Bool(b) => Some(Words::Plain(b.to_string())),
        _ => None,
    }
}
