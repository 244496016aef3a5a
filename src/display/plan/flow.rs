//! A plan as a flowchart, for Mermaid and for Graphviz.
//!
//! Owns which statements become boxes: phases, steps, decisions, questions, and what stands outside of steps. Labels are escaped by
//! the rules of each language: no text of a runbook is ever read as a part of it.

use std::fmt::Write as _;

use crate::plan::{Kind, Node, Plan};
use crate::value::Value;

/// Stands at the arrow of the branch that is left.
pub(in crate::display) const OTHERWISE: &str = "otherwise";

/// Characters of a label.
const LABEL: usize = 80;

/// Returns the plan as a Mermaid flowchart.
pub fn mermaid(plan: &Plan) -> String {
    chart_mermaid(&Chart::of(plan))
}

/// Returns a chart for Mermaid.
pub(in crate::display) fn chart_mermaid(chart: &Chart) -> String {
    let mut out = String::from("flowchart TD\n");
    for (id, one) in chart.boxes.iter().enumerate() {
        let label = mermaid_label(&one.label);
        let _ = match one.shape {
            Shape::Box => writeln!(out, "  n{id}[\"{label}\"]"),
            Shape::Decision => writeln!(out, "  n{id}{{\"{label}\"}}"),
            Shape::Person => writeln!(out, "  n{id}[/\"{label}\"/]"),
            Shape::Phase => writeln!(out, "  n{id}([\"{label}\"])"),
        };
    }
    for (from, to, label) in &chart.arrows {
        let _ = match label.as_str() {
            "" => writeln!(out, "  n{from} --> n{to}"),
            label => writeln!(out, "  n{from} -->|\"{}\"| n{to}", mermaid_label(label)),
        };
    }
    out
}

/// Returns the plan as a graph for Graphviz.
pub fn dot(plan: &Plan) -> String {
    let mut out = String::from("digraph plan {\n  node [shape=box, fontname=\"sans-serif\"];\n");
    let chart = Chart::of(plan);
    for (id, one) in chart.boxes.iter().enumerate() {
        let shape = match one.shape {
            Shape::Box => "box",
            Shape::Decision => "diamond",
            Shape::Person => "parallelogram",
            Shape::Phase => "oval",
        };
        let _ = writeln!(out, "  n{id} [shape={shape}, label=\"{}\"];", dot_label(&one.label));
    }
    for (from, to, label) in &chart.arrows {
        let _ = match label.as_str() {
            "" => writeln!(out, "  n{from} -> n{to};"),
            label => writeln!(out, "  n{from} -> n{to} [label=\"{}\"];", dot_label(label)),
        };
    }
    out.push_str("}\n");
    out
}

/// Letters, digits and a few signs stand for themselves, all else by its number: Mermaid reads no markup in that.
fn mermaid_label(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br/>"),
            c if c.is_alphanumeric() || " .,:=+-/_'?!".contains(c) => out.push(c),
            c if c.is_control() => {}
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}

fn dot_label(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::display) enum Shape {
    Box,
    Decision,
    Person,
    Phase,
}

/// A box; its label has several lines.
pub(in crate::display) struct Boxed {
    pub label: String,
    pub shape: Shape,
}

/// What is left open: arrows that lead from there, with what stands at them.
type Ends = Vec<(usize, String)>;

/// A flowchart: an arrow leads from a box to one behind it, with a label that may be empty.
#[derive(Default)]
pub(in crate::display) struct Chart {
    pub boxes: Vec<Boxed>,
    pub arrows: Vec<(usize, usize, String)>,
    /// Arms that lead to a resolution.
    gotos: Vec<(usize, String, String)>,
}

impl Chart {
    /// Returns the chart of a plan.
    pub fn of(plan: &Plan) -> Chart {
        let mut chart = Chart::default();
        chart.runbook(&plan.phases, Vec::new());
        chart
    }

    /// Adds the phases of a runbook; returns how it is left.
    fn runbook(&mut self, phases: &[Node], from: Ends) -> Ends {
        let outer = std::mem::take(&mut self.gotos);
        let mut ends = from;
        let mut decided = false;
        for node in phases.iter().filter(|node| matches!(node.kind, Kind::Symptom | Kind::Diagnose)) {
            ends = self.phase(node, ends);
            decided |= !self.gotos.is_empty();
        }
        let gotos = std::mem::replace(&mut self.gotos, outer);
        let before = ends.clone();
        let mut resolved = if decided { ends } else { Vec::new() };
        for node in phases.iter().filter(|node| node.kind == Kind::Resolve) {
            let led = gotos.iter().filter(|(_, title, _)| *title == node.text);
            let mut arms: Ends = led.map(|(id, _, label)| (*id, label.clone())).collect();
            if !decided {
                arms.extend(before.clone());
            }
            resolved.extend(self.phase(node, arms));
        }
        if !phases.iter().any(|node| node.kind == Kind::Resolve) {
            resolved.extend(before);
        }
        let mut ends = resolved;
        for node in phases.iter().filter(|node| node.kind == Kind::Clearing) {
            let texts: Vec<_> = node.children.iter().map(|child| child.text.as_str()).collect();
            let id = self.add(&format!("cleared when {}", texts.join(" and ")), Shape::Decision, &mut ends);
            ends = vec![(id, "cleared".to_owned())];
        }
        if let Some(node) = phases.iter().find(|node| node.kind == Kind::Rollback) {
            let mut apart = Vec::new();
            let id = self.add("something fails: changes are taken back", Shape::Phase, &mut apart);
            self.phase(node, vec![(id, String::new())]);
        }
        ends
    }

