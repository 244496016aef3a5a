//! What is known before a run: values of parameters that are given, and what follows from them.
//!
//! Owns texts and commands with these values filled in, and `{{ … }}` where nothing is known. A secret is never known.

use crate::bounds::Given;
use crate::expression::{self, Scope};
use crate::program::{Call, Expr, ExprKind, GlobalSource, NameRef, Program, Target, Template, TemplatePart};
use crate::shell::{self, Binding, CommandPlan, Position};
use crate::value::{Type, Value};

/// A call longer than this is written in several lines.
const LONG: usize = 90;

/// The values of a program's names that are known.
pub(super) struct Known<'p> {
    pub program: &'p Program,
    globals: Vec<Option<Value>>,
}

impl<'p> Known<'p> {
    /// Returns what is known of a program; of one that is followed nothing but its own texts.
    pub fn of(program: &'p Program, given: Option<&Given>) -> Self {
        let mut known = Known { program, globals: Vec::new() };
        for global in &program.globals {
            let value = match &global.source {
                GlobalSource::Secret(_) => None,
                GlobalSource::Let(expr) => known.value(expr),
                GlobalSource::Param(param) => given.and_then(|given| {
                    let own = given.params.iter().find(|(name, _)| *name == global.slot.name);
                    match own {
                        Some((_, value)) => Some(value.clone()),
                        None if given.whole => param.default.as_ref().and_then(|d| known.value(d)),
                        None => None,
                    }
                }),
            };
            known.globals.push(value);
        }
        known
    }

    /// Returns the value of a global.
    pub fn global(&self, index: usize) -> Option<&Value> {
        self.globals.get(index)?.as_ref()
    }

    fn value(&self, expr: &Expr) -> Option<Value> {
        expression::evaluate(expr, self).ok()
    }

    /// Returns an expression's value where it is known, else as it is written.
    pub fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Literal(value) => value.brief(200),
            _ => match self.value(expr) {
                Some(value) => value.brief(200),
                None => self.source(expr),
            },
        }
    }

    /// Returns an expression as it is written, on one line.
    pub fn source(&self, expr: &Expr) -> String {
        one_line(self.program.sources.text(expr.span))
    }

    /// Returns a text with what is known filled in.
    pub fn text(&self, template: &Template) -> String {
        template
            .parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Value(expr) => match self.value(expr) {
                    Some(value) => value.to_string(),
                    None => format!("{{{{ {} }}}}", self.source(expr)),
                },
            })
            .collect()
    }

    /// Returns a call as it would be typed.
    pub fn call(&self, call: &Call) -> String {
        match &call.target {
            Target::Command(command) => {
                let values = command.values.iter().enumerate();
                let bound: Vec<_> =
                    values.map(|(index, expr)| self.bound(&command.plan, index, expr)).collect();
                format!("$ {}", shell::as_far_as_known(&command.plan, &bound))
            }
            Target::Native { module, function, args } => {
                let args: Vec<_> =
                    args.iter().map(|(name, e)| format!("{name}: {}", self.argument(e))).collect();
                format!("{module}.{function}({})", args.join(", "))
            }
            Target::Action { action, args } => {
                let args: Vec<_> = args.iter().map(|e| self.argument(e)).collect();
                format!("{}({})", self.program.action(*action).name, args.join(", "))
            }
            Target::Manual(manual) => format!("manual \"{}\"", self.text(&manual.text)),
        }
    }

    /// Returns a call as somebody reads it who has nothing else: what is long stands on lines of its own.
    pub fn call_in_lines(&self, call: &Call) -> String {
        let (name, args): (String, Vec<(&str, &Expr)>) = match &call.target {
            Target::Native { module, function, args } => {
                (format!("{module}.{function}"), args.iter().map(|(name, e)| (name.as_str(), e)).collect())
            }
            Target::Action { action, args } => {
                (self.program.action(*action).name.clone(), args.iter().map(|e| ("", e)).collect())
            }
            Target::Command(_) | Target::Manual(_) => return self.call(call),
        };
        let args: Vec<String> = args
            .into_iter()
            .map(|(name, expr)| match self.several(expr) {
                Some(lines) => format!("{}\"\"\"\n{lines}\n\"\"\"", named(name)),
                None => format!("{}{}", named(name), self.argument(expr)),
            })
            .collect();
        let short = args.iter().map(String::len).sum::<usize>() + name.len() <= LONG;
        if short && !args.iter().any(|arg| arg.contains('\n')) {
            return format!("{name}({})", args.join(", "));
        }
        let args = args.join(",\n").replace('\n', "\n  ");
        format!("{name}(\n  {args}\n)")
    }

    /// Returns the lines of a text that has several.
    fn several(&self, expr: &Expr) -> Option<String> {
        let text = self.given(expr)?;
        text.trim().contains('\n').then(|| text.trim_matches('\n').to_owned())
    }

    /// Returns a text that is written out, with what is known of it filled in.
    fn given(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Template(template) => Some(self.text(template)),
            ExprKind::Literal(Value::Text(text)) => Some(text.to_string()),
            _ => match self.value(expr) {
                Some(Value::Text(text)) => Some(text.to_string()),
                _ => None,
            },
        }
    }

    /// Returns what a command is given beside its words, as it would be typed.
    pub fn filled(&self, expr: &Expr) -> String {
        let value = || match self.value(expr) {
            Some(value) => value.to_string(),
            None => format!("{{{{ {} }}}}", self.source(expr)),
        };
        self.given(expr).unwrap_or_else(value)
    }

    /// Returns the value of a place in a command, or what stands there where it is not known.
    fn bound(&self, plan: &CommandPlan, index: usize, expr: &Expr) -> Result<shell::Bound, String> {
        if expr.ty == Type::Secret {
            return Ok(shell::Bound::Secret { env: String::new(), name: self.source(expr) });
        }
        match self.value(expr) {
            Some(Value::List(items)) => {
                Ok(shell::Bound::List(items.iter().map(ToString::to_string).collect()))
            }
            Some(Value::None | Value::Record(_)) | None => {
                let pasted = |one: &Binding| one.index == index && one.position == Position::Raw;
                let raw = if plan.bindings.iter().any(pasted) { " | raw" } else { "" };
                Err(format!("{{{{ {}{raw} }}}}", self.source(expr)))
            }
            Some(value) => Ok(shell::Bound::Text(value.to_string())),
        }
    }

    fn argument(&self, expr: &Expr) -> String {
        match self.value(expr) {
            Some(Value::Text(text)) => format!("\"{}\"", one_line(&text)),
            Some(value) => value.brief(80),
            None => self.source(expr),
        }
    }
}

impl Scope for Known<'_> {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Global(n) => self.globals.get(n as usize).cloned().flatten(),
            NameRef::Local(_) => None,
        }
    }

    fn describe(&self, _: NameRef) -> (String, String) {
        (String::new(), String::new())
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

/// Returns the name of an argument with what follows it.
fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{name}: ") }
}

/// Returns text on one line.
pub(super) fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim();
        line.strip_suffix('\\').unwrap_or(line).trim_end()
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
