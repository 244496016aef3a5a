//! The work on one frame: from the tree of a body to its checked form.
//!
//! Owns what is known while a body is walked: the frame, the place in the file's order of
//! things, names that were not found yet. Never decides a rule about a statement (`statements`
//! and its neighbours do). Always yields a result, however wrong the text is: the program is
//! given out only when nothing was found wrong.

use std::rc::Rc;

use super::checker::Checker;
use super::report::near;
use super::scope::{Frame, Reach};
use super::units::Import;
use crate::diagnostic::Diagnostic;
use crate::program::{Effect, NameRef, Slot, TemplatePart};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::Type;

/// How many unknown names of a body are compared with all others for "did you mean".
const NEARBY: usize = 50;

/// The walk over one body.
pub(super) struct Lower<'c> {
    pub c: &'c mut Checker,
    pub unit: usize,
    pub frame: Frame,
    pub place: Place,
    unresolved: Vec<Unresolved>,
}

/// A name that nothing had bound where it was used.
struct Unresolved {
    name: String,
    span: Span,
    near: Option<String>,
    /// Where it is used again.
    again: Vec<Span>,
}

/// Where a statement stands, as far as rules ask for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub section: Section,
    /// Inside a `step`.
    pub in_step: bool,
    /// Inside an `undo`.
    pub in_undo: bool,
    /// Whether something follows in the step, or outside one in the phase.
    pub followed: bool,
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Declarations of the file.
    Top,
    Symptom,
    /// `diagnose`, `preflight`: the word.
    Reads(&'static str),
    /// `resolve`, `procedure`: the word.
    Changes(&'static str),
    Rollback,
    /// An item of a checklist.
    Item,
    Action(Effect),
}

impl Section {
    /// Returns who says that nothing may be changed here, or `None`.
    pub fn only_reads(self) -> Option<&'static str> {
        match self {
            Section::Top => Some("the top of a file"),
            Section::Symptom => Some("`symptom`"),
            Section::Reads("preflight") => Some("`preflight`"),
            Section::Reads(_) => Some("`diagnose`"),
            Section::Item => Some("an `item`"),
            Section::Action(Effect::Reads) => Some("an action that `reads`"),
            Section::Changes(_) | Section::Rollback | Section::Action(Effect::Changes) => None,
        }
    }
}

impl Place {
    /// Returns the place of a body's first statement.
    pub fn of(section: Section) -> Self {
        Place { section, in_step: false, in_undo: false, followed: false }
    }
}

/// Calls in an expression: whether they may stand there, and how many do.
#[derive(Debug)]
pub(super) struct Calls {
    /// Why not: "a `let`".
    pub refused: Option<&'static str>,
    /// How many there are so far; the next one's index.
    pub count: u32,
}

impl Calls {
    /// Returns the calls of an expression in which they may stand.
    pub fn allowed() -> Self {
        Calls { refused: None, count: 0 }
    }

    /// Returns the calls of an expression in which none may stand; `place` says where: "a `let`".
    pub fn refused(place: &'static str) -> Self {
        Calls { refused: Some(place), count: 0 }
    }
}

impl<'c> Lower<'c> {
    /// Returns the walk over a body of that unit.
    pub fn new(c: &'c mut Checker, unit: usize, section: Section) -> Self {
        Lower { c, unit, frame: Frame::default(), place: Place::of(section), unresolved: Vec::new() }
    }

    /// Returns the file the body stands in.
    pub fn file(&self) -> Rc<ast::File> {
        Rc::clone(&self.c.units[self.unit].ast)
    }

    /// Ends the walk: says which names were never found, and returns the slots.
    pub fn finish(mut self) -> Vec<Slot> {
        let unresolved = std::mem::take(&mut self.unresolved);
        if !unresolved.is_empty() {
            let mut bound = std::collections::HashMap::new();
            for slot in &self.frame.slots {
                bound.entry(slot.name.as_str()).or_insert(slot.span);
            }
            for unknown in unresolved {
                let later = bound.get(unknown.name.as_str()).copied();
                match later {
                    // Only what stands before the binding is wrong, and each of it.
                    Some(later) => {
                        for span in std::iter::once(unknown.span).chain(unknown.again) {
                            self.c.report.push(used_before(&unknown.name, span, later));
                        }
                    }
                    None => {
                        let filled_in = filled_in(&self.c.sources, unknown.span);
                        let near = unknown.near.as_deref();
                        let d = unknown_name(&unknown.name, unknown.span, near, filled_in);
                        let d = unknown.again.iter().take(4).fold(d, |d, span| d.at(*span, "and here"));
                        self.c.report.push(d);
                    }
                }
            }
        }
        self.frame.slots
    }

