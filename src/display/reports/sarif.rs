//! What `check` found as SARIF 2.1.0, which code hosts and editors read.
//!
//! Lines and columns count from 1, columns in characters, which `columnKind` says. Paths stay as they were named:
//! relative ones are relative to where the program was started.

use serde_json::{Value as Json, json};

use super::{CheckedFile, said};
use crate::check::codes;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::display::text::clean;
use crate::source::{Place, Sources, Span};

/// The version of the form, and where it is described.
const VERSION: &str = "2.1.0";
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Returns what was found in all files as one document.
pub fn sarif(files: &[CheckedFile<'_>]) -> Json {
    let mut used: Vec<&str> = Vec::new();
    for diagnostic in files.iter().flat_map(|of| of.diagnostics) {
        if !used.contains(&diagnostic.code.as_str()) {
            used.push(&diagnostic.code);
        }
    }
    used.sort_unstable();
    let mut results: Vec<Json> = Vec::new();
    for of in files {
        for diagnostic in of.diagnostics {
            let made = result(diagnostic, of, &used);
            // A module is looked at with each file that uses it.
            if !results.contains(&made) {
                results.push(made);
            }
        }
    }
    json!({
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [{
            "tool": {
                "driver": {
                    "name": "mainstay",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": used.iter().map(|code| rule(code)).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// Returns what is known of a code.
fn rule(code: &str) -> Json {
    let Some(page) = codes::page(code) else { return json!({ "id": code }) };
    let first = page.text.split("\n\n").next().unwrap_or("").replace('\n', " ");
    json!({
        "id": code,
        "shortDescription": { "text": page.says },
        "fullDescription": { "text": first },
        "help": { "text": first, "markdown": page.markdown() },
        "defaultConfiguration": { "level": level(page.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(diagnostic: &Diagnostic, of: &CheckedFile<'_>, used: &[&str]) -> Json {
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": used.iter().position(|code| *code == diagnostic.code),
        "level": level(diagnostic.severity),
        "message": { "text": said(diagnostic) },
        "locations": [location(diagnostic.labels.first(), of)],
    });
    let others = diagnostic.labels.iter().skip(1).enumerate().map(|(at, label)| {
        let mut other = location(Some(label), of);
        other["id"] = json!(at + 1);
        other["message"] = json!({ "text": clean(&label.text) });
        other
    });
    let others: Vec<Json> = others.collect();
    if !others.is_empty() {
        result["relatedLocations"] = Json::Array(others);
    }
    result
}

/// Returns a place; without one the file itself.
fn location(label: Option<&Label>, of: &CheckedFile<'_>) -> Json {
    let place = label.map(|label| (of.sources.place(label.span), label.span));
    let physical = match place.filter(|(begin, _)| begin.line > 0) {
        Some((begin, span)) => json!({
            "artifactLocation": { "uri": uri(&begin.file) },
            "region": region(&begin, span, of.sources),
        }),
        None => json!({ "artifactLocation": { "uri": uri(of.file) } }),
    };
    json!({ "physicalLocation": physical })
}

fn region(begin: &Place, span: Span, sources: &Sources) -> Json {
    let end = sources.place(Span { start: span.end.max(span.start), ..span });
    json!({
        "startLine": begin.line,
        "startColumn": begin.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// Returns a path as a reference of RFC 3986: relative, or a `file:` one.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
