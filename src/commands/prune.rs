//! `mainstay runs prune`.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use super::failure::{Failure, INVALID};
use super::listed::Listed;
use super::{Format, pretty, print, settings};
use crate::display::RunState;
use crate::journal::{Index, Listing, Prune, Stamp, Stamps, StateDir, opened_as_named};
use crate::users;
use crate::value::{Value, parse_duration};

const AFTER: &str = "\
Examples:
  mainstay runs prune --older-than 90d --dry-run
  mainstay runs prune --older-than 90d

What is not over is kept, however old, and so is a run that left something behind which still stands; it says which, and why. A run that
was cut off before anything of it was recorded goes. A run that was deleted can neither be shown nor be taken back.

Exit codes: 0 done, 1 something could not be deleted.";

/// Delete what is kept of runs that ended long ago
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// Only runs that ended longer ago than this: `90d`, `12h`
    #[arg(long, value_name = "AGE")]
    older_than: String,

    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,

    /// Also runs that left something behind which still stands
    #[arg(long)]
    standing: bool,

    /// How to write what was done
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct Done {
    dry_run: bool,
    deleted: Vec<String>,
    /// Bytes of files; 0 where nothing was deleted.
    bytes: u64,
    kept: Vec<Kept>,
}

/// An old run that is kept.
#[derive(Debug, Serialize)]
struct Kept {
    run: String,
    why: String,
}

pub(super) fn prune(args: &Args) -> Result<u8, Failure> {
    let age = age(&args.older_than)?;
    let state = settings::state_dir()?;
    let now = jiff::Timestamp::now().as_microsecond();
    let before = now.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
    let mut done = Done { dry_run: args.dry_run, deleted: Vec::new(), bytes: 0, kept: Vec::new() };
    let mut prune = (!args.dry_run).then(|| Prune::begin(&state));
    let stamps = Stamps::of(&state);
    // Before they are judged: one that is written to in between stays.
    let look = |run: String| stamps.as_ref()?.stamp(&run).map(|stamp| (run, stamp));
    let stood: HashMap<String, Stamp> = state.runs()?.into_iter().filter_map(look).collect();
    for (listing, run_state) in Listed::of(&state)?.read(|_, _| true) {
        let run = &listing.run;
        // One that was cut off before its first row says nowhere else when it began.
        let opened =
            if listing.opened_us == 0 { opened_as_named(run).unwrap_or(0) } else { listing.opened_us };
        if listing.ended_us.unwrap_or(opened) >= before {
            continue;
        }
        let why = reason(&state, &listing, run_state, args.standing).or_else(|| {
            let still = || {
                let now = stamps.as_ref().and_then(|stamps| stamps.stamp(run));
                now.is_some() && now.as_ref() == stood.get(run) || state.is_bare(run)
            };
            condemn(prune.as_mut()?, run, still)
        });
        match why {
            Some(why) => done.kept.push(Kept { run: listing.run, why }),
            None => done.deleted.push(listing.run),
        }
    }
    if let Some(prune) = prune {
        if let Ok(mut index) = Index::open(&state) {
            // What is not forgotten now is the next time, since its folder is gone.
            let _ = index.update(&[], &done.deleted);
        }
        done.bytes = prune.finish()?;
    }
    match args.format {
        Format::Json => print(&pretty(&done)?)?,
        Format::Text => print(&text(&done))?,
    }
    Ok(0)
}

fn age(typed: &str) -> Result<Duration, Failure> {
    match parse_duration(typed) {
        Ok(Value::Duration(ns)) if ns >= 0 => Ok(Duration::from_nanos(ns.unsigned_abs())),
        Ok(_) => Err(Failure::new(INVALID, format!("`{typed}` is no age")).help("write it like `90d`")),
        Err(why) => Err(Failure::new(INVALID, why)),
    }
}

/// Returns why a run is kept, `None` where it may go.
fn reason(state: &StateDir, listing: &Listing, run_state: RunState, standing: bool) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    if let Some(owner) = state.owner(&listing.run).filter(|owner| *owner != me) {
        return Some(format!("it belongs to `{}`", users::name_of(owner)));
    }
    let run = &listing.run;
    match run_state {
        // Nothing of it was real, and nobody can go on with it.
        RunState::Ended(_) | RunState::Suspended | RunState::Interrupted if listing.game_day.is_some() => {
            None
        }
        RunState::Ended(_) if listing.counts.standing > 0 && !standing => {
            let count = listing.counts.standing;
            let word = if count == 1 { "change of it still stands" } else { "changes of it still stand" };
            Some(format!("{count} {word}; `--standing` deletes it all the same"))
        }
        RunState::Ended(_) => None,
        // It was cut off before its first row.
        RunState::Damaged if state.is_bare(run) => None,
        RunState::Suspended | RunState::Interrupted if listing.head.seq == 0 => None,
        RunState::Damaged => Some(format!("its journal cannot be read; `mainstay verify {run}` says why")),
        RunState::Running => Some("somebody executes it".to_owned()),
        RunState::Waiting => Some(format!("it waits for {}", listing.waiting)),
        _ => Some(format!("it is not over; `mainstay resume {run}` goes on with it")),
    }
}

/// Takes a run out of the list. Returns why it cannot be.
fn condemn(prune: &mut Prune, run: &str, still: impl FnOnce() -> bool) -> Option<String> {
    match prune.condemn(run, still) {
        Ok(true) => None,
        Ok(false) => Some("somebody writes to its journal".to_owned()),
        // One that cannot be deleted is no reason to keep the others.
        Err(error) => Some(error.to_string()),
    }
}

fn text(done: &Done) -> String {
    let mut text = String::new();
    let verb = if done.dry_run { "would be deleted" } else { "deleted" };
    if done.dry_run {
        for run in &done.deleted {
            text.push_str(&format!("{run}  {verb}\n"));
        }
    }
    for kept in &done.kept {
        text.push_str(&format!("{}  kept: {}\n", kept.run, kept.why));
    }
    let runs = if done.deleted.len() == 1 { "run" } else { "runs" };
    let freed = if done.bytes > 0 {
        format!(", {}", Value::Size(i64::try_from(done.bytes).unwrap_or(i64::MAX)))
    } else {
        String::new()
    };
    text.push_str(&format!("{} {runs} {verb}{freed}, {} kept\n", done.deleted.len(), done.kept.len()));
    text
}
