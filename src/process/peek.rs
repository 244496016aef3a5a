//! A look at what a running command printed so far, from beside the executor's own connection.
//!
//! Owns a connection for as long as one answer takes. Never holds anybody up for longer than that:
//! who asks is a screen.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::frame::{self, FrameBuffer};
use super::protocol::{Event, Printed, Request};
use super::socket;

/// How long the supervisor has to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Returns what the command printed so far; `None` where it does not run.
///
/// # Errors
/// When no supervisor serves the run, or it does not answer.
pub fn peek(run_dir: &Path, id: &str) -> io::Result<Option<Printed>> {
    let until = Instant::now() + PATIENCE;
    let mut socket = socket::connect(run_dir)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let request = frame::encode(&Request::Peek { id: id.to_owned() }).map_err(io::Error::other)?;
    socket.write_all(&request)?;
    let mut incoming = FrameBuffer::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        // News of other commands come, too.
        while let Some(event) = incoming.take().map_err(io::Error::other)? {
            match event {
                Event::Printed(printed) if printed.id == id => return Ok(Some(*printed)),
                Event::Unknown { id: unknown } if unknown == id => return Ok(None),
                Event::Refused { message, .. } => return Err(io::Error::other(message)),
                _ => {}
            }
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => incoming.extend(&buffer[..count]),
        }
    }
}
