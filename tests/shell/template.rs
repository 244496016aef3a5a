//! Templates for tests: `{{name}}` is a value, `{{name|raw}}` is pasted. Spans are places in the text itself.

use mainstay::shell::{Bound, CommandKind, CommandPlan, Invocation, Piece, analyse, bind};
use mainstay::source::{SourceId, Span};

/// Returns the pieces of `text`.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut index = 0;
    let span = |from: usize, to: usize| Span::new(SourceId(0), from, to);
    while let Some((open, close)) = value(text, at) {
        if open > at {
            pieces.push(Piece::Text { text: text[at..open].into(), span: span(at, open) });
        }
        pieces.push(Piece::Value { index, span: span(open, close), raw: text[open..close].contains("|raw") });
        index += 1;
        at = close;
    }
    if at < text.len() {
        pieces.push(Piece::Text { text: text[at..].into(), span: span(at, text.len()) });
    }
    pieces
}

/// Returns the place of the next value behind `from`: `{{`, a word, `}}`.
fn value(text: &str, from: usize) -> Option<(usize, usize)> {
    let opens = text[from..].match_indices("{{").map(|(o, _)| o + from);
    let mut found = opens.filter_map(|open| {
        let word = text[open + 2..].find(|c: char| !c.is_ascii_alphanumeric() && c != '|')?;
        let end = open + 2 + word;
        (word > 0 && text[end..].starts_with("}}")).then_some((open, end + 2))
    });
    found.next()
}

/// Returns the plan of `text`, which must be accepted.
pub fn plan(text: &str, kind: CommandKind) -> CommandPlan {
    analyse(&pieces(text), kind)
        .unwrap_or_else(|d| panic!("{}\n{}", text.lines().next().unwrap_or_default(), d[0].message))
}

/// Returns the invocation of `text` with `values`.
pub fn invocation(text: &str, kind: CommandKind, values: &[Bound]) -> Invocation {
    bind(&plan(text, kind), values).unwrap_or_else(|e| panic!("{text}\n{values:?}\n{e}"))
}

/// Returns texts as values.
pub fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> Vec<Bound> {
    values.into_iter().map(|v| Bound::Text(v.clone())).collect()
}
