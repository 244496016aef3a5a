//! `mainstay check`.

use std::sync::Arc;

use serde_json::json;

use super::failure::{Failure, INVALID};
use super::{Format, pretty, print};
use crate::check::{Checked, Disk};
use crate::diagnostic::Severity;
use crate::display::{self, Look};

const AFTER: &str = "\
Examples:
  mainstay check disk-full.runbook
  mainstay check runbooks/*.runbook --format json

Exit codes:
  0  no errors (there may be warnings)
  2  a file has errors, or cannot be read";

/// Check files: everything that can be known before anything runs
///
/// Reads each file and what it uses, and reports all mistakes in one go: names, types, units, changes
/// without a way back, secrets in the wrong place, bounds. Runs nothing and touches nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// Files to check (`.runbook`)
    #[arg(required = true, value_name = "FILE", add = super::complete::runbook())]
    files: Vec<String>,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn check(args: &Args) -> Result<u8, Failure> {
    let checked: Vec<(&String, Checked)> =
        args.files.iter().map(|file| (file, crate::check::check(file, &Disk))).collect();
    let failed = checked.iter().any(|(_, c)| c.has_errors());
    match args.format {
        Format::Json => print(&pretty(&report(&checked))?)?,
        Format::Text => {
            let look = Look::of_stdout();
            for (_, checked) in &checked {
                if !checked.diagnostics.is_empty() {
                    let drawn = display::diagnostics(&checked.diagnostics, &checked.sources, look);
                    print(&format!("{drawn}\n"))?;
                }
            }
            print(&total(&checked))?;
        }
    }
    Ok(if failed { INVALID } else { 0 })
}

fn report(checked: &[(&String, Checked)]) -> serde_json::Value {
    checked
        .iter()
        .map(|(file, checked)| {
            json!({
                "file": file,
                "ok": !checked.has_errors(),
                "runs": checked.program.is_some(),
                "diagnostics": display::diagnostics_json(&checked.diagnostics, &checked.sources),
            })
        })
        .collect::<Vec<_>>()
        .into()
}

/// Returns the last line: how many of what in how many files.
fn total(checked: &[(&String, Checked)]) -> String {
    let count = |severity: Severity| {
        checked.iter().flat_map(|(_, c)| &c.diagnostics).filter(|d| d.severity == severity).count()
    };
    let files = plural(checked.len(), "file");
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => format!("{files} checked: no errors\n"),
        (0, warnings) => {
            format!("{files} checked: no errors, {}\n", plural(warnings, "warning"))
        }
        (errors, 0) => format!("{files} checked: {}\n", plural(errors, "error")),
        (errors, warnings) => {
            format!("{files} checked: {}, {}\n", plural(errors, "error"), plural(warnings, "warning"))
        }
    }
}

fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}

/// Checks a file that is about to be run. What keeps it from running is told.
pub(super) fn program_of(file: &str) -> Result<Arc<crate::program::Program>, Failure> {
    ready(file, crate::check::check(file, &Disk))
}

/// Returns the program of what was checked. What keeps it from running is told.
pub(super) fn ready(file: &str, checked: Checked) -> Result<Arc<crate::program::Program>, Failure> {
    if let Some(program) = checked.program {
        return Ok(Arc::new(program));
    }
    let look = Look::of_stderr();
    eprintln!("{}", display::diagnostics(&checked.diagnostics, &checked.sources, look));
    let why = match checked.kind {
        _ if checked.diagnostics.iter().any(|d| d.severity == Severity::Error) => {
            format!("`{file}` has errors; nothing was run")
        }
        Some(crate::check::Kind::Runbook) => {
            format!("`{file}` uses what does not run yet; nothing was run")
        }
        _ => format!("`{file}` is no runbook; only runbooks can be run"),
    };
    Err(Failure::new(INVALID, why))
}
