//! Every row of a journal against the chain: which were changed, dropped, inserted, or put in another order.
//!
//! Owns the judgement of rows and its words. A row whose hash does not fit its place is looked for elsewhere: a hash
//! covers the row's number and the hash before it, so that the place it was written for can be found as long
//! as its neighbour is still there. Never writes, and never says more than the hashes prove: whoever
//! writes a whole journal anew leaves no trace in it.

use std::fmt;

use super::reader::{Reader, head, rows};
use super::row::{self, Head, Row};
use super::{JournalError, Salvage};
use crate::event::Record;

/// How far from its place a row is looked for, rows.
const AROUND: i64 = 32;

/// Rows that are looked for at every place around them; more are only tried with what moved the last one.
const SEARCHED: usize = 64;

/// What is wrong with a row, or with a gap between rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not what was written.
    Changed,
    /// It was put in between: those behind it have moved on.
    Inserted,
    /// It was written as another row.
    Moved { from: u64 },
    /// Rows up to this one are not there.
    Missing { to: u64 },
    /// So many rows before it are not there, and it took their number.
    Dropped { rows: u64 },
    /// It is what was written, and this program does not understand it.
    Unread { why: String },
}

impl Wrong {
    /// Returns the word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Wrong::Changed => "changed",
            Wrong::Inserted => "inserted",
            Wrong::Moved { .. } => "moved",
            Wrong::Missing { .. } | Wrong::Dropped { .. } => "dropped",
            Wrong::Unread { .. } => "unread",
        }
    }
}

/// The words behind the number of the row.
impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Changed => f.write_str("is not what was written"),
            Wrong::Inserted => f.write_str("was put in between"),
            Wrong::Moved { from } => write!(f, "was written as row {from}"),
            Wrong::Missing { .. } => f.write_str("not there"),
            Wrong::Dropped { rows: 1 } => f.write_str("took the number of a row before it that is not there"),
            Wrong::Dropped { rows } => {
                write!(f, "took the number of {rows} rows before it that are not there")
            }
            Wrong::Unread { why } => write!(f, "cannot be understood: {why}"),
        }
    }
}

/// A row that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    pub seq: u64,
    /// As it stands there: `command`, `step_began`. Empty for a row that is missing.
    pub kind: String,
    /// Its place in the walk; empty for a row that is missing, and for what concerns the whole run.
    pub address: String,
    pub wrong: Wrong,
}

/// A journal that was looked through.
#[derive(Debug)]
pub struct Audit {
    /// What can be read.
    pub records: Vec<(u64, Record)>,
    /// Where it ends.
    pub head: Head,
    pub faults: Vec<RowFault>,
    /// What keeps the rest from being read.
    pub damage: Option<JournalError>,
    /// The hash of each row, by its place.
    hashes: Vec<(i64, Vec<u8>)>,
}

impl Reader {
    /// Looks through all rows.
    pub fn audit(&self) -> Audit {
        // Also tells whether somebody took the run up meanwhile.
        let Salvage { records, head: end, damage } = self.salvage();
        let mut found = Vec::new();
        let read = rows(self.connection(), 0, |row| found.push(row));
        let broken = read.err().map(|error| JournalError::sqlite(self.path(), &error));
        let behind = found.partition_point(|row| u64::try_from(row.seq).unwrap_or(0) <= end.seq);
        found.truncate(behind);
        let damage = broken.or(damage.filter(|damage| !matches!(damage, JournalError::Corrupt { .. })));
        let faults = judge(&found, &records);
        let last = found.last().map_or_else(Head::default, |row| head(row.seq, &row.hash));
        let hashes = found.into_iter().map(|row| (row.seq, row.hash)).collect();
        Audit { records, head: last, faults, damage, hashes }
    }
}

impl Audit {
    /// Returns what is wrong when the journal should once have ended like that: with this row and this hash.
    pub fn misses(&self, kept: &Head) -> Option<String> {
        let Head { seq, hash } = kept;
        let at = self.hashes.binary_search_by_key(seq, |(at, _)| u64::try_from(*at).unwrap_or(0));
        match at {
            _ if *seq == 0 => None,
            Ok(at) if head(self.hashes[at].0, &self.hashes[at].1).hash == *hash => None,
            Ok(_) => Some(format!("row {seq} has another hash than was kept: it was written anew")),
            Err(_) if self.head.seq < *seq => {
                Some(format!("it ends at row {}, but had {seq} rows", self.head.seq))
            }
            Err(_) => Some(format!("row {seq} is not there")),
        }
    }

    /// Returns the row with this hash, lowercase hex.
    pub fn row_of(&self, hash: &str) -> Option<u64> {
        self.hashes.iter().map(|(seq, found)| head(*seq, found)).find(|at| at.hash == hash).map(|at| at.seq)
    }
}

/// Where a row was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Here,
    /// Behind a gap nothing can be said.
    AfterGap,
    /// As that row.
    At(i64),
    Unknown,
}

