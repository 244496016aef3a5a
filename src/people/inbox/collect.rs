//! What has come, and from whom.
//!
//! A letter is from its file's owner: only root can give a file away. What else could make somebody
//! the author of what they did not write is refused: a second name of a file that lies elsewhere, a
//! file that others may write to, a link, another file system, a letter to another run, and a file that
//! its owner need not have put here (`seal`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use serde::Deserialize;

use super::limit::{Kind, LIMIT};
use super::{FORMAT, InboxError, LETTER_LIMIT, LETTER_MODE, Letter, OnDisk, seal};
use crate::people::Person;

/// Something that lies in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Letter(Received),
    /// Not a letter, or not one whose author is certain.
    Void {
        file: String,
        /// The file's owner.
        who: Person,
        why: String,
    },
}

/// A letter, its author, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub letter: Letter,
    pub who: Person,
    /// When it got its place here, microseconds since 1970 UTC: the file's ctime, which its owner cannot set back.
    pub wall_us: i64,
    /// The file's name in the inbox.
    pub file: String,
}

/// The files that were reported, so that each is once.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    files: BTreeSet<String>,
    /// How many of each user, by number, and kind.
    counts: BTreeMap<(u32, Kind), usize>,
}

impl Seen {
    /// Remembers a file, and the number of its owner. After a resume the journal knows these.
    pub fn add(&mut self, file: &str, uid: u32) {
        if self.files.insert(file.to_owned()) {
            *self.counts.entry((uid, Kind::of(file))).or_default() += 1;
        }
    }

    fn count(&self, uid: u32, kind: Kind) -> usize {
        self.counts.get(&(uid, kind)).copied().unwrap_or(0)
    }
}

impl Found {
    /// Returns the file's name in the inbox.
    pub fn file(&self) -> &str {
        match self {
            Found::Letter(received) => &received.file,
            Found::Void { file, .. } => file,
        }
    }
}

/// A name that was not seen before.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct New {
    wall_us: i64,
    file: String,
    name: CString,
    uid: u32,
}

pub(super) fn collect(folder: &Path, run: &str, seen: &mut Seen) -> Result<Vec<Found>, InboxError> {
    let fail = |errno: Errno| InboxError::io(folder, &errno.into());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(folder, flags, Mode::empty()).map_err(fail)?;
    let inbox = rustix::fs::fstat(&directory).map_err(fail)?;
    let new = unseen(directory.as_fd(), seen).map_err(fail)?;
    let mut people = BTreeMap::new();
    let mut found = Vec::new();
    for New { file, name, uid, .. } in new {
        let kind = Kind::of(&file);
        let read = if seen.count(uid, kind) < LIMIT {
            read(directory.as_fd(), &name, &inbox, run)
        } else {
            Err(format!("more than {LIMIT} {} of one person: no further one is looked at", kind.plural()))
        };
        seen.add(&file, uid);
        let mut person = |uid| people.entry(uid).or_insert_with(|| Person::of(uid)).clone();
        found.push(match read {
            Ok((letter, stat)) => {
                let (who, wall_us) = (person(stat.st_uid), ctime_us(&stat));
                Found::Letter(Received { letter, who, wall_us, file })
            }
            Err(why) => Found::Void { file, who: person(uid), why },
        });
    }
    Ok(found)
}

/// Returns the names that were not seen, ordered by when they got their place; of each user and kind no more than are
/// looked at, and one.
fn unseen(directory: BorrowedFd<'_>, seen: &Seen) -> Result<Vec<New>, Errno> {
    let mut by_person: BTreeMap<(u32, Kind), BTreeSet<New>> = BTreeMap::new();
    for entry in rustix::fs::Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let file = name.to_string_lossy().into_owned();
        if file.starts_with('.') || seen.files.contains(&file) {
            continue;
        }
        // One that has gone again was nobody's answer.
        if let Ok(stat) = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            let (uid, kind) = (stat.st_uid, Kind::of(&file));
            let new = by_person.entry((uid, kind)).or_default();
            new.insert(New { wall_us: ctime_us(&stat), file, name: name.to_owned(), uid });
            if new.len() > (LIMIT + 1).saturating_sub(seen.count(uid, kind)) {
                new.pop_last();
            }
        }
    }
    let mut new: Vec<New> = by_person.into_values().flatten().collect();
    new.sort();
    Ok(new)
}

