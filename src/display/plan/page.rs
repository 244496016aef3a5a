//! A plan as a page for a browser: what matters most, the picture, then the tree, each branch of which can be folded.
//!
//! Owns which parts of a line are coloured as what. The words are those of the plan as text.

use super::super::page::{
    self, Block, Inline, Page, code, heading, is_readable, joined, quiet, strong, text,
};
use super::{Chart, length, named};
use crate::plan::{Kind, NoReturn, Node, Plan, REST, Way};
use crate::value::Value;

/// Returns the page.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn html(plan: &Plan) -> Result<String, minijinja::Error> {
    let mut blocks = vec![Block::Facts(facts(plan))];
    if !plan.params.is_empty() {
        let rows = plan.params.iter().map(|param| {
            let value = param.value.as_ref().map_or_else(|| text("any"), code);
            vec![vec![code(&param.name)], vec![value], vec![code(&param.ty)]]
        });
        blocks.push(heading(2, "params", "Parameters"));
        blocks.push(Block::Table { head: vec!["name", "value", "type"], rows: rows.collect() });
    }
    blocks.push(heading(2, "ways", "Ways through it"));
    for way in &plan.ways {
        if !way.title.is_empty() {
            blocks.push(heading(3, "", &way.title));
        }
        blocks.push(Block::Facts(facts_of(way, plan)));
    }
    let chart = Chart::of(plan);
    if is_readable(&chart) {
        blocks.push(heading(2, "flow", "Flow"));
        blocks.push(Block::Flow(chart));
    }
    blocks.push(heading(2, "tree", "Every path"));
    blocks.extend(plan.phases.iter().map(fold));
    let title = format!("Plan: {}", plan.title);
    page::html(&Page { title, by: "mainstay plan", from: plan.file.clone(), blocks })
}

fn facts(plan: &Plan) -> Vec<(&'static str, Vec<Inline>)> {
    let mut worst = vec![strong(length(&plan.worst))];
    if plan.worst.total_ns.is_none() {
        worst.push(text(format!(": {}", plan.worst.made)));
    }
    let mut facts = vec![("Worst case", worst)];
    facts.extend(plan.rto_ns.map(|rto| ("RTO", vec![text(Value::Duration(rto).to_string())])));
    facts.extend(plan.severity.as_ref().map(|severity| ("Severity", vec![text(severity)])));
    facts.extend(plan.owner.as_ref().map(|owner| ("Owner", vec![text(owner)])));
    facts
}

fn facts_of(way: &Way, plan: &Plan) -> Vec<(&'static str, Vec<Inline>)> {
    let over = plan.rto_ns.zip(way.forward.total_ns).is_some_and(|(rto, takes)| takes > rto);
    let mut forward = vec![text(length(&way.forward))];
    if over {
        forward.push(Inline::Word("danger", ", longer than the rto".to_owned()));
    }
    let legs = named(way).into_iter().map(|(leg, takes)| vec![text(format!("{takes} ")), code(leg)]);
    let mut legs = joined(legs, &Inline::Break);
    if way.critical.iter().any(|leg| leg.bound.total_ns.is_none() && leg.bound.made == REST) {
        let legend =
            "what is left: it may take all that is left of the bound around it, of its step or its phase";
        legs.extend([Inline::Break, quiet(legend)]);
    }
    let mut points = joined(way.no_return.iter().map(no_return), &Inline::Break);
    if points.is_empty() {
        points.push(text("nowhere: all of it can be taken back, or may stay"));
    }
    let mut facts = vec![("forward", forward), ("all of it back", vec![text(length(&way.back))])];
    facts.extend((!legs.is_empty()).then_some(("longest path", legs)));
    facts.push(("no way back from", points));
    facts
}

fn no_return(point: &NoReturn) -> Vec<Inline> {
    let line = Inline::Word("danger", format!("line {}", point.line));
    let what = match point.declared {
        true => [text(", when "), code(&point.why), text(format!(": {}", point.text))],
        false => [text(", irreversible: "), code(&point.text), text(format!(" ({})", point.why))],
    };
    std::iter::once(line).chain(what).collect()
}

/// Returns a node with what stands below it.
fn fold(node: &Node) -> Block {
    let class = match node.kind {
        Kind::Run | Kind::Manual => "changes",
        Kind::Irreversible | Kind::Point => "danger",
        Kind::Approve | Kind::Ask => "asks",
        Kind::Check | Kind::Verify => "reads",
        _ => "quiet",
    };
    let word = match node.kind {
        Kind::Action => "in".to_owned(),
        kind => kind.word().to_owned(),
    };
    let mut head = vec![Inline::Word(class, word), text(" ")];
    match node.kind {
        _ if node.text.is_empty() => {}
        Kind::Symptom | Kind::Resolve | Kind::Step => head.push(strong(&node.text)),
        Kind::Goto
        | Kind::Approve
        | Kind::Ask
        | Kind::Watch
        | Kind::Point
        | Kind::Leave
        | Kind::Irreversible => head.push(text(format!("“{}”", node.text))),
        Kind::Manual => head.push(text(&node.text)),
        _ => head.push(code(&node.text)),
    }
    for (word, of) in &node.clauses {
        head.push(quiet(format!(" {word} ")));
        head.extend((!of.is_empty()).then(|| code(of)));
    }
    if let Some(bound) = &node.bound {
        let made = if bound.made.is_empty() { String::new() } else { format!(" ({})", bound.made) };
        let most = match bound.total_ns {
            None => format!(" unbounded{made}"),
            Some(_) => format!(" ≤ {}{made}", length(bound)),
        };
        head.push(quiet(most));
    }
    Block::Fold { head, inside: node.children.iter().map(fold).collect() }
}
