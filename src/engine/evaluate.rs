//! Expressions in their place: evaluation with the calls they need.

use std::collections::BTreeMap;

use super::context::Cx;
use super::failure::{CallFailure, CallStop, End, Failure, Stop};
use crate::event::{Moment, Opened};
use crate::expression::{self, Scope, Stop as Halted};
use crate::program::{Call, Expr, NameRef, Slot, Template};
use crate::source::Span;
use crate::value::Value;

/// What calls brought that serve several expressions, by the call as written and as it could be typed.
pub(super) type Taken = BTreeMap<(String, String), Value>;

type Readings = BTreeMap<u32, Result<Value, String>>;

struct InPlace<'a, 'w> {
    cx: &'a Cx<'w>,
    readings: &'a Readings,
}

impl InPlace<'_, '_> {
    fn slot(&self, name: NameRef) -> Option<&Slot> {
        let program = self.cx.walk.program;
        match name {
            NameRef::Global(n) => program.globals.get(n as usize).map(|g| &g.slot),
            NameRef::Local(n) => match self.cx.frame.action {
                Some(action) => program.action(action).locals.get(n as usize),
                None => program.locals.get(n as usize),
            },
        }
    }
}

impl Scope for InPlace<'_, '_> {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Global(n) => self.cx.walk.globals.get(n as usize).cloned(),
            NameRef::Local(n) => self.cx.frame.get(n),
        }
    }

    fn unknown(&self, _: NameRef) -> bool {
        // Every name is bound on every path that leads to its use: one that is not was not brought.
        self.cx.walk.dry
    }

    fn describe(&self, name: NameRef) -> (String, String) {
        self.slot(name).map(|s| (s.name.clone(), s.origin.clone())).unwrap_or_default()
    }

    fn reading(&self, index: u32) -> Option<Result<Value, String>> {
        self.readings.get(&index).cloned()
    }

    fn attempt(&self) -> i64 {
        i64::from(self.cx.attempt)
    }

    fn elapsed(&self) -> i64 {
        self.cx.now().run_ns - self.cx.began
    }

    fn now(&self) -> jiff::Timestamp {
        let now = time_of(self.cx.walk.opened, self.cx.now());
        jiff::Timestamp::from_microsecond(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// Returns what the runbook takes for the time, microseconds since 1970 UTC.
pub(super) fn time_of(opened: &Opened, at: Moment) -> i64 {
    opened.game_day.as_ref().map_or(at.wall_us, |game_day| game_day.wall_us(at))
}

fn failure(error: expression::EvalError) -> Failure {
    let detail = error.help.into_iter().map(|h| format!("help: {h}")).collect();
    Failure { detail, ..Failure::new(error.message, error.span) }
}

fn never_asked(span: Span) -> Failure {
    Failure::new("a call stands where none can be made", span)
}

impl<'w> Cx<'w> {
    /// Returns the value of an expression without calls.
    pub fn value(&self, expr: &Expr) -> Result<Value, Failure> {
        match expression::evaluate(expr, &InPlace { cx: self, readings: &Readings::new() }) {
            Ok(value) => Ok(value),
            Err(Halted::Error(error)) => Err(failure(error)),
            Err(Halted::NeedCall(_)) => Err(never_asked(expr.span)),
            Err(Halted::Unknown(name)) => Err(Failure::unknown(&name, expr.span)),
        }
    }

    /// Returns a template's text, secrets named.
    pub fn text(&self, template: &Template) -> Result<String, Failure> {
        Ok(match self.template(template)? {
            Value::Text(text) => text.to_string(),
            other => other.to_string(),
        })
    }

    /// Returns what a template renders to: text or a secret.
    pub fn template(&self, template: &Template) -> Result<Value, Failure> {
        match expression::render(template, &InPlace { cx: self, readings: &Readings::new() }) {
            Ok(value) => Ok(value),
            Err(Halted::Error(error)) => Err(failure(error)),
            Err(Halted::NeedCall(_)) => Err(never_asked(template.span)),
            Err(Halted::Unknown(name)) => Err(Failure::unknown(&name, template.span)),
        }
    }

    /// Returns a template's text, or its bare words where it cannot be rendered: for lists that must not fail.
    pub fn text_or(&self, template: &Template, fallback: &str) -> String {
        self.text(template).unwrap_or_else(|_| fallback.to_owned())
    }

    /// Returns the value of an expression; the calls it needs are made, each once, in the order they are needed.
    pub async fn evaluate(&self, expr: &'w Expr) -> Result<Value, Stop> {
        self.evaluate_with(expr, None).await
    }

    /// Returns whether a condition holds; a call that was made for another one is not made again.
    pub async fn holds_with(&self, expr: &'w Expr, taken: &mut Taken) -> Result<bool, Stop> {
        let value = self.evaluate_with(expr, Some(taken)).await?;
        truth(&value, expr.span).map_err(Stop::from)
    }

    async fn evaluate_with(&self, expr: &'w Expr, mut taken: Option<&mut Taken>) -> Result<Value, Stop> {
        let mut readings = Readings::new();
        loop {
            let halted = match expression::evaluate(expr, &InPlace { cx: self, readings: &readings }) {
                Ok(value) => return Ok(value),
                Err(halted) => halted,
            };
            let index = match halted {
                Halted::Error(error) => return Err(failure(error).into()),
                Halted::NeedCall(index) => index,
                Halted::Unknown(name) => return Err(Failure::unknown(&name, expr.span).into()),
            };
            let call = expression::calls(expr).into_iter().find(|(i, _)| *i == index).map(|(_, c)| c);
            let Some(call) = call else {
                return Err(never_asked(expr.span).into());
            };
            let key = taken.is_some().then(|| self.typed(call).ok()).flatten();
            let key = key.map(|typed| (call.text.clone(), typed));
            if let (Some(taken), Some(key)) = (taken.as_deref_mut(), &key)
                && let Some(value) = taken.get(key)
            {
                readings.insert(index, Ok(value.clone()));
                continue;
            }
            let reading = self.down(format!("c{index}")).read(call, "").await;
            match reading {
                Ok(value) => {
                    if let (Some(taken), Some(key)) = (taken.as_deref_mut(), key) {
                        taken.insert(key, value.clone());
                    }
                    readings.insert(index, Ok(value))
                }
                Err(CallStop::Failed(failed)) => return Err(failed.at(call.span).into()),
                Err(CallStop::Stop(stop)) => return Err(stop),
            };
        }
    }

    /// Returns whether a condition holds.
    pub async fn holds(&self, expr: &'w Expr) -> Result<bool, Stop> {
        let value = self.evaluate(expr).await?;
        truth(&value, expr.span).map_err(Stop::from)
    }

    /// Returns a duration in nanoseconds.
    pub fn duration(&self, expr: &Expr) -> Result<i64, Failure> {
        match self.value(expr)? {
            Value::Duration(ns) if ns >= 0 => Ok(ns),
            other => Err(Failure::new(format!("expected a duration, found `{other}`"), expr.span)),
        }
    }

    /// Returns a whole number that is not negative.
    pub fn count(&self, expr: &Expr) -> Result<u32, Failure> {
        match self.value(expr)? {
            Value::Int(n) if u32::try_from(n).is_ok() => Ok(u32::try_from(n).unwrap_or(u32::MAX)),
            other => Err(Failure::new(
                format!("expected a whole number that is not negative, found `{other}`"),
                expr.span,
            )),
        }
    }

    /// Returns the text that a command or a request gets for this expression.
    pub fn argument(&self, expr: &Expr, call: &Call) -> Result<Value, CallFailure> {
        self.value(expr).map_err(|failure| self.not_run(failure, call))
    }

    /// Returns the failure of a call whose arguments could not be computed: it never began.
    pub fn not_run(&self, failure: Failure, call: &Call) -> CallFailure {
        let end = if failure.unknown { End::Unknown } else { End::NotRun };
        let mut failed = CallFailure::new(end, failure.message);
        failed.detail = failure.detail;
        failed.detail.push(format!("in `{}`", call.text));
        failed
    }
}

/// Returns the truth of a condition's value.
pub(super) fn truth(value: &Value, span: Span) -> Result<bool, Failure> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::Tried(tried) => match &tried.result {
            Ok(value) => truth(value, span),
            Err(message) => Err(Failure::new(message.clone(), span)),
        },
        other => Err(Failure::new(format!("expected true or false, found `{other}`"), span)),
    }
}
