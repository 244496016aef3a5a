//! The words for clauses: bounds, people, silence, what is done to something.

use super::super::page::{Block, Inline, code, quiet, strong, text};
use crate::plan::Node;
use crate::shell;
use crate::value::Value;

/// Returns what follows a word below a statement.
pub(super) fn clause<'n>(node: &'n Node, word: &str) -> Option<&'n str> {
    node.clauses.iter().find(|(own, _)| *own == word).map(|(_, text)| text.as_str())
}

/// Returns all that follow a word.
pub(super) fn clauses<'n>(node: &'n Node, word: &'static str) -> impl Iterator<Item = &'n str> {
    node.clauses.iter().filter(move |(own, _)| *own == word).map(|(_, text)| text.as_str())
}

/// Returns a length or a number: as text where it is one, as code where it is computed.
pub(super) fn value(of: &str) -> Inline {
    let plain = of.starts_with(|c: char| c.is_ascii_digit()) && !of.contains(['(', '*', '/', '{']);
    if plain { text(of) } else { code(of) }
}

/// Returns a sentence as the end of another one.
pub(super) fn lowered(line: &mut [Inline]) {
    if let Some(Inline::Text(text) | Inline::Strong(text)) = line.first_mut()
        && let Some(first) = text.get(..1)
    {
        *text = format!("{}{}", first.to_lowercase(), &text[1..]);
    }
}

/// Returns what bounds a phase.
pub(super) fn phase(node: &Node) -> Option<Block> {
    let most = node.bound.as_ref()?.total_ns?;
    Some(Block::Para(match clause(node, "within") {
        Some(within) => vec![text("Within "), value(within), text(": what takes longer has failed.")],
        None => vec![text(format!("At most {}.", Value::Duration(most)))],
    }))
}

/// Returns how long a step may take, how often it is tried, and what its failure means.
pub(super) fn step(node: &Node) -> Vec<Inline> {
    let mut line = Vec::new();
    let mut add = |before: &str, of: Option<&str>, behind: &str| {
        if let Some(of) = of {
            line.push(text(if line.is_empty() { before.to_owned() } else { format!("; {before}") }));
            line.push(value(of));
            line.push(text(behind));
        }
    };
    let retry = clause(node, "retry");
    add("at most ", clause(node, "timeout"), if retry.is_some() { " for each try" } else { "" });
    add("at most ", clause(node, "within"), " for all of it");
    add("retries: ", retry, ", each after what the failed try changed is taken back");
    add("", clause(node, "every"), " between two tries");
    if line.is_empty()
        && let Some(most) = node.bound.as_ref().and_then(|bound| bound.total_ns)
    {
        line.push(text(format!("at most {}", Value::Duration(most))));
    }
    line
}

/// Returns how something is looked at again and again: `text`, then what it says.
pub(super) fn polling(node: &Node) -> Vec<Inline> {
    let (holds, within, every) = (clause(node, "for"), clause(node, "within"), clause(node, "every"));
    let mut line = Vec::new();
    if let Some(holds) = holds {
        line.extend([text(" for "), value(holds), text(" without a break")]);
    }
    if let Some(within) = within {
        line.extend([text(if holds.is_some() { ", inside " } else { " within " }), value(within)]);
    }
    if let Some(every) = every.filter(|_| !line.is_empty()) {
        line.extend([text(", looked at every "), value(every)]);
    }
    line
}

/// Returns `NAME "TEXT"` as its two parts.
pub(super) fn quoted(of: &str) -> (&str, Option<&str>) {
    match of.split_once(" \"") {
        Some((head, rest)) => (head, Some(rest.strip_suffix('"').unwrap_or(rest))),
        None => (of, None),
    }
}

/// Returns what somebody is asked to do by hand.
pub(super) fn task(node: &Node) -> &str {
    let text = node.text.strip_prefix("manual ").unwrap_or(&node.text);
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Returns who is asked.
pub(super) fn who(node: &Node) -> Inline {
    strong(clause(node, "by").unwrap_or("somebody"))
}

/// Returns a text as somebody says it.
pub(super) fn speech(of: &str) -> Inline {
    text(format!("“{of}”"))
}

/// Returns what happens when nobody answers. `back`: leads to the way back.
pub(super) fn silence(of: &str, back: Inline) -> Vec<Inline> {
    match of {
        "abort" => vec![text("stop, and "), back],
        "continue" => vec![text("go on")],
        other => match other.strip_prefix("escalate to ") {
            Some(to) => {
                let (role, why) = quoted(to);
                let mut line = vec![text("hand over to "), strong(role)];
                line.extend(why.map(|why| text(format!(": “{why}”"))));
                line.push(text(", stop, and "));
                line.push(back);
                line
            }
            None => vec![text("the answer is "), code(other)],
        },
    }
}

/// Returns the environment of a command, as a shell takes it; empty where it has none of its own.
pub(super) fn environment(node: &Node) -> String {
    let lines = clauses(node, "with env").map(|one| {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        let value = match value {
            // What one fills in is quoted by whoever does.
            value if value.contains("{{") => value.to_owned(),
            value => shell::quote(value),
        };
        format!("export {name}={value}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns what a call is given beside its words.
pub(super) fn surroundings(node: &Node) -> Option<Block> {
    let mut parts: Vec<Vec<Inline>> = Vec::new();
    let mut add = |before: &str, word: &str, behind: &str| {
        if let Some(of) = clause(node, word) {
            parts.push(vec![text(before), value(of), text(behind)]);
        }
    };
    add("in the folder ", "with dir", "");
    add("as the user ", "with user", "");
    add("at most ", "timeout", "");
    add("exit status ", "allow exit", " is success");
    if clause(node, "try").is_some() {
        parts.push(vec![text("it may fail: then there is only its error")]);
    }
    if parts.is_empty() {
        return None;
    }
    let mut line = vec![quiet("(")];
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            line.push(text("; "));
        }
        line.extend(part);
    }
    line.push(quiet(")"));
    Some(Block::Para(line))
}
