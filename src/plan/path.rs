//! Paths through the tree: which takes longest, and where there is no way back any more.

use super::{ALWAYS, Bound, Kind, Leg, NoReturn, Node};
use crate::bounds::Amount;
use crate::source::Sources;

/// Returns what the longest path through these is made of, the parts that take no time left out.
pub(super) fn critical(nodes: &[&Node], sources: &Sources) -> Vec<Leg> {
    let mut legs = Vec::new();
    for node in nodes {
        walk(node, sources, &mut legs);
    }
    legs
}

fn walk(node: &Node, sources: &Sources, legs: &mut Vec<Leg>) {
    if node.time.all.is_zero() {
        return;
    }
    match node.kind {
        Kind::Diagnose | Kind::Resolve | Kind::When | Kind::Otherwise => {
            node.children.iter().for_each(|child| walk(child, sources, legs));
        }
        Kind::If | Kind::Decide | Kind::Parallel => {
            if let Some(longest) = longest(&node.children) {
                walk(longest, sources, legs);
            }
        }
        Kind::Undo | Kind::Finally | Kind::Action => {}
        kind => {
            let text = match kind {
                Kind::Step | Kind::Symptom | Kind::Approve | Kind::Ask => {
                    format!("{} \"{}\"", kind.word(), node.text)
                }
                Kind::Clearing => "until the symptoms are gone".to_owned(),
                kind => format!("{} {}", kind.word(), node.text),
            };
            legs.push(Leg { text, bound: Bound::of(node.time, String::new(), sources) });
        }
    }
}

fn longest(nodes: &[Node]) -> Option<&Node> {
    // The first of several that take as long.
    nodes.iter().rev().max_by_key(|node| length(node.time.all))
}

fn length(amount: Amount) -> (bool, i64) {
    (amount.open.is_some(), amount.known)
}

/// Adds the other runbooks that a diagnosis leads to, in their order.
pub(super) fn leads<'n>(phases: &'n [Node], found: &mut Vec<&'n Node>) {
    for node in phases {
        match node.kind {
            Kind::Follow => found.push(node),
            Kind::Diagnose | Kind::Step | Kind::If | Kind::Decide | Kind::When | Kind::Otherwise => {
                leads(&node.children, found);
            }
            _ => {}
        }
    }
}

/// Returns where each path through a block has no way back any more: the first point that says so, or the first change that is
/// irreversible.
pub(super) fn no_return(nodes: &[Node]) -> Vec<NoReturn> {
    let mut found = Vec::new();
    every_path(nodes, &mut found);
    found
}

/// Returns whether every path through the block has one.
fn every_path(nodes: &[Node], found: &mut Vec<NoReturn>) -> bool {
    nodes.iter().any(|node| on_path(node, found))
}

fn on_path(node: &Node, found: &mut Vec<NoReturn>) -> bool {
    match node.kind {
        Kind::Point => {
            let why = node.clauses.first().map_or(ALWAYS, |(_, when)| when);
            found.push(no_return_at(node, &node.text, why, true));
            true
        }
        Kind::Run | Kind::Manual => {
            if let Some(why) = node.children.iter().find(|child| child.kind == Kind::Irreversible) {
                found.push(no_return_at(node, &node.text, &why.text, false));
                return true;
            }
            let covered = node.children.iter().any(|child| matches!(child.kind, Kind::Undo | Kind::Leave));
            match &node.inside {
                Some(inside) if !covered => {
                    let text = format!("{}, in it {}", node.text, inside.text);
                    found.push(NoReturn { text, line: node.line, ..inside.clone() });
                    true
                }
                _ => false,
            }
        }
        Kind::If | Kind::Decide => {
            let all = node.children.iter().map(|arm| every_path(&arm.children, found));
            // Without an `otherwise` one path leads past.
            let ends = all.fold(true, |all, one| all & one);
            ends && node.children.iter().any(|arm| arm.kind == Kind::Otherwise)
        }
        Kind::Parallel => node.children.iter().map(|arm| on_path(arm, found)).fold(false, |a, b| a | b),
        Kind::For | Kind::Watch => {
            every_path(&node.children, found);
            false
        }
        Kind::Step | Kind::Follow | Kind::Resolve | Kind::When | Kind::Otherwise => {
            every_path(&node.children, found)
        }
        _ => false,
    }
}

fn no_return_at(node: &Node, text: &str, why: &str, declared: bool) -> NoReturn {
    NoReturn { declared, text: text.to_owned(), why: why.to_owned(), line: node.line }
}
