//! `mainstay check`.
//!
//! Owns the options, how what was found is written, and the exit code. What is found is `check`'s.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::failure::{Failure, INVALID};
use super::{drill, pretty, print, settings};
use crate::check::{Checked, Disk, Reviews};
use crate::diagnostic::Severity;
use crate::display::{self, Look};

const AFTER: &str = "\
Examples:
  mainstay check disk-full.runbook
  mainstay check runbooks/ --deny warnings
  mainstay check runbooks/ --format sarif > check.sarif

Exit codes:
  0  no errors (there may be warnings)
  1  with `--deny warnings`: no errors, but warnings
  2  a file has errors, or cannot be read";

/// Check files: everything that can be known before anything runs
///
/// Reads each file and what it uses, and reports its mistakes in one go: names, types, units, changes
/// without a way back, secrets in the wrong place; and, once there is none of these, bounds. A folder stands
/// for every `.runbook` in it and below. Runs nothing and touches nothing. `mainstay explain CODE` says more about a message.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// Files or folders to check
    #[arg(required = true, value_name = "FILE|FOLDER", add = super::complete::runbook())]
    files: Vec<String>,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Leave with 1 where there are warnings and no errors
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
}

/// How what was found is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// Workflow commands of GitHub Actions, which mark the lines of a change
    Github,
}

/// What is not let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    Warnings,
}

pub(super) fn check(args: &Args) -> Result<u8, Failure> {
    let files = drill::files(&args.files)?;
    if files.is_empty() {
        return Err(Failure::new(INVALID, "there is no `.runbook` in what was named"));
    }
    let mut days = ReviewDays { today: jiff::Zoned::now().date(), by_folder: BTreeMap::new() };
    let mut checked: Vec<(&String, Checked)> = Vec::with_capacity(files.len());
    for file in &files {
        checked.push((file, crate::check::check_on(file, &Disk, days.of(file)?)));
    }
    let told = checked.iter().map(|(file, c)| display::CheckedFile {
        file: file.as_str(),
        sources: &c.sources,
        diagnostics: &c.diagnostics,
    });
    match args.format {
        Format::Json => print(&pretty(&report(&checked))?)?,
        Format::Sarif => print(&pretty(&display::sarif(&told.collect::<Vec<_>>()))?)?,
        Format::Github => {
            print(&display::checked_github(&told.collect::<Vec<_>>()))?;
            print(&total(&checked))?;
        }
        Format::Text => text(&checked)?,
    }
    let found = |severity| checked.iter().flat_map(|(_, c)| &c.diagnostics).any(|d| d.severity == severity);
    let code = match () {
        () if found(Severity::Error) => INVALID,
        () => u8::from(args.deny == Some(Deny::Warnings) && found(Severity::Warning)),
    };
    // The program ends here: to take apart what was read takes a tenth of the time.
    std::mem::forget(checked);
    Ok(code)
}

fn text(checked: &[(&String, Checked)]) -> Result<(), Failure> {
    let look = Look::of_stdout();
    for (_, checked) in checked {
        if !checked.diagnostics.is_empty() {
            let drawn = display::diagnostics(&checked.diagnostics, &checked.sources, look);
            print(&format!("{drawn}\n"))?;
        }
    }
    print(&total(checked))?;
    if checked.iter().any(|(_, c)| c.cut_short) {
        print("bounds and some warnings are looked at once the errors are gone\n")?;
    }
    let mut codes: Vec<&str> =
        checked.iter().flat_map(|(_, c)| &c.diagnostics).map(|d| d.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    match codes.as_slice() {
        [] => Ok(()),
        [code] => print(&format!("more about it: mainstay explain {code}\n")),
        _ => print("more about each: mainstay explain CODE\n"),
    }
}

/// What reviews are counted by: the same day for all files, and the days of the configuration beside each.
struct ReviewDays {
    today: jiff::civil::Date,
    by_folder: BTreeMap<PathBuf, u32>,
}

impl ReviewDays {
    /// Returns `None` where no review is ever overdue.
    fn of(&mut self, file: &str) -> Result<Option<Reviews>, Failure> {
        let folder = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
        let days = match self.by_folder.get(&folder) {
            Some(days) => *days,
            None => {
                let days = settings::of_runbook(file)?.review_days().unwrap_or(Reviews::DAYS);
                self.by_folder.insert(folder, days);
                days
            }
        };
        Ok((days > 0).then_some(Reviews { today: self.today, days }))
    }
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
