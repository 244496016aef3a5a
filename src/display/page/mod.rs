//! Pages that are read without the program: what stands on one, and how it is written as HTML and as Markdown.
//!
//! Owns the parts a page is made of. What comes from a runbook is text and nothing else: each of the two writers escapes all
//! of it, and links lead only to a place of the page itself or to a page beside it.

mod html;
mod layout;
mod markdown;
mod picture;

use super::plan::Chart;

pub(super) use html::{frame, html};
pub(super) use markdown::{blocks as parts_markdown, markdown};

/// What stands on one page.
pub(super) struct Page {
    pub title: String,
    /// Which command wrote it, `mainstay doc`: by this it is known again.
    pub by: &'static str,
    /// What it was made from, for its last line.
    pub from: String,
    pub blocks: Vec<Block>,
}

/// A part of a page.
pub(super) enum Block {
    /// The level is 2 and more.
    Heading {
        level: usize,
        id: String,
        text: Vec<Inline>,
    },
    Para(Vec<Inline>),
    /// A paragraph that must not be overlooked.
    Warning(Vec<Inline>),
    /// `lang`: a word that a highlighter knows; empty for what is no code.
    Code {
        lang: String,
        text: String,
    },
    /// Numbered.
    Steps(Vec<Vec<Block>>),
    Bullets(Vec<Vec<Block>>),
    /// A name and what is said of it, a row each.
    Facts(Vec<(&'static str, Vec<Inline>)>),
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// What is told apart from what stands around it.
    Inset(Vec<Block>),
    /// Can be folded in a browser.
    Fold {
        head: Vec<Inline>,
        inside: Vec<Block>,
    },
    Flow(Chart),
}

/// A part of a line. What it holds is plain text.
#[derive(Clone)]
pub(super) enum Inline {
    Text(String),
    Strong(String),
    Code(String),
    /// What one may skip.
    Quiet(String),
    /// A word of the language, by the class that colours it.
    Word(&'static str, String),
    /// To a place of this page.
    Link {
        to: String,
        text: String,
    },
    /// To a page beside this one, by its relative path.
    Beside {
        path: String,
        text: String,
    },
    /// A place that links lead to.
    Place(String),
    Break,
}

pub(super) fn text(text: impl Into<String>) -> Inline {
    Inline::Text(text.into())
}

pub(super) fn strong(text: impl Into<String>) -> Inline {
    Inline::Strong(text.into())
}

pub(super) fn code(text: impl Into<String>) -> Inline {
    Inline::Code(text.into())
}

pub(super) fn quiet(text: impl Into<String>) -> Inline {
    Inline::Quiet(text.into())
}

/// Returns parts one after the other, with something between them.
pub(super) fn joined(parts: impl IntoIterator<Item = Vec<Inline>>, between: &Inline) -> Vec<Inline> {
    let mut line = Vec::new();
    for part in parts {
        line.extend((!line.is_empty()).then(|| between.clone()));
        line.extend(part);
    }
    line
}

/// Returns a heading.
pub(super) fn heading(level: usize, id: impl Into<String>, text: impl Into<String>) -> Block {
    Block::Heading { level, id: id.into(), text: vec![Inline::Text(text.into())] }
}

/// Returns the parts of a text, each with whether it is a value that is put there, `{{ name }}`.
fn pieces(text: &str) -> Vec<(bool, &str)> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find("{{ ") {
        let Some(end) = rest[at..].find(" }}") else { break };
        found.push((false, &rest[..at]));
        found.push((true, &rest[at..at + end + 3]));
        rest = &rest[at + end + 3..];
    }
    found.push((false, rest));
    found.retain(|(_, piece)| !piece.is_empty());
    found
}

/// Returns text in which backquotes mark code; as many of them end it as have begun it.
pub(super) fn marked(text: &str) -> Vec<Inline> {
    let (mut line, mut plain, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find('`') {
        let (before, from) = rest.split_at(at);
        let quotes = from.len() - from.trim_start_matches('`').len();
        let (quote, behind) = from.split_at(quotes);
        plain.push_str(before);
        match end_of_code(behind, quotes) {
            Some(end) => {
                line.extend((!plain.is_empty()).then(|| Inline::Text(std::mem::take(&mut plain))));
                line.push(code(behind[..end].trim()));
                rest = &behind[end + quotes..];
            }
            None => {
                plain.push_str(quote);
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    line.extend((!plain.is_empty()).then_some(Inline::Text(plain)));
    line
}

/// Returns where so many backquotes stand, no fewer and no more.
fn end_of_code(text: &str, quotes: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let run = text[at + found..].len() - text[at + found..].trim_start_matches('`').len();
        if run == quotes {
            return Some(at + found);
        }
        at += found + run;
    }
    None
}

/// More boxes than these make no picture that anybody could read.
const BOXES: usize = 250;

/// Returns whether a picture of it can be read.
pub(super) fn is_readable(chart: &Chart) -> bool {
    chart.boxes.len() <= BOXES
}
