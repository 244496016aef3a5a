//! The changes of a run and what is to become of them.
//!
//! Owns the stack of what would take changes back, and the lists the result is made of.
//! Never carries an undo out (`unwind` does).

use std::sync::{Arc, Mutex, PoisonError};

use super::frame::Frame;
use crate::event::{Change, ChangeState, Entry};
use crate::program::{Call, Expr, Undo};

/// One change and what takes it back.
#[derive(Clone, Debug)]
pub(super) struct Item<'w> {
    /// Grows with each completed registration: unwinding goes by it, highest first.
    pub order: u64,
    pub change: Change,
    pub state: ChangeState,
    pub plan: Plan<'w>,
    pub done_when: Option<&'w Expr>,
    /// The values that names had.
    pub frame: Frame,
    /// `attempt` as it was, and what `elapsed` counts from.
    pub attempt: u32,
    pub began: i64,
    /// The undo as it could be written with its values.
    pub text: String,
}

/// What takes a change back.
#[derive(Clone, Debug)]
pub(super) enum Plan<'w> {
    Undo(&'w Undo),
    Finally(&'w Call),
    Leave(String),
    Irreversible(String),
    /// Nothing of its own is known: a leaf inside an undo.
    Nothing,
}

/// The changes of a step, an iteration, an action, or the whole resolution.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes<'w>(Arc<Mutex<Vec<Item<'w>>>>);

impl<'w> Changes<'w> {
    pub fn push(&self, item: Item<'w>) {
        self.items().push(item);
    }

    /// Sets how the change registered at `order` ended, and its place in the order of completion.
    pub fn settle(&self, order: u64, completed: u64, state: ChangeState) {
        for item in self.items().iter_mut().filter(|i| i.order == order) {
            item.state = state;
            item.order = completed;
        }
    }

    /// Changes what is registered at `order`.
    pub fn update(&self, order: u64, change: impl FnOnce(&mut Item<'w>)) {
        if let Some(item) = self.items().iter_mut().find(|i| i.order == order) {
            change(item);
        }
    }

    /// Drops what was registered for the change at `order`.
    pub fn remove(&self, order: u64) {
        self.items().retain(|i| i.order != order);
    }

    /// Takes everything out, in order of registration.
    pub fn take(&self) -> Vec<Item<'w>> {
        let mut items = std::mem::take(&mut *self.items());
        items.sort_by_key(|i| i.order);
        items
    }

    /// Takes the `finally`s out.
    pub fn take_finallys(&self) -> Vec<Item<'w>> {
        let mut items = self.items();
        let (finallys, rest) =
            std::mem::take(&mut *items).into_iter().partition(|i| matches!(i.plan, Plan::Finally(_)));
        *items = rest;
        finallys
    }

    /// Moves everything into `outer`.
    pub fn merge_into(&self, outer: &Changes<'w>) {
        let items = self.take();
        outer.items().extend(items);
    }

    /// Returns whether any change in it has an undo of its own.
    pub fn has_undo(&self) -> bool {
        self.items().iter().any(|i| matches!(i.plan, Plan::Undo(_)))
    }

    /// Returns whether any change in it is in doubt.
    pub fn in_doubt(&self) -> bool {
        self.items().iter().any(|i| i.state == ChangeState::InDoubt)
    }

    /// Returns whether a change in it is in doubt that cannot be taken back.
    pub fn irreversible_in_doubt(&self) -> bool {
        self.items()
            .iter()
            .any(|i| i.state == ChangeState::InDoubt && matches!(i.plan, Plan::Irreversible(_)))
    }

    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    fn items(&self) -> std::sync::MutexGuard<'_, Vec<Item<'w>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lists the result is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub changed: Vec<Entry>,
    pub taken_back: Vec<Entry>,
    pub left: Vec<Entry>,
    /// Declared irreversible.
    pub irreversible: Vec<Entry>,
    /// Stands although it should not.
    pub standing: Vec<Entry>,
    /// Whether any change was begun.
    pub attempted: bool,
    order: u64,
}

impl Ledger {
    /// Returns the next place in the order of completion.
    pub fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// Lists a change that nothing needs to take back any more.
    pub fn keep(&mut self, item: Item<'_>, why: Option<&str>) {
        let entry = |note: String| Entry { change: item.change.clone(), note };
        match (&item.plan, item.state) {
            (_, ChangeState::InDoubt) => {
                self.standing.push(entry(String::from("in doubt: it may have happened")))
            }
            (_, ChangeState::NotRun) => {}
            (Plan::Leave(note), _) => self.left.push(entry(note.clone())),
            (Plan::Irreversible(note), _) => self.changed.push(entry(format!("irreversible: {note}"))),
            (Plan::Undo(_), _) => {
                let undo = format!("can be taken back by `{}`", item.text);
                self.changed.push(entry(why.map_or(undo, str::to_owned)));
            }
            (Plan::Finally(_) | Plan::Nothing, _) => {
                self.changed.push(entry(why.unwrap_or_default().to_owned()))
            }
        }
    }
}
