//! Types as written: `text`, `list of int`, `one of "a", "b"`, `int in 1..50`.
//!
//! Owns the types' names, and what other languages call them. Never checks a value against one.

use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Expr, Expression, Type};

const TYPES: [(&str, Type); 10] = [
    ("text", Type::Text),
    ("int", Type::Int),
    ("number", Type::Number),
    ("bool", Type::Bool),
    ("duration", Type::Duration),
    ("percent", Type::Percent),
    ("size", Type::Size),
    ("time", Type::Time),
    ("record", Type::Record),
    ("any", Type::Any),
];

/// What other languages call our types.
const TYPE_HABITS: [(&str, &str); 12] = [
    ("string", "text"),
    ("str", "text"),
    ("integer", "int"),
    ("float", "number"),
    ("double", "number"),
    ("boolean", "bool"),
    ("date", "time"),
    ("datetime", "time"),
    ("bytes", "size"),
    ("map", "record"),
    ("object", "record"),
    ("dict", "record"),
];

/// What other languages call `one of`.
const CHOICES: [&str; 6] = ["enum", "choice", "choices", "oneof", "select", "options"];

impl<'i> Reader<'i> {
    /// Reads a `type_`.
    pub fn kind(&mut self, pair: Pair<'i>) -> Spanned<Type> {
        let span = self.span(&pair);
        let mut lists = 0_usize;
        let mut kind = Spanned::new(Type::Any, span);
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::list_of => lists += 1,
                Rule::one_of => {
                    let values = part.into_inner().filter(|p| p.as_rule() == Rule::simple);
                    let values: Vec<_> = values.map(|value| self.expression(value)).collect();
                    let values = self.without_brackets(values);
                    kind = Spanned::new(Type::OneOf(values), place);
                }
                Rule::ranged => kind = self.ranged(part, place),
                _ => kind = self.type_name(&part, place),
            }
        }
        if lists > 8 {
            self.report(
                Diagnostic::error("nested-too-deeply", "a list nests at most eight times").at(span, ""),
            );
        }
        for _ in 0..lists.min(8) {
            kind = Spanned::new(Type::List(Box::new(kind)), span);
        }
        kind
    }

    /// Takes `one of ["a", "b"]` for what it means, and says so.
    fn without_brackets(&mut self, mut values: Vec<Expr>) -> Vec<Expr> {
        if values.len() != 1 || !matches!(values.first().map(|v| &v.node), Some(Expression::List(_))) {
            return values;
        }
        let Some(Spanned { node: Expression::List(items), span }) = values.pop() else {
            return values;
        };
        let inner = self.slice(span).trim_matches(['[', ']']).trim();
        self.report(
            Diagnostic::error("unexpected", "choices stand without brackets")
                .at(span, "")
                .help(format!("write `one of {inner}`")),
        );
        items
    }

    /// `enum("a", "b")`: what other languages write for choices, at `span`.
    fn choice_habit(&mut self, word: &str, span: Span) -> bool {
        let rest = self.text.get(span.end as usize..).unwrap_or("").lines().next().unwrap_or("");
        let inner = rest.trim_start().strip_prefix(['(', '[', '{']);
        let Some(inner) = inner.and_then(|inner| inner.split_once([')', ']', '}'])).map(|(inner, _)| inner)
        else {
            return false;
        };
        if !CHOICES.contains(&word.to_lowercase().as_str()) {
            return false;
        }
        let inner = inner.replace('\'', "\"");
        self.report(
            Diagnostic::error("unknown-type", format!("`{word}` is not a type"))
                .at(span, "")
                .help(format!("write `one of {}`", inner.trim())),
        );
        true
    }

    /// Returns whether what stands at `start` are the choices behind such a word, about which enough was said.
    pub fn is_of_a_choice(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or("").trim_end();
        let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        CHOICES.contains(&word.to_lowercase().as_str())
            && self.text.get(start..).is_some_and(|rest| rest.starts_with(['(', '[', '{']))
    }

    fn ranged(&mut self, pair: Pair<'i>, span: Span) -> Spanned<Type> {
        let mut of = Spanned::new(Type::Any, span);
        let mut ends = Vec::new();
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::type_name => of = self.type_name(&part, place),
                Rule::simple => ends.push(self.expression(part)),
                _ => {}
            }
        }
        let mut ends = ends.into_iter();
        let from = Box::new(ends.next().unwrap_or(self.no_expression(span)));
        let to = Box::new(ends.next().unwrap_or(self.no_expression(span)));
        Spanned::new(Type::Range { of: Box::new(of), from, to }, span)
    }

    fn type_name(&mut self, pair: &Pair<'_>, span: Span) -> Spanned<Type> {
        let word = pair.as_str().trim_end();
        if let Some((_, kind)) = TYPES.iter().find(|(name, _)| *name == word) {
            return Spanned::new(kind.clone(), span);
        }
        if self.choice_habit(word, span) {
            return Spanned::new(Type::Any, span);
        }
        let habit =
            TYPE_HABITS.iter().find(|(habit, _)| habit.eq_ignore_ascii_case(word)).map(|(_, name)| *name);
        let near = habit.or_else(|| nearest(word, TYPES.iter().map(|(name, _)| *name)));
        let diagnostic = Diagnostic::error("unknown-type", format!("`{word}` is not a type")).at(span, "");
        let diagnostic = match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(
                "types are `text int number bool duration percent size time record any`, `list of TYPE`, `one of \"a\", \"b\"`",
            ),
        };
        self.report(diagnostic);
        Spanned::new(Type::Any, span)
    }
}
