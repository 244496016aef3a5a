//! How the files of a journal stand, so that what was folded from them need not be folded again.
//!
//! Owns what is looked at: length, time and number of the database and of its log. Never trusts a time that is so
//! young that the file may be written to once more within the same tick of the clock.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::types::ValueRef;
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::StateDir;

/// A file that was written to longer ago is written to with another time.
const SETTLED: Duration = Duration::from_secs(2);

/// How a journal's files stand; the same numbers are the same journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(pub(super) Vec<u8>);

impl Stamp {
    /// Returns what was kept as those bytes; what is none equals none.
    pub(super) fn of_bytes(kept: ValueRef<'_>) -> Stamp {
        Stamp(kept.as_bytes().unwrap_or_default().to_owned())
    }
}

/// The folder of all runs, opened to look at many of them.
pub struct Stamps(rustix::fd::OwnedFd);

impl Stamps {
    /// Opens the folder of all runs; `None` where it cannot be.
    pub fn of(state: &StateDir) -> Option<Stamps> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(state.root().join("runs"), flags, Mode::empty()).ok().map(Stamps)
    }

    /// Returns how the journal of a run stands; `None` where it may be about to change unseen.
    pub fn stamp(&self, run: &str) -> Option<Stamp> {
        let look =
            |file: &str| rustix::fs::statat(&self.0, Path::new(run).join(file), AtFlags::SYMLINK_NOFOLLOW);
        let database = look("journal.db").ok()?;
        let log = match look("journal.db-wal") {
            Ok(log) => Some(log),
            Err(Errno::NOENT) => None,
            Err(_) => return None,
        };
        // A log that is empty grows with the next turn, whatever the time.
        let written = log.filter(|log| log.st_size > 0);
        let settled = written.is_none_or(|log| is_old(&log) && is_old(&database));
        settled.then(|| {
            let mut stamp = Vec::with_capacity(64);
            add(&mut stamp, &database);
            if let Some(log) = written {
                add(&mut stamp, &log);
            }
            Stamp(stamp)
        })
    }
}

/// Adds number, length and time of a file, eight bytes each.
fn add(stamp: &mut Vec<u8>, file: &Stat) {
    // Whether a field has a sign differs between platforms.
    let numbers: [i128; 4] =
        [file.st_ino.into(), file.st_size.into(), file.st_mtime.into(), file.st_mtime_nsec.into()];
    for number in numbers {
        stamp.extend_from_slice(&number.to_le_bytes()[..8]);
    }
}

fn is_old(file: &Stat) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let written = Duration::from_secs(u64::try_from(file.st_mtime).unwrap_or(u64::MAX));
    written.checked_add(SETTLED).is_some_and(|settled| settled < now)
}
