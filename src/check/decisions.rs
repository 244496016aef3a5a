//! Where a run goes on: `decide`, and what does not run yet of its kin.
//!
//! Owns the arrows to resolutions and the rule that every decision has an `otherwise`. Never
//! decides anything at run time.

use super::lower::{Lower, Section};
use super::report::{listed, near};
use super::scope::Bound;
use super::statements::{Flow, Made, goes};
use crate::diagnostic::Diagnostic;
use crate::program::{Choice, StatementKind};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

/// An arrow to a resolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrow {
    /// How many names were bound before it.
    pub sequence: u32,
    pub resolve: u32,
    pub span: Span,
}

impl Lower<'_> {
    /// Returns a `decide`.
    pub fn decide(&mut self, written: &[Spanned<ast::DecideArm>], word: Span) -> Made {
        self.frame.open_branches();
        let mut branches = Vec::new();
        let mut arms = Vec::new();
        let mut otherwise: Option<(Choice, Span)> = None;
        for arm in written {
            if let Some((_, first)) = &otherwise {
                self.behind_otherwise(arm.span, *first);
            }
            let condition = arm.node.condition.as_ref().map(|c| self.condition(c, "`when`").0);
            let (choice, bound, flow) = self.choice(&arm.node.target);
            let at = arm.node.condition.as_ref().map_or(arm.node.target.span, |c| c.span);
            branches.push((bound, !flow.leaves(), at));
            match condition {
                Some(condition) => arms.push((condition, choice)),
                None => otherwise = Some((choice, arm.span)),
            }
        }
        let (otherwise, else_at) = match otherwise {
            Some(written) => written,
            None => {
                self.c.report.push(
                    Diagnostic::error("missing-otherwise", "this `decide` has no `otherwise`")
                        .at(word, "")
                        .help("say where it goes when no arm holds: `otherwise -> escalate to oncall \"no known cause\"`"),
                );
                (Choice::Block(Vec::new()), word)
            }
        };
        let goes = branches.iter().any(|(_, goes, _)| *goes);
        self.frame.join(branches);
        let flow = if goes { Flow::Goes } else { Flow::Leaves };
        (Some(StatementKind::Decide { arms, otherwise, else_at }), flow)
    }

    /// Says that an arm is never taken, as it stands behind that `otherwise`.
    pub fn behind_otherwise(&mut self, arm: Span, otherwise: Span) {
        self.c.report.push(
            Diagnostic::error("unreachable", "no arm after `otherwise` is ever taken")
                .at(arm, "")
                .at(otherwise, "`otherwise` takes all that is left")
                .help("put `otherwise` last"),
        );
    }

    fn choice(&mut self, target: &Spanned<ast::Target>) -> (Choice, Bound, Flow) {
        match &target.node {
            ast::Target::Resolve(title) => (self.arrow(title), Vec::new(), Flow::Leaves),
            ast::Target::Fail(message) => {
                if let Some(message) = message {
                    let _ = self.template(message);
                }
                self.c.report.push(
                    Diagnostic::error("wrong-place", "`fail` stands in a `watch` only")
                        .at(target.span, "")
                        .help("write `{ verify false else \"why\" }`"),
                );
                (Choice::Block(Vec::new()), Vec::new(), Flow::Leaves)
            }
            ast::Target::Statement(statement) => match &statement.kind {
                ast::StatementKind::Invalid(_) => (Choice::Block(Vec::new()), Vec::new(), Flow::Leaves),
                ast::StatementKind::Follow(follow) => {
                    let (follow, flow) = self.follow(follow, statement.word, true);
                    let choice = follow.map_or(Choice::Block(Vec::new()), |f| Choice::Follow(Box::new(f)));
                    (choice, Vec::new(), flow)
                }
                ast::StatementKind::Escalate(escalate) => {
                    let text = self.message(escalate.message.as_ref(), escalate.role.span);
                    let role = escalate.role.node.clone();
                    let choice = Choice::Escalate { role, text };
                    (choice, Vec::new(), self.escalation())
                }
                _ => {
                    let block = Spanned::new(vec![(**statement).clone()], target.span);
                    let (body, bound, flow) = self.branch(&block);
                    (Choice::Block(body), bound, flow)
                }
            },
            ast::Target::Block(block) => {
                let (body, bound, flow) = self.branch(block);
                (Choice::Block(body), bound, flow)
            }
        }
    }

    /// Returns the resolution that an arrow leads to.
    fn arrow(&mut self, title: &ast::Text) -> Choice {
        if !matches!(self.place.section, Section::Reads(_)) {
            self.c.report.push(
                Diagnostic::error("wrong-place", "only `diagnose` leads to a `resolve`")
                    .at(title.span, "")
                    .help("decide in `diagnose`, or write what to do in `{ … }`"),
            );
            return Choice::Block(Vec::new());
        }
        let wanted = self.as_written(title);
        if let Some(index) = self.c.resolves.iter().position(|r| *r == wanted) {
            let resolve = super::scope::index(index);
            self.c.arrows.push(Arrow { sequence: self.frame.sequence(), resolve, span: title.span });
            return Choice::Resolve(resolve);
        }
        if self.c.units[self.unit].ast.unread.sections.iter().any(|word| word == "resolve") {
            return Choice::Block(Vec::new());
        }
        let names = || self.c.resolves.iter().map(String::as_str);
        let d = Diagnostic::error("unknown-resolve", format!("there is no `resolve \"{wanted}\"`"))
            .at(title.span, "")
            .note(format!("resolutions: {}", listed(names())));
        let d = match self.c.resolves.as_slice() {
            [only] => d.help(format!("write `resolve \"{only}\"`")),
            _ => near(d, &wanted, names()),
        };
        self.c.report.push(d);
        Choice::Block(Vec::new())
    }

    /// Returns a point of no return.
    pub fn point_of_no_return(&mut self, text: &ast::Text, when: Option<&ast::Expr>) -> Made {
        let text = self.template(text);
        let when = when.map(|when| self.condition(when, "`when`").0);
        goes(StatementKind::PointOfNoReturn { text, when })
    }
}
