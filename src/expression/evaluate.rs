//! Evaluation of checked expressions.
//!
//! Owns the walk: what is evaluated, in which order, and what is left alone. Pure: the same
//! scope gives the same value, and a call that was not made yet is asked for, one at a time
//! and only when its result is needed. Never makes a call.

use super::scope::{EvalError, Failure, Scope, Stop};
use super::{access, describe, functions, operators, text};
use crate::program::{BinaryOp, Call, Expr, ExprKind, Template, TemplatePart};
use crate::source::Span;
use crate::value::{Type, Value};

/// Deepest nesting that is evaluated; the stack must outlast it.
const DEEPEST: usize = 256;

/// Returns the value of the expression.
///
/// # Errors
/// [`Stop::NeedCall`] when a call must be made first, or what is wrong and where.
pub fn evaluate(expr: &Expr, scope: &dyn Scope) -> Result<Value, Stop> {
    Walk { scope, depth: 0 }.expr(expr)
}

/// Returns the text with its values in it: a secret when one of them is, damaged when one of them is.
///
/// # Errors
/// As [`evaluate`].
pub fn render(template: &Template, scope: &dyn Scope) -> Result<Value, Stop> {
    Walk { scope, depth: 0 }.template(template)
}

/// Returns the calls of the whole expression with their numbers, in the order of these.
pub fn calls(expr: &Expr) -> Vec<(u32, &Call)> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found.sort_by_key(|(index, _)| *index);
    found
}

/// Returns what `try` makes of a call's result.
pub fn tried(call: &Call, result: Result<Value, String>) -> Value {
    match result {
        Ok(value @ Value::Tried(_)) => value,
        result => {
            Value::Tried(std::sync::Arc::new(crate::value::Tried { call: call.text.as_str().into(), result }))
        }
    }
}

fn collect<'a>(expr: &'a Expr, found: &mut Vec<(u32, &'a Call)>) {
    if let ExprKind::Call { index, call } = &expr.kind {
        found.push((*index, call));
    }
    expr.children(&mut |child| collect(child, found));
}

struct Walk<'a> {
    scope: &'a dyn Scope,
    depth: usize,
}

fn stop(failure: Failure, span: Span) -> Stop {
    Stop::Error(failure.at(span))
}

