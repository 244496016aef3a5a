//! Spans of time, errors of the system and of TLS, in words; bytes as text.

use std::io;
use std::time::Duration;

use rustls::CertificateError;

use crate::value::Value;

/// What is said of a certificate whose time is over.
pub(super) const EXPIRED: &str = "certificate expired";

/// Returns a span of time as the language shows it: `3s`, `1m 30s`, `250ms`. What is left of a bound is
/// rarely round: beyond milliseconds it is rounded, above a second to seconds.
pub fn spoken(span: Duration) -> String {
    let unit = match span.as_nanos() {
        written if written % 1_000_000 == 0 => 1,
        0..1_000_000_000 => 1_000_000,
        _ => 1_000_000_000,
    };
    let units = (span.as_nanos() + unit / 2) / unit;
    Value::Duration(i64::try_from(units * unit).unwrap_or(i64::MAX)).to_string()
}

/// Returns bytes as text, and whether they were UTF-8. A character that a cut went through is not damaged.
pub fn text(mut bytes: Vec<u8>, cut: bool) -> (String, bool) {
    if cut
        && let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), false),
    }
}

/// Returns what an error of the system says, without its number.
pub(super) fn system(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "the server reset the connection",
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => {
            "the server closed the connection"
        }
        io::ErrorKind::HostUnreachable => "host unreachable",
        io::ErrorKind::NetworkUnreachable => "network unreachable",
        io::ErrorKind::TimedOut => "timed out",
        io::ErrorKind::StorageFull => "no space left on the device",
        io::ErrorKind::QuotaExceeded => "the quota is used up",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        io::ErrorKind::IsADirectory => "it is a folder",
        io::ErrorKind::NotADirectory => "a part of the path is not a folder",
        _ => return plain(&error.to_string()),
    };
    known.to_owned()
}

/// Returns the text in lower case at its beginning, without ` (os error 5)` and full stop.
pub(super) fn plain(text: &str) -> String {
    let text = text.split(" (os error").next().unwrap_or(text);
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // `DNS…` stays, `Invalid…` does not.
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// Returns why a TLS connection failed.
pub(super) fn tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate(error),
        rustls::Error::AlertReceived(alert) => {
            format!("the server refused the TLS connection ({alert:?})")
        }
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        rustls::Error::PeerIncompatible(_) => {
            "no version or cipher of TLS in common with the server".to_owned()
        }
        other => plain(&other.to_string()),
    }
}

fn certificate(error: &CertificateError) -> String {
    let known = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => EXPIRED,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate is not valid yet (is the clock right?)"
        }
        // A signature that does not fit: an authority of the same name with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "certificate is signed by an authority that is not trusted"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "certificate is for another name"
        }
        CertificateError::Revoked => "certificate was revoked",
        other => {
            return format!("certificate is not valid: {}", plain(&other.to_string()));
        }
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_in_the_language() {
        for (nanos, text) in [
            (250_000_000, "250ms"),
            (1_500_000_000, "1.5s"),
            (2_995_800_100, "3s"),
            (180_700_100, "181ms"),
            (90_000_000_000, "1m 30s"),
        ] {
            assert_eq!(spoken(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn errors_of_the_system_have_no_numbers() {
        let error = io::Error::from_raw_os_error(5);
        assert_eq!(system(&error), "input/output error");
    }
}
