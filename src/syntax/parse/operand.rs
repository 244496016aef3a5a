//! Operands: literals, names, brackets, and what stands behind them: `.name [index] (…) | f(…)`.
//!
//! Owns which of a name and its brackets is a call. Never knows what a name means.

use pest::iterators::Pairs;

use super::expression::Built;
use super::grammar::Rule;
use super::reader::{Pair, Reader, parts};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Argument, Entry, Expr, Expression, Name, Path};

impl<'i> Reader<'i> {
    /// Reads an `operand`: a primary and what follows it.
    pub fn operand(&mut self, pair: Pair<'i>) -> Built {
        let start = pair.as_span().start();
        let mut parts = parts(pair);
        let mut built = match parts.next() {
            Some(primary) => self.primary(primary),
            None => Built { expr: Spanned::new(Expression::Invalid, self.place(start, start)), depth: 1 },
        };
        for part in parts {
            let place = self.place(start, start).to(self.span(&part));
            built = self.postfix(built, part, place);
        }
        built
    }

    fn postfix(&mut self, built: Built, part: Pair<'i>, place: Span) -> Built {
        let depth = built.depth;
        let of = built.expr;
        let (expr, inner) = match part.as_rule() {
            Rule::member => {
                let name = parts(part).next().map(|word| self.name(&word));
                let Some(name) = name else {
                    return Built { expr: of, depth };
                };
                (Expression::Field { of: Box::new(of), name }, 0)
            }
            Rule::index => {
                let Some(index) = parts(part).next() else {
                    return Built { expr: of, depth };
                };
                let index = self.built(index);
                (Expression::Index { of: Box::new(of), index: Box::new(index.expr) }, index.depth)
            }
            Rule::arguments => {
                let (arguments, inner) = self.arguments(part.into_inner());
                (self.called(of, arguments), inner)
            }
            _ => {
                let mut parts = parts(part);
                let Some(path) = parts.next() else {
                    return Built { expr: of, depth };
                };
                let function = self.path(path);
                let (arguments, inner) =
                    parts.next().map(|it| self.arguments(it.into_inner())).unwrap_or_default();
                (Expression::Pipe { value: Box::new(of), function, arguments }, inner)
            }
        };
        self.bounded(Spanned::new(expr, place), 1 + depth.max(inner))
    }

    fn called(&mut self, of: Expr, arguments: Vec<Argument>) -> Expression {
        let span = of.span;
        match of.node {
            Expression::Name(name) => {
                return Expression::Call {
                    callee: Path { module: None, name: Spanned::new(name, span) },
                    arguments,
                };
            }
            Expression::Field { of, name } if matches!(of.node, Expression::Name(_)) => {
                let Expression::Name(module) = of.node else {
                    return Expression::Invalid;
                };
                let module = Some(Spanned::new(module, of.span));
                return Expression::Call { callee: Path { module, name }, arguments };
            }
            Expression::Invalid => return Expression::Invalid,
            Expression::Field { of, name } => {
                self.method(of.span, &name.node, span, &arguments);
                return Expression::Invalid;
            }
            _ => {}
        }
        self.report(
            Diagnostic::error("not-callable", "only a function or an action can be called")
                .at(span, "this is a value")
                .help("a function is `name(…)`, an action of a module `module.name(…)`"),
        );
        Expression::Invalid
    }

    /// Explains `value.method(…)`.
    fn method(&mut self, of: Span, name: &str, span: Span, arguments: &[Argument]) {
        let of = self.slice(of);
        let given: Vec<&str> = arguments.iter().map(|argument| self.slice(argument.value.span)).collect();
        let function = match name {
            "strip" => "trim",
            "tolower" | "toLowerCase" => "lower",
            "toupper" | "toUpperCase" => "upper",
            other => other,
        };
        let mended = match (name, given.as_slice()) {
            ("contains" | "includes" | "has" | "find", [item]) => format!("{item} in {of}"),
            ("startswith" | "startsWith" | "endswith" | "endsWith" | "match" | "test", _) => {
                format!("{of} matches \"PATTERN\"")
            }
            ("length" | "len" | "size", _) => format!("length({of})"),
            (_, []) => format!("{of} | {function}"),
            (_, given) => format!("{of} | {function}({})", given.join(", ")),
        };
        self.report(
            Diagnostic::error("not-callable", "a value has no methods")
                .at(span, "this is a value")
                .help(format!("write `{mended}`")),
        );
    }

