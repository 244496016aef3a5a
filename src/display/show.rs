//! One run in full: outcome, parameters, symptoms, steps, findings, approvals, changes, failures.

use std::fmt::Write as _;

use super::aside::rule;
use super::ending::row;
use super::gameday::{GAME_DAY, NOTHING_IS_REAL};
use super::{Look, RunState, ending, line};
use crate::event::{PhaseKind, StepOutcome};
use crate::source::Sources;
use crate::timeline::{
    Approval, Entry, Evidence, Kind, StepLine, Summary, Tone, Weight, Words, clock, of_roles,
};

/// Returns the whole of a run. `sources`: the texts it was read from, empty when they are gone.
pub fn show(summary: &Summary, state: RunState, sources: &Sources, look: Look) -> String {
    let mut out = String::new();
    head(&mut out, summary, state, look);
    section(&mut out, "Symptoms", look, |out| {
        for symptom in &summary.symptoms {
            let (tone, word) = match symptom.holds {
                Some(true) => (Tone::Bad, "holds".to_owned()),
                Some(false) => (Tone::Good, "does not hold".to_owned()),
                None => (Tone::Warn, format!("could not be read: {}", symptom.why)),
            };
            let again = match symptom.phase {
                PhaseKind::Symptom => "",
                _ => "again ",
            };
            let text = format!("{again}{word}: {}", symptom.title);
            told(out, Kind::Symptom, tone, symptom.at, text, look);
        }
    });
    section(&mut out, "Findings", look, |out| findings(out, summary, look));
    section(&mut out, "Steps", look, |out| {
        for step in &summary.steps {
            let (tone, text) = step_words(step, summary.is_over());
            told(out, Kind::Step, tone, step.began, text, look);
        }
    });
    section(&mut out, "Notes", look, |out| {
        for (at, _, who, text) in &summary.notes {
            told(out, Kind::Note, Tone::Plain, *at, format!("{who}: {text}"), look);
        }
    });
    section(&mut out, "Not as planned", look, |out| {
        for departure in &summary.departures {
            let mut lines = departure.lines().into_iter();
            let text = lines.next().unwrap_or_default();
            let mut entry = entry(Kind::Decision, Tone::Warn, departure.at, text);
            entry.detail = lines.collect();
            out.push_str(&line(&entry, sources, look));
        }
    });
    section(&mut out, "Approvals", look, |out| {
        for approval in &summary.approvals {
            // One that is open can still be answered, also while nobody executes the run.
            let over =
                summary.ended.is_some() || !summary.open_questions.keys().any(|at| approval.is_asked_at(at));
            approval_lines(out, approval, over, look);
        }
    });
    section(&mut out, "Changes", look, |out| changes(out, summary, look));
    section(&mut out, "Failures", look, |out| {
        for failure in &summary.failures {
            let mut entry = entry(Kind::Failure, Tone::Bad, failure.at, failure.message.clone());
            entry.detail.clone_from(&failure.detail);
            // A change that failed stands among the changes, with its command.
            let stands = |line: &String| summary.changes.iter().any(|change| change.change.call == *line);
            if entry.detail.first().is_some_and(stands) {
                entry.detail.remove(0);
            }
            entry.span = Some(failure.span);
            out.push_str(&line(&entry, sources, look));
        }
    });
    out.push_str(&ending(summary, look));
    out
}

/// Returns what is known of a run that goes on, for a look in between.
pub(super) fn so_far(summary: &Summary, look: Look) -> String {
    let mut out = String::new();
    let mark = if summary.game_day.is_some() { format!("{GAME_DAY}, ") } else { String::new() };
    rule(&mut out, &format!("{mark}so far: {}", summary.title), look);
    section(&mut out, "Findings", look, |out| findings(out, summary, look));
    section(&mut out, "Changes", look, |out| changes(out, summary, look));
    if summary.findings.is_empty() && summary.decisions.is_empty() && summary.changes.is_empty() {
        let _ = writeln!(out, "nothing was found and nothing was changed");
    }
    rule(&mut out, "", look);
    out
}

fn findings(out: &mut String, summary: &Summary, look: Look) {
    for (at, _, text) in &summary.findings {
        told(out, Kind::Finding, Tone::Warn, *at, text.clone(), look);
    }
    for (at, _, choice, reason) in &summary.decisions {
        let text = format!("decided: {choice}, because {reason}");
        told(out, Kind::Decision, Tone::Plain, *at, text, look);
    }
}

