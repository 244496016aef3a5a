//! Why a request failed, in words instead of a chain of errors.

use std::error::Error;
use std::io;

use super::super::words;

/// Returns the innermost reason that says something to an operator. `host` is named where the
/// address may be seen.
pub(super) fn cause(error: &reqwest::Error, host: Option<&str>) -> String {
    if error.is_dns() {
        return host.map_or_else(
            || "its name cannot be resolved".to_owned(),
            |host| format!("the name `{host}` cannot be resolved"),
        );
    }
    let mut last = error.to_string();
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(current) = next {
        if let Some(known) = known(current) {
            return known;
        }
        last = current.to_string();
        next = inner(current).or_else(|| current.source());
    }
    words::plain(&last)
}

/// Returns what an `io::Error` wraps; its `source` leaves that out.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
}

fn known(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(words::tls(error));
    }
    let error = error.downcast_ref::<io::Error>()?;
    if error.get_ref().is_some() {
        return None;
    }
    Some(words::system(error))
}
