//! `mainstay sign`.

use std::path::PathBuf;

use super::failure::{Failure, INVALID};
use super::{print, settings};
use crate::journal::{JournalError, Reader, SignError, Statement, sign as sign_head};
use crate::timeline::Summary;

const AFTER: &str = "\
Examples:
  mainstay sign last --key ~/.ssh/id_ed25519
  mainstay verify last --allowed-signers signers

What is signed is a short text: the run, how many rows its record has, the hash in which it ends, and the outcome. It lies in the
run's folder beside its signature, and can be verified by ssh-keygen alone.

Exit codes: 0 signed, 1 not, 2 there is no such run.";

/// Sign the end of a run's record with an SSH key
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// The private key, or the public one of a key that an agent holds
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    key: PathBuf,
}

pub(super) fn sign(args: &Args) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let run = state.find(&args.run)?;
    let audit = Reader::open(&state, &run)?.audit();
    if !audit.faults.is_empty() || audit.damage.is_some() {
        return Err(Failure::new(
            1,
            format!("the record of the run {run} is not as it was written; it is not signed"),
        )
        .help(format!("`mainstay verify {run}` says what is wrong")));
    }
    if audit.head.seq == 0 {
        return Err(Failure::new(
            INVALID,
            format!("the run {run} was never opened; there is nothing to sign"),
        ));
    }
    let summary = Summary::of(&audit.records);
    let mark = if summary.game_day.is_some() { "game day: " } else { "" };
    let outcome = format!("{mark}{}", summary.outcome().map_or("open", |outcome| outcome.word()));
    let statement = Statement { run: run.clone(), head: audit.head, outcome };
    let file = sign_head(&state.run_dir(&run), &statement, &args.key).map_err(refused)?;
    print(&format!("{statement}signature {}\n", state.run_dir(&run).join(file).display()))?;
    Ok(0)
}

fn refused(error: SignError) -> Failure {
    match error {
        SignError::Journal(JournalError::Denied(path)) => {
            Failure::from(JournalError::Denied(path)).note("a run is signed by whoever it belongs to")
        }
        SignError::Journal(error) => error.into(),
        SignError::Tool(_) => Failure::new(1, error.to_string()).help("install OpenSSH's client programs"),
        SignError::Refused(_) => Failure::new(1, error.to_string())
            .help("`--key` is a private key, or a public one whose private one an agent holds"),
        SignError::Signed(_) => Failure::new(1, error.to_string()),
    }
}
