//! One pipe of a command, from the read to what is kept and shown of it.
//!
//! Owns the order in which bytes pass: read, blotted, kept, shown. Never blocks, and never
//! decides when a stream is over for the command (`running` does: a grandchild may hold it open).

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::blot::{Blotter, Needles};
use super::output::{Capture, OutputFolder};
use super::protocol::{Output, OutputSummary, StreamName};

/// Bytes taken with one read; pipes of talkative commands are made as large.
pub(super) const READ_SIZE: usize = 256 * 1024;

/// Bytes of the latest output shown at once; older ones are dropped from the showing.
const LIVE_BYTES: usize = 8 * 1024;

/// Time between the first byte that waits to be shown and its showing.
const LIVE_EVERY: Duration = Duration::from_millis(50);

/// The reading end of a pipe. `File` and not `ChildStdout`: both streams are then of one type.
pub(super) struct Pipe(std::fs::File);

impl Pipe {
    /// Makes the end non-blocking. The command's own end is not affected.
    pub fn new(end: impl Into<std::os::fd::OwnedFd>) -> io::Result<Self> {
        let end = end.into();
        rustix::io::ioctl_fionbio(&end, true)?;
        Ok(Pipe(end.into()))
    }

    /// Returns the bytes read, `Some(0)` at the end, `None` where nothing waits.
    pub fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        loop {
            match self.0.read(buffer) {
                Ok(count) => return Some(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(_) => return Some(0),
            }
        }
    }
}

impl AsFd for Pipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a read brought.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Read,
    Empty,
    Closed,
}

pub(super) struct Stream {
    name: StreamName,
    pipe: Option<Pipe>,
    blotter: Blotter,
    capture: Capture,
    blotted: Vec<u8>,
    widened: bool,
    live: Option<Live>,
    shown: bool,
}

/// What waits to be shown.
struct Live {
    bytes: Vec<u8>,
    due: Instant,
}

impl Stream {
    pub fn new(name: StreamName, pipe: Option<Pipe>, needles: &Needles, limit: u64) -> Self {
        Stream {
            name,
            pipe,
            blotter: Blotter::new(needles.clone()),
            capture: Capture::new(name, limit),
            blotted: Vec::new(),
            widened: false,
            live: None,
            shown: false,
        }
    }

    pub fn pipe(&self) -> Option<&Pipe> {
        self.pipe.as_ref()
    }

    /// Reads once. `show` tells whether anyone watches.
    pub fn read(&mut self, buffer: &mut [u8], folder: &mut OutputFolder, show: bool) -> Progress {
        let Some(pipe) = &mut self.pipe else {
            return Progress::Closed;
        };
        match pipe.read(buffer) {
            None => Progress::Empty,
            Some(0) => {
                self.pipe = None;
                Progress::Closed
            }
            Some(count) => {
                self.take_in(&buffer[..count], folder, show);
                Progress::Read
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8], folder: &mut OutputFolder, show: bool) {
        let mut blotted = std::mem::take(&mut self.blotted);
        blotted.clear();
        let bytes = if self.blotter.is_idle() {
            bytes
        } else {
            self.blotter.push(bytes, &mut blotted);
            blotted.as_slice()
        };
        self.keep(bytes, folder, show);
        self.blotted = blotted;
        if self.capture.is_spilled() && !self.widened {
            self.widened = true;
            if let Some(pipe) = &self.pipe {
                // Refused where the user holds too many pages in pipes: it only costs speed.
                rustix::pipe::fcntl_setpipe_size(pipe, READ_SIZE).ok();
            }
        }
    }

    fn keep(&mut self, bytes: &[u8], folder: &mut OutputFolder, show: bool) {
        self.capture.push(bytes, folder);
        if !show || bytes.is_empty() {
            return;
        }
        let live =
            self.live.get_or_insert_with(|| Live { bytes: Vec::new(), due: Instant::now() + LIVE_EVERY });
        live.bytes.extend_from_slice(&bytes[bytes.len().saturating_sub(LIVE_BYTES)..]);
        let surplus = live.bytes.len().saturating_sub(LIVE_BYTES);
        live.bytes.drain(..surplus);
    }

    /// Returns when something waits to be shown.
    pub fn due(&self) -> Option<Instant> {
        self.live.as_ref().map(|live| live.due)
    }

    /// Returns what is due to be shown by now.
    pub fn show(&mut self, id: &str, now: Instant) -> Option<Output> {
        if self.due()? > now {
            return None;
        }
        self.show_rest(id)
    }

    fn show_rest(&mut self, id: &str) -> Option<Output> {
        let bytes = self.live.take()?.bytes;
        self.shown = true;
        let offset = self.capture.len() - bytes.len() as u64;
        Some(Output { id: id.to_owned(), stream: self.name, offset, bytes })
    }

    /// Returns what was kept so far.
    pub fn so_far(&self) -> OutputSummary {
        self.capture.so_far()
    }

    /// Ends the keeping: returns the summary, what of it was not shown yet (if anything ever
    /// was), and the pipe where something still holds it open.
    pub fn finish(
        mut self,
        id: &str,
        folder: &mut OutputFolder,
    ) -> (OutputSummary, Option<Output>, Option<Pipe>) {
        let mut rest = Vec::new();
        self.blotter.finish(&mut rest);
        let shown = self.shown;
        if !rest.is_empty() {
            self.keep(&rest, folder, shown);
        }
        let last = if shown { self.show_rest(id) } else { None };
        (self.capture.finish(), last, self.pipe)
    }
}
