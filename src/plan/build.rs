//! From a program to its plan.
//!
//! Owns which statements a plan shows, and what of them. Names, values that are shown and findings are left out: they
//! touch nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::known::Known;
use super::{Bound, FORMAT, Kind, Leg, NoReturn, Node, Param, Plan, Way, path, words};
use crate::bounds::{Bounds, Given, Made, Part, Phase, Time};
use crate::program::{
    self, Call, Choice, Effect, Ending, Expr, Failure, Follow, Run, Statement, StatementKind, Step, Target,
    Watch, WatchTarget,
};
use crate::program::{GlobalSource, Program, Symptom, Template};
use crate::source::{Sources, Span};

/// Returns the plan of a program.
pub(super) fn plan(program: &Program, file: &str, given: &Given, bounds: &Bounds) -> Plan {
    let mut builder = Builder::new(program, given, bounds);
    let phases = builder.phases();
    let known = &builder.known;
    let params = program.globals.iter().enumerate().filter_map(|(at, global)| match &global.source {
        GlobalSource::Param(param) => Some(Param {
            name: global.slot.name.clone(),
            ty: param.domain.to_string(),
            value: known.global(at).map(|value| value.brief(200)),
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
        worst: Bound::of(bounds.worst(), String::new(), &program.sources),
        ways: builder.ways(&phases),
        phases,
    }
}

/// Where the lines of each file begin: looking each place up from the beginning would be quadratic.
struct Lines(Vec<Vec<u32>>);

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

struct Builder<'p> {
    known: Known<'p>,
    follows: &'p [Program],
    bounds: &'p Bounds,
    sources: &'p Sources,
    lines: Rc<Lines>,
    /// Actions whose body was shown, and where it has no way back any more.
    opened: BTreeMap<u32, Option<NoReturn>>,
}

impl<'p> Builder<'p> {
    fn new(program: &'p Program, given: &Given, bounds: &'p Bounds) -> Self {
        let (known, sources) = (Known::of(program, Some(given)), &program.sources);
        let lines = Rc::new(Lines::of(sources));
        Builder { known, follows: &program.follows, bounds, sources, lines, opened: BTreeMap::new() }
    }

    fn program(&self) -> &'p Program {
        self.known.program
    }

    fn node(&self, kind: Kind, text: impl Into<String>, span: Span) -> Node {
        let file = self.sources.get(span.source).map(|source| source.name.clone()).unwrap_or_default();
        Node { kind, text: text.into(), file, line: self.lines.of_span(span), ..Node::default() }
    }

    fn timed(&self, node: Node, time: Time, made: String) -> Node {
        // What takes what is left of a bound around it says nothing of its own.
        let rest = matches!(time.all.open, Some(crate::bounds::Open::Rest));
        let bound = (!time.is_zero() && !rest).then(|| Bound::of(time, made, self.sources));
        Node { bound, time, ..node }
    }

    fn phases(&mut self) -> Vec<Node> {
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
        node.children = self.block(&symptom.body);
        let mut when = self.node(Kind::When, self.known.source(&symptom.when), symptom.when.span);
        when.children = self.calls(&symptom.when);
        node.children.push(when);
        let time = if self.program().symptoms.len() == 1 { self.bounds.symptoms } else { Time::ZERO };
        self.timed(node, time, String::new())
    }

    fn clearing(&self, symptom: &'p Symptom) -> Node {
        let (text, clauses) = match &symptom.cleared {
            Some((expr, polling)) => (self.known.source(expr), words::polling(polling, &self.known)),
            None => {
                let text = format!("not ({})", self.known.source(&symptom.when));
                (text, vec![("within", "1m".to_owned()), ("every", "5s".to_owned())])
            }
        };
        let node = self.node(Kind::Verify, text, symptom.span);
        Node { clauses, effect: Some(Effect::Reads), ..node }
    }

    fn phase(&mut self, kind: Kind, phase: &'p program::Phase, bound: &Phase) -> Node {
        let mut node = self.node(kind, self.known.text(&phase.title), phase.span);
        if let Some(within) = &phase.within {
            node.clauses.push(("within", self.known.expr(within)));
        }
        node.children = self.block(&phase.body);
        self.timed(node, bound.time, words::cut(bound.within, &bound.uncut))
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

    fn block(&mut self, body: &'p [Statement]) -> Vec<Node> {
        body.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: &'p Statement) -> Option<Node> {
        let span = statement.span;
        let part = self.bounds.part(statement.id).copied().unwrap_or_default();
        let node = match &statement.kind {
            StatementKind::Check { slot, call, until } => {
                let mut node = self.call(Kind::Check, *slot, call, span);
                if let Some((expr, polling)) = until.as_deref() {
                    node.clauses.push(("until", self.known.source(expr)));
                    node.clauses.extend(words::polling(polling, &self.known));
                    let calls = self.calls(expr);
                    node.children.extend(calls);
                }
                node
            }
            StatementKind::Run(run) => self.change(run, span),
            StatementKind::Verify { expr, message, polling } => {
                let mut node = self.node(Kind::Verify, self.known.source(expr), span);
                node.effect = Some(Effect::Reads);
                if let Some(polling) = polling {
                    node.clauses = words::polling(polling, &self.known);
                }
                if let Some(message) = message {
                    node.clauses.push(("else", self.known.text(message)));
                }
                node.children = self.calls(expr);
                node
            }
            StatementKind::Wait { duration, reason } => {
                let mut node = self.node(Kind::Wait, self.known.expr(duration), span);
                node.clauses.extend(reason.as_ref().map(|reason| ("for", self.known.text(reason))));
                node
            }
            StatementKind::Approve(one) => {
                let node = self.node(Kind::Approve, self.known.text(&one.text), span);
                self.asked(node, &one.by, &one.within, &one.on_silence)
            }
            StatementKind::Ask(one) => {
                let node = self.node(Kind::Ask, self.known.text(&one.text), span);
                self.asked(node, &one.by, &one.within, &one.on_silence)
            }
            StatementKind::Notify { channel, text } => {
                let text = format!("{channel} \"{}\"", self.known.text(text));
                self.node(Kind::Notify, text, span)
            }
            StatementKind::Escalate { role, text } => self.escalation(role, text, span),
            StatementKind::Step(step) => self.step(step, span),
            StatementKind::If { arms, otherwise, .. } => {
                let mut node = self.node(Kind::If, "", span);
                for (when, body) in arms {
                    let mut arm = self.node(Kind::When, self.known.expr(when), when.span);
                    arm.children = self.block(body);
                    node.children.push(longest(arm));
                }
                let mut rest = self.node(Kind::Otherwise, "", span);
                rest.children = self.block(otherwise);
                if !rest.children.is_empty() {
                    node.children.push(longest(rest));
                }
                if node.children.iter().all(|arm| arm.children.is_empty()) {
                    return None;
                }
                node
            }
            StatementKind::For(one) => {
                let text = format!("{} in {}", one.name, self.known.expr(&one.list));
                let mut node = self.node(Kind::For, text, span);
                let mut clause = |word, expr: &Option<Expr>| {
                    if let Some(expr) = expr {
                        node.clauses.push((word, self.known.expr(expr)));
                    }
                };
                clause("at most", &one.at_most);
                clause("at a time", &one.at_a_time);
                clause("apart", &one.apart);
                clause("failures that stop it", &one.stop_after);
                if one.all_at_once {
                    node.clauses.push(("all at once", String::new()));
                }
                if one.keep_finished {
                    node.clauses.push(("keep finished", String::new()));
                }
                node.children = self.block(&one.body);
                node
            }
            StatementKind::Parallel(arms) => {
                let mut node = self.node(Kind::Parallel, "", span);
                node.children = self.block(arms);
                node
            }
            StatementKind::Decide { arms, otherwise, else_at } => {
                let mut node = self.node(Kind::Decide, "", span);
                for (when, choice) in arms {
                    let mut arm = self.node(Kind::When, self.known.source(when), when.span);
                    arm.children = self.calls(when);
                    arm.children.extend(self.choice(choice, when.span));
                    node.children.push(longest(arm));
                }
                let mut rest = self.node(Kind::Otherwise, "", *else_at);
                rest.children = self.choice(otherwise, *else_at);
                node.children.push(longest(rest));
                node
            }
            StatementKind::Follow(follow) => self.follow(follow),
            StatementKind::Watch(watch) => self.watch(watch, span),
            StatementKind::PointOfNoReturn { text, when } => {
                let mut node = self.node(Kind::Point, self.known.text(text), span);
                node.clauses.extend(when.as_ref().map(|when| ("when", self.known.source(when))));
                node
            }
            StatementKind::Let { .. }
            | StatementKind::Show { .. }
            | StatementKind::Finding { .. }
            | StatementKind::Output { .. }
            | StatementKind::Return(_) => return None,
        };
        Some(self.bounded(node, &part))
    }

    fn bounded(&self, node: Node, part: &Part) -> Node {
        let made = match part.made {
            Made::Sum if !part.time.forward.is_zero() && node.kind == Kind::Parallel => {
                "the longest of them".to_owned()
            }
            made => made.to_string(),
        };
        let mut node = self.timed(node, part.time, made);
        for child in &mut node.children {
            let time = match child.kind {
                Kind::Undo => part.back,
                Kind::Finally => part.ends,
                _ => continue,
            };
            *child = self.timed(std::mem::take(child), time, String::new());
        }
        node
    }

    fn escalation(&self, role: &str, text: &Template, span: Span) -> Node {
        self.node(Kind::Escalate, format!("{role} \"{}\"", self.known.text(text)), span)
    }

    fn asked(
        &self,
        mut node: Node,
        by: &program::Approvers,
        within: &Expr,
        silence: &program::Silence,
    ) -> Node {
        node.clauses.push(("by", words::approvers(by)));
        node.clauses.push(("within", self.known.expr(within)));
        node.clauses.push(("on silence", words::silence(silence, &self.known)));
        node
    }

    fn step(&mut self, step: &'p Step, span: Span) -> Node {
        let mut node = self.node(Kind::Step, self.known.text(&step.title), span);
        let mut clause = |word, expr: &Option<Expr>| {
            if let Some(expr) = expr {
                node.clauses.push((word, self.known.expr(expr)));
            }
        };
        clause("timeout", &step.timeout);
        clause("within", &step.within);
        clause("retry", &step.retry);
        if let Some((shortest, longest)) = &step.every {
            let (shortest, longest) = (self.known.expr(shortest), self.known.expr(longest));
            let both = if shortest == longest { shortest } else { format!("{shortest}..{longest}") };
            node.clauses.push(("every", both));
        }
        match step.on_failure {
            Failure::Stop => {}
            Failure::Continue => node.clauses.push(("on failure", "continue".to_owned())),
            Failure::Ask => node.clauses.push(("on failure", "ask".to_owned())),
        }
        node.children = self.block(&step.body);
        node
    }

    fn choice(&mut self, choice: &'p Choice, span: Span) -> Vec<Node> {
        match choice {
            Choice::Resolve(index) => {
                let resolve = &self.program().resolves[*index as usize];
                vec![self.node(Kind::Goto, self.known.text(&resolve.title), span)]
            }
            Choice::Escalate { role, text } => vec![self.escalation(role, text, span)],
            Choice::Follow(follow) => vec![self.follow(follow)],
            Choice::Block(body) => self.block(body),
        }
    }

    fn follow(&mut self, follow: &'p Follow) -> Node {
        let mut node = self.node(Kind::Follow, format!("\"{}\"", follow.file), follow.span);
        for (name, expr) in &follow.args {
            node.clauses.push(("with", format!("{name}: {}", self.known.expr(expr))));
        }
        if let (Some(other), Some(bounds)) =
            (self.follows.get(follow.book as usize), self.bounds.books.get(&follow.book))
        {
            let (known, lines) = (Known::of(other, None), Rc::clone(&self.lines));
            let (follows, sources) = (self.follows, self.sources);
            let mut inside = Builder { known, follows, bounds, sources, lines, opened: BTreeMap::new() };
            node.children = inside.phases();
        }
        node
    }

    fn watch(&mut self, watch: &'p Watch, span: Span) -> Node {
        let mut node = self.node(Kind::Watch, self.known.text(&watch.title), span);
        node.clauses.push(("every", self.known.expr(&watch.every)));
        for one in &watch.arms {
            let mut text =
                format!("{} when {}", if one.good { "good" } else { "bad" }, self.known.source(&one.when));
            if let Some(times) = &one.times {
                text = format!("{text}, {} times in a row", self.known.expr(times));
            }
            let mut arm = self.node(Kind::When, text, one.when.span);
            arm.children = self.calls(&one.when);
            if let Some(target) = &one.target {
                arm.children.extend(self.target(target, &mut arm.clauses));
            }
            node.children.push(arm);
        }
        let mut rest = self.node(Kind::Otherwise, "", watch.else_at);
        rest.children = self.target(&watch.otherwise, &mut rest.clauses);
        node.children.push(rest);
        node
    }

    fn target(&mut self, target: &'p WatchTarget, clauses: &mut Vec<(&'static str, String)>) -> Vec<Node> {
        match target {
            WatchTarget::Fail(text) => {
                clauses.push(("fail", text.as_ref().map(|text| self.known.text(text)).unwrap_or_default()));
                Vec::new()
            }
            WatchTarget::Block(body) => self.block(body),
        }
    }

    /// Returns the calls of an expression whose bodies have not been shown yet.
    fn calls(&mut self, expr: &'p Expr) -> Vec<Node> {
        let calls = crate::expression::calls(expr);
        calls.into_iter().filter_map(|(_, call)| self.body(call)).collect()
    }

    fn call(&mut self, kind: Kind, slot: Option<u32>, call: &'p Call, span: Span) -> Node {
        let typed = self.known.call(call);
        let text = match (slot, kind) {
            (Some(_), Kind::Check | Kind::Run) => {
                let source = self.sources.text(span);
                let name =
                    source.trim_start_matches(kind.word()).split('=').next().unwrap_or_default().trim();
                format!("{name} = {typed}")
            }
            _ => typed,
        };
        let mut node = self.node(kind, text, span);
        node.effect = Some(call.effect);
        for (name, expr) in &call.env {
            node.clauses.push(("with env", format!("{name}: {}", self.known.expr(expr))));
        }
        let clauses = [
            ("with dir", &call.dir),
            ("with user", &call.user),
            ("with stdin", &call.stdin),
            ("timeout", &call.timeout),
        ];
        for (word, expr) in clauses {
            if let Some(expr) = expr {
                node.clauses.push((word, self.known.expr(expr)));
            }
        }
        node.children.extend(self.body(call));
        if let Target::Action { action, .. } = &call.target {
            node.inside = self.opened.get(&action.0).cloned().flatten();
        }
        node
    }

    /// Returns the body of an action that was not shown yet.
    fn body(&mut self, call: &'p Call) -> Option<Node> {
        let Target::Action { action: id, .. } = &call.target else { return None };
        if self.opened.contains_key(&id.0) {
            return None;
        }
        self.opened.insert(id.0, None);
        let action = self.program().action(*id);
        let children = self.block(&action.body);
        self.opened.insert(id.0, path::no_return(&children).into_iter().next());
        let node = self.node(Kind::Action, action.name.as_str(), action.span);
        (!children.is_empty()).then_some(Node { children, ..node })
    }

    fn change(&mut self, run: &'p Run, span: Span) -> Node {
        let kind = if matches!(run.call.target, Target::Manual(_)) { Kind::Manual } else { Kind::Run };
        let mut node = self.call(kind, run.slot, &run.call, span);
        if let Target::Manual(manual) = &run.call.target {
            node = self.asked(node, &manual.by, &manual.within, &manual.on_silence);
            if let Some((until, every)) = &manual.until {
                node.clauses.push(("until", self.known.source(until)));
                node.clauses.push(("every", self.known.expr(every)));
            }
        }
        if let Some(done_when) = &run.done_when {
            node.clauses.push(("done when", self.known.source(done_when)));
            let calls = self.calls(done_when);
            node.children.extend(calls);
        }
        let ending = match &run.ending {
            Ending::Own => None,
            Ending::Undo(undo) => {
                let one = match undo.body.as_slice() {
                    [Statement { kind: StatementKind::Run(one), .. }] => Some(one),
                    _ => None,
                };
                let text = one.map_or_else(String::new, |one| self.known.call(&one.call));
                let mut back = self.node(Kind::Undo, text, undo.span);
                if undo.safe {
                    back.clauses.push(("safe", String::new()));
                }
                back.children = match one {
                    Some(one) => self.body(&one.call).into_iter().collect(),
                    None => self.block(&undo.body),
                };
                Some(back)
            }
            Ending::Leave(why) => Some(self.node(Kind::Leave, self.known.text(why), why.span)),
            Ending::Irreversible(why) => Some(self.node(Kind::Irreversible, self.known.text(why), why.span)),
        };
        node.children.extend(ending);
        if let Some(call) = &run.finally {
            let finally = self.call(Kind::Finally, None, call, call.span);
            node.children.push(finally);
        }
        node
    }
}

/// Returns a branch that takes what its statements take.
fn longest(node: Node) -> Node {
    let time = node.children.iter().fold(Time::ZERO, |time, child| time.plus(child.time));
    Node { time, ..node }
}
