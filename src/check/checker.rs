//! What is known across all bodies: files, globals, signatures of actions, messages.
//!
//! Owns the numbering of actions and the order in which bodies are walked: an action gets its
//! number when something first calls it, so that a program holds what can be reached and
//! nothing else. Never looks into a body (`lower` does).

use std::collections::{HashMap, HashSet};

use super::decisions::Arrow;
use super::follows::Followed;
use super::lower::{Lower, Section};
use super::report::Report;
use super::units::{Import, Unit, Units};
use crate::diagnostic::Diagnostic;
use crate::program::native;
use crate::program::{Action, ActionId, Drill, Effect, Expr, Global};
use crate::source::{Sources, Span};
use crate::syntax::ast;
use crate::value::{Domain, Type};

/// The state of one check.
pub(super) struct Checker {
    pub sources: Sources,
    pub units: Vec<Unit>,
    pub report: Report,
    pub globals: Vec<Global>,
    /// Every action of every file.
    pub signatures: Vec<Signature>,
    /// By [`ActionId`]: which signature it is.
    order: Vec<usize>,
    /// By [`ActionId`]: the checked bodies, as far as they have been walked.
    pub actions: Vec<Action>,
    /// Who calls whom, and where: `None` is the runbook itself.
    calls: Vec<(Option<ActionId>, ActionId, Span)>,
    /// The action whose body is walked.
    current: Option<ActionId>,
    pub next_statement: u32,
    /// The titles of the resolutions, as written.
    pub resolves: Vec<String>,
    /// The decisions that lead to them.
    pub arrows: Vec<Arrow>,
    /// The files that this one follows, by their paths as written.
    pub followed: HashMap<String, Followed>,
    /// Which unit's drills are those of this check.
    pub drills: usize,
    pub drilled: Vec<Drill>,
    /// What the names of the file's own secrets begin with, where another file follows it.
    pub prefix: Option<String>,
    /// All names of the top of each file, with their places.
    declared: Vec<HashMap<String, Span>>,
}

/// The first line of an action.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub unit: usize,
    /// Which of the file's actions it is.
    pub index: usize,
    /// As called from outside.
    pub name: String,
    pub params: Vec<ActionParam>,
    pub returns: Option<Type>,
    pub effect: Effect,
    pub effect_span: Span,
    pub name_span: Span,
    id: Option<ActionId>,
}

/// A parameter of an action.
#[derive(Clone, Debug)]
pub(super) struct ActionParam {
    pub name: String,
    pub span: Span,
    pub accepts: Domain,
    pub default: Option<Expr>,
}

impl Checker {
    /// Returns the check of files that have been read.
    pub fn new(units: Units<'_>, report: Report) -> Self {
        let declared = units.units.iter().map(|u| declared(&u.ast)).collect();
        Checker {
            sources: units.sources,
            units: units.units,
            report,
            globals: Vec::new(),
            signatures: Vec::new(),
            order: Vec::new(),
            actions: Vec::new(),
            calls: Vec::new(),
            current: None,
            next_statement: 0,
            resolves: Vec::new(),
            arrows: Vec::new(),
            followed: HashMap::new(),
            drills: 0,
            drilled: Vec::new(),
            prefix: None,
            declared,
        }
    }

    /// Adds an action's first line.
    pub fn declare(&mut self, signature: Signature) -> usize {
        self.signatures.push(signature);
        self.signatures.len() - 1
    }

    /// Returns the number of an action that is called at `span`.
    pub fn refer(&mut self, signature: usize, span: Span) -> ActionId {
        let id = match self.signatures[signature].id {
            Some(id) => id,
            None => {
                let id = ActionId(super::scope::index(self.order.len()));
                self.signatures[signature].id = Some(id);
                self.order.push(signature);
                id
            }
        };
        self.calls.push((self.current, id, span));
        id
    }

    /// Returns what the action whose body is walked must return.
    pub fn returns(&self) -> Option<Type> {
        let id = self.current?;
        let signature = self.order.get(id.0 as usize)?;
        self.signatures.get(*signature)?.returns.clone()
    }

