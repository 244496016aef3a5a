//! The ends nobody has acknowledged, in memory and on disk.
//!
//! Owns `ends.json` in the run's folder: written whenever an end comes while no client is there
//! to hear it, and when the supervisor leaves. Never the authority: the journal is. An end that
//! stands here and in the journal is the same end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::protocol::{CommandState, Ended, Started};

const FILE: &str = "ends.json";

/// An end that waits to be acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEnd {
    /// `None` where the command never ran.
    pub started: Option<Started>,
    pub ended: Ended,
}

/// Returns the ends a supervisor that is gone has left, in no particular order; none if it left
/// none. The one way to learn them without starting another supervisor.
///
/// # Errors
/// When the file is there and cannot be read or understood.
pub fn read_ends(run_dir: &Path) -> io::Result<Vec<KeptEnd>> {
    match fs::read(run_dir.join(FILE)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(super) struct Ends {
    run_dir: PathBuf,
    kept: BTreeMap<String, KeptEnd>,
    acknowledged: BTreeSet<String>,
    saved: bool,
}

impl Ends {
    /// Returns the ends an earlier supervisor of this run left.
    pub fn load(run_dir: &Path) -> io::Result<Self> {
        let left = read_ends(run_dir)?;
        let saved = !left.is_empty();
        let kept = left.into_iter().map(|end| (end.ended.id.clone(), end)).collect();
        Ok(Ends { run_dir: run_dir.to_owned(), kept, acknowledged: BTreeSet::new(), saved })
    }

    pub fn get(&self, id: &str) -> Option<&KeptEnd> {
        self.kept.get(id)
    }

    pub fn keep(&mut self, end: KeptEnd) {
        self.kept.insert(end.ended.id.clone(), end);
    }

    pub fn acknowledge(&mut self, id: &str) {
        if self.kept.remove(id).is_some() {
            self.acknowledged.insert(id.to_owned());
        }
    }

    /// Forgets the command, so that it can be run again.
    pub fn forget(&mut self, id: &str) {
        self.kept.remove(id);
        self.acknowledged.remove(id);
    }

    pub fn is_acknowledged(&self, id: &str) -> bool {
        self.acknowledged.contains(id)
    }

    pub fn states(&self) -> impl Iterator<Item = CommandState> {
        self.kept.values().map(|end| CommandState {
            id: end.ended.id.clone(),
            started: end.started.clone(),
            ended: true,
        })
    }

    /// Writes what is kept durably, or removes the file when nothing is.
    pub fn save(&mut self) -> io::Result<()> {
        let path = self.run_dir.join(FILE);
        if self.kept.is_empty() {
            return if std::mem::take(&mut self.saved) { fs::remove_file(path) } else { Ok(()) };
        }
        let kept: Vec<_> = self.kept.values().collect();
        let mut file = tempfile::Builder::new().prefix(".ends").tempfile_in(&self.run_dir)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        file.as_file().sync_data()?;
        file.persist(path).map_err(|error| error.error)?;
        self.saved = true;
        fs::File::open(&self.run_dir)?.sync_data()
    }
}
