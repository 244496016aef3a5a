//! Connections: from a host and a port to a stream, or to words that say why not.
//!
//! Owns the resolving of names and the attempts at each address. All addresses are tried at once and the first that
//! answers is taken, so that one that swallows packets does not use up the others' time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::value::brief;

use super::{Failure, spoken, words};

/// Addresses of a name that are tried.
const MOST: usize = 8;

/// How much of a host a message shows, in characters; the longest name has 253.
const SHOWN: usize = 253;

/// A connection that stands.
pub(super) struct Connected {
    pub stream: TcpStream,
    pub address: SocketAddr,
    pub elapsed: Duration,
}

/// Why there is no connection.
pub(super) enum Refused {
    /// The host has no address.
    Unknown(Failure),
    /// No address let us in.
    Closed(Failure),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        match refused {
            Refused::Unknown(failure) | Refused::Closed(failure) => failure,
        }
    }
}

/// Returns a connection to the host, made within `limit`.
pub(super) async fn connect(host: &str, port: u16, limit: Duration) -> Result<Connected, Refused> {
    let begun = Instant::now();
    let addresses = tokio::time::timeout(limit, resolve(host, port)).await.unwrap_or_else(|_| {
        let message = format!("the name `{}` cannot be resolved within {}", shown(host), spoken(limit));
        Err(Refused::Unknown(Failure::seen(message)))
    })?;
    let left = limit.saturating_sub(begun.elapsed());
    let several = addresses.len() > 1;
    let mut attempts = JoinSet::new();
    for address in addresses {
        attempts.spawn(async move { (address, attempt(address, left).await) });
    }
    let mut causes = Vec::new();
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok((address, Ok(stream))) => {
                return Ok(Connected { stream, address, elapsed: begun.elapsed() });
            }
            Ok((address, Err(error))) => causes.push((address.ip(), cause(&error, limit))),
            Err(_) => {}
        }
    }
    causes.sort();
    Err(Refused::Closed(Failure::seen(closed(host, port, &causes, several))))
}

async fn attempt(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(connected) => connected,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

fn cause(error: &io::Error, limit: Duration) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => format!("no answer within {}", spoken(limit)),
        _ => words::system(error),
    }
}

/// Returns why nobody let us in: ``cannot connect to `db1` port 5432 (10.0.0.7): connection refused``.
fn closed(host: &str, port: u16, causes: &[(IpAddr, String)], several: bool) -> String {
    let to = format!("cannot connect to `{host}` port {port}");
    match causes {
        [] => format!("{to}: nothing was found out"),
        [(address, cause)] if !several && host == address.to_string() => format!("{to}: {cause}"),
        [(_, first), rest @ ..] if rest.iter().all(|(_, cause)| cause == first) => {
            let addresses: Vec<_> = causes.iter().map(|(address, _)| address.to_string()).collect();
            format!("{to} ({}): {first}", addresses.join(", "))
        }
        _ => {
            let each: Vec<_> = causes.iter().map(|(address, cause)| format!("{address}: {cause}")).collect();
            format!("{to}: {}", each.join("; "))
        }
    }
}

/// Returns a host as a message shows it.
fn shown(host: &str) -> String {
    brief(host, SHOWN)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Refused> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown =
        || Refused::Unknown(Failure::seen(format!("the name `{}` cannot be resolved", shown(host))));
    if host.is_empty() || host.len() > SHOWN || host.contains('\0') {
        return Err(unknown());
    }
    let mut found: Vec<SocketAddr> = Vec::new();
    for address in tokio::net::lookup_host((host, port)).await.map_err(|_| unknown())? {
        if !found.contains(&address) && found.len() < MOST {
            found.push(address);
        }
    }
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

/// Returns host and port of `db1:5432`, `[::1]:53` or `10.0.0.2`; without a port of its own, `default`.
pub(super) fn host_and_port(text: &str, default: u16) -> Result<(&str, u16), String> {
    let bad = || format!("`{}` is not a host, nor one with a port, as `db1:5432` or `[::1]:53`", shown(text));
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or_else(bad)?;
            match behind {
                "" => (host, None),
                _ => (host, Some(behind.strip_prefix(':').ok_or_else(bad)?)),
            }
        }
        // More than one colon without brackets: an address of IPv6.
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let fits = !host.is_empty()
        && host.len() <= SHOWN
        && !host.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/');
    if !fits {
        return Err(bad());
    }
    match port {
        None => Ok((host, default)),
        Some(port) => port.parse().ok().filter(|port| *port != 0).map(|port| (host, port)).ok_or_else(bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_bring_its_port() {
        assert_eq!(host_and_port("db1", 53), Ok(("db1", 53)));
        assert_eq!(host_and_port("db1:5432", 53), Ok(("db1", 5432)));
        assert_eq!(host_and_port("[::1]:443", 53), Ok(("::1", 443)));
        assert_eq!(host_and_port("::1", 53), Ok(("::1", 53)));
        for bad in ["", ":53", "db1:", "db1:0", "db1:70000", "db1:x", "[::1", "[::1]53", "https://db1", "a b"]
        {
            assert!(host_and_port(bad, 53).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_address_says_why_unless_all_say_the_same() {
        let ip = |text: &str| text.parse().expect("an address");
        let no = |text: &str| text.to_owned();
        assert_eq!(
            closed("10.0.0.7", 80, &[(ip("10.0.0.7"), no("refused"))], false),
            "cannot connect to `10.0.0.7` port 80: refused"
        );
        assert_eq!(
            closed("web", 80, &[(ip("10.0.0.7"), no("refused")), (ip("::1"), no("refused"))], true),
            "cannot connect to `web` port 80 (10.0.0.7, ::1): refused"
        );
        assert_eq!(
            closed("web", 80, &[(ip("10.0.0.7"), no("refused")), (ip("::1"), no("unreachable"))], true),
            "cannot connect to `web` port 80: 10.0.0.7: refused; ::1: unreachable"
        );
    }
}
