//! `parse_url`: an address taken apart.
//!
//! Owns which part of a connection string is secret: the password, and a query that carries
//! one. Never lets the password of a secret into another part: when a character in it was
//! not percent-encoded it could land in the path, and that is refused.

use url::Url;

use super::super::operators::SHOWN;
use super::super::scope::Failure;
use super::arguments::Args;
use crate::value::{Secret, Value, brief};

/// Ports of schemes that have one of their own.
const PORTS: [(&str, i64); 16] = [
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mariadb", 3306),
    ("redis", 6379),
    ("rediss", 6379),
    ("mongodb", 27017),
    ("amqp", 5672),
    ("amqps", 5671),
    ("http", 80),
    ("https", 443),
    ("ws", 80),
    ("wss", 443),
    ("ftp", 21),
    ("ssh", 22),
    ("ldap", 389),
];

/// Words in the name of a query's parameter that make the query secret.
const SENSITIVE: [&str; 7] = ["pass", "pwd", "secret", "token", "key", "sig", "auth"];

/// Returns the parts of an address that is no secret.
pub(super) fn parse(args: &Args) -> Result<Value, Failure> {
    let text = args.text(0)?;
    let url = Url::parse(text.trim()).map_err(|e| {
        let failure = Failure::new(format!("`{}` is not an address: {e}", brief(&text, SHOWN)));
        match e {
            url::ParseError::RelativeUrlWithoutBase => {
                failure.help("an address begins with its scheme: `https://…`, `postgres://…`")
            }
            _ => failure,
        }
    })?;
    Ok(parts(&url, None))
}

/// Returns the parts of a secret address whose text is the first argument.
pub(super) fn parse_secret(args: &Args, secret: &Secret) -> Result<Value, Failure> {
    let wrong = |why: &str| {
        Failure::new(format!("the secret `{}` is not an address: {why}", secret.name()))
            .help("in a user or password, percent-encode `@ : / ? # %` (`@` is `%40`)")
    };
    let text = args.text(0)?;
    let url = Url::parse(text.trim()).map_err(|e| wrong(&e.to_string()))?;
    let rest = [Some(url.path()), url.query(), url.fragment()];
    if rest.into_iter().flatten().any(|part| part.contains('@')) {
        return Err(wrong("an `@` stands behind the host"));
    }
    Ok(parts(&url, Some(secret)))
}

fn parts(url: &Url, secret: Option<&Secret>) -> Value {
    let text = |text: String| {
        if text.is_empty() { Value::None } else { Value::text(text) }
    };
    let hidden = |text: String| match secret {
        Some(secret) if !text.is_empty() => Value::Secret(secret.derive(text)),
        _ if text.is_empty() => Value::None,
        _ => Value::text(text),
    };
    let host = url.host_str().unwrap_or("");
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let path = url.path();
    let query = url.query().unwrap_or("").to_owned();
    let in_query = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let password = url.password().map(decode).or_else(|| in_query("password")).unwrap_or_default();
    let sensitive = url.query_pairs().any(|(name, _)| {
        let name = name.to_lowercase();
        SENSITIVE.iter().any(|word| name.contains(word))
    });
    let port =
        url.port().map(i64::from).or_else(|| PORTS.iter().find(|(s, _)| *s == url.scheme()).map(|(_, p)| *p));
    Value::record([
        ("scheme", Value::text(url.scheme())),
        ("host", text(decode(host))),
        ("port", port.map_or(Value::None, Value::Int)),
        ("user", text(decode(url.username()))),
        ("password", hidden(password)),
        ("path", text(decode(path.strip_prefix('/').unwrap_or(path)))),
        ("query", if sensitive { hidden(query) } else { text(query) }),
        ("fragment", text(url.fragment().unwrap_or("").to_owned())),
    ])
}

/// Returns the text with its percent-encoding undone.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
