//! Statements of a plan.
//!
//! Owns which statements a plan shows, and what of them. Names, values that are shown and findings are left out: they
//! touch nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::build::Builder;
use super::known::Known;
use super::{Kind, Made, Node, words};
use crate::bounds::{Part, Time};
use crate::program::{
    self, Choice, Effect, Expr, Failure, Follow, For, Polling, Statement, StatementKind, Step, Template,
    Watch, WatchTarget,
};
use crate::source::Span;

impl<'p> Builder<'p> {
    pub fn block(&mut self, body: &'p [Statement]) -> Vec<Node> {
        body.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: &'p Statement) -> Option<Node> {
        let span = statement.span;
        let part = self.bounds.part(statement.id).cloned().unwrap_or_default();
        let node = match &statement.kind {
            StatementKind::Check { slot, call, until } => {
                let mut node = self.call(Kind::Check, *slot, call, span);
                if let Some((expr, polling)) = until.as_deref() {
                    node.clauses.push(("until", self.known.source(expr)));
                    node.clauses.extend(words::polling(polling, &self.known));
                    self.called(&mut node, expr);
                }
                node
            }
            StatementKind::Run(run) => self.change(run, span),
            StatementKind::Verify { expr, message, polling } => {
                self.verify(expr, message.as_ref(), polling.as_deref(), span)
            }
            StatementKind::Wait { duration, reason } => {
                let reason = reason.as_ref().map(|reason| format!(" \"{}\"", self.known.text(reason)));
                let text = format!("{}{}", self.known.expr(duration), reason.unwrap_or_default());
                self.node(Kind::Wait, text, span)
            }
            StatementKind::Approve(one) => {
                let node = self.node(Kind::Approve, self.known.text(&one.text), span);
                self.asked(node, &one.by, &one.within, &one.on_silence)
            }
            StatementKind::Ask(one) => {
                let node = self.question(one, span);
                self.asked(node, &one.by, &one.within, &one.on_silence)
            }
            StatementKind::Notify { channel, text } => {
                let text = format!("{channel} \"{}\"", self.known.text(text));
                self.node(Kind::Notify, text, span)
            }
            StatementKind::Escalate { role, text } => self.escalation(role, text, span),
            StatementKind::Step(step) => self.step(step, span),
            StatementKind::If { arms, otherwise, .. } => self.branches(arms, otherwise, span)?,
            StatementKind::For(one) => self.looping(one, span),
            StatementKind::Parallel(arms) => {
                let mut node = self.node(Kind::Parallel, "", span);
                node.children = self.block(arms);
                node
            }
            StatementKind::Decide { arms, otherwise, else_at } => {
                self.decide(arms, otherwise, (span, *else_at))
            }
            StatementKind::Follow(follow) => self.follow(follow),
            StatementKind::Watch(watch) => self.watch(watch, span),
            StatementKind::PointOfNoReturn { text, when } => {
                let mut node = self.node(Kind::Point, self.known.text(text), span);
                if let Some(when) = when {
                    node.clauses.push(("when", self.known.source(when)));
                    self.called(&mut node, when);
                }
                node
            }
            _ => return self.quiet(statement),
        };
        Some(self.bounded(node, &part))
    }

    /// Returns a statement that touches nothing, in a plan in which these stand.
    fn quiet(&self, statement: &Statement) -> Option<Node> {
        if !self.told {
            return None;
        }
        let (kind, text) = match &statement.kind {
            StatementKind::Let { expr, .. } => {
                let written = self.sources.text(statement.span);
                let name = written.trim_start_matches("let").split('=').next().unwrap_or_default().trim();
                (Kind::Let, format!("{name} = {}", self.known.expr(expr)))
            }
            StatementKind::Show { expr, .. } => (Kind::Show, self.known.source(expr)),
            StatementKind::Finding { text, .. } => (Kind::Finding, self.known.text(text)),
            StatementKind::Output { name, expr, .. } => {
                (Kind::Output, format!("{name} = {}", self.known.expr(expr)))
            }
            StatementKind::Return(expr) => (Kind::Return, self.known.expr(expr.as_ref()?)),
            _ => return None,
        };
        let mut node = self.node(kind, text, statement.span);
        if let StatementKind::Finding { when: Some(when), .. } = &statement.kind {
            node.clauses.push(("when", self.known.source(when)));
        }
        Some(node)
    }

