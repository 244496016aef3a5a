//! Names in a frame: which are bound, where they reach, and why one is out of reach.
//!
//! Owns the slots of one frame and the rules of visibility: a name is bound once on each path
//! and lives on, out of blocks too when every path binds it. Never knows expressions or types
//! beyond carrying them. Entering and leaving a block costs what the block binds, not what is
//! visible, so that long runbooks are checked in linear time.

use std::collections::{HashMap, HashSet};

use crate::expression;
use crate::program::Slot;
use crate::source::Span;
use crate::value::Type;

/// What is known about a name.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub slot: u32,
    pub span: Span,
    pub reach: Reach,
    /// Counts bindings in the order they are met.
    pub sequence: u32,
    /// A list that is known to be no longer than a bounded number.
    pub bounded: bool,
}

/// Whether a name can be used.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    Visible,
    /// Not every path to here binds it; the place is the one that does not.
    SomePaths(Span),
    /// It lived only inside something that is over, named for the message.
    Inside(String),
}

/// The slots of one frame and the names that lead to them.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub slots: Vec<Slot>,
    names: HashMap<String, Entry>,
    /// What each binding replaced, to be put back when its block ends.
    log: Vec<(String, Option<Entry>)>,
    /// Slots that a sibling branch has given to names.
    siblings: Vec<HashMap<String, u32>>,
    sequence: u32,
}

/// A place in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// What a block bound, once it is over.
pub(super) type Bound = Vec<(String, Entry)>;

impl Frame {
    /// Returns a frame in which each of these names can be used; the last of the same name.
    pub fn all_visible(slots: Vec<Slot>) -> Frame {
        let mut frame = Frame::default();
        for slot in slots {
            frame.bind(slot, false);
        }
        frame
    }

