//! The top of a file: parameters, secrets, `let`s, and the first lines of actions.
//!
//! Owns the names that live in the whole run and what callers may know of an action. Never
//! looks into an action's body.

use std::rc::Rc;

use super::checker::{ActionParam, Checker, Signature};
use super::lower::{Lower, Section};
use super::scope::index;
use super::units::literal_only;
use crate::diagnostic::Diagnostic;
use crate::program::{Effect, Global, GlobalSource, Param, SecretSource, Slot};
use crate::syntax::ast;
use crate::value::Type;

impl Checker {
    /// Declares what stands at the top of every file.
    pub fn declare_all(&mut self) {
        for unit in 0..self.units.len() {
            let file = Rc::clone(&self.units[unit].ast);
            for item in &file.items {
                match &item.node {
                    ast::Item::Param(param) => self.param(unit, param),
                    ast::Item::Secret(secret) => self.secret(unit, secret),
                    ast::Item::Let { name, value } => self.top_let(unit, name, value),
                    _ => {}
                }
            }
            // Names first, so that bodies and defaults may call what stands below them.
            for (at, action) in file.actions().enumerate() {
                self.signature(unit, at, action.node);
            }
        }
    }

    /// Returns a name as it is known outside its file.
    fn outside(&self, unit: usize, name: &str) -> String {
        match self.units[unit].module_name() {
            Some(module) if unit != 0 => format!("{module}.{name}"),
            _ => name.to_owned(),
        }
    }

    fn global(&mut self, unit: usize, name: &ast::Name, global: Global) {
        if let Some(first) = self.global_span(unit, &name.node) {
            self.report.push(
                Diagnostic::error("bound-twice", format!("`{}` is bound twice", name.node))
                    .at(name.span, "again here")
                    .at(first, "first here")
                    .help("give this one another name"),
            );
            return;
        }
        if self.units[unit].imports.contains_key(&name.node) {
            let message = format!("`{}` is the name of a module", name.node);
            self.report.push(
                Diagnostic::error("bound-twice", message)
                    .at(name.span, "")
                    .help("give it another name, or the module one with `use … as NAME`"),
            );
        }
        let at = index(self.globals.len());
        self.globals.push(global);
        self.units[unit].globals.insert(name.node.clone(), at);
    }

    fn param(&mut self, unit: usize, param: &ast::Param) {
        let mut lower = Lower::new(self, unit, Section::Top);
        let accepts = lower.accepts(&param.kind);
        let default = param.default.as_ref().map(|default| {
            let default = lower.plain(default, "a default");
            lower.expect_accepted(&default, &accepts, "this parameter");
            if accepts.ty == Type::Percent {
                lower.bare_percent(&default);
            }
            default
        });
        lower.finish();
        let slot = Slot {
            name: self.outside(unit, &param.name.node),
            ty: accepts.ty.clone(),
            span: param.name.span,
            origin: format!("the parameter `{}`", param.name.node),
        };
        let global = Global {
            slot,
            description: self.description(param.description.as_ref()),
            source: GlobalSource::Param(Param { domain: accepts, default }),
        };
        self.global(unit, &param.name, global);
    }

    fn secret(&mut self, unit: usize, secret: &ast::Secret) {
        let mut sources = Vec::new();
        for source in &secret.sources {
            sources.push(match &source.node {
                ast::SecretSource::Env(text) => SecretSource::Env(self.literal(text, "a secret's source")),
                ast::SecretSource::File(text) => SecretSource::File(self.literal(text, "a secret's source")),
                ast::SecretSource::Command(text) => {
                    SecretSource::Command(self.literal(text, "a secret's source"))
                }
            });
        }
        let outside = self.outside(unit, &secret.name.node);
        let slot = Slot {
            name: match &self.prefix {
                Some(prefix) if unit == 0 => format!("{prefix}.{outside}"),
                _ => outside,
            },
            ty: Type::Secret,
            span: secret.name.span,
            origin: format!("the secret `{}`", secret.name.node),
        };
        let global = Global {
            slot,
            description: self.description(secret.description.as_ref()),
            source: GlobalSource::Secret(sources),
        };
        self.global(unit, &secret.name, global);
    }

    fn top_let(&mut self, unit: usize, name: &ast::Name, value: &ast::Expr) {
        let mut lower = Lower::new(self, unit, Section::Top);
        let expr = lower.plain(value, "a `let`");
        let origin = lower.one_line(value.span);
        lower.finish();
        let slot =
            Slot { name: self.outside(unit, &name.node), ty: expr.ty.clone(), span: name.span, origin };
        let global = Global { slot, description: String::new(), source: GlobalSource::Let(expr) };
        self.global(unit, name, global);
    }

    fn signature(&mut self, unit: usize, at: usize, action: &ast::Action) {
        if let Some(&first) = self.units[unit].actions.get(&action.name.node) {
            let first = self.signatures[first].name_span;
            let message = format!("`{}` is the name of two actions", action.name.node);
            self.report.push(
                Diagnostic::error("bound-twice", message)
                    .at(action.name.span, "again here")
                    .at(first, "first here"),
            );
        } else if crate::expression::signature(&action.name.node).is_some() {
            let message = format!("`{}` is the name of a function", action.name.node);
            self.report.push(
                Diagnostic::error("bound-twice", message)
                    .at(action.name.span, "")
                    .help("give the action another name"),
            );
        }
        let mut lower = Lower::new(self, unit, Section::Top);
        let mut params: Vec<ActionParam> = Vec::new();
        for param in &action.params {
            let accepts = lower.accepts(&param.node.kind);
            let default = param.node.default.as_ref().map(|default| {
                let default = lower.plain(default, "a default");
                lower.expect_accepted(&default, &accepts, "this parameter");
                default
            });
            params.push(ActionParam {
                name: param.node.name.node.clone(),
                span: param.node.name.span,
                accepts,
                default,
            });
        }
        let returns = action.returns.as_ref().map(|ty| lower.accepts(ty).ty);
        lower.finish();
        let effect = match action.effect.node {
            ast::Effect::Reads => Effect::Reads,
            ast::Effect::Changes => Effect::Changes,
        };
        let name = self.outside(unit, &action.name.node);
        let signature = self.declare(Signature::new(
            unit,
            at,
            name,
            params,
            returns,
            effect,
            action.effect.span,
            action.name.span,
        ));
        self.units[unit].actions.entry(action.name.node.clone()).or_insert(signature);
    }

    fn description(&mut self, text: Option<&ast::Text>) -> String {
        text.map(|t| self.literal(t, "a description")).unwrap_or_default()
    }

    /// Returns a text that has no values in it.
    pub fn literal(&mut self, text: &ast::Text, what: &str) -> String {
        match text.node.literal() {
            Some(text) => text,
            None => {
                self.report.push(literal_only(text.span, what));
                String::new()
            }
        }
    }
}
