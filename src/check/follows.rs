//! Files that others follow: each is checked as a runbook of its own, before the file that follows it.
//!
//! Owns their order, circles of them, and what a `follow` must give them. Never looks into what they do.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use jiff::civil::Date;

use super::arguments::{Given, Parameter};
use super::checker::Checker;
use super::fields::Kind;
use super::loader::Loader;
use super::lower::{Lower, Section};
use super::report::{Report, count, listed};
use super::statements::Flow;
use super::units::Units;
use crate::diagnostic::Diagnostic;
use crate::program::{Drill, Effect, Follow, Global, GlobalSource, Program};
use crate::source::{Sources, Span, Spanned};
use crate::syntax::ast::{self, StatementKind, Target};
use crate::value::Domain;

/// Files that lead to each other at most.
const DEEP: usize = 32;

/// What a `follow` knows of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    /// Its place in [`Program::follows`]; `None`: it cannot run, which has been said.
    book: Option<u32>,
    /// `None`: they are not known.
    params: Option<Vec<FollowedParam>>,
}

#[derive(Clone, Debug)]
struct FollowedParam {
    name: String,
    accepts: Domain,
    required: bool,
}

/// What came of one file.
#[derive(Default)]
pub(super) struct Book {
    pub program: Option<Program>,
    pub kind: Option<Kind>,
    /// What stands in it, or what drills it.
    pub drills: Vec<Drill>,
    /// When somebody last went through the file.
    pub reviewed: Option<Spanned<Date>>,
    followed: Followed,
}

/// All files of one check.
pub(super) struct Books<'l> {
    loader: &'l dyn Loader,
    pub sources: Sources,
    pub programs: Vec<Program>,
    pub report: Report,
    known: HashMap<String, Followed>,
    /// The names that secrets of followed files begin with.
    prefixes: Vec<String>,
    /// The files on the way to the one that is read.
    open: Vec<String>,
}

