//! The standard library: modules in the language, embedded into the binary.
//!
//! Owns the table of their names and texts. Never checks them: they are read like any file.

/// Where its sources are listed.
const FOLDER: &str = "<stdlib>/";

/// Name and text of each module.
const MODULES: &[(&str, &str)] = &[
    ("disk", include_str!("../../stdlib/disk.runbook")),
    ("evidence", include_str!("../../stdlib/evidence.runbook")),
    ("pgbouncer", include_str!("../../stdlib/pgbouncer.runbook")),
    ("postgres", include_str!("../../stdlib/postgres.runbook")),
    ("process", include_str!("../../stdlib/process.runbook")),
    ("slack", include_str!("../../stdlib/slack.runbook")),
    ("systemd", include_str!("../../stdlib/systemd.runbook")),
];

/// Modules that the language speaks of and that are not there yet.
pub(super) const PLANNED: &[&str] = &["prometheus"];

/// Returns the text of the module of that name.
pub(super) fn text(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, text)| *text)
}

/// Returns the names of the modules.
pub fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// Returns the name its source is listed under.
pub(super) fn source_name(name: &str) -> String {
    format!("{FOLDER}{name}.runbook")
}

/// Returns whether a source of that name is part of the standard library.
pub fn is_source_name(name: &str) -> bool {
    name.starts_with(FOLDER)
}
