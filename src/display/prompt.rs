//! A question as it stands on the screen: what, of whom, on which evidence, what silence does, and how long still.

use std::fmt::Write as _;
use std::time::Duration;

use super::Look;
use super::ending::row;
use super::gameday::{GAME_DAY, NOTHING_IS_REAL};
use super::saved::of_plan;
use super::text::{Paragraph, one_line};
use crate::event::{Deed, Question, QuestionKind, Wanted};
use crate::timeline::{Tone, clock, of_roles};
use crate::value::Type;

/// Lines of evidence that are shown, the newest ones.
const EVIDENCE: usize = 12;

/// Lines behind which the question is told again: on a screen of 24 its first line has scrolled away.
const LONG: usize = 18;

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
    if question.game_day {
        row(&mut text, GAME_DAY, &[NOTHING_IS_REAL], Tone::Warn, look);
    }
    if let Some(plan) = &question.plan {
        of_plan(&mut text, plan, look);
    }
    for (index, line) in question.params.iter().enumerate() {
        let name = if index == 0 { "with" } else { "" };
        row(&mut text, name, &[line], Tone::Plain, look);
    }
    let hidden = question.evidence.len().saturating_sub(EVIDENCE);
    if hidden > 0 {
        let earlier = format!("… {hidden} earlier lines are in `mainstay show`");
        row(&mut text, "so far", &[&earlier], Tone::Quiet, look);
    }
    for (index, line) in question.evidence.iter().skip(hidden).enumerate() {
        let name = if index == 0 && hidden == 0 { "so far" } else { "" };
        row(&mut text, name, &[line], Tone::Plain, look);
    }
    deeds(&mut text, "changed", &question.made, look);
    let ahead = if question.kind == QuestionKind::Doubt { "on yes" } else { "will run" };
    deeds(&mut text, ahead, &question.ahead, look);
    if !question.roles.is_empty() {
        let of = of_roles(&question.roles, question.count);
        row(&mut text, "asked of", &[&of], Tone::Plain, look);
    }
    if let Wanted::Value(domain) = &question.wanted {
        row(&mut text, "answer", &[&domain.to_string()], Tone::Plain, look);
    }
    if let Some(no) = on_no(question.kind) {
        row(&mut text, "on no", &[no], Tone::Plain, look);
    }
    row(&mut text, "on silence", &[&question.on_silence], Tone::Plain, look);
    if let Some(note) = note {
        row(&mut text, "note", &[note], Tone::Bad, look);
    }
    if answerable {
        let how = if question.can_be_left_by_word() { "`leave` or Ctrl-D" } else { "Ctrl-D" };
        let what = if question.game_day { "ends the game day here" } else { "leaves the run as it stands" };
        let later = format!("{how} {what}; it can be answered from elsewhere");
        row(&mut text, "later", &[&later], Tone::Quiet, look);
    }
    if text.lines().count() > LONG {
        row(&mut text, "question", &[&question.text], Tone::Plain, look);
    }
    let countdown = left.map(|left| {
        text.push_str(&time_left(left, look));
        // The empty line and the line that is typed on stand below it.
        2
    });
    text.push('\n');
    let ask = match &question.wanted {
        _ if !answerable => String::new(),
        Wanted::Value(domain) if domain.ty != Type::Bool => "answer: ".to_owned(),
        wanted => format!("{wanted}? "),
    };
    Drawn { text, ask: look.bold().on(&ask), countdown: countdown.filter(|_| answerable) }
}

/// Writes changes, each with what takes it back below it.
fn deeds(text: &mut String, name: &str, deeds: &[Deed], look: Look) {
    for (index, deed) in deeds.iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        match deed.back.as_str() {
            "" => row(text, name, &[&deed.call], Tone::Plain, look),
            back => row(text, name, &[&deed.call, back], Tone::Plain, look),
        }
    }
}

fn on_no(kind: QuestionKind) -> Option<&'static str> {
    match kind {
        QuestionKind::Approval => Some("a refusal aborts the run"),
        QuestionKind::Manual => Some("it was not done: the run is aborted; an undo is listed as not done"),
        QuestionKind::Failure => Some("the run fails"),
        QuestionKind::Plan => Some("the run stops, and what it changed is taken back"),
        QuestionKind::Doubt => Some("it is taken not to have happened"),
        QuestionKind::Answer => None,
    }
}

/// Returns the question whether to stop.
pub(super) fn stop(look: Look) -> Drawn {
    let text = format!("\n{}\n", look.asking().on("? stop the run and take its changes back?"));
    Drawn { text, ask: look.bold().on("yes or no? (Ctrl-C again leaves it as it stands) "), countdown: None }
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

/// Returns a question as it is shown to somebody who answers from elsewhere, without the prompt.
pub fn question_page(question: &Question, left: Option<Duration>, look: Look) -> String {
    self::question(question, left, None, false, look).text
}
