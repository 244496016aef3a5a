//! Lints: what runs, and hardly does what its author means.
//!
//! Owns the walks that look for it in the checked form, once nothing is wrong in a file. Each is a warning, and none is
//! said where a reasonable runbook may mean it. Those that are found on the way stand with their rules: `raw-value`
//! (`commands`), `check-changes` (`verbs`), `resolve-never-taken` (`phases`).

mod evidence;
mod proof;
mod reviewed;

use super::phases::Sections;
use super::report::Report;
use super::stdlib::is_source_name;
use crate::program::{Action, Effect, Global};
use crate::source::Sources;

pub use reviewed::Reviews;
pub(super) use reviewed::reviewed;

/// Looks at the sections and actions of a file.
pub(super) fn look(
    sources: &Sources,
    globals: &[Global],
    sections: &Sections,
    actions: &[Action],
    report: &mut Report,
) {
    proof::of_sections(globals, sections, report);
    for action in actions.iter().filter(|action| action.effect == Effect::Changes) {
        let library = sources.get(action.span.source).is_some_and(|source| is_source_name(&source.name));
        if !library {
            proof::of_action(globals, action, report);
        }
    }
    evidence::of_sections(sections, report);
}
