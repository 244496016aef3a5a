//! Calls: which action or native function is meant, with which arguments, and what qualifies it.
//!
//! Owns the targets of calls and the rule that `check` reads and `run` changes. Never reads
//! shell text (`commands` hands it to `shell`).

use super::arguments::{Given, Parameter, native_parameters};
use super::expressions::{make, unknown};
use super::lower::{Calls, Lower, Section, unknown_callable};
use super::report::{listed, near};
use super::units::Import;
use crate::diagnostic::Diagnostic;
use crate::program::native;
use crate::program::{Call, Effect, Expr, ExprKind, Target};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use crate::value::Type;

/// What a call stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Under {
    Check,
    Run,
    Undo,
    Finally,
    /// `verify`, `until`, `when` and their kin.
    Condition,
}

impl Under {
    fn word(self) -> &'static str {
        match self {
            Under::Check => "`check`",
            Under::Run => "`run`",
            Under::Undo => "`undo`",
            Under::Finally => "`finally`",
            Under::Condition => "a condition",
        }
    }

    fn changes(self) -> bool {
        matches!(self, Under::Run | Under::Undo | Under::Finally)
    }
}

/// A target with what is known about it.
struct Found {
    target: Target,
    effect: Effect,
    ty: Type,
    name: String,
    /// Where its effect is declared, if in a file.
    declared: Option<Span>,
}

