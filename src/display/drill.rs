//! Drills as a person reads them: a line for each, and what is not as expected.
//!
//! Owns their look in text and their form as JSON. Never runs one.

use std::fmt::Write as _;

use serde_json::json;

use super::diagnostics::{json as diagnostics_json, render};
use super::text::{clean, columns, figures, one_line};
use super::{Look, Paint, line};
use crate::diagnostic::Diagnostic;
use crate::drill::Report;
use crate::event::Record;
use crate::source::Sources;
use crate::timeline::{self, Kind, Tone, Weight};
use crate::value::Value;

/// Lines of the timeline that a failed drill shows, at most.
const SHOWN: usize = 40;

/// The drills of one file.
#[derive(Debug)]
pub struct DrilledFile<'a> {
    pub file: &'a str,
    pub sources: &'a Sources,
    pub reports: &'a [Report],
    /// What keeps it from being drilled.
    pub errors: &'a [Diagnostic],
}

/// Returns a line for each drill of a file, and the details of those that failed.
pub fn drills(of: &DrilledFile<'_>, look: Look) -> String {
    listed(of, look, |_| true)
}

/// Returns the same of those drills alone that failed.
pub fn drills_failed(of: &DrilledFile<'_>, look: Look) -> String {
    listed(of, look, |report| !report.passed())
}

/// Returns how all of them came out, in a line.
pub fn drills_sum(files: &[DrilledFile<'_>]) -> String {
    let all: usize = files.iter().map(|of| of.reports.len()).sum();
    let failed = files.iter().flat_map(|of| of.reports).filter(|report| !report.passed()).count();
    let drills = if all == 1 { String::from("1 drill") } else { format!("{all} drills") };
    match failed {
        0 => format!("{drills}: all as expected"),
        n => format!("{drills}: {n} not as expected"),
    }
}

fn listed(of: &DrilledFile<'_>, look: Look, wanted: fn(&Report) -> bool) -> String {
    let mut out = format!("{}\n", look.bold().on(&one_line(of.file)));
    let reports = || of.reports.iter().filter(|report| wanted(report));
    let widest = reports().map(|report| columns(&one_line(&report.title))).max().unwrap_or(0);
    for report in reports() {
        let title = one_line(&report.title);
        let tone = if report.passed() { Tone::Good } else { Tone::Bad };
        let sign = look.tone(tone).on(look.glyph(Kind::Ended, tone));
        let came = report.outcome.map_or("no end", |outcome| outcome.word());
        let pad = widest - columns(&title);
        let took = Value::Duration(report.elapsed);
        let _ = writeln!(out, "  {sign} {title}{:pad$}  {came:<11}  {took}", "");
        for name in &report.unused {
            let words = format!("`{name}` is given and never asked for");
            let _ = writeln!(out, "      {}", look.tone(Tone::Warn).on(&words));
        }
        if !report.passed() {
            let _ = write!(out, "\n{}\n", render(&report.unmet, of.sources, look));
            out.push_str(&happened(&report.records, of.sources, look));
        }
    }
    out
}

/// Returns how the drills of several files came out, a line for each file.
pub fn drills_table(files: &[DrilledFile<'_>], look: Look) -> String {
    let head = ["FILE", "DRILLS", "PASSED", "FAILED"];
    let mut rows: Vec<Vec<(Paint, String)>> = vec![head.map(|name| (look.dim(), name.to_owned())).to_vec()];
    for of in files {
        let failed = of.reports.iter().filter(|report| !report.passed()).count();
        let tone = if failed > 0 { Tone::Bad } else { Tone::Plain };
        let drills = of.reports.len();
        rows.push(vec![
            (look.plain(), one_line(of.file)),
            (look.plain(), drills.to_string()),
            (look.plain(), (drills - failed).to_string()),
            (look.tone(tone), failed.to_string()),
        ]);
    }
    figures(&rows, look.width, look.unicode)
}

/// Returns what happened instead, as a timeline.
pub(super) fn happened(records: &[Record], sources: &Sources, look: Look) -> String {
    let rows: Vec<(u64, Record)> = (1..).zip(records.iter().cloned()).collect();
    let entries: Vec<_> = timeline::entries(&rows)
        .into_iter()
        .filter(|entry| entry.weight == Weight::Key && !matches!(entry.kind, Kind::Title | Kind::Opened))
        .collect();
    if entries.is_empty() {
        return String::new();
    }
    // They stand two columns further right than those of a run.
    let look = Look { width: look.width.map(|width| width.saturating_sub(2)), ..look };
    let mut out = String::from("what happened:\n");
    let skipped = entries.len().saturating_sub(SHOWN);
    if skipped > 0 {
        let _ = writeln!(out, "  … {skipped} lines before these");
    }
    for mut entry in entries.into_iter().skip(skipped) {
        entry.span = None;
        for text in line::line(&entry, sources, look).lines() {
            let _ = writeln!(out, "  {text}");
        }
    }
    out.push('\n');
    out
}

/// Returns what happened as a list of lines, for programs.
pub(super) fn happened_lines(records: &[Record], sources: &Sources) -> Vec<String> {
    let look = Look { colour: false, unicode: true, width: None };
    let lines = happened(records, sources, look);
    lines.lines().skip(1).filter(|line| !line.is_empty()).map(|line| clean(line.trim_end())).collect()
}

/// Returns the drills of a file as JSON.
pub fn drills_json(of: &DrilledFile<'_>) -> serde_json::Value {
    let drills = of.reports.iter().map(|report| {
        json!({
            "title": report.title,
            "line": of.sources.place(report.span).line,
            "passed": report.passed(),
            "outcome": report.outcome.map(|outcome| outcome.word()),
            "elapsed_ns": report.elapsed,
            "diagnostics": diagnostics_json(&report.unmet, of.sources),
            "unused": report.unused,
            "happened": if report.passed() { Vec::new() } else { happened_lines(&report.records, of.sources) },
        })
    });
    json!({
        "file": of.file,
        "drills": drills.collect::<Vec<_>>(),
        "errors": diagnostics_json(of.errors, of.sources),
    })
}
