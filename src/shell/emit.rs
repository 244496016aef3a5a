//! Tree and positions → plan.
//!
//! Owns the choice between starting a program directly and asking a shell, and the script in which each value has
//! become a reference. The text around the references is kept to the character, here-documents with quoted
//! delimiters apart: they become ones that expand, with everything else in them escaped.

use std::collections::BTreeMap;

use super::cells::{Atom, Cell};
use super::names;
use super::plan::{Binding, Form, Piece, Quoting, ScriptPart, Shell, Start, Word, WordPart};
use super::tree::{self, Command, Document, Part, Script};

/// Characters that mean something to a shell in an unquoted word.
const MEANINGFUL: &str = "*?[]{}~$";

/// Returns the words of a command that needs no shell, `None` when it does.
pub(super) fn direct(script: &Script, guards: &[(tree::Word, Start)], pieces: &[Piece]) -> Option<Vec<Word>> {
    let [pipeline] = script.pipelines.as_slice() else {
        return None;
    };
    if script.joined {
        return None;
    }
    let [Command::Simple { words, assignments: 0, redirections }] = pipeline.as_slice() else {
        return None;
    };
    if !redirections.is_empty() {
        return None;
    }
    let name = words.first()?.literal().filter(|n| !n.is_empty())?;
    if names::is_builtin(&name) && !["true", "false"].contains(&name.as_str()) {
        return None;
    }
    let mut guards = guards.iter().map(|(word, start)| (parts(word, pieces), *start)).peekable();
    let mut found = Vec::with_capacity(words.len());
    for word in words {
        if word.literal().as_deref() != Some("{}") && !word.parts.iter().all(is_plain) {
            return None;
        }
        let parts = parts(word, pieces);
        // Guards come in the order of the words they guard.
        let start = guards.next_if(|(guarded, _)| *guarded == parts).map_or(Start::Free, |(_, start)| start);
        found.push(Word { parts, start });
    }
    Some(found)
}

fn is_plain(part: &Part) -> bool {
    match part {
        Part::Text { text, quoted } => *quoted || !text.contains(|c| MEANINGFUL.contains(c)),
        Part::Value(_) => true,
        _ => false,
    }
}

/// Returns the parts of `word` up to the first that only the shell knows.
pub(super) fn parts(word: &tree::Word, pieces: &[Piece]) -> Vec<WordPart> {
    let mut parts: Vec<WordPart> = Vec::with_capacity(word.parts.len());
    let mut from = word.parts.as_slice();
    while let Some((part, rest)) = from.split_first() {
        from = rest;
        match (part, parts.last_mut()) {
            (Part::Text { text, .. }, _) if text.is_empty() => {}
            (Part::Text { text, .. }, Some(WordPart::Literal(literal))) => literal.push_str(text),
            (Part::Text { text, .. }, _) => parts.push(WordPart::Literal(text.clone())),
            (Part::Value(hole), _) => parts.push(WordPart::Value(index(pieces, hole.piece))),
            // `${x:-{{ y }}}`: what may stand there, and nothing is known of what follows.
            (Part::Expansion { operand, .. }, None) => from = operand,
            _ => break,
        }
    }
    if parts.is_empty() {
        parts.push(WordPart::Literal(String::new()));
    }
    parts
}

/// Returns the number of the interpolation that piece `piece` is.
pub(super) fn index(pieces: &[Piece], piece: usize) -> usize {
    match pieces.get(piece) {
        Some(Piece::Value { index, .. }) => *index,
        _ => piece,
    }
}

/// Returns the script, each value a reference.
pub(super) fn script(
    shell: Shell,
    cells: &[Cell],
    documents: &[Document],
    bindings: &[Binding],
    guards: &[(tree::Word, Start)],
    pieces: &[Piece],
) -> Form {
    let edits = edits(documents);
    let mut text = Text::default();
    for cell in cells {
        match cell.atom {
            Atom::Char(c) => match edits.get(&cell.at) {
                Some(edit) => text.push(edit),
                None => text.push(c.encode_utf8(&mut [0; 4])),
            },
            Atom::Raw(piece) => text.0.push(ScriptPart::Value(index(pieces, piece))),
            Atom::Value(piece) => {
                let index = index(pieces, piece);
                let binding = bindings.iter().find(|b| b.index == index);
                text.push(&binding.map(reference).unwrap_or_default());
            }
        }
    }
    let guards =
        guards.iter().map(|(word, start)| Word { parts: parts(word, pieces), start: *start }).collect();
    Form::Script { shell, text: text.0, guards }
}

/// Returns the text as written.
pub(super) fn template(pieces: &[Piece]) -> Vec<ScriptPart> {
    let part = |piece: &Piece| match piece {
        Piece::Text { text, .. } => ScriptPart::Text(text.clone()),
        Piece::Value { index, .. } => ScriptPart::Value(*index),
    };
    pieces.iter().map(part).collect()
}

/// Script text under construction.
#[derive(Default)]
struct Text(Vec<ScriptPart>);

impl Text {
    fn push(&mut self, more: &str) {
        match self.0.last_mut() {
            Some(ScriptPart::Text(text)) => text.push_str(more),
            _ => self.0.push(ScriptPart::Text(more.to_owned())),
        }
    }
}

/// Returns the reference that stands for a value between its quotes. It is the same at every depth of backquotes:
/// no character in it loses a backslash, because none has one.
fn reference(binding: &Binding) -> String {
    let name = &binding.variable;
    match binding.quoting {
        Quoting::Bare if binding.several => format!("\"${{{name}[@]}}\""),
        Quoting::Bare => format!("\"${{{name}}}\""),
        Quoting::Single => format!("'\"${{{name}}}\"'"),
        Quoting::Ansi => format!("'\"${{{name}}}\"$'"),
        Quoting::Double | Quoting::HereDocument | Quoting::QuotedHereDocument => {
            format!("${{{name}}}")
        }
    }
}

/// Returns what stands in place of single cells: here-documents with quoted delimiters and values in them.
fn edits(documents: &[Document]) -> BTreeMap<usize, String> {
    let mut edits = BTreeMap::new();
    for document in documents.iter().filter(|d| d.quoted && !d.parts.is_empty()) {
        for (number, cell) in document.delimiter_cells.iter().enumerate() {
            edits.insert(cell.at, if number == 0 { document.delimiter.clone() } else { String::new() });
        }
        for cell in &document.body_cells {
            if let Atom::Char(c @ ('\\' | '$' | '`')) = cell.atom {
                edits.insert(cell.at, format!("\\{c}"));
            }
        }
    }
    edits
}
