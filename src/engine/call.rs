//! Calls: commands, native functions, actions; and readings, which wrap them.

use std::sync::Arc;

use super::context::{Bound, Cx};
use super::failure::{CallFailure, CallStop, End, Flow, Stop};
use super::frame::Frame;
use super::join::Walking;
use super::ledger::Changes;
use super::reply::{ended, given, returned, tried};
use super::statement::block;
use crate::event::{CommandRequest, NativeRequest, Reply, Request};
use crate::program::{ActionId, Call, Command, Expr, Target, native};
use crate::shell;
use crate::value::{Secret, Value};

impl<'w> Cx<'w> {
    /// Reads: the value of a call that only reads. `name`: what it will be bound to.
    pub async fn read(&self, call: &'w Call, name: &str) -> Result<Value, CallStop> {
        self.up_to_date()?;
        let request = Request::Reading {
            name: name.to_owned(),
            action: self.callee(call),
            call: self.typed(call).unwrap_or_else(|_| call.text.clone()),
        };
        let result = if self.inner && !self.walk.opened.named_calls {
            self.carry_out(call).await
        } else {
            self.reading(call, request).await
        };
        tried(call, result)
    }

    /// Carries out a change.
    pub async fn change(&self, call: &'w Call) -> Result<Value, CallStop> {
        tried(call, self.untried(call).await)
    }

    /// Carries out a change; its failure is one also under `try`.
    pub async fn untried(&self, call: &'w Call) -> Result<Value, CallStop> {
        let action = self.callee(call);
        let named = self.walk.opened.named_calls && matches!(call.target, Target::Action { .. });
        if named {
            let text = self.typed(call).unwrap_or_else(|_| call.text.clone());
            let here = self.down("call");
            let request = Request::Named { action, call: text };
            let ask = here.named("", call.span).ask(request, self.deadline(call)?, true);
            match self.walk.door.ask(ask, &self.halt).await {
                Some(Reply::Descend) => self.carry_out(call).await,
                reply => given(reply, call),
            }
        } else {
            self.carry_out(call).await
        }
    }

    async fn reading(&self, call: &'w Call, request: Request) -> Result<Value, CallStop> {
        let ask = self.named("", call.span).ask(request, self.deadline(call)?, false);
        let address = ask.address.clone();
        let at = address.clone();
        let read = match self.walk.door.ask(ask, &self.halt).await {
            Some(Reply::Descend) => {
                let inside = Cx { inner: true, ..self.down("r") };
                let reply = match inside.carry_out(call).await {
                    Ok(value) => Reply::Value { value },
                    Err(CallStop::Failed(failed)) => Reply::Failed { message: failed.text(), doubt: false },
                    Err(CallStop::Stop(_)) => {
                        Reply::Failed { message: String::from("the run stops"), doubt: false }
                    }
                };
                self.walk.door.deliver_inside(address.clone(), reply);
                let reply = self.walk.door.again(address).await;
                self.unless_cut(given(reply, call))
            }
            reply => self.unless_cut(given(reply, call)),
        };
        self.has_read(&at, &read);
        read
    }

    /// Returns the result of a reading, or the stop that made it fail.
    fn unless_cut(&self, result: Result<Value, CallStop>) -> Result<Value, CallStop> {
        let stopped = self.walk.door.stopped().is_some() && !self.halt.shielded;
        if result.is_err() && (stopped || self.halt.is_set()) {
            Err(CallStop::Stop(self.cut()))
        } else {
            result
        }
    }

    fn carry_out<'a>(&'a self, call: &'w Call) -> Walking<'a, Result<Value, CallStop>> {
        Box::pin(async move {
            match &call.target {
                Target::Command(command) => {
                    let request = self.command(call, command)?;
                    self.run_command(call, request).await
                }
                Target::Native { module, function, args } => self.native(call, module, function, args).await,
                Target::Action { action, args } => self.action(call, *action, args).await,
                // `run_change` has it done.
                Target::Manual(_) => Err(CallFailure::new(End::NotRun, "nobody can be asked here").into()),
            }
        })
    }

