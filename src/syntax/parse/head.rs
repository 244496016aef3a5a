//! The first line, when it does not say what the file is.
//!
//! Owns that message. Never reads a first line that fits.

use super::forms::{FORMS, Form, Place};
use super::reader::{Reader, first_word, head_length};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Head, Template};

const BEGIN: &str = "begin with `runbook \"TITLE\"`; a file of actions with `module NAME \"DESCRIPTION\"`";

fn kinds() -> impl Iterator<Item = &'static Form> {
    FORMS.iter().filter(|form| form.place == Place::First)
}

/// Returns whether a line begins as a first line does.
pub(super) fn is_head(line: &str) -> bool {
    kinds().any(|form| form.word == first_word(line))
}

impl Reader<'_> {
    /// Explains a first line that names no kind of file.
    pub fn explain_head(&mut self, written: &str, span: Span) {
        let line = written.lines().next().unwrap_or("").trim_end();
        let word = first_word(line);
        let at = self.place(span.start as usize, span.start as usize + head_length(line));
        let diagnostic =
            Diagnostic::error("unknown-file", "the first line does not say what this file is").at(at, "");
        let below = self.text.get(span.end as usize..).unwrap_or("").lines().find(|line| is_head(line));
        let near = nearest(word, kinds().map(|form| form.word));
        let title = line.get(word.len()..).unwrap_or("").trim_start_matches([':', ' ', '\t']);
        let quoted = title.len() > 2 && title.starts_with('"') && title.ends_with('"');
        let open = title.len() > 1 && title.starts_with('"') && title.matches('"').count() == 1;
        let help = match (below, near) {
            (None, Some(kind)) if open && kind == word && !matches!(kind, "module" | "drills") => {
                format!("the text has no closing quote: write `{kind} {title}\"`")
            }
            (Some(head), _) => format!("take this line out: the first one is `{}`", head.trim_end()),
            (None, Some(kind)) if quoted && !matches!(kind, "module" | "drills") => {
                format!("write `{kind} {title}`")
            }
            (None, Some(kind)) => {
                let form = kinds().find(|form| form.word == kind).map_or("", |form| form.form);
                format!("it is written `{form}`")
            }
            (None, None) if quoted && !word.is_empty() => format!("write `runbook {title}`"),
            (None, None) => BEGIN.to_owned(),
        };
        self.report(diagnostic.help(help));
    }

    /// Reports a file without its first line.
    pub fn no_head(&mut self, at: Span) {
        let message = "the first line does not say what this file is";
        self.report(Diagnostic::error("unknown-file", message).at(at, "").help(BEGIN));
    }

    /// Returns what stands for a first line that could not be read, so that the rest is checked all the same.
    pub fn assumed_head(&self, span: Span) -> Spanned<Head> {
        Spanned::new(Head::Runbook { title: Spanned::new(Template::default(), span) }, span)
    }
}