impl<'l> Books<'l> {
    pub fn new(loader: &'l dyn Loader) -> Self {
        Books {
            loader,
            sources: Sources::default(),
            programs: Vec::new(),
            report: Report::default(),
            known: HashMap::new(),
            prefixes: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Checks the file at `path` and all it uses and follows. `prefix`: what its secrets' names begin with.
    pub fn read(&mut self, path: &str, prefix: Option<String>) -> Book {
        let mut report = Report::default();
        let (units, drills, path) = self.units(path, &mut report);
        let mut units = match units {
            Some(units) => units,
            None => {
                self.report.join(report);
                return Book::default();
            }
        };
        let ast = Rc::clone(&units.units[0].ast);
        self.open.push(self.loader.relative("", &path));
        let followed = self.follow(&path, &ast, &mut report);
        self.open.pop();
        units.sources = std::mem::take(&mut self.sources);
        let named = &units.units[drills].ast;
        let asked = Kind::of(named);
        let reviewed = named.fields().find_map(|field| match field.node {
            ast::Field::Reviewed(date) => Some(date.clone()),
            _ => None,
        });
        let mut checker = Checker::new(units, report);
        let whole = followed.values().all(|other| other.book.is_some());
        checker.followed = followed;
        checker.prefix = prefix;
        checker.drills = drills;
        let kind = Kind::of(&ast);
        let program = super::file(&mut checker, kind).filter(|_| whole);
        self.sources = std::mem::take(&mut checker.sources);
        self.report.join(std::mem::take(&mut checker.report));
        let params = (kind == Kind::Runbook)
            .then(|| params(program.as_ref().map_or(&checker.globals, |program| &program.globals)));
        let drills = std::mem::take(&mut checker.drilled);
        Book { program, kind: Some(asked), drills, reviewed, followed: Followed { book: None, params } }
    }

    /// Reads a file and all it uses; of `drills for "FILE"` that file, and itself behind it. Returns them, which of
    /// them holds the drills, and the path of the first.
    fn units(&mut self, path: &str, report: &mut Report) -> (Option<Units<'l>>, usize, String) {
        let mut units = Units::new(self.loader, std::mem::take(&mut self.sources));
        units.read(path, report);
        self.sources = std::mem::take(&mut units.sources);
        let Some(head) = units.units.first().map(|unit| unit.ast.head.clone()) else {
            return (None, 0, path.to_owned());
        };
        let ast::Head::Drills { file } = &head.node else {
            return (Some(units), 0, path.to_owned());
        };
        let Some(written) = file.node.literal() else {
            report.push(super::units::literal_only(file.span, "the path of a runbook"));
            return (None, 0, path.to_owned());
        };
        let target = self.loader.relative(path, &written);
        if let Err(why) = self.loader.load(&target) {
            report.push(
                Diagnostic::error("unreadable-file", format!("cannot read `{target}`: {why}"))
                    .at(file.span, "drilled here")
                    .help("a path is relative to the file it stands in"),
            );
            return (None, 0, target);
        }
        let mut all = Units::new(self.loader, std::mem::take(&mut self.sources));
        all.read(&target, report);
        self.sources = std::mem::take(&mut all.sources);
        let Some(first) = all.units.first() else { return (None, 0, target) };
        let kind = Kind::of(&first.ast);
        if kind != Kind::Runbook {
            report.push(
                Diagnostic::error("not-a-runbook", format!("`{target}` is a `{}`", kind.word()))
                    .at(file.span, "drilled here")
                    .help("only files that begin with `runbook \"…\"` are drilled"),
            );
        }
        all.units.append(&mut units.units);
        let drills = all.units.len() - 1;
        (Some(all), drills, target)
    }

    /// Reads every file that this one follows, by the paths as written.
    fn follow(&mut self, from: &str, ast: &ast::File, report: &mut Report) -> HashMap<String, Followed> {
        let mut found = HashMap::new();
        for follow in follows(ast) {
            // A path with values in it is told about where the statement is.
            let Some(written) = follow.file.node.literal() else { continue };
            if let Entry::Vacant(place) = found.entry(written) {
                let path = self.loader.relative(from, place.key());
                place.insert(self.other(&path, follow.file.span, report));
            }
        }
        found
    }

    fn other(&mut self, path: &str, span: Span, report: &mut Report) -> Followed {
        if let Some(first) = self.open.iter().position(|open| open == path) {
            let mut circle: Vec<&str> = self.open[first..].iter().map(String::as_str).collect();
            circle.push(path);
            report.push(
                Diagnostic::error("follow-circle", format!("following leads back to `{path}`"))
                    .at(span, "")
                    .note(format!("the circle: {}", circle.join(" → ")))
                    .help("end the circle: `escalate to ROLE \"why\"` where it would come back"),
            );
            return Followed::default();
        }
        if self.open.len() >= DEEP {
            report.push(
                Diagnostic::error("follow-circle", format!("{} follow each other", count(DEEP, "file")))
                    .at(span, "and here is one more"),
            );
            return Followed::default();
        }
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let followed = self.unknown(path, span, report);
        self.known.insert(path.to_owned(), followed.clone());
        followed
    }

    fn unknown(&mut self, path: &str, span: Span, report: &mut Report) -> Followed {
        if let Err(why) = self.loader.load(path) {
            report.push(
                Diagnostic::error("unreadable-file", format!("cannot read `{path}`: {why}"))
                    .at(span, "followed here")
                    .help("a path is relative to the file it stands in"),
            );
            return Followed::default();
        }
        let prefix = self.prefix(path);
        let Book { program, kind, mut followed, .. } = self.read(path, Some(prefix));
        if let Some(kind) = kind.filter(|kind| *kind != Kind::Runbook) {
            report.push(
                Diagnostic::error("not-a-runbook", format!("`{path}` is a `{}`", kind.word()))
                    .at(span, "followed here")
                    .help("only files that begin with `runbook \"…\"` can be followed"),
            );
        }
        if let Some(program) = program {
            followed.book = Some(super::scope::index(self.programs.len()));
            self.programs.push(program);
        }
        followed
    }

    /// Returns what the file's secrets are told apart by: the file's name, where that is not taken.
    fn prefix(&mut self, path: &str) -> String {
        let whole = path.strip_suffix(".runbook").unwrap_or(path);
        let stem = whole.rsplit('/').next().unwrap_or(whole).to_owned();
        let prefix = if self.prefixes.contains(&stem) { whole.to_owned() } else { stem };
        self.prefixes.push(prefix.clone());
        prefix
    }
}

/// Returns the parameters that the file itself declares.
fn params(globals: &[Global]) -> Vec<FollowedParam> {
    let own = globals.iter().filter(|global| !global.slot.name.contains('.'));
    own.filter_map(|global| match &global.source {
        GlobalSource::Param(param) => Some(FollowedParam {
            name: global.slot.name.clone(),
            accepts: param.domain.clone(),
            required: param.default.is_none(),
        }),
        _ => None,
    })
    .collect()
}

/// Returns every `follow` in the sections of a file.
fn follows(file: &ast::File) -> Vec<&ast::Follow> {
    let mut found = Vec::new();
    file.phases().for_each(|phase| gather(&phase.node.body.node, &mut found));
    found
}

fn gather<'a>(body: &'a [ast::Statement], found: &mut Vec<&'a ast::Follow>) {
    for statement in body {
        match &statement.kind {
            StatementKind::Follow(follow) => found.push(follow),
            StatementKind::Step(step) => gather(&step.body.node, found),
            StatementKind::If(branches) => {
                branches.branches.iter().for_each(|branch| gather(&branch.body.node, found));
                branches.otherwise.iter().for_each(|body| gather(&body.node, found));
            }
            StatementKind::For(each) => gather(&each.body.node, found),
            StatementKind::Parallel(body) => gather(&body.node, found),
            StatementKind::On(on) => gather(&on.body.node, found),
            StatementKind::Decide(arms) => arms.iter().for_each(|arm| target(&arm.node.target.node, found)),
            StatementKind::Watch(watch) => {
                let targets = watch.arms.iter().filter_map(|arm| arm.node.target.as_ref());
                targets.for_each(|to| target(&to.node, found));
            }
            _ => {}
        }
    }
}

fn target<'a>(to: &'a Target, found: &mut Vec<&'a ast::Follow>) {
    match to {
        Target::Statement(statement) => gather(std::slice::from_ref(statement), found),
        Target::Block(body) => gather(&body.node, found),
        Target::Resolve(_) | Target::Fail(_) => {}
    }
}

