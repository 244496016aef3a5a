//! The report of a game day: how long each decision took, what was injected, what its drill expects.
//!
//! Owns its look in text and its form as JSON, and the words of the mark that it was one.

use std::fmt::Write as _;

use serde_json::json;

use super::Look;
use super::text::{Paragraph, one_line};
use crate::timeline::{Decision, Kind, Summary, Tone, clock};

/// The name at the left of the mark.
pub(super) const GAME_DAY: &str = "game day";

/// What the mark says.
pub(super) const NOTHING_IS_REAL: &str = "a drill, nothing of it is real";

/// Something that the drill expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// As it is written, without `expect`.
    pub text: String,
    /// Why it is not so; `None`: it is.
    pub not: Option<String>,
}

/// Returns the report. `expected`: what the drill expects; empty while it is not over.
pub fn game_day(summary: &Summary, expected: &[Expected], look: Look) -> String {
    let mut out = String::new();
    let decisions = summary.decisions();
    section(&mut out, "Decisions", look);
    for decision in &decisions {
        let tone = if decision.who.is_some() { Tone::Plain } else { Tone::Warn };
        line(&mut out, (Kind::Question, tone), &taken(decision), &said(decision), look);
    }
    let total = match decisions.iter().max_by_key(|decision| decision.took_ns) {
        None => String::from("nobody was asked anything"),
        Some(longest) => {
            let sum = decisions.iter().map(|decision| decision.took_ns).sum();
            format!(
                "{} in all, {} at most: {}",
                clock::length(sum),
                clock::length(longest.took_ns),
                longest.question
            )
        }
    };
    wrapped(&mut out, 2, &total, look);
    if !summary.injected.is_empty() {
        section(&mut out, "Injected", look);
        for (at, _, who, text) in &summary.injected {
            line(
                &mut out,
                (Kind::Note, Tone::Warn),
                &clock::offset(at.run_ns),
                &format!("{who}: {text}"),
                look,
            );
        }
    }
    if !expected.is_empty() {
        section(&mut out, "Expected by the drill", look);
        for one in expected {
            let tone = if one.not.is_none() { Tone::Good } else { Tone::Bad };
            let why = one.not.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            line(&mut out, (Kind::Ended, tone), "", &format!("{}{why}", one.text), look);
        }
    }
    out
}

fn section(out: &mut String, title: &str, look: Look) {
    let _ = write!(out, "\n{}\n", look.bold().on(title));
}

/// Returns how long a decision took, and of how much time.
fn taken(decision: &Decision) -> String {
    let took = clock::length(decision.took_ns);
    match decision.of_ns {
        Some(of) => format!("{took} of {}", clock::length(of)),
        None => took,
    }
}

fn said(decision: &Decision) -> String {
    match &decision.who {
        Some(who) => format!("{who}: {}, to \"{}\"", decision.said, decision.question),
        None => format!("no answer ({}), to \"{}\"", decision.said, decision.question),
    }
}

fn line(out: &mut String, (kind, tone): (Kind, Tone), left: &str, text: &str, look: Look) {
    let sign = look.tone(tone).on(look.glyph(kind, tone));
    let mut paragraph = Paragraph::default();
    if !left.is_empty() {
        paragraph.push(look.bold(), format!("{left}  "));
    }
    paragraph.push(look.plain(), one_line(text));
    for (number, text) in paragraph.wrap(look.width.map(|width| width.saturating_sub(4))).iter().enumerate() {
        let sign = if number == 0 { sign.as_str() } else { " " };
        let _ = writeln!(out, "  {sign} {text}");
    }
}

fn wrapped(out: &mut String, indent: usize, text: &str, look: Look) {
    let mut paragraph = Paragraph::default();
    paragraph.push(look.dim(), one_line(text));
    for text in paragraph.wrap(look.width.map(|width| width.saturating_sub(indent))) {
        let _ = writeln!(out, "{:indent$}{text}", "");
    }
}

/// Returns the report as JSON.
pub fn game_day_json(summary: &Summary, expected: &[Expected]) -> serde_json::Value {
    let decisions = summary.decisions();
    let took = || decisions.iter().map(|decision| decision.took_ns);
    json!({
        "drill": summary.game_day.as_ref().map(|game_day| &game_day.drill),
        "file": summary.game_day.as_ref().map(|game_day| &game_day.file),
        "outcome": summary.outcome().map(|outcome| outcome.word()),
        "elapsed_ns": summary.length(),
        "decisions": decisions,
        "decisions_ns": took().sum::<i64>(),
        "longest_ns": took().max(),
        "injected": summary.injected.iter().map(|(at, row, who, text)| json!({
            "at": at, "row": row, "who": who, "text": text,
        })).collect::<Vec<_>>(),
        "expected": expected.iter().map(|one| json!({
            "text": one.text, "met": one.not.is_none(), "why": one.not,
        })).collect::<Vec<_>>(),
    })
}