    fn phase(&mut self, node: &Node, mut from: Ends) -> Ends {
        let id = self.add(&label(node), Shape::Phase, &mut from);
        self.block(&node.children, vec![(id, String::new())])
    }

    fn block(&mut self, nodes: &[Node], from: Ends) -> Ends {
        nodes.iter().fold(from, |ends, node| if ends.is_empty() { ends } else { self.node(node, ends) })
    }

    fn node(&mut self, node: &Node, mut from: Ends) -> Ends {
        let shape = match node.kind {
            Kind::If | Kind::Decide => return self.branch(node, from),
            Kind::Goto => {
                let all = from.drain(..).map(|(id, label)| (id, node.text.clone(), label));
                self.gotos.extend(all);
                return Vec::new();
            }
            // A condition at the end of a symptom, the ways a change is taken back, and bodies of actions belong to their box.
            Kind::When
            | Kind::Good
            | Kind::Bad
            | Kind::Otherwise
            | Kind::Undo
            | Kind::Leave
            | Kind::Irreversible
            | Kind::Finally
            | Kind::Action => return from,
            kind if kind.is_quiet() => return from,
            Kind::Approve | Kind::Ask | Kind::Manual => Shape::Person,
            _ => Shape::Box,
        };
        let id = self.add(&label(node), shape, &mut from);
        let here = vec![(id, String::new())];
        match node.kind {
            Kind::Escalate => Vec::new(),
            Kind::Parallel => node.children.iter().flat_map(|arm| self.node(arm, here.clone())).collect(),
            Kind::Follow => {
                let ends = self.runbook(&node.children, here.clone());
                if node.children.is_empty() { here } else { ends }
            }
            Kind::Step | Kind::For if node.children.iter().any(has_flow) => self.block(&node.children, here),
            _ => here,
        }
    }

    fn branch(&mut self, node: &Node, mut from: Ends) -> Ends {
        let asks: Vec<_> =
            node.children.iter().filter(|arm| arm.kind == Kind::When).map(|arm| arm.text.as_str()).collect();
        let asked = match asks.as_slice() {
            [one] => one.to_string(),
            _ => node.kind.word().to_owned(),
        };
        let id = self.add(&format!("{asked}?"), Shape::Decision, &mut from);
        let mut ends = Vec::new();
        for arm in &node.children {
            let label = match (arm.kind, asks.len()) {
                (Kind::Otherwise, _) => OTHERWISE.to_owned(),
                (_, 1) => "yes".to_owned(),
                _ => short(&arm.text),
            };
            ends.extend(self.block(&arm.children, vec![(id, label)]));
        }
        if !node.children.iter().any(|arm| arm.kind == Kind::Otherwise) {
            ends.push((id, OTHERWISE.to_owned()));
        }
        ends
    }

    fn add(&mut self, label: &str, shape: Shape, from: &mut Ends) -> usize {
        let id = self.boxes.len();
        self.boxes.push(Boxed { label: label.to_owned(), shape });
        self.arrows.extend(from.drain(..).map(|(before, label)| (before, id, label)));
        id
    }
}

/// Returns whether something in it branches or asks: then its parts are shown.
fn has_flow(node: &Node) -> bool {
    let own = matches!(
        node.kind,
        Kind::Step
            | Kind::If
            | Kind::Decide
            | Kind::For
            | Kind::Parallel
            | Kind::Approve
            | Kind::Ask
            | Kind::Manual
            | Kind::Follow
            | Kind::Escalate
            | Kind::Point
    );
    own || !matches!(node.kind, Kind::Action | Kind::Undo) && node.children.iter().any(has_flow)
}

fn label(node: &Node) -> String {
    let text = short(&node.text);
    let what = match node.kind {
        Kind::Step => text,
        kind if text.is_empty() => kind.word().to_owned(),
        kind => format!("{} {text}", kind.word()),
    };
    match node.bound.as_ref().and_then(|bound| bound.total_ns) {
        Some(most) => format!("{what}\nat most {}", Value::Duration(most)),
        None => what,
    }
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LABEL) {
        None => line,
        Some((at, _)) => format!("{}…", &line[..at]),
    }
}
