//! Commands and scripts: their values, and the shell's reading of them.
//!
//! Owns which values a command can take and the scripts of other interpreters. Never reads
//! shell text itself: `shell` says where each value stands.

use super::calls::Under;
use super::expressions::reason;
use super::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::program::{Command, Expr};
use crate::shell::{self, CommandKind, CommandPlan, Form, Piece, ScriptPart, Shell};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Expression};
use crate::value::Type;

impl Lower<'_> {
    /// Returns a `$` line.
    pub fn command(&mut self, template: &ast::Template, under: Under, span: Span) -> Command {
        self.shell(template, CommandKind::OneLine, under, span)
    }

    /// Returns a fenced script.
    pub fn script(
        &mut self,
        interpreter: &Spanned<String>,
        body: &ast::Template,
        under: Under,
        span: Span,
    ) -> Command {
        match Shell::named(&interpreter.node) {
            Some(shell) => self.shell(body, CommandKind::Fence(shell), under, span),
            None => self.foreign(interpreter, body),
        }
    }

    fn shell(&mut self, template: &ast::Template, kind: CommandKind, under: Under, span: Span) -> Command {
        let mut pieces = Vec::with_capacity(template.pieces.len());
        let mut values: Vec<Expr> = Vec::new();
        for piece in &template.pieces {
            match &piece.node {
                ast::Piece::Text(text) => pieces.push(Piece::Text { text: text.clone(), span: piece.span }),
                ast::Piece::Interpolation(e) => {
                    let (value, raw) = self.interpolated(e, piece.span);
                    pieces.push(Piece::Value { index: values.len(), span: piece.span, raw });
                    values.push(value);
                }
            }
        }
        let mut changes = Vec::new();
        let analysed = match under {
            Under::Check => shell::analyse_reading(&pieces, kind, &mut changes),
            _ => shell::analyse(&pieces, kind),
        };
        self.changing_command(&changes, span);
        let plan = match analysed {
            Ok(plan) => plan,
            Err(diagnostics) => {
                self.c.report.extend(
                    diagnostics.into_iter().map(|d| if d.labels.is_empty() { d.at(span, "") } else { d }),
                );
                no_plan()
            }
        };
        for binding in &plan.bindings {
            if let Some(value) = values.get(binding.index) {
                self.expect_bindable(value, true);
                if matches!(value.ty, Type::List(_)) && !binding.several {
                    self.c.report.push(
                        Diagnostic::error("list-in-word", "a list stands where only one word can")
                            .at(value.span, "a list becomes several words")
                            .help(
                                "let it stand alone as a word, outside quotes, or join it: `| join(\",\")`",
                            ),
                    );
                }
            }
        }
        Command { plan, values }
    }

    /// Returns a value with whether it is pasted.
    fn interpolated(&mut self, e: &ast::Expr, span: Span) -> (Expr, bool) {
        if let Expression::Pipe { value, function, arguments } = &e.node
            && function.module.is_none()
            && function.name.node == "raw"
        {
            if let Some(extra) = arguments.first() {
                let d = super::types::too_many("raw", 0, arguments.len(), extra.value.span);
                self.c.report.push(d);
            }
            self.c.report.push(
                Diagnostic::warning("raw-value", "this value is pasted into the command as it is")
                    .at(span, "the shell reads it as code")
                    .help("without `| raw` it is data, whatever it holds"),
            );
            return (self.plain(value, "`{{ }}`"), true);
        }
        (self.plain(e, "`{{ }}`"), false)
    }

    /// Says so when a command cannot take values of that type; a list only where it `may_be_list`.
    pub fn expect_bindable(&mut self, value: &Expr, may_be_list: bool) {
        let help = match &value.ty {
            Type::Record(_) => "hand over one of its fields, or `| tojson`",
            Type::Response => "hand over its `.body`",
            Type::None => "there is nothing to hand over; `| default(\"\")` makes it text",
            Type::List(of) if may_be_list => match &**of {
                Type::Record(_) => "hand over a field of each: `| map(\"NAME\")`, or `| tojson`",
                Type::List(_) => "hand over one list, or `| tojson`",
                _ => return,
            },
            Type::List(_) => "join it: `| join(\"\\n\")`, or `| tojson`",
            Type::Tried(of) if **of != Type::Command => match &**of {
                Type::Response => "hand over its `.body`",
                Type::Record(_) | Type::List(_) => "hand over one of its fields, or `| tojson`",
                _ => return,
            },
            _ => return,
        };
        let d = Diagnostic::error(
            "value-not-for-commands",
            format!("a command takes text and numbers, this is `{}`", value.ty),
        )
        .at(value.span, "")
        .help(help);
        self.c.report.push(d);
    }

    /// A script for an interpreter whose text mainstay cannot read.
    fn foreign(&mut self, interpreter: &Spanned<String>, body: &ast::Template) -> Command {
        let mut text = String::new();
        for piece in &body.pieces {
            match &piece.node {
                ast::Piece::Text(t) => text.push_str(t),
                // The parser has pointed at it: it takes no `{{ }}`, and it stays as it is.
                ast::Piece::Interpolation(_) => text.push_str(self.c.sources.text(piece.span)),
            }
        }
        let known = !interpreter.node.is_empty()
            && interpreter.node.chars().all(|c| c.is_ascii_alphanumeric() || "._+-/".contains(c))
            && !interpreter.node.starts_with('-');
        if !known {
            let message = format!("`{}` cannot be the name of an interpreter", interpreter.node);
            self.c.report.push(reason("bad-interpreter", &message, interpreter.span));
        }
        Command { plan: foreign_plan(&interpreter.node, &text), values: Vec::new() }
    }
}

/// The script is handed over as a file of its own, so that its standard input stays free and
/// no interpreter needs an option that bash knows.
fn foreign_plan(interpreter: &str, text: &str) -> CommandPlan {
    let mut end = String::from("MAINSTAY_END");
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    let script = format!("exec {interpreter} /dev/fd/9 9<<'{end}'\n{text}{newline}{end}\n");
    CommandPlan {
        form: Form::Script { shell: Shell::Bash, text: vec![ScriptPart::Text(script)], guards: Vec::new() },
        bindings: Vec::new(),
        template: vec![ScriptPart::Text(text.to_owned())],
    }
}

/// Returns what stands for a command that is wrong, about which enough was said.
fn no_plan() -> CommandPlan {
    CommandPlan { form: Form::Direct { words: Vec::new() }, bindings: Vec::new(), template: Vec::new() }
}
