//! Journals that are looked at: whole, damaged, on a read-only disk, or still being written.
//!
//! Owns the checks of format and chain, and what is readable behind damage. Never writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::opener::{copy_file, is_other, open_file};
use super::row::{self, Head, Row};
use super::store::{APPLICATION, beside, wal_of};
use super::{JournalError, RunLock, StateDir};
use crate::event::{FORMAT, Record};

/// Bytes of a database or a log that are copied to be read.
const COPY_LIMIT: u64 = 4 << 30;

/// What can be read of a journal.
#[derive(Debug)]
pub struct Salvage {
    /// Numbers and records, in order; with gaps where rows are damaged.
    pub records: Vec<(u64, Record)>,
    pub head: Head,
    /// The first thing that is wrong with it.
    pub damage: Option<JournalError>,
}

/// A journal that is looked at, also while its run goes on.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
    /// Whether SQLite was told that nobody writes to it.
    still: bool,
    /// Holds the copy that is read where the disk cannot be written to.
    _copy: Option<tempfile::TempDir>,
}

impl Reader {
    /// Opens the journal of `run`. Works on a read-only disk, too.
    ///
    /// # Errors
    /// When there is none, it may not be read, is no journal, or a newer version wrote it.
    pub fn open(state: &StateDir, run: &str) -> Result<Reader, JournalError> {
        let folder = state.run_dir(run);
        let path = folder.join("journal.db");
        let fail = |e: std::io::Error| JournalError::io(&path, &e);
        // In a shared folder somebody may have put a pipe there, which would be waited for.
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let path = beside(&path, suffix);
            if is_other(&path) {
                return Err(JournalError::Corrupt { path, why: "it is not a file".to_owned() });
            }
        }
        open_file(&path).map_err(fail)?;
        let first = match look(&path, &path) {
            Ok(connection) => return Ok(Reader { path, connection, still: false, _copy: None }),
            Err(error @ (JournalError::Newer { .. } | JournalError::Corrupt { .. })) => return Err(error),
            Err(error) => error,
        };
        // The log and its shared memory cannot be made here: the disk is read-only, or the run another user's.
        if !wal_of(&path).exists() && matches!(RunLock::holder(&folder), Ok(None)) {
            let connection = look_still(&path).map_err(|_| first)?;
            return Ok(Reader { path, connection, still: true, _copy: None });
        }
        let (connection, copy) = copied(&path).map_err(|_| first)?;
        Ok(Reader { path, connection, still: false, _copy: copy })
    }

    /// Opens the journal of `run` to be read once, by [`Reader::salvage`]: that sees it when somebody takes the run up
    /// meanwhile. Where there is no log, none is made to look at it, and no shared memory.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn once(state: &StateDir, run: &str) -> Result<Reader, JournalError> {
        let path = state.run_dir(run).join("journal.db");
        if !wal_of(&path).exists()
            && open_file(&path).is_ok()
            && let Ok(connection) = look_still(&path)
        {
            return Ok(Reader { path, connection, still: true, _copy: None });
        }
        Reader::open(state, run)
    }

    /// Returns the database that is read.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns every record, in order.
    ///
    /// # Errors
    /// When a row is damaged or the chain is broken.
    pub fn read(&self) -> Result<Vec<Record>, JournalError> {
        strict(self.salvage()).map(|(records, _)| records)
    }

    /// Returns the rows behind that number, as far as they can be understood: for whoever looks on. The chain is not
    /// checked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn after(&self, seq: u64) -> Result<Vec<(u64, Record)>, JournalError> {
        let mut found = Vec::new();
        rows(&self.connection, seq, |row| {
            if let (Ok(seq), Ok(record)) = (u64::try_from(row.seq), row::decode(&row)) {
                found.push((seq, record));
            }
        })
        .map_err(|e| JournalError::sqlite(&self.path, &e))?;
        Ok(found)
    }

    /// Returns whether the row in which a journal once ended is in it, with the hash it had.
    pub fn holds(&self, kept: &Head) -> bool {
        let Ok(seq) = i64::try_from(kept.seq) else { return false };
        let hash = self
            .connection
            .query_row("SELECT hash FROM journal WHERE seq = ?1", [seq], |row| row.get::<_, Vec<u8>>(0));
        hash.is_ok_and(|hash| head(seq, &hash) == *kept)
    }

    /// Returns whether what is written to the journal from now on is seen.
    pub fn is_live(&self) -> bool {
        !self.still && self._copy.is_none()
    }

    /// Returns what can be read, and what is wrong with the rest.
    pub fn salvage(&self) -> Salvage {
        let found = scan(&self.connection, &self.path);
        // Damage may be what somebody writes who has just taken the run up; then there is a log by now.
        if self.still
            && found.damage.is_some()
            && wal_of(&self.path).exists()
            && let Ok(connection) = look(&self.path, &self.path)
        {
            return scan(&connection, &self.path);
        }
        found
    }

    /// Checks every row against the hash behind it, and returns where the chain ends.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] with the first row that is not what was written.
    pub fn verify_chain(&self) -> Result<Head, JournalError> {
        strict(self.salvage()).map(|(_, head)| head)
    }

    /// Checks the chain, and that it was once as `kept`, what the index remembers of the finished run. It may have gone
    /// on since: a finished run can be taken back.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`], also when the end was cut off.
    pub fn verify_against(&self, kept: &Head) -> Result<Head, JournalError> {
        let found = self.verify_chain()?;
        if found == *kept {
            return Ok(found);
        }
        match self.audit().misses(kept) {
            None => Ok(found),
            Some(why) => Err(JournalError::Corrupt { path: self.path.clone(), why }),
        }
    }
}

