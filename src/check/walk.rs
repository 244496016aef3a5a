//! Walks over checked expressions.
//!
//! Where expressions stand in expressions `program` knows. Never judges.

use crate::program::{Expr, ExprKind, NameRef};

/// Returns the names an expression uses, in source order.
pub(super) fn names(expr: &Expr) -> Vec<NameRef> {
    let mut found = Vec::new();
    expr.every(&mut |e| {
        if let ExprKind::Name(name) = e.kind {
            found.push(name);
        }
    });
    found
}
