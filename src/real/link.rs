//! The tie to the run's supervisor: started when it is needed, told what is durable, replaced when it dies.
//!
//! Owns which commands are out there and which ends wait to be acknowledged. Never answers the
//! engine: what it learns is handed on as [`News`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::process::begun::{Beginning, beginning};
use crate::process::ends::read_ends;
use crate::process::{
    ClientError, CommandSpec, Ended, Event, Output, ProcessIdentity, StreamName, Supervisor,
};

/// How long the processes of a dead supervisor have between TERM and KILL, and after it.
const GRACE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(50);

/// What was learned about a command.
#[derive(Debug)]
pub(super) enum News {
    Ended(Box<Ended>),
    /// It printed something.
    Output {
        id: String,
        stream: StreamName,
        /// Where in the stream the bytes stand: some may be missing before them.
        offset: u64,
        bytes: Vec<u8>,
    },
    /// It never began, and why.
    Refused {
        id: String,
        message: String,
    },
    /// No supervisor has ever begun it.
    Unbegun {
        id: String,
    },
    /// How it ended will never be known, and why. `process`: what may still run of it.
    Lost {
        id: String,
        process: Option<ProcessIdentity>,
        why: &'static str,
    },
    /// Nothing that concerns the run.
    Nothing,
}

pub(super) struct Link {
    run_dir: PathBuf,
    program: Option<PathBuf>,
    state: State,
    /// Commands that were handed over and have not ended, with the process once it is known.
    running: BTreeMap<String, Option<ProcessIdentity>>,
    unacknowledged: Vec<String>,
    /// Whether the machine has run without a break since whoever executed the run before.
    pub same_boot: bool,
    /// What is to be told before anything new is heard.
    backlog: Vec<News>,
}

enum State {
    Down,
    Coming(JoinHandle<Result<Supervisor, ClientError>>),
    Up(Box<Supervisor>),
}

impl Link {
    pub fn new(run_dir: PathBuf, program: Option<PathBuf>) -> Self {
        Link {
            run_dir,
            program,
            state: State::Down,
            running: BTreeMap::new(),
            unacknowledged: Vec::new(),
            same_boot: true,
            backlog: Vec::new(),
        }
    }

    /// Lets a supervisor come up in the background. Must be called inside the runtime.
    pub fn prepare(&mut self) {
        if matches!(self.state, State::Down) {
            let (run_dir, program) = (self.run_dir.clone(), self.program.clone());
            let coming = async move {
                match Supervisor::connect(&run_dir).await {
                    Err(ClientError::Absent(_) | ClientError::Gone) => {
                        Supervisor::spawn(&run_dir, program.as_deref()).await
                    }
                    other => other,
                }
            };
            self.state = State::Coming(tokio::spawn(coming));
        }
    }

    /// Hands a command over, or asks for what is known of it where it was handed over before.
    ///
    /// # Errors
    /// When there is no supervisor and none can be started; or with [`ClientError::Frame`] when
    /// the command is too large to be handed over.
    pub async fn start(&mut self, spec: CommandSpec) -> Result<(), ClientError> {
        let id = spec.id.clone();
        match self.up().await?.start(spec.clone()).await {
            Ok(()) => {}
            Err(error @ ClientError::Frame(_)) => return Err(error),
            Err(_) => {
                // It died since we last heard of it. Nothing of this command was read by it
                // that a second start under the same id could repeat: the ends it left are
                // known to the next one.
                self.bury();
                self.up().await?.start(spec).await?;
            }
        }
        self.running.insert(id, None);
        Ok(())
    }

    /// Asks for the end of a command that was handed over before this process began.
    ///
    /// # Errors
    /// When there is no supervisor and none can be started.
    pub async fn recall(&mut self, id: &str) -> Result<(), ClientError> {
        self.up().await?.recall(id).await?;
        self.running.insert(id.to_owned(), None);
        Ok(())
    }

    /// Ends a command; its end follows. Does nothing where it is over.
    pub async fn kill(&mut self, id: &str) {
        if self.running.contains_key(id)
            && let State::Up(supervisor) = &mut self.state
        {
            // A supervisor that is gone is noticed where its news are read.
            let _ = supervisor.kill(id).await;
        }
    }

    /// Remembers that this end was handed to the engine.
    pub fn delivered(&mut self, id: String) {
        self.unacknowledged.push(id);
    }

