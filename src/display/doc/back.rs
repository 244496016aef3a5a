//! The way back: what would take back what each resolution changed, in one list, and what is done in any case, at the end of its scope.
//!
//! Owns the order, last first. How something is taken back stands at the change; the list leads there.

use super::super::page::{Block, Inline, code, joined, strong, text};
use super::calls::is_covered;
use super::said::{clause, clauses, speech, task, who};
use super::steps::{Book, Writer};
use crate::plan::{Kind, Node};

/// What a phase leaves to be taken back.
#[derive(Default)]
pub(super) struct Back<'n> {
    /// In the order of the page; `None` where what is told is not the phase's own, but an action's or an undo's.
    entries: Option<Vec<Vec<Inline>>>,
    places: usize,
    /// The loops around, by what goes through them.
    loops: Vec<&'n str>,
    /// The steps around.
    steps: Vec<&'n str>,
    /// Whether an ending at a call counts before what is told.
    covered: bool,
}

impl<'n> Writer<'n> {
    /// Tells a phase's steps, and returns what takes back what they change, last first.
    pub fn noted(&mut self, book: &Book<'n>, phase: &'n Node) -> (Vec<Vec<Block>>, Vec<Vec<Block>>) {
        let outer = self.back.entries.replace(Vec::new());
        let items = self.scope(book, &phase.children);
        let entries = std::mem::replace(&mut self.back.entries, outer).unwrap_or_default();
        (items, entries.into_iter().rev().map(|line| vec![Block::Para(line)]).collect())
    }

    /// Tells what is no part of the phase itself: it is taken back where it stands.
    pub(super) fn apart<T>(&mut self, covered: bool, tell: impl FnOnce(&mut Self) -> T) -> T {
        let covered = std::mem::replace(&mut self.back.covered, covered);
        let outer = self.back.entries.take();
        let told = tell(self);
        self.back.entries = outer;
        self.back.covered = covered;
        told
    }

    /// Tells what a step or a loop goes through.
    pub(super) fn within<T>(&mut self, node: &'n Node, tell: impl FnOnce(&mut Self) -> T) -> T {
        let around = match node.kind {
            Kind::For => (&mut self.back.loops, node.text.split(' ').next().unwrap_or_default()),
            _ => (&mut self.back.steps, node.text.as_str()),
        };
        around.0.push(around.1);
        let told = tell(self);
        if node.kind == Kind::For {
            self.back.loops.pop()
        } else {
            self.back.steps.pop()
        };
        told
    }

    /// Returns whether what is told is an action's body at whose call another ending stands.
    pub(super) fn is_covered(&self) -> bool {
        self.back.covered
    }

    /// Returns the steps of a block at whose end its `finally`s act.
    pub(super) fn scope(&mut self, book: &Book<'n>, nodes: &'n [Node]) -> Vec<Vec<Block>> {
        let mut items = self.items(book, nodes);
        let mut ends = Vec::new();
        finallys(nodes, false, &mut ends);
        for (node, perhaps) in ends.into_iter().rev() {
            let mut blocks = Self::call(node, strong("Now, in any case"));
            if perhaps && let Some(Block::Para(line)) = blocks.first_mut() {
                line.insert(1, text(" where its change was begun"));
            }
            items.push(blocks);
        }
        items
    }

    /// Makes the beginning of what ends a change a place, and lists it.
    pub(super) fn listed(&mut self, node: &'n Node, blocks: &mut [Block]) {
        let Some(entries) = &mut self.back.entries else { return };
        self.back.places += 1;
        let place = format!("back-{}", self.back.places);
        let at = Inline::Link {
            to: place.clone(),
            text: self.back.steps.last().map_or("where it stands", |step| step).to_owned(),
        };
        let what = match node.kind {
            Kind::Point => {
                let when = clause(node, "when").into_iter().flat_map(|when| [text(" and "), code(when)]);
                let mut what =
                    vec![strong("Point of no return"), text(format!(" “{}”: once it is passed", node.text))];
                what.extend(when);
                what.push(text(", what stands below is not taken back"));
                what
            }
            _ if node.text.is_empty() => vec![text("what it says")],
            _ if clause(node, "on silence").is_some() => {
                vec![text("by hand: ask "), who(node), text(": "), speech(task(node))]
            }
            _ => vec![code(short(&node.text))],
        };
        let mut line = each(&self.back.loops);
        line.extend((node.kind == Kind::Finally).then(|| text("where it was not done yet: ")));
        line.extend(what);
        line.extend([text(" (see "), at, text(")")]);
        entries.push(line);
        if let Some(Block::Para(line) | Block::Warning(line)) = blocks.first_mut() {
            line.insert(0, Inline::Place(place));
        }
    }

    /// Lists a call of an action that says itself how it is taken back.
    pub(super) fn listed_call(&mut self, book: &Book<'n>, node: &'n Node) {
        let own = clauses(node, "calls").find(|name| !is_ended(node) && self.goes_back(book, name));
        let link = own.and_then(|name| {
            let to = self.actions.get(&(book.number, name))?.id.clone();
            Some(Inline::Link { to, text: name.to_owned() })
        });
        if let Some((entries, link)) = self.back.entries.as_mut().zip(link) {
            let mut line = each(&self.back.loops);
            line.extend([text("what "), code(short(&node.text)), text(" changed, as it says in "), link]);
            entries.push(line);
        }
    }

    fn goes_back(&self, book: &Book<'n>, name: &str) -> bool {
        self.actions.get(&(book.number, name)).is_some_and(|action| action.goes_back)
    }

    /// Returns whether something in an action's body is taken back when its call is.
    pub(super) fn has_way_back(&self, book: &Book<'n>, nodes: &[Node]) -> bool {
        nodes.iter().any(|node| match node.kind {
            Kind::Undo => true,
            Kind::Run if !is_ended(node) && clauses(node, "calls").any(|n| self.goes_back(book, n)) => true,
            Kind::Action | Kind::Finally => false,
            _ => self.has_way_back(book, &node.children),
        })
    }
}

/// Returns whether what takes a call back stands at the call.
fn is_ended(node: &Node) -> bool {
    is_covered(node) || node.children.iter().any(|child| child.kind == Kind::Finally)
}

fn each(loops: &[&str]) -> Vec<Inline> {
    if loops.is_empty() {
        return Vec::new();
    }
    let names = joined(loops.iter().map(|name| vec![code(*name)]), &text(" and "));
    std::iter::once(text("for each ")).chain(names).chain([text(": ")]).collect()
}

/// Returns a command where it is one line, else how it begins.
fn short(text: &str) -> String {
    let text = text.strip_prefix("$ ").unwrap_or(text).trim();
    match text.split_once('\n') {
        Some((first, _)) => format!("{first} …"),
        None => text.to_owned(),
    }
}

/// Finds what is done at the end of a scope. Each with whether its change may not have been come to.
fn finallys<'n>(nodes: &'n [Node], perhaps: bool, found: &mut Vec<(&'n Node, bool)>) {
    for node in nodes {
        match node.kind {
            Kind::Finally => found.push((node, perhaps)),
            // Each is a scope of its own, or what is done with another change.
            Kind::Step | Kind::For | Kind::Action | Kind::Undo | Kind::Follow => {}
            Kind::When | Kind::Otherwise | Kind::Good | Kind::Bad => finallys(&node.children, true, found),
            _ => finallys(&node.children, perhaps, found),
        }
    }
}
