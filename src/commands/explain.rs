//! `mainstay explain`: what the code of a message means.
//!
//! Owns finding the page of a code. What stands on it is `check`'s; what drills say is in the reference of the language.

use super::failure::{Failure, INVALID};
use super::{complete, help, language};
use crate::check::codes::{self, Page};
use crate::diagnostic::{Severity, nearest};
use crate::display;

const AFTER: &str = "\
Examples:
  mainstay explain change-without-undo
  mainstay explain

Exit codes:
  0  it was explained
  2  there is no such code";

/// Explain the code of a message: why it matters, a wrong example, a mended one
///
/// The code stands in brackets behind `error` and `warning`. Without one, all codes are listed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The code, such as `change-without-undo`
    #[arg(value_name = "CODE", add = clap_complete::engine::ArgValueCompleter::new(known))]
    code: Option<String>,
}

pub(super) fn explain(args: &Args) -> Result<u8, Failure> {
    let Some(written) = &args.code else {
        help::page(&list())?;
        return Ok(0);
    };
    // As it stands in a message: `error[CODE]`.
    let code = written.trim_end_matches(']').rsplit('[').next().unwrap_or(written).to_lowercase();
    if let Some(text) = codes::page(&code).map(|page| page.markdown()).or_else(|| language::of_code(&code)) {
        help::page(&text)?;
        return Ok(0);
    }
    let failure = Failure::new(INVALID, format!("there is no code `{}`", display::clean(written)));
    Err(match nearest(&code, codes::all().map(|page| page.code)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("`mainstay explain` lists them"),
    })
}

/// Returns all codes as Markdown.
fn list() -> String {
    let rows = |severity: Severity| -> String {
        let own = codes::all().filter(|page| page.severity == severity);
        own.map(|Page { code, says, .. }| format!("| `{code}` | {} |\n", says.replace('|', "\\|"))).collect()
    };
    format!(
        "# Warnings\n\n| code | what it says |\n| --- | --- |\n{}\n# Errors\n\n| code | what it says |\n| --- | --- |\n{}",
        rows(Severity::Warning),
        rows(Severity::Error)
    )
}

fn known(current: &std::ffi::OsStr) -> Vec<clap_complete::engine::CompletionCandidate> {
    complete::fitting(codes::all().map(|page| page.code), current)
}
