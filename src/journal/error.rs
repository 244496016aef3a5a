//! What can go wrong with stored runs, each in its own words.
//!
//! Owns [`JournalError`] and the translation from SQLite's and the operating system's codes.
//! Never loses the path: an operator must know which disk to look at.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags};

use super::lock::Holder;
use crate::world::StoreError;

/// Why something stored could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    #[error("the disk that holds `{}` is full", .0.display())]
    DiskFull(PathBuf),
    #[error("`{}` cannot be written: the file system or the folder is read-only", .0.display())]
    ReadOnly(PathBuf),
    #[error("`{}` may not be accessed by this user", .0.display())]
    Denied(PathBuf),
    #[error("`{}` is locked by another program", .0.display())]
    Locked(PathBuf),
    #[error("the disk that holds `{}` reports an error: {why}", path.display())]
    Io { path: PathBuf, why: String },
    #[error("`{}` is damaged: {why}", path.display())]
    Corrupt { path: PathBuf, why: String },
    #[error("`{}` was written by a newer version of mainstay (format {found}, this program knows up to {known})", path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("`{}` is not there", .0.display())]
    Missing(PathBuf),
    #[error("there is a run `{0}` already")]
    Taken(String),
    #[error("run `{run}` is being executed by {holder}")]
    Held { run: String, holder: Holder },
    #[error("the state folder `{}` lies on {kind}, a network file system: journals need a local disk", path.display())]
    Network { path: PathBuf, kind: &'static str },
    #[error("the state folder `{}` can be written by every user of this machine", .0.display())]
    Exposed(PathBuf),
    #[error("`{}` {why}", path.display())]
    Unsafe {
        path: PathBuf,
        why: String,
        /// What mends it.
        mend: String,
    },
    #[error("run `{run}` belongs to `{owner}`, who alone can execute it")]
    Foreign { run: String, owner: String },
    #[error("no state folder: neither MAINSTAY_STATE nor XDG_STATE_HOME nor HOME is set")]
    NoHome,
    #[error("there is no run `{given}`")]
    UnknownRun {
        given: String,
        nearest: Option<String>,
        /// Whether there is any run at all.
        any: bool,
    },
    #[error("`{given}` stands for more than one run: {}", runs.join(", "))]
    AmbiguousRun { given: String, runs: Vec<String> },
    #[error("`{}`: {why}", path.display())]
    Other { path: PathBuf, why: String },
}

impl JournalError {
    /// Returns what an operator can do about it.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            JournalError::DiskFull(_) => "free some space; what was stored so far is intact".to_owned(),
            JournalError::Locked(_) => {
                "`fuser` or `lsof` of that file names the program; end it, or wait for it".to_owned()
            }
            JournalError::Io { .. } => {
                "look at the kernel's messages (`dmesg`) and at the disk; what was stored so far can be read"
                    .to_owned()
            }
            JournalError::ReadOnly(_) | JournalError::Denied(_) => {
                "set MAINSTAY_STATE to a folder that this user can write to".to_owned()
            }
            JournalError::Network { .. } => "set MAINSTAY_STATE to a folder on a local disk".to_owned(),
            JournalError::Exposed(path) => {
                let path = path.display();
                format!("run `chmod 700 {path}`, or `chmod 3770 {path}` to share it with its group")
            }
            JournalError::Unsafe { mend, .. } => mend.clone(),
            JournalError::Foreign { owner, .. } => {
                format!("`{owner}` or root can take it up; others can look at it, and answer what it asks")
            }
            JournalError::NoHome => "set MAINSTAY_STATE to a folder".to_owned(),
            JournalError::Newer { .. } => "use that version, or a later one, to look at this run".to_owned(),
            JournalError::Corrupt { .. } => {
                "`mainstay show` and `mainstay timeline` still show what can be read".to_owned()
            }
            JournalError::UnknownRun { nearest, any, .. } => match (nearest, any) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => "`mainstay runs` lists the runs of this machine".to_owned(),
                (None, false) => "nothing has been run yet; `mainstay run FILE` starts".to_owned(),
            },
            JournalError::AmbiguousRun { .. } => "give more of the run's id".to_owned(),
            JournalError::Held { .. } => {
                "wait for it, or end that process; the run can then be taken up again".to_owned()
            }
            _ => return None,
        };
        Some(text)
    }

    /// Returns the error behind an operation of the operating system on `path`.
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::DiskFull(path),
            io::ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly(path),
            io::ErrorKind::PermissionDenied => JournalError::Denied(path),
            io::ErrorKind::NotFound => JournalError::Missing(path),
            _ if error.raw_os_error() == Some(EIO) => JournalError::Io { path, why: error.to_string() },
            _ => JournalError::Other { path, why: error.to_string() },
        }
    }

    /// Returns the error behind an operation of SQLite on the database `path`.
    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let owned = path.to_owned();
        let corrupt = |why: String| JournalError::Corrupt { path: path.to_owned(), why };
        match error {
            rusqlite::Error::SqliteFailure(code, _) => match code.code {
                Code::DiskFull => JournalError::DiskFull(owned),
                Code::ReadOnly => JournalError::ReadOnly(owned),
                Code::PermissionDenied => JournalError::Denied(owned),
                Code::DatabaseBusy | Code::DatabaseLocked => JournalError::Locked(owned),
                Code::DatabaseCorrupt => corrupt("its pages contradict each other".to_owned()),
                Code::NotADatabase => corrupt("it is not a journal".to_owned()),
                // SQLite says no more than that; the file system does.
                Code::SystemIoFailure | Code::CannotOpen => match ailment(path) {
                    Some(Ailment::Full) => JournalError::DiskFull(owned),
                    Some(Ailment::ReadOnly) => JournalError::ReadOnly(owned),
                    None if code.code == Code::CannotOpen
                        && rustix::fs::access(path, Access::READ_OK).is_err() =>
                    {
                        JournalError::Denied(owned)
                    }
                    None => JournalError::Io { path: owned, why: error.to_string() },
                },
                _ => JournalError::Other { path: owned, why: error.to_string() },
            },
            rusqlite::Error::InvalidColumnType(_, name, found) => {
                corrupt(format!("column `{name}` holds {found}"))
            }
            _ => JournalError::Other { path: owned, why: error.to_string() },
        }
    }
}

/// What is wrong with a whole file system.
enum Ailment {
    Full,
    ReadOnly,
}

/// Returns what is wrong with the file system that holds `path`, as far as it says so itself.
fn ailment(path: &Path) -> Option<Ailment> {
    let found = rustix::fs::statvfs(path.parent()?).ok()?;
    if found.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Some(Ailment::ReadOnly);
    }
    (found.f_bavail == 0 || found.f_files > 0 && found.f_favail == 0).then_some(Ailment::Full)
}

/// `EIO` of errno(3).
const EIO: i32 = rustix::io::Errno::IO.raw_os_error();

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> Self {
        StoreError(error.to_string())
    }
}
