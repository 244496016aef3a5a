//! What `check` says of files: of wrong ones, of right ones, and of damaged ones.
//!
//! To add a case, put a file into `tests/check/refused/` and run the tests with `SNAPSHOTS=overwrite`: what is
//! found wrong is written beside it. A file in `tests/check/accepted/` must be found right. A newcomer's mistake goes into
//! `tests/check/first-mistakes/`, with the file that results from following the help beside it (`NAME.mended`).
//!
//! A line of `NAME.expected` is `[warning] CODE LINE:COLUMN "what is underlined" MESSAGE`; below it stand the other places
//! (`at`), what to do (`help`) and the background (`note`).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mainstay::check::{self, Checked, Disk, Kind, Memory, check};
use mainstay::diagnostic::{Diagnostic, Severity};
use mainstay::program::{
    Block, Choice, Ending, Expr, ExprKind, GlobalSource, Program, Statement, StatementKind, Target,
};
use mainstay::source::Sources;
use mainstay::value::Type;
use proptest::prelude::*;

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "runbook"))
        .collect();
    found.sort();
    found
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// One diagnostic as it stands in an `.expected` file.
fn line(sources: &Sources, d: &Diagnostic) -> String {
    let mut out = String::new();
    if d.severity == Severity::Warning {
        out.push_str("warning ");
    }
    out.push_str(&d.code);
    match d.labels.first() {
        Some(first) => {
            let place = sources.place(first.span);
            let text = sources.text(first.span);
            write!(out, " {}:{} {:?} {}", place.line, place.column, text, d.message).unwrap();
            if !first.text.is_empty() {
                write!(out, "\n  here: {}", first.text).unwrap();
            }
        }
        None => write!(out, " {}", d.message).unwrap(),
    }
    for label in d.labels.iter().skip(1) {
        let place = sources.place(label.span);
        let text = sources.text(label.span);
        let file = place.file.rsplit('/').next().unwrap_or("").to_owned();
        let elsewhere = d.labels.first().is_some_and(|f| f.span.source != label.span.source);
        let file = if elsewhere { format!("{file}:") } else { String::new() };
        write!(out, "\n  at {file}{}:{} {text:?} {}", place.line, place.column, label.text).unwrap();
    }
    for help in &d.help {
        write!(out, "\n  help: {help}").unwrap();
    }
    for note in &d.notes {
        write!(out, "\n  note: {note}").unwrap();
    }
    out
}

fn lines(checked: &Checked) -> String {
    let mut out = String::new();
    for d in &checked.diagnostics {
        out.push_str(&line(&checked.sources, d));
        out.push('\n');
    }
    out
}

