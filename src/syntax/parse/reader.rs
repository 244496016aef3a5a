//! What every part of the tree's builder shares: the text, places, and the list of messages.
//!
//! Owns the translation of pest's places into ours. Never builds a node.

use pest::iterators::Pair as PestPair;

use super::grammar::Rule;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span, Spanned};
use crate::syntax::ast::{Name, Unread};

pub(super) type Pair<'i> = PestPair<'i, Rule>;

/// Returns what a rule is made of, without the comments between.
pub(super) fn parts<'i>(pair: Pair<'i>) -> impl Iterator<Item = Pair<'i>> {
    pair.into_inner().filter(|part| part.as_rule() != Rule::comment)
}

/// Reads one file's parse into a tree, gathering messages on the way.
pub(super) struct Reader<'i> {
    pub source: SourceId,
    pub text: &'i str,
    pub diagnostics: Vec<Diagnostic>,
    /// The word of the statement that follows the one being read, to tell a clause that stands above
    /// its statement.
    pub next_word: Option<&'static str>,
    /// Braces do not count any more: the rest of the text was not read, or one of them is part of a command.
    pub gave_up: bool,
    /// What could not be read, for the tree.
    pub unread: Unread,
    /// What was said and makes the next sentences mere consequences.
    pub told: Told,
    /// Where an expression ends behind which something stands that does not fit: it is only a part of what
    /// was meant.
    pub cut: Option<u32>,
}

/// Mistakes whose consequences stand in later lines.
#[derive(Default)]
pub(super) struct Told {
    /// A block without braces: `fi`, `end`, `else:` below it.
    pub braceless: bool,
    /// A section without its block: its statements stand at the top of the file.
    pub open_section: bool,
    /// Arms outside a `decide`.
    pub loose_arms: bool,
    /// A comment between `/*` and `*/`.
    pub comment: bool,
    /// A `try { }`, and the `except { }` behind it.
    pub tried_block: bool,
    /// The line that ends a here-document, until it is met.
    pub here_document: Option<String>,
    /// An `if` that could not be read, and the `else` behind its block.
    pub condition: bool,
    /// Lines that the grammar took for the rest of a target; they are arms.
    pub lines_behind: Vec<Span>,
    /// A `}` that will be found to close nothing.
    pub braces: usize,
}

impl<'i> Reader<'i> {
    pub fn new(source: SourceId, text: &'i str) -> Self {
        Reader {
            source,
            text,
            diagnostics: Vec::new(),
            next_word: None,
            gave_up: false,
            unread: Unread::default(),
            told: Told::default(),
            cut: None,
        }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Returns the place of bytes `start..end`.
    pub fn place(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    /// Returns the place of a pair without the blanks that pest leaves at its end.
    pub fn span(&self, pair: &Pair<'_>) -> Span {
        let span = pair.as_span();
        let trimmed = span.as_str().trim_end();
        self.place(span.start(), span.start() + trimmed.len())
    }

    /// Returns the place of the first word of a pair.
    pub fn word_span(&self, pair: &Pair<'_>) -> Span {
        let start = pair.as_span().start();
        self.place(start, start + head_length(pair.as_str()))
    }

    /// Takes note of where a sentence ends behind which something stands that does not fit; returns what was
    /// noted before.
    pub fn cut_at(&mut self, trailing: Option<&Pair<'_>>) -> Option<u32> {
        let end = trailing.map(|pair| {
            let before = self.text.get(..pair.as_span().start()).unwrap_or("");
            self.place(0, before.trim_end().len()).end
        });
        std::mem::replace(&mut self.cut, end)
    }

    /// Returns the text at a place.
    pub fn slice(&self, span: Span) -> &'i str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Returns the word as a name; of a role in quotes, what stands in them.
    pub fn name(&self, pair: &Pair<'_>) -> Name {
        let written = pair.as_str().trim_end();
        let name = written.strip_prefix('"').and_then(|w| w.strip_suffix('"')).unwrap_or(written);
        Spanned::new(name.to_owned(), self.span(pair))
    }
}

/// Returns the length of the word or, without one, of the character that `text` begins with.
pub(super) fn head_length(text: &str) -> usize {
    match first_word(text).len() {
        0 => text.chars().next().map_or(0, char::len_utf8),
        length => length,
    }
}

/// Returns the letters, digits and underscores that `text` begins with.
pub(super) fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.get(..end).unwrap_or("")
}
