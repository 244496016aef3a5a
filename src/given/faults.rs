//! Faults: one request of a run broken in one way.

use crate::event::{Ask, Request};

/// A way to break a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Its failure is seen.
    Fails,
    /// It is ended at its deadline; it may have happened.
    TimesOut,
    /// It happened, and nobody learns of it.
    Lost,
    /// A person says no.
    Denied,
    /// Nobody answers.
    Silent,
    /// The operator stops the run while it goes on.
    Stop,
}

/// Which request is broken, and how.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    at: Vec<(usize, Fault)>,
    seen: usize,
    paused: bool,
}

impl Faults {
    /// Breaks the request number `place`, from 0, of those that can be broken.
    #[must_use]
    pub fn at(mut self, place: usize, fault: Fault) -> Self {
        self.at.push((place, fault));
        self
    }

    /// Returns how many requests could have been broken so far.
    pub fn seen(&self) -> usize {
        self.seen
    }

    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(super) fn strike(&mut self, ask: &Ask) -> Option<Fault> {
        if self.paused || matches!(ask.request, Request::Kill { .. } | Request::Cancel { .. }) {
            return None;
        }
        let place = self.seen;
        self.seen += 1;
        let fault = self.at.iter().find(|(p, _)| *p == place).map(|(_, f)| *f)?;
        let fits = match ask.request {
            Request::Question(_) => matches!(fault, Fault::Denied | Fault::Silent | Fault::Stop),
            Request::Timer => fault == Fault::Stop,
            Request::Reading { .. } | Request::Notify { .. } => {
                matches!(fault, Fault::Fails | Fault::TimesOut | Fault::Stop)
            }
            Request::Command(_) | Request::Native(_) | Request::Named { .. } => {
                !matches!(fault, Fault::Denied | Fault::Silent)
            }
            Request::Kill { .. } | Request::Cancel { .. } => false,
        };
        fits.then_some(fault)
    }
}
