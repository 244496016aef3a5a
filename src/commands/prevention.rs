//! The runbook's `prevention` with its values, as it is when the run begins.
//!
//! Nothing of a run depends on it, so that it is no fact of the journal: it lies beside the sources.

use std::collections::BTreeMap;

use crate::expression::{self, Scope};
use crate::program::{GlobalSource, NameRef, Program};
use crate::value::{Secret, Value};

/// Returns the text; where a value cannot be had, as it was written; empty where there is none.
pub(super) fn text(
    program: &Program,
    params: &[(String, Value)],
    secrets: &BTreeMap<String, Secret>,
) -> String {
    let Some(template) = &program.prevention else {
        return String::new();
    };
    let mut start = Start { values: Vec::new() };
    for global in &program.globals {
        let name = &global.slot.name;
        let given = params.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let computed = |expr| expression::evaluate(expr, &start).ok();
        let value = match &global.source {
            GlobalSource::Secret(_) => secrets.get(name).cloned().map(Value::Secret),
            GlobalSource::Param(param) => given.or_else(|| param.default.as_ref().and_then(computed)),
            GlobalSource::Let(expr) => computed(expr),
        };
        start.values.push(value);
    }
    let rendered = expression::render(template, &start).ok().map(|value| value.to_string());
    rendered.unwrap_or_else(|| program.sources.text(template.span).to_owned())
}

/// What is known before anything runs.
struct Start {
    values: Vec<Option<Value>>,
}

impl Scope for Start {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Global(n) => self.values.get(n as usize).cloned().flatten(),
            NameRef::Local(_) => None,
        }
    }

    fn describe(&self, _: NameRef) -> (String, String) {
        Default::default()
    }

    fn reading(&self, _: u32) -> Option<Result<Value, String>> {
        None
    }

    fn attempt(&self) -> i64 {
        1
    }

    fn elapsed(&self) -> i64 {
        0
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}
