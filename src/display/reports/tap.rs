//! Drills in the Test Anything Protocol, version 14 (testanything.org).
//!
//! A description has `\` and `#` escaped, so that no title can be a directive. What is wrong stands in a YAML block
//! below its line: texts are written as JSON, which YAML contains; the details as a block of lines.

use std::fmt::Write as _;

use super::{details, outcome, place, summary, took};
use crate::display::DrilledFile;
use crate::display::text::one_line;

/// Returns the drills of all files as one document.
pub fn tap(files: &[DrilledFile<'_>]) -> String {
    let all = || files.iter().flat_map(|of| of.reports.iter().map(move |report| (of, report)));
    let mut out = format!("TAP version 14\n1..{}\n", all().count());
    for (number, (of, report)) in (1..).zip(all()) {
        let sign = if report.passed() { "ok" } else { "not ok" };
        let _ = writeln!(out, "{sign} {number} - {}", described(&format!("{}: {}", of.file, report.title)));
        let place = place(report, of);
        let mut block = vec![
            format!("outcome: {}", quoted(outcome(report))),
            format!("virtual_time: {}", quoted(&took(report))),
        ];
        if !report.unused.is_empty() {
            let unused: Vec<String> = report.unused.iter().map(|name| quoted(name)).collect();
            block.push(format!("unused: [{}]", unused.join(", ")));
        }
        if !report.passed() {
            block.push(format!("message: {}", quoted(&summary(report))));
            block.push(String::from("severity: fail"));
            block.push(String::from("at:"));
            block.push(format!("  file: {}", quoted(&place.file)));
            block.push(format!("  line: {}", place.line));
            block.push(format!("  column: {}", place.column));
            // The number says how deep it stands: the first line may begin with blanks.
            block.push(String::from("details: |2-"));
            block.extend(details(report, of.sources).lines().map(|line| format!("  {line}")));
        }
        let _ = writeln!(out, "  ---");
        for line in block {
            let _ = writeln!(out, "{}", format!("  {line}").trim_end());
        }
        let _ = writeln!(out, "  ...");
    }
    out
}

fn described(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}
