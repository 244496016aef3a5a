//! Files of output against what the journal says of them.
//!
//! Owns the comparison: each recorded file is there and holds the recorded bytes, and no other file lies beside them.
//! Never follows a link and never leaves the run's folder, whatever a journal names.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use super::opener::open_file;
use crate::event::{Address, Body, Heard, Input, Kept, Outlet, Record, Reply, Request};

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongFile {
    /// It is not there.
    Missing,
    /// Its bytes are others.
    Differs,
    /// It has another length.
    Length { recorded: u64, found: u64 },
    /// No row names it.
    Unrecorded,
    /// It cannot be read.
    Unread { why: String },
}

impl WrongFile {
    /// Returns the word for it.
    pub fn word(&self) -> &'static str {
        match self {
            WrongFile::Missing => "missing",
            WrongFile::Differs | WrongFile::Length { .. } => "differs",
            WrongFile::Unrecorded => "unrecorded",
            WrongFile::Unread { .. } => "unread",
        }
    }
}

/// The words behind the name of the file.
impl fmt::Display for WrongFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WrongFile::Missing => f.write_str("is not there"),
            WrongFile::Differs => f.write_str("holds other bytes than were recorded"),
            WrongFile::Length { recorded, found } => {
                write!(f, "holds {found} bytes, and {recorded} were recorded")
            }
            WrongFile::Unrecorded => f.write_str("was recorded by no row"),
            WrongFile::Unread { why } => write!(f, "cannot be read: {why}"),
        }
    }
}

/// A file that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// Relative to the run's folder.
    pub file: String,
    /// The row that names it; 0 for none.
    pub seq: u64,
    pub wrong: WrongFile,
}

/// The files of a run that were compared.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// How many were compared.
    pub compared: usize,
    pub faults: Vec<FileFault>,
    /// Those of which only the beginning could be kept, with why.
    pub short: Vec<(String, String)>,
    /// Files that no row names, where that proves nothing: a command whose end was not seen may have left them.
    pub unclaimed: Vec<String>,
}

/// Compares the files of output in `run_dir` with what the records say. `within`: the folder that holds nothing else.
pub fn outputs(run_dir: &Path, within: &str, records: &[(u64, Record)], over: bool) -> Outputs {
    let mut found = Outputs::default();
    let mut named = BTreeSet::new();
    for (seq, record) in records {
        let Body::Input(Input::Delivered { reply: Reply::Command(end), .. }) = &record.body else { continue };
        for outlet in [&end.stdout, &end.stderr] {
            let Some(file) = &outlet.file else { continue };
            named.insert(file.clone());
            found.compared += 1;
            if let Some(Kept { why, .. }) = &outlet.kept {
                found.short.push((file.clone(), why.clone()));
            }
            let is_ours = file.strip_prefix(within).and_then(|rest| rest.strip_prefix('/'));
            let wrong = match is_ours {
                Some(name) if !name.is_empty() && !name.contains('/') && name != ".." => {
                    compare(&run_dir.join(file), outlet)
                }
                _ => Some(WrongFile::Unread { why: "no command's output lies there".to_owned() }),
            };
            found.faults.extend(wrong.map(|wrong| FileFault { file: file.clone(), seq: *seq, wrong }));
        }
    }
    let unseen = !over || any_unseen(records);
    for file in listed(run_dir, within).into_iter().filter(|file| !named.contains(file)) {
        if unseen {
            found.unclaimed.push(file);
        } else {
            found.faults.push(FileFault { file, seq: 0, wrong: WrongFile::Unrecorded });
        }
    }
    found
}

/// Returns whether a command may have printed something whose end no row has: it was stopped, its end was lost with
/// its supervisor, or the run was left and what was only read was read again.
fn any_unseen(records: &[(u64, Record)]) -> bool {
    let mut open: BTreeSet<&Address> = BTreeSet::new();
    for (_, record) in records {
        match &record.body {
            Body::Request(ask) if matches!(ask.request, Request::Command(_)) => {
                open.insert(&ask.address);
            }
            Body::Input(Input::Delivered { reply: Reply::Lost { .. }, .. })
            | Body::Input(Input::Heard { heard: Heard::Resumed { .. }, .. }) => return true,
            Body::Input(Input::Delivered { request, .. }) => {
                open.remove(request);
            }
            _ => {}
        }
    }
    !open.is_empty()
}

fn compare(path: &Path, outlet: &Outlet) -> Option<WrongFile> {
    let (len, digest) = match &outlet.kept {
        Some(kept) => (kept.len, kept.digest.as_str()),
        None => (outlet.len, outlet.digest.as_str()),
    };
    match digest_of(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(WrongFile::Missing),
        Err(error) => Some(WrongFile::Unread { why: error.to_string() }),
        // Nobody knows how much of it could be written.
        Ok(_) if digest.is_empty() => None,
        Ok((found, _)) if found != len => Some(WrongFile::Length { recorded: len, found }),
        Ok((_, found)) => (found != digest).then_some(WrongFile::Differs),
    }
}

/// Returns the length and the digest of a file.
fn digest_of(path: &Path) -> io::Result<(u64, String)> {
    let mut file = open_file(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((len, hasher.finalize().to_hex().to_string())),
            count => {
                hasher.update(&buffer[..count]);
                len += count as u64;
            }
        }
    }
}

fn listed(run_dir: &Path, within: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(run_dir.join(within)).into_iter().flatten().flatten();
    entries.map(|entry| format!("{within}/{}", entry.file_name().to_string_lossy())).collect()
}
