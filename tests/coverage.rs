//! Coverage of drills: what counts as a point, which are taken, and how that is shown.
//!
//! A case is `tests/coverage/NAME.runbook` with drills in it; `NAME.expected` lists its points with how many drills
//! took each. `SNAPSHOTS=overwrite cargo test --test coverage` writes what is expected, to be read before it is committed.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use mainstay::check::{self, Checked, Disk};
use mainstay::display;
use mainstay::drill::{self, Coverage, FileCoverage, Group, Report, Stage};
use mainstay::engine::{Passed, Visits};
use mainstay::given::Faults;
use support::cases;
use support::sandbox::Sandbox;

const KINDS: [Passed; 14] = [
    Passed::Arm,
    Passed::Otherwise,
    Passed::PassedBy,
    Passed::Zero,
    Passed::One,
    Passed::Many,
    Passed::Ran,
    Passed::Undone,
    Passed::RanOut,
    Passed::Granted,
    Passed::Refused,
    Passed::Done,
    Passed::Answered,
    Passed::Silent,
];

fn checked(path: &Path) -> Checked {
    let checked = check::check(&path.to_string_lossy(), &Disk);
    let errors = display::diagnostics(&checked.diagnostics, &checked.sources, display::Look::BARE);
    assert!(!checked.has_errors(), "{errors}");
    checked
}

/// Runs the drills of a file, all of which must pass.
fn drilled(path: &Path) -> (Checked, Vec<Report>) {
    let checked = checked(path);
    let program = Arc::new(checked.drilled().expect("a runbook").clone());
    let reports: Vec<Report> = checked.drills.iter().map(|one| drill::drill(&program, one)).collect();
    for report in &reports {
        let unmet = display::diagnostics(&report.unmet, &checked.sources, display::Look::BARE);
        assert!(report.passed(), "{}, {}: {unmet}", path.display(), report.title);
    }
    (checked, reports)
}

fn covered(path: &Path) -> Coverage {
    let (checked, reports) = drilled(path);
    let mut covered = Coverage::default();
    covered.add(checked.drilled().expect("a runbook"), &reports);
    covered
}

/// Returns the points of a file, each a line: where, how it is passed, and by how many drills.
fn listed(file: &FileCoverage) -> String {
    let name = Path::new(&file.name).file_name().expect("a name").to_string_lossy().into_owned();
    let lines: Vec<&str> = file.text.lines().collect();
    let mut out = format!("{name}\n");
    for point in file.points() {
        let passed = format!("{:?}", point.passed);
        let text = lines[point.line - 1].trim();
        let _ = writeln!(out, "{:>3} {passed:<9} {}  | {text}", point.line, point.drills);
    }
    out
}

#[test]
fn points_of_every_case_are_taken_as_expected() {
    for path in cases::runbooks("tests/coverage") {
        let found: String = covered(&path).files().map(listed).collect::<Vec<_>>().join("\n");
        snapbox::assert_data_eq!(
            found,
            snapbox::Data::read_from(&path.with_extension("expected"), None).raw()
        );
    }
}

#[test]
fn each_kind_of_point_is_taken_somewhere_and_left_somewhere() {
    let mut taken = BTreeSet::new();
    let mut left = BTreeSet::new();
    for path in cases::runbooks("tests/coverage") {
        for point in covered(&path).files().flat_map(FileCoverage::points) {
            if point.drills > 0 {
                taken.insert(point.passed)
            } else {
                left.insert(point.passed)
            };
        }
    }
    for kind in KINDS {
        assert!(taken.contains(&kind), "{kind:?} is taken nowhere");
        assert!(left.contains(&kind), "{kind:?} is left nowhere");
    }
}

#[test]
fn noting_where_a_run_has_been_changes_nothing_of_it() {
    let mut noted = 0;
    for path in cases::runbooks("tests/coverage") {
        let checked = checked(&path);
        let program = Arc::new(checked.drilled().expect("a runbook").clone());
        for drill in &checked.drills {
            let visits = Visits::default();
            let alone = Stage::new(&program, drill).run(Faults::default());
            let watched = Stage::new(&program, drill).noting(&visits).run(Faults::default());
            assert_eq!(alone.records, watched.records, "{}, {}", path.display(), drill.title);
            noted += visits.take().len();
        }
    }
    assert!(noted > 0);
}

