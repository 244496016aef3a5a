//! Values of a wanted type: from text (`-p name=value`), from JSON (`--params FILE`), from `any`.
//!
//! Owns what "of that type" means for a value, as `expression::assignable` does for types.
//! Never guesses: a number without its unit is no duration.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    CommandValue, Output, Record, ResponseValue, Type, Value, parse_duration, parse_json, parse_percent,
    parse_size, parse_time, show::brief,
};

/// How much of a value messages show, in characters.
const SHOWN: usize = 60;

impl Value {
    /// Returns the number.
    ///
    /// # Errors
    /// It is not a number, or infinite: no value may be that.
    pub fn number(n: f64) -> Result<Value, String> {
        if n.is_finite() {
            Ok(Value::Number(n))
        } else {
            Err(String::from("the number is too large, or none at all"))
        }
    }

    /// Reads what was given as text: `-p limit=80%`, an alert's label, an answer.
    /// Lists are JSON (`["a", "b"]`) or separated by commas (`a,b`), records are JSON.
    ///
    /// # Errors
    /// The text is no value of that type; the message shows how one is written.
    pub fn parse_as(ty: &Type, text: &str) -> Result<Value, String> {
        let bare = text.trim();
        let shown = brief(text, SHOWN);
        match ty {
            Type::Any | Type::Text | Type::Command => Ok(Value::text(text)),
            Type::None if bare == "none" => Ok(Value::None),
            Type::None => Err(format!("`{shown}` is not `none`")),
            Type::Bool => {
                bare.parse().map(Value::Bool).map_err(|_| format!("`{shown}` is neither `true` nor `false`"))
            }
            Type::Int => bare.parse().map(Value::Int).map_err(|_| format!("`{shown}` is not a whole number")),
            Type::Number => parse_number(bare).ok_or(format!("`{shown}` is not a number")),
            Type::Percent => parse_percent(bare),
            Type::Duration => parse_duration(bare),
            Type::Size => parse_size(bare),
            Type::Time => parse_time(bare),
            Type::List(_) if bare.starts_with('[') => Self::parse_json_as(ty, bare),
            Type::List(_) if bare.is_empty() => Ok(Value::list(Vec::new())),
            Type::List(of) => bare
                .split(',')
                .map(|item| Value::parse_as(of, item.trim()))
                .collect::<Result<_, _>>()
                .map(Value::list),
            Type::Record(_) | Type::Response => Self::parse_json_as(ty, bare),
            Type::Tried(of) => Value::parse_as(of, text),
            Type::Secret => Err(String::from("a secret is never given as text")),
        }
    }

    fn parse_json_as(ty: &Type, text: &str) -> Result<Value, String> {
        let json: Json =
            serde_json::from_str(text).map_err(|e| format!("`{}` is not JSON: {e}", brief(text, SHOWN)))?;
        Value::from_json_as(ty, &json)
    }

    /// Reads what was given as JSON. Durations, sizes and times are text with their unit; a percentage
    /// is `"80%"` or its number, `0.8`.
    ///
    /// # Errors
    /// The JSON is no value of that type; the message says where in it.
    pub fn from_json_as(ty: &Type, json: &Json) -> Result<Value, String> {
        let shown = || brief(&json.to_string(), SHOWN);
        match (ty, json) {
            (Type::Any, json) => Ok(Value::from_json(json)),
            (Type::Duration | Type::Size | Type::Time | Type::Percent, Json::String(text)) => {
                Value::parse_as(ty, text)
            }
            (Type::Duration | Type::Size, Json::Number(_)) => Err(format!(
                "`{}` has no unit: write `{}`",
                shown(),
                if *ty == Type::Size { "\"10GiB\"" } else { "\"30s\"" },
            )),
            (Type::Percent, Json::Number(n)) if n.as_f64().is_some_and(|n| n.abs() > 1.0) => {
                Err(format!("`{n}` as a percentage is {n} times 100%: write `\"{n}%\"`"))
            }
            (Type::List(of), Json::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| Value::from_json_as(of, item).map_err(|e| format!("item {i}: {e}")))
                .collect::<Result<_, _>>()
                .map(Value::list),
            (Type::Record(Some(fields)), Json::Object(map)) => {
                for name in fields.keys() {
                    if !map.contains_key(name) {
                        return Err(format!("the field `{name}` is missing"));
                    }
                }
                map.iter()
                    .map(|(name, json)| {
                        let ty = fields.get(name).unwrap_or(&Type::Any);
                        Value::from_json_as(ty, json)
                            .map(|value| (Arc::from(name.as_str()), value))
                            .map_err(|e| format!("field `{name}`: {e}"))
                    })
                    .collect::<Result<_, _>>()
                    .map(|fields| Value::Record(Arc::new(Record(fields))))
            }
            (Type::Tried(of), json) => Value::from_json_as(of, json),
            (Type::Secret, _) => Err(String::from("a secret is never given as JSON")),
            (ty, json) => Value::from_json(json).coerce(ty),
        }
    }

