//! Statements in order: which may stand where, what each binds, and what is never reached.
//!
//! Owns blocks, the small statements and the dispatch to the larger ones (`runs`, `blocks`,
//! `people`, `decisions`). Never resolves a name or a call itself.

use super::bounds;
use super::calls::Under;
use super::lower::{Lower, Section};
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::program::{Block, Effect, Expr, NameRef, Polling, Statement, StatementKind};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use crate::value::Type;

/// Whether what stands after a statement can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Goes,
    Leaves,
}

impl Flow {
    /// Returns whether nothing after it is reached.
    pub fn leaves(self) -> bool {
        self == Flow::Leaves
    }
}

/// A statement's checked form, if it has one already, and whether it goes on.
pub(super) type Made = (Option<StatementKind>, Flow);

/// Returns a statement that goes on.
pub(super) fn goes(kind: StatementKind) -> Made {
    (Some(kind), Flow::Goes)
}

impl Lower<'_> {
    /// Returns the checked form of a block. Names are left to the caller.
    pub fn block(&mut self, block: &ast::Block) -> (Block, Flow) {
        let mut made = Vec::with_capacity(block.node.len());
        let mut flow = Flow::Goes;
        let outer = self.place.followed;
        let acting = block.node.iter().rposition(|s| !matches!(s.kind, ast::StatementKind::Return(_)));
        let mut left: Option<Span> = None;
        for (at, statement) in block.node.iter().enumerate() {
            if let Some(by) = left.take() {
                self.c.report.push(
                    Diagnostic::error("unreachable", "nothing from here on is ever reached")
                        .at(statement.word, "")
                        .at(by, "every path leaves here"),
                );
            }
            self.place.followed = outer || acting.is_some_and(|last| at < last);
            let (kind, own) = self.statement(statement, &mut made);
            if let Some((id, kind)) = kind {
                made.push(Statement { id, span: statement.span, kind });
            }
            if own.leaves() && !flow.leaves() {
                flow = Flow::Leaves;
                left = Some(statement.word);
            }
        }
        self.place.followed = outer;
        (made, flow)
    }

    fn statement(
        &mut self,
        statement: &ast::Statement,
        made: &mut Block,
    ) -> (Option<(u32, StatementKind)>, Flow) {
        self.expect_allowed(statement);
        let id = self.next_id();
        let (kind, flow) = match &statement.kind {
            ast::StatementKind::Check(check) => self.check(check),
            ast::StatementKind::Run(run) => self.run(run, statement.word),
            ast::StatementKind::Verify(verify) => self.verify(verify, statement.word),
            ast::StatementKind::Let { name, value } => self.let_(name, value),
            ast::StatementKind::Show(e) => {
                let expr = self.plain(e, "`show`");
                let text = self.one_line(e.span);
                goes(StatementKind::Show { expr, text })
            }
            ast::StatementKind::Finding { text, when } => {
                let text = self.template(text);
                let when = when.as_ref().map(|w| self.condition(w, "`when`").0);
                goes(StatementKind::Finding { text, when })
            }
            ast::StatementKind::Output { name, value } => self.output(name, value),
            ast::StatementKind::Wait { duration, why } => {
                let duration = self.plain_of(duration, &Type::Duration, "`wait`");
                let reason = why.as_ref().map(|w| self.template(w));
                goes(StatementKind::Wait { duration, reason })
            }
            ast::StatementKind::Approve(approve) => self.approve(approve, statement.word),
            ast::StatementKind::Ask(ask) => self.ask(ask, statement.word),
            ast::StatementKind::Manual(manual) => self.manual(manual, statement.word),
            ast::StatementKind::Notify { channel, message } => {
                let text = self.template(message);
                let channel = channel.node.clone();
                goes(StatementKind::Notify { channel, text })
            }
            ast::StatementKind::Escalate(escalate) => self.escalate(escalate),
            ast::StatementKind::Follow(follow) => {
                let (follow, flow) = self.follow(follow, statement.word, false);
                (follow.map(|follow| StatementKind::Follow(Box::new(follow))), flow)
            }
            ast::StatementKind::Step(step) => self.step(step),
            ast::StatementKind::If(branches) => self.if_(branches, statement.word),
            ast::StatementKind::For(each) => self.for_(each, statement.word),
            ast::StatementKind::Parallel(block) => self.parallel(block),
            ast::StatementKind::On(on) => {
                let flow = self.on_host(on, statement.word, made);
                return (None, flow);
            }
            ast::StatementKind::Decide(arms) => self.decide(arms, statement.word),
            ast::StatementKind::Watch(watch) => self.watch(watch, statement.word),
            ast::StatementKind::PointOfNoReturn { text, when } => {
                self.point_of_no_return(text, when.as_ref())
            }
            ast::StatementKind::Return(value) => self.return_(value.as_ref(), statement),
            ast::StatementKind::Invalid(block) => {
                if let Some(block) = block {
                    let _ = self.block(block);
                }
                (None, Flow::Goes)
            }
        };
        (kind.map(|kind| (id, kind)), flow)
    }

    /// Says so when a statement may not stand here at all.
    fn expect_allowed(&mut self, statement: &ast::Statement) {
        use ast::StatementKind as Kind;
        let asks = matches!(statement.kind, Kind::Approve(_) | Kind::Ask(_) | Kind::Manual(_));
        let tells = matches!(statement.kind, Kind::Escalate(_) | Kind::Notify { .. });
        let refused = match self.place.section {
            Section::Symptom if asks || tells => Some("a `symptom` is only measured"),
            Section::Action(Effect::Reads) if asks => Some("an action that `reads` asks nobody"),
            Section::Action(Effect::Reads) if tells => Some("an action that `reads` tells nobody"),
            Section::Symptom if matches!(statement.kind, Kind::Decide(_)) => {
                Some("a `symptom` is only measured, `diagnose` decides")
            }
            section
                if matches!(statement.kind, Kind::PointOfNoReturn { .. })
                    && (self.place.in_undo || !matches!(section, Section::Changes(_))) =>
            {
                Some("it speaks of the changes above it in a `resolve`")
            }
            _ if self.place.in_undo && matches!(statement.kind, Kind::Escalate(_)) => {
                Some("an `undo` runs to its end")
            }
            Section::Action(_) => None,
            _ if matches!(statement.kind, Kind::Return(_)) => Some("only an action returns"),
            _ => None,
        };
        if let Some(why) = refused {
            let word = match statement.kind {
                Kind::PointOfNoReturn { .. } => String::from("point of no return"),
                _ => self.one_line(statement.word),
            };
            let mut d = Diagnostic::error("wrong-place", format!("`{word}` cannot stand here: {why}"))
                .at(statement.word, "");
            d = match (self.place.section, asks || tells) {
                (Section::Action(_), true) => {
                    d.help("ask in the runbook, before or after the action is called")
                }
                (Section::Symptom, true) => d.help("people are asked and told in `diagnose` and later"),
                _ => d,
            };
            self.c.report.push(d);
        }
    }

    fn check(&mut self, check: &ast::Check) -> Made {
        let call = self.call(&check.call, Under::Check);
        self.expect_value(&call, &check.name);
        let slot = self.bind(&check.name, call.ty.clone(), call.text.clone());
        let until = check.until.as_ref().map(|until| {
            let (expr, calls) = self.condition(&until.node.condition, "`until`");
            let reads = calls > 0 || walk::names(&expr).contains(&NameRef::Local(slot));
            if !reads {
                let own = format!("use `{}` in it, which is read again each time", check.name.node);
                self.frozen(&expr, "`until`", Some(&own));
            }
            let polling = self.polling(&until.node.poll, until.span, "`until`");
            Box::new((expr, polling))
        });
        goes(StatementKind::Check { slot: Some(slot), call: Box::new(call), until })
    }

    /// Says so when a call that returns nothing is bound to a name.
    pub fn expect_value(&mut self, call: &crate::program::Call, name: &ast::Name) {
        let ty = match &call.ty {
            // Whether it worked is worth a name.
            Type::Tried(_) => return,
            ty => ty,
        };
        if *ty == Type::None {
            self.c.report.push(
                Diagnostic::error("no-value", format!("`{}` returns nothing", call.text))
                    .at(name.span, "so there is nothing to name"),
            );
        }
    }

    fn verify(&mut self, verify: &ast::Verify, word: Span) -> Made {
        let (expr, calls) = self.condition(&verify.condition, "`verify`");
        let message = verify.message.as_ref().map(|m| self.template(m));
        let poll = &verify.poll;
        let polls = poll.hold.is_some() || poll.within.is_some() || poll.every.is_some();
        let polling = polls.then(|| {
            if calls == 0 && verify.condition.node != ast::Expression::Invalid {
                self.frozen(&expr, "a polled `verify`", None);
            }
            Box::new(self.polling(poll, word, "`verify`"))
        });
        goes(StatementKind::Verify { expr, message, polling })
    }

    /// Says that a condition which is looked at again and again never reads the world again.
    pub fn frozen(&mut self, expr: &Expr, what: &str, instead: Option<&str>) {
        let mut d = Diagnostic::error(
            "frozen-condition",
            format!("{what} reads nothing: what it says can never change"),
        )
        .at(expr.span, "");
        let local = walk::names(expr).into_iter().find_map(|name| match name {
            NameRef::Local(slot) => self.frame.slots.get(slot as usize),
            NameRef::Global(_) => None,
        });
        if let Some(instead) = instead {
            d = d.help(instead);
        }
        let action = "call an action that `reads` in it";
        d = match local {
            Some(slot) => {
                let d = d.at(slot.span, format!("`{}` is frozen since here", slot.name));
                let origin = &slot.origin;
                if origin.starts_with('$') || origin.starts_with("```") {
                    d.help(format!("put `{origin}` into an action that `reads`, and call it in here"))
                } else if origin.ends_with(')') {
                    d.help(format!("call `{origin}` again instead of `{}`", slot.name))
                } else {
                    d.help(action)
                }
            }
            None => d.help(action),
        };
        self.c.report.push(d);
    }

    /// Returns how long and how often something is looked at. That it ends has been looked at
    /// where it was read.
    pub fn polling(&mut self, poll: &ast::Poll, span: Span, what: &str) -> Polling {
        let holds = poll.hold.as_ref().map(|e| self.plain_of(e, &Type::Duration, "`for`"));
        let within = poll.within.as_ref().map(|e| self.plain_of(e, &Type::Duration, "`within`"));
        let every = match &poll.every {
            Some(every) => self.plain_of(every, &Type::Duration, "`every`"),
            None => {
                self.c.report.push(
                    Diagnostic::error("missing-every", format!("{what} does not say how often"))
                        .at(span, "")
                        .help("say how often it is looked at: `every 10s`"),
                );
                super::expressions::unknown(span)
            }
        };
        Polling { within, every, holds }
    }

    fn let_(&mut self, name: &ast::Name, value: &ast::Expr) -> Made {
        let expr = self.plain(value, "a `let`");
        let bounded = bounds::bounded(self, &expr);
        let origin = self.one_line(value.span);
        let slot = self.bind_bounded(name, expr.ty.clone(), origin, bounded);
        goes(StatementKind::Let { slot, expr })
    }

    fn output(&mut self, name: &ast::Name, value: &ast::Expr) -> Made {
        let expr = self.plain(value, "`output`");
        let origin = self.one_line(value.span);
        let slot = self.bind(name, expr.ty.clone(), origin);
        goes(StatementKind::Output { slot, name: name.node.clone(), expr })
    }

    fn return_(&mut self, value: Option<&ast::Expr>, statement: &ast::Statement) -> Made {
        let expr = value.map(|v| self.plain(v, "`return`"));
        if let Section::Action(_) = self.place.section {
            match (self.c.returns(), &expr) {
                (Some(want), Some(expr)) => {
                    self.expect(expr, &want, "`return`");
                }
                (None, Some(expr)) => self.c.report.push(
                    Diagnostic::error("return-without-type", "this action returns nothing")
                        .at(expr.span, "")
                        .help(format!("say so in its first line: `-> {}`", expr.ty)),
                ),
                (Some(want), None) => self.c.report.push(
                    Diagnostic::error("missing-return", format!("this action returns `{want}`"))
                        .at(statement.word, "nothing is returned here"),
                ),
                (None, None) => {}
            }
        }
        (Some(StatementKind::Return(expr)), Flow::Leaves)
    }

    /// Says that a statement is read but does not run yet.
    pub fn not_yet(&mut self, span: Span, what: &str) {
        self.c.report.not_yet(span, what);
    }

    /// Returns the message of a text that may be missing.
    pub fn message(&mut self, text: Option<&ast::Text>, span: Span) -> crate::program::Template {
        match text {
            Some(text) => self.template(text),
            None => crate::program::Template { parts: Vec::new(), span },
        }
    }

    /// Returns a condition with the place it stands at.
    pub fn spanned_condition(&mut self, condition: &Spanned<ast::Expr>, place: &'static str) -> (Expr, u32) {
        self.condition(&condition.node, place)
    }
}
