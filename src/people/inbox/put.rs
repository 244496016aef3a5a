//! A letter on its way into the inbox: written beside, then renamed, so that nobody sees half of it.
//!
//! Renamed, never linked: a file with two names is what a forger makes (`collect`). Sealed before that (`seal`).

use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::limit::{Kind, LIMIT};
use super::{FORMAT, LETTER_LIMIT, LETTER_MODE, Letter, OnDisk, seal};

/// Why a letter could not be put, or the inbox not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    #[error("the run has no inbox: `{}` is not there", .0.display())]
    Missing(PathBuf),
    #[error("`{}` may not be accessed by this user", .0.display())]
    Denied(PathBuf),
    #[error("the disk that holds `{}` is full", .0.display())]
    DiskFull(PathBuf),
    #[error("`{}` cannot be written: the file system is read-only", .0.display())]
    ReadOnly(PathBuf),
    #[error("the message is {0} bytes long")]
    TooLong(usize),
    #[error("{LIMIT} {0} of this user lie in the run's inbox, and no further one is looked at")]
    Full(&'static str),
    #[error("`{}`: {why}", path.display())]
    Other { path: PathBuf, why: String },
}

impl InboxError {
    /// Returns what can be done about it.
    pub fn help(&self) -> Option<String> {
        match self {
            InboxError::Missing(_) => Some("an older version began it, or it is no run".to_owned()),
            InboxError::Denied(_) => {
                Some("runs of other users can be answered in a shared state folder, by its group".to_owned())
            }
            InboxError::DiskFull(_) => Some("free some space; nothing was put into the inbox".to_owned()),
            InboxError::ReadOnly(_) => Some("nothing was put into the inbox".to_owned()),
            InboxError::TooLong(_) => Some(format!("at most {LETTER_LIMIT} bytes go through")),
            InboxError::Full(_) => {
                Some("another user can write, or who executes the run answers there".to_owned())
            }
            InboxError::Other { .. } => None,
        }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => InboxError::Missing(path),
            io::ErrorKind::PermissionDenied => InboxError::Denied(path),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => InboxError::DiskFull(path),
            io::ErrorKind::ReadOnlyFilesystem => InboxError::ReadOnly(path),
            _ => InboxError::Other { path, why: error.to_string() },
        }
    }
}

pub(super) fn put(folder: &Path, letter: &Letter) -> Result<String, InboxError> {
    let fail = |error: io::Error| InboxError::io(folder, &error);
    let on_disk = OnDisk { format: FORMAT, run: letter.run.clone(), message: letter.message.clone() };
    let mut text = serde_json::to_vec(&on_disk).map_err(io::Error::from).map_err(fail)?;
    text.push(b'\n');
    if text.len() as u64 > LETTER_LIMIT {
        return Err(InboxError::TooLong(text.len()));
    }
    // A link could lead into any folder of whoever answers.
    if !fs::symlink_metadata(folder).map_err(fail)?.is_dir() {
        return Err(InboxError::Other { path: folder.to_owned(), why: "it is not a folder".to_owned() });
    }
    let kind = Kind::of_message(&letter.message);
    if is_full(folder, kind).map_err(fail)? {
        return Err(InboxError::Full(kind.plural()));
    }
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).map_err(fail)?;
    file.write_all(&text).map_err(fail)?;
    // Whatever the umask.
    file.as_file().set_permissions(Permissions::from_mode(LETTER_MODE)).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    let name = file_name(kind);
    let seal = seal::make(folder, &name, &text).map_err(fail)?;
    if let Err(error) = file.persist_noclobber(folder.join(&name)) {
        // Alone it says nothing.
        let _ = fs::remove_dir(seal);
        return Err(fail(error.error));
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    Ok(name)
}

/// Returns a name nobody has and nobody can guess beforehand.
fn file_name(kind: Kind) -> String {
    // Seeded by the operating system for each value.
    let random = || RandomState::new().build_hasher().finish();
    format!("{}{:016x}{:016x}.json", kind.prefix(), random(), random())
}

/// Returns whether as many files of this kind and this user lie there as are looked at.
fn is_full(folder: &Path, kind: Kind) -> io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(folder, flags, Mode::empty())?;
    let user = rustix::process::geteuid().as_raw();
    let mut count = 0;
    for entry in rustix::fs::Dir::read_from(&directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let file = name.to_string_lossy();
        if !file.starts_with('.')
            && Kind::of(&file) == kind
            && rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| stat.st_uid == user)
        {
            count += 1;
        }
    }
    Ok(count >= LIMIT)
}
