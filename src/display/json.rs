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
        for record in records {
            self.seq += 1;
            let line = Line {
                seq: self.seq,
                class: record.class,
                address: &record.address,
                at: record.at,
                body: &record.body,
            };
            // The journal has it; whoever closed the pipe does not want it.
            if let Ok(mut text) = serde_json::to_vec(&line) {
                text.push(b'\n');
                let _ = self.out.write_all(&text);
            }
        }
        let _ = self.out.flush();
    }
}
