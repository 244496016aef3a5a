//! Drills, and what `check` found, as the programs read them that show what a build came to: JUnit XML, GitHub's commands,
//! TAP, SARIF.
//!
//! Owns these forms and what each must escape. A title, a file or a value may hold anything: none of it may end a
//! field, begin a command or break a document. Never runs a drill.

mod github;
mod junit;
mod sarif;
mod tap;

use super::drill::{DrilledFile, happened};
use super::text::{clean, one_line};
use super::{Look, diagnostics};
use crate::diagnostic::Diagnostic;
use crate::drill::Report;
use crate::source::{Place, Sources, Span};
use crate::value::Value;

pub use github::{checked as checked_github, github};
pub use junit::junit;
pub use sarif::sarif;
pub use tap::tap;

/// A file with what `check` found in it.
pub struct CheckedFile<'a> {
    pub file: &'a str,
    pub sources: &'a Sources,
    pub diagnostics: &'a [Diagnostic],
}

/// Text, not wrapped and not painted: what a report holds is drawn by somebody else.
const LOOK: Look = Look { colour: false, unicode: true, width: None };

/// Returns what is wrong with a drill that failed, on one line.
fn summary(report: &Report) -> String {
    let Some(first) = report.unmet.first() else { return String::new() };
    let first = one_line(&first.message);
    match report.unmet.len() {
        1 => first,
        n => format!("{first} (and {} more)", n - 1),
    }
}

/// Returns what is wrong with a drill, with its places, and what happened instead.
fn details(report: &Report, sources: &Sources) -> String {
    let unmet = diagnostics(&report.unmet, sources, LOOK);
    clean(format!("{unmet}\n{}", happened(&report.records, sources, LOOK)).trim_end())
}

/// Returns where to look: at the first thing that is not as expected, else at the drill.
fn place(report: &Report, of: &DrilledFile<'_>) -> Place {
    match report.unmet.first() {
        Some(unmet) => place_or(unmet, of, report.span),
        None => of.sources.place(report.span),
    }
}

/// Returns where that is; without a place at the beginning of the file.
fn place_of(diagnostic: &Diagnostic, of: &DrilledFile<'_>) -> Place {
    place_or(diagnostic, of, Span::default())
}

/// Returns where that is; without a place at the beginning of the file.
fn place_in(diagnostic: &Diagnostic, of: &CheckedFile<'_>) -> Place {
    let place = diagnostic.span().map(|span| of.sources.place(span)).filter(|place| place.line > 0);
    place.unwrap_or_else(|| Place { file: of.file.to_owned(), line: 1, column: 1 })
}

/// Returns what is wrong and what to do, without the text around it, which others show.
fn said(diagnostic: &Diagnostic) -> String {
    let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    let lines = std::iter::once(diagnostic.message.clone()).chain(notes).chain(help);
    clean(&lines.collect::<Vec<_>>().join("\n"))
}

fn place_or(diagnostic: &Diagnostic, of: &DrilledFile<'_>, other: Span) -> Place {
    let place = of.sources.place(diagnostic.labels.first().map_or(other, |label| label.span));
    if place.line > 0 {
        return place;
    }
    // A place in no file of this drill's is the drill's own.
    let own = of.sources.place(other);
    Place { file: of.file.to_owned(), line: own.line.max(1), column: own.column.max(1) }
}

fn outcome(report: &Report) -> &'static str {
    report.outcome.map_or("no end", |outcome| outcome.word())
}

/// Returns what keeps a file from being drilled, in a line and in full.
fn errors(of: &DrilledFile<'_>) -> Option<(String, String)> {
    let first = of.errors.first()?;
    let line = match of.errors.len() {
        1 => one_line(&first.message),
        n => format!("{} (and {} more)", one_line(&first.message), n - 1),
    };
    Some((line, clean(diagnostics(of.errors, of.sources, LOOK).trim_end())))
}

/// Returns how long the run took on its virtual clock.
fn took(report: &Report) -> String {
    Value::Duration(report.elapsed).to_string()
}

fn failures(of: &DrilledFile<'_>) -> usize {
    of.reports.iter().filter(|report| !report.passed()).count()
}
