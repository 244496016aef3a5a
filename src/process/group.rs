//! Process groups: signalling them, and seeing whether anything of one still lives.
//!
//! Owns what is read from `/proc/PID/stat`. The whole of `/proc` is looked through only after a
//! stop, to learn whether the group is gone; an ordinary end never needs it.

use std::fs;
use std::io::{self, Read as _};

use rustix::process::{Pid, Signal, kill_process_group};

/// The fields of `/proc/PID/stat` that matter here (proc_pid_stat(5)).
pub(super) struct Stat {
    pub dead: bool,
    pub group: i32,
    pub session: i32,
    pub start_ticks: u64,
}

/// Returns what the kernel says of a process, or `None` when there is none of this number.
pub(super) fn stat(pid: i32) -> Option<Stat> {
    // One read gives all of it, and this is done for every command.
    let mut text = [0; 1024];
    let count = fs::File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut text).ok()?;
    parse(text.get(..count)?)
}

/// The name (field 2) may hold spaces and parentheses: fields are counted from its last `)`.
fn parse(text: &[u8]) -> Option<Stat> {
    let after_name = text.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = std::str::from_utf8(text.get(after_name..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let start_ticks = fields.nth(15)?.parse().ok()?;
    Some(Stat { dead: matches!(state, "Z" | "X" | "x"), group, session, start_ticks })
}

/// Returns whether any process of the group runs; those that only wait to be reaped do not.
pub(super) fn has_living(group: Pid) -> bool {
    living().any(|(_, stat)| stat.group == group.as_raw_pid())
}

/// Returns the leaders of groups that run in a session, with when they started; the session's own leader is none of them.
pub(super) fn leaders(session: i32) -> impl Iterator<Item = (i32, u64)> {
    let leads =
        move |(pid, stat): &(i32, Stat)| stat.session == session && stat.group == *pid && *pid != session;
    living().filter(leads).map(|(pid, stat)| (pid, stat.start_ticks))
}

/// Returns every process that runs.
fn living() -> impl Iterator<Item = (i32, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, stat(pid)?))).filter(|(_, stat)| !stat.dead)
}

/// Sends a signal to every process of the group. TERM is followed by CONT, so that a stopped
/// process hears it.
///
/// # Errors
/// When the group is empty, or none of its processes may be signalled by this user.
pub(super) fn signal(group: Pid, signal: Signal) -> io::Result<()> {
    kill_process_group(group, signal)?;
    if signal == Signal::TERM {
        kill_process_group(group, Signal::CONT)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = b"42 (a) R (b) Z 1 40 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
        let stat = parse(text).expect("parses");
        assert!(stat.dead);
        assert_eq!((stat.group, stat.start_ticks), (40, 777));
    }

    #[test]
    fn this_process_lives_in_its_group() {
        assert!(has_living(rustix::process::getpgrp()));
    }
}
