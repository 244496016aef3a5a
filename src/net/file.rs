//! The module `file`: what it reads from and does to the local file system.
//!
//! Never follows half a change: a file is written as a new one that takes the old one's place,
//! on disk before and after. Errors name the path and the reason.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::event::NativeRequest;
use crate::process::blot::{Blotter, Needles};
use crate::value::Value;

use super::arguments::Arguments;
use super::{Failure, VALUE_LIMIT, spoken, text, words};

/// Carries out one function of the module. The measuring of a folder, which alone may take long, ends after `limit`.
///
/// # Errors
/// When the file system refuses, with the path and why.
pub fn call(request: &NativeRequest, limit: Duration, needles: &Needles) -> Result<Value, Failure> {
    let arguments = Arguments::new(request);
    let path = Path::new(arguments.text("path")?);
    if path.as_os_str().is_empty() {
        return Err(Failure::seen(format!("the path of {} is empty", arguments.call())));
    }
    let done = |()| Value::None;
    match request.function.as_str() {
        "exists" => exists(path).map(Value::Bool),
        "read" => read(path, needles),
        "size" => size(path, limit).map(Value::Size),
        "modified" => modified(path),
        "list" => list(path),
        "write" => write(path, arguments.text("text")?.as_bytes()).map(done),
        "append" => append(path, arguments.text("text")?.as_bytes()).map(done),
        "copy" => copy(path, Path::new(arguments.text("to")?)).map(done),
        "move" => rename(path, Path::new(arguments.text("to")?)).map(done),
        "remove" => remove(path).map(done),
        "make_folder" => fs::create_dir_all(path).map_err(cannot("make the folder", path)).map(done),
        _ => Err(Failure::seen(format!("there is no {}", arguments.call()))),
    }
}

/// Returns what turns an error into words: `cannot read `/etc/x`: permission denied`.
fn cannot<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Failure + 'a {
    move |error| Failure::seen(format!("cannot {what} `{}`: {}", path.display(), words::system(&error)))
}

fn exists(path: &Path) -> Result<bool, Failure> {
    match path.try_exists() {
        // A part of the path is a file: nothing can be there.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        other => other.map_err(cannot("look for", path)),
    }
}

fn read(path: &Path, needles: &Needles) -> Result<Value, Failure> {
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| {
        regular(path)?;
        File::open(path)?.take(VALUE_LIMIT as u64 + 1).read_to_end(bytes)
    };
    read(&mut bytes).map_err(cannot("read", path))?;
    if bytes.len() > VALUE_LIMIT {
        return Err(Failure::seen(format!(
            "cannot read `{}`: it is larger than the 8 MiB that a value holds",
            path.display()
        )));
    }
    let mut blotter = Blotter::new(needles.clone());
    let mut clean = Vec::with_capacity(bytes.len());
    blotter.push(&bytes, &mut clean);
    blotter.finish(&mut clean);
    Ok(match text(clean, false) {
        (text, true) => Value::text(text),
        (text, false) => Value::Damaged(text.into()),
    })
}

/// Returns the size of a file, or of all files below a folder. Links inside count as themselves.
fn size(path: &Path, limit: Duration) -> Result<i64, Failure> {
    let begun = Instant::now();
    let meta = fs::metadata(path).map_err(cannot("measure", path))?;
    if !meta.is_dir() {
        return Ok(i64::try_from(meta.len()).unwrap_or(i64::MAX));
    }
    let mut total: u64 = 0;
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if begun.elapsed() > limit {
            return Err(Failure::seen(format!(
                "cannot measure `{}` within {}",
                path.display(),
                spoken(limit)
            )));
        }
        let entries = fs::read_dir(&folder).map_err(cannot("measure", &folder))?;
        for entry in entries {
            let entry = entry.map_err(cannot("measure", &folder))?;
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => total += meta.len(),
                // Files come and go while one measures.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot("measure", &entry.path())(error)),
            }
        }
    }
    Ok(i64::try_from(total).unwrap_or(i64::MAX))
}

