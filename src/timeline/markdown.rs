//! The timeline as Markdown: what is pasted into the post-mortem.
//!
//! Owns the document's shape and the escaping. Everything that came from outside (titles,
//! values, commands, names) is escaped or quoted as code, so that it shows as it was and
//! cannot open a table cell, a link or a tag. Never fills in what a person must judge.

use std::fmt::Write as _;

use super::clock::{length, utc};
use super::facts::{outcome_words, pair};
use super::people::of_roles;
use super::{Entry, Evidence, Kind, Summary, Weight, Word, Words};
use crate::event::{Entry as Standing, Moment, Outcome};
use crate::source::Sources;

/// Lines of a failure's detail that the table shows.
const DETAIL: usize = 8;

/// Returns the timeline of a run as Markdown (`CommonMark` with GitHub's tables). `sources`: what failures point into,
/// empty when the texts are gone.
pub fn timeline(summary: &Summary, entries: &[Entry], sources: &Sources) -> String {
    let mut out = String::new();
    let title = match summary.title.as_str() {
        "" => &summary.file,
        title => title,
    };
    let day = if summary.game_day.is_some() { "Game day: " } else { "" };
    let _ = writeln!(out, "# {day}{}\n", escape(title));
    played(&mut out, summary);
    header(&mut out, summary);
    milestones(&mut out, summary);
    prompt(&mut out, "Summary", "What happened, for whom, and for how long? Two or three sentences.");
    prompt(&mut out, "Impact", "Who could not do what? In numbers where there are any.");
    findings(&mut out, summary);
    approvals(&mut out, summary);
    decisions(&mut out, summary);
    changes(&mut out, summary);
    standing(&mut out, summary);
    prevention(&mut out, summary);
    prompt(
        &mut out,
        "Causes",
        "What made it possible, and what set it off? Mainstay saw only what stands above.",
    );
    prompt(&mut out, "What went well, what went badly, where we were lucky", "");
    prompt(&mut out, "Actions", "What will be done, by whom, until when?");
    table(&mut out, entries, sources);
    out
}

fn header(out: &mut String, summary: &Summary) {
    let mut row = |name: &str, text: String| {
        let _ = writeln!(out, "| {name} | {text} |");
    };
    let outcome = summary.ended.as_ref().map_or_else(
        || {
            (if summary.left.is_some() {
                "left where it stands"
            } else if summary.abandoned {
                "its end was not seen"
            } else {
                "not over yet"
            })
            .to_owned()
        },
        |ended| {
            let reason = match ended.reason.as_str() {
                "" => String::new(),
                reason => format!(": {}", escape(reason)),
            };
            format!("**{}**{reason}", outcome_words(ended.outcome))
        },
    );
    row("outcome", outcome);
    row("---", "---".to_owned());
    row("run", code(&summary.run));
    let hash = summary.program_hash.get(..12).unwrap_or(&summary.program_hash);
    row("runbook", format!("{} (version {})", code(&summary.file), code(hash)));
    row(
        "started",
        format!(
            "{} UTC by {} (uid {}) on {}{}",
            utc(summary.opened.wall_us),
            escape(&summary.user),
            summary.uid,
            escape(&summary.host),
            if summary.forced { ", forced" } else { "" },
        ),
    );
    if let Some(plan) = &summary.plan {
        let how = if summary.departures.is_empty() { "" } else { "; [not all was as planned](#timeline)" };
        row("plan", format!("{}{how}", escape(&plan.words())));
    }
    if let Some(ended) = &summary.ended {
        let took = length(summary.length());
        let rto = summary.rto_words().map_or_else(String::new, |words| format!(", {words}"));
        row("ended", format!("{} UTC, after {took}{rto}", utc(ended.at.wall_us)));
    }
    if !summary.params.is_empty() {
        let given: Vec<String> =
            summary.params.iter().map(|(name, value)| words(&pair(name, value))).collect();
        row("parameters", given.join(", "));
    }
    for (name, value) in &summary.outputs {
        row("output", words(&pair(name, value)));
    }
    out.push('\n');
}

