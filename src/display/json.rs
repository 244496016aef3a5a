//! A run for programs: each record of the journal as a line of JSON, as it is stored.

use std::io::Write;

use serde::Serialize;

use crate::event::{Address, Body, Class, Moment, Record};
use crate::world::Observer;

/// Writes JSON lines.
#[derive(Debug)]
pub struct Json<W: Write> {
    out: W,
    seq: u64,
}

/// A row, as it is written.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    class: Class,
    address: &'a Address,
    at: Moment,
    body: &'a Body,
}

impl<W: Write> Json<W> {
    /// Returns an observer that writes to `out`.
    pub fn new(out: W) -> Self {
        Json { out, seq: 0 }
    }
}

impl<W: Write> Observer for Json<W> {
    fn stored(&mut self, records: &[Record]) {
        let mut text = Vec::new();
        for record in records {
            self.seq += 1;
            let line = Line {
                seq: self.seq,
                class: record.class,
                address: &record.address,
                at: record.at,
                body: &record.body,
            };
            let begin = text.len();
            match serde_json::to_writer(&mut text, &line) {
                Ok(()) => text.push(b'\n'),
                Err(_) => text.truncate(begin),
            }
        }
        // The journal has it; whoever closed the pipe does not want it.
        let _ = self.out.write_all(&text).and_then(|()| self.out.flush());
    }
}
