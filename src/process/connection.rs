//! One client, as the supervisor sees it.
//!
//! Owns the bytes on their way in and out. Never blocks: what a slow client does not take waits
//! here, and of what may be lost (live output) no more than a bounded amount waits at all.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use zeroize::Zeroize as _;

use super::frame::{self, FrameBuffer};
use super::protocol::{Event, Request};

/// Live output is dropped for a client that has this many bytes waiting.
const BACKLOG: usize = 256 * 1024;

/// Bytes taken with one read.
const READ_SIZE: usize = 64 * 1024;

/// How long an event without hurry waits for another one.
const DEFER: Duration = Duration::from_millis(2);

pub(super) struct Connection {
    socket: UnixStream,
    incoming: FrameBuffer,
    buffer: Box<[u8]>,
    outgoing: Vec<u8>,
    sent: usize,
    /// When what waits is sent although the client could have taken it before.
    deferred: Option<Instant>,
    /// It takes nothing any more. What it said before is still to be read.
    deaf: bool,
    gone: bool,
}

impl Connection {
    /// Takes on a client, if it is of the same user (or root).
    pub fn accept(socket: UnixStream) -> io::Result<Self> {
        let peer = rustix::net::sockopt::socket_peercred(&socket)?;
        if peer.uid != rustix::process::geteuid() && !peer.uid.is_root() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        socket.set_nonblocking(true)?;
        Ok(Connection {
            socket,
            incoming: FrameBuffer::default(),
            buffer: vec![0; READ_SIZE].into(),
            outgoing: Vec::new(),
            deferred: None,
            sent: 0,
            deaf: false,
            gone: false,
        })
    }

    /// Returns whether the client has left, or said what nobody can follow.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Returns whether nobody hears what is sent here.
    pub fn is_deaf(&self) -> bool {
        self.deaf || self.gone
    }

    /// Returns whether something waits for the client to take it.
    pub fn has_backlog(&self) -> bool {
        self.deferred.is_none() && self.sent < self.outgoing.len()
    }

    /// Sends an event, now or when the client takes it.
    pub fn send(&mut self, event: &Event) {
        let lossy = matches!(event, Event::Output(_));
        if lossy && self.outgoing.len() - self.sent > BACKLOG {
            return;
        }
        self.push(event);
        self.flush();
    }

    /// Sends an event that is in no hurry: with the next one, or after a moment. A client that
    /// is woken by a command's start takes the processor the command could use.
    pub fn send_later(&mut self, event: &Event) {
        self.push(event);
        self.deferred.get_or_insert_with(|| Instant::now() + DEFER);
    }

    fn push(&mut self, event: &Event) {
        // Events are of bounded size by construction; one that is not cannot be sent at all.
        if let (false, Ok(bytes)) = (self.deaf, frame::encode(event)) {
            self.outgoing.extend_from_slice(&bytes);
        }
    }

    /// Returns when what was sent without hurry is due.
    pub fn due(&self) -> Option<Instant> {
        self.deferred
    }

    /// Writes what the client takes now.
    pub fn flush(&mut self) {
        self.deferred = None;
        while self.has_backlog() && !self.deaf {
            match self.socket.write(&self.outgoing[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.deaf = true,
            }
        }
        self.outgoing.clear();
        self.sent = 0;
    }

    /// Reads what has arrived and returns the requests that are whole. What arrived before the
    /// client left counts.
    pub fn receive(&mut self) -> Vec<Request> {
        loop {
            match self.socket.read(&mut self.buffer) {
                Ok(0) => self.gone = true,
                Ok(count) => {
                    self.incoming.extend(&self.buffer[..count]);
                    self.buffer[..count].zeroize();
                    if count == self.buffer.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => self.gone = true,
            }
            break;
        }
        self.requests()
    }

    fn requests(&mut self) -> Vec<Request> {
        let mut requests = Vec::new();
        loop {
            match self.incoming.take() {
                Ok(Some(request)) => requests.push(request),
                Ok(None) => return requests,
                Err(frame::FrameError::Malformed(error)) => {
                    // The error of a parser may quote what it read, and that may be a secret.
                    let message = format!("a request cannot be understood (column {})", error.column());
                    self.send(&Event::Refused { id: String::new(), message });
                }
                Err(frame::FrameError::TooLarge(_)) => {
                    self.gone = true;
                    return requests;
                }
            }
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
