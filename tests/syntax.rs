//! The syntax, by files: drop one in and it is a test.
//!
//! * `tests/syntax/accepted/NAME.runbook` must be read without a message. With a `NAME.tree` beside it, the
//!   tree must look like that.
//! * `tests/syntax/refused/NAME.runbook` must give exactly the messages in `NAME.expected`.
//!
//! `SNAPSHOTS=overwrite cargo test --test syntax` writes what is expected; read it before you commit it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mainstay::diagnostic::Severity;
use mainstay::source::Sources;
use mainstay::syntax::{Parsed, parse};
use proptest::prelude::*;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syntax").join(name)
}

fn cases(name: &str) -> Vec<(PathBuf, String)> {
    let mut cases: Vec<_> = fs::read_dir(folder(name))
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "runbook"))
        .map(|path| (path.clone(), fs::read_to_string(&path).expect("the case can be read")))
        .collect();
    cases.sort();
    cases
}

/// Renders messages one after the other, with everything a user is told.
fn rendered(text: &str, parsed: &Parsed) -> String {
    let mut sources = Sources::default();
    sources.add("case", text);
    let mut out = String::new();
    for diagnostic in &parsed.diagnostics {
        let level = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let _ = writeln!(out, "{level}[{}]: {}", diagnostic.code, diagnostic.message);
        for label in &diagnostic.labels {
            let place = sources.place(label.span);
            let _ = write!(out, "  {}:{} {:?}", place.line, place.column, sources.text(label.span));
            let _ = writeln!(out, "{}{}", if label.text.is_empty() { "" } else { " " }, label.text);
        }
        for line in &diagnostic.help {
            let _ = writeln!(out, "  help: {line}");
        }
        for line in &diagnostic.notes {
            let _ = writeln!(out, "  note: {line}");
        }
    }
    out
}

fn read(text: &str) -> Parsed {
    parse(Sources::default().add("case", text), text)
}

/// Compares with a file, or writes it when asked to.
fn compare(path: &Path, found: &str, wrong: &mut Vec<String>) {
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        fs::write(path, found).expect("what is expected can be written");
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected != found {
        wrong.push(format!("{}\n--- expected\n{expected}--- found\n{found}", path.display()));
    }
}

