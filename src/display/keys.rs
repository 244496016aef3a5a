//! How the terminal takes keys while something moves, and which were pressed.
//!
//! Keys that are pressed then are not shown: they would garble what moves. At a question a line is
//! typed as everywhere. Owns the terminal's mode and gives it back in every ending but `kill -9`, and
//! while the program is stopped (Ctrl-Z). Never touches the terminal from the background.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Signal, getpgrp, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{SIGCONT, SIGTSTP};

/// Keys that somebody may press between two looks.
const QUICK: usize = 3;

/// What keys are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// As before the program.
    Given,
    /// Nothing is typed: each key counts by itself and is not shown.
    Watch,
    /// A line is typed.
    Line,
}

pub(super) struct Keys {
    keyboard: Option<(File, Termios)>,
    used: Use,
    /// Set when somebody pressed Ctrl-Z.
    stopped: Arc<AtomicBool>,
    /// Set when the program was continued: the shell has changed the terminal's mode in between.
    continued: Arc<AtomicBool>,
}

impl Keys {
    /// Returns the keys of a screen on which nothing moves.
    pub fn untouched() -> Keys {
        Keys { keyboard: None, used: Use::Given, stopped: Arc::default(), continued: Arc::default() }
    }

    /// Takes the keyboard, where there is one.
    pub fn take() -> Keys {
        let mut keys = Keys::untouched();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::open("/dev/tty", flags, Mode::empty());
        keys.keyboard = opened.ok().and_then(|fd| {
            let before = tcgetattr(&fd).ok()?;
            signal_hook::flag::register(SIGTSTP, Arc::clone(&keys.stopped)).ok()?;
            signal_hook::flag::register(SIGCONT, Arc::clone(&keys.continued)).ok()?;
            Some((File::from(fd), before))
        });
        keys.set(Use::Watch);
        keys
    }

    /// Returns whether keys are read.
    pub fn are_read(&self) -> bool {
        self.keyboard.is_some()
    }

    /// Returns whether the terminal is ours to draw on: not while the program runs in the background.
    pub fn is_foreground(&self) -> bool {
        match &self.keyboard {
            Some((keyboard, _)) => tcgetpgrp(keyboard).is_ok_and(|group| group == getpgrp()),
            None => true,
        }
    }

    /// Says what keys are for from now on.
    pub fn set(&mut self, wanted: Use) {
        let foreground = self.is_foreground();
        let Some((keyboard, before)) = &self.keyboard else {
            return;
        };
        if wanted == self.used || !foreground {
            return;
        }
        let mut mode = before.clone();
        let off = match wanted {
            Use::Given => LocalModes::empty(),
            Use::Watch => LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHOCTL,
            // Ctrl-C would be shown as `^C` in the middle of a question.
            Use::Line => LocalModes::ECHOCTL,
        };
        mode.local_modes.remove(off);
        // Fails where it hung up: there is nobody to show anything to.
        if tcsetattr(keyboard, OptionalActions::Now, &mode).is_ok() {
            self.used = wanted;
        }
    }

    /// Returns the key that was pressed last. What is pasted is none, and neither is an arrow.
    pub fn pressed(&mut self) -> Option<u8> {
        if self.used != Use::Watch || !self.is_foreground() {
            return None;
        }
        let mut bytes = [0; 256];
        let count = self.keyboard.as_mut()?.0.read(&mut bytes).ok()?;
        let pressed = &bytes[..count];
        let typed = count <= QUICK && !pressed.contains(&0x1b);
        pressed.last().copied().filter(|_| typed)
    }

    /// Returns whether somebody pressed Ctrl-Z since it was last asked.
    pub fn is_stopped(&self) -> bool {
        self.stopped.swap(false, Ordering::Relaxed)
    }

    /// Stops the program until somebody continues it, with the terminal as it was before.
    pub fn stop(&mut self) {
        self.set(Use::Given);
        let _ = kill_process(getpid(), Signal::STOP);
    }

    /// Returns whether the program was continued since this was last asked: what stands on the
    /// terminal, and its mode, are somebody else's.
    pub fn is_continued(&mut self) -> bool {
        let continued = self.continued.swap(false, Ordering::Relaxed);
        if continued {
            self.used = Use::Given;
        }
        continued
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.set(Use::Given);
    }
}
