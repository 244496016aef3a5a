//! Expressions: from the grammar's flat chain to a tree by what binds tighter.
//!
//! Owns precedence, and the mistakes people bring from other languages (`=`, `&&`, `!`). Never recurses
//! over the length of a chain: only brackets nest. Depth is bounded, so that whoever walks the tree may
//! recurse.

use pest::iterators::Pairs;

use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Argument, BinaryOperator, Entry, Expr, Expression, Name, Path};

/// Levels of one expression's tree. A chain of so many operators is better cut by a `let`.
const MAX_DEPTH: u32 = 200;

/// An expression and the levels below it.
struct Built {
    expr: Expr,
    depth: u32,
}

enum Operator {
    Not(Span),
    Negate(Span),
    Binary(BinaryOperator, Span),
}

const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const NEGATE: u8 = 8;

impl Operator {
    fn precedence(&self) -> u8 {
        match self {
            Operator::Not(_) => NOT,
            Operator::Negate(_) => NEGATE,
            Operator::Binary(operator, _) => precedence(*operator),
        }
    }
}

fn precedence(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Or => 1,
        BinaryOperator::And => 2,
        BinaryOperator::Join => 5,
        BinaryOperator::Add | BinaryOperator::Subtract => 6,
        BinaryOperator::Multiply | BinaryOperator::Divide => 7,
        _ => COMPARISON,
    }
}

/// The two stacks of a chain: what is built, and what waits for its right side.
#[derive(Default)]
struct Chain {
    values: Vec<Built>,
    waiting: Vec<Operator>,
}

impl<'i> Reader<'i> {
    /// Reads an `expression`, an `operand` or a `simple`.
    pub fn expression(&mut self, pair: Pair<'i>) -> Expr {
        self.built(pair).expr
    }

