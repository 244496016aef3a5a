//! `mainstay supervise`, which the program starts by itself.

use std::path::PathBuf;

use super::failure::Failure;
use crate::process::supervisor;

/// Start a run's commands and keep how they ended
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's folder
    run_dir: PathBuf,
}

pub(super) fn supervise(args: &Args) -> Result<u8, Failure> {
    match supervisor::serve(&args.run_dir) {
        Ok(()) => Ok(0),
        Err(error) => Err(Failure::new(1, error.to_string())),
    }
}
