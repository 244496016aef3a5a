//! Replay: the recorded inputs in order, and the proof that they cause what is recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::turn::Engine;
use crate::event::{Address, Ask, Body, Class, Input, Outcome, Record, Request};
use crate::program::Program;
use crate::value::Secret;

/// A run as the journal left it.
pub struct Replayed {
    pub engine: Engine,
    /// Requests without an answer, in the order they were made: to be taken up again.
    pub open: Vec<Ask>,
    /// Set when the run had ended.
    pub outcome: Option<Outcome>,
}

/// Why a journal cannot be replayed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReplayError {
    #[error("the journal does not begin with the opening of a run")]
    NotOpened,
    #[error("the journal and the runbook disagree at `{address}`: recorded {recorded}, but now {found}")]
    Differs { address: String, recorded: String, found: String },
}

/// Feeds the recorded inputs in their order; what they cause must come out as recorded. Traces are not needed.
///
/// # Errors
/// When the journal does not begin with an opening, or the walk asks for something else than is recorded.
pub fn replay(
    program: Arc<Program>,
    secrets: BTreeMap<String, Secret>,
    records: &[Record],
) -> Result<Replayed, ReplayError> {
    let kept: Vec<&Record> = records.iter().filter(|r| r.class != Class::Trace).collect();
    if !matches!(kept.first().map(|r| &r.body), Some(Body::Input(Input::Opened(_)))) {
        return Err(ReplayError::NotOpened);
    }
    let mut engine = Engine::new(program, secrets);
    let mut open: BTreeMap<Address, (usize, Ask)> = BTreeMap::new();
    let mut outcome = None;
    for turn in kept.chunk_by(|_, next| next.class != Class::Input) {
        let Some((Record { body: Body::Input(input), .. }, caused)) = turn.split_first() else {
            continue;
        };
        if let Input::Delivered { request, .. } = input {
            open.remove(request);
            open.retain(|_, (_, ask)| !ends(ask, request));
        }
        let found = engine.feed(input.clone());
        let again: Vec<&Record> = found.records.iter().filter(|r| r.class != Class::Trace).skip(1).collect();
        compare(caused, &again)?;
        for ask in found.asks {
            note(&mut open, ask);
        }
        outcome = found.outcome;
    }
    let mut open: Vec<(usize, Ask)> = open.into_values().collect();
    open.sort_by_key(|(order, _)| *order);
    Ok(Replayed { engine, open: open.into_iter().map(|(_, ask)| ask).collect(), outcome })
}

fn note(open: &mut BTreeMap<Address, (usize, Ask)>, ask: Ask) {
    match &ask.request {
        Request::Cancel { request } => {
            open.remove(request);
        }
        Request::Kill { command } if !open.contains_key(command) => {}
        // The command runs on, and whoever was to end it may have gone before.
        _ => {
            let order = open.values().map(|(n, _)| n + 1).max().unwrap_or(0);
            open.insert(ask.address.clone(), (order, ask));
        }
    }
}

/// Returns whether a request is to end that command.
fn ends(ask: &Ask, ended: &Address) -> bool {
    matches!(&ask.request, Request::Kill { command } if command == ended)
}

fn compare(recorded: &[&Record], found: &[&Record]) -> Result<(), ReplayError> {
    for index in 0..recorded.len().max(found.len()) {
        let (before, now) = (recorded.get(index), found.get(index));
        let text = |r: Option<&&Record>| {
            r.map_or_else(|| String::from("nothing"), |r| serde_json::to_string(&r.body).unwrap_or_default())
        };
        let (was, is) = (text(before), text(now));
        let same_place = before.map(|r| &r.address) == now.map(|r| &r.address);
        if was != is || !same_place {
            let address = before.or(now).map(|r| r.address.to_string()).unwrap_or_default();
            return Err(ReplayError::Differs { address, recorded: was, found: is });
        }
    }
    Ok(())
}