fn modified(path: &Path) -> Result<Value, Failure> {
    let time =
        fs::metadata(path).and_then(|meta| meta.modified()).map_err(cannot("tell the age of", path))?;
    jiff::Timestamp::try_from(time).map(Value::Time).map_err(|_| {
        Failure::seen(format!("cannot tell the age of `{}`: its time is out of range", path.display()))
    })
}

fn list(path: &Path) -> Result<Value, Failure> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot("list", path))? {
        let entry = entry.map_err(cannot("list", path))?;
        let name = entry.path().into_os_string();
        names.push(
            name.into_string()
                .map_err(|name| Failure::seen(format!("the name of `{}` is not UTF-8", name.display())))?,
        );
    }
    names.sort_unstable();
    Ok(Value::list(names.into_iter().map(Value::text).collect()))
}

fn write(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let path = &behind_links(path)?;
    replace(path, |file| file.write_all(text)).map_err(cannot("write", path))?;
    settle(path, "write")
}

fn append(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let add = || {
        regular(path)?;
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(text)?;
        file.sync_all()
    };
    add().map_err(cannot("append to", path))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let open = || {
        regular(from)?;
        let source = File::open(from)?;
        let meta = source.metadata()?;
        Ok((source, meta))
    };
    let (mut source, meta) = open().map_err(cannot("copy", from))?;
    let to = &behind_links(to)?;
    replace(to, |file| {
        io::copy(&mut source, file)?;
        if !to.exists() {
            file.set_permissions(Permissions::from_mode(meta.mode() & 0o777))?;
        }
        Ok(())
    })
    .map_err(cannot("copy to", to))?;
    settle(to, "copy to")
}

/// Moves a file; to another file system by a copy that is complete before the old one goes.
fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    if to.is_dir() && !from.is_dir() {
        return Err(Failure::seen(format!(
            "cannot move to `{}`: it is a folder; name the file in it",
            to.display()
        )));
    }
    match fs::rename(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy(from, to)?;
            fs::remove_file(from).map_err(cannot("remove", from))?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && from.symlink_metadata().is_ok() => {
            return Err(cannot("move to", to)(error));
        }
        Err(error) => return Err(cannot("move", from)(error)),
    }
    settle(to, "move to")
}

fn remove(path: &Path) -> Result<(), Failure> {
    let meta = fs::symlink_metadata(path).map_err(cannot("remove", path))?;
    let removed = if meta.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
    removed.map_err(cannot("remove", path))?;
    settle(path, "remove")
}

/// Returns the file a path leads to, so that a link stays a link.
fn behind_links(path: &Path) -> Result<PathBuf, Failure> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => match fs::canonicalize(path) {
            Ok(target) => Ok(target),
            Err(error) => Err(cannot("follow the link", path)(error)),
        },
        _ => Ok(path.to_path_buf()),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns what is known of a file, or `None` where there is none. A pipe or a device is refused:
/// opening one may wait for ever, or do something.
fn regular(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(meta) if !meta.is_file() => Err(io::Error::other("it is not a regular file")),
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts `text` in the place of a file that is there: all of it, or nothing. Its owner and permission stay, and a link to it
/// stays one.
///
/// # Errors
///
/// When the file may not be written to, or the new text cannot be kept; the old one then stands as it was.
pub fn rewrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    File::options().write(true).open(&path)?;
    replace(&path, |file| file.write_all(text))
}

/// Writes a file, all of it or nothing; of one that is there as [`rewrite`].
///
/// # Errors
///
/// When it may not be written to, or the text cannot be kept; what was there then stands as it was.
pub fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    match regular(path)? {
        Some(_) => rewrite(path, text),
        None => replace(path, |file| file.write_all(text)),
    }
}

/// Fills a new file beside `path` and puts it in its place, with the old one's owner and permission.
fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let old = regular(path)?;
    let mut new = tempfile::Builder::new()
        .prefix(".mainstay-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder_of(path))?;
    fill(new.as_file_mut())?;
    if let Some(old) = old {
        let made = new.as_file().metadata()?;
        if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
            fchown(new.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        new.as_file().set_permissions(old.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Puts a change of a folder on disk. It is made already: a failure leaves doubt whether it lasts.
fn settle(path: &Path, what: &str) -> Result<(), Failure> {
    let folder = folder_of(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Failure { doubt: true, ..cannot(what, path)(error) })
}
