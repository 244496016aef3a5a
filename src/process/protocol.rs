//! What the executor and the supervisor say to each other.
//!
//! Owns the messages as plain data. Never reads or writes a socket (`frame` and `connection` do)
//! and never interprets an end. Fields may be added, and readers ignore what they do not know:
//! a supervisor survives an upgrade of the program that started it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::identity::ProcessIdentity;
use super::secret::SecretText;

/// Version of the protocol, sent in [`Event::Ready`]; raised when an old reader would err.
pub const PROTOCOL: u32 = 2;

/// Bytes of one stream kept in memory, and handed over whole with the end.
pub const MEMORY_LIMIT: usize = 64 * 1024;

/// Bytes of head, and of tail, handed over with the end when a stream outgrew [`MEMORY_LIMIT`].
pub const EXCERPT: usize = 16 * 1024;

/// Bytes of one stream kept on disk unless [`CommandSpec::output_limit`] says otherwise.
pub const OUTPUT_LIMIT: u64 = 1 << 30;

/// Time between TERM and KILL unless [`CommandSpec::grace`] says otherwise.
pub const GRACE: Duration = Duration::from_secs(10);

/// Everything the supervisor needs to run one command. Holds secrets: never journal it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommandSpec {
    /// Address of the request with its attempt. A second start under the same id starts nothing, but for `again`.
    pub id: String,
    /// The program and its arguments. A name without `/` is looked up in the command's own `PATH`.
    pub argv: Vec<String>,
    /// Set on top of the environment the supervisor was started with; later entries win.
    pub env: Vec<(String, String)>,
    /// Like `env`, for values that must not be seen. They never stand in an argument.
    pub secret_env: Vec<(String, SecretText)>,
    pub stdin: StdinSource,
    /// Working directory; `None` is the one the supervisor was started in.
    pub dir: Option<String>,
    /// The operating system's user to run as, through `sudo -n` where it is another one.
    pub user: Option<String>,
    /// Time from the start until the group gets TERM.
    pub timeout: Duration,
    /// Time from TERM until the group gets KILL.
    pub grace: Duration,
    /// Bytes of each stream kept; what comes after is counted and digested, not stored.
    pub output_limit: u64,
    /// Blotted out of everything the command prints. Texts under 6 bytes are not searched for.
    pub secrets: Vec<SecretText>,
    /// It changes nothing, and is run again where it has ended under this id: a reading that is made anew.
    #[serde(default)]
    pub again: bool,
}

impl CommandSpec {
    /// Returns a command with an empty standard input, no additions to the environment, and the
    /// default grace and output limit.
    pub fn new<W: Into<String>>(
        id: impl Into<String>,
        argv: impl IntoIterator<Item = W>,
        timeout: Duration,
    ) -> Self {
        CommandSpec {
            id: id.into(),
            argv: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            secret_env: Vec::new(),
            stdin: StdinSource::Null,
            dir: None,
            user: None,
            timeout,
            grace: GRACE,
            output_limit: OUTPUT_LIMIT,
            secrets: Vec::new(),
            again: false,
        }
    }
}

/// What a command reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StdinSource {
    /// `/dev/null`.
    Null,
    /// Exactly these bytes, then the end of input.
    Bytes(#[serde(with = "base64_bytes")] Vec<u8>),
    /// Exactly this text, then the end of input.
    Secret(SecretText),
    /// A file, opened by the supervisor with its own rights; relative to its working directory.
    File(String),
}

/// What a client asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Starts a command. A known id is answered with what is known, and nothing is started.
    Start(Box<CommandSpec>),
    /// Asks what is known of an id: `Started`, `Ended`, both, or `Unknown`.
    Recall { id: String },
    /// Ends a command: TERM to its group, the grace of its specification, KILL.
    Kill { id: String },
    /// Drops a kept end: it is durable elsewhere now.
    Ack { id: String },
    /// Asks for what a running command printed so far: `Printed`, or `Unknown` where it does not run.
    Peek { id: String },
    /// Asks for all commands that run or whose ends are kept.
    List,
    /// Ends the supervisor; refused while a command runs.
    Shutdown,
}

