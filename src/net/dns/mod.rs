//! The module `dns`: what servers say of a name.
//!
//! Owns what is asked, of whom and in which order, and the words for each way of having no answer. Never asks the
//! machine's own resolver, whose caches and search lists would hide what a server says, and never follows an alias
//! itself: a server that resolves does.

mod exchange;
mod records;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

use crate::event::NativeRequest;
use crate::process::blot::Needles;
use crate::value::{Value, brief};

use super::arguments::Arguments;
use super::connect::host_and_port;
use super::{Failure, nanoseconds, spoken, words};
use exchange::Silence;

const LIMIT: Duration = Duration::from_secs(5);
const PORT: u16 = 53;
const SERVERS: &str = "/etc/resolv.conf";

/// How much of a name a message shows, in characters; the longest name has 253.
const SHOWN: usize = 253;

const TYPES: &[(&str, RecordType)] = &[
    ("A", RecordType::A),
    ("AAAA", RecordType::AAAA),
    ("CNAME", RecordType::CNAME),
    ("MX", RecordType::MX),
    ("NS", RecordType::NS),
    ("PTR", RecordType::PTR),
    ("SOA", RecordType::SOA),
    ("SRV", RecordType::SRV),
    ("TXT", RecordType::TXT),
];

/// What is asked, and how the operator wrote it.
struct Ask {
    name: Name,
    shown: String,
    kind: RecordType,
    word: &'static str,
}

/// Carries out one function of the module within `limit`, or its own timeout where that is shorter.
///
/// # Errors
/// When there is no such name or record, or no server answers.
pub async fn call(request: &NativeRequest, limit: Duration, needles: &Needles) -> Result<Value, Failure> {
    let arguments = Arguments::new(request);
    if request.function != "lookup" {
        return Err(Failure::seen(format!("there is no {}", arguments.call())));
    }
    let ask = ask(&arguments)?;
    let limit = arguments.duration("timeout")?.unwrap_or(LIMIT).min(limit);
    let begun = Instant::now();
    let servers = match arguments.optional_text("server")? {
        Some(server) => named(server, limit).await?,
        None => configured()?,
    };
    let (server, message) = answered(&ask, &servers, limit.saturating_sub(begun.elapsed())).await?;
    let answer = records::answer(&message, ask.kind, needles);
    if answer.values.is_empty() {
        let why = format!("`{}` has no {} record (says {})", ask.shown, ask.word, at(server));
        return Err(Failure::seen(why));
    }
    Ok(Value::record([
        ("values", Value::list(answer.values)),
        ("ttl", nanoseconds(Duration::from_secs(answer.ttl.into()))),
        ("records", Value::list(answer.records)),
        ("server", Value::text(at(server))),
        ("authoritative", Value::Bool(message.metadata.authoritative)),
        ("elapsed", nanoseconds(begun.elapsed())),
    ]))
}

fn ask(arguments: &Arguments<'_>) -> Result<Ask, Failure> {
    let text = arguments.text("name")?.trim();
    let wanted = arguments.optional_text("type")?.unwrap_or("A");
    let found = TYPES.iter().find(|(word, _)| word.eq_ignore_ascii_case(wanted));
    let Some(&(word, kind)) = found else {
        let known: Vec<_> = TYPES.iter().map(|(word, _)| *word).collect();
        return Err(Failure::seen(format!(
            "`{}` is no type that {} knows: {}",
            brief(wanted, SHOWN),
            arguments.call(),
            known.join(", ")
        )));
    };
    let shown = brief(text, SHOWN);
    let address = text.parse::<IpAddr>().ok();
    let name = match address {
        Some(address) if kind == RecordType::PTR => Ok(Name::from(address)),
        Some(_) => {
            let why = format!("`{shown}` is an address, which has no {word} record: ask for its PTR");
            return Err(Failure::seen(why));
        }
        None => Name::from_str_relaxed(text),
    };
    match name {
        Ok(mut name) if !text.is_empty() && !text.contains('\0') => {
            name.set_fqdn(true);
            Ok(Ask { name, shown, kind, word })
        }
        _ => Err(Failure::seen(format!("`{shown}` cannot be a name in DNS"))),
    }
}

/// Returns the addresses of a server that the call names.
async fn named(server: &str, limit: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let (host, port) = host_and_port(server, PORT).map_err(Failure::seen)?;
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = tokio::time::timeout(limit, tokio::net::lookup_host((host, port))).await;
    let servers: Vec<_> = found.ok().and_then(Result::ok).into_iter().flatten().collect();
    if servers.is_empty() {
        let why = format!("the name of the server, `{}`, cannot be resolved", brief(host, SHOWN));
        return Err(Failure::seen(why));
    }
    Ok(servers)
}

/// Returns the servers that this machine asks.
fn configured() -> Result<Vec<SocketAddr>, Failure> {
    let cannot = |why: String| Failure::seen(format!("`{SERVERS}` names no server to ask: {why}"));
    let text = std::fs::read(SERVERS).map_err(|error| cannot(words::system(&error)))?;
    let (config, _) = resolv_conf::Config::parse_with_errors(&text);
    let servers: Vec<_> =
        config.nameservers.iter().map(|server| SocketAddr::new(IpAddr::from(server), PORT)).collect();
    if servers.is_empty() { Err(cannot("it has no line `nameserver`".to_owned())) } else { Ok(servers) }
}

/// Returns the first answer that settles the matter, with the server that gave it.
async fn answered(
    ask: &Ask,
    servers: &[SocketAddr],
    limit: Duration,
) -> Result<(SocketAddr, Message), Failure> {
    let begun = Instant::now();
    let mut silent = Vec::new();
    for (number, &server) in servers.iter().enumerate() {
        let others = u32::try_from(servers.len() - number).unwrap_or(u32::MAX);
        let share = limit.saturating_sub(begun.elapsed()) / others;
        let why = match exchange::ask(&ask.name, ask.kind, server, share).await {
            Ok(message) => match message.metadata.response_code {
                ResponseCode::NoError => return Ok((server, message)),
                ResponseCode::NXDomain => {
                    let why = format!("there is no name `{}` (NXDOMAIN from {})", ask.shown, at(server));
                    return Err(Failure::seen(why));
                }
                ResponseCode::Refused => "refuses to answer for that name (REFUSED)".to_owned(),
                ResponseCode::ServFail => "cannot find out (SERVFAIL)".to_owned(),
                other => format!("says {}", words::plain(&other.to_string())),
            },
            Err(Silence::Timeout) => format!("no answer within {}", spoken(share)),
            Err(Silence::Refused) => "nobody answers there (connection refused)".to_owned(),
            Err(Silence::Broken(error)) => words::system(&error),
            Err(Silence::Nonsense) => "what came was no answer of DNS".to_owned(),
        };
        silent.push(format!("{}: {why}", at(server)));
    }
    Err(Failure::seen(format!("no answer for `{}` {}: {}", ask.shown, ask.word, silent.join("; "))))
}

/// Returns a server as it would be written: its port only where it is another than usual.
fn at(server: SocketAddr) -> String {
    if server.port() == PORT { server.ip().to_string() } else { server.to_string() }
}
