//! Statements, one method each.
//!
//! Owns putting a statement together from its parts. Never decides where a statement may stand.

use super::clause::{Clauses, Host};
use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Block, Check, Expr, Expression, Follow, Name, On, Run, Statement, StatementKind, Step, Template, Text,
    Verify,
};

impl<'i> Reader<'i> {
    /// Reads one statement, or what stands where one should.
    pub fn statement(&mut self, pair: Pair<'i>) -> Statement {
        let span = self.span(&pair);
        let word = self.word_span(&pair);
        let trailing = pair.clone().into_inner().find(|part| part.as_rule() == Rule::trailing);
        self.told.loose_arms &= pair.as_rule() == Rule::invalid;
        self.told.condition &= matches!(pair.as_rule(), Rule::invalid | Rule::mistake_clause);
        let outer = self.cut_at(trailing.as_ref());
        let kind = self.kind_of_statement(pair, span);
        self.cut = outer;
        if let Some(trailing) = trailing {
            self.trailing(trailing, self.slice(word));
        }
        Statement { kind, span, word }
    }

    fn kind_of_statement(&mut self, pair: Pair<'i>, span: Span) -> StatementKind {
        match pair.as_rule() {
            Rule::check => self.check(pair),
            Rule::run => self.run(pair),
            Rule::verify => self.verify(pair),
            Rule::step => self.step(pair),
            Rule::let_statement => self.binding(pair, |name, value| StatementKind::Let { name, value }),
            Rule::output => self.binding(pair, |name, value| StatementKind::Output { name, value }),
            Rule::show => self.value(pair).map_or(StatementKind::Invalid(None), StatementKind::Show),
            Rule::finding => {
                let (text, when) = self.text_and_value(pair, span);
                StatementKind::Finding { text, when }
            }
            Rule::point_of_no_return => {
                let (text, when) = self.text_and_value(pair, span);
                StatementKind::PointOfNoReturn { text, when }
            }
            Rule::wait => self.wait(pair),
            Rule::approve => self.approve(pair),
            Rule::ask => self.ask(pair),
            Rule::manual => self.manual(pair),
            Rule::notify => self.notify(pair),
            Rule::escalate => {
                self.escalation(pair).map_or(StatementKind::Invalid(None), StatementKind::Escalate)
            }
            Rule::follow => self.follow(pair, span),
            Rule::if_statement => self.if_statement(pair),
            Rule::for_statement => self.for_statement(pair),
            Rule::parallel => StatementKind::Parallel(self.first_block(pair, span)),
            Rule::on_host => self.on_host(pair, span),
            Rule::decide => self.decide(pair),
            Rule::watch => self.watch(pair, span),
            Rule::return_statement => StatementKind::Return(self.value(pair)),
            Rule::mistake_clause => {
                self.orphan_clause(&pair, span);
                self.told.condition &= pair.as_str().starts_with("else");
                StatementKind::Invalid(None)
            }
            _ => self.invalid(pair),
        }
    }

    fn check(&mut self, pair: Pair<'i>) -> StatementKind {
        let parts = self.parts(pair);
        let (Some(name), Some(call)) = (parts.name, parts.call) else {
            return StatementKind::Invalid(None);
        };
        let mut call = self.call(call, "check");
        let host = Host { word: "check", takes: &["until"] };
        let clauses = self.clauses(parts.rest, host, Some(&mut call));
        if let Some(until) = &clauses.until {
            self.missing_within(&until.node.poll, "until", until.span);
        }
        StatementKind::Check(Box::new(Check { name, call, until: clauses.until }))
    }

    fn run(&mut self, pair: Pair<'i>) -> StatementKind {
        let parts = self.parts(pair);
        let Some(call) = parts.call else {
            return StatementKind::Invalid(None);
        };
        let mut call = self.call(call, "run");
        let takes = &["done when", "undo", "leave", "irreversible", "finally"];
        let mut clauses = self.clauses(parts.rest, Host { word: "run", takes }, Some(&mut call));
        if self.ending_in_command(&call) {
            clauses.leave.get_or_insert(Spanned::new(Template::default(), call.span));
        }
        let Clauses { done_when, undo, leave, irreversible, finally, .. } = clauses;
        let run = Run { name: parts.name, call, done_when, undo, leave, irreversible, finally };
        StatementKind::Run(Box::new(run))
    }