    /// Returns the entry of that name, in reach or not.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.names.get(name)
    }

    /// Returns the names that can be used, in no order.
    pub fn visible(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|(_, e)| matches!(e.reach, Reach::Visible)).map(|(name, _)| name.as_str())
    }

    /// Returns the count of bindings so far.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Binds a name and returns its slot. A name that a sibling branch has bound keeps its slot.
    pub fn bind(&mut self, slot: Slot, bounded: bool) -> u32 {
        let name = slot.name.clone();
        let span = slot.span;
        let shared = self.siblings.iter().rev().find_map(|names| names.get(&name).copied());
        let index = match shared.and_then(|i| Some((i, self.slots.get_mut(i as usize)?))) {
            Some((i, old)) => {
                old.ty = join(&old.ty, &slot.ty);
                i
            }
            None => {
                self.slots.push(slot);
                index(self.slots.len() - 1)
            }
        };
        self.sequence += 1;
        let entry = Entry { slot: index, span, reach: Reach::Visible, sequence: self.sequence, bounded };
        self.set(name, entry);
        index
    }

    fn set(&mut self, name: String, entry: Entry) {
        let old = self.names.insert(name.clone(), entry);
        self.log.push((name, old));
    }

    /// Opens a block.
    pub fn enter(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Closes a block: takes back what it bound and returns it, the last state of each name.
    pub fn leave(&mut self, mark: Mark) -> Bound {
        let mut bound = Vec::new();
        let mut seen = HashSet::new();
        while self.log.len() > mark.0 {
            let Some((name, old)) = self.log.pop() else {
                break;
            };
            let now = match old {
                Some(old) => self.names.insert(name.clone(), old),
                None => self.names.remove(&name),
            };
            if let Some(now) = now
                && seen.insert(name.clone())
            {
                bound.push((name, now));
            }
        }
        bound.reverse();
        bound
    }

    /// Closes a block whose names end with it; `of` names the block: "a loop".
    pub fn leave_inside(&mut self, mark: Mark, of: &str) {
        for (name, mut entry) in self.leave(mark) {
            if matches!(entry.reach, Reach::Visible) {
                entry.reach = Reach::Inside(of.to_owned());
            }
            self.set(name, entry);
        }
    }

    /// Closes a phase that began at `since`: its names end with it, and what it could not see is
    /// as before.
    pub fn leave_phase(&mut self, mark: Mark, since: u32, of: &str) {
        for (name, mut entry) in self.leave(mark) {
            if entry.sequence > since {
                entry.reach = Reach::Inside(of.to_owned());
                self.set(name, entry);
            }
        }
    }

    /// Lets what a closed block bound be known, but out of reach.
    pub fn hide(&mut self, bound: &Bound, of: &str) {
        for (name, entry) in bound {
            let mut entry = entry.clone();
            entry.reach = Reach::Inside(of.to_owned());
            self.set(name.clone(), entry);
        }
    }

    /// Makes what a closed block bound visible again.
    pub fn restore(&mut self, bound: Bound) {
        for (name, entry) in bound {
            self.set(name, entry);
        }
    }

    /// Opens a group of branches of which one is taken.
    pub fn open_branches(&mut self) {
        self.siblings.push(HashMap::new());
    }

    /// Lets the next branch of the group use the slots of this one.
    pub fn share(&mut self, bound: &Bound) {
        if let Some(names) = self.siblings.last_mut() {
            for (name, entry) in bound {
                names.entry(name.clone()).or_insert(entry.slot);
            }
        }
    }

    /// Closes the group: names bound in every branch that goes on live on, others are bound on
    /// some paths only. Each branch has what it bound, whether it goes on, and its place.
    pub fn join(&mut self, branches: Vec<(Bound, bool, Span)>) {
        self.siblings.pop();
        let mut going: Vec<_> = branches.iter().filter(|(_, goes, _)| *goes).collect();
        if going.is_empty() {
            // What follows cannot be reached and is told about: no second message for its names.
            going = branches.iter().collect();
        }
        let mut seen: HashMap<&str, (usize, Entry)> = HashMap::new();
        let mut order: Vec<&str> = Vec::new();
        for (bound, _, _) in &going {
            for (name, entry) in bound {
                let visible = usize::from(matches!(entry.reach, Reach::Visible));
                match seen.get_mut(name.as_str()) {
                    Some((count, first)) => {
                        *count += visible;
                        first.sequence = first.sequence.max(entry.sequence);
                        first.bounded &= entry.bounded;
                        if visible == 0 || matches!(first.reach, Reach::Inside(_)) {
                            first.reach = entry.reach.clone();
                        }
                    }
                    None => {
                        order.push(name);
                        seen.insert(name, (visible, entry.clone()));
                    }
                }
            }
        }
        let mut after = Vec::new();
        for name in order {
            let Some((count, mut entry)) = seen.remove(name) else {
                continue;
            };
            if count > 0 && count < going.len() {
                let without = going
                    .iter()
                    .find(|(bound, _, _)| !bound.iter().any(|(n, _)| n == name))
                    .map_or(entry.span, |(_, _, span)| *span);
                entry.reach = Reach::SomePaths(without);
            }
            after.push((name.to_owned(), entry));
        }
        self.restore(after);
    }

    /// Puts out of reach what was bound after `sequence`, because a path leaves before that; `at`
    /// is where it leaves. To be undone with [`Frame::leave`].
    pub fn forget_after(&mut self, sequence: u32, at: Span) {
        let late: Vec<_> = self
            .names
            .iter()
            .filter(|(_, e)| e.sequence > sequence && matches!(e.reach, Reach::Visible))
            .map(|(name, e)| (name.clone(), e.clone()))
            .collect();
        for (name, mut entry) in late {
            entry.reach = Reach::SomePaths(at);
            self.set(name, entry);
        }
    }
}

fn join(a: &Type, b: &Type) -> Type {
    expression::common(a, b)
}

/// Returns a count as an index of the program; what does not fit is beyond any file.
pub(super) fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
