//! Checked expressions.

use serde::{Deserialize, Serialize};

use super::Call;
use crate::source::Span;
use crate::value::{Type, Value};

/// An expression with its type.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ExprKind {
    Literal(Value),
    Template(Template),
    Name(NameRef),
    /// `attempt`: the running attempt of the step, from 1.
    Attempt,
    /// `elapsed`: time since the step began.
    Elapsed,
    List(Vec<Expr>),
    Record(Vec<(String, Expr)>),
    Field(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `matches`; the pattern has been compiled once by the checker.
    Matches(Box<Expr>, String),
    /// `then if condition else otherwise`
    Conditional {
        then: Box<Expr>,
        condition: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// A function or filter: `x | f(a)` is `f(x, a)`. `name` is one the expression room knows.
    Function {
        name: String,
        args: Vec<Expr>,
        named: Vec<(String, Expr)>,
    },
    /// A call that reads. `index` numbers the calls of one whole expression, in source order.
    Call {
        index: u32,
        call: Box<Call>,
    },
}

/// Where a name's value is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NameRef {
    Global(u32),
    Local(u32),
}

/// Text with values in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Template {
    pub parts: Vec<TemplatePart>,
    pub span: Span,
}

/// A part of a template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TemplatePart {
    Text(String),
    Value(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnaryOp {
    Not,
    Negate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `~`
    Join,
}
