//! What is kept of a stream: a little in memory, the rest in a file, its length and digest.
//!
//! Owns the bounds: memory does not grow with output. Never reads a pipe and never sees a
//! secret (`blot` stands before it). A file that cannot be written ends the keeping, not the
//! command: what comes after is still counted and digested.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::protocol::{EXCERPT, KeptOutput, MEMORY_LIMIT, OutputSummary, StreamName};
use crate::journal::Sharing;

/// The folder of a run's output, below the run's folder.
pub const OUTPUT_FOLDER: &str = "out";

/// Gives out names for files in the run's folder; none is given twice, also after a restart.
pub(super) struct OutputFolder {
    run_dir: PathBuf,
    next: u64,
}

impl OutputFolder {
    /// Returns the folder of this run; it is made when the first file is.
    pub fn new(run_dir: &Path) -> Self {
        OutputFolder { run_dir: run_dir.to_owned(), next: 1 }
    }

    /// Makes a new file for whoever may look at the run, whose name ends in `kind`; returns it with its path relative
    /// to the run's folder.
    pub fn create(&mut self, kind: &str) -> io::Result<(File, String)> {
        let sharing = Sharing::of(&self.run_dir)?;
        loop {
            let name = format!("{OUTPUT_FOLDER}/{}.{kind}", self.next);
            self.next += 1;
            match sharing.create_file(&self.run_dir.join(&name)) {
                Ok(file) => return Ok((file, name)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound
                        && !self.run_dir.join(OUTPUT_FOLDER).exists() =>
                {
                    sharing.create_folder(&self.run_dir.join(OUTPUT_FOLDER))?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The keeping of one stream.
pub(super) struct Capture {
    stream: StreamName,
    limit: u64,
    len: u64,
    kept: u64,
    hasher: blake3::Hasher,
    /// Of what the file holds, from when on that is less.
    kept_hasher: Option<blake3::Hasher>,
    /// All until it is spilled, then the first `EXCERPT` bytes.
    head: Vec<u8>,
    /// After the spill: at least the last `EXCERPT` bytes, at most twice as many.
    tail: Vec<u8>,
    spill: Option<(Option<File>, String)>,
    fault: Option<String>,
}

impl Capture {
    pub fn new(stream: StreamName, limit: u64) -> Self {
        Capture {
            stream,
            limit,
            len: 0,
            kept: 0,
            hasher: blake3::Hasher::new(),
            kept_hasher: None,
            head: Vec::new(),
            tail: Vec::new(),
            spill: None,
            fault: None,
        }
    }

    /// Returns how many bytes came so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether the stream outgrew memory.
    pub fn is_spilled(&self) -> bool {
        self.len > MEMORY_LIMIT as u64
    }

    /// Takes in the stream's next bytes.
    pub fn push(&mut self, bytes: &[u8], folder: &mut OutputFolder) {
        let spilled = self.is_spilled();
        self.len += bytes.len() as u64;
        if !self.is_spilled() {
            self.hasher.update(bytes);
            self.head.extend_from_slice(bytes);
            return;
        }
        if spilled {
            self.write(bytes);
            self.push_tail(bytes);
        } else {
            self.begin_spill(bytes, folder);
        }
        self.hasher.update(bytes);
    }

    /// Takes in the piece with which the stream outgrew memory.
    fn begin_spill(&mut self, bytes: &[u8], folder: &mut OutputFolder) {
        let kind = match self.stream {
            StreamName::Stdout => "stdout",
            StreamName::Stderr => "stderr",
        };
        match folder.create(kind) {
            Ok((file, name)) => self.spill = Some((Some(file), name)),
            Err(error) => self.fault = Some(format!("cannot make a file for the output: {error}")),
        }
        let head = std::mem::take(&mut self.head);
        let seen = std::mem::take(&mut self.hasher);
        let all = [head.as_slice(), bytes].concat();
        self.write(&all);
        self.hasher = seen;
        self.push_tail(&all);
        self.head = all[..EXCERPT].to_vec();
    }

    /// Writes to the file what there is room for. The hasher has what was written before, and these bytes not yet.
    fn write(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.limit.saturating_sub(self.kept)).unwrap_or(usize::MAX);
        let (kept, beyond) = bytes.split_at(bytes.len().min(room));
        let Some((Some(file), _)) = &mut self.spill else {
            return;
        };
        if let Err(error) = file.write_all(kept) {
            self.fault = Some(format!("cannot write the output's file: {error}"));
            self.kept_hasher.get_or_insert_with(|| self.hasher.clone());
            // It may hold a piece of what could not be written whole.
            if file.set_len(self.kept).is_err() {
                self.kept_hasher = None;
            }
            self.spill = self.spill.take().map(|(_, name)| (None, name));
            return;
        }
        self.kept += kept.len() as u64;
        if !beyond.is_empty() && self.kept_hasher.is_none() {
            let mut hasher = self.hasher.clone();
            hasher.update(kept);
            self.kept_hasher = Some(hasher);
        }
    }

    /// Returns what the file holds, where that is less than all.
    fn kept(&self) -> Option<KeptOutput> {
        let hasher = self.kept_hasher.as_ref()?;
        Some(KeptOutput { len: self.kept, digest: hasher.finalize().to_hex().to_string() })
    }

    fn push_tail(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(EXCERPT)..];
        if self.tail.len() + bytes.len() > 2 * EXCERPT {
            let surplus = self.tail.len().saturating_sub(EXCERPT);
            self.tail.drain(..surplus);
        }
        self.tail.extend_from_slice(bytes);
    }

    /// Returns what is to be said of the stream so far, without a digest.
    pub fn so_far(&self) -> OutputSummary {
        OutputSummary {
            len: self.len,
            truncated: self.is_spilled() && self.kept < self.len,
            head: self.head.clone(),
            tail: self.tail[self.tail.len().saturating_sub(EXCERPT)..].to_vec(),
            digest: String::new(),
            file: self.spill.as_ref().map(|(_, name)| name.clone()),
            fault: self.fault.clone(),
            kept: None,
        }
    }

    /// Returns what is to be said of the stream; it is over.
    pub fn finish(mut self) -> OutputSummary {
        let surplus = self.tail.len().saturating_sub(EXCERPT);
        self.tail.drain(..surplus);
        let kept = self.kept();
        OutputSummary {
            kept,
            len: self.len,
            truncated: self.is_spilled() && self.kept < self.len,
            head: self.head,
            tail: self.tail,
            digest: self.hasher.finalize().to_hex().to_string(),
            file: self.spill.map(|(_, name)| name),
            fault: self.fault,
        }
    }
}

/// Returns the whole stream, or its first `limit` bytes, and whether it was cut.
///
/// # Errors
/// When the file of a stream that outgrew memory cannot be read.
pub fn read_output(run_dir: &Path, summary: &OutputSummary, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = match &summary.file {
        Some(file) => {
            let mut bytes = Vec::new();
            File::open(run_dir.join(file))?.take(limit as u64).read_to_end(&mut bytes)?;
            bytes
        }
        None => summary.head.clone(),
    };
    bytes.truncate(limit);
    let cut = (bytes.len() as u64) < summary.len;
    Ok((bytes, cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn capture(pieces: &[Vec<u8>], limit: u64) -> (tempfile::TempDir, OutputSummary) {
        let dir = tempfile::tempdir().expect("makes a folder");
        let mut folder = OutputFolder::new(dir.path());
        let mut capture = Capture::new(StreamName::Stdout, limit);
        for piece in pieces {
            capture.push(piece, &mut folder);
        }
        (dir, capture.finish())
    }

    #[test]
    fn what_fits_in_memory_makes_no_file() {
        let (dir, summary) = capture(&[vec![b'x'; MEMORY_LIMIT]], u64::MAX);
        assert_eq!((summary.head.len(), summary.tail.len(), summary.file), (MEMORY_LIMIT, 0, None));
        assert!(!dir.path().join(OUTPUT_FOLDER).exists());
    }

    #[test]
    fn beyond_the_limit_bytes_are_counted_only() {
        let (dir, summary) = capture(&[vec![b'x'; 100_000], vec![b'y'; 5]], 70_000);
        assert_eq!((summary.len, summary.truncated), (100_005, true));
        let (kept, cut) = read_output(dir.path(), &summary, usize::MAX).expect("reads");
        assert_eq!((kept.len(), cut), (70_000, true));
        assert!(summary.tail.ends_with(b"xyyyyy"));
        let digest = blake3::hash(&kept).to_hex().to_string();
        assert_eq!(summary.kept, Some(KeptOutput { len: 70_000, digest }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_summary_agrees_with_the_whole(sizes in prop::collection::vec(0usize..70_000, 0..6)) {
            let pieces: Vec<Vec<u8>> = sizes.iter().enumerate()
                .map(|(n, size)| (0..*size).map(|at| u8::try_from((at * 7 + n) % 251).unwrap_or(0)).collect())
                .collect();
            let whole = pieces.concat();
            let (dir, summary) = capture(&pieces, u64::MAX);
            prop_assert_eq!(summary.len, whole.len() as u64);
            prop_assert_eq!(&summary.digest, &blake3::hash(&whole).to_hex().to_string());
            prop_assert!(whole.starts_with(&summary.head) && whole.ends_with(&summary.tail));
            if summary.file.is_some() {
                prop_assert_eq!((summary.head.len(), summary.tail.len()), (EXCERPT, EXCERPT));
            }
            let (read, cut) = read_output(dir.path(), &summary, usize::MAX).expect("reads");
            prop_assert!(!cut);
            prop_assert_eq!(read, whole);
        }
    }
}
