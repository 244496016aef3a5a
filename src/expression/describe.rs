//! How messages call an expression, and where its value came from.
//!
//! Owns the words by which an error at run time leads back to what was read. Never shows a
//! value that could be secret.

use super::scope::{Failure, Scope};
use crate::program::{Expr, ExprKind};
use crate::value::{Value, brief};

/// How much of an origin a message shows, in characters.
const SHOWN: usize = 100;

/// Returns the expression as messages call it: `holders[0].n`.
pub(super) fn path(expr: &Expr, scope: &dyn Scope) -> String {
    match &expr.kind {
        ExprKind::Name(name) => scope.describe(*name).0,
        ExprKind::Field(base, field) => format!("{}.{field}", path(base, scope)),
        ExprKind::Index(base, index) => {
            let base = path(base, scope);
            match &index.kind {
                ExprKind::Literal(Value::Text(key)) => format!("{base}[{key:?}]"),
                _ => format!("{base}[{}]", path(index, scope)),
            }
        }
        ExprKind::Call { call, .. } => brief(&call.text, SHOWN),
        ExprKind::Function { name, args, .. } => match args.first() {
            Some(first) => format!("{} | {name}", path(first, scope)),
            None => format!("{name}()"),
        },
        ExprKind::Literal(value) => value.brief(SHOWN),
        ExprKind::Attempt => String::from("attempt"),
        ExprKind::Elapsed => String::from("elapsed"),
        ExprKind::Template(_) => String::from("the text"),
        ExprKind::List(_) => String::from("the list"),
        ExprKind::Record(_) => String::from("the record"),
        _ => String::from("the value"),
    }
}

/// Adds the line that says where the expression's value came from.
pub(super) fn with_origin(failure: Failure, expr: &Expr, scope: &dyn Scope) -> Failure {
    match origin(expr, scope) {
        Some(line) if !failure.help.contains(&line) => failure.help(line),
        _ => failure,
    }
}

fn origin(expr: &Expr, scope: &dyn Scope) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => {
            let (called, origin) = scope.describe(*name);
            let origin = match scope.name(*name) {
                Some(Value::Command(command)) => command.typed.to_string(),
                Some(Value::Response(response)) => response.request.to_string(),
                _ => origin,
            };
            (!origin.is_empty()).then(|| format!("`{called}` came from `{}`", brief(&origin, SHOWN)))
        }
        ExprKind::Field(base, _) | ExprKind::Index(base, _) => origin(base, scope),
        ExprKind::Function { args, .. } => args.first().and_then(|first| origin(first, scope)),
        _ => None,
    }
}
