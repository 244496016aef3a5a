//! `mainstay doc`.
//!
//! Owns which files are meant, where their pages go and what keeps one from being written. What stands on a page is `display`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::failure::{Failure, INVALID};
use super::{complete, drill, print, written};
use crate::check::manual::{self, Module};
use crate::check::{self, Checked, Disk, Kind};
use crate::display::{self, Look, doc};
use crate::plan::Plan;
use crate::program::Program;

const AFTER: &str = "\
Examples:
  mainstay doc disk-full.runbook > disk-full.md
  mainstay doc disk-full.runbook --out disk-full.html
  mainstay doc runbooks/ --format html --out /srv/www/runbooks

Exit codes:
  0  every page was written
  2  a file has errors (the others have their pages), or a page cannot be written";

/// Write runbooks as pages for when the program is not at hand
///
/// A page says what the runbook does in words and commands that a person can carry out: symptom, impact, diagnosis,
/// resolution, rollback, prevention; who is asked, how long it takes at worst, and a picture of the flow. For a folder, a
/// page for each runbook and module in it and below, and an index. Touches nothing: no command runs, no secret is fetched.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The runbook or module, or a folder of them
    #[arg(value_name = "FILE|FOLDER", add = complete::runbook())]
    path: String,

    /// How to write it [default: by the ending of `--out`, else `markdown`]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Where to write: a file, or for a folder the folder of its pages [default of a file: standard output]
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    out: Option<PathBuf>,
}

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a wiki or a repository; the picture is one for Mermaid
    Markdown,
    /// One file for a browser, a phone or a printer, which needs nothing else
    Html,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Format::Markdown => "md",
            Format::Html => "html",
        }
    }

    /// Returns whether a text is a page that this command has written.
    fn is_own(self, text: &str) -> bool {
        let marks = match self {
            Format::Markdown => return text.starts_with(&format!("<!-- {} -->", doc::BY)),
            Format::Html => format!("<meta name=\"generator\" content=\"{}\"/>", doc::BY),
        };
        text.lines().take(10).any(|line| line == marks)
    }

    fn page(self, of: &Page, drills: usize) -> Result<String, Failure> {
        let made = match (self, of) {
            (Format::Markdown, Page::Runbook(plan)) => Ok(doc::markdown(plan, drills)),
            (Format::Markdown, Page::Module(module, file)) => Ok(doc::module_markdown(module, file)),
            (Format::Html, Page::Runbook(plan)) => doc::html(plan, drills),
            (Format::Html, Page::Module(module, file)) => doc::module_html(module, file),
        };
        made.map_err(|e| Failure::new(INVALID, format!("cannot make the page: {e}")))
    }

    fn write(self, file: &Path, text: &str) -> Result<(), Failure> {
        written::write(file, text, "a page that `mainstay doc` wrote", |old| self.is_own(old))
    }
}

pub(super) fn doc(args: &Args) -> Result<u8, Failure> {
    match Path::new(&args.path).is_dir() {
        true => folder(args),
        false => file(args),
    }
}

/// What a page is made of.
#[expect(clippy::large_enum_variant, reason = "one is made for each file, and used once")]
enum Page {
    Runbook(Plan),
    Module(Module, String),
}

/// Returns what the page of a file is made of, or why there is none; what is wrong with the file is told.
/// `shown`: how the file is named on the page.
fn page(file: &str, shown: String, checked: &Checked) -> Result<Page, String> {
    if let Some(program) = &checked.program {
        return Ok(Page::Runbook(Plan::told(program, &shown)));
    }
    if checked.has_errors() {
        let look = Look::of_stderr();
        eprintln!("{}", display::diagnostics(&checked.diagnostics, &checked.sources, look));
        return Err("has errors".to_owned());
    }
    match checked.kind {
        Some(Kind::Module) => {
            let text = checked.sources.iter().next().map_or("", |(_, source)| &source.text);
            Ok(Page::Module(manual::of_text("", file, text), shown))
        }
        Some(Kind::Drills) => Err("holds drills; the page is that of the runbook they drill".to_owned()),
        _ => Err("uses what does not run yet".to_owned()),
    }
}

/// Returns how a file is named on a page, which others read: as it was named, without the folders of this machine above it.
/// `root`: the file itself, or the folder that was named.
pub(super) fn on_page(root: &str, file: &str) -> String {
    let path = Path::new(file);
    if !path.is_absolute() {
        return file.to_owned();
    }
    let here = std::env::current_dir().ok();
    let above = [here.as_deref(), Path::new(root).parent()];
    let inside = above.into_iter().flatten().find_map(|above| path.strip_prefix(above).ok());
    let inside = inside.filter(|inside| !inside.as_os_str().is_empty());
    inside.or(path.file_name().map(Path::new)).unwrap_or(path).display().to_string()
}

