//! The list of all runs: one folded summary each, rebuildable from the journals.
//!
//! Owns `index.db`. Never the truth: whatever is wrong with it, it is thrown away and made
//! again, and a run whose journal cannot be read is still in it as it was last seen.
//!
//! In a shared folder each user has an index of their own, in a folder that only they can enter: one
//! for all could be written by all, and would say of a run what any of them likes.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};
use serde::{Deserialize, Serialize};

use super::{Head, JournalError, Sharing, StateDir};
use crate::event::Outcome;

/// The format of the index; another one is thrown away.
const FORMAT: i64 = 1;

/// One run, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub run: String,
    pub title: String,
    /// The runbook, as given on the command line.
    pub file: String,
    /// Who started it.
    pub user: String,
    pub host: String,
    /// Microseconds since 1970 UTC.
    pub opened_us: i64,
    pub ended_us: Option<i64>,
    /// `None` while it is not over.
    pub outcome: Option<Outcome>,
    /// Whether it was left on purpose, and nobody has gone on with it.
    #[serde(default)]
    pub left: bool,
    /// What a run that is not over waits for; empty when it does not wait.
    pub waiting: String,
    pub counts: Counts,
    /// How far the journal went; tells later whether its end was cut off.
    pub head: Head,
}

/// How many changes ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub changed: usize,
    pub taken_back: usize,
    pub standing: usize,
    pub left: usize,
}

/// The open index.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    connection: Connection,
}

impl Index {
    /// Opens the index of `state`, or makes an empty one when there is none that can be used.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn open(state: &StateDir) -> Result<Index, JournalError> {
        let path = place(state, true)?;
        match Index::at(&path) {
            Err(JournalError::Corrupt { .. }) => {
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", path.display()));
                }
                Index::at(&path)
            }
            other => other,
        }
    }

    /// Opens the index when there is one that can be used; makes and mends nothing.
    pub fn open_existing(state: &StateDir) -> Option<Index> {
        let path = place(state, false).ok()?;
        path.exists().then(|| Index::at(&path).ok())?
    }

    fn at(path: &Path) -> Result<Index, JournalError> {
        let fail = |e: rusqlite::Error| JournalError::sqlite(path, &e);
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(fail)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(fail)?;
        // The log stays and grows until it is worth folding in: a run need not wait for the disk at its end.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
        if found == FORMAT {
            connection.execute_batch("PRAGMA synchronous=NORMAL").map_err(fail)?;
        } else {
            connection
                .execute_batch(&format!(
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE;
                     DROP TABLE IF EXISTS runs;
                     CREATE TABLE runs (run TEXT PRIMARY KEY, opened_us INTEGER NOT NULL,
                       body TEXT NOT NULL) STRICT;
                     PRAGMA user_version={FORMAT}; COMMIT;"
                ))
                .map_err(fail)?;
        }
        Ok(Index { path: path.to_owned(), connection })
    }

    /// Keeps the summary of a run, in place of an earlier one.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn record(&mut self, listing: &Listing) -> Result<(), JournalError> {
        let body = serde_json::to_string(listing)
            .map_err(|e| JournalError::Other { path: self.path.clone(), why: e.to_string() })?;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO runs VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![listing.run, listing.opened_us, body]))
            .map_err(|e| JournalError::sqlite(&self.path, &e))?;
        Ok(())
    }

    /// Returns what is kept of that run. One that cannot be understood is as good as none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn get(&self, run: &str) -> Result<Option<Listing>, JournalError> {
        let body = self
            .connection
            .query_row("SELECT body FROM runs WHERE run = ?1", [run], |row| row.get::<_, String>(0));
        match body {
            Ok(body) => Ok(serde_json::from_str(&body).ok()),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(e) => Err(JournalError::sqlite(&self.path, &e)),
        }
    }

    /// Returns all runs, the newest first.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn list(&self) -> Result<Vec<Listing>, JournalError> {
        let fail = |e: rusqlite::Error| JournalError::sqlite(&self.path, &e);
        let mut select = self
            .connection
            .prepare_cached("SELECT body FROM runs ORDER BY opened_us DESC, run DESC")
            .map_err(fail)?;
        let bodies = select
            .query_map([], |row| row.get::<_, String>(0))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(fail)?;
        Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
    }

    /// Forgets a run whose folder is gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget(&mut self, run: &str) -> Result<(), JournalError> {
        self.connection
            .execute("DELETE FROM runs WHERE run = ?1", [run])
            .map_err(|e| JournalError::sqlite(&self.path, &e))?;
        Ok(())
    }
}

/// Returns where the index lies; `make` makes the folder around it.
fn place(state: &StateDir, make: bool) -> Result<PathBuf, JournalError> {
    const FILE: &str = "index.db";
    if state.sharing()? == Sharing::Private {
        return Ok(state.root().join(FILE));
    }
    let user = rustix::process::geteuid().as_raw();
    let folder = state.root().join(format!("index-{user}"));
    if make
        && let Err(e) = Sharing::Private.create_folder(&folder)
        && e.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(JournalError::io(&folder, &e));
    }
    let found = std::fs::symlink_metadata(&folder).map_err(|e| JournalError::io(&folder, &e))?;
    if !found.is_dir() || found.uid() != user || found.mode() & 0o077 != 0 {
        let why = "is not a folder of this user alone".to_owned();
        let mend = format!("remove `{}`; it is made again", folder.display());
        return Err(JournalError::Unsafe { path: folder, why, mend });
    }
    Ok(folder.join(FILE))
}
