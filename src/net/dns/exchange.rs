//! One question to one server, by UDP, and by TCP where the answer is too long for that.
//!
//! Owns the sockets and the proof that an answer belongs to the question: a socket of its own on a port that the system
//! picks, connected to the server, a random number, and the question repeated. The messages themselves are hickory's.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, MessageType, Query};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// What a server may send in one packet without it being cut on its way (dnsflagday.net/2020).
const PAYLOAD: u16 = 1232;

/// Packets that are lost on the way are sent again, so often in all.
const TRIES: u32 = 3;

/// Why a server gave no answer.
pub(super) enum Silence {
    Timeout,
    Refused,
    Broken(io::Error),
    /// What came cannot be read.
    Nonsense,
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Silence::Refused,
            io::ErrorKind::TimedOut => Silence::Timeout,
            _ => Silence::Broken(error),
        }
    }
}

/// Returns the server's answer, whatever it says.
pub(super) async fn ask(
    name: &Name,
    kind: RecordType,
    server: SocketAddr,
    limit: Duration,
) -> Result<Message, Silence> {
    let mut query = Message::query();
    query.metadata.recursion_desired = true;
    query.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    query.set_edns(edns);
    let bytes = query.to_vec().map_err(|_| Silence::Nonsense)?;
    let begun = Instant::now();
    let mut tries = TRIES;
    let answer = loop {
        let left = limit.saturating_sub(begun.elapsed());
        match tokio::time::timeout(left / tries, by_udp(&query, &bytes, server)).await {
            Ok(answer) => break answer?,
            Err(_) if tries > 1 => tries -= 1,
            Err(_) => return Err(Silence::Timeout),
        }
    };
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let left = limit.saturating_sub(begun.elapsed());
    match tokio::time::timeout(left, by_tcp(&query, &bytes, server)).await {
        Ok(answer) => answer,
        Err(_) => Err(Silence::Timeout),
    }
}

async fn by_udp(query: &Message, bytes: &[u8], server: SocketAddr) -> Result<Message, Silence> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut packet = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut packet).await?;
        // Anybody can send a packet: what does not belong to the question is passed over.
        if let Ok(answer) = Message::from_vec(&packet[..length])
            && belongs(&answer, query)
        {
            return Ok(answer);
        }
    }
}

async fn by_tcp(query: &Message, bytes: &[u8], server: SocketAddr) -> Result<Message, Silence> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(|_| Silence::Nonsense)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    let answer = Message::from_vec(&answer).map_err(|_| Silence::Nonsense)?;
    if belongs(&answer, query) { Ok(answer) } else { Err(Silence::Nonsense) }
}

fn belongs(answer: &Message, query: &Message) -> bool {
    let (theirs, ours) = (&answer.metadata, &query.metadata);
    let question = answer.queries.iter().zip(&query.queries).all(|(theirs, ours)| {
        theirs.name.eq_ignore_root(&ours.name)
            && theirs.query_type == ours.query_type
            && theirs.query_class == ours.query_class
    });
    theirs.message_type == MessageType::Response && theirs.id == ours.id && question
}