    /// Returns the value as one of that type: what `any` turned out to be, where a number of any kind is
    /// wanted (a read 0.8 becomes 80%), what was tried and did not fail.
    ///
    /// # Errors
    /// As [`conforms`].
    pub fn coerce(&self, ty: &Type) -> Result<Value, String> {
        conforms(self, ty)?;
        Ok(self.shape(ty))
    }

    /// Converts a value that conforms.
    fn shape(&self, ty: &Type) -> Value {
        match (self, ty) {
            (Value::Int(n), Type::Percent) => Value::Percent(float(*n)),
            (Value::Number(n), Type::Percent) => Value::Percent(*n),
            (Value::Percent(n), Type::Number) => Value::Number(*n),
            (Value::Number(n), Type::Int) => whole(*n).map_or_else(|| self.clone(), Value::Int),
            (Value::List(items), Type::List(of)) if **of != Type::Any => {
                Value::list(items.iter().map(|item| item.shape(of)).collect())
            }
            (Value::Record(record), Type::Record(Some(fields))) => {
                Value::record(record.0.iter().map(|(name, value)| {
                    let value = fields.get(&**name).map_or_else(|| value.clone(), |ty| value.shape(ty));
                    (Arc::clone(name), value)
                }))
            }
            (Value::Command(command), Type::Text) => command.text(),
            (Value::Tried(tried), ty) if !matches!(ty, Type::Tried(_) | Type::Any) => match &tried.result {
                Ok(value) => value.shape(ty),
                Err(_) => self.clone(),
            },
            (value, Type::Tried(of)) if !matches!(value, Value::Tried(_)) => value.shape(of),
            _ => self.clone(),
        }
    }

    /// Returns the value as the result that a call of that type has: where a drill or a test gives plain
    /// text for a command, or a record for a response.
    #[must_use]
    pub fn given(self, ty: &Type) -> Value {
        match (ty, self) {
            (_, value @ (Value::Command(_) | Value::Response(_) | Value::Tried(_))) => value,
            (Type::Tried(of), value) => value.given(of),
            (Type::Command, value) => command_of(&value),
            (Type::Response, Value::Record(record)) => response_of(&record),
            (_, value) => value,
        }
    }
}

impl CommandValue {
    /// Returns what was printed as text, damaged when the bytes were not UTF-8.
    pub fn text(&self) -> Value {
        self.stdout.value(self.printed())
    }
}

impl Output {
    /// Returns `part` of this output as text, damaged when the bytes were not UTF-8.
    pub fn value(&self, part: &str) -> Value {
        if self.utf8 || !part.contains('\u{fffd}') { Value::text(part) } else { Value::Damaged(part.into()) }
    }

    /// Returns text that was given whole.
    pub fn whole(text: impl Into<Arc<str>>) -> Output {
        Output { text: text.into(), utf8: true, cut: false }
    }
}

fn command_of(value: &Value) -> Value {
    let text = |value: Option<&Value>| value.map_or_else(String::new, Value::to_string);
    let mut command = CommandValue {
        typed: "the given command".into(),
        exit: 0,
        ok: true,
        stdout: Output::default(),
        stderr: Output::default(),
        elapsed: 0,
    };
    if let Value::Record(record) = value
        && record.names().any(|name| ["stdout", "stderr", "exit"].contains(&name))
    {
        command.stdout = Output::whole(text(record.get("stdout")));
        command.stderr = Output::whole(text(record.get("stderr")));
        if let Some(Value::Int(exit)) = record.get("exit") {
            command.exit = i32::try_from(*exit).unwrap_or(i32::MAX);
        }
        command.ok = match record.get("ok") {
            Some(Value::Bool(ok)) => *ok,
            _ => command.exit == 0,
        };
        if let Some(Value::Duration(elapsed)) = record.get("elapsed") {
            command.elapsed = *elapsed;
        }
    } else if let Value::List(items) = value
        && items.iter().all(|item| !matches!(item, Value::Record(_) | Value::List(_)))
    {
        // What a command prints of several things is a line for each.
        let lines: Vec<String> = items.iter().map(ToString::to_string).collect();
        command.stdout = Output::whole(lines.join("\n"));
    } else if matches!(value, Value::Record(_) | Value::List(_)) {
        command.stdout = Output::whole(value.to_json().to_string());
    } else {
        command.stdout = Output::whole(value.to_string());
    }
    Value::Command(Arc::new(command))
}

