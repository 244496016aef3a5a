//! Where expressions stand: in expressions, calls and statements.
//!
//! Never judges.

use super::{Call, Choice, Expr, ExprKind, Statement, StatementKind, Target, Template, TemplatePart};

impl Expr {
    /// Calls `f` with every expression that stands directly in this one.
    pub fn children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Attempt | ExprKind::Elapsed => {}
            ExprKind::Template(template) => template.values().for_each(f),
            ExprKind::List(items) => items.iter().for_each(f),
            ExprKind::Record(fields) => fields.iter().for_each(|(_, expr)| f(expr)),
            ExprKind::Field(base, _) => f(base),
            ExprKind::Unary(_, operand) | ExprKind::Matches(operand, _) => f(operand),
            ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
                f(a);
                f(b);
            }
            ExprKind::Conditional { then, condition, otherwise } => {
                f(then);
                f(condition);
                f(otherwise);
            }
            ExprKind::Function { args, named, .. } => {
                args.iter().for_each(&mut *f);
                named.iter().for_each(|(_, expr)| f(expr));
            }
            ExprKind::Call { call, .. } => call.expressions().into_iter().for_each(f),
        }
    }

    /// Calls `f` with the expression and everything in it, from the outside in.
    pub fn every<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(self);
        self.children(&mut |child| child.every(f));
    }
}

impl Template {
    /// Returns the values that stand in it.
    pub fn values(&self) -> impl Iterator<Item = &Expr> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Value(expr) => Some(expr),
            TemplatePart::Text(_) => None,
        })
    }
}

impl Call {
    /// Returns every expression that is evaluated before the call is made.
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut all: Vec<&Expr> = match &self.target {
            Target::Command(command) => command.values.iter().collect(),
            Target::Action { args, .. } => args.iter().collect(),
            Target::Native { args, .. } => args.iter().map(|(_, expr)| expr).collect(),
            Target::Manual(_) => Vec::new(),
        };
        all.extend(self.env.iter().map(|(_, expr)| expr));
        all.extend(
            [&self.dir, &self.user, &self.stdin, &self.timeout]
                .into_iter()
                .filter_map(|expr| expr.as_deref()),
        );
        all
    }
}

impl Statement {
    /// Returns the expressions of what a statement computes or reads by itself: neither those of statements inside it, nor
    /// those of a change it makes.
    pub fn read(&self) -> Vec<&Expr> {
        match &self.kind {
            StatementKind::Check { call, until, .. } => {
                call.expressions().into_iter().chain(until.iter().map(|until| &until.0)).collect()
            }
            StatementKind::Run(run) => {
                let into = matches!(run.call.target, Target::Action { .. });
                let args = if into { run.call.expressions() } else { Vec::new() };
                args.into_iter().chain(run.proof()).collect()
            }
            StatementKind::Verify { expr, .. }
            | StatementKind::Let { expr, .. }
            | StatementKind::Show { expr, .. }
            | StatementKind::Output { expr, .. }
            | StatementKind::Return(Some(expr)) => vec![expr],
            StatementKind::Finding { text, when } => text.values().chain(when).collect(),
            StatementKind::If { arms, .. } => arms.iter().map(|(condition, _)| condition).collect(),
            StatementKind::Decide { arms, otherwise, .. } => {
                let given = arms.iter().map(|(_, choice)| choice).chain([otherwise]).flat_map(given);
                arms.iter().map(|(condition, _)| condition).chain(given).collect()
            }
            StatementKind::For(looping) => vec![&looping.list],
            StatementKind::Watch(watch) => watch.arms.iter().map(|arm| &arm.when).collect(),
            StatementKind::Follow(follow) => follow.args.iter().map(|(_, expr)| expr).collect(),
            _ => Vec::new(),
        }
    }
}

fn given(choice: &Choice) -> Vec<&Expr> {
    match choice {
        Choice::Follow(follow) => follow.args.iter().map(|(_, expr)| expr).collect(),
        _ => Vec::new(),
    }
}
