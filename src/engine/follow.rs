//! `follow`: another runbook, run inside this one.
//!
//! Owns what it is given, and its `rollback` on the way back. Its changes are the run's: they are taken back in their
//! order of completion, then its `rollback` runs, then what was changed before it is taken back. Never knows how a
//! runbook is walked (`run` does).

use std::sync::Arc;

use super::back::page;
use super::context::{Cx, Walk};
use super::evaluate::time_of;
use super::failure::{Failure, Stop};
use super::frame::Frame;
use super::join::Walking;
use super::ledger::Changes;
use super::question::Found;
use super::run::{Forward, forward, globals, phase};
use crate::event::{Address, Deed, Fact, FollowEnd, PhaseKind};
use crate::program::{Follow, GlobalSource, Phase, Program};
use crate::value::Value;

/// A runbook to be followed, and what it is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    /// Index into what may be followed.
    book: u32,
    /// As written.
    file: String,
    args: Vec<(String, Value)>,
}

/// The `rollback` of a followed runbook, until the run has ended.
#[derive(Clone, Debug)]
pub(super) struct Rollback<'w> {
    /// Its place among the changes: before those of its runbook.
    pub order: u64,
    phase: &'w Phase,
    walk: Arc<Walk<'w>>,
    frame: Frame,
    /// Of the `follow`.
    at: Arc<str>,
    file: String,
}

impl<'w> Cx<'w> {
    /// Returns where a `follow` leads, with the values of what it gives.
    ///
    /// # Errors
    /// When a value cannot be computed, or is none that its parameter takes.
    pub fn way(&self, follow: &Follow) -> Result<Way, Failure> {
        let program = &self.walk.follows[follow.book as usize];
        let mut args = Vec::new();
        for (name, expr) in &follow.args {
            let value = self.value(expr)?;
            let domain = program.globals.iter().find_map(|global| match &global.source {
                GlobalSource::Param(param) if global.slot.name == *name => Some(&param.domain),
                _ => None,
            });
            let value = match domain {
                Some(domain) => {
                    value.coerce(&domain.ty).and_then(|value| domain.accept(value)).map_err(|why| {
                        let words = format!("the parameter `{name}` of `{}`: {why}", follow.file);
                        Failure::new(words, expr.span)
                    })?
                }
                None => value,
            };
            args.push((name.clone(), value));
        }
        Ok(Way { book: follow.book, file: follow.file.clone(), args })
    }

    /// Runs another runbook: its symptom, its diagnosis, its resolution, its symptom again.
    pub fn follow<'a>(&'a self, way: Way) -> Walking<'a, Result<(), Stop>> {
        Box::pin(async move {
            let program = &self.walk.follows[way.book as usize];
            let own = Changes::default();
            let here = self.begin_in(program, &way, own.clone())?;
            let title = here.text_or(&program.title, "");
            let file = way.file;
            here.fact(Fact::FollowBegan { file: file.clone(), title: title.clone() });
            if let Some(rollback) = &program.rollback {
                own.1.push_rollback(Rollback {
                    order: here.walk.ledger().next_order(),
                    phase: rollback,
                    walk: Arc::clone(&here.walk),
                    frame: here.frame.clone(),
                    at: Arc::clone(&here.at),
                    file: file.clone(),
                });
            }
            let result = forward(&here).await;
            own.merge_into(&self.changes);
            let (end, prevention) = match &result {
                Ok(Forward::NotNeeded) => (FollowEnd::NotNeeded, String::new()),
                Ok(Forward::Cleared) => {
                    let prevention = program.prevention.as_ref().map(|text| here.text_or(text, ""));
                    (FollowEnd::Cleared, prevention.unwrap_or_default())
                }
                Err(Stop::Failure(_)) => (FollowEnd::Failed, String::new()),
                Err(_) => (FollowEnd::Stopped, String::new()),
            };
            self.note("", format!("followed {file} (\"{title}\"): {}", end.words()));
            here.fact(Fact::FollowEnded { file, title, end, prevention });
            result.map(|_| ())
        })
    }

    /// Adds what a runbook changes that will be followed, for a question, and what tells that it may.
    pub fn follow_ahead(&self, follow: &Follow, when: &str, found: &mut Found) {
        let program = &self.walk.follows[follow.book as usize];
        let call = format!("{when}follow \"{}\"", follow.file);
        found.push(Deed { call, back: String::from("what it changes is taken back as it says") });
        let place = self.way(follow).and_then(|way| self.begin_in(program, &way, Changes::default()));
        let Ok(here) = place else { return };
        for resolve in &program.resolves {
            let title = here.text_or(&resolve.title, &resolve.name);
            here.gather(&resolve.body, &format!("{when}{}, \"{title}\": ", follow.file), found);
        }
    }

    /// Returns the place at the beginning of a runbook that is followed from here.
    fn begin_in(&self, program: &'w Program, way: &Way, changes: Changes<'w>) -> Result<Cx<'w>, Failure> {
        let of_modules = self.walk.opened.params.iter().filter(|(name, _)| name.contains('.'));
        let given: Vec<_> = way.args.iter().chain(of_modules).cloned().collect();
        let values = globals(program, &given, time_of(self.walk.opened, self.now()), &self.walk.secrets)?;
        Ok(Cx {
            walk: self.walk.follow(program, values),
            frame: Frame::new(program.locals.len(), None),
            changes,
            attempt: 1,
            began: self.now().run_ns,
            next: &[],
            rest: self.what_follows(),
            ..self.clone()
        })
    }
}

impl<'w> Rollback<'w> {
    /// Runs it, if its runbook attempted a change. Returns whether it went well.
    pub fn run<'a>(&'a self, cx: &'a Cx<'w>) -> Walking<'a, bool> {
        Box::pin(async move {
            if !self.walk.has_attempted() {
                return true;
            }
            let here = Cx {
                walk: Arc::clone(&self.walk),
                frame: self.frame.clone(),
                // It may be walked more than once, each time at a place of its own.
                at: match self.at.strip_prefix(&*cx.at) {
                    Some(_) => Arc::clone(&self.at),
                    None => format!("{}.{}", cx.at, self.at).into(),
                },
                attempt: 1,
                ..cx.shielded()
            };
            let result = phase(&here, self.phase, PhaseKind::Rollback, "rollback").await;
            if let Err(Stop::Escalate { role, text }) = &result {
                page(&here.down("rollback"), role, text).await;
            }
            let mut ledger = cx.walk.ledger();
            for item in here.changes.take() {
                ledger.keep(item, Some(&format!("made by the rollback of {}", self.file)));
            }
            let owed = Address(format!("{}.rollback", self.at).into());
            if result.is_ok() {
                ledger.pays(&owed);
            } else {
                ledger.owes(&owed, &format!("the section `rollback` of {}", self.file));
                drop(ledger);
                cx.kept.1.push_rollback(self.clone());
            }
            result.is_ok()
        })
    }
}
