//! The native modules, carried out: `dns`, `file`, `http`, `tcp`, `time`, `tls`.
//!
//! Owns what becomes of a [`NativeRequest`] in the real world: its value, or a failure in words
//! that says whether a change may have happened. Never decides what a failure means for a run,
//! and never lets a secret out: what comes back is blotted before anyone sees it, and messages
//! name secrets instead of showing them.
//!
//! What goes over the network is asynchronous and bounded in time; `file` and `time` act on this machine and are over
//! when they return.

mod arguments;
mod connect;
mod dns;
mod file;
mod http;
mod tcp;
mod time;
mod tls;
mod words;

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use crate::event::NativeRequest;
use crate::process::blot::Needles;
use crate::value::Value;

pub use file::{rewrite, write_whole};
pub use http::Sent;
pub use words::{spoken, text};

/// Bytes of text that one value holds: a response's body, a file's text, a command's output.
pub const VALUE_LIMIT: usize = 8 << 20;

/// Why a native call brought no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What failed and why, without secrets.
    pub message: String,
    /// Its end was not seen: what it was to change may have changed.
    pub doubt: bool,
}

impl Failure {
    /// Returns a failure whose end was seen: nothing happened, or what happened is known.
    pub fn seen(message: impl Into<String>) -> Self {
        Failure { message: message.into(), doubt: false }
    }
}

/// Carries out native calls. Connections are kept between calls.
#[derive(Default)]
pub struct Net {
    http: http::Http,
}

impl Net {
    /// Returns the modules with no connection open.
    pub fn new() -> Self {
        Net::default()
    }

    /// Carries out a call that is over at once, as it stays on this machine; `None` where it does not.
    pub fn at_once(
        request: &NativeRequest,
        limit: Duration,
        needles: &Needles,
    ) -> Option<Result<Value, Failure>> {
        let result = match request.module.as_str() {
            "file" => file::call(request, limit, needles),
            "time" => time::call(request),
            _ => return None,
        };
        Some(blotted(result, needles))
    }

    /// Carries out one call over the network within `limit` and returns its value. `sent` tells, also when the
    /// future is dropped, whether anything of it left this machine.
    ///
    /// # Errors
    /// When the call is not known, its arguments do not fit, or the world refuses.
    pub async fn call(
        &self,
        request: &NativeRequest,
        limit: Duration,
        needles: &Needles,
        sent: &Sent,
    ) -> Result<Value, Failure> {
        let result = match request.module.as_str() {
            "dns" => dns::call(request, limit, needles).await,
            "http" => self.http.call(request, limit, needles, sent).await,
            "tcp" => tcp::call(request, limit, needles).await,
            "tls" => tls::call(request, limit, needles).await,
            other => Err(Failure::seen(format!("there is no native module `{other}`"))),
        };
        blotted(result, needles)
    }
}

/// A server, or a path, may hold what nobody should see.
fn blotted(result: Result<Value, Failure>, needles: &Needles) -> Result<Value, Failure> {
    result.map_err(|failure| Failure { message: needles.blot(&failure.message), ..failure })
}

/// Reads a file of certificates. A pipe or a device is refused: it may never end.
fn read_certificates(path: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !meta.is_file() || meta.len() > VALUE_LIMIT as u64 {
        return Err(io::Error::other("it is not a regular file of at most 8 MiB"));
    }
    fs::read(path)
}

/// Returns a span of time as a value.
fn nanoseconds(span: Duration) -> Value {
    Value::Duration(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}
