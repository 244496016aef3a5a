//! Quoting for SQL, as PostgreSQL reads it.
//!
//! Owns literals and identifiers. Never lets a value end its quotes: what cannot be quoted is
//! an error. Source: PostgreSQL documentation, "Lexical Structure", and `PQescapeLiteral`.

use super::super::operators::named;
use super::super::scope::Failure;
use super::super::text::text_of;
use crate::value::Value;

/// Returns the value as a literal.
pub(super) fn literal(value: &Value) -> Result<Value, Failure> {
    let text = match value {
        Value::None => String::from("null"),
        Value::Bool(_) | Value::Int(_) => value.to_string(),
        Value::Number(n) | Value::Percent(n) => format!("{n:?}"),
        Value::Time(_) => format!("'{value}'"),
        Value::Text(_) | Value::Damaged(_) | Value::Command(_) => quote(&text_of(value)?)?,
        Value::Duration(_) => {
            return Err(Failure::new(format!("`sql` takes no duration: {}", named(value)))
                .help("render it with `in_seconds`"));
        }
        Value::Size(_) => {
            return Err(Failure::new(format!("`sql` takes no size: {}", named(value)))
                .help("render it with `in_bytes`"));
        }
        other => {
            return Err(Failure::new(format!("`sql` takes one value, not {}", named(other)))
                .help("for a list: `xs | map(filter: \"sql\") | join(\", \")`"));
        }
    };
    Ok(Value::text(text))
}

fn quote(text: &str) -> Result<String, Failure> {
    no_nul(text)?;
    let doubled = text.replace('\'', "''");
    // A backslash is an ordinary character or not, depending on a setting of the server; `E` says which.
    Ok(if text.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    })
}

/// Returns the text as an identifier.
pub(super) fn name(text: &str) -> Result<Value, Failure> {
    no_nul(text)?;
    if text.is_empty() {
        return Err(Failure::new("`sql_name` takes no empty name"));
    }
    Ok(Value::text(format!("\"{}\"", text.replace('"', "\"\""))))
}

fn no_nul(text: &str) -> Result<(), Failure> {
    if text.contains('\0') {
        return Err(Failure::new("SQL has no text with a NUL byte"));
    }
    Ok(())
}
