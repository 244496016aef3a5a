//! The module `tcp` against sockets of our own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use mainstay::value::{Secret, Value};

use crate::support::sandbox::Sandbox;
use crate::support::service::free_port;
use crate::{call, call_with, failure, field, keeps_its_promise, record, text, timeout};

fn at(port: u16) -> [(&'static str, Value); 2] {
    [("host", text("127.0.0.1")), ("port", Value::Int(port.into()))]
}

/// Returns the port of a server that does this with its one client.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || serve(listener.accept().expect("a client").0));
    port
}

/// Returns a port that nobody listens on.
fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_port_is_open_while_somebody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    assert_eq!(call("tcp.open", &at(port)), Ok(Value::Bool(true)));
    let by_name = [("host", text("localhost")), ("port", Value::Int(port.into()))];
    assert_eq!(call("tcp.open", &by_name), Ok(Value::Bool(true)));
    drop(listener);
    assert_eq!(call("tcp.open", &at(port)), Ok(Value::Bool(false)));
}

#[test]
fn a_connection_says_where_it_went_and_how_long_it_took() {
    let port = server(drop);
    let found = record("tcp.connect", &at(port));
    keeps_its_promise("tcp.connect", &found);
    assert_eq!(field(&found, "address"), text("127.0.0.1"));
    assert_eq!(field(&found, "port"), Value::Int(port.into()));
    assert!(matches!(field(&found, "elapsed"), Value::Duration(ns) if ns > 0));
}

#[test]
fn a_refusal_names_host_port_and_why() {
    let port = closed();
    assert_eq!(
        failure("tcp.connect", &at(port)),
        format!("cannot connect to `127.0.0.1` port {port}: connection refused")
    );
    let message = failure("tcp.connect", &[("host", text("localhost")), ("port", Value::Int(port.into()))]);
    assert!(
        message.starts_with(&format!("cannot connect to `localhost` port {port} (127.0.0.1")),
        "{message}"
    );
    assert!(message.ends_with("): connection refused"), "{message}");
}

#[test]
fn silence_ends_at_the_timeout() {
    // Nobody accepts, and the queue of those who wait holds one.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    rustix::net::listen(&listener, 0).expect("a shorter queue");
    let port = listener.local_addr().expect("an address").port();
    let mut waiting = Vec::new();
    let brief = std::time::Duration::from_millis(100);
    let address = listener.local_addr().expect("an address");
    while let Ok(stream) = TcpStream::connect_timeout(&address, brief) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue does not fill");
    }
    let mut args = at(port).to_vec();
    args.push(timeout(100));
    assert_eq!(
        failure("tcp.connect", &args),
        format!("cannot connect to `127.0.0.1` port {port}: no answer within 100ms")
    );
    assert_eq!(call("tcp.open", &args), Ok(Value::Bool(false)));
}

#[test]
fn a_name_that_nobody_knows_is_no_closed_port() {
    let long = format!("{}.invalid", "x".repeat(70));
    for (name, shown) in [(long.as_str(), long.as_str()), ("", ""), ("a\0b", "a b")] {
        let args = [("host", text(name)), ("port", Value::Int(80))];
        for function in ["tcp.open", "tcp.connect"] {
            assert_eq!(failure(function, &args), format!("the name `{shown}` cannot be resolved"));
        }
    }
    let huge = [("host", text("x".repeat(1 << 20))), ("port", Value::Int(80))];
    assert!(failure("tcp.open", &huge).len() < 1000);
}

#[test]
fn a_port_is_a_port() {
    for bad in [0, -1, 65_536, i64::MAX] {
        let args = [("host", text("127.0.0.1")), ("port", Value::Int(bad))];
        assert_eq!(
            failure("tcp.open", &args),
            format!("`port` of tcp.open is from 1 to 65535, and {bad} is not")
        );
    }
}

#[test]
fn what_a_server_says_is_heard_until_it_is_what_was_expected() {
    let port = server(|mut stream| {
        stream.write_all(b"220 mail.example ").expect("writes");
        stream.flush().expect("flushes");
        stream.write_all(b"ESMTP\r\n").expect("writes");
        let _ = stream.read(&mut [0]);
    });
    let mut args = at(port).to_vec();
    args.push(("expect", text("ESMTP")));
    let found = record("tcp.connect", &args);
    assert!(field(&found, "banner").to_string().starts_with("220 mail.example ESMTP"), "{found}");
}

#[test]
fn what_is_sent_may_be_secret_and_does_not_come_back() {
    let port = server(|mut stream| {
        let mut heard = [0; 64];
        let length = stream.read(&mut heard).expect("reads");
        stream.write_all(&heard[..length]).expect("echoes");
        stream.write_all(b"+OK").expect("writes");
    });
    let secret = Secret::new("password", "correct-horse");
    let mut args = at(port).to_vec();
    args.push(("send", Value::Secret(secret.derive("AUTH correct-horse\r\n"))));
    args.push(("expect", text("+OK")));
    let found = match call_with(&[secret], "tcp.connect", &args) {
        Ok(Value::Record(found)) => (*found).clone(),
        other => panic!("no record: {other:?}"),
    };
    let banner = field(&found, "banner").to_string();
    assert!(banner.contains("[secret]") && banner.ends_with("+OK") && !banner.contains("horse"), "{banner}");
}

#[test]
fn a_server_that_says_something_else_is_quoted() {
    let other = server(|mut stream| {
        stream.write_all(b"554 go away\r\n").expect("writes");
    });
    let mut args = at(other).to_vec();
    args.push(("expect", text("220")));
    assert_eq!(
        failure("tcp.connect", &args),
        format!(
            "`127.0.0.1` port {other} did not say `220` before it closed the connection; it said `554 go away`"
        )
    );

    let mute = server(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    let mut args = at(mute).to_vec();
    args.extend([("expect", text("220")), timeout(100)]);
    assert_eq!(
        failure("tcp.connect", &args),
        format!("`127.0.0.1` port {mute} did not say `220` within 100ms; it said nothing")
    );

    let endless = server(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let mut args = at(endless).to_vec();
    args.push(("expect", text("220")));
    let message = failure("tcp.connect", &args);
    assert!(message.contains("did not say `220` in its first 64 KiB; it said `xxx"), "{message}");
    assert!(message.len() < 200, "{message}");
}

#[test]
fn a_runbook_waits_for_a_port() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let text = format!(
        "runbook \"Wait\"\nuse tcp\nresolve \"Wait\" {{\n  check before = tcp.open(\"127.0.0.1\", {port})\n  \
         show \"before: {{{{ before }}}}\"\n  verify tcp.open(\"127.0.0.1\", {port}) within 1m every 1s\n}}\n"
    );
    let file = sandbox.write("wait.runbook", &text).display().to_string();
    let mut running = sandbox.start(["run", &file]);
    running.wait_for("before: false");
    let _listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is still free");
    running.finish().expect_code(0);
}
