//! What is open, what is ready, and what comes in.
//!
//! Owns the requests that are under way and what becomes of each. Never blocks: `RealWorld` lends it the runtime.

mod begin;
mod mail;
mod ready;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::mail::Mail;
use self::ready::{Rank, Ready};
use super::clock::{Alarm, Clock};
use super::command;
use super::link::{Link, News, end_orphan};
use super::signals::{Heard, Signals};
use super::{Live, RealConfig, RealError, Tick};
use crate::event::{Address, CommandRequest, Control, Input, Moment, Reply};
use crate::net::{Net, Sent};
use crate::people::{Asker, Person, Said, Typed};
use crate::process::blot::Needles;
use crate::process::{ProcessIdentity, SecretText};
use crate::value::Secret;
use crate::world::WorldError;

/// Who left a run whose terminal is gone.
const HUNG_UP: &str = "the terminal hung up";

/// A request that is under way.
struct Doing {
    what: What,
    /// When it is over without anybody's doing.
    deadline: Option<i64>,
}

enum What {
    /// With what is needed to begin it, should it turn out that nobody has; `killed`: its end was asked for.
    Command {
        request: Arc<CommandRequest>,
        killed: bool,
    },
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
    Typed(Typed),
    Mail,
    Settled(Box<Reply>, Address, Moment),
}

pub(super) struct Desk {
    clock: Clock,
    alarm: Alarm,
    signals: Signals,
    asker: Asker,
    mail: Option<Mail>,
    pub link: Link,
    net: Arc<Net>,
    secrets: Vec<Secret>,
    /// People alone are real: of what is begun, questions are put and nothing else happens.
    people_only: bool,
    needles: Needles,
    doing: BTreeMap<Address, Doing>,
    /// Commands that were handed over by a process which is no more, and never came to begin.
    unbegun: Vec<Address>,
    ready: Ready,
    tell: UnboundedSender<Settled>,
    told: UnboundedReceiver<Settled>,
    live: Option<Live>,
    tick: Option<Tick>,
    next_tick: Instant,
    stopping: bool,
    /// Who or what wants the run to be left.
    pub left: Option<String>,
    run_dir: std::path::PathBuf,
}

impl Desk {
    /// Returns an empty desk. Must be called inside the runtime.
    pub fn new(config: RealConfig) -> Result<Self, RealError> {
        let (tell, told) = unbounded_channel();
        let needles = needles(&config.secrets);
        let mut link = Link::new(config.run_dir.clone(), config.program);
        if config.commands && !config.people_only {
            link.prepare();
        }
        let mail = config.inbox.map(|seen| Mail::new(&config.run_dir, seen));
        let reachable = mail.is_some() && !config.unattended;
        Ok(Desk {
            clock: config.clock,
            alarm: Alarm::new(config.clock).map_err(RealError::Clock)?,
            signals: Signals::new().map_err(RealError::Signals)?,
            asker: Asker::new(config.seat, Person::current(), config.rules, reachable),
            mail,
            link,
            net: Arc::new(Net::new()),
            secrets: config.secrets,
            people_only: config.people_only,
            needles,
            doing: BTreeMap::new(),
            unbegun: Vec::new(),
            ready: Ready::default(),
            tell,
            told,
            live: config.live,
            tick: config.tick,
            next_tick: Instant::now(),
            stopping: false,
            left: None,
            run_dir: config.run_dir,
        })
    }

    /// Waits until something happens. What was not taken in is not lost when it is cancelled.
    pub async fn wait(&mut self) -> Happened {
        let tick = self.tick.as_ref().map(|_| self.next_tick);
        tokio::select! {
            biased;
            heard = self.signals.next() => Happened::Heard(heard),
            news = self.link.news() => Happened::News(news),
            Some(settled) = self.told.recv() => {
                Happened::Settled(Box::new(settled.reply), settled.request, settled.occurred)
            }
            typed = self.asker.line() => Happened::Typed(typed),
            () = comes(&mut self.mail) => Happened::Mail,
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
            Happened::Rang | Happened::Mail => {}
            Happened::Ticked => {
                if let Some(tick) = &mut self.tick {
                    (tick.call)();
                    self.next_tick = Instant::now() + tick.every;
                }
            }
            Happened::Heard(heard) => self.hear(heard),
            Happened::News(news) => self.learn(news),
            Happened::Typed(typed) => self.take_typed(&typed),
            Happened::Settled(reply, request, occurred) => {
                if self.doing.remove(&request).is_some() {
                    self.deliver(Rank::End, occurred, request, *reply);
                }
            }
        }
    }

    fn take_typed(&mut self, typed: &Typed) {
        let now = self.clock.now();
        self.expire(now.run_ns);
        let said = match typed {
            Typed::Line(line) => self.asker.take(line, now.run_ns),
            Typed::End => self.asker.take_end(now.run_ns),
            // Whoever asked not to hear of that (`nohup`) goes on without it.
            Typed::Gone if self.signals.ignore_hangup() => None,
            Typed::Gone => {
                self.leave(HUNG_UP.to_owned());
                None
            }
        };
        if let Some(said) = said {
            self.say(Rank::Person, now, said);
        }
    }

