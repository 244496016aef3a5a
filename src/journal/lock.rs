//! Who executes a run: a lock that dies with its owner.
//!
//! Owns the file `runs/ID/lock`. The lock is the kernel's (`flock`), the text in the file
//! only tells a second one who has it. Never steals a lock and never judges by the text.
//!
//! The file is its owner's alone: whoever can open it can lock it, and so keep a run from being taken up.
//! In a shared folder the others are told by a second file, `holder`, whose lock decides nothing.

use std::fmt;
use std::fs::{File, Permissions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::process::{Flock, FlockType, fcntl_getlk};
use serde::{Deserialize, Serialize};

use super::opener::{open_file, open_or_create};
use super::{JournalError, Sharing};
use crate::users;

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
    _shown: Option<File>,
}

impl RunLock {
    /// Takes the lock of the run in `folder`.
    ///
    /// # Errors
    /// [`JournalError::Held`] with its holder when somebody has it.
    pub fn take(folder: &Path) -> Result<RunLock, JournalError> {
        let path = folder.join("lock");
        let mut file = open_or_create(&path, 0o600)
            .map_err(|e| foreign(folder, &e).unwrap_or_else(|| JournalError::io(&path, &e)))?;
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
        let holder = Holder::this_process();
        write_holder(&mut file, &holder).map_err(|e| JournalError::io(&path, &e))?;
        // Without it a run is as good: others take it for one that nobody executes.
        let shown = show_others(folder, &holder).ok().flatten();
        Ok(RunLock { _file: file, _shown: shown })
    }

    /// Returns who executes the run in `folder` now, `None` when nobody does.
    ///
    /// # Errors
    /// When the lock is there and cannot be asked.
    pub fn holder(folder: &Path) -> Result<Option<Holder>, JournalError> {
        let path = folder.join("lock");
        let mut file = match open_file(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => return shown_holder(folder),
            Err(e) => return Err(JournalError::io(&path, &e)),
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(Some(read_holder(&mut file))),
            Err(e) => Err(JournalError::io(&path, &e.into())),
        }
    }
}

/// The file that tells the others of a shared folder.
const SHOWN: &str = "holder";

/// Tells the others who executes the run, where it is shared. Returns the locked file.
fn show_others(folder: &Path, holder: &Holder) -> std::io::Result<Option<File>> {
    let sharing = Sharing::of(folder)?;
    if sharing == Sharing::Private {
        return Ok(None);
    }
    let mode = sharing.file_mode();
    let mut file = open_or_create(&folder.join(SHOWN), mode)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    // Of the kind that can be asked about without being taken, so that nobody is in its way.
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)?;
    write_holder(&mut file, holder)?;
    Ok(Some(file))
}

/// Returns whom the others are told.
fn shown_holder(folder: &Path) -> Result<Option<Holder>, JournalError> {
    let path = folder.join(SHOWN);
    let mut file = match open_file(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(JournalError::io(&path, &e)),
    };
    let asked = fcntl_getlk(&file, &Flock::from(FlockType::ReadLock));
    let held = asked.map_err(|e| JournalError::io(&path, &e.into()))?;
    Ok(held.map(|_| read_holder(&mut file)))
}

/// Returns the words for a run that another user began, where that is why its lock cannot be had.
fn foreign(folder: &Path, error: &std::io::Error) -> Option<JournalError> {
    let owner = std::fs::metadata(folder).ok()?.uid();
    (error.kind() == std::io::ErrorKind::PermissionDenied && owner != rustix::process::geteuid().as_raw())
        .then(|| JournalError::Foreign {
            run: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            owner: users::name_of(owner),
        })
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
