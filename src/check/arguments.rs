//! Arguments of calls: which parameter each is for, and whether it fits.
//!
//! Owns positions, names, missing and superfluous arguments. Never knows what is called.

use super::expressions::twice;
use super::lower::Lower;
use super::report::{listed, near};
use super::types::too_many;
use crate::diagnostic::Diagnostic;
use crate::program::Expr;
use crate::program::native::Native;
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use crate::value::Domain;

/// One parameter, of an action or a native function.
pub(super) struct Parameter<'p> {
    pub name: &'p str,
    pub accepts: Domain,
    pub required: bool,
}

/// An argument as given.
pub(super) struct Given {
    pub name: Option<ast::Name>,
    pub value: Expr,
}

impl Lower<'_> {
    /// Returns the arguments, checked by themselves.
    pub fn arguments(&mut self, piped: Option<&ast::Expr>, arguments: &[ast::Argument]) -> Vec<Given> {
        let place = "an argument";
        let mut given = Vec::new();
        if let Some(value) = piped {
            given.push(Given { name: None, value: self.plain(value, place) });
        }
        for argument in arguments {
            given.push(Given { name: argument.name.clone(), value: self.plain(&argument.value, place) });
        }
        given
    }

    /// Returns the argument of each parameter, and says what does not fit.
    pub fn match_arguments(
        &mut self,
        name: &str,
        parameters: &[Parameter<'_>],
        given: Vec<Given>,
        span: Span,
    ) -> Vec<Option<Expr>> {
        let mut bound: Vec<Option<Expr>> = parameters.iter().map(|_| None).collect();
        let total = given.len();
        for (at, Given { name: key, value }) in given.into_iter().enumerate() {
            let position = match &key {
                Some(key) => parameters.iter().position(|p| p.name == key.node),
                None if at < parameters.len() => Some(at),
                None => {
                    let d = too_many(name, parameters.len(), total, value.span);
                    self.c.report.push(d);
                    continue;
                }
            };
            let Some(position) = position else {
                if let Some(key) = &key {
                    self.unknown_argument(name, key, parameters);
                }
                continue;
            };
            let what = format!("the argument `{}` of `{name}`", parameters[position].name);
            self.expect_accepted(&value, &parameters[position].accepts, &what);
            if bound[position].is_some() {
                let key =
                    key.unwrap_or_else(|| Spanned::new(parameters[position].name.to_owned(), value.span));
                self.c.report.push(twice(&key, "in this call"));
            }
            bound[position] = Some(value);
        }
        let missing: Vec<_> = parameters
            .iter()
            .zip(&bound)
            .filter(|(p, arg)| p.required && arg.is_none())
            .map(|(p, _)| p.name)
            .collect();
        if !missing.is_empty() {
            let first = missing.first().copied();
            let all: Vec<_> = parameters.iter().map(|p| format!("{}: {}", p.name, p.accepts.ty)).collect();
            let d = Diagnostic::error("argument-missing", format!("`{name}` needs {}", listed(missing)))
                .at(span, "")
                .help(format!("write `{name}({}: …)`", first.unwrap_or("")))
                .note(format!("it is `{name}({})`", all.join(", ")));
            self.c.report.push(d);
        }
        bound
    }

    fn unknown_argument(&mut self, name: &str, key: &ast::Name, parameters: &[Parameter<'_>]) {
        let names = || parameters.iter().map(|p| p.name);
        let d = Diagnostic::error("unknown-argument", format!("`{name}` has no argument `{}`", key.node))
            .at(key.span, "")
            .note(format!("arguments: {}", listed(names())));
        self.c.report.push(near(d, &key.node, names()));
    }
}

/// Returns the parameters of a native function.
pub(super) fn native_parameters(native: &Native) -> Vec<Parameter<'static>> {
    native
        .params
        .iter()
        .map(|p| Parameter { name: p.name, accepts: Domain::any(p.ty.clone()), required: p.required })
        .collect()
}
