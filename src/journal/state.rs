//! The state folder: where runs are kept.
//!
//! Owns its place, the refusal of network file systems, and how a run is found by what an operator
//! types. Its permissions are `access`'s and `sharing`'s. Never opens a database.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::id::{is_run_id, opened_as_named};
use super::{JournalError, Sharing, access};
use crate::diagnostic::nearest;

/// The folder that holds `index.db` and `runs/ID/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// Returns the folder that `$MAINSTAY_STATE` names, else the configured one, else
    /// `$XDG_STATE_HOME/mainstay`, else `~/.local/state/mainstay`.
    ///
    /// # Errors
    /// [`JournalError::NoHome`] when none of them is set.
    pub fn place(configured: Option<&Path>) -> Result<PathBuf, JournalError> {
        let set = |name: &str| env::var_os(name).filter(|v| !v.is_empty());
        if let Some(path) = set("MAINSTAY_STATE") {
            return std::path::absolute(&path).map_err(|e| JournalError::io(Path::new(&path), &e));
        }
        if let Some(path) = configured {
            return Ok(path.to_owned());
        }
        // The XDG specification: relative paths are ignored.
        if let Some(path) = set("XDG_STATE_HOME").map(PathBuf::from)
            && path.is_absolute()
        {
            return Ok(path.join("mainstay"));
        }
        set("HOME").map(|home| Path::new(&home).join(".local/state/mainstay")).ok_or(JournalError::NoHome)
    }

    /// Opens `root` for new runs: makes it (mode 0700) when it is not there. One that its group can write to is
    /// shared: everything in it can then be read by the group.
    ///
    /// # Errors
    /// When it cannot be made, lies on a network file system, or its modes do not keep what is in it
    /// from others ([`JournalError::Exposed`], [`JournalError::Unsafe`]).
    pub fn create(root: impl Into<PathBuf>) -> Result<StateDir, JournalError> {
        let state = StateDir { root: root.into() };
        let make = |folder: &Path| {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|e| JournalError::io(folder, &e))
        };
        make(&state.root)?;
        if let Some(kind) = network_file_system(&state.root)? {
            return Err(JournalError::Network { path: state.root, kind });
        }
        let sharing = access::check(&state.root)?;
        let runs = state.root.join("runs");
        match sharing {
            Sharing::Private => make(&runs)?,
            Sharing::Group => access::make_runs(&state.root, &runs)?,
        }
        access::check_runs(&state.root, &runs, sharing)?;
        Ok(state)
    }

    /// Opens `root` to look at what is there; nothing is made or checked.
    pub fn existing(root: impl Into<PathBuf>) -> StateDir {
        StateDir { root: root.into() }
    }

    /// Returns the folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of that run.
    pub fn run_dir(&self, run: &str) -> PathBuf {
        self.root.join("runs").join(run)
    }

    /// Returns who may look at the runs.
    ///
    /// # Errors
    /// When the folder cannot be asked.
    pub fn sharing(&self) -> Result<Sharing, JournalError> {
        access::sharing(&self.root)
    }

    /// Returns the number of the user whom a run belongs to, where runs of several users are kept: what its
    /// journal says of whoever began it is only what that user wrote. `None` where there is but one.
    pub fn owner(&self, run: &str) -> Option<u32> {
        let shared = self.sharing().ok()? == Sharing::Group;
        shared.then(|| fs::metadata(self.run_dir(run)).ok().map(|folder| folder.uid()))?
    }

    /// Makes the folder of a new run (mode 0700; 2750 in a shared folder).
    ///
    /// # Errors
    /// When it is there already or cannot be made.
    pub fn create_run_dir(&self, run: &str) -> Result<PathBuf, JournalError> {
        let folder = self.run_dir(run);
        if !is_run_id(run) {
            return Err(JournalError::Other { path: folder, why: "not the id of a run".to_owned() });
        }
        self.sharing()?.create_folder(&folder).map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists => JournalError::Taken(run.to_owned()),
            _ => JournalError::io(&folder, &e),
        })?;
        Ok(folder)
    }

    /// Returns whether a run was cut off before there was a journal: nothing of it is there but who held it.
    pub fn is_bare(&self, run: &str) -> bool {
        let entries = fs::read_dir(self.run_dir(run)).ok();
        entries.is_some_and(|mut entries| {
            entries.all(|entry| {
                entry.is_ok_and(|entry| entry.file_name() == "lock" || entry.file_name() == "holder")
            })
        })
    }

    /// Removes the folder of a run that never began; what cannot be removed stays.
    pub fn discard(&self, run: &str) {
        if is_run_id(run) {
            let _ = fs::remove_dir_all(self.run_dir(run));
        }
    }

    /// Keeps a text beside the journal of a run.
    ///
    /// # Errors
    /// When there is one of that name, or it cannot be written.
    pub fn keep(&self, run: &str, name: &str, text: &[u8]) -> Result<(), JournalError> {
        let path = self.run_dir(run).join(name);
        let written = self.sharing()?.create_file(&path).and_then(|mut file| file.write_all(text));
        written.map_err(|e| JournalError::io(&path, &e))
    }

    /// Returns the ids of all runs, oldest first.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn runs(&self) -> Result<Vec<String>, JournalError> {
        let folder = self.root.join("runs");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(JournalError::io(&folder, &e)),
        };
        let mut runs: Vec<String> = entries
            .filter_map(Result::ok)
            // A link to another run is none, whoever put it there.
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_run_id(name))
            .collect();
        runs.sort_unstable();
        Ok(runs)
    }

    /// Returns the run that `given` stands for: its id, the beginning or the last part of it
    /// (`k7f3`), or `last`.
    ///
    /// # Errors
    /// When no run or more than one fits.
    pub fn find(&self, given: &str) -> Result<String, JournalError> {
        let runs = self.runs()?;
        if runs.iter().any(|run| run == given) {
            return Ok(given.to_owned());
        }
        if given == "last"
            && let Some(last) = self.latest(&runs)
        {
            return Ok(last);
        }
        let tail = |run: &str| run.rsplit('-').next().unwrap_or("").to_owned();
        let mut fits: Vec<&String> = runs.iter().filter(|run| tail(run) == given).collect();
        if fits.is_empty() && !given.is_empty() {
            fits = runs.iter().filter(|run| run.starts_with(given)).collect();
        }
        match fits.as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                let tails: Vec<String> = runs.iter().map(|run| tail(run)).collect();
                let near = nearest(given, runs.iter().map(String::as_str)).map(str::to_owned).or_else(|| {
                    let near = nearest(given, tails.iter().map(String::as_str))?;
                    runs.iter().find(|run| tail(run) == near).cloned()
                });
                Err(JournalError::UnknownRun {
                    given: given.to_owned(),
                    nearest: near,
                    any: !runs.is_empty(),
                })
            }
            many => Err(JournalError::AmbiguousRun {
                given: given.to_owned(),
                runs: many.iter().map(|run| (*run).clone()).collect(),
            }),
        }
    }

    /// Returns the run whose folder was made last; ids of one minute do not tell.
    fn latest(&self, runs: &[String]) -> Option<String> {
        let minute = |run: &str| run.rsplit_once('-').map(|(m, _)| m.to_owned());
        // A folder with the name of a time to come would be the last one for everybody and for long.
        let now = jiff::Timestamp::now().as_microsecond();
        let me = rustix::process::geteuid().as_raw();
        let is_made_up = |run: &&String| {
            opened_as_named(run).is_some_and(|opened| opened > now)
                && self.owner(run).is_some_and(|owner| owner != me)
        };
        let newest = minute(runs.iter().rev().find(|run| !is_made_up(run))?)?;
        runs.iter()
            .filter(|run| minute(run).as_deref() == Some(&*newest))
            .max_by_key(|run| {
                fs::metadata(self.run_dir(run)).and_then(|m| m.created().or_else(|_| m.modified())).ok()
            })
            .cloned()
    }
}

