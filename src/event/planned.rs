//! A saved plan: what a run is bound to that follows it.
//!
//! Owns the plan as data, and its digest. Never makes one (a dry run does) and never compares (`engine` does).

use serde::{Deserialize, Serialize};

use super::{Address, Outcome, SourceHash};
use crate::value::Value;

/// The format of saved plans that this program writes.
pub const PLAN_FORMAT: u32 = 1;

/// A saved plan, as it lies in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    pub format: u32,
    /// BLAKE3 over all the rest, lowercase hex.
    pub digest: String,
    pub title: String,
    /// The runbook, as given.
    pub file: String,
    /// The folder in which it was made: a run follows it there.
    pub folder: String,
    pub program_hash: String,
    pub sources: Vec<SourceHash>,
    /// Parameters that were given, by name.
    pub params: Vec<(String, Value)>,
    /// `--force`: go on although no symptom holds.
    pub force: bool,
    /// How the dry run ended.
    pub outcome: Outcome,
    /// Of the program that made it.
    pub version: String,
    /// What it says for people, each a line.
    pub shown: Vec<String>,
    pub planned: Planned,
}

impl SavedPlan {
    /// Returns the digest of what it says now.
    pub fn fingerprint(&self) -> String {
        let blank = SavedPlan { digest: String::new(), ..self.clone() };
        let text = serde_json::to_string(&blank).unwrap_or_default();
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }

    /// Returns what a run is bound to that follows it.
    pub fn bind(self) -> Planned {
        Planned { digest: self.digest, ..self.planned }
    }
}

/// What a run is bound to that follows a saved plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// Of the plan; empty in its file, where it stands beside this.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Who made it.
    pub by: String,
    pub host: String,
    /// When, microseconds since 1970 UTC.
    pub made_us: i64,
    /// What was read.
    pub readings: Vec<PlannedReading>,
    /// What would be done because of it.
    pub points: Vec<Point>,
    /// Where changes stand of which the plan knows that they may be made, and not more.
    pub unbound: Vec<String>,
}

impl Planned {
    /// Returns its name for people: the beginning of the digest.
    pub fn id(&self) -> &str {
        plan_id(&self.digest)
    }
}

/// Returns the name of a plan for people: the beginning of its digest.
pub fn plan_id(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A reading that was made for a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedReading {
    pub at: Address,
    /// What it was bound to; may be empty.
    pub name: String,
    pub call: String,
    /// The value as shown, bounded.
    pub text: String,
    /// BLAKE3 of all of it, where that is more than what is shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A place at which a run does what the plan says, or differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub at: Address,
    /// Where it stands: file, line and column.
    pub place: String,
    pub kind: PointKind,
    /// What would be done there, bounded.
    pub text: String,
    /// BLAKE3 over all that counts of it.
    pub exact: String,
}

/// What is decided at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// Whether the runbook is needed.
    Symptom,
    /// Which branch of an `if` is taken.
    If,
    /// Which arm of a `decide`.
    Decide,
    /// How many turns a loop has.
    For,
    /// What is changed.
    Change,
    /// What takes a change back, or ends it.
    Undo,
    /// What somebody is asked.
    Question,
}

impl PointKind {
    /// Returns whether another way is gone where it differs, of which the plan knows nothing.
    pub fn leads_elsewhere(self) -> bool {
        matches!(self, PointKind::Symptom | PointKind::If | PointKind::Decide | PointKind::For)
    }
}

/// Something that is not as it was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What is different: a reading by its name, or in words.
    pub what: String,
    /// Whether it is a reading.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reading: bool,
    /// Whether it is the way back of a change, which `what` names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
    /// Empty where the plan has nothing of it.
    pub planned: String,
    pub now: String,
}

impl Difference {
    /// Returns how a line about it begins: a reading has a name, and so has a way back; all else speaks for itself.
    pub fn name(&self) -> String {
        match (self.reading, self.back) {
            (true, _) => format!("{} = ", self.what),
            (_, true) => format!("{}: ", self.what),
            _ => String::new(),
        }
    }
}

/// What a question says of the plan that its run follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfPlan {
    pub digest: String,
    /// What is not as planned of what is shown; nothing: all of it is.
    pub differs: Vec<Difference>,
}
