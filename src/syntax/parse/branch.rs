//! Statements that choose or repeat: `if`, `for`, `decide`, `watch`.
//!
//! Owns conditions with their blocks and arms. Never decides whether arms are complete.

use super::clause::Host;
use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Batch, Branch, DecideArm, For, If, StatementKind, Target, Template, Verdict, Watch, WatchArm,
};

impl<'i> Reader<'i> {
    pub fn if_statement(&mut self, pair: Pair<'i>) -> StatementKind {
        let mut branches = Vec::new();
        let mut otherwise = None;
        let mut condition = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = Some(self.expression(part)),
                Rule::block => {
                    let body = self.block(part);
                    branches.extend(condition.take().map(|condition| Branch { condition, body }));
                }
                Rule::else_if => branches.extend(self.else_if(part)),
                Rule::else_block => {
                    let block = part.into_inner().find(|p| p.as_rule() == Rule::block);
                    otherwise = block.map(|block| self.block(block));
                }
                _ => self.foreign_if(&part),
            }
        }
        StatementKind::If(If { branches, otherwise })
    }

    fn else_if(&mut self, pair: Pair<'i>) -> Option<Branch> {
        let mut condition = None;
        let mut body = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = Some(self.expression(part)),
                Rule::block => body = Some(self.block(part)),
                _ => self.foreign_if(&part),
            }
        }
        Some(Branch { condition: condition?, body: body? })
    }

    /// Explains the words other languages have around a condition.
    fn foreign_if(&mut self, pair: &Pair<'_>) {
        let span = self.span(pair);
        let word = pair.as_str();
        let help = match pair.as_rule() {
            Rule::mistake_unless => "write `if not (…) { … }`",
            Rule::mistake_elif => "write `else if`",
            Rule::mistake_then => "leave it out: the block follows the condition",
            _ => return,
        };
        let message = format!("`{word}` is not a word of this language");
        self.report(Diagnostic::error("foreign-word", message).at(span, "").help(help));
    }

    pub fn for_statement(&mut self, pair: Pair<'i>) -> StatementKind {
        let span = self.span(&pair);
        let mut name = None;
        let mut list = None;
        let mut rest = Vec::new();
        let mut body = Spanned::new(Vec::new(), span);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::expression => list = Some(self.expression(part)),
                Rule::block => body = self.block(part),
                _ => rest.push(part),
            }
        }
        let (Some(name), Some(list)) = (name, list) else {
            return StatementKind::Invalid(Some(body));
        };
        let mut it = For {
            name,
            list,
            at_most: None,
            batch: None,
            apart: None,
            stop_after: None,
            keep_finished: false,
            body,
        };
        let mut seen: Vec<(&'static str, Span)> = Vec::new();
        for part in rest {
            self.for_clause(part, &mut it, &mut seen);
        }
        StatementKind::For(Box::new(it))
    }

    fn for_clause(&mut self, pair: Pair<'i>, it: &mut For, seen: &mut Vec<(&'static str, Span)>) {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let word = match rule {
            Rule::at_most => "at most",
            Rule::all_at_once | Rule::at_a_time => "at a time",
            Rule::apart => "apart",
            Rule::stop_after => "stop after",
            Rule::keep_finished => "keep finished",
            _ => return,
        };
        if let Some((_, first)) = seen.iter().find(|(seen, _)| *seen == word) {
            self.given_twice(word, span, *first);
            return;
        }
        seen.push((word, span));
        let value = self.value(pair);
        match rule {
            Rule::at_most => it.at_most = value,
            Rule::all_at_once => it.batch = Some(Spanned::new(Batch::AllAtOnce, span)),
            Rule::at_a_time => it.batch = value.map(|value| Spanned::new(Batch::AtATime(value), span)),
            Rule::apart => it.apart = value,
            Rule::stop_after => it.stop_after = value,
            _ => it.keep_finished = true,
        }
    }

    pub fn decide(&mut self, pair: Pair<'i>) -> StatementKind {
        let mut arms = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::decide_arm => {
                    arms.extend(self.decide_arm(part));
                    arms.extend(self.lines_behind());
                }
                Rule::unclosed => self.unclosed(&part, "decide"),
                Rule::too_deep => self.too_deep(self.place(part.as_span().start(), part.as_span().start())),
                Rule::invalid => arms.push(self.not_an_arm(part, "decide")),
                _ => {}
            }
        }
        StatementKind::Decide(arms)
    }

    pub fn decide_arm(&mut self, pair: Pair<'i>) -> Option<Spanned<DecideArm>> {
        let span = self.span(&pair);
        let mut condition = None;
        let mut target = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = Some(self.expression(part)),
                Rule::target => target = self.target(part),
                _ => {}
            }
        }
        Some(Spanned::new(DecideArm { condition, target: target? }, span))
    }

    fn target(&mut self, pair: Pair<'i>) -> Option<Spanned<Target>> {
        let span = self.span(&pair);
        let part = pair.into_inner().next()?;
        if let Some(nothing) = self.not_a_target(&part) {
            return Some(nothing);
        }
        let target = match part.as_rule() {
            Rule::target_resolve => Target::Resolve(self.first_text(part)?),
            Rule::target_fail => Target::Fail(self.first_text(part)),
            Rule::block => Target::Block(self.block(part)),
            _ => Target::Statement(Box::new(self.statement(part))),
        };
        Some(Spanned::new(target, span))
    }

    pub fn watch(&mut self, pair: Pair<'i>, span: Span) -> StatementKind {
        let mut title = Spanned::new(Template::default(), span);
        let mut arms = Vec::new();
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::text => title = self.text(part),
                Rule::watch_arm => arms.extend(self.watch_arm(part)),
                Rule::unclosed => self.unclosed(&part, "watch"),
                Rule::too_deep => self.too_deep(self.place(part.as_span().start(), part.as_span().start())),
                Rule::invalid => drop(self.not_an_arm(part, "watch")),
                _ => rest.push(part),
            }
        }
        let clauses = self.clauses(rest, Host { word: "watch", takes: &["every"] }, None);
        StatementKind::Watch(Box::new(Watch { title, every: clauses.poll.every, arms }))
    }

    pub fn watch_arm(&mut self, pair: Pair<'i>) -> Option<Spanned<WatchArm>> {
        let span = self.span(&pair);
        let mut verdict = None;
        let mut arm = (None, None, None);
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::w_good => verdict = Some(Spanned::new(Verdict::Good, place)),
                Rule::w_bad => verdict = Some(Spanned::new(Verdict::Bad, place)),
                Rule::w_otherwise => verdict = Some(Spanned::new(Verdict::Otherwise, place)),
                Rule::expression => arm.0 = Some(self.expression(part)),
                Rule::times => arm.1 = part.into_inner().next().map(|value| self.expression(value)),
                Rule::target => arm.2 = self.target(part),
                _ => {}
            }
        }
        let (condition, times, target) = arm;
        Some(Spanned::new(WatchArm { verdict: verdict?, condition, times, target }, span))
    }
}
