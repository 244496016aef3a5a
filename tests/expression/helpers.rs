//! Builders of expressions and values for the tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay::expression::{Scope, Stop, evaluate};
use mainstay::program::{BinaryOp, Call, Effect, Expr, ExprKind, NameRef, Target};
use mainstay::source::Span;
use mainstay::value::{
    CommandValue, Output, Type, Value, parse_duration, parse_json, parse_percent, parse_size, parse_time,
};

/// Returns the value that a literal would have; what is none is text, JSON lists and records are read.
pub fn v(text: &str) -> Value {
    match text {
        "none" => Value::None,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if text.starts_with(['[', '{']) => parse_json(text).unwrap(),
        _ if text.starts_with('"') => Value::text(text.trim_matches('"')),
        _ => text
            .parse()
            .map(Value::Int)
            .or_else(|_| text.parse().map_err(drop).and_then(|n| Value::number(n).map_err(drop)))
            .or_else(|()| parse_duration(text))
            .or_else(|_| parse_size(text))
            .or_else(|_| parse_percent(text))
            .or_else(|_| parse_time(text))
            .unwrap_or_else(|_| Value::text(text)),
    }
}

pub fn command(typed: &str, stdout: &str) -> Value {
    Value::Command(Arc::new(CommandValue {
        typed: typed.into(),
        exit: 0,
        ok: true,
        stdout: Output::whole(stdout),
        stderr: Output::default(),
        elapsed: 1_500_000_000,
    }))
}

pub fn expr(kind: ExprKind) -> Expr {
    Expr { kind, ty: Type::Any, span: Span::default() }
}

pub fn lit(value: Value) -> Expr {
    expr(ExprKind::Literal(value))
}

pub fn name(slot: u32) -> Expr {
    expr(ExprKind::Name(NameRef::Local(slot)))
}

pub fn field(base: Expr, name: &str) -> Expr {
    expr(ExprKind::Field(Box::new(base), name.to_owned()))
}

pub fn index(base: Expr, at: &str) -> Expr {
    expr(ExprKind::Index(Box::new(base), Box::new(lit(v(at)))))
}

pub fn binary(op: BinaryOp, a: Expr, b: Expr) -> Expr {
    expr(ExprKind::Binary(op, Box::new(a), Box::new(b)))
}

pub fn function(name: &str, args: Vec<Expr>) -> Expr {
    expr(ExprKind::Function { name: name.to_owned(), args, named: Vec::new() })
}

pub fn call(index: u32, tried: bool, args: Vec<Expr>) -> Expr {
    let call = Call {
        target: Target::Native {
            module: String::from("http"),
            function: String::from("get"),
            args: args.into_iter().map(|arg| (String::from("url"), arg)).collect(),
        },
        effect: Effect::Reads,
        tried,
        env: Vec::new(),
        dir: None,
        user: None,
        stdin: None,
        timeout: None,
        allow_exit: Vec::new(),
        ty: Type::Any,
        text: format!("http.get({index})"),
        span: Span::default(),
    };
    expr(ExprKind::Call { index, call: Box::new(call) })
}

/// Names by slot, readings by number.
#[derive(Default)]
pub struct World {
    pub names: BTreeMap<u32, (&'static str, &'static str, Value)>,
    pub readings: BTreeMap<u32, Result<Value, String>>,
}

impl World {
    pub fn with(value: Value) -> World {
        let names = [(0, ("x", "postgres.query(db)", value))].into();
        World { names, readings: BTreeMap::new() }
    }
}

impl Scope for World {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Local(slot) => self.names.get(&slot).map(|(_, _, value)| value.clone()),
            NameRef::Global(_) => None,
        }
    }

    fn describe(&self, name: NameRef) -> (String, String) {
        match name {
            NameRef::Local(slot) if self.names.contains_key(&slot) => {
                let (name, origin, _) = &self.names[&slot];
                ((*name).to_owned(), (*origin).to_owned())
            }
            NameRef::Global(_) => (String::from("skipped"), String::new()),
            NameRef::Local(_) => (String::from("unbound"), String::new()),
        }
    }

    /// Names of the whole run are those that a dry run does not know.
    fn unknown(&self, name: NameRef) -> bool {
        matches!(name, NameRef::Global(_))
    }

    fn reading(&self, index: u32) -> Option<Result<Value, String>> {
        self.readings.get(&index).cloned()
    }

    fn attempt(&self) -> i64 {
        2
    }

    fn elapsed(&self) -> i64 {
        30_000_000_000
    }

    fn now(&self) -> jiff::Timestamp {
        "2026-11-20T14:30:00Z".parse().unwrap()
    }
}

/// Returns what comes of the expression, as text: the value, or message and help.
pub fn outcome(expr: &Expr, world: &World) -> String {
    match evaluate(expr, world) {
        Ok(value) => value.to_string(),
        Err(Stop::Unknown(name)) => format!("{name} is unknown"),
        Err(Stop::NeedCall(index)) => format!("needs call {index}"),
        Err(Stop::Error(error)) => {
            let mut lines = vec![error.message];
            lines.extend(error.help);
            lines.join(" | ")
        }
    }
}
