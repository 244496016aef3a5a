//! What is open, what is ready, and what comes in.
//!
//! Owns the requests that are under way and the inputs that wait to be handed over, in the order
//! in which they happened. Never blocks: `RealWorld` lends it the runtime.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use super::clock::{Alarm, Clock};
use super::command;
use super::link::{Link, News, end_orphan};
use super::signals::{Heard, Signals};
use super::{Live, RealConfig, RealError, Tick};
use crate::event::{
    Address, Ask, CommandRequest, Control, Input, Moment, NativeRequest, Reply, Request,
};
use crate::net::{self, Net, Sent};
use crate::people::{Asker, Person, Said};
use crate::process::blot::Needles;
use crate::process::{ClientError, SecretText};
use crate::value::{Secret, Value};
use crate::world::WorldError;

/// Time of a call that has no deadline.
const LIMIT: Duration = Duration::from_secs(60);

/// How long after its deadline an end is waited for that its own keeper should have brought.
const COMMAND_SLACK: i64 = 60_000_000_000;
const NATIVE_SLACK: i64 = 2_000_000_000;

/// What stands before what when both happened at the same time: ends before time running out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    End,
    Person,
    Time,
}

struct Ready {
    rank: Rank,
    occurred: Moment,
    input: Input,
}

/// A request that is under way.
struct Doing {
    what: What,
    /// When it is over without anybody's doing.
    deadline: Option<i64>,
}

enum What {
    Command,
    Native {
        typed: String,
        changes: bool,
        sent: Sent,
        task: AbortHandle,
    },
    Timer,
}

/// A reply that a task in the background found.
struct Settled {
    request: Address,
    reply: Reply,
    occurred: Moment,
}

/// Something that happened while one waited.
pub(super) enum Happened {
    Rang,
    Ticked,
    Heard(Heard),
    News(News),
    Line(String),
    Settled(Box<Reply>, Address, Moment),
}

pub(super) struct Desk {
    clock: Clock,
    alarm: Alarm,
    signals: Signals,
    asker: Asker,
    pub link: Link,
    net: Arc<Net>,
    secrets: Vec<Secret>,
    needles: Needles,
    doing: BTreeMap<Address, Doing>,
    ready: Vec<Ready>,
    tell: UnboundedSender<Settled>,
    told: UnboundedReceiver<Settled>,
    live: Option<Live>,
    tick: Option<Tick>,
    stopping: bool,
    pub suspended: bool,
    /// The latest moment that was handed over; the run's time does not step back.
    last: Moment,
    run_dir: std::path::PathBuf,
}

impl Desk {
    /// Returns an empty desk. Must be called inside the runtime.
    pub fn new(config: RealConfig) -> Result<Self, RealError> {
        let (tell, told) = unbounded_channel();
        let needles = needles(&config.secrets);
        let mut link = Link::new(config.run_dir.clone(), config.program);
        if config.commands {
            link.prepare();
        }
        Ok(Desk {
            clock: config.clock,
            alarm: Alarm::new(config.clock).map_err(RealError::Clock)?,
            signals: Signals::new().map_err(RealError::Signals)?,
            asker: Asker::new(config.seat, Person::current()),
            link,
            net: Arc::new(Net::new()),
            secrets: config.secrets,
            needles,
            doing: BTreeMap::new(),
            ready: Vec::new(),
            tell,
            told,
            live: config.live,
            tick: config.tick,
            stopping: false,
            suspended: false,
            last: Moment::default(),
            run_dir: config.run_dir,
        })
    }

    /// Begins one request; `again`: it was begun before, by a process that is no more.
    pub async fn begin(&mut self, ask: Ask, again: bool) -> Result<(), WorldError> {
        let Ask {
            address,
            request,
            deadline,
            changes,
            ..
        } = ask;
        match request {
            Request::Command(command) if again => self.recall(address, &command, deadline).await?,
            Request::Command(command) => self.start(address, &command, deadline).await?,
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
            Request::Notify { .. } => self.reply(address, Reply::Done),
            Request::Kill { command } => self.kill(&command).await,
            Request::Cancel { request } => self.cancel(&request),
        }
        Ok(())
    }

