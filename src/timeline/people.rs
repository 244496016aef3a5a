//! The words for what people were asked, said and were told.

use super::clock::length;
use super::facts::SHOWN;
use super::{Entry, Kind, Tone, Weight, Words};
use crate::event::{Fact, Moment, QuestionKind};
use crate::value::Value;

/// Returns an answer in words.
pub(super) fn said(kind: QuestionKind, value: &Value) -> String {
    match (kind, value) {
        (QuestionKind::Manual, Value::Bool(true)) => String::from("done"),
        (QuestionKind::Manual, Value::Bool(false)) => String::from("not done"),
        (_, Value::Bool(true)) => String::from("yes"),
        (_, Value::Bool(false)) => String::from("no"),
        (_, value) => value.brief(SHOWN),
    }
}

/// Fills `entry` with what people were asked, said and were told. Returns `false` for what is not about people.
pub(super) fn tell(fact: &Fact, at: Moment, entry: &mut Entry) -> bool {
    match fact {
        Fact::Asked { text, roles, count, deadline, .. } => {
            entry.kind = Kind::Question;
            entry.weight = Weight::Begin;
            entry.what = Words::say(format!("asked {} \"{text}\"", of_roles(roles, *count)));
            if let Some(deadline) = deadline {
                let left = length(deadline.saturating_sub(at.run_ns));
                entry.outcome = Words::say(format!("within {left}"));
            }
        }
        Fact::Answered { kind, text, who, role, value, because, .. } => {
            entry.kind = Kind::Answer;
            entry.who = match role.as_str() {
                "" => who.clone(),
                role => format!("{who} ({role})"),
            };
            entry.tone = if *value == Value::Bool(false) { Tone::Warn } else { Tone::Good };
            entry.what = Words::say(text.as_str());
            entry.outcome = Words::say(match because.as_str() {
                "" => said(*kind, value),
                because => format!("{}, because {because}", said(*kind, value)),
            });
        }
        Fact::Void { text, who, why, .. } => {
            entry.kind = Kind::Note;
            entry.tone = Tone::Warn;
            entry.who.clone_from(who);
            let of = if text.is_empty() { String::new() } else { format!(" to \"{text}\"") };
            entry.what = Words::say(format!("an answer{of} does not count"));
            entry.outcome = Words::say(why.as_str());
        }
        Fact::Suspended { by } => {
            entry.kind = Kind::Note;
            entry.tone = Tone::Warn;
            entry.what = Words::say(format!("the run was left where it stands: {by}"));
        }
        Fact::Resumed { who, accepted, .. } => {
            entry.kind = Kind::Note;
            entry.who.clone_from(who);
            entry.what = Words::say("went on with the run");
            if !accepted.is_empty() {
                entry.outcome =
                    Words::say(format!("with a changed runbook, {}", accepted.get(..16).unwrap_or(accepted)));
            }
        }
        Fact::Noted { text, who, .. } => {
            entry.kind = Kind::Note;
            entry.who.clone_from(who);
            entry.what = Words::say(format!("note: {text}"));
        }
        Fact::Injected { text, who, .. } => {
            entry.kind = Kind::Note;
            entry.tone = Tone::Warn;
            entry.who.clone_from(who);
            entry.what = Words::say("injected: ").code(text.as_str());
        }
        Fact::Silent { text, why, then } => {
            entry.kind = Kind::Silence;
            entry.tone = Tone::Warn;
            entry.who = "nobody".to_owned();
            entry.what = Words::say(format!("no answer to \"{text}\""));
            entry.outcome = Words::say(format!("{why}; {then}"));
        }
        Fact::Notified { channel, text, page, ok, message } => {
            entry.kind = Kind::Message;
            let verb = if *page { "escalated to" } else { "told" };
            let mut unsent = String::new();
            if !ok {
                entry.tone = Tone::Warn;
                // What else a missing channel means stands in the manual.
                let why = message.split(" for it:").next().unwrap_or_default();
                unsent = format!(" (not sent: {why})");
            }
            entry.what = Words::say(format!("{verb} {channel}{unsent}"));
            entry.outcome = Words::say(text.as_str());
        }
        _ => return false,
    }
    true
}

/// Returns who is asked: `oncall or lead`, `any 2 of lead, oncall`.
pub fn of_roles(roles: &[String], count: u32) -> String {
    match (roles, count) {
        ([], _) => "the operator".to_owned(),
        (roles, 0 | 1) => roles.join(" or "),
        (roles, count) => format!("any {count} of {}", roles.join(", ")),
    }
}
