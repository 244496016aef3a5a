//! Statements that people take part in: approvals, questions, manual steps, escalation.
//!
//! Owns the rule that every question says who answers, in what time, and what silence means.
//! Never asks anyone.

use super::expressions::unknown;
use super::lower::{Lower, Section};
use super::runs::Endings;
use super::statements::{Flow, Made, goes};
use crate::diagnostic::Diagnostic;
use crate::program::{
    Approval, Approvers, Asking, Call, Effect, Ending, Expr, Manual, Run, Silence, StatementKind, Target,
};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use crate::value::{Domain, Type};

impl Lower<'_> {
    /// Returns an `approve`.
    pub fn approve(&mut self, approve: &ast::Approve, word: Span) -> Made {
        let text = self.template(&approve.question);
        let (by, within) = self.audience(&approve.audience, "`approve`", word);
        let on_silence = self.silence_without_answer(&approve.audience, "an `approve`");
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
                .help(match what {
                    "`ask`" => "add `on silence abort`, or the answer that silence is: `on silence \"…\"`, one of those that are asked for",
                    _ => "add `on silence abort`, or `on silence escalate to ROLE`, or `on silence continue`",
                }),
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
                let text = escalate.message.as_ref().map(|message| self.template(message));
                Silence::Escalate { role: escalate.role.node.clone(), text }
            }
            ast::OnSilence::Answer(answer) => Silence::Answer(self.plain(answer, "`on silence`")),
        }
    }

    /// Returns what silence does where there is no answer to give; says so where one was written.
    fn silence_without_answer(&mut self, audience: &ast::Audience, what: &str) -> Silence {
        let Some(written) = &audience.on_silence else { return Silence::Abort };
        match self.silence(written) {
            Silence::Answer(_) => {
                self.c.report.push(
                    Diagnostic::error("answer-to-approve", format!("{what} has no answer of its own"))
                        .at(written.span, "")
                        .help("write `on silence abort`, `on silence continue` or `on silence escalate to ROLE`"),
                );
                Silence::Abort
            }
            silence => silence,
        }
    }

    /// Returns an `ask`.
    pub fn ask(&mut self, ask: &ast::Ask, word: Span) -> Made {
        let text = self.template(&ask.question);
        let (by, within) = self.audience(&ask.audience, "`ask`", word);
        if let (true, Some(written)) = (by.quorum, &ask.audience.by) {
            self.c.report.push(
                Diagnostic::error("several-answers", "an `ask` has one answer, so one person gives it")
                    .at(written.span, "")
                    .help(format!("write `by {}`", by.roles.join(" or ")))
                    .help("what several must agree to is an `approve`"),
            );
        }
        let (domain, one_of) = match &ask.answer {
            Some(answer) => self.answer(answer),
            None => (Domain::any(Type::Text), None),
        };
        let on_silence = match ask.audience.on_silence.as_ref().map(|s| (self.silence(s), s.span)) {
            Some((Silence::Answer(answer), _)) => {
                self.expect_accepted(&answer, &domain, "the answer");
                Silence::Answer(answer)
            }
            Some((Silence::Continue, span)) => {
                self.c.report.push(
                    Diagnostic::error("no-answer", format!("`{}` would have no value then", ask.name.node))
                        .at(span, "")
                        .help(
                            "say which answer silence is: `on silence \"eu\"`, or write `on silence abort`",
                        ),
                );
                Silence::Abort
            }
            Some((silence, _)) => silence,
            None => Silence::Abort,
        };
        let slot = self.bind(&ask.name, domain.ty.clone(), String::from("an answer"));
        goes(StatementKind::Ask(Box::new(Asking { slot, text, by, within, on_silence, domain, one_of })))
    }

    /// Returns what an answer may be: a type with its choices, or one of a list that was read.
    fn answer(&mut self, answer: &Spanned<ast::Type>) -> (Domain, Option<Expr>) {
        if let ast::Type::OneOf(choices) = &answer.node
            && let [only] = choices.as_slice()
            && !matches!(only.node, ast::Expression::Text(_) | ast::Expression::Int(_))
        {
            let list = self.plain_of(only, &Type::List(Box::new(Type::Any)), "`one of`");
            let of = match &list.ty {
                Type::List(of) => (**of).clone(),
                _ => Type::Any,
            };
            return (Domain::any(of), Some(list));
        }
        (self.accepts(answer), None)
    }

    /// Returns a `manual`: a change that a person makes.
    pub fn manual(&mut self, manual: &ast::Manual, word: Span) -> Made {
        self.expect_changes_allowed(word);
        let mut made = self.manual_run(manual, word.to(manual.task.span));
        let written = Endings {
            undo: manual.undo.as_deref(),
            leave: manual.leave.as_ref(),
            irreversible: manual.irreversible.as_ref(),
            finally: None,
        };
        made.ending = self.ending(written, false, word.to(manual.task.span));
        goes(StatementKind::Run(Box::new(made)))
    }

    /// Returns a manual step without what takes it back.
    pub fn manual_run(&mut self, manual: &ast::Manual, span: Span) -> Run {
        let text = self.template(&manual.task);
        let (by, within) = self.audience(&manual.audience, "`manual`", span);
        let on_silence = self.silence_without_answer(&manual.audience, "a `manual`");
        let until = manual.until.as_ref().map(|until| {
            let (expr, calls) = self.condition(&until.node.condition, "`until`");
            if calls == 0 && until.node.condition.node != ast::Expression::Invalid {
                self.frozen(&expr, "`until`", None);
            }
            let polling = self.polling(&until.node.poll, until.span, "`until`");
            (expr, polling.every)
        });
        if by.quorum {
            let place = manual.audience.by.as_ref().map_or(span, |by| by.span);
            self.c.report.push(
                Diagnostic::error("several-answers", "a `manual` step is done by one person")
                    .at(place, "")
                    .help(format!("write `by {}`", by.roles.join(" or "))),
            );
        }
        let words = self.one_line(manual.task.span);
        let call = Call {
            target: Target::Manual(Box::new(Manual { text, by, within, on_silence, until })),
            effect: Effect::Changes,
            tried: false,
            env: Vec::new(),
            dir: None,
            user: None,
            stdin: None,
            timeout: None,
            allow_exit: Vec::new(),
            ty: Type::None,
            text: format!("manual {words}"),
            span,
        };
        Run { slot: None, call, done_when: None, ending: Ending::Own, finally: None }
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
