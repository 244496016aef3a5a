//! `mainstay runs`.

use super::failure::{Failure, INVALID};
use super::listed::Listed;
use super::prune;
use super::{Format, pretty, print, settings};
use crate::diagnostic::nearest;
use crate::display::{self, Look, RunState};
use crate::journal::Listing;

const AFTER: &str = "\
Examples:
  mainstay runs
  mainstay runs --outcome failed --outcome rolled_back
  mainstay runs --runbook disk-full --format json

An outcome is one of: resolved, failed, rolled_back, aborted, escalated, not_needed, suspended (its end was not seen),
waiting (for a person), running, damaged (its journal cannot be read).";

/// Runs that are shown where nobody says how many.
const SHOWN: usize = 100;

const OUTCOMES: [&str; 10] = [
    "resolved",
    "failed",
    "rolled_back",
    "aborted",
    "escalated",
    "not_needed",
    "suspended",
    "waiting",
    "running",
    "damaged",
];

/// List the runs of this machine, the newest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Only runs of this runbook: its path, the end of its path, or its name
    #[arg(long, value_name = "NAME", add = super::complete::runbook_name())]
    runbook: Option<String>,

    /// Only runs with this outcome; may be given more than once
    #[arg(long, value_name = "OUTCOME", add = super::complete::words(&OUTCOMES))]
    outcome: Vec<String>,

    /// How many at most; without it, as text, the newest 100 and all that are not over
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,

    /// How to write the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Prune(prune::Args),
}

pub(super) fn runs(args: &Args) -> Result<u8, Failure> {
    if let Some(Command::Prune(args)) = &args.command {
        return prune::prune(args);
    }
    for outcome in &args.outcome {
        if !OUTCOMES.contains(&outcome.as_str()) {
            let failure = Failure::new(INVALID, format!("there is no outcome `{outcome}`"));
            return Err(match nearest(outcome, OUTCOMES) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("there are: {}", OUTCOMES.join(", "))),
            });
        }
    }
    let state = settings::state_dir()?;
    let listed = Listed::of(&state)?;
    let any = listed.len() > 0;
    let is_shown = |place: usize, over: bool| match (args.limit, args.format) {
        (Some(limit), _) => place < limit,
        (None, Format::Json) => true,
        // What is not over is never left out.
        (None, Format::Text) => place < SHOWN || !over,
    };
    let (found, listed) = if args.outcome.is_empty() && args.runbook.is_none() {
        (listed.len(), listed.read(is_shown))
    } else {
        let mut fitting = listed.read(|_, _| true);
        fitting.retain(|(listing, state)| {
            (args.outcome.is_empty() || args.outcome.iter().any(|o| o == state.word()))
                && args.runbook.as_deref().is_none_or(|name| is_of(listing, name))
        });
        let found = fitting.len();
        let fitting = fitting.into_iter().enumerate();
        let shown =
            fitting.filter(|(place, (_, state))| is_shown(*place, matches!(state, RunState::Ended(_))));
        (found, shown.map(|(_, line)| line).collect())
    };
    let left_out = found - listed.len();
    match args.format {
        Format::Json => print(&pretty(&display::runs_json(&listed))?)?,
        Format::Text if listed.is_empty() && any => print("no run is like that\n")?,
        Format::Text if listed.is_empty() => {
            print("nothing has been run yet; `mainstay run FILE` starts\n")?;
        }
        Format::Text => {
            print(&display::runs(&listed, Look::of_stdout()))?;
            if left_out > 0 && args.limit.is_none() {
                print(&format!(
                    "and {left_out} more that have ended: `mainstay runs -n {found}` lists all\n"
                ))?;
            }
        }
    }
    Ok(0)
}

/// Returns whether the run is of the runbook that is named so.
fn is_of(listing: &Listing, name: &str) -> bool {
    let wanted = name.strip_suffix(".runbook").unwrap_or(name);
    let file = listing.file.strip_suffix(".runbook").unwrap_or(&listing.file);
    file.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}
