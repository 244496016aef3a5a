//! Expressions: from the grammar's flat chain to a tree by what binds tighter.
//!
//! Owns precedence, and the mistakes people bring from other languages (`=`, `&&`, `!`). Never recurses
//! over the length of a chain: only brackets nest. Depth is bounded, so that whoever walks the tree may
//! recurse.

use super::grammar::Rule;
use super::reader::{Pair, Reader, parts};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{BinaryOperator, Expr, Expression};

/// Levels of one expression's tree. A chain of so many operators is better cut by a `let`.
const MAX_DEPTH: u32 = 200;

/// An expression and the levels below it.
pub(super) struct Built {
    pub expr: Expr,
    pub depth: u32,
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
        let expr = self.built(pair).expr;
        if self.cut == Some(expr.span.end) {
            return Spanned::new(Expression::Invalid, expr.span);
        }
        expr
    }

    pub fn built(&mut self, pair: Pair<'i>) -> Built {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::operand {
            return self.operand(pair);
        }
        let mut chains = Vec::new();
        let mut chain = Chain::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::w_if | Rule::w_else => chains.push(self.finish(std::mem::take(&mut chain), span)),
                _ => self.feed(&mut chain, part),
            }
        }
        chains.push(self.finish(chain, span));
        self.conditionals(chains, span)
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
    pub fn bounded(&mut self, expr: Expr, depth: u32) -> Built {
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
}
