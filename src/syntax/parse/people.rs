//! Who is asked, how many of them, and what silence means.
//!
//! Owns `by`, `on silence` and the statements people take part in. Never decides what must not be missing.

use super::clause::{Clauses, Host};
use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Approve, Ask, Audience, By, Escalate, Manual, Name, OnSilence, StatementKind, Template, Text, Type,
};

const ASKED: &[&str] = &["by", "within", "on silence"];

impl<'i> Reader<'i> {
    /// Reads a `by`.
    pub fn by(&mut self, pair: Pair<'i>) -> By {
        let mut by = By { count: None, roles: Vec::new() };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::role => by.roles.push(self.name(&part)),
                Rule::any_of => {
                    for part in part.into_inner() {
                        match part.as_rule() {
                            Rule::number => by.count = self.count(&part),
                            Rule::role => by.roles.push(self.name(&part)),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        by
    }

    fn count(&mut self, pair: &Pair<'_>) -> Option<Spanned<u32>> {
        let span = self.span(pair);
        match pair.as_str().parse() {
            Ok(count) if count > 0 => Some(Spanned::new(count, span)),
            _ => {
                let message = format!("`{}` is not a number of people", pair.as_str());
                self.report(Diagnostic::error("wrong-count", message).at(span, ""));
                None
            }
        }
    }

    /// Reads an `escalate`, as a statement or behind `on silence`.
    pub fn escalation(&mut self, pair: Pair<'i>) -> Option<Escalate> {
        let mut role = None;
        let mut message = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::role => role = Some(self.name(&part)),
                Rule::text => message = Some(self.text(part)),
                _ => {}
            }
        }
        role.map(|role| Escalate { role, message })
    }

    /// Reads what silence means.
    pub fn silence(&mut self, pair: Pair<'i>) -> Option<OnSilence> {
        pair.into_inner().find_map(|part| match part.as_rule() {
            Rule::silence_abort => Some(OnSilence::Abort),
            Rule::silence_continue => Some(OnSilence::Continue),
            Rule::silence_escalate => self.escalation(part).map(OnSilence::Escalate),
            Rule::silence_answer => self.value(part).map(OnSilence::Answer),
            _ => None,
        })
    }

    /// What could not be read behind a question may be what it seems to lack.
    fn assume_clauses(&self, unread: bool, span: Span, audience: &mut Audience) {
        if unread {
            audience.within.get_or_insert(self.no_expression(span));
            audience.on_silence.get_or_insert(Spanned::new(OnSilence::Abort, span));
        }
    }

    pub fn approve(&mut self, pair: Pair<'i>) -> StatementKind {
        let span = self.span(&pair);
        let unread = pair.clone().into_inner().any(|part| part.as_rule() == Rule::trailing);
        let (question, rest) = self.text_and_rest(pair, Spanned::new(Template::default(), span));
        let mut clauses = self.clauses(rest, Host { word: "approve", takes: ASKED }, None);
        self.assume_clauses(unread, span, &mut clauses.audience);
        StatementKind::Approve(Box::new(Approve { question, audience: clauses.audience }))
    }

    pub fn ask(&mut self, pair: Pair<'i>) -> StatementKind {
        let span = self.span(&pair);
        let mut name: Option<Name> = None;
        let mut answer = None;
        let mut question = Spanned::new(Template::default(), span);
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::text => question = self.text(part),
                Rule::ask_type => answer = self.ask_type(part),
                _ => rest.push(part),
            }
        }
        let clauses = self.clauses(rest, Host { word: "ask", takes: ASKED }, None);
        let Some(name) = name else {
            return StatementKind::Invalid(None);
        };
        StatementKind::Ask(Box::new(Ask { name, question, answer, audience: clauses.audience }))
    }

    fn ask_type(&mut self, pair: Pair<'i>) -> Option<Spanned<Type>> {
        let part = pair.into_inner().next()?;
        match part.as_rule() {
            Rule::yes_no => Some(Spanned::new(Type::Bool, self.span(&part))),
            _ => Some(self.kind(part)),
        }
    }

    pub fn manual(&mut self, pair: Pair<'i>) -> StatementKind {
        let takes = &["by", "within", "on silence", "until", "undo", "leave", "irreversible"];
        StatementKind::Manual(Box::new(self.manual_task(pair, Host { word: "manual", takes })))
    }

    pub fn undo_manual(&mut self, pair: Pair<'i>) -> Manual {
        self.manual_task(pair, Host { word: "undo manual", takes: &["by", "within", "on silence", "until"] })
    }

    fn manual_task(&mut self, pair: Pair<'i>, host: Host) -> Manual {
        let span = self.span(&pair);
        let (task, rest) = self.text_and_rest(pair, Spanned::new(Template::default(), span));
        let Clauses { audience, until, undo, leave, irreversible, .. } = self.clauses(rest, host, None);
        Manual { task, audience, until, undo, leave, irreversible }
    }

    /// Returns the first text of a statement, and all that is not a word.
    pub fn text_and_rest(&mut self, pair: Pair<'i>, missing: Text) -> (Text, Vec<Pair<'i>>) {
        let mut text = None;
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::text if text.is_none() => text = Some(self.text(part)),
                _ => rest.push(part),
            }
        }
        (text.unwrap_or(missing), rest)
    }
}