    async fn action(&self, call: &'w Call, id: ActionId, args: &'w [Expr]) -> Result<Value, CallStop> {
        let action = self.walk.program.action(id);
        let frame = Frame::new(action.locals.len(), Some(id));
        for (slot, arg) in (0u32..).zip(args) {
            frame.bind(slot, self.argument(arg, call)?);
        }
        let changes = Changes::default();
        let rest = self.what_follows();
        let mut cx = Cx {
            frame,
            changes: changes.clone(),
            next: &[],
            rest,
            halt: self.halt.unheld(),
            ..self.down("b").named("", call.span)
        };
        if let Some(timeout) = &call.timeout {
            let length = self.duration(timeout).map_err(|f| self.not_run(f, call))?;
            cx = cx.bounded(length, &format!("the timeout of `{}`", call.text), Some(timeout.span));
        }
        let result = block(&cx, &action.body).await;
        let untouched = changes.is_empty();
        let result = match result {
            Ok(flow) => super::unwind::finish(&cx).await.map(|()| flow),
            stopped => stopped,
        };
        let in_doubt = changes.in_doubt();
        changes.merge_into(&self.changes);
        match result {
            Ok(Flow::Return(value)) => returned(call, action, value),
            Ok(_) => Ok(Value::None),
            Err(Stop::Failure(failure)) => {
                let end = match (in_doubt, untouched) {
                    (true, _) => End::InDoubt,
                    (false, true) => End::NotRun,
                    (false, false) => End::Failed,
                };
                let mut failed = CallFailure { message: failure.message, detail: failure.detail, end };
                let place = self.walk.program.sources.place(failure.span);
                failed.detail.push(format!("in `{}`, called as `{}` ({place})", action.name, call.text));
                Err(failed.into())
            }
            Err(stop) => Err(CallStop::Stop(stop)),
        }
    }

    async fn native(
        &self,
        call: &'w Call,
        module: &str,
        function: &str,
        args: &'w [(String, Expr)],
    ) -> Result<Value, CallStop> {
        let mut values = Vec::new();
        let changes = call.effect == crate::program::Effect::Changes;
        for (name, arg) in args {
            let value = self.argument(arg, call)?;
            refuse_damaged(&value, changes, call)?;
            values.push((name.clone(), value));
        }
        let shown: Vec<_> = values.iter().map(|(n, v)| format!("{n}: {}", v.brief(60))).collect();
        let typed = format!("{module}.{function}({})", shown.join(", "));
        let native =
            NativeRequest { module: module.to_owned(), function: function.to_owned(), args: values, typed };
        let ask = self.down("n").ask(Request::Native(Box::new(native)), self.deadline(call)?, changes);
        given(self.walk.door.ask(ask, &self.halt).await, call)
    }

    async fn run_command(&self, call: &'w Call, request: CommandRequest) -> Result<Value, CallStop> {
        let typed: Arc<str> = request.typed.as_str().into();
        let changes = call.effect == crate::program::Effect::Changes;
        let ask = self.down("x").ask(Request::Command(Arc::new(request)), self.deadline(call)?, changes);
        let bound = ask.bound.clone();
        match self.walk.door.ask(ask, &self.halt).await {
            Some(Reply::Command(end)) => ended(call, &typed, &bound, *end),
            reply => given(reply, call),
        }
    }

    fn command(&self, call: &'w Call, command: &'w Command) -> Result<CommandRequest, CallFailure> {
        let mut bound = Vec::new();
        let mut secrets = Vec::new();
        for (index, expr) in command.values.iter().enumerate() {
            let value = self.argument(expr, call)?;
            refuse_damaged(&value, call.effect == crate::program::Effect::Changes, call)?;
            bound.push(bind(index, value, &mut secrets, call)?);
        }
        let invocation = shell::bind(&command.plan, &bound).map_err(|error| {
            let mut failed = CallFailure::new(End::NotRun, error.to_string());
            failed.detail.push(format!("help: {}", error.help()));
            failed.detail.push(format!("in `{}`", call.text));
            failed
        })?;
        let typed = shell::as_typed(&command.plan, &bound);
        self.command_request(call, invocation.argv, typed, secrets)
    }

