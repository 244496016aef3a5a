//! Who may look at what is kept: its owner alone, or a team.
//!
//! Owns the modes of everything in a state folder, and how a file or a folder comes to have its mode
//! whatever the umask is. Whether a folder is shared is told by its mode alone: nothing else has to
//! be configured, and an administrator can see it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Who may look at a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Its owner.
    Private,
    /// The members of the folder's group.
    Group,
}

impl Sharing {
    /// Returns who may look at the run in this folder.
    ///
    /// # Errors
    /// When the folder cannot be asked.
    pub fn of(run_dir: &Path) -> io::Result<Sharing> {
        let shared = fs::metadata(run_dir)?.mode() & 0o2050 == 0o2050;
        Ok(if shared { Sharing::Group } else { Sharing::Private })
    }

    /// Returns the mode of a folder that only its owner writes to.
    pub fn folder_mode(self) -> u32 {
        match self {
            Sharing::Private => 0o700,
            Sharing::Group => 0o2750,
        }
    }

    /// Returns the mode of a folder into which everybody who shares puts something. That belongs to the folder's
    /// group, so that the folder's owner can read what another user (root, where it is private) put there; and
    /// nobody else can take away or rename what one put.
    pub fn drop_mode(self) -> u32 {
        match self {
            Sharing::Private => 0o2700,
            Sharing::Group => 0o3770,
        }
    }

    /// Returns the mode of a file that only its owner writes to.
    pub fn file_mode(self) -> u32 {
        match self {
            Sharing::Private => 0o600,
            Sharing::Group => 0o640,
        }
    }

    /// Makes a new file that only its owner writes to; returns it open for writing.
    ///
    /// # Errors
    /// When it is there already or cannot be made.
    pub fn create_file(self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new().write(true).create_new(true).mode(self.file_mode()).open(path)?;
        if self == Sharing::Group {
            file.set_permissions(Permissions::from_mode(self.file_mode()))?;
        }
        Ok(file)
    }

    /// Makes a new folder that only its owner writes to.
    ///
    /// # Errors
    /// When it is there already or cannot be made.
    pub fn create_folder(self, path: &Path) -> io::Result<()> {
        create_folder(path, self.folder_mode())
    }

    /// Makes a new folder into which everybody who shares puts something.
    ///
    /// # Errors
    /// When it is there already or cannot be made.
    pub fn create_drop(self, path: &Path) -> io::Result<()> {
        create_folder(path, self.drop_mode())
    }
}

fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(mode & 0o700).create(path)?;
    if mode != 0o700 {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        rustix::fs::fchmod(&folder, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}
