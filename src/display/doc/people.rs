//! Who is asked, and who is called: all people of a runbook in two tables.

use super::super::page::{Block, Inline, heading, text};
use super::said::{clause, quoted, silence, value, who};
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
        blocks.push(heading(3, "", "Who is called"));
        blocks.push(Block::Table { head: vec!["who", "when"], rows: called });
    }
}

type Rows = Vec<Vec<Vec<Inline>>>;

fn walk(node: &Node, asked: &mut Rows, called: &mut Rows) {
    if let Some(then) = clause(node, "on silence") {
        let within = clause(node, "within").map(value);
        let what = if node.text.starts_with("manual \"") { quoted(&node.text).1 } else { None };
        let what = text(what.unwrap_or(&node.text));
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
