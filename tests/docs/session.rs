//! Sessions: each command is run in an empty folder with a state of its own, and prints what the page shows.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use regex::Regex;
use snapbox::Assert;
use tempfile::TempDir;

use crate::page::{Fence, Kind, Page, Part, root};

/// Returns what sessions of a page print otherwise than they show.
pub fn wrong(page: &Page) -> Vec<String> {
    if !page.fences.iter().any(|fence| fence.kind == Kind::Session) {
        return Vec::new();
    }
    let place = Place::new();
    let mut wrong = Vec::new();
    let mut real: Vec<(&Fence, String)> = Vec::new();
    let mut status = 0;
    for fence in &page.fences {
        match &fence.kind {
            Kind::Runbook { part: Part::Whole { file: Some(name) }, .. } => {
                std::fs::write(place.folder.path().join(name), &fence.text).expect("a file of the page");
            }
            Kind::Session => {
                let mut printed = String::new();
                for command in commands(&fence.text) {
                    let _ = writeln!(printed, "$ {command}");
                    let (text, code) = place.run(&command, status);
                    printed.push_str(&text);
                    status = code;
                }
                let (actual, shown) = (steady(&printed), steady(&fence.text));
                let name = page.at(fence);
                let result =
                    Assert::new().normalize_paths(false).try_eq(Some(&name), actual.into(), shown.into());
                if let Err(error) = result {
                    wrong.push(error.to_string());
                    real.push((fence, printed));
                }
            }
            _ => {}
        }
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") && !real.is_empty() {
        overwrite(page, &real);
        return Vec::new();
    }
    wrong
}

/// Puts what was really printed into the page.
fn overwrite(page: &Page, real: &[(&Fence, String)]) {
    let mut lines: Vec<&str> = page.text.lines().collect();
    for (fence, printed) in real.iter().rev() {
        let first = fence.line - 1;
        lines.splice(first..first + fence.text.lines().count(), printed.lines());
    }
    std::fs::write(root().join(&page.path), lines.join("\n") + "\n").expect("the page can be written");
}

/// What differs from run to run and from machine to machine, and what stands for it when sessions are compared.
const UNSTEADY: [(&str, &str); 10] = [
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"(?m)^\d+ rows?$", "N rows"),
    (r"\b\d{8}-\d{4}-[0-9a-z]{4}\b", "RUN"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "TIME"),
    (r"(?m)^\+\d\d:\d\d", "+SINCE"),
    (r"\bafter( [\d.]+(ms|[smhd])\b)+", "after LENGTH"),
    (r"(?m)^\+SINCE · \S+ started (.*): run RUN on \S+", "USER started $1"),
    (r"\| TIME \| \S+ \| started (.*) \| run RUN on \S+", "| TIME | USER started $1 |"),
    (r"RUN TIME ((not |rolled )?\w+)( [\d.]+(ms|[smhd])\b)+ \S+ ", "RUN TIME $1 LENGTH USER "),
    (r"TIME UTC by \S+( \(uid \d+\))? on \S+", "TIME UTC by USER"),
];

/// Returns what is the same in every run; blanks in a row count as one.
fn steady(text: &str) -> String {
    let words = |line: &str| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut text: String = text.lines().map(|line| words(line) + "\n").collect();
    for (pattern, stands) in UNSTEADY {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, stands).into_owned();
    }
    text
}

/// Returns the commands of a session; `> ` continues one.
fn commands(text: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push(command.to_owned());
        } else if let (Some(more), Some(last)) = (line.strip_prefix("> "), commands.last_mut()) {
            last.push_str("\n> ");
            last.push_str(more);
        }
    }
    commands
}

/// A home of its own for the sessions of a page.
struct Place {
    folder: TempDir,
    state: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder =
            || tempfile::Builder::new().prefix("mainstay-docs-").tempdir().expect("a temporary folder");
        Place { folder: folder(), state: folder() }
    }

    /// Runs one command without a terminal; returns what it printed and its exit status.
    fn run(&self, command: &str, status: i32) -> (String, i32) {
        let program = Path::new(env!("CARGO_BIN_EXE_mainstay")).parent().expect("a folder");
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        // `$?` is that of the command before, as in one shell.
        let script = format!("exec 2>&1; (exit {status}); {}", command.replace("\n> ", "\n"));
        let output = Command::new("setsid")
            .args(["--wait", "bash", "-c", &script])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("MAINSTAY_STATE", self.state.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("the shell can be started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (text.replace(&self.folder.path().display().to_string(), "~"), output.status.code().unwrap_or(-1))
    }
}
