//! Clauses: what stands behind or below a statement and belongs to it.
//!
//! Owns gathering them for one statement: each at most once, each only where it means something. Never
//! demands one, save a `within` for whatever asks again and again.

use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Audience, Call, Expr, OnFailure, Poll, Retry, SafeMark, Text, Undo, Until};

/// The clauses of one statement.
#[derive(Default)]
pub(super) struct Clauses {
    pub audience: Audience,
    pub poll: Poll,
    pub until: Option<Spanned<Until>>,
    pub done_when: Option<Spanned<Expr>>,
    pub undo: Option<Box<Spanned<Undo>>>,
    pub leave: Option<Text>,
    pub irreversible: Option<Text>,
    pub finally: Option<Box<Spanned<Call>>>,
    pub timeout: Option<Spanned<Expr>>,
    pub within: Option<Spanned<Expr>>,
    pub retry: Option<Spanned<Retry>>,
    pub on_failure: Option<Spanned<OnFailure>>,
    pub message: Option<Text>,
}

/// A statement that takes clauses, for messages.
#[derive(Clone, Copy)]
pub(super) struct Host {
    pub word: &'static str,
    /// The clauses' words.
    pub takes: &'static [&'static str],
}

/// Returns the word of a clause, and where it belongs.
pub(super) fn clause_word(rule: Rule) -> Option<(&'static str, &'static str)> {
    Some(match rule {
        Rule::until => ("until", "belongs to `check` and `manual`"),
        Rule::within => (
            "within",
            "belongs to what waits: a polled `verify`, `until`, `cleared when`, `approve`, a `step`",
        ),
        Rule::every => (
            "every",
            "belongs to what asks again and again: `verify`, `until`, `cleared when`, `watch`, `retry`",
        ),
        Rule::hold => ("for", "belongs to `verify` and `cleared when`"),
        Rule::done_when => ("done when", "belongs to `run`"),
        Rule::undo => ("undo", "belongs to `run` and `manual`"),
        Rule::leave => ("leave", "belongs to `run` and `manual`"),
        Rule::irreversible => ("irreversible", "belongs to `run` and `manual`"),
        Rule::finally => ("finally", "belongs to `run`"),
        Rule::by => ("by", "belongs to `approve`, `ask` and `manual`"),
        Rule::on_silence | Rule::mistake_else_silence => {
            ("on silence", "belongs to `approve`, `ask` and `manual`")
        }
        Rule::on_failure => ("on failure", "belongs to `step`"),
        Rule::retry => ("retry", "belongs to `step`"),
        Rule::else_message => ("else", "belongs to `verify`"),
        Rule::timeout => ("timeout", "belongs to a call or a `step`"),
        Rule::with_env => ("with env", "belongs to a call"),
        Rule::with_dir => ("with dir", "belongs to a call"),
        Rule::with_user => ("with user", "belongs to a call"),
        Rule::with_stdin => ("with stdin", "belongs to a call"),
        Rule::allow_exit => ("allow exit", "belongs to a call"),
        _ => return None,
    })
}

/// Returns whether the clause qualifies a call.
fn qualifies(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::timeout
            | Rule::with_env
            | Rule::with_dir
            | Rule::with_user
            | Rule::with_stdin
            | Rule::allow_exit
    )
}

