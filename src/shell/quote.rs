//! Text → shell text, for people to read.
//!
//! Owns quoting for the log. Never used to run anything: what runs gets values as arguments.

use super::bind::Bound;
use super::plan::{Binding, CommandPlan, Position, Quoting, ScriptPart};

/// Returns `text` as one word of a shell.
pub fn quote(text: &str) -> String {
    shlex::Quoter::new()
        .allow_nul(true)
        .quote(text)
        .map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// Returns the command as it could be typed: values quoted for the place they stand in, a secret as `[secret NAME]`.
pub fn as_typed(plan: &CommandPlan, values: &[Bound]) -> String {
    let values: Vec<_> = values.iter().cloned().map(Ok).collect();
    as_far_as_known(plan, &values)
}

/// Returns the command as it could be typed were every value known: what stands in the place of one that is not, is
/// put there as it is.
pub fn as_far_as_known(plan: &CommandPlan, values: &[Result<Bound, String>]) -> String {
    let mut text = String::new();
    for part in &plan.template {
        match part {
            ScriptPart::Text(t) => text.push_str(t),
            ScriptPart::Value(index) => {
                let binding = plan.bindings.iter().find(|b| b.index == *index);
                match (binding, values.get(*index)) {
                    (Some(binding), Some(Ok(value))) => text.push_str(&typed(binding, value)),
                    (_, Some(Err(instead))) => text.push_str(instead),
                    _ => text.push_str("{{ }}"),
                }
            }
        }
    }
    text
}

fn typed(binding: &Binding, value: &Bound) -> String {
    match value {
        Bound::Secret { name, .. } => format!("[secret {name}]"),
        Bound::Text(text) => typed_text(binding, text),
        Bound::List(items) => {
            items.iter().map(|item| typed_text(binding, item)).collect::<Vec<_>>().join(" ")
        }
    }
}

fn typed_text(binding: &Binding, text: &str) -> String {
    if binding.position == Position::Raw {
        return text.to_owned();
    }
    let mut typed = match binding.quoting {
        // A `]]` or an operator would be read as one where things are compared.
        Quoting::Bare if binding.position == Position::Word && text.starts_with(['-', ']']) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        Quoting::Bare => quote(text),
        Quoting::Single => text.replace('\'', r"'\''"),
        Quoting::Ansi => escaped(text, "\\'"),
        Quoting::Double => escaped(text, "\\$`\""),
        Quoting::HereDocument => escaped(text, "\\$`"),
        Quoting::QuotedHereDocument => text.to_owned(),
    };
    for _ in 0..binding.backquotes {
        typed = escaped(&typed, "\\$`");
    }
    typed
}

/// Returns `text` with a backslash before each of `special`.
pub(super) fn escaped(text: &str, special: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
