//! A run without a terminal: a line for each fact worth reading, as it is stored.

use std::io::Write;
use std::sync::Arc;

use super::text::ascii;
use super::{Look, ending, line};
use crate::event::{Body, Fact, Record};
use crate::source::Sources;
use crate::timeline::{Kind, Narrator, Summary};
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

    /// Shows that text at the end, as what keeps the incident from coming back.
    #[must_use]
    pub fn with_prevention(mut self, text: &str) -> Self {
        text.clone_into(&mut self.summary.prevention);
        self
    }
}

impl<W: Write> Observer for Plain<W> {
    fn stored(&mut self, records: &[Record]) {
        let mut text = String::new();
        for record in records {
            self.seq += 1;
            self.summary.take(self.seq, record);
            for entry in self.narrator.tell(self.seq, record) {
                // The last screen says how it ended; and what an instructor changed, players find out themselves.
                let injected = matches!(record.body, Body::Fact(Fact::Injected { .. }));
                if entry.kind != Kind::Ended && !injected {
                    text.push_str(&line(&entry, &self.sources, self.look));
                }
            }
            if let Body::Fact(Fact::Ended { .. }) = record.body {
                text.push_str(&ending(&self.summary, self.look));
            }
        }
        // A file keeps what it is; a terminal without UTF-8 would show something else.
        let text = if self.look.width.is_some() && !self.look.unicode { ascii(&text) } else { text.into() };
        // Whoever closed the pipe does not want to read on; the run goes on without them.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}
