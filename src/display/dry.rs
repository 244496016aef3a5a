//! A dry run, line by line: what was observed, what would be done, what nobody knows.
//!
//! Owns which of the three each line is, and what is said at the end. Never decides what would be done (`engine` does).

use std::io::Write;
use std::sync::Arc;

use serde_json::json;

use super::line::line_behind;
use super::text::ascii;
use super::{Look, Paint};
use crate::event::{Body, Class, Fact, Outcome, Record, Would};
use crate::source::Sources;
use crate::timeline::{Entry, Narrator};
use crate::world::Observer;

/// Columns of `predicted ` and its like.
const COLUMN: usize = 10;

/// How certain a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Observed,
    Predicted,
    Unknown,
    /// A heading: a phase, a step.
    Heading,
}

impl Known {
    fn word(self) -> &'static str {
        match self {
            Known::Observed => "observed",
            Known::Predicted => "predicted",
            Known::Unknown => "unknown",
            Known::Heading => "",
        }
    }
}

/// What would be done, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Changes that would be made.
    pub changes: usize,
    /// Of all these, those of which it is not known whether, or with which values.
    pub perhaps: usize,
    /// Messages and pages that would be sent.
    pub messages: usize,
    /// Approvals and questions.
    pub questions: usize,
}

impl Tally {
    /// Returns whether a run would act.
    pub fn acts(self) -> bool {
        self.changes + self.perhaps + self.messages > 0
    }
}

/// Writes a dry run as it goes on.
#[derive(Debug)]
pub struct DryRun<W: Write> {
    out: W,
    json: bool,
    look: Look,
    sources: Arc<Sources>,
    narrator: Narrator,
    seq: u64,
    /// How many ways around that may not be taken.
    perhaps: usize,
    tally: Tally,
}

impl<W: Write> DryRun<W> {
    /// Returns an observer that writes to `out`: lines for people, or each a line of JSON.
    pub fn new(out: W, json: bool, look: Look, sources: Arc<Sources>) -> Self {
        let (narrator, tally) = (Narrator::default(), Tally::default());
        DryRun { out, json, look, sources, narrator, seq: 0, perhaps: 0, tally }
    }

    /// Writes how it ended, and returns what would be done.
    pub fn end(mut self, outcome: Outcome) -> Tally {
        let Tally { changes, perhaps, messages, questions } = self.tally;
        let acts = self.tally.acts();
        if self.json {
            let end = match outcome {
                Outcome::Failed => "would_fail",
                Outcome::Aborted => "stopped",
                Outcome::Escalated => "would_escalate",
                _ if acts => "would_act",
                _ => "nothing_to_do",
            };
            let counts = json!({ "changes": changes, "perhaps": perhaps, "messages": messages, "questions": questions });
            self.write(&format!("{}\n", json!({ "dry_run": end, "would": counts })));
            return self.tally;
        }
        let many =
            |n: usize, one: &str, more: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {more}") };
        let mut parts = Vec::new();
        if changes > 0 {
            parts.push(many(changes, "change", "changes"));
        }
        if messages > 0 {
            parts.push(many(messages, "message", "messages"));
        }
        if questions > 0 {
            parts.push(many(questions, "question", "questions"));
        }
        if perhaps > 0 {
            let more = if parts.is_empty() { "" } else { "more " };
            parts.push(many(
                perhaps,
                &format!("{more}that is not certain"),
                &format!("{more}that are not certain"),
            ));
        }
        let would = match outcome {
            Outcome::Failed => String::from("the run would fail where it stands above"),
            Outcome::Aborted => String::from("stopped"),
            Outcome::NotNeeded => String::from("nothing to do: no symptom holds"),
            _ if !acts => String::from("nothing to do"),
            Outcome::Escalated => format!("would act, and then go back: {}", parts.join(", ")),
            _ => format!("would act: {}", parts.join(", ")),
        };
        let bold = self.look.bold();
        let text = format!(
            "\n{} {would}\n  nothing was changed, and nobody was asked or told\n",
            bold.on("dry run:")
        );
        self.write(&text);
        self.tally
    }

    /// Returns how certain it is; `None`: not worth a line.
    fn known(&self, fact: &Fact) -> Option<Known> {
        Some(match fact {
            Fact::StepEnded { .. } | Fact::IterationEnded { .. } | Fact::PhaseEnded { .. } => return None,
            Fact::Unknown { .. } | Fact::PerhapsBegan { .. } => Known::Unknown,
            Fact::Titled { .. }
            | Fact::PhaseBegan { .. }
            | Fact::StepBegan { .. }
            | Fact::IterationBegan { .. }
            | Fact::LoopBegan { .. }
            | Fact::FollowBegan { .. }
            | Fact::FollowEnded { .. } => Known::Heading,
            // Whether it comes to that nobody knows, however certain it is then.
            _ if self.perhaps > 0 => Known::Unknown,
            Fact::Would { known: false, .. } => Known::Unknown,
            Fact::Would { .. } => Known::Predicted,
            _ => Known::Observed,
        })
    }

    fn count(&mut self, fact: &Fact) {
        let Fact::Would { what, known, .. } = fact else { return };
        match what {
            Would::Call | Would::Wait | Would::Pass => {}
            _ if !*known || self.perhaps > 0 => self.tally.perhaps += 1,
            Would::Change => self.tally.changes += 1,
            Would::Tell => self.tally.messages += 1,
            Would::Ask => self.tally.questions += 1,
        }
    }

    fn shown(&self, known: Known, mut entry: Entry, fact: &Fact) -> String {
        if self.json {
            let mut line = json!({
                "known": if known == Known::Heading { "heading" } else { known.word() },
                "text": entry.what.to_string(),
                "depth": entry.depth + self.perhaps,
            });
            for (name, text) in [("outcome", entry.outcome.to_string()), ("detail", entry.detail.join("\n"))]
            {
                if !text.is_empty() {
                    line[name] = text.into();
                }
            }
            if let Fact::Would { what, deed, .. } = fact {
                line["would"] = json!(what);
                line["back"] = deed.back.as_str().into();
            }
            return format!("{line}\n");
        }
        entry.depth += self.perhaps;
        let paint: Paint = match known {
            Known::Unknown => self.look.tone(crate::timeline::Tone::Warn),
            _ => self.look.dim(),
        };
        line_behind((known.word(), COLUMN, paint), &entry, &self.sources, self.look)
    }

    fn write(&mut self, text: &str) {
        let text = if self.look.width.is_some() && !self.look.unicode { ascii(text) } else { text.into() };
        // Whoever closed the pipe does not want to read on.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl<W: Write> Observer for DryRun<W> {
    fn stored(&mut self, records: &[Record]) {
        for record in records {
            self.seq += 1;
            let entries = self.narrator.tell(self.seq, record);
            let Body::Fact(fact) = &record.body else { continue };
            if record.class == Class::Trace {
                continue;
            }
            self.count(fact);
            if let Some(known) = self.known(fact) {
                for entry in entries {
                    let text = self.shown(known, entry, fact);
                    self.write(&text);
                }
            }
            match fact {
                Fact::PerhapsBegan { .. } => self.perhaps += 1,
                Fact::PerhapsEnded => self.perhaps -= 1,
                _ => {}
            }
        }
    }
}
