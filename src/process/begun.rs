//! What was begun, on disk: which commands, and as which processes.
//!
//! Owns `begun` in the run's folder: a line before a command starts, another one with its process once it has.
//! Never waits for the disk: it outlives the supervisor, which is what it is for; what a machine that went down has
//! begun is not running any more.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::group;
use super::identity::ProcessIdentity;

const FILE: &str = "begun";

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    id: String,
    /// `None`: it is about to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<ProcessIdentity>,
    /// The supervisor that starts it, as a process; in files that do not say it nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<i32>,
}

/// What is known of a command's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// No supervisor of this run has begun it.
    Never,
    /// It was about to start; it may have, and nothing of it runs that could be found.
    Attempted,
    /// It ran as this process.
    Process(ProcessIdentity),
}

/// Returns what the supervisors of the run wrote down of that command.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn beginning(run_dir: &Path, id: &str) -> io::Result<Beginning> {
    let file = match File::open(run_dir.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Beginning::Never),
        Err(error) => return Err(error),
    };
    let mut found = Beginning::Never;
    let (mut by, mut known) = (None, Vec::new());
    for line in BufReader::new(file).split(b'\n') {
        // A line that is cut off was written by nobody who then went on.
        let Ok(line) = serde_json::from_slice::<Line>(&line?) else { continue };
        known.extend(line.process.as_ref().map(|process| (process.pid, process.start_ticks)));
        if line.id == id {
            by = line.by;
            found = line.process.map_or(Beginning::Attempted, Beginning::Process);
        }
    }
    // Its supervisor died before it could write down which process it is: that leads a group in the supervisor's session,
    // as all its commands do, and is none of those that were written down.
    if let (Beginning::Attempted, Some(by)) = (&found, by)
        && let Some((pid, _)) = group::leaders(by).find(|leader| !known.contains(leader))
    {
        found = Beginning::Process(ProcessIdentity::of(pid));
    }
    Ok(found)
}

/// The file, as a supervisor writes it.
pub(super) struct Begun {
    path: PathBuf,
    file: Option<File>,
}

impl Begun {
    pub fn new(run_dir: &Path) -> Self {
        Begun { path: run_dir.join(FILE), file: None }
    }

    /// Writes down that the command is about to start.
    ///
    /// # Errors
    /// When it cannot be written: then it must not start.
    pub fn attempt(&mut self, id: &str) -> io::Result<()> {
        self.write(&Line { id: id.to_owned(), process: None, by: Some(std::process::id().cast_signed()) })
    }

    /// Writes down which process it is.
    ///
    /// # Errors
    /// When it cannot be written; that it was about to start is known all the same.
    pub fn started(&mut self, id: &str, process: &ProcessIdentity) -> io::Result<()> {
        self.write(&Line { id: id.to_owned(), process: Some(process.clone()), by: None })
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        if self.file.is_none() {
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
            // Another supervisor may have died in the middle of a line.
            file.write_all(b"\n")?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(&bytes),
            None => Ok(()),
        }
    }
}
