//! From a program to its plan.
//!
//! Owns phases and the ways through them. Never looks into a statement (`statement` and `call` do).

use std::collections::BTreeMap;
use std::rc::Rc;

use super::about::About;
use super::known::Known;
use super::{Bound, FORMAT, Kind, Leg, NoReturn, Node, Param, Plan, Way, path, words};
use crate::bounds::{Bounds, Given, Phase, Time};
use crate::program::{self, Effect, GlobalSource, Program, Symptom};
use crate::source::{Sources, Span};

/// Returns the plan of a program.
pub(super) fn plan(program: &Program, file: &str, given: &Given, bounds: &Bounds, told: bool) -> Plan {
    let mut builder = Builder::new(program, given, bounds, told);
    let phases = builder.phases();
    let known = &builder.known;
    let params = program.globals.iter().enumerate().filter_map(|(at, global)| match &global.source {
        GlobalSource::Param(param) => Some(Param {
            name: global.slot.name.clone(),
            ty: param.domain.to_string(),
            value: known.global(at).map(|value| value.brief(200)),
            description: global.description.clone(),
            default: param.default.as_ref().map(|default| known.source(default)),
        }),
        _ => None,
    });
    Plan {
        format: FORMAT,
        title: known.text(&program.title),
        file: file.to_owned(),
        hash: program.hash.clone(),
        severity: program.fields.severity.clone(),
        owner: program.fields.owner.clone(),
        rto_ns: program.fields.rto,
        params: params.collect(),
        about: About::of(program, known),
        worst: Bound::of(bounds.worst(), String::new(), &program.sources),
        ways: builder.ways(&phases),
        phases,
    }
}

/// Where the lines of each file begin: looking each place up from the beginning would be quadratic.
pub(super) struct Lines(Vec<Vec<u32>>);

impl Lines {
    fn of(sources: &Sources) -> Lines {
        let ends =
            |text: &str| text.match_indices('\n').filter_map(|(at, _)| u32::try_from(at).ok()).collect();
        Lines(sources.iter().map(|(_, source)| ends(&source.text)).collect())
    }

    fn of_span(&self, span: Span) -> usize {
        let ends = self.0.get(span.source.0 as usize);
        ends.map_or(0, |ends| ends.partition_point(|end| *end < span.start) + 1)
    }
}

pub(super) struct Builder<'p> {
    pub known: Known<'p>,
    pub follows: &'p [Program],
    pub bounds: &'p Bounds,
    pub sources: &'p Sources,
    pub lines: Rc<Lines>,
    /// Whether what touches nothing stands in it, too.
    pub told: bool,
    /// Actions whose body was shown, and where it has no way back any more.
    pub opened: BTreeMap<u32, Option<NoReturn>>,
}

impl<'p> Builder<'p> {
    fn new(program: &'p Program, given: &Given, bounds: &'p Bounds, told: bool) -> Self {
        let (known, sources) = (Known::of(program, Some(given)), &program.sources);
        let lines = Rc::new(Lines::of(sources));
        Builder { known, follows: &program.follows, bounds, sources, lines, told, opened: BTreeMap::new() }
    }

