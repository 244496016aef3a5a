//! Expressions: from the tree to the checked form.
//!
//! Owns names, literals, operators, templates and functions in expressions. Never types an
//! operator itself (`expression` does) and never resolves a call of an action (`calls` does).

use super::lower::{Calls, Lower};
use crate::diagnostic::Diagnostic;
use crate::expression;
use crate::program::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOperator, Expression};
use crate::value::{Type, Value};

impl Lower<'_> {
    /// Returns an expression in which no call may stand; `place` says where it is: "a `let`".
    pub fn plain(&mut self, e: &ast::Expr, place: &'static str) -> Expr {
        let mut calls = Calls::refused(place);
        self.expr(e, &mut calls)
    }

    /// Returns an expression of that type in which no call may stand.
    pub fn plain_of(&mut self, e: &ast::Expr, want: &Type, place: &'static str) -> Expr {
        let expr = self.plain(e, place);
        self.expect(&expr, want, place);
        expr
    }

    /// Returns a condition in which calls that read may stand, and how many there are.
    pub fn condition(&mut self, e: &ast::Expr, place: &str) -> (Expr, u32) {
        let mut calls = Calls::allowed();
        let expr = self.expr(e, &mut calls);
        self.expect_bool(&expr, place);
        (expr, calls.count)
    }

    /// Says so when an expression is not true or false.
    pub fn expect_bool(&mut self, expr: &Expr, place: &str) {
        if expression::assignable(&expr.ty, &Type::Bool) {
            return;
        }
        let mut d = Diagnostic::error(
            "condition-not-bool",
            format!("{place} takes true or false, this is `{}`", expr.ty),
        )
        .at(expr.span, "");
        d = match plain_type(&expr.ty) {
            Type::Command | Type::Response => d.help(format!("write `{}.ok`", self.one_line(expr.span))),
            Type::Text => d.help("compare it: `… == \"text\"`"),
            Type::List(_) => d.help("ask for its length: `length(…) > 0`"),
            Type::Int | Type::Number | Type::Percent => d.help("compare it: `… > 0`"),
            _ => d,
        };
        self.c.report.push(d);
    }

    /// Returns the checked form of an expression.
    pub fn expr(&mut self, e: &ast::Expr, calls: &mut Calls) -> Expr {
        let span = e.span;
        match &e.node {
            Expression::Text(template) => self.text_literal(template, span),
            Expression::Int(n) => literal(Value::Int(*n), Type::Int, span),
            Expression::Float(n) => literal(Value::Number(*n), Type::Number, span),
            Expression::Bool(b) => literal(Value::Bool(*b), Type::Bool, span),
            Expression::None => literal(Value::None, Type::None, span),
            Expression::Percent(n) => literal(Value::Percent(n / 100.0), Type::Percent, span),
            Expression::Duration(d) => {
                let nanos = i64::try_from(d.as_nanos()).ok();
                self.sized(nanos.map(Value::Duration), Type::Duration, span)
            }
            Expression::Size(n) => {
                let bytes = i64::try_from(*n).ok();
                self.sized(bytes.map(Value::Size), Type::Size, span)
            }
            Expression::Date(date) => {
                let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok();
                self.sized(midnight.map(|z| Value::Time(z.timestamp())), Type::Time, span)
            }
            Expression::Time(time) => literal(Value::Time(*time), Type::Time, span),
            Expression::List(items) => self.list(items, span, calls),
            Expression::Record(entries) => self.record(entries, span, calls),
            Expression::Name(name) => self.name(name, span),
            Expression::Field { of, name } => self.field(of, name, span, calls),
            Expression::Index { of, index } => self.index(of, index, span, calls),
            Expression::Call { callee, arguments } => self.called(None, callee, arguments, span, calls),
            Expression::Pipe { value, function, arguments } => {
                self.called(Some(value), function, arguments, span, calls)
            }
            Expression::Not(of) => self.unary(UnaryOp::Not, of, span, calls),
            Expression::Negate(of) => self.unary(UnaryOp::Negate, of, span, calls),
            Expression::Binary { operator, left, right } => {
                self.binary(operator.node, operator.span, left, right, span, calls)
            }
            Expression::If { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise, span, calls)
            }
            Expression::Invalid => unknown(span),
        }
    }

    fn sized(&mut self, value: Option<Value>, ty: Type, span: Span) -> Expr {
        match value {
            Some(value) => literal(value, ty, span),
            None => {
                self.c.report.push(
                    Diagnostic::error("out-of-range", "this is more than can be computed with").at(span, ""),
                );
                literal(Value::None, ty, span)
            }
        }
    }

    fn list(&mut self, items: &[ast::Expr], span: Span, calls: &mut Calls) -> Expr {
        let items: Vec<_> = items.iter().map(|i| self.expr(i, calls)).collect();
        let of =
            items.iter().map(|i| i.ty.clone()).reduce(|a, b| expression::common(&a, &b)).unwrap_or(Type::Any);
        make(ExprKind::List(items), Type::List(Box::new(of)), span)
    }

    fn record(&mut self, entries: &[ast::Entry], span: Span, calls: &mut Calls) -> Expr {
        let mut fields: Vec<(String, Expr)> = Vec::new();
        let mut types = std::collections::BTreeMap::new();
        for entry in entries {
            let value = self.expr(&entry.value, calls);
            types.insert(entry.key.node.clone(), value.ty.clone());
            fields.push((entry.key.node.clone(), value));
        }
        let ty = Type::Record(Some(std::sync::Arc::new(types)));
        make(ExprKind::Record(fields), ty, span)
    }

    fn name(&mut self, name: &str, span: Span) -> Expr {
        let own = self.frame.get(name).is_some() || self.c.units[self.unit].globals.contains_key(name);
        if !own && matches!(name, "attempt" | "elapsed") {
            if !self.place.in_step {
                self.c.report.push(
                    Diagnostic::error("outside-step", format!("`{name}` is read inside a step"))
                        .at(span, "")
                        .help("it counts the attempts, and the time, of the step around it"),
                );
            }
            return if name == "attempt" {
                make(ExprKind::Attempt, Type::Int, span)
            } else {
                make(ExprKind::Elapsed, Type::Duration, span)
            };
        }
        match self.resolve(name, span) {
            Some((found, ty)) => make(ExprKind::Name(found), ty, span),
            None => unknown(span),
        }
    }

    fn field(&mut self, of: &ast::Expr, name: &ast::Name, span: Span, calls: &mut Calls) -> Expr {
        if let Expression::Name(module) = &of.node
            && self.frame.get(module).is_none()
            && self.module(module).is_some()
        {
            let d = Diagnostic::error(
                "module-as-value",
                format!("`{module}.{}` is called with `( )`", name.node),
            )
            .at(span, "")
            .help(format!("write `{module}.{}(…)`", name.node));
            self.c.report.push(d);
            return unknown(span);
        }
        let of = self.expr(of, calls);
        match expression::field_type(&of.ty, &name.node) {
            Ok(ty) => make(ExprKind::Field(Box::new(of), name.node.clone()), ty, span),
            Err(error) => {
                let mut d = reason("unknown-field", &error.message, name.span);
                if let Some(own) = super::habits::field(&of.ty, &name.node, &self.one_line(of.span)) {
                    d.help = vec![format!("write `{own}`")];
                }
                if d.help.is_empty() && !error.known.is_empty() {
                    d = d.note(format!(
                        "fields: {}",
                        super::report::listed(error.known.iter().map(String::as_str))
                    ));
                }
                self.c.report.push(d);
                unknown(span)
            }
        }
    }

    fn index(&mut self, of: &ast::Expr, index: &ast::Expr, span: Span, calls: &mut Calls) -> Expr {
        let of = self.expr(of, calls);
        let index = self.expr(index, calls);
        match expression::index_type(&of.ty, &index.ty) {
            Ok(ty) => make(ExprKind::Index(Box::new(of), Box::new(index)), ty, span),
            Err(message) => {
                self.c.report.push(reason("type-mismatch", &message, index.span));
                unknown(span)
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, of: &ast::Expr, span: Span, calls: &mut Calls) -> Expr {
        let of = self.expr(of, calls);
        let ty = match expression::unary_type(op, &of.ty) {
            Ok(ty) => ty,
            Err(message) => {
                self.c.report.push(reason("type-mismatch", &message, of.span));
                Type::Any
            }
        };
        make(ExprKind::Unary(op, Box::new(of)), ty, span)
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        sign: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        calls: &mut Calls,
    ) -> Expr {
        let Some(op) = operation(operator) else {
            return self.matches(left, right, span, calls);
        };
        let left = self.expr(left, calls);
        let right = self.expr(right, calls);
        let ty = match expression::binary_type(op, &left.ty, &right.ty) {
            Ok(ty) => ty,
            Err(message) => {
                let secret = [&left, &right].iter().any(|e| expression::contains_secret(&e.ty));
                let code = if secret { "secret-misplaced" } else { "type-mismatch" };
                let mut d = reason(code, &message, left.span.to(right.span)).at(sign, "");
                if let Some(own) = self.other_operand(op, &left, &right).filter(|_| !secret) {
                    d.help = vec![format!("write `{own}`")];
                }
                self.c.report.push(d);
                if secret {
                    return unknown(span);
                }
                fallback(op)
            }
        };
        self.counted_percent(op, &left, &right);
        make(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty, span)
    }

    /// Returns the operation as it was meant: with the part of a command that fits, or with `~` for text.
    fn other_operand(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<String> {
        let sign = self.c.sources.text(Span::new(
            left.span.source,
            left.span.end as usize,
            right.span.start as usize,
        ));
        let (a, b) = (self.one_line(left.span), self.one_line(right.span));
        let sign = sign.trim();
        match (plain_type(&left.ty), plain_type(&right.ty)) {
            (Type::Text, Type::Text | Type::Command) | (Type::Command, Type::Text) if op == BinaryOp::Add => {
                Some(format!("{a} ~ {b}"))
            }
            (Type::Command, other) => Some(format!("{} {sign} {b}", super::habits::of_command(other, &a)?)),
            (other, Type::Command) => Some(format!("{a} {sign} {}", super::habits::of_command(other, &b)?)),
            _ => None,
        }
    }

    /// Points at a number that a tool printed and that is compared with a percentage: tools print 91, not 0.91.
    fn counted_percent(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        let ordered =
            matches!(op, BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual);
        // `share * 100` is how a tool gets it that counts percent.
        let scales = matches!(op, BinaryOp::Multiply | BinaryOp::Divide);
        for (share, number) in [(left, right), (right, left)] {
            if plain_type(&share.ty) == &Type::Percent && !scales {
                self.bare_percent(number);
            }
        }
        let printed = |e: &Expr| matches!(&e.kind, ExprKind::Field(_, name) if name == "number");
        let percent = |e: &Expr| matches!(e.kind, ExprKind::Literal(Value::Percent(n)) if n > 0.0);
        let number = match (printed(left) && percent(right), printed(right) && percent(left)) {
            (true, _) => left,
            (_, true) => right,
            _ => return,
        };
        if !ordered {
            return;
        }
        let written = self.one_line(number.span);
        self.c.report.push(
            Diagnostic::warning("number-as-percent", "a printed number is compared with a percentage")
                .at(number.span, "91 is more than 100%, which is 1")
                .help(format!("when it counts percent, 91 for 91%: `percent({written})`"))
                .help("when it is a share from 0 to 1, compare it with one: `0.9`"),
        );
    }

    /// Points at a bare number above 1 that stands for a percentage: 80 is 8000%.
    pub fn bare_percent(&mut self, e: &Expr) {
        let above = match &e.kind {
            ExprKind::Literal(Value::Int(n)) => *n > 1,
            ExprKind::Literal(Value::Number(n)) => *n > 1.0,
            _ => false,
        };
        if !above {
            return;
        }
        let written = self.one_line(e.span);
        self.c.report.push(
            Diagnostic::warning("number-as-percent", "a percentage above 100% is written as a bare number")
                .at(e.span, "1 is 100%")
                .help(format!("write `{written}%`")),
        );
    }

    fn matches(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span, calls: &mut Calls) -> Expr {
        let text = self.expr(left, calls);
        self.expect(&text, &Type::Text, "`matches`");
        let pattern = match &right.node {
            Expression::Text(template) => template.literal(),
            Expression::Invalid => Some(String::new()),
            _ => None,
        };
        let Some(pattern) = pattern else {
            self.c.report.push(
                Diagnostic::error("literal-only", "a pattern is written out, it cannot be computed")
                    .at(right.span, "")
                    .help("to look for a text that is not known before, use `in`"),
            );
            return make(ExprKind::Matches(Box::new(text), String::new()), Type::Bool, span);
        };
        self.pattern(&pattern, right.span);
        make(ExprKind::Matches(Box::new(text), pattern), Type::Bool, span)
    }

    fn conditional(
        &mut self,
        condition: &ast::Expr,
        then: &ast::Expr,
        otherwise: &ast::Expr,
        span: Span,
        calls: &mut Calls,
    ) -> Expr {
        let then = self.expr(then, calls);
        let condition = self.expr(condition, calls);
        self.expect_bool(&condition, "`if`");
        let otherwise = self.expr(otherwise, calls);
        let ty = expression::common(&then.ty, &otherwise.ty);
        let kind = ExprKind::Conditional {
            then: Box::new(then),
            condition: Box::new(condition),
            otherwise: Box::new(otherwise),
        };
        make(kind, ty, span)
    }
}

/// Returns the type of a tried call's own value.
fn plain_type(ty: &Type) -> &Type {
    match ty {
        Type::Tried(of) => plain_type(of),
        other => other,
    }
}

/// Returns an expression.
pub(super) fn make(kind: ExprKind, ty: Type, span: Span) -> Expr {
    Expr { kind, ty, span }
}

/// Returns a literal.
pub(super) fn literal(value: Value, ty: Type, span: Span) -> Expr {
    make(ExprKind::Literal(value), ty, span)
}

/// Returns what stands for an expression that is wrong, about which enough was said.
pub(super) fn unknown(span: Span) -> Expr {
    literal(Value::None, Type::Any, span)
}

/// Makes a diagnostic of a message whose hint stands behind a colon.
pub(super) fn reason(code: &str, message: &str, span: Span) -> Diagnostic {
    match message.split_once(": ") {
        Some((what, help)) => Diagnostic::error(code, what).at(span, "").help(help),
        None => Diagnostic::error(code, message).at(span, ""),
    }
}

/// Says that a key is written twice.
pub(super) fn twice(key: &ast::Name, place: &str) -> Diagnostic {
    Diagnostic::error("written-twice", format!("`{}` is written twice {place}", key.node))
        .at(key.span, "again here")
}

fn operation(operator: BinaryOperator) -> Option<BinaryOp> {
    Some(match operator {
        BinaryOperator::Or => BinaryOp::Or,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Equal => BinaryOp::Equal,
        BinaryOperator::NotEqual => BinaryOp::NotEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::LessOrEqual => BinaryOp::LessEqual,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::GreaterOrEqual => BinaryOp::GreaterEqual,
        BinaryOperator::In => BinaryOp::In,
        BinaryOperator::NotIn => BinaryOp::NotIn,
        BinaryOperator::Matches => return None,
        BinaryOperator::Join => BinaryOp::Join,
        BinaryOperator::Add => BinaryOp::Add,
        BinaryOperator::Subtract => BinaryOp::Subtract,
        BinaryOperator::Multiply => BinaryOp::Multiply,
        BinaryOperator::Divide => BinaryOp::Divide,
    })
}

/// Returns the type an operator has whatever stands around it.
fn fallback(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Join => Type::Text,
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => Type::Any,
        _ => Type::Bool,
    }
}
