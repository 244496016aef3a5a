//! The module `http` against a server of our own.

use std::net::TcpListener;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay::event::{Reply, Request};
use mainstay::value::{Secret, Value};

use crate::server::{Answer, Authority, Server};
use crate::{LONG, Stage, native, text};

const SHORT: Value = Value::Duration(200_000_000);

fn url(address: &str) -> (&'static str, Value) {
    ("url", text(address))
}

fn headers(fields: &[(&str, Value)]) -> (&'static str, Value) {
    ("headers", Value::record(fields.iter().cloned()))
}

#[test]
fn a_response_has_status_headers_and_body() {
    let server = Server::start(|seen| Answer::Respond {
        status: 404,
        headers: vec![("X-Kind", "a".to_owned()), ("x-kind", "b".to_owned())],
        body: format!("no {} here", seen.path).into_bytes(),
    });
    let mut stage = Stage::new();
    let response = stage.response("http.get", &[url(&server.url("/a?b=c"))]);
    assert_eq!(response.status, 404);
    assert_eq!(response.headers.get("x-kind"), Some(&text("a, b")));
    assert_eq!(&*response.body.text, "no /a?b=c here");
    assert!(response.body.utf8 && !response.body.cut);
    assert_eq!(&*response.request, format!("GET {}", server.url("/a?b=c")));
    assert!(response.elapsed > 0);
}

