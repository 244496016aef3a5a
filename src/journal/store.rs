//! One run's database, appended to by its executor.
//!
//! Owns the schema and the transactions. Never changes or removes a row: a trigger in the
//! database says so to other programs, too.
//!
//! A turn that need not be durable is committed without waiting for the disk: it survives
//! the end of this process and is seen by readers at once, and the next durable turn's
//! fdatasync carries it along. Keeping such turns in memory instead would lose them to a
//! `kill -9`, and hide from `mainstay show` what a run waits for.
//!
//! Waiting for the disk is done here and not by SQLite (`synchronous=NORMAL`, which still waits
//! wherever the log is folded into the database): what `synchronous=FULL` adds is this same wait
//! at the end of each commit, but by `fsync`, which also waits for the file's times.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, params};

use super::reader::{check_format, head, scan, strict};
use super::row::{self, Head};
use super::{JournalError, RunLock, StateDir};
use crate::event::{FORMAT, Record};
use crate::failpoint;
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
    /// The log of commits, to wait for the disk.
    wal: File,
    /// Files and folders that are new on disk, too: they are waited for with the first turn.
    anew: Vec<PathBuf>,
    /// Since when rows wait for the disk.
    unsynced: Option<Instant>,
    /// What can be done about the last append that was refused.
    remedy: Option<String>,
    _lock: RunLock,
}

impl RunJournal {
    /// Makes the folder, the lock and the empty journal of a new run.
    ///
    /// # Errors
    /// When the run is there already or the disk refuses.
    pub fn create(state: &StateDir, run: &str) -> Result<RunJournal, JournalError> {
        let folder = state.create_run_dir(run)?;
        RunJournal::begin(state, folder).inspect_err(|_| state.discard(run))
    }

    fn begin(state: &StateDir, folder: PathBuf) -> Result<RunJournal, JournalError> {
        let lock = RunLock::take(&folder)?;
        let path = folder.join("journal.db");
        // SQLite gives its log and its shared memory the same mode.
        state.sharing()?.create_file(&path).map_err(|e| JournalError::io(&path, &e))?;
        let connection = connect(&path)?;
        // The sync of file and folders with the first turn serves all of this.
        connection
            .execute_batch(&format!(
                "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; PRAGMA application_id={APPLICATION};
                 PRAGMA user_version={FORMAT}; BEGIN; {SCHEMA} COMMIT;"
            ))
            .and_then(|()| settings(&connection))
            .map_err(|e| JournalError::sqlite(&path, &e))?;
        let wal = open_wal(&path)?;
        let anew = vec![path.clone(), folder.clone(), state.root().join("runs")];
        Ok(RunJournal {
            folder,
            path,
            connection,
            head: (0, row::genesis().to_vec()),
            turn: 0,
            wal,
            anew,
            unsynced: None,
            remedy: None,
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
        // Reading made the log anew where it was folded in before.
        let wal = open_wal(&path)?;
        let anew = vec![folder.clone()];
        Ok(RunJournal {
            folder,
            path,
            connection,
            head: (seq, hash),
            turn,
            wal,
            anew,
            unsynced: None,
            remedy: None,
            _lock: lock,
        })
    }

    /// Returns what can be done about the last append that was refused, where something can.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
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
        if self.unsynced.is_some() {
            self.wal.sync_data().map_err(|e| JournalError::io(&wal_of(&self.path), &e))?;
            for anew in &self.anew {
                File::open(anew).and_then(|file| file.sync_all()).map_err(|e| JournalError::io(anew, &e))?;
            }
            self.anew.clear();
            self.unsynced = None;
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

    /// Stores each list of records as a turn, all in one transaction.
    fn commit<'r>(&mut self, turns: impl Iterator<Item = &'r [Record]>) -> Result<(), JournalError> {
        self.say("BEGIN IMMEDIATE")?;
        let stored = self.insert(turns).and_then(|after| self.say("COMMIT").map(|()| after));
        match stored {
            Ok((head, turn)) => {
                self.head = head;
                self.turn = turn;
                Ok(())
            }
            Err(error) => {
                // Refused where the transaction is over already; the first error is the one to tell.
                let _ = self.say("ROLLBACK");
                Err(error)
            }
        }
    }

    /// Carries out a statement without values, prepared once.
    fn say(&self, sql: &str) -> Result<(), JournalError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map_err(|e| JournalError::sqlite(&self.path, &e))?;
        Ok(())
    }

    /// Returns what is the last row, and the last turn, with these.
    fn insert<'r>(
        &self,
        turns: impl Iterator<Item = &'r [Record]>,
    ) -> Result<((i64, Vec<u8>), i64), JournalError> {
        let Self { connection, path, head, turn, .. } = self;
        let fail = |e: rusqlite::Error| JournalError::sqlite(path, &e);
        let (mut seq, mut hash, mut turn) = (head.0, head.1.clone(), *turn);
        let mut insert = connection
            .prepare_cached("INSERT INTO journal VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")
            .map_err(fail)?;
        for records in turns {
            turn += 1;
            for record in records {
                seq += 1;
                let row = row::encode(record, seq, turn).map_err(|e| JournalError::Other {
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
        Ok(((seq, hash), turn))
    }

    /// Keeps what can be done about a refusal, for whoever has to tell it.
    fn told(&mut self, stored: Result<(), JournalError>) -> Result<(), StoreError> {
        stored.map_err(|error| {
            self.remedy = error.help();
            error.into()
        })
    }

    fn store<'r>(
        &mut self,
        turns: impl Iterator<Item = &'r [Record]>,
        durable: bool,
    ) -> Result<(), JournalError> {
        failpoint::reach("append.before");
        self.commit(turns)?;
        let unsynced = *self.unsynced.get_or_insert_with(Instant::now);
        if durable || unsynced.elapsed() >= RIDE_ALONG {
            self.flush()?;
        }
        failpoint::reach("append.after");
        Ok(())
    }
}

impl Store for RunJournal {
    fn append(&mut self, records: &[Record], durable: bool) -> Result<(), StoreError> {
        if records.is_empty() {
            let flushed = if durable { self.flush() } else { Ok(()) };
            return self.told(flushed);
        }
        let stored = self.store(std::iter::once(records), durable);
        self.told(stored)
    }

    fn append_turns(&mut self, turns: &[Vec<Record>], durable: bool) -> Result<(), StoreError> {
        let stored = self.store(turns.iter().map(Vec::as_slice), durable);
        self.told(stored)
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
    connection.execute_batch("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=100;")
}

/// Opens the log, which is there as soon as the journal was written or read.
fn open_wal(path: &Path) -> Result<File, JournalError> {
    let wal = wal_of(path);
    File::open(&wal).map_err(|e| JournalError::io(&wal, &e))
}

pub(super) fn wal_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// Returns the path of a file that SQLite keeps beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