/// Returns the letter in this file and what the operating system says of the file, or why it is void.
fn read(directory: BorrowedFd<'_>, name: &CStr, inbox: &Stat, run: &str) -> Result<(Letter, Stat), String> {
    // A pipe is not waited for, and a link is not followed.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(directory, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) => return Err("it is a link".to_owned()),
        Err(errno) => return Err(format!("it cannot be opened: {}", io::Error::from(errno))),
    };
    let cannot = |error: io::Error| format!("it cannot be read: {error}");
    let before = rustix::fs::fstat(&file).map_err(|errno| cannot(errno.into()))?;
    trusted(&before, inbox)?;
    let mut text = Vec::new();
    (&file).take(LETTER_LIMIT + 1).read_to_end(&mut text).map_err(cannot)?;
    let after = rustix::fs::fstat(&file).map_err(|errno| cannot(errno.into()))?;
    let same = |a: &Stat, b: &Stat| {
        (a.st_size, a.st_nlink, a.st_mode, a.st_uid) == (b.st_size, b.st_nlink, b.st_mode, b.st_uid)
            && (a.st_mtime, a.st_mtime_nsec) == (b.st_mtime, b.st_mtime_nsec)
            && (a.st_ctime, a.st_ctime_nsec) == (b.st_ctime, b.st_ctime_nsec)
    };
    if !same(&before, &after) || u64::try_from(before.st_size) != Ok(text.len() as u64) {
        return Err("it was changed while it was being read".to_owned());
    }
    let letter = letter(&text)?;
    if letter.run != run {
        return Err(format!("it was written to run `{}`", letter.run));
    }
    let kind = Kind::of_message(&letter.message);
    if kind != Kind::of(&name.to_string_lossy()) {
        return Err(format!("its name does not begin with `{}`", kind.prefix()));
    }
    if !seal::holds(directory, name, &text, &after) {
        return Err("its owner need not have put it here: it has no seal".to_owned());
    }
    Ok((letter, after))
}

/// Returns why the owner of the file need not be the author of what stands in it.
fn trusted(stat: &Stat, inbox: &Stat) -> Result<(), String> {
    let why = if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        "it is not a file".to_owned()
    } else if stat.st_dev != inbox.st_dev {
        // A file system in user space says what it likes of an owner.
        "it lies on another file system".to_owned()
    } else if stat.st_nlink != 1 {
        "it has more than one name".to_owned()
    } else if stat.st_mode & 0o022 != 0 {
        "others than its owner can write to it".to_owned()
    } else if stat.st_mode & 0o7777 != LETTER_MODE {
        format!("its mode is {:o}, and that of a letter {LETTER_MODE:o}", stat.st_mode & 0o7777)
    } else if stat.st_gid != inbox.st_gid {
        "it does not belong to the group of the inbox".to_owned()
    } else if u64::try_from(stat.st_size).is_ok_and(|size| size > LETTER_LIMIT) {
        format!("it is larger than {LETTER_LIMIT} bytes")
    } else {
        return Ok(());
    };
    Err(why)
}

fn letter(text: &[u8]) -> Result<Letter, String> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let broken = |error: serde_json::Error| format!("it is not a letter: {error}");
    let Format { format } = serde_json::from_slice(text).map_err(broken)?;
    if format != FORMAT {
        return Err(format!("it has format {format}, this program knows {FORMAT}"));
    }
    let OnDisk { run, message, .. } = serde_json::from_slice(text).map_err(broken)?;
    Ok(Letter { run, message })
}

/// Returns the time of the last change of the file or its name, microseconds since 1970 UTC.
fn ctime_us(stat: &Stat) -> i64 {
    let nanos = i64::try_from(stat.st_ctime_nsec).unwrap_or(0);
    stat.st_ctime.saturating_mul(1_000_000).saturating_add(nanos / 1000)
}
