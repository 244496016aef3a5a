//! Plans: the cases of `tests/plan`, their flowcharts, and the program's own door.
//!
//! A case is a file `tests/plan/NAME.runbook` with `NAME.expected` beside it, which is what `mainstay plan` writes at 80
//! columns without more than ASCII; `NAME.given` holds parameters, a line each. Drop a new file in;
//! `SNAPSHOTS=overwrite cargo test --test plan` writes what is expected, to be read before it is committed.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use mainstay::bounds::{CALL, Given};
use mainstay::check::{self, Disk};
use mainstay::display::{self, Look};
use mainstay::plan::Plan;
use support::cases;
use support::sandbox::Sandbox;

const NARROW: Look = Look { colour: false, unicode: false, width: Some(80) };

fn planned(path: &Path) -> Plan {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let checked = check::check(&name, &Disk);
    let told = display::diagnostics(&checked.diagnostics, &checked.sources, Look::BARE);
    let program = checked.program.unwrap_or_else(|| panic!("{told}"));
    let given = std::fs::read_to_string(path.with_extension("given")).unwrap_or_default();
    let params = given.lines().map(|line| {
        let (name, text) = line.split_once('=').expect("NAME=VALUE");
        let (_, param) = program.params().find(|(global, _)| global.slot.name == name).expect("a parameter");
        (name.to_owned(), param.domain.parse(text).expect("a value"))
    });
    let params: Vec<_> = params.collect();
    Plan::of(&program, &name, &Given { whole: !params.is_empty(), params, call: CALL })
}

