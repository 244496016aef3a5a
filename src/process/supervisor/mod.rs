//! The process that runs a run's commands and outlives who asked for them.
//!
//! Owns the poll loop over the socket, the clients, the commands' pipes, their exits and their
//! deadlines: one thread, nothing that blocks. Never decides anything for a run; deadlines it
//! enforces itself, also while no client is there. It ends when told to, or when it was alone
//! and idle for a while; the ends nobody took are then on disk.

mod requests;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use thiserror::Error;

use super::begun::Begun;
use super::blot::Needles;
use super::connection::Connection;
use super::ends::{Ends, KeptEnd};
use super::identity::ProcessIdentity;
use super::output::OutputFolder;
use super::protocol::{Event, PROTOCOL};
use super::running::Running;
use super::secret::SecretText;
use super::socket::{self, Listener};
use super::stream::{Pipe, READ_SIZE};
use crate::failpoint;

/// How long a supervisor without client and without command stays.
pub const IDLE_EXIT: Duration = Duration::from_secs(600);

/// Why a supervisor cannot serve.
#[derive(Debug, Error)]
pub enum ServeError {
    #[error("another supervisor serves this run")]
    AlreadyServed,
    #[error("cannot listen in the run's folder: {0}")]
    Listen(#[source] io::Error),
    #[error("cannot read the ends an earlier supervisor left: {0}")]
    Ends(#[source] io::Error),
    #[error("cannot detach from the terminal: {0}")]
    Detach(#[source] io::Error),
    #[error("cannot wait for commands: {0}")]
    Wait(#[source] io::Error),
    #[error("cannot write the ends of commands: {0}")]
    Save(#[source] io::Error),
}

/// The body of the hidden subcommand: detaches from the terminal, takes the socket on standard
/// input (if it is one) as its first client, and serves until the run ends.
///
/// # Errors
/// When another supervisor serves the run, or the system refuses what is needed.
pub fn serve(run_dir: &Path) -> Result<(), ServeError> {
    let term = socket::detach().map_err(ServeError::Detach)?;
    let mut server = Server::bind(run_dir, IDLE_EXIT)?;
    server.term = Some(term);
    if let Some(client) = socket::take_stdin() {
        server.welcome(client);
    }
    server.run()
}

/// A supervisor that listens. [`serve`] is what a process does with it; this is the part that
/// touches nothing but the run's folder and its own children.
pub struct Server {
    listener: Listener,
    /// Readable once TERM came.
    term: Option<UnixStream>,
    clients: Vec<Connection>,
    running: Vec<Running>,
    ends: Ends,
    begun: Begun,
    folder: OutputFolder,
    /// Pipes held open by what ended commands left behind; `None` once closed.
    strays: Vec<Option<Pipe>>,
    /// Children to reap whenever they exit: leaders that could not be ended, helpers.
    unreaped: Vec<Child>,
    needles: (Vec<SecretText>, Needles),
    buffer: Vec<u8>,
    idle_exit: Duration,
    idle_since: Option<Instant>,
    leaving: bool,
}

/// What a descriptor in the poll belongs to; numbers are places in the lists above.
#[derive(Clone, Copy)]
enum Source {
    Listener,
    Term,
    Client(usize),
    Exit(usize),
    Stdin(usize),
    Stdout(usize),
    Stderr(usize),
    Stray(usize),
}

impl Server {
    /// Listens in the run's folder.
    ///
    /// # Errors
    /// When another supervisor serves the run, or the folder cannot be used.
    pub fn bind(run_dir: &Path, idle_exit: Duration) -> Result<Self, ServeError> {
        let run_dir = run_dir.canonicalize().map_err(ServeError::Listen)?;
        let listener = Listener::bind(&run_dir).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => ServeError::AlreadyServed,
            _ => ServeError::Listen(error),
        })?;
        Ok(Server {
            listener,
            term: None,
            clients: Vec::new(),
            running: Vec::new(),
            ends: Ends::load(&run_dir).map_err(ServeError::Ends)?,
            begun: Begun::new(&run_dir),
            folder: OutputFolder::new(&run_dir),
            strays: Vec::new(),
            unreaped: Vec::new(),
            needles: (Vec::new(), Needles::default()),
            buffer: vec![0; READ_SIZE],
            idle_exit,
            idle_since: None,
            leaving: false,
        })
    }

    /// Serves until told to leave, or until alone and idle for long enough.
    ///
    /// # Errors
    /// When the system cannot wait, or the ends cannot be written on leaving.
    pub fn run(mut self) -> Result<(), ServeError> {
        while !self.leaving {
            for (source, flags) in self.wait().map_err(ServeError::Wait)? {
                self.serve_source(source, flags);
            }
            self.advance();
            self.clients.retain(|client| !client.is_gone());
            self.unreaped.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
            self.note_idleness();
        }
        self.ends.save().map_err(ServeError::Save)
    }

    fn wait(&self) -> io::Result<Vec<(Source, PollFlags)>> {
        let mut sources = Vec::with_capacity(8);
        let mut fds = Vec::with_capacity(8);
        let mut add = |source, fd, flags| {
            sources.push(source);
            fds.push(PollFd::from_borrowed_fd(fd, flags));
        };
        for (n, command) in self.running.iter().enumerate() {
            if let Some(pipe) = command.stdout.pipe() {
                add(Source::Stdout(n), pipe.as_fd(), PollFlags::IN);
            }
            if let Some(pipe) = command.stderr.pipe() {
                add(Source::Stderr(n), pipe.as_fd(), PollFlags::IN);
            }
            if let Some(pipe) = command.feed_pipe() {
                add(Source::Stdin(n), pipe.as_fd(), PollFlags::OUT);
            }
            if let Some(pidfd) = command.pidfd() {
                add(Source::Exit(n), pidfd.as_fd(), PollFlags::IN);
            }
        }
        for (n, client) in self.clients.iter().enumerate() {
            let out = if client.has_backlog() { PollFlags::OUT } else { PollFlags::empty() };
            add(Source::Client(n), client.as_fd(), PollFlags::IN | out);
        }
        for (n, stray) in self.strays.iter().enumerate() {
            if let Some(stray) = stray {
                add(Source::Stray(n), stray.as_fd(), PollFlags::IN);
            }
        }
        if let Some(term) = &self.term {
            add(Source::Term, term.as_fd(), PollFlags::IN);
        }
        add(Source::Listener, self.listener.as_fd(), PollFlags::IN);
        match poll(&mut fds, self.timeout().as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let ready = sources.into_iter().zip(fds.iter().map(PollFd::revents));
        Ok(ready.filter(|(_, flags)| !flags.is_empty()).collect())
    }

    /// Returns the time until something is due that no descriptor tells; `None` if nothing is.
    fn timeout(&self) -> Option<Timespec> {
        let idle = self.idle_since.map(|since| since + self.idle_exit);
        let reap = (!self.unreaped.is_empty()).then(|| Instant::now() + Duration::from_millis(20));
        let due = self
            .running
            .iter()
            .filter_map(Running::due)
            .chain(self.clients.iter().filter_map(Connection::due))
            .chain(idle)
            .chain(reap)
            .min()?;
        let left = due.saturating_duration_since(Instant::now());
        Timespec::try_from(left).ok()
    }

    fn serve_source(&mut self, source: Source, flags: PollFlags) {
        let show = !self.clients.is_empty();
        match source {
            Source::Listener => {
                while let Some(client) = self.listener.accept() {
                    self.welcome(client);
                }
            }
            Source::Term => self.leaving = true,
            Source::Client(n) => self.serve_client(n, flags),
            Source::Exit(n) => self.running[n].set_exited(),
            Source::Stdin(n) => self.running[n].feed(),
            Source::Stdout(n) => {
                self.running[n].stdout.read(&mut self.buffer, &mut self.folder, show);
            }
            Source::Stderr(n) => {
                self.running[n].stderr.read(&mut self.buffer, &mut self.folder, show);
            }
            Source::Stray(n) => {
                // What they still say is nobody's.
                if self.strays[n].as_mut().and_then(|stray| stray.read(&mut self.buffer)) == Some(0) {
                    self.strays[n] = None;
                }
            }
        }
    }

    fn serve_client(&mut self, n: usize, flags: PollFlags) {
        if flags.contains(PollFlags::OUT) {
            self.clients[n].flush();
        }
        if flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            for request in self.clients[n].receive() {
                self.follow(n, request);
            }
        }
    }

    fn welcome(&mut self, client: Connection) {
        let process = ProcessIdentity::of(rustix::process::getpid().as_raw_pid());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.clients.push(client);
        if let Some(client) = self.clients.last_mut() {
            client.send(&Event::Ready { protocol: PROTOCOL, version, process });
        }
    }

    /// Does what is due for each command: shows, stops, ends.
    fn advance(&mut self) {
        let now = Instant::now();
        for client in &mut self.clients {
            if client.due().is_some_and(|due| due <= now) {
                client.flush();
            }
        }
        let show = !self.clients.is_empty();
        let mut n = 0;
        while n < self.running.len() {
            let command = &mut self.running[n];
            let id = command.id().to_owned();
            let shown = [command.stdout.show(&id, now), command.stderr.show(&id, now)];
            let over = command.advance(now, &mut self.unreaped);
            for output in shown.into_iter().flatten() {
                self.broadcast(&Event::Output(output));
            }
            if !over {
                n += 1;
                continue;
            }
            let command = self.running.swap_remove(n);
            let started = Some(command.started.clone());
            let remains = command.finish(&mut self.buffer, &mut self.folder, show);
            for output in remains.last {
                self.broadcast(&Event::Output(output));
            }
            self.strays.extend(remains.strays.into_iter().map(Some));
            self.unreaped.extend(remains.unreaped);
            self.end(KeptEnd { started, ended: remains.ended });
        }
    }

    fn end(&mut self, end: KeptEnd) {
        let ended = end.ended.clone();
        failpoint::reach("supervise.ended");
        self.ends.keep(end);
        self.broadcast(&Event::Ended(Box::new(ended)));
        if self.clients.iter().all(Connection::is_deaf) {
            // It is kept in memory all the same, and written again on leaving.
            self.ends.save().ok();
        }
    }

    fn broadcast(&mut self, event: &Event) {
        for client in &mut self.clients {
            client.send(event);
        }
    }

    /// Decides whether there is still somebody or something to stay for.
    fn note_idleness(&mut self) {
        self.strays.retain(Option::is_some);
        if !self.clients.is_empty() || !self.running.is_empty() {
            self.idle_since = None;
            return;
        }
        let since = *self.idle_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.idle_exit {
            // On a full disk the ends are kept here alone.
            self.leaving = self.ends.save().is_ok();
            self.idle_since = None;
        }
        // Where the run's folder was removed, nobody can come any more.
        self.leaving |= !self.listener.is_reachable();
    }
}

impl Drop for Server {
    /// Nothing of a server remains: the socket goes with it, commands do not.
    fn drop(&mut self) {
        self.listener.remove();
    }
}