    fn command_request(
        &self,
        call: &'w Call,
        argv: Vec<String>,
        typed: String,
        mut secret_env: Vec<(String, Secret)>,
    ) -> Result<CommandRequest, CallFailure> {
        let mut env = Vec::new();
        let changes = call.effect == crate::program::Effect::Changes;
        for (name, expr) in &call.env {
            let value = self.argument(expr, call)?;
            refuse_damaged(&value, changes, call)?;
            match value {
                Value::Secret(secret) => secret_env.push((name.clone(), secret)),
                Value::None => {}
                other => env.push((name.clone(), other.to_string())),
            }
        }
        let text = |expr: &Option<Box<Expr>>| -> Result<Option<String>, CallFailure> {
            expr.as_ref().map(|e| Ok(self.argument(e, call)?.to_string())).transpose()
        };
        let stdin = match &call.stdin {
            None => None,
            Some(expr) => {
                let value = self.argument(expr, call)?;
                refuse_damaged(&value, changes, call)?;
                Some(vec![match value {
                    Value::Secret(_) | Value::Damaged(_) => value,
                    other => Value::text(other.to_string()),
                }])
            }
        };
        Ok(CommandRequest {
            argv,
            typed,
            env,
            secret_env,
            stdin,
            dir: text(&call.dir)?,
            user: text(&call.user)?,
            allow_exit: call.allow_exit.clone(),
        })
    }

    /// Returns a call's deadline: its own timeout, else what its step has left, else the run's default.
    fn deadline(&self, call: &'w Call) -> Result<Option<Bound>, CallFailure> {
        let around = self.deadline_around(call)?;
        Ok(match (self.patience_of(call)?, around) {
            (Some(own), Some(around)) if around.at < own.at => Some(around),
            (Some(own), _) => Some(own),
            (None, around) => around,
        })
    }

    /// Returns how long a native function waits on its own: a real one sees to that itself, a given one by its bound.
    fn patience_of(&self, call: &'w Call) -> Result<Option<Bound>, CallFailure> {
        let Target::Native { module, function, args } = &call.target else { return Ok(None) };
        if !self.walk.opened.named_calls {
            return Ok(None);
        }
        let written = args.iter().find(|(name, _)| name == "timeout").map(|(_, length)| length);
        let length = match written {
            Some(length) => self.argument(length, call)?,
            None => native::default_of(module, function, "timeout"),
        };
        let Value::Duration(length) = length else { return Ok(None) };
        let words = format!("the timeout of {}", Value::Duration(length));
        let at = self.now().run_ns.saturating_add(length);
        Ok(Some(Bound { at, words: words.into(), written: written.map(|length| length.span) }))
    }

    fn deadline_around(&self, call: &'w Call) -> Result<Option<Bound>, CallFailure> {
        let now = self.now().run_ns;
        if let Some(timeout) = &call.timeout {
            let length = self.duration(timeout).map_err(|f| self.not_run(f, call))?;
            let words = format!("the timeout of {}", crate::value::Value::Duration(length));
            return Ok(Some(Bound {
                at: now.saturating_add(length),
                words: words.into(),
                written: Some(timeout.span),
            }));
        }
        if self.timed {
            return Ok(None);
        }
        let length = self.walk.opened.call_timeout_ns;
        let words = format!("the default timeout of {}", crate::value::Value::Duration(length));
        Ok(Some(Bound::own(now.saturating_add(length), &words)))
    }

    /// Returns the name by which a given world knows what is called.
    fn callee(&self, call: &'w Call) -> String {
        match &call.target {
            Target::Action { action, .. } => self.walk.program.action(*action).name.clone(),
            Target::Native { module, function, .. } => format!("{module}.{function}"),
            Target::Command(_) | Target::Manual(_) => String::new(),
        }
    }

    /// Returns the call as it could be typed, with its values, secrets named; what a dry run does not know stands there as
    /// it is written.
    ///
    /// # Errors
    /// When an argument cannot be computed.
    pub fn typed(&self, call: &'w Call) -> Result<String, CallFailure> {
        Ok(self.spelled(call)?.text)
    }

