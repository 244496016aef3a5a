//! `mainstay fmt`.
//!
//! Owns which files are meant, what is written to them and what is said of it. The layout is `syntax`'s; a file that
//! cannot be read is never touched.

use std::io::Read as _;
use std::path::Path;

use similar::TextDiff;

use super::failure::{Failure, INVALID};
use super::{drill, print};
use crate::check::{Disk, Loader as _};
use crate::diagnostic::Diagnostic;
use crate::display::{self, Look};
use crate::source::Sources;
use crate::syntax;

const AFTER: &str = "\
Examples:
  mainstay fmt disk-full.runbook
  mainstay fmt runbooks/
  mainstay fmt --check runbooks/
  mainstay fmt - < disk-full.runbook

Exit codes:
  0  every file is in the layout, or was put into it
  1  with `--check`: a file would change; or one cannot be written
  2  a file has errors, or cannot be read; it was left alone";

/// What stands for standard input.
const STDIN: &str = "-";

/// Put runbooks into the one layout
///
/// Rewrites files in place: indentation, empty lines, blanks, columns. Comments, texts and commands stay as they are, and a
/// file is read as the same runbook before and after. A folder stands for every `.runbook` in it and below; `-` reads
/// standard input and writes to standard output.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// Files or folders to put into the layout, or `-`
    #[arg(required = true, value_name = "FILE|FOLDER", add = super::complete::runbook())]
    files: Vec<String>,

    /// Change nothing; show what would change, and leave with 1 if anything would
    #[arg(long)]
    check: bool,
}

/// What became of the files.
#[derive(Default)]
struct Counts {
    changed: usize,
    as_they_were: usize,
    broken: bool,
    unwritten: bool,
}

pub(super) fn fmt(args: &Args) -> Result<u8, Failure> {
    if args.files.iter().any(|file| file == STDIN) {
        if args.files.len() > 1 {
            return Err(Failure::new(INVALID, "`-` stands alone: standard input is one file"));
        }
        return standard_input(args.check);
    }
    let mut counts = Counts::default();
    let files = drill::files(&args.files)?;
    if files.is_empty() {
        return Err(Failure::new(INVALID, "there is no `.runbook` in what was named"));
    }
    for file in &files {
        match Disk.load(file) {
            Ok(text) => one(file, &text, args.check, &mut counts)?,
            Err(why) => {
                counts.broken = true;
                Failure::new(INVALID, format!("cannot read `{file}`: {why}")).tell();
            }
        }
    }
    print(&counts.told(args.check))?;
    Ok(match () {
        () if counts.broken => INVALID,
        () if counts.unwritten || args.check && counts.changed > 0 => 1,
        () => 0,
    })
}

/// Puts one file into the layout, or shows what would change.
fn one(file: &str, text: &str, check: bool, counts: &mut Counts) -> Result<(), Failure> {
    let Some(laid) = laid_out(file, text) else {
        counts.broken = true;
        return Ok(());
    };
    if laid == text {
        counts.as_they_were += 1;
    } else if check {
        counts.changed += 1;
        print(&difference(file, text, &laid))?;
    } else if let Err(why) = crate::net::rewrite(Path::new(file), laid.as_bytes()) {
        counts.unwritten = true;
        Failure::new(1, format!("cannot write `{file}`: {why}")).tell();
    } else {
        counts.changed += 1;
        print(&format!("{file}\n"))?;
    }
    Ok(())
}

fn standard_input(check: bool) -> Result<u8, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|e| Failure::new(INVALID, format!("cannot read standard input: {e}")))?;
    let Some(laid) = laid_out("<stdin>", &text) else { return Ok(INVALID) };
    if !check {
        print(&laid)?;
        return Ok(0);
    }
    if laid != text {
        print(&difference("<stdin>", &text, &laid))?;
    }
    Ok(u8::from(laid != text))
}

/// Returns the text in the layout; what keeps it from being read is told.
fn laid_out(file: &str, text: &str) -> Option<String> {
    let mut sources = Sources::default();
    let source = sources.add(file, text);
    let told = |diagnostics: Vec<Diagnostic>| {
        eprintln!("{}", display::diagnostics(&diagnostics, &sources, Look::of_stderr()));
    };
    syntax::format(source, text).map_err(told).ok()
}

/// Returns what would change, as `patch` takes it.
fn difference(file: &str, text: &str, laid: &str) -> String {
    let diff = TextDiff::from_lines(text, laid);
    let unified = diff.unified_diff().header(file, file).to_string();
    // A pipe gets what `patch` needs, a person what a terminal may be shown.
    if Look::of_stdout().width.is_some() { display::clean(&unified) } else { unified }
}

impl Counts {
    fn told(&self, check: bool) -> String {
        let files = |count: usize| if count == 1 { String::from("1 file") } else { format!("{count} files") };
        let changed = if check { "would change" } else { "changed" };
        match (self.changed, self.as_they_were) {
            (0, same) => format!("{}: nothing to change\n", files(same)),
            (some, 0) => format!("{} {changed}\n", files(some)),
            (some, same) => format!("{} {changed}, {same} in the layout already\n", files(some)),
        }
    }
}
