//! Drills as the programs read them that show what a build came to: JUnit XML, GitHub's commands, TAP.
//!
//! Owns these forms and what each must escape. A title, a file or a value may hold anything: none of it may end a
//! field, begin a command or break a document. Never runs a drill.

mod github;
mod junit;
mod tap;

use super::drill::{DrilledFile, happened};
use super::text::{clean, one_line};
use super::{Look, diagnostics};
use crate::drill::Report;
use crate::source::{Place, Sources};
use crate::value::Value;

pub use github::github;
pub use junit::junit;
pub use tap::tap;

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
    let first = report.unmet.first().and_then(|unmet| unmet.labels.first());
    let place = of.sources.place(first.map_or(report.span, |label| label.span));
    // A place in no file of this drill's is the drill's own.
    if place.line == 0 { Place { file: of.file.to_owned(), ..of.sources.place(report.span) } } else { place }
}

fn outcome(report: &Report) -> &'static str {
    report.outcome.map_or("no end", |outcome| outcome.word())
}

/// Returns how long the run took on its virtual clock.
fn took(report: &Report) -> String {
    Value::Duration(report.elapsed).to_string()
}

fn failures(of: &DrilledFile<'_>) -> usize {
    of.reports.iter().filter(|report| !report.passed()).count()
}
