//! A run without a terminal: a line for each fact worth reading, as it is stored.

use std::io::Write;
use std::sync::Arc;

use super::{Look, ending, line};
use crate::event::{Body, Fact, Record};
use crate::source::Sources;
use crate::timeline::{Narrator, Summary};
use crate::world::Observer;

/// Writes lines.
#[derive(Debug)]
pub struct Plain<W: Write> {
    out: W,
    look: Look,
    sources: Arc<Sources>,
    narrator: Narrator,
    summary: Summary,
    seq: u64,
}

impl<W: Write> Plain<W> {
    /// Returns an observer that writes to `out`. `sources`: what failures point into.
    pub fn new(out: W, look: Look, sources: Arc<Sources>) -> Self {
        Plain { out, look, sources, narrator: Narrator::default(), summary: Summary::default(), seq: 0 }
    }
}

impl<W: Write> Observer for Plain<W> {
    fn stored(&mut self, records: &[Record]) {
        for record in records {
            self.seq += 1;
            self.summary.take(self.seq, record);
            let text = if let Body::Fact(Fact::Ended { .. }) = record.body {
                ending(&self.summary, self.look)
            } else if let Some(entry) = self.narrator.tell(self.seq, record) {
                line(&entry, &self.sources, self.look)
            } else {
                continue;
            };
            // Whoever closed the pipe does not want to read on; the run goes on without them.
            let _ = self.out.write_all(text.as_bytes());
        }
        let _ = self.out.flush();
    }
}
