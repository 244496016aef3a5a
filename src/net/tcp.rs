//! The module `tcp`: whether a connection can be made, and what a server says first.
//!
//! Never keeps a connection, and never shows what was sent: it may be a secret.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::event::NativeRequest;
use crate::process::blot::{Blotter, Needles};
use crate::value::{Value, brief};

use super::arguments::Arguments;
use super::connect::{Connected, Refused, connect};
use super::{Failure, nanoseconds, spoken, text, words};

const OPEN: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(5);

/// Bytes in which what is expected must stand.
const BANNER: usize = 64 << 10;

/// How much of a banner a message shows, in characters.
const SHOWN: usize = 60;

/// Carries out one function of the module within `limit`, or its own timeout where that is shorter.
///
/// # Errors
/// When there is no connection, or the server does not say what is expected.
pub async fn call(request: &NativeRequest, limit: Duration, needles: &Needles) -> Result<Value, Failure> {
    let arguments = Arguments::new(request);
    let (host, port) = (arguments.text("host")?, arguments.port("port")?);
    let port = port.ok_or_else(|| Failure::seen(format!("{} needs `port`", arguments.call())))?;
    let own = arguments.duration("timeout")?;
    match request.function.as_str() {
        "open" => match connect(host, port, own.unwrap_or(OPEN).min(limit)).await {
            Ok(_) => Ok(Value::Bool(true)),
            Err(Refused::Closed(_)) => Ok(Value::Bool(false)),
            Err(Refused::Unknown(failure)) => Err(failure),
        },
        "connect" => {
            let conversation = Conversation {
                at: format!("`{host}` port {port}"),
                begun: Instant::now(),
                limit: own.unwrap_or(CONNECT).min(limit),
                needles,
            };
            let connected = connect(host, port, conversation.limit).await?;
            conversation.hold(&arguments, connected).await
        }
        _ => Err(Failure::seen(format!("there is no {}", arguments.call()))),
    }
}

struct Conversation<'a> {
    at: String,
    begun: Instant,
    limit: Duration,
    needles: &'a Needles,
}

impl Conversation<'_> {
    async fn hold(&self, arguments: &Arguments<'_>, connected: Connected) -> Result<Value, Failure> {
        let Connected { mut stream, address, elapsed } = connected;
        if let Some(send) = arguments.words("send")? {
            let sent = self.bounded(stream.write_all(send.reveal().as_bytes())).await;
            sent.unwrap_or_else(|| Err(std::io::ErrorKind::TimedOut.into())).map_err(|error| {
                self.failure(&format!("took not all that was sent: {}", words::system(&error)))
            })?;
        }
        let banner = match arguments.words("expect")? {
            Some(expect) => self.listen(&mut stream, expect.reveal()).await?,
            None => String::new(),
        };
        Ok(Value::record([
            ("address", Value::text(address.ip().to_string())),
            ("port", Value::Int(i64::from(address.port()))),
            ("elapsed", nanoseconds(elapsed)),
            ("banner", Value::text(banner)),
        ]))
    }

    /// Returns what the server said until the text stood in it.
    async fn listen(&self, stream: &mut TcpStream, expect: &str) -> Result<String, Failure> {
        let mut said: Vec<u8> = Vec::new();
        let mut piece = [0; 4096];
        loop {
            if contains(&said, expect.as_bytes()) {
                return Ok(self.shown(&said));
            }
            let why = match self.bounded(stream.read(&mut piece)).await {
                _ if said.len() > BANNER => "in its first 64 KiB".to_owned(),
                None => format!("within {}", spoken(self.limit)),
                Some(Ok(0)) => "before it closed the connection".to_owned(),
                Some(Err(error)) => format!("before the connection broke off ({})", words::system(&error)),
                Some(Ok(count)) => {
                    said.extend_from_slice(&piece[..count]);
                    continue;
                }
            };
            let heard = match brief(&self.shown(&said), SHOWN) {
                heard if heard.is_empty() => "nothing".to_owned(),
                heard => format!("`{heard}`"),
            };
            let expect = brief(&self.needles.blot(expect), SHOWN);
            return Err(self.failure(&format!("did not say `{expect}` {why}; it said {heard}")));
        }
    }

    async fn bounded<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        let left = self.limit.saturating_sub(self.begun.elapsed());
        tokio::time::timeout(left, what).await.ok()
    }

    fn shown(&self, said: &[u8]) -> String {
        let mut blotter = Blotter::new(self.needles.clone());
        let mut clean = Vec::with_capacity(said.len());
        blotter.push(said, &mut clean);
        blotter.finish(&mut clean);
        text(clean, true).0
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::seen(format!("{} {what}", self.at))
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    if part.is_empty() { !text.is_empty() } else { text.windows(part.len()).any(|window| window == part) }
}