/// File systems by the number that statfs(2) gives, `linux/magic.h`.
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x7375_7245, "Coda"),
    (0x564c, "NCP"),
    (0x786f_4256, "VirtualBox shared folders"),
];

/// What statfs(2) says of every file system in user space; the mount table knows which it is.
const FUSE: u32 = 0x6573_5546;

const NETWORK_FUSE: &[(&str, &str)] = &[
    ("fuse.sshfs", "sshfs"),
    ("fuse.glusterfs", "GlusterFS"),
    ("fuse.s3fs", "s3fs"),
    ("fuse.rclone", "rclone"),
    ("fuse.gcsfuse", "gcsfuse"),
    ("fuse.ceph", "Ceph"),
    ("fuse.davfs", "WebDAV"),
];

/// Returns the name of the network file system that holds `path`, `None` when it is local.
fn network_file_system(path: &Path) -> Result<Option<&'static str>, JournalError> {
    let stat = rustix::fs::statfs(path).map_err(|e| JournalError::io(path, &e.into()))?;
    // The width and sign of the field differ between platforms; the number has 32 bits.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "magic numbers have 32 bits")]
    let magic = stat.f_type as u32;
    if magic == FUSE {
        return Ok(fuse_kind(path));
    }
    Ok(NETWORK.iter().find(|(n, _)| *n == magic).map(|(_, k)| *k))
}

/// Returns what the mount table says of the longest mount point above `path`.
fn fuse_kind(path: &Path) -> Option<&'static str> {
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let path = fs::canonicalize(path).ok()?;
    let (_, kind) = table
        .lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let point = left.split(' ').nth(4)?;
            let kind = right.split(' ').next()?;
            path.starts_with(point).then_some((point.len(), kind))
        })
        .max_by_key(|(length, _)| *length)?;
    NETWORK_FUSE.iter().find(|(name, _)| *name == kind).map(|(_, word)| *word)
}
