//! The list of runs.

use std::fmt::Write as _;

use serde_json::json;

use super::Look;
use super::text::{self, fit, one_line};
use crate::event::{Outcome, plan_id};
use crate::journal::Listing;
use crate::timeline::{Tone, clock, outcome_tone, outcome_words};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    Ended(Outcome),
    /// Somebody has to answer.
    Waiting,
    Running,
    /// It is not over, and was left on purpose.
    Suspended,
    /// It is not over, nobody executes it, and nobody said so: it was interrupted.
    Interrupted,
    /// Its journal cannot be read.
    Damaged,
}

impl RunState {
    /// Returns the state in words.
    pub fn words(self) -> String {
        match self {
            RunState::Interrupted => "its end was not seen".to_owned(),
            other => other.word().replace('_', " "),
        }
    }

    /// Returns the state's word, as `--outcome` takes it.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Ended(outcome) => outcome.word(),
            RunState::Waiting => "waiting",
            RunState::Running => "running",
            RunState::Suspended | RunState::Interrupted => "suspended",
            RunState::Damaged => "damaged",
        }
    }

    fn tone(self) -> Tone {
        match self {
            RunState::Ended(outcome) => outcome_tone(outcome),
            RunState::Waiting | RunState::Suspended | RunState::Interrupted => Tone::Warn,
            RunState::Running => Tone::Plain,
            RunState::Damaged => Tone::Bad,
        }
    }

    fn shown(self, listing: &Listing) -> String {
        match self {
            RunState::Ended(outcome) if listing.counts.standing > 0 => {
                format!("{}, {} standing", outcome_words(outcome), listing.counts.standing)
            }
            RunState::Ended(outcome) => outcome_words(outcome).to_owned(),
            RunState::Waiting => format!("waiting for {}", listing.waiting),
            // Nobody goes on with it, and it waits for nobody.
            RunState::Suspended | RunState::Interrupted if listing.game_day.is_some() => String::from("left"),
            RunState::Suspended | RunState::Interrupted if !listing.waiting.is_empty() => {
                format!("{}, waiting for {}", self.words(), listing.waiting)
            }
            other => other.words(),
        }
    }
}

/// Returns the runs as a table, the newest first as they come.
pub fn runs(runs: &[(Listing, RunState)], look: Look) -> String {
    let width = look.width.unwrap_or(usize::MAX);
    let columns: Vec<Column> = COLUMNS.iter().copied().filter(|c| width >= c.narrowest).collect();
    let mut cells: Vec<Vec<String>> = vec![columns.iter().map(|c| c.name.to_owned()).collect()];
    for (listing, state) in runs {
        let cell = |c: &Column| one_line(&(c.text)(listing, *state, width));
        cells.push(columns.iter().map(cell).collect());
    }
    let widest = |c: usize| cells.iter().map(|row| text::columns(&row[c])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    // The title gets what the others leave.
    let taken: usize =
        columns.iter().zip(&widths).filter(|(c, _)| c.name != "TITLE").map(|(_, width)| width + 2).sum();
    let room = look.width.map(|w| w.saturating_sub(taken + 2).max(8));
    let mut out = String::new();
    for (number, row) in cells.into_iter().enumerate() {
        let state = number.checked_sub(1).and_then(|n| runs.get(n)).map(|(_, state)| *state);
        let mut line = String::new();
        for ((cell, column), width) in row.into_iter().zip(&columns).zip(&widths) {
            let cell = if column.name == "TITLE" { fit(&cell, room, look.unicode) } else { cell };
            // Colours take no room: a table that is made of painted cells would count them.
            let gap = width.saturating_sub(text::columns(&cell)) + 1;
            let painted = match (state, column.name) {
                (None, _) => look.dim().on(&cell),
                (Some(state), "OUTCOME") => look.tone(state.tone()).on(&cell),
                _ => cell,
            };
            let _ = write!(line, " {painted}{:gap$}", "");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// A column, shown on terminals that are wide enough.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    narrowest: usize,
    text: fn(&Listing, RunState, usize) -> String,
}

const COLUMNS: [Column; 6] = [
    Column { name: "RUN", narrowest: 0, text: |listing, _, _| listing.run.clone() },
    Column { name: "STARTED (UTC)", narrowest: 60, text: |listing, _, width| started(listing, width) },
    Column { name: "OUTCOME", narrowest: 0, text: |listing, state, _| outcome(listing, state) },
    Column { name: "TOOK", narrowest: 90, text: |listing, _, _| took(listing) },
    Column { name: "BY", narrowest: 100, text: |listing, _, _| listing.user.clone() },
    Column { name: "TITLE", narrowest: 60, text: |listing, _, _| title(listing) },
];

/// A game day must not be taken for a run, on a narrow screen least of all.
fn outcome(listing: &Listing, state: RunState) -> String {
    let mark = if listing.game_day.is_some() { "game day: " } else { "" };
    format!("{mark}{}", state.shown(listing))
}

fn started(listing: &Listing, width: usize) -> String {
    let full = clock::utc(listing.opened_us);
    match full.get(5..16) {
        Some(short) if width < 100 => short.to_owned(),
        _ => full,
    }
}

fn took(listing: &Listing) -> String {
    let ended = listing.ended_us.map(|ended| ended.saturating_sub(listing.opened_us));
    ended.map(|us| clock::length(us.saturating_mul(1000))).unwrap_or_default()
}

fn title(listing: &Listing) -> String {
    let title = if listing.title.is_empty() { &listing.file } else { &listing.title };
    match &listing.plan {
        Some(digest) => format!("{title} (plan {})", plan_id(digest)),
        None => title.clone(),
    }
}

/// Returns the runs as JSON.
pub fn runs_json(runs: &[(Listing, RunState)]) -> serde_json::Value {
    runs.iter()
        .map(|(listing, state)| {
            json!({
                "run": listing.run,
                "title": listing.title,
                "file": listing.file,
                "user": listing.user,
                "host": listing.host,
                "game_day": listing.game_day,
                "plan": listing.plan,
                "started": clock::rfc3339(listing.opened_us),
                "ended": listing.ended_us.map(clock::rfc3339),
                "outcome": state.word(),
                "waiting_for": (!listing.waiting.is_empty()).then_some(&listing.waiting),
                "changed": listing.counts.changed,
                "taken_back": listing.counts.taken_back,
                "standing": listing.counts.standing,
                "left": listing.counts.left,
            })
        })
        .collect()
}
