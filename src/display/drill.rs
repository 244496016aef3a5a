//! Drills as a person reads them: a line for each, and what is not as expected.
//!
//! Owns their look in text and their form as JSON. Never runs one.

use std::fmt::Write as _;

use serde_json::json;

use super::diagnostics::{json as diagnostics_json, render};
use super::text::columns;
use super::{Look, line};
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
}

/// Returns a line for each drill of a file, and the details of those that failed.
pub fn drills(of: &DrilledFile<'_>, look: Look) -> String {
    let mut out = format!("{}\n", look.bold().on(of.file));
    let widest = of.reports.iter().map(|report| columns(&report.title)).max().unwrap_or(0);
    for report in of.reports {
        let tone = if report.passed() { Tone::Good } else { Tone::Bad };
        let sign = look.tone(tone).on(look.glyph(Kind::Ended, tone));
        let came = report.outcome.map_or("no end", |outcome| outcome.word());
        let pad = widest - columns(&report.title);
        let took = Value::Duration(report.elapsed);
        let _ = writeln!(out, "  {sign} {}{:pad$}  {came:<11}  {took}", report.title, "");
        if report.passed() {
            for name in &report.unused {
                let words = format!("`{name}` is given and never asked for");
                let _ = writeln!(out, "      {}", look.tone(Tone::Warn).on(&words));
            }
        } else {
            let _ = write!(out, "\n{}\n", render(&report.unmet, of.sources, look));
            out.push_str(&happened(&report.records, of.sources, look));
        }
    }
    out
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
        })
    });
    json!({ "file": of.file, "drills": drills.collect::<Vec<_>>() })
}
