//! The seal: that whoever owns a letter's file put it there themselves.
//!
//! A file's owner need not have put it where it lies: rename(2) takes any file out of a folder that the mover can
//! write to, as a checkout that a group shares. Nothing that stands in such a file helps, and neither does its mode or
//! its inode's number: a forger knows them beforehand. But a folder leaves the one it lies in only by the hand of
//! somebody who can write to it. So each letter has an empty folder beside it that only its author can write to,
//! with a name that stands for the letter's name and text. Never looks into a letter.

use std::ffi::CStr;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Stat};

use crate::journal::Sharing;

/// Returns the name of the seal of a letter with this file name and this text.
pub fn seal_of(file: &str, text: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    // A file's name holds no NUL, so nothing else hashes the same bytes.
    hasher.update(file.as_bytes()).update(&[0]).update(text);
    format!(".seal-{}", hasher.finalize().to_hex())
}

/// Makes the seal, before the letter gets its name. Returns its path.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make(inbox: &Path, file: &str, text: &[u8]) -> io::Result<PathBuf> {
    let path = inbox.join(seal_of(file, text));
    // Readable by the group, so that the inbox can be copied and deleted by whoever owns it.
    Sharing::Group.create_folder(&path)?;
    Ok(path)
}

/// Returns whether the owner of this letter, open as `stat` says, put it here.
pub(super) fn holds(inbox: BorrowedFd<'_>, name: &CStr, text: &[u8], stat: &Stat) -> bool {
    let seal = seal_of(&name.to_string_lossy(), text);
    rustix::fs::statat(inbox, seal, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|seal| {
        FileType::from_raw_mode(seal.st_mode) == FileType::Directory
            && (seal.st_uid, seal.st_dev) == (stat.st_uid, stat.st_dev)
            && seal.st_mode & 0o777 == 0o750
    })
}
