//! A letter on its way into the inbox: written beside, then renamed, so that nobody sees half of it.
//!
//! Renamed, never linked: a file with two names is what a forger makes (`collect`).

use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{FORMAT, LETTER_LIMIT, Letter, OnDisk};

/// Why a letter could not be put, or the inbox not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    #[error("the run has no inbox: `{}` is not there", .0.display())]
    Missing(PathBuf),
    #[error("`{}` may not be accessed by this user", .0.display())]
    Denied(PathBuf),
    #[error("the message is {0} bytes long")]
    TooLong(usize),
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
            InboxError::TooLong(_) => Some(format!("at most {LETTER_LIMIT} bytes go through")),
            InboxError::Other { .. } => None,
        }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => InboxError::Missing(path),
            io::ErrorKind::PermissionDenied => InboxError::Denied(path),
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
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).map_err(fail)?;
    file.write_all(&text).map_err(fail)?;
    // Whatever the umask: whoever executes the run reads it by the folder's group.
    file.as_file().set_permissions(Permissions::from_mode(0o640)).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    let name = file_name();
    file.persist_noclobber(folder.join(&name)).map_err(|error| fail(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    Ok(name)
}

/// Returns a name nobody has and nobody can guess beforehand.
fn file_name() -> String {
    // Seeded by the operating system for each value.
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}.json", random(), random())
}
