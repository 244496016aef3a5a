//! A command's text as one tape of cells: characters and values.
//!
//! Owns the way back from a cell to its place in the file. Never knows what a character means to a shell.

use std::ops::Range;

use super::plan::Piece;
use crate::source::Span;

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    Char(char),
    /// The piece with this number, a value.
    Value(usize),
    /// The piece with this number, pasted.
    Raw(usize),
}

/// An atom and where it stands on the tape. Backquotes take characters out, so readings of the same tape may skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub atom: Atom,
    pub at: usize,
}

/// Returns the cells of `pieces`.
pub(super) fn cells(pieces: &[Piece]) -> Vec<Cell> {
    let length = |piece: &Piece| if let Piece::Text { text, .. } = piece { text.len() } else { 1 };
    let mut cells = Vec::with_capacity(pieces.iter().map(length).sum());
    let mut push = |atom| cells.push(Cell { atom, at: cells.len() });
    for (number, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text { text, .. } => text.chars().for_each(|c| push(Atom::Char(c))),
            Piece::Value { raw: true, .. } => push(Atom::Raw(number)),
            Piece::Value { raw: false, .. } => push(Atom::Value(number)),
        }
    }
    cells
}

/// Returns the place in the file of the cells `range` of the tape. A piece whose text is not as long as its place
/// (it had `\{{` in it) is underlined as a whole.
pub(super) fn span(pieces: &[Piece], range: Range<usize>) -> Option<Span> {
    let mut found: Option<Span> = None;
    let mut at = 0;
    for piece in pieces {
        let (length, place) = match piece {
            Piece::Value { span, .. } => (1, *span),
            Piece::Text { text, span } => (text.chars().count(), part(text, *span, at, &range)),
        };
        if at < range.end && at + length > range.start {
            found = Some(found.map_or(place, |f| f.to(place)));
        }
        at += length;
    }
    found.or_else(|| {
        let (Piece::Text { span, .. } | Piece::Value { span, .. }) = pieces.last()?;
        Some(Span { start: span.end, ..*span })
    })
}

/// Returns the part of `span` that `range` covers, when `text` begins at cell `at`.
fn part(text: &str, span: Span, at: usize, range: &Range<usize>) -> Span {
    if span.range().len() != text.len() {
        return span;
    }
    let offset = |cell: usize| {
        let chars = cell.saturating_sub(at);
        text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte)
    };
    Span::new(span.source, span.range().start + offset(range.start), span.range().start + offset(range.end))
}
