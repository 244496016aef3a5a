//! A run that goes on in the background: a process of its own, without a terminal.
//!
//! Owns how that process begins, and that it has the run before anybody is told so. There is no second way of running: it
//! resumes the run like anybody else, and can be killed and taken up like any other.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::failure::{Failure, warn_with};
use super::print;
use crate::event::{Body, Heard, Input};
use crate::journal::{Reader, StateDir};
use crate::people::Person;
use crate::real::Surroundings;

/// What it writes, in the run's folder.
const LOG: &str = "background.log";

/// How long it may take to take the run up: it fetches the secrets again.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Starts a process that goes on with the run, and says how to get at it once it has the run.
pub(super) fn go_on(state: &StateDir, run: &str, text: &[&str]) -> Result<u8, Failure> {
    let path = state.run_dir(run).join(LOG);
    let fail = |what: &str, why: std::io::Error| {
        Failure::new(1, format!("{what}: {why}"))
            .help(format!("`mainstay resume {run}` goes on with the run here"))
    };
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0))
        .open(&path)
        .map_err(|e| fail("the log of the background cannot be opened", e))?;
    let errors = log.try_clone().map_err(|e| fail("the log of the background cannot be opened", e))?;
    let mut child = Command::new("/proc/self/exe")
        .arg0("mainstay")
        .args(["resume", "--background"])
        .args(text)
        .arg(run)
        .env("MAINSTAY_STATE", state.root())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|e| fail("the background cannot be started", e))?;
    until_it_has_the_run(state, run, &mut child, &path)?;
    print(&format!(
        "{run}\nthe run goes on in the background\n\n  mainstay attach {run}   shows it\n  \
         mainstay waiting {run}  shows what it asks, and how it is answered\n  \
         mainstay stop {run}     stops it, and takes its changes back\n"
    ))?;
    Ok(0)
}

fn until_it_has_the_run(
    state: &StateDir,
    run: &str,
    child: &mut Child,
    log: &std::path::Path,
) -> Result<(), Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        // What it wrote counts also where it is over by now.
        let over = matches!(child.try_wait(), Ok(Some(_)));
        let rows = Reader::open(state, run)?.after(0)?;
        let has_it = rows.iter().any(|(_, record)| match &record.body {
            Body::Input(Input::Heard { heard: Heard::Resumed { executor: Some(executor), .. }, .. }) => {
                executor.pid == child.id()
            }
            _ => false,
        });
        if has_it {
            return Ok(());
        }
        if over || Instant::now() > until {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let failure = Failure::new(1, format!("the background did not take the run {run} up"))
                .help(format!("`mainstay resume {run}` goes on with it here"));
            return Err(if said.trim().is_empty() { failure } else { failure.note(said.trim().to_owned()) });
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Says what would end the run's commands although they outlive the program, where a person reads it.
pub(super) fn warn_of_what_ends_all() {
    let Person { uid, name } = Person::current();
    if let Some((what, help)) = Surroundings::read(&name, uid).threat() {
        warn_with(what, help);
    }
}

/// Leaves the terminal's session, so that its end is nothing to this process.
pub(super) fn leave_the_session() {
    // Refused only for the leader of a group, which a process that was just started is not.
    let _ = rustix::process::setsid();
}
