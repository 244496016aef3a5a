//! Calls and changes as steps: the command as it would be typed, how an action is carried out, how a change is taken back.
//!
//! Owns that an action's body is told where it is called first; later calls lead there.

use std::collections::BTreeSet;

use super::super::page::{Block, Inline, code, quiet, strong, text};
use super::said::{clause, clauses, environment, surroundings};
use super::steps::{Book, Told, Writer};
use crate::plan::{Kind, Node};
use crate::program::native;

impl<'n> Writer<'n> {
    /// Returns a call: the verb, the command, what surrounds it.
    pub(super) fn call(node: &Node, verb: Inline) -> Vec<Block> {
        let mut head = vec![verb];
        if let Some(name) = clause(node, "as") {
            head.extend([text(" "), code(name)]);
        }
        let mut blocks = Vec::new();
        match node.text.strip_prefix("$ ") {
            Some(command) => {
                let script = clause(node, "script").unwrap_or("sh");
                if script != "sh" {
                    head.extend([text(", by "), code(script)]);
                }
                let lines = environment(node);
                if lines.is_empty() {
                    head.push(text(":"));
                    blocks.push(Block::Para(head));
                } else {
                    // What is set holds for this command, and not for those that are typed after it.
                    head.push(text(", in a shell of its own ("));
                    head.extend([
                        code("bash"),
                        text(", and "),
                        code("exit"),
                        text(" behind it), where this is set:"),
                    ]);
                    blocks.push(Block::Para(head));
                    blocks.push(Block::Code { lang: "sh".to_owned(), text: lines });
                    blocks.push(Block::Para(vec![text("this:")]));
                }
                blocks.push(Block::Code { lang: script.to_owned(), text: command.to_owned() });
            }
            None if node.text.contains('\n') => {
                head.push(text(":"));
                blocks.push(Block::Para(head));
                blocks.push(Block::Code { lang: String::new(), text: node.text.clone() });
            }
            None => {
                head.extend([text(": "), code(&node.text)]);
                blocks.push(Block::Para(head));
            }
        }
        if let Some(input) = clause(node, "with stdin") {
            blocks.push(Block::Para(vec![text("with this as its input:")]));
            blocks.push(Block::Code { lang: String::new(), text: input.to_owned() });
        }
        blocks.extend(surroundings(node));
        blocks
    }

    /// Returns how what a statement calls is carried out: told here, or where that stands.
    pub fn calls(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut blocks = Vec::new();
        for name in clauses(node, "calls").collect::<BTreeSet<_>>() {
            let body = node.children.iter().find(|child| child.kind == Kind::Action && child.text == name);
            let covered = is_covered(node) || self.is_covered();
            match (body, self.actions.get(&(book.number, name))) {
                (Some(body), _) => blocks.push(self.action(book, body, covered)),
                // What was left out there counts here.
                (None, Some(told)) if told.covered && !covered => {
                    let body = told.body;
                    blocks.push(self.action(book, body, covered));
                }
                (None, Some(told)) => {
                    let link = Inline::Link { to: told.id.clone(), text: name.to_owned() };
                    blocks.push(Block::Para(vec![text("How: as in "), link, text(".")]));
                }
                (None, None) => blocks.extend(self.explained(name)),
            }
        }
        blocks
    }

    /// `covered`: at its call stands another ending than those inside.
    pub(super) fn action(&mut self, book: &Book<'n>, node: &'n Node, covered: bool) -> Block {
        self.told += 1;
        let id = format!("action-{}", self.told);
        let leaves = covered && has_ending(&node.children);
        let told = Told { id: id.clone(), body: node, covered: leaves, goes_back: false };
        self.actions.insert((book.number, &node.text), told);
        let takes = clause(node, "takes").unwrap_or_default();
        let head =
            vec![Inline::Place(id), text("How "), code(format!("{}({takes})", node.text)), text(" is done:")];
        let mut inside = Vec::new();
        inside.extend(clauses(node, "about").map(|about| Block::Para(super::marked(about))));
        inside.push(Block::Steps(self.apart(covered, |writer| writer.scope(book, &node.children))));
        let goes_back = self.has_way_back(book, &node.children);
        if let Some(told) = self.actions.get_mut(&(book.number, node.text.as_str())) {
            told.goes_back = goes_back;
        }
        Block::Fold { head, inside }
    }

    /// Returns what a native function does, where that has not been told yet.
    pub(super) fn explained(&mut self, name: &'n str) -> Option<Block> {
        let (module, function) = name.split_once('.')?;
        let native = native::all().iter().find(|one| one.module == module && one.name == function)?;
        let first = self.explained.insert(name);
        first.then(|| Block::Para(vec![quiet(format!("{name}: {}", native.description))]))
    }

    pub(super) fn change(&mut self, book: &Book<'n>, node: &'n Node, verb: Inline) -> Vec<Block> {
        let mut blocks = Self::call(node, verb);
        if let Some(done) = clause(node, "done when") {
            let line = [text("Not needed when "), code(done), text(" already; afterwards it must be so.")];
            blocks.push(Block::Para(line.to_vec()));
        }
        blocks.extend(self.calls(book, node));
        self.listed_call(book, node);
        blocks.extend(self.endings(book, node));
        blocks
    }

    /// Returns how a change is taken back, or why it is not, and what ends it in any case.
    pub(super) fn endings(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut blocks = Vec::new();
        for child in &node.children {
            match child.kind {
                Kind::Undo => {
                    let mut inside = self.undo(book, child);
                    self.listed(child, &mut inside);
                    blocks.push(Block::Inset(inside));
                }
                // What stands at the call counts.
                Kind::Leave | Kind::Irreversible if self.is_covered() => {}
                Kind::Leave => {
                    blocks.push(Block::Para(vec![strong("It may stay"), text(format!(": {}", child.text))]));
                }
                Kind::Irreversible => {
                    let line = vec![strong("It cannot be taken back"), text(format!(": {}", child.text))];
                    blocks.push(Block::Warning(line));
                }
                Kind::Finally => {
                    let verb = strong("In any case, when this part of the work ends");
                    let mut inside = Self::call(child, verb);
                    inside.extend(self.apart(false, |writer| writer.calls(book, child)));
                    self.listed(child, &mut inside);
                    blocks.push(Block::Inset(inside));
                }
                _ => {}
            }
        }
        blocks
    }

    pub(super) fn undo(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        self.apart(false, |writer| writer.undoing(book, node))
    }

    fn undoing(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let verb = strong("To take it back");
        let mut blocks = match () {
            () if node.text.is_empty() => {
                let head = Block::Para(vec![verb, text(":")]);
                vec![head, Block::Steps(self.scope(book, &node.children))]
            }
            () if clause(node, "on silence").is_some() => self.by_hand(book, node, verb),
            () => self.change(book, node, verb),
        };
        if clause(node, "safe").is_some() {
            blocks.push(Block::Para(vec![quiet(
                "It does no harm when repeated, or when the change did not happen.",
            )]));
        }
        blocks
    }
}

/// Returns whether a change says itself how it ends: that counts before what stands in what it calls.
pub(super) fn is_covered(node: &Node) -> bool {
    let kinds = [Kind::Undo, Kind::Leave, Kind::Irreversible];
    node.children.iter().any(|child| kinds.contains(&child.kind))
}

/// Returns whether a body says that something in it stays.
fn has_ending(nodes: &[Node]) -> bool {
    let own = |node: &Node| matches!(node.kind, Kind::Leave | Kind::Irreversible);
    nodes.iter().any(|node| own(node) || has_ending(&node.children))
}
