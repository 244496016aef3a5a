//! Source files and places in them.
//!
//! Owns the texts a run was read from and the byte spans that point into them. Never
//! knows what the text means.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names one file of a [`Sources`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A range of bytes in one source file, `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Returns the span of bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: clamp(start), end: clamp(end) }
    }

    /// Returns the smallest span that covers both; `self`'s file wins when they differ.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Returns the span as a range of bytes.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A thing with the place it was read from. Equality ignores the place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spanned<T> {
    pub node: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Returns `node` at `span`.
    pub fn new(node: T, span: Span) -> Self {
        Spanned { node, span }
    }

    /// Returns what `f` makes of the node, at the same place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { node: f(self.node), span: self.span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.node
    }
}

/// One file: the name shown to the user and its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The path as given by the user, or `<stdlib>/NAME.runbook`.
    pub name: String,
    pub text: Arc<str>,
}

/// The texts a program was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId(clamp(self.files.len()));
        self.files.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// Returns the file, or `None` for an id of another table.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Returns every file with its id, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.files.iter().enumerate().map(|(i, f)| (SourceId(clamp(i)), f))
    }

    /// Returns the text under `span`, empty when the span is not in this table.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|f| f.text.get(span.range())).unwrap_or("")
    }

    /// Returns a text as it is written there, escapes untouched, without its quotes: by this drills name a question.
    pub fn unquoted(&self, span: Span) -> &str {
        let text = self.text(span);
        let within = |quotes| text.strip_prefix(quotes).and_then(|text| text.strip_suffix(quotes));
        within("\"\"\"").or_else(|| within("\"")).unwrap_or(text)
    }

    /// Returns file, line and column of the start of `span`; both count from 1, columns in characters.
    pub fn place(&self, span: Span) -> Place {
        let Some(file) = self.get(span.source) else {
            return Place { file: String::from("?"), line: 0, column: 0 };
        };
        let before = file.text.get(..span.start as usize).unwrap_or(&file.text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Place { file: file.name.clone(), line, column }
    }
}

/// A place for people: file, line and column, both from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