    /// Walks the bodies of all actions that have been called so far, and those they call.
    pub fn walk_called(&mut self) {
        while let Some(&signature) = self.order.get(self.actions.len()) {
            let id = ActionId(super::scope::index(self.actions.len()));
            self.current = Some(id);
            let action = self.walk_action(signature);
            self.actions.push(action);
        }
        self.current = None;
    }

    /// Walks the actions that nothing calls, of files that did not come with the binary; they
    /// are checked, but no part of a program.
    pub fn walk_uncalled(&mut self) {
        for signature in 0..self.signatures.len() {
            let of = &self.signatures[signature];
            if of.id.is_none() && (of.unit == 0 || !self.units[of.unit].library) {
                let id = ActionId(super::scope::index(self.order.len()));
                self.signatures[signature].id = Some(id);
                self.order.push(signature);
            }
        }
        self.walk_called();
    }

    /// Points at the file's own actions that nothing leads to. `reachable`: how many actions something leads to.
    pub fn point_at_uncalled(&mut self, reachable: usize) {
        // What is wrong elsewhere may be the very call.
        if self.report.has_errors() {
            return;
        }
        let called: HashSet<usize> =
            self.calls.iter().filter(|(from, ..)| from.is_some()).map(|(_, to, _)| to.0 as usize).collect();
        for (id, signature) in self.order.iter().enumerate().skip(reachable) {
            let of = &self.signatures[*signature];
            // What only such an action calls is needed once that one is called.
            if of.unit == 0 && !called.contains(&id) {
                self.report.push(
                    Diagnostic::warning("action-never-called", format!("nothing calls `{}`", of.name))
                        .at(of.name_span, "")
                        .help("call it with `check` or `run`, or take it out")
                        .help("what other files shall call stands in a `module`"),
                );
            }
        }
    }

    fn walk_action(&mut self, signature: usize) -> Action {
        let of = self.signatures[signature].clone();
        let file = std::rc::Rc::clone(&self.units[of.unit].ast);
        let written = file.actions().nth(of.index);
        let mut lower = Lower::new(self, of.unit, Section::Action(of.effect));
        for param in &of.params {
            let name = ast::Name::new(param.name.clone(), param.span);
            let origin = format!("an argument of `{}`", of.name);
            lower.bind_param(&name, param.accepts.ty.clone(), origin);
        }
        let (body, span) = match written {
            Some(action) => {
                let (body, flow) = lower.block(&action.node.body);
                if let (Some(returns), false) = (&of.returns, flow.leaves()) {
                    missing_return(&mut lower, &of, returns);
                }
                (body, action.span)
            }
            None => (Vec::new(), of.name_span),
        };
        Action {
            name: of.name,
            params: of.params.len(),
            locals: lower.finish(),
            returns: of.returns,
            effect: of.effect,
            body,
            span,
        }
    }

    /// Returns where a global name of the file is bound, if it is by now.
    pub fn global_span(&self, unit: usize, name: &str) -> Option<Span> {
        let index = *self.units[unit].globals.get(name)?;
        Some(self.globals.get(index as usize)?.slot.span)
    }

    /// Returns where a name is bound at the top of the file, if that is still to come.
    pub fn later_global(&self, unit: usize, name: &str) -> Option<Span> {
        if self.units[unit].globals.contains_key(name) {
            return None;
        }
        self.declared.get(unit)?.get(name).copied()
    }

    /// Returns the names of modules of this file that have an action of that name.
    pub fn modules_with(&self, unit: usize, action: &str) -> Vec<String> {
        let natives = native::all();
        let mut found: Vec<String> = self.units[unit]
            .imports
            .iter()
            .filter(|(_, import)| match import {
                Import::Native(module) => natives.iter().any(|n| n.module == *module && n.name == action),
                Import::Unit(other) => self.units[*other].actions.contains_key(action),
                Import::Broken => false,
            })
            .map(|(name, _)| name.clone())
            .collect();
        found.sort();
        found
    }

