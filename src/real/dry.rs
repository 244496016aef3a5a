//! The world of a dry run: readings, and nothing else.
//!
//! Owns the refusal of every request that would change something, ask or tell somebody. The interpreter of a dry run
//! makes none: that one comes here is a bug, and it goes no further.

use crate::event::{Ask, Moment, Request};
use crate::world::{Next, World, WorldError};

/// A world in which nothing can be changed, and nobody asked or told.
#[derive(Debug)]
pub struct DryWorld<W>(W);

impl<W: World> DryWorld<W> {
    /// Returns that world with everything taken away that acts.
    pub fn new(world: W) -> Self {
        DryWorld(world)
    }

    /// Returns the world behind it.
    pub fn into_inner(self) -> W {
        self.0
    }
}

fn reads(ask: &Ask) -> bool {
    match &ask.request {
        Request::Command(_) | Request::Native(_) => !ask.changes,
        Request::Reading { .. } | Request::Timer | Request::Cancel { .. } => true,
        // Of a command that reads: no other was begun.
        Request::Kill { .. } => true,
        Request::Named { .. } | Request::Question(_) | Request::Notify { .. } => false,
    }
}

impl<W: World> World for DryWorld<W> {
    fn now(&mut self) -> Moment {
        self.0.now()
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        match asks.iter().find(|ask| !reads(ask)) {
            None => self.0.begin(asks),
            Some(ask) => {
                let why = format!("a dry run would have acted at {}: nothing was done", ask.address.0);
                Err(WorldError::Unreachable(why))
            }
        }
    }

    fn ready(&mut self) -> Result<Option<Next>, WorldError> {
        self.0.ready()
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        self.0.next()
    }
}
