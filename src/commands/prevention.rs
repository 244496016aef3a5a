//! The runbook's `prevention` with its values, as it is when the run begins.
//!
//! Nothing of a run depends on it, so that it is no fact of the journal: it lies beside the sources.

use super::beforehand::Beforehand;
use crate::program::Program;

/// Returns the text; where a value cannot be had, as it was written; empty where there is none.
pub(super) fn text(program: &Program, known: &Beforehand) -> String {
    let Some(template) = &program.prevention else {
        return String::new();
    };
    known.render(template).unwrap_or_else(|| program.sources.text(template.span).to_owned())
}
