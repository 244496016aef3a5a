//! Whether a state folder keeps what its modes promise, checked at every start.
//!
//! A private folder is written to by its owner alone. A shared one is made by an administrator, written to by
//! its group, and sticky, so that nobody can rename or delete what another one put there. Each
//! finding says the command that mends it. Never mends anything itself.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{JournalError, Sharing};
use crate::users;

const GROUP_WRITES: u32 = 0o020;

/// Group may do everything, new entries belong to the group, nobody takes away another's; others have nothing.
const SHARED_MODE: u32 = 0o3770;

/// Returns whether the folder of all runs is shared, by its mode alone.
///
/// # Errors
/// When it cannot be asked.
pub(super) fn sharing(root: &Path) -> Result<Sharing, JournalError> {
    let shared = metadata(root)?.mode() & GROUP_WRITES != 0;
    Ok(if shared { Sharing::Group } else { Sharing::Private })
}

/// Checks the folder of all runs.
///
/// # Errors
/// [`JournalError::Exposed`] or [`JournalError::Unsafe`], the first thing that is wrong with it.
pub(super) fn check(root: &Path) -> Result<Sharing, JournalError> {
    let folder = metadata(root)?;
    exposed(root, &folder)?;
    owned(root, &folder)?;
    let sharing = sharing(root)?;
    match sharing {
        Sharing::Private => private(root, &folder)?,
        Sharing::Group => {
            shared(root, &folder)?;
            member(root, folder.gid())?;
        }
    }
    Ok(sharing)
}

/// Makes `runs/` in a shared folder where it is not there. Only the owner of the folder may: whoever makes it
/// could take away everything in it.
///
/// # Errors
/// When it cannot be made, or this user is not that owner.
pub(super) fn make_runs(root: &Path, runs: &Path) -> Result<(), JournalError> {
    if runs.exists() {
        return Ok(());
    }
    let folder = metadata(root)?;
    if folder.uid() == rustix::process::geteuid().as_raw() {
        return Sharing::Group.create_drop(runs).map_err(|e| JournalError::io(runs, &e));
    }
    let why = "is not there, and whoever made it could take away what others keep in it";
    let group = users::group_name(folder.gid());
    let mend = format!("run `install -d -m {SHARED_MODE:o} -g {group} {}` as root", runs.display());
    Err(unsafe_for(runs, why.to_owned(), mend))
}

/// Checks `runs/` below a folder that was found in order.
///
/// # Errors
/// [`JournalError::Exposed`] or [`JournalError::Unsafe`], the first thing that is wrong with it.
pub(super) fn check_runs(root: &Path, runs: &Path, sharing: Sharing) -> Result<(), JournalError> {
    let folder = metadata(runs)?;
    exposed(runs, &folder)?;
    owned(runs, &folder)?;
    if sharing == Sharing::Private {
        return private(runs, &folder);
    }
    shared(runs, &folder)?;
    let gid = metadata(root)?.gid();
    if folder.gid() != gid {
        let (group, of_root) = (users::group_name(folder.gid()), users::group_name(gid));
        let why = format!("belongs to the group `{group}`, the folder above it to `{of_root}`");
        return Err(unsafe_for(runs, why, format!("run `chgrp {of_root} {}`", runs.display())));
    }
    Ok(())
}

fn metadata(path: &Path) -> Result<Metadata, JournalError> {
    fs::metadata(path).map_err(|e| JournalError::io(path, &e))
}

fn unsafe_for(path: &Path, why: String, mend: String) -> JournalError {
    JournalError::Unsafe { path: path.to_owned(), why, mend }
}

fn exposed(path: &Path, folder: &Metadata) -> Result<(), JournalError> {
    if folder.mode() & 0o002 == 0 { Ok(()) } else { Err(JournalError::Exposed(path.to_owned())) }
}

fn owned(path: &Path, folder: &Metadata) -> Result<(), JournalError> {
    let user = rustix::process::geteuid().as_raw();
    if folder.uid() == 0 || folder.uid() == user {
        return Ok(());
    }
    let why = format!(
        "belongs to `{}`, who could take away what others keep there: neither to root nor to this user",
        users::name_of(folder.uid())
    );
    let mend = format!(
        "run `chown root {}` where it is a team's; else set MAINSTAY_STATE to another one",
        path.display()
    );
    Err(unsafe_for(path, why, mend))
}

fn private(path: &Path, folder: &Metadata) -> Result<(), JournalError> {
    if folder.mode() & GROUP_WRITES != 0 {
        let why = "can be written by its group, but the folder above it is not shared".to_owned();
        return Err(unsafe_for(path, why, format!("run `chmod g-w {}`", path.display())));
    }
    Ok(())
}

fn shared(path: &Path, folder: &Metadata) -> Result<(), JournalError> {
    let mode = folder.mode();
    let why = if mode & 0o007 != 0 {
        "is shared by its group, and can be entered by every user of this machine"
    } else if mode & 0o1000 == 0 {
        "is shared by its group, and each of them could take away what another one keeps there"
    } else if mode & 0o2000 == 0 {
        "is shared by its group, but what is made in it would not belong to the group"
    } else if mode & 0o070 != 0o070 {
        "is shared by its group, but they cannot do everything in it that they must"
    } else {
        return Ok(());
    };
    let path_shown = path.display();
    // Some umasks make every folder the group's, too, and nobody meant to share it.
    let mend =
        format!("run `chmod {SHARED_MODE:o} {path_shown}` to share it, or `chmod 700 {path_shown}` not to");
    Err(unsafe_for(path, why.to_owned(), mend))
}

/// Whoever is not in the group can neither write to the folder nor hand it what he writes elsewhere.
fn member(path: &Path, gid: u32) -> Result<(), JournalError> {
    let is_gid = |group: rustix::process::Gid| group.as_raw() == gid;
    let groups = rustix::process::getgroups().unwrap_or_default();
    if rustix::process::geteuid().is_root()
        || is_gid(rustix::process::getegid())
        || groups.into_iter().any(is_gid)
    {
        return Ok(());
    }
    let group = users::group_name(gid);
    let why = format!("is shared by the group `{group}`, of which this process is no member");
    let mend = format!("run `usermod --append --groups {group} USER` as root, and log in again");
    Err(unsafe_for(path, why, mend))
}
