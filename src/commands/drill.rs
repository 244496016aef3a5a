//! `mainstay drill`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::failure::{Failure, INVALID};
use super::{coverage, pretty, print};
use crate::check::{Checked, Disk};
use crate::diagnostic::{Diagnostic, Severity};
use crate::display::{self, DrilledFile, Look};
use crate::drill::{self, Coverage, Report};
use crate::program::Program;
use crate::value::brief;

/// Stack of a thread that drills: whatever `check` lets pass has room in it.
const STACK: usize = 64 << 20;

const AFTER: &str = "\
Examples:
  mainstay drill disk-full.runbook
  mainstay drill runbooks/ --filter approval
  mainstay drill runbooks/ --format json
  mainstay drill runbooks/ --coverage --min-coverage 90
  mainstay drill runbooks/ --every-failure --depth 2
  mainstay drill runbooks/ --format junit > drills.xml
  mainstay drill --from last --out outage.runbook
  mainstay drill disk-full.runbook --game-day --filter approval

Exit codes:
  0  every drill came out as expected
  1  at least one did not, they take too little (`--min-coverage`), or `--every-failure` found something
  2  a file has errors (the others are drilled), or there is nothing to drill";

/// Drill runbooks: run them in a given world, and compare
///
/// Runs every `drill` of the files on a virtual clock: an hour of waiting takes no time, and nothing is touched. A
/// folder stands for every `.runbook` in it and below.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// Files or folders to drill
    #[arg(required_unless_present = "from", value_name = "FILE|FOLDER", add = super::complete::runbook())]
    pub files: Vec<String>,

    /// Only drills whose title contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// How to write what came of them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// How many drills run at once [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    #[command(flatten)]
    coverage: coverage::Options,

    #[command(flatten)]
    failures: super::explore::Failures,

    #[command(flatten)]
    pub game_day: super::gameday::Playing,

    /// Write a drill from what a run recorded, in place of running any; secrets are never in it
    #[arg(long, value_name = "RUN", conflicts_with_all = ["files", "filter", "format", "jobs", "coverage", "coverage_html", "coverage_lcov", "min_coverage", "every_failure", "game_day"], add = super::complete::run())]
    from: Option<String>,

    /// Where to write that drill: a file that is not there yet [default: standard output]
    #[arg(long, value_name = "FILE", requires = "from")]
    out: Option<PathBuf>,
}

/// Titles that are listed where none fits, at most.
const TITLES: usize = 10;

/// How what came of drills is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// JUnit XML, for most programs that build and test
    Junit,
    /// Workflow commands of GitHub Actions, which mark the lines of a change
    Github,
    /// Test Anything Protocol, version 14
    Tap,
}

/// A file with what came of its drills.
pub(super) struct Drilled {
    pub file: String,
    pub checked: Checked,
    /// `None` where the file has errors, or drills nothing that runs.
    pub program: Option<Arc<Program>>,
    pub reports: Vec<Report>,
    /// What keeps it from being drilled.
    pub errors: Vec<Diagnostic>,
}

impl Drilled {
    fn of(file: String, measured: bool) -> Drilled {
        let checked = crate::check::check(&file, &Disk);
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        let mut errors: Vec<Diagnostic> = checked.diagnostics.iter().filter(is_error).cloned().collect();
        let program = if errors.is_empty() { checked.drilled().cloned().map(Arc::new) } else { None };
        if errors.is_empty() && program.is_none() && checked.unsupported {
            let unsupported = |diagnostic: &&Diagnostic| diagnostic.code == "not-yet-supported";
            let why = checked.diagnostics.iter().filter(unsupported).cloned();
            let measured = measured && checked.kind == Some(crate::check::Kind::Runbook);
            if measured || !checked.drills.is_empty() {
                errors.extend(why.map(|one| Diagnostic { severity: Severity::Error, ..one }));
            }
        }
        Drilled { file, checked, program, reports: Vec::new(), errors }
    }
}

