//! Places at which a test pulls the plug, in builds with the feature `failpoints`.
//!
//! Owns their one switch, `MAINSTAY_FAILPOINT=NAME:N` (or `NAME:N:children`): the N-th time the place NAME is
//! reached, this process ends as by `kill -9`; with `children` those it started end first. Without the feature
//! there is nothing of it in the program.

/// Reaches the place `name`.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn reach(_name: &str) {}

/// Reaches the place `name`.
#[cfg(feature = "failpoints")]
pub fn reach(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};

    static REACHED: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("MAINSTAY_FAILPOINT") else { return };
    let mut parts = wanted.split(':');
    if parts.next() != Some(name) {
        return;
    }
    let number = parts.next().and_then(|number| number.parse().ok());
    if number != Some(REACHED.fetch_add(1, Ordering::SeqCst) + 1) {
        return;
    }
    if parts.next() == Some("children") {
        children().into_iter().for_each(kill);
    }
    kill(rustix::process::getpid());
}

#[cfg(feature = "failpoints")]
fn kill(process: rustix::process::Pid) {
    // Nobody is left to tell.
    let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
}

/// Returns the processes that this one has started.
#[cfg(feature = "failpoints")]
fn children() -> Vec<rustix::process::Pid> {
    let me = rustix::process::getpid().as_raw_pid().to_string();
    let parent = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1).map(str::to_owned)
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| parent(name).as_deref() == Some(&*me))
        .filter_map(|name| rustix::process::Pid::from_raw(name.parse().ok()?))
        .collect()
}
