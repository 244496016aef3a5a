//! The list of runs.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde_json::json;

use super::Look;
use super::text::{fit, one_line};
use crate::event::Outcome;
use crate::journal::Listing;
use crate::timeline::{Tone, clock, outcome_tone, outcome_words};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    Ended(Outcome),
    /// Somebody has to answer.
    Waiting,
    Running,
    /// It is not over and nobody executes it: it was interrupted, or left on purpose.
    Suspended,
    /// Its journal cannot be read.
    Damaged,
}

impl RunState {
    /// Returns the state's word, as `--outcome` takes it.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Ended(outcome) => outcome.word(),
            RunState::Waiting => "waiting",
            RunState::Running => "running",
            RunState::Suspended => "suspended",
            RunState::Damaged => "damaged",
        }
    }

    fn tone(self) -> Tone {
        match self {
            RunState::Ended(outcome) => outcome_tone(outcome),
            RunState::Waiting | RunState::Suspended => Tone::Warn,
            RunState::Running => Tone::Plain,
            RunState::Damaged => Tone::Bad,
        }
    }

    fn shown(self, listing: &Listing) -> String {
        match self {
            RunState::Ended(outcome) if listing.counts.standing > 0 => {
                format!("{}, {} stands", outcome_words(outcome), listing.counts.standing)
            }
            RunState::Ended(outcome) => outcome_words(outcome).to_owned(),
            RunState::Waiting => format!("waiting for {}", listing.waiting),
            other => other.word().to_owned(),
        }
    }
}

/// Returns the runs as a table, the newest first as they come.
pub fn runs(runs: &[(Listing, RunState)], look: Look) -> String {
    let width = look.width.unwrap_or(usize::MAX);
    let mut table = Table::new();
    table.force_no_tty().load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec!["RUN", "STARTED (UTC)", "OUTCOME"];
    if width >= 70 {
        header.push("TOOK");
    }
    if width >= 100 {
        header.push("BY");
    }
    if width >= 50 {
        header.push("TITLE");
    }
    table.set_header(header.iter().map(|name| look.dim().on(name)));
    // What the columns before the title take: nobody's title breaks the table.
    let room = look.width.map(|w| w.saturating_sub(if w >= 100 { 78 } else { 66 }).max(12));
    for (listing, state) in runs {
        let started = clock::utc(listing.opened_us);
        let short = started.get(5..16).unwrap_or(&started);
        let mut row = vec![
            Cell::new(&listing.run),
            Cell::new(if width < 100 { short } else { &started }),
            Cell::new(look.tone(state.tone()).on(&one_line(&state.shown(listing)))),
        ];
        if width >= 70 {
            let took =
                listing.ended_us.map(|ended| clock::length((ended - listing.opened_us).saturating_mul(1000)));
            row.push(Cell::new(took.unwrap_or_default()));
        }
        if width >= 100 {
            row.push(Cell::new(one_line(&listing.user)));
        }
        if width >= 50 {
            let title = match listing.title.as_str() {
                "" => &listing.file,
                title => title,
            };
            row.push(Cell::new(fit(&one_line(title), room, look.unicode)));
        }
        table.add_row(row);
    }
    table.trim_fmt() + "\n"
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
