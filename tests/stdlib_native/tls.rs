//! The module `tls` against servers of our own, with certificates made for them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use mainstay::value::{Record, Value};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::support::sandbox::Sandbox;
use crate::{failure, field, keeps_its_promise, record, text, timeout};

/// A certificate with its key, and those that vouch for it.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

/// An authority with one between it and its certificates.
struct Authorities {
    root: String,
    between: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

fn named(names: &[&str], common: &str) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, common);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(4000, 1, 1);
    params
}

impl Authorities {
    fn new() -> Self {
        let authority = |common: &str| {
            let mut params = named(&[], common);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            (params, KeyPair::generate().expect("a key"))
        };
        let (params, key) = authority("Root of the test");
        let root = params.self_signed(&key).expect("signs").pem();
        let above = Issuer::new(params, key);
        let (params, key) = authority("Between");
        let between = params.signed_by(&key, &above).expect("signs").der().clone();
        Authorities { root, between, issuer: Issuer::new(params, key) }
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let own = params.signed_by(&key, &self.issuer).expect("signs").der().clone();
        Identity { chain: vec![own, self.between.clone()], key }
    }

    /// Returns the path of a file with the root.
    fn ca(&self, dir: &Path) -> Value {
        let path = dir.join("ca.pem");
        std::fs::write(&path, &self.root).expect("writes");
        text(path.to_string_lossy())
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Returns the port of a server with this identity, after what it does before the handshake.
fn server_before(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
    before: impl Fn(&mut TcpStream) + Send + 'static,
) -> u16 {
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), key)
        .expect("a certificate");
    serve(Arc::new(config), before)
}

/// Returns the port of a server that is set up so.
fn serve(config: Arc<ServerConfig>, before: impl Fn(&mut TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            before(&mut stream);
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let _ = StreamOwned::new(session, stream).read(&mut [0]);
        }
    });
    port
}

fn server(identity: &Identity) -> u16 {
    server_before(identity, &[&TLS13, &TLS12], |_| {})
}

