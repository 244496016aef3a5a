//! Which process is meant, also after its number was given to another.
//!
//! Owns the triple of process id, start time and boot, and what `/proc` tells by it. This is
//! what remains when a supervisor itself was killed: whoever resumes asks whether the old
//! command still lives, and waits for it or ends it, before any doubt about it is settled.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::group;

/// A process, told apart from every other one there was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    pub pid: i32,
    /// Clock ticks from boot to the process's start; 0 where `/proc` did not tell.
    pub start_ticks: u64,
    /// The kernel's id of the boot; empty where `/proc` did not tell.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// Returns the identity of the process that has this number now. For a child that was not
    /// yet waited for, this is the child also when it has exited.
    pub fn of(pid: i32) -> Self {
        let start_ticks = group::stat(pid).map_or(0, |stat| stat.start_ticks);
        ProcessIdentity { pid, start_ticks, boot_id: boot_id().to_owned() }
    }

    /// Returns whether exactly this process still runs. One that only waits to be reaped does not.
    pub fn lives(&self) -> bool {
        self.boot_id == boot_id()
            && group::stat(self.pid).is_some_and(|stat| stat.start_ticks == self.start_ticks && !stat.dead)
    }

    /// Returns whether this process, or one of the group it leads, still runs.
    ///
    /// A group's number is not given away while the group has a member, but once it is empty it
    /// may be: a leader seen under this number with another start time settles it as gone.
    pub fn group_lives(&self) -> bool {
        if self.boot_id != boot_id() {
            return false;
        }
        match group::stat(self.pid) {
            Some(stat) if stat.start_ticks != self.start_ticks => false,
            _ => Pid::from_raw(self.pid).is_some_and(group::has_living),
        }
    }

    /// Sends TERM (or KILL, if `hard`) to the group this process leads.
    ///
    /// # Errors
    /// When nothing of it lives any more, or its processes belong to another user.
    pub fn end_group(&self, hard: bool) -> io::Result<()> {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.group_lives()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        group::signal(pid, if hard { Signal::KILL } else { Signal::TERM })
    }

    /// Waits until this process runs no more; returns at once if it does not. The processes it
    /// started are not waited for: see [`ProcessIdentity::group_lives`].
    ///
    /// # Errors
    /// When the system has no pidfd to wait with, or no thread to give.
    pub async fn gone(&self) -> io::Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(());
        };
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Looked at only now: the handle holds the number's present owner, who may be another.
        if !self.lives() {
            return Ok(());
        }
        // A thread, as the runtime has no safe way to wait for a descriptor of this kind; it is
        // one per orphan of a killed supervisor, and none in a run where nothing was killed.
        let (tell, told) = oneshot::channel();
        std::thread::Builder::new().name("await-exit".into()).spawn(move || {
            tell.send(wait_readable(&handle)).ok();
        })?;
        told.await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
    }
}

fn wait_readable(handle: &OwnedFd) -> io::Result<()> {
    loop {
        match poll(&mut [PollFd::new(handle, PollFlags::IN)], None) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the kernel's id of this boot, read once.
pub fn boot_id() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
    })
}
