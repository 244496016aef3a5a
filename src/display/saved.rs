//! A saved plan, for whoever reviews it; and what a run that follows one says of it.

use super::Look;
use super::ending::row;
use super::text::{Paragraph, clean, columns, one_line};
use crate::event::{Difference, OfPlan, SavedPlan, plan_id};
use crate::timeline::{Tone, clock};

/// Returns a saved plan as it is shown.
pub fn saved_plan(plan: &SavedPlan, look: Look) -> String {
    let title = one_line(&plan.title);
    let mut out = format!("{}\n", look.bold().on(&title));
    let planned = &plan.planned;
    let mut fact = |name: &str, text: &str| row(&mut out, name, &[text], Tone::Plain, look);
    fact("plan", &plan.digest);
    fact("runbook", &plan.file);
    fact("folder", &plan.folder);
    fact("made", &format!("{} UTC by {} on {}", clock::utc(planned.made_us), planned.by, planned.host));
    for (index, source) in plan.sources.iter().enumerate() {
        let hash = source.hash.get(..16).unwrap_or(&source.hash);
        fact(if index == 0 { "files" } else { "" }, &format!("{} {hash}", source.name));
    }
    for (index, (name, value)) in plan.params.iter().enumerate() {
        fact(if index == 0 { "parameters" } else { "" }, &format!("{name} = {}", value.brief(400)));
    }
    if plan.force {
        fact("force", "it goes on although no symptom holds");
    }
    // What was shown begins with the title, too.
    for line in plan.shown.iter().skip_while(|line| **line == plan.title) {
        out.push_str(&drawn(&clean(line), look));
    }
    if !planned.unbound.is_empty() {
        out.push_str("\nwhat is unknown above binds nothing: the run decides it\n");
    }
    out
}

/// Signs of a dry run's lines, each with what a terminal without UTF-8 shows instead.
const SIGNS: [(char, char); 8] =
    [('▸', '>'), ('→', '>'), ('·', '-'), ('│', '|'), ('•', '*'), ('✓', '+'), ('✗', 'x'), ('↶', '<')];

/// Returns a line of a dry run as it fits: what is too long goes on below where it begins.
fn drawn(line: &str, look: Look) -> String {
    let words =
        line.trim_start_matches("observed").trim_start_matches("predicted").trim_start_matches("unknown");
    let text = words.trim_start();
    let indent = columns(line) - columns(text);
    let (sign, text) = match text.split_once(' ') {
        Some((sign, rest)) if columns(sign) == 1 => (sign, rest),
        _ => ("", text),
    };
    let sign = match SIGNS.iter().find(|(unicode, _)| sign == unicode.to_string()) {
        Some((_, plain)) if !look.unicode => plain.to_string(),
        _ => sign.to_owned(),
    };
    let gap = if sign.is_empty() { "" } else { " " };
    let bar = if ["│", "|"].contains(&sign.as_str()) { sign.as_str() } else { " " };
    let before = indent + columns(&sign) + columns(gap);
    let mut paragraph = Paragraph::default();
    paragraph.push(look.plain(), text);
    let lines = paragraph.wrap(look.width.map(|width| width.saturating_sub(before)));
    let mut out = format!("{}{sign}{gap}", &line[..line.len() - words.trim_start().len()]);
    for (number, text) in lines.iter().enumerate() {
        if number > 0 {
            let bar = if sign.is_empty() { "" } else { bar };
            out.push_str(&format!("{:indent$}{bar}{gap}", ""));
        }
        out.push_str(text);
        out.push('\n');
    }
    if lines.is_empty() { out.trim_end().to_owned() + "\n" } else { out }
}

/// Writes what a question says of the plan that its run follows.
pub(super) fn of_plan(text: &mut String, plan: &OfPlan, look: Look) {
    let id = plan_id(&plan.digest);
    if plan.differs.is_empty() {
        let says = format!("{id}: what is shown is as planned, as far as it was known");
        return row(text, "plan", &[&says], Tone::Plain, look);
    }
    row(text, "plan", &[&format!("{id}: not all of it is as planned")], Tone::Warn, look);
    for differs in &plan.differs {
        row(text, "planned", &[&planned(differs)], Tone::Plain, look);
        row(text, "now", &[&now(differs)], Tone::Warn, look);
    }
}

fn planned(differs: &Difference) -> String {
    match differs.planned.as_str() {
        "" => String::from("nothing of it"),
        planned => format!("{}{planned}", differs.name()),
    }
}

fn now(differs: &Difference) -> String {
    format!("{}{}", differs.name(), differs.now)
}
