//! Coverage: which points a program has, and which of them drills have taken.
//!
//! Owns what counts as a point, and the figures. Of the standard library nothing counts. Never runs anything, never
//! says how it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::Report;
use crate::check::stdlib;
use crate::engine::Passed;
use crate::program::{
    Call, Ending, Expr, ExprKind, For, Program, Run, Statement, StatementKind, Step, Target,
};
use crate::source::{Source, Span};
use crate::value::Value;

/// A kind of points, for figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Branches,
    Loops,
    Steps,
    Undos,
    Timeouts,
    Answers,
    Silences,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Group; 7] = [
        Group::Branches,
        Group::Loops,
        Group::Steps,
        Group::Undos,
        Group::Timeouts,
        Group::Answers,
        Group::Silences,
    ];

    /// Returns the group of what is passed so.
    pub fn of(passed: Passed) -> Group {
        match passed {
            Passed::Arm | Passed::Otherwise | Passed::PassedBy => Group::Branches,
            Passed::Zero | Passed::One | Passed::Many => Group::Loops,
            Passed::Ran => Group::Steps,
            Passed::Undone => Group::Undos,
            Passed::RanOut => Group::Timeouts,
            Passed::Granted | Passed::Refused | Passed::Done | Passed::Answered => Group::Answers,
            Passed::Silent => Group::Silences,
        }
    }

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Group::Branches => "branches",
            Group::Loops => "loops",
            Group::Steps => "steps",
            Group::Undos => "undos",
            Group::Timeouts => "timeouts",
            Group::Answers => "answers",
            Group::Silences => "silences",
        }
    }
}

/// Returns what is said of a point that no drill has taken.
pub fn never(passed: Passed) -> &'static str {
    match passed {
        Passed::Arm | Passed::Otherwise => "never taken",
        Passed::PassedBy => "never passed over",
        Passed::Zero => "never with no item",
        Passed::One => "never with one item",
        Passed::Many => "never with several items",
        Passed::Ran => "never ran",
        Passed::Undone => "never undone",
        Passed::RanOut => "never ran out",
        Passed::Granted => "never granted",
        Passed::Refused => "never refused",
        Passed::Done => "never done",
        Passed::Answered => "never answered",
        Passed::Silent => "never unanswered",
    }
}

/// So many of so many points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub taken: usize,
    pub points: usize,
}

impl Tally {
    fn count(&mut self, taken: bool) {
        self.points += 1;
        self.taken += usize::from(taken);
    }

    /// Returns how many in a thousand, rounded down; where there is nothing to take, all.
    pub fn permille(self) -> usize {
        (self.taken * 1000).checked_div(self.points).unwrap_or(1000)
    }

    /// Returns the share as people read it: `81.2%`. Only all is `100%`.
    pub fn percent(self) -> String {
        match self.permille() {
            1000 => String::from("100%"),
            n => format!("{}.{}%", n / 10, n % 10),
        }
    }
}

/// A place that a drill may pass in some way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// From 1.
    pub line: usize,
    pub passed: Passed,
    /// How many drills have taken it.
    pub drills: usize,
}

/// What drills have taken of one file.
#[derive(Clone, Debug)]
pub struct FileCoverage {
    pub name: String,
    pub text: Arc<str>,
    /// By where it begins and ends. How many drills have taken it.
    points: BTreeMap<(u32, u32, Passed), usize>,
}

impl FileCoverage {
    /// Returns the points in the order of the text.
    pub fn points(&self) -> Vec<Point> {
        let starts: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at + 1).collect();
        let line = |start: u32| starts.partition_point(|line| *line <= start as usize) + 1;
        let point = |(&(start, _, passed), &drills): (_, &usize)| Point { line: line(start), passed, drills };
        self.points.iter().map(point).collect()
    }

    /// Returns the figures of the whole file.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.points.values().for_each(|drills| tally.count(*drills > 0));
        tally
    }

    /// Returns the figures of a group.
    pub fn tally_of(&self, group: Group) -> Tally {
        let mut tally = Tally::default();
        let own = self.points.iter().filter(|((_, _, passed), _)| Group::of(*passed) == group);
        own.for_each(|(_, drills)| tally.count(*drills > 0));
        tally
    }
}

/// What drills have taken of several programs. A file that two of them use is one.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    files: BTreeMap<String, FileCoverage>,
}

impl Coverage {
    /// Adds the points of a program, and what its drills have taken of them.
    pub fn add(&mut self, program: &Program, reports: &[Report]) {
        for (span, passed) in points(program) {
            let Some(source) = program.sources.get(span.source) else { continue };
            if stdlib::is_source_name(&source.name) {
                continue;
            }
            let drills = reports.iter().filter(|report| report.passed.contains(&(span, passed))).count();
            *self.file(source).points.entry((span.start, span.end, passed)).or_default() += drills;
        }
    }

    fn file(&mut self, source: &Source) -> &mut FileCoverage {
        let name = plain(&source.name);
        self.files.entry(name.clone()).or_insert_with(|| FileCoverage {
            name,
            text: Arc::clone(&source.text),
            points: BTreeMap::new(),
        })
    }

    /// Returns the files that have points, by name.
    pub fn files(&self) -> impl Iterator<Item = &FileCoverage> {
        self.files.values()
    }

    /// Returns the figures of all files.
    pub fn tally(&self) -> Tally {
        let mut all = Tally::default();
        for tally in self.files().map(FileCoverage::tally) {
            all = Tally { taken: all.taken + tally.taken, points: all.points + tally.points };
        }
        all
    }
}

