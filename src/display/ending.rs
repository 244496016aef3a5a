//! The last screen: how it ended, what was changed, what was taken back, what still stands, and where to see more.

use std::fmt::Write as _;

use super::Look;
use super::gameday::{GAME_DAY, NOTHING_IS_REAL};
use super::text::{Paragraph, one_line};
use super::verified::record_line;
use crate::event::{Entry, Outcome, plan_id};
use crate::timeline::{Summary, Tone, clock, outcome_tone, outcome_words};

/// Columns of the names at the left.
const NAMES: usize = 14;

/// Lines of the `prevention` that are shown.
const PREVENTION: usize = 8;

/// Returns the last screen of a run; of one that is not over, what is known.
pub fn ending(summary: &Summary, look: Look) -> String {
    let mut out = String::from("\n");
    headline(&mut out, summary, look);
    out.push('\n');
    if let Some(game_day) = &summary.game_day {
        let world = format!("{NOTHING_IS_REAL}: the world was that of the drill \"{}\"", game_day.drill);
        row(&mut out, GAME_DAY, &[&world], Tone::Warn, look);
    }
    if let Some(plan) = &summary.plan {
        let (tone, words) = match summary.departures.len() {
            0 if summary.outcome() == Some(Outcome::NotNeeded) => {
                (Tone::Plain, String::from("nothing of it was needed, and nothing was done"))
            }
            0 => (Tone::Plain, String::from("all was as planned, as far as it was known")),
            1 => (Tone::Warn, String::from("one thing was not as planned")),
            many => (Tone::Warn, format!("{many} things were not as planned")),
        };
        row(&mut out, "plan", &[&format!("{}: {words}", plan_id(&plan.digest))], tone, look);
    }
    if let Some(ended) = &summary.ended {
        list(&mut out, "changed", &ended.changed, Tone::Plain, look);
        list(&mut out, "left", &ended.left, Tone::Plain, look);
        list(&mut out, "taken back", &ended.taken_back, Tone::Plain, look);
        list(&mut out, "still stands", &ended.standing, Tone::Bad, look);
        let lists = [&ended.changed, &ended.left, &ended.taken_back, &ended.standing];
        if lists.iter().all(|l| l.is_empty()) {
            row(&mut out, "changed", &["nothing"], Tone::Quiet, look);
        }
    }
    for (name, value) in &summary.outputs {
        let text = format!("{name} = {}", value.brief(400));
        row(&mut out, "output", &[&text], Tone::Plain, look);
    }
    prevention(&mut out, summary, look);
    let more = [format!("mainstay timeline {}", summary.run), format!("mainstay show {}", summary.run)];
    row(&mut out, "more", &[&more[0], &more[1]], Tone::Quiet, look);
    out.push_str(&record_line(&summary.head, look));
    out
}

/// Writes what keeps it from coming back, where something was resolved or came to nothing.
fn prevention(out: &mut String, summary: &Summary, look: Look) {
    use Outcome::{Failed, Resolved, RolledBack};
    if !matches!(summary.outcome(), Some(Resolved | RolledBack | Failed)) {
        return;
    }
    let lines = summary.prevention.lines().map(str::trim).filter(|line| !line.is_empty());
    for (index, line) in lines.clone().take(PREVENTION).enumerate() {
        row(out, if index == 0 { "prevention" } else { "" }, &[line], Tone::Plain, look);
    }
    if lines.count() > PREVENTION {
        row(out, "", &["more of it is on the timeline"], Tone::Quiet, look);
    }
}

fn headline(out: &mut String, summary: &Summary, look: Look) {
    let (tone, word) = match summary.outcome() {
        Some(outcome) => (outcome_tone(outcome), outcome_words(outcome)),
        None if summary.left.is_some() => (Tone::Warn, "left where it stands"),
        None if summary.abandoned => (Tone::Warn, "its end was not seen; last heard of"),
        None => (Tone::Warn, "not over"),
    };
    let mut paragraph = Paragraph::default();
    if summary.game_day.is_some() {
        paragraph.push(look.tone(Tone::Warn), format!("{} ", GAME_DAY.to_uppercase()));
    }
    let sign = look.glyph(crate::timeline::Kind::Ended, tone);
    paragraph.push(look.tone(tone), format!("{sign} {word} "));
    let over = summary.rto_ns.filter(|rto| summary.length() > *rto);
    let rto = over.map_or_else(String::new, |rto| format!(", over the rto of {}", clock::length(rto)));
    paragraph.push(look.dim(), format!("after {}{rto}: ", clock::length(summary.length())));
    paragraph.push(look.bold(), one_line(&summary.title));
    for text in paragraph.wrap(look.width) {
        let _ = writeln!(out, "{text}");
    }
    let reason = summary.ended.as_ref().map_or("", |e| &e.reason);
    if !reason.is_empty() {
        let mut paragraph = Paragraph::default();
        paragraph.push(look.plain(), one_line(reason));
        for text in paragraph.wrap(look.width.map(|w| w.saturating_sub(2))) {
            let _ = writeln!(out, "  {text}");
        }
    }
}

pub(super) fn list(out: &mut String, name: &str, entries: &[Entry], tone: Tone, look: Look) {
    for (index, entry) in entries.iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        let lines = match entry.note.as_str() {
            "" => vec![entry.change.call.as_str()],
            note => vec![entry.change.call.as_str(), note],
        };
        row(out, name, &lines, tone, look);
    }
}

/// Writes a name and lines beside it; the first one is the matter, the others are about it.
pub(super) fn row(out: &mut String, name: &str, lines: &[&str], tone: Tone, look: Look) {
    let width = look.width.map(|w| w.saturating_sub(2 + NAMES));
    let mut left = format!("{name:NAMES$}");
    for (index, line) in lines.iter().enumerate() {
        let paint = match (index, tone) {
            (0, Tone::Quiet) | (1.., _) => look.dim(),
            (0, _) => look.plain(),
        };
        let mut paragraph = Paragraph::default();
        paragraph.push(paint, one_line(line));
        for text in paragraph.wrap(width) {
            let name = match tone {
                Tone::Bad => look.tone(tone).on(&left),
                _ => look.dim().on(&left),
            };
            let _ = writeln!(out, "  {name}{text}");
            left = " ".repeat(NAMES);
        }
    }
}
