//! The module `dns` against a real server, dnsmasq, and against servers that misbehave.

use std::net::UdpSocket;
use std::thread;

use mainstay::value::{Record, Value};

use crate::support::dnsmasq::Dnsmasq;
use crate::{call, failure, field, keeps_its_promise, record, text, timeout};

fn args(name: &str, kind: &str, server: impl Into<String>) -> Vec<(&'static str, Value)> {
    vec![("name", text(name)), ("type", text(kind)), ("server", text(server.into()))]
}

fn values(found: &Record) -> Vec<String> {
    match field(found, "values") {
        Value::List(values) => values.iter().map(Value::to_string).collect(),
        other => panic!("no list: {other}"),
    }
}

fn first(found: &Record) -> Record {
    match field(found, "records") {
        Value::List(records) => match &records[0] {
            Value::Record(record) => (**record).clone(),
            other => panic!("no record: {other}"),
        },
        other => panic!("no list: {other}"),
    }
}

#[test]
fn every_type_of_record_is_read() {
    let server = Dnsmasq::start();
    let look = |name: &str, kind: &str| record("dns.lookup", &args(name, kind, server.address()));
    for (name, kind, expected) in [
        ("shop.test", "A", "10.0.0.7"),
        ("SHOP.test.", "a", "10.0.0.7"),
        ("shop.test", "AAAA", "fd00::7"),
        ("www.test", "CNAME", "shop.test"),
        ("test", "MX", "mail.test"),
        ("shop.test", "TXT", "v=spf1 -all"),
        ("_postgres._tcp.test", "SRV", "db.test"),
        ("10.0.0.7", "PTR", "shop.test"),
        ("7.0.0.10.in-addr.arpa", "PTR", "shop.test"),
    ] {
        let found = look(name, kind);
        keeps_its_promise("dns.lookup", &found);
        assert_eq!(values(&found), [expected], "{kind} of {name}");
    }
    let mail = first(&look("test", "MX"));
    assert_eq!(field(&mail, "priority"), Value::Int(10));
    let service = first(&look("_postgres._tcp.test", "SRV"));
    assert_eq!(
        ["priority", "weight", "port"].map(|name| field(&service, name)),
        [Value::Int(1), Value::Int(5), Value::Int(5432)]
    );
    let found = look("shop.test", "A");
    assert_eq!(field(&found, "ttl"), Value::Duration(300_000_000_000));
    assert_eq!(field(&found, "server"), text(server.address()));
    let ns = record("dns.lookup", &args("zone.test", "NS", server.authority()));
    assert_eq!(values(&ns), ["ns.test"]);
    assert_eq!(field(&ns, "authoritative"), Value::Bool(true));
    let soa = record("dns.lookup", &args("zone.test", "SOA", server.authority()));
    assert!(values(&soa)[0].starts_with("ns.test"), "{soa}");
}

#[test]
fn an_alias_shows_its_way() {
    let server = Dnsmasq::start();
    let found = record("dns.lookup", &args("www.test", "A", server.address()));
    assert_eq!(values(&found), ["10.0.0.7"]);
    let alias = first(&found);
    assert_eq!(
        ["name", "type", "value"].map(|name| field(&alias, name)),
        [text("www.test"), text("CNAME"), text("shop.test")]
    );
    assert_eq!(field(&found, "ttl"), Value::Duration(60_000_000_000), "the least of all records");
}

#[test]
fn an_answer_too_long_for_a_packet_comes_by_tcp() {
    let server = Dnsmasq::start();
    let found = record("dns.lookup", &args("long.test", "TXT", server.address()));
    let all = values(&found);
    assert_eq!(all.len(), Dnsmasq::LONG);
    assert!(all.iter().map(String::len).sum::<usize>() > 1232, "else it had fitted");
}