    /// Binds a name, says so when it is bound already, and returns its slot.
    pub fn bind(&mut self, name: &ast::Name, ty: Type, origin: String) -> u32 {
        self.bind_bounded(name, ty, origin, false)
    }

    /// Binds a name to what may be a list of known greatest length.
    pub fn bind_bounded(&mut self, name: &ast::Name, ty: Type, origin: String, bounded: bool) -> u32 {
        self.refuse_second(name);
        let slot = Slot { name: name.node.clone(), ty, span: name.span, origin };
        self.frame.bind(slot, bounded)
    }

    /// Binds a parameter of an action: it stands in its first line, so it may hide a name of the
    /// file.
    pub fn bind_param(&mut self, name: &ast::Name, ty: Type, origin: String) {
        if self.frame.get(&name.node).is_some() {
            self.refuse_second(name);
        }
        let slot = Slot { name: name.node.clone(), ty, span: name.span, origin };
        self.frame.bind(slot, false);
    }

    fn refuse_second(&mut self, name: &ast::Name) {
        let local = self
            .frame
            .get(&name.node)
            .filter(|e| !matches!(e.reach, Reach::Inside(_)))
            .map(|e| (e.span, matches!(e.reach, Reach::SomePaths(_))));
        let first = local.or_else(|| Some((self.c.global_span(self.unit, &name.node)?, false)));
        if let Some((first, partly)) = first {
            let message = format!("`{}` is bound twice", name.node);
            let mut d = Diagnostic::error("bound-twice", message)
                .at(name.span, "again here")
                .at(first, if partly { "first here, on some paths" } else { "first here" })
                .help("a name is frozen where it is bound: give this one another name");
            if partly {
                d = d.help("or bind it in every branch");
            }
            self.c.report.push(d);
        } else if self.c.units[self.unit].imports.contains_key(&name.node) {
            let message = format!("`{}` is the name of a module", name.node);
            self.c.report.push(
                Diagnostic::error("bound-twice", message)
                    .at(name.span, "")
                    .help("give it another name, or the module one with `use … as NAME`"),
            );
        }
    }

    /// Returns where a name's value is found and its type, or says why there is none.
    pub fn resolve(&mut self, name: &str, span: Span) -> Option<(NameRef, Type)> {
        match self.frame.get(name) {
            Some(entry) => match &entry.reach {
                Reach::Visible => {
                    let slot = entry.slot;
                    let ty = self.frame.slots[slot as usize].ty.clone();
                    return Some((NameRef::Local(slot), ty));
                }
                Reach::SomePaths(missing) => {
                    let d = Diagnostic::error(
                        "bound-on-some-paths",
                        format!("`{name}` is not bound on every path to here"),
                    )
                    .at(span, "")
                    .at(entry.span, "bound here")
                    .at(*missing, "not bound on this path")
                    .help("bind it in every branch, or before they part");
                    self.c.report.push(d);
                    return None;
                }
                Reach::Inside(of) => {
                    let of = of.clone();
                    let first = entry.span;
                    if let Some(found) = self.global(name) {
                        return Some(found);
                    }
                    self.c.report.push(
                        Diagnostic::error("name-out-of-reach", format!("`{name}` is known only inside {of}"))
                            .at(span, "")
                            .at(first, "bound here"),
                    );
                    return None;
                }
            },
            None => {
                if let Some(found) = self.global(name) {
                    return Some(found);
                }
            }
        }
        self.not_found(name, span);
        None
    }

    fn global(&self, name: &str) -> Option<(NameRef, Type)> {
        let slot = *self.c.units[self.unit].globals.get(name)?;
        let ty = self.c.globals.get(slot as usize)?.slot.ty.clone();
        Some((NameRef::Global(slot), ty))
    }

    /// Returns whether something that could not be read, which was told, would have bound the name.
    pub fn was_meant(&self, name: &str) -> bool {
        self.c.units[self.unit].ast.unread.names.iter().any(|meant| meant == name)
    }

