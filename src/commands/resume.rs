//! `mainstay resume`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use super::failure::{Failure, INVALID};
use super::run::{Conduct, Past, secrets, tools};
use super::{EXIT_CODES, Format, kept, settings};
use crate::check::{self, Memory};
use crate::engine;
use crate::event::{Body, Input, Opened, Record};
use crate::journal::{RunJournal, StateDir};
use crate::people::{Person, Terminal};
use crate::program::Program;
use crate::real::Clock;
use crate::source::Sources;

const AFTER: &str = "\
Examples:
  mainstay resume last
  mainstay resume k7f3

The runbook is taken as it was when the run began. What was done is not done again; a command that still runs is waited
for; answers that were given meanwhile count if they came in time.";

/// Go on with a run that was left as it stood
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{AFTER}\n\n{EXIT_CODES}"))]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// What to write while it runs: lines for people, or the journal's records as JSON lines
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn resume(args: &Args) -> Result<u8, Failure> {
    let state = StateDir::create(settings::state_dir()?.root())?;
    let run = state.find(&args.run)?;
    let journal = RunJournal::open(&state, &run)?;
    let records = journal.read()?;
    let Some(opened) = opening(&records) else {
        return Err(Failure::new(
            1,
            format!("the run {run} was never opened; there is nothing to go on with"),
        ));
    };
    let me = Person::current();
    if me.uid != opened.uid {
        let user = Person::of(opened.uid).name;
        return Err(Failure::new(
            INVALID,
            format!("the run {run} is `{user}`'s, and only who began a run can go on with it"),
        )
        .help(format!("as root: `sudo -u {user} mainstay resume {run}`")));
    }
    let program = program_of(&state, &run, &opened)?;
    tools(&program)?;
    let secrets = secrets(&program)?;
    let replayed = engine::replay(Arc::clone(&program), secrets.clone(), &records).map_err(|error| {
        Failure::new(1, error.to_string()).help(format!("`mainstay show {run}` shows what stands"))
    })?;
    if let Some(outcome) = replayed.outcome {
        return Err(Failure::new(INVALID, format!("the run {run} has ended: {}", outcome.word()))
            .help(format!("`mainstay show {run}` shows how")));
    }
    std::env::set_current_dir(Path::new(&opened.cwd))
        .map_err(|e| Failure::new(1, format!("the folder `{}`, in which the run began: {e}", opened.cwd)))?;
    let terminal = !opened.unattended
        && std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
        && args.format == Format::Text;
    let seat = if terminal { Terminal::open().ok() } else { None };
    let last = records.last().map_or(opened.at, |record| record.at);
    let prevention = std::fs::read_to_string(state.run_dir(&run).join(kept::PREVENTION)).unwrap_or_default();
    let clock = Clock::resume(last);
    let seen = kept::letters(&records);
    let conduct = Conduct { program, secrets, state, run, clock, journal, seat, prevention };
    conduct.resume(args.format, &opened, Past { records, replayed, seen })
}

fn opening(records: &[Record]) -> Option<Opened> {
    match records.first().map(|record| &record.body) {
        Some(Body::Input(Input::Opened(opened))) => Some((**opened).clone()),
        _ => None,
    }
}

/// Returns the program of the texts that the run began with.
fn program_of(state: &StateDir, run: &str, opened: &Opened) -> Result<Arc<Program>, Failure> {
    let path = state.run_dir(run).join(kept::SOURCES);
    let lost = |why: String| {
        Failure::new(1, format!("the texts of the run cannot be had from `{}`: {why}", path.display()))
            .help(format!("`mainstay show {run}` shows what was changed and not taken back"))
    };
    let text = std::fs::read(&path).map_err(|e| lost(e.to_string()))?;
    let sources: Sources = serde_json::from_slice(&text).map_err(|e| lost(e.to_string()))?;
    let loader =
        Memory::new(sources.iter().map(|(_, source)| (source.name.clone(), source.text.to_string())));
    let program = check::check(&opened.file, &loader)
        .program
        .ok_or_else(|| lost("they are not in order".to_owned()))?;
    if program.hash != opened.program_hash {
        return Err(lost(format!("they are {}, the run began with {}", program.hash, opened.program_hash)));
    }
    Ok(Arc::new(program))
}
