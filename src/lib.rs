//! Mainstay: a runbook language and the program that runs it.
//!
//! Rooms are listed from the ground up; a room imports only from rooms above it
//! (`docs/architecture.md`; the layering test enforces it).

// What pest derives without its `std`, whose stack probe costs a quarter of the parsing, is made of `alloc`.
extern crate alloc;

pub mod failpoint;
pub mod source;
pub mod diagnostic;
pub mod users;
pub mod config;
pub mod value;
pub mod shell;
pub mod syntax;
pub mod program;
pub mod expression;
pub mod bounds;
pub mod check;
pub mod plan;
pub mod event;
pub mod world;
pub mod engine;
pub mod journal;
pub mod process;
pub mod net;
pub mod people;
pub mod real;
pub mod given;
pub mod timeline;
pub mod drill;
pub mod gameday;
pub mod display;
pub mod commands;
