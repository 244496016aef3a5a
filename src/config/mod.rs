//! What a team settles once: the file `mainstay.toml`.
//!
//! Owns where it is looked for, what may stand in it, and how roles become people. Mistakes are
//! shown in its text. Never creates anything, and never applies a setting: whoever needs one asks.

mod find;
mod parse;
mod roles;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Spanned};

/// What is set. Nothing is where there is no file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    path: Option<PathBuf>,
    state: Option<PathBuf>,
    roles: BTreeMap<String, Role>,
    review_days: Option<u32>,
    sources: Sources,
}

#[derive(Clone, Debug)]
struct Role {
    name: Spanned<()>,
    /// Names of users, `@group` for those of a group.
    who: Vec<Spanned<String>>,
}

/// Somebody who has a role, as it was when the roles were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolePerson {
    pub name: String,
    pub uid: u32,
}

/// What is wrong with a configuration, with its text.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
    /// What the places of the diagnostics point into.
    pub sources: Sources,
}

impl Config {
    /// Reads the file that counts: the one `$MAINSTAY_CONFIG` names, else the nearest `mainstay.toml`
    /// in the first of the folders or above it, or in the next and so on, else
    /// `$XDG_CONFIG_HOME/mainstay/mainstay.toml` (`~/.config/…`), else `/etc/mainstay/mainstay.toml`.
    ///
    /// # Errors
    /// When it cannot be read, is not to be trusted, or something in it is wrong.
    pub fn find(folders: &[&Path]) -> Result<Config, ConfigError> {
        match find::file(folders)? {
            Some(path) => Config::read(&path),
            None => Ok(Config::default()),
        }
    }

    /// Reads this file.
    ///
    /// # Errors
    /// When it cannot be read, everybody can write to it, or something in it is wrong.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = find::text(path)?;
        parse::parse(path, &text)
    }

    /// Returns the file that was read.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns the state folder, absolute; a relative one stands in the folder of the file.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// Returns after how many days a review is overdue, where that is set; 0: never.
    pub fn review_days(&self) -> Option<u32> {
        self.review_days
    }

    /// Returns the people of each role as they are now, by number of the user, each once.
    ///
    /// # Errors
    /// When a user or a group is not known to the operating system, or a role has nobody.
    pub fn roles(&self) -> Result<BTreeMap<String, Vec<RolePerson>>, ConfigError> {
        roles::resolve(&self.roles)
            .map_err(|diagnostics| ConfigError { diagnostics, sources: self.sources.clone() })
    }
}

impl ConfigError {
    fn of(diagnostic: Diagnostic) -> Self {
        ConfigError { diagnostics: vec![diagnostic], sources: Sources::default() }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for diagnostic in &self.diagnostics {
            if !std::mem::take(&mut first) {
                f.write_str("; ")?;
            }
            if let Some(span) = diagnostic.span() {
                write!(f, "{}: ", self.sources.place(span))?;
            }
            f.write_str(&diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
