//! Values and JSON.
//!
//! Owns reading JSON with the order of its fields kept, and writing values as tools read
//! them. Never writes a secret: it stands there as its name.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::{Record, Value};

/// Reads JSON text; whole numbers that fit become `int`, fields keep their order, and of a name that
/// stands twice the last one counts.
///
/// # Errors
/// The text is not JSON (or nested too deep); the error has line and column.
pub fn parse_json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Plain>(text).map(|plain| plain.0)
}

struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Plain)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Int(n))
    }

    // A whole number beyond 64 bits is read as the nearest number, as JSON readers do.
    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(i64::try_from(n).map_or(Value::Number(n as f64), Value::Int))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        Ok(Value::Number(n))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Plain(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Arc<str>, Value)> = Vec::new();
        let mut places: std::collections::HashMap<Arc<str>, usize> = std::collections::HashMap::new();
        while let Some((name, Plain(value))) = map.next_entry::<String, Plain>()? {
            let name: Arc<str> = name.into();
            match places.get(&name) {
                Some(at) => fields[*at].1 = value,
                None => {
                    places.insert(Arc::clone(&name), fields.len());
                    fields.push((name, value));
                }
            }
        }
        Ok(Value::Record(Arc::new(Record(fields))))
    }
}

impl Value {
    /// Returns the value as JSON for tools and files: durations, sizes and times as text with their unit
    /// (`"30s"`), a percentage as its number (`0.8`), a command as a record of its fields.
    pub fn to_json(&self) -> Json {
        match self {
            Value::None => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(n) => Json::from(*n),
            Value::Number(n) | Value::Percent(n) => Json::from(*n),
            Value::Text(text) | Value::Damaged(text) => Json::from(&**text),
            Value::Duration(_) | Value::Size(_) | Value::Time(_) | Value::Secret(_) => {
                Json::from(self.to_string())
            }
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Record(record) => record.to_json(),
            Value::Command(command) => serde_json::json!({
                "command": &*command.typed,
                "exit": command.exit,
                "ok": command.ok,
                "stdout": &*command.stdout.text,
                "stderr": &*command.stderr.text,
                "elapsed": Value::Duration(command.elapsed).to_json(),
            }),
            Value::Response(response) => serde_json::json!({
                "request": &*response.request,
                "status": response.status,
                "headers": response.headers.to_json(),
                "body": &*response.body.text,
                "elapsed": Value::Duration(response.elapsed).to_json(),
            }),
            Value::Tried(tried) => match &tried.result {
                Ok(value) => value.to_json(),
                Err(error) => serde_json::json!({"ok": false, "error": error}),
            },
        }
    }
}

impl Record {
    fn to_json(&self) -> Json {
        Json::Object(self.0.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
    }
}
