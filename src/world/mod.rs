//! The one door between the interpreter and everything that is not pure.
//!
//! Owns the traits [`World`], [`Store`] and [`Observer`], and their errors. Never does anything itself.

use crate::event::{Ask, Input, Moment, Record};

/// Commands, requests, the clock, people: real, given, or dry.
///
/// The driver calls `begin` only after requests that act are on disk; those that only read are stored before the
/// world is waited for.
pub trait World {
    /// Returns the present moment on the run's clock and on the wall.
    fn now(&mut self) -> Moment;

    /// Begins these requests, in order. What becomes of each comes back from [`World::next`].
    ///
    /// # Errors
    /// When the world cannot be reached at all (the supervisor died and cannot be started).
    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError>;

    /// Returns the next input if it is there already, or comes within a moment that nobody notices. A
    /// world in which nothing takes time need not look.
    ///
    /// # Errors
    /// When the world cannot be reached.
    fn ready(&mut self) -> Result<Option<Next>, WorldError> {
        Ok(None)
    }

    /// Waits for the next input: several that are ready at once come by time of occurrence,
    /// a command's end before a timer.
    ///
    /// # Errors
    /// When nothing can come any more, or the world cannot be reached.
    fn next(&mut self) -> Result<Next, WorldError>;
}

/// What [`World::next`] brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    Input(Input),
    /// Leave the run where it stands, and who or what wants so; it can be taken up again.
    Suspend(String),
}

/// Why the world cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Every request is answered and the run still waits: a bug of the interpreter.
    #[error("the run waits for something that was never asked")]
    Nothing,
    #[error("{0}")]
    Unreachable(String),
    /// The program that executes the run is gone, as a drill gives it; the run can be taken up again.
    #[error("the program that executed the run is gone")]
    Crashed,
}

/// Where records are kept.
pub trait Store {
    /// Stores the records of one turn in one transaction. With `durable` they are on disk when it returns.
    ///
    /// # Errors
    /// When they could not be stored; the run then stops before its next effect.
    fn append(&mut self, records: &[Record], durable: bool) -> Result<(), StoreError>;

    /// Stores the records of several turns, if it can in one transaction.
    ///
    /// # Errors
    /// As [`Store::append`].
    fn append_turns(&mut self, turns: &[Vec<Record>], durable: bool) -> Result<(), StoreError> {
        turns.iter().try_for_each(|records| self.append(records, durable))
    }

    /// Takes the records of a turn that are stored, once everybody was told of them: for a store that keeps them itself.
    fn take(&mut self, _stored: Vec<Record>) {}
}

/// Why records could not be stored.
#[derive(Debug, thiserror::Error)]
#[error("the journal cannot be written: {0}")]
pub struct StoreError(pub String);

/// Somebody who is told each stored turn: the screen, a stream of JSON.
pub trait Observer {
    /// Called after the records are stored, and before the world is asked what became of their requests.
    fn stored(&mut self, records: &[Record]);
}

/// Keeps records in memory: drills, tests.
impl Store for Vec<Record> {
    fn append(&mut self, records: &[Record], _durable: bool) -> Result<(), StoreError> {
        self.extend_from_slice(records);
        Ok(())
    }
}

/// Tells nobody.
impl Observer for () {
    fn stored(&mut self, _records: &[Record]) {}
}
