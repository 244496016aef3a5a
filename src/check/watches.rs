//! `watch`: its arms, and where they may lead.
//!
//! Owns that each arm reads the world and that whatever a sample says leads somewhere. Never samples.

use super::lower::{Lower, Section};
use super::statements::{Made, goes};
use crate::diagnostic::Diagnostic;
use crate::program::{StatementKind, Watch, WatchArm, WatchTarget};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Verdict};
use crate::value::Type;

impl Lower<'_> {
    /// Returns a `watch`.
    pub fn watch(&mut self, watch: &ast::Watch, word: Span) -> Made {
        let fits = matches!(self.place.section, Section::Changes(_) | Section::Rollback);
        if !fits || self.place.in_undo {
            self.c.report.push(
                Diagnostic::error("wrong-place", "`watch` cannot stand here: it looks after a `resolve`")
                    .at(word, "")
                    .help("put it into a step of `resolve`, above what it is to look after"),
            );
        }
        let title = self.template(&watch.title);
        let every = self.duration(watch.every.as_ref(), "`every`").unwrap_or_else(|| {
            self.c.report.push(
                Diagnostic::error("missing-every", "`watch` does not say how often")
                    .at(word, "")
                    .help("say how often it looks: `every 30s`"),
            );
            super::expressions::unknown(word)
        });
        let mut arms = Vec::new();
        let mut otherwise: Option<(WatchTarget, Span)> = None;
        for arm in &watch.arms {
            if let Some((_, first)) = &otherwise {
                self.behind_otherwise(arm.span, *first);
            }
            if arm.node.verdict.node == Verdict::Otherwise {
                let target = self.watch_target(arm.node.target.as_ref());
                otherwise = target.map(|target| (target, arm.span));
            } else {
                arms.extend(self.watch_arm(&arm.node));
            }
        }
        let written = watch.arms.iter().any(|arm| arm.node.verdict.node == Verdict::Otherwise);
        if !written {
            self.c.report.push(
                Diagnostic::error("missing-otherwise", "this `watch` has no `otherwise`")
                    .at(word, "")
                    .help("say what is done when it is neither good nor bad, or cannot be read: `otherwise -> fail`"),
            );
        }
        let (otherwise, else_at) = otherwise.unwrap_or((WatchTarget::Fail(None), word));
        goes(StatementKind::Watch(Box::new(Watch { title, every, arms, otherwise, else_at })))
    }

    fn watch_arm(&mut self, arm: &ast::WatchArm) -> Option<WatchArm> {
        let condition = arm.condition.as_ref()?;
        let (when, calls) = self.condition(condition, "`when`");
        if calls == 0 && condition.node != ast::Expression::Invalid {
            self.frozen(&when, "an arm of `watch`", None);
        }
        let times = arm.times.as_ref().map(|times| self.plain_of(times, &Type::Int, "`times in a row`"));
        let good = arm.verdict.node == Verdict::Good;
        let target = self.watch_target(arm.target.as_ref());
        match (good, &arm.target) {
            (true, Some(target)) => self.c.report.push(
                Diagnostic::error(
                    "good-leads-nowhere",
                    "while it is good the run goes on: nothing is led to",
                )
                .at(target.span, "")
                .help("take the arrow out, or write `bad when …`"),
            ),
            (false, None) => self.c.report.push(
                Diagnostic::error("missing-target", "this arm does not say what is done when it is bad")
                    .at(arm.verdict.span, "")
                    .help("write `bad when … -> fail`"),
            ),
            _ => {}
        }
        Some(WatchArm { good, when, times, target })
    }

    fn watch_target(&mut self, target: Option<&Spanned<ast::Target>>) -> Option<WatchTarget> {
        let target = target?;
        let body = match &target.node {
            ast::Target::Fail(text) => {
                return Some(WatchTarget::Fail(text.as_ref().map(|text| self.template(text))));
            }
            ast::Target::Resolve(title) => {
                self.c.report.push(
                    Diagnostic::error("wrong-place", "a `watch` leads to no `resolve`")
                        .at(title.span, "")
                        .help("write `-> fail`, `-> approve …` or `-> { … }`"),
                );
                return None;
            }
            ast::Target::Statement(statement) => Spanned::new(vec![(**statement).clone()], target.span),
            ast::Target::Block(block) => block.clone(),
        };
        let mark = self.frame.enter();
        let (body, _) = self.block(&body);
        self.frame.leave_inside(mark, "the `watch`");
        Some(WatchTarget::Block(body))
    }
}
