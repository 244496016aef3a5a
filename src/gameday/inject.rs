//! What an instructor changes: a line of `given`, read as a drill of the runbook would read it.
//!
//! Owns which of these lines make sense while people play. Never changes anything.

use std::fmt;

use crate::check::{self, Loader, Memory};
use crate::diagnostic::{Diagnostic, Severity};
use crate::program::GivenWhat;
use crate::source::{SourceId, Sources, Span};

/// The name under which a line is read, and shown.
const FILE: &str = "<inject>";

/// What the runbook is called there.
const RUNBOOK: &str = "runbook";

/// What stands before the line.
const BEFORE: &str = "drills for \"runbook\"\n\ndrill \"injected\" {\n";

/// How the line begins.
const GIVEN: &str = "given ";

/// What stands behind it.
const AFTER: &str = "\nexpect outcome resolved\n}\n";

/// Reads what is injected into the runs of a program.
#[derive(Clone, Debug)]
pub struct Injector {
    runbook: String,
    texts: Memory,
}

/// Why a line changes nothing.
#[derive(Clone, Debug)]
pub struct Misfit {
    pub diagnostics: Vec<Diagnostic>,
    /// What they point into.
    pub sources: Sources,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<&str> = self.diagnostics.iter().map(|told| told.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

impl Injector {
    /// Returns what reads lines for the runbook of that name among these texts.
    pub fn new(runbook: &str, sources: &Sources) -> Injector {
        let texts = sources.iter().map(|(_, source)| (source.name.clone(), source.text.to_string()));
        Injector { runbook: runbook.to_owned(), texts: Memory::new(texts) }
    }

    /// Reads a line of `given`, with or without that word.
    ///
    /// # Errors
    /// When it cannot be read, names what the runbook has not, or cannot change while people play.
    pub fn read(&self, line: &str) -> Result<GivenWhat, Misfit> {
        let line = line.trim();
        let line = line.strip_prefix("given").filter(|rest| rest.starts_with(' ')).unwrap_or(line).trim();
        let text = format!("{BEFORE}{GIVEN}{line}{AFTER}");
        let mut sources = Sources::default();
        let id = sources.add(FILE, format!("{GIVEN}{line}"));
        let whole = Span::new(id, 0, GIVEN.len() + line.len());
        let misfit = |diagnostics| Misfit { diagnostics, sources: sources.clone() };
        let checked = check::check(FILE, &Injected { texts: &self.texts, runbook: &self.runbook, text });
        let errors: Vec<Diagnostic> =
            checked.diagnostics.iter().filter(|told| told.severity == Severity::Error).cloned().collect();
        if !errors.is_empty() {
            return Err(misfit(errors.into_iter().map(|told| moved(told, whole)).collect()));
        }
        let [drill] = checked.drills.as_slice() else { return Err(misfit(vec![one_line(whole)])) };
        let [given] = drill.given.as_slice() else { return Err(misfit(vec![one_line(whole)])) };
        match refused(&given.what) {
            Some((why, help)) => {
                Err(misfit(vec![Diagnostic::error("cannot-be-given", why).at(whole, "").help(help)]))
            }
            None => Ok(given.what.clone()),
        }
    }
}

fn one_line(whole: Span) -> Diagnostic {
    Diagnostic::error("cannot-be-given", "one thing is injected at a time").at(whole, "")
}

/// Returns why that does not change while people play, and what to do instead.
fn refused(what: &GivenWhat) -> Option<(String, &'static str)> {
    Some(match what {
        GivenWhat::Readings { .. } | GivenWhat::Step { .. } | GivenWhat::OperatorStops { .. } => return None,
        GivenWhat::Param { name, .. } => (
            format!("`{name}` has one value in the whole run"),
            "give it in the drill, before the game day begins",
        ),
        GivenWhat::Alert { .. } => (
            String::from("an alert begins a run, and this one has begun"),
            "`mainstay note RUN TEXT` tells the players something",
        ),
        GivenWhat::Replies { .. } | GivenWhat::Answer { .. } => (
            String::from("people answer themselves on a game day"),
            "`mainstay approve RUN`, `deny` and `answer` answer from another terminal",
        ),
        GivenWhat::Crash { .. } => (
            String::from("a game day cannot crash: people would sit before nothing"),
            "`mainstay drill` runs the drill with its crash",
        ),
    })
}

/// Returns a diagnostic whose places lie in the line alone.
fn moved(mut told: Diagnostic, whole: Span) -> Diagnostic {
    let offset = BEFORE.len();
    let inside = |span: Span| {
        let range = span.range();
        let (start, end) = (range.start.checked_sub(offset)?, range.end.checked_sub(offset)?);
        let length = whole.range().end;
        (span.source == SourceId(0) && start < length)
            .then(|| Span::new(whole.source, start, end.min(length)))
    };
    told.labels.retain_mut(|label| inside(label.span).map(|span| label.span = span).is_some());
    if told.labels.is_empty() {
        return told.at(whole, "");
    }
    told
}

/// The texts of a run, with a line beside them.
struct Injected<'a> {
    texts: &'a Memory,
    runbook: &'a str,
    text: String,
}

impl Loader for Injected<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        if path == FILE { Ok(self.text.clone()) } else { self.texts.load(path) }
    }

    fn relative(&self, from: &str, path: &str) -> String {
        if from == FILE && path == RUNBOOK {
            return self.runbook.to_owned();
        }
        self.texts.relative(from, path)
    }
}
