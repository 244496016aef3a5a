//! The world of a game day: people are real, everything else is given.
//!
//! Owns who answers which request, and how time goes: while somebody is asked, as it does; otherwise it jumps to what
//! comes next, unless all of it is to be real. Never begins anything but questions.

use crate::event::{Ask, Heard, Input, Moment, Request};
use crate::given::GivenWorld;
use crate::real::RealWorld;
use crate::world::{Next, World, WorldError};

use super::Injector;

/// People at a given world.
pub struct PlayedWorld {
    given: GivenWorld,
    people: RealWorld,
    injector: Injector,
    /// Whether nothing jumps.
    real_time: bool,
}

impl PlayedWorld {
    /// Returns the world. `people`: made with `people_only`. `injector`: reads what an instructor changes.
    pub fn new(given: GivenWorld, people: RealWorld, injector: Injector, real_time: bool) -> PlayedWorld {
        PlayedWorld { given, people, injector, real_time }
    }

    /// Leaves the world.
    pub fn close(self) {
        self.people.close();
    }

    /// Takes in what people did.
    fn take_in(&mut self, next: Next) -> Next {
        let Next::Input(mut input) = next else { return next };
        if let Input::Heard { heard, .. } = &mut input
            && let Heard::Injected { text } = heard
        {
            match self.injector.read(text) {
                Ok(what) => self.given.give(&what),
                Err(misfit) => {
                    let why = misfit.to_string();
                    *heard = Heard::Void { text: format!("inject {text}"), why };
                }
            }
        }
        if let Input::Delivered { occurred, .. }
        | Input::Control { occurred, .. }
        | Input::Heard { occurred, .. } = &input
        {
            self.given.pass_to(occurred.run_ns);
        }
        Next::Input(input)
    }
}

impl World for PlayedWorld {
    fn now(&mut self) -> Moment {
        self.people.now()
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        for ask in asks {
            match &ask.request {
                Request::Question(_) => self.people.begin(vec![ask])?,
                Request::Cancel { .. } => {
                    self.people.begin(vec![ask.clone()])?;
                    self.given.begin(vec![ask])?;
                }
                _ => self.given.begin(vec![ask])?,
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        let due = self.given.due();
        let jumps = due.is_some() && !self.real_time && !self.people.is_asking();
        let heard = if jumps { self.people.heard()? } else { self.people.heard_until(due)? };
        if let Some(next) = heard {
            return Ok(self.take_in(next));
        }
        let mut next = self.given.next()?;
        if let Next::Input(
            Input::Delivered { occurred, .. }
            | Input::Control { occurred, .. }
            | Input::Heard { occurred, .. },
        ) = &mut next
        {
            self.people.skip_to(occurred.run_ns);
            occurred.wall_us = self.people.now().wall_us;
        }
        Ok(next)
    }
}
