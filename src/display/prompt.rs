//! A question as it stands on the screen: what, of whom, on which evidence, what silence does, and how long still.

use std::fmt::Write as _;
use std::time::Duration;

use super::Look;
use super::ending::row;
use super::text::{Paragraph, one_line};
use crate::event::{Question, QuestionKind};
use crate::timeline::{Tone, clock, of_roles};

/// Lines of evidence that are shown, the newest ones.
const EVIDENCE: usize = 12;

/// A prompt as text, and where its countdown stands.
pub(super) struct Drawn {
    pub text: String,
    /// What is typed stands behind it, on the last line.
    pub ask: String,
    /// How many lines above the last one the time left stands; `None` where nothing bounds it.
    pub countdown: Option<usize>,
}

/// Returns a question of the runbook.
pub(super) fn question(
    question: &Question,
    left: Option<Duration>,
    note: Option<&str>,
    answerable: bool,
    look: Look,
) -> Drawn {
    let mut text = String::from("\n");
    let mut paragraph = Paragraph::default();
    paragraph.push(look.asking(), "? ");
    paragraph.push(look.bold(), one_line(&question.text));
    for line in paragraph.wrap(look.width) {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    let hidden = question.evidence.len().saturating_sub(EVIDENCE);
    for (index, line) in question.evidence.iter().skip(hidden).enumerate() {
        let name = if index == 0 { "so far" } else { "" };
        row(&mut text, name, &[line], Tone::Plain, look);
    }
    if !question.roles.is_empty() {
        let of = of_roles(&question.roles, question.count);
        row(&mut text, "asked of", &[&of], Tone::Plain, look);
    }
    let no = match question.kind {
        QuestionKind::Approval => "a refusal aborts the run",
        QuestionKind::Failure => "the run fails",
        QuestionKind::Doubt => "it is taken not to have happened",
    };
    row(&mut text, "on no", &[no], Tone::Plain, look);
    row(&mut text, "on silence", &[&question.on_silence], Tone::Plain, look);
    if let Some(note) = note {
        row(&mut text, "note", &[note], Tone::Bad, look);
    }
    let countdown = left.map(|left| {
        text.push_str(&time_left(left, look));
        // The empty line and the line that is typed on stand below it.
        2
    });
    text.push('\n');
    let ask = if answerable { "yes or no? " } else { "" };
    Drawn { text, ask: look.bold().on(ask), countdown: countdown.filter(|_| answerable) }
}

/// Returns the question whether to stop.
pub(super) fn stop(look: Look) -> Drawn {
    let text = format!("\n{}\n", look.asking().on("? stop the run and take its changes back?"));
    Drawn { text, ask: look.bold().on("[y/N] (Ctrl-C again leaves it as it stands) "), countdown: None }
}

/// Returns the line that says how much time is left.
pub(super) fn time_left(left: Duration, look: Look) -> String {
    let ns = i64::try_from(left.as_nanos()).unwrap_or(i64::MAX);
    // Seconds that have begun: the last one is 1s, not 0s.
    let shown = clock::length(ns.saturating_add(999_999_999) / 1_000_000_000 * 1_000_000_000);
    let mut line = String::new();
    row(&mut line, "time left", &[&shown], Tone::Plain, look);
    line
}

/// Returns a question as it stands on the screen.
pub fn question_text(question: &Question, left: Option<Duration>, look: Look) -> String {
    let drawn = self::question(question, left, None, true, look);
    format!("{}{}\n", drawn.text, drawn.ask)
}
