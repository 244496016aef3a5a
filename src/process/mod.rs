//! Commands that outlive the program which started them.
//!
//! Owns the supervisor of a run (a process of its own, one per run that has commands), the
//! protocol spoken over its socket, and the client the executor holds. Never decides what a
//! command's end means for a run: it reports ends as they were seen and keeps them until they
//! are acknowledged.
//!
//! The order of the files is the order of dependence: what is said ([`protocol`], [`frame`]),
//! what a command prints ([`blot`], [`output`]), what a command is to the system ([`identity`],
//! `group`, `spawn`, `running`), who listens (`connection`, `ends`, `begun`, [`supervisor`]), who asks
//! ([`client`]).

pub mod secret;
pub mod protocol;
pub mod frame;
pub mod blot;
pub mod identity;
pub mod output;
mod group;
mod spawn;
mod stream;
mod running;
mod connection;
mod socket;
pub mod ends;
pub mod begun;
pub mod supervisor;
pub mod client;
mod peek;

pub use client::{ClientError, Supervisor};
pub use identity::ProcessIdentity;
pub use output::{OUTPUT_FOLDER, read_output};
pub use peek::peek;
pub use protocol::{
    CommandSpec, CommandState, Ended, Event, How, KeptOutput, Moment, OUTPUT_LIMIT, Output, OutputSummary,
    Printed, Request, SpawnFailure, Started, StdinSource, StreamName,
};
pub use secret::SecretText;
