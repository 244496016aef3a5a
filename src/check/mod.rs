//! From text to a program: everything that can be known before anything runs.
//!
//! Owns loading, names, types, effects, the flow of secrets and bounds, and yields a
//! [`Program`] in which nothing is unresolved, or says all that is wrong in one go. Never runs
//! anything and never touches the world but for reading files through its [`Loader`].
//!
//! One walk per body does names, types and effects together, because each needs the others; a
//! second one, over the checked form, follows secrets through actions. Both take linear time.

mod allow;
mod arguments;
mod blocks;
mod bounds;
mod calls;
mod checker;
pub mod codes;
mod commands;
mod decisions;
mod declarations;
mod drilled;
pub mod drills;
mod expressions;
mod fields;
mod follows;
mod functions;
mod habits;
mod lints;
mod loader;
mod lower;
pub mod manual;
pub mod names;
mod people;
mod phases;
mod qualifiers;
mod report;
mod runs;
mod scope;
mod secrets;
mod statements;
pub mod stdlib;
mod templates;
mod types;
mod units;
mod verbs;
mod walk;
mod watches;
mod worst;

use crate::diagnostic::Diagnostic;
use crate::program::{Drill, Program, Template};
use crate::source::Sources;
use crate::syntax::ast;

use checker::Checker;
pub use fields::Kind;
use follows::Books;
pub use lints::Reviews;
pub use loader::{Disk, Loader, Memory};
use lower::{Lower, Section};
use phases::Sections;

/// What came of checking a file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What can be run: present when the file is a runbook without errors in which everything
    /// runs already.
    pub program: Option<Program>,
    /// The drills that stand in the file.
    pub drills: Vec<Drill>,
    /// What the drills drill, where that is another file (`drills for "FILE"`).
    pub target: Option<Program>,
    /// Whether errors kept some rules from being looked at: bounds, and warnings that look at all of a file.
    pub cut_short: bool,
    /// What the first line says the file is, if it could be read.
    pub kind: Option<Kind>,
    /// Every file that was read, for showing the diagnostics.
    pub sources: Sources,
    /// By place.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something in it is checked but does not run yet; there is a `not-yet-supported`
    /// warning for each.
    pub unsupported: bool,
}

impl Checked {
    /// Returns what its drills drill.
    pub fn drilled(&self) -> Option<&Program> {
        self.target.as_ref().or(self.program.as_ref())
    }

    /// Returns whether something keeps the file from running that its author must change.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == crate::diagnostic::Severity::Error)
    }
}

/// Checks the file at `path` and all it uses. What depends on the day is not looked at.
pub fn check(path: &str, loader: &dyn Loader) -> Checked {
    check_on(path, loader, None)
}

/// Checks the file at `path` and all it uses, as of a day.
pub fn check_on(path: &str, loader: &dyn Loader, reviews: Option<Reviews>) -> Checked {
    let mut books = Books::new(loader);
    let mut book = books.read(path, None);
    let cut_short = books.report.has_errors();
    let follows = std::mem::take(&mut books.programs);
    let mut program = book.program.map(|mut program| {
        for tool in follows.iter().flat_map(|other| &other.tools) {
            if !program.tools.contains(tool) {
                program.tools.push(tool.clone());
            }
        }
        Program { hash: hash(&books.sources), sources: books.sources.clone(), follows, ..program }
    });
    if let Some(program) = &program {
        drilled::fit(program, &mut book.drills, &mut books.report);
        worst::check(program, &mut books.report);
    }
    if books.report.has_errors() {
        program = None;
    }
    if let (Some(date), Some(reviews)) = (&book.reviewed, reviews) {
        lints::reviewed(date, reviews, &mut books.report);
    }
    let unsupported = books.report.unsupported;
    let mut diagnostics = books.report.finish();
    allow::apply(&books.sources, &mut diagnostics, reviews.is_some());
    let target = if book.kind == Some(Kind::Drills) { program.take() } else { None };
    Checked {
        program,
        drills: book.drills,
        target,
        cut_short,
        kind: book.kind,
        sources: books.sources,
        unsupported,
        diagnostics,
    }
}

/// Checks what has been read, and returns the program if there is one.
fn file(c: &mut Checker, kind: Kind) -> Option<Program> {
    c.declare_all();
    let mut tools = Vec::new();
    for unit in 0..c.units.len() {
        let mut lower = Lower::new(c, unit, Section::Top);
        lower.expect_parts();
        lower.tools(&mut tools);
        lower.finish();
    }
    let (title, fields, prevention) = top(c);
    let sections = match kind {
        Kind::Runbook | Kind::Change => Lower::new(c, 0, Section::Top).sections(),
        Kind::Checklist => {
            Lower::new(c, 0, Section::Item).checklist();
            Sections::default()
        }
        Kind::Module | Kind::Drills => Sections::default(),
    };
    c.walk_called();
    let reachable = c.actions.len();
    c.walk_uncalled();
    c.refuse_recursion();
    if kind != Kind::Module {
        c.point_at_uncalled(reachable);
    }
    let mut texts: Vec<(&Template, &'static str)> = vec![(&title, "a title")];
    texts.extend(prevention.as_ref().map(|text| (text, "a title")));
    texts.extend(fields.concurrency.as_ref().map(|concurrency| (&concurrency.key, "a key")));
    if c.prefix.is_none() {
        let of = std::rc::Rc::clone(&c.units[c.drills].ast);
        c.drilled = Lower::new(c, 0, Section::Top).drills(of.drills(), &sections.locals);
    }
    secrets::check(&c.globals, &c.actions, &sections, &texts, &mut c.report);
    if !c.report.has_errors() {
        lints::look(&c.sources, &c.globals, &sections, &c.actions, &mut c.report);
    }
    if kind != Kind::Runbook || c.report.unsupported || c.report.has_errors() {
        return None;
    }
    c.actions.truncate(reachable);
    Some(Program {
        title,
        fields,
        hash: hash(&c.sources),
        sources: c.sources.clone(),
        globals: std::mem::take(&mut c.globals),
        locals: sections.locals,
        symptoms: sections.symptoms,
        diagnose: sections.diagnose,
        resolves: sections.resolves,
        rollback: sections.rollback,
        prevention,
        actions: std::mem::take(&mut c.actions),
        tools,
        follows: Vec::new(),
    })
}

/// Reads what stands at the top of the file itself.
fn top(c: &mut Checker) -> (Template, crate::program::Fields, Option<Template>) {
    let mut lower = Lower::new(c, 0, Section::Top);
    let file = lower.file();
    let title = match &file.head.node {
        ast::Head::Runbook { title } => lower.template(title),
        ast::Head::Change { title } => {
            lower.not_yet(file.head.span, "a `change`");
            lower.template(title)
        }
        ast::Head::Checklist { title } => {
            lower.not_yet(file.head.span, "a `checklist`");
            lower.template(title)
        }
        ast::Head::Module { .. } | ast::Head::Drills { .. } => Template::default(),
    };
    let fields = lower.fields();
    let prevention = file.items.iter().find_map(|item| match &item.node {
        ast::Item::Prevention(text) => Some(lower.template(text)),
        _ => None,
    });
    lower.finish();
    (title, fields, prevention)
}

/// Returns the hash of names and texts, each with its length before it so that no two sets of
/// files can be taken for each other.
fn hash(sources: &Sources) -> String {
    let mut hasher = blake3::Hasher::new();
    for (_, file) in sources.iter() {
        for text in [file.name.as_bytes(), file.text.as_bytes()] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
    }
    hasher.finalize().to_hex().to_string()
}
