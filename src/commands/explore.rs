//! `mainstay drill --every-failure`.
//!
//! Owns its options and what is said of all files together. Never decides what is a finding (`drill` does).

use std::sync::Arc;

use serde_json::{Value, json};

use super::drill::{Drilled, Format, each};
use super::failure::{Failure, INVALID};
use super::{pretty, print};
use crate::display::{self, ExploredFile, Look};
use crate::drill::{self, Case, Depth, Explored, Kind};
use crate::program::{Drill, Program};

#[derive(Debug, clap::Args)]
pub(super) struct Failures {
    /// Break each drill at every request in every way, and say which failures end badly
    #[arg(long)]
    pub every_failure: bool,

    /// How many failures at once: with 2, pairs as well
    #[arg(long, value_name = "1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2), requires = "every_failure")]
    depth: u8,

    /// How many pairs of failures of each drill are run, with `--depth 2`
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "every_failure")]
    cases: usize,

    /// Which pairs are run: the same seed, the same pairs
    #[arg(long, value_name = "N", default_value_t = 1, requires = "every_failure")]
    seed: u64,

    /// Run this case of one drill only, and print its timeline, such as `17:lost`
    #[arg(long, value_name = "CASE", requires = "every_failure", conflicts_with_all = ["depth", "cases", "seed", "coverage", "coverage_html", "coverage_lcov", "min_coverage"])]
    pub at: Option<Case>,
}

/// Drills that are listed where one must be named, at most.
const LISTED: usize = 10;

/// What came of the drills of one file.
struct OfFile<'a> {
    drilled: &'a Drilled,
    /// Title, and how many broken runs.
    cases: Vec<(String, u64)>,
    explored: Explored,
}

/// Breaks the drills that came out as expected. `coverage`: what they take unbroken, where that is shown as well.
///
/// Returns whether something is wrong.
pub(super) fn explore(
    drilled: &[Drilled],
    args: &Failures,
    format: Format,
    jobs: usize,
    coverage: Option<&Value>,
) -> Result<bool, Failure> {
    let depth = Depth { pairs: if args.depth == 2 { args.cases } else { 0 }, seed: args.seed };
    let files: Vec<OfFile<'_>> = drilled.iter().filter_map(|one| of_file(one, depth, jobs)).collect();
    let failed: Vec<_> = drilled.iter().filter(|one| one.reports.iter().any(|r| !r.passed())).collect();
    match format {
        Format::Json => print(&pretty(&as_json(&files, drilled, depth, coverage))?)?,
        _ => as_text(&files, &failed, depth)?,
    }
    let found = files.iter().any(|file| !file.explored.findings.is_empty());
    Ok(found || !failed.is_empty())
}

fn of_file(drilled: &Drilled, depth: Depth, jobs: usize) -> Option<OfFile<'_>> {
    let program = drilled.program.as_ref()?;
    let drills = passed(drilled);
    let explored = each(&drills, jobs, |one| drill::explore(program, one, depth));
    let titles = drills.iter().map(|drill| drill.title.clone());
    let cases = titles.zip(explored.iter().map(|one| one.cases)).collect();
    Some(OfFile { drilled, cases, explored: Explored::together(explored) })
}

/// Returns the drills that were run and came out as expected.
fn passed(drilled: &Drilled) -> Vec<&Drill> {
    let passed =
        |drill: &&Drill| drilled.reports.iter().any(|report| report.title == drill.title && report.passed());
    drilled.checked.drills.iter().filter(passed).collect()
}

/// Runs one case of one drill.
pub(super) fn at(
    drilled: &[Drilled],
    filter: Option<&str>,
    case: &Case,
    format: Format,
) -> Result<u8, Failure> {
    let files = drilled.iter().filter_map(|one| Some((one, one.program.as_ref()?)));
    let drills =
        files.flat_map(|(one, program)| passed(one).into_iter().map(move |drill| (one, program, drill)));
    let mut drills: Vec<(&Drilled, &Arc<Program>, &Drill)> = drills.collect();
    if drills.len() > 1 && drills.iter().any(|(_, _, drill)| Some(drill.title.as_str()) == filter) {
        drills.retain(|(_, _, drill)| Some(drill.title.as_str()) == filter);
    }
    let &[(file, program, one)] = drills.as_slice() else { return Err(not_one(&drills)) };
    let run = drill::case(program, one, case);
    if run.broken.breaks.len() < case.breaks.len() {
        return Err(Failure::new(INVALID, format!("nothing can be broken so in this drill: `{case}`"))
            .help("numbers change with the file: run `--every-failure` again without `--at`"));
    }
    let of = ExploredFile {
        file: &file.file,
        sources: &file.checked.sources,
        cases: &[],
        findings: &run.findings,
        remarks: &run.remarks,
    };
    match format {
        Format::Json => print(&pretty(&display::explored_case_json(&of, &one.title, &run))?)?,
        _ => print(&display::explored_case(&of, &one.title, &run, Look::of_stdout()))?,
    }
    Ok(u8::from(!run.findings.is_empty()))
}

