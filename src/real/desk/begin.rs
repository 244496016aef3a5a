//! How requests begin, and how they are broken off.
//!
//! Owns what each kind of request sets in motion. What becomes of it comes back to the desk.

use std::sync::Arc;
use std::time::Duration;

use super::super::command;
use super::{Desk, Doing, Settled, What, needles};
use crate::event::{Address, Ask, CommandRequest, NativeRequest, Reply, Request};
use crate::net::{self, Net, Sent};
use crate::process::{ClientError, CommandSpec};
use crate::value::{Secret, Value};
use crate::world::WorldError;

/// Time of a call that has no deadline.
const LIMIT: Duration = Duration::from_secs(60);

/// How long after its deadline an end is waited for that its own keeper should have brought.
pub(super) const COMMAND_SLACK: i64 = 60_000_000_000;
const NATIVE_SLACK: i64 = 2_000_000_000;

impl Desk {
    /// Begins one request; `again`: it was begun before, by a process that is no more.
    pub async fn begin(&mut self, ask: Ask, again: bool) -> Result<(), WorldError> {
        let Ask { address, request, deadline, changes, inner, .. } = ask;
        if self.people_only && !matches!(request, Request::Question(_) | Request::Cancel { .. }) {
            let message = String::from("only people are real here");
            self.reply(address, Reply::Failed { message, doubt: false });
            return Ok(());
        }
        match request {
            Request::Command(command) if again => self.recall(address, command, deadline).await?,
            Request::Command(command) => self.start(address, command, deadline, inner).await?,
            Request::Native(_) if again && changes => {
                let why = "the program that sent it ended before the answer came".to_owned();
                self.reply(address, Reply::Lost { why });
            }
            Request::Native(native) => self.call(address, *native, deadline, changes),
            Request::Reading { .. } | Request::Named { .. } => self.reply(address, Reply::Descend),
            Request::Timer => {
                let what = What::Timer;
                self.doing.insert(address, Doing { what, deadline });
            }
            Request::Question(question) => {
                let now = self.clock.now().run_ns;
                if let Some(reply) = self.asker.ask(address.clone(), *question, deadline, now) {
                    self.reply(address, reply);
                }
            }
            // Nothing pretends: what only the screen shows was not sent.
            Request::Notify { .. } => {
                let message =
                    String::from("no channel is set up for it: it stands here and on the timeline only");
                self.reply(address, Reply::Failed { message, doubt: false });
            }
            Request::Kill { command } => self.kill(&command).await,
            Request::Cancel { request } => self.cancel(&request),
        }
        Ok(())
    }

    /// Begins a command; `reads`: it is part of a reading, which is made anew whatever became of it before.
    pub(super) async fn start(
        &mut self,
        address: Address,
        request: Arc<CommandRequest>,
        deadline: Option<i64>,
        reads: bool,
    ) -> Result<(), WorldError> {
        self.learn_secrets(command::secrets(&request));
        let spec = match command::specification(&address.0, &request, self.left(deadline), &self.secrets) {
            Ok(spec) => CommandSpec { again: reads, ..spec },
            Err(why) => {
                let end = command::not_started(why);
                self.reply(address, Reply::Command(Box::new(end)));
                return Ok(());
            }
        };
        match self.link.start(spec).await {
            Ok(()) => self.under_way(address, request, deadline),
            Err(ClientError::Frame(error)) => {
                let end = command::not_started(error.to_string());
                self.reply(address, Reply::Command(Box::new(end)));
            }
            Err(error) => return Err(WorldError::Unreachable(error.to_string())),
        }
        Ok(())
    }

    async fn recall(
        &mut self,
        address: Address,
        request: Arc<CommandRequest>,
        deadline: Option<i64>,
    ) -> Result<(), WorldError> {
        self.learn_secrets(command::secrets(&request));
        match self.link.recall(&address.0).await {
            Ok(()) => self.under_way(address, request, deadline),
            Err(error) => return Err(WorldError::Unreachable(error.to_string())),
        }
        Ok(())
    }

