//! Commands as templates: where values may stand in shell text, and how they get there.
//!
//! Owns the reading of shell text (`$` lines, `bash` and `sh` fences) with `{{ }}` in it, the rule that data is
//! never code (`docs/language.md`, "Binding, not pasting"), and the argument vector that comes of it. Never runs
//! anything, never reads a file or the environment, never sees a secret: a secret is the name of an environment
//! variable here. Where the reading is not sure, it refuses: positions are on a list of allowed ones.

mod bind;
mod plan;
mod quote;

pub use bind::{BindError, Bound, Invocation, bind};
pub use plan::{
    Binding, CommandKind, CommandPlan, Form, Piece, Position, Quoting, ScriptPart, Shell, Start, Word,
    WordPart,
};
pub use quote::{as_typed, quote};

use crate::diagnostic::Diagnostic;

/// Returns how a command with values in it is run, or what is wrong with it.
///
/// # Errors
///
/// `unsafe-position` and `second-interpreter` where a value would be read as code, `unterminated-quote`,
/// `unterminated-substitution`, `unterminated-here-document`, `shell-syntax`, `empty-command`.
pub fn analyse(pieces: &[Piece], kind: CommandKind) -> Result<CommandPlan, Vec<Diagnostic>> {
    let _ = (pieces, kind);
    Err(vec![Diagnostic::error("shell-syntax", "commands cannot be read yet")])
}
