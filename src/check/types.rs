//! Types as written, and whether a value fits where it stands.
//!
//! Owns the lowering of written types with their choices and ranges, and the words for a value
//! of the wrong type. The rules of types are those of `expression`.

use super::lower::Lower;
use super::report::count;
use crate::diagnostic::Diagnostic;
use crate::expression;
use crate::program::{Expr, ExprKind, UnaryOp};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use crate::value::{Domain, Type, Value};

impl Lower<'_> {
    /// Returns what a written type accepts.
    pub fn accepts(&mut self, written: &Spanned<ast::Type>) -> Domain {
        match &written.node {
            ast::Type::Text => Domain::any(Type::Text),
            ast::Type::Int => Domain::any(Type::Int),
            ast::Type::Number => Domain::any(Type::Number),
            ast::Type::Bool => Domain::any(Type::Bool),
            ast::Type::Duration => Domain::any(Type::Duration),
            ast::Type::Percent => Domain::any(Type::Percent),
            ast::Type::Size => Domain::any(Type::Size),
            ast::Type::Time => Domain::any(Type::Time),
            ast::Type::Record => Domain::any(Type::Record(None)),
            ast::Type::Any => Domain::any(Type::Any),
            ast::Type::List(of) => {
                let inner = self.accepts(of);
                if !inner.choices.is_empty() || inner.range.is_some() {
                    let what = "a list whose items have choices or a range";
                    self.c.report.not_yet(written.span, what);
                }
                Domain::any(Type::List(Box::new(inner.ty)))
            }
            ast::Type::OneOf(choices) => self.one_of(choices),
            ast::Type::Range { of, from, to } => self.range(of, from, to),
        }
    }

    fn one_of(&mut self, choices: &[ast::Expr]) -> Domain {
        let mut values = Vec::new();
        let mut ty: Option<Type> = None;
        for choice in choices {
            let expr = self.constant(choice, "a choice");
            if let Some(first) = &ty
                && !expression::comparable(first, &expr.ty)
            {
                self.c.report.push(
                    Diagnostic::error(
                        "type-mismatch",
                        format!("the choices are `{first}`, this one is `{}`", expr.ty),
                    )
                    .at(choice.span, ""),
                );
            }
            let joined = ty.map_or_else(|| expr.ty.clone(), |t| expression::common(&t, &expr.ty));
            ty = Some(joined);
            values.extend(constant(&expr));
        }
        Domain { ty: ty.unwrap_or(Type::Text), choices: values, range: None }
    }

    fn range(&mut self, of: &Spanned<ast::Type>, from: &ast::Expr, to: &ast::Expr) -> Domain {
        let ty = self.accepts(of).ty;
        let low = self.constant(from, "the end of a range");
        let high = self.constant(to, "the end of a range");
        for end in [&low, &high] {
            self.expect(end, &ty, "the end of this range");
        }
        let ordered = expression::binary_type(crate::program::BinaryOp::Less, &ty, &ty);
        if !matches!(ty, Type::Int | Type::Number | Type::Percent | Type::Duration | Type::Size | Type::Time)
            || ordered.is_err()
        {
            self.c.report.push(
                Diagnostic::error("type-mismatch", format!("`{ty}` has no range"))
                    .at(of.span, "")
                    .help("numbers, percentages, durations, sizes and times have one"),
            );
            return Domain::any(ty);
        }
        let mut range = constant(&low).zip(constant(&high));
        if let Some((a, b)) = &range
            && less(b, a)
        {
            self.c.report.push(
                Diagnostic::error("empty-range", "this range ends before it begins")
                    .at(from.span.to(to.span), "")
                    .help("write the smaller end first"),
            );
            range = None;
        }
        Domain { ty, choices: Vec::new(), range }
    }

    /// Returns an expression that must be a literal.
    fn constant(&mut self, written: &ast::Expr, what: &'static str) -> Expr {
        let expr = self.plain(written, what);
        if constant(&expr).is_none() && written.node != ast::Expression::Invalid {
            self.c.report.push(
                Diagnostic::error("literal-only", format!("{what} must be a literal"))
                    .at(written.span, "this is computed"),
            );
        }
        expr
    }

    /// Says so when the expression does not fit the type; `what` names its place: "the argument `pid`".
    pub fn expect(&mut self, expr: &Expr, want: &Type, what: &str) {
        if expression::assignable(&expr.ty, want) {
            return;
        }
        let mut d =
            Diagnostic::error("type-mismatch", format!("{what} takes `{want}`, this is `{}`", expr.ty))
                .at(expr.span, "");
        if let (ExprKind::Literal(Value::Int(n)), Type::Duration) = (&expr.kind, want) {
            d = d.help(format!("give it a unit: `{n}s`, `{n}m` or `{n}h`"));
        } else if let Some(help) = conversion(&expr.ty, want) {
            d = d.help(help);
        }
        self.c.report.push(d);
    }

    /// Says so when a value that is known now is not among the choices or out of the range.
    pub fn expect_accepted(&mut self, expr: &Expr, accepts: &Domain, what: &str) {
        self.expect(expr, &accepts.ty, what);
        let Some(value) = constant(expr) else { return };
        if !accepts.choices.is_empty() && !accepts.choices.iter().any(|c| same(c, &value)) {
            let choices: Vec<_> = accepts.choices.iter().map(shown).collect();
            let mut d = Diagnostic::error("not-a-choice", format!("{what} is one of {}", choices.join(", ")))
                .at(expr.span, "");
            if let (Value::Text(found), true) = (&value, accepts.ty == Type::Text) {
                let names = accepts.choices.iter().filter_map(|c| match c {
                    Value::Text(t) => Some(&**t),
                    _ => None,
                });
                d = super::report::near(d, found, names);
            }
            self.c.report.push(d);
        }
        if let Some((low, high)) = &accepts.range
            && (less(&value, low) || less(high, &value))
        {
            let message = format!("{what} is from {} to {}", shown(low), shown(high));
            self.c.report.push(Diagnostic::error("out-of-range", message).at(expr.span, ""));
        }
    }
}