impl Walk<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<Value, Stop> {
        if self.depth >= DEEPEST {
            return Err(stop(
                Failure::new("the expression is nested too deep").help("name parts of it with `let`"),
                expr.span,
            ));
        }
        self.depth += 1;
        let result = self.kind(expr);
        self.depth -= 1;
        result
    }

    /// Evaluates where the value of a tried call is meant, not whether it failed.
    fn plain(&mut self, expr: &Expr) -> Result<Value, Stop> {
        let value = self.expr(expr)?;
        operators::plain(value).map_err(|f| stop(f, expr.span))
    }

    fn kind(&mut self, expr: &Expr) -> Result<Value, Stop> {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Template(template) => self.template(template),
            ExprKind::Name(name) => self.scope.name(*name).ok_or_else(|| {
                let called = self.scope.describe(*name).0;
                if self.scope.unknown(*name) {
                    return Stop::Unknown(called);
                }
                stop(Failure::new(format!("`{called}` is not bound on this path")), expr.span)
            }),
            ExprKind::Attempt => Ok(Value::Int(self.scope.attempt())),
            ExprKind::Elapsed => Ok(Value::Duration(self.scope.elapsed())),
            ExprKind::List(items) => {
                items.iter().map(|item| self.expr(item)).collect::<Result<_, _>>().map(Value::list)
            }
            ExprKind::Record(fields) => fields
                .iter()
                .map(|(name, value)| Ok((name.as_str(), self.expr(value)?)))
                .collect::<Result<Vec<_>, Stop>>()
                .map(Value::record),
            ExprKind::Field(base, name) => self.field(expr, base, name),
            ExprKind::Index(base, index) => self.index(expr, base, index),
            ExprKind::Unary(op, operand) => {
                let value = self.plain(operand)?;
                operators::unary(*op, &value)
                    .map_err(|f| stop(describe::with_origin(f, operand, self.scope), expr.span))
            }
            ExprKind::Binary(op, a, b) => self.binary(expr, *op, a, b),
            ExprKind::Matches(operand, pattern) => self.matches(expr, operand, pattern),
            ExprKind::Conditional { then, condition, otherwise } => {
                if self.truth(condition, "if")? {
                    self.expr(then)
                } else {
                    self.expr(otherwise)
                }
            }
            ExprKind::Function { name, args, named } => self.function(expr, name, args, named),
            ExprKind::Call { index, call } => self.call(*index, call),
        }
    }

    fn field(&mut self, expr: &Expr, base: &Expr, name: &str) -> Result<Value, Stop> {
        let value = self.expr(base)?;
        let what = || describe::path(base, self.scope);
        let header = is_headers(base).then(|| name.to_lowercase());
        access::field(&value, header.as_deref().unwrap_or(name), &base.ty, &what)
            .map_err(|f| stop(describe::with_origin(f, base, self.scope), expr.span))
    }

    fn index(&mut self, expr: &Expr, base: &Expr, index: &Expr) -> Result<Value, Stop> {
        let value = self.plain(base)?;
        let mut at = self.plain(index)?;
        if let (true, Value::Text(name)) = (is_headers(base), &at) {
            at = Value::text(name.to_lowercase());
        }
        let what = || describe::path(base, self.scope);
        access::index(&value, &at, &what)
            .map_err(|f| stop(describe::with_origin(f, base, self.scope), expr.span))
    }

    fn truth(&mut self, expr: &Expr, word: &str) -> Result<bool, Stop> {
        let value = self.plain(expr)?;
        operators::truth(&value, word)
            .map_err(|f| stop(describe::with_origin(f, expr, self.scope), expr.span))
    }

    fn binary(&mut self, expr: &Expr, op: BinaryOp, a: &Expr, b: &Expr) -> Result<Value, Stop> {
        match op {
            BinaryOp::Or => self.decided(true, (a, b), "or"),
            BinaryOp::And => self.decided(false, (a, b), "and"),
            _ => {
                let left = self.plain(a)?;
                let right = self.plain(b)?;
                operators::binary(op, &left, &right).map_err(|f| {
                    let f = describe::with_origin(f, a, self.scope);
                    stop(describe::with_origin(f, b, self.scope), expr.span)
                })
            }
        }
    }

    /// `a or b`, `a and b`: the one that is `by` decides alone, also where nobody knows the other one.
    fn decided(&mut self, by: bool, (a, b): (&Expr, &Expr), word: &str) -> Result<Value, Stop> {
        let first = self.truth(a, word);
        match first {
            Ok(first) if first == by => return Ok(Value::Bool(by)),
            Ok(_) | Err(Stop::Unknown(_)) => {}
            Err(stop) => return Err(stop),
        }
        match (self.truth(b, word), first) {
            (Ok(second), _) if second == by => Ok(Value::Bool(by)),
            (Ok(_), Err(unknown)) => Err(unknown),
            (second, _) => second.map(Value::Bool),
        }
    }

    fn matches(&mut self, expr: &Expr, operand: &Expr, pattern: &str) -> Result<Value, Stop> {
        let value = self.plain(operand)?;
        text::text_of(&value)
            .and_then(|text| Ok(Value::Bool(text::regex(pattern)?.is_match(&text))))
            .map_err(|f| stop(describe::with_origin(f, operand, self.scope), expr.span))
    }

    fn function(
        &mut self,
        expr: &Expr,
        name: &str,
        args: &[Expr],
        named: &[(String, Expr)],
    ) -> Result<Value, Stop> {
        match (name, args, named) {
            ("default", [value, or], []) => return self.default(value, or),
            ("default", [value], [(or_name, or)]) if or_name == "or" => {
                return self.default(value, or);
            }
            _ => {}
        }
        let values = args.iter().map(|arg| self.plain(arg)).collect::<Result<Vec<_>, _>>()?;
        let named = named
            .iter()
            .map(|(name, arg)| Ok((name.clone(), self.plain(arg)?)))
            .collect::<Result<Vec<_>, Stop>>()?;
        functions::call_function(name, values, named, self.scope.now()).map_err(|mut failure| {
            if let Some(first) = args.first() {
                failure = describe::with_origin(failure, first, self.scope);
            }
            stop(failure, expr.span)
        })
    }

    /// `x | default(or)`: `or` is looked at only when it is needed.
    fn default(&mut self, value: &Expr, or: &Expr) -> Result<Value, Stop> {
        match self.plain(value) {
            Ok(Value::None) | Err(Stop::Error(EvalError { missing: true, .. })) => self.expr(or),
            other => other,
        }
    }

    fn call(&mut self, index: u32, call: &Call) -> Result<Value, Stop> {
        let Some(result) = self.scope.reading(index) else {
            // A call among its arguments comes first.
            for argument in call.expressions() {
                if !calls(argument).is_empty() {
                    self.expr(argument)?;
                }
            }
            return Err(Stop::NeedCall(index));
        };
        if call.tried {
            return Ok(tried(call, result));
        }
        result.map_err(|message| stop(Failure::new(message), call.span))
    }

    fn template(&mut self, template: &Template) -> Result<Value, Stop> {
        let mut parts = Vec::with_capacity(template.parts.len());
        for part in &template.parts {
            parts.push(match part {
                TemplatePart::Text(text) => Value::text(text.as_str()),
                TemplatePart::Value(expr) => {
                    let value = self.plain(expr)?;
                    // What cannot stand in text is underlined where it stands.
                    text::concat(&[&value]).map_err(|f| stop(f, expr.span))?
                }
            });
        }
        let parts: Vec<&Value> = parts.iter().collect();
        text::concat(&parts).map_err(|f| stop(f, template.span))
    }
}

/// Names of headers are compared without case.
fn is_headers(base: &Expr) -> bool {
    matches!(&base.kind, ExprKind::Field(of, name)
        if name == "headers" && matches!(super::types::plain(&of.ty), Type::Response | Type::Any))
}