#[test]
fn accepted_files_are_read_without_a_message() {
    let mut wrong = Vec::new();
    for (path, text) in cases("accepted") {
        let parsed = read(&text);
        if !parsed.diagnostics.is_empty() || parsed.file.is_none() {
            wrong.push(format!("{}\n{}", path.display(), rendered(&text, &parsed)));
        }
        let tree = path.with_extension("tree");
        if tree.exists() {
            compare(&tree, &compact(&format!("{:#?}\n", parsed.file)), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Leaves places out of a tree and puts what is short on one line.
fn compact(tree: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut skip: Option<usize> = None;
    for line in tree.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(depth) = skip {
            if indent <= depth {
                skip = None;
            }
            continue;
        }
        let trimmed = line.trim();
        if ["span: Span {", "word: Span {", "Span {", "unread: Unread {"].contains(&trimmed) {
            skip = Some(indent);
            continue;
        }
        if (trimmed.ends_with(": None,") && !trimmed.starts_with("node:"))
            || trimmed.ends_with(": [],")
            || trimmed == "tried: false,"
        {
            continue;
        }
        lines.push(format!("{}{trimmed}", " ".repeat(indent / 2)));
    }
    // Short groups are joined until nothing changes.
    loop {
        let mut joined: Vec<String> = Vec::new();
        let mut changed = false;
        let mut at = 0;
        while at < lines.len() {
            let group = lines.get(at..at + 3);
            if let Some([open, inner, close]) = group
                && open.ends_with(['{', '(', '['])
                && close.trim().starts_with(['}', ')', ']'])
                && !inner.trim().starts_with(['}', ')', ']'])
                && !inner.ends_with(['{', '(', '['])
                && open.len() + inner.trim().len() < 110
            {
                let inner = inner.trim().trim_end_matches(',');
                let sep = if open.ends_with('{') { " " } else { "" };
                joined.push(format!("{open}{sep}{inner}{sep}{}", close.trim()));
                at += 3;
                changed = true;
            } else {
                joined.push(lines[at].clone());
                at += 1;
            }
        }
        lines = joined;
        if !changed {
            return lines.join("\n") + "\n";
        }
    }
}

#[test]
fn refused_files_give_their_messages() {
    let mut wrong = Vec::new();
    for (path, text) in cases("refused") {
        let parsed = read(&text);
        let found = rendered(&text, &parsed);
        if found.is_empty() {
            wrong.push(format!("{} gives no message", path.display()));
        }
        compare(&path.with_extension("expected"), &found, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn line_ends_and_byte_order_marks_change_nothing() {
    for (path, text) in cases("accepted") {
        let plain = read(&text);
        let windows = read(&format!("\u{FEFF}{}", text.replace('\n', "\r\n")));
        assert_eq!(rendered(&text, &windows), "", "{}", path.display());
        assert!(plain.file == windows.file || text.contains("\"\"\""), "{}", path.display());
    }
}

/// Every place lies in the text, on the borders of characters; messages keep to the house's style.
fn holds(text: &str) {
    let parsed = read(text);
    for diagnostic in &parsed.diagnostics {
        assert!(!diagnostic.labels.is_empty(), "{diagnostic:?}");
        assert!(!diagnostic.message.ends_with('.'), "{diagnostic:?}");
        for label in &diagnostic.labels {
            let range = label.span.range();
            assert!(text.get(range).is_some(), "{diagnostic:?} in {text:?}");
        }
    }
    let tree = format!("{:?}", parsed.file);
    for at in tree.match_indices("start: ").map(|(at, _)| at + 7) {
        let rest = &tree[at..];
        let number =
            |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
        let (start, end): (Option<usize>, Option<usize>) =
            (number(rest), rest.split_once("end: ").and_then(|(_, rest)| number(rest)));
        let range = start.unwrap_or(0)..end.unwrap_or(0);
        assert!(text.get(range.clone()).is_some(), "{range:?} in {text:?}");
    }
}

#[test]
fn every_place_of_every_case_is_in_its_text() {
    for name in ["accepted", "refused"] {
        for (_, text) in cases(name) {
            holds(&text);
        }
    }
}

fn too_deep(text: &str) -> bool {
    read(text).diagnostics.iter().any(|diagnostic| diagnostic.code == "nested-too-deeply")
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let wrap = |open: &str, close: &str, n: usize| {
        format!("runbook \"x\"\ndiagnose {{\nshow {}1{}\n}}\n", open.repeat(n), close.repeat(n))
    };
    for (open, close) in [("(", ")"), ("[", "]"), ("{a: ", "}"), ("f(", ")"), ("\"{{ ", " }}\""), ("a[", "]")]
    {
        assert!(read(&wrap(open, close, 120)).diagnostics.iter().all(|d| d.code != "nested-too-deeply"));
        assert!(too_deep(&wrap(open, close, 2_000)), "{open}");
        holds(&wrap(open, "", 120));
    }
    let blocks =
        |n: usize| format!("runbook \"x\"\ndiagnose {{\n{}{}}}\n", "if a {\n".repeat(n), "}\n".repeat(n));
    assert!(read(&blocks(120)).diagnostics.is_empty());
    assert!(too_deep(&blocks(10_000)));
    for chain in ["not ", "- ", "a + ", "a ~ ", "a or "] {
        assert!(too_deep(&wrap(chain, "", 2_000)), "{chain}");
    }
    for postfix in [".a", "[0]", " | f", " if a else 1"] {
        assert!(too_deep(&wrap("", postfix, 2_000)), "{postfix}");
    }
}

#[test]
fn broken_blocks_take_linear_time() {
    // Each of these nests constructs that fail behind their block; trying any of them twice would not end.
    for (open, close) in [
        ("step \"a\" {\n", "} z\n"),
        ("if a {\n", "} else z {\n}\n"),
        ("run $ x\n undo {\n", "} z\n"),
        ("step \"a\" undo {\n", "} z\n"),
        ("step z z z {\n", ""),
        ("undo {\n", "} z }\n"),
        ("for x in y {\n", "} }\n"),
        ("decide {\n when a -> {\n", "} z\n} z\n"),
        ("parallel { step \"a\" {", "} }"),
    ] {
        holds(&format!("runbook \"x\"\ndiagnose {{\n{}{}\n}}\n", open.repeat(60), close.repeat(60)));
    }
}

#[test]
fn long_lines_take_linear_time() {
    // Each of these is long, closed nowhere, or looks like the beginning of something else at every word. Whoever looks
    // at the rest of the line again each time does not end.
    let n = 3_000;
    for (open, middle, close) in [
        ("show \"", "a ".repeat(200_000), "\""),
        ("show \"", "a ".repeat(200_000), ""),
        ("show \"", "{{ ".repeat(n), "\""),
        ("run $ echo", " {{ ".repeat(n), ""),
        ("run $ echo", " until within every".repeat(20_000), ""),
        ("run $ echo", " leave \"x".repeat(20_000), ""),
        ("verify x", " for a".repeat(n), ""),
        ("show [", "1, ".repeat(n), "1]"),
        ("show ", "(1 + ".repeat(n), ""),
        ("show ", "{".repeat(n), ""),
        ("zap ", "( \" ".repeat(n), ""),
        ("verify true\n", "# nothing\n".repeat(n), ""),
        ("run ```bash\n", "echo\n".repeat(n), ""),
    ] {
        let text = format!("runbook \"x\"\ndiagnose within 1h {{\n{open}{middle}{close}\n}}\n");
        let parsed = read(&text);
        assert!(parsed.file.is_some(), "{open}");
        assert!(parsed.diagnostics.len() <= 2 * n, "{open}: {} messages", parsed.diagnostics.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC*") {
        holds(&text);
    }

    #[test]
    fn any_soup_of_tokens_is_read_without_a_panic(
        tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..120)
    ) {
        holds(&format!("runbook \"x\"\n{}", tokens.concat()));
    }

    #[test]
    fn a_mutated_example_is_read_without_a_panic(
        which in any::<prop::sample::Index>(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..40_usize, "[\"{}()$#`\\\\\n ={a|é-]{0,4}"), 1..8)
    ) {
        let cases = cases("accepted");
        let mut text: Vec<char> = cases[which.index(cases.len())].1.chars().collect();
        for (at, length, with) in cuts {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        holds(&text.into_iter().collect::<String>());
    }
}

const TOKENS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    " ",
    " ",
    " ",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{{ ",
    " }}",
    "\"",
    "\"\"\"",
    "```",
    "bash\n",
    "$ ",
    "\\",
    "#",
    ",",
    ":",
    "=",
    "==",
    "->",
    "|",
    "..",
    ".",
    "-",
    "é",
    "\t",
    "\r\n",
    ";",
    "'",
    "5m",
    "80%",
    "1..2",
    "name",
    "\"text\"",
    "check ",
    "run ",
    "verify ",
    "step ",
    "if ",
    "else ",
    "for ",
    "in ",
    "not ",
    "within ",
    "every ",
    "undo ",
    "done when ",
    "until ",
    "on ",
    "silence ",
    "by ",
    "decide ",
    "when ",
    "otherwise ",
    "watch ",
    "good ",
    "bad ",
    "resolve ",
    "diagnose ",
    "symptom ",
    "drill ",
    "given ",
    "expect ",
    "section ",
    "item ",
    "action ",
    "param ",
    "secret ",
    "approve ",
    "ask ",
    "manual ",
    "safe",
    "finally ",
    "leave ",
    "with env ",
    "allow exit ",
    "let ",
    "retry ",
    "timeout ",
    "parallel ",
];
