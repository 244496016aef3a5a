//! Bounds: what is known to be no more than a number that stands in the file.
//!
//! Owns the rule which lists and counts are bounded. Never computes the number.

use super::lower::Lower;
use super::types::constant;
use crate::program::{Expr, ExprKind, GlobalSource, NameRef};
use crate::value::Value;

/// Functions whose result is no longer than their first argument.
const SHORTENING: &[&str] = &[
    "map",
    "select",
    "reject",
    "selectattr",
    "rejectattr",
    "sort",
    "unique",
    "reverse",
    "groupby",
    "batch",
    "take",
];

/// Returns whether the list is no longer than a bounded number.
pub(super) fn bounded(of: &Lower<'_>, list: &Expr) -> bool {
    match &list.kind {
        ExprKind::List(_) => true,
        ExprKind::Literal(Value::List(_)) => true,
        ExprKind::Name(NameRef::Local(slot)) => of
            .frame
            .slots
            .get(*slot as usize)
            .and_then(|s| of.frame.get(&s.name))
            .is_some_and(|e| e.slot == *slot && e.bounded),
        ExprKind::Name(NameRef::Global(index)) => global(of, *index)
            .is_some_and(|source| matches!(source, GlobalSource::Let(expr) if bounded(of, expr))),
        ExprKind::Conditional { then, otherwise, .. } => bounded(of, then) && bounded(of, otherwise),
        ExprKind::Function { name, args, named } => match name.as_str() {
            "take" => {
                let n = args.get(1).or_else(|| named.iter().find(|(k, _)| k == "n").map(|(_, e)| e));
                n.is_some_and(|n| number(of, n)) || args.first().is_some_and(|l| bounded(of, l))
            }
            "range" => args.iter().chain(named.iter().map(|(_, e)| e)).all(|n| number(of, n)),
            "chain" | "zip" => args.iter().all(|l| bounded(of, l)),
            name if SHORTENING.contains(&name) => args.first().is_some_and(|l| bounded(of, l)),
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether the number is a literal, or no more than one: a parameter with a range or choices.
pub(super) fn number(of: &Lower<'_>, n: &Expr) -> bool {
    if constant(n).is_some() {
        return true;
    }
    match &n.kind {
        ExprKind::Name(NameRef::Global(index)) => match global(of, *index) {
            Some(GlobalSource::Param(p)) => p.domain.range.is_some() || !p.domain.choices.is_empty(),
            Some(GlobalSource::Let(expr)) => number(of, expr),
            _ => false,
        },
        ExprKind::Function { name, args, .. } if name == "min" => args.iter().any(|a| number(of, a)),
        ExprKind::Function { name, args, .. } if name == "max" => args.iter().all(|a| number(of, a)),
        ExprKind::Binary(_, a, b) => number(of, a) && number(of, b),
        ExprKind::Unary(_, a) => number(of, a),
        ExprKind::Conditional { then, otherwise, .. } => number(of, then) && number(of, otherwise),
        _ => false,
    }
}

fn global<'a>(of: &'a Lower<'_>, index: u32) -> Option<&'a GlobalSource> {
    of.c.globals.get(index as usize).map(|g| &g.source)
}
