//! What can be known before anything runs: texts with the values of parameters.

use std::collections::BTreeMap;

use crate::expression::{self, Scope};
use crate::program::{GlobalSource, NameRef, Program, Template};
use crate::value::{Secret, Value};

/// The values of the whole run, where they can be had.
pub(super) struct Beforehand {
    values: Vec<Option<Value>>,
}

impl Beforehand {
    pub fn new(
        program: &Program,
        params: &[(String, Value)],
        secrets: &BTreeMap<String, Secret>,
    ) -> Beforehand {
        let mut start = Beforehand { values: Vec::new() };
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
        start
    }

    /// Returns the text with its values; `None` where one cannot be had.
    pub fn render(&self, template: &Template) -> Option<String> {
        expression::render(template, self).ok().map(|value| value.to_string())
    }
}

impl Scope for Beforehand {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Global(n) => self.values.get(n as usize).cloned().flatten(),
            NameRef::Local(_) => None,
        }
    }

    fn describe(&self, _: NameRef) -> (String, String) {
        Default::default()
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}
