//! Bounds against each other: what takes longer than its `within`, and what takes longer than the `rto`.
//!
//! Owns these two rules and the words for what a time adds up from. Never computes a bound (`bounds` does).

use super::report::Report;
use crate::bounds::{Amount, Bounds, Given, Made, Part, Phase, Time};
use crate::diagnostic::Diagnostic;
use crate::program::{self, Program, Statement, StatementKind};
use crate::source::Span;
use crate::value::Value;

/// Parts of a time that are named.
const NAMED: usize = 6;
/// Characters of a statement by which it is named.
const WORDS: usize = 60;

/// Says so where a bound is shorter than what it bounds.
pub(super) fn check(program: &Program, report: &mut Report) {
    let bounds = Bounds::of(program, &Given::nothing());
    let of = Of { program, bounds: &bounds };
    let phases = program.diagnose.iter().zip(&bounds.diagnose).map(|both| ("`diagnose`", both));
    let phases = phases.chain(program.resolves.iter().zip(&bounds.resolves).map(|both| ("`resolve`", both)));
    let back = program.rollback.iter().zip(&bounds.rollback).map(|both| ("`rollback`", both));
    for (word, (phase, bound)) in phases.chain(back) {
        if let (Some(within), Some(limit)) = (&phase.within, bound.within) {
            let what = match phase.name.as_str() {
                "" => word.to_owned(),
                name => format!("\"{name}\""),
            };
            report.extend(of.over_within(&what, within.span, limit, bound.uncut.forward, &phase.body));
        }
    }
    program.every(&mut |statement| {
        if let StatementKind::Step(step) = &statement.kind
            && let Some(within) = &step.within
            && let Some(part) = bounds.part(statement.id)
            && let Some(Made::Attempts { each, cut: Some((limit, ..)), .. }) = part.made.as_deref()
        {
            // Attempts that no longer fit are left out: that is what it is for.
            let what = format!("the step \"{}\"", step.name);
            report.extend(of.over_within(&what, within.span, *limit, each.forward, &step.body));
        }
    });
    if let Some(rto) = program.fields.rto {
        for (resolve, way) in program.resolves.iter().zip(&bounds.resolves) {
            report.extend(of.over_rto(rto, resolve, way));
        }
    }
}

struct Of<'a> {
    program: &'a Program,
    bounds: &'a Bounds,
}

impl Of<'_> {
    fn over_within(
        &self,
        what: &str,
        written: Span,
        limit: Amount,
        takes: Amount,
        body: &[Statement],
    ) -> Option<Diagnostic> {
        let limit = limit.bounded()?;
        if takes.known <= limit {
            return None;
        }
        let takes = Amount::of(takes.known);
        let message =
            format!("what {what} holds may take {takes}, and is cut off after {}", Value::Duration(limit));
        let mut d = Diagnostic::warning("over-within", message).at(written, "");
        for line in self.parts(body, |time| time.forward) {
            d = d.note(line);
        }
        Some(d.help(format!("write `within {takes}`, or bound what stands in it more tightly")))
    }

    fn over_rto(&self, rto: i64, resolve: &program::Phase, way: &Phase) -> Option<Diagnostic> {
        let takes = self.bounds.forward(way).all.bounded()?;
        if takes <= rto {
            return None;
        }
        let (takes, rto) = (Value::Duration(takes), Value::Duration(rto));
        let message = format!("the way through \"{}\" may take {takes}, and the rto is {rto}", resolve.name);
        let place = if resolve.title.parts.is_empty() { resolve.span } else { resolve.title.span };
        let mut d = Diagnostic::error("over-rto", message).at(place, "");
        let diagnose = self.bounds.diagnose.map_or(Time::ZERO, |diagnose| diagnose.time);
        let stages = [
            ("measuring the symptoms", self.bounds.symptoms),
            ("diagnose", diagnose),
            ("resolve", way.time),
            ("until the symptoms are gone", self.bounds.clearing),
        ];
        let stages = stages.iter().filter(|(_, time)| !time.is_zero());
        let stages: Vec<_> = stages.map(|(what, time)| format!("{what} {}", time.all)).collect();
        d = d.note(format!("it adds up: {}", stages.join(", ")));
        for line in self.parts(&resolve.body, |time| time.all) {
            d = d.note(line);
        }
        Some(d.help("bound it more tightly: `timeout`, `within`, fewer attempts; or give it a longer `rto`"))
    }

    /// Returns the parts of a block that take longest, in their order, each a line.
    fn parts(&self, body: &[Statement], time: fn(&Time) -> Amount) -> Vec<String> {
        let mut parts: Vec<(usize, Amount, String)> = Vec::new();
        for (at, statement) in body.iter().enumerate() {
            let Some(part) = self.bounds.part(statement.id) else { continue };
            let takes = time(&part.time);
            // It ends with the block, whatever bounds that.
            let ends = Amount::of(time(&part.ends).known);
            if ends.known > 0 {
                parts.push((at, ends, format!("{ends}  the `finally` of `{}`", self.words(statement))));
            }
            if takes.known == 0 {
                continue;
            }
            let takes = Amount::of(takes.known);
            let made = self.made(statement, part, time);
            let made = if made.is_empty() { made } else { format!(": {made}") };
            parts.push((at, takes, format!("{takes}  {}{made}", self.words(statement))));
        }
        parts.sort_by_key(|(_, takes, _)| std::cmp::Reverse(takes.known));
        let more = parts.len().saturating_sub(NAMED);
        parts.truncate(NAMED);
        parts.sort_by_key(|(at, ..)| *at);
        let mut lines: Vec<String> = parts.into_iter().map(|(_, _, line)| line).collect();
        if more > 0 {
            lines.push(format!("and {more} more that take less"));
        }
        lines
    }

    /// Returns what a statement's time is made of: of a step also the `finally`s that act at its end.
    fn made(&self, statement: &Statement, part: &Part, time: fn(&Time) -> Amount) -> String {
        let made = part.words();
        let StatementKind::Step(step) = &statement.kind else { return made };
        let ends = step.body.iter().filter_map(|inner| self.bounds.part(inner.id));
        let ends = ends.map(|inner| time(&inner.ends).known).fold(0, i64::saturating_add);
        if ends == 0 {
            return made;
        }
        if made.is_empty() {
            let rest = Amount::of(time(&part.time).known.saturating_sub(ends));
            return format!("{rest}, and {} of its `finally`", Amount::of(ends));
        }
        format!("{made}; each time {} of its `finally`", Amount::of(ends))
    }

    fn words(&self, statement: &Statement) -> String {
        if let StatementKind::Step(step) = &statement.kind {
            return format!("step \"{}\"", step.name);
        }
        let text = self.program.sources.text(statement.span).lines().next().unwrap_or_default().trim();
        let text = text.trim_end_matches('{').trim_end();
        match text.char_indices().nth(WORDS) {
            None => text.to_owned(),
            Some((at, _)) => format!("{}…", &text[..at]),
        }
    }
}
