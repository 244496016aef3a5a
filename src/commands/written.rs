//! Files that a command writes: over one of their own kind, and over nothing else.
//!
//! Owns that a slip of the hand costs no runbook, and that no file is ever half written.

use std::path::Path;

use super::failure::{Failure, INVALID};

/// Writes a file, all of it or nothing. `kind`: what it is, as `a page`; `is_such`: whether a text that is there already is one, too.
///
/// # Errors
/// When something else is there, which is left as it is, or it cannot be written.
pub(super) fn write(
    file: &Path,
    text: &str,
    kind: &str,
    is_such: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let shown = file.display();
    let told = |e: std::io::Error| Failure::new(INVALID, format!("cannot write `{shown}`: {e}"));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
    if let Some(folder) = folder {
        let missing = format!("cannot write `{shown}`: there is no folder `{}`", folder.display());
        return Err(Failure::new(INVALID, missing).help("make it first"));
    }
    let old = std::fs::metadata(file);
    if old.as_ref().is_ok_and(|old| old.is_file() && old.len() > 0) {
        let old = std::fs::read(file).map_err(told)?;
        if !is_such(&String::from_utf8_lossy(&old)) {
            return Err(Failure::new(
                INVALID,
                format!("`{shown}` is there and is not {kind}: it is left as it is"),
            )
            .help("name another file, or delete it"));
        }
    }
    match old {
        // A terminal or a pipe takes what it is given.
        Ok(old) if !old.is_file() && !old.is_dir() => std::fs::write(file, text),
        _ => crate::net::write_whole(file, text.as_bytes()),
    }
    .map_err(told)
}
