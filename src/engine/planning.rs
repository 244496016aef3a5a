//! What a saved plan says of each point: what is about to be done there, with all its values.
//!
//! Owns what counts of a change, of its undo, and of a way that is taken; and what a dry run tells of it. Never compares
//! (`planned` does).

use super::context::Cx;
use crate::event::{Fact, Point, PointKind};
use crate::program::{
    self, Block, Call, Choice, Ending, Expr, Program, Run, Statement, StatementKind, Target, Undo,
};
use crate::source::Span;
use crate::value::{Value, brief};

/// Characters of what is planned, and of a reading, that are kept.
pub(super) const KEPT: usize = 400;

/// What is about to be done at a point.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub kind: PointKind,
    /// For people.
    pub text: String,
    pub exact: String,
    /// Of what takes a change back or ends it: which change, in words; empty for all else.
    pub of: String,
}

impl Here {
    /// Returns a point; `whole`: all that counts of it.
    pub fn new(kind: PointKind, text: &str, whole: &str) -> Here {
        let exact = blake3::hash(whole.as_bytes()).to_hex()[..32].to_owned();
        Here { kind, text: brief(text, KEPT), exact, of: String::new() }
    }

    /// Returns the way of an `if` that is taken: which of its conditions holds, if one does.
    pub fn branch(program: &Program, arms: &[(Expr, Block)], taken: Option<usize>) -> Here {
        let words = |at: usize| arms.get(at).map_or("", |(expr, _)| program.sources.text(expr.span));
        let text = match taken {
            Some(at) => format!("`{}` is true", words(at)),
            None if arms.len() == 1 => format!("`{}` is not true", words(0)),
            None => format!("none of `{}` and the others is true", words(0)),
        };
        Here::new(PointKind::If, &text, &taken.map_or_else(|| String::from("else"), |at| at.to_string()))
    }

    /// Returns the turns of a loop.
    pub fn turns(name: &str, items: &[Value], at_a_time: usize) -> Here {
        let many = if items.len() == 1 { String::from("1 item") } else { format!("{} items", items.len()) };
        let listed: Vec<String> = items.iter().map(|item| item.brief(60)).collect();
        let at_once = if at_a_time > 1 { format!(", {at_a_time} at a time") } else { String::new() };
        let text = format!("for each {name}: {many}{at_once}: {}", listed.join(", "));
        let text = if items.is_empty() { format!("for each {name}: no item") } else { text };
        Here::new(PointKind::For, &text, &format!("{} {at_a_time}", items.len()))
    }

    /// Returns a question; `whole`: all that counts of it.
    pub fn question(text: &str, whole: &str) -> Here {
        Here::new(PointKind::Question, &format!("\"{text}\""), whole)
    }

    /// Returns a change that is not needed.
    pub fn already() -> Here {
        Here::new(PointKind::Change, "nothing: it is so already", "nothing")
    }

    /// Returns whether a runbook is needed.
    pub fn needed(needed: bool) -> Here {
        let text = if needed { "a symptom holds" } else { "no symptom holds" };
        Here::new(PointKind::Symptom, text, text)
    }
}

impl<'w> Cx<'w> {
    /// Returns whether anybody wants to know what is done here.
    pub fn is_planned(&self) -> bool {
        !self.inner && !self.unwinding && (self.walk.dry || self.walk.following.is_some())
    }

    /// Tells what would be done here, in a dry run.
    pub fn plan(&self, here: &Here, span: Span) {
        let Here { kind, text, exact, .. } = here.clone();
        let place = self.walk.program.sources.place(span).to_string();
        self.fact(Fact::Planned(Box::new(Point { at: self.address(), place, kind, text, exact })));
    }

    /// Tells of which changes it is not known whether, or with which values, they would be made.
    pub fn plan_open(&self, body: &'w [Statement]) {
        let mut places = Vec::new();
        let followed = changes_in(self.walk.program, body, &mut places);
        let resolves = self.walk.program.resolves.iter().filter(|_| followed);
        for resolve in resolves {
            changes_in(self.walk.program, &resolve.body, &mut places);
        }
        if followed {
            self.plan_follows(&mut places);
        }
        self.plan_unbound(places);
    }

