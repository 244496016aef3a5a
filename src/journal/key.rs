//! Keys of which one run at a time has each (`concurrency`).
//!
//! Owns the files `runs/ID/key-HASH` that say which run asked for which key, and the lock under which they are
//! looked at. Never decides whether a run is over: whoever asks reads its journal. So a key is held by a run that
//! nobody executes, too, and goes with its folder.
//!
//! The lock is on the folder of all runs: every user of a shared one can take it, nobody has to make it, and it
//! is held for a moment only.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use super::opener::read_file;
use super::{JournalError, StateDir};

/// How long somebody else may look at the keys.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is tried meanwhile.
const AGAIN: Duration = Duration::from_millis(20);

/// Bytes of a key.
const LIMIT: u64 = 1024 * 1024;

const PREFIX: &str = "key-";

/// The right to look who has a key and to take one, until it is dropped.
#[derive(Debug)]
pub struct KeyRing<'s> {
    state: &'s StateDir,
    _lock: OwnedFd,
}

impl<'s> KeyRing<'s> {
    /// Waits for the right, some seconds at most.
    ///
    /// # Errors
    /// [`JournalError::Locked`] when somebody else has it for longer; when there is no folder of runs.
    pub fn lock(state: &'s StateDir) -> Result<KeyRing<'s>, JournalError> {
        let runs = state.root().join("runs");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fail = |e: rustix::io::Errno| JournalError::io(&runs, &e.into());
        let lock = rustix::fs::open(&runs, flags, Mode::empty()).map_err(fail)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(KeyRing { state, _lock: lock }),
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < until => std::thread::sleep(AGAIN),
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(JournalError::Locked(runs)),
                Err(errno) => return Err(fail(errno)),
            }
        }
    }

    /// Returns the runs that ever took this key, the newest first; most of them may be over.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub fn takers(&self, key: &str) -> Result<Vec<String>, JournalError> {
        let name = file_name(key);
        let mut runs = self.state.runs()?;
        runs.retain(|run| {
            std::fs::symlink_metadata(self.state.run_dir(run).join(&name)).is_ok_and(|found| found.is_file())
        });
        runs.reverse();
        Ok(runs)
    }

    /// Returns the key that the run took.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn key_of(&self, run: &str) -> Result<Option<String>, JournalError> {
        let folder = self.state.run_dir(run);
        let fail = |e: std::io::Error| JournalError::io(&folder, &e);
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                let text = read_file(&entry.path(), LIMIT).map_err(fail)?;
                return Ok(String::from_utf8(text).ok());
            }
        }
        Ok(None)
    }

    /// Writes down that the run has this key.
    ///
    /// # Errors
    /// When it cannot be written. It is on disk as soon as the run's folder is.
    pub fn give(&self, run: &str, key: &str) -> Result<(), JournalError> {
        let path = self.state.run_dir(run).join(file_name(key));
        let written = self.state.sharing()?.create_file(&path).and_then(|mut file| {
            file.write_all(key.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|e| JournalError::io(&path, &e))
    }
}

fn file_name(key: &str) -> String {
    let hash = blake3::hash(key.as_bytes()).to_hex();
    format!("{PREFIX}{}", hash.get(..32).unwrap_or_default())
}
