//! What the layout is made of: tokens, each with what may become of the blanks before it.
//!
//! Owns the plain data. Never reads the grammar's parse (`reading` does) and never places anything (`line` does).

use std::ops::Range;

/// Columns of one level of indentation.
pub(super) const STEP: usize = 2;

/// One token and its surroundings.
#[derive(Clone, Debug)]
pub(super) struct Token<'i> {
    /// As written, outer blanks removed.
    pub text: &'i str,
    /// Where it begins in the text.
    pub start: usize,
    pub kind: Kind,
    /// Ends of lines between the token before and this one.
    pub breaks: usize,
    /// What becomes of these.
    pub lead: Lead,
    /// Levels of indentation when it begins a line outside brackets.
    pub level: usize,
    /// No blank stands before it.
    pub tight_before: bool,
    /// No blank stands behind it.
    pub tight_after: bool,
    /// The column of a table that begins with it.
    pub cell: Option<Cell>,
}

impl<'i> Token<'i> {
    /// Returns a token that stands where it was written, with a blank at both sides.
    pub fn new(text: &'i str, start: usize, kind: Kind, level: usize) -> Self {
        Token {
            text,
            start,
            kind,
            breaks: 0,
            lead: Lead::Kept,
            level,
            tight_before: false,
            tight_after: false,
            cell: None,
        }
    }
}

/// What a token is, as far as the layout asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, a number, a sign.
    Plain,
    /// From `#` to the end of its line.
    Comment,
    /// `$ …`, to the end of its line and those that continue it.
    Command,
    /// A text in quotes or a script between fences, with the places of the `{{ }}` in it.
    Lines(Vec<Range<usize>>),
    /// An opening bracket of a list, a record, arguments.
    Open,
    /// The bracket that closes it.
    Close,
    /// `{` of a block.
    BlockOpen,
    /// `}` of a block.
    BlockClose,
}

/// How a token stands to the line before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// It begins a sentence, or is a comment between two: a line of its own, with an empty line above where one was.
    Sentence,
    /// The same, of a section of the file: an empty line parts it from what stands above and below.
    Section,
    /// Always on a line of its own: how a change ends, the end of a block.
    Below,
    /// On the line of what is before it: `{` of a block, `else`.
    Join,
    /// Where it was written.
    Kept,
}

impl Lead {
    /// Returns whether a sentence begins here.
    pub fn starts(self) -> bool {
        matches!(self, Lead::Sentence | Lead::Section)
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub table: Table,
    /// Counts from 0, which is the beginning of the sentence.
    pub column: usize,
}

/// Sentences that stand in columns when they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Field,
    Param,
    ActionParam,
    Secret,
    /// `check` and `let`.
    Binding,
    /// `given` of a name without a dot.
    Given,
    DecideArm,
    WatchArm,
}
