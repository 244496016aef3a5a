//! People of a run of which nothing else is real: what they say, and the time that passes meanwhile.
//!
//! Owns the two ways in which time goes there: as it does, or at once. Never makes an answer up.

use super::{RealWorld, look};
use crate::world::{Next, World as _, WorldError};

impl RealWorld {
    /// Returns whether somebody is asked something now, if only whether to stop.
    pub fn is_asking(&self) -> bool {
        self.desk.is_asking()
    }

    /// Lets time pass at once, up to that time on the run's clock.
    pub fn skip_to(&mut self, run_ns: i64) {
        let by = run_ns.saturating_sub(self.now().run_ns);
        if by > 0 {
            self.clock = self.clock.ahead(by);
            self.desk.skip(by);
        }
    }

    /// Returns what has been said by now, if anything.
    ///
    /// # Errors
    /// When the clock cannot be set.
    pub fn heard(&mut self) -> Result<Option<Next>, WorldError> {
        {
            let Self { runtime, clock, desk, .. } = self;
            let _inside = runtime.enter();
            look(runtime, clock, desk);
        }
        let now = self.now().run_ns;
        self.heard_until(Some(now))
    }

    /// Waits for what is said next, until that time on the run's clock; without one for as long as it takes.
    ///
    /// # Errors
    /// When nobody is asked anything and no time is given, or the clock cannot be set.
    pub fn heard_until(&mut self, due: Option<i64>) -> Result<Option<Next>, WorldError> {
        let Self { runtime, clock, desk, .. } = self;
        let _inside = runtime.enter();
        loop {
            desk.take_letter();
            desk.expire(clock.now().run_ns);
            if desk.has_ready() {
                look(runtime, clock, desk);
            }
            if let Some(by) = desk.left.take() {
                return Ok(Some(Next::Suspend(by)));
            }
            if let Some(input) = desk.hand_over() {
                return Ok(Some(Next::Input(input)));
            }
            match due {
                Some(due) if due <= clock.now().run_ns => return Ok(None),
                None if desk.is_idle() => return Err(WorldError::Nothing),
                _ => {}
            }
            desk.set_alarm(due)?;
            let happened = runtime.block_on(desk.wait());
            desk.take(happened);
        }
    }
}
