//! Who executes a run: a lock that dies with its owner.
//!
//! Owns the file `runs/ID/lock`. The lock is the kernel's (`flock`), the text in the file
//! only tells a second one who has it. Never steals a lock and never judges by the text.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::JournalError;

/// The process that executes a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    /// UTC, as text; empty when it could not be read.
    pub since: String,
}

impl Holder {
    fn this_process() -> Holder {
        Holder {
            pid: std::process::id(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return f.write_str("another process");
        }
        write!(f, "process {} on {}", self.pid, self.host)?;
        if !self.since.is_empty() {
            write!(f, " since {}", self.since)?;
        }
        Ok(())
    }
}

/// The right to execute a run, until it is dropped or the process ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock of the run in `folder`.
    ///
    /// # Errors
    /// [`JournalError::Held`] with its holder when somebody has it.
    pub fn take(folder: &Path) -> Result<RunLock, JournalError> {
        let path = folder.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|e| JournalError::io(&path, &e))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(JournalError::Held {
                    run: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
                    holder: read_holder(&mut file),
                });
            }
            Err(e) => return Err(JournalError::io(&path, &e.into())),
        }
        write_holder(&mut file, &Holder::this_process()).map_err(|e| JournalError::io(&path, &e))?;
        Ok(RunLock { _file: file })
    }

    /// Returns who executes the run in `folder` now, `None` when nobody does.
    ///
    /// # Errors
    /// When the lock is there and cannot be asked.
    pub fn holder(folder: &Path) -> Result<Option<Holder>, JournalError> {
        let path = folder.join("lock");
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(JournalError::io(&path, &e)),
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(Some(read_holder(&mut file))),
            Err(e) => Err(JournalError::io(&path, &e.into())),
        }
    }
}

/// Returns what the file says, or an unnamed holder: it may be about to write it.
fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(4096).read_to_string(&mut text));
    serde_json::from_str(&text).unwrap_or_default()
}

fn write_holder(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let mut text = serde_json::to_vec(holder)?;
    text.push(b'\n');
    file.write_all(&text)
}
