//! Deleting a run that is over, so that a crash leaves nothing half deleted in the list.
//!
//! A run's folder first gets a name that is no run's; once that is on disk, what is in it goes. Whatever of the kind an earlier
//! one left is deleted with it. Never decides which run may go.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{JournalError, RunLock, StateDir};

/// What a folder is called that is about to be deleted: no run's name begins with a point.
const CONDEMNED: &str = ".pruned-";

/// Runs that are taken out of the list, and then deleted.
#[derive(Debug)]
pub struct Prune {
    runs: PathBuf,
    condemned: Vec<PathBuf>,
}

impl Prune {
    /// Begins with what an earlier one of this user left.
    pub fn begin(state: &StateDir) -> Prune {
        let runs = state.root().join("runs");
        let me = rustix::process::geteuid().as_raw();
        let entries = fs::read_dir(&runs).into_iter().flatten().flatten();
        let condemned = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(CONDEMNED))
            .filter(|entry| entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == me))
            .map(|entry| entry.path())
            .collect();
        Prune { runs, condemned }
    }

    /// Takes a run out of the list, if it `still` stands as it was judged: asked once nobody can begin to execute it.
    ///
    /// # Errors
    /// When somebody executes it, or it cannot be renamed; it is then left as it is.
    pub fn condemn(&mut self, run: &str, still: impl FnOnce() -> bool) -> Result<bool, JournalError> {
        let folder = self.runs.join(run);
        let _lock = RunLock::take(&folder)?;
        if !still() {
            return Ok(false);
        }
        // A name that nobody knows beforehand: in a shared folder, others could keep one from being had.
        let place = tempfile::Builder::new().prefix(CONDEMNED).tempdir_in(&self.runs);
        let place = place.map_err(|e| JournalError::io(&self.runs, &e))?;
        fs::rename(&folder, place.path()).map_err(|e| JournalError::io(&folder, &e))?;
        self.condemned.push(place.keep());
        Ok(true)
    }

    /// Deletes what was taken out of the list. Returns how many bytes of files that was.
    ///
    /// # Errors
    /// With the first thing that cannot be deleted; the others are, and the next prune tries again.
    pub fn finish(self) -> Result<u64, JournalError> {
        if self.condemned.is_empty() {
            return Ok(0);
        }
        // Files that are gone in a folder that still has its old name would be a damaged run.
        File::open(&self.runs)
            .and_then(|folder| folder.sync_all())
            .map_err(|e| JournalError::io(&self.runs, &e))?;
        let (mut bytes, mut refused) = (0, None);
        for folder in &self.condemned {
            bytes += size(folder).unwrap_or(0);
            if let Err(error) = fs::remove_dir_all(folder) {
                refused.get_or_insert_with(|| JournalError::io(folder, &error));
            }
        }
        refused.map_or(Ok(bytes), Err)
    }
}

/// Returns the bytes of all files below.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() { size(&entry.path()).unwrap_or(0) } else { found.len() };
    }
    Ok(bytes)
}