fn head(out: &mut String, summary: &Summary, state: RunState, look: Look) {
    let _ = writeln!(out, "{}", look.bold().on(&super::text::one_line(&summary.title)));
    let mut fact = |name: &str, text: &str| row(out, name, &[text], Tone::Plain, look);
    fact("run", &summary.run);
    if let Some(game_day) = &summary.game_day {
        fact(GAME_DAY, &format!("{NOTHING_IS_REAL}: the drill \"{}\" of {}", game_day.drill, game_day.file));
    }
    fact("state", &state.words());
    fact("runbook", &summary.file);
    let started = format!(
        "{} UTC by {} on {}{}",
        clock::utc(summary.opened.wall_us),
        summary.user,
        summary.host,
        if summary.forced { ", forced" } else { "" }
    );
    fact("started", &started);
    if let Some(plan) = &summary.plan {
        fact("plan", &plan.words());
    }
    if let Some(ended) = &summary.ended {
        let took = clock::length(summary.length());
        let text = format!("{} UTC, after {took}", clock::utc(ended.at.wall_us));
        fact("ended", &text);
    }
    if let Some(words) = summary.rto_words() {
        fact("rto", &words);
    }
    for (question, _) in summary.open_questions.values() {
        let of = of_roles(&question.roles, question.count);
        fact("waits for", &format!("{of}: {}", question.text));
    }
    for (index, (name, value)) in summary.params.iter().enumerate() {
        let left = if index == 0 { "parameters" } else { "" };
        fact(left, &format!("{name} = {}", value.brief(400)));
    }
}

/// Writes a section, unless there is nothing in it.
fn section(out: &mut String, title: &str, look: Look, fill: impl FnOnce(&mut String)) {
    let mut body = String::new();
    fill(&mut body);
    if !body.is_empty() {
        let _ = write!(out, "\n{}\n{body}", look.bold().on(title));
    }
}

fn entry(kind: Kind, tone: Tone, at: crate::event::Moment, text: String) -> Entry {
    Entry {
        seq: 0,
        at,
        kind,
        tone,
        weight: Weight::Line,
        depth: 0,
        lane: String::new(),
        who: String::new(),
        what: Words::say(text),
        from: String::new(),
        outcome: Words::default(),
        detail: Vec::new(),
        value: None,
        span: None,
        evidence: Vec::<Evidence>::new(),
    }
}

fn told(out: &mut String, kind: Kind, tone: Tone, at: crate::event::Moment, text: String, look: Look) {
    let entry = entry(kind, tone, at, text);
    out.push_str(&line(&entry, &Sources::default(), look));
}

fn step_words(step: &StepLine, over: bool) -> (Tone, String) {
    let again = if step.attempts > 1 {
        format!(" (attempt {} of {})", step.attempt, step.attempts)
    } else {
        String::new()
    };
    let (tone, end) = match &step.ended {
        None if over => (Tone::Warn, "its end was not seen".to_owned()),
        None => (Tone::Plain, "running".to_owned()),
        Some((at, outcome, _)) => {
            let took = clock::length(at.run_ns.saturating_sub(step.began.run_ns));
            let (tone, word) = match outcome {
                StepOutcome::Ok => (Tone::Good, "ok"),
                StepOutcome::Failed => (Tone::Bad, "failed"),
                StepOutcome::Tolerated => (Tone::Warn, "failed, and the run went on"),
                StepOutcome::Stopped => (Tone::Warn, "stopped"),
                StepOutcome::Skipped => (Tone::Quiet, "skipped"),
            };
            (tone, format!("{word} after {took}"))
        }
    };
    (tone, format!("{}{again}: {end}", step.title))
}

fn approval_lines(out: &mut String, approval: &Approval, over: bool, look: Look) {
    let of = of_roles(&approval.roles, approval.count);
    for answer in &approval.answers {
        let tone = if answer.refused { Tone::Warn } else { Tone::Good };
        let word = &answer.said;
        let because = match answer.because.as_str() {
            "" => String::new(),
            because => format!(" (because {because})"),
        };
        let role = if answer.role.is_empty() { String::new() } else { format!(", {}", answer.role) };
        let text = format!("{word} of {} (uid {}{role}): {}{because}", answer.who, answer.uid, approval.text);
        told(out, Kind::Change, tone, answer.at, text, look);
    }
    if let Some((at, why, then)) = &approval.silent {
        let text = format!("no answer ({why}), {then}: {}", approval.text);
        told(out, Kind::Silence, Tone::Warn, *at, text, look);
    } else if approval.answers.is_empty() {
        let word = if over { "not answered" } else { "waiting" };
        let text = format!("{word} ({of}): {}", approval.text);
        told(out, Kind::Question, Tone::Warn, approval.asked, text, look);
    }
}

fn changes(out: &mut String, summary: &Summary, look: Look) {
    let over = summary.is_over();
    for change in &summary.changes {
        let state = change.state_words(over);
        let tone = match state {
            "done" => Tone::Good,
            "failed" | "in doubt" | "its end was not seen yet" => Tone::Bad,
            _ => Tone::Quiet,
        };
        let by = if change.change.undoing { "rollback " } else { "" };
        let mut text = format!("{state}: {by}{}", change.change.call);
        match (change.unwound_words(), &change.undo) {
            ("", Some(undo)) if summary.ended.is_none() => {
                let _ = write!(text, " (would be undone by: {undo})");
            }
            ("", _) => {}
            (words, _) => {
                let _ = write!(text, " ({words})");
            }
        }
        told(out, Kind::Change, tone, change.began, text, look);
    }
}
