//! What a value that a person gives may be: a type, one of some choices, in a range.
//!
//! Owns the reading of what was typed for a parameter or an answer, and the words for what would
//! have been right. Never asks anyone.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Type, Value};
use crate::diagnostic::nearest;

/// The values that are accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    pub ty: Type,
    /// Empty: any of the type.
    pub choices: Vec<Value>,
    /// Both included.
    pub range: Option<(Value, Value)>,
}

impl Domain {
    /// Returns what accepts any value of that type.
    pub fn any(ty: Type) -> Self {
        Domain { ty, choices: Vec::new(), range: None }
    }

    /// Returns the value that was typed.
    ///
    /// # Errors
    /// When it is none that is accepted; the message says what would be.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        if let Some(choice) = self.choices.iter().find(|choice| choice.to_string() == text.trim()) {
            return Ok(choice.clone());
        }
        Value::parse_as(&self.ty, text).and_then(|value| self.accept(value))
    }

    /// Returns the value if it is one of the choices and in the range.
    ///
    /// # Errors
    /// When it is not; the message says what would be.
    pub fn accept(&self, value: Value) -> Result<Value, String> {
        if !self.choices.is_empty() && !self.choices.contains(&value) {
            let shown = value.brief(60);
            let choices: Vec<String> = self.choices.iter().map(ToString::to_string).collect();
            let near = nearest(&shown, choices.iter().map(String::as_str))
                .map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
            return Err(format!("`{shown}` is none of {}{near}", choices.join(", ")));
        }
        if let Some((low, high)) = &self.range
            && !(is_at_most(low, &value) && is_at_most(&value, high))
        {
            return Err(format!("`{}` is not in {low}..{high}", value.brief(60)));
        }
        Ok(value)
    }
}

/// As it is declared: `one of "eu", "us"`, `int in 1..50`, `text`.
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.choices.is_empty() {
            let choices: Vec<String> = self.choices.iter().map(|c| format!("\"{c}\"")).collect();
            return write!(f, "one of {}", choices.join(", "));
        }
        match &self.range {
            Some((low, high)) => write!(f, "{} in {low}..{high}", self.ty),
            None => write!(f, "{}", self.ty),
        }
    }
}

/// Compares as the language does. What cannot be compared was refused by its type.
fn is_at_most(low: &Value, high: &Value) -> bool {
    use Value::{Duration, Int, Number, Percent, Size, Time};
    match (low, high) {
        (Int(a), Int(b)) | (Duration(a), Duration(b)) | (Size(a), Size(b)) => a <= b,
        (Number(a) | Percent(a), Number(b) | Percent(b)) => a <= b,
        #[expect(clippy::cast_precision_loss, reason = "a bound beyond 2^53 is none")]
        (Int(a), Number(b) | Percent(b)) => (*a as f64) <= *b,
        #[expect(clippy::cast_precision_loss, reason = "a bound beyond 2^53 is none")]
        (Number(a) | Percent(a), Int(b)) => *a <= (*b as f64),
        (Time(a), Time(b)) => a <= b,
        _ => true,
    }
}