/// Opens for reading and asks the first question, which is where a read-only disk shows.
fn look(file: &Path, named: &Path) -> Result<Connection, JournalError> {
    opened(file, OpenFlags::empty(), named)
}

/// Opens a file that nobody writes to: no lock is taken and no log is looked for.
fn look_still(path: &Path) -> Result<Connection, JournalError> {
    let absolute = std::path::absolute(path).map_err(|e| JournalError::io(path, &e))?;
    let mut uri = url::Url::from_file_path(&absolute)
        .map_err(|()| JournalError::Other { path: absolute, why: "it is no path".to_owned() })?;
    uri.set_query(Some("immutable=1"));
    opened(Path::new(uri.as_str()), OpenFlags::SQLITE_OPEN_URI, path)
}

fn opened(file: &Path, more: OpenFlags, named: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(file, flags)
        .and_then(|connection| {
            connection.busy_timeout(Duration::from_secs(5))?;
            Ok(connection)
        })
        .map_err(|e| JournalError::sqlite(named, &e))?;
    check_format(&connection, named)?;
    Ok(connection)
}

/// Reads a copy of database and log in a temporary folder.
fn copied(path: &Path) -> Result<(Connection, Option<tempfile::TempDir>), JournalError> {
    let folder = tempfile::tempdir().map_err(|e| JournalError::io(path, &e))?;
    let file = folder.path().join("journal.db");
    let wal = wal_of(path);
    copy_file(path, &file, COPY_LIMIT).map_err(|e| JournalError::io(path, &e))?;
    if wal.exists() {
        copy_file(&wal, &wal_of(&file), COPY_LIMIT).map_err(|e| JournalError::io(&wal, &e))?;
    }
    look(&file, path).map(|connection| (connection, Some(folder)))
}

pub(super) fn check_format(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let pragma = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(|e| JournalError::sqlite(path, &e))
    };
    let application = pragma("application_id")?;
    let found = pragma("user_version")?;
    if application != i64::from(APPLICATION) {
        return Err(JournalError::Corrupt { path: path.to_owned(), why: "it is not a journal".to_owned() });
    }
    if found > i64::from(FORMAT) {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: FORMAT,
        });
    }
    Ok(())
}

pub(super) fn head(seq: i64, hash: &[u8]) -> Head {
    Head {
        seq: u64::try_from(seq).unwrap_or(0),
        hash: if seq == 0 { String::new() } else { hash.iter().map(|byte| format!("{byte:02x}")).collect() },
    }
}

pub(super) fn strict(found: Salvage) -> Result<(Vec<Record>, Head), JournalError> {
    match found.damage {
        Some(damage) => Err(damage),
        None => Ok((found.records.into_iter().map(|(_, r)| r).collect(), found.head)),
    }
}

/// Reads and checks all rows, and goes on behind damage as far as there is something to read.
pub(super) fn scan(connection: &Connection, path: &Path) -> Salvage {
    let mut scan = Scan {
        path,
        hash: row::genesis().to_vec(),
        expected: 1,
        last: 0,
        found: Salvage { records: Vec::new(), head: Head::default(), damage: None },
    };
    if let Err(e) = rows(connection, 0, |row| scan.row(&row)) {
        scan.damaged(JournalError::sqlite(path, &e));
    }
    // Once, not for each row: hex is slow to write.
    scan.found.head = head(scan.last, &scan.hash);
    scan.found
}

pub(super) fn rows(connection: &Connection, after: u64, mut each: impl FnMut(Row)) -> rusqlite::Result<()> {
    let mut select = connection.prepare(
        "SELECT seq, turn, class, kind, address, wall_us, run_ns, body, hash FROM journal \
         WHERE seq > ?1 ORDER BY seq",
    )?;
    let mut rows = select.query([i64::try_from(after).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        each(Row {
            seq: row.get(0)?,
            turn: row.get(1)?,
            class: row.get(2)?,
            kind: row.get(3)?,
            address: row.get(4)?,
            wall_us: row.get(5)?,
            run_ns: row.get(6)?,
            body: row.get(7)?,
            hash: row.get(8)?,
        });
    }
    Ok(())
}

struct Scan<'a> {
    path: &'a Path,
    hash: Vec<u8>,
    expected: i64,
    last: i64,
    found: Salvage,
}

impl Scan<'_> {
    fn row(&mut self, row: &Row) {
        if row.seq != self.expected {
            self.corrupt(format!("row {} is missing", self.expected));
        } else if row::chain(&self.hash, row)[..] != row.hash[..] {
            self.corrupt(format!("row {} is not what was written", row.seq));
        }
        match row::decode(row) {
            Ok(record) => {
                let seq = u64::try_from(row.seq).unwrap_or(0);
                self.found.records.push((seq, record));
            }
            Err(why) => self.corrupt(format!("row {} cannot be understood: {why}", row.seq)),
        }
        self.hash.clone_from(&row.hash);
        self.last = row.seq;
        self.expected = row.seq.saturating_add(1);
    }

    fn corrupt(&mut self, why: String) {
        self.damaged(JournalError::Corrupt { path: self.path.to_owned(), why });
    }

    fn damaged(&mut self, error: JournalError) {
        self.found.damage.get_or_insert(error);
    }
}
