//! What came of drills in the forms that programs read: JUnit XML, GitHub's commands, TAP, and the table of files.

mod support;

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use support::sandbox::Sandbox;

/// A title that would end an attribute, a section, a property, a directive or a command, if it could.
const HOSTILE: &str =
    r#"50% of \"all\" <b>&amp; ]]> # SKIP, a:b ::error:: ##[error] 🔥 it's\n::stop-commands::x"#;
const SHOWN: &str = "50% of \"all\" <b>&amp; ]]> # SKIP, a:b ::error:: ##[error] 🔥 it's\n::stop-commands::x";

const RUNBOOK: &str = r#"runbook "Too full"

symptom "it is full" {
  check used = $ df-of-it
  when number(used.stdout) > 90
}

resolve "Make room" {
  step "Delete" {
    run $ delete-something
      irreversible "it is gone"
  }
}

drill "it helps" {
  given used = "95", then "20"
  expect outcome resolved
}

drill "TITLE" {
  given used = "95", then "20"
  expect outcome resolved
  expect step "Delete" not run
}
"#;

const QUIET: &str = "runbook \"Nothing\"\n\nresolve \"Do it\" {\n  run $ act\n    leave \"it harms nobody\"\n}\n\ndrill \"it is done\" {\n  expect outcome resolved\n}\n";

fn drilled(format: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("books/full.runbook", &RUNBOOK.replace("TITLE", HOSTILE));
    sandbox.write("books/a,b:c%.runbook", QUIET);
    sandbox.run(["drill", "books", "--format", format]).expect_code(1).stdout
}

/// An element: its name, its attributes, the text in it, and its place in the tree.
#[derive(Debug, Default)]
struct Element {
    path: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// Reads a document as any program would.
fn parsed(xml: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(xml);
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    let element = |tag: &BytesStart<'_>, parent: Option<&Element>| {
        let name = tag.name().as_ref().to_owned();
        let attributes = tag.attributes().map(|attribute| {
            let attribute = attribute.expect("an attribute");
            let raw = attribute.value.into_owned();
            let value = quick_xml::escape::unescape(&raw).expect("escaped").into_owned();
            (attribute.key.as_ref().to_owned(), value)
        });
        let path = parent.map_or_else(|| name.clone(), |parent| format!("{}/{name}", parent.path));
        Element { path, attributes: attributes.collect(), text: String::new() }
    };
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) => {
                let parent = open.last().map(|at: &usize| &found[*at]);
                let made = element(&tag, parent);
                open.push(found.len());
                found.push(made);
            }
            Event::Empty(tag) => {
                let made = element(&tag, open.last().map(|at: &usize| &found[*at]));
                found.push(made);
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                if let Some(at) = open.last() {
                    found[*at].text.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                let name = name.to_string();
                let text = quick_xml::escape::unescape(&format!("&{name};")).expect("known").into_owned();
                found[*open.last().expect("inside an element")].text.push_str(&text);
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn junit_xml_holds_a_suite_for_each_file_and_a_case_for_each_drill() {
    let xml = drilled("junit");
    let elements = parsed(&xml);
    let at = |path: &str| elements.iter().filter(|e| e.path == path).collect::<Vec<_>>();
    let all = at("testsuites");
    assert_eq!((all[0].attributes["tests"].as_str(), all[0].attributes["failures"].as_str()), ("3", "1"));
    let suites: Vec<_> = at("testsuites/testsuite").iter().map(|s| s.attributes["name"].clone()).collect();
    assert_eq!(suites, ["books/a,b:c%.runbook", "books/full.runbook"], "{xml}");
    let cases = at("testsuites/testsuite/testcase");
    let names: Vec<_> = cases.iter().map(|case| case.attributes["name"].as_str()).collect();
    assert_eq!(names, ["it is done", "it helps", SHOWN], "{xml}");
    assert_eq!(cases[2].attributes["line"], "20");
    let failures = at("testsuites/testsuite/testcase/failure");
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].attributes["message"], "the step \"Delete\" ran");
    let told = &failures[0].text;
    assert!(told.contains("expect step \"Delete\" not run") && told.contains("what happened:"), "{told}");
    assert!(told.starts_with("books/full.runbook:23:3\n"), "{told}");
}