#[test]
fn lcov_says_the_same() {
    for path in cases::runbooks("tests/coverage") {
        let covered = covered(&path);
        let records = read_lcov(&display::lcov(&covered));
        assert_eq!(records.len(), covered.files().count());
        for (record, file) in records.iter().zip(covered.files()) {
            assert_eq!(record.file, file.name);
            let points = file.points();
            let is_line = |passed| matches!(Group::of(passed), Group::Steps | Group::Undos);
            let own = || points.iter().filter(|point| is_line(point.passed));
            let lines: BTreeSet<usize> = own().map(|point| point.line).collect();
            assert_eq!(record.lines.keys().copied().collect::<BTreeSet<_>>(), lines);
            for point in own() {
                assert!(record.lines[&point.line] >= point.drills);
            }
            let branches: Vec<_> = points.iter().filter(|point| !is_line(point.passed)).collect();
            let taken: usize = branches.iter().filter(|point| point.drills > 0).count();
            assert_eq!((record.branches.len(), record.taken()), (branches.len(), taken));
            let known = record.branches.iter().all(|(_, count)| count.is_some());
            assert!(known, "`-` would say that a line was never reached, which nobody knows");
            let reached = record.lines.values().filter(|count| **count > 0).count();
            let totals = [lines.len(), reached, branches.len(), taken];
            assert_eq!(record.totals, totals, "LF, LH, BRF and BRH are the sums");
        }
    }
}

/// A record of an `lcov.info`.
#[derive(Default)]
struct Lcov {
    file: String,
    lines: BTreeMap<usize, usize>,
    branches: Vec<(usize, Option<usize>)>,
    /// LF, LH, BRF, BRH.
    totals: [usize; 4],
}

impl Lcov {
    fn taken(&self) -> usize {
        self.branches.iter().filter(|(_, taken)| taken.is_some_and(|count| count > 0)).count()
    }
}

fn read_lcov(text: &str) -> Vec<Lcov> {
    let number = |text: &str| text.parse::<usize>().expect("a number");
    let mut records = Vec::new();
    let mut record = Lcov::default();
    for line in text.lines() {
        let (key, rest) = line.split_once(':').unwrap_or((line, ""));
        let fields: Vec<&str> = rest.split(',').collect();
        match key {
            "TN" => assert_eq!(rest, ""),
            "SF" => record.file = rest.to_owned(),
            "DA" => assert_eq!(record.lines.insert(number(fields[0]), number(fields[1])), None),
            "BRDA" => {
                let taken = Some(fields[3]).filter(|taken| *taken != "-").map(number);
                record.branches.push((number(fields[0]), taken));
            }
            "LF" => record.totals[0] = number(rest),
            "LH" => record.totals[1] = number(rest),
            "BRF" => record.totals[2] = number(rest),
            "BRH" => record.totals[3] = number(rest),
            "end_of_record" => records.push(std::mem::take(&mut record)),
            other => panic!("what is `{other}`?"),
        }
    }
    records
}

/// A runbook of which drills take four of six points.
const HALF: &str = r#"runbook "Half of it is drilled"

resolve "R" {
  approve "Go <b>on</b> & away?" by oncall within 5m on silence abort
  check fine = $ fine
  if fine.stdout == "no" {
    step "Repair" {
      run $ repair
        leave "it stays"
    }
  }
}

drill "granted, and it is fine" {
  given approval granted
  given fine = "yes"
  expect outcome resolved
}

drill "granted, and it is not" {
  given approval granted
  given fine = "no"
  expect outcome resolved
}
"#;

const BARE: &str =
    "runbook \"Nothing is drilled\"\n\nresolve \"R\" {\n  step \"S\" {\n    wait 1m \"a while\"\n  }\n}\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("half.runbook", HALF);
    sandbox
}

