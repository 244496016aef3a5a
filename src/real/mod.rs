//! The real world: commands, requests, the clock, people, signals.
//!
//! Owns [`RealWorld`], what stands behind the interpreter's door when a run is real, and the
//! fetching of secrets. Never decides: it begins what it is asked for and hands back what became
//! of it, in the order in which it happened, a command's end before a timer.
//!
//! Everything waits in one place, on one thread: a runtime that runs only while the engine has
//! nothing to do. Deadlines are on the run's own clock, which counts the time a machine slept.

mod clock;
mod command;
mod desk;
mod dry;
mod keeper;
mod link;
mod played;
mod secret;
mod signals;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout_at};

use crate::event::{Address, Ask, Moment};
use crate::failpoint;
use crate::people::inbox::Seen;
use crate::people::{Person, Rules, Seat};
use crate::process::StreamName;
use crate::value::Secret;
use crate::world::{Next, World, WorldError};
use desk::Desk;

pub use clock::Clock;
pub use dry::DryWorld;
pub use keeper::Surroundings;
pub use secret::{SecretError, fetch_secret, secret_is_missing};

/// How long an input that is about to come is waited for before what led to it is stored alone.
const MOMENT: Duration = Duration::from_millis(1);

/// How many things that have happened already are taken in before one is handed over.
const GLANCES: usize = 256;

/// Told what a running command prints and where in its stream that stands, for the screen; some of it
/// may be left out, and secrets are blotted out.
pub type Live = Box<dyn FnMut(&Address, StreamName, u64, &[u8])>;

/// Called again and again while the world waits, so that times on the screen move.
pub struct Tick {
    pub every: Duration,
    pub call: Box<dyn FnMut()>,
}

/// What a real world is made of.
pub struct RealConfig {
    /// The run's folder: the supervisor's socket, long output.
    pub run_dir: PathBuf,
    pub clock: Clock,
    /// Who can be asked; `None` where nobody can.
    pub seat: Option<Seat>,
    /// Whose answers count.
    pub rules: Rules,
    /// Whether letters are taken from the run's inbox; with those that the journal has already.
    pub inbox: Option<Seen>,
    /// Nobody is asked, not even from elsewhere.
    pub unattended: bool,
    /// Every secret of the run: blotted out of whatever comes back.
    pub secrets: Vec<Secret>,
    /// People alone are real: of what is begun, questions are put and nothing else happens.
    pub people_only: bool,
    /// Whether the program has commands: their supervisor is then started beside everything else.
    pub commands: bool,
    /// The program that supervises, by default the one that runs.
    pub program: Option<PathBuf>,
    pub live: Option<Live>,
    pub tick: Option<Tick>,
}

