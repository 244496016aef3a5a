//! Calls and what qualifies them.
//!
//! Owns commands, scripts, action calls, and the command that was written without its `$`. Never looks
//! inside a command: its text is a template here.

use super::grammar::Rule;
use super::reader::{Pair, Reader, first_word};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Call, CallTarget, Expression, Piece, Qualifiers, Template};

impl<'i> Reader<'i> {
    /// Reads a `call`; `word` is the statement's or clause's, for messages.
    pub fn call(&mut self, pair: Pair<'i>, word: &str) -> Spanned<Call> {
        let span = self.span(&pair);
        let mut tried = false;
        let mut target = Spanned::new(CallTarget::Invalid, span);
        let mut qualifiers = Qualifiers::default();
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::w_try => tried = true,
                Rule::command => target = Spanned::new(self.command(part, place), place),
                Rule::fence => target = Spanned::new(self.script(part), place),
                Rule::action_call => target = Spanned::new(self.action_call(part, word), place),
                Rule::mistake_bare_command => {
                    target = Spanned::new(self.bare_command(&part, place, word), place);
                }
                _ => self.qualifier(part, &mut qualifiers),
            }
        }
        Spanned::new(Call { tried, target, qualifiers }, span)
    }

    fn command(&mut self, pair: Pair<'i>, span: Span) -> CallTarget {
        let template = self.command_template(pair);
        if template.pieces.is_empty() {
            self.report(
                Diagnostic::error("empty-command", "nothing stands behind `$`")
                    .at(span, "")
                    .help("the command stands on the same line: `$ kubectl get pods`"),
            );
            return CallTarget::Invalid;
        }
        if self.here_document(span) {
            return CallTarget::Invalid;
        }
        self.clause_in_command(&template);
        CallTarget::Command(template)
    }

    /// Explains a here-document that begins on a `$` line and ends lines below.
    fn here_document(&mut self, span: Span) -> bool {
        let Some((at, rest)) = self.slice(span).split_once("<<").map(|(before, rest)| (before.len(), rest))
        else {
            return false;
        };
        let end = first_word(rest.trim_start_matches(['-', ' ', '\'', '"']));
        let below = self.text.get(span.end as usize..).unwrap_or("");
        if end.is_empty() || !below.lines().any(|line| line.trim() == end) {
            return false;
        }
        self.told.here_document = Some(end.to_owned());
        let start = span.start as usize + at;
        self.report(
            Diagnostic::error("here-document", "a `$` command ends with its line, a here-document does not")
                .at(self.place(start, start + 2), "")
                .help("write a script instead: three backticks and the word bash in place of the dollar sign, its lines, three backticks"),
        );
        true
    }

    fn script(&mut self, pair: Pair<'i>) -> CallTarget {
        let head = pair.clone().into_inner().find(|p| matches!(p.as_rule(), Rule::shell | Rule::interpreter));
        let Some(head) = head else {
            return CallTarget::Invalid;
        };
        let interpreter = Spanned::new(head.as_str().trim().to_owned(), self.span(&head));
        let body = self.script_template(pair.into_inner());
        if head.as_rule() == Rule::interpreter {
            self.braces_in_script(&body, &interpreter);
        }
        CallTarget::Script { interpreter, body }
    }

    /// Points at `{{ name }}` in a script that takes none.
    fn braces_in_script(&mut self, body: &Template, interpreter: &Spanned<String>) {
        for piece in &body.pieces {
            let Piece::Text(text) = &piece.node else {
                continue;
            };
            for (at, _) in text.match_indices("{{ ") {
                let inner =
                    text.get(at + 3..).and_then(|rest| rest.split_once(" }}")).map_or("", |(name, _)| name);
                if inner.is_empty() || first_word(inner) != inner {
                    continue;
                }
                let start = piece.span.start as usize + at;
                let span = self.place(start, start + inner.len() + 6);
                let message =
                    format!("a `{}` script takes no `{{{{ }}}}`: this stays as it is", interpreter.node);
                self.report(
                    Diagnostic::warning("braces-in-script", message).at(span, "").help(format!(
                        "hand the value over by the environment: `with env {{ NAME: {inner} }}`"
                    )),
                );
            }
        }
    }

    fn action_call(&mut self, pair: Pair<'i>, word: &str) -> CallTarget {
        let Some(expression) = pair.into_inner().next() else {
            return CallTarget::Invalid;
        };
        let expr = self.expression(expression);
        let span = expr.span;
        let written = self.slice(span);
        let diagnostic = Diagnostic::error("not-a-call", format!("`{word}` needs a call")).at(span, "");
        let diagnostic = match expr.node {
            Expression::Call { callee, arguments } => {
                return CallTarget::Action { action: callee, arguments };
            }
            Expression::Invalid => return CallTarget::Invalid,
            Expression::Name(_) => diagnostic
                .help(format!("a command stands behind `$`: `$ {written}`"))
                .help(format!("an action is called with parentheses: `{written}()`")),
            Expression::Field { of, .. } if matches!(of.node, Expression::Name(_)) => {
                diagnostic.help(format!("an action is called with parentheses: `{written}()`"))
            }
            Expression::Text(_) => {
                let inner = written.trim_matches('"');
                diagnostic.help(format!("a command stands behind `$`, without quotes: `$ {inner}`"))
            }
            Expression::Field { .. } | Expression::Index { .. } | Expression::Pipe { .. } => {
                diagnostic.help("bind the whole call to a name, and take its part where it is used")
            }
            _ => diagnostic
                .help("a call is `$ command`, a fenced script, or `module.action(…)`")
                .help("a value gets its name by `let NAME = EXPR`"),
        };
        self.report(diagnostic);
        CallTarget::Invalid
    }

    fn bare_command(&mut self, pair: &Pair<'_>, span: Span, word: &str) -> CallTarget {
        let written = pair.as_str().trim_end();
        if let Some(value) = written.strip_prefix(':') {
            let value = value.trim().trim_matches(['"', '\'']);
            let value = value.strip_prefix('$').unwrap_or(value).trim_start();
            self.report(
                Diagnostic::error("yaml-habit", format!("this is no YAML: no `:` stands behind `{word}`"))
                    .at(self.place(span.start as usize, span.start as usize + 1), "")
                    .help(format!("write `{word} $ {}`", shortened(value))),
            );
            return CallTarget::Invalid;
        }
        let substituted = written.strip_prefix("$(").and_then(|inner| inner.strip_suffix(')'));
        if let Some(command) = substituted {
            self.report(
                Diagnostic::error(
                    "missing-blank",
                    "a command stands behind `$` as it is, without parentheses",
                )
                .at(span, "")
                .help(format!("write `$ {}`", shortened(command.trim()))),
            );
            return CallTarget::Invalid;
        }
        if let Some(command) = written.strip_prefix('$') {
            self.report(
                Diagnostic::error("missing-blank", "a blank stands between `$` and the command")
                    .at(self.place(span.start as usize, span.start as usize + 1), "")
                    .help(format!("write `$ {}`", shortened(command))),
            );
            return CallTarget::Invalid;
        }
        self.report(
            Diagnostic::error("missing-dollar", format!("`{word}` needs a call, and this is none"))
                .at(span, "")
                .help(format!("a command stands behind `$`: `$ {}`", shortened(written))),
        );
        CallTarget::Invalid
    }

    fn qualifier(&mut self, pair: Pair<'i>, qualifiers: &mut Qualifiers) {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let value = |inner: Pair<'i>| inner.into_inner().find(|p| p.as_rule() == Rule::expression);
        let (slot, word) = match rule {
            Rule::with_env => {
                let record = pair.into_inner().find(|p| p.as_rule() == Rule::record);
                let entries = record.map(|record| self.entries(record)).unwrap_or_default();
                match &qualifiers.env {
                    Some(first) => self.given_twice("with env", span, first.span),
                    None => qualifiers.env = Some(Spanned::new(entries, span)),
                }
                return;
            }
            Rule::allow_exit => {
                let codes = pair.into_inner().filter(|p| p.as_rule() == Rule::expression);
                let codes: Vec<_> = codes.map(|code| self.expression(code)).collect();
                match qualifiers.allow_exit.first() {
                    Some(first) => self.given_twice("allow exit", span, first.span),
                    None => qualifiers.allow_exit = codes,
                }
                return;
            }
            Rule::with_dir => (&mut qualifiers.dir, "with dir"),
            Rule::with_user => (&mut qualifiers.user, "with user"),
            Rule::with_stdin => (&mut qualifiers.stdin, "with stdin"),
            Rule::timeout => (&mut qualifiers.timeout, "timeout"),
            _ => return,
        };
        let Some(inner) = value(pair) else { return };
        let expr = self.expression(inner);
        match slot {
            Some(first) => {
                let first = first.span;
                self.given_twice(word, span, first);
            }
            None => *slot = Some(Box::new(expr)),
        }
    }

    /// Adds qualifiers that stand below another clause to those of the call.
    pub fn late_qualifier(&mut self, pair: Pair<'i>, call: &mut Spanned<Call>) {
        self.qualifier(pair, &mut call.node.qualifiers);
    }

    pub fn given_twice(&mut self, word: &str, again: Span, first: Span) {
        self.report(
            Diagnostic::error("given-twice", format!("`{word}` is given twice"))
                .at(again, "again here")
                .at(first, "first here"),
        );
    }
}

/// Returns the beginning of a long line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() <= 60 {
        return line.to_owned();
    }
    line.chars().take(59).chain(['…']).collect()
}
