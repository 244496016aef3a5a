//! The interpreter: phases, changes and their undoing, attempts, deadlines, replay.
//!
//! Straight async Rust that is pure: its one leaf await is a request to the driver
//! (`door`), its time is the time of the last input, and it polls itself. No clock, no
//! randomness, no hash order, no runtime. Never touches the world: it asks (`world`).
//!
//! The unit is the *turn*: one input from outside is fed, the walk goes on until nothing
//! moves, and what it caused is stored in one transaction before anything is acted on.

mod approve;
mod back;
mod call;
mod change;
mod context;
mod decide;
mod door;
mod drive;
mod dry;
mod evaluate;
mod failure;
mod follow;
mod frame;
mod join;
mod ledger;
mod looping;
mod mark;
mod people;
mod perhaps;
mod planned;
mod planning;
mod poll;
mod question;
mod replay;
mod reply;
mod run;
mod statement;
mod step;
mod turn;
mod unwind;
mod visits;
mod watch;

pub use drive::{DriveError, drive, go_on};
pub use ledger::Stands;
pub use replay::{ReplayError, Replayed, Text, replay, replay_as};
pub use turn::{Engine, Turn};
pub use visits::{Passed, Visits};
