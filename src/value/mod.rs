//! Values and their types.
//!
//! Owns what a runbook computes with and how a value is stored in the journal. Never
//! evaluates anything (`expression` does) and never shows a secret: neither `Debug`,
//! `Display` nor `Serialize` of a [`Secret`] gives its text.

mod convert;
mod domain;
mod exact;
mod json;
mod secret;
mod show;
mod ty;
mod units;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use convert::{conforms, read_json};
pub(crate) use convert::{float, parse_number, whole};
pub use domain::Domain;
pub use json::parse_json;
pub use secret::Secret;
pub use show::brief;
pub use ty::Type;
pub use units::{parse_duration, parse_percent, parse_size, parse_time};

/// Any value. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "v", rename_all = "lowercase")]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    /// Always finite: see [`Value::number`].
    Number(#[serde(with = "exact")] f64),
    /// A share: 80% is 0.8. Always finite.
    Percent(#[serde(with = "exact")] f64),
    Text(Arc<str>),
    /// Text that was read from bytes which are not UTF-8: may be shown, but not used in a change.
    Damaged(Arc<str>),
    /// Nanoseconds.
    Duration(i64),
    /// Bytes.
    Size(i64),
    Time(jiff::Timestamp),
    List(Arc<Vec<Value>>),
    /// Fields in the order they were written or read.
    Record(Arc<Record>),
    /// What a command printed and how it ended.
    Command(Arc<CommandValue>),
    /// What an http request brought back.
    Response(Arc<ResponseValue>),
    /// What `try` made of a call.
    Tried(Arc<Tried>),
    Secret(Secret),
}

/// Named fields, in order; a name stands once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record(pub Vec<(Arc<str>, Value)>);

impl Record {
    /// Returns the field of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }

    /// Returns the names of the fields, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(n, _)| &**n)
    }
}

/// Equality ignores the order of fields.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        let sorted =
            |r: &Record| r.0.iter().map(|(n, v)| (Arc::clone(n), v.clone())).collect::<BTreeMap<_, _>>();
        self.0.len() == other.0.len() && sorted(self) == sorted(other)
    }
}

/// A command that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandValue {
    /// The command as it could be typed, secrets named; errors point to it.
    pub typed: Arc<str>,
    pub exit: i32,
    /// Whether the exit status was 0 or allowed.
    pub ok: bool,
    pub stdout: Output,
    pub stderr: Output,
    /// Nanoseconds.
    pub elapsed: i64,
}

/// What a command printed on one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The text, with damaged bytes replaced; only the beginning when `cut`.
    pub text: Arc<str>,
    /// Whether the bytes were UTF-8.
    pub utf8: bool,
    /// Whether more was printed than a value can hold.
    pub cut: bool,
}

/// An http response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseValue {
    /// Method and address, secrets named; errors point to it.
    pub request: Arc<str>,
    pub status: i64,
    /// Names in lower case.
    pub headers: Record,
    pub body: Output,
    /// Nanoseconds.
    pub elapsed: i64,
}

/// What `try` made of a call: its value, or why it failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The call as written; errors point to it.
    pub call: Arc<str>,
    pub result: Result<Value, String>,
}

impl Value {
    /// Returns text.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// Returns a list.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    /// Returns a record.
    pub fn record(fields: impl IntoIterator<Item = (impl Into<Arc<str>>, Value)>) -> Value {
        Value::Record(Arc::new(Record(fields.into_iter().map(|(n, v)| (n.into(), v)).collect())))
    }

    /// Returns the value of a JSON document. Whole numbers that fit become `int`.
    pub fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::None,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => {
                n.as_i64().map_or_else(|| Value::Number(n.as_f64().unwrap_or_default()), Value::Int)
            }
            serde_json::Value::String(s) => Value::text(s.as_str()),
            serde_json::Value::Array(items) => Value::list(items.iter().map(Value::from_json).collect()),
            serde_json::Value::Object(map) => {
                Value::record(map.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))))
            }
        }
    }
}
