//! Whether runs are as they were recorded, and what is not.

use std::fmt::Write as _;

use super::Look;
use super::ending::row;
use super::text::{Paragraph, one_line};
use crate::journal::Head;
use crate::timeline::{Kind, Tone};

/// One thing that is not as it was recorded.
pub struct Discrepancy {
    /// A row, a file, or what was compared with: `row 12`, `out/1.stdout`.
    pub place: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What it is: kind, step, command; each may be missing.
    pub about: Vec<String>,
}

/// One run that was looked through.
pub struct Verified<'a> {
    pub run: &'a str,
    pub head: &'a Head,
    /// Files of output that were compared.
    pub files: usize,
    pub wrong: Vec<Discrepancy>,
    /// Whether nothing is wrong with it but that a signature is missing.
    pub only_unsigned: bool,
    /// What was compared besides, and what could not be.
    pub notes: Vec<String>,
}

/// Returns the runs: those that are intact in short where there are several.
pub fn verified(runs: &[Verified<'_>], look: Look) -> String {
    let mut out = String::new();
    for run in runs {
        let (tone, word) = match run.wrong.is_empty() {
            true => (Tone::Good, "intact"),
            false if run.only_unsigned => (Tone::Bad, "as it was recorded, but not signed"),
            false => (Tone::Bad, "not as it was recorded"),
        };
        let mut paragraph = Paragraph::default();
        paragraph.push(look.tone(tone), format!("{} {word}: ", look.glyph(Kind::Ended, tone)));
        paragraph.push(look.bold(), run.run);
        for text in paragraph.wrap(look.width) {
            let _ = writeln!(out, "{text}");
        }
        for wrong in &run.wrong {
            let mut lines = vec![wrong.wrong.as_str()];
            lines.extend(wrong.about.iter().map(String::as_str));
            row(&mut out, &one_line(&wrong.place), &lines, Tone::Bad, look);
        }
        if run.wrong.is_empty() && runs.len() > 1 {
            continue;
        }
        if run.head.seq > 0 {
            record(&mut out, run.head, look);
        }
        if run.files > 0 {
            row(&mut out, "output", &[&format!("{} compared", files(run.files))], Tone::Plain, look);
        }
        for note in &run.notes {
            row(&mut out, "", &[note], Tone::Quiet, look);
        }
    }
    if runs.len() > 1 {
        let unsigned = runs.iter().filter(|run| !run.wrong.is_empty() && run.only_unsigned).count();
        let wrong = runs.iter().filter(|run| !run.wrong.is_empty()).count() - unsigned;
        let more = if unsigned > 0 { format!(", {unsigned} not signed") } else { String::new() };
        let _ = writeln!(out, "\n{} runs, {wrong} not as recorded{more}", runs.len());
    }
    out
}

/// Writes the hash in which a record ends.
pub(super) fn record(out: &mut String, head: &Head, look: Look) {
    let rows = format!("{} row{}", head.seq, if head.seq == 1 { "" } else { "s" });
    row(out, "record", &[&head.hash, &rows], Tone::Plain, look);
}

/// Returns the hash in which a run's record ends, as the last lines of the run.
pub fn record_line(head: &Head, look: Look) -> String {
    let mut out = String::new();
    if head.seq > 0 {
        record(&mut out, head, look);
    }
    out
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
