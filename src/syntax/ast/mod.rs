//! The syntax tree: what was written, with its places, and nothing resolved.
//!
//! Owns plain data, one file per noun. Never owns a rule about meaning: a tree may name an action that
//! does not exist, or a `verify` that polls nothing. Equality ignores places, so that two layouts of one
//! runbook compare equal.

pub mod expression;
pub mod file;
pub mod phase;
pub mod call;
pub mod statement;
pub mod people;
pub mod drill;

pub use call::*;
pub use drill::*;
pub use expression::*;
pub use file::*;
pub use people::*;
pub use phase::*;
pub use statement::*;

use crate::source::Spanned;

/// A word the author chose: a variable, a module, an action, a role, a channel.
pub type Name = Spanned<String>;

/// `name` or `module.name`, as it was written; which of the two it means is not decided here.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub module: Option<Name>,
    pub name: Name,
}

impl Path {
    /// Returns the path as it is written: `query` or `postgres.query`.
    pub fn dotted(&self) -> String {
        match &self.module {
            Some(module) => format!("{}.{}", module.node, self.name.node),
            None => self.name.node.clone(),
        }
    }
}
