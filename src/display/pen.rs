//! What writes on the terminal, and never waits for it.
//!
//! A terminal may stand still: Ctrl-S, a connection that died, a slow line. The run goes on all the
//! same, so what the terminal does not take waits here. Owns the file it writes to, opened anew: to
//! make standard output non-blocking would change it for the shell that started us too.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};

use super::Look;
use super::text::ascii;

/// How long a write may hold the run up.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long the end waits for a terminal that takes nothing.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that may wait. Beyond it the oldest go: the journal has them.
const WAITING: usize = 1 << 20;

pub(super) struct Pen {
    /// `None`: standard output, as it is.
    terminal: Option<File>,
    waiting: Vec<u8>,
    unicode: bool,
    /// Bytes a second that what moves may take of the line.
    rate: u32,
}

impl Pen {
    pub fn new(look: Look) -> Self {
        let stdout = std::io::stdout();
        let speed = rustix::termios::tcgetattr(&stdout).map_or(38_400, |mode| mode.output_speed());
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::termios::ttyname(&stdout, Vec::new())
            .and_then(|name| rustix::fs::open(name, flags, Mode::empty()))
            .map(File::from);
        // Ten bits to a byte, and room for what stays.
        let rate = (speed / 10 * 3 / 5).clamp(120, 4_000);
        Pen { terminal: terminal.ok(), waiting: Vec::new(), unicode: look.unicode, rate }
    }

    /// Returns how many bytes a second may be spent on what only moves.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Returns whether the terminal has taken everything.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes text, now or when the terminal takes it.
    pub fn write(&mut self, text: &str) {
        let bytes = if self.unicode { text.as_bytes() } else { &ascii(text).into_owned().into_bytes() };
        if self.terminal.is_none() {
            let mut out = std::io::stdout().lock();
            // Whoever closed it does not want to read on; the run goes on without them.
            let _ = out.write_all(bytes).and_then(|()| out.flush());
            return;
        }
        self.waiting.extend_from_slice(bytes);
        self.pump(PATIENCE);
        if self.waiting.len() > WAITING {
            let surplus = self.waiting.len() - WAITING;
            let end =
                self.waiting[surplus..].iter().position(|b| *b == b'\n').map_or(surplus, |at| surplus + at);
            self.waiting.drain(..end);
        }
    }

    /// Hands over what waits, for as long as the terminal takes it.
    pub fn pump(&mut self, patience: Duration) {
        let until = Instant::now() + patience;
        while let (false, Some(terminal)) = (self.waiting.is_empty(), &mut self.terminal) {
            match terminal.write(&self.waiting) {
                Ok(count) => drop(self.waiting.drain(..count)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let left = until.saturating_duration_since(Instant::now());
                    let Ok(left) = Timespec::try_from(left) else { return };
                    let mut fds = [PollFd::new(terminal, PollFlags::OUT)];
                    if !matches!(poll(&mut fds, Some(&left)), Ok(1..)) {
                        return;
                    }
                }
                // It hung up.
                Err(_) => self.waiting.clear(),
            }
        }
    }

    /// Hands over the rest, as long as any of it is taken at all.
    pub fn finish(&mut self) {
        loop {
            let before = self.waiting.len();
            self.pump(LAST_PATIENCE);
            if self.waiting.is_empty() || self.waiting.len() == before {
                return;
            }
        }
    }
}

impl Drop for Pen {
    fn drop(&mut self) {
        self.finish();
    }
}
