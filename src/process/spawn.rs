//! From a specification to a running process.
//!
//! Owns the look-up on `PATH`, the switch of user, the environment, standard input, and the
//! names of what can go wrong on the way. Plain arguments go through `std::process` with a
//! program path already resolved, which keeps `posix_spawn` also where `PATH` is set for the
//! command. Never waits for anything.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{Access, access};
use zeroize::Zeroizing;

use super::protocol::{CommandSpec, SpawnFailure, StdinSource};

/// Where programs are looked for when no `PATH` is set anywhere.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a command never ran.
pub(super) struct Failure {
    pub kind: SpawnFailure,
    pub message: String,
}

impl Failure {
    fn new(kind: SpawnFailure, message: String) -> Self {
        Failure { kind, message }
    }
}

/// A running command, and what the supervisor has to do for it.
pub(super) struct Spawned {
    pub child: Child,
    /// What is to be written to its standard input.
    pub feed: Option<Feed>,
    /// The other user it runs as.
    pub user: Option<String>,
}

/// Starts the command in a process group of its own.
pub(super) fn spawn(spec: &CommandSpec) -> Result<Spawned, Failure> {
    if let Some(dir) = &spec.dir {
        check_dir(dir)?;
    }
    let user = spec.user.as_deref().filter(|user| !is_current(user));
    let words = match user {
        Some(user) => as_user(user, spec),
        None => spec.argv.clone(),
    };
    let Some((name, args)) = words.split_first() else {
        return Err(Failure::new(SpawnFailure::NotFound, "there is no program to run".into()));
    };
    let program = look_up(name, spec)?;
    let (stdin, feed) = stdin(&spec.stdin)?;
    let mut command = Command::new(&program);
    command.arg0(name).args(args).process_group(0).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    command.envs(spec.secret_env.iter().map(|(name, value)| (name, value.expose())));
    if let Some(dir) = &spec.dir {
        command.current_dir(dir);
    }
    let child = command.spawn().map_err(|error| spawn_error(&program, &error))?;
    Ok(Spawned { child, feed, user: user.map(str::to_owned) })
}

/// Bytes to be written to a standard input.
type Feed = Zeroizing<Vec<u8>>;

fn check_dir(dir: &str) -> Result<(), Failure> {
    let fail = |why: &dyn std::fmt::Display| {
        Err(Failure::new(SpawnFailure::Directory, format!("cannot enter the directory `{dir}`: {why}")))
    };
    match std::fs::metadata(dir) {
        Ok(found) if !found.is_dir() => fail(&"it is not a directory"),
        Ok(_) => access(dir, Access::EXEC_OK).or_else(|error| fail(&io::Error::from(error))),
        Err(error) => fail(&error),
    }
}

fn spawn_error(program: &Path, error: &io::Error) -> Failure {
    let shown = program.display();
    let (kind, why) = match error.kind() {
        io::ErrorKind::NotFound => {
            (SpawnFailure::NotFound, "it or the interpreter it names does not exist".into())
        }
        io::ErrorKind::PermissionDenied => (SpawnFailure::Permission, error.to_string()),
        io::ErrorKind::ArgumentListTooLong => (
            SpawnFailure::TooLong,
            "an argument or the environment is too long, use its standard input".into(),
        ),
        io::ErrorKind::InvalidInput => {
            (SpawnFailure::Other, "an argument or an environment variable holds a NUL byte".to_string())
        }
        _ => (SpawnFailure::Other, error.to_string()),
    };
    Failure::new(kind, format!("cannot run `{shown}`: {why}"))
}

