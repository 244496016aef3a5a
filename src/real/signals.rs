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
    hangup: Signal,
}

impl Signals {
    /// Returns the signals that come from now on. Must be called inside a runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Returns the next signal.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Heard::Interrupt,
            Some(()) = self.terminate.recv() => Heard::Terminate,
            Some(()) = self.hangup.recv() => Heard::Hangup,
            else => std::future::pending().await,
        }
    }
}
