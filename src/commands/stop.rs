//! `mainstay stop`: a run is stopped from elsewhere, in order.
//!
//! Owns what whoever stops is told. Whether somebody may, the run decides; what is taken back, the engine.

use super::answer::until_taken;
use super::failure::{Failure, INVALID, warn_with};
use super::{print, settings};
use crate::display::clean;
use crate::event::{Body, Fact, Heard, Input, Opened, Outcome, PhaseKind};
use crate::journal::{Reader, RunLock, StateDir};
use crate::people::inbox::{Inbox, Letter, Message};
use crate::people::{Person, Rules};

const AFTER: &str = "\
Examples:
  mainstay stop last
  mainstay stop k7f3 --because \"the bank called: wait until tomorrow\"

The command that runs is ended first; then changes are taken back, the last one first, and the run ends as `aborted`.
To leave a run as it stands instead, press Ctrl-C twice where it runs.";

/// Stop a run, and let it take its changes back
///
/// Works from another terminal, and as another user of a shared state folder: for who began the run, for whoever
/// holds a role of it, and for root. A second stop does no harm.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// Why; it stands on the timeline
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// What a run's journal says of its being stopped.
#[derive(Default)]
struct Seen {
    opened: Option<Box<Opened>>,
    /// What became of our letter.
    taken: Option<Result<(), String>>,
    /// It takes changes back, for whatever reason.
    unwinds: bool,
    outcome: Option<Outcome>,
}

pub(super) fn stop(args: &Args) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let run = state.find(&args.run)?;
    let folder = state.run_dir(&run);
    let before = look(&state, &run, "")?;
    if let Some(outcome) = before.outcome {
        return Err(Failure::new(INVALID, format!("the run {run} has ended: {}", outcome.word()))
            .help(format!("`mainstay show {run}` shows how")));
    }
    if let Some(opened) = &before.opened
        && let Err(why) = Rules::of(opened).may_stop(&Person::current())
    {
        return Err(Failure::new(INVALID, format!("you may not stop the run {run}: {why}"))
            .help(format!("`mainstay note {run} TEXT` tells those who may what you know")));
    }
    if RunLock::holder(&folder)?.is_none() {
        return Err(nobody(&run));
    }
    let message = Message::Stop { because: args.because.clone() };
    let file = Inbox::at(&folder).put(&Letter { run: run.clone(), message })?;
    let after = until_taken(&folder, || {
        let seen = look(&state, &run, &file)?;
        Ok((seen.taken.is_some() || seen.outcome.is_some()).then_some(seen))
    })?;
    match after {
        Some(Seen { taken: Some(taken), outcome, .. }) => told(&run, &before, taken, outcome),
        Some(Seen { outcome: Some(outcome), .. }) => {
            let word = outcome.word();
            Err(Failure::new(1, format!("the run {run} ended before it took the stop in: {word}"))
                .help(format!("`mainstay show {run}` shows how")))
        }
        _ if RunLock::holder(&folder)?.is_some() => {
            warn_with(
                "the stop is kept, and the run has not taken it in yet",
                format!("`mainstay show {run}` will say what became of it"),
            );
            Ok(0)
        }
        _ => {
            warn_with(
                "the stop is kept, but nobody executes the run any more",
                format!("`mainstay resume {run}` takes it in, and the changes back"),
            );
            Ok(0)
        }
    }
}

fn nobody(run: &str) -> Failure {
    Failure::new(INVALID, format!("nobody executes the run {run}: there is nothing to stop"))
        .help(format!("`mainstay rollback {run}` takes it back, `mainstay resume {run}` goes on with it"))
}

fn told(
    run: &str,
    before: &Seen,
    taken: Result<(), String>,
    outcome: Option<Outcome>,
) -> Result<u8, Failure> {
    if let Err(why) = taken {
        return Err(Failure::new(1, format!("the stop does not count: {}", clean(&why))));
    }
    let said = match outcome {
        Some(outcome) => format!("the run {run} has stopped: {}\n", outcome.word()),
        None if before.unwinds => {
            format!("the run {run} takes its changes back already, and goes on with that\n")
        }
        None => format!(
            "the run {run} stops: what it runs now is ended, then its changes are taken back, the last one first; where \
             nobody can know whether what was ended had happened, it asks: `mainstay waiting {run}`\n"
        ),
    };
    print(&said)?;
    Ok(0)
}

/// Reads the run's journal; `file`: our letter.
fn look(state: &StateDir, run: &str, file: &str) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    for (_, record) in Reader::open(state, run)?.salvage().records {
        match record.body {
            Body::Input(Input::Opened(opened)) => seen.opened = Some(opened),
            Body::Input(Input::Heard { heard, letter, .. }) if letter == file => match heard {
                Heard::Stop { .. } => seen.taken = Some(Ok(())),
                Heard::Void { why, .. } => seen.taken = Some(Err(why)),
                _ => {}
            },
            Body::Fact(Fact::PhaseBegan { phase: PhaseKind::Unwind | PhaseKind::Rollback, .. }) => {
                seen.unwinds = true;
            }
            Body::Fact(Fact::Ended { outcome, .. }) => seen.outcome = Some(outcome),
            // It goes on, whatever it had come to.
            Body::Fact(Fact::RollingBack { .. }) => seen.outcome = None,
            _ => {}
        }
    }
    Ok(seen)
}