/// Returns what GitHub's runner makes of a line: the command, its properties, its message.
fn command(line: &str) -> Option<(String, BTreeMap<String, String>, String)> {
    let (head, message) = line.strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let properties = properties
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (k.to_owned(), property(v)));
    Some((name.to_owned(), properties.collect(), data(message)))
}

#[test]
fn github_is_told_of_the_line_and_nothing_else_is_a_command() {
    let text = drilled("github");
    let commands: Vec<_> = text.lines().filter_map(command).collect();
    let errors: Vec<_> = commands.iter().filter(|(name, ..)| name == "error").collect();
    assert_eq!(errors.len(), 1, "{text}");
    let names: Vec<&str> = commands.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["error", "group", "endgroup"], "{text}");
    let (name, properties, message) = errors[0];
    assert_eq!(name, "error");
    assert_eq!(properties["file"], "books/full.runbook");
    assert_eq!((properties["line"].as_str(), properties["col"].as_str()), ("23", "3"));
    assert_eq!(properties["title"], format!("drill \"{SHOWN}\""));
    assert_eq!(message, "the step \"Delete\" ran", "no drawing: GitHub shows the text around it");
    let readable: Vec<&str> =
        text.lines().filter(|line| command(line).is_none() && !line.starts_with("  ")).collect();
    assert_eq!(readable.len(), 4, "{text}");
    assert_eq!(readable[3], "3 drills: 1 not as expected");
    assert!(readable.iter().all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")));
    assert!(
        readable[1].starts_with("passed  books/full.runbook: it helps: resolved")
            && readable[2].starts_with("FAILED  "),
        "{text}"
    );
}

#[test]
fn tap_has_a_line_for_each_drill_and_what_is_wrong_below_it() {
    let text = drilled("tap");
    let mut lines = text.lines();
    assert_eq!((lines.next(), lines.next()), (Some("TAP version 14"), Some("1..3")));
    let points: Vec<&str> =
        text.lines().filter(|l| l.starts_with("ok ") || l.starts_with("not ok ")).collect();
    assert_eq!(points.len(), 3, "{text}");
    assert!(points[1].starts_with("ok 2 - books/full.runbook: it helps"), "{text}");
    assert!(points[2].starts_with("not ok 3 - ") && points[2].contains(r"\# SKIP"), "{text}");
    let unescaped = points[2].replace("\\\\", "").replace("\\#", "");
    assert!(!unescaped.contains('#'), "no directive: {unescaped}");
    let rest = &text[text.find("not ok").expect("one failed")..];
    let block: Vec<&str> = rest.lines().skip(1).collect();
    assert_eq!((block.first(), block.last()), (Some(&"  ---"), Some(&"  ...")), "{text}");
    let field = |name: &str| {
        let line = block.iter().find_map(|line| line.trim_start().strip_prefix(&format!("{name}: ")));
        serde_json::from_str::<serde_json::Value>(line.unwrap_or_else(|| panic!("{name}: {text}")))
            .expect(name)
    };
    assert_eq!(field("message"), "the step \"Delete\" ran");
    assert_eq!(field("file"), "books/full.runbook");
    assert_eq!(field("line"), 23);
    assert!(block.iter().all(|line| line.is_empty() || line.starts_with("  ")), "{text}");
}

#[test]
fn several_files_are_counted_in_a_table() {
    let text = drilled("text");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["FILE", "DRILLS", "PASSED", "FAILED"]), "{text}");
    assert!(rows.contains(&vec!["books/full.runbook", "2", "1", "1"]), "{text}");
    assert!(rows.contains(&vec!["books/a,b:c%.runbook", "1", "1", "0"]), "{text}");
}

