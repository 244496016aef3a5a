//! Small looks at a text that could not be read: its first token, its brackets, what would have fitted.
//!
//! Owns no message. Never looks further than the line it is given.

use pest::error::ErrorVariant;

use super::forms::described;
use super::grammar::Rule;
use super::reader::first_word;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Returns what stands at the beginning of `text`: a word, a number, a text, or a sign.
pub(super) fn token(text: &str) -> &str {
    let word = first_word(text);
    if !word.is_empty() {
        return word;
    }
    if text.starts_with('"')
        && let Some(end) = text.get(1..).and_then(|rest| rest.find(['"', '\n']))
    {
        return text.get(..end + 2).unwrap_or(text);
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    let pair = ["->", "==", "!=", "<=", ">=", "&&", "||", "{{", "}}", ".."]
        .iter()
        .find(|pair| text.starts_with(**pair));
    text.get(..pair.map_or(first, |pair| pair.len())).unwrap_or("")
}

/// Returns what would fit, when that can be said in a few words.
pub(super) fn expected(variant: &ErrorVariant<Rule>) -> Option<String> {
    let ErrorVariant::ParsingError { positives, .. } = variant else {
        return None;
    };
    let mut words: Vec<&str> = Vec::new();
    for word in positives.iter().filter_map(|rule| described(*rule)) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    // A value may begin with nearly everything.
    if words.contains(&"a value") {
        words.retain(|word| {
            !matches!(
                *word,
                "a name"
                    | "a text in quotes"
                    | "a number"
                    | "a record `{ name: value }`"
                    | "a date such as `2026-11-20`"
            )
        });
    }
    match words.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [many @ .., last] if words.len() <= 6 => Some(format!("{} or {last}", many.join(", "))),
        _ => None,
    }
}

/// Returns the last bracket that is opened and not closed, texts left out.
pub(super) fn unclosed_bracket(written: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut quoted = false;
    for (at, byte) in written.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' | b'[' if !quoted => open.push(at),
            b')' | b']' if !quoted => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

pub(super) fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error("nested-too-deeply", "blocks and brackets nest deeper than 128 levels")
        .at(at, "")
        .help("give the inner parts names with `let`")
}

/// Returns whether a line opens more brackets than may nest, at once.
pub(super) fn nests_too_deeply(written: &str) -> bool {
    let mut depth = 0_usize;
    written.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 100
    })
}