    pub fn program(&self) -> &'p Program {
        self.known.program
    }

    pub fn node(&self, kind: Kind, text: impl Into<String>, span: Span) -> Node {
        let file = self.sources.get(span.source).map(|source| source.name.clone()).unwrap_or_default();
        Node { kind, text: text.into(), file, line: self.lines.of_span(span), ..Node::default() }
    }

    pub fn timed(&self, node: Node, time: Time, made: String) -> Node {
        // What takes what is left of a bound around it says nothing of its own.
        let rest = matches!(time.all.open, Some(crate::bounds::Open::Rest));
        let bound = (!time.is_zero() && !rest).then(|| Bound::of(time, made, self.sources));
        Node { bound, time, ..node }
    }

    pub fn phases(&mut self) -> Vec<Node> {
        let (program, bounds) = (self.program(), self.bounds);
        let mut phases: Vec<Node> = program.symptoms.iter().map(|symptom| self.symptom(symptom)).collect();
        if let (Some(phase), Some(bound)) = (&program.diagnose, &bounds.diagnose) {
            phases.push(self.phase(Kind::Diagnose, phase, bound));
        }
        for (phase, bound) in program.resolves.iter().zip(&bounds.resolves) {
            phases.push(self.phase(Kind::Resolve, phase, bound));
        }
        if !program.symptoms.is_empty() {
            let mut cleared = self.node(Kind::Clearing, "", program.symptoms[0].span);
            for symptom in &program.symptoms {
                cleared.children.push(self.clearing(symptom));
            }
            phases.push(self.timed(cleared, bounds.clearing, String::new()));
        }
        if let (Some(phase), Some(bound)) = (&program.rollback, &bounds.rollback) {
            phases.push(self.phase(Kind::Rollback, phase, bound));
        }
        phases
    }

    fn symptom(&mut self, symptom: &'p Symptom) -> Node {
        let mut node = self.node(Kind::Symptom, self.known.text(&symptom.title), symptom.span);
        if let Some(alert) = symptom.alert.as_ref().filter(|_| self.told) {
            node.clauses.push(("alert", alert.clone()));
        }
        node.children = self.block(&symptom.body);
        let mut when = self.node(Kind::When, self.known.source(&symptom.when), symptom.when.span);
        self.called(&mut when, &symptom.when);
        node.children.push(when);
        let time = if self.program().symptoms.len() == 1 { self.bounds.symptoms } else { Time::ZERO };
        self.timed(node, time, String::new())
    }

    fn clearing(&mut self, symptom: &'p Symptom) -> Node {
        let (text, clauses) = match &symptom.cleared {
            Some((expr, polling)) => (self.known.source(expr), words::polling(polling, &self.known)),
            None => {
                let text = format!("not ({})", self.known.source(&symptom.when));
                (text, vec![("within", "1m".to_owned()), ("every", "5s".to_owned())])
            }
        };
        let mut node = self.node(Kind::Verify, text, symptom.span);
        self.called(&mut node, symptom.cleared.as_ref().map_or(&symptom.when, |(expr, _)| expr));
        node.clauses.splice(0..0, clauses);
        Node { effect: Some(Effect::Reads), ..node }
    }

    fn phase(&mut self, kind: Kind, phase: &'p program::Phase, bound: &Phase) -> Node {
        let mut node = self.node(kind, self.known.text(&phase.title), phase.span);
        if let Some(within) = &phase.within {
            node.clauses.push(("within", self.known.expr(within)));
        }
        node.children = self.block(&phase.body);
        self.timed(node, bound.time, words::behind(bound.within, &bound.time))
    }

    /// Returns the ways through the program.
    fn ways(&self, phases: &[Node]) -> Vec<Way> {
        let before = phases.iter().filter(|node| matches!(node.kind, Kind::Symptom | Kind::Diagnose));
        let before: Vec<&Node> = before.collect();
        let after: Vec<&Node> = phases.iter().filter(|node| node.kind == Kind::Clearing).collect();
        let mut chosen: Vec<&Node> = phases.iter().filter(|node| node.kind == Kind::Resolve).collect();
        path::leads(phases, &mut chosen);
        let none = Node::default();
        let bounds = self.bounds.ways();
        let named = chosen.into_iter().chain(std::iter::repeat(&none));
        bounds
            .zip(named)
            .map(|(way, node)| {
                let mut critical = path::critical(&before, self.sources);
                if node.kind == Kind::Follow {
                    let bound = Bound::of(way.time, String::new(), self.sources);
                    critical.push(Leg { text: format!("follow {}", node.text), bound });
                } else {
                    critical.extend(path::critical(&[node], self.sources));
                }
                critical.extend(path::critical(&after, self.sources));
                Way {
                    title: node.text.clone(),
                    forward: Bound::of(self.bounds.forward(&way), String::new(), self.sources),
                    back: Bound::of(self.bounds.backward(&way), String::new(), self.sources),
                    critical,
                    no_return: path::no_return(&node.children),
                }
            })
            .collect()
    }
}