#[test]
fn wrong_files_are_refused() {
    let overwrite = std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite");
    let mut wrong = Vec::new();
    for path in files("tests/check/refused") {
        let checked = check(name(&path), &Disk);
        let found = lines(&checked);
        assert!(!found.is_empty(), "{} is found right", path.display());
        assert!(checked.program.is_none() || !checked.has_errors());
        let beside = path.with_extension("expected");
        if overwrite {
            std::fs::write(&beside, found).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if expected != found {
            wrong.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n\nif this is as it should be, run again with SNAPSHOTS=overwrite",
        wrong.join("\n")
    );
}

/// What newcomers write, what they are told, and that following it literally mends the file.
///
/// * `NAME.runbook` is the newcomer's file, `NAME.expected` the exact messages, `NAME.mended` the file after
///   the help has been followed to the letter: it must be found right.
/// * A file without `NAME.mended` has no mistake: what looks like one is understood.
/// * What a help line says to write (in backticks, up to a placeholder in capitals or `…`) must stand on a
///   line that is new in the mended file, for one line of help at least.
#[test]
fn first_mistakes_are_mended_in_one_go() {
    let overwrite = std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite");
    let mut wrong = Vec::new();
    let cases = files("tests/check/first-mistakes");
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for path in cases {
        let checked = check(name(&path), &Disk);
        let found = lines(&checked);
        let mended = std::fs::read_to_string(path.with_extension("mended")).unwrap_or_default();
        if mended.is_empty() {
            assert_eq!(found, "", "{}", path.display());
            continue;
        }
        let beside = path.with_extension("expected");
        if overwrite {
            std::fs::write(&beside, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if expected != found {
            wrong.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", path.display()));
        }
        let after = check("mended.runbook", &Memory::new([("mended.runbook", mended.as_str())]));
        if !lines(&after).is_empty() {
            wrong.push(format!("{} is not mended:\n{}", path.display(), lines(&after)));
        }
        let before = std::fs::read_to_string(&path).unwrap();
        if !followed(&checked.diagnostics, &before, &mended) {
            wrong.push(format!("{}: the mended file does not follow the help:\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether what the help quotes came into the file, for each message one quote at least.
fn followed(diagnostics: &[Diagnostic], before: &str, mended: &str) -> bool {
    let placeholder = regex::Regex::new(r"…|\b[A-Z]{3,}\b").unwrap();
    let new: Vec<_> = mended.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
    let only_shorter = new.is_empty();
    diagnostics.iter().all(|d| {
        let quotes = d.help.iter().flat_map(|help| help.split('`').skip(1).step_by(2));
        let mut quotes = quotes
            .map(|quote| placeholder.find(quote).map_or(quote, |at| &quote[..at.start()]).trim())
            .filter(|quote| !quote.is_empty())
            .peekable();
        only_shorter
            || quotes.peek().is_none()
            || quotes.any(|quote| new.iter().any(|line| line.contains(quote)))
    })
}

#[test]
fn right_files_are_accepted() {
    for path in files("tests/check/accepted") {
        let checked = check(name(&path), &Disk);
        assert_eq!(lines(&checked), "", "{}", path.display());
        assert_eq!(checked.program.is_some(), checked.kind == Some(Kind::Runbook), "{}", path.display());
    }
}

/// What ships has no message at all, on whatever day it is looked at: who checks it says which.
#[test]
fn everything_that_ships_is_right() {
    for path in ["stdlib", "runbooks/quickstart", "runbooks/incidents"].into_iter().flat_map(files) {
        let checked = check(name(&path), &Disk);
        assert_eq!(lines(&checked), "", "{}", path.display());
    }
}

/// What the other tests run does one thing each: it may ask without a reading, or have more than it calls.
#[test]
fn what_the_other_tests_run_is_right() {
    let meant = ["blind-approval", "action-never-called"];
    for path in files("tests/engine") {
        let checked = check(name(&path), &Disk);
        let found: Vec<_> =
            checked.diagnostics.iter().filter(|d| !meant.contains(&d.code.as_str())).collect();
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

/// The examples of the design, with stubs of the modules that they use and that are not there yet: nothing
/// is wrong with them, though some do not run yet.
#[test]
fn the_examples_of_the_design_are_right() {
    for path in files("tests/check/examples") {
        let checked = check(name(&path), &Disk);
        let errors: Vec<_> = checked
            .diagnostics
            .iter()
            .filter(|d| d.code != "not-yet-supported")
            .map(|d| line(&checked.sources, d))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
        let waits = !checked.diagnostics.is_empty();
        assert_eq!(checked.unsupported, waits, "{}", path.display());
    }
}

/// A code without a case is a message that nobody has looked at.
#[test]
fn every_code_has_a_case() {
    let mut codes = BTreeSet::new();
    let said = regex::Regex::new(
        r#"(?:Diagnostic::(?:error|warning)|Refusal::new|reason|unknown_callable|d\.code ==)\(?\s*"([a-z]+(?:-[a-z]+)+|recursion|unreachable)""#,
    )
    .unwrap();
    for folder in ["src/check", "src/check/secrets", "src/shell"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let text = std::fs::read_to_string(path).unwrap();
                codes.extend(said.captures_iter(&text).map(|c| c[1].to_owned()));
            }
        }
    }
    let shell = std::fs::read_to_string("src/shell/mod.rs").unwrap();
    let documented = shell.split("# Errors").nth(1).unwrap();
    let documented = documented.split("pub fn").next().unwrap();
    codes.extend(documented.split('`').skip(1).step_by(2).map(str::to_owned));
    assert!(codes.len() > 60, "only {} codes were found", codes.len());

    let mut seen = BTreeSet::new();
    for path in files("tests/check/refused").into_iter().chain(files("tests/check/first-mistakes")) {
        let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        for line in expected.lines().filter(|l| !l.starts_with(' ')) {
            let line = line.strip_prefix("warning ").unwrap_or(line);
            seen.extend(line.split(' ').next().map(str::to_owned));
        }
    }
    let missing: Vec<_> = codes.difference(&seen).collect();
    assert_eq!(missing, Vec::<&String>::new(), "no case in tests/check/refused");
}

fn program(text: &str) -> Program {
    let loader = Memory::new([("a.runbook", text)]);
    let checked = check("a.runbook", &loader);
    let said = lines(&checked);
    checked.program.unwrap_or_else(|| panic!("{said}"))
}

const CONNECTIONS: &str = include_str!("check/examples/db-connections.runbook");

#[test]
fn names_become_slots_of_one_frame() {
    let program = program(CONNECTIONS);
    let locals: Vec<_> = program.locals.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(locals, ["used", "holders", "leaked", "session", "noisy"]);
    assert_eq!(program.locals[0].origin, "postgres.connections_used(db)");
    let globals: Vec<_> = program.globals.iter().map(|g| g.slot.name.as_str()).collect();
    assert_eq!(globals, ["db", "limit", "max_kill"]);
    assert!(matches!(program.globals[0].source, GlobalSource::Secret(_)));
    assert_eq!(program.globals[0].slot.ty, Type::Secret);
    assert_eq!(program.tools, ["psql"]);
}

#[test]
fn what_a_file_follows_is_part_of_its_program() {
    let top = "runbook \"Top\"\nneeds tool \"jq\"\nuse \"./parts.runbook\" as parts\n\
        secret key \"A key\" = env(\"KEY\")\nparam service: text \"S\" = \"shop\"\n\
        resolve \"R\" {\n  follow \"sub/other.runbook\" with { who: service }\n  \
        follow \"sub/third.runbook\"\n}\n";
    let other = "runbook \"Other {{ who }}\"\nneeds tool \"curl\"\nuse \"../parts.runbook\" as parts\n\
        secret key \"Another key\" = env(\"OTHER\")\nparam who: text \"W\"\n\
        resolve \"R\" {\n  check a = parts.look()\n  follow \"third.runbook\"\n}\n";
    let third = "runbook \"Third\"\nresolve \"R\" {\n  show 1\n  \
        approve \"Go?\" by lead within 5m on silence abort\n  run $ touch a\n    leave \"x\"\n}\n";
    let parts = "module parts \"P\"\nparam depth: int \"D\" = 3\n\
        action look() -> int reads {\n  return depth\n}\n";
    let loader = Memory::new([
        ("top.runbook", top),
        ("parts.runbook", parts),
        ("sub/other.runbook", other),
        ("sub/third.runbook", third),
    ]);
    let checked = check("top.runbook", &loader);
    assert_eq!(lines(&checked), "");
    let files: Vec<_> = checked.sources.iter().map(|(_, source)| source.name.as_str()).collect();
    assert_eq!(files, ["top.runbook", "parts.runbook", "sub/other.runbook", "sub/third.runbook"]);
    let program = checked.program.unwrap();
    assert_eq!(program.follows.len(), 2, "a file that is followed twice is there once");
    assert_eq!(program.tools, ["jq", "curl"]);
    assert!(program.has_commands());
    assert_eq!(program.approvers().len(), 1);
    let params: Vec<_> = program.params().map(|(global, _)| global.slot.name.as_str()).collect();
    assert_eq!(params, ["service", "parts.depth"], "what a `follow` gives is not asked for");
    let secrets: Vec<_> = program
        .with_followed()
        .flat_map(|program| &program.globals)
        .filter(|global| matches!(global.source, GlobalSource::Secret(_)))
        .map(|global| global.slot.name.as_str())
        .collect();
    assert_eq!(secrets, ["key", "other.key"]);
}

#[test]
fn arrows_lead_to_resolutions() {
    let program = program(CONNECTIONS);
    let diagnose = program.diagnose.as_ref().unwrap();
    let Some(StatementKind::Decide { arms, otherwise, .. }) = diagnose.body.last().map(|s| &s.kind) else {
        panic!("no decision");
    };
    assert!(matches!(arms[0].1, Choice::Resolve(0)));
    assert!(matches!(arms[1].1, Choice::Resolve(1)));
    assert!(matches!(otherwise, Choice::Escalate { .. }));
    assert_eq!(program.resolves[1].name, "Cap the noisiest client");
}

#[test]
fn only_actions_that_can_be_reached_are_part_of_a_program() {
    let program = program(CONNECTIONS);
    let names: BTreeSet<_> = program.actions.iter().map(|a| a.name.as_str()).collect();
    assert!(names.contains("postgres.terminate_if_idle"), "{names:?}");
    assert!(names.contains("postgres.execute"), "{names:?}");
    assert!(!names.contains("postgres.is_primary"), "{names:?}");
    for action in &program.actions {
        for statement in &action.body {
            targets(statement, &mut |id| assert!((id as usize) < program.actions.len()));
        }
    }
}

fn targets(statement: &Statement, f: &mut dyn FnMut(u32)) {
    let call = match &statement.kind {
        StatementKind::Check { call, .. } => call,
        StatementKind::Run(run) => {
            if let Ending::Undo(undo) = &run.ending {
                undo.body.iter().for_each(|s| targets(s, f));
            }
            &run.call
        }
        _ => return,
    };
    if let Target::Action { action, .. } = &call.target {
        f(action.0);
    }
}

fn ids(block: &Block, found: &mut Vec<u32>) {
    for statement in block {
        found.push(statement.id);
        match &statement.kind {
            StatementKind::Step(step) => ids(&step.body, found),
            StatementKind::For(each) => ids(&each.body, found),
            StatementKind::Parallel(steps) => ids(steps, found),
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, b)| ids(b, found));
                ids(otherwise, found);
            }
            StatementKind::Run(run) => {
                if let Ending::Undo(undo) = &run.ending {
                    ids(&undo.body, found);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn statements_are_numbered_once_and_in_order() {
    let program = program(CONNECTIONS);
    let mut found = Vec::new();
    program.symptoms.iter().for_each(|s| ids(&s.body, &mut found));
    program.diagnose.iter().for_each(|p| ids(&p.body, &mut found));
    program.resolves.iter().for_each(|p| ids(&p.body, &mut found));
    program.rollback.iter().for_each(|p| ids(&p.body, &mut found));
    program.actions.iter().for_each(|a| ids(&a.body, &mut found));
    let sorted: BTreeSet<_> = found.iter().copied().collect();
    assert_eq!(sorted.into_iter().collect::<Vec<_>>(), found);
}

#[test]
fn the_same_text_gives_the_same_program() {
    let json = |p: &Program| serde_json::to_string(p).unwrap();
    let (a, b) = (program(CONNECTIONS), program(CONNECTIONS));
    assert_eq!(json(&a), json(&b));
    let other = CONNECTIONS.replace("P1", "P2");
    assert_ne!(a.hash, program(&other).hash);
}

#[test]
fn calls_of_one_expression_are_numbered_in_order() {
    let program = program(
        "runbook \"r\"\nuse file\nresolve \"x\" {\n  verify file.exists(\"/a\") and not file.exists(\"/b\") within 1s every 1s\n}\n",
    );
    let StatementKind::Verify { expr, .. } = &program.resolves[0].body[0].kind else {
        panic!("no verify");
    };
    let mut found = Vec::new();
    indices(expr, &mut found);
    assert_eq!(found, [0, 1]);
}

fn indices(expr: &Expr, found: &mut Vec<u32>) {
    match &expr.kind {
        ExprKind::Call { index, .. } => found.push(*index),
        ExprKind::Binary(_, a, b) => {
            indices(a, found);
            indices(b, found);
        }
        ExprKind::Unary(_, of) => indices(of, found),
        _ => {}
    }
}

#[test]
fn a_call_is_written_on_one_line() {
    let program = program(
        "runbook \"r\"\nresolve \"x\" {\n  run $ echo a \\\n      b\n    leave \"nothing\"\n  run ```bash\n    echo c\n    echo d\n  ```\n    leave \"nothing\"\n}\n",
    );
    let texts: Vec<_> = program.resolves[0]
        .body
        .iter()
        .map(|s| match &s.kind {
            StatementKind::Run(run) => run.call.text.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(texts, ["$ echo a b", "```bash echo c …```"]);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let checked = check("nowhere.runbook", &Memory::default());
    assert!(checked.program.is_none());
    assert_eq!(lines(&checked), "unreadable-file cannot read `nowhere.runbook`: there is no such file\n");
}

#[test]
fn the_library_has_names() {
    assert!(check::stdlib::names().any(|n| n == "postgres"));
}

/// Texts to damage.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    ["tests/check/examples", "tests/check/refused", "tests/check/accepted", "tests/engine"]
        .into_iter()
        .flat_map(files)
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the text, there is an answer.
    #[test]
    fn damaged_files_are_answered(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8), 1..6),
    ) {
        let mut lines: Vec<String> = which.get(&TEXTS).lines().map(str::to_owned).collect();
        for (from, to, what) in edits {
            if lines.is_empty() {
                break;
            }
            let (a, b) = (from.index(lines.len()), to.index(lines.len()));
            match what {
                0 => { lines.remove(a); }
                1 => { let line = lines[a].clone(); lines.insert(b, line); }
                2 => lines.swap(a, b),
                _ => {
                    let line = &mut lines[a];
                    let at = to.index(line.chars().count() + 1);
                    *line = line.chars().take(at).collect();
                }
            }
        }
        let loader = Memory::new([("damaged.runbook", lines.join("\n"))]);
        let checked = check("damaged.runbook", &loader);
        prop_assert!(checked.program.is_none() || !checked.has_errors());
        for d in &checked.diagnostics {
            for label in &d.labels {
                prop_assert!(checked.sources.get(label.span.source).is_some());
            }
        }
    }
}
