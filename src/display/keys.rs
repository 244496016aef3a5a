//! How the terminal shows keys that are pressed while something moves.
//!
//! Ctrl-C would be echoed as `^C` in the middle of a bar and move everything by a line. Only that
//! echo is switched off, so that a terminal which is never given back (`kill -9`) is as usable.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// The mode of the terminal before.
pub(super) struct Keys(Option<Termios>);

impl Keys {
    /// Switches the echo of control keys off, where there is a terminal.
    pub fn quiet() -> Keys {
        let stdin = std::io::stdin();
        let Ok(before) = tcgetattr(&stdin) else {
            return Keys(None);
        };
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHOCTL);
        let done = tcsetattr(&stdin, OptionalActions::Now, &quiet);
        Keys(done.is_ok().then_some(before))
    }

    /// Gives the terminal back as it was.
    pub fn restore(&mut self) {
        if let Some(before) = self.0.take() {
            // It hung up: there is nothing to give back.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.restore();
    }
}
