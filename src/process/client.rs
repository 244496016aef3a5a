//! The executor's side of the supervisor.
//!
//! Owns one connection: requests out, events in. Never interprets an end and keeps nothing: what
//! is not in the journal is asked of the supervisor again. Every method may be cancelled between
//! polls without losing a byte; what was not written yet is written by the next one.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::{Receiver, Sender};
use zeroize::{Zeroize as _, Zeroizing};

use super::frame::{self, FrameBuffer, FrameError};
use super::identity::ProcessIdentity;
use super::protocol::{CommandSpec, Event, PROTOCOL, Request};
use super::socket;

const READ_SIZE: usize = 64 * 1024;
const LOG: &str = "supervisor.log";

/// Why the supervisor cannot be reached.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("cannot start the supervisor: {0}")]
    Spawn(#[source] io::Error),
    #[error("the supervisor did not come up: {reason}")]
    NotReady { reason: String },
    /// There is none: it left, was killed, or never was. Its ends, if it left any, are read with
    /// [`super::ends::read_ends`].
    #[error("no supervisor listens in the run's folder: {0}")]
    Absent(#[source] io::Error),
    #[error("the supervisor speaks protocol {theirs}, this program speaks {PROTOCOL}")]
    Protocol { theirs: u32 },
    #[error("the supervisor does not leave: {reason}")]
    Refused { reason: String },
    #[error("the supervisor is gone")]
    Gone,
    #[error("cannot talk to the supervisor: {0}")]
    Io(#[source] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// A connection to the supervisor of a run.
pub struct Supervisor {
    stream: StdStream,
    /// The same socket, watched for what comes only: whoever also watches for room is woken whenever a
    /// request is taken. The runtime calls whatever is only read a pipe, and does not look closer.
    events: Receiver,
    incoming: FrameBuffer,
    outgoing: Zeroizing<Vec<u8>>,
    sent: usize,
    buffer: Zeroizing<Vec<u8>>,
    process: ProcessIdentity,
    /// Present where this program started it; only to reap it.
    child: Option<Child>,
}

impl Supervisor {
    /// Starts a supervisor for the run and waits until it listens. `exe` is the program itself,
    /// by default `/proc/self/exe`, which also survives its own upgrade.
    ///
    /// # Errors
    /// When it cannot be started or does not come up, e.g. as another one serves the run.
    pub async fn spawn(run_dir: &Path, exe: Option<&Path>) -> Result<Self, ClientError> {
        let (ours, theirs) = StdStream::pair().map_err(ClientError::Spawn)?;
        let log_path = run_dir.join(LOG);
        let mut options = OpenOptions::new();
        // Whatever the umask: in a shared run folder the group could write to it.
        options.write(true).create(true).truncate(true).mode(0o600);
        let log = options.open(&log_path).map_err(ClientError::Spawn)?;
        let exe = exe.unwrap_or(Path::new("/proc/self/exe"));
        let mut child = Command::new(exe)
            .arg0("mainstay")
            .arg("supervise")
            .arg(run_dir)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(ClientError::Spawn)?;
        match Supervisor::over(ours).await {
            Ok(mut supervisor) => {
                supervisor.child = Some(child);
                Ok(supervisor)
            }
            Err(ClientError::Gone) => {
                child.wait().ok();
                Err(ClientError::NotReady { reason: last_line(log_path) })
            }
            Err(error) => Err(error),
        }
    }

    /// Connects to the supervisor that serves the run.
    ///
    /// # Errors
    /// [`ClientError::Absent`] when there is none.
    pub async fn connect(run_dir: &Path) -> Result<Self, ClientError> {
        Supervisor::over(socket::connect(run_dir).map_err(ClientError::Absent)?).await
    }

    async fn over(stream: StdStream) -> Result<Self, ClientError> {
        stream.set_nonblocking(true).map_err(ClientError::Io)?;
        let mut supervisor = Supervisor {
            events: watched(&stream, Receiver::from_owned_fd_unchecked).map_err(ClientError::Io)?,
            stream,
            incoming: FrameBuffer::default(),
            outgoing: Zeroizing::default(),
            sent: 0,
            buffer: Zeroizing::new(vec![0; READ_SIZE]),
            process: ProcessIdentity { pid: 0, start_ticks: 0, boot_id: String::new() },
            child: None,
        };
        match supervisor.next().await? {
            Event::Ready { protocol: PROTOCOL, process, .. } => supervisor.process = process,
            Event::Ready { protocol, .. } => {
                return Err(ClientError::Protocol { theirs: protocol });
            }
            _ => {
                return Err(ClientError::NotReady { reason: "it did not say that it is ready".into() });
            }
        }
        Ok(supervisor)
    }

    /// Returns which process the supervisor is.
    pub fn process(&self) -> &ProcessIdentity {
        &self.process
    }

    /// Starts a command, or asks for what is known of it if its id is known.
    /// `Started` and `Ended` follow as events; `Ended` alone where it cannot be run.
    ///
    /// # Errors
    /// When the supervisor is gone, or the specification is larger than
    /// [`frame::FRAME_LIMIT`]; nothing is sent then.
    pub async fn start(&mut self, spec: CommandSpec) -> Result<(), ClientError> {
        self.send(&Request::Start(Box::new(spec))).await
    }

    /// Asks what is known of a command without starting it; `Started`, `Ended` or `Unknown` follow.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub async fn recall(&mut self, id: &str) -> Result<(), ClientError> {
        self.send(&Request::Recall { id: id.to_owned() }).await
    }

    /// Ends a command: TERM to its group, its grace, KILL. `Ended` follows.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub async fn kill(&mut self, id: &str) -> Result<(), ClientError> {
        self.send(&Request::Kill { id: id.to_owned() }).await
    }

    /// Lets the supervisor forget an end, which must be durable elsewhere by now. Goes out with
    /// the next request, or as soon as an event is waited for.
    ///
    /// # Errors
    /// When it cannot be serialised.
    pub fn ack(&mut self, id: &str) -> Result<(), ClientError> {
        let bytes = frame::encode(&Request::Ack { id: id.to_owned() })?;
        self.outgoing.extend_from_slice(&bytes);
        Ok(())
    }

    /// Asks for all commands that run or whose ends are kept; `Listed` follows.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub async fn list(&mut self) -> Result<(), ClientError> {
        self.send(&Request::List).await
    }

    /// Ends the supervisor and waits until it is gone. Ends that nobody acknowledged are on disk
    /// then.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when it does not leave, since commands still run.
    pub async fn shutdown(mut self) -> Result<(), ClientError> {
        self.send(&Request::Shutdown).await?;
        loop {
            match self.next().await {
                Err(ClientError::Gone) => break,
                Ok(Event::Refused { id, message }) if id.is_empty() => {
                    return Err(ClientError::Refused { reason: message });
                }
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(child) = &mut self.child {
            child.wait().map_err(ClientError::Io)?;
        }
        Ok(())
    }

    /// Returns the next event.
    ///
    /// # Errors
    /// [`ClientError::Gone`] when the supervisor is: what it ran may still run, see
    /// [`ProcessIdentity`].
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(event) = self.incoming.take()? {
                return Ok(event);
            }
            self.write()?;
            if self.outgoing.is_empty() {
                self.read().await?;
                continue;
            }
            let room = room(&self.stream);
            tokio::select! {
                read = self.read() => read?,
                room = room => room.map_err(ClientError::Io)?,
            }
        }
    }

    async fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        let bytes = frame::encode(request)?;
        self.outgoing.extend_from_slice(&bytes);
        self.write()?;
        while !self.outgoing.is_empty() {
            room(&self.stream).await.map_err(ClientError::Io)?;
            self.write()?;
        }
        Ok(())
    }

    /// Writes what the socket takes now.
    fn write(&mut self) -> Result<(), ClientError> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(gone(error)),
            }
            if self.sent == self.outgoing.len() {
                // Wipes the requests, whose secrets are with the supervisor now.
                self.outgoing.zeroize();
                self.sent = 0;
            }
        }
        Ok(())
    }

    /// Waits until something comes, and takes it in.
    async fn read(&mut self) -> Result<(), ClientError> {
        match self.events.read(&mut self.buffer).await {
            Ok(0) => Err(ClientError::Gone),
            Ok(count) => {
                self.incoming.extend(&self.buffer[..count]);
                Ok(())
            }
            Err(error) => Err(gone(error)),
        }
    }
}

/// Returns what waits until the socket takes more; only a request larger than its buffer has to.
fn room(stream: &StdStream) -> impl Future<Output = io::Result<()>> + use<> {
    let room = watched(stream, Sender::from_owned_fd_unchecked);
    async move { room?.writable().await }
}

fn watched<T>(stream: &StdStream, watch: impl FnOnce(OwnedFd) -> io::Result<T>) -> io::Result<T> {
    watch(stream.try_clone()?.into())
}

fn gone(error: io::Error) -> ClientError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => ClientError::Gone,
        _ => ClientError::Io(error),
    }
}

fn last_line(log: PathBuf) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
}
