//! A given world in which people play: they answer, and time goes as they let it.
//!
//! Owns what of a drill is left out then. Never asks anybody.

use super::GivenWorld;
use crate::program::{Drill, GivenWhat, Program};

impl GivenWorld {
    /// Returns the world of a drill without what it gives of people and of the program's own end: who answers what,
    /// where the operator stops, crashes. What nobody gave cannot be read, and nobody is told anything.
    pub fn played(program: &Program, drill: &Drill) -> GivenWorld {
        let of_the_world = |what: &GivenWhat| {
            !matches!(
                what,
                GivenWhat::Replies { .. }
                    | GivenWhat::Answer { .. }
                    | GivenWhat::OperatorStops { .. }
                    | GivenWhat::Crash { .. }
            )
        };
        let given = drill.given.iter().filter(|given| of_the_world(&given.what)).cloned().collect();
        let mut world = GivenWorld::of(program, &Drill { given, ..drill.clone() });
        world.script.played = true;
        world
    }

    /// Returns when something comes next by itself, on the run's clock.
    pub fn due(&self) -> Option<i64> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Lets time pass up to there on the run's clock.
    pub fn pass_to(&mut self, run_ns: i64) {
        self.now = self.now.max(run_ns);
    }
}