impl Lower<'_> {
    /// Returns whether this file has an action of that name.
    pub fn is_action(&self, name: &str) -> bool {
        self.c.units[self.unit].actions.contains_key(name)
    }

    /// Returns a statement's call.
    pub fn call(&mut self, call: &Spanned<ast::Call>, under: Under) -> Call {
        let text = self.call_text(&call.node);
        let found = match &call.node.target.node {
            ast::CallTarget::Command(template) => {
                let env = call.node.qualifiers.env.as_ref().map_or(&[][..], |env| &env.node);
                self.shell_names_in_command(template, env);
                let command = self.command(template, under, call.node.target.span);
                Some(shell_target(command, under))
            }
            ast::CallTarget::Script { interpreter, body } => {
                let command = self.script(interpreter, body, under, call.node.target.span);
                Some(shell_target(command, under))
            }
            ast::CallTarget::Action { action, arguments } => {
                let span = call.node.target.span;
                let found = self.target(None, action, arguments, span);
                found.map(|found| self.expect_effect(found, under, span))
            }
            ast::CallTarget::Invalid => None,
        };
        let shell = !matches!(call.node.target.node, ast::CallTarget::Action { .. });
        let effect = if under.changes() { Effect::Changes } else { Effect::Reads };
        let (target, ty) = match found {
            Some(found) => (found.target, found.ty),
            None => (no_target(), Type::Any),
        };
        let mut made = Call {
            target,
            effect,
            tried: call.node.tried,
            env: Vec::new(),
            dir: None,
            user: None,
            stdin: None,
            timeout: None,
            allow_exit: Vec::new(),
            ty: if call.node.tried { Type::Tried(Box::new(ty)) } else { ty },
            text,
            span: call.node.target.span,
        };
        self.qualify(&mut made, &call.node.qualifiers, shell);
        made
    }

    /// Returns a call as written, on one line.
    fn call_text(&self, call: &ast::Call) -> String {
        match &call.target.node {
            ast::CallTarget::Script { interpreter, body } => {
                let first =
                    body.pieces.first().map_or(call.target.span, |piece| piece.span.to(call.target.span));
                let text = self.c.sources.text(first);
                let lines: Vec<_> =
                    text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("```")).collect();
                let more = if lines.len() > 1 { " …" } else { "" };
                let line = lines.first().copied().unwrap_or("");
                format!("```{} {line}{more}```", interpreter.node)
            }
            _ => self.one_line(call.target.span),
        }
    }

    /// An action or native function in an expression.
    pub fn action_in_expression(
        &mut self,
        piped: Option<&ast::Expr>,
        callee: &ast::Path,
        arguments: &[ast::Argument],
        span: Span,
        calls: &mut Calls,
    ) -> Expr {
        if let Some(place) = calls.refused {
            let of_value = callee.module.as_ref().is_some_and(|module| self.module(&module.node).is_none());
            if !of_value {
                self.refuse_call(callee, span, place);
            }
            // The arguments are checked all the same.
            let _ = self.target(piped, callee, arguments, span);
            return unknown(span);
        }
        let index = calls.count;
        calls.count += 1;
        let Some(found) = self.target(piped, callee, arguments, span) else {
            return unknown(span);
        };
        let found = self.expect_effect(found, Under::Condition, span);
        let ty = found.ty.clone();
        let call = Call {
            target: found.target,
            effect: Effect::Reads,
            tried: false,
            env: Vec::new(),
            dir: None,
            user: None,
            stdin: None,
            timeout: None,
            allow_exit: Vec::new(),
            ty: found.ty,
            text: self.one_line(span),
            span,
        };
        let kind = ExprKind::Call { index, call: Box::new(call) };
        make(kind, ty, span)
    }

    fn refuse_call(&mut self, callee: &ast::Path, span: Span, place: &str) {
        let dotted = callee.dotted();
        let d = Diagnostic::error("call-not-here", format!("{place} cannot call `{dotted}`"))
            .at(span, "")
            .help(format!("read it before: `check NAME = {}`, and use the name here", self.one_line(span)));
        self.c.report.push(d);
    }

    /// Says so when a call does not do to the world what its word promises.
    fn expect_effect(&mut self, found: Found, under: Under, span: Span) -> Found {
        let name = &found.name;
        let mut d = match (under.changes(), found.effect) {
            (true, Effect::Changes) | (false, Effect::Reads) => return found,
            (false, Effect::Changes) => Diagnostic::error(
                "change-where-only-reads",
                format!("`{name}` changes the world, {} only reads", under.word()),
            )
            .at(span, ""),
            (true, Effect::Reads) => Diagnostic::error(
                "read-where-changes",
                format!("`{name}` only reads, {} changes", under.word()),
            )
            .at(span, ""),
        };
        if let Some(declared) = found.declared {
            d = d.at(declared, "declared here");
        }
        d = match (under, found.effect) {
            (Under::Check, _) => d.help("write `run` for what changes, and how it is taken back"),
            (Under::Run, _) => d.help("write `check NAME = …` for what only reads"),
            (Under::Undo, _) => d.help("an `undo` calls what takes the change back"),
            (Under::Finally, _) => d.help("a `finally` calls what ends the change"),
            (Under::Condition, _) => d.help("ask with an action that `reads`"),
        };
        self.c.report.push(d);
        // What it returns is of no interest any more.
        Found { ty: Type::Any, ..found }
    }

    /// Finds what a path names, and checks the arguments.
    fn target(
        &mut self,
        piped: Option<&ast::Expr>,
        callee: &ast::Path,
        arguments: &[ast::Argument],
        span: Span,
    ) -> Option<Found> {
        let given = self.arguments(piped, arguments);
        let Some(module) = &callee.module else {
            return match self.c.units[self.unit].actions.get(&callee.name.node) {
                Some(&signature) => Some(self.action(signature, &callee.dotted(), given, span)),
                None => {
                    self.unknown_action(callee);
                    None
                }
            };
        };
        match self.module(&module.node) {
            Some(Import::Native(real)) => self.native(real, callee, given, span),
            Some(Import::Unit(unit)) => match self.c.units[unit].actions.get(&callee.name.node) {
                Some(&signature) => Some(self.action(signature, &callee.dotted(), given, span)),
                None => {
                    self.unknown_action_of(module, &callee.name, unit);
                    None
                }
            },
            Some(Import::Broken) => None,
            None => {
                self.unknown_module(module, callee);
                None
            }
        }
    }

    fn unknown_action(&mut self, callee: &ast::Path) {
        let name = &callee.name;
        if self.was_meant(&name.node) {
            return;
        }
        if crate::expression::signature(&name.node).is_some() {
            let d = Diagnostic::error(
                "function-as-call",
                format!("`{}` is a function: it reads and changes nothing", name.node),
            )
            .at(name.span, "")
            .help("write `let NAME = …`");
            self.c.report.push(d);
            return;
        }
        let names: Vec<_> = self.c.units[self.unit].actions.keys().cloned().collect();
        let message = format!("there is no action `{}`", name.node);
        let mut d = unknown_callable(
            "unknown-action",
            message,
            name.span,
            &name.node,
            names.iter().map(String::as_str),
        );
        for module in self.c.modules_with(self.unit, &name.node) {
            d = d.help(format!("there is `{module}.{}`", name.node));
        }
        self.c.report.push(d);
    }

    fn unknown_action_of(&mut self, module: &ast::Name, name: &ast::Name, unit: usize) {
        let names: Vec<_> = self.c.units[unit].actions.keys().cloned().collect();
        let names = || names.iter().map(String::as_str);
        let message = format!("`{}` has no action `{}`", module.node, name.node);
        let d = unknown_callable("unknown-action", message, name.span, &name.node, names()).note(format!(
            "actions of `{}`: {}",
            module.node,
            listed(names())
        ));
        self.c.report.push(d);
    }

    fn unknown_module(&mut self, module: &ast::Name, callee: &ast::Path) {
        if self.was_meant(&module.node) {
            return;
        }
        let bound = self.frame.get(&module.node).is_some()
            || self.c.units[self.unit].globals.contains_key(&module.node);
        if bound {
            let message = format!("`{}` is a value, it has nothing to call", module.node);
            let d = Diagnostic::error("unknown-module", message).at(module.span, "").help(format!(
                "write `{} | {}`; with arguments: `{0} | {1}(…)`",
                module.node, callee.name.node
            ));
            self.c.report.push(d);
            return;
        }
        let message = format!("no module is called `{}` here", module.node);
        let d = Diagnostic::error("unknown-module", message).at(module.span, "");
        let library = native::modules().chain(super::stdlib::names()).any(|m| m == module.node);
        let d = if library {
            d.help(format!("add `use {}` above", module.node))
        } else {
            let names = self.c.units[self.unit].imports.keys().map(String::as_str);
            near(d, &module.node, names)
        };
        self.c.report.push(d);
    }

    fn native(
        &mut self,
        real: &'static str,
        callee: &ast::Path,
        given: Vec<Given>,
        span: Span,
    ) -> Option<Found> {
        let all = native::all();
        let Some(native) = all.iter().find(|n| n.module == real && n.name == callee.name.node) else {
            let names = || all.iter().filter(|n| n.module == real).map(|n| n.name);
            let name = &callee.name;
            let message = format!("`{real}` has no action `{}`", name.node);
            let d = unknown_callable("unknown-action", message, name.span, &name.node, names())
                .note(format!("actions of `{real}`: {}", listed(names())));
            self.c.report.push(d);
            return None;
        };
        let parameters = native_parameters(native);
        let bound = self.match_arguments(&callee.dotted(), &parameters, given, span);
        let args =
            native.params.iter().zip(bound).filter_map(|(p, arg)| Some((p.name.to_owned(), arg?))).collect();
        Some(Found {
            target: Target::Native {
                module: native.module.to_owned(),
                function: native.name.to_owned(),
                args,
            },
            effect: native.effect,
            ty: native.returns.clone(),
            name: callee.dotted(),
            declared: None,
        })
    }

    fn action(&mut self, signature: usize, name: &str, given: Vec<Given>, span: Span) -> Found {
        let signature_of = self.c.signatures[signature].clone();
        let parameters: Vec<_> = signature_of
            .params
            .iter()
            .map(|p| Parameter { name: &p.name, accepts: p.accepts.clone(), required: p.default.is_none() })
            .collect();
        let bound = self.match_arguments(name, &parameters, given, span);
        let args = signature_of
            .params
            .iter()
            .zip(bound)
            .map(|(p, arg)| arg.or_else(|| p.default.clone()).unwrap_or_else(|| unknown(span)))
            .collect();
        let action = self.c.refer(signature, span);
        Found {
            target: Target::Action { action, args },
            effect: signature_of.effect,
            ty: signature_of.returns.clone().unwrap_or(Type::None),
            name: name.to_owned(),
            declared: Some(signature_of.effect_span),
        }
    }

    /// Says so when nothing may be changed where this stands.
    pub fn expect_changes_allowed(&mut self, word: Span) {
        let Some(place) = self.place.section.only_reads() else {
            return;
        };
        let mut d = Diagnostic::error("run-where-only-reads", format!("{place} only reads, `run` changes"))
            .at(word, "");
        d = match self.place.section {
            Section::Action(_) => d.help("declare the action as one that `changes`"),
            Section::Reads("preflight") => d.help("changes stand in `procedure`"),
            Section::Item => d.help("write `check NAME = …` for what only reads"),
            _ => d.help("changes stand in a `resolve`; write `check NAME = …` for what only reads"),
        };
        self.c.report.push(d);
    }
}

fn shell_target(command: crate::program::Command, under: Under) -> Found {
    Found {
        target: Target::Command(command),
        effect: if under.changes() { Effect::Changes } else { Effect::Reads },
        ty: Type::Command,
        name: String::from("$"),
        declared: None,
    }
}

/// Returns what stands for a target that is wrong, about which enough was said.
fn no_target() -> Target {
    Target::Native { module: String::new(), function: String::new(), args: Vec::new() }
}
