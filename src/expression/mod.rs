//! Expressions: what they mean.
//!
//! Owns evaluation, interpolation, the functions and the rules by which the checker types
//! them; both stand side by side here so that they cannot drift apart. Never reads the
//! world: names, readings and the time come from a [`Scope`], and a call that was not made
//! yet is asked for. The only room that computes with minijinja.

mod access;
mod describe;
mod evaluate;
mod functions;
mod operators;
mod results;
mod scope;
mod signature;
mod text;
mod types;

pub use evaluate::{calls, evaluate, render, tried};
pub use functions::call_function;
pub use results::{result_type, result_type_with};
pub use scope::{EvalError, Failure, Scope, Stop};
pub use signature::{Parameter, SecretUse, Shape, Signature, names, signature};
pub use types::{
    FieldError, assignable, binary_type, common, comparable, contains_secret, field_type, index_type,
    unary_type,
};
