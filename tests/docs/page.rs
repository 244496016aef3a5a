//! Markdown pages: their fences, headings and links.

use std::path::{Path, PathBuf};

/// What becomes of a fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Part of the language; the codes of the messages it must have.
    Runbook {
        part: Part,
        wrong: Vec<String>,
    },
    /// A session to be run.
    Session,
    /// A session that was recorded at a terminal, or any other text.
    Shown,
    /// Set-up that is not run.
    NotRun,
    Unknown,
}

/// What part of a runbook a snippet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Whole {
        file: Option<String>,
    },
    Names,
    /// `diagnose`, `resolve`, `rollback`.
    In(String),
    Top,
    Expressions,
}

#[derive(Clone, Debug)]
pub struct Fence {
    pub kind: Kind,
    pub info: String,
    pub text: String,
    /// The line of its first line of text, counted from 1.
    pub line: usize,
}

/// One Markdown file.
#[derive(Clone, Debug)]
pub struct Page {
    /// From the root of the checkout.
    pub path: String,
    pub text: String,
    pub fences: Vec<Fence>,
}

impl Page {
    /// Returns the place of a fence.
    pub fn at(&self, fence: &Fence) -> String {
        format!("{}:{}", self.path, fence.line)
    }

    /// Returns the lines outside fences, with their numbers.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let inside =
            |n: usize| self.fences.iter().any(|f| n + 1 >= f.line && n <= f.line + f.text.lines().count());
        self.text.lines().enumerate().map(|(n, line)| (n + 1, line)).filter(move |(n, _)| !inside(*n))
    }
}

/// Where the pages stand that `mainstay explain` shows.
pub const CODES: &str = "src/check/codes";

/// Returns the root of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every page of the checkout.
pub fn all() -> Vec<Page> {
    let mut paths = Vec::new();
    for folder in [".", "docs", "runbooks", "runbooks/quickstart", "runbooks/incidents", CODES] {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder of pages");
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Page {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let path = path.strip_prefix(root()).unwrap_or(path).to_string_lossy();
    let path = path.trim_start_matches("./").to_owned();
    let fences = fences(&path, &text);
    Page { path, text, fences }
}

fn fences(path: &str, text: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut recorded = false;
    while let Some((at, line)) = lines.next() {
        let ticks = line.bytes().take_while(|b| *b == b'`').count();
        if ticks < 3 {
            recorded = line.starts_with("<!-- session: ") || (recorded && line.is_empty());
            continue;
        }
        let info = line[ticks..].trim().to_owned();
        let mut body = String::new();
        let mut closed = false;
        for (_, line) in lines.by_ref() {
            let end = line.bytes().take_while(|b| *b == b'`').count();
            if end >= ticks && line.trim_end().len() == end {
                closed = true;
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        assert!(closed, "{path}:{}: this fence is never closed", at + 1);
        let kind = if recorded { Kind::Shown } else { kind(&info) };
        recorded = false;
        found.push(Fence { kind, info, text: body, line: at + 2 });
    }
    found
}

fn kind(info: &str) -> Kind {
    let mut words: Vec<&str> = info.split_whitespace().collect();
    match words.as_slice() {
        ["console"] => return Kind::Session,
        ["sh"] => return Kind::NotRun,
        ["text" | "json" | "ini" | "markdown"] => return Kind::Shown,
        ["runbook", ..] => {}
        _ => return Kind::Unknown,
    }
    let wrong = match words.iter().position(|word| *word == "wrong") {
        Some(at) => words.drain(at..).skip(1).map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let part = match &words[1..] {
        [] => Part::Whole { file: None },
        ["file", name] => Part::Whole { file: Some((*name).to_owned()) },
        ["names"] => Part::Names,
        ["in", phase @ ("diagnose" | "resolve" | "rollback")] => Part::In((*phase).to_owned()),
        ["top"] => Part::Top,
        ["expressions"] => Part::Expressions,
        _ => return Kind::Unknown,
    };
    Kind::Runbook { part, wrong }
}
