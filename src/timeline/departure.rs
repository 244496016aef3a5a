//! The plan that a run follows, and where it was not as planned.

use serde::Serialize;

use super::clock::utc;
use crate::event::{Address, Difference, Fact, Moment, Planned, plan_id};
use crate::value::{Value, brief};

/// Characters of what differs, and of what was planned, in a line.
const SHOWN: usize = 200;

/// The saved plan that a run follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowedPlan {
    pub digest: String,
    /// Who made it, where, and when (microseconds since 1970 UTC).
    pub by: String,
    pub host: String,
    pub made_us: i64,
}

impl FollowedPlan {
    pub(super) fn of(plan: &Planned) -> Self {
        let Planned { digest, by, host, made_us, .. } = plan;
        FollowedPlan { digest: digest.clone(), by: by.clone(), host: host.clone(), made_us: *made_us }
    }

    /// Returns its name, and who made it when.
    pub fn words(&self) -> String {
        let FollowedPlan { digest, by, host, made_us } = self;
        format!("{}, made by {by} on {host}, {} UTC", plan_id(digest), utc(*made_us))
    }
}

/// A place at which a run was not as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Departure {
    pub at: Moment,
    pub seq: u64,
    address: Address,
    pub differs: Vec<Difference>,
    /// Readings until then that were not what they had been.
    pub readings: Vec<Difference>,
    /// Who accepted it; `None`: nobody did, or has yet.
    pub accepted: Option<String>,
    /// Whether somebody may still accept it.
    pub waits: bool,
}

impl Departure {
    pub(super) fn new(
        at: Moment,
        seq: u64,
        address: &Address,
        differs: &[Difference],
        readings: &[Difference],
    ) -> Self {
        let (differs, readings) = (differs.to_vec(), readings.to_vec());
        Departure { at, seq, address: address.clone(), differs, readings, accepted: None, waits: true }
    }

    /// Takes in that somebody answered.
    pub(super) fn hear(&mut self, address: &Address, fact: &Fact) {
        let own = address.0.strip_suffix(".plan").unwrap_or(&address.0);
        match fact {
            Fact::Ended { .. } => self.waits = false,
            _ if *own != *self.address.0 => {}
            Fact::Answered { who, value, .. } => {
                self.waits = false;
                if *value != Value::Bool(false) {
                    self.accepted = Some(who.clone());
                }
            }
            Fact::Silent { .. } => self.waits = false,
            _ => {}
        }
    }

    /// Returns what was not as planned, each a line; and who accepted it.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.differs.iter().chain(&self.readings).map(line).collect();
        lines.push(match &self.accepted {
            Some(who) => format!("{who} accepted it"),
            None if self.waits => String::from("it waits for somebody to accept it"),
            None => String::from("nobody accepted it"),
        });
        lines
    }
}

/// Returns a difference as a line.
pub(super) fn line(differs: &Difference) -> String {
    let name = differs.name();
    let now = brief(&differs.now, SHOWN);
    match differs.planned.as_str() {
        "" => format!("{name}{now}, not in the plan"),
        planned => format!("{name}{now}, planned: {}", brief(planned, SHOWN)),
    }
}
