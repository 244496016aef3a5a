//! Types as written: `text`, `list of int`, `one of "a", "b"`, `int in 1..50`.
//!
//! Owns the types' names, and what other languages call them. Never checks a value against one.

use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::Type;

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
                    let values = values.map(|value| self.expression(value)).collect();
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