    /// Reads `name` or `module.name`.
    pub fn path(&mut self, pair: Pair<'i>) -> Path {
        let span = self.span(&pair);
        let names: Vec<Name> = parts(pair).map(|word| self.name(&word)).collect();
        if names.len() > 2 {
            self.report(
                Diagnostic::error("path-too-long", "a path has at most a module and a name").at(span, ""),
            );
        }
        let mut names = names.into_iter();
        match (names.next(), names.next()) {
            (Some(module), Some(name)) => Path { module: Some(module), name },
            (Some(name), None) => Path { module: None, name },
            _ => Path { module: None, name: Spanned::new(String::new(), span) },
        }
    }

    fn arguments(&mut self, pairs: Pairs<'i, Rule>) -> (Vec<Argument>, u32) {
        let mut arguments = Vec::new();
        let mut depth = 0;
        for pair in pairs.filter(|pair| pair.as_rule() == Rule::argument) {
            let mut name = None;
            for part in parts(pair) {
                match part.as_rule() {
                    Rule::word => name = Some(self.name(&part)),
                    Rule::mistake_equals => self.equals_for_colon(&part, "a named argument"),
                    _ => {
                        let value = self.built(part);
                        depth = depth.max(value.depth);
                        arguments.push(Argument { name: name.take(), value: value.expr });
                    }
                }
            }
        }
        (arguments, depth)
    }

    fn equals_for_colon(&mut self, pair: &Pair<'_>, what: &str) {
        let span = self.span(pair);
        let (start, end) = (span.start as usize, span.end as usize);
        let name = self.text.get(..start).unwrap_or("").trim_end();
        let name = name.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or("");
        let value = self.text.get(end..).unwrap_or("").lines().next().unwrap_or("");
        let value = value.split([',', ')', '}']).next().unwrap_or("").trim();
        let mended = if value.is_empty() { "name: value".to_owned() } else { format!("{name}: {value}") };
        self.report(
            Diagnostic::error("equals-for-colon", format!("{what} is written with `:`"))
                .at(span, "")
                .help(format!("write `{mended}`")),
        );
    }

    /// Reads the entries of a `record`.
    pub fn entries(&mut self, record: Pair<'i>) -> Vec<Entry> {
        self.entries_with_depth(record).0
    }

    fn entries_with_depth(&mut self, record: Pair<'i>) -> (Vec<Entry>, u32) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut depth = 0;
        for pair in record.into_inner().filter(|pair| pair.as_rule() == Rule::entry) {
            let mut key = None;
            for part in parts(pair) {
                match part.as_rule() {
                    Rule::word => key = Some(self.name(&part)),
                    Rule::text => key = Some(self.literal_text(part)),
                    Rule::mistake_equals => self.equals_for_colon(&part, "an entry of a record"),
                    _ => {
                        let value = self.built(part);
                        depth = depth.max(value.depth);
                        if let Some(key) = key.take() {
                            self.key_twice(&entries, &key);
                            entries.push(Entry { key, value: value.expr });
                        }
                    }
                }
            }
        }
        (entries, depth)
    }

    fn key_twice(&mut self, entries: &[Entry], key: &Name) {
        if let Some(first) = entries.iter().find(|entry| entry.key == *key) {
            self.report(
                Diagnostic::error("given-twice", format!("`{}` is given twice", key.node))
                    .at(key.span, "again here")
                    .at(first.key.span, "first here"),
            );
        }
    }

    fn primary(&mut self, pair: Pair<'i>) -> Built {
        let span = self.span(&pair);
        let (node, depth) = match pair.as_rule() {
            Rule::text => (Expression::Text(self.text(pair).node), 0),
            Rule::name => (Expression::Name(pair.as_str().to_owned()), 0),
            Rule::true_ => (Expression::Bool(true), 0),
            Rule::false_ => (Expression::Bool(false), 0),
            Rule::none_ => (Expression::None, 0),
            Rule::group => {
                let Some(inner) = parts(pair).next() else {
                    return Built { expr: Spanned::new(Expression::Invalid, span), depth: 1 };
                };
                let mut inner = self.built(inner);
                inner.expr.span = span;
                return inner;
            }
            Rule::list => {
                let items: Vec<Built> = pair
                    .into_inner()
                    .filter(|item| item.as_rule() == Rule::expression)
                    .map(|item| self.built(item))
                    .collect();
                let depth = items.iter().map(|item| item.depth).max().unwrap_or(0);
                (Expression::List(items.into_iter().map(|item| item.expr).collect()), depth)
            }
            Rule::record => {
                let (entries, depth) = self.entries_with_depth(pair);
                (Expression::Record(entries), depth)
            }
            _ => (self.quantity(&pair), 0),
        };
        self.bounded(Spanned::new(node, span), depth + 1)
    }
}
