//! What came of breaking drills everywhere, as a person reads it.
//!
//! Owns its look in text and its form as JSON. Never runs anything.

use std::fmt::Write as _;

use serde_json::json;

use super::Look;
use super::diagnostics::{json as diagnostics_json, render_one};
use super::drill::happened;
use super::text::columns;
use crate::drill::{Case, Finding, Findings};
use crate::event::Record;
use crate::source::Sources;
use crate::timeline::{Kind, Tone};

/// The broken drills of one file.
#[derive(Debug)]
pub struct ExploredFile<'a> {
    pub file: &'a str,
    pub sources: &'a Sources,
    /// The title of each drill, and how many broken runs.
    pub cases: &'a [(String, u64)],
    pub findings: &'a Findings,
}

/// Returns a line for each drill of a file, and what was found.
pub fn explored(of: &ExploredFile<'_>, look: Look) -> String {
    let mut out = format!("{}\n", look.bold().on(of.file));
    let widest = of.cases.iter().map(|(title, _)| columns(title)).max().unwrap_or(0);
    let findings = of.findings.in_order();
    for (title, cases) in of.cases {
        let found = findings.iter().any(|finding| finding.drill == *title);
        let tone = if found { Tone::Bad } else { Tone::Good };
        let sign = look.tone(tone).on(look.glyph(Kind::Ended, tone));
        let pad = widest - columns(title);
        let _ = writeln!(out, "  {sign} {title}{:pad$}  {cases} failures", "");
    }
    for finding in findings {
        let _ = write!(out, "\n{}", render_one(&finding.diagnostic(&repeat(of, finding)), of.sources, look));
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// Returns the command that shows the first case of a finding.
fn repeat(of: &ExploredFile<'_>, finding: &Finding) -> String {
    let quoted =
        |text: &str| shlex::try_quote(text).map_or_else(|_| text.to_owned(), |text| text.into_owned());
    let (file, title) = (quoted(of.file), quoted(&finding.drill));
    let at = if finding.first.breaks.is_empty() {
        String::new()
    } else {
        format!(" --every-failure --at {}", finding.first)
    };
    format!("mainstay drill {file} --filter {title}{at}")
}

/// Returns what happened in one case, and what is wrong with it.
pub fn explored_case(
    of: &ExploredFile<'_>,
    title: &str,
    case: &Case,
    records: &[Record],
    look: Look,
) -> String {
    let mut out = format!("{}, {}\n\n", look.bold().on(title), case.words());
    out.push_str(&happened(records, of.sources, look));
    for finding in of.findings.in_order() {
        let _ = writeln!(out, "{}", render_one(&finding.diagnostic(&repeat(of, finding)), of.sources, look));
    }
    if of.findings.is_empty() {
        out.push_str("nothing is wrong with it\n");
    }
    out
}

/// Returns what was found in a file as JSON.
pub fn explored_json(of: &ExploredFile<'_>) -> serde_json::Value {
    let findings = of.findings.in_order().into_iter().map(|finding| {
        let diagnostic = finding.diagnostic(&repeat(of, finding));
        json!({
            "kind": finding.kind.word(),
            "drill": finding.drill,
            "cases": finding.cases,
            "first": finding.first.to_string(),
            "repeat": repeat(of, finding),
            "diagnostic": diagnostics_json(&[diagnostic], of.sources)[0],
        })
    });
    let drills = of.cases.iter().map(|(title, cases)| json!({ "title": title, "cases": cases }));
    json!({
        "file": of.file,
        "drills": drills.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
    })
}
