//! Signals from the terminal and the system, as the world hears them.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Who or what wants the run to end or to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Ctrl-C.
    Interrupt,
    Terminate,
    /// The terminal is gone.
    Hangup,
}

/// The signals this process no longer dies of.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where whoever started this process wants it to be ignored (`nohup`).
    hangup: Option<Signal>,
}

impl Signals {
    /// Returns the signals that come from now on. Must be called inside a runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if is_ignored(1) { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Returns whether a lost terminal is to be ignored.
    pub fn ignore_hangup(&self) -> bool {
        self.hangup.is_none()
    }

    /// Returns the next signal.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Heard::Interrupt,
            Some(()) = self.terminate.recv() => Heard::Terminate,
            Some(()) = hung_up(&mut self.hangup) => Heard::Hangup,
            else => std::future::pending().await,
        }
    }
}

async fn hung_up(hangup: &mut Option<Signal>) -> Option<()> {
    match hangup {
        Some(hangup) => hangup.recv().await,
        None => std::future::pending().await,
    }
}

/// Returns whether the signal with this number was to be ignored when this process began, as the kernel says.
fn is_ignored(number: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (number - 1) & 1 == 1
}
