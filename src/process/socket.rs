//! Where a supervisor listens, and how its process comes to stand on its own.
//!
//! Owns the socket and its lock in the run's folder, and the few steps after the program's
//! start: its own session, signals, the connection inherited as standard input. The peer's user
//! is checked on every connection (`connection`); the modes are only the first fence.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::net::AddressFamily;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::connection::Connection;

const SOCKET: &str = "supervisor.sock";
const LOCK: &str = "supervisor.lock";

/// Longest path that fits into an address; Linux has 108 bytes, the last one a zero.
const ADDRESS_LIMIT: usize = 100;

/// How long a lock may be held by a process that was killed: its connections end before its other files are closed.
const DYING: Duration = Duration::from_secs(1);
const GLANCE: Duration = Duration::from_millis(5);

pub(super) struct Listener {
    listener: UnixListener,
    path: PathBuf,
    /// Held for as long as this supervisor lives.
    _lock: File,
}

impl Listener {
    /// Listens in the run's folder; whoever holds the lock may replace a socket left behind.
    ///
    /// # Errors
    /// `WouldBlock` when another supervisor holds the lock.
    pub fn bind(run_dir: &Path) -> io::Result<Self> {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(run_dir.join(LOCK))?;
        take(&lock)?;
        let path = run_dir.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = with_address(run_dir, |address| UnixListener::bind(address))?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Listener { listener, path, _lock: lock })
    }

    /// Returns the next client that waits, if its user may be one.
    pub fn accept(&self) -> Option<Connection> {
        loop {
            let (socket, _) = self.listener.accept().ok()?;
            if let Ok(client) = Connection::accept(socket) {
                return Some(client);
            }
        }
    }

    /// Returns whether a client could still find the socket.
    pub fn is_reachable(&self) -> bool {
        self.path.exists()
    }

    /// Removes the socket, so that nobody waits for an answer from it.
    pub fn remove(&self) {
        std::fs::remove_file(&self.path).ok();
    }
}

/// Takes the lock; waits for a holder that is going.
fn take(lock: &File) -> io::Result<()> {
    let given_up = Instant::now() + DYING;
    loop {
        match flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < given_up => std::thread::sleep(GLANCE),
            other => return Ok(other?),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

/// Connects to the supervisor of a run.
pub(super) fn connect(run_dir: &Path) -> io::Result<UnixStream> {
    let stream = with_address(run_dir, |address| UnixStream::connect(address))?;
    let peer = rustix::net::sockopt::socket_peercred(&stream)?;
    if peer.uid != rustix::process::geteuid() && !peer.uid.is_root() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(stream)
}

/// Calls `f` with a path of the socket that fits into an address.
fn with_address<T>(run_dir: &Path, f: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = run_dir.join(SOCKET);
    if path.as_os_str().len() <= ADDRESS_LIMIT {
        return f(&path);
    }
    let folder =
        rustix::fs::open(run_dir, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    f(&PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd())))
}

/// Leaves the terminal's session and sees to the signals; returns what becomes readable at TERM.
///
/// HUP and INT get a handler that does nothing, not the disposition "ignore": that one commands
/// would inherit.
pub(super) fn detach() -> io::Result<UnixStream> {
    for signal in [SIGHUP, SIGINT] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    // Refused for a group's leader, as which a shell starts it when it is typed in by hand.
    rustix::process::setsid().ok();
    let (term, told) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGTERM, told)?;
    Ok(term)
}

/// Returns the client on standard input, if that is a socket; `/dev/null` takes its place.
pub(super) fn take_stdin() -> Option<Connection> {
    let stdin = io::stdin();
    rustix::net::sockopt::socket_domain(&stdin).ok().filter(|domain| *domain == AddressFamily::UNIX)?;
    let socket = UnixStream::from(stdin.as_fd().try_clone_to_owned().ok()?);
    let null = File::open("/dev/null").ok()?;
    rustix::stdio::dup2_stdin(&null).ok()?;
    Connection::accept(socket).ok()
}
