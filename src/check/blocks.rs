//! Statements that hold others: `step`, `if`, `for`, `parallel`, `on`.
//!
//! Owns which of their names live on, and the bounds of loops and attempts. Never looks into
//! the statements inside.

use std::collections::HashMap;

use super::bounds;
use super::lower::Lower;
use super::scope::{Bound, Reach};
use super::statements::{Flow, Made, goes};
use crate::diagnostic::Diagnostic;
use crate::program::{Block, Expr, ExprKind, Failure, For, Statement, StatementKind, Step};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::Type;

impl Lower<'_> {
    /// Returns a `step`.
    pub fn step(&mut self, step: &ast::Step) -> Made {
        let title = self.template(&step.title);
        let name = self.as_written(&step.title);
        let timeout = self.duration(step.timeout.as_ref(), "`timeout`");
        let within = self.duration(step.within.as_ref(), "`within`");
        let (retry, every) = match &step.retry {
            Some(retry) => self.retry(&retry.node),
            None => (None, None),
        };
        let on_failure = match step.on_failure.as_ref().map(|f| f.node) {
            None => Failure::Stop,
            Some(ast::OnFailure::Continue) => Failure::Continue,
            Some(ast::OnFailure::Ask) => Failure::Ask,
        };
        let outer = self.place;
        self.place.in_step = true;
        self.place.followed = false;
        let mark = self.frame.enter();
        let (body, mut flow) = self.block(&step.body);
        if on_failure != Failure::Stop {
            self.frame.leave_inside(mark, "the step that may fail");
            flow = Flow::Goes;
        }
        self.place = outer;
        let made = Step { title, name, timeout, within, retry, every, on_failure, body };
        (Some(StatementKind::Step(Box::new(made))), flow)
    }

    /// Returns a duration that may be missing.
    pub fn duration(&mut self, e: Option<&ast::Expr>, place: &'static str) -> Option<Expr> {
        e.map(|e| self.plain_of(e, &Type::Duration, place))
    }

    fn retry(&mut self, retry: &ast::Retry) -> (Option<Expr>, Option<(Expr, Expr)>) {
        let times = self.plain_of(&retry.times, &Type::Int, "`retry`");
        if !bounds::number(self, &times) && times.ty == Type::Int {
            self.c.report.push(
                Diagnostic::error("unbounded-retry", "nobody knows how often this is tried")
                    .at(times.span, "")
                    .help("write a number, or a parameter with a range: `int in 1..5`"),
            );
        }
        let every = self.duration(retry.every.as_ref(), "`every`");
        let up_to = self.duration(retry.up_to.as_ref(), "`every`");
        let pause = every.map(|every| {
            let longest = up_to.unwrap_or_else(|| every.clone());
            (every, longest)
        });
        (Some(times), pause)
    }

    /// Returns an `if`.
    pub fn if_(&mut self, if_: &ast::If, word: Span) -> Made {
        self.frame.open_branches();
        let mut branches = Vec::new();
        let mut arms = Vec::new();
        for branch in &if_.branches {
            let condition = self.plain(&branch.condition, "an `if`");
            self.expect_bool(&condition, "`if`");
            let (body, bound, flow) = self.branch(&branch.body);
            branches.push((bound, !flow.leaves(), first(branch.body.span)));
            arms.push((condition, body));
        }
        let otherwise = match &if_.otherwise {
            Some(block) => {
                let (body, bound, flow) = self.branch(block);
                branches.push((bound, !flow.leaves(), first(block.span)));
                body
            }
            None => {
                branches.push((Vec::new(), true, word));
                Vec::new()
            }
        };
        let goes = branches.iter().any(|(_, goes, _)| *goes);
        self.frame.join(branches);
        let flow = if goes { Flow::Goes } else { Flow::Leaves };
        let else_at = if_.otherwise.as_ref().map(|block| first(block.span));
        (Some(StatementKind::If { arms, otherwise, else_at }), flow)
    }

    /// Returns one branch of several, with what it bound.
    pub fn branch(&mut self, block: &ast::Block) -> (Block, Bound, Flow) {
        let mark = self.frame.enter();
        let (body, flow) = self.block(block);
        let bound = self.frame.leave(mark);
        self.frame.share(&bound);
        (body, bound, flow)
    }

    /// Returns a `for`.
    pub fn for_(&mut self, each: &ast::For, word: Span) -> Made {
        let list = self.plain(&each.list, "a `for`");
        let of = self.items_of(&list);
        let at_most = each.at_most.as_ref().map(|e| self.plain_of(e, &Type::Int, "`at most`"));
        match &at_most {
            Some(n) if !bounds::number(self, n) && n.ty == Type::Int => self.c.report.push(
                Diagnostic::error("unbounded-loop", "nobody knows how much this is at most")
                    .at(n.span, "")
                    .help("write a number, or a parameter with a range: `int in 1..50`"),
            ),
            None if is_list(&list.ty) && !bounds::bounded(self, &list) => {
                self.unbounded(&list, word);
            }
            _ => {}
        }
        let (at_a_time, all_at_once) = self.batch(each);
        let apart = self.duration(each.apart.as_ref(), "`apart`");
        let stop_after = each.stop_after.as_ref().map(|e| self.plain_of(e, &Type::Int, "`stop after`"));
        let outer = self.place;
        // The next iteration follows.
        self.place.followed = true;
        let mark = self.frame.enter();
        let origin = format!("an item of {}", self.one_line(each.list.span));
        let slot = self.bind(&each.name, of, origin);
        let (body, _) = self.block(&each.body);
        self.frame.leave_inside(mark, "the loop");
        self.place = outer;
        goes(StatementKind::For(Box::new(For {
            slot,
            name: each.name.node.clone(),
            list,
            at_most,
            at_a_time,
            all_at_once,
            apart,
            stop_after,
            keep_finished: each.keep_finished,
            body,
        })))
    }

    fn batch(&mut self, each: &ast::For) -> (Option<Expr>, bool) {
        match each.batch.as_ref().map(|b| &b.node) {
            Some(ast::Batch::AtATime(n)) => {
                let n = self.plain(n, "`at a time`");
                if !matches!(n.ty, Type::Int | Type::Percent | Type::Any) {
                    self.expect(&n, &Type::Int, "`at a time`");
                }
                (Some(n), false)
            }
            Some(ast::Batch::AllAtOnce) => (None, true),
            None => (None, false),
        }
    }

    fn items_of(&mut self, list: &Expr) -> Type {
        let ty = match &list.ty {
            Type::Tried(of) => &**of,
            other => other,
        };
        if let Type::List(of) = ty {
            return (**of).clone();
        }
        if *ty != Type::Any {
            let mut d = Diagnostic::error("not-a-list", format!("`for` goes through a list, this is `{ty}`"))
                .at(list.span, "");
            d = match ty {
                Type::Command => d.help("`.lines` is the list of its lines, `.json` what it means as JSON"),
                Type::Text => d.help("`x | lines` or `x | split(\",\")` makes a list of text"),
                Type::Int => d.help("`range(n)` is the list of the numbers below n"),
                Type::Record(_) => d.help("`x | keys` is the list of its names"),
                _ => d,
            };
            self.c.report.push(d);
        }
        Type::Any
    }

    fn unbounded(&mut self, list: &Expr, word: Span) {
        let written = self.one_line(list.span);
        let taken = matches!(&list.kind, ExprKind::Function { name, .. } if name == "take");
        let help = if taken {
            String::from("give `take` a number, or a parameter with a range: `int in 1..50`")
        } else {
            format!(
                "add `, at most 50`: a longer list fails before its first item; or go through the first ones: `take({written}, 50)`"
            )
        };
        self.c.report.push(
            Diagnostic::error("missing-at-most", "nobody knows how long this list is")
                .at(list.span, "")
                .at(word, "this loop has no bound")
                .help(help),
        );
    }

    /// Returns a `parallel`.
    pub fn parallel(&mut self, block: &ast::Block) -> Made {
        let outer = self.place;
        let around = self.frame.enter();
        let mut steps = Vec::new();
        let mut bound = Vec::new();
        let mut places = HashMap::new();
        let mut flow = Flow::Goes;
        for statement in &block.node {
            let ast::StatementKind::Step(step) = &statement.kind else {
                if !matches!(statement.kind, ast::StatementKind::Invalid(_)) {
                    self.c.report.push(
                        Diagnostic::error("not-a-step", "`parallel` holds steps only")
                            .at(statement.word, "")
                            .help("put it into a `step \"…\" { … }`"),
                    );
                }
                continue;
            };
            let id = self.next_id();
            let mark = self.frame.enter();
            let (kind, own) = self.step(step);
            let names = self.frame.leave(mark);
            for (name, entry) in &names {
                self.bound_beside(name, entry.span, &places);
            }
            self.frame.hide(&names, "another arm of the `parallel`");
            for (name, entry) in &names {
                if !matches!(entry.reach, Reach::Inside(_)) {
                    places.entry(name.clone()).or_insert(entry.span);
                }
            }
            bound.extend(names);
            if own.leaves() {
                flow = Flow::Leaves;
            }
            if let Some(kind) = kind {
                steps.push(Statement { id, span: statement.span, kind });
            }
        }
        self.frame.leave(around);
        self.frame.restore(bound);
        self.place = outer;
        (Some(StatementKind::Parallel(steps)), flow)
    }

    fn bound_beside(&mut self, name: &str, span: Span, others: &HashMap<String, Span>) {
        let first = others.get(name);
        if let Some(first) = first {
            self.c.report.push(
                Diagnostic::error("bound-twice", format!("`{name}` is bound twice"))
                    .at(span, "again here, in another arm")
                    .at(*first, "first here")
                    .help("every arm of a `parallel` runs: give this one another name"),
            );
        }
    }

    /// Reads an `on HOST`, whose statements are checked where they stand.
    pub fn on_host(&mut self, on: &ast::On, word: Span, made: &mut Block) -> Flow {
        self.not_yet(word, "`on HOST`");
        let _ = self.plain_of(&on.host, &Type::Text, "`on`");
        if let Some(user) = &on.user {
            let _ = self.plain_of(user, &Type::Text, "`as`");
        }
        let (body, flow) = self.block(&on.body);
        made.extend(body);
        flow
    }
}

fn is_list(ty: &Type) -> bool {
    match ty {
        Type::Tried(of) => is_list(of),
        Type::List(_) | Type::Any => true,
        _ => false,
    }
}

/// Returns the place of a block's brace.
fn first(block: Span) -> Span {
    let start = block.start as usize;
    Span::new(block.source, start, start + 1)
}