    /// Tells the same of a way that may be chosen.
    pub fn plan_choice(&self, choice: &'w Choice) {
        match choice {
            Choice::Resolve(index) => self.plan_open(&self.walk.program.resolves[*index as usize].body),
            Choice::Block(body) => self.plan_open(body),
            Choice::Follow(_) => {
                let mut places = Vec::new();
                self.plan_follows(&mut places);
                self.plan_unbound(places);
            }
            Choice::Escalate { .. } => {}
        }
    }

    /// Tells the same of one change.
    pub fn plan_perhaps(&self, span: Span) {
        self.plan_unbound(vec![self.walk.program.sources.place(span).to_string()]);
    }

    fn plan_follows(&self, places: &mut Vec<String>) {
        for program in self.walk.follows {
            program.every(&mut |statement| note_change(program, statement, places));
        }
    }

    fn plan_unbound(&self, places: Vec<String>) {
        if !places.is_empty() {
            self.fact(Fact::Unbound { places });
        }
    }

    /// Returns the change that stands here with all its values; `None` where one is not known, and for an action, whose
    /// body says what is changed.
    pub fn change_here(&self, run: &'w Run) -> Option<Here> {
        if matches!(run.call.target, Target::Action { .. }) {
            return None;
        }
        let (text, whole) = self.spelled_out(&run.call)?;
        Some(Here::new(PointKind::Change, &text, &whole))
    }

    /// Returns what takes a change back and what ends it; `None` where a value is not known.
    pub fn undo_here(&self, run: &'w Run) -> Option<Here> {
        let (mut texts, mut wholes) = (Vec::new(), Vec::new());
        if let Ending::Undo(undo) = &run.ending {
            texts.push(self.undo_text(undo));
            wholes.extend(self.undo_calls(undo)?);
        }
        if let Some(finally) = &run.finally {
            let (text, whole) = self.spelled_out(finally)?;
            texts.push(text);
            wholes.push(whole);
        }
        if texts.is_empty() {
            return None;
        }
        let change = self.typed(&run.call).unwrap_or_else(|_| run.call.text.clone());
        let change = brief(&change, KEPT);
        let of = match &run.ending {
            Ending::Undo(_) => format!("what takes `{change}` back"),
            _ => format!("what ends `{change}`"),
        };
        Some(Here { of, ..Here::new(PointKind::Undo, &texts.join("; "), &wholes.join("\0")) })
    }

    fn undo_calls(&self, undo: &'w Undo) -> Option<Vec<String>> {
        let mut calls = Some(Vec::new());
        program::every(&undo.body, &mut |statement| {
            if let StatementKind::Run(run) = &statement.kind {
                let whole = self.spelled_out(&run.call).map(|(_, whole)| whole);
                calls = calls.take().and_then(|mut calls| {
                    calls.push(whole?);
                    Some(calls)
                });
            }
        });
        calls
    }

    /// Returns a call as it could be typed, and everything that goes into it. Secrets by their names.
    fn spelled_out(&self, call: &'w Call) -> Option<(String, String)> {
        let text = self.spelled(call).ok().filter(|spelled| spelled.known)?.text;
        let mut whole = vec![text.clone()];
        for expr in call.expressions() {
            whole.push(self.value(expr).ok()?.to_string());
        }
        Some((text, whole.join("\0")))
    }

    /// Tells the change and what takes it back, as far as they are known.
    pub fn plan_run(&self, run: &'w Run, span: Span) {
        match self.change_here(run) {
            Some(here) => self.plan(&here, span),
            None => self.plan_perhaps(span),
        }
        if let Some(undo) = self.undo_here(run) {
            self.plan(&undo, span);
        }
    }
}

/// Notes where changes stand in a body, and in the actions it calls. Returns whether it may lead to another phase or file.
fn changes_in(program: &Program, body: &[Statement], places: &mut Vec<String>) -> bool {
    let (mut away, mut actions) = (false, Vec::new());
    program::every(body, &mut |statement| {
        note_change(program, statement, places);
        away |= matches!(statement.kind, StatementKind::Decide { .. } | StatementKind::Follow(_));
        if let StatementKind::Run(run) = &statement.kind
            && let Target::Action { action, .. } = &run.call.target
        {
            actions.push(*action);
        }
    });
    // Actions do not recurse.
    for action in actions {
        away |= changes_in(program, &program.action(action).body, places);
    }
    away
}

fn note_change(program: &Program, statement: &Statement, places: &mut Vec<String>) {
    if matches!(statement.kind, StatementKind::Run(_)) {
        places.push(program.sources.place(statement.span).to_string());
    }
}
