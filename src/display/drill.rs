//! Drills as a person reads them: a line for each, and what is not as expected.
//!
//! Owns their look in text and their form as JSON. Never runs one.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::json;

use super::diagnostics::{json as diagnostics_json, render};
use super::text::{columns, one_line};
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
    let widest = of.reports.iter().map(|report| columns(&one_line(&report.title))).max().unwrap_or(0);
    for report in of.reports {
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
    let mut table = Table::new();
    table.force_no_tty().load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_row(["FILE", "DRILLS", "PASSED", "FAILED"].map(|name| look.dim().on(name)));
    for of in files {
        let failed = of.reports.iter().filter(|report| !report.passed()).count();
        let tone = if failed > 0 { Tone::Bad } else { Tone::Plain };
        let drills = of.reports.len();
        table.add_row([
            one_line(of.file),
            drills.to_string(),
            (drills - failed).to_string(),
            look.tone(tone).on(&failed.to_string()),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt() + "\n"
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
