//! Tokens in their lines: where one begins, how deep it stands, what is between two tokens.
//!
//! Owns indentation and blanks. Never sees what a token means beyond what it carries, and changes nothing in it
//! but the indentation of texts and scripts of several lines.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::several;
use super::token::{Cell, Kind, Lead, STEP, Table, Token};

/// One line, or several where a text goes on in the next.
#[derive(Debug, Default)]
pub(super) struct Line<'i> {
    /// An empty line stands above it.
    pub apart: bool,
    pub indent: usize,
    pub parts: Vec<Part<'i>>,
    /// It goes on with the sentence of the line above.
    goes_on: bool,
    /// A section begins here.
    section: bool,
}

/// One token of a line.
#[derive(Debug)]
pub(super) struct Part<'i> {
    /// Blanks before it.
    pub gap: usize,
    pub text: Cow<'i, str>,
    pub cell: Option<Cell>,
}

impl Line<'_> {
    /// Returns the column in which a part begins; the first is 0.
    pub fn column_of(&self, part: usize) -> usize {
        let before: usize = self.parts.iter().take(part).map(|p| p.gap + p.text.width()).sum();
        self.indent + before + self.parts.get(part).map_or(0, |p| p.gap)
    }

    /// Returns the table whose row this line is, when it holds one sentence and all of it.
    pub fn row_of(&self, below: Option<&Line<'_>>) -> Option<Table> {
        let cell = self.parts.first()?.cell.filter(|cell| cell.column == 0)?;
        let another = self.parts.iter().skip(1).filter_map(|part| part.cell).any(|c| c == cell);
        let several = self.parts.iter().any(|part| part.text.contains('\n'));
        let ends = below.is_none_or(|below| !below.goes_on);
        (ends && !another && !several).then_some(cell.table)
    }

    /// Appends the line's text.
    pub fn write(&self, out: &mut String) {
        if self.apart {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n(' ', self.indent));
        for part in &self.parts {
            out.extend(std::iter::repeat_n(' ', part.gap));
            out.push_str(&part.text);
        }
        out.push('\n');
    }
}

/// Returns the lines that tokens make.
pub(super) fn lines<'i>(tokens: &[Token<'i>]) -> Vec<Line<'i>> {
    let mut lines: Vec<Line<'i>> = Vec::new();
    // Where the lines stand that opened the brackets which are open.
    let mut brackets: Vec<usize> = Vec::new();
    let mut before: Option<&Token<'i>> = None;
    for token in tokens {
        let outer = if token.kind == Kind::Close { brackets.pop() } else { None };
        let begins = before.is_none_or(|before| begins(before, token));
        if begins {
            let indent = match (outer, brackets.last()) {
                (Some(outer), _) => outer,
                (None, Some(bracket)) => bracket + STEP,
                (None, None) => token.level * STEP,
            };
            let row = token.cell.is_some_and(|c| c.column == 0) || token.kind == Kind::Close;
            let goes_on = !token.lead.starts() && token.kind != Kind::BlockClose && !row;
            let below = before.is_some_and(|before| before.kind == Kind::BlockClose);
            let apart = before.is_some_and(|before| stands_apart(before, token, !brackets.is_empty()));
            let apart = apart || below && token.level == 0 && token.lead.starts();
            let section = token.lead == Lead::Section;
            lines.push(Line { apart, indent, parts: Vec::new(), goes_on, section });
        }
        if let Some(line) = lines.last_mut() {
            let gap = before.filter(|_| !begins).map_or(0, |before| gap(before, token));
            line.parts.push(Part { gap, text: written(token, line.indent), cell: token.cell });
            if token.kind == Kind::Open {
                brackets.push(line.indent);
            }
        }
        before = Some(token);
    }
    part_sections(&mut lines);
    lines
}

/// Returns whether a line is one comment, which belongs to the line below it.
fn is_comment(line: &Line<'_>) -> bool {
    line.parts.first().is_some_and(|part| part.text.starts_with('#'))
}

/// Parts a section that begins, with the comment above it, from what stands above them.
fn part_sections(lines: &mut [Line<'_>]) {
    for at in 1..lines.len() {
        if !lines[at].section {
            continue;
        }
        let mut top = at;
        while top > 0 && !lines[top].apart && is_comment(&lines[top - 1]) {
            top -= 1;
        }
        if top > 0 {
            lines[top].apart = true;
        }
    }
}

/// Returns whether a token begins a line.
fn begins(before: &Token<'_>, token: &Token<'_>) -> bool {
    match (&before.kind, &token.kind) {
        (Kind::Comment, _) => true,
        (_, Kind::Comment) if token.breaks == 0 => false,
        (Kind::BlockOpen, Kind::BlockClose) => false,
        _ => match token.lead {
            Lead::Sentence | Lead::Section | Lead::Below => true,
            Lead::Join => false,
            Lead::Kept => token.breaks > 0,
        },
    }
}

/// Returns whether an empty line stays above a token that begins a line.
fn stands_apart(before: &Token<'_>, token: &Token<'_>, in_brackets: bool) -> bool {
    let first = matches!(before.kind, Kind::BlockOpen | Kind::Open);
    let last = matches!(token.kind, Kind::BlockClose | Kind::Close);
    token.breaks > 1 && !first && !last && (token.lead.starts() || in_brackets)
}

/// Returns the blanks between two tokens of a line.
fn gap(before: &Token<'_>, token: &Token<'_>) -> usize {
    let empty = matches!(
        (&before.kind, &token.kind),
        (Kind::Open, Kind::Close) | (Kind::BlockOpen, Kind::BlockClose)
    );
    match token.kind {
        Kind::Comment => 2,
        _ if empty || token.tight_before || before.tight_after => 0,
        _ => 1,
    }
}

/// Returns a token's text as it stands in a line of that indentation.
fn written<'i>(token: &Token<'i>, indent: usize) -> Cow<'i, str> {
    match &token.kind {
        Kind::Lines(holes) => several::indented(token.text, token.start, holes, indent),
        Kind::Command => {
            let command = token.text.get(1..).unwrap_or("");
            Cow::Owned(format!("$ {}", command.trim_start_matches([' ', '\t'])))
        }
        Kind::Plain if token.text.starts_with("not") && token.text.ends_with("in") => Cow::Borrowed("not in"),
        _ => Cow::Borrowed(token.text),
    }
}
