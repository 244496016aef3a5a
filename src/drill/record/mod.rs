//! A drill written from what a real run recorded.
//!
//! Owns its text, and the proof that it passes on the runbook of that time: it is run before anybody sees it. What is
//! real and cannot be said stands in it as a comment. Never shows a secret, never reads a file.

mod expected;
mod given;
mod literal;
mod way;

use std::sync::Arc;

use super::stage::stand_ins;
use super::{Report, drill};
use crate::check::drills::BEGINNING;
use crate::check::{self, Loader, Memory};
use crate::diagnostic::Diagnostic;
use crate::event::{Body, Input, Opened, Record};
use crate::program::{GlobalSource, Program};
use crate::source::Sources;

use literal::{Shift, as_written, quote};

/// To what durations are rounded down, nanoseconds: as coarse as the run's course allows.
const GRAINS: &[i64] = &[1_000_000_000, 100_000_000, 1_000_000];

/// The name under which the drill is checked.
const FILE: &str = "drill.runbook";

/// A drill that passes.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `drill "…" { … }`, with a line end.
    pub text: String,
}

/// Why no drill could be written.
#[derive(Clone, Debug)]
pub enum Unrecorded {
    NotOpened,
    NotEnded,
    /// The drill does not come out as the run did.
    Differs {
        unmet: Vec<Diagnostic>,
        /// What the places point into.
        sources: Sources,
        /// What is real and cannot be said, each a line.
        unsaid: Vec<String>,
    },
}

/// Writes a drill from what a run recorded, and runs it.
///
/// # Errors
/// When the run has not ended, or the drill does not pass on `program`.
pub fn record(program: &Arc<Program>, records: &[Record]) -> Result<Recorded, Unrecorded> {
    let Some(Body::Input(Input::Opened(opened))) = records.first().map(|record| &record.body) else {
        return Err(Unrecorded::NotOpened);
    };
    let way = way::way(program, stand_ins(program), records);
    if !matches!(way.records.last().map(|r| &r.body), Some(Body::Fact(crate::event::Fact::Ended { .. }))) {
        return Err(Unrecorded::NotEnded);
    }
    let shift = Shift(BEGINNING - opened.at.wall_us);
    let elapsed = way.records.last().map_or(0, |record| record.at.run_ns);
    let mut first = None;
    for grain in GRAINS {
        let (given, unsaid) = given::given(opened, &way, shift, *grain);
        let moved = given != given::given(opened, &way, Shift::default(), *grain).0;
        let mut draft = Draft {
            head: head(program, opened, moved, &unsaid),
            given,
            expected: expected::expected(program, &way.records),
            bound: expected::bounded(elapsed),
        };
        match draft.proved(program, opened, elapsed) {
            Ok(text) => return Ok(Recorded { text }),
            Err((unmet, sources)) => {
                let nearly = draft.given.iter().flat_map(|line| line.lines());
                let nearly = nearly.filter_map(|line| line.trim().strip_prefix("# ")).map(str::to_owned);
                let unsaid = unsaid.into_iter().chain(nearly).collect();
                first.get_or_insert(Unrecorded::Differs { unmet, sources, unsaid });
            }
        }
    }
    Err(first.unwrap_or(Unrecorded::NotEnded))
}

/// Returns the text of a file of drills for `file`.
pub fn file_of_drills(file: &str, drills: &str) -> String {
    format!("drills for {}\n\n{drills}", quote(file))
}

/// Returns the title and the comments below it.
fn head(program: &Program, opened: &Opened, moved: bool, unsaid: &[String]) -> Vec<String> {
    let secrets = program.with_followed().flat_map(|book| &book.globals);
    let secrets = secrets.filter(|global| matches!(global.source, GlobalSource::Secret(_)));
    let day = jiff::Timestamp::from_microsecond(opened.at.wall_us).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut lines = vec![
        format!("drill {} {{", as_written(&format!("as in the run {}", opened.run))),
        format!("  # Written from what that run recorded; it began at {day:.0}."),
    ];
    if moved {
        lines.push(String::from("  # Times in it are as far from the beginning as they were: every drill begins at 2026-01-01T00:00Z."));
    }
    for global in secrets {
        lines.push(format!("  # The secret `{}` is given a stand-in.", global.slot.name));
    }
    for line in unsaid {
        lines.push(format!("  # Not said: {}.", crate::value::brief(line, 300)));
    }
    lines
}

/// A drill that is not proved yet.
struct Draft {
    head: Vec<String>,
    given: Vec<String>,
    expected: Vec<String>,
    bound: String,
}

impl Draft {
    fn text(&self) -> String {
        let lines: Vec<&str> = self
            .head
            .iter()
            .chain(&self.given)
            .chain(&self.expected)
            .chain([&self.bound])
            .map(String::as_str)
            .collect();
        format!("{}\n}}\n", lines.join("\n"))
    }

    /// Returns its text once it passes.
    fn proved(
        &mut self,
        program: &Program,
        opened: &Opened,
        elapsed: i64,
    ) -> Result<String, (Vec<Diagnostic>, Sources)> {
        let (report, _) = self.drilled(program, opened)?;
        self.bound = expected::bounded(elapsed.max(report.elapsed));
        let (report, sources) = self.drilled(program, opened)?;
        if report.passed() {
            return Ok(self.text());
        }
        // What a message says may hold a time: then only that it was sent is expected.
        self.loosen(&report, &sources);
        let (again, sources) = self.drilled(program, opened)?;
        if again.passed() { Ok(self.text()) } else { Err((again.unmet, sources)) }
    }

    /// Expects no words of those messages and findings that are not met.
    fn loosen(&mut self, report: &Report, sources: &Sources) {
        let unmet = report.unmet.iter().filter_map(|unmet| unmet.labels.first());
        let unmet: Vec<String> = unmet.map(|label| sources.text(label.span).trim().to_owned()).collect();
        for line in &mut self.expected {
            if !unmet.iter().any(|text| !text.is_empty() && line.trim() == text.as_str()) {
                continue;
            }
            let words: Vec<&str> = line.trim().splitn(4, ' ').collect();
            match words.as_slice() {
                ["expect", "notified", channel, text] => {
                    *line = format!(
                        "  # Not said, as it is another each time: {text}\n  expect notified {channel}"
                    );
                }
                ["expect", "finding", ..] => {
                    *line = format!("  # Not said, as it is another each time: {}", line.trim());
                }
                _ => {}
            }
        }
    }

    /// Runs it on the runbook of the run.
    fn drilled(
        &self,
        program: &Program,
        opened: &Opened,
    ) -> Result<(Report, Sources), (Vec<Diagnostic>, Sources)> {
        let text = file_of_drills(&opened.file, &self.text());
        let files = program.sources.iter().map(|(_, source)| (source.name.clone(), source.text.to_string()));
        let mut loader = Memory::new(files);
        // It is named as it was given, and read by where that leads.
        let target = loader.relative(FILE, &opened.file);
        if let Some(same) = loader.0.get(&opened.file).cloned() {
            loader.0.entry(target).or_insert(same);
        }
        loader.0.insert(FILE.to_owned(), text);
        let checked = check::check(FILE, &loader);
        match (checked.drilled(), checked.drills.first()) {
            (Some(target), Some(one)) if !checked.has_errors() => {
                Ok((drill(&Arc::new(target.clone()), one), checked.sources))
            }
            _ => Err((checked.diagnostics, checked.sources)),
        }
    }
}
