//! What `mainstay.toml` settles for a command: where runs are kept, and who holds which role.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::failure::{Failure, INVALID};
use crate::config::{Config, ConfigError, RolePerson};
use crate::display::{self, Look};
use crate::journal::StateDir;
use crate::program::{Approvers, Program};

/// Returns the configuration that counts in the first of these folders that has one.
pub(super) fn configuration(folders: &[&Path]) -> Result<Config, Failure> {
    Config::find(folders).map_err(|error| refused(&error))
}

/// Returns the folder that a file lies in.
pub(super) fn folder_of(file: &str) -> &Path {
    match Path::new(file).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the folder of all runs: what the environment names, else the configuration, else this user's own.
pub(super) fn place(config: &Config) -> Result<PathBuf, Failure> {
    match config.state() {
        Some(state) if std::env::var_os("MAINSTAY_STATE").is_none_or(|set| set.is_empty()) => {
            Ok(state.to_owned())
        }
        _ => Ok(StateDir::place()?),
    }
}

/// Returns the folder of all runs for a command that looks at them.
pub(super) fn runs_place() -> Result<PathBuf, Failure> {
    place(&configuration(&[Path::new(".")])?)
}

/// Returns who holds which role; refuses what nobody could ever answer.
pub(super) fn roles(
    config: &Config,
    program: &Program,
) -> Result<BTreeMap<String, Vec<RolePerson>>, Failure> {
    let roles = config.roles().map_err(|error| refused(&error))?;
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

fn refused(error: &ConfigError) -> Failure {
    eprintln!("{}", display::diagnostics(&error.diagnostics, &error.sources, Look::of_stderr()));
    Failure::new(INVALID, "the configuration is not to be used; nothing was done")
}