pub(super) fn drill(args: &Args) -> Result<u8, Failure> {
    if let Some(run) = &args.from {
        return super::recorded::record(run, args.out.as_deref());
    }
    if args.game_day.game_day {
        return super::gameday::game_day(args);
    }
    refuse(args)?;
    let mut drilled: Vec<Drilled> =
        files(&args.files)?.into_iter().map(|file| Drilled::of(file, args.coverage.bounds())).collect();
    let bad: Vec<&Drilled> = drilled.iter().filter(|one| !one.errors.is_empty()).collect();
    for one in &bad {
        eprintln!("{}", display::diagnostics(&one.errors, &one.checked.sources, Look::of_stderr()));
    }
    let bad = not_drilled(&bad);
    let jobs =
        args.jobs.map(usize::from).or_else(|| std::thread::available_parallelism().ok().map(Into::into));
    let jobs = jobs.unwrap_or(1);
    let filter = args.filter.as_deref();
    for one in &mut drilled {
        one.reports = reports(one, filter, jobs);
    }
    if bad.is_none() && drilled.iter().all(|one| one.reports.is_empty()) {
        return Err(nothing(&drilled, filter));
    }
    if let Some(case) = &args.failures.at {
        let code = super::explore::at(&drilled, filter, case, args.format)?;
        return bad.map_or(Ok(code), Err);
    }
    let covered = covered(&drilled);
    let shown = args.coverage.shown().then(|| display::coverage_json(&covered, filter));
    let found = if args.failures.every_failure {
        super::explore::explore(&drilled, &args.failures, args.format, jobs, shown.as_ref())?
    } else {
        tell(&drilled, args.format, shown.as_ref())?;
        drilled.iter().flat_map(|one| &one.reports).any(|report| !report.passed())
    };
    if args.format == Format::Text {
        args.coverage.show(&covered, filter)?;
    }
    args.coverage.write(&covered)?;
    match (args.coverage.lacking(&covered), bad) {
        (Some(lacking), None) => Err(lacking),
        (lacking, Some(bad)) => {
            lacking.iter().for_each(Failure::tell);
            Err(bad)
        }
        (None, None) => Ok(u8::from(found)),
    }
}

/// Refuses what would be passed over without a word.
fn refuse(args: &Args) -> Result<(), Failure> {
    if args.out.is_some() {
        return Err(Failure::new(INVALID, "`--out` says where `--from RUN` writes its drill")
            .help("name the run with `--from`, or leave `--out` away"));
    }
    if matches!(args.format, Format::Text | Format::Json) {
        return Ok(());
    }
    if args.failures.every_failure {
        return Err(Failure::new(INVALID, "`--every-failure` is written as text or as JSON"));
    }
    if args.coverage.shown() {
        return Err(Failure::new(INVALID, "`--coverage` is written as text or as JSON")
            .help("`--coverage-html` and `--coverage-lcov` write files, `--min-coverage` is the exit code"));
    }
    Ok(())
}

/// Returns what is said in the end where files could not be drilled.
fn not_drilled(bad: &[&Drilled]) -> Option<Failure> {
    let what = match bad {
        [] => return None,
        [one] => format!("`{}` has errors and was not drilled", one.file),
        several => format!("{} files have errors and were not drilled", several.len()),
    };
    let failure = Failure::new(INVALID, what);
    let names = bad.iter().filter(|_| bad.len() > 1).map(|one| format!("`{}`", one.file));
    Some(names.fold(failure, Failure::note))
}

fn nothing(drilled: &[Drilled], filter: Option<&str>) -> Failure {
    let why = match filter {
        Some(text) => format!("no drill's title contains `{text}`"),
        None => String::from("there are no drills in these files that can be run"),
    };
    let titles: Vec<String> = drilled
        .iter()
        .flat_map(|one| &one.checked.drills)
        .map(|drill| format!("\"{}\"", brief(&drill.title, 60)))
        .collect();
    let failure = Failure::new(INVALID, why);
    if filter.is_none() || titles.is_empty() {
        return failure.help("a drill is written `drill \"TITLE\" { given … expect … }`");
    }
    let shown = titles.iter().take(TITLES).fold(failure, |failure, title| failure.note(title.clone()));
    let shown = match titles.len().saturating_sub(TITLES) {
        0 => shown,
        n => shown.note(format!("and {n} more")),
    };
    shown.help("`--filter` is a part of a title as it is written, in capital letters and small ones")
}

