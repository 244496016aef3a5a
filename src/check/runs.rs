//! `run` and how a change is taken back.
//!
//! Owns the rule that every change of the world says how it ends. Never knows when an undo is
//! carried out (`engine` does).

use super::calls::Under;
use super::lower::Lower;
use super::lower::Section;
use super::statements::{Made, goes};
use crate::diagnostic::Diagnostic;
use crate::program::{Call, Ending, Run, Statement, StatementKind, Target, Undo};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

impl Lower<'_> {
    /// Returns a `run`.
    pub fn run(&mut self, run: &ast::Run, word: Span) -> Made {
        self.expect_changes_allowed(word);
        let call = self.call(&run.call, Under::Run);
        let done_when = run.done_when.as_ref().map(|condition| self.done_when(condition));
        // What a skipped change would have bound is not there afterwards.
        let mark = self.frame.enter();
        let slot = run.name.as_ref().map(|name| {
            self.expect_value(&call, name);
            self.bind(name, call.ty.clone(), call.text.clone())
        });
        let written = Endings {
            undo: run.undo.as_deref(),
            leave: run.leave.as_ref(),
            irreversible: run.irreversible.as_ref(),
            finally: run.finally.as_deref(),
        };
        let own = run.finally.is_some() || matches!(call.target, Target::Action { .. });
        let invalid = matches!(run.call.node.target.node, ast::CallTarget::Invalid)
            || matches!(&call.target, Target::Native { function, .. } if function.is_empty());
        let ending = self.ending(written, own || invalid, word.to(run.call.node.target.span));
        let finally = run.finally.as_ref().map(|finally| Box::new(self.finally(finally)));
        if done_when.is_some() {
            self.frame.leave_inside(mark, "the `run` with `done when`, which may be skipped");
        }
        goes(StatementKind::Run(Box::new(Run { slot, call, done_when, ending, finally })))
    }

    fn done_when(&mut self, condition: &Spanned<ast::Expr>) -> crate::program::Expr {
        let (expr, calls) = self.spanned_condition(condition, "`done when`");
        if calls == 0 && condition.node.node != ast::Expression::Invalid {
            let why = "it is read before the change and after it";
            self.frozen(&expr, "`done when`", Some(why));
        }
        expr
    }

    fn finally(&mut self, finally: &Spanned<ast::Call>) -> Call {
        if !self.place.followed {
            let around = if self.place.in_step { "step" } else { "phase" };
            self.c.report.push(
                Diagnostic::error(
                    "nothing-after-finally",
                    format!("nothing follows in this {around}: `finally` would act at once"),
                )
                .at(finally.span, "")
                .help("put what needs the change below it, in the same step")
                .help("write `undo` to take the change back on failure only"),
            );
        }
        self.call(finally, Under::Finally)
    }

    /// Returns how a change is taken back. `own`: it needs to say nothing. `place`: where it stands.
    pub fn ending(&mut self, written: Endings<'_>, own: bool, place: Span) -> Ending {
        if let [first, second, ..] = written.all().as_slice() {
            self.c.report.push(
                Diagnostic::error(
                    "several-endings",
                    format!("this change ends in two ways: `{}` and `{}`", first.0, second.0),
                )
                .at(second.1, "again here")
                .at(first.1, "first here")
                .help("write one of `undo`, `leave`, `irreversible` and `finally`"),
            );
        }
        let in_rollback = self.place.section == Section::Rollback;
        if self.place.in_undo || in_rollback {
            if let Some(undo) = written.undo {
                let word = if self.place.in_undo { "undo" } else { "rollback" };
                self.c.report.push(
                    Diagnostic::error("undo-in-undo", format!("what stands in `{word}` is not taken back"))
                        .at(undo.span, "")
                        .help(format!("leave it out: nothing in `{word}` needs one")),
                );
            }
            if self.place.in_undo || (written.leave.is_none() && written.irreversible.is_none()) {
                return Ending::Own;
            }
        }
        if let Some(undo) = written.undo {
            return self.undo(undo);
        }
        if let Some(why) = written.leave {
            return Ending::Leave(self.template(why));
        }
        if let Some(why) = written.irreversible {
            return Ending::Irreversible(self.template(why));
        }
        if !own && self.place.section.only_reads().is_none() {
            self.c.report.push(
                Diagnostic::error("change-without-undo", "this change does not say how it is taken back")
                    .at(place, "")
                    .help("add below it `undo CALL`: what takes it back")
                    .help("or `leave \"why\"`: it may stand")
                    .help("or `irreversible \"why\"`: it cannot be taken back")
                    .help("or `finally CALL`: it ends in any case, when the step ends"),
            );
        }
        Ending::Own
    }

    /// Returns how a change is taken back.
    fn undo(&mut self, undo: &Spanned<ast::Undo>) -> Ending {
        let outer = self.place;
        self.place.in_undo = true;
        self.place.followed = true;
        let made = match &undo.node {
            ast::Undo::Call { call, safe } => {
                let id = self.next_id();
                let made = self.call(call, Under::Undo);
                Undo {
                    text: made.text.clone(),
                    span: undo.span,
                    safe: safe.is_some(),
                    body: vec![Statement {
                        id,
                        span: call.span,
                        kind: StatementKind::Run(Box::new(Run {
                            slot: None,
                            call: made,
                            done_when: None,
                            ending: Ending::Own,
                            finally: None,
                        })),
                    }],
                }
            }
            ast::Undo::Block(block) => {
                let mark = self.frame.enter();
                let (body, _) = self.block(block);
                self.frame.leave_inside(mark, "the `undo`");
                Undo { body, safe: false, text: self.one_line(block.span), span: undo.span }
            }
            ast::Undo::Manual(manual) => {
                let id = self.next_id();
                let made = self.manual_run(manual, undo.span);
                Undo {
                    text: made.call.text.clone(),
                    span: undo.span,
                    // Who is asked looks first.
                    safe: true,
                    body: vec![Statement { id, span: undo.span, kind: StatementKind::Run(Box::new(made)) }],
                }
            }
        };
        self.place = outer;
        Ending::Undo(made)
    }
}

/// How a change says that it is taken back, as written.
#[derive(Clone, Copy)]
pub(super) struct Endings<'a> {
    pub undo: Option<&'a Spanned<ast::Undo>>,
    pub leave: Option<&'a ast::Text>,
    pub irreversible: Option<&'a ast::Text>,
    pub finally: Option<&'a Spanned<ast::Call>>,
}

impl Endings<'_> {
    fn all(&self) -> Vec<(&'static str, Span)> {
        let mut found = Vec::new();
        found.extend(self.undo.map(|u| ("undo", u.span)));
        found.extend(self.leave.map(|t| ("leave", t.span)));
        found.extend(self.irreversible.map(|t| ("irreversible", t.span)));
        found.extend(self.finally.map(|f| ("finally", f.span)));
        found
    }
}
