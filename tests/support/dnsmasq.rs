//! A real name server, dnsmasq, that knows the zone `test` and refuses everything else.

use std::path::PathBuf;

use rustix::process::Signal;

use super::service::{Service, find_program, unprivileged};

/// A name server on loopback.
pub struct Dnsmasq {
    service: Service,
    port: u16,
}

impl Dnsmasq {
    /// How many texts `long.test` has: more than fit into a packet.
    pub const LONG: usize = 20;

    /// Starts the server.
    ///
    /// # Panics
    ///
    /// When this machine has no dnsmasq, or it does not start.
    pub fn start() -> Self {
        let folders = [PathBuf::from("/usr/sbin")];
        let program = find_program("dnsmasq", &folders, "dnsmasq-base");
        let (service, port) = Service::start("dnsmasq", Signal::TERM, "started, version", |port| {
            let mut command = unprivileged(&program);
            command.args([
                "--keep-in-foreground",
                "--log-facility=-",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--user=",
                "--no-resolv",
                "--no-hosts",
                "--bind-interfaces",
                "--listen-address=127.0.0.1,127.0.0.2",
                "--local=/test/",
                "--auth-ttl=120",
                // Whoever asks there asks the one in charge of `zone.test`.
                "--auth-server=ns.test,127.0.0.2",
                "--auth-zone=zone.test",
                "--host-record=shop.test,10.0.0.7,fd00::7,300",
                "--cname=www.test,shop.test,60",
                "--mx-host=test,mail.test,10",
                "--srv-host=_postgres._tcp.test,db.test,5432,1,5",
                "--txt-record=shop.test,v=spf1 -all",
            ]);
            for number in 0..Self::LONG {
                command.arg(format!("--txt-record=long.test,{number} {}", "x".repeat(100)));
            }
            command.arg(format!("--port={port}"));
            command
        });
        Self { service, port }
    }

    /// Returns host and port of the server.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns host and port at which it is in charge of `zone.test`.
    pub fn authority(&self) -> String {
        format!("127.0.0.2:{}", self.port)
    }

    /// Returns what the server wrote to its log until now.
    pub fn log(&self) -> String {
        self.service.log()
    }
}
