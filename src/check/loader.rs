//! Where files are read from.
//!
//! Owns the door to the disk and its stand-in for tests. Never parses a text and never knows
//! the standard library.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Reads files.
pub trait Loader {
    /// Returns the text of the file at `path`.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, lowercase, without the path.
    fn load(&self, path: &str) -> Result<String, String>;

    /// Returns the path that `path` means when it is written in the file `from`.
    fn relative(&self, from: &str, path: &str) -> String {
        let path = Path::new(path);
        if path.is_absolute() {
            return path.to_string_lossy().into_owned();
        }
        let folder = Path::new(from).parent().unwrap_or_else(|| Path::new(""));
        tidy(&folder.join(path))
    }
}

/// Takes `.` and, where it can, `..` out of a path.
fn tidy(path: &Path) -> String {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out.to_string_lossy().into_owned()
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        let bytes = std::fs::read(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => String::from("there is no such file"),
            std::io::ErrorKind::PermissionDenied => String::from("it may not be read"),
            std::io::ErrorKind::IsADirectory => String::from("it is a folder"),
            _ => e.to_string().to_lowercase(),
        })?;
        String::from_utf8(bytes)
            .map_err(|e| format!("it is not UTF-8: byte {} is damaged", e.utf8_error().valid_up_to()))
    }
}

/// Files held in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<String, String>);

impl Memory {
    /// Returns the files of these paths and texts.
    pub fn new(files: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        Memory(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }
}

impl Loader for Memory {
    fn load(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| String::from("there is no such file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_file_it_stands_in() {
        let loader = Memory::default();
        let of = |from, path| loader.relative(from, path);
        assert_eq!(of("books/a.runbook", "./edge.runbook"), "books/edge.runbook");
        assert_eq!(of("a.runbook", "./edge.runbook"), "edge.runbook");
        assert_eq!(of("books/a.runbook", "../edge.runbook"), "edge.runbook");
        assert_eq!(of("a.runbook", "../edge.runbook"), "../edge.runbook");
        assert_eq!(of("a.runbook", "/edge.runbook"), "/edge.runbook");
    }
}
