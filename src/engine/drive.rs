//! The loop between the engine and the world.
//!
//! Feeds one input, stores what it caused, tells the observers, and only then lets anything begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::turn::Engine;
use crate::event::{Input, Opened, Outcome};
use crate::program::Program;
use crate::value::Secret;
use crate::world::{Next, Observer, Store, StoreError, World, WorldError};

/// Why a run could not go on. Nothing begins after it; what is stored stays.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    World(#[from] WorldError),
}

/// Runs a program to its end, from its opening.
///
/// # Errors
/// When records cannot be stored, or the world cannot be reached.
pub fn drive(
    program: Arc<Program>,
    opened: Opened,
    secrets: BTreeMap<String, Secret>,
    world: &mut dyn World,
    store: &mut dyn Store,
    observers: &mut [&mut dyn Observer],
) -> Result<Outcome, DriveError> {
    let engine = Engine::new(program, secrets);
    go_on(engine, Next::Input(Input::Opened(Box::new(opened))), world, store, observers)
}

/// Goes on with an engine and its next input, to the end of the run.
///
/// # Errors
/// As [`drive`].
pub fn go_on(
    mut engine: Engine,
    mut next: Next,
    world: &mut dyn World,
    store: &mut dyn Store,
    observers: &mut [&mut dyn Observer],
) -> Result<Outcome, DriveError> {
    loop {
        let Next::Input(input) = next else {
            return Ok(Outcome::Suspended);
        };
        let turn = engine.feed(input);
        tracing::debug!(records = turn.records.len(), asks = turn.asks.len(), durable = turn.durable, "turn");
        if !turn.records.is_empty() {
            store.append(&turn.records, turn.durable)?;
            for observer in observers.iter_mut() {
                observer.stored(&turn.records);
            }
        }
        // Also of the last turn: a question that nobody needs answered any more is taken back.
        world.begin(turn.asks)?;
        if let Some(outcome) = turn.outcome {
            return Ok(outcome);
        }
        next = match engine.next_inside() {
            Some(input) => Next::Input(input),
            None => world.next()?,
        };
    }
}