fn milestones(out: &mut String, summary: &Summary) {
    let since = |from: Moment, to: Option<Moment>| {
        to.map(|to| (to.wall_us, length(to.run_ns.saturating_sub(from.run_ns))))
    };
    let steps = [
        ("detected", summary.milestones.detected, "time to detect"),
        ("decided", summary.milestones.decided, "time to decide"),
        ("resolved", summary.milestones.resolved, "time to resolve"),
    ];
    let _ = writeln!(out, "## Milestones\n");
    let _ = writeln!(out, "| milestone | time (UTC) | measure | since the start |");
    let _ = writeln!(out, "| --- | --- | --- | --- |");
    let _ = writeln!(out, "| started | {} | | |", utc(summary.opened.wall_us));
    for (name, at, measure) in steps {
        let (when, took) = since(summary.opened, at)
            .map_or_else(|| ("not reached".to_owned(), String::new()), |(at, took)| (utc(at), took));
        let _ = writeln!(out, "| {name} | {when} | {measure} | {took} |");
    }
    out.push('\n');
}

fn findings(out: &mut String, summary: &Summary) {
    let _ = writeln!(out, "## Findings\n");
    let mut lines: Vec<(u64, String)> = Vec::new();
    for symptom in &summary.symptoms {
        let says = match symptom.holds {
            Some(true) => "holds".to_owned(),
            Some(false) => "does not hold".to_owned(),
            None => format!("could not be read: {}", escape(&symptom.why)),
        };
        let (at, title) = (utc(symptom.at.wall_us), escape(&symptom.title));
        lines.push((symptom.seq, format!("symptom \"{title}\" {says} ({at}, ")));
    }
    for (at, seq, text) in &summary.findings {
        lines.push((*seq, format!("{} ({}, ", escape(text), utc(at.wall_us))));
    }
    for (at, seq, choice, reason) in &summary.decisions {
        let (choice, at) = (escape(choice), utc(at.wall_us));
        lines.push((*seq, format!("decided: {choice}, because {} ({at}, ", code(reason))));
    }
    lines.sort_by_key(|(seq, _)| *seq);
    for (seq, line) in &lines {
        let _ = writeln!(out, "- {line}{})", row_link(*seq));
    }
    if lines.is_empty() {
        let _ = writeln!(out, "Nothing was found.");
    }
    out.push('\n');
}

fn approvals(out: &mut String, summary: &Summary) {
    if summary.approvals.is_empty() {
        return;
    }
    let _ = writeln!(out, "## Approvals\n");
    let _ = writeln!(out, "| asked (UTC) | question | of | answer | by | at (UTC) |");
    let _ = writeln!(out, "| --- | --- | --- | --- | --- | --- |");
    for approval in &summary.approvals {
        let asked = utc(approval.asked.wall_us);
        let text = escape(&approval.text);
        let of = escape(&of_roles(&approval.roles, approval.count));
        let mut row = |answer: &str, by: &str, at: &str| {
            let _ = writeln!(out, "| {asked} | {text} | {of} | {answer} | {by} | {at} |");
        };
        for answer in &approval.answers {
            let by = format!("{} (uid {})", escape(&answer.who), answer.uid);
            let mut word = escape(&answer.said);
            if answer.refused {
                word = format!("**{word}**");
            }
            if !answer.because.is_empty() {
                word = format!("{word}, because {}", escape(&answer.because));
            }
            row(&word, &by, &utc(answer.at.wall_us));
        }
        if let Some((at, why, then)) = &approval.silent {
            let answer = format!("{}; {}", escape(why), escape(then));
            row(&answer, "nobody", &utc(at.wall_us));
        }
        if approval.answers.is_empty() && approval.silent.is_none() {
            row("", "nobody yet", "");
        }
    }
    out.push('\n');
}

