//! The list of all runs: one folded summary each, rebuildable from the journals.
//!
//! A long list is looked over without reading the summaries: `glance` holds only what says whether one is still true.
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

use super::{Asks, JournalError, Listing, Sharing, Stamp, StateDir};

/// The format of the index; another one is thrown away.
const FORMAT: i64 = 3;

/// A run that was folded: its line, what it asks, and how its journal stood.
pub type Folded = (Listing, Option<Asks>, Stamp);

/// What is known of a run without reading its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    pub run: String,
    /// Microseconds since 1970 UTC.
    pub opened_us: i64,
    pub over: bool,
    /// How its journal stood when it was folded.
    pub stamp: Stamp,
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
                     CREATE TABLE runs (run TEXT PRIMARY KEY, opened_us INTEGER NOT NULL, over INTEGER NOT NULL,
                       stamp BLOB NOT NULL, body TEXT NOT NULL, asks TEXT NOT NULL) STRICT, WITHOUT ROWID;
                     CREATE INDEX glance ON runs (run, opened_us, over, stamp);
                     PRAGMA user_version={FORMAT}; COMMIT;"
                ))
                .map_err(fail)?;
        }
        Ok(Index { path: path.to_owned(), connection })
    }

    /// Keeps the summary of a run and what it asks, in place of an earlier one. `stamp`: how its journal stood when it
    /// was folded.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn record(
        &mut self,
        listing: &Listing,
        asks: Option<&Asks>,
        stamp: Option<&Stamp>,
    ) -> Result<(), JournalError> {
        let other =
            |e: serde_json::Error| JournalError::Other { path: self.path.clone(), why: e.to_string() };
        let body = serde_json::to_string(listing).map_err(other)?;
        let asks = asks.map_or(Ok(String::new()), serde_json::to_string).map_err(other)?;
        let stamp: &[u8] = stamp.map_or(&[], |stamp| &stamp.0);
        let over = listing.outcome.is_some();
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .and_then(|mut insert| {
                insert.execute(params![listing.run, listing.opened_us, over, stamp, body, asks])
            })
            .map_err(|e| JournalError::sqlite(&self.path, &e))?;
        Ok(())
    }

    /// Keeps the summaries of several runs and forgets others, all at once.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is changed.
    pub fn update(&mut self, found: &[Folded], gone: &[String]) -> Result<(), JournalError> {
        if found.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let say = |connection: &Connection, sql: &str| connection.execute_batch(sql);
        say(&self.connection, "BEGIN IMMEDIATE").map_err(|e| JournalError::sqlite(&self.path, &e))?;
        let mut done = found
            .iter()
            .try_for_each(|(listing, asks, stamp)| self.record(listing, asks.as_ref(), Some(stamp)));
        if done.is_ok() {
            done = gone.iter().try_for_each(|run| self.forget(run));
        }
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = say(&self.connection, end).map_err(|e| JournalError::sqlite(&self.path, &e));
        done.and(ended)
    }

    /// Returns what is kept of that run. One that cannot be understood is as good as none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn get(&self, run: &str) -> Result<Option<Listing>, JournalError> {
        let body = self
            .connection
            .prepare_cached("SELECT body FROM runs WHERE run = ?1")
            .and_then(|mut select| select.query_row([run], |row| row.get::<_, String>(0)));
        match body {
            Ok(body) => Ok(serde_json::from_str(&body).ok()),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(e) => Err(JournalError::sqlite(&self.path, &e)),
        }
    }

    /// Returns how the journal of that run stood when it was folded; `None` where the run is not kept.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn stamp(&self, run: &str) -> Result<Option<Stamp>, JournalError> {
        let stamp = self
            .connection
            .prepare_cached("SELECT stamp FROM runs WHERE run = ?1")
            .and_then(|mut select| select.query_row([run], |row| Ok(Stamp::of_bytes(row.get_ref(0)?))));
        match stamp {
            Ok(stamp) => Ok(Some(stamp)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(e) => Err(JournalError::sqlite(&self.path, &e)),
        }
    }

    /// Returns all runs, the newest first.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn list(&self) -> Result<Vec<Listing>, JournalError> {
        let mut listed = Vec::new();
        self.each("SELECT body FROM runs", |row| {
            listed.extend(serde_json::from_slice::<Listing>(bytes(row, 0)?).ok());
            Ok(())
        })?;
        listed.sort_by(|a, b| (b.opened_us, &b.run).cmp(&(a.opened_us, &a.run)));
        Ok(listed)
    }

    /// Returns all runs by their names, each with what says whether its summary is still true, and whether it is over.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn glance(&self) -> Result<Vec<Glance>, JournalError> {
        let mut found = Vec::new();
        self.each("SELECT run, opened_us, over, stamp FROM runs INDEXED BY glance ORDER BY run", |row| {
            let stamp = Stamp::of_bytes(row.get_ref(3)?);
            found.push(Glance { run: row.get(0)?, opened_us: row.get(1)?, over: row.get(2)?, stamp });
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns the runs that are not over, in no order, each with what it asks.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn open_runs(&self) -> Result<Vec<(Listing, Option<Asks>)>, JournalError> {
        let mut found = Vec::new();
        self.each("SELECT body, asks FROM runs WHERE over = 0", |row| {
            let asks = match bytes(row, 1)? {
                [] => Ok(None),
                asks => serde_json::from_slice(asks).map(Some),
            };
            // What cannot be understood is as good as none.
            found.extend(serde_json::from_slice(bytes(row, 0)?).ok().zip(asks.ok()));
            Ok(())
        })?;
        Ok(found)
    }

    fn each(
        &self,
        select: &str,
        mut take: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        let fail = |e: rusqlite::Error| JournalError::sqlite(&self.path, &e);
        let mut select = self.connection.prepare_cached(select).map_err(fail)?;
        let mut rows = select.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            take(row).map_err(fail)?;
        }
        Ok(())
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

fn bytes<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> rusqlite::Result<&'r [u8]> {
    Ok(row.get_ref(column)?.as_bytes().unwrap_or_default())
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
