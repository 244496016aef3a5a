//! Drills, and what `check` found, as GitHub Actions show them beside a change: workflow commands, and a line for each
//! drill.
//!
//! Escapes as `actions/toolkit` does: a message has `%`, CR and LF escaped, a property `:` and `,` as well.

use std::fmt::Write as _;

use super::{CheckedFile, outcome, place_in, place_of, said, took};
use crate::diagnostic::Severity;
use crate::display::DrilledFile;
use crate::display::drill::{drills_sum, happened_lines};
use crate::display::text::one_line;
use crate::drill::Report;
use crate::source::Place;

/// Returns a line for each drill, commands that mark what is not as expected in the files, and the sum.
pub fn github(files: &[DrilledFile<'_>]) -> String {
    let mut out = String::new();
    for of in files {
        for error in of.errors {
            let line = format!("{}: {}", of.file, error.message);
            let _ = writeln!(out, "ERROR   {}", readable(&line));
            command(&mut out, "error", &place_of(error, of), &error.code, &said(error));
        }
        for report in of.reports {
            drill(&mut out, of, report);
        }
    }
    let _ = writeln!(out, "{}", drills_sum(files));
    out
}

/// Returns commands that mark what `check` found in the files.
pub fn checked(files: &[CheckedFile<'_>]) -> String {
    let mut told: Vec<String> = Vec::new();
    for of in files {
        for found in of.diagnostics {
            let kind = match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let mut line = String::new();
            command(&mut line, kind, &place_in(found, of), &found.code, &said(found));
            // A module is looked at with each file that uses it.
            if !told.contains(&line) {
                told.push(line);
            }
        }
    }
    told.concat()
}

fn drill(out: &mut String, of: &DrilledFile<'_>, report: &Report) {
    let sign = if report.passed() { "passed" } else { "FAILED" };
    let line = format!("{}: {}: {}, {}", of.file, report.title, outcome(report), took(report));
    let _ = writeln!(out, "{sign}  {}", readable(&line));
    let title = format!("drill \"{}\"", report.title);
    for unmet in &report.unmet {
        command(out, "error", &place_of(unmet, of), &title, &said(unmet));
    }
    if !report.unused.is_empty() {
        let named: Vec<String> = report.unused.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("given and never asked for: {}", named.join(", "));
        command(out, "warning", &of.sources.place(report.span), &title, &message);
    }
    if !report.passed() {
        // What stands between these two is folded away.
        let _ = writeln!(out, "::group::{}", data(&readable(&format!("what happened in {title}"))));
        for line in happened_lines(&report.records, of.sources) {
            let _ = writeln!(out, "  {}", readable(&line));
        }
        let _ = writeln!(out, "::endgroup::");
    }
}

fn command(out: &mut String, kind: &str, place: &Place, title: &str, message: &str) {
    let Place { file, line, column } = place;
    let file = file.strip_prefix("./").unwrap_or(file);
    let (file, title, message) = (property(file), property(title), data(message));
    let _ = writeln!(out, "::{kind} file={file},line={line},col={column},title={title}::{message}");
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a line that holds no command: the old form of commands is found anywhere in a line.
fn readable(line: &str) -> String {
    one_line(line).replace("##[", "## [")
}