/// Says that nothing of it was real, before anything else is read.
fn played(out: &mut String, summary: &Summary) {
    if let Some(game_day) = &summary.game_day {
        let (drill, file) = (escape(&game_day.drill), code(&game_day.file));
        let _ = writeln!(
            out,
            "**A game day, a drill: nothing of it was real.** People answered; everything else was"
        );
        let _ = writeln!(
            out,
            "given by the drill \"{drill}\" of {file}. What is called changed below was not changed.\n"
        );
    }
}

/// Writes how long people took, and what an instructor changed.
fn decisions(out: &mut String, summary: &Summary) {
    if summary.game_day.is_none() {
        return;
    }
    let decisions = summary.decisions();
    let _ = writeln!(out, "## Decisions\n");
    if decisions.is_empty() {
        let _ = writeln!(out, "Nobody was asked anything.\n");
    } else {
        let _ = writeln!(out, "| question | answer | by | took | of |");
        let _ = writeln!(out, "| --- | --- | --- | --- | --- |");
        for decision in &decisions {
            let by = decision.who.as_deref().map_or_else(|| "nobody".to_owned(), escape);
            let of = decision.of_ns.map(length).unwrap_or_default();
            let (question, said) = (escape(&decision.question), escape(&decision.said));
            let _ = writeln!(out, "| {question} | {said} | {by} | {} | {of} |", length(decision.took_ns));
        }
        let sum = decisions.iter().map(|decision| decision.took_ns).sum();
        let _ = writeln!(out, "| in all | | | {} | |\n", length(sum));
    }
    if !summary.injected.is_empty() {
        let _ = writeln!(out, "## Injected\n");
        for (at, seq, who, text) in &summary.injected {
            let _ = writeln!(
                out,
                "- {} by {}: {} ({})",
                utc(at.wall_us),
                escape(who),
                code(text),
                row_link(*seq)
            );
        }
        out.push('\n');
    }
}

fn changes(out: &mut String, summary: &Summary) {
    let _ = writeln!(out, "## Changes\n");
    if summary.changes.is_empty() {
        let _ = writeln!(out, "Nothing was changed.\n");
        return;
    }
    let over = summary.is_over();
    let _ = writeln!(out, "| time (UTC) | change | step | end | taken back |");
    let _ = writeln!(out, "| --- | --- | --- | --- | --- |");
    for line in &summary.changes {
        let end = match line.message.as_str() {
            "" => line.state_words(over).to_owned(),
            message => format!("{}: {}", line.state_words(over), escape(message)),
        };
        let _ = writeln!(
            out,
            "| {} | {}{} | {} | {end} | {} |",
            utc(line.began.wall_us),
            if line.change.undoing { "rollback " } else { "" },
            code(&line.change.call),
            escape(&line.change.step),
            line.unwound_words(),
        );
    }
    out.push('\n');
}

fn standing(out: &mut String, summary: &Summary) {
    let Some(ended) = &summary.ended else {
        return;
    };
    let _ = writeln!(out, "## What stands now\n");
    let mut list = |name: &str, entries: &[Standing]| {
        if entries.is_empty() {
            return;
        }
        let _ = writeln!(out, "{name}\n");
        for entry in entries {
            let note = match entry.note.as_str() {
                "" => String::new(),
                note => format!(": {}", escape(note)),
            };
            let _ = writeln!(out, "- {}{note}", code(&entry.change.call));
        }
        out.push('\n');
    };
    list("Changed:", &ended.changed);
    list("Left on purpose:", &ended.left);
    list("Taken back:", &ended.taken_back);
    list("**Still stands, although it should not, or cannot be taken back:**", &ended.standing);
    let lists = [&ended.changed, &ended.left, &ended.standing];
    if lists.iter().all(|list| list.is_empty()) && ended.outcome != Outcome::Suspended {
        let _ = writeln!(out, "Nothing of this run stands.\n");
    }
}