/// Returns what turns the one type into the other.
fn conversion(have: &Type, want: &Type) -> Option<&'static str> {
    let number = matches!(have, Type::Int | Type::Number | Type::Any);
    match (have, want) {
        (_, Type::Duration) if number => {
            Some("give it a unit: `30s`, `5m`, `1h`, or make it one with `seconds(n)`")
        }
        (_, Type::Size) if number => Some("give it a unit: `10GiB`, `512MB`, or make it one with `bytes(n)`"),
        (Type::Number | Type::Percent, Type::Int) => Some("`int(x)` makes a whole number of it"),
        (Type::Text, Type::Duration) => Some("write it without quotes: `30s`"),
        (Type::Text, Type::Int | Type::Number | Type::Percent) => {
            Some("`number(text)` makes a number of text")
        }
        (Type::Command, Type::Int | Type::Number | Type::Percent) => {
            Some("`.number` is the number that the command printed, `.exit` its exit status")
        }
        (Type::Command, Type::Bool) => Some("`.ok` tells whether the command succeeded"),
        (Type::Command, Type::List(_)) => {
            Some("`.lines` is the list of lines that the command printed, `.json` what it means as JSON")
        }
        (Type::Response, Type::Bool) => Some("`.ok` tells whether the request succeeded"),
        (Type::Response, Type::Text) => Some("`.body` is its text"),
        (Type::Int | Type::Number | Type::Duration | Type::Size | Type::Bool, Type::Text) => {
            Some("`text(x)` makes text of it, `\"{{ x }}\"` too")
        }
        (Type::List(_), Type::Text) => Some("`x | join(\", \")` makes text of a list"),
        (Type::Record(_), Type::Text) => Some("`x | tojson` makes text of a record"),
        _ => None,
    }
}

/// Returns the value of an expression that is known before anything runs.
pub(super) fn constant(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        // What could not be read is `none` of any type; a written `none` has its own.
        ExprKind::Literal(Value::None) if expr.ty == Type::Any => None,
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::Unary(UnaryOp::Negate, of) => match constant(of)? {
            Value::Int(n) => n.checked_neg().map(Value::Int),
            Value::Number(n) => Some(Value::Number(-n)),
            Value::Percent(n) => Some(Value::Percent(-n)),
            Value::Duration(n) => n.checked_neg().map(Value::Duration),
            _ => None,
        },
        ExprKind::List(items) => items.iter().map(constant).collect::<Option<Vec<_>>>().map(Value::list),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "bounds of ranges are small; a loss would only miss a message"
        )]
        Value::Int(n) | Value::Duration(n) | Value::Size(n) => Some(*n as f64),
        Value::Number(n) | Value::Percent(n) => Some(*n),
        _ => None,
    }
}

fn less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Time(a), Value::Time(b)) => a < b,
        _ => matches!((number(a), number(b)), (Some(a), Some(b)) if a < b),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((number(a), number(b)), (Some(a), Some(b)) if (a - b).abs() < f64::EPSILON)
}

/// Returns a value for a message.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        Value::Int(n) => n.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Percent(n) => format!("{}%", (n * 1e9).round() / 1e7),
        Value::Duration(n) => format!("{:#}", jiff::SignedDuration::from_nanos(*n)).replace(' ', ""),
        Value::Size(n) => format!("{n}B"),
        Value::Time(t) => t.to_string(),
        _ => String::from("…"),
    }
}

/// Says how many arguments too many there are.
pub(super) fn too_many(name: &str, takes: usize, given: usize, span: Span) -> Diagnostic {
    Diagnostic::error(
        "too-many-arguments",
        format!("`{name}` takes {}, {given} are given", count(takes, "argument")),
    )
    .at(span, "this one is too much")
}
