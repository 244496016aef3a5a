//! A value as JSON, for the body of a request.
//!
//! Never takes a secret: the signature has `body:` for that, and a record with one would be sent
//! by people who did not see it.

use serde_json::{Map, Number, Value as Json};

use crate::value::Value;

use super::Failure;
use super::arguments::kind;

/// Returns the value as JSON. Durations are seconds, sizes bytes, percentages shares, times RFC 3339.
///
/// # Errors
/// When it holds something JSON has no form for, or a secret.
pub(super) fn from_value(value: &Value) -> Result<Json, Failure> {
    Ok(match value {
        Value::None => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) | Value::Size(n) => Json::from(*n),
        Value::Number(n) | Value::Percent(n) => number(*n)?,
        Value::Duration(ns) if ns % 1_000_000_000 == 0 => Json::from(ns / 1_000_000_000),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a fraction of a second beside 2^53 ns (104 days) does not matter"
        )]
        Value::Duration(ns) => number(*ns as f64 / 1e9)?,
        Value::Text(text) => Json::String(text.to_string()),
        Value::Time(time) => Json::String(time.to_string()),
        Value::List(items) => Json::Array(items.iter().map(from_value).collect::<Result<_, _>>()?),
        Value::Record(record) => Json::Object(
            record
                .0
                .iter()
                .map(|(name, value)| Ok((name.to_string(), from_value(value)?)))
                .collect::<Result<Map<_, _>, Failure>>()?,
        ),
        Value::Damaged(_)
        | Value::Command(_)
        | Value::Response(_)
        | Value::Tried(_)
        | Value::Secret(_) => {
            return Err(Failure::seen(format!(
                "{} has no form in JSON",
                kind(value)
            )));
        }
    })
}

fn number(n: f64) -> Result<Json, Failure> {
    Number::from_f64(n)
        .map(Json::Number)
        .ok_or_else(|| Failure::seen(format!("the number {n} has no form in JSON")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;

    #[test]
    fn units_become_bare_numbers() {
        let value = Value::record([
            ("wait", Value::Duration(90_000_000_000)),
            ("short", Value::Duration(500_000_000)),
            ("room", Value::Size(1024)),
            ("share", Value::Percent(0.8)),
            ("names", Value::list(vec![Value::text("a"), Value::None])),
        ]);
        assert_eq!(
            from_value(&value).map(|json| json.to_string()),
            Ok(r#"{"names":["a",null],"room":1024,"share":0.8,"short":0.5,"wait":90}"#.to_owned())
        );
    }

    #[test]
    fn a_secret_is_refused_without_being_shown() {
        let value = Value::list(vec![Value::Secret(Secret::new("token", "hunter2"))]);
        assert_eq!(
            from_value(&value),
            Err(Failure::seen("a secret has no form in JSON"))
        );
    }
}
