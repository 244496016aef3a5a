//! Types of values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The type of a value, as far as it is known before anything runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Type {
    /// What JSON brings: checked when used.
    Any,
    None,
    Bool,
    Int,
    Number,
    Percent,
    Text,
    Duration,
    Size,
    Time,
    List(Box<Type>),
    /// With the fields where they are known, else any field may be there.
    Record(Option<Arc<BTreeMap<String, Type>>>),
    /// A command's result: `stdout stderr lines json number exit ok elapsed`.
    Command,
    /// An http response: `status headers body json ok elapsed`.
    Response,
    /// What `try` made of a call: `ok`, `error`, else as the call's own.
    Tried(Box<Type>),
    /// Text that may go into a command or a request and nowhere else.
    Secret,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::None => f.write_str("none"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Number => f.write_str("number"),
            Type::Percent => f.write_str("percent"),
            Type::Text => f.write_str("text"),
            Type::Duration => f.write_str("duration"),
            Type::Size => f.write_str("size"),
            Type::Time => f.write_str("time"),
            Type::List(of) if **of == Type::Any => f.write_str("list"),
            Type::List(of) => write!(f, "list of {of}"),
            Type::Record(_) => f.write_str("record"),
            Type::Command => f.write_str("command result"),
            Type::Response => f.write_str("response"),
            Type::Tried(of) => write!(f, "tried {of}"),
            Type::Secret => f.write_str("secret"),
        }
    }
}