    async fn start(
        &mut self,
        address: Address,
        request: &CommandRequest,
        deadline: Option<i64>,
    ) -> Result<(), WorldError> {
        self.learn_secrets(command::secrets(request));
        let spec = match command::specification(
            &address.0,
            request,
            self.left(deadline),
            &self.secrets,
        ) {
            Ok(spec) => spec,
            Err(why) => {
                let end = command::not_started(why);
                self.reply(address, Reply::Command(Box::new(end)));
                return Ok(());
            }
        };
        match self.link.start(spec).await {
            Ok(()) => self.under_way(address, deadline),
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
        request: &CommandRequest,
        deadline: Option<i64>,
    ) -> Result<(), WorldError> {
        self.learn_secrets(command::secrets(request));
        match self.link.recall(&address.0).await {
            Ok(()) => self.under_way(address, deadline),
            Err(error) => return Err(WorldError::Unreachable(error.to_string())),
        }
        Ok(())
    }

    fn under_way(&mut self, address: Address, deadline: Option<i64>) {
        let what = What::Command;
        let deadline = deadline.map(|deadline| deadline.saturating_add(COMMAND_SLACK));
        self.doing.insert(address, Doing { what, deadline });
    }

    fn call(
        &mut self,
        address: Address,
        request: NativeRequest,
        deadline: Option<i64>,
        changes: bool,
    ) {
        self.learn_secrets(request.args.iter().flat_map(|(_, value)| secrets_in(value)));
        if request.module == "file" {
            let result = net::file::call(&request, &self.needles);
            self.reply(address, native_reply(result));
            return;
        }
        let limit = self.left(deadline);
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
        let what = What::Native {
            typed,
            changes,
            sent,
            task,
        };
        let deadline = deadline.map(|deadline| deadline.saturating_add(NATIVE_SLACK));
        self.doing.insert(address, Doing { what, deadline });
    }

    async fn kill(&mut self, address: &Address) {
        match self.doing.get(address).map(|doing| &doing.what) {
            Some(What::Command) => self.link.kill(&address.0).await,
            Some(What::Native { .. }) => {
                if let Some(Doing { what, .. }) = self.doing.remove(address) {
                    self.break_off(address.clone(), what, "was ended");
                }
            }
            _ => {}
        }
    }

    fn cancel(&mut self, address: &Address) {
        self.ready.retain(|ready| {
            !matches!(&ready.input, Input::Delivered { request, .. } if request == address)
        });
        if let Some(Doing {
            what: What::Native { task, .. },
            ..
        }) = self.doing.remove(address)
        {
            task.abort();
        }
        self.asker.cancel(address, self.clock.now().run_ns);
    }

    /// Gives a request up that its keeper did not answer.
    fn break_off(&mut self, address: Address, what: What, how: &str) {
        let reply = match what {
            What::Timer => Reply::Fired,
            What::Command => Reply::Lost {
                why: "the supervisor did not tell how it ended".to_owned(),
            },
            What::Native {
                typed,
                changes,
                sent,
                task,
            } => {
                task.abort();
                Reply::Failed {
                    message: format!("{typed} {how}"),
                    doubt: changes && sent.get(),
                }
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

    /// Waits until something happens. What was not taken in is not lost when it is cancelled.
    pub async fn wait(&mut self) -> Happened {
        let tick = self.tick.as_ref().map(|tick| tick.every);
        tokio::select! {
            biased;
            heard = self.signals.next() => Happened::Heard(heard),
            news = self.link.news() => Happened::News(news),
            Some(settled) = self.told.recv() => {
                Happened::Settled(Box::new(settled.reply), settled.request, settled.occurred)
            }
            line = self.asker.line() => Happened::Line(line),
            _ = self.alarm.rings() => Happened::Rang,
            () = pause(tick) => Happened::Ticked,
        }
    }

    /// Returns what has happened already, or `None`.
    pub async fn glance(&mut self) -> Option<Happened> {
        tokio::select! {
            biased;
            happened = self.wait() => Some(happened),
            () = turns() => None,
        }
    }

    /// Takes in what happened.
    pub fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Rang => {}
            Happened::Ticked => {
                if let Some(tick) = &mut self.tick {
                    (tick.call)();
                }
            }
            Happened::Heard(heard) => self.hear(heard),
            Happened::News(news) => self.learn(news),
            Happened::Line(line) => {
                let now = self.clock.now();
                self.expire(now.run_ns);
                if let Some(said) = self.asker.take(&line, now.run_ns) {
                    self.say(Rank::Person, now, said);
                }
            }
            Happened::Settled(reply, request, occurred) => {
                if self.doing.remove(&request).is_some() {
                    self.deliver(Rank::End, occurred, request, *reply);
                }
            }
        }
    }

    fn learn(&mut self, news: News) {
        match news {
            News::Nothing => {}
            News::Output { id, stream, bytes } => {
                if let Some(live) = &mut self.live {
                    live(&Address(id.into()), stream, &bytes);
                }
            }
            News::Ended(ended) => {
                let request = Address(ended.id.as_str().into());
                let occurred = self.clock.at(ended.at.boot_ns, ended.at.wall_us);
                if self.doing.remove(&request).is_some() {
                    let end = command::end(&self.run_dir, *ended);
                    self.deliver(Rank::End, occurred, request, Reply::Command(Box::new(end)));
                }
            }
            News::Refused { id, message } => {
                let request = Address(id.into());
                if self.doing.remove(&request).is_some() {
                    let end = command::not_started(message);
                    self.reply(request, Reply::Command(Box::new(end)));
                }
            }
            News::Lost { id, process } => {
                let request = Address(id.into());
                let (tell, clock) = (self.tell.clone(), self.clock);
                tokio::spawn(async move {
                    let gone = match &process {
                        Some(process) => end_orphan(process).await,
                        None => true,
                    };
                    let why = if gone {
                        "its supervisor died before it ended"
                    } else {
                        "its supervisor died, and it still runs and cannot be ended"
                    };
                    let _ = tell.send(Settled {
                        request,
                        reply: Reply::Lost {
                            why: why.to_owned(),
                        },
                        occurred: clock.now(),
                    });
                });
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.clock.now();
        match heard {
            Heard::Hangup => self.suspended = true,
            _ if self.stopping => self.suspended = true,
            Heard::Terminate => self.stop("signal TERM".to_owned(), now),
            Heard::Interrupt if !self.asker.is_attended() => {
                self.stop(self.asker.person().name.clone(), now);
            }
            // A second Ctrl-C while the first is being asked about leaves the run at once.
            Heard::Interrupt => self.suspended = !self.asker.ask_stop(now.run_ns),
        }
        if self.suspended {
            self.asker.leave();
        }
    }

    fn stop(&mut self, by: String, occurred: Moment) {
        self.stopping = true;
        self.ready.push(Ready {
            rank: Rank::Person,
            occurred,
            input: Input::Control {
                control: Control::Stop,
                by,
                occurred,
            },
        });
    }

    fn say(&mut self, rank: Rank, occurred: Moment, said: Said) {
        match said {
            Said::Reply { request, reply } => self.deliver(rank, occurred, request, reply),
            Said::Stop => self.stop(self.asker.person().name.clone(), occurred),
        }
    }

    /// Ends what has run out of time.
    pub fn expire(&mut self, now: i64) {
        while let Some((deadline, said)) = self.asker.expire(now) {
            self.say(Rank::Time, self.clock.moment(deadline), said);
        }
        let due: Vec<_> = self
            .doing
            .iter()
            .filter(|(_, doing)| doing.deadline.is_some_and(|deadline| deadline <= now))
            .map(|(address, _)| address.clone())
            .collect();
        for address in due {
            match self.doing.remove(&address) {
                Some(Doing {
                    what: What::Timer,
                    deadline: Some(deadline),
                }) => {
                    let occurred = self.clock.moment(deadline);
                    self.deliver(Rank::Time, occurred, address, Reply::Fired);
                }
                Some(Doing { what, .. }) => self.break_off(address, what, "did not end in time"),
                None => {}
            }
        }
    }

    /// Returns whether anything can still come.
    pub fn is_idle(&self) -> bool {
        self.doing.is_empty() && self.ready.is_empty() && !self.asker.is_asking()
    }

    /// Sets the alarm to what happens next by itself.
    pub fn set_alarm(&mut self) -> Result<(), WorldError> {
        let next = self
            .doing
            .values()
            .filter_map(|doing| doing.deadline)
            .chain(self.asker.deadline())
            .min();
        self.alarm
            .set(next)
            .map_err(|error| WorldError::Unreachable(format!("the clock cannot be set: {error}")))
    }

    /// Returns the input that happened first.
    pub fn hand_over(&mut self) -> Option<Input> {
        let first = self
            .ready
            .iter()
            .enumerate()
            .min_by_key(|(at, ready)| (ready.occurred.run_ns, ready.rank, *at))
            .map(|(at, _)| at)?;
        let mut input = self.ready.remove(first).input;
        match &mut input {
            Input::Delivered { occurred, .. } | Input::Control { occurred, .. } => {
                if occurred.run_ns < self.last.run_ns {
                    *occurred = self.last;
                }
                self.last = *occurred;
            }
            Input::Opened(_) => {}
        }
        if let Input::Delivered {
            request,
            reply: Reply::Command(_),
            ..
        } = &input
        {
            self.link.delivered(request.to_string());
        }
        Some(input)
    }

    /// Hands over a reply that is known now.
    fn reply(&mut self, request: Address, reply: Reply) {
        self.deliver(Rank::End, self.clock.now(), request, reply);
    }

    fn deliver(&mut self, rank: Rank, occurred: Moment, request: Address, reply: Reply) {
        self.ready.push(Ready {
            rank,
            occurred,
            input: Input::Delivered {
                request,
                occurred,
                reply,
            },
        });
    }
}

fn native_reply(result: Result<Value, net::Failure>) -> Reply {
    match result {
        Ok(value) => Reply::Value { value },
        Err(net::Failure { message, doubt }) => Reply::Failed { message, doubt },
    }
}

fn needles(secrets: &[Secret]) -> Needles {
    let texts: Vec<_> = secrets
        .iter()
        .map(|secret| SecretText::new(secret.reveal()))
        .collect();
    Needles::new(&texts)
}

fn secrets_in(value: &Value) -> Vec<&Secret> {
    match value {
        Value::Secret(secret) => vec![secret],
        Value::List(items) => items.iter().flat_map(secrets_in).collect(),
        Value::Record(record) => record.0.iter().flat_map(|(_, value)| secrets_in(value)).collect(),
        _ => Vec::new(),
    }
}

async fn pause(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}

/// Gives the runtime time to notice what has happened: each turn looks at sockets once.
async fn turns() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}