    /// Says so when actions call each other in a circle.
    pub fn refuse_recursion(&mut self) {
        let mut out: Vec<Vec<(u32, Span)>> = vec![Vec::new(); self.actions.len()];
        for (from, to, span) in &self.calls {
            if let Some(edges) = from.and_then(|id| out.get_mut(id.0 as usize)) {
                edges.push((to.0, *span));
            }
        }
        let mut state = vec![State::New; self.actions.len()];
        for start in 0..self.actions.len() {
            if matches!(state[start], State::New)
                && let Some(circle) = circle(start, &out, &mut state)
            {
                self.tell_circle(&circle);
            }
        }
    }

    fn tell_circle(&mut self, circle: &[(u32, Span)]) {
        let name = |id: u32| self.actions.get(id as usize).map_or("?", |a| a.name.as_str());
        let Some((last, span)) = circle.last() else {
            return;
        };
        let mut path: Vec<String> = vec![format!("`{}`", name(*last))];
        path.extend(circle.iter().map(|(id, _)| format!("`{}`", name(*id))));
        let mut d = Diagnostic::error("recursion", "actions do not call themselves")
            .at(*span, format!("this leads back to `{}`", name(*last)));
        for (id, at) in circle.iter().take(circle.len().saturating_sub(1)) {
            d = d.at(*at, format!("calls `{}`", name(*id)));
        }
        d = d.note(format!("the circle: {}", path.join(" → ")));
        self.report.push(d.help("a bounded `for` goes through a list, `until` reads again"));
    }
}

#[derive(Clone, Copy)]
enum State {
    New,
    Open,
    Done,
}

/// Returns a circle that can be reached from `start`, as the calls along it, without recursion
/// of its own: call chains can be long.
fn circle(start: usize, out: &[Vec<(u32, Span)>], state: &mut [State]) -> Option<Vec<(u32, Span)>> {
    let mut path: Vec<(usize, usize, Span)> = vec![(start, 0, Span::default())];
    state[start] = State::Open;
    while let Some((node, next, _)) = path.last_mut() {
        let node_now = *node;
        let Some((to, span)) = out[node_now].get(*next).copied() else {
            state[node_now] = State::Done;
            path.pop();
            continue;
        };
        *next += 1;
        match state.get(to as usize) {
            Some(State::New) => {
                state[to as usize] = State::Open;
                path.push((to as usize, 0, span));
            }
            Some(State::Open) => {
                let begin = path.iter().position(|(n, _, _)| *n == to as usize)?;
                let mut circle: Vec<(u32, Span)> =
                    path[begin + 1..].iter().map(|(n, _, at)| (super::scope::index(*n), *at)).collect();
                circle.push((to, span));
                for (n, _, _) in &path {
                    state[*n] = State::Done;
                }
                return Some(circle);
            }
            Some(State::Done) | None => {}
        }
    }
    None
}

fn missing_return(lower: &mut Lower<'_>, of: &Signature, returns: &Type) {
    lower.c.report.push(
        Diagnostic::error(
            "missing-return",
            format!("`{}` returns `{returns}`, but not on every path", of.name),
        )
        .at(of.name_span, "its end can be reached without `return`")
        .help("end every path with `return …`"),
    );
}

fn declared(file: &ast::File) -> HashMap<String, Span> {
    let mut names = HashMap::new();
    for item in &file.items {
        let name = match &item.node {
            ast::Item::Param(p) => &p.name,
            ast::Item::Secret(s) => &s.name,
            ast::Item::Let { name, .. } => name,
            _ => continue,
        };
        names.entry(name.node.clone()).or_insert(name.span);
    }
    names
}

impl Signature {
    /// Returns an action that nothing calls yet.
    #[expect(clippy::too_many_arguments, reason = "the parts of one line, each used once")]
    pub fn new(
        unit: usize,
        index: usize,
        name: String,
        params: Vec<ActionParam>,
        returns: Option<Type>,
        effect: Effect,
        effect_span: Span,
        name_span: Span,
    ) -> Self {
        Signature { unit, index, name, params, returns, effect, effect_span, name_span, id: None }
    }
}
