//! What came of breaking drills everywhere, as a person reads it.
//!
//! Owns its look in text and its form as JSON. Never runs anything.

use std::fmt::Write as _;

use serde_json::json;

use super::Look;
use super::diagnostics::{json as diagnostics_json, render_one};
use super::drill::{happened, happened_lines};
use super::text::{Paragraph, columns, one_line};
use crate::drill::Kind as Remark;
use crate::drill::{Finding, Findings, Shown};
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
    /// What is no finding and should be known.
    pub remarks: &'a Findings,
}

/// Returns a line for each drill of a file, and what was found.
pub fn explored(of: &ExploredFile<'_>, look: Look) -> String {
    let mut out = format!("{}\n", look.bold().on(&one_line(of.file)));
    let widest = of.cases.iter().map(|(title, _)| columns(&one_line(title))).max().unwrap_or(0);
    let findings = of.findings.in_order();
    for (title, cases) in of.cases {
        let found = findings.iter().any(|finding| finding.drills.contains(title));
        let tone = if found { Tone::Bad } else { Tone::Good };
        let sign = look.tone(tone).on(look.glyph(Kind::Ended, tone));
        let title = one_line(title);
        let pad = widest - columns(&title);
        let failures = if *cases == 1 { "failure" } else { "failures" };
        let _ = writeln!(out, "  {sign} {title}{:pad$}  {cases} {failures}", "");
    }
    for finding in findings {
        let _ = write!(out, "\n{}", told(of, finding, look));
    }
    let remarks = told_remarks(of, look);
    if !remarks.is_empty() {
        let _ = write!(out, "\n{remarks}");
    }
    out
}

/// Returns a line for each remark, those of a kind together.
fn told_remarks(of: &ExploredFile<'_>, look: Look) -> String {
    let mut out = String::new();
    let heads = [
        (Remark::Unanswered, "in doubt if nobody says whether it happened (the run lists it and is failed):"),
        (Remark::NotJudged, "not judged, as it depends on what is not given for that way:"),
    ];
    for (kind, head) in heads {
        let own: Vec<&Finding> =
            of.remarks.in_order().into_iter().filter(|remark| remark.kind == kind).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(out, "  {}", look.tone(Tone::Warn).on(head));
        for remark in &own {
            let place = of.sources.place(remark.span);
            let line = format!("{}:{}: {}", place.file, place.line, remark.message);
            wrapped(&mut out, "    ", &line, look);
            // What to give is another thing each time; of the others one tells it for all.
            if kind == Remark::NotJudged {
                remark.help.iter().for_each(|help| wrapped(&mut out, "      ", help, look));
            }
        }
        if kind == Remark::Unanswered {
            own.iter().flat_map(|remark| &remark.help).take(1).for_each(|help| {
                wrapped(&mut out, "    ", help, look);
            });
        }
        if let Some(first) = own.first() {
            let _ = writeln!(out, "    look at it: {}", repeat(of, first));
        }
    }
    out
}

fn wrapped(out: &mut String, indent: &str, text: &str, look: Look) {
    let mut paragraph = Paragraph::default();
    paragraph.push(look.plain(), one_line(text));
    for line in paragraph.wrap(look.width.map(|width| width.saturating_sub(indent.len()))) {
        let _ = writeln!(out, "{indent}{line}");
    }
}

/// Returns a finding in full. The command stands on a line of its own, which a terminal may break and nothing else:
/// it can be copied.
fn told(of: &ExploredFile<'_>, finding: &Finding, look: Look) -> String {
    let drawn = render_one(&finding.diagnostic(), of.sources, look);
    format!("{}\nlook at it: {}\n", drawn.trim_end_matches('\n'), repeat(of, finding))
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
    one_line(&format!("mainstay drill {file} --filter {title}{at}"))
}

/// Returns what happened in one case, and what is wrong with it.
pub fn explored_case(of: &ExploredFile<'_>, title: &str, run: &Shown, look: Look) -> String {
    let mut out = format!("{}, {}\n\n", look.bold().on(&one_line(title)), one_line(&run.broken.words()));
    out.push_str(&happened(&run.records, of.sources, look));
    for finding in of.findings.in_order() {
        let _ = writeln!(out, "{}", told(of, finding, look));
    }
    out.push_str(&told_remarks(of, look));
    if of.findings.is_empty() {
        let told = match run.unable.as_slice() {
            [] if of.remarks.is_empty() => String::from("nothing is wrong with it"),
            [] => String::from("no finding"),
            [one] => format!("no finding: `{one}` was itself broken, and the run says what stands"),
            several => {
                format!(
                    "no finding: {} undos were themselves broken, and the run says what stands",
                    several.len()
                )
            }
        };
        wrapped(&mut out, "", &told, look);
    }
    out
}

/// Returns the same as JSON.
pub fn explored_case_json(of: &ExploredFile<'_>, title: &str, run: &Shown) -> serde_json::Value {
    json!({
        "file": of.file,
        "drill": title,
        "case": run.broken.to_string(),
        "broken": run.broken.words(),
        "findings": findings_json(of, of.findings),
        "remarks": findings_json(of, of.remarks),
        "happened": happened_lines(&run.records, of.sources),
    })
}

fn findings_json(of: &ExploredFile<'_>, findings: &Findings) -> Vec<serde_json::Value> {
    let findings = findings.in_order().into_iter().map(|finding| {
        let diagnostic = finding.diagnostic();
        json!({
            "kind": finding.kind.word(),
            "drill": finding.drill,
            "cases": finding.cases,
            "first": finding.first.to_string(),
            "repeat": repeat(of, finding),
            "diagnostic": diagnostics_json(&[diagnostic], of.sources)[0],
        })
    });
    findings.collect()
}

/// Returns what was found in a file as JSON.
pub fn explored_json(of: &ExploredFile<'_>) -> serde_json::Value {
    let drills = of.cases.iter().map(|(title, cases)| json!({ "title": title, "cases": cases }));
    json!({
        "file": of.file,
        "drills": drills.collect::<Vec<_>>(),
        "findings": findings_json(of, of.findings),
        "remarks": findings_json(of, of.remarks),
    })
}
