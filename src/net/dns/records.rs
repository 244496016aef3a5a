//! The records of an answer as values.
//!
//! Never shows a name with the dot at its end, which nobody writes.

use std::net::IpAddr;

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::process::blot::Needles;
use crate::value::Value;

/// What an answer holds of the type that was asked for.
pub(super) struct Answer {
    pub values: Vec<Value>,
    pub records: Vec<Value>,
    /// Seconds: the least of all records.
    pub ttl: u32,
}

/// Returns what the message answers.
pub(super) fn answer(message: &Message, kind: RecordType, needles: &Needles) -> Answer {
    let mut answer = Answer { values: Vec::new(), records: Vec::new(), ttl: u32::MAX };
    for record in &message.answers {
        let value = Value::text(needles.blot(&value(&record.data)));
        if record.record_type() == kind {
            answer.values.push(value.clone());
        }
        answer.ttl = answer.ttl.min(record.ttl);
        answer.records.push(fields(record, value, needles));
    }
    answer
}

fn fields(record: &Record, value: Value, needles: &Needles) -> Value {
    let (priority, weight, port) = match &record.data {
        RData::MX(mx) => (number(mx.preference), Value::None, Value::None),
        RData::SRV(srv) => (number(srv.priority), number(srv.weight), number(srv.port)),
        _ => (Value::None, Value::None, Value::None),
    };
    Value::record([
        ("name", Value::text(needles.blot(&bare(&record.name)))),
        ("type", Value::text(record.record_type().to_string())),
        ("value", value),
        ("ttl", Value::Duration(i64::from(record.ttl) * 1_000_000_000)),
        ("priority", priority),
        ("weight", weight),
        ("port", port),
    ])
}

fn number(n: u16) -> Value {
    Value::Int(n.into())
}

/// Returns what a record says: an address, a name, a text.
fn value(data: &RData) -> String {
    match data {
        RData::A(address) => IpAddr::from(address.0).to_string(),
        RData::AAAA(address) => IpAddr::from(address.0).to_string(),
        RData::CNAME(name) => bare(&name.0),
        RData::NS(name) => bare(&name.0),
        RData::PTR(name) => bare(&name.0),
        RData::MX(mx) => bare(&mx.exchange),
        RData::SRV(srv) => bare(&srv.target),
        // One text may be cut into pieces of 255 bytes.
        RData::TXT(txt) => String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(),
        other => other.to_string(),
    }
}

fn bare(name: &Name) -> String {
    let text = name.to_utf8();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(bare) => bare.to_owned(),
    }
}