#[test]
fn github_is_told_of_each_expectation_at_its_line() {
    let sandbox = Sandbox::new();
    let more = "  expect outcome failed\n  expect elapsed > 5h\n}\n";
    let text = RUNBOOK.trim_end().trim_end_matches('}').to_owned() + more;
    sandbox.write("full.runbook", &text.replace("TITLE", "wrong"));
    let told = sandbox.run(["drill", ".", "--format", "github"]).expect_code(1).stdout;
    let commands: Vec<_> = told.lines().filter_map(command).collect();
    let errors: Vec<_> = commands.iter().filter(|(name, ..)| name == "error").collect();
    assert_eq!(errors.len(), 3, "{told}");
    assert!(errors.iter().all(|(_, properties, _)| properties["file"] == "full.runbook"), "{told}");
    let lines: std::collections::BTreeSet<&str> =
        errors.iter().map(|(_, properties, _)| properties["line"].as_str()).collect();
    assert_eq!(lines.len(), 3, "each at its line: {told}");
}

/// Two files with errors beside one that is drilled.
fn with_errors(format: &str) -> (String, String) {
    let sandbox = Sandbox::new();
    sandbox.write("books/bad.runbook", "runbook \"Bad\"\n\nresolve \"x\" {\n  show nothing_like_it\n}\n");
    sandbox.write("books/quiet.runbook", QUIET);
    sandbox.write("books/worse.runbook", "no runbook\n");
    let told = sandbox.run(["drill", "books", "--format", format]).expect_code(2);
    (told.stdout, told.stderr)
}

#[test]
fn files_with_errors_are_all_told_and_the_others_drilled() {
    let (text, errors) = with_errors("text");
    assert!(text.contains("it is done") && text.contains("1 drill: all as expected"), "{text}");
    assert!(errors.contains("books/bad.runbook") && errors.contains("books/worse.runbook"), "{errors}");
    assert!(errors.contains("2 files have errors and were not drilled"), "{errors}");

    let elements = parsed(&with_errors("junit").0);
    let broken = elements.iter().filter(|e| e.path == "testsuites/testsuite/testcase/error").count();
    assert_eq!(broken, 2);
    let all = elements.iter().find(|e| e.path == "testsuites").expect("the whole");
    assert_eq!((all.attributes["tests"].as_str(), all.attributes["errors"].as_str()), ("3", "2"));

    let github = with_errors("github").0;
    let places: Vec<_> = github.lines().filter_map(command).map(|(_, p, _)| p["file"].clone()).collect();
    assert_eq!(places, ["books/bad.runbook", "books/worse.runbook"], "{github}");

    let tap = with_errors("tap").0;
    assert!(tap.starts_with("TAP version 14\n1..3\nnot ok 1 - books/bad.runbook"), "{tap}");
    assert!(tap.contains("\nok 2 - books/quiet.runbook") && tap.contains("\nnot ok 3 - "), "{tap}");

    let json: serde_json::Value = serde_json::from_str(&with_errors("json").0).expect("JSON");
    assert_eq!((json["with_errors"].as_u64(), json["passed"].as_u64()), (Some(2), Some(1)), "{json:#}");
    assert!(json["files"][0]["errors"][0]["message"].is_string(), "{json:#}");
}

#[test]
fn drills_that_cannot_run_yet_are_no_success() {
    let sandbox = Sandbox::new();
    let elsewhere = QUIET.replace(
        "  run $ act\n    leave \"it harms nobody\"\n",
        "  on \"web1\" {\n    run $ act\n      leave \"it harms nobody\"\n  }\n",
    );
    sandbox.write("on.runbook", &elsewhere);
    let told = sandbox.run(["drill", "on.runbook"]).expect_code(2);
    assert!(told.stderr.contains("`on HOST` does not run yet"), "{}", told.stderr);
}
