//! One command from its start to its end.
//!
//! Owns the order of a stop (TERM to the group, grace, KILL) and of an end (see it, signal what
//! is left of the group, take what the pipes hold, reap). The leader is reaped last: until then
//! its number, which is the group's, cannot be given to another. Never waits: everything here
//! is asked again when the poll loop wakes.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, waitid};
use zeroize::Zeroizing;

use super::blot::Needles;
use super::group;
use super::identity::ProcessIdentity;
use super::output::OutputFolder;
use super::protocol::{CommandSpec, Ended, How, Moment, Output, Printed, Started, StreamName};
use super::spawn::{self, Failure, Spawned};
use super::stream::{Pipe, Progress, Stream};

/// How long pipes are read after the leader's exit, at most.
const DRAIN: Duration = Duration::from_millis(100);
/// How often a group in the course of its end is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often a leader is looked at where the system has no pidfd.
const LOOK_WITHOUT_PIDFD: Duration = Duration::from_millis(2);
/// How long after KILL a group is given up as one that cannot be ended.
const GIVE_UP: Duration = Duration::from_secs(5);

pub(super) struct Running {
    pub started: Started,
    pub stdout: Stream,
    pub stderr: Stream,
    child: Child,
    group: Pid,
    pidfd: Option<OwnedFd>,
    feed: Option<Feed>,
    user: Option<String>,
    begun: Instant,
    deadline: Option<Instant>,
    grace: Duration,
    exited: bool,
    stop: Option<Stop>,
    /// When a group in the course of its end, or a leader without pidfd, is looked at again.
    look: Option<Instant>,
}

/// Bytes on their way to a command's standard input.
struct Feed {
    pipe: std::process::ChildStdin,
    bytes: Zeroizing<Vec<u8>>,
    written: usize,
}

struct Stop {
    how: How,
    /// When KILL is due or, once it was sent, when the group is given up.
    until: Instant,
    killed: bool,
}

/// What remains of a command that ended.
pub(super) struct Remains {
    pub ended: Ended,
    /// The last of its output, where some was shown before.
    pub last: Vec<Output>,
    /// Pipes that a process of another group holds open.
    pub strays: Vec<Pipe>,
    /// The leader, where it could not be ended.
    pub unreaped: Option<Child>,
}

impl Running {
    /// Starts the command.
    pub fn start(spec: &CommandSpec, needles: &Needles) -> Result<Self, Failure> {
        let begun = Instant::now();
        let Spawned { mut child, feed, user } = spawn::spawn(spec)?;
        let group = Pid::from_child(&child);
        let pidfd = pidfd_open(group, PidfdFlags::empty()).ok();
        let look = if pidfd.is_some() { None } else { Some(begun + LOOK_WITHOUT_PIDFD) };
        let feed = match (child.stdin.take(), feed) {
            (Some(pipe), Some(bytes)) if rustix::io::ioctl_fionbio(&pipe, true).is_ok() => {
                Some(Feed { pipe, bytes, written: 0 })
            }
            _ => None,
        };
        let stdout = child.stdout.take().and_then(|end| Pipe::new(end).ok());
        let stderr = child.stderr.take().and_then(|end| Pipe::new(end).ok());
        let process = ProcessIdentity::of(group.as_raw_pid());
        let mut running = Running {
            started: Started { id: spec.id.clone(), process, at: Moment::now() },
            stdout: Stream::new(StreamName::Stdout, stdout, needles, spec.output_limit),
            stderr: Stream::new(StreamName::Stderr, stderr, needles, spec.output_limit),
            child,
            group,
            pidfd,
            feed,
            user,
            begun,
            deadline: begun.checked_add(spec.timeout),
            grace: spec.grace,
            exited: false,
            stop: None,
            look,
        };
        running.feed();
        Ok(running)
    }

    pub fn id(&self) -> &str {
        &self.started.id
    }

    /// Returns what it printed so far.
    pub fn printed(&self) -> Printed {
        let id = self.id().to_owned();
        Printed { id, stdout: self.stdout.so_far(), stderr: self.stderr.so_far() }
    }

    /// Returns what becomes readable when the leader exits.
    pub fn pidfd(&self) -> Option<&OwnedFd> {
        self.pidfd.as_ref().filter(|_| !self.exited)
    }

    /// Returns what becomes writable when the command reads its standard input.
    pub fn feed_pipe(&self) -> Option<&std::process::ChildStdin> {
        self.feed.as_ref().map(|feed| &feed.pipe)
    }

