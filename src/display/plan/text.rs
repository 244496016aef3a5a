//! A plan as text: first what matters most, then the tree.
//!
//! Owns the layout. Every line stands on its own at 80 columns; what is deeper is indented by two.

use std::fmt::Write as _;

use super::super::Look;
use super::super::look::Paint;
use super::super::text::{Paragraph, clean, columns};
use crate::plan::{Bound, Kind, NoReturn, Node, Plan, Way};
use crate::timeline::Tone;
use crate::value::Value;

/// Parts of the longest path that are named.
const LEGS: usize = 8;
/// Clauses that stand on the line of their statement.
const SHORT: &[&str] =
    &["timeout", "within", "retry", "every", "on failure", "by", "on silence", "safe", "for"];
/// Columns of the words at the beginning of the summary's lines.
const HEAD: usize = 22;

/// Returns the plan as text.
pub fn plan(plan: &Plan, look: Look) -> String {
    let mut out = Out { text: String::new(), look };
    out.head(plan);
    for way in &plan.ways {
        out.way(way, plan);
    }
    for node in &plan.phases {
        out.text.push('\n');
        out.node(node, 0);
    }
    out.text
}

struct Out {
    text: String,
    look: Look,
}

impl Out {
    fn head(&mut self, plan: &Plan) {
        let (bold, plain) = (self.look.bold(), self.look.plain());
        self.line(0, &[(bold, &plan.title)]);
        let mut of: Vec<&str> = Vec::new();
        of.extend(plan.severity.as_deref());
        of.extend(plan.owner.as_deref());
        of.push(&plan.file);
        self.line(0, &[(self.look.dim(), &of.join(", "))]);
        self.text.push('\n');
        self.row("worst case", &length(&plan.worst), plain);
        if plan.worst.total_ns.is_none() {
            self.row("", &plan.worst.made, plain);
        }
        if let Some(rto) = plan.rto_ns {
            self.row("rto", &Value::Duration(rto).to_string(), plain);
        }
        for param in &plan.params {
            let value =
                param.value.as_deref().map_or_else(|| format!(": any {}", param.ty), |v| format!(" = {v}"));
            self.row("param", &format!("{}{value}", param.name), self.look.dim());
        }
    }

    fn way(&mut self, way: &Way, plan: &Plan) {
        let plain = self.look.plain();
        self.text.push('\n');
        if !way.title.is_empty() {
            let bold = self.look.bold();
            self.line(0, &[(plain, "through "), (bold, &way.title)]);
        }
        let over = plan.rto_ns.zip(way.forward.total_ns).is_some_and(|(rto, takes)| takes > rto);
        let paint = if over { self.look.tone(Tone::Bad) } else { plain };
        let over = if over { ", longer than the rto" } else { "" };
        self.row("  forward", &format!("{}{over}", length(&way.forward)), paint);
        self.row("  all of it back", &length(&way.back), plain);
        let legs = named(way);
        for (at, (text, length)) in legs.iter().enumerate() {
            self.row(if at == 0 { "  longest path" } else { "" }, &format!("{length}  {text}"), plain);
        }
        for (at, point) in way.no_return.iter().enumerate() {
            let head = if at == 0 { "  no way back from" } else { "" };
            self.row(head, &no_return(point), self.look.tone(Tone::Warn));
        }
        if way.no_return.is_empty() {
            self.row("  no way back from", "nowhere: all of it can be taken back, or may stay", plain);
        }
    }

    /// Writes a line of the summary.
    fn row(&mut self, head: &str, text: &str, paint: Paint) {
        let dim = self.look.dim();
        let mut paragraph = Paragraph::default();
        paragraph.push(paint, clean(text));
        let room = self.look.width.map(|width| width.saturating_sub(HEAD));
        for (at, line) in paragraph.wrap(room).iter().enumerate() {
            let head = if at == 0 { head } else { "" };
            let blanks = " ".repeat(HEAD.saturating_sub(columns(head)));
            let _ = writeln!(self.text, "{}{blanks}{line}", dim.on(head));
        }
    }

    fn node(&mut self, node: &Node, depth: usize) {
        let look = self.look;
        let (dim, plain) = (look.dim(), look.plain());
        let title = matches!(
            node.kind,
            Kind::Symptom | Kind::Diagnose | Kind::Resolve | Kind::Clearing | Kind::Rollback | Kind::Step
        );
        let word = match node.kind {
            Kind::Action => format!("in {}:", node.text),
            Kind::Run | Kind::Manual => node.kind.word().to_owned(),
            kind => kind.word().to_owned(),
        };
        let tone = match node.kind {
            Kind::Run | Kind::Manual => look.tone(Tone::Warn),
            Kind::Irreversible | Kind::Point => look.tone(Tone::Bad),
            Kind::Approve | Kind::Ask => look.asking(),
            _ => dim,
        };
        let text = match node.kind {
            Kind::Action => String::new(),
            Kind::Step
            | Kind::Symptom
            | Kind::Resolve
            | Kind::Goto
            | Kind::Approve
            | Kind::Ask
            | Kind::Watch
            | Kind::Point
            | Kind::Leave
            | Kind::Irreversible
                if !node.text.is_empty() =>
            {
                format!(" \"{}\"", clean(&node.text).replace('"', "\\\""))
            }
            _ if node.text.is_empty() => String::new(),
            _ => format!(" {}", clean(&node.text)),
        };
        let bound = self.bound(node);
        let mut parts = vec![(tone, word.as_str())];
        let painted = if title {
            look.bold()
        } else if is_code(node) {
            look.code()
        } else {
            plain
        };
        parts.push((painted, &text));
        let short = short(node);
        parts.push((plain, &short));
        parts.push((dim, &bound));
        let indent = depth * 2;
        self.block(indent, &parts);
        self.clauses(node, indent + 4);
        for child in &node.children {
            self.node(child, depth + 1);
        }
    }

