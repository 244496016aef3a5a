//! Functions of text that are ours: patterns, addresses' components, JSON.
//!
//! Owns what minijinja has not, or does for HTML. Never escapes for a shell: values are bound
//! there, not pasted.

use serde::Serialize;

use super::super::operators::SHOWN;
use super::super::scope::Failure;
use super::super::text::{concat, regex};
use super::arguments::Args;
use crate::value::{Value, brief, read_json};

pub(super) fn call(args: &Args) -> Result<Value, Failure> {
    match args.name {
        "capture" => capture(args),
        "url" => component(args),
        "tojson" => json(args),
        "parse_json" => {
            let text = args.text(0)?;
            read_json(&text)
                .map_err(|why| Failure::new(format!("`{}` is not JSON: {why}", brief(&text, SHOWN))))
        }
        _ => concat(&[args.any(0)?]),
    }
}

fn capture(args: &Args) -> Result<Value, Failure> {
    let (text, pattern) = (args.text(0)?, args.text(1)?);
    let regex = regex(&pattern)?;
    let found = regex
        .captures(&text)
        .and_then(|groups| groups.get(1).or_else(|| groups.get(0)))
        .map(|group| Value::text(group.as_str()));
    found.ok_or_else(|| Failure::missing(format!("`{}` does not match `{pattern}`", brief(&text, SHOWN))))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, section 2.3.
fn component(args: &Args) -> Result<Value, Failure> {
    let text = match args.any(0)? {
        Value::List(_) | Value::Record(_) => return Err(args.wants(0, "text")),
        value => concat(&[value])?.to_string(),
    };
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(Value::text(encoded))
}

fn json(args: &Args) -> Result<Value, Failure> {
    let json = args.any(0)?.to_json();
    let Some(_) = args.given(1) else {
        return Ok(Value::text(json.to_string()));
    };
    let indent = " ".repeat(args.int_in(1, 0, 16)?);
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    json.serialize(&mut writer)
        .map_err(|e| Failure::new(format!("the value cannot be written as JSON: {e}")))?;
    Ok(Value::text(String::from_utf8_lossy(&bytes).into_owned()))
}