#[test]
fn no_name_no_record_and_no_answer_are_told_apart() {
    let server = Dnsmasq::start();
    let address = server.address();
    assert_eq!(
        failure("dns.lookup", &args("nowhere.test", "A", &address)),
        format!("there is no name `nowhere.test` (NXDOMAIN from {address})")
    );
    assert_eq!(
        failure("dns.lookup", &args("shop.test", "MX", &address)),
        format!("`shop.test` has no MX record (says {address})")
    );
    assert_eq!(
        failure("dns.lookup", &args("example.com", "A", &address)),
        format!("no answer for `example.com` A: {address}: refuses to answer for that name (REFUSED)")
    );
    drop(server);
    assert_eq!(
        failure("dns.lookup", &args("shop.test", "A", &address)),
        format!("no answer for `shop.test` A: {address}: nobody answers there (connection refused)")
    );
}

/// Returns the address of a server that answers so.
fn server(answer: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        let mut packet = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            for answer in answer(&packet[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

/// Returns the query as an answer without records that has this code.
fn answered(query: &[u8], code: u8) -> Vec<u8> {
    let mut answer = query.to_vec();
    answer[2] |= 0x80;
    answer[3] = code;
    answer
}

#[test]
fn silence_ends_at_the_timeout() {
    let mute = server(|_| Vec::new());
    let mut asked = args("shop.test", "A", &mute);
    asked.push(timeout(150));
    let message = failure("dns.lookup", &asked);
    assert!(
        message.starts_with(&format!("no answer for `shop.test` A: {mute}: no answer within ")),
        "{message}"
    );
}

#[test]
fn a_packet_that_is_lost_is_sent_again() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let forgetful = server(move |query| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        if first { Vec::new() } else { vec![answered(query, 3)] }
    });
    let mut asked = args("shop.test", "A", &forgetful);
    asked.push(timeout(900));
    assert_eq!(
        failure("dns.lookup", &asked),
        format!("there is no name `shop.test` (NXDOMAIN from {forgetful})")
    );
}

#[test]
fn an_answer_to_another_question_is_not_taken() {
    let forger = server(|query| {
        let mut other_number = answered(query, 0);
        other_number[0] ^= 0xff;
        let mut other_name = answered(query, 0);
        other_name[13] ^= 1;
        vec![other_number, other_name, b"nonsense".to_vec(), answered(query, 2)]
    });
    assert_eq!(
        failure("dns.lookup", &args("shop.test", "A", &forger)),
        format!("no answer for `shop.test` A: {forger}: cannot find out (SERVFAIL)")
    );
}

#[test]
fn the_question_is_looked_at_before_it_is_asked() {
    let nobody = "127.0.0.1:9";
    for (name, kind, message) in [
        ("10.0.0.7", "A", "`10.0.0.7` is an address, which has no A record: ask for its PTR".to_owned()),
        (
            "shop.test",
            "HINFO",
            "`HINFO` is no type that dns.lookup knows: A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT".to_owned(),
        ),
        ("", "A", "`` cannot be a name in DNS".to_owned()),
        ("a..b", "A", "`a..b` cannot be a name in DNS".to_owned()),
        ("a\0b", "A", "`a b` cannot be a name in DNS".to_owned()),
    ] {
        assert_eq!(failure("dns.lookup", &args(name, kind, nobody)), message);
    }
    let huge = "x".repeat(1 << 20);
    assert!(failure("dns.lookup", &args(&huge, "A", nobody)).len() < 1000);
    assert_eq!(
        failure("dns.lookup", &args("shop.test", "A", "http://x")),
        "`http://x` is not a host, nor one with a port, as `db1:5432` or `[::1]:53`"
    );
    let strange = format!("{}.invalid", "x".repeat(70));
    assert_eq!(
        failure("dns.lookup", &args("shop.test", "A", &strange)),
        format!("the name of the server, `{strange}`, cannot be resolved")
    );
}

#[test]
fn without_a_server_those_of_this_machine_are_asked() {
    // Whatever they say, or no line of the file names one: the words tell where it came from.
    let configured = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named: Vec<_> = configured.lines().filter_map(|line| line.strip_prefix("nameserver ")).collect();
    let found = call("dns.lookup", &[("name", text("localhost.invalid")), timeout(900)]);
    let message = found.expect_err("there is no such name");
    let server = named.first().map_or("/etc/resolv.conf", |server| server.trim());
    assert!(message.contains(server), "{server} is not named: {message}");
}
