//! Where secrets come from.
//!
//! Owns the trying of their sources in order. Never shows or logs what a source gave, neither as
//! a value nor in an error: a command's messages may quote what it read.

use std::time::Duration;

use crate::net::spoken;
use crate::program::SecretSource;
use crate::value::Secret;

/// How long a command may take to give a secret.
const PATIENCE: Duration = Duration::from_secs(30);

/// No source had the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("secret `{name}` cannot be had: {}", tried.join("; "))]
pub struct SecretError {
    pub name: String,
    /// Each source with why it gave none, in the order they were tried.
    pub tried: Vec<String>,
}

/// Returns the secret `name` from the first of its sources that has it. Newlines at its end are removed.
///
/// # Errors
/// When none has it, with what became of each.
pub fn fetch_secret(name: &str, sources: &[SecretSource]) -> Result<Secret, SecretError> {
    let mut tried = Vec::new();
    for source in sources {
        match fetch(source).and_then(usable) {
            Ok(text) => return Ok(Secret::new(name, text)),
            Err(why) => tried.push(format!("{} {why}", shown(source))),
        }
    }
    if tried.is_empty() {
        tried.push("it names no source".to_owned());
    }
    Err(SecretError { name: name.to_owned(), tried })
}

/// Returns why no source can have the secret, as far as that can be seen without fetching it: a command is not run, a file
/// not read.
pub fn secret_is_missing(name: &str, sources: &[SecretSource]) -> Option<SecretError> {
    let mut tried = Vec::new();
    for source in sources {
        let why = match source {
            SecretSource::Env(variable) => std::env::var_os(variable).is_none().then_some("is not set"),
            SecretSource::File(path) => (!std::path::Path::new(path).exists()).then_some("is not there"),
            SecretSource::Command(_) => None,
        };
        tried.push(format!("{} {}", shown(source), why?));
    }
    Some(SecretError { name: name.to_owned(), tried })
}

fn shown(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(variable) => format!("the environment variable `{variable}`"),
        SecretSource::File(path) => format!("the file `{path}`"),
        SecretSource::Command(command) => format!("the command `{command}`"),
    }
}

fn fetch(source: &SecretSource) -> Result<Vec<u8>, String> {
    match source {
        SecretSource::Env(variable) => {
            use std::os::unix::ffi::OsStringExt as _;
            let value = std::env::var_os(variable).ok_or("is not set")?;
            Ok(value.into_vec())
        }
        SecretSource::File(path) => std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "is not there".to_owned(),
            std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
            kind => format!("cannot be read: {kind}"),
        }),
        SecretSource::Command(command) => run(command),
    }
}

fn usable(bytes: Vec<u8>) -> Result<String, String> {
    let mut text = String::from_utf8(bytes).map_err(|_| "gave something that is not UTF-8")?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    if text.is_empty() {
        return Err("gave nothing".to_owned());
    }
    Ok(text)
}

/// Runs a command for what it prints. It stays in the foreground, as a password manager may have
/// to ask at the terminal.
fn run(command: &str) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot be run: {}", error.kind());
    let handle = duct::cmd("sh", ["-c", command])
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .start()
        .map_err(failed)?;
    let Some(output) = handle.wait_timeout(PATIENCE).map_err(failed)? else {
        // What it started may live on; nobody waits for that.
        handle.kill().map_err(failed)?;
        return Err(format!("gave nothing within {}", spoken(PATIENCE)));
    };
    match output.status.code() {
        Some(0) => Ok(output.stdout.clone()),
        Some(code) => Err(format!("ended with exit status {code}")),
        None => Err("was ended by a signal".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_source_that_has_it_gives_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("token");
        std::fs::write(&path, "from-the-file\r\n").expect("writes");
        let sources = [
            SecretSource::Env("MAINSTAY_NO_SUCH_VARIABLE".to_owned()),
            SecretSource::File(path.to_string_lossy().into_owned()),
            SecretSource::Command("echo never run; exit 1".to_owned()),
        ];
        let secret = fetch_secret("token", &sources).expect("a secret");
        assert_eq!((secret.name(), secret.reveal()), ("token", "from-the-file"));
        let secret = fetch_secret("token", &[SecretSource::Command("printf 'a b\n\n'".to_owned())]);
        assert_eq!(secret.expect("a secret").reveal(), "a b");
    }

    #[test]
    fn an_error_names_every_source_and_shows_no_output() {
        let sources = [
            SecretSource::Env("MAINSTAY_NO_SUCH_VARIABLE".to_owned()),
            SecretSource::File("/nonexistent/token".to_owned()),
            SecretSource::Command("cat /nonexistent; echo hunter2 >&2; echo hunter2; exit 3".to_owned()),
            SecretSource::Command("true".to_owned()),
        ];
        let error = fetch_secret("token", &sources).expect_err("no secret");
        assert_eq!(
            error.to_string(),
            "secret `token` cannot be had: the environment variable `MAINSTAY_NO_SUCH_VARIABLE` is not set; \
             the file `/nonexistent/token` is not there; \
             the command `cat /nonexistent; echo hunter2 >&2; echo hunter2; exit 3` ended with exit status 3; \
             the command `true` gave nothing"
        );
    }
}