    fn built(&mut self, pair: Pair<'i>) -> Built {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::operand {
            return self.operand(pair);
        }
        let mut parts = Vec::new();
        let mut chain = Chain::default();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::w_if | Rule::w_else => parts.push(self.finish(std::mem::take(&mut chain), span)),
                _ => self.feed(&mut chain, part),
            }
        }
        parts.push(self.finish(chain, span));
        self.conditionals(parts, span)
    }

    /// Folds `a if c else b if d else e`, written flat, from its end.
    fn conditionals(&mut self, mut parts: Vec<Built>, span: Span) -> Built {
        let Some(mut built) = parts.pop() else {
            return Built { expr: Spanned::new(Expression::Invalid, span), depth: 1 };
        };
        while let (Some(condition), Some(then)) = (parts.pop(), parts.pop()) {
            let place = then.expr.span.to(built.expr.span);
            let depth = 1 + built.depth.max(condition.depth).max(then.depth);
            let expr = Expression::If {
                condition: Box::new(condition.expr),
                then: Box::new(then.expr),
                otherwise: Box::new(built.expr),
            };
            built = self.bounded(Spanned::new(expr, place), depth);
        }
        built
    }

    /// Keeps a tree from growing deeper than anyone may recurse.
    fn bounded(&mut self, expr: Expr, depth: u32) -> Built {
        if depth <= MAX_DEPTH {
            return Built { expr, depth };
        }
        let whole = expr.span;
        let again = self.diagnostics.last().is_some_and(|last| last.code == "nested-too-deeply");
        if !again {
            self.report(
                Diagnostic::error("nested-too-deeply", "this expression is too long to be read")
                    .at(whole, "")
                    .help("give its parts names with `let`"),
            );
        }
        Built { expr: Spanned::new(Expression::Invalid, whole), depth: 1 }
    }

    fn feed(&mut self, chain: &mut Chain, part: Pair<'i>) {
        let span = self.span(&part);
        match part.as_rule() {
            Rule::not => chain.waiting.push(Operator::Not(span)),
            Rule::mistake_not => {
                self.wrong_operator(span, "`!` is not an operator here", "write `not`");
                chain.waiting.push(Operator::Not(span));
            }
            Rule::minus => chain.waiting.push(Operator::Negate(span)),
            Rule::operand => {
                let value = self.operand(part);
                chain.values.push(value);
            }
            Rule::operator | Rule::minus_between | Rule::mistake_equals | Rule::mistake_operator => {
                let operator = self.operator(&part);
                self.binary(chain, operator, span);
            }
            _ => {}
        }
    }

    fn binary(&mut self, chain: &mut Chain, operator: BinaryOperator, span: Span) {
        let precedence = precedence(operator);
        while let Some(top) = chain.waiting.pop_if(|top| top.precedence() >= precedence) {
            if precedence == COMPARISON && top.precedence() == COMPARISON {
                self.report(
                    Diagnostic::error("chained-comparison", "comparisons do not chain")
                        .at(span, "a second comparison")
                        .help("join two comparisons with `and`: `a < b and b < c`"),
                );
            }
            self.reduce(&mut chain.values, top);
        }
        chain.waiting.push(Operator::Binary(operator, span));
    }

    fn reduce(&mut self, values: &mut Vec<Built>, operator: Operator) {
        let Some(right) = values.pop() else { return };
        let depth = right.depth;
        let built = match operator {
            Operator::Not(span) => {
                let place = span.to(right.expr.span);
                self.bounded(Spanned::new(Expression::Not(Box::new(right.expr)), place), depth + 1)
            }
            Operator::Negate(span) => {
                let place = span.to(right.expr.span);
                self.bounded(Spanned::new(Expression::Negate(Box::new(right.expr)), place), depth + 1)
            }
            Operator::Binary(operator, span) => {
                let Some(left) = values.pop() else { return };
                let place = left.expr.span.to(right.expr.span);
                let depth = 1 + depth.max(left.depth);
                let expr = Expression::Binary {
                    operator: Spanned::new(operator, span),
                    left: Box::new(left.expr),
                    right: Box::new(right.expr),
                };
                self.bounded(Spanned::new(expr, place), depth)
            }
        };
        values.push(built);
    }

    fn finish(&mut self, mut chain: Chain, span: Span) -> Built {
        while let Some(operator) = chain.waiting.pop() {
            self.reduce(&mut chain.values, operator);
        }
        chain.values.pop().unwrap_or(Built { expr: Spanned::new(Expression::Invalid, span), depth: 1 })
    }

    fn operator(&mut self, pair: &Pair<'_>) -> BinaryOperator {
        let span = self.span(pair);
        match pair.as_str() {
            "or" => BinaryOperator::Or,
            "and" => BinaryOperator::And,
            "!=" => BinaryOperator::NotEqual,
            "<" => BinaryOperator::Less,
            "<=" => BinaryOperator::LessOrEqual,
            ">" => BinaryOperator::Greater,
            ">=" => BinaryOperator::GreaterOrEqual,
            "in" => BinaryOperator::In,
            "matches" => BinaryOperator::Matches,
            "~" => BinaryOperator::Join,
            "+" => BinaryOperator::Add,
            "-" => BinaryOperator::Subtract,
            "*" => BinaryOperator::Multiply,
            "/" => BinaryOperator::Divide,
            "=" => {
                self.wrong_operator(span, "`=` gives a name; it does not compare", "write `==` to compare");
                BinaryOperator::Equal
            }
            "&&" => {
                self.wrong_operator(span, "`&&` is not an operator here", "write `and`");
                BinaryOperator::And
            }
            "||" => {
                self.wrong_operator(span, "`||` is not an operator here", "write `or`");
                BinaryOperator::Or
            }
            "<>" => {
                self.wrong_operator(span, "`<>` is not an operator here", "write `!=`");
                BinaryOperator::NotEqual
            }
            "is" => {
                self.wrong_operator(span, "`is` is not an operator here", "write `==`");
                BinaryOperator::Equal
            }
            words if words.starts_with("is") => {
                self.wrong_operator(span, "`is not` is not an operator here", "write `!=`");
                BinaryOperator::NotEqual
            }
            words if words.starts_with("not") => BinaryOperator::NotIn,
            _ => BinaryOperator::Equal,
        }
    }

    fn wrong_operator(&mut self, span: Span, message: &str, help: &str) {
        self.report(Diagnostic::error("wrong-operator", message).at(span, "").help(help));
    }

    fn operand(&mut self, pair: Pair<'i>) -> Built {
        let start = pair.as_span().start();
        let mut parts = pair.into_inner();
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
                let name = part.into_inner().next().map(|word| self.name(&word));
                let Some(name) = name else { return Built { expr: of, depth } };
                (Expression::Field { of: Box::new(of), name }, 0)
            }
            Rule::index => {
                let Some(index) = part.into_inner().next() else { return Built { expr: of, depth } };
                let index = self.built(index);
                (Expression::Index { of: Box::new(of), index: Box::new(index.expr) }, index.depth)
            }
            Rule::arguments => {
                let (arguments, inner) = self.arguments(part.into_inner());
                (self.called(of, arguments), inner)
            }
            _ => {
                let mut parts = part.into_inner();
                let Some(path) = parts.next() else { return Built { expr: of, depth } };
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
                return Expression::Call { callee: Path { module: None, name: Spanned::new(name, span) }, arguments };
            }
            Expression::Field { of, name } => {
                if let Expression::Name(module) = of.node {
                    let module = Some(Spanned::new(module, of.span));
                    return Expression::Call { callee: Path { module, name }, arguments };
                }
            }
            Expression::Invalid => return Expression::Invalid,
            _ => {}
        }
        self.report(
            Diagnostic::error("not-callable", "only a function or an action can be called")
                .at(span, "this is a value")
                .help("a function is `name(…)`, an action of a module `module.name(…)`"),
        );
        Expression::Invalid
    }

    /// Reads `name` or `module.name`.
    pub fn path(&mut self, pair: Pair<'i>) -> Path {
        let span = self.span(&pair);
        let names: Vec<Name> = pair.into_inner().map(|word| self.name(&word)).collect();
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
        for pair in pairs {
            let mut name = None;
            for part in pair.into_inner() {
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
        self.report(
            Diagnostic::error("equals-for-colon", format!("{what} is written with `:`"))
                .at(span, "")
                .help("write `name: value`"),
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
            for part in pair.into_inner() {
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
                let Some(inner) = pair.into_inner().next() else {
                    return Built { expr: Spanned::new(Expression::Invalid, span), depth: 1 };
                };
                let mut inner = self.built(inner);
                inner.expr.span = span;
                return inner;
            }
            Rule::list => {
                let items: Vec<Built> = pair.into_inner().map(|item| self.built(item)).collect();
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
