//! Walks over checked expressions.
//!
//! Owns the one place that knows where expressions stand inside expressions. Never judges.

use crate::program::{Call, Expr, ExprKind, NameRef, Target, Template, TemplatePart};

/// Calls `f` for the expression and everything in it, from the outside in and in source order.
pub(super) fn every(expr: &Expr, f: &mut dyn FnMut(&Expr)) {
    f(expr);
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Attempt | ExprKind::Elapsed => {}
        ExprKind::Template(template) => every_in(template, f),
        ExprKind::List(items) => items.iter().for_each(|i| every(i, f)),
        ExprKind::Record(fields) => fields.iter().for_each(|(_, e)| every(e, f)),
        ExprKind::Field(of, _) | ExprKind::Unary(_, of) | ExprKind::Matches(of, _) => every(of, f),
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            every(a, f);
            every(b, f);
        }
        ExprKind::Conditional { then, condition, otherwise } => {
            every(then, f);
            every(condition, f);
            every(otherwise, f);
        }
        ExprKind::Function { args, named, .. } => {
            args.iter().for_each(|a| every(a, f));
            named.iter().for_each(|(_, a)| every(a, f));
        }
        ExprKind::Call { call, .. } => arguments(call).for_each(|a| every(a, f)),
    }
}

fn every_in(template: &Template, f: &mut dyn FnMut(&Expr)) {
    for part in &template.parts {
        if let TemplatePart::Value(e) = part {
            every(e, f);
        }
    }
}

/// Returns the arguments of a call of an action or native function.
pub(super) fn arguments(call: &Call) -> Box<dyn Iterator<Item = &Expr> + '_> {
    match &call.target {
        Target::Command(command) => Box::new(command.values.iter()),
        Target::Action { args, .. } => Box::new(args.iter()),
        Target::Native { args, .. } => Box::new(args.iter().map(|(_, e)| e)),
        Target::Manual(_) => Box::new(std::iter::empty()),
    }
}

/// Returns the names an expression uses, in source order.
pub(super) fn names(expr: &Expr) -> Vec<NameRef> {
    let mut found = Vec::new();
    every(expr, &mut |e| {
        if let ExprKind::Name(name) = e.kind {
            found.push(name);
        }
    });
    found
}
