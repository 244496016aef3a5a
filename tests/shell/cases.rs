//! The cases kept as text: what is refused and with which words, what is accepted and what becomes of it.

use std::fmt::Write as _;
use std::path::Path;

use mainstay::shell::{CommandKind, CommandPlan, Form, Piece, ScriptPart, Shell, Start, WordPart, analyse};

use crate::template::pieces;

/// A command (`$` and `>` lines) and the lines that must follow it.
struct Case {
    command: String,
    kind: CommandKind,
}

/// Returns what stands before the first case, and the cases: `$` a line, `bash` and `sh` a fence, `>` its lines.
fn read(text: &str) -> (String, Vec<Case>) {
    let mut cases: Vec<Case> = Vec::new();
    let mut heading = String::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            cases.push(Case { command: command.into(), kind: CommandKind::OneLine });
        } else if let Some(shell) = Shell::named(line) {
            cases.push(Case { command: String::new(), kind: CommandKind::Fence(shell) });
        } else if let (Some(more), Some(case)) = (line.strip_prefix('>'), cases.last_mut()) {
            if !case.command.is_empty() {
                case.command.push('\n');
            }
            case.command.push_str(more.strip_prefix(' ').unwrap_or(more));
        } else if cases.is_empty() && !line.is_empty() {
            heading.push_str(line);
            heading.push('\n');
        }
    }
    (heading, cases)
}

fn check(folder: &str, describe: impl Fn(&Case) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell").join(folder);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("a folder").map(|e| e.expect("a file").path()).collect();
    files.sort();
    let mut wrong = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let (heading, cases) = read(&text);
        let mut expected = heading;
        for case in &cases {
            expected.push('\n');
            match case.kind {
                CommandKind::OneLine => expected.push_str("$ "),
                CommandKind::Fence(shell) => {
                    let _ = write!(expected, "{}\n> ", shell.program());
                }
            }
            expected.push_str(&case.command.replace('\n', "\n> ").replace("> \n", ">\n"));
            expected.push('\n');
            expected.push_str(&describe(case));
        }
        if expected == text {
            continue;
        }
        if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
            std::fs::write(&file, expected).expect("a writable file");
        } else {
            for (is, should) in expected.lines().zip(text.lines()).filter(|(a, b)| a != b).take(3) {
                let _ = writeln!(wrong, "{}\n  expected: {should}\n  found:    {is}", file.display());
            }
            let _ = writeln!(wrong, "{} differs", file.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn refused_commands_say_why_where_and_what_instead() {
    check("refused", |case| match analyse(&pieces(&case.command), case.kind) {
        Ok(plan) => format!("ACCEPTED {}\n", described(&plan)),
        Err(diagnostics) => {
            let mut out = String::new();
            for d in diagnostics {
                let place = d.span().map_or("", |s| &case.command[s.range()]).replace('\n', "⏎");
                let _ = writeln!(out, "! {} at {place}: {}", d.code, d.message);
                for label in d.labels.iter().filter(|l| !l.text.is_empty()) {
                    let _ = writeln!(out, "^ {}", label.text);
                }
                for help in &d.help {
                    let _ = writeln!(out, "? {help}");
                }
                assert!(!d.help.is_empty(), "{}: no help", case.command);
                assert!(
                    !d.message.ends_with('.') && d.message.starts_with(|c: char| !c.is_uppercase()),
                    "{}",
                    d.message
                );
            }
            out
        }
    });
}

#[test]
fn accepted_commands_become_words_or_a_script() {
    check("accepted", |case| match analyse(&pieces(&case.command), case.kind) {
        Ok(plan) => described(&plan),
        Err(diagnostics) => {
            diagnostics.iter().map(|d| format!("REFUSED {} {}\n", d.code, d.message)).collect()
        }
    });
}

fn described(plan: &CommandPlan) -> String {
    let mut out = String::new();
    let words = |words: &[mainstay::shell::Word]| {
        let word = |w: &mainstay::shell::Word| {
            let part = |p: &WordPart| match p {
                WordPart::Literal(text) => text.clone(),
                WordPart::Value(index) => format!("{{{{{}}}}}", index + 1),
            };
            let start = match w.start {
                Start::Free => "",
                Start::NotOption => "not -: ",
                Start::NotExpression => "not -(!: ",
            };
            format!("[{start}{}]", w.parts.iter().map(part).collect::<String>())
        };
        words.iter().map(word).collect::<Vec<_>>().join(" ")
    };
    match &plan.form {
        Form::Direct { words: w } => {
            let _ = writeln!(out, "= {}", words(w));
        }
        Form::Script { shell, text, guards } => {
            let text: String = text
                .iter()
                .map(|p| match p {
                    ScriptPart::Text(text) => text.clone(),
                    ScriptPart::Value(index) => format!("{{{{{}|raw}}}}", index + 1),
                })
                .collect();
            let _ = writeln!(out, "= {}: {}", shell.program(), text.replace('\n', "\n= "));
            if !guards.is_empty() {
                let _ = writeln!(out, "- {}", words(guards));
            }
        }
    }
    for b in &plan.bindings {
        let several = if b.several { ", may be several" } else { "" };
        let exposed = if b.exposed { ", exposed" } else { "" };
        let _ = writeln!(out, ": {} {:?} in {:?}{several}{exposed}", b.index + 1, b.position, b.quoting);
    }
    out
}

#[test]
fn escaped_braces_shift_the_text_and_the_whole_piece_is_underlined() {
    use mainstay::source::{SourceId, Span};
    let span = Span::new(SourceId(0), 0, 12);
    let piece = Piece::Text { text: "echo '{{ x".into(), span };
    let found = analyse(&[piece], CommandKind::OneLine).expect_err("an open quote");
    assert_eq!(found[0].span(), Some(span));
}
