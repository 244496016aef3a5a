//! A command as the engine asks for it and as the supervisor takes it, and its end on the way back.
//!
//! Owns the translation, both ways, as functions of their arguments. Secrets appear in the
//! specification only, which is never written down.

use std::path::Path;
use std::time::Duration;

use crate::event::{self, CommandEnd, CommandRequest, Kept, Outlet};
use crate::net::{VALUE_LIMIT, text};
use crate::process::{
    self, CommandSpec, How, OUTPUT_LIMIT, OutputSummary, SecretText, StdinSource, read_output,
};
use crate::value::{Secret, Value};

/// Returns what the supervisor is to run, or why it cannot be run.
pub(super) fn specification(
    id: &str,
    request: &CommandRequest,
    timeout: Duration,
    secrets: &[Secret],
) -> Result<CommandSpec, String> {
    let mut spec = CommandSpec::new(id, request.argv.iter().cloned(), timeout);
    spec.env.clone_from(&request.env);
    spec.secret_env = request
        .secret_env
        .iter()
        .map(|(name, secret)| (name.clone(), SecretText::new(secret.reveal())))
        .collect();
    spec.stdin = request.stdin.as_deref().map_or(Ok(StdinSource::Null), stdin)?;
    spec.dir.clone_from(&request.dir);
    spec.user.clone_from(&request.user);
    spec.secrets = secrets.iter().map(|secret| SecretText::new(secret.reveal())).collect();
    Ok(spec)
}

/// Returns the secrets a request carries.
pub(super) fn secrets(request: &CommandRequest) -> impl Iterator<Item = &Secret> {
    let stdin = request.stdin.iter().flatten().filter_map(|part| match part {
        Value::Secret(secret) => Some(secret),
        _ => None,
    });
    request.secret_env.iter().map(|(_, secret)| secret).chain(stdin)
}

fn stdin(parts: &[Value]) -> Result<StdinSource, String> {
    let mut text = String::new();
    let mut secret = false;
    for part in parts {
        match part {
            Value::Text(part) => text.push_str(part),
            Value::Secret(part) => {
                secret = true;
                text.push_str(part.reveal());
            }
            Value::Damaged(_) => {
                return Err("its standard input is text that was not UTF-8".to_owned());
            }
            _ => return Err("its standard input is not text".to_owned()),
        }
    }
    Ok(if secret {
        StdinSource::Secret(SecretText::new(text))
    } else {
        StdinSource::Bytes(text.into_bytes())
    })
}

/// Returns the end of a command that never began.
pub(super) fn not_started(message: impl Into<String>) -> CommandEnd {
    CommandEnd {
        ended: event::Ended::NotStarted { message: message.into() },
        stdout: Outlet::default(),
        stderr: Outlet::default(),
        elapsed: 0,
    }
}

/// Returns an end as the run sees it. Long output is read back from the run's folder.
pub(super) fn end(run_dir: &Path, ended: process::Ended) -> CommandEnd {
    CommandEnd {
        ended: match ended.how {
            How::Exit(code) => event::Ended::Exit { code },
            How::Signal(signal) => event::Ended::Signal { signal },
            How::Timeout => event::Ended::Timeout,
            How::Killed => event::Ended::Killed,
            How::SpawnFailed { message, .. } => event::Ended::NotStarted { message },
        },
        stdout: outlet(run_dir, ended.stdout),
        stderr: outlet(run_dir, ended.stderr),
        elapsed: i64::try_from(ended.elapsed.as_nanos()).unwrap_or(i64::MAX),
    }
}

fn outlet(run_dir: &Path, summary: OutputSummary) -> Outlet {
    // More than a value holds cannot be used as one: what the end brought along is enough to look at.
    let (bytes, cut) = if summary.len > VALUE_LIMIT as u64 {
        (summary.head, true)
    } else {
        match read_output(run_dir, &summary, VALUE_LIMIT) {
            Ok(read) => read,
            Err(_) => (summary.head, true),
        }
    };
    let (text, utf8) = text(bytes, cut);
    let kept = summary.truncated.then(|| {
        let kept = summary.kept.unwrap_or_default();
        let limit = || format!("of one stream {OUTPUT_LIMIT} bytes are kept");
        Kept { len: kept.len, digest: kept.digest, why: summary.fault.unwrap_or_else(limit) }
    });
    let begins = summary.tail.iter().take_while(|byte| **byte & 0xc0 == 0x80).count();
    let tail = if cut { &summary.tail[begins..] } else { &[] };
    Outlet {
        len: summary.len,
        text,
        tail: String::from_utf8_lossy(tail).into_owned(),
        utf8,
        cut,
        digest: if summary.len == 0 { String::new() } else { summary.digest },
        file: summary.file,
        kept,
    }
}
