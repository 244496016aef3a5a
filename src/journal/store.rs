//! One run's database, appended to by its executor.
//!
//! Owns the schema and the transactions. Never changes or removes a row: a trigger in the
//! database says so to other programs, too.
//!
//! A turn that need not be durable is committed without waiting for the disk: it survives
//! the end of this process and is seen by readers at once, and the next durable turn's
//! fdatasync carries it along. Keeping such turns in memory instead would lose them to a
//! `kill -9`, and hide from `mainstay show` what a run waits for.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::reader::{check_format, head, scan, strict};
use super::row::{self, Head};
use super::{JournalError, RunLock, StateDir};
use crate::event::{FORMAT, Record};
use crate::world::{Store, StoreError};

/// `PRAGMA application_id` of a journal: `MSTJ`.
pub(super) const APPLICATION: i32 = 0x4d53_544a;

/// Turns that need not be durable wait no longer than this for the disk once something is appended.
const RIDE_ALONG: Duration = Duration::from_secs(1);

const SCHEMA: &str = "
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, turn INTEGER NOT NULL, class TEXT NOT NULL, kind TEXT NOT NULL,
  address TEXT NOT NULL, wall_us INTEGER NOT NULL, run_ns INTEGER NOT NULL, body TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER journal_update BEFORE UPDATE ON journal
  BEGIN SELECT RAISE(ABORT, 'a journal is only appended to'); END;
CREATE TRIGGER journal_delete BEFORE DELETE ON journal
  BEGIN SELECT RAISE(ABORT, 'a journal is only appended to'); END;
";

/// A run's journal, open for its one executor. Holds the run's lock.
#[derive(Debug)]
pub struct RunJournal {
    folder: PathBuf,
    path: PathBuf,
    connection: Connection,
    head: (i64, Vec<u8>),
    turn: i64,
    /// Whether commits wait for the disk now (`PRAGMA synchronous`).
    syncing: bool,
    /// Since when rows wait for the disk.
    unsynced: Option<Instant>,
    _lock: RunLock,
}

impl RunJournal {
    /// Makes the folder, the lock and the empty journal of a new run.
    ///
    /// # Errors
    /// When the run is there already or the disk refuses.
    pub fn create(state: &StateDir, run: &str) -> Result<RunJournal, JournalError> {
        let folder = state.create_run_dir(run)?;
        let lock = RunLock::take(&folder)?;
        let path = folder.join("journal.db");
        // SQLite gives its log and its shared memory the same mode.
        state.sharing()?.create_file(&path).map_err(|e| JournalError::io(&path, &e))?;
        let connection = connect(&path)?;
        // One sync of file and folders at the end serves all of this.
        connection
            .execute_batch(&format!(
                "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; PRAGMA application_id={APPLICATION};
                 PRAGMA user_version={FORMAT}; BEGIN; {SCHEMA} COMMIT;"
            ))
            .and_then(|()| settings(&connection))
            .map_err(|e| JournalError::sqlite(&path, &e))?;
        let wal = wal_of(&path);
        let parent = state.root().join("runs");
        for synced in [&path, &wal, &folder, &parent] {
            File::open(synced).and_then(|file| file.sync_all()).map_err(|e| JournalError::io(synced, &e))?;
        }
        Ok(RunJournal {
            folder,
            path,
            connection,
            head: (0, row::genesis().to_vec()),
            turn: 0,
            syncing: true,
            unsynced: None,
            _lock: lock,
        })
    }

    /// Opens the journal of a run to go on with it.
    ///
    /// # Errors
    /// When somebody else executes it, it is damaged, or a newer version wrote it.
    pub fn open(state: &StateDir, run: &str) -> Result<RunJournal, JournalError> {
        let folder = state.run_dir(run);
        let path = folder.join("journal.db");
        if !path.exists() {
            return Err(JournalError::Missing(path));
        }
        let lock = RunLock::take(&folder)?;
        let connection = connect(&path)?;
        settings(&connection).map_err(|e| JournalError::sqlite(&path, &e))?;
        check_format(&connection, &path)?;
        let last = connection.query_row(
            "SELECT seq, turn, hash FROM journal ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        );
        let (seq, turn, hash) = match last {
            Ok(last) => last,
            Err(rusqlite::Error::QueryReturnedNoRows) => (0, 0, row::genesis().to_vec()),
            Err(e) => return Err(JournalError::sqlite(&path, &e)),
        };
        Ok(RunJournal {
            folder,
            path,
            connection,
            head: (seq, hash),
            turn,
            syncing: true,
            unsynced: None,
            _lock: lock,
        })
    }

    /// Returns the run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns every record, in order.
    ///
    /// # Errors
    /// When a row is damaged or the chain is broken.
    pub fn read(&self) -> Result<Vec<Record>, JournalError> {
        strict(scan(&self.connection, &self.path)).map(|(records, _)| records)
    }

    /// Returns the last row and its hash.
    pub fn head(&self) -> Head {
        head(self.head.0, &self.head.1)
    }

    /// Waits until everything appended so far is on disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        if self.unsynced.take().is_some() {
            let wal = wal_of(&self.path);
            File::open(&wal).and_then(|file| file.sync_data()).map_err(|e| JournalError::io(&wal, &e))?;
        }
        Ok(())
    }

    /// Brings everything to disk and gives the run free.
    ///
    /// # Errors
    /// When the disk refuses; what was durable before still is.
    pub fn close(mut self) -> Result<Head, JournalError> {
        self.flush()?;
        Ok(self.head())
    }

    fn commit(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let Self { connection, path, head, turn, .. } = self;
        let fail = |e: rusqlite::Error| JournalError::sqlite(path, &e);
        let (mut seq, mut hash) = (head.0, head.1.clone());
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO journal VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")
                .map_err(fail)?;
            for record in records {
                seq += 1;
                let row = row::encode(record, seq, *turn + 1).map_err(|e| JournalError::Other {
                    path: path.clone(),
                    why: format!("a record cannot be written: {e}"),
                })?;
                hash = row::chain(&hash, &row).to_vec();
                insert
                    .execute(params![
                        row.seq,
                        row.turn,
                        row.class,
                        row.kind,
                        row.address,
                        row.wall_us,
                        row.run_ns,
                        row.body,
                        hash
                    ])
                    .map_err(fail)?;
            }
        }
        transaction.commit().map_err(fail)?;
        *head = (seq, hash);
        *turn += 1;
        Ok(())
    }
}

impl Store for RunJournal {
    fn append(&mut self, records: &[Record], durable: bool) -> Result<(), StoreError> {
        if records.is_empty() {
            return if durable { Ok(self.flush()?) } else { Ok(()) };
        }
        let waited = self.unsynced.is_some_and(|t| t.elapsed() >= RIDE_ALONG);
        let sync = durable || waited;
        if sync != self.syncing {
            // Acts when it is prepared, so it must not be cached.
            let mode = if sync { "FULL" } else { "NORMAL" };
            self.connection
                .execute_batch(&format!("PRAGMA synchronous={mode}"))
                .map_err(|e| JournalError::sqlite(&self.path, &e))?;
            self.syncing = sync;
        }
        self.commit(records)?;
        self.unsynced = if sync { None } else { self.unsynced.or_else(|| Some(Instant::now())) };
        Ok(())
    }
}

impl Drop for RunJournal {
    fn drop(&mut self) {
        // `close` reports; here nobody listens any more.
        let _ = self.flush();
    }
}

fn connect(path: &Path) -> Result<Connection, JournalError> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|e| JournalError::sqlite(path, &e))
}

fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=100;")
}

pub(super) fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}
