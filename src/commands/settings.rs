//! What is configured for a command: found from where it is, and from its runbook.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::config::Config;
use crate::journal::StateDir;

/// Returns the configuration for a command about this runbook: that beside it or above it goes before that of
/// the current folder.
pub(super) fn of_runbook(file: &str) -> Result<Config, Failure> {
    let path = std::path::absolute(file).unwrap_or_else(|_| PathBuf::from(file));
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    Ok(Config::find(&[&folder, &here()])?)
}

/// Returns the state folder for a command without a runbook, as it is.
pub(super) fn state_dir() -> Result<StateDir, Failure> {
    let config = Config::find(&[&here()])?;
    Ok(StateDir::existing(StateDir::place(config.state())?))
}

fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}
