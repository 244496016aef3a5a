//! The module `tls`: the certificates that a server shows.
//!
//! Owns the handshake and what is told of it. The handshake takes any certificate, so that one that has expired can be
//! looked at; whether it is to be trusted is found out afterwards, and told. So nothing is ever sent over such a
//! connection: it ends with the handshake.

mod certificate;
mod starttls;
mod trust;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::event::NativeRequest;
use crate::process::blot::Needles;
use crate::value::{Value, brief};

use super::arguments::Arguments;
use super::connect::{connect, host_and_port};
use super::words::{self, spoken};
use super::{Failure, nanoseconds};
use starttls::Before;
use trust::{Trust, Witness};

const LIMIT: Duration = Duration::from_secs(5);
const PORT: u16 = 443;

/// How much of a name a message shows, in characters.
const SHOWN: usize = 253;

/// What a call asks for.
struct Ask {
    host: String,
    port: u16,
    name: ServerName<'static>,
    before: Option<Before>,
    trust: Trust,
    limit: Duration,
    begun: Instant,
}

/// What a handshake brought.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    version: Option<ProtocolVersion>,
    /// Why the handshake failed after the certificates had come.
    failed: Option<String>,
    address: IpAddr,
}

/// Carries out one function of the module within `limit`, or its own timeout where that is shorter.
///
/// # Errors
/// When no certificate came.
pub async fn call(request: &NativeRequest, limit: Duration, needles: &Needles) -> Result<Value, Failure> {
    let arguments = Arguments::new(request);
    if request.function != "certificate" {
        return Err(Failure::seen(format!("there is no {}", arguments.call())));
    }
    let ask = Ask::new(&arguments, limit)?;
    let shown = ask.look().await?;
    ask.tell(&shown, needles)
}

impl Ask {
    fn new(arguments: &Arguments<'_>, limit: Duration) -> Result<Ask, Failure> {
        let begun = Instant::now();
        let port = arguments.port("port")?.unwrap_or(PORT);
        let (host, port) = host_and_port(arguments.text("host")?, port).map_err(Failure::seen)?;
        let name = arguments.optional_text("name")?.unwrap_or(host);
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| Failure::seen(format!("`{}` cannot be the name of a server", brief(name, SHOWN))))?;
        Ok(Ask {
            host: host.to_owned(),
            port,
            name,
            before: arguments.optional_text("starttls")?.map(Before::new).transpose()?,
            trust: Trust::new(arguments.optional_text("ca")?)?,
            limit: arguments.duration("timeout")?.unwrap_or(LIMIT).min(limit),
            begun,
        })
    }

    fn at(&self) -> String {
        format!("`{}` port {}", self.host, self.port)
    }

    async fn look(&self) -> Result<Shown, Failure> {
        let connected = connect(&self.host, self.port, self.limit).await?;
        let left = self.limit.saturating_sub(self.begun.elapsed());
        let address = connected.address.ip();
        match tokio::time::timeout(left, self.shake_hands(connected.stream, address)).await {
            Ok(shown) => shown,
            Err(_) => {
                let why =
                    format!("{} did not finish a TLS handshake within {}", self.at(), spoken(self.limit));
                Err(Failure::seen(why))
            }
        }
    }

    async fn shake_hands(&self, mut stream: TcpStream, address: IpAddr) -> Result<Shown, Failure> {
        if let Some(before) = &self.before {
            before.ask_for_tls(&mut stream).await.map_err(|why| self.failure(&why))?;
        }
        let witness = Arc::new(Witness::default());
        let config = ClientConfig::builder_with_provider(trust::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| self.failure(&words::tls(&error)))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&witness) as _)
            .with_no_client_auth();
        let connection = TlsConnector::from(Arc::new(config)).connect(self.name.clone(), stream).await;
        let chain = witness.chain();
        let (version, failed) = match connection {
            Ok(stream) => (stream.get_ref().1.protocol_version(), None),
            Err(error) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                (None, Some(inner.map_or_else(|| words::system(&error), words::tls)))
            }
        };
        match failed {
            Some(why) if chain.is_empty() => Err(self.failure(&why)),
            failed => Ok(Shown { chain, version, failed, address }),
        }
    }

    fn failure(&self, why: &str) -> Failure {
        Failure::seen(format!("no certificate from {}: {why}", self.at()))
    }

    fn tell(&self, shown: &Shown, needles: &Needles) -> Result<Value, Failure> {
        let now = jiff::Timestamp::now();
        let unreadable = || self.failure("what it showed cannot be read as one");
        let (own, rest) = shown.chain.split_first().ok_or_else(unreadable)?;
        let chain: Vec<_> = shown
            .chain
            .iter()
            .map(|der| certificate::read(der, now, needles))
            .collect::<Option<_>>()
            .ok_or_else(unreadable)?;
        let first = &chain[0];
        let trusted = self.trust.verify(own, rest, &self.name);
        let mut problems: Vec<String> = Vec::new();
        if let Err(why) = trusted {
            let alone = first.own_issuer && rest.is_empty() && why.stranger;
            let itself = "certificate is signed by itself, and not trusted here".to_owned();
            problems.push(if alone { itself } else { why.text });
        }
        let expired = words::EXPIRED.to_owned();
        if first.expired && !problems.contains(&expired) {
            problems.insert(0, expired);
        }
        problems.extend(shown.failed.iter().map(|why| format!("the handshake failed: {why}")));
        let mut fields = first.fields.clone();
        fields.extend([
            ("names", Value::list(first.names.iter().map(|name| Value::text(name.as_str())).collect())),
            ("verified", Value::Bool(problems.is_empty())),
            ("problem", Value::text(problems.join("; "))),
            ("chain", Value::list(chain.iter().map(|one| Value::record(one.fields.clone())).collect())),
            ("version", Value::text(shown.version.map_or("", version))),
            ("address", Value::text(shown.address.to_string())),
            ("elapsed", nanoseconds(self.begun.elapsed())),
        ]);
        Ok(Value::record(fields))
    }
}

fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2",
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        other => other.as_str().unwrap_or("unknown"),
    }
}
