//! Expressions and values, from outside: tables of what each is, and laws that hold for all.

mod evaluation;
mod functions;
mod helpers;
mod laws;
mod operators;
mod secrets;
mod types;
mod values;