/// Writes the runbook's `prevention` as it was written: it is Markdown of the runbook's author.
fn prevention(out: &mut String, summary: &Summary) {
    if summary.prevention.trim().is_empty() {
        return;
    }
    let _ = writeln!(out, "## Prevention\n");
    for line in summary.prevention.trim().lines() {
        let clean: String =
            line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
        let _ = writeln!(out, "{}", clean.trim_end());
    }
    out.push('\n');
}

fn prompt(out: &mut String, title: &str, question: &str) {
    let _ = writeln!(out, "## {title}\n");
    if !question.is_empty() {
        let _ = writeln!(out, "<!-- {question} -->\n");
    }
}

fn table(out: &mut String, entries: &[Entry], sources: &Sources) {
    let _ = writeln!(out, "## Timeline\n");
    let _ = writeln!(out, "| time (UTC) | who | what | outcome | evidence |");
    let _ = writeln!(out, "| --- | --- | --- | --- | --- |");
    for entry in entries.iter().filter(|e| e.weight == Weight::Key) {
        let mut what = words(&entry.what);
        if !entry.from.is_empty() {
            what = format!("{what} from {}", code(&entry.from));
        }
        if entry.kind == Kind::Failure {
            what = format!("failure: {what}");
        }
        let mut evidence: Vec<String> = entry.evidence.iter().map(link).collect();
        if let Some(span) = entry.span.filter(|span| sources.get(span.source).is_some()) {
            let place = sources.place(span);
            evidence.push(code(&format!("{}:{}", place.file, place.line)));
        }
        let _ = writeln!(
            out,
            "| {} | {} | {what} | {} | {} |",
            utc(entry.at.wall_us),
            escape(&entry.who),
            outcome_of(entry),
            evidence.join(" "),
        );
    }
}

/// Returns what came of it; of a failure, also the end of what was printed.
fn outcome_of(entry: &Entry) -> String {
    let mut lines = vec![words(&entry.outcome)];
    lines.retain(|line| !line.is_empty());
    // A step's failure is told where it happened.
    if entry.kind != Kind::Step {
        let hidden = entry.detail.len().saturating_sub(DETAIL);
        lines.extend(entry.detail.iter().skip(hidden).map(|line| code(line)));
    }
    lines.join("<br>")
}

fn link(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Row(seq) => row_link(*seq),
        Evidence::File(path) => code(path),
    }
}

/// Returns a journal's row, as code: a bare `#12` would become a link to somebody's issue.
fn row_link(seq: u64) -> String {
    format!("`#{seq}`")
}

fn words(words: &Words) -> String {
    words
        .0
        .iter()
        .map(|word| match word {
            Word::Say(text) => escape(text),
            Word::Code(text) => code(text),
        })
        .collect()
}

/// Returns text that Markdown shows as it is, on one line, also in a table.
pub(super) fn escape(text: &str) -> String {
    let line = one_line(text);
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let inside_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            '_' => !(inside_word(before) && inside_word(after)),
            '#' | '+' | '-' | '=' => before.is_none(),
            // `1.` and `1)` begin a list.
            '.' | ')' => i > 0 && chars[..i].iter().all(char::is_ascii_digit),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}

/// Returns text as code, on one line, also in a table.
pub(super) fn code(text: &str) -> String {
    let line = one_line(text);
    if line.contains("\\|") {
        return html_code(&line);
    }
    let line = line.replace('|', "\\|");
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One space on each side is taken off again; without it a backquote at the edge would join the fence.
    let space = if line.starts_with('`') || line.ends_with('`') || line.trim().is_empty() { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// Returns code as a tag: whether `\\|` parts two cells of a table is read in two ways.
fn html_code(line: &str) -> String {
    let mut out = String::from("<code>");
    for c in line.chars() {
        if c.is_ascii_punctuation() {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out + "</code>"
}

/// Returns the text with line ends as spaces and without what a terminal would obey.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => line.push(' '),
            '\r' => {}
            c if c.is_control() => line.push('\u{fffd}'),
            c => line.push(c),
        }
    }
    line
}
