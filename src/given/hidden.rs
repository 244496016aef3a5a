//! Secrets in what is given: blotted out, as they are in what a real command prints.
//!
//! Owns where text stands in a value. Never decides what is a secret.

use std::sync::Arc;

use super::{Given, GivenWorld};
use crate::process::SecretText;
use crate::process::blot::Needles;
use crate::program::StepOutcome;
use crate::value::{CommandValue, Output, Record, ResponseValue, Secret, Tried, Value};

impl GivenWorld {
    /// Hides these secrets in all that is read and printed.
    #[must_use]
    pub fn hiding<'s>(mut self, secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let texts: Vec<_> = secrets.into_iter().map(|secret| SecretText::new(secret.reveal())).collect();
        let needles = Needles::new(&texts);
        for given in self.readings.values_mut().flatten() {
            hide(given, &needles);
        }
        for outcome in self.script.outcomes() {
            if let StepOutcome::Prints(text) = outcome {
                *text = needles.blot(text);
            }
        }
        self
    }
}

fn hide(given: &mut Given, needles: &Needles) {
    match given {
        Given::Value(value) => *value = hidden(value, needles),
        Given::Fails(why) => *why = needles.blot(why),
        Given::Takes(_, then) => hide(then, needles),
    }
}

fn hidden(value: &Value, needles: &Needles) -> Value {
    let output = |output: &Output| Output { text: needles.blot(&output.text).into(), ..output.clone() };
    match value {
        Value::Text(text) => Value::text(needles.blot(text)),
        Value::List(items) => Value::list(items.iter().map(|item| hidden(item, needles)).collect()),
        Value::Record(record) => Value::Record(Arc::new(fields(record, needles))),
        Value::Command(command) => Value::Command(Arc::new(CommandValue {
            stdout: output(&command.stdout),
            stderr: output(&command.stderr),
            ..(**command).clone()
        })),
        Value::Response(response) => Value::Response(Arc::new(ResponseValue {
            headers: fields(&response.headers, needles),
            body: output(&response.body),
            ..(**response).clone()
        })),
        Value::Tried(tried) => Value::Tried(Arc::new(Tried {
            call: Arc::clone(&tried.call),
            result: match &tried.result {
                Ok(value) => Ok(hidden(value, needles)),
                Err(why) => Err(needles.blot(why)),
            },
        })),
        other => other.clone(),
    }
}

fn fields(record: &Record, needles: &Needles) -> Record {
    Record(record.0.iter().map(|(name, value)| (Arc::clone(name), hidden(value, needles))).collect())
}
