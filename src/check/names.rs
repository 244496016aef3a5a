//! Names for which a drill gives something: what is read, and what changes bring, each by where it is bound.
//!
//! Owns which of them one name means. Never knows what is given.

use std::collections::BTreeMap;

use crate::expression::common;
use crate::program::{Effect, Program, Slot, Statement, StatementKind, Target, every};
use crate::value::Type;

/// What is bound to a name.
#[derive(Clone, Debug)]
pub enum Brings {
    /// A value of that type can be given.
    Value(Type),
    /// It comes of an action that is walked in a drill.
    Walked(String),
}

/// The names that are bound outside actions, and those inside, by the action.
#[derive(Clone, Debug, Default)]
pub struct Names {
    own: BTreeMap<String, Brings>,
    inside: BTreeMap<String, BTreeMap<String, Brings>>,
}

/// Returns the name under which a drill gives what an action binds; that of the action's module is left out.
pub fn inside(action: &str, name: &str) -> String {
    format!("{}.{name}", last(action))
}

fn last(action: &str) -> &str {
    action.rsplit('.').next().unwrap_or(action)
}

impl Names {
    /// Returns the names of a program, and of those that it follows.
    pub fn of(program: &Program) -> Names {
        let mut names = Names::default();
        for book in program.with_followed() {
            let bodies = book.symptoms.iter().map(|symptom| &symptom.body);
            let phases = book.diagnose.iter().chain(&book.resolves).chain(&book.rollback).map(|p| &p.body);
            for body in bodies.chain(phases) {
                names.body(book, body, &book.locals, None);
            }
            for action in &book.actions {
                names.body(book, &action.body, &action.locals, Some(&action.name));
            }
        }
        names
    }

    fn body(&mut self, book: &Program, body: &[Statement], locals: &[Slot], action: Option<&str>) {
        every(body, &mut |statement| {
            let (slot, call) = match &statement.kind {
                StatementKind::Check { slot: Some(slot), call, .. } => (*slot, &**call),
                StatementKind::Run(run) => match run.slot {
                    Some(slot) => (slot, &run.call),
                    None => return,
                },
                _ => return,
            };
            let Some(name) = locals.get(slot as usize).map(|slot| slot.name.clone()) else { return };
            let brings = match call.target {
                Target::Manual(_) => return,
                Target::Action { action, .. } if call.effect == Effect::Changes => {
                    Brings::Walked(book.action(action).name.clone())
                }
                _ => Brings::Value(call.ty.clone()),
            };
            let known = match action {
                None => self.own.entry(name),
                Some(action) => self.inside.entry(name).or_default().entry(action.to_owned()),
            };
            known.and_modify(|known| known.join(&brings)).or_insert(brings);
        });
    }

    /// Returns whether something is bound to that name, which may be that of an action and one in it.
    pub fn is_bound(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.inside.contains_key(name) || self.in_action(name).is_some()
    }

    /// Returns whether that name inside an action is given with the action's: where it is bound elsewhere too.
    pub fn needs_action(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.inside.get(name).is_some_and(|actions| actions.len() > 1)
    }

    /// Returns what a name means; `Err`: the actions in which it is bound, where it means none of them.
    pub fn find(&self, name: &str) -> Option<Result<&Brings, Vec<&str>>> {
        if let Some(brings) = self.own.get(name).or_else(|| self.in_action(name)) {
            return Some(Ok(brings));
        }
        let actions = self.inside.get(name)?;
        let only = actions.values().next().filter(|_| actions.len() == 1);
        Some(only.ok_or_else(|| actions.keys().map(String::as_str).collect()))
    }

    fn in_action(&self, name: &str) -> Option<&Brings> {
        let (action, name) = name.rsplit_once('.')?;
        self.inside.get(name)?.iter().find(|(known, _)| last(known) == action).map(|(_, brings)| brings)
    }

    /// Returns the names as they are given.
    pub fn all(&self) -> Vec<String> {
        let inside = self.inside.iter().flat_map(|(name, actions)| {
            let apart = self.needs_action(name);
            actions.keys().map(move |action| if apart { inside(action, name) } else { name.clone() })
        });
        self.own.keys().cloned().chain(inside).collect()
    }
}

impl Brings {
    fn join(&mut self, other: &Brings) {
        match (&mut *self, other) {
            (Brings::Value(known), Brings::Value(ty)) => *known = common(known, ty),
            (Brings::Walked(_), Brings::Value(_)) => *self = other.clone(),
            _ => {}
        }
    }
}
