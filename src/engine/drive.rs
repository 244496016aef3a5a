//! The loop between the engine and the world.
//!
//! Feeds one input, stores what it caused, and only then lets anything begin and tells the observers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::turn::Engine;
use crate::event::{Control, Input, Opened, Outcome, Record, Request};
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
    go_on(engine, [Input::Opened(Box::new(opened))], world, store, observers)
}

/// Goes on with an engine, from its next inputs to the end of the run.
///
/// # Errors
/// As [`drive`].
pub fn go_on(
    mut engine: Engine,
    first: impl IntoIterator<Item = Input>,
    world: &mut dyn World,
    store: &mut dyn Store,
    observers: &mut [&mut dyn Observer],
) -> Result<Outcome, DriveError> {
    let mut turns = Turns { waiting: Vec::new(), store, observers };
    let mut first = first.into_iter();
    loop {
        let next = match engine.next_inside().or_else(|| first.next()) {
            Some(input) => Next::Input(input),
            None => turns.next(world)?,
        };
        let (input, left) = match next {
            Next::Input(input) => (input, false),
            Next::Suspend(by) => {
                let (control, occurred) = (Control::Suspend, world.now());
                (Input::Control { control, by, occurred }, true)
            }
        };
        let turn = engine.feed(input);
        tracing::debug!(records = turn.records.len(), asks = turn.asks.len(), durable = turn.durable, "turn");
        // People see what led to a question above it; a command does not wait for its line on the screen.
        let people = turn.asks.iter().any(|ask| matches!(ask.request, Request::Question(_)));
        turns.waiting.push(turn.records);
        if turn.durable {
            turns.store(true)?;
        }
        if people {
            turns.tell();
        }
        // Also of the last turn: a question that nobody needs answered any more is taken back.
        let begun = world.begin(turn.asks);
        if turn.durable {
            turns.tell();
        }
        if begun.is_err() {
            turns.settle()?;
        }
        begun?;
        if let Some(outcome) = turn.outcome {
            return Ok(outcome);
        }
        if left {
            return Ok(Outcome::Suspended);
        }
    }
}

/// Turns that are not stored yet, and that nobody was told of.
///
/// A turn that acts on nothing may share its transaction with those that follow at once: whatever it
/// asked for is asked again where it was lost. Nothing is waited for, beyond a moment, before it is stored.
struct Turns<'a, 'o> {
    waiting: Vec<Vec<Record>>,
    store: &'a mut dyn Store,
    observers: &'a mut [&'o mut dyn Observer],
}

/// Turns that share a transaction, at most.
const TOGETHER: usize = 32;

impl Turns<'_, '_> {
    fn next(&mut self, world: &mut dyn World) -> Result<Next, DriveError> {
        let mut ready = Ok(None);
        if (1..TOGETHER).contains(&self.waiting.len()) {
            ready = world.ready();
            if let Ok(Some(Next::Input(input))) = ready {
                return Ok(Next::Input(input));
            }
        }
        self.settle()?;
        match ready? {
            Some(next) => Ok(next),
            None => Ok(world.next()?),
        }
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        self.store(false)?;
        self.tell();
        Ok(())
    }

    fn store(&mut self, durable: bool) -> Result<(), StoreError> {
        self.waiting.retain(|records| !records.is_empty());
        if self.waiting.is_empty() { Ok(()) } else { self.store.append_turns(&self.waiting, durable) }
    }

    fn tell(&mut self) {
        for records in self.waiting.drain(..) {
            for observer in self.observers.iter_mut() {
                observer.stored(&records);
            }
            self.store.take(records);
        }
    }
}
