//! What the tests against the real world share: services on loopback, a sandbox for the program, a terminal.
//!
//! Everything here is real: `PostgreSQL`, `PgBouncer`, `psql`, a pseudo-terminal. A service that this machine does not
//! have fails the test and is named; no test passes without it. Nothing waits for a fixed time: each wait ends
//! when what it waits for is there, or panics at its deadline with what was seen until then.

#![allow(dead_code, reason = "each test program uses its own part")]

pub mod cases;
pub mod dnsmasq;
pub mod pages;
pub mod pgbouncer;
pub mod postgres;
pub mod sandbox;
pub mod service;
pub mod shop;
pub mod systemd;
pub mod terminal;
pub mod users;