    /// Returns the call as it could be typed, and whether all of it is known.
    ///
    /// # Errors
    /// As [`Cx::typed`].
    pub fn spelled(&self, call: &'w Call) -> Result<Spelled, CallFailure> {
        let unknown = std::cell::Cell::new(false);
        let known = |expr: &Expr| match self.argument(expr, call) {
            Err(failed) if failed.end == End::Unknown => {
                unknown.set(true);
                Ok(Err(self.walk.program.sources.text(expr.span).to_owned()))
            }
            value => value.map(Ok),
        };
        let word = |expr: &Expr| Ok(known(expr)?.map_or_else(|written| written, |value| shown(&value)));
        let text = match &call.target {
            Target::Command(command) => {
                let mut bound = Vec::new();
                for (index, expr) in command.values.iter().enumerate() {
                    bound.push(match known(expr)? {
                        Ok(value) => Ok(bind(index, value, &mut Vec::new(), call)?),
                        Err(written) => Err(format!("{{{{ {written} }}}}")),
                    });
                }
                format!("$ {}", shell::as_far_as_known(&command.plan, &bound))
            }
            Target::Native { module, function, args } => {
                let shown: Result<Vec<_>, CallFailure> =
                    args.iter().map(|(n, e)| Ok(format!("{n}: {}", word(e)?))).collect();
                format!("{module}.{function}({})", shown?.join(", "))
            }
            Target::Action { action, args } => {
                let shown: Result<Vec<_>, CallFailure> = args.iter().map(word).collect();
                format!("{}({})", self.walk.program.action(*action).name, shown?.join(", "))
            }
            Target::Manual(manual) => {
                let text = match self.text(&manual.text) {
                    Err(failure) if failure.unknown => {
                        unknown.set(true);
                        self.written(&manual.text).to_owned()
                    }
                    text => text.map_err(|failure| self.not_run(failure, call))?,
                };
                format!("manual \"{text}\"")
            }
        };
        Ok(Spelled { text, known: !unknown.get() })
    }
}

/// A call as it could be typed.
pub(super) struct Spelled {
    pub text: String,
    /// Whether all of it is known: always, but in a dry run.
    pub known: bool,
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(_) => format!("\"{}\"", value.brief(80)),
        other => other.brief(80),
    }
}

fn bind(
    index: usize,
    value: Value,
    secrets: &mut Vec<(String, Secret)>,
    call: &Call,
) -> Result<shell::Bound, CallFailure> {
    Ok(match value {
        Value::Secret(secret) => {
            let env = format!("MAINSTAY_SECRET_{index}");
            let name = secret.name().to_owned();
            secrets.push((env.clone(), secret));
            shell::Bound::Secret { env, name }
        }
        Value::List(items) => shell::Bound::List(items.iter().map(ToString::to_string).collect()),
        Value::None | Value::Record(_) => {
            let mut failed =
                CallFailure::new(End::NotRun, format!("a command takes text, found `{}`", value.brief(60)));
            failed
                .detail
                .push(String::from("help: pick a field of it, or hand it over as JSON with `| tojson`"));
            failed.detail.push(format!("in `{}`", call.text));
            return Err(failed);
        }
        other => shell::Bound::Text(other.to_string()),
    })
}

/// Refuses text that was read from bytes which are not UTF-8 where it would be used in a change.
fn refuse_damaged(value: &Value, changes: bool, call: &Call) -> Result<(), CallFailure> {
    let damaged = match value {
        Value::Damaged(_) => true,
        Value::Command(command) => !command.stdout.utf8,
        Value::List(items) => items.iter().any(|v| matches!(v, Value::Damaged(_))),
        _ => false,
    };
    if changes && damaged {
        let mut failed =
            CallFailure::new(End::NotRun, "a value with bytes that are not UTF-8 cannot be used in a change");
        failed.detail.push(format!("in `{}`", call.text));
        return Err(failed);
    }
    Ok(())
}
