//! Tables of the reference: nothing that the program knows is missing in them, and nothing else stands there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use mainstay::{check, expression, program::native};

use crate::page::root;

/// What stands before the code of a message in the source.
const BEFORE_A_CODE: &[&str] = &[
    "Diagnostic::error(",
    "Diagnostic::warning(",
    "unknown_callable(",
    "Reader::unterminated(",
    "Refusal::new(",
    "reason(",
    "code: ",
    "let code = if secret { ",
    "{ \"secret-misplaced\" } else { ",
];

/// Returns what is missing, and what is too much.
pub fn wrong() -> Vec<String> {
    let reference = crate::page("docs/language.md");
    let mut wrong = Vec::new();
    let described = |title: &str| rows(&reference.text, title);
    compare("message", &codes(), &described("Messages"), &mut wrong);
    let explained = check::codes::all().map(|page| page.code.to_owned()).collect();
    compare("page of a message", &explained, &described("Messages"), &mut wrong);
    compare("function", &functions(), &described("Functions"), &mut wrong);
    compare("module", &modules(), &described("Modules"), &mut wrong);
    wrong
}

/// Returns the commands, options and variables of the program's help that the page of the command line lacks.
pub fn options() -> Vec<String> {
    let page = crate::page("docs/cli.md").text;
    let help = help(&[]);
    let listed = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or("");
    let commands: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 4, "there are more of these: {commands:?}");
    let mut words: BTreeSet<String> = words(&help);
    for command in commands.iter().filter(|c| **c != "help") {
        words.insert(format!("mainstay {command}"));
        words.extend(self::words(&self::help(&[command])));
    }
    words
        .into_iter()
        .filter(|word| !page.contains(word))
        .map(|word| format!("docs/cli.md lacks `{word}`"))
        .collect()
}

/// Returns the long options and the environment variables that a help text names.
fn words(help: &str) -> BTreeSet<String> {
    help.split([' ', '\n', ',', '=', '[', ']', '`'])
        .filter(|word| {
            let variable = word.starts_with("MAINSTAY_") || word.contains("COLOR");
            variable || word.strip_prefix("--").is_some_and(|name| !name.is_empty())
        })
        .map(str::to_owned)
        .collect()
}

fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(command)
        .arg("--help")
        .output()
        .expect("the program can be started");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn compare(what: &str, known: &BTreeSet<String>, described: &BTreeSet<String>, wrong: &mut Vec<String>) {
    assert!(known.len() > 10, "there are more of these: {known:?}");
    wrong.extend(known.difference(described).map(|n| format!("docs/language.md lacks the {what} `{n}`")));
    wrong.extend(
        described.difference(known).map(|n| format!("docs/language.md has the {what} `{n}`, which is none")),
    );
}

/// Returns the names that begin the rows of the tables in a section: `` | `name` `` or `` | `name(…)` ``.
fn rows(text: &str, title: &str) -> BTreeSet<String> {
    cells(text, title).map(|(name, _)| name).collect()
}

/// Returns what these rows begin with, and what stands behind it.
pub fn cells<'t>(text: &'t str, title: &'t str) -> impl Iterator<Item = (String, &'t str)> {
    let mut inside = false;
    text.lines().filter_map(move |line| {
        if let Some(heading) = line.strip_prefix("## ") {
            inside = heading == title;
        }
        let rest = line.strip_prefix("| `").filter(|_| inside)?;
        Some((rest.split(['`', '(']).next().unwrap_or("").to_owned(), rest.split_once('|')?.1))
    })
}

/// Returns the codes of all messages that a check or a command's values can bring.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for room in ["check", "syntax", "shell"] {
        for file in rust_files(&root().join("src").join(room)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            let text = text.split("#[cfg(test)]").next().unwrap_or("");
            // Options of programs stand in its tables under the same word.
            if file.ends_with("programs.rs") {
                continue;
            }
            for before in BEFORE_A_CODE {
                codes.extend(text.split(before).skip(1).filter_map(literal));
            }
        }
    }
    // Of values that are known only when the command is about to start.
    let bind = std::fs::read_to_string(root().join("src/shell/bind.rs")).expect("a source file");
    let arms = bind.split("fn code(").nth(1).and_then(|rest| rest.split("\n    }\n").next()).unwrap_or("");
    codes.extend(arms.split("=> ").skip(1).filter_map(literal));
    codes
}

/// Returns the text of the literal that `text` begins with.
fn literal(text: &str) -> Option<String> {
    let rest = text.trim_start().strip_prefix('"')?;
    let code = rest.split('"').next()?;
    let fits = !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    fits.then(|| code.to_owned())
}

fn functions() -> BTreeSet<String> {
    expression::names().map(str::to_owned).collect()
}

/// Returns the names of the modules, native and in the language. Their actions stand in `docs/stdlib.md`, which is made from
/// them (`tests/stdlib.rs`).
fn modules() -> BTreeSet<String> {
    native::modules().chain(check::stdlib::names()).map(str::to_owned).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files
}
