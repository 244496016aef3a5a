//! Diagnostics as text with the source underlined, and as JSON.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Snippet};
use serde_json::json;

use super::Look;
use super::text::{Paragraph, clean, cut};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{Source, SourceId, Sources, Span};

/// Columns at the left of a note: numbers of lines, a sign, its name.
const BESIDE: usize = 14;

/// Returns all of them, with an empty line between two.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, look: Look) -> String {
    let drawn: Vec<String> = diagnostics.iter().map(|d| render_one(d, sources, look)).collect();
    drawn.join("\n")
}

/// Returns one of them, with a line end.
pub fn render_one(diagnostic: &Diagnostic, sources: &Sources, look: Look) -> String {
    // Behind `error[CODE]: `, which the lines below it stand under.
    let before = diagnostic.code.len() + if diagnostic.code.is_empty() { 9 } else { 11 };
    let message = wrapped_by(&diagnostic.message, look, before);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(message);
    if !diagnostic.code.is_empty() {
        title = title.id(diagnostic.code.as_str());
    }
    draw(Group::with_title(title), diagnostic, sources, look)
}

/// Returns the places and notes without the message, which stands above them already.
pub(super) fn body(diagnostic: &Diagnostic, sources: &Sources, look: Look) -> String {
    draw(Group::with_level(Level::ERROR), diagnostic, sources, look)
}

fn draw<'a>(mut group: Group<'a>, diagnostic: &'a Diagnostic, sources: &'a Sources, look: Look) -> String {
    for (source, annotations) in by_file(diagnostic, sources) {
        let snippet = Snippet::source(&*source.text).path(source.name.as_str()).annotations(annotations);
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(wrapped(note, look)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(wrapped(help, look)));
    }
    let text = look.renderer().render(&[group]);
    // A place that is wider than the terminal is drawn in full.
    text.lines().map(|line| cut(line, look.width, look.unicode) + "\n").collect()
}

/// Returns the text of a note, wrapped so that it fits beside its name and the numbers of lines.
fn wrapped(text: &str, look: Look) -> String {
    wrapped_by(text, look, BESIDE)
}

fn wrapped_by(text: &str, look: Look, beside: usize) -> String {
    let text = clean(text);
    let Some(width) = look.width else {
        return text;
    };
    let lines = text.split('\n').flat_map(|line| {
        let mut paragraph = Paragraph::default();
        paragraph.push(look.plain(), line);
        paragraph.wrap(Some(width.saturating_sub(beside).max(20)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the labels by file, that of the primary one first.
fn by_file<'a>(diagnostic: &Diagnostic, sources: &'a Sources) -> Vec<(&'a Source, Vec<Annotation<'static>>)> {
    let mut files: Vec<(SourceId, &Source, Vec<Annotation<'static>>)> = Vec::new();
    for (index, Label { span, text }) in diagnostic.labels.iter().enumerate() {
        let Some(source) = sources.get(span.source) else {
            continue;
        };
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let mut annotation = kind.span(inside(&source.text, *span));
        if !text.is_empty() {
            annotation = annotation.label(clean(text));
        }
        match files.iter_mut().find(|(id, ..)| *id == span.source) {
            Some((.., annotations)) => annotations.push(annotation),
            None => files.push((span.source, source, vec![annotation])),
        }
    }
    files.into_iter().map(|(_, source, annotations)| (source, annotations)).collect()
}

/// Returns the span within the text, at the edges of characters: a span of a file that has
/// changed since must not end the program.
fn inside(text: &str, span: Span) -> std::ops::Range<usize> {
    let edge = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = edge(span.start);
    start..edge(span.end).max(start)
}

/// Returns them as JSON: places with file, line and column (from 1, in characters).
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> serde_json::Value {
    diagnostics
        .iter()
        .map(|d| {
            let labels: Vec<_> = d
                .labels
                .iter()
                .map(|label| {
                    let start = sources.place(label.span);
                    let end = sources.place(Span { start: label.span.end, ..label.span });
                    json!({
                        "file": start.file,
                        "line": start.line,
                        "column": start.column,
                        "end_line": end.line,
                        "end_column": end.column,
                        "text": label.text,
                    })
                })
                .collect();
            json!({
                "code": d.code,
                "severity": d.severity,
                "message": d.message,
                "labels": labels,
                "help": d.help,
                "notes": d.notes,
            })
        })
        .collect()
}
