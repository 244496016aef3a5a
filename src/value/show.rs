//! Values as people read them.
//!
//! Owns `Display` and its bounded form. Text is plain, so that a value in a sentence reads
//! like one; a secret is its name. Never used to store: that is `Serialize`.

use std::fmt;

use super::{CommandValue, Output, Record, Value, units};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("none"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Number(n) => f.write_str(&units::show_number(*n)),
            Value::Percent(share) => f.write_str(&units::show_percent(*share)),
            Value::Text(text) | Value::Damaged(text) => f.write_str(text),
            Value::Duration(n) => f.write_str(&units::show_duration(*n)),
            Value::Size(n) => f.write_str(&units::show_size(*n)),
            Value::Time(time) => f.write_str(&units::show_time(*time)),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Record(record) => write!(f, "{record}"),
            Value::Command(command) => f.write_str(command.printed()),
            Value::Response(response) => {
                write!(f, "{} gave status {}", response.request, response.status)
            }
            Value::Tried(tried) => match &tried.result {
                Ok(value) => write!(f, "{value}"),
                Err(error) => write!(f, "failed: {error}"),
            },
            Value::Secret(secret) => write!(f, "{secret}"),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            if is_name(name) {
                write!(f, "{name}: {value}")?;
            } else {
                write!(f, "{name:?}: {value}")?;
            }
        }
        f.write_str("}")
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Output {
    /// Returns the text without the line ends at its end.
    pub fn trimmed(&self) -> &str {
        self.text.trim_end_matches(['\n', '\r'])
    }
}

impl CommandValue {
    /// Returns what the command printed, without the line ends at its end.
    pub fn printed(&self) -> &str {
        self.stdout.trimmed()
    }
}

impl Value {
    /// Returns the value on one line of at most `max_chars` characters, cut with `…`.
    pub fn brief(&self, max_chars: usize) -> String {
        brief(&self.to_string(), max_chars)
    }

    /// Returns what kind of value it is, with its article, for messages: `a text`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::None => "none",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Number(_) => "a number",
            Value::Percent(_) => "a percentage",
            Value::Text(_) | Value::Damaged(_) => "text",
            Value::Duration(_) => "a duration",
            Value::Size(_) => "a size",
            Value::Time(_) => "a time",
            Value::List(_) => "a list",
            Value::Record(_) => "a record",
            Value::Command(_) => "a command's result",
            Value::Response(_) => "a response",
            Value::Tried(tried) => tried.result.as_ref().map_or("a failed call", |value| value.kind()),
            Value::Secret(_) => "a secret",
        }
    }
}

/// Returns the text on one line of at most `max_chars` characters, cut with `…`.
pub fn brief(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let mut chars = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !line.is_empty();
            continue;
        }
        let wanted = chars + usize::from(space) + 1;
        if wanted > max_chars {
            while chars >= max_chars && line.pop().is_some() {
                chars -= 1;
            }
            if max_chars > 0 {
                line.push('…');
            }
            return line;
        }
        if space {
            line.push(' ');
            space = false;
        }
        line.push(c);
        chars = wanted;
    }
    line
}