/// Returns what is told of the server on that port of this machine.
fn look(port: u16, more: &[(&'static str, Value)]) -> Record {
    let mut args = vec![("host", text(format!("127.0.0.1:{port}")))];
    args.extend(more.iter().cloned());
    let found = record("tls.certificate", &args);
    keeps_its_promise("tls.certificate", &found);
    found
}

fn problem(found: &Record) -> String {
    let problem = field(found, "problem").to_string();
    assert_eq!(field(found, "verified"), Value::Bool(problem.is_empty()), "{found}");
    problem
}

#[test]
fn a_certificate_is_told_with_its_chain() {
    let dir = tempfile::tempdir().expect("a folder");
    let authorities = Authorities::new();
    let names = ["shop.test", "*.shop.test", "127.0.0.1", "::1"];
    let port = server(&authorities.sign(&named(&names, "Shop")));
    let found = look(port, &[("ca", authorities.ca(dir.path()))]);
    assert_eq!(problem(&found), "");
    assert_eq!(field(&found, "subject"), text("CN=Shop"));
    assert_eq!(field(&found, "issuer"), text("CN=Between"));
    assert_eq!(field(&found, "not_before").to_string(), "2020-01-01T00:00Z");
    assert_eq!(field(&found, "not_after").to_string(), "4000-01-01T00:00Z");
    assert!(matches!(field(&found, "expires_in"), Value::Duration(ns) if ns > 0));
    assert_eq!(field(&found, "names").to_string(), "[shop.test, *.shop.test, 127.0.0.1, ::1]");
    assert_eq!(field(&found, "version"), text("TLS 1.3"));
    assert_eq!(field(&found, "address"), text("127.0.0.1"));
    let Value::List(chain) = field(&found, "chain") else { panic!("no list") };
    let subjects: Vec<_> = chain
        .iter()
        .map(|one| match one {
            Value::Record(one) => field(one, "subject").to_string(),
            other => panic!("no record: {other}"),
        })
        .collect();
    assert_eq!(subjects, ["CN=Shop", "CN=Between"]);
    let fingerprint = field(&found, "fingerprint").to_string();
    assert!(fingerprint.len() == 64 && fingerprint.chars().all(|c| c.is_ascii_hexdigit()), "{fingerprint}");
}

#[test]
fn the_version_is_what_both_agree_on() {
    let identity = Authorities::new().sign(&named(&["127.0.0.1"], "Old"));
    let port = server_before(&identity, &[&TLS12], |_| {});
    assert_eq!(field(&look(port, &[]), "version"), text("TLS 1.2"));
}

#[test]
fn a_certificate_that_is_not_trusted_can_be_read_and_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let authorities = Authorities::new();
    let ca = ("ca", authorities.ca(dir.path()));

    let mut past = named(&["127.0.0.1"], "Past");
    past.not_after = date_time_ymd(2021, 1, 1);
    let found = look(server(&authorities.sign(&past)), std::slice::from_ref(&ca));
    assert_eq!(problem(&found), "certificate expired");
    assert!(matches!(field(&found, "expires_in"), Value::Duration(ns) if ns < 0), "{found}");
    assert_eq!(field(&found, "subject"), text("CN=Past"));

    let mut future = named(&["127.0.0.1"], "Future");
    future.not_before = date_time_ymd(3999, 1, 1);
    let found = look(server(&authorities.sign(&future)), std::slice::from_ref(&ca));
    assert_eq!(problem(&found), "certificate is not valid yet (is the clock right?)");

    let port = server(&authorities.sign(&named(&["shop.test"], "Shop")));
    let found = look(port, std::slice::from_ref(&ca));
    assert_eq!(problem(&found), "certificate is for another name");
    let found = look(port, &[ca.clone(), ("name", text("shop.test"))]);
    assert_eq!(problem(&found), "");

    // The machine's own authorities do not know ours.
    let found = look(port, &[("name", text("shop.test"))]);
    assert_eq!(problem(&found), "certificate is signed by an authority that is not trusted");
    let stranger = Authorities::new().sign(&past);
    let found = look(server(&stranger), std::slice::from_ref(&ca));
    assert!(problem(&found).starts_with("certificate expired"), "{found}");
}

#[test]
fn a_certificate_that_signed_itself_says_so() {
    let params = named(&["127.0.0.1"], "Alone");
    let key = KeyPair::generate().expect("a key");
    let own = params.self_signed(&key).expect("signs").der().clone();
    let port = server(&Identity { chain: vec![own], key });
    let found = look(port, &[]);
    assert_eq!(problem(&found), "certificate is signed by itself, and not trusted here");
    assert_eq!(field(&found, "issuer"), field(&found, "subject"));
}

#[test]
fn a_missing_link_of_the_chain_is_a_problem() {
    let dir = tempfile::tempdir().expect("a folder");
    let authorities = Authorities::new();
    let mut identity = authorities.sign(&named(&["127.0.0.1"], "Shop"));
    identity.chain.truncate(1);
    let found = look(server(&identity), &[("ca", authorities.ca(dir.path()))]);
    assert_eq!(problem(&found), "certificate is signed by an authority that is not trusted");
}

#[test]
fn a_server_that_wants_to_know_us_still_shows_its_certificate() {
    let authorities = Authorities::new();
    let identity = authorities.sign(&named(&["127.0.0.1"], "Closed"));
    let mut roots = RootCertStore::empty();
    roots.add(authorities.between.clone()).expect("an authority");
    let known =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().expect("builds");
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS12])
        .expect("versions")
        .with_client_cert_verifier(known)
        .with_single_cert(identity.chain.clone(), key)
        .expect("a certificate");
    let found = look(serve(Arc::new(config), |_| {}), &[]);
    assert_eq!(field(&found, "subject"), text("CN=Closed"));
    assert_eq!(field(&found, "version"), text(""));
    let problem = problem(&found);
    assert!(problem.contains("; the handshake failed: the server refused the TLS connection"), "{problem}");
}

#[test]
fn what_the_machine_trusts_is_trusted() {
    let authorities = Authorities::new();
    let sandbox = Sandbox::new();
    let ca = sandbox.write("ca.pem", &authorities.root).display().to_string();
    let port = server(&authorities.sign(&named(&["127.0.0.1"], "Shop")));
    let text = format!(
        "runbook \"Look\"\nuse tls\ndiagnose {{\n  check cert = tls.certificate(\"127.0.0.1:{port}\")\n  \
         show \"trusted: {{{{ cert.verified }}}} {{{{ cert.problem }}}}\"\n}}\nresolve \"Nothing\" {{\n  show \"-\"\n}}\n"
    );
    let file = sandbox.write("look.runbook", &text).display().to_string();
    sandbox
        .run(["run", &file])
        .expect_output("trusted: false certificate is signed by an authority that is not trusted");
    // The file of the machine's authorities, as OpenSSL names it.
    sandbox.with_env("SSL_CERT_FILE", ca).run(["run", &file]).expect_output("trusted: true");
}