impl<'i> Reader<'i> {
    /// Reads the clauses of a statement; qualifiers go to `call` when there is one.
    pub fn clauses(
        &mut self,
        pairs: Vec<Pair<'i>>,
        host: Host,
        mut call: Option<&mut Spanned<Call>>,
    ) -> Clauses {
        let mut clauses = Clauses::default();
        let mut seen: Vec<(&'static str, Span)> = Vec::new();
        for pair in pairs {
            if pair.as_rule() == Rule::mistake_clause {
                self.clause_that_does_not_fit(pair, host, &mut clauses);
                continue;
            }
            if let Some(call) = call.as_deref_mut().filter(|_| qualifies(pair.as_rule())) {
                self.late_qualifier(pair, call);
                continue;
            }
            let Some((word, belongs)) = clause_word(pair.as_rule()) else {
                continue;
            };
            let span = self.span(&pair);
            if word == "timeout" && host.takes.contains(&"within") && host.takes.contains(&"by") {
                self.timeout_of_a_question(pair, span, host, &mut clauses);
                continue;
            }
            if !host.takes.contains(&word) {
                self.misplaced_clause(word, belongs, span, host);
                continue;
            }
            if let Some((_, first)) = seen.iter().find(|(seen, _)| *seen == word) {
                self.given_twice(word, span, *first);
                continue;
            }
            seen.push((word, span));
            self.clause(pair, span, &mut clauses);
        }
        clauses
    }

    /// `timeout` where a person is waited for: `within` is meant.
    fn timeout_of_a_question(&mut self, pair: Pair<'i>, span: Span, host: Host, clauses: &mut Clauses) {
        let value = self.value(pair);
        let written = value.as_ref().map_or("5m", |value| self.slice(value.span));
        self.report(
            Diagnostic::error("misplaced-clause", format!("`timeout` does not belong to `{}`", host.word))
                .at(span, "")
                .help(format!("how long a person is waited for is written `within {written}`")),
        );
        clauses.audience.within = clauses.audience.within.take().or(value);
    }

    fn misplaced_clause(&mut self, word: &str, belongs: &str, span: Span, host: Host) {
        let foreign_else = word == "on silence" && self.slice(span).starts_with("else");
        let diagnostic = if foreign_else && host.takes.contains(&"else") {
            Diagnostic::error("else-without-message", "`else` is followed by a message here")
                .at(span, "")
                .help("write `else \"what is wrong\"`; a `verify` that does not hold always fails")
        } else if foreign_else {
            Diagnostic::error("misplaced-clause", format!("`else` does not belong to `{}`", host.word))
                .at(span, "")
        } else if self.next_word == Some("run")
            && matches!(word, "undo" | "done when" | "leave" | "finally" | "irreversible")
        {
            above_its_run(word, span)
        } else {
            Diagnostic::error("misplaced-clause", format!("`{word}` does not belong to `{}`", host.word))
                .at(span, "")
                .help(format!("`{word}` {belongs}"))
        };
        self.report(diagnostic);
    }

    fn clause_that_does_not_fit(&mut self, pair: Pair<'i>, host: Host, clauses: &mut Clauses) {
        let span = self.span(&pair);
        // Keep the checker from asking for what was tried to be written.
        let invalid = |span| Text { node: crate::syntax::ast::Template::default(), span };
        match super::reader::first_word(pair.as_str()) {
            "undo" | "leave" | "irreversible" if clauses.leave.is_none() => {
                clauses.leave = Some(invalid(span))
            }
            "on" => {
                let silence = crate::syntax::ast::OnSilence::Abort;
                clauses.audience.on_silence.get_or_insert(Spanned::new(silence, span));
            }
            _ => {}
        }
        self.explain(&pair, span, Some(host.word));
    }

    fn clause(&mut self, pair: Pair<'i>, span: Span, clauses: &mut Clauses) {
        match pair.as_rule() {
            Rule::until => clauses.until = Some(Spanned::new(self.until(pair), span)),
            Rule::within => {
                let expr = self.value(pair);
                clauses.within = expr.clone().map(|expr| Spanned::new(expr, span));
                clauses.audience.within.clone_from(&expr);
                clauses.poll.within = expr;
            }
            Rule::every => clauses.poll.every = self.value(pair),
            Rule::hold => clauses.poll.hold = self.value(pair),
            Rule::timeout => clauses.timeout = self.value(pair).map(|expr| Spanned::new(expr, span)),
            Rule::done_when => clauses.done_when = self.value(pair).map(|expr| Spanned::new(expr, span)),
            Rule::undo => clauses.undo = self.undo(pair).map(|undo| Box::new(Spanned::new(undo, span))),
            Rule::leave => clauses.leave = self.first_text(pair),
            Rule::irreversible => clauses.irreversible = self.first_text(pair),
            Rule::finally => {
                let call = pair.into_inner().find(|p| p.as_rule() == Rule::call);
                clauses.finally = call.map(|call| Box::new(self.call(call, "finally")));
            }
            Rule::else_message => clauses.message = self.first_text(pair),
            Rule::by => clauses.audience.by = Some(Spanned::new(self.by(pair), span)),
            Rule::on_silence => {
                clauses.audience.on_silence = self.silence(pair).map(|it| Spanned::new(it, span))
            }
            Rule::mistake_else_silence => {
                self.report(
                    Diagnostic::error("else-for-silence", "`else` does not say what silence means")
                        .at(self.word_span(&pair), "")
                        .help("write `on silence` instead of `else`; a refusal always aborts"),
                );
                clauses.audience.on_silence = self.silence(pair).map(|it| Spanned::new(it, span));
            }
            Rule::on_failure => {
                let ask = pair.into_inner().any(|p| p.as_rule() == Rule::w_ask);
                let what = if ask { OnFailure::Ask } else { OnFailure::Continue };
                clauses.on_failure = Some(Spanned::new(what, span));
            }
            Rule::retry => clauses.retry = self.retry(pair).map(|retry| Spanned::new(retry, span)),
            _ => {}
        }
    }

    /// Returns the first expression inside a pair.
    pub fn value(&mut self, pair: Pair<'i>) -> Option<Expr> {
        let inner = pair.into_inner().find(|p| p.as_rule() == Rule::expression)?;
        Some(self.expression(inner))
    }

    /// Returns the first text inside a pair.
    pub fn first_text(&mut self, pair: Pair<'i>) -> Option<Text> {
        let inner = pair.into_inner().find(|p| p.as_rule() == Rule::text)?;
        Some(self.text(inner))
    }

    fn retry(&mut self, pair: Pair<'i>) -> Option<Retry> {
        let mut values = pair.into_inner().filter(|p| p.as_rule() == Rule::expression);
        let times = self.expression(values.next()?);
        let every = values.next().map(|it| self.expression(it));
        let up_to = values.next().map(|it| self.expression(it));
        Some(Retry { times, every, up_to })
    }

    /// Reads an `until` with what bounds it.
    pub fn until(&mut self, pair: Pair<'i>) -> Until {
        let span = self.span(&pair);
        let mut condition = Spanned::new(crate::syntax::ast::Expression::Invalid, span);
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = self.expression(part),
                _ => rest.push(part),
            }
        }
        let host = Host { word: "until", takes: &["within", "every", "for"] };
        let poll = self.clauses(rest, host, None).poll;
        Until { condition, poll }
    }

    fn undo(&mut self, pair: Pair<'i>) -> Option<Undo> {
        let mut call = None;
        let mut safe = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::undo_manual => return Some(Undo::Manual(self.undo_manual(part))),
                Rule::block => return Some(Undo::Block(self.block(part))),
                Rule::call => call = Some(self.call(part, "undo")),
                Rule::w_safe => safe = Some(SafeMark(self.span(&part))),
                _ => {}
            }
        }
        if let (Some(call), None) = (&call, safe.as_ref()) {
            self.safe_in_command(call);
        }
        call.map(|call| Undo::Call { call, safe })
    }

    /// Reports a poll that has no end.
    pub fn missing_within(&mut self, poll: &Poll, what: &str, span: Span) {
        if poll.within.is_none() {
            self.report(
                Diagnostic::error("missing-within", format!("`{what}` does not say how long"))
                    .at(span, "")
                    .help("everything ends: add `within`, such as `within 5m every 10s`"),
            );
        }
    }
}

/// Returns the message for a clause that stands above its `run`.
pub(super) fn above_its_run(word: &str, span: Span) -> Diagnostic {
    Diagnostic::error("clause-above", format!("`{word}` stands above its `run`"))
        .at(span, "")
        .help(format!("write `{word}` below the `run` it belongs to"))
}