    /// Writes to its standard input what it takes now; closes it after the last byte, or when
    /// nobody reads it any more.
    pub fn feed(&mut self) {
        while let Some(feed) = &mut self.feed {
            match feed
                .bytes
                .get(feed.written..)
                .filter(|rest| !rest.is_empty())
                .map(|rest| feed.pipe.write(rest))
            {
                Some(Ok(count)) if count > 0 => feed.written += count,
                Some(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Some(Err(error)) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                _ => self.feed = None,
            }
        }
    }

    /// Notes that the leader has exited.
    pub fn set_exited(&mut self) {
        self.exited = true;
    }

    /// Returns when something is due that no descriptor will tell.
    pub fn due(&self) -> Option<Instant> {
        let until = match &self.stop {
            Some(stop) => Some(stop.until),
            None => self.deadline,
        };
        [until, self.look, self.stdout.due(), self.stderr.due()].into_iter().flatten().min()
    }

    /// Begins its end by TERM to the group; the first reason stands. Returns a helper to reap.
    pub fn stop(&mut self, how: How, now: Instant) -> Option<Child> {
        if self.stop.is_some() || self.exited {
            return None;
        }
        let until = now.checked_add(self.grace).unwrap_or(now + GIVE_UP);
        self.stop = Some(Stop { how, until, killed: false });
        self.signal(Signal::TERM)
    }

    /// Signals the group. Processes of another user are signalled as that user.
    fn signal(&self, signal: Signal) -> Option<Child> {
        let denied = group::signal(self.group, signal)
            .is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied);
        let user = self.user.as_ref().filter(|_| denied)?;
        let name = if signal == Signal::KILL { "KILL" } else { "TERM" };
        spawn::spawn_kill(user, name, self.group.as_raw_pid()).ok()
    }

    /// Does what is due, and returns whether the command is over.
    pub fn advance(&mut self, now: Instant, helpers: &mut Vec<Child>) -> bool {
        if self.pidfd.is_none() && !self.exited {
            self.exited = has_exited(self.group);
            self.look = Some(now + LOOK_WITHOUT_PIDFD);
        }
        if self.stop.is_none() {
            if self.exited {
                return true;
            }
            if self.deadline.is_none_or(|deadline| now < deadline) {
                return false;
            }
            helpers.extend(self.stop(How::Timeout, now));
        }
        self.advance_stop(now, helpers)
    }

    fn advance_stop(&mut self, now: Instant, helpers: &mut Vec<Child>) -> bool {
        if self.exited {
            if !group::has_living(self.group) {
                return true;
            }
            self.look = Some(now + LOOK);
        }
        let Some(stop) = &mut self.stop else {
            return false;
        };
        if now < stop.until {
            return false;
        }
        if stop.killed {
            return true;
        }
        stop.killed = true;
        stop.until = now + GIVE_UP;
        helpers.extend(self.signal(Signal::KILL));
        false
    }

    /// Ends the keeping. Reads what the pipes hold, without waiting for who holds them open.
    pub fn finish(mut self, buffer: &mut [u8], folder: &mut OutputFolder, show: bool) -> Remains {
        let until = Instant::now() + DRAIN;
        for stream in [&mut self.stdout, &mut self.stderr] {
            while stream.read(buffer, folder, show) == Progress::Read && Instant::now() < until {}
        }
        let survivors = self.stop.is_some() && (!self.exited || group::has_living(self.group));
        let (status, unreaped) =
            if self.exited { (self.child.wait().ok(), None) } else { (None, Some(self.child)) };
        let how = match (self.stop, status) {
            (Some(stop), _) => stop.how,
            (None, Some(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => How::Exit(code),
                (None, signal) => How::Signal(signal.unwrap_or(0)),
            },
            // Somebody else waited for it: nothing is known of its end but that it is over.
            (None, None) => How::Signal(0),
        };
        let elapsed = self.begun.elapsed();
        let id = self.started.id;
        let (stdout, last_out, stray_out) = self.stdout.finish(&id, folder);
        let (stderr, last_err, stray_err) = self.stderr.finish(&id, folder);
        Remains {
            ended: Ended { id, how, at: Moment::now(), elapsed, stdout, stderr, survivors },
            last: last_out.into_iter().chain(last_err).collect(),
            strays: stray_out.into_iter().chain(stray_err).collect(),
            unreaped,
        }
    }
}

/// Returns whether the process waits to be reaped, and leaves it so.
fn has_exited(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(status) => status.is_some(),
        Err(error) => error == rustix::io::Errno::CHILD,
    }
}
