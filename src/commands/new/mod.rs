//! `mainstay new`.
//!
//! Owns the files to start from, which stand beside this one, and what is filled into them. Never writes over a file,
//! and never writes one that could not be read.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::failure::{Failure, INVALID};
use super::print;
use crate::source::SourceId;
use crate::syntax;

const AFTER: &str = "\
Examples:
  mainstay new incident \"The shop answers with errors\"
  mainstay new incident \"Disk full\" --out incidents/disk-full.runbook
  mainstay new module maintenance";

const INCIDENT: &str = include_str!("incident.runbook");
const MODULE: &str = include_str!("module.runbook");

/// Write a runbook to start from
///
/// It is whole: it passes `check`, its drills pass, and every part of it says what belongs there. Nothing that is there
/// already is written over.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// An incident: symptom, diagnosis, resolution, rollback, prevention, drills
    Incident {
        /// What is wrong, in a few words
        #[arg(value_name = "TITLE")]
        title: String,

        #[command(flatten)]
        to: To,
    },
    /// A module: actions that runbooks share
    Module {
        /// The name that runbooks call it by: letters, digits, `_`
        #[arg(value_name = "NAME")]
        name: String,

        #[command(flatten)]
        to: To,
    },
}

#[derive(Debug, clap::Args)]
struct To {
    /// Where to write it: a file that is not there yet, or `-` [default: the title or name, in this folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn new(args: &Args) -> Result<u8, Failure> {
    match &args.kind {
        Kind::Incident { title, to } => {
            let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = incident(&title);
            readable(&text, || format!("`{title}` cannot be a title"))?;
            let name = file_name(&title);
            write(&text, to, &name, |file| {
                format!("put it in your words, then: mainstay check {file} && mainstay drill {file}")
            })
        }
        Kind::Module { name, to } => {
            let text = MODULE.replace("NAME", name);
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            readable(if is_name { &text } else { "" }, || {
                format!("`{name}` cannot be the name of a module")
            })?;
            write(&text, to, name, |file| format!("a runbook beside it says: use \"./{file}\" as {name}"))
        }
    }
}

/// Returns an incident of that title, of today and of who asks for it.
fn incident(title: &str) -> String {
    let quoted = title.replace('\\', "\\\\").replace('"', "\\\"").replace("{{", "\\{{");
    let today = jiff::Zoned::now().date();
    let owner = crate::users::name_of(rustix::process::getuid().as_raw());
    let text = INCIDENT.replace("reviewed 2000-01-01", &format!("reviewed {today}"));
    text.replace("owner    \"OWNER\"", &format!("owner    \"{owner}\""))
        .replace("runbook \"TITLE\"", &format!("runbook \"{quoted}\""))
}

/// Refuses what would make a file that cannot be read, in the words of `refusal`.
fn readable(text: &str, refusal: impl Fn() -> String) -> Result<(), Failure> {
    match syntax::format(SourceId(0), text) {
        Ok(laid) if laid == text => Ok(()),
        _ => {
            Err(Failure::new(INVALID, refusal())
                .help("use letters, digits and `_`; a name begins with a letter"))
        }
    }
}

/// Returns the name of a file for a title: its letters and digits, with hyphens for all between them.
fn file_name(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn write(text: &str, to: &To, name: &str, next: impl Fn(&str) -> String) -> Result<u8, Failure> {
    if to.out.as_deref() == Some(Path::new("-")) {
        print(text)?;
        return Ok(0);
    }
    if name.is_empty() && to.out.is_none() {
        return Err(Failure::new(INVALID, "the title has no letter to name the file by")
            .help("name the file: `--out FILE`"));
    }
    let file = to.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.runbook")));
    let made = OpenOptions::new().write(true).create_new(true).open(&file);
    made.and_then(|mut made| made.write_all(text.as_bytes())).map_err(|e| {
        let shown = file.display();
        if e.kind() == std::io::ErrorKind::AlreadyExists {
            return Failure::new(INVALID, format!("`{shown}` is there already; nothing was written"))
                .help("name another file: `--out FILE`");
        }
        Failure::new(1, format!("cannot write `{shown}`: {e}"))
    })?;
    let shown = file.display().to_string();
    print(&format!("{shown}\n{}\n", next(&shown)))?;
    Ok(0)
}