/// Returns the program's path, looked up where the command itself would look.
fn look_up(name: &str, spec: &CommandSpec) -> Result<PathBuf, Failure> {
    if name.contains('/') {
        return Ok(PathBuf::from(name));
    }
    let own = spec.env.iter().rev().find(|(key, _)| key == "PATH").map(|(_, value)| value.into());
    let path = own.or_else(|| std::env::var_os("PATH")).unwrap_or_else(|| DEFAULT_PATH.into());
    let here = spec.dir.as_deref().unwrap_or(".");
    let mut forbidden = false;
    for folder in std::env::split_paths(&path).filter(|_| !name.is_empty()) {
        let candidate = Path::new(here).join(folder).join(name);
        if access(&candidate, Access::EXISTS).is_err() || candidate.is_dir() {
            continue;
        }
        if access(&candidate, Access::EXEC_OK).is_ok() {
            return std::path::absolute(&candidate).map_err(|error| spawn_error(&candidate, &error));
        }
        forbidden = true;
    }
    Err(if forbidden {
        Failure::new(SpawnFailure::Permission, format!("`{name}` is on the PATH and may not be executed"))
    } else {
        Failure::new(SpawnFailure::NotFound, format!("there is no program `{name}` on the PATH"))
    })
}

/// Returns the words that run the command as another user, values of variables never among them.
/// Root in a machine without `sudo` (a container) goes through `runuser`, which keeps the
/// environment as it is.
fn as_user(user: &str, spec: &CommandSpec) -> Vec<String> {
    let mut prefix: Vec<String> = Vec::new();
    if rustix::process::getuid().is_root() && look_up("sudo", spec).is_err() {
        prefix.extend(["runuser", "-u", user, "--"].map(str::to_owned));
    } else {
        prefix.extend(["sudo", "-n", "-u", user].map(str::to_owned));
        let plain = spec.env.iter().map(|(name, _)| name.as_str());
        let names: Vec<_> = plain.chain(spec.secret_env.iter().map(|(name, _)| name.as_str())).collect();
        if !names.is_empty() {
            prefix.push(format!("--preserve-env={}", names.join(",")));
        }
        prefix.push("--".into());
    }
    prefix.extend(spec.argv.iter().cloned());
    prefix
}

/// Returns whether this is the user the supervisor runs as. Users `/etc/passwd` does not know
/// are left to `sudo`.
fn is_current(user: &str) -> bool {
    let own = rustix::process::getuid().as_raw();
    if user.parse() == Ok(own) {
        return true;
    }
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).any(
        |fields| matches!(fields.as_slice(), [name, _, uid, ..] if *name == user && uid.parse() == Ok(own)),
    )
}

fn stdin(source: &StdinSource) -> Result<(Stdio, Option<Feed>), Failure> {
    Ok(match source {
        StdinSource::Null => (Stdio::null(), None),
        StdinSource::Bytes(bytes) => (Stdio::piped(), Some(Zeroizing::new(bytes.clone()))),
        StdinSource::Secret(text) => {
            (Stdio::piped(), Some(Zeroizing::new(text.expose().as_bytes().to_vec())))
        }
        StdinSource::File(path) => match File::open(path) {
            Ok(file) => (file.into(), None),
            Err(error) => {
                let message = format!("cannot open `{path}` for its standard input: {error}");
                return Err(Failure::new(SpawnFailure::Stdin, message));
            }
        },
    })
}

/// Starts a `kill` of the group as the user the command runs as, for a group whose processes
/// this user may not signal itself.
pub(super) fn spawn_kill(user: &str, signal: &str, group: i32) -> io::Result<Child> {
    let words: [&OsStr; 8] = ["-n", "-u", user, "--", "kill", "-s", signal, "--"].map(OsStr::new);
    Command::new("sudo")
        .args(words)
        .arg(format!("-{group}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::secret::SecretText;
    use std::time::Duration;

    #[test]
    fn variables_pass_to_another_user_by_name_only() {
        let mut spec = CommandSpec::new("a", ["id"], Duration::from_secs(1));
        spec.env = vec![("A".into(), "plain-value".into())];
        spec.secret_env = vec![("B".into(), SecretText::new("secret-value"))];
        let words = as_user("somebody", &spec).join(" ");
        assert!(!words.contains("value"), "{words}");
        assert!(words.ends_with("-- id"), "{words}");
    }

    #[test]
    fn the_current_user_is_known_by_its_number() {
        assert!(is_current(&rustix::process::getuid().as_raw().to_string()));
        assert!(!is_current("no-such-user-anywhere"));
    }
}
