//! People: questions as steps, and all that are asked or called in two tables.

use super::super::page::{Block, Inline, code, heading, strong, text};
use super::said::{clause, quoted, silence, speech, task, value, who};
use super::steps::{Book, Writer};
use crate::plan::{Kind, Node};

/// Adds who is asked what, and to whom it is handed over when.
pub(super) fn asked(phases: &[Node], blocks: &mut Vec<Block>) {
    let (mut asked, mut called) = (Vec::new(), Vec::new());
    phases.iter().for_each(|node| walk(node, &mut asked, &mut called));
    if !asked.is_empty() {
        blocks.push(heading(3, "", "Who is asked"));
        blocks.push(Block::Table { head: vec!["who", "what", "within", "when nobody answers"], rows: asked });
    }
    if !called.is_empty() {
        blocks.push(heading(3, "", "Escalation"));
        blocks.push(Block::Table { head: vec!["who", "when"], rows: called });
    }
}

type Rows = Vec<Vec<Vec<Inline>>>;

fn walk(node: &Node, asked: &mut Rows, called: &mut Rows) {
    if let Some(then) = clause(node, "on silence") {
        let within = clause(node, "within").map(value);
        let by_hand = matches!(node.kind, Kind::Manual | Kind::Undo);
        let what = text(if by_hand { task(node) } else { node.text.as_str() });
        let silence = silence(then, text("take all of it back"));
        asked.push(vec![vec![who(node)], vec![what], within.into_iter().collect(), silence]);
    }
    if node.kind == Kind::Escalate {
        let (role, why) = quoted(&node.text);
        let row = vec![vec![Inline::Strong(role.to_owned())], why.map(text).into_iter().collect()];
        called.push(row);
    }
    node.children.iter().for_each(|child| walk(child, asked, called));
}

impl<'n> Writer<'n> {
    pub(super) fn asked(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        if node.kind == Kind::Manual {
            return self.by_hand(book, node, strong("Run"));
        }
        let mut blocks =
            vec![Block::Para(vec![strong("Ask"), text(" "), who(node), text(": "), speech(&node.text)])];
        let answer = match clause(node, "as").zip(clause(node, "answer")) {
            Some((name, "bool")) => vec![text("The answer is "), code(name), text(": yes or no. ")],
            Some((name, domain)) => {
                vec![text("The answer is "), code(name), text(": "), code(domain), text(". ")]
            }
            None => vec![text("Yes: go on. No: stop, and "), book.back(), text(". ")],
        };
        blocks.push(Block::Para(self.unanswered(book, node, answer)));
        blocks
    }

    /// Returns a change that somebody makes by hand.
    pub(super) fn by_hand(&mut self, book: &Book<'n>, node: &'n Node, verb: Inline) -> Vec<Block> {
        let head = vec![verb, text(", by hand: ask "), who(node), text(": "), speech(task(node))];
        let mut blocks = vec![Block::Para(head)];
        if let Some(until) = clause(node, "until") {
            let mut line = vec![text("It is done when "), code(until)];
            line.extend(
                clause(node, "every")
                    .into_iter()
                    .flat_map(|every| [text(", looked at every "), value(every)]),
            );
            line.push(text("; where that holds already, nobody need be asked."));
            blocks.push(Block::Para(line));
        }
        blocks.extend(self.calls(book, node));
        let refused = match node.kind {
            Kind::Undo => Vec::new(),
            _ => vec![text("Nothing was done: stop, and "), book.back(), text(". ")],
        };
        blocks.push(Block::Para(self.unanswered(book, node, refused)));
        blocks.extend(self.endings(book, node));
        blocks
    }

    pub(super) fn unanswered(&self, book: &Book<'n>, node: &Node, mut line: Vec<Inline>) -> Vec<Inline> {
        line.push(text("No answer"));
        line.extend(clause(node, "within").into_iter().flat_map(|within| [text(" within "), value(within)]));
        line.push(text(": "));
        line.extend(silence(clause(node, "on silence").unwrap_or("abort"), book.back()));
        line.push(text("."));
        line
    }
}
