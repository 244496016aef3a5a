//! `mainstay note`.

use super::failure::{Failure, INVALID};
use super::settings;
use crate::people::inbox::{Inbox, Letter, Message};

/// Write something on a run's timeline
///
/// Also while it runs, and after it has ended. Who wrote it is the user of this process.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// What to write
    #[arg(value_name = "TEXT")]
    text: String,
}

pub(super) fn note(args: &Args) -> Result<u8, Failure> {
    if args.text.trim().is_empty() {
        return Err(
            Failure::new(INVALID, "the note is empty").help("write `mainstay note RUN \"what happened\"`")
        );
    }
    let state = settings::state_dir()?;
    let run = state.find(&args.run)?;
    let message = Message::Note { text: args.text.clone() };
    Inbox::at(&state.run_dir(&run)).put(&Letter { run, message })?;
    Ok(0)
}
