//! The modules `tcp`, `dns` and `tls`: signatures and texts.

use super::{Native, list, record};
use crate::value::Type;

const HOST: &str = "a name or an address";
const PORT: &str = "the port, 1 to 65535";

/// Returns the functions of the module `tcp`.
pub(super) fn tcp() -> Vec<Native> {
    vec![
        Native::reads(
            "tcp",
            "open",
            Type::Bool,
            "Whether a connection can be made: true as soon as one stands, false when it is refused or nobody answers in time. \
             A name that cannot be resolved is a failure, as nothing is known then.",
        )
        .needs("host", Type::Text, HOST)
        .needs("port", Type::Int, PORT)
        .takes("timeout", Type::Duration, "3s", "how long to wait for an answer")
        .example("verify tcp.open(host, 5432) within 1m every 2s else \"the database does not come up\""),
        Native::reads(
            "tcp",
            "connect",
            Type::Any,
            "Makes a connection and ends it again. Fails, with host, port and why, when none can be made, or when the \
             server does not say what is expected.",
        )
        .needs("host", Type::Text, HOST)
        .needs("port", Type::Int, PORT)
        .takes("send", Type::Text, "none", "what is sent first: a question that changes nothing")
        .secret()
        .takes("expect", Type::Text, "none", "text that the server must then say")
        .takes("timeout", Type::Duration, "5s", "how long all of it may take")
        .gives(&[
            ("address", Type::Text, "the address that answered; a name may have several"),
            ("port", Type::Int, "the port"),
            ("elapsed", Type::Duration, "how long it took until the connection stood"),
            ("banner", Type::Text, "what the server said until then, where something is expected"),
        ])
        .example(
            "check mail = tcp.connect(host, 25, expect: \"220\")\n\
             finding \"it took {{ mail.elapsed }} to connect\" when mail.elapsed > 500ms\n\
             check cache = tcp.connect(host, 6379, send: \"PING\\r\\n\", expect: \"PONG\")",
        ),
    ]
}

/// Returns the functions of the module `dns`.
pub(super) fn dns() -> Vec<Native> {
    let answer = record(&[
        ("name", Type::Text, ""),
        ("type", Type::Text, ""),
        ("value", Type::Text, ""),
        ("ttl", Type::Duration, ""),
        ("priority", Type::Any, ""),
        ("weight", Type::Any, ""),
        ("port", Type::Any, ""),
    ]);
    vec![
        Native::reads(
            "dns",
            "lookup",
            Type::Any,
            "Asks for a name's records, past every cache of this machine. Fails, in words of its own each time, when there \
             is no such name (NXDOMAIN), when the name has no record of that type, when a server will not say, and when \
             none answers.",
        )
        .needs("name", Type::Text, "the whole name; for PTR an address will do")
        .takes("type", Type::Text, "\"A\"", "A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT")
        .takes(
            "server",
            Type::Text,
            "none",
            "whom to ask, as \"10.0.0.2\" or \"10.0.0.2:5353\"; without it, the servers of /etc/resolv.conf in their order",
        )
        .takes("timeout", Type::Duration, "5s", "how long all of it may take")
        .gives(&[
            ("values", list(Type::Text), "the values of that type: addresses, names, texts"),
            ("ttl", Type::Duration, "how long the answer may be kept: the least of its records"),
            (
                "records",
                list(answer),
                "each record of the answer, aliases on the way too: `name`, `type`, `value`, `ttl`; of MX and SRV also \
                 `priority`, of SRV also `weight` and `port`",
            ),
            ("server", Type::Text, "who answered"),
            ("authoritative", Type::Bool, "whether that server is in charge of the name"),
            ("elapsed", Type::Duration, "how long it took"),
        ])
        .example(
            "check before = dns.lookup(\"shop.example\", type: \"CNAME\")\n\
             show \"{{ before.values[0] }} for another {{ before.ttl }}\"\n\
             verify \"10.0.0.7\" in dns.lookup(\"shop.example\", server: \"10.0.0.2\").values within 10m every 15s",
        ),
    ]
}

/// Returns the functions of the module `tls`.
pub(super) fn tls() -> Vec<Native> {
    let certificate = [
        ("subject", Type::Text, "whom it is for, as \"CN=shop.example\""),
        ("issuer", Type::Text, "who signed it"),
        ("not_before", Type::Time, "when it begins to be valid"),
        ("not_after", Type::Time, "when it ceases to be"),
        ("expires_in", Type::Duration, "how long that is from now; below zero when it has expired"),
        ("serial", Type::Text, "its number, hexadecimal"),
        ("fingerprint", Type::Text, "the SHA-256 of all of it, hexadecimal"),
    ];
    let mut fields = certificate.to_vec();
    fields.extend([
        ("names", list(Type::Text), "the names and addresses that it is valid for"),
        ("verified", Type::Bool, "whether this machine, or `ca`, trusts it for that name today"),
        ("problem", Type::Text, "why not; empty when it is verified"),
        (
            "chain",
            list(record(&certificate)),
            "every certificate that the server sent, its own first: `subject`, `issuer`, `not_before`, `not_after`, \
             `expires_in`, `serial`, `fingerprint`",
        ),
        ("version", Type::Text, "the version of the protocol, as \"TLS 1.3\"; empty where the handshake failed after it"),
        ("address", Type::Text, "the address that answered"),
        ("elapsed", Type::Duration, "how long it took"),
    ]);
    vec![
        Native::reads(
            "tls",
            "certificate",
            Type::Any,
            "Connects, and returns the certificate that the server shows. One that has expired, is for another name or is \
             signed by nobody we trust can be read too: `verified` and `problem` tell.",
        )
        .needs("host", Type::Text, "a name or an address, also with a port: \"shop.example:8443\"")
        .takes("port", Type::Int, "443", PORT)
        .takes("name", Type::Text, "the host", "the name to ask for, where it is not that of the host")
        .takes("ca", Type::Text, "none", "a file of certificates that are trusted instead of the system's")
        .takes(
            "starttls",
            Type::Text,
            "none",
            "\"smtp\", \"imap\" or \"postgres\": what the server speaks before it is asked for TLS",
        )
        .takes("timeout", Type::Duration, "5s", "how long all of it may take")
        .gives(&fields)
        .example(
            "check cert = tls.certificate(\"{{ host }}:443\")\n\
             finding \"{{ cert.subject }} expires in {{ cert.expires_in }}\" when cert.expires_in < 14d\n\
             verify cert.verified else \"{{ cert.problem }}\"",
        ),
    ]
}
