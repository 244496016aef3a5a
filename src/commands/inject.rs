//! `mainstay inject`: an instructor changes the world of a game day.
//!
//! Owns that nothing is sent which the game day could not take, and what whoever sends it is told.

use super::answer::until_taken;
use super::failure::{Failure, INVALID, warn_with};
use super::{past, print, settings};
use crate::display::{self, Look, clean};
use crate::event::{Body, Fact, Heard, Input, Opened, Outcome};
use crate::gameday::Injector;
use crate::journal::{Reader, RunLock, StateDir};
use crate::people::inbox::{Inbox, Letter, Message};

const AFTER: &str = "\
Examples:
  mainstay inject last 'pool_used = 97%'
  mainstay inject last 'replicas fails \"connection refused\"'
  mainstay inject last 'step \"Restart\" fails'
  mainstay inject last 'step \"Restart\" takes 5m, then exits 1'
  mainstay inject last 'operator stops at step \"Restart\"'

What is injected is a line of `given`, as in a drill, and holds from then on. It stands on the timeline with your name;
who plays is not told of it before the end.
Whoever can write into the run's folder can inject.

Exit codes: 0 the game day has taken it, 1 it could not, 2 it does not fit, or the run is real or over.";

/// Change the world of a game day, while people play
///
/// Only what is read and how steps go can change: people answer themselves, and parameters are those of the beginning. A real
/// run takes nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The game day: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// What is so from then on: a line of `given`
    #[arg(value_name = "WHAT")]
    what: String,
}

pub(super) fn inject(args: &Args) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let run = state.find(&args.run)?;
    let folder = state.run_dir(&run);
    let before = look(&state, &run, "")?;
    let Some(opened) = &before.opened else {
        return Err(Failure::new(1, format!("the run {run} was never opened; nothing can be injected")));
    };
    if opened.game_day.is_none() {
        return Err(Failure::new(INVALID, format!("the run {run} is real: nothing can be injected into it"))
            .help("`mainstay drill FILE --game-day` begins a game day"));
    }
    if let Some(outcome) = before.outcome {
        return Err(Failure::new(INVALID, format!("the game day {run} has ended: {}", outcome.word()))
            .help(format!("`mainstay show {run}` shows how")));
    }
    if RunLock::holder(&folder)?.is_none() {
        return Err(Failure::new(INVALID, format!("nobody plays the game day {run} any more"))
            .help(format!("`mainstay show {run}` shows where it stands")));
    }
    let sources = past::texts(&folder, &run)?;
    if let Err(misfit) = Injector::new(&opened.file, &sources).read(&args.what) {
        eprintln!("{}", display::diagnostics(&misfit.diagnostics, &misfit.sources, Look::of_stderr()));
        return Err(Failure::new(INVALID, "nothing was injected"));
    }
    let message = Message::Inject { text: args.what.trim().to_owned() };
    let file = Inbox::at(&folder).put(&Letter { run: run.clone(), message })?;
    let after = until_taken(&folder, || {
        let seen = look(&state, &run, &file)?;
        Ok((seen.taken.is_some() || seen.outcome.is_some()).then_some(seen))
    })?;
    match after.map(|seen| (seen.taken, seen.outcome)) {
        Some((Some(Ok(())), _)) => {
            print(&format!("injected into the game day {run}: {}\n", clean(args.what.trim())))?;
            Ok(0)
        }
        Some((Some(Err(why)), _)) => {
            Err(Failure::new(1, format!("the game day did not take it: {}", clean(&why))))
        }
        Some((None, Some(outcome))) => {
            Err(Failure::new(1, format!("the game day ended before it took that in: {}", outcome.word()))
                .help(format!("`mainstay show {run}` shows how")))
        }
        _ => {
            warn_with(
                "it is kept, and the game day has not taken it in yet",
                format!("`mainstay show {run}` will say what became of it"),
            );
            Ok(0)
        }
    }
}

/// What a run's journal says of a letter.
#[derive(Default)]
struct Seen {
    opened: Option<Box<Opened>>,
    /// What became of it.
    taken: Option<Result<(), String>>,
    outcome: Option<Outcome>,
}

fn look(state: &StateDir, run: &str, file: &str) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    for (_, record) in Reader::open(state, run)?.salvage().records {
        match record.body {
            Body::Input(Input::Opened(opened)) => seen.opened = Some(opened),
            Body::Input(Input::Heard { heard, letter, .. }) if letter == file => match heard {
                Heard::Injected { .. } => seen.taken = Some(Ok(())),
                Heard::Void { why, .. } => seen.taken = Some(Err(why)),
                _ => {}
            },
            Body::Fact(Fact::Ended { outcome, .. }) => seen.outcome = Some(outcome),
            _ => {}
        }
    }
    Ok(seen)
}