/// Returns the files that are meant, those of folders in the order of their names.
pub(super) fn files(named: &[String]) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for name in named {
        if Path::new(name).is_dir() {
            inside(Path::new(name), &mut found)
                .map_err(|e| Failure::new(INVALID, format!("cannot read the folder `{name}`: {e}")))?;
        } else {
            found.push(name.clone());
        }
    }
    // A file is one, however often and by whatever path it is named.
    let mut known = BTreeSet::new();
    found.retain(|file| known.insert(std::fs::canonicalize(file).unwrap_or_else(|_| file.into())));
    Ok(found)
}

fn inside(folder: &Path, found: &mut Vec<String>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            inside(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "runbook") {
            found.push(path.strip_prefix(".").unwrap_or(&path).to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// Runs the drills of a file, several at once, and returns what came of them in the order of the file.
fn reports(of: &Drilled, filter: Option<&str>, jobs: usize) -> Vec<Report> {
    let Some(program) = &of.program else { return Vec::new() };
    let wanted = |title: &str| filter.is_none_or(|text| title.contains(text));
    let drills: Vec<_> = of.checked.drills.iter().filter(|drill| wanted(&drill.title)).collect();
    each(&drills, jobs, |one| drill::drill(program, one))
}

/// Does something with each of these, several at once, and returns what came of it in their order.
pub(super) fn each<T: Sync, R: Send>(of: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = of.get(at) else { return done };
                done.push((at, work(one)));
            }
        };
        let thread = || std::thread::Builder::new().stack_size(STACK);
        let workers: Vec<_> =
            (0..jobs.min(of.len())).filter_map(|_| thread().spawn_scoped(scope, worker).ok()).collect();
        // Where no thread could be had, all is done here.
        let mut done = if workers.is_empty() { worker() } else { Vec::new() };
        for worker in workers {
            done.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Returns what all drills have taken, of files without any drill too.
fn covered(drilled: &[Drilled]) -> Coverage {
    let mut covered = Coverage::default();
    for one in drilled {
        if let Some(program) = &one.program {
            covered.add(program, &one.reports);
        }
    }
    covered
}

pub(super) fn shown(one: &Drilled) -> DrilledFile<'_> {
    let Drilled { file, checked, reports, errors, .. } = one;
    DrilledFile { file, sources: &checked.sources, reports, errors }
}

fn tell(drilled: &[Drilled], format: Format, coverage: Option<&serde_json::Value>) -> Result<(), Failure> {
    let is_told = |one: &&Drilled| !one.reports.is_empty() || !one.errors.is_empty();
    let files = || drilled.iter().filter(is_told).map(shown).collect::<Vec<_>>();
    match format {
        Format::Text => as_text(drilled),
        Format::Json => print(&pretty(&as_json(drilled, coverage))?),
        Format::Github => print(&display::github(&files())),
        Format::Tap => print(&display::tap(&files())),
        Format::Junit => {
            let text = display::junit(&files());
            print(&text.map_err(|e| Failure::new(1, format!("cannot be written as XML: {e}")))?)
        }
    }
}

fn as_text(drilled: &[Drilled]) -> Result<(), Failure> {
    let look = Look::of_stdout();
    let files: Vec<DrilledFile<'_>> =
        drilled.iter().filter(|one| !one.reports.is_empty()).map(shown).collect();
    for one in &files {
        print(&format!("{}\n", display::drills(one, look)))?;
    }
    if files.len() > 1 {
        print(&format!("{}\n", display::drills_table(&files, look)))?;
    }
    if files.is_empty() { Ok(()) } else { print(&format!("{}\n", display::drills_sum(&files))) }
}

fn as_json(drilled: &[Drilled], coverage: Option<&serde_json::Value>) -> serde_json::Value {
    let reports = || drilled.iter().flat_map(|one| &one.reports);
    let mut all = json!({
        "files": drilled.iter().map(|one| display::drills_json(&shown(one))).collect::<Vec<_>>(),
        "with_errors": drilled.iter().filter(|one| !one.errors.is_empty()).count(),
        "passed": reports().filter(|report| report.passed()).count(),
        "failed": reports().filter(|report| !report.passed()).count(),
    });
    if let Some(coverage) = coverage {
        all["coverage"] = coverage.clone();
    }
    all
}