fn file(args: &Args) -> Result<u8, Failure> {
    let checked = check::check(&args.path, &Disk);
    let page = page(&args.path, on_page(&args.path, &args.path), &checked)
        .map_err(|why| Failure::new(INVALID, format!("`{}` {why}: no page was written", args.path)))?;
    let is_html = |out: &PathBuf| {
        out.extension()
            .is_some_and(|ending| ["html", "htm"].iter().any(|html| ending.eq_ignore_ascii_case(html)))
    };
    let by_ending = if args.out.as_ref().is_some_and(is_html) { Format::Html } else { Format::Markdown };
    let format = args.format.unwrap_or(by_ending);
    let text = format.page(&page, checked.drills.len())?;
    match &args.out {
        Some(out) if out.is_dir() => {
            let failure = Failure::new(INVALID, format!("`{}` is a folder", out.display()));
            let name = Path::new(&args.path).with_extension(format.ending());
            let name = out.join(name.file_name().unwrap_or_default());
            return Err(failure.help(format!("name the file: `--out {}`", name.display())));
        }
        Some(out) => format.write(out, &text)?,
        None => print(&text)?,
    }
    Ok(0)
}

fn folder(args: &Args) -> Result<u8, Failure> {
    let Some(out) = &args.out else {
        let failure = Failure::new(INVALID, format!("`{}` is a folder: its pages need one, too", args.path));
        return Err(failure.help("name it: `--out FOLDER`"));
    };
    let format = args.format.unwrap_or(Format::Markdown);
    let files = drill::files(std::slice::from_ref(&args.path))?;
    if files.is_empty() {
        return Err(Failure::new(INVALID, format!("there is no `.runbook` in `{}`", args.path)));
    }
    let checked: Vec<(String, Checked)> =
        files.into_iter().map(|file| (file.clone(), check::check(&file, &Disk))).collect();
    let drills = drills(&checked);
    let mut index = doc::Index { folder: on_page(&args.path, &args.path), ..doc::Index::default() };
    let mut taken = BTreeSet::from([format!("index.{}", format.ending())]);
    let mut failed = false;
    for (file, checked) in &checked {
        let shown = on_page(&args.path, file);
        let page = match page(file, shown.clone(), checked) {
            Ok(page) => page,
            Err(why) => {
                // Drills have no page, and need none.
                if checked.kind != Some(Kind::Drills) || checked.has_errors() {
                    failed = true;
                    Failure::new(INVALID, format!("`{file}` {why}: it has no page")).tell();
                    index.without.push((shown, why));
                }
                continue;
            }
        };
        let path = place(&args.path, file, format, &mut taken);
        let count = drills.get(&home(file)).copied().unwrap_or(0);
        let made = format.page(&page, count).and_then(|text| put(format, out, &path, &text));
        if let Err(failure) = made {
            failed = true;
            failure.tell();
            index.without.push((shown, "its page could not be written".to_owned()));
            continue;
        }
        index.entries.push(match page {
            Page::Runbook(plan) => doc::Entry::runbook(&plan, count, path),
            Page::Module(module, _) => doc::Entry::module(&module, path),
        });
    }
    let text = match format {
        Format::Markdown => doc::index_markdown(&index),
        Format::Html => doc::index_html(&index)
            .map_err(|e| Failure::new(INVALID, format!("cannot make the index: {e}")))?,
    };
    let name = format!("index.{}", format.ending());
    put(format, out, &name, &text)?;
    let pages = index.entries.len();
    let pages = if pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
    print(&format!("{pages}, and {}\n", out.join(name).display()))?;
    Ok(if failed { INVALID } else { 0 })
}

/// Writes a page into the folder of pages.
fn put(format: Format, out: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let file = out.join(path);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|e| {
            Failure::new(INVALID, format!("cannot make the folder `{}`: {e}", folder.display()))
        })?;
    }
    format.write(&file, text)
}

/// Returns where the page of a file lies below the folder of pages.
fn place(folder: &str, file: &str, format: Format, taken: &mut BTreeSet<String>) -> String {
    let inside = Path::new(file).strip_prefix(folder).unwrap_or(Path::new(file));
    let mut stem = inside.with_extension("").to_string_lossy().into_owned();
    loop {
        let path = format!("{stem}.{}", format.ending());
        if taken.insert(path.clone()) {
            return path;
        }
        // The index has its name already.
        stem.push_str(".runbook");
    }
}

/// Returns how many drills each runbook has, those in files of their own with it.
fn drills(checked: &[(String, Checked)]) -> BTreeMap<PathBuf, usize> {
    let mut counts = BTreeMap::new();
    for (file, checked) in checked {
        let drilled = match &checked.target {
            Some(program) => written_in(program).map(str::to_owned),
            None => Some(file.clone()),
        };
        if let Some(drilled) = drilled {
            *counts.entry(home(&drilled)).or_insert(0) += checked.drills.len();
        }
    }
    counts
}

/// Returns the file that a program's phases stand in.
fn written_in(program: &Program) -> Option<&str> {
    let phases = program.diagnose.iter().chain(&program.resolves).map(|phase| phase.span);
    let span = program.symptoms.iter().map(|symptom| symptom.span).chain(phases).next()?;
    program.sources.get(span.source).map(|source| source.name.as_str())
}

/// Returns a file by the one path that it has.
fn home(file: &str) -> PathBuf {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.into())
}