    fn verify(&mut self, pair: Pair<'i>) -> StatementKind {
        let mut condition = None;
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = Some(self.expression(part)),
                _ => rest.push(part),
            }
        }
        let Some(condition) = condition else {
            return StatementKind::Invalid(None);
        };
        let host = Host { word: "verify", takes: &["within", "every", "for", "else"] };
        let clauses = self.clauses(rest, host, None);
        let poll = clauses.poll;
        if let Some(every) = poll.every.as_ref().filter(|_| poll.hold.is_none()) {
            self.missing_within(&poll, "verify … every", every.span);
        }
        StatementKind::Verify(Box::new(Verify { condition, poll, message: clauses.message }))
    }

    fn step(&mut self, pair: Pair<'i>) -> StatementKind {
        let span = self.span(&pair);
        let headed = self.headed(
            pair,
            span,
            Host { word: "step", takes: &["timeout", "within", "retry", "on failure"] },
        );
        let Clauses { timeout, within, retry, on_failure, .. } = headed.clauses;
        let (timeout, within) = (timeout.map(|it| it.node), within.map(|it| it.node));
        StatementKind::Step(Box::new(Step {
            title: headed.title,
            timeout,
            within,
            retry,
            on_failure,
            body: headed.body,
        }))
    }

    fn binding(&mut self, pair: Pair<'i>, make: fn(Name, Expr) -> StatementKind) -> StatementKind {
        let mut name = None;
        let mut value = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::expression => value = Some(self.expression(part)),
                _ => {}
            }
        }
        match (name, value) {
            (Some(name), Some(value)) => make(name, value),
            _ => StatementKind::Invalid(None),
        }
    }

    /// Reads a text and an expression that may follow it.
    fn text_and_value(&mut self, pair: Pair<'i>, span: Span) -> (Text, Option<Expr>) {
        let (text, rest) = self.text_and_rest(pair, Spanned::new(Template::default(), span));
        let value = rest.into_iter().find(|part| part.as_rule() == Rule::expression);
        (text, value.map(|value| self.expression(value)))
    }

    fn wait(&mut self, pair: Pair<'i>) -> StatementKind {
        let mut duration = None;
        let mut why = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => duration = Some(self.expression(part)),
                Rule::text => why = Some(self.text(part)),
                _ => {}
            }
        }
        duration.map_or(StatementKind::Invalid(None), |duration| StatementKind::Wait { duration, why })
    }

    fn notify(&mut self, pair: Pair<'i>) -> StatementKind {
        let mut channel = None;
        let mut message = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::role => channel = Some(self.name(&part)),
                Rule::text => message = Some(self.text(part)),
                _ => {}
            }
        }
        match (channel, message) {
            (Some(channel), Some(message)) => StatementKind::Notify { channel, message },
            _ => StatementKind::Invalid(None),
        }
    }

    fn follow(&mut self, pair: Pair<'i>, span: Span) -> StatementKind {
        let (file, rest) = self.text_and_rest(pair, Spanned::new(Template::default(), span));
        let with = rest.into_iter().find(|part| part.as_rule() == Rule::record);
        let with = with.map(|record| self.entries(record)).unwrap_or_default();
        StatementKind::Follow(Follow { file, with })
    }

    fn on_host(&mut self, pair: Pair<'i>, span: Span) -> StatementKind {
        let mut values = Vec::new();
        let mut body = Spanned::new(Vec::new(), span);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => values.push(self.expression(part)),
                Rule::block => body = self.block(part),
                _ => {}
            }
        }
        let mut values = values.into_iter();
        let Some(host) = values.next() else {
            return StatementKind::Invalid(Some(body));
        };
        StatementKind::On(Box::new(On { host, user: values.next(), body }))
    }

    fn parts(&mut self, pair: Pair<'i>) -> Parts<'i> {
        let mut parts = Parts { name: None, call: None, rest: Vec::new() };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => parts.name = Some(self.name(&part)),
                Rule::call => parts.call = Some(part),
                _ => parts.rest.push(part),
            }
        }
        parts
    }

    fn first_block(&mut self, pair: Pair<'i>, span: Span) -> Block {
        let block = pair.into_inner().find(|part| part.as_rule() == Rule::block);
        block.map_or_else(|| Spanned::new(Vec::new(), span), |block| self.block(block))
    }

    /// Returns an expression that stands for one that could not be read.
    pub fn no_expression(&self, span: Span) -> Expr {
        Spanned::new(Expression::Invalid, span)
    }
}

/// What `check` and `run` are made of.
struct Parts<'i> {
    name: Option<Name>,
    call: Option<Pair<'i>>,
    rest: Vec<Pair<'i>>,
}
