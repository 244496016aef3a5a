//! Drills in the Test Anything Protocol, version 14 (testanything.org).
//!
//! A description has `\` and `#` escaped, so that no title can be a directive. What is wrong stands in a YAML block
//! below its line: texts are written as JSON, which YAML contains; the details as a block of lines.

use std::fmt::Write as _;

use super::{details, errors, outcome, place, summary, took};
use crate::display::DrilledFile;
use crate::display::text::one_line;
use crate::drill::Report;

/// Returns the drills of all files as one document. A file that cannot be drilled is a line that is not ok.
pub fn tap(files: &[DrilledFile<'_>]) -> String {
    let bad = files.iter().filter(|of| !of.errors.is_empty()).count();
    let all: usize = files.iter().map(|of| of.reports.len()).sum();
    let mut out = format!("TAP version 14\n1..{}\n", all + bad);
    let mut number = 0;
    for of in files {
        if let Some((line, text)) = errors(of) {
            number += 1;
            let mut block = vec![format!("message: {}", quoted(&line)), String::from("severity: error")];
            block.extend(lines(&text));
            point(
                &mut out,
                &format!("not ok {number} - {}", described(&format!("{}: errors", of.file))),
                &block,
            );
        }
        for report in of.reports {
            number += 1;
            let sign = if report.passed() { "ok" } else { "not ok" };
            let title = described(&format!("{}: {}", of.file, report.title));
            point(&mut out, &format!("{sign} {number} - {title}"), &block(of, report));
        }
    }
    out
}

fn point(out: &mut String, line: &str, block: &[String]) {
    let _ = writeln!(out, "{line}\n  ---");
    for line in block {
        let _ = writeln!(out, "{}", format!("  {line}").trim_end());
    }
    let _ = writeln!(out, "  ...");
}

fn block(of: &DrilledFile<'_>, report: &Report) -> Vec<String> {
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
        block.extend(lines(&details(report, of.sources)));
    }
    block
}

/// Returns the details as a block of lines.
fn lines(details: &str) -> Vec<String> {
    // The number says how deep it stands: the first line may begin with blanks.
    let head = std::iter::once(String::from("details: |2-"));
    head.chain(details.lines().map(|line| format!("  {line}"))).collect()
}

fn described(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}