    fn not_found(&mut self, name: &str, span: Span) {
        if self.was_meant(name) {
            return;
        }
        if let Some(constant) = super::habits::constant(name) {
            self.c.report.push(
                Diagnostic::error("unknown-name", format!("nothing is called `{name}` here"))
                    .at(span, "")
                    .help(format!("write `{constant}`")),
            );
            return;
        }
        if let Some(first) = self.unresolved.iter_mut().find(|unknown| unknown.name == name) {
            first.again.push(span);
            return;
        }
        if let Some(later) = self.c.later_global(self.unit, name) {
            self.c.report.push(used_before(name, span, later));
            return;
        }
        if self.c.units[self.unit].imports.contains_key(name) {
            let d = Diagnostic::error("module-as-value", format!("`{name}` is a module, not a value"))
                .at(span, "")
                .help(format!("call one of its actions: `{name}.ACTION(…)`"));
            self.c.report.push(d);
            return;
        }
        let near = if self.unresolved.len() < NEARBY {
            let globals = &self.c.units[self.unit].globals;
            let names = self.frame.visible().chain(globals.keys().map(String::as_str));
            crate::diagnostic::nearest(name, names).map(str::to_owned)
        } else {
            None
        };
        self.unresolved.push(Unresolved { name: name.to_owned(), span, near, again: Vec::new() });
    }

    /// Returns whether the name is one of a module in this file.
    pub fn module(&self, name: &str) -> Option<Import> {
        self.c.units[self.unit].imports.get(name).cloned()
    }

    /// Returns the text under a span on one line.
    pub fn one_line(&self, span: Span) -> String {
        one_line(self.c.sources.text(span))
    }

    /// Returns a template as written, without its quotes.
    pub fn as_written(&self, text: &ast::Text) -> String {
        let mut written = String::new();
        for piece in &text.node.pieces {
            match &piece.node {
                ast::Piece::Text(t) => written.push_str(t),
                ast::Piece::Interpolation(_) => {
                    written.push_str(self.c.sources.text(piece.span));
                }
            }
        }
        written
    }

    /// Returns the next statement's number.
    pub fn next_id(&mut self) -> u32 {
        let id = self.c.next_statement;
        self.c.next_statement = id.saturating_add(1);
        id
    }
}

/// Returns text on one line: line ends, with a `\` before them or not, and runs of blanks become one blank.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_suffix('\\').unwrap_or(line).trim_end();
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

fn used_before(name: &str, span: Span, later: Span) -> Diagnostic {
    Diagnostic::error("used-before-bound", format!("`{name}` is used before it is bound"))
        .at(span, "")
        .at(later, "bound here")
}

/// Returns whether the name stands at the beginning of `{{ }}`.
fn filled_in(sources: &crate::source::Sources, span: Span) -> bool {
    let text = sources.get(span.source).map_or("", |source| source.text.as_ref());
    text.get(..span.start as usize).is_some_and(|before| before.trim_end().ends_with("{{"))
}

fn unknown_name(name: &str, span: Span, near: Option<&str>, filled_in: bool) -> Diagnostic {
    let d = Diagnostic::error("unknown-name", format!("nothing is called `{name}` here")).at(span, "");
    match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None if crate::expression::signature(name).is_some() => {
            d.help(format!("a function is called: `{name}(…)`"))
        }
        None if super::habits::command_field(name).is_some() => {
            let field = super::habits::command_field(name).unwrap_or("exit");
            d.help(format!("it is a part of what a call read: `check NAME = try $ …`, then `NAME.{field}`"))
        }
        None => {
            let d = if filled_in { d } else { d.help(format!("a text stands in quotes: `\"{name}\"`")) };
            d.help(format!("what is read gets its name above: `check {name} = $ …`"))
                .help(format!("what is given, at the top of the file: `param {name}: text`"))
        }
    }
}

/// Says that a function or action is unknown, with what is near.
pub(super) fn unknown_callable<'a>(
    code: &str,
    message: String,
    span: Span,
    found: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    near(Diagnostic::error(code, message).at(span, ""), found, names)
}

/// Joins neighbouring text parts.
pub(super) fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    if let Some(TemplatePart::Text(last)) = parts.last_mut() {
        last.push_str(text);
    } else if !text.is_empty() {
        parts.push(TemplatePart::Text(text.to_owned()));
    }
}
