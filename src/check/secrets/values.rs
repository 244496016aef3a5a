//! Which values are secret, and what is handed over to calls.
//!
//! Owns expressions and calls; statements are the matter of the module above. Never decides
//! where a secret may stand in an argument list: `shell` has said so in the plan.

use super::{COMPUTED, Flow, Sink, Taint};
use crate::diagnostic::Diagnostic;
use crate::expression::{self, SecretUse};
use crate::program::{BinaryOp, Call, Expr, ExprKind, NameRef, Target, TemplatePart, native};
use crate::shell::{Form, Position};
use crate::source::Span;
use crate::value::Type;

impl Flow<'_> {
    /// Returns whether what an expression yields is secret.
    pub fn expr(&mut self, expr: &Expr) -> Option<Taint> {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Attempt | ExprKind::Elapsed => None,
            ExprKind::Name(NameRef::Global(at)) => self.global_taints.get(*at as usize).cloned().flatten(),
            ExprKind::Name(NameRef::Local(slot)) => {
                self.slots[self.frame].get(*slot as usize).cloned().flatten()
            }
            ExprKind::Template(template) => self.any(template.parts.iter().filter_map(|p| match p {
                TemplatePart::Value(e) => Some(e),
                TemplatePart::Text(_) => None,
            })),
            ExprKind::List(items) => self.any(items),
            ExprKind::Record(fields) => self.any(fields.iter().map(|(_, e)| e)),
            ExprKind::Field(of, name) => match self.expr(of)? {
                taint if taint.url && name != "password" => None,
                taint => Some(whole(taint)),
            },
            ExprKind::Unary(_, of) | ExprKind::Matches(of, _) => {
                self.sink(of, COMPUTED);
                None
            }
            ExprKind::Binary(BinaryOp::Join, a, b) | ExprKind::Index(a, b) => self.any([&**a, &**b]),
            ExprKind::Binary(_, a, b) => {
                self.sink(a, COMPUTED);
                self.sink(b, COMPUTED);
                None
            }
            ExprKind::Conditional { then, condition, otherwise } => {
                self.sink(condition, Sink::Used("a condition"));
                self.any([&**then, &**otherwise])
            }
            ExprKind::Function { name, args, named } => self.function(name, args, named),
            ExprKind::Call { call, .. } => self.call(call),
        }
    }

    /// A function takes a secret and yields one, or takes none.
    fn function(&mut self, name: &str, args: &[Expr], named: &[(String, Expr)]) -> Option<Taint> {
        let all = args.iter().chain(named.iter().map(|(_, e)| e));
        let takes = expression::signature(name).map(|s| s.secret);
        // A carrier looks into no item, but it cannot look into a secret itself either.
        let refuses = match takes {
            Some(SecretUse::Refused) => true,
            Some(SecretUse::Carried) => name != "default" && args.first().is_some_and(|a| a.ty == Type::Text),
            _ => false,
        };
        if refuses {
            all.for_each(|arg| self.sink(arg, Sink::Used("this function")));
            return None;
        }
        let taint = self.any(all)?;
        Some(Taint { url: name == "parse_url", ..taint })
    }

    fn any<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Option<Taint> {
        let mut found = None;
        for expr in exprs {
            let taint = self.expr(expr);
            found = found.or(taint);
        }
        found.map(whole)
    }

    /// Follows what is handed to a call, and returns whether what it brings back is secret.
    pub fn call(&mut self, call: &Call) -> Option<Taint> {
        for (_, value) in &call.env {
            let _ = self.expr(value);
        }
        if let Some(stdin) = &call.stdin {
            let _ = self.expr(stdin);
        }
        for expr in [&call.dir, &call.user].into_iter().flatten() {
            self.sink(expr, Sink::Used("what stands below a command in the log"));
        }
        self.number(call.timeout.as_deref());
        match &call.target {
            Target::Command(command) => {
                // A command without a shell takes every value as an argument.
                let direct = matches!(command.plan.form, Form::Direct { .. });
                for binding in &command.plan.bindings {
                    if let Some(value) = command.values.get(binding.index) {
                        let raw = binding.position == Position::Raw;
                        self.command_value(value, binding.exposed || raw || direct);
                    }
                }
                None
            }
            Target::Action { action, args } => {
                let callee = action.0 as usize + 1;
                for (at, arg) in args.iter().enumerate() {
                    if let Some(taint) = self.expr(arg) {
                        self.hand_over(callee, at, taint, call.span);
                    }
                }
                if let Some(callers) = self.callers.get_mut(callee) {
                    callers.insert(self.frame);
                }
                let mut taint = self.returns.get(callee).cloned().flatten()?;
                taint.through = Some(call.span);
                Some(taint)
            }
            Target::Native { module, function, args } => {
                let native = native::find(module, function);
                for (name, arg) in args {
                    let takes = native
                        .as_ref()
                        .and_then(|n| n.params.iter().find(|p| p.name == name))
                        .is_some_and(|p| p.secret);
                    if takes {
                        let _ = self.expr(arg);
                    } else {
                        self.sink(arg, Sink::Used("this argument"));
                    }
                }
                None
            }
            Target::Manual(manual) => {
                self.template(&manual.text, "a manual step");
                self.number(Some(&manual.within));
                self.silence(&manual.on_silence);
                if let Some((condition, every)) = &manual.until {
                    self.sink(condition, Sink::Used("a condition"));
                    self.number(Some(every));
                }
                None
            }
        }
    }

    fn hand_over(&mut self, callee: usize, at: usize, taint: Taint, span: Span) {
        let Some(known) = self.slots.get_mut(callee).and_then(|s| s.get_mut(at)) else {
            return;
        };
        if known.as_ref().is_none_or(|k| k.url && !taint.url) {
            *known = Some(Taint { through: Some(span), ..taint });
            self.again(callee);
        }
    }

    fn command_value(&mut self, value: &Expr, exposed: bool) {
        let Some(taint) = self.expr(value) else { return };
        if exposed {
            let d = Diagnostic::error(
                "secret-in-arguments",
                format!(
                    "the secret `{}` would stand in an argument list, where every user of the machine can read it",
                    taint.name
                ),
            )
            .at(value.span, "")
            .help("hand it over in the environment: `with env { NAME: … }` below the command")
            .help("or as input: `with stdin …`");
            self.tell(d, &taint);
        }
    }
}

fn whole(taint: Taint) -> Taint {
    Taint { url: false, ..taint }
}
