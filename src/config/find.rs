//! Where the file is, and whether it may be trusted.
//!
//! A file that is only found, because it stands above the folder where somebody works, could have
//! been put there by anybody who may write there: it must belong to root, to this user, or to
//! whoever owns that folder.

use std::env;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::diagnostic::Diagnostic;
use crate::users;

const NAME: &str = "mainstay.toml";

/// Bytes; a configuration has some hundreds.
const LIMIT: u64 = 1 << 20;

/// Returns the file that counts, `None` where there is none.
pub(super) fn file(folders: &[&Path]) -> Result<Option<PathBuf>, ConfigError> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set("MAINSTAY_CONFIG") {
        return Ok(Some(std::path::absolute(&path).unwrap_or(path)));
    }
    for folder in folders {
        if let Some(found) = above(folder)? {
            return Ok(Some(found));
        }
    }
    // The XDG specification: relative paths are ignored.
    let home = set("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".config")));
    let places = home.map(|home| home.join("mainstay")).into_iter().chain([PathBuf::from("/etc/mainstay")]);
    Ok(places.map(|place| place.join(NAME)).find(|path| path.exists()))
}

/// Returns the nearest file in the folder or above it.
fn above(folder: &Path) -> Result<Option<PathBuf>, ConfigError> {
    // Symbolic links resolved, so that what stands above is what `..` leads to.
    let Ok(folder) = fs::canonicalize(folder) else {
        return Ok(None);
    };
    let Some(path) = folder.ancestors().map(|folder| folder.join(NAME)).find(|path| path.exists()) else {
        return Ok(None);
    };
    let owner = |path: &Path| fs::metadata(path).map(|metadata| metadata.uid());
    let Ok(uid) = owner(&path) else {
        return Ok(Some(path));
    };
    let trusted =
        uid == 0 || uid == rustix::process::geteuid().as_raw() || owner(&folder).is_ok_and(|of| of == uid);
    if trusted {
        return Ok(Some(path));
    }
    let message = format!(
        "`{}` belongs to `{}`, neither to root, nor to this user, nor to the owner of `{}`",
        path.display(),
        users::name_of(uid),
        folder.display()
    );
    let help = format!("look at it; where it is right, set MAINSTAY_CONFIG={}", path.display());
    Err(ConfigError::of(Diagnostic::error("", message).help(help)))
}

/// Returns what stands in the file.
pub(super) fn text(path: &Path) -> Result<String, ConfigError> {
    let cannot = |why: String| {
        ConfigError::of(Diagnostic::error("", format!("`{}` cannot be read: {why}", path.display())))
    };
    // A pipe would be waited for.
    let metadata = fs::metadata(path).map_err(|error| cannot(error.to_string()))?;
    if !metadata.is_file() {
        return Err(cannot("it is not a file".to_owned()));
    }
    let file = File::open(path).map_err(|error| cannot(error.to_string()))?;
    let mode = file.metadata().map_err(|error| cannot(error.to_string()))?.mode();
    if mode & 0o002 != 0 {
        let message = format!("every user of this machine can write to `{}`", path.display());
        let help = format!("run `chmod o-w {}`", path.display());
        return Err(ConfigError::of(Diagnostic::error("", message).help(help)));
    }
    let mut text = String::new();
    let length = file.take(LIMIT + 1).read_to_string(&mut text).map_err(|error| cannot(error.to_string()))?;
    if length as u64 > LIMIT {
        return Err(cannot("it is larger than 1 MiB".to_owned()));
    }
    Ok(text)
}
