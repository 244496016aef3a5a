//! What a run's records say, for people: entries, a summary, and the timeline as Markdown.
//!
//! Owns the words for every fact, once: screen, plain lines and Markdown are renderings of
//! the same [`Entry`]. Pure folds over records: never reads a clock or a file, and never
//! invents a cause. What a person must judge stays empty, with a prompt.

pub mod clock;
mod decisions;
mod departure;
mod entry;
mod facts;
mod markdown;
mod narrator;
mod parts;
mod people;
mod planned;
mod rows;
mod summary;
mod words;

pub use decisions::Decision;
pub use departure::{Departure, FollowedPlan};
pub use entry::{Entry, Evidence, Kind, Tone, Weight};
pub use facts::{outcome_tone, outcome_words, phase_words};
pub use markdown::timeline as markdown;
pub use narrator::Narrator;
pub use parts::{Answer, Approval, ChangeLine, Ending, FailureLine, Milestones, StepLine, SymptomLine};
pub use people::of_roles;
pub use planned::planned;
pub use rows::Rows;
pub use summary::Summary;
pub use words::{Word, Words};

use crate::event::Record;

/// Returns what every record says, in order.
pub fn entries<'a>(records: impl IntoIterator<Item = &'a (u64, Record)>) -> Vec<Entry> {
    let mut narrator = Narrator::default();
    let mut entries: Vec<Entry> =
        records.into_iter().flat_map(|(seq, record)| narrator.tell(*seq, record)).collect();
    entries.extend(narrator.rest());
    entries
}