fn response_of(record: &Record) -> Value {
    let body = match (record.get("body"), record.get("json")) {
        (Some(Value::Text(text)), _) => text.to_string(),
        (Some(other), _) | (None, Some(other)) => other.to_json().to_string(),
        (None, None) => String::new(),
    };
    Value::Response(Arc::new(ResponseValue {
        request: "the given request".into(),
        status: match record.get("status") {
            Some(Value::Int(status)) => *status,
            _ => 200,
        },
        headers: match record.get("headers") {
            Some(Value::Record(headers)) => Record(
                headers.0.iter().map(|(name, value)| (name.to_lowercase().into(), value.clone())).collect(),
            ),
            _ => Record::default(),
        },
        body: Output::whole(body),
        elapsed: match record.get("elapsed") {
            Some(Value::Duration(elapsed)) => *elapsed,
            _ => 0,
        },
    }))
}

/// Returns the nearest number to a whole one.
// Beyond 2^53 the nearest number is meant.
pub(crate) fn float(n: i64) -> f64 {
    n as f64
}

/// Returns the whole number that `n` is, if it is one.
// The bounds are checked, and whether nothing was lost is the question.
pub(crate) fn whole(n: f64) -> Option<i64> {
    // 2^63 is the first number that is no i64; -2^63 is one.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n);
    (fits && n.trunc() == n).then_some(n as i64)
}

/// Reads `5`, `-0.25`, `1e9`; a whole one that fits becomes `int`.
pub(crate) fn parse_number(text: &str) -> Option<Value> {
    if let Ok(n) = text.parse::<i64>() {
        return Some(Value::Int(n));
    }
    // Rust also reads `inf`, `nan` and `infinity`.
    let digits = text.contains(|c: char| c.is_ascii_digit());
    let n: f64 = text.parse().ok()?;
    (digits && n.is_finite()).then_some(Value::Number(n))
}

/// Checks that the value is of the type.
///
/// # Errors
/// What it is instead, and where in it.
pub fn conforms(value: &Value, ty: &Type) -> Result<(), String> {
    let fits = match (value, ty) {
        (_, Type::Any)
        | (Value::None, Type::None)
        | (Value::Bool(_), Type::Bool)
        | (Value::Int(_), Type::Int)
        | (Value::Int(_) | Value::Number(_) | Value::Percent(_), Type::Number | Type::Percent)
        | (Value::Text(_) | Value::Damaged(_), Type::Text | Type::Command)
        | (Value::Command(_), Type::Text | Type::Command)
        | (Value::Duration(_), Type::Duration)
        | (Value::Size(_), Type::Size)
        | (Value::Time(_), Type::Time)
        | (Value::Record(_), Type::Record(None) | Type::Response)
        | (Value::Response(_), Type::Response)
        | (Value::Secret(_), Type::Secret | Type::Text) => true,
        (Value::Number(n), Type::Int) => whole(*n).is_some(),
        (Value::Tried(tried), Type::Tried(of)) => match &tried.result {
            Ok(value) => return conforms(value, of),
            Err(_) => true,
        },
        (Value::Tried(tried), ty) => match &tried.result {
            Ok(value) => return conforms(value, ty),
            Err(error) => return Err(format!("`{}` failed: {error}", tried.call)),
        },
        (value, Type::Tried(of)) => return conforms(value, of),
        (Value::List(items), Type::List(of)) => {
            for (i, item) in items.iter().enumerate() {
                conforms(item, of).map_err(|e| format!("item {i}: {e}"))?;
            }
            true
        }
        (Value::Record(record), Type::Record(Some(fields))) => {
            for (name, ty) in fields.iter() {
                let value = record.get(name).ok_or_else(|| format!("the field `{name}` is missing"))?;
                conforms(value, ty).map_err(|e| format!("field `{name}`: {e}"))?;
            }
            true
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let shown = match value {
        Value::None => String::from("none"),
        value => format!("`{}`", value.brief(SHOWN)),
    };
    Err(format!("{shown} is {}, not `{ty}`", value.kind()))
}

/// Reads JSON text as [`parse_json`] does, with a message in place of the error.
///
/// # Errors
/// What is wrong, and where: ``line 1, column 5``.
pub fn read_json(text: &str) -> Result<Value, String> {
    parse_json(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let full = e.to_string();
        let what = full.split(" at line ").next().unwrap_or(&full);
        format!("{what} at line {line}, column {column}")
    })
}
