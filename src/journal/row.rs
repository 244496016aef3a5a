//! Rows: how a record is written down, and the chain that shows tampering.
//!
//! Owns the canonical bytes of a row and its hash: BLAKE3 over the previous row's hash and
//! every column, each with its length. Whoever changes, drops, inserts or reorders rows
//! breaks the chain at that place. A chain cannot show that its *end* was cut off; the
//! index keeps the head of each finished run for that.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Address, Body, Class, Input, Moment, Record, Request};

/// How far a journal goes: its last row and the hash of that row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the last row; 0 for an empty journal.
    pub seq: u64,
    /// BLAKE3 of the last row, lowercase hex; empty for an empty journal.
    pub hash: String,
}

/// A row as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub seq: i64,
    pub turn: i64,
    pub class: String,
    pub kind: String,
    pub address: String,
    pub wall_us: i64,
    pub run_ns: i64,
    pub body: String,
    pub hash: Vec<u8>,
}

/// The hash before the first row.
pub(super) fn genesis() -> [u8; 32] {
    *blake3::hash(b"mainstay journal 1").as_bytes()
}

/// Returns the hash of `row` behind `previous`; its own `hash` is not looked at.
pub(super) fn chain(previous: &[u8], row: &Row) -> [u8; 32] {
    chain_at(previous, row, row.seq)
}

/// Returns the hash of `row` behind `previous` as it would be with another number.
pub(super) fn chain_at(previous: &[u8], row: &Row, seq: i64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    for number in [seq, row.turn, row.wall_us, row.run_ns] {
        hasher.update(&number.to_le_bytes());
    }
    for text in [&row.class, &row.kind, &row.address, &row.body] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Why a row is not a record.
#[derive(Debug)]
pub(super) struct Undecodable(String);

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the row of `record`, not yet chained.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn encode(record: &Record, seq: i64, turn: i64) -> Result<Row, serde_json::Error> {
    let body = serde_json::to_string(&record.body)?;
    Ok(Row {
        seq,
        turn,
        class: class_word(record.class).to_owned(),
        kind: kind(&record.body, &body).to_owned(),
        address: record.address.0.to_string(),
        wall_us: record.at.wall_us,
        run_ns: record.at.run_ns,
        body,
        hash: Vec::new(),
    })
}

/// Returns the record of `row`.
///
/// # Errors
/// When the row says nothing this program understands.
pub(super) fn decode(row: &Row) -> Result<Record, Undecodable> {
    let class = match row.class.as_str() {
        "input" => Class::Input,
        "request" => Class::Request,
        "fact" => Class::Fact,
        "trace" => Class::Trace,
        other => return Err(Undecodable(format!("unknown class `{other}`"))),
    };
    let body = match class {
        Class::Input => serde_json::from_str(&row.body).map(Body::Input),
        Class::Request => serde_json::from_str(&row.body).map(Body::Request),
        Class::Fact => serde_json::from_str(&row.body).map(Body::Fact),
        Class::Trace => serde_json::from_str(&row.body),
    }
    .map_err(|e| Undecodable(e.to_string()))?;
    Ok(Record {
        class,
        address: Address(row.address.as_str().into()),
        at: Moment { run_ns: row.run_ns, wall_us: row.wall_us },
        body,
    })
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Input => "input",
        Class::Request => "request",
        Class::Fact => "fact",
        Class::Trace => "trace",
    }
}

/// Returns the row's kind, for people who look into the database: the fact's own word, or as `engine.md` names it.
fn kind<'a>(body: &Body, json: &'a str) -> &'a str {
    match body {
        Body::Input(Input::Opened(_)) => "run.opened",
        Body::Input(Input::Delivered { .. }) => "delivered",
        Body::Input(Input::Control { .. }) => "control",
        Body::Input(Input::Heard { .. }) => "heard",
        Body::Request(ask) => match ask.request {
            Request::Command(_) => "command",
            Request::Native(_) => "native",
            Request::Reading { .. } => "reading",
            Request::Named { .. } => "named",
            Request::Timer => "timer",
            Request::Question(_) => "question",
            Request::Notify { .. } => "notify",
            Request::Kill { .. } => "kill",
            Request::Cancel { .. } => "cancel",
        },
        // The tag comes first: `{"fact":"read",…`.
        Body::Fact(_) => json.split('"').nth(3).unwrap_or("fact"),
    }
}
