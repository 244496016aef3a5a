//! The journal: one SQLite database per run, and what surrounds it.
//!
//! Owns the state folder, run ids, the lock that says who executes a run, the rows with
//! their hash chain, and the rebuildable index of all runs. Never interprets a record
//! (`timeline` does) and never decides when something must be durable (`engine` does).
//!
//! One database per run, because corruption and locks then stay with one run and pruning
//! is deleting a folder. Network file systems are refused by name: SQLite's write-ahead
//! log needs shared memory, and a lock there does not reliably die with its owner.

mod access;
mod audit;
mod error;
mod id;
mod index;
mod key;
mod listing;
mod lock;
mod opener;
mod outputs;
mod prune;
mod reader;
mod row;
mod sharing;
mod signature;
mod stamp;
mod state;
mod store;

pub use audit::{Audit, RowFault, Wrong};
pub use error::JournalError;
pub use id::{new_run_id, opened_as_named};
pub use index::{Folded, Glance, Index};
pub use key::KeyRing;
pub use listing::{Asked, Asks, Counts, Listing};
pub use lock::{Holder, RunLock};
pub use opener::{open_file, read_file};
pub use outputs::{FileFault, Outputs, WrongFile, outputs};
pub use prune::Prune;
pub use reader::{Reader, Salvage};
pub use row::Head;
pub use sharing::Sharing;
pub use signature::{NAMESPACE, SignError, Signature, Statement, sign, signatures};
pub use stamp::{Stamp, Stamps};
pub use state::StateDir;
pub use store::RunJournal;
