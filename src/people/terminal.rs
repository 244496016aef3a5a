//! Lines typed at a terminal.
//!
//! Owns one open file on the terminal and what was typed since the last line's end. Never holds
//! a thread: the runtime is told when there is something to read, so that nothing is left
//! behind at exit and Ctrl-C passes through as the signal it is. The file is opened anew, since
//! its mode of reading would otherwise change for the shell that started us too.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::termios::QueueSelector;
use tokio::io::Interest;
use tokio::net::unix::pipe::Receiver;

/// Bytes of a line; what is longer is no answer, and its rest is a line of its own.
const LINE_LIMIT: usize = 4096;

/// What came from a keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A line, without its end.
    Line(String),
    /// Ctrl-D on an empty line.
    End,
    /// The terminal hung up: nothing will come any more.
    Gone,
}

/// Someone's keyboard.
pub struct Terminal {
    file: File,
    typed: Vec<u8>,
}

enum File {
    /// Not yet known to the runtime.
    Opened(OwnedFd),
    /// The runtime calls whatever is read when it is ready a pipe, and does not look closer.
    Watched(Receiver),
    /// It hung up, or cannot be watched: nobody will ever type again.
    Gone,
}

impl Terminal {
    /// Opens the terminal this process is attached to.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> io::Result<Self> {
        Terminal::at("/dev/tty")
    }

    /// Opens the terminal at this path.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn at(path: impl rustix::path::Arg) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Terminal { file: File::Opened(file), typed: Vec::new() })
    }

    /// Forgets what was typed so far: it was not an answer to what is asked now.
    pub fn forget(&mut self) {
        self.typed.clear();
        let file = match &self.file {
            File::Opened(file) => file.as_fd(),
            File::Watched(file) => file.as_fd(),
            File::Gone => return,
        };
        // Fails where it is no terminal, which then holds nothing typed ahead.
        let _ = rustix::termios::tcflush(file, QueueSelector::IFlush);
    }

    /// Returns what is typed next. Says once that the terminal is gone, and stays pending for ever then.
    /// May be cancelled between polls without losing a byte.
    pub async fn line(&mut self) -> Typed {
        loop {
            if let Some(line) = self.take_line() {
                return Typed::Line(line);
            }
            if matches!(self.file, File::Gone) {
                std::future::pending::<()>().await;
            }
            match self.read().await {
                Ok(0) if self.typed.is_empty() => return Typed::End,
                // A line that Ctrl-D ended.
                Ok(0) => {
                    let line = String::from_utf8_lossy(&self.typed).into_owned();
                    self.typed.clear();
                    return Typed::Line(line);
                }
                Ok(_) => {}
                Err(_) => {
                    self.file = File::Gone;
                    return Typed::Gone;
                }
            }
        }
    }

    fn take_line(&mut self) -> Option<String> {
        let end = self.typed.iter().position(|byte| *byte == b'\n');
        let length = match end {
            Some(end) => end + 1,
            None if self.typed.len() >= LINE_LIMIT => LINE_LIMIT,
            None => return None,
        };
        let line: Vec<u8> = self.typed.drain(..length).collect();
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Reads what is there. Returns 0 when somebody typed Ctrl-D.
    async fn read(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 512];
        let file = self.watched()?;
        let count = loop {
            let ready = file.ready(Interest::READABLE).await?;
            match file.try_read(&mut bytes) {
                // Hung up: the end would come again and again.
                Ok(0) if ready.is_read_closed() => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.typed.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn watched(&mut self) -> io::Result<&Receiver> {
        if let File::Opened(_) = self.file
            && let File::Opened(file) = std::mem::replace(&mut self.file, File::Gone)
        {
            self.file = File::Watched(Receiver::from_owned_fd_unchecked(file)?);
        }
        match &self.file {
            File::Watched(file) => Ok(file),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}
