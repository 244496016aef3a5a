//! The folder `runs/ID/inbox/`, into which whoever answers puts one file for each message.
//!
//! Owns what stands in such a letter, how it gets there whole, and who it is from: the file's owner,
//! as the operating system says, never what the letter says. So an answer can be given from another
//! terminal, by another user, and while no process runs. Never decides whether an answer counts, and
//! never deletes anything.
//!
//! A watch is begun before the first collect; then nothing that comes is missed.

mod collect;
mod limit;
mod put;
mod seal;
mod watch;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use collect::{Found, Received, Seen};
pub use put::InboxError;
pub use seal::seal_of;
pub use watch::Watch;

use crate::journal::Sharing;

/// The folder below a run's.
const FOLDER: &str = "inbox";

/// Bytes of a letter.
const LETTER_LIMIT: u64 = 64 * 1024;

/// The mode of a letter's file: whoever executes the run reads it by the folder's group.
const LETTER_MODE: u32 = 0o640;

/// The format of letters that this version writes and reads.
const FORMAT: u32 = 1;

/// A message for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The run's id: put into another run's inbox it is void.
    pub run: String,
    pub message: Message,
}

/// What somebody says to a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Message {
    Answer {
        /// The address of the question.
        question: String,
        /// The hash of what was shown with it.
        shown: String,
        /// The answer itself: `yes`, `no`, a choice, a text.
        said: String,
        /// Why, in the person's words; may be empty.
        because: String,
    },
    Note {
        text: String,
    },
    /// From here on the world of a game day is so: a line of `given`, without that word.
    Inject {
        text: String,
    },
    /// Stop in order, and take the changes back.
    Stop {
        /// Why, in the person's words; may be empty.
        because: String,
    },
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    format: u32,
    run: String,
    message: Message,
}

/// One run's inbox.
#[derive(Clone, Debug)]
pub struct Inbox {
    folder: PathBuf,
    run: String,
}

impl Inbox {
    /// Returns the inbox of the run in this folder, whose name is the run's id.
    pub fn at(run_dir: &Path) -> Self {
        let run = run_dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Inbox { folder: run_dir.join(FOLDER), run }
    }

    /// Makes the folder where it is not there: open to the group when the run's folder is (mode 3770).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<(), InboxError> {
        let run_dir = self.folder.parent().unwrap_or(Path::new("."));
        match Sharing::of(run_dir).and_then(|sharing| sharing.create_drop(&self.folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(InboxError::io(&self.folder, &error))
            }
            _ => Ok(()),
        }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts a letter into the inbox, durable when this returns; it appears there whole, and replaces nothing.
    /// Returns the name of its file.
    ///
    /// # Errors
    /// When there is no inbox, this user may not write to it, the letter is too long, or as many of this user lie
    /// there as are looked at.
    pub fn put(&self, letter: &Letter) -> Result<String, InboxError> {
        put::put(&self.folder, letter)
    }

    /// Returns what has come since `seen`, ordered by when it came; each file once.
    ///
    /// # Errors
    /// When there is no inbox, or it cannot be read.
    pub fn collect(&self, seen: &mut Seen) -> Result<Vec<Found>, InboxError> {
        collect::collect(&self.folder, &self.run, seen)
    }
}
