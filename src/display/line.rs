//! An entry as lines of text: what `Plain` writes and `Screen` leaves above what moves.

use std::fmt::Write as _;
use std::sync::Arc;

use super::text::{Paragraph, clean, columns, one_line, printed};
use super::{Look, diagnostics};
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::timeline::{Entry, Kind, Tone, Word, Words, clock};
use crate::value::{Record, Value};

/// Rows of a value that are shown.
const ROWS: usize = 20;

/// Lines of detail that are shown.
const DETAIL: usize = 20;

/// Columns before the sign: `+00:12 `.
const OFFSET: usize = 8;

/// Returns the entry as text of one or more lines, each with its line end.
pub fn line(entry: &Entry, sources: &Sources, look: Look) -> String {
    let offset = clock::offset(entry.at.run_ns);
    line_behind((&offset, OFFSET, look.dim()), entry, sources, look)
}

/// Returns the entry as [`line`] does, behind a word with its columns in place of the time.
pub(super) fn line_behind(
    (word, column, paint): (&str, usize, super::Paint),
    entry: &Entry,
    sources: &Sources,
    look: Look,
) -> String {
    let mut out = String::new();
    if entry.kind == Kind::Title {
        let mut paragraph = Paragraph::default();
        paragraph.push(look.bold(), one_line(&entry.what.to_string()));
        for text in paragraph.wrap(look.width) {
            let _ = writeln!(out, "{text}");
        }
        return out;
    }
    let indent = indent_of(entry);
    let hanging = column + indent + 2;
    let sign = look.tone(entry.tone).on(look.glyph(entry.kind, entry.tone));
    let lines = sentence(entry, look).wrap(look.width.map(|w| w.saturating_sub(hanging)));
    for (number, text) in lines.iter().enumerate() {
        if number == 0 {
            let pad = (column + indent).saturating_sub(columns(word));
            let _ = writeln!(out, "{}{:pad$}{sign} {text}", paint.on(word), "");
        } else {
            let _ = writeln!(out, "{:hanging$}{text}", "");
        }
    }
    if let Some(span) = entry.span
        && sources.get(span.source).is_some()
    {
        // Narrow terminals have no room to spare at the left.
        let indent = if look.width.is_some_and(|w| w < 60) { 2 } else { hanging };
        out.push_str(&caret(entry, sources, look, indent));
    } else {
        detail(&mut out, &entry.detail, hanging, look);
    }
    if let Some(table) = entry.value.as_ref().and_then(|v| table(v, look, hanging)) {
        out.push_str(&table);
    }
    out
}

/// Phases stand at the edge, what happens in them below, what happens in a step below that.
fn indent_of(entry: &Entry) -> usize {
    match entry.kind {
        Kind::Phase | Kind::Opened | Kind::Ended | Kind::Stop | Kind::Rto if entry.depth == 0 => 0,
        _ => 2 * (entry.depth + 1),
    }
}

fn sentence(entry: &Entry, look: Look) -> Paragraph {
    let mut out = Paragraph::default();
    if !entry.lane.is_empty() {
        out.push(look.dim(), format!("[{}] ", one_line(&entry.lane)));
    }
    let main = match entry.kind {
        Kind::Phase => look.bold(),
        _ if entry.tone == Tone::Quiet => look.dim(),
        _ => look.plain(),
    };
    match entry.kind {
        Kind::Answer => {
            out.push(look.bold(), one_line(&entry.who));
            out.push(main, ": ");
            push(&mut out, &entry.outcome, look, look.tone(entry.tone));
            out.push(main, " to \"");
            push(&mut out, &entry.what, look, main);
            out.push(main, "\"");
            return out;
        }
        Kind::Opened | Kind::Stop => out.push(look.bold(), format!("{} ", one_line(&entry.who))),
        _ => {}
    }
    push(&mut out, &entry.what, look, main);
    // A table stands below, and says it better.
    if entry.value.as_ref().is_some_and(|v| records_of(v).is_some()) {
        out.push(main, ":");
    } else if !entry.outcome.is_empty() {
        let joint = match entry.kind {
            Kind::Reading | Kind::Value if entry.tone == Tone::Plain => " = ",
            Kind::Decision => ", ",
            _ => ": ",
        };
        out.push(main, joint);
        let tone = match entry.tone {
            Tone::Plain => main,
            tone => look.tone(tone),
        };
        push(&mut out, &entry.outcome, look, tone);
    }
    out
}