    fn under_way(&mut self, address: Address, request: Arc<CommandRequest>, deadline: Option<i64>) {
        let what = What::Command { request, killed: false };
        let deadline = deadline.map(|deadline| deadline.saturating_add(COMMAND_SLACK));
        self.doing.insert(address, Doing { what, deadline });
    }

    fn call(&mut self, address: Address, request: NativeRequest, deadline: Option<i64>, changes: bool) {
        self.learn_secrets(request.args.iter().flat_map(|(_, value)| secrets_in(value)));
        let limit = self.left(deadline);
        if let Some(result) = Net::at_once(&request, limit, &self.needles) {
            self.reply(address, native_reply(result));
            return;
        }
        let sent = Sent::default();
        let typed = request.typed.clone();
        let task = {
            let (net, needles, sent) = (Arc::clone(&self.net), self.needles.clone(), sent.clone());
            let (tell, clock, request_address) = (self.tell.clone(), self.clock, address.clone());
            tokio::spawn(async move {
                let result = net.call(&request, limit, &needles, &sent).await;
                // Nobody listens when the world is gone.
                let _ = tell.send(Settled {
                    request: request_address,
                    reply: native_reply(result),
                    occurred: clock.now(),
                });
            })
            .abort_handle()
        };
        let what = What::Native { typed, changes, sent, task };
        let deadline = deadline.map(|deadline| deadline.saturating_add(NATIVE_SLACK));
        self.doing.insert(address, Doing { what, deadline });
    }

    async fn kill(&mut self, address: &Address) {
        match self.doing.get_mut(address).map(|doing| &mut doing.what) {
            Some(What::Command { killed, .. }) => {
                *killed = true;
                self.link.kill(&address.0).await;
            }
            Some(What::Native { .. }) => {
                if let Some(Doing { what, .. }) = self.doing.remove(address) {
                    self.break_off(address.clone(), what, "was ended");
                }
            }
            _ => {}
        }
    }

    fn cancel(&mut self, address: &Address) {
        self.ready.withdraw(address);
        if let Some(Doing { what: What::Native { task, .. }, .. }) = self.doing.remove(address) {
            task.abort();
        }
        self.asker.cancel(address, self.clock.now().run_ns);
    }

    /// Gives a request up that its keeper did not answer.
    pub(super) fn break_off(&mut self, address: Address, what: What, how: &str) {
        let reply = match what {
            What::Timer => Reply::Fired,
            What::Command { .. } => {
                Reply::Lost { why: "the supervisor did not tell how it ended".to_owned() }
            }
            What::Native { typed, changes, sent, task } => {
                task.abort();
                Reply::Failed { message: format!("{typed} {how}"), doubt: changes && sent.get() }
            }
        };
        self.reply(address, reply);
    }

    /// Returns the time until a deadline, or the default limit.
    fn left(&self, deadline: Option<i64>) -> Duration {
        deadline.map_or(LIMIT, |deadline| {
            let left = deadline.saturating_sub(self.clock.now().run_ns);
            Duration::from_nanos(left.max(0).unsigned_abs())
        })
    }

    /// Secrets computed from others are to be blotted out like those.
    fn learn_secrets<'a>(&mut self, found: impl Iterator<Item = &'a Secret>) {
        let known = self.secrets.len();
        for secret in found {
            if !self.secrets.contains(secret) {
                self.secrets.push(secret.clone());
            }
        }
        if self.secrets.len() > known {
            self.needles = needles(&self.secrets);
        }
    }
}

fn native_reply(result: Result<Value, net::Failure>) -> Reply {
    match result {
        Ok(value) => Reply::Value { value },
        Err(net::Failure { message, doubt }) => Reply::Failed { message, doubt },
    }
}

fn secrets_in(value: &Value) -> Vec<&Secret> {
    match value {
        Value::Secret(secret) => vec![secret],
        Value::List(items) => items.iter().flat_map(secrets_in).collect(),
        Value::Record(record) => record.0.iter().flat_map(|(_, value)| secrets_in(value)).collect(),
        _ => Vec::new(),
    }
}
