//! The program at a pseudo-terminal: what stands on its screen, and what a person types.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags};
use rustix::termios::LocalModes;

use super::sandbox::{Finished, PATIENCE};
use super::service::wait_until;

/// How a person agrees at the program's prompt.
pub const YES: &str = "yes";

/// How a person refuses at the program's prompt.
pub const NO: &str = "no";

/// Large enough that nothing scrolls away or is wrapped.
pub const LARGE: (u16, u16) = (160, 200);

/// How often the end of the program is looked for while nothing comes from it.
const LOOK: Duration = Duration::from_millis(50);

/// A program at a terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    // Keeps the terminal open as long as the program may use it.
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was written to it.
    written: Vec<u8>,
}

impl Terminal {
    /// Starts a program with exactly this environment, and `TERM` where it has none, on a terminal of so
    /// many rows and columns.
    ///
    /// # Panics
    ///
    /// When there is no terminal to be had or the program cannot be started.
    pub fn start<I: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = I>,
        environment: &BTreeMap<String, String>,
        folder: &Path,
        (rows, cols): (u16, u16),
    ) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal can be opened");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        // An environment may name another one.
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(folder);
        let child = pair.slave.spawn_command(command).expect("the program can be started");
        let output = stream(pair.master.try_clone_reader().expect("a terminal can be read"));
        let keyboard = pair.master.take_writer().expect("a terminal can be written to");
        let screen = vt100::Parser::new(cells(rows), cells(cols), 0);
        Self { child, master: pair.master, keyboard, output, screen, written: Vec::new() }
    }

    /// Returns what stands on the screen now.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Returns everything that was written to the terminal so far, with what it obeys.
    pub fn written(&self) -> &[u8] {
        &self.written
    }

    /// Returns the program's process id.
    ///
    /// # Panics
    ///
    /// When it has none any more.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("the program runs")
    }

    /// Returns whether keys that are pressed are shown, and whether they come a line at a time.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn mode(&self) -> (bool, bool) {
        let name = self.master.tty_name().expect("a terminal has a name");
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(name, flags, Mode::empty()).expect("a terminal can be opened");
        let mode = rustix::termios::tcgetattr(terminal).expect("a terminal has a mode").local_modes;
        (mode.contains(LocalModes::ECHO), mode.contains(LocalModes::ICANON))
    }

    /// Makes the terminal as large.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn resize(&mut self, (rows, cols): (u16, u16)) {
        self.screen.screen_mut().set_size(cells(rows), cells(cols));
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a terminal can be resized");
    }

    /// Waits until the text stands on the screen.
    ///
    /// # Panics
    ///
    /// When the program ended without it, or [`PATIENCE`] has run out; with the screen.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen is as wanted; `what` says how, for the one who reads why it was not.
    ///
    /// # Panics
    ///
    /// When the program ended before, or [`PATIENCE`] has run out; with the screen.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut is: impl FnMut(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(&self.screen()) {
            if let Err(why) = self.read_more(deadline) {
                panic!("no `{what}` on the screen ({why}):\n{}", self.screen());
            }
        }
    }

    /// Types a line, with the return key.
    ///
    /// # Panics
    ///
    /// When the terminal is gone; with the screen.
    #[track_caller]
    pub fn type_line(&mut self, text: &str) {
        self.press(&format!("{text}\r"));
    }

    /// Presses keys; Ctrl-C is `\x03`.
    ///
    /// # Panics
    ///
    /// When the terminal is gone; with the screen.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        let written = self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush());
        if let Err(error) = written {
            panic!("nobody reads the terminal ({error}):\n{}", self.screen());
        }
    }

    /// Waits for the end and returns what it came to, with the last screen as its output.
    ///
    /// # Panics
    ///
    /// When it has not ended after [`PATIENCE`]; with the screen.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the program is our child") {
                break status;
            }
            assert!(Instant::now() < deadline, "no end after {PATIENCE:?}:\n{}", self.screen());
            if self.read_more(Instant::now() + LOOK) == Err(RecvTimeoutError::Disconnected) {
                wait_until(Instant::now() + LOOK, || !matches!(self.child.try_wait(), Ok(None)));
            }
        };
        // What is still on its way to the screen; the terminal closes with its last user.
        let grace = Instant::now() + Duration::from_secs(1);
        while self.read_more(grace).is_ok() {}
        let code = status.signal().is_none().then(|| status.exit_code().cast_signed());
        Finished { code, stdout: self.screen(), stderr: String::new() }
    }

    fn read_more(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let bytes = self.output.recv_timeout(left)?;
        self.screen.process(&bytes);
        self.written.extend_from_slice(&bytes);
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has lines and columns")
}

/// Reads a terminal in a thread of its own until its last user has closed it.
fn stream(mut source: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (tell, output) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = source.read(&mut buffer) {
            if tell.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    output
}
