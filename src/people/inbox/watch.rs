//! Waiting for something to come into the inbox.
//!
//! The kernel tells (inotify); where it cannot, as when this user watches too much already, the inbox is
//! looked at from time to time. Never reads a letter.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use super::Inbox;

/// How often the inbox is looked at where the kernel does not tell.
const POLL: Duration = Duration::from_secs(1);

/// Tells when something has come.
#[derive(Debug)]
pub struct Watch {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Kernel(AsyncFd<OwnedFd>),
    Clock { next: Instant },
}

impl Watch {
    /// Begins to watch; what comes from now on is told. Must be called inside a tokio runtime with its
    /// drivers enabled.
    pub fn new(inbox: &Inbox) -> Self {
        let source = kernel(inbox).map_or_else(|_| clock(), Source::Kernel);
        Watch { source }
    }

    /// Begins to look from time to time, as [`Watch::new`] does where the kernel does not tell.
    pub fn polling() -> Self {
        Watch { source: clock() }
    }

    /// Returns whether the kernel tells.
    pub fn is_told(&self) -> bool {
        matches!(self.source, Source::Kernel(_))
    }

    /// Waits until something may have come. May be cancelled between polls; nothing is lost by it.
    pub async fn changed(&mut self) {
        if let Source::Kernel(fd) = &self.source {
            if told(fd).await.is_ok() {
                return;
            }
            // The folder is gone, or the kernel no longer tells.
            self.source = clock();
        }
        if let Source::Clock { next } = &mut self.source {
            tokio::time::sleep_until(*next).await;
            *next = Instant::now() + POLL;
        }
    }
}

fn clock() -> Source {
    Source::Clock { next: Instant::now() + POLL }
}

fn kernel(inbox: &Inbox) -> io::Result<AsyncFd<OwnedFd>> {
    let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    let flags = WatchFlags::MOVED_TO | WatchFlags::CREATE | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
    inotify::add_watch(&fd, inbox.folder(), flags)?;
    #[expect(
        deprecated,
        reason = "its successor is unsafe code; what it guards against, an `OwnedFd` rules out"
    )]
    AsyncFd::with_interest(fd, Interest::READABLE)
}

/// Waits for a name that `collect` would look at.
async fn told(fd: &AsyncFd<OwnedFd>) -> io::Result<()> {
    loop {
        let mut ready = fd.readable().await?;
        if let Ok(told) = ready.try_io(|fd| Ok(drain(fd.get_ref())?)) {
            return told;
        }
    }
}

/// Takes the events that are there until one is of a name that counts, with those that came along.
///
/// # Errors
/// `WOULDBLOCK` when there is none.
fn drain(fd: &OwnedFd) -> Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(fd, &mut buffer);
    let mut any = false;
    while !any || !reader.is_buffer_empty() {
        match reader.next() {
            Ok(event) if event.events().contains(ReadFlags::IGNORED) => return Err(Errno::NOENT),
            Ok(event) => {
                any |= !event.file_name().is_some_and(|name| name.to_bytes().starts_with(b"."));
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
