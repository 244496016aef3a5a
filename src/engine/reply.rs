//! What the answer to a call means: a value, or one of the ends of a call that failed.
//!
//! Never asks for anything (`call` does), and knows nothing of where the walk stands.

use std::sync::Arc;

use super::failure::{CallFailure, CallStop, End};
use crate::event::{CommandEnd, Ended, Outlet, Reply};
use crate::program::{Action, Call};
use crate::value::{CommandValue, Output, Tried, Value};

/// Lines of output that a failure shows.
const SHOWN_LINES: usize = 12;

/// Returns the result as `try` lets it be looked at, where that is written.
pub(super) fn tried(call: &Call, result: Result<Value, CallStop>) -> Result<Value, CallStop> {
    if !call.tried {
        return result;
    }
    let result = match result {
        Ok(value) => Ok(value),
        Err(CallStop::Failed(failed)) if failed.end != End::Unknown => Err(failed.text()),
        Err(stop) => return Err(stop),
    };
    Ok(Value::Tried(Arc::new(Tried { call: call.text.as_str().into(), result })))
}

/// Returns what a reply means for a call.
pub(super) fn given(reply: Option<Reply>, call: &Call) -> Result<Value, CallStop> {
    match reply {
        Some(Reply::Value { value }) => Ok(value),
        Some(Reply::Done) => Ok(Value::None),
        Some(Reply::Command(end)) => ended(call, &call.text.as_str().into(), "", *end),
        Some(Reply::Failed { message, doubt }) => {
            let end = if doubt { End::InDoubt } else { End::Failed };
            Err(CallFailure::parse(&message, end).into())
        }
        Some(Reply::Lost { why }) => {
            Err(CallFailure::new(End::InDoubt, format!("the end of `{}` was not seen: {why}", call.text))
                .into())
        }
        other => {
            Err(CallFailure::new(End::InDoubt, format!("no answer for `{}`: {other:?}", call.text)).into())
        }
    }
}

/// How a shell with `pipefail` says that a part of a pipe was ended by SIGPIPE.
const SIGPIPE: i32 = 141;

pub(super) fn ended(call: &Call, typed: &Arc<str>, bound: &str, end: CommandEnd) -> Result<Value, CallStop> {
    let exit = match &end.ended {
        Ended::Exit { code } => *code,
        Ended::Signal { signal } => 128 + signal,
        _ => -1,
    };
    let allowed = exit == 0 || call.allow_exit.contains(&exit);
    let (state, message) = match &end.ended {
        Ended::Exit { .. } if allowed => return Ok(command_value(typed, exit, true, end)),
        Ended::Exit { code: SIGPIPE } if typed.contains('|') => (
            End::Failed,
            format!(
                "the command ended with exit status {SIGPIPE}: a part of the pipe was cut off, as the next one had read enough; \
                 `allow exit 0, {SIGPIPE}` below the command takes that for success"
            ),
        ),
        Ended::Exit { code } => (End::Failed, format!("the command ended with exit status {code}")),
        Ended::Signal { signal } => (End::Failed, format!("the command was ended by signal {signal}")),
        Ended::Timeout => (End::InDoubt, format!("the command was ended: {bound} ran out")),
        Ended::Killed => (End::InDoubt, String::from("the command was ended because the run stops")),
        Ended::NotStarted { message } => (End::NotRun, format!("the command could not start: {message}")),
    };
    let mut failed = CallFailure::new(state, message);
    failed.detail.push(format!("$ {typed}"));
    failed.detail.extend(last_lines(&end));
    Err(failed.into())
}

fn last_lines(end: &CommandEnd) -> Vec<String> {
    let of = |outlet: &Outlet| -> Vec<String> {
        let text = if outlet.cut && !outlet.tail.is_empty() { &outlet.tail } else { &outlet.text };
        text.lines().map(str::to_owned).collect()
    };
    let mut lines = of(&end.stderr);
    if lines.is_empty() {
        lines = of(&end.stdout);
    }
    let skip = lines.len().saturating_sub(SHOWN_LINES);
    lines.split_off(skip)
}

fn command_value(typed: &Arc<str>, exit: i32, ok: bool, end: CommandEnd) -> Value {
    let output = |outlet: Outlet| Output { text: outlet.text.into(), utf8: outlet.utf8, cut: outlet.cut };
    Value::Command(Arc::new(CommandValue {
        typed: Arc::clone(typed),
        exit,
        ok,
        stdout: output(end.stdout),
        stderr: output(end.stderr),
        elapsed: end.elapsed,
    }))
}

/// Returns what an action returned, as one of the type it declares.
pub(super) fn returned(call: &Call, action: &Action, value: Value) -> Result<Value, CallStop> {
    let Some(ty) = &action.returns else { return Ok(value) };
    value.coerce(ty).map_err(|message| {
        let mut failed = CallFailure::new(
            End::Failed,
            format!("`{}` returned what it does not declare: {message}", action.name),
        );
        failed.detail.push(format!("in `{}`", call.text));
        failed.into()
    })
}
