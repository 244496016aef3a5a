//! The changes of a run and what is to become of them.
//!
//! Owns the stack of what would take changes back, and the lists the result is made of.
//! Never carries an undo out (`unwind` does).

use std::sync::{Arc, Mutex, PoisonError};

use super::context::Walk;
use super::frame::Frame;
use super::mark::Marks;
use crate::event::{Address, Change, ChangeState, Deed, Entry};
use crate::program::{Call, Expr, Undo};

/// One change and what takes it back.
#[derive(Clone, Debug)]
pub(super) struct Item<'w> {
    /// The runbook it was made in.
    pub walk: Arc<Walk<'w>>,
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
    /// In doubt, and the runbook says that the run goes on.
    pub tolerated: bool,
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

impl Plan<'_> {
    /// Returns how a change is taken back, in words; `text`: its undo. `None` for what only ends.
    pub fn words(&self, text: &str) -> Option<String> {
        Some(match self {
            Plan::Undo(_) => format!("taken back by `{text}`"),
            Plan::Leave(why) => format!("stays: {why}"),
            Plan::Irreversible(why) => format!("irreversible: {why}"),
            Plan::Finally(_) | Plan::Nothing => return None,
        })
    }
}

/// The changes of a step, an iteration, an action, or the whole resolution.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes<'w>(Arc<Mutex<Vec<Item<'w>>>>, pub Marks<'w>);

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

    /// Takes it that nobody knows whether the change was made.
    pub fn tolerate(&self, change: &Change) {
        for item in self.items().iter_mut().filter(|item| item.change.address == change.address) {
            item.tolerated = true;
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
        self.1.merge_into(&outer.1);
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
        self.items().is_empty() && self.1.is_empty()
    }

    fn items(&self) -> std::sync::MutexGuard<'_, Vec<Item<'w>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    pub deed: Deed,
    /// What takes it back, as it could be typed; `None` where nothing does.
    pub undo: Option<String>,
}

/// What stands now, by the address of its change.
#[derive(Clone, Debug, Default)]
pub(super) struct Made(Arc<Mutex<Vec<(Address, Stands)>>>);

impl Made {
    /// Returns what stands now, oldest first.
    pub fn list(&self) -> Vec<Stands> {
        self.list_at().iter().map(|(_, stands)| stands.clone()).collect()
    }

    fn list_at(&self) -> std::sync::MutexGuard<'_, Vec<(Address, Stands)>> {
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
    /// Whether the section `rollback` was walked.
    pub rolled_back: bool,
    /// Whether any change was begun.
    pub attempted: bool,
    made: Made,
    order: u64,
}

impl Ledger {
    /// Returns an empty ledger; what stands is also told through `made`.
    pub fn new(made: Made) -> Self {
        Ledger { made, ..Ledger::default() }
    }

    /// Returns the next place in the order of completion.
    pub fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// Returns what stands now.
    pub fn made(&self) -> Vec<Deed> {
        self.made.list().into_iter().map(|stands| stands.deed).collect()
    }

    /// Notes that a change stands, and what takes it back.
    pub fn stands(&mut self, change: &Change, back: String, undo: Option<String>) {
        self.falls(change);
        if change.undoing {
            return;
        }
        let deed = Deed { call: change.call.clone(), back };
        self.made.list_at().push((change.address.clone(), Stands { deed, undo }));
    }

    /// Notes what a later rollback has to do besides the undos: a `rollback` that failed.
    pub fn owes(&mut self, at: &Address, what: &str) {
        self.pays(at);
        let deed = Deed { call: what.to_owned(), back: String::from("it failed") };
        self.made.list_at().push((at.clone(), Stands { deed, undo: Some(what.to_owned()) }));
    }

    /// Notes that it was done.
    pub fn pays(&mut self, at: &Address) {
        self.made.list_at().retain(|(address, _)| address != at);
    }

    /// Notes that a change does not stand any more, or that another one speaks for it.
    pub fn falls(&mut self, change: &Change) {
        self.made.list_at().retain(|(address, _)| *address != change.address);
    }

    /// Leaves these changes out of the lists: they are about to be taken back.
    pub fn forget(&mut self, items: &[Item<'_>]) {
        let is_one = |entry: &Entry| items.iter().any(|item| item.change.address == entry.change.address);
        for list in [&mut self.changed, &mut self.standing, &mut self.left] {
            list.retain(|entry| !is_one(entry));
        }
    }

    /// Lists a change that nothing needs to take back any more.
    pub fn keep(&mut self, item: Item<'_>, why: Option<&str>) {
        let entry = |note: String| Entry { change: item.change.clone(), note };
        match (&item.plan, item.state) {
            (_, ChangeState::InDoubt) if item.tolerated => {
                self.left.push(entry(String::from("nobody confirmed it, and the run went on")));
            }
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