    /// Lets the supervisor forget the ends that were delivered: they are durable now.
    pub fn acknowledge(&mut self) {
        if let State::Up(supervisor) = &mut self.state {
            for id in self.unacknowledged.drain(..) {
                // An end that cannot be acknowledged is kept longer, and no more.
                let _ = supervisor.ack(&id);
            }
        }
    }

    /// Waits for news; pending for ever where nobody could bring any.
    pub async fn news(&mut self) -> News {
        if let Some(news) = self.backlog.pop() {
            return news;
        }
        let event = match &mut self.state {
            State::Up(supervisor) => supervisor.next().await,
            _ => std::future::pending().await,
        };
        match event {
            Ok(event) => self.learn(event),
            Err(_) => {
                self.bury();
                News::Nothing
            }
        }
    }

    /// Sends the supervisor away. It stays where a command still runs.
    pub async fn close(mut self) {
        self.acknowledge();
        let supervisor = match self.state {
            State::Down => return,
            State::Coming(coming) => coming.await.ok().and_then(Result::ok),
            State::Up(supervisor) => Some(*supervisor),
        };
        if let Some(supervisor) = supervisor {
            // Refused while a command runs: it leaves by itself afterwards.
            let _ = supervisor.shutdown().await;
        }
    }

    async fn up(&mut self) -> Result<&mut Supervisor, ClientError> {
        self.prepare();
        if let State::Coming(coming) = &mut self.state {
            let supervisor = match coming.await {
                Ok(Ok(supervisor)) => supervisor,
                Ok(Err(error)) => {
                    self.state = State::Down;
                    return Err(error);
                }
                Err(_) => return Err(ClientError::Gone),
            };
            self.state = State::Up(Box::new(supervisor));
        }
        match &mut self.state {
            State::Up(supervisor) => Ok(supervisor),
            _ => Err(ClientError::Gone),
        }
    }

    fn learn(&mut self, event: Event) -> News {
        match event {
            Event::Started(started) => {
                if let Some(process) = self.running.get_mut(&started.id) {
                    *process = Some(started.process);
                }
                News::Nothing
            }
            // An end that was told before, and is told again as it was not acknowledged.
            Event::Ended(ended) if self.running.remove(&ended.id).is_none() => News::Nothing,
            Event::Ended(ended) => News::Ended(ended),
            Event::Output(output) => {
                let Output { id, stream, offset, bytes } = output;
                News::Output { id, stream, offset, bytes }
            }
            Event::Unknown { id } if self.running.remove(&id).is_some() => self.unknown(id, None),
            Event::Refused { id, message } if self.running.remove(&id).is_some() => {
                News::Refused { id, message }
            }
            _ => News::Nothing,
        }
    }

    /// The supervisor is gone: what it left on disk is news, everything else it ran is lost.
    fn bury(&mut self) {
        self.state = State::Down;
        for kept in read_ends(&self.run_dir).unwrap_or_default() {
            if self.running.remove(&kept.ended.id).is_some() {
                self.backlog.push(News::Ended(Box::new(kept.ended)));
            }
        }
        for (id, process) in std::mem::take(&mut self.running) {
            let news = self.unknown(id, process);
            self.backlog.push(news);
        }
    }

    /// Returns what is to be said of a command that no supervisor knows.
    fn unknown(&self, id: String, process: Option<ProcessIdentity>) -> News {
        let beginning = match process {
            Some(process) => Ok(Beginning::Process(process)),
            None => beginning(&self.run_dir, &id),
        };
        match beginning {
            Ok(Beginning::Never) if self.same_boot => News::Unbegun { id },
            Ok(Beginning::Process(process)) => {
                News::Lost { id, process: Some(process), why: "its supervisor died before it ended" }
            }
            Ok(Beginning::Never | Beginning::Attempted) if !self.same_boot => {
                News::Lost { id, process: None, why: "the machine went down before its end was seen" }
            }
            _ => News::Lost { id, process: None, why: "its supervisor died as it was about to begin" },
        }
    }
}

/// Ends what still runs of a command whose supervisor died; nothing may be undone before.
/// Returns whether it is gone for certain.
pub(super) async fn end_orphan(process: &ProcessIdentity) -> bool {
    for hard in [false, true] {
        // Fails where nothing of it lives any more, which is seen next.
        let _ = process.end_group(hard);
        let deadline = tokio::time::Instant::now() + GRACE;
        while tokio::time::Instant::now() < deadline {
            if !process.group_lives() {
                return true;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
    false
}