impl Lower<'_> {
    /// Returns a `follow`, and whether what stands behind it is reached. `arm`: an arm of `decide` leads to it.
    pub fn follow(&mut self, follow: &ast::Follow, word: Span, arm: bool) -> (Option<Follow>, Flow) {
        let leaves = arm && matches!(self.place.section, Section::Reads(_));
        let flow = if leaves { Flow::Leaves } else { Flow::Goes };
        let file = self.c.literal(&follow.file, "the path of a runbook");
        let span = word.to(follow.file.span);
        let given: Vec<Given> = follow
            .with
            .iter()
            .map(|entry| Given { name: Some(entry.key.clone()), value: self.plain(&entry.value, "`follow`") })
            .collect();
        let fits = match self.place.section {
            Section::Changes(_) => !self.place.in_undo,
            Section::Reads(_) => leaves,
            _ => false,
        };
        if !fits {
            self.follow_elsewhere(word);
        }
        let other = self.c.followed.get(&file).cloned().unwrap_or_default();
        let Some(params) = &other.params else {
            return (None, flow);
        };
        let known: Vec<Parameter<'_>> = params
            .iter()
            .map(|p| Parameter { name: &p.name, accepts: p.accepts.clone(), required: false })
            .collect();
        let args = self.match_arguments(&file, &known, given, span);
        let pairs = || params.iter().zip(&args);
        let missing = pairs().filter(|(param, arg)| param.required && arg.is_none());
        let missing: Vec<&str> = missing.map(|(param, _)| param.name.as_str()).collect();
        if !missing.is_empty() {
            let all: Vec<_> = missing.iter().map(|name| format!("{name}: …")).collect();
            let help = format!("write `follow \"{file}\" with {{ {} }}`", all.join(", "));
            self.c.report.push(
                Diagnostic::error("argument-missing", format!("`{file}` needs {}", listed(missing)))
                    .at(span, "")
                    .help(help),
            );
        }
        let args = pairs().filter_map(|(param, arg)| Some((param.name.clone(), arg.clone()?))).collect();
        (other.book.map(|book| Follow { book, file, args, leaves, span }), flow)
    }

    fn follow_elsewhere(&mut self, word: Span) {
        let why = match self.place.section {
            Section::Action(Effect::Changes | Effect::Reads) => "an action follows no runbook",
            Section::Reads(_) => "what only reads follows nothing, but a `decide` in it may lead there",
            Section::Rollback => "the way back follows nothing",
            _ => "it stands in a `resolve`, or behind an arm of `decide`",
        };
        self.c.report.push(
            Diagnostic::error("wrong-place", format!("`follow` cannot stand here: {why}")).at(word, "").help(
                "`decide { when EXPR -> follow \"other.runbook\"  otherwise -> … }` at the end of `diagnose`",
            ),
        );
    }
}