/// `records`: what was understood of them.
fn judge(rows: &[Row], records: &[(u64, Record)]) -> Vec<RowFault> {
    let places = Places::of(rows);
    let is_read = |row: &Row| {
        u64::try_from(row.seq).is_ok_and(|seq| records.binary_search_by_key(&seq, |(seq, _)| *seq).is_ok())
    };
    let mut faults = Vec::new();
    let mut expected = 1;
    for (index, row) in rows.iter().enumerate() {
        if row.seq > expected {
            let to = u64::try_from(row.seq - 1).unwrap_or(0);
            let seq = u64::try_from(expected).unwrap_or(0);
            let wrong = Wrong::Missing { to };
            faults.push(RowFault { seq, kind: String::new(), address: String::new(), wrong });
        }
        expected = row.seq.saturating_add(1);
        if let Some(wrong) = places.wrong(row, index, is_read(row)) {
            faults.push(RowFault {
                seq: u64::try_from(row.seq).unwrap_or(0),
                kind: row.kind.clone(),
                address: row.address.clone(),
                wrong,
            });
        }
    }
    faults
}

/// Where all rows were written for.
struct Places {
    origins: Vec<Origin>,
    /// How far each was moved up; 0 where that is not known.
    shifts: Vec<i64>,
    /// From there to the end all rows were moved by as much.
    tail: usize,
}

impl Places {
    fn of(rows: &[Row]) -> Places {
        let origins = origins(rows);
        let shift = |(row, origin): (&Row, &Origin)| match origin {
            Origin::At(from) => *from - row.seq,
            _ => 0,
        };
        let shifts: Vec<i64> = rows.iter().zip(&origins).map(shift).collect();
        let last = shifts.last().copied().unwrap_or(0);
        let alike = shifts.iter().rev().take_while(|shift| **shift == last && last != 0).count();
        Places { origins, tail: shifts.len() - alike, shifts }
    }

    /// Returns what is wrong with one row; nothing where it only moved with those before it.
    fn wrong(&self, row: &Row, index: usize, is_read: bool) -> Option<Wrong> {
        let moved = self.shifts.get(self.tail).copied().unwrap_or(0);
        // Rows that were put in stand right before those that moved on.
        let put_in = usize::try_from(-moved).unwrap_or(0);
        match self.origins[index] {
            Origin::Here | Origin::AfterGap if is_read => None,
            Origin::Here | Origin::AfterGap => {
                row::decode(row).err().map(|why| Wrong::Unread { why: why.to_string() })
            }
            _ if index >= self.tail && index > 0 && self.origins[index - 1] != Origin::Here => None,
            // A copy of the row before it moved as far as those behind it.
            _ if index <= self.tail && moved < 0 && index + put_in >= self.tail => Some(Wrong::Inserted),
            Origin::Unknown if index + 1 == self.tail && moved > 0 => {
                Some(Wrong::Dropped { rows: moved.unsigned_abs() })
            }
            Origin::Unknown => Some(Wrong::Changed),
            // It is what was written there; the row before it is not, and that is told.
            Origin::At(from) if from == row.seq && index > 0 && self.origins[index - 1] != Origin::Here => {
                None
            }
            Origin::At(from) if from == row.seq => Some(Wrong::Changed),
            Origin::At(from) => Some(Wrong::Moved { from: u64::try_from(from).unwrap_or(0) }),
        }
    }
}

fn origins(rows: &[Row]) -> Vec<Origin> {
    let (mut origins, mut searched, mut last) = (Vec::with_capacity(rows.len()), 0, 0);
    let mut expected = 1;
    let genesis = row::genesis().to_vec();
    for (index, row) in rows.iter().enumerate() {
        let previous = index.checked_sub(1).map_or(&genesis, |before| &rows[before].hash);
        let gap = row.seq > expected;
        expected = row.seq.saturating_add(1);
        let fits = |seq: i64, previous: &[u8]| row::chain_at(previous, row, seq)[..] == row.hash[..];
        let origin = if fits(row.seq, previous) {
            Origin::Here
        } else if last != 0 && fits(row.seq + last, previous) {
            Origin::At(row.seq + last)
        } else if gap {
            Origin::AfterGap
        } else if searched < SEARCHED {
            searched += 1;
            search(rows, index, &genesis, &fits)
        } else {
            Origin::Unknown
        };
        last = if let Origin::At(from) = origin { from - row.seq } else { 0 };
        origins.push(origin);
    }
    origins
}

/// Looks for the number and the hash before it with which a row was written.
fn search(rows: &[Row], index: usize, genesis: &Vec<u8>, fits: &impl Fn(i64, &[u8]) -> bool) -> Origin {
    let around = usize::try_from(AROUND).unwrap_or(0);
    let near = &rows[index.saturating_sub(around)..rows.len().min(index + around)];
    let hashes = || near.iter().map(|row| &row.hash).chain(std::iter::once(genesis));
    let place = rows[index].seq;
    (place.saturating_sub(AROUND).max(1)..place.saturating_add(AROUND))
        .find(|seq| hashes().any(|hash| fits(*seq, hash)))
        .map_or(Origin::Unknown, Origin::At)
}
