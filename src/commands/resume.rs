//! `mainstay resume`.

use super::conduct::Conduct;
use super::failure::{Failure, INVALID, warn_with};
use super::past::Past;
use super::run::{secrets, tools};
use super::{EXIT_CODES, Format, detach, settings};
use crate::journal::StateDir;

const AFTER: &str = "\
Examples:
  mainstay resume last
  mainstay resume k7f3 --accept-changed

What was done is not done again; a command that still runs is waited for; answers that were given meanwhile count if
they came in time. Deadlines went on while nobody ran it. Secrets are fetched again.

Where the runbook or a module has changed since, nothing is done until you say which text it is to be.";

/// Go on with a run that was left as it stood
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{AFTER}\n\n{EXIT_CODES}"))]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// Go on with the text as it is now, where what was done so far stands in it as it did
    #[arg(long, conflicts_with = "as_begun")]
    accept_changed: bool,

    /// Go on with the text as it was, whatever has become of it
    #[arg(long)]
    as_begun: bool,

    /// What to write while it runs: lines for people, or the journal's records as JSON lines
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Let it go on in the background, without this terminal
    #[arg(long, conflicts_with = "format")]
    detach: bool,

    /// This process is the background.
    #[arg(long, hide = true, conflicts_with = "detach")]
    background: bool,
}

pub(super) fn resume(args: &Args) -> Result<u8, Failure> {
    if args.background {
        detach::leave_the_session();
    }
    let state = StateDir::create(settings::state_dir()?.root())?;
    let mut past = Past::open(state, &args.run, "go on with")?;
    if let Some(outcome) = past.summary.outcome() {
        let run = &past.run;
        return Err(Failure::new(INVALID, format!("the run {run} has ended: {}", outcome.word()))
            .help(format!("`mainstay show {run}` shows how, `mainstay rollback {run}` takes it back")));
    }
    if !args.as_begun {
        past.look_at_the_text(args.accept_changed)?;
    }
    tools(&past.program)?;
    missing_environment(&past);
    let secrets = secrets(&past.program)?;
    let replayed = past.replay(&secrets)?;
    if args.detach {
        let Past { state, run, journal, accepted, .. } = past;
        journal.close()?;
        detach::warn_of_what_ends_all();
        let text = if accepted.is_empty() { "--as-begun" } else { "--accept-changed" };
        return detach::go_on(&state, &run, &[text]);
    }
    let clock = past.clock();
    let inputs = vec![past.taken_up(clock)?];
    Conduct::again(past, secrets, clock, args.format).resume(args.format, replayed, inputs)
}

/// Says which variables of the environment the run began with are not there now.
fn missing_environment(past: &Past) {
    /// Of a session, not of the work.
    const SESSION: &[&str] = &[
        "_",
        "SHLVL",
        "OLDPWD",
        "PWD",
        "TERM",
        "COLUMNS",
        "LINES",
        "DISPLAY",
        "SSH_",
        "XDG_SESSION",
        "TMUX",
        "STY",
        "WINDOWID",
        "COLORTERM",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
    ];
    let is_missing = |name: &&String| {
        std::env::var_os(name.as_str()).is_none() && !SESSION.iter().any(|session| name.starts_with(session))
    };
    let missing: Vec<&str> = past.opened.env_names.iter().filter(is_missing).map(String::as_str).collect();
    if !missing.is_empty() {
        let of = if missing.len() == 1 { "a variable" } else { "variables" };
        warn_with(
            format!("{of} of the environment in which the run began are not set now: {}", missing.join(", ")),
            "commands of the run that need them will miss them; leave with Ctrl-C and set them, where they matter",
        );
    }
}