#[test]
fn every_case_is_planned_as_expected() {
    let mut wrong = Vec::new();
    for path in cases::runbooks("tests/plan") {
        let text = display::plan::text(&planned(&path), NARROW);
        for line in text.lines() {
            assert!(line.len() <= 80, "{}: too wide: {line}", path.display());
        }
        let expected = path.with_extension("expected");
        if std::env::var("SNAPSHOTS").is_ok_and(|wanted| wanted == "overwrite") {
            std::fs::write(&expected, &text).expect("the expectation is written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if wanted != text {
            wrong.push(format!("{}:\n--- expected\n{wanted}\n--- found\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every box has a label in which nothing is markup, every arrow leads from a box to a box, and no box is cut off.
#[test]
fn no_text_of_a_runbook_becomes_a_part_of_its_flowchart() {
    let plain = r#"[^"\[\]{}()<>#;&|`]|#[0-9]+;|<br/>"#;
    let boxed = format!(
        r#"^  n(\d+)(?:\["((?:{plain})*)"\]|\{{"((?:{plain})*)"\}}|\[/"((?:{plain})*)"/\]|\(\["((?:{plain})*)"\]\))$"#
    );
    let arrow = format!(r#"^  n(\d+) -->(?:\|"(?:{plain})*"\|)? n(\d+)$"#);
    let mermaid = [regex::Regex::new(&boxed).unwrap(), regex::Regex::new(&arrow).unwrap()];
    let label = r#"label="(?:[^"\\]|\\.)*""#;
    let dot = [
        regex::Regex::new(&format!(r"^  n(\d+) \[shape=[a-z]+, {label}\];$")).unwrap(),
        regex::Regex::new(&format!(r"^  n(\d+) -> n(\d+)(?: \[{label}\])?;$")).unwrap(),
    ];
    for path in cases::runbooks("tests/plan") {
        let plan = planned(&path);
        let texts =
            [(display::plan::mermaid(&plan), 1, 0, &mermaid), (display::plan::dot(&plan), 2, 1, &dot)];
        for (text, head, tail, [one, both]) in texts {
            let lines: Vec<_> = text.lines().collect();
            let (mut boxes, mut reached) = (BTreeSet::new(), BTreeSet::new());
            for line in &lines[head..lines.len() - tail] {
                match (one.captures(line), both.captures(line)) {
                    (Some(found), _) => assert!(boxes.insert(found[1].to_owned()), "{line}"),
                    (_, Some(found)) => {
                        assert!(boxes.contains(&found[1]), "{line}");
                        reached.insert(found[2].to_owned());
                    }
                    _ => panic!("{}: not a box, not an arrow: {line}", path.display()),
                }
            }
            let apart: Vec<_> = boxes.difference(&reached).collect();
            let roots = 1 + usize::from(text.contains("something fails"));
            assert!(apart.len() <= roots, "{}: nothing leads to {apart:?}\n{text}", path.display());
            assert!(reached.is_subset(&boxes), "{text}");
        }
    }
}

#[test]
fn a_plan_touches_nothing_and_its_json_has_the_keys_that_are_documented() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "touching.runbook",
        "runbook \"Touching\"\n\nparam name: text \"Its name\" = \"it's\"\n\nsecret key \"A key\" = command(\"touch fetched; echo k\")\n\n\
         symptom \"always\" {\n  check a = $ touch checked\n  when a.ok\n}\n\nresolve \"Touch\" {\n  run $ touch -- {{ name }}\n    \
         with env { KEY: key }\n    undo $ rm -- {{ name }}\n}\n",
    );
    let before: Vec<_> = files(sandbox.home());
    let any = sandbox.run(["plan", "touching.runbook"]).expect_code(0).stdout;
    assert!(any.contains("run $ touch -- {{ name }}"), "{any}");
    let one = sandbox.run(["plan", "touching.runbook", "-p", "name=a b"]).expect_code(0).stdout;
    assert!(one.contains("run $ touch -- 'a b'") && one.contains("undo $ rm -- 'a b'"), "{one}");
    let json = sandbox.run(["plan", "touching.runbook", "--format", "json"]).expect_code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let keys: BTreeSet<_> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    let wanted = [
        "format", "title", "file", "hash", "severity", "owner", "rto_ns", "params", "worst", "ways", "phases",
    ];
    assert_eq!(keys, BTreeSet::from(wanted));
    let run = &json["phases"][1]["children"][0];
    assert_eq!((run["kind"].as_str(), run["effect"].as_str()), (Some("run"), Some("changes")), "{run:#}");
    assert_eq!(run["bound"]["total_ns"], 60_000_000_000_i64);
    assert_eq!(run["children"][0]["kind"], "undo");
    assert_eq!(files(sandbox.home()), before, "a plan leaves nothing behind");
}

#[test]
fn a_run_that_may_take_longer_than_its_rto_begins_with_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "soak.runbook",
        "runbook \"Soak\"\nrto 30s\nparam soak: duration \"How long\" = 2s\nsymptom \"s\" {\n  check there = $ echo ok\n    \
            timeout 1s\n  when there.stdout != \"ok\"\n    cleared when there.stdout == \"ok\" within 1s every 1s\n}\n\
            resolve \"Drain\" {\n  wait soak\n}\n",
    );
    let longer = "longer than the rto of 30s";
    let run = sandbox.run(["run", "soak.runbook", "-p", "soak=40s"]).expect_code(6);
    assert!(
        run.stderr.contains("the way through \"Drain\" may take 43s, longer than the rto of 30s"),
        "{}",
        run.stderr
    );
    let plan = sandbox.run(["plan", "soak.runbook", "-p", "soak=40s"]).expect_code(0);
    assert!(plan.stdout.contains("43s, longer than the rto"), "{}", plan.stdout);
    let run = sandbox.run(["run", "soak.runbook", "-p", "soak=20s"]).expect_code(6);
    assert!(!run.stderr.contains(longer), "{}", run.stderr);
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("wrong.runbook", "runbook \"Wrong\"\nresolve {\n");
    sandbox.run(["plan", "wrong.runbook"]).expect_code(2);
    sandbox.run(["plan", "absent.runbook"]).expect_code(2);
    sandbox.write("module.runbook", "module parts \"Parts\"\n");
    let module = sandbox.run(["plan", "module.runbook"]).expect_code(2);
    assert!(module.stderr.contains("is no runbook"), "{}", module.stderr);
    sandbox.write(
        "right.runbook",
        "runbook \"Right\"\nparam n: int in 1..3 \"N\"\nresolve \"R\" {\n  run $ echo {{ n }}\n    leave \"x\"\n}\n",
    );
    let wrong = sandbox.run(["plan", "right.runbook", "-p", "n=7"]).expect_code(2);
    assert!(wrong.stderr.contains("is not in 1..3"), "{}", wrong.stderr);
}

fn files(folder: &Path) -> Vec<String> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}
