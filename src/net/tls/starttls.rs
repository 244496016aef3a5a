//! Asking a server for TLS in the protocol that it speaks before it.
//!
//! Only what is needed for that; nobody logs in.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::value::brief;

use super::super::{Failure, words};

/// Bytes that a server may say before it is ready.
const MOST: usize = 64 << 10;

/// How much of a server's line a message shows, in characters.
const SHOWN: usize = 60;

/// What the server speaks first.
pub(super) enum Before {
    Smtp,
    Imap,
    Postgres,
}

impl Before {
    /// Returns the protocol of that name.
    pub fn new(name: &str) -> Result<Before, Failure> {
        match name {
            "smtp" => Ok(Before::Smtp),
            "imap" => Ok(Before::Imap),
            "postgres" => Ok(Before::Postgres),
            other => {
                let other = brief(other, SHOWN);
                Err(Failure::seen(format!("`starttls` is \"smtp\", \"imap\" or \"postgres\", not `{other}`")))
            }
        }
    }

    /// Brings the server to the point where the handshake begins.
    pub async fn ask_for_tls(&self, stream: &mut TcpStream) -> Result<(), String> {
        match self {
            Before::Smtp => {
                expect(stream, "220").await?;
                say(stream, b"EHLO mainstay.invalid\r\n").await?;
                expect(stream, "250").await?;
                say(stream, b"STARTTLS\r\n").await?;
                expect(stream, "220").await
            }
            Before::Imap => {
                expect(stream, "* OK").await?;
                say(stream, b"a STARTTLS\r\n").await?;
                expect(stream, "a OK").await
            }
            Before::Postgres => {
                // A message of eight bytes with the number of SSLRequest.
                say(stream, &[0, 0, 0, 8, 4, 210, 22, 47]).await?;
                let answer = stream.read_u8().await.map_err(|error| words::system(&error))?;
                if answer == b'S' { Ok(()) } else { Err("the server is set up without TLS".to_owned()) }
            }
        }
    }
}

async fn say(stream: &mut TcpStream, text: &[u8]) -> Result<(), String> {
    stream.write_all(text).await.map_err(|error| words::system(&error))
}

/// Reads lines up to the last one of a reply (`250-` goes on, `250 ` ends), which must begin so. What an IMAP server says
/// without being asked, `*`, goes before its reply.
async fn expect(stream: &mut TcpStream, begin: &str) -> Result<(), String> {
    for _ in 0..1000 {
        let line = line(stream).await?;
        let goes_on = line.get(3..4) == Some("-") || (line.starts_with('*') && !begin.starts_with('*'));
        if !goes_on {
            let refused =
                || format!("the server says `{}` where it should go over to TLS", brief(&line, SHOWN));
            return if line.starts_with(begin) { Ok(()) } else { Err(refused()) };
        }
    }
    Err("the server does not come to an end".to_owned())
}

/// Reads one line, byte by byte: what follows it belongs to the handshake.
async fn line(stream: &mut TcpStream) -> Result<String, String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") && line.len() < MOST {
        line.push(stream.read_u8().await.map_err(|error| words::system(&error))?);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}
