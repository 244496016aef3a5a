//! Opening what another user may have put there.
//!
//! In a shared folder everybody fills a folder of their own as they like: a pipe there would be waited for, a link leads
//! elsewhere, a file may be without end. Whatever is read from another's folder, and whatever is written to in one, is
//! opened here.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};

/// Opens a file for reading.
///
/// # Errors
/// When there is none, it may not be read, or it is something else than a file: a link, a pipe, a folder.
pub fn open_file(path: &Path) -> io::Result<File> {
    open(path, OFlags::RDONLY, 0)
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// As [`open_file`], and when it is larger or cannot be read.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    open_file(path)?.take(limit.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")));
    }
    Ok(text)
}

/// Opens a file for reading and writing, and makes it with this mode where it is not there.
///
/// # Errors
/// When it may not be written to, or is something else than a file.
pub(super) fn open_or_create(path: &Path, mode: u32) -> io::Result<File> {
    open(path, OFlags::RDWR | OFlags::CREATE, mode)
}

/// Copies a file of at most `limit` bytes to a new one.
///
/// # Errors
/// As [`read_file`], and when the new one cannot be written.
pub(super) fn copy_file(from: &Path, to: &Path, limit: u64) -> io::Result<()> {
    let mut file = open_file(from)?.take(limit.saturating_add(1));
    if io::copy(&mut file, &mut File::create_new(to)?)? > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")));
    }
    Ok(())
}

/// Returns whether there is something else than a file: neither a file nor nothing.
pub(super) fn is_other(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file())
}

fn open(path: &Path, access: OFlags, mode: u32) -> io::Result<File> {
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::from_raw_mode(mode))?;
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is not a file"));
    }
    Ok(File::from(file))
}