/// Returns a path without the `.` in it: a file is one, however somebody came to it.
fn plain(name: &str) -> String {
    let parts = Path::new(name).components().filter(|part| *part != Component::CurDir);
    parts.collect::<PathBuf>().to_string_lossy().into_owned()
}

/// Returns every point of a program and of those that it follows.
fn points(program: &Program) -> BTreeSet<(Span, Passed)> {
    let mut points = Points::default();
    for book in program.with_followed() {
        let cleared = book.symptoms.iter().filter_map(|symptom| symptom.cleared.as_ref());
        cleared.for_each(|(_, polling)| points.bound(polling.within.as_ref()));
        book.every(&mut |statement| points.statement(statement));
    }
    points.0
}

#[derive(Default)]
struct Points(BTreeSet<(Span, Passed)>);

impl Points {
    fn put(&mut self, span: Span, ways: impl IntoIterator<Item = Passed>) {
        self.0.extend(ways.into_iter().map(|passed| (span, passed)));
    }

    fn bound(&mut self, length: Option<&Expr>) {
        self.put_all(length.map(|length| length.span), Passed::RanOut);
    }

    fn put_all(&mut self, spans: impl IntoIterator<Item = Span>, passed: Passed) {
        self.0.extend(spans.into_iter().map(|span| (span, passed)));
    }

    fn statement(&mut self, statement: &Statement) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Check { call, until, .. } => {
                self.call(call);
                self.bound(until.as_ref().and_then(|until| until.1.within.as_ref()));
            }
            StatementKind::Run(run) => self.run(run, span),
            StatementKind::Verify { polling, .. } => {
                self.bound(polling.as_ref().and_then(|polling| polling.within.as_ref()));
            }
            StatementKind::Approve(_) => {
                self.put(span, [Passed::Granted, Passed::Refused, Passed::Silent]);
            }
            StatementKind::Ask(_) => self.put(span, [Passed::Answered, Passed::Silent]),
            StatementKind::Step(step) => self.step(step, span),
            StatementKind::If { arms, else_at, .. } => {
                self.put_all(arms.iter().map(|(condition, _)| condition.span), Passed::Arm);
                match else_at {
                    Some(at) => self.put(*at, [Passed::Otherwise]),
                    None => self.put(span, [Passed::PassedBy]),
                }
            }
            StatementKind::Decide { arms, else_at, .. } => {
                self.put_all(arms.iter().map(|(when, _)| when.span), Passed::Arm);
                self.put(*else_at, [Passed::Otherwise]);
            }
            StatementKind::Watch(watch) => {
                self.put_all(watch.arms.iter().map(|arm| arm.when.span), Passed::Arm);
                self.put(watch.else_at, [Passed::Otherwise]);
            }
            StatementKind::For(looping) => self.put(span, counts(looping)),
            _ => {}
        }
    }

    fn call(&mut self, call: &Call) {
        self.bound(call.timeout.as_deref());
        match &call.target {
            // That its time ran out is an answer like another: the port is not open.
            Target::Native { module, function, .. } if module == "tcp" && function == "open" => {}
            Target::Native { args, .. } => {
                self.bound(args.iter().find(|(name, _)| name == "timeout").map(|(_, length)| length));
            }
            _ => {}
        }
    }

    fn run(&mut self, run: &Run, span: Span) {
        self.call(&run.call);
        if let Target::Manual(_) = &run.call.target {
            self.put(span, [Passed::Done, Passed::Refused, Passed::Silent]);
        }
        if let Ending::Undo(undo) = &run.ending {
            self.put(undo.span, [Passed::Undone]);
        }
        if let Some(finally) = &run.finally {
            self.call(finally);
        }
    }

    fn step(&mut self, step: &Step, span: Span) {
        self.put(span, [Passed::Ran]);
        self.bound(step.timeout.as_ref());
    }
}

/// Returns how many items a loop may have: one number where its list is written out or counted out, at most so many
/// where that is written.
fn counts(looping: &For) -> Vec<Passed> {
    match length(&looping.list) {
        Some(Length::Just(items)) => vec![Passed::items(items)],
        Some(Length::UpTo(0)) => vec![Passed::Zero],
        Some(Length::UpTo(1)) => vec![Passed::Zero, Passed::One],
        _ => vec![Passed::Zero, Passed::One, Passed::Many],
    }
}

/// How many items a list has, as far as its text tells.
enum Length {
    Just(usize),
    UpTo(usize),
}

fn length(list: &Expr) -> Option<Length> {
    match &list.kind {
        ExprKind::List(items) => Some(Length::Just(items.len())),
        ExprKind::Literal(Value::List(items)) => Some(Length::Just(items.len())),
        ExprKind::Function { name, args, .. } => {
            let whole = |at: usize| match args.get(at).map(|arg| &arg.kind) {
                Some(ExprKind::Literal(Value::Int(n))) => Some(usize::try_from(*n).unwrap_or(0)),
                _ => None,
            };
            match name.as_str() {
                "range" if args.len() == 1 => whole(0).map(Length::Just),
                "sort" | "reverse" => length(args.first()?),
                "unique" => match length(args.first()?)? {
                    Length::Just(items) if items > 1 => None,
                    known => Some(known),
                },
                "take" => match (whole(1)?, length(args.first()?)) {
                    (most, Some(Length::Just(items))) => Some(Length::Just(most.min(items))),
                    (most, Some(Length::UpTo(items))) => Some(Length::UpTo(most.min(items))),
                    (most, None) => Some(Length::UpTo(most)),
                },
                _ => None,
            }
        }
        _ => None,
    }
}
