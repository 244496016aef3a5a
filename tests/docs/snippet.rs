//! Snippets of the language: put into a runbook around them, and checked.

use std::collections::BTreeMap;

use mainstay::check::{self, Checked, Loader, Memory, Reviews};
use mainstay::expression::{self, Scope, Stop};
use mainstay::program::{GlobalSource, NameRef, Program};
use mainstay::value::Value;

use crate::page::{Fence, Kind, Page, Part, root};

/// Returns what is wrong with the snippets of a page.
pub fn wrong(page: &Page) -> Vec<String> {
    let mut names = String::new();
    let mut files = BTreeMap::new();
    let mut found = Vec::new();
    for fence in &page.fences {
        let Kind::Runbook { part, wrong } = &fence.kind else { continue };
        if *part == Part::Names {
            names.push_str(&fence.text);
        }
        let text = around(part, &names, &fence.text);
        let name = match part {
            Part::Whole { file: Some(name) } => name.clone(),
            _ => String::from("snippet.runbook"),
        };
        files.insert(name.clone(), text.clone());
        // A day, so that what is said of reviews is the same for ever.
        let reviews = Reviews { today: jiff::civil::date(2026, 12, 31), days: Reviews::DAYS };
        let mut checked =
            check::check_on(&name, &Beside { files: Memory(files.clone()), page }, Some(reviews));
        let place = page.at(fence);
        if !matches!(part, Part::Whole { .. }) {
            // Of the page's declarations a snippet needs some, and it need not lead to the resolution around it.
            let around = |code: &str| match code {
                "action-never-called" => !names.is_empty(),
                "resolve-never-taken" => !fence.text.contains("resolve"),
                _ => false,
            };
            checked.diagnostics.retain(|d| !around(&d.code));
        }
        match told(&checked, wrong, part) {
            Some(why) => found.push(format!("{place}: {why}\n--- checked was\n{text}")),
            None if *part == Part::Expressions => found.extend(results(fence, &checked, &place)),
            None => {}
        }
    }
    found
}

/// The files that a page has shown so far, and those of the page's folder.
struct Beside<'a> {
    files: Memory,
    page: &'a Page,
}

impl Loader for Beside<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        let folder = root().join(&self.page.path);
        let beside = folder.parent().map(|folder| folder.join(path));
        self.files.load(path).or_else(|why| beside.and_then(|p| std::fs::read_to_string(p).ok()).ok_or(why))
    }
}

/// Returns the runbook that a snippet is checked as.
fn around(part: &Part, names: &str, text: &str) -> String {
    let resolve = "resolve \"Fix\" {\n  show \"done\"\n}\n";
    let head = "runbook \"Snippet\"\n";
    match part {
        Part::Whole { .. } => text.to_owned(),
        Part::Names => format!("{head}{names}{resolve}"),
        Part::Top if text.starts_with("resolve") || text.contains("\nresolve") => {
            format!("{head}{names}{text}")
        }
        Part::Top => format!("{head}{names}{text}{resolve}"),
        Part::In(phase) if phase == "resolve" => format!("{head}{names}resolve \"Fix\" {{\n{text}}}\n"),
        Part::In(phase) => format!("{head}{names}{phase} {{\n{text}}}\n{resolve}"),
        Part::Expressions => {
            let lets: String =
                lines(text).enumerate().map(|(n, (expr, _))| format!("let example_{n} = {expr}\n")).collect();
            format!("{head}{names}{lets}{resolve}")
        }
    }
}

/// Returns the expressions with their results.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let (expr, result) = line.split_once("  # ").unwrap_or((line, ""));
        (expr.trim(), result.trim())
    })
}

/// Returns what is not as it should be, if anything.
fn told(checked: &Checked, wrong: &[String], part: &Part) -> Option<String> {
    let messages: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| {
            let place = d.span().map(|s| checked.sources.place(s).to_string()).unwrap_or_default();
            format!("{}: {} ({place}) {:?}", d.code, d.message, d.help)
        })
        .collect();
    let mut codes: Vec<_> = checked.diagnostics.iter().map(|d| d.code.as_str()).collect();
    if !wrong.is_empty() {
        codes.dedup();
        return (codes != wrong).then(|| format!("expected {wrong:?}, found {messages:#?}"));
    }
    let whole = matches!(part, Part::Whole { .. });
    let module = whole && checked.kind.is_some_and(|k| k.word() != "runbook");
    let runs = checked.program.is_some() || module;
    (!messages.is_empty() || !runs).then(|| format!("{messages:#?}"))
}

/// Returns the expressions that do not show as they should.
fn results(fence: &Fence, checked: &Checked, place: &str) -> Vec<String> {
    let Some(program) = &checked.program else { return Vec::new() };
    let mut wrong = Vec::new();
    for (n, (expr, expected)) in lines(&fence.text).enumerate() {
        let name = format!("example_{n}");
        let at = program.globals.iter().position(|g| g.slot.name == name).unwrap_or_default();
        let found = global(program, at).map_or_else(|why| format!("error: {why}"), |v| v.to_string());
        if found != expected {
            wrong.push(format!("{place}: `{expr}` is `{found}`, not `{expected}`"));
        }
    }
    wrong
}

fn global(program: &Program, at: usize) -> Result<Value, String> {
    let expr = match &program.globals[at].source {
        GlobalSource::Let(expr) => expr,
        GlobalSource::Param(param) => param.default.as_ref().ok_or("it has no default")?,
        GlobalSource::Secret(_) => return Err(String::from("it is a secret")),
    };
    expression::evaluate(expr, &Globals(program)).map_err(|stop| match stop {
        Stop::Error(error) => error.message,
        Stop::NeedCall(_) => String::from("it calls something"),
        Stop::Unknown(name) => name,
    })
}

struct Globals<'a>(&'a Program);

impl Scope for Globals<'_> {
    fn name(&self, name: NameRef) -> Option<Value> {
        match name {
            NameRef::Global(at) => global(self.0, at as usize).ok(),
            NameRef::Local(_) => None,
        }
    }

    fn describe(&self, name: NameRef) -> (String, String) {
        match name {
            NameRef::Global(at) => self.0.globals.get(at as usize),
            NameRef::Local(_) => None,
        }
        .map(|global| (global.slot.name.clone(), global.slot.origin.clone()))
        .unwrap_or_default()
    }

    fn now(&self) -> jiff::Timestamp {
        "2026-11-20T14:30Z".parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}
