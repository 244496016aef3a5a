//! Functions and filters: `f(x)`, `x | f()`.
//!
//! Owns which function is meant and the words for arguments that it does not take. Never types a
//! function itself: `expression` has the table.

use super::expressions::{make, reason, unknown};
use super::lower::{Calls, Lower, unknown_callable};
use crate::diagnostic::Diagnostic;
use crate::expression;
use crate::program::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::ast::{self, Expression};
use crate::value::Type;

impl Lower<'_> {
    /// A function, or an action: `f(x)`, `module.f(x)`, `x | f()`.
    pub fn called(
        &mut self,
        piped: Option<&ast::Expr>,
        callee: &ast::Path,
        arguments: &[ast::Argument],
        span: Span,
        calls: &mut Calls,
    ) -> Expr {
        let own = callee.module.is_none() && self.is_action(&callee.name.node);
        if callee.module.is_some() || own {
            return self.action_in_expression(piped, callee, arguments, span, calls);
        }
        self.function(piped, &callee.name, arguments, span, calls)
    }

    fn function(
        &mut self,
        piped: Option<&ast::Expr>,
        name: &ast::Name,
        arguments: &[ast::Argument],
        span: Span,
        calls: &mut Calls,
    ) -> Expr {
        let mut args: Vec<Expr> = Vec::new();
        let mut named: Vec<(String, Expr)> = Vec::new();
        if let Some(value) = piped {
            args.push(self.expr(value, calls));
        }
        for argument in arguments {
            let value = self.expr(&argument.value, calls);
            match &argument.name {
                Some(name) => named.push((name.node.clone(), value)),
                None => args.push(value),
            }
        }
        if expression::signature(&name.node).is_none() {
            self.unknown_function(name, piped, arguments, span);
            return unknown(span);
        }
        if name.node == "capture"
            && let Some(Expression::Text(t)) = arguments.last().map(|a| &a.value.node)
            && let Some(pattern) = t.literal()
        {
            let at = arguments.last().map_or(span, |a| a.value.span);
            self.pattern(&pattern, at);
        }
        let types: Vec<Type> = args.iter().map(|a| a.ty.clone()).collect();
        let named_types: Vec<(String, Type)> = named.iter().map(|(n, e)| (n.clone(), e.ty.clone())).collect();
        let ty = match expression::result_type_with(&name.node, &types, &named_types) {
            Ok(ty) => ty,
            Err(message) => {
                let secret =
                    types.iter().chain(named_types.iter().map(|(_, t)| t)).any(expression::contains_secret);
                let code = if secret { "secret-misplaced" } else { "bad-arguments" };
                self.c.report.push(reason(code, &message, span));
                if secret {
                    return unknown(span);
                }
                Type::Any
            }
        };
        let kind = ExprKind::Function { name: name.node.clone(), args, named };
        make(kind, ty, span)
    }

    fn unknown_function(
        &mut self,
        name: &ast::Name,
        piped: Option<&ast::Expr>,
        arguments: &[ast::Argument],
        span: Span,
    ) {
        if self.was_meant(&name.node) {
            return;
        }
        let values = piped.into_iter().chain(arguments.iter().map(|a| &a.value));
        let values: Vec<_> = values.map(|value| self.one_line(value.span)).collect();
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        if let Some(own) = super::habits::function(&name.node, &values) {
            self.c.report.push(
                Diagnostic::error("unknown-function", format!("there is no function `{}`", name.node))
                    .at(span, "")
                    .help(format!("write `{own}`")),
            );
            return;
        }
        if name.node == "raw" {
            self.c.report.push(
                Diagnostic::error("raw-outside-command", "`raw` stands in a command only")
                    .at(name.span, "")
                    .help("nothing is quoted here: leave it out"),
            );
            return;
        }
        let message = format!("there is no function or action `{}`", name.node);
        let actions = self.c.units[self.unit].actions.keys().map(String::as_str);
        let names = expression::names().map(|n| -> &str { n }).chain(actions);
        let mut d = unknown_callable("unknown-function", message, name.span, &name.node, names);
        let modules: Vec<_> = self
            .c
            .modules_with(self.unit, &name.node)
            .into_iter()
            .map(|m| format!("`{m}.{}`", name.node))
            .collect();
        if !modules.is_empty() {
            d.help.clear();
            d = d.help(format!("actions of modules are called so: {}", modules.join(", ")));
        }
        self.c.report.push(d);
    }

    /// Says so when a pattern cannot be compiled.
    pub fn pattern(&mut self, pattern: &str, span: Span) {
        if let Err(error) = regex::Regex::new(pattern) {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or("").trim();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            self.c.report.push(
                Diagnostic::error("bad-pattern", "this pattern cannot be read")
                    .at(span, why.to_owned())
                    .help("a backslash is written twice in text: \"\\\\d+\""),
            );
        }
    }
}