    /// Writes the clauses that do not stand on the line of the statement.
    fn clauses(&mut self, node: &Node, indent: usize) {
        let (dim, plain) = (self.look.dim(), self.look.plain());
        let mut last = "";
        let mut gathered: Vec<(&str, String)> = Vec::new();
        for (word, text) in node.clauses.iter().filter(|(word, _)| !SHORT.contains(word)) {
            match gathered.last_mut() {
                Some((_, texts)) if last == *word => {
                    texts.push_str(", ");
                    texts.push_str(&clean(text));
                }
                _ => gathered.push((word, clean(text))),
            }
            last = word;
        }
        for (word, text) in gathered {
            let text = if text.is_empty() { text } else { format!(" {text}") };
            self.line(indent, &[(dim, word), (plain, &text)]);
        }
    }

    fn bound(&self, node: &Node) -> String {
        let Some(bound) = &node.bound else { return String::new() };
        let sign = if self.look.unicode { "≤" } else { "<=" };
        match bound.total_ns {
            None => format!("  unbounded: {}", bound.made),
            Some(_) if bound.made.is_empty() => format!("  {sign} {}", length(bound)),
            Some(_) => format!("  {sign} {} ({})", length(bound), bound.made),
        }
    }

    /// Writes a sentence, its first line further out than the others; a text of several lines keeps them.
    fn block(&mut self, indent: usize, parts: &[(Paint, &str)]) {
        let mut lines: Vec<Vec<(Paint, &str)>> = vec![Vec::new()];
        for (paint, text) in parts {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    lines.push(Vec::new());
                }
                if let Some(last) = lines.last_mut() {
                    last.push((*paint, line));
                }
            }
        }
        for (at, line) in lines.iter().enumerate() {
            self.line(if at == 0 { indent } else { indent + 4 }, line);
        }
    }

    fn line(&mut self, indent: usize, parts: &[(Paint, &str)]) {
        let mut paragraph = Paragraph::default();
        for (paint, text) in parts {
            paragraph.push(*paint, *text);
        }
        // Very deep trees keep half of the line for their words.
        let indent = self.look.width.map_or(indent, |width| indent.min(width / 2));
        let room = self.look.width.map(|width| width.saturating_sub(indent + 4));
        for (at, line) in paragraph.wrap(room).iter().enumerate() {
            let more = if at == 0 { 0 } else { 4 };
            let _ = writeln!(self.text, "{:width$}{line}", "", width = indent + more);
        }
    }
}

/// Returns a length in words, with and without people.
pub fn length(bound: &Bound) -> String {
    match (bound.total_ns, bound.machine_ns) {
        (Some(total), Some(0)) if total > 0 => format!("{} of people", Value::Duration(total)),
        (Some(total), Some(machine)) if machine < total => {
            format!("{}, {} without people", Value::Duration(total), Value::Duration(machine))
        }
        (Some(total), _) => Value::Duration(total).to_string(),
        (None, Some(machine)) => format!("unbounded, {} without people", Value::Duration(machine)),
        (None, None) => "unbounded".to_owned(),
    }
}

/// Returns the parts of the longest path that take longest, in their order.
pub fn named(way: &Way) -> Vec<(&str, String)> {
    let mut legs: Vec<_> = way.critical.iter().enumerate().collect();
    legs.sort_by_key(|(_, leg)| std::cmp::Reverse(leg.bound.total_ns.unwrap_or(i64::MAX)));
    legs.truncate(LEGS);
    legs.sort_by_key(|(at, _)| *at);
    let length = |bound: &Bound| match bound.total_ns {
        Some(ns) => Value::Duration(ns).to_string(),
        None => bound.made.clone(),
    };
    legs.into_iter().map(|(_, leg)| (leg.text.as_str(), length(&leg.bound))).collect()
}

fn no_return(point: &NoReturn) -> String {
    match point.declared {
        true => format!("line {}, when {}: {}", point.line, point.why, point.text),
        false => format!("line {}, irreversible: {} ({})", point.line, point.text, point.why),
    }
}

/// Returns the clauses that stand on the line of the statement.
fn short(node: &Node) -> String {
    let short = node.clauses.iter().filter(|(word, _)| SHORT.contains(word));
    short
        .map(
            |(word, text)| {
                if text.is_empty() { format!(" {word}") } else { format!(" {word} {}", clean(text)) }
            },
        )
        .collect()
}

fn is_code(node: &Node) -> bool {
    matches!(
        node.kind,
        Kind::Check
            | Kind::Run
            | Kind::Verify
            | Kind::When
            | Kind::Undo
            | Kind::Finally
            | Kind::If
            | Kind::For
    )
}
