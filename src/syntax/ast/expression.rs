//! Expressions and the texts that hold them.
//!
//! Owns literals, operators, paths and templates as written. Never computes: `80%` stays the number 80
//! under the word percent, a name stays a word.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Name, Path};
use crate::source::Spanned;

/// An expression and its place.
pub type Expr = Spanned<Expression>;

/// What an expression can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `"…"` or `"""…"""`.
    Text(Template),
    Int(i64),
    Float(f64),
    Bool(bool),
    None,
    /// `500ms`, `30s`, `1h30m`.
    Duration(Duration),
    /// The number before the sign: `80%` is 80.
    Percent(f64),
    /// Bytes: `10GiB`, `512MB`.
    Size(u64),
    /// `2026-11-20`.
    Date(Date),
    /// `2026-11-20T14:30Z`.
    Time(Timestamp),
    List(Vec<Expr>),
    Record(Vec<Entry>),
    Name(String),
    /// `of.name`. A module's member without parentheses has this form, too.
    Field {
        of: Box<Expr>,
        name: Name,
    },
    /// `of[index]`.
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    /// `f(x)` or `module.f(x, key: y)`.
    Call {
        callee: Path,
        arguments: Vec<Argument>,
    },
    /// `value | f(x)`.
    Pipe {
        value: Box<Expr>,
        function: Path,
        arguments: Vec<Argument>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        operator: Spanned<BinaryOperator>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `then if condition else otherwise`.
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// What could not be read; a diagnostic has been reported, so a checker stays silent about it.
    Invalid,
}

/// The signs and words between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Matches,
    /// `~`
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl BinaryOperator {
    /// Returns the operator as it is written.
    pub fn sign(self) -> &'static str {
        match self {
            BinaryOperator::Or => "or",
            BinaryOperator::And => "and",
            BinaryOperator::Equal => "==",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Less => "<",
            BinaryOperator::LessOrEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterOrEqual => ">=",
            BinaryOperator::In => "in",
            BinaryOperator::NotIn => "not in",
            BinaryOperator::Matches => "matches",
            BinaryOperator::Join => "~",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
        }
    }
}

/// `key: value` of a record or of `with env { … }`; the key may stand in quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Name,
    pub value: Expr,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name:` before the value.
    pub name: Option<Name>,
    pub value: Expr,
}

/// A text in quotes and its place, quotes included.
pub type Text = Spanned<Template>;

/// Text with `{{ }}` in it: of quotes, of a command line, of a fence. Equality asks what the text is, not into which
/// pieces its plain parts fell.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// In order; neighbouring text pieces occur (see [`Piece::Text`]).
    pub pieces: Vec<Spanned<Piece>>,
}

/// One stretch of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Plain text. A piece ends wherever the text stops being byte for byte what the file holds: at an
    /// escape, at removed indentation, at a dropped carriage return. So a piece that is as long as its
    /// span maps onto the file byte by byte.
    Text(String),
    /// `{{ expr }}`; the place includes the braces.
    Interpolation(Expr),
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.whole() == other.whole()
    }
}

impl Template {
    /// Returns the plain text before each thing that is filled in, and that behind the last.
    fn whole(&self) -> (Vec<(String, &Expr)>, String) {
        let mut filled = Vec::new();
        let mut plain = String::new();
        for piece in &self.pieces {
            match &piece.node {
                Piece::Text(text) => plain.push_str(text),
                Piece::Interpolation(expr) => filled.push((std::mem::take(&mut plain), expr)),
            }
        }
        (filled, plain)
    }

    /// Returns the text when nothing has to be filled in.
    pub fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match &piece.node {
                Piece::Text(t) => text.push_str(t),
                Piece::Interpolation(_) => return None,
            }
        }
        Some(text)
    }
}
