//! A small http server on loopback, with TLS and an authority of its own.
//!
//! A thread for each connection; connections are kept until the client closes them. It answers
//! what the test says, or stays silent, or breaks off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does about a request.
pub enum Answer {
    Respond {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Nothing, until the client gives up.
    Silence,
    /// The connection is closed.
    Close,
    /// Half of the body that was announced.
    Half,
}

impl Answer {
    pub fn text(body: impl Into<String>) -> Self {
        Answer::Respond { status: 200, headers: Vec::new(), body: body.into().into_bytes() }
    }

    pub fn redirect(status: u16, to: impl Into<String>) -> Self {
        Answer::Respond { status, headers: vec![("location", to.into())], body: Vec::new() }
    }
}

struct Shared {
    answer: Box<dyn Fn(&Seen) -> Answer + Send + Sync>,
    tls: Option<Arc<ServerConfig>>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    over: AtomicBool,
}

/// A server that runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    pub fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Server::with(answer, None)
    }

    pub fn tls(certificate: &Certificate, answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Server::with(answer, Some(certificate.config()))
    }

    fn with(
        answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            tls,
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if theirs.over.load(Ordering::SeqCst) {
                    break;
                }
                theirs.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&theirs);
                thread::spawn(move || serve(&shared, stream));
            }
        });
        Server { address, shared }
    }

    /// Returns the address of a path on this server.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("not poisoned").clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn serve(shared: &Shared, stream: TcpStream) {
    match &shared.tls {
        None => {
            let writer = stream.try_clone().expect("a second handle");
            converse(shared, &mut BufReader::new(stream), Some(writer));
        }
        Some(config) => {
            let session = ServerConnection::new(Arc::clone(config)).expect("a session");
            converse(shared, &mut BufReader::new(StreamOwned::new(session, stream)), None);
        }
    }
}

/// Answers requests until the connection ends. A TLS stream is written to through its reader.
fn converse<S: Read + Write>(shared: &Shared, stream: &mut BufReader<S>, mut writer: Option<TcpStream>) {
    while let Some(seen) = receive(stream) {
        let answer = (shared.answer)(&seen);
        shared.seen.lock().expect("not poisoned").push(seen.clone());
        let bytes = match answer {
            Answer::Respond { status, headers, body } => response(&seen, status, &headers, &body),
            Answer::Half => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf!".to_vec(),
            Answer::Silence => {
                let _ = stream.read(&mut [0]);
                return;
            }
            Answer::Close => return,
        };
        let written = match &mut writer {
            Some(writer) => writer.write_all(&bytes),
            None => stream.get_mut().write_all(&bytes),
        };
        if written.is_err() || bytes.ends_with(b"half!") {
            return;
        }
    }
}

fn receive(stream: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Seen { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn response(seen: &Seen, status: u16, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    if seen.method != "HEAD" {
        bytes.extend_from_slice(body);
    }
    bytes
}

/// An authority that signs certificates.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate with its key.
pub struct Certificate {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signs").pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns a certificate for this name or number.
    pub fn sign(&self, name: &str) -> Certificate {
        self.sign_until(name, 4000)
    }

    /// Returns a certificate that is valid until the first of January of that year.
    pub fn sign_until(&self, name: &str, year: i32) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signs");
        Certificate { certificate, key }
    }
}

impl Certificate {
    fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .expect("a certificate");
        Arc::new(config)
    }
}
