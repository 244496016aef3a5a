//! Statements that people take part in: approvals, questions, manual steps, escalation.
//!
//! Owns the rule that every question says who answers, in what time, and what silence means.
//! Never asks anyone.

use super::expressions::unknown;
use super::lower::{Lower, Section};
use super::statements::{Flow, Made, goes};
use super::types::Accepts;
use crate::diagnostic::Diagnostic;
use crate::program::{Approval, Approvers, Expr, Silence, StatementKind};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use crate::value::Type;

impl Lower<'_> {
    /// Returns an `approve`.
    pub fn approve(&mut self, approve: &ast::Approve, word: Span) -> Made {
        let text = self.template(&approve.question);
        let (by, within) = self.audience(&approve.audience, "`approve`", word);
        let on_silence = match &approve.audience.on_silence {
            Some(silence) => self.silence(silence),
            None => Silence::Abort,
        };
        goes(StatementKind::Approve(Box::new(Approval { text, by, within, on_silence })))
    }

    /// Reads who is asked, how long, and whether silence is spoken of.
    fn audience(&mut self, audience: &ast::Audience, what: &str, word: Span) -> (Approvers, Expr) {
        let by = match &audience.by {
            Some(by) => Self::approvers(&by.node),
            None => {
                self.c.report.push(
                    Diagnostic::error("missing-by", format!("{what} does not say who answers"))
                        .at(word, "")
                        .help("add who may: `by oncall`, `by oncall or lead`, `by any 2 of lead, oncall`"),
                );
                Approvers { roles: Vec::new(), count: 1, quorum: false }
            }
        };
        let within = match &audience.within {
            Some(within) => self.plain_of(within, &Type::Duration, "`within`"),
            None => {
                self.c.report.push(
                    Diagnostic::error("missing-within", format!("{what} waits for ever"))
                        .at(word, "")
                        .help("say how long: `within 5m`"),
                );
                unknown(word)
            }
        };
        if audience.on_silence.is_none() {
            self.c.report.push(
                Diagnostic::error(
                    "missing-on-silence",
                    format!("{what} does not say what happens when nobody answers"),
                )
                .at(word, "")
                .help("add `on silence abort`, or `on silence escalate to ROLE`, or `on silence continue`"),
            );
        }
        (by, within)
    }

    fn approvers(by: &ast::By) -> Approvers {
        let roles: Vec<_> = by.roles.iter().map(|r| r.node.clone()).collect();
        Approvers { roles, count: by.count.as_ref().map_or(1, |c| c.node), quorum: by.count.is_some() }
    }

    fn silence(&mut self, silence: &Spanned<ast::OnSilence>) -> Silence {
        match &silence.node {
            ast::OnSilence::Abort => Silence::Abort,
            ast::OnSilence::Continue => Silence::Continue,
            ast::OnSilence::Escalate(escalate) => {
                if let Some(message) = &escalate.message {
                    let _ = self.template(message);
                    self.not_yet(message.span, "a message of `on silence escalate`");
                }
                Silence::Escalate(escalate.role.node.clone())
            }
            ast::OnSilence::Answer(answer) => {
                let _ = self.plain(answer, "`on silence`");
                self.c.report.push(
                    Diagnostic::error("answer-to-approve", "an `approve` has no answer of its own")
                        .at(silence.span, "")
                        .help("write `on silence abort`, `on silence continue` or `on silence escalate to ROLE`"),
                );
                Silence::Abort
            }
        }
    }

    /// Reads an `ask`, which does not run yet.
    pub fn ask(&mut self, ask: &ast::Ask, word: Span) -> Made {
        self.not_yet(word, "`ask`");
        let _ = self.template(&ask.question);
        let _ = self.audience(&ask.audience, "`ask`", word);
        let accepts = match &ask.answer {
            Some(answer) => self.answer(answer),
            None => Accepts::any(Type::Text),
        };
        match ask.audience.on_silence.as_ref().map(|s| &s.node) {
            Some(ast::OnSilence::Answer(answer)) => {
                let answer = self.plain(answer, "`on silence`");
                self.expect_accepted(&answer, &accepts, "the answer");
            }
            Some(ast::OnSilence::Escalate(ast::Escalate { message: Some(message), .. })) => {
                let _ = self.template(message);
            }
            _ => {}
        }
        let origin = String::from("an answer");
        let _ = self.bind(&ask.name, accepts.ty, origin);
        self.nothing_yet()
    }

    /// Returns what an answer may be: as a type, or one of a list that was read.
    fn answer(&mut self, answer: &Spanned<ast::Type>) -> Accepts {
        if let ast::Type::OneOf(choices) = &answer.node
            && let [only] = choices.as_slice()
            && !matches!(only.node, ast::Expression::Text(_) | ast::Expression::Int(_))
        {
            let list = self.plain(only, "`one of`");
            return Accepts::any(match list.ty {
                Type::List(of) => *of,
                _ => Type::Any,
            });
        }
        self.accepts(answer)
    }

    /// Reads a `manual`, which does not run yet.
    pub fn manual(&mut self, manual: &ast::Manual, word: Span) -> Made {
        self.not_yet(word, "`manual`");
        self.expect_changes_allowed(word);
        self.manual_parts(manual);
        let _ = self.audience(&manual.audience, "`manual`", word);
        self.nothing_yet()
    }

    /// Reads the parts of a manual step for their mistakes.
    pub fn manual_parts(&mut self, manual: &ast::Manual) {
        let _ = self.template(&manual.task);
        if let Some(until) = &manual.until {
            let (expr, calls) = self.condition(&until.node.condition, "`until`");
            if calls == 0 && until.node.condition.node != ast::Expression::Invalid {
                self.frozen(&expr, "`until`", None);
            }
        }
        for text in [&manual.leave, &manual.irreversible].into_iter().flatten() {
            let _ = self.template(text);
        }
        if let Some(undo) = &manual.undo {
            self.manual_undo(undo);
        }
    }

    /// Returns an `escalate`.
    pub fn escalate(&mut self, escalate: &ast::Escalate) -> Made {
        let text = self.message(escalate.message.as_ref(), escalate.role.span);
        let kind = StatementKind::Escalate { role: escalate.role.node.clone(), text };
        (Some(kind), self.escalation())
    }

    /// Returns whether an escalation ends the run here: in `rollback` it pages and goes on.
    pub fn escalation(&self) -> Flow {
        if self.place.section == Section::Rollback { Flow::Goes } else { Flow::Leaves }
    }
}