/// Returns why no case is run, where not just one drill is meant.
fn not_one(drills: &[(&Drilled, &Arc<Program>, &Drill)]) -> Failure {
    if drills.is_empty() {
        return Failure::new(INVALID, "no drill that is meant comes out as expected: none can be broken")
            .help("run it without `--every-failure` to see why");
    }
    let failure =
        Failure::new(INVALID, format!("`--at` is a case of one drill, and {} are meant", drills.len()));
    let names = drills.iter().map(|(file, _, drill)| format!("{}: \"{}\"", file.file, drill.title));
    names.take(LISTED).fold(failure, Failure::note).help("name its file, and its title with `--filter`")
}

fn shown<'a>(of: &'a OfFile<'_>) -> ExploredFile<'a> {
    ExploredFile {
        file: &of.drilled.file,
        sources: &of.drilled.checked.sources,
        cases: &of.cases,
        findings: &of.explored.findings,
        remarks: &of.explored.remarks,
    }
}

fn as_text(files: &[OfFile<'_>], failed: &[&Drilled], depth: Depth) -> Result<(), Failure> {
    let look = Look::of_stdout();
    for one in failed {
        print(&format!("{}\n", display::drills_failed(&super::drill::shown(one), look)))?;
    }
    for file in files.iter().filter(|file| !file.cases.is_empty()) {
        print(&format!("{}\n", display::explored(&shown(file), look)))?;
    }
    let cases: u64 = files.iter().flat_map(|file| &file.cases).map(|(_, cases)| cases).sum();
    let found: usize = files.iter().map(|file| file.explored.findings.in_order().len()).sum();
    let seed = if depth.pairs > 0 { format!(" (pairs: seed {})", depth.seed) } else { String::new() };
    let mut total = match found {
        0 => format!("{cases} failures explored{seed}: nothing found\n"),
        1 => format!("{cases} failures explored{seed}: 1 finding\n"),
        n => format!("{cases} failures explored{seed}: {n} findings\n"),
    };
    let remarks = |kind| {
        let all = files.iter().flat_map(|file| file.explored.remarks.in_order());
        all.filter(|remark| remark.kind == kind).count()
    };
    match remarks(Kind::Unanswered) {
        0 => {}
        1 => total.push_str("1 change stays in doubt if nobody says whether it happened\n"),
        n => total.push_str(&format!("{n} changes stay in doubt if nobody says whether they happened\n")),
    }
    match remarks(Kind::NotJudged) {
        0 => {}
        1 => total.push_str("1 undo was not judged\n"),
        n => total.push_str(&format!("{n} undos were not judged\n")),
    }
    if !failed.is_empty() {
        total.push_str("drills that are not as expected were not broken\n");
    }
    print(&total)
}

fn as_json(files: &[OfFile<'_>], drilled: &[Drilled], depth: Depth, coverage: Option<&Value>) -> Value {
    let failed = drilled.iter().filter(|one| one.reports.iter().any(|r| !r.passed()));
    let bad = drilled.iter().filter(|one| !one.errors.is_empty());
    let mut all = json!({
        "files": files.iter().map(|file| display::explored_json(&shown(file))).collect::<Vec<_>>(),
        "cases": files.iter().flat_map(|file| &file.cases).map(|(_, cases)| cases).sum::<u64>(),
        "findings": files.iter().map(|file| file.explored.findings.in_order().len()).sum::<usize>(),
        "files_not_as_expected": failed.count(),
        "files_with_errors": bad
            .map(|one| display::drills_json(&super::drill::shown(one)))
            .collect::<Vec<_>>(),
        "pairs": depth.pairs,
        "seed": depth.seed,
    });
    if let Some(coverage) = coverage {
        all["coverage"] = coverage.clone();
    }
    all
}
