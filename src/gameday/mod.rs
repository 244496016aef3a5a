//! Game days: people play a runbook in a world that is given.
//!
//! Owns that world, how an instructor changes it, and what is seen of its drill in the end. It is the same interpreter and
//! the same record as of a real run. Never acts on anything: only people are real.

mod inject;
mod world;

pub use inject::{Injector, Misfit};
pub use world::PlayedWorld;
