//! What is configured for a command: found from where it is, and from its runbook; where runs are kept, and who
//! holds which role.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::failure::{Failure, INVALID};
use crate::config::{Config, RolePerson};
use crate::journal::StateDir;
use crate::program::{Approvers, Program};

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

/// Returns who holds which role; refuses what nobody could ever answer.
pub(super) fn roles(
    config: &Config,
    program: &Program,
) -> Result<BTreeMap<String, Vec<RolePerson>>, Failure> {
    let roles = config.roles()?;
    let starter = rustix::process::getuid().as_raw();
    let mut missing = BTreeSet::new();
    for by in program.approvers() {
        if roles.is_empty() {
            if by.quorum {
                return Err(Failure::new(
                    INVALID,
                    format!("nobody could answer `{}`: no roles are set up; nothing was run", words(by)),
                )
                .help(
                    "say in `mainstay.toml` who holds them: `[roles]`, then `lead = [\"dana\", \"@sre\"]`",
                ));
            }
            continue;
        }
        missing.extend(by.roles.iter().filter(|role| !roles.contains_key(*role)).map(|r| format!("`{r}`")));
        let people: BTreeSet<u32> = by
            .roles
            .iter()
            .filter_map(|role| roles.get(role))
            .flatten()
            .map(|person| person.uid)
            .filter(|uid| !(by.quorum && *uid == starter))
            .collect();
        if missing.is_empty() && people.len() < by.count as usize {
            return Err(Failure::new(
                INVALID,
                format!(
                    "`{}` needs {} people besides you, and {} hold these roles; nothing was run",
                    words(by),
                    by.count,
                    people.len()
                ),
            ));
        }
    }
    if missing.is_empty() {
        return Ok(roles);
    }
    let names: Vec<String> = missing.into_iter().collect();
    let place = config.path().map(|path| path.display().to_string()).unwrap_or_default();
    Err(Failure::new(INVALID, format!("nobody holds {}; nothing was run", names.join(", ")))
        .help(format!("say in `{place}` below `[roles]` who does")))
}

fn words(by: &Approvers) -> String {
    if by.quorum {
        format!("by any {} of {}", by.count, by.roles.join(", "))
    } else {
        format!("by {}", by.roles.join(" or "))
    }
}

fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}