/// Reads lines and gives each its answer; the last one hands over to the handshake.
fn converse(stream: &mut TcpStream, greeting: &str, answers: &[(&str, &str)]) {
    let mut reader = BufReader::with_capacity(1, stream.try_clone().expect("a second handle"));
    stream.write_all(greeting.as_bytes()).expect("greets");
    for (said, answer) in answers {
        let mut line = String::new();
        reader.read_line(&mut line).expect("reads");
        assert_eq!(line, format!("{said}\r\n"));
        stream.write_all(answer.as_bytes()).expect("answers");
    }
}

#[test]
fn servers_that_speak_something_else_first_are_asked_for_tls() {
    let dir = tempfile::tempdir().expect("a folder");
    let authorities = Authorities::new();
    let ca = authorities.ca(dir.path());
    let identity = authorities.sign(&named(&["127.0.0.1"], "Mail"));
    let all = [&TLS13, &TLS12];
    let smtp = server_before(&identity, &all, |stream| {
        let answers =
            [("EHLO mainstay.invalid", "250-mail\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go ahead\r\n")];
        converse(stream, "220-mail.test\r\n220 ready\r\n", &answers);
    });
    let imap = server_before(&identity, &all, |stream| {
        converse(stream, "* OK ready\r\n", &[("a STARTTLS", "* noise\r\na OK begin\r\n")]);
    });
    let postgres = server_before(&identity, &all, |stream| {
        let mut request = [0; 8];
        stream.read_exact(&mut request).expect("reads");
        assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
        stream.write_all(b"S").expect("answers");
    });
    for (protocol, port) in [("smtp", smtp), ("imap", imap), ("postgres", postgres)] {
        let found = look(port, &[("ca", ca.clone()), ("starttls", text(protocol))]);
        assert_eq!(problem(&found), "", "{protocol}");
        assert_eq!(field(&found, "subject"), text("CN=Mail"));
    }
    let refusing = server_before(&identity, &all, |stream| {
        let answers = [("EHLO mainstay.invalid", "250 mail\r\n"), ("STARTTLS", "502 no such command\r\n")];
        converse(stream, "220 ready\r\n", &answers);
    });
    let args = [("host", text(format!("127.0.0.1:{refusing}"))), ("starttls", text("smtp"))];
    assert_eq!(
        failure("tls.certificate", &args),
        format!(
            "no certificate from `127.0.0.1` port {refusing}: the server says `502 no such command` where it should go over to TLS"
        )
    );
}

#[test]
fn what_is_no_tls_brings_no_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let at = |port: u16| ("host", text(format!("127.0.0.1:{port}")));
    assert_eq!(
        failure("tls.certificate", &[at(port)]),
        format!("no certificate from `127.0.0.1` port {port}: the server does not speak TLS")
    );

    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = mute.local_addr().expect("an address").port();
    assert_eq!(
        failure("tls.certificate", &[at(port), timeout(100)]),
        format!("`127.0.0.1` port {port} did not finish a TLS handshake within 100ms")
    );
    drop(mute);
    assert_eq!(
        failure("tls.certificate", &[at(port)]),
        format!("cannot connect to `127.0.0.1` port {port}: connection refused")
    );
}

#[test]
fn what_is_asked_for_is_looked_at_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = ("host", text("127.0.0.1:9"));
    let missing = dir.path().join("missing.pem").display().to_string();
    assert_eq!(
        failure("tls.certificate", &[at.clone(), ("ca", text(&missing))]),
        format!("the certificates in `{missing}` cannot be read: no such file or folder")
    );
    assert_eq!(
        failure("tls.certificate", &[at.clone(), ("ca", text("/dev/zero"))]),
        "the certificates in `/dev/zero` cannot be read: it is not a regular file of at most 8 MiB"
    );
    let empty = dir.path().join("empty.pem").display().to_string();
    std::fs::write(&empty, "nothing").expect("writes");
    assert_eq!(
        failure("tls.certificate", &[at.clone(), ("ca", text(&empty))]),
        format!("`{empty}` holds no certificate in PEM")
    );
    assert_eq!(
        failure("tls.certificate", &[at.clone(), ("starttls", text("ftp"))]),
        "`starttls` is \"smtp\", \"imap\" or \"postgres\", not `ftp`"
    );
    assert_eq!(
        failure("tls.certificate", &[at, ("name", text("not a name"))]),
        "`not a name` cannot be the name of a server"
    );
    assert_eq!(
        failure("tls.certificate", &[("host", text("https://shop.test"))]),
        "`https://shop.test` is not a host, nor one with a port, as `db1:5432` or `[::1]:53`"
    );
}