fn push(out: &mut Paragraph, words: &Words, look: Look, main: super::Paint) {
    for word in &words.0 {
        match word {
            Word::Say(text) => out.push(main, one_line_keeping_edges(text)),
            Word::Code(text) => out.push(look.code(), one_line(text)),
        }
    }
}

/// Spaces at the end of words part them from the quotation behind.
fn one_line_keeping_edges(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// Draws where in the runbook it failed, as a syntax error is drawn.
fn caret(entry: &Entry, sources: &Sources, look: Look, indent: usize) -> String {
    let mut diagnostic = Diagnostic::error("", entry.what.to_string());
    if let Some(span) = entry.span {
        diagnostic = diagnostic.at(span, "");
    }
    if !entry.detail.is_empty() {
        let lines: Vec<String> = last(&entry.detail).iter().map(|line| shown(line)).collect();
        diagnostic = diagnostic.note(lines.join("\n"));
    }
    let narrow = Look { width: look.width.map(|w| w.saturating_sub(indent).max(20)), ..look };
    let drawn = diagnostics::body(&diagnostic, sources, narrow);
    indented(&drawn, indent)
}

fn detail(out: &mut String, lines: &[String], indent: usize, look: Look) {
    let bar = look.dim().on(look.bar());
    for line in last(lines) {
        let mut paragraph = Paragraph::default();
        paragraph.push(look.plain(), one_line(&shown(line)));
        for text in paragraph.wrap(look.width.map(|w| w.saturating_sub(indent + 2))) {
            let _ = writeln!(out, "{:indent$}{bar} {text}", "");
        }
    }
}

/// Returns a line of detail: of what a command printed its colours are left out, of a command nothing.
fn shown(line: &str) -> String {
    if line.starts_with("$ ") {
        return line.to_owned();
    }
    printed(line).next_back().unwrap_or_default()
}

fn last(lines: &[String]) -> &[String] {
    &lines[lines.len().saturating_sub(DETAIL)..]
}

fn indented(text: &str, indent: usize) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "{:indent$}{line}", "");
        out
    })
}

/// Returns the records of a list of records with something in it.
fn records_of(value: &Value) -> Option<Vec<&Arc<Record>>> {
    let Value::List(items) = value else {
        return None;
    };
    let records: Vec<_> = items
        .iter()
        .map(|item| match item {
            Value::Record(record) => Some(record),
            _ => None,
        })
        .collect::<Option<_>>()?;
    (!records.is_empty()).then_some(records)
}

/// Returns a list of records as a table, `None` for other values: those fit on the line.
fn table(value: &Value, look: Look, indent: usize) -> Option<String> {
    use comfy_table::{ContentArrangement, Table, presets};
    let records = records_of(value)?;
    let names: Vec<&str> = records.first()?.names().collect();
    let mut table = Table::new();
    table.force_no_tty().load_style(presets::NOTHING);
    if let Some(width) = look.width {
        let width = u16::try_from(width.saturating_sub(indent)).unwrap_or(u16::MAX);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(names.iter().map(|name| one_line(name)));
    for record in records.iter().take(ROWS) {
        table.add_row(
            names.iter().map(|name| record.get(name).map_or_else(String::new, |v| one_line(&v.brief(200)))),
        );
    }
    let mut text = table.trim_fmt();
    if records.len() > ROWS {
        let mark = if look.unicode { "…" } else { "..." };
        let _ = write!(text, "\n{mark} and {} more", records.len() - ROWS);
    }
    Some(indented(&text, indent))
}
