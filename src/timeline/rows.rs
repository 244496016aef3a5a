//! What single rows say, for whoever is told that one of them is not as it was written.
//!
//! Words of the timeline where it has some, else the command, the call or the question itself.

use std::collections::BTreeMap;

use super::narrator::is_below;
use super::{Entry, entries};
use crate::event::{Address, Body, Fact, Input, Record, Request};

/// What the rows of a run say.
#[derive(Debug, Default)]
pub struct Rows {
    /// By row: where in the walk, and the words.
    said: BTreeMap<u64, (Address, String)>,
    /// The steps, each attempt at its place.
    steps: BTreeMap<Address, String>,
}

impl Rows {
    /// Returns what these records say.
    pub fn of(records: &[(u64, Record)]) -> Rows {
        let told: BTreeMap<u64, Entry> =
            entries(records).into_iter().map(|entry| (entry.seq, entry)).collect();
        let mut rows = Rows::default();
        let mut asked: BTreeMap<Address, String> = BTreeMap::new();
        for (seq, record) in records {
            let own = match &record.body {
                Body::Request(ask) => {
                    let typed = typed(&ask.request);
                    asked.insert(ask.address.clone(), typed.clone());
                    typed
                }
                Body::Input(Input::Delivered { request, .. }) => {
                    asked.get(request).map(|typed| format!("the end of: {typed}")).unwrap_or_default()
                }
                Body::Fact(Fact::StepBegan { title, .. }) => {
                    rows.steps.insert(record.address.clone(), title.clone());
                    String::new()
                }
                _ => String::new(),
            };
            let words = match told.get(seq) {
                Some(entry) if own.is_empty() => format!("{} {}", entry.what, entry.outcome),
                _ => own,
            };
            rows.said.insert(*seq, (record.address.clone(), words.trim().to_owned()));
        }
        rows
    }

    /// Returns the words of a row; empty where it has none.
    pub fn words(&self, seq: u64) -> &str {
        self.said.get(&seq).map_or("", |(_, words)| words)
    }

    /// Returns the title of the innermost step that the row stands in; empty where it stands in none.
    pub fn step(&self, seq: u64) -> &str {
        let Some((address, _)) = self.said.get(&seq) else { return "" };
        let around = self.steps.iter().filter(|(step, _)| is_below(address, step));
        around.max_by_key(|(step, _)| step.0.len()).map_or("", |(_, title)| title)
    }
}

fn typed(request: &Request) -> String {
    match request {
        Request::Command(command) => command.typed.clone(),
        Request::Native(native) => native.typed.clone(),
        Request::Reading { call, .. } | Request::Named { call, .. } => call.clone(),
        Request::Question(question) => question.text.clone(),
        Request::Notify { text, .. } => text.clone(),
        Request::Timer | Request::Kill { .. } | Request::Cancel { .. } => String::new(),
    }
}