/// What the supervisor answers and reports. Starts and ends go to every client, and an end may
/// come twice: as it happens, and in answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// First on every connection.
    Ready {
        protocol: u32,
        version: String,
        process: ProcessIdentity,
    },
    Started(Started),
    Output(Output),
    Printed(Box<Printed>),
    Ended(Box<Ended>),
    /// Neither running nor kept: never started here, or acknowledged.
    Unknown {
        id: String,
    },
    Listed {
        commands: Vec<CommandState>,
    },
    /// The request was not followed; `id` is empty where it concerns none.
    Refused {
        id: String,
        message: String,
    },
}

/// A point in time on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// Nanoseconds since boot, sleep included. Orders what happened between two boots.
    pub boot_ns: u64,
    /// Microseconds since 1970, as the wall clock had it.
    pub wall_us: i64,
}

impl Moment {
    /// Returns the present.
    pub fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};
        let boot = clock_gettime(ClockId::Boottime);
        let wall = clock_gettime(ClockId::Realtime);
        Moment {
            boot_ns: u64::try_from(boot.tv_sec).unwrap_or(0) * 1_000_000_000
                + u64::try_from(boot.tv_nsec).unwrap_or(0),
            wall_us: wall.tv_sec * 1_000_000 + wall.tv_nsec / 1_000,
        }
    }
}

/// A command has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub id: String,
    /// The leader of the command's own process group.
    pub process: ProcessIdentity,
    pub at: Moment,
}

/// Which of a command's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamName {
    Stdout,
    Stderr,
}

/// What a running command printed lately, for a screen. Lossy: compare `offset` with what came
/// before. A command that ends within a twentieth of a second sends none; its end says it all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub id: String,
    pub stream: StreamName,
    /// Where in the (blotted) stream `bytes` begins.
    pub offset: u64,
    #[serde(with = "base64_bytes")]
    pub bytes: Vec<u8>,
}

/// What a running command printed so far, in answer to [`Request::Peek`]. Digests are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    pub id: String,
    pub stdout: OutputSummary,
    pub stderr: OutputSummary,
}

/// A command is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub id: String,
    pub how: How,
    /// When the end was seen; after a stop, when the whole group was gone.
    pub at: Moment,
    /// Time from start to end.
    pub elapsed: Duration,
    pub stdout: OutputSummary,
    pub stderr: OutputSummary,
    /// After a stop: something of the group could not be ended and may still act.
    pub survivors: bool,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// It exited by itself with this status.
    Exit(i32),
    /// A signal that was not the supervisor's ended it.
    Signal(i32),
    /// It ran out of time and was ended with its group.
    Timeout,
    /// A client asked for its end.
    Killed,
    /// It never ran.
    SpawnFailed { kind: SpawnFailure, message: String },
}

/// Why a command never ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpawnFailure {
    /// No such program, neither on `PATH` nor at the path given.
    NotFound,
    /// The program is there and may not be executed.
    Permission,
    /// The working directory cannot be entered.
    Directory,
    /// The file for standard input cannot be opened.
    Stdin,
    /// An argument or the environment is larger than the system takes.
    TooLong,
    Other,
}

/// What a stream held, secrets already blotted out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputSummary {
    /// Bytes printed.
    pub len: u64,
    /// All of it up to [`MEMORY_LIMIT`] bytes, else the first [`EXCERPT`] bytes.
    #[serde(with = "base64_bytes")]
    pub head: Vec<u8>,
    /// The last [`EXCERPT`] bytes where `head` is not all of it, else empty.
    #[serde(with = "base64_bytes")]
    pub tail: Vec<u8>,
    /// BLAKE3 of all bytes printed, in hex.
    pub digest: String,
    /// The file with the whole stream, relative to the run's folder, where `head` is not all.
    pub file: Option<String>,
    /// The file holds less than `len` bytes.
    pub truncated: bool,
    /// Why the file holds less, where it was not the limit, e.g. a full disk.
    pub fault: Option<String>,
    /// What the file holds, where that is less.
    #[serde(default)]
    pub kept: Option<KeptOutput>,
}

/// The beginning of a stream that its file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOutput {
    /// Bytes.
    pub len: u64,
    /// BLAKE3 of them, in hex.
    pub digest: String,
}

/// One line of [`Event::Listed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandState {
    pub id: String,
    /// `None` where the command never ran.
    pub started: Option<Started>,
    /// Whether its end is kept; it runs otherwise.
    pub ended: bool,
}

/// Bytes as base64 in JSON: a third larger, where an array of numbers is four times as large.
mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