    fn question(&self, one: &program::Asking, span: Span) -> Node {
        let mut node = self.node(Kind::Ask, self.known.text(&one.text), span);
        if self.told {
            let name = self.sources.text(span).trim_start_matches("ask").split_whitespace().next();
            let domain = match &one.one_of {
                Some(list) => format!("one of {}", self.known.expr(list)),
                None => one.domain.to_string(),
            };
            node.clauses.push(("as", name.unwrap_or_default().to_owned()));
            node.clauses.push(("answer", domain));
        }
        node
    }

    fn verify(
        &mut self,
        expr: &'p Expr,
        message: Option<&Template>,
        polling: Option<&Polling>,
        span: Span,
    ) -> Node {
        let mut node = self.node(Kind::Verify, self.known.source(expr), span);
        node.effect = Some(Effect::Reads);
        if let Some(polling) = polling {
            node.clauses = words::polling(polling, &self.known);
        }
        if let Some(message) = message {
            node.clauses.push(("else", format!("\"{}\"", self.known.text(message))));
        }
        self.called(&mut node, expr);
        node
    }

    fn branches(
        &mut self,
        arms: &'p [(Expr, program::Block)],
        otherwise: &'p program::Block,
        span: Span,
    ) -> Option<Node> {
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
        Some(node)
    }

    fn looping(&mut self, one: &'p For, span: Span) -> Node {
        let mut text = format!("{} in {}", one.name, self.known.expr(&one.list));
        let mut clause = |expr: &Option<Expr>, before: &str, behind: &str| {
            if let Some(expr) = expr {
                text.push_str(&format!(", {before}{}{behind}", self.known.expr(expr)));
            }
        };
        clause(&one.at_most, "at most ", "");
        clause(&one.at_a_time, "", " at a time");
        clause(&one.apart, "", " apart");
        clause(&one.stop_after, "stop after ", " failures");
        text.push_str(if one.all_at_once { ", all at once" } else { "" });
        text.push_str(if one.keep_finished { ", keep finished" } else { "" });
        let mut node = self.node(Kind::For, text, span);
        node.children = self.block(&one.body);
        node
    }

    fn decide(
        &mut self,
        arms: &'p [(Expr, Choice)],
        otherwise: &'p Choice,
        (span, else_at): (Span, Span),
    ) -> Node {
        let mut node = self.node(Kind::Decide, "", span);
        for (when, choice) in arms {
            let mut arm = self.node(Kind::When, self.known.source(when), when.span);
            self.called(&mut arm, when);
            arm.children.extend(self.choice(choice, when.span));
            node.children.push(longest(arm));
        }
        let mut rest = self.node(Kind::Otherwise, "", else_at);
        rest.children = self.choice(otherwise, else_at);
        node.children.push(longest(rest));
        node
    }

    fn bounded(&self, node: Node, part: &Part) -> Node {
        let made = match &part.made {
            None if !part.time.forward.is_zero() && node.kind == Kind::Parallel => {
                "the longest of them".to_owned()
            }
            _ => part.words(),
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

    pub fn asked(
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
            let (follows, sources, told) = (self.follows, self.sources, self.told);
            if told {
                node.clauses.push(("title", known.text(&other.title)));
                let made = Made::of(&known).into_iter();
                node.clauses.extend(made.map(|made| ("let", format!("{} = {}", made.name, made.how))));
            }
            let mut inside =
                Builder { known, follows, bounds, sources, lines, told, opened: BTreeMap::new() };
            node.children = inside.phases();
        }
        node
    }

    fn watch(&mut self, watch: &'p Watch, span: Span) -> Node {
        let mut node = self.node(Kind::Watch, self.known.text(&watch.title), span);
        node.clauses.push(("every", self.known.expr(&watch.every)));
        for one in &watch.arms {
            let mut text = self.known.source(&one.when);
            if let Some(times) = &one.times {
                text = format!("{text}, {} times in a row", self.known.expr(times));
            }
            let kind = if one.good { Kind::Good } else { Kind::Bad };
            let mut arm = self.node(kind, text, one.when.span);
            self.called(&mut arm, &one.when);
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
                let text = text.as_ref().map(|text| format!("\"{}\"", self.known.text(text)));
                clauses.push(("fail", text.unwrap_or_default()));
                Vec::new()
            }
            WatchTarget::Block(body) => self.block(body),
        }
    }
}

/// Returns a branch that takes what its statements take.
fn longest(node: Node) -> Node {
    let time = node.children.iter().fold(Time::ZERO, |time, child| time.plus(child.time));
    Node { time, ..node }
}