#[test]
fn bodies_have_their_kind_and_an_empty_one_its_length() {
    let server = Server::start(|_| Answer::text("ok"));
    let mut stage = Stage::new();
    let address = url(&server.url("/"));
    let json = Value::record([("wait", Value::Duration(90_000_000_000))]);
    stage.response("http.post", &[address.clone(), ("json", json)]);
    stage.response("http.put", &[address.clone(), ("body", text("plain"))]);
    stage.response("http.delete", std::slice::from_ref(&address));
    let own = headers(&[("Content-Type", text("application/x-own"))]);
    stage.response("http.patch", &[address, ("body", text("{}")), own]);
    let seen = server.seen();
    let summary: Vec<_> =
        seen.iter().map(|seen| (&*seen.method, seen.header("content-type"), &*seen.body)).collect();
    assert_eq!(
        summary,
        [
            ("POST", Some("application/json"), r#"{"wait":"1m 30s"}"#),
            ("PUT", Some("text/plain; charset=utf-8"), "plain"),
            ("DELETE", None, ""),
            ("PATCH", Some("application/x-own"), "{}"),
        ]
    );
    assert_eq!(seen[2].header("content-length"), Some("0"));
}

#[test]
fn secrets_are_sent_and_never_come_back() {
    let server = Server::start(|seen| {
        let token = seen.header("authorization").unwrap_or_default().to_owned();
        Answer::Respond {
            status: 200,
            headers: vec![("x-echo", token.clone())],
            body: format!("{token} {}", STANDARD.encode(&token)).into_bytes(),
        }
    });
    let mut stage = Stage::new();
    let token = Secret::new("token", "correct-horse");
    let bearer = Value::Secret(token.derive("Bearer correct-horse"));
    let address = Value::Secret(token.derive(server.url("/correct-horse")));
    let response = stage.response("http.get", &[("url", address), headers(&[("Authorization", bearer)])]);
    let seen = &server.seen()[0];
    assert_eq!(seen.header("authorization"), Some("Bearer correct-horse"));
    assert_eq!(&*response.request, "GET [secret token]");
    assert_eq!(response.headers.get("x-echo"), Some(&text("[secret]")));
    assert_eq!(&*response.body.text, "[secret] [secret]");
}

#[test]
fn what_is_secret_does_not_cross_to_another_server() {
    let other = Server::start(|_| Answer::text("other"));
    let target = other.url("/there");
    let server = Server::start(move |seen| match &*seen.path {
        "/near" => Answer::redirect(302, "/here"),
        "/far" => Answer::redirect(302, target.clone()),
        _ => Answer::text("here"),
    });
    let mut stage = Stage::new();
    let fields = headers(&[
        ("Authorization", text("Basic Zm9v")),
        ("X-Token", Value::Secret(Secret::new("token", "correct-horse"))),
        ("X-Plain", text("plain")),
    ]);
    let near = stage.response("http.get", &[url(&server.url("/near")), fields.clone()]);
    let far = stage.response("http.get", &[url(&server.url("/far")), fields]);
    assert_eq!((&*near.body.text, &*far.body.text), ("here", "other"));
    let names = ["authorization", "x-token", "x-plain"];
    let here = &server.seen()[1];
    assert_eq!(
        names.map(|name| here.header(name)),
        [Some("Basic Zm9v"), Some("correct-horse"), Some("plain")]
    );
    let there = &other.seen()[0];
    assert_eq!(names.map(|name| there.header(name)), [None, None, Some("plain")]);
}

#[test]
fn a_secret_body_is_not_sent_to_another_server() {
    let other = Server::start(|_| Answer::text("other"));
    let target = other.url("/");
    let server = Server::start(move |_| Answer::redirect(307, target.clone()));
    let mut stage = Stage::new();
    let body = Value::Secret(Secret::new("token", "correct-horse"));
    let address = server.url("/");
    let (message, doubt) = stage.failure("http.post", &[url(&address), ("body", body)]);
    assert_eq!(
        message,
        format!(
            "POST {address} failed: it redirects to another server, and the secret in the body stays here"
        )
    );
    assert!(doubt);
    assert!(other.seen().is_empty());
}

#[test]
fn redirects_are_followed_as_far_as_asked() {
    let server = Server::start(|seen| Answer::redirect(303, format!("{}x", seen.path)));
    let mut stage = Stage::new();
    let address = server.url("/");
    let (message, doubt) = stage.failure("http.get", &[url(&address)]);
    assert_eq!(message, format!("GET {address} failed: more than 5 redirects"));
    assert!(!doubt);
    assert_eq!(server.seen().len(), 6);
    let none = ("redirects", Value::Int(0));
    assert_eq!(stage.response("http.get", &[url(&address), none]).status, 303);
    let one = ("redirects", Value::Int(1));
    let (_, doubt) = stage.failure("http.post", &[url(&address), one]);
    assert!(doubt, "the first server took the POST");
    let methods: Vec<_> = server.seen()[7..].iter().map(|seen| seen.method.clone()).collect();
    assert_eq!(methods, ["POST", "GET"]);
}

#[test]
fn silence_ends_at_the_timeout_and_leaves_a_change_in_doubt() {
    let server = Server::start(|_| Answer::Silence);
    let mut stage = Stage::new();
    let address = server.url("/");
    let args = [url(&address), ("timeout", SHORT)];
    let why = "timed out after 200ms: no whole answer came";
    assert_eq!(stage.failure("http.get", &args), (format!("GET {address} {why}"), false));
    assert_eq!(stage.failure("http.post", &args), (format!("POST {address} {why}"), true));
    // Without a timeout of its own the deadline ends it.
    let reply = stage.call_within("http.put", &args[..1], Duration::from_millis(50));
    assert!(matches!(reply, Reply::Failed { doubt: true, .. }), "{reply:?}");
}

#[test]
fn a_connection_that_never_stood_leaves_no_doubt() {
    let mut stage = Stage::new();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/", closed.local_addr().expect("an address"));
    drop(closed);
    assert_eq!(
        stage.failure("http.post", &[url(&address)]),
        (format!("POST {address} failed: connection refused"), false)
    );
    // Takes connections, and never answers a handshake.
    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("https://{}/", mute.local_addr().expect("an address"));
    let authority = Authority::new();
    let ca = stage.path("ca.pem");
    std::fs::write(&ca, authority.pem()).expect("writes");
    let args = [url(&address), ("timeout", SHORT), ("ca", text(&ca))];
    assert_eq!(
        stage.failure("http.post", &args),
        (format!("POST {address} timed out after 200ms: no connection"), false)
    );
    let name = format!("{}.invalid", "x".repeat(70));
    assert_eq!(
        stage.failure("http.delete", &[url(&format!("http://{name}/"))]),
        (format!("DELETE http://{name}/ failed: the name `{name}` cannot be resolved"), false)
    );
}

#[test]
fn a_connection_that_breaks_off_leaves_doubt() {
    let server = Server::start(|seen| match &*seen.path {
        "/half" => Answer::Half,
        _ => Answer::Close,
    });
    let mut stage = Stage::new();
    let address = server.url("/");
    let (message, doubt) = stage.failure("http.post", &[url(&address)]);
    assert_eq!(message, format!("POST {address} failed: connection closed before message completed"));
    assert!(doubt);
    assert!(!stage.failure("http.get", &[url(&address)]).1);
    let (message, doubt) = stage.failure("http.post", &[url(&server.url("/half"))]);
    assert!(message.contains("/half failed: the answer broke off: "), "{message}");
    assert!(doubt);
}

#[test]
fn certificates_are_checked_and_errors_are_in_words() {
    let (ours, foreign) = (Authority::new(), Authority::new());
    let mut stage = Stage::new();
    let (ca, other) = (stage.path("ca.pem"), stage.path("other.pem"));
    std::fs::write(&ca, ours.pem()).expect("writes");
    std::fs::write(&other, foreign.pem()).expect("writes");
    let good = Server::tls(&ours.sign("127.0.0.1"), |_| Answer::text("secure"));
    let address = good.url("/");
    let args = [url(&address), ("ca", text(&ca))];
    assert_eq!(&*stage.response("http.get", &args).body.text, "secure");

    let cause = |stage: &mut Stage, address: &str, ca: Option<&str>| {
        let mut args = vec![url(address)];
        args.extend(ca.map(|ca| ("ca", text(ca))));
        let (message, doubt) = stage.failure("http.post", &args);
        assert!(!doubt, "{message}");
        message.strip_prefix(&format!("POST {address} failed: ")).expect(&message).to_owned()
    };
    let untrusted = "certificate is signed by an authority that is not trusted";
    assert_eq!(cause(&mut stage, &address, Some(&other)), untrusted);
    let expired = Server::tls(&ours.sign_until("127.0.0.1", 2001), |_| Answer::Close);
    assert_eq!(cause(&mut stage, &expired.url("/"), Some(&ca)), "certificate expired");
    let named = Server::tls(&ours.sign("db.example"), |_| Answer::Close);
    assert_eq!(cause(&mut stage, &named.url("/"), Some(&ca)), "certificate is for another name");
    let plain = Server::start(|_| Answer::Close);
    let secure = format!("https://127.0.0.1:{}/", plain.port());
    std::fs::write(&other, "nothing").expect("writes");
    assert_eq!(cause(&mut stage, &secure, Some(&other)), format!("`{other}` holds no certificate in PEM"));
    let missing = stage.path("missing.pem");
    assert_eq!(
        cause(&mut stage, &secure, Some(&missing)),
        format!("the certificates in `{missing}` cannot be read: no such file or folder")
    );
}

#[test]
fn the_system_does_not_trust_our_authority() {
    let server = Server::tls(&Authority::new().sign("127.0.0.1"), |_| Answer::Close);
    let mut stage = Stage::new();
    let (message, doubt) = stage.failure("http.post", &[url(&server.url("/"))]);
    assert!(message.contains("certificate"), "{message}");
    assert!(!doubt);
}

#[test]
fn connections_are_kept() {
    let server = Server::start(|_| Answer::text("ok"));
    let mut stage = Stage::new();
    for _ in 0..3 {
        stage.response("http.get", &[url(&server.url("/"))]);
    }
    assert_eq!((server.seen().len(), server.connections()), (3, 1));
}

#[test]
fn long_and_damaged_bodies_are_marked() {
    let server = Server::start(|seen| Answer::Respond {
        status: 200,
        headers: Vec::new(),
        body: match &*seen.path {
            // The limit falls into a character.
            "/long" => format!("x{}", "ä".repeat(4 << 20)).into_bytes(),
            "/exact" => vec![b'x'; 8 << 20],
            _ => b"caf\xe9".to_vec(),
        },
    });
    let mut stage = Stage::new();
    let mut body = |path: &str| stage.response("http.get", &[url(&server.url(path))]).body;
    let exact = body("/exact");
    assert_eq!((exact.text.len(), exact.utf8, exact.cut), (8 << 20, true, false));
    let damaged = body("/");
    assert_eq!((&*damaged.text, damaged.utf8), ("caf\u{fffd}", false));
    let long = body("/long");
    assert_eq!((long.text.len(), long.utf8, long.cut), ((8 << 20) - 1, true, true));
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let mut stage = Stage::new();
    for (args, expected) in [
        (vec![url("example.org")], "`example.org` is not an address that begins with http:// or https://"),
        (
            vec![url("ftp://example.org")],
            "`ftp://example.org` is not an address that begins with http:// or https://",
        ),
        (vec![url("http://127.0.0.1"), headers(&[("a b", text("c"))])], "`a b` is not the name of a header"),
        (
            vec![url("http://127.0.0.1"), headers(&[("a", text("b\r\nc: d"))])],
            "the header `a` cannot hold control characters",
        ),
        (
            vec![
                url("http://127.0.0.1"),
                ("body", text("a")),
                ("json", Value::None),
                ("redirects", text("b")),
            ],
            "`redirects` of http.post must be a number from 0 to 100, and is text",
        ),
        (
            vec![url("http://127.0.0.1"), ("json", Value::Secret(Secret::new("token", "correct-horse")))],
            "a secret goes into `body`, not into `json`",
        ),
    ] {
        assert_eq!(stage.failure("http.post", &args), (expected.to_owned(), false));
    }
    let with_password = "http://dana:hunter2@127.0.0.1:1/";
    let (message, _) = stage.failure("http.get", &[url(with_password)]);
    assert_eq!(message, "GET http://dana@127.0.0.1:1/ failed: connection refused");
}

#[test]
fn a_request_can_be_ended() {
    let (asked, arrived) = std::sync::mpsc::channel();
    let server = Server::start(move |_| {
        asked.send(()).expect("a listener");
        Answer::Silence
    });
    let mut stage = Stage::new();
    let address = stage.begin_as(native("http.post", &[url(&server.url("/"))]), LONG, true);
    // The runtime runs only while one waits: this timer lets it go as far as it can.
    stage.begin(Request::Timer, Duration::from_millis(100));
    assert_eq!(stage.next().1, Reply::Fired);
    arrived.recv().expect("it arrived");
    stage.begin(Request::Kill { command: address.clone() }, LONG);
    let (request, reply, _) = stage.next();
    assert_eq!(request, address);
    let message = "http.post(…) was ended".to_owned();
    assert_eq!(reply, Reply::Failed { message, doubt: true });
}