#[test]
fn the_text_shows_what_no_drill_has_taken() {
    let out = sandbox().run(["drill", "half.runbook", "--coverage"]).expect_code(0).stdout;
    assert!(out.contains("coverage: 4 of 6 points, 66.6%"), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    let at =
        lines.iter().position(|line| line.contains("approve \"Go <b>on</b> & away?\"")).expect("the line");
    assert_eq!(lines[at + 1].trim(), "never refused, never unanswered");
    assert!(!out.contains("never ran"), "the step ran: {out}");
}

#[test]
fn a_file_below_the_floor_fails_and_is_named() {
    let sandbox = sandbox();
    sandbox.write("bare.runbook", BARE);
    let floor = |files: &[&str], percent: &str| {
        sandbox.run(["drill"].iter().chain(files).chain(&["--min-coverage", percent]))
    };
    floor(&["half.runbook"], "66").expect_code(0);
    let low = floor(&["half.runbook"], "90%").expect_code(1);
    assert!(
        low.stderr.contains("`half.runbook`: 66.6%, 23.4 percentage points too little"),
        "{}",
        low.stderr
    );
    // Without a drill nothing of a file is taken.
    let bare = floor(&["half.runbook", "bare.runbook"], "50").expect_code(1);
    assert!(bare.stderr.contains("`bare.runbook`: 0.0%"), "{}", bare.stderr);
    assert!(!bare.stderr.contains("half.runbook"), "{}", bare.stderr);
    let wrong = floor(&["half.runbook"], "101").expect_code(2);
    assert!(wrong.stderr.contains("a share is a number from 0 to 100"), "{}", wrong.stderr);
}

#[test]
fn what_only_text_and_json_can_tell_is_refused_for_other_formats() {
    let sandbox = sandbox();
    for format in ["junit", "github", "tap"] {
        for option in ["--coverage", "--every-failure"] {
            let refused = sandbox.run(["drill", "half.runbook", option, "--format", format]).expect_code(2);
            let told = format!("`{option}` is written as text or as JSON");
            assert!(refused.stderr.contains(&told), "{}", refused.stderr);
            assert_eq!(refused.stdout, "");
        }
        sandbox.run(["drill", "half.runbook", "--format", format, "--min-coverage", "10"]).expect_code(0);
    }
}

#[test]
fn drills_of_a_file_beside_count_for_the_runbook_however_it_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("bare.runbook", BARE);
    let drills = "drills for \"../bare.runbook\"\n\ndrill \"it waits\" {\n  expect outcome resolved\n}\n";
    sandbox.write("drills/bare.runbook", drills);
    for folder in [".", "./"] {
        let words = ["drill", folder, "drills", "--min-coverage", "100", "--format", "json", "--coverage"];
        let out = sandbox.run(words).expect_code(0).stdout;
        let out: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(out["coverage"]["files"][0]["file"], "bare.runbook");
        assert_eq!(out["coverage"]["total"], serde_json::json!({ "taken": 1, "points": 1 }));
    }
}

#[test]
fn of_some_drills_there_is_no_floor_and_the_figures_say_so() {
    let sandbox = sandbox();
    let some = ["drill", "half.runbook", "--filter", "it is not"];
    let with = |more: &[&'static str]| sandbox.run(some.iter().chain(more).copied());
    let out = with(&["--coverage"]).expect_code(0).stdout;
    assert!(
        out.contains("coverage: 3 of 6 points, 50.0%; only of drills whose title contains `it is not`"),
        "{out}"
    );
    with(&["--min-coverage", "10"]).expect_code(2);
    with(&["--coverage-lcov", "out.info"]).expect_code(2);
    with(&["--coverage-html", "out.html"]).expect_code(2);
}

#[test]
fn json_has_the_figures_where_they_are_asked_for() {
    let sandbox = sandbox();
    let read = |more: &[&'static str]| -> serde_json::Value {
        let words = ["drill", "half.runbook", "--format", "json"];
        let out = sandbox.run(words.iter().chain(more).copied()).expect_code(0).stdout;
        serde_json::from_str(&out).expect("JSON")
    };
    assert!(read(&[]).get("coverage").is_none());
    let coverage = &read(&["--coverage"])["coverage"];
    assert_eq!(coverage["total"], serde_json::json!({ "taken": 4, "points": 6 }));
    let file = &coverage["files"][0];
    assert_eq!(file["groups"]["answers"], serde_json::json!({ "taken": 1, "points": 2 }));
    assert_eq!(file["missed"][0], serde_json::json!({ "line": 4, "what": "never refused" }));
}

#[test]
fn the_files_for_browsers_and_tools_are_written() {
    let sandbox = sandbox();
    let words = ["drill", "half.runbook", "--coverage-html", "out.html", "--coverage-lcov", "out.info"];
    sandbox.run(words).expect_code(0);
    let written = |name: &str| std::fs::read_to_string(sandbox.home().join(name)).expect("it was written");
    let page = written("out.html");
    assert!(
        page.contains("Go &lt;b&gt;on&lt;&#x2f;b&gt; &amp; away?"),
        "what a file says is no markup: {page}"
    );
    assert!(page.contains("never refused, never unanswered"));
    assert!(page.contains("prefers-color-scheme: dark"));
    // Nothing on it runs, and it needs no other file.
    support::pages::html(&page).expect("a page");
    assert_eq!(page.matches("<tr class=").count(), HALF.lines().count());
    assert!(written("out.info").starts_with("TN:\nSF:half.runbook\n"));
    let gone = sandbox.run(["drill", "half.runbook", "--coverage-lcov", "no/such/out.info"]).expect_code(2);
    assert!(gone.stderr.contains("cannot write `no/such/out.info`"), "{}", gone.stderr);
}