    fn learn(&mut self, news: News) {
        match news {
            News::Nothing => {}
            News::Output { id, stream, offset, bytes } => {
                if let Some(live) = &mut self.live {
                    live(&Address(id.into()), stream, offset, &bytes);
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
            News::Unbegun { id } => self.unbegun.push(Address(id.into())),
            News::Lost { id, process, why } => self.settle_lost(Address(id.into()), process, why),
        }
    }

    /// Answers that a command is lost, as soon as nothing of it runs any more.
    fn settle_lost(&self, request: Address, process: Option<ProcessIdentity>, why: &'static str) {
        let (tell, clock) = (self.tell.clone(), self.clock);
        tokio::spawn(async move {
            let gone = match &process {
                Some(process) => end_orphan(process).await,
                None => true,
            };
            let why =
                if gone { why.to_owned() } else { format!("{why}, and it still runs and cannot be ended") };
            // Nobody listens when the world is gone.
            let _ = tell.send(Settled { request, reply: Reply::Lost { why }, occurred: clock.now() });
        });
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.clock.now();
        match heard {
            Heard::Hangup => self.leave(HUNG_UP.to_owned()),
            _ if self.stopping => self.leave(self.asker.person().name.clone()),
            Heard::Terminate => self.stop("signal TERM".to_owned(), now),
            Heard::Interrupt if !self.asker.is_attended() => {
                self.stop(self.asker.person().name.clone(), now);
            }
            // A second Ctrl-C while the first is being asked about leaves the run at once.
            Heard::Interrupt if self.asker.ask_stop(now.run_ns) => {}
            Heard::Interrupt => self.leave(self.asker.person().name.clone()),
        }
    }

    /// Leaves the run where it stands.
    fn leave(&mut self, by: String) {
        self.left = Some(by);
        self.asker.leave();
    }

    fn stop(&mut self, by: String, occurred: Moment) {
        self.stopping = true;
        self.asker.withdraw_stop(occurred.run_ns);
        self.ready.push(Rank::Person, Input::Control { control: Control::Stop, by, occurred });
    }

    fn say(&mut self, rank: Rank, occurred: Moment, said: Said) {
        match said {
            Said::Reply { request, reply } => self.deliver(rank, occurred, request, reply),
            Said::Stop => self.stop(self.asker.person().name.clone(), occurred),
            Said::Leave => self.leave(self.asker.person().name.clone()),
        }
    }

    /// Hands nothing over as if it had happened before that.
    pub fn begin_no_earlier(&mut self, now: Moment) {
        self.ready.begin_no_earlier(now);
    }

    /// Shows no question until [`Desk::release_questions`].
    pub fn hold_questions(&mut self) {
        self.asker.hold();
    }

    /// Shows the questions that nothing has answered yet.
    pub fn release_questions(&mut self) {
        self.asker.release(self.clock.now().run_ns);
    }

    /// Ends what has run out of time.
    pub fn expire(&mut self, now: i64) {
        // Silence falls when every letter has been judged: what was answered in time counts, whoever ran it then.
        if self.asker.deadline().is_some_and(|deadline| deadline <= now) {
            self.look_for_letters();
            self.take_letter();
        }
        while !self.letters_wait()
            && let Some((deadline, said)) = self.asker.expire(now)
        {
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
                Some(Doing { what: What::Timer, deadline: Some(deadline) }) => {
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

    /// Returns whether a command waits that never came to begin.
    pub fn has_unbegun(&self) -> bool {
        !self.unbegun.is_empty()
    }

    /// Begins what was never begun.
    ///
    /// # Errors
    /// When the world cannot be reached.
    pub async fn begin_late(&mut self) -> Result<(), WorldError> {
        for address in std::mem::take(&mut self.unbegun) {
            let Some(doing) = self.doing.remove(&address) else { continue };
            match doing.what {
                What::Command { killed: true, .. } => {
                    let end = command::not_started("the run was stopped before it began");
                    self.reply(address, Reply::Command(Box::new(end)));
                }
                What::Command { request, .. } => {
                    let deadline =
                        doing.deadline.map(|deadline| deadline.saturating_sub(begin::COMMAND_SLACK));
                    self.start(address, request, deadline, false).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns whether somebody is asked something, if only whether to stop.
    pub fn is_asking(&self) -> bool {
        self.asker.is_waiting()
    }

    /// Lets so much time pass at once, nanoseconds.
    pub fn skip(&mut self, by: i64) {
        self.clock = self.clock.ahead(by);
        self.alarm.follow(self.clock);
    }

    /// Sets the alarm to what happens next by itself, or to a time before that on the run's clock.
    pub fn set_alarm(&mut self, before: Option<i64>) -> Result<(), WorldError> {
        let own = self.doing.values().filter_map(|doing| doing.deadline).chain(self.asker.deadline());
        let next = own.chain(before).min();
        self.alarm
            .set(next)
            .map_err(|error| WorldError::Unreachable(format!("the clock cannot be set: {error}")))
    }

    /// Returns whether an input waits to be handed over.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Returns the input that happened first.
    pub fn hand_over(&mut self) -> Option<Input> {
        let input = self.ready.next()?;
        if let Input::Delivered { request, reply: Reply::Command(_), .. } = &input {
            self.link.delivered(request.to_string());
        }
        Some(input)
    }

    /// Hands over a reply that is known now.
    fn reply(&mut self, request: Address, reply: Reply) {
        self.deliver(Rank::End, self.clock.now(), request, reply);
    }

    fn deliver(&mut self, rank: Rank, occurred: Moment, request: Address, reply: Reply) {
        self.ready.push(rank, Input::Delivered { request, occurred, reply });
    }
}

fn needles(secrets: &[Secret]) -> Needles {
    let texts: Vec<_> = secrets.iter().map(|secret| SecretText::new(secret.reveal())).collect();
    Needles::new(&texts)
}

async fn comes(mail: &mut Option<Mail>) {
    match mail {
        Some(mail) => mail.comes().await,
        None => std::future::pending().await,
    }
}

async fn pause(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Gives the runtime time to notice what has happened: one turn looks at the sockets, the next
/// lets those run who wait at one.
async fn turns() {
    for _ in 0..2 {
        tokio::task::yield_now().await;
    }
}
