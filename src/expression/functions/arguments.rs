//! The arguments of a function, read as the kinds it wants.
//!
//! Owns the messages about an argument of the wrong kind: they name function, argument and
//! value. Never converts beyond what an operator would expect: a command is what it printed.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::operators::named;
use super::super::scope::Failure;
use super::super::signature::signature;
use super::super::text::text_of;
use crate::value::{Record, Value, float, whole};

/// Bound arguments, in the order of the parameters.
pub(super) struct Args {
    pub name: &'static str,
    pub values: Vec<Option<Value>>,
    pub now: Timestamp,
}

impl Args {
    /// Returns the argument, if it was given.
    pub fn given(&self, at: usize) -> Option<&Value> {
        self.values.get(at).and_then(Option::as_ref)
    }

    pub fn any(&self, at: usize) -> Result<&Value, Failure> {
        self.given(at).ok_or_else(|| Failure::new(format!("`{}` needs more arguments", self.name)))
    }

    /// Returns the failure that the argument is not what is wanted.
    pub fn wants(&self, at: usize, wanted: &str) -> Failure {
        let value = self.given(at).map_or_else(String::new, named);
        let parameter =
            signature(self.name).and_then(|s| s.parameters.get(at).map(|p| p.name)).filter(|_| at > 0);
        Failure::new(match parameter {
            Some(parameter) => format!("`{}` takes {wanted} as `{parameter}`, not {value}", self.name),
            None => format!("`{}` takes {wanted}, not {value}", self.name),
        })
    }

    pub fn text(&self, at: usize) -> Result<Arc<str>, Failure> {
        match self.any(at)? {
            value @ (Value::Text(_) | Value::Damaged(_) | Value::Command(_)) => text_of(value),
            _ => Err(self.wants(at, "text")),
        }
    }

    pub fn optional_text(&self, at: usize) -> Result<Option<Arc<str>>, Failure> {
        match self.given(at) {
            None | Some(Value::None) => Ok(None),
            Some(_) => self.text(at).map(Some),
        }
    }

    pub fn int(&self, at: usize) -> Result<i64, Failure> {
        match self.any(at)? {
            Value::Int(n) => Ok(*n),
            Value::Number(n) => whole(*n).ok_or_else(|| self.wants(at, "a whole number")),
            _ => Err(self.wants(at, "a whole number")),
        }
    }

    /// Returns a whole number between `from` and `to`, both included.
    pub fn int_in(&self, at: usize, from: i64, to: i64) -> Result<usize, Failure> {
        let n = self.int(at)?;
        if (from..=to).contains(&n)
            && let Ok(n) = usize::try_from(n)
        {
            return Ok(n);
        }
        Err(self.wants(at, &format!("a whole number from {from} to {to}")))
    }

    pub fn number(&self, at: usize) -> Result<f64, Failure> {
        match self.any(at)? {
            Value::Int(n) => Ok(float(*n)),
            Value::Number(n) | Value::Percent(n) => Ok(*n),
            _ => Err(self.wants(at, "a number")),
        }
    }

    pub fn flag(&self, at: usize, default: bool) -> Result<bool, Failure> {
        match self.given(at) {
            None => Ok(default),
            Some(Value::Bool(b)) => Ok(*b),
            Some(_) => Err(self.wants(at, "true or false")),
        }
    }

    pub fn list(&self, at: usize) -> Result<&Arc<Vec<Value>>, Failure> {
        match self.any(at)? {
            Value::List(items) => Ok(items),
            Value::Command(_) => {
                Err(self.wants(at, "a list").help("`.lines` and `.json` of a command give lists"))
            }
            _ => Err(self.wants(at, "a list")),
        }
    }

    pub fn record(&self, at: usize) -> Result<&Arc<Record>, Failure> {
        match self.any(at)? {
            Value::Record(record) => Ok(record),
            _ => Err(self.wants(at, "a record")),
        }
    }
}