impl RealConfig {
    /// Returns a world of a run that is opened now, in which nobody can be asked.
    pub fn new(run_dir: impl Into<PathBuf>) -> Self {
        RealConfig {
            run_dir: run_dir.into(),
            clock: Clock::start(),
            seat: None,
            rules: Rules::new(BTreeMap::new(), Person::current().uid),
            inbox: None,
            unattended: false,
            secrets: Vec::new(),
            people_only: false,
            commands: false,
            program: None,
            live: None,
            tick: None,
        }
    }
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum RealError {
    #[error("cannot wait for events: {0}")]
    Runtime(#[source] io::Error),
    #[error("cannot set a clock: {0}")]
    Clock(#[source] io::Error),
    #[error("cannot listen to signals: {0}")]
    Signals(#[source] io::Error),
}

/// The world a real run acts on.
pub struct RealWorld {
    runtime: Runtime,
    clock: Clock,
    desk: Desk,
    /// When ends were last acknowledged that rode along with a commit in between, nanoseconds.
    settled: i64,
}

impl RealWorld {
    /// Returns the world. From now on signals are inputs.
    ///
    /// # Errors
    /// When the system refuses what waiting needs.
    pub fn new(config: RealConfig) -> Result<Self, RealError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(RealError::Runtime)?;
        let clock = config.clock;
        let desk = runtime.block_on(async {
            let desk = Desk::new(config);
            // The supervisor's start, if one was asked for, goes as far as it can.
            tokio::task::yield_now().await;
            desk
        })?;
        Ok(RealWorld { runtime, clock, desk, settled: 0 })
    }

    /// Takes requests up again that were begun by a process which is no more: a command's end is
    /// asked for instead of a second start, and one that never came to begin begins now; a changing native call is
    /// lost. `same_boot`: whether the machine has run without a break since.
    ///
    /// # Errors
    /// When the world cannot be reached at all.
    pub fn take_up(&mut self, asks: Vec<Ask>, same_boot: bool) -> Result<(), WorldError> {
        self.desk.link.same_boot = same_boot;
        // What happened while nobody ran it is told now: what it causes begins now, with all of its time.
        self.desk.begin_no_earlier(self.clock.now());
        // A question may have been answered: it is put when no letter is left.
        self.desk.hold_questions();
        self.begin_all(asks, true)
    }

    /// Leaves the world: what is durable is acknowledged, and the supervisor ends, unless a
    /// command still runs under it.
    ///
    /// Only where every turn is stored: what was not is told again to whoever takes the run up, by a supervisor that
    /// nobody sent away. So a world whose run could not be stored is dropped instead.
    pub fn close(self) {
        let RealWorld { runtime, desk, .. } = self;
        runtime.block_on(desk.link.close());
    }

    fn begin_all(&mut self, asks: Vec<Ask>, again: bool) -> Result<(), WorldError> {
        // The turn that took these ends in is on disk with the intent of what begins now: the
        // supervisor hears of both at once.
        if asks.iter().any(Ask::acts) {
            self.desk.link.acknowledge();
            self.settled = self.clock.now().run_ns;
            failpoint::reach("begin.before");
        }
        let Self { runtime, desk, .. } = self;
        runtime.block_on(async {
            for ask in asks {
                let acts = ask.acts();
                desk.begin(ask, again).await?;
                if acts {
                    failpoint::reach("begin.after");
                }
            }
            Ok(())
        })
    }
}

/// Turns are on disk at the latest a second after they were stored (`docs/architecture.md`, the
/// journal); nanoseconds, with something to spare.
const ACKNOWLEDGE_AFTER: i64 = 2_000_000_000;

impl World for RealWorld {
    fn now(&mut self) -> Moment {
        self.clock.now()
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        self.begin_all(asks, false)
    }

    fn ready(&mut self) -> Result<Option<Next>, WorldError> {
        let Self { runtime, clock, desk, .. } = self;
        let _inside = runtime.enter();
        let until = Instant::now() + MOMENT;
        loop {
            look(runtime, clock, desk);
            if let Some(by) = desk.left.take() {
                return Ok(Some(Next::Suspend(by)));
            }
            if let Some(input) = desk.hand_over() {
                return Ok(Some(Next::Input(input)));
            }
            match runtime.block_on(async { timeout_at(until, desk.wait()).await }) {
                Ok(happened) => desk.take(happened),
                Err(_) => return Ok(None),
            }
        }
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        let Self { runtime, clock, desk, settled } = self;
        let _inside = runtime.enter();
        // Every turn is stored before anything is waited for.
        let now = clock.now().run_ns;
        if now - *settled > ACKNOWLEDGE_AFTER {
            desk.link.acknowledge();
            *settled = now;
        }
        loop {
            if desk.has_unbegun() {
                runtime.block_on(desk.begin_late())?;
            }
            desk.take_letter();
            desk.expire(clock.now().run_ns);
            if desk.has_ready() {
                look(runtime, clock, desk);
            }
            if let Some(by) = desk.left.take() {
                return Ok(Next::Suspend(by));
            }
            if let Some(input) = desk.hand_over() {
                return Ok(Next::Input(input));
            }
            if desk.is_idle() {
                return Err(WorldError::Nothing);
            }
            desk.release_questions();
            desk.set_alarm(None)?;
            let happened = runtime.block_on(desk.wait());
            desk.take(happened);
        }
    }
}

/// Takes in whatever has happened by now, so that the first of it goes first.
fn look(runtime: &Runtime, clock: &Clock, desk: &mut Desk) {
    for _ in 0..GLANCES {
        match runtime.block_on(desk.glance()) {
            Some(happened) => desk.take(happened),
            None => break,
        }
    }
    desk.expire(clock.now().run_ns);
}
