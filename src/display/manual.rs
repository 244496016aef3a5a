//! The modules, explained: at a terminal, in a pipe, and as the page `docs/stdlib.md`.

use std::fmt::Write as _;

use super::Look;
use super::doc::module_parts;
use super::look::Paint;
use super::page::parts_markdown;
use super::text::{Paragraph, columns};
use crate::check::manual::{Action, Module};

/// Returns the list of the modules, one line each.
pub fn modules(modules: &[Module], look: Look) -> String {
    let rows: Vec<_> = modules.iter().map(|m| vec![(look.bold(), m.name.clone())]).collect();
    let texts: Vec<_> = modules.iter().map(|module| module.about.as_str()).collect();
    let mut out = table(rows, &texts, 0, look);
    out.push('\n');
    block(&mut out, 0, look, look.dim(), "`mainstay stdlib MODULE` tells what a module does");
    out
}

/// Returns all that is to be said of a module.
pub fn module(module: &Module, look: Look) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", look.bold().on(&format!("use {}", module.name)));
    block(&mut out, 2, look, look.plain(), &module.about);
    for paragraph in &module.introduction {
        out.push('\n');
        block(&mut out, 2, look, look.plain(), paragraph);
    }
    if !module.tools.is_empty() {
        out.push('\n');
        block(&mut out, 2, look, look.dim(), &format!("needs {}", module.tools.join(", ")));
    }
    for one in &module.actions {
        out.push('\n');
        out.push_str(&action(one, look));
    }
    out
}

/// Returns all that is to be said of an action.
pub fn action(action: &Action, look: Look) -> String {
    let mut out = String::new();
    block(&mut out, 0, look, look.code(), &action.signature());
    let what = action.description.first().map_or("", String::as_str);
    let mut first = Paragraph::default();
    first.push(look.bold(), format!("{}. ", action.does()));
    first.push(look.plain(), what);
    lines(&mut out, 2, &first, look);
    for paragraph in action.description.iter().skip(1) {
        block(&mut out, 2, look, look.plain(), paragraph);
    }
    if !action.params.is_empty() {
        let rows = action.params.iter().map(|p| {
            let default = match p.default.as_deref() {
                None => "needed".to_owned(),
                Some("" | "none") => String::new(),
                Some(default) => format!("= {default}"),
            };
            vec![(look.plain(), p.name.clone()), (look.dim(), p.ty.clone()), (look.dim(), default)]
        });
        let texts: Vec<_> = action.params.iter().map(|param| param.description.as_str()).collect();
        out.push_str(&table(rows.collect(), &texts, 4, look));
    }
    if !action.gives.is_empty() {
        let head = if action.each { "gives, each:" } else { "gives:" };
        block(&mut out, 2, look, look.bold(), head);
        let rows = action.gives.iter().map(|field| vec![(look.plain(), format!(".{}", field.name))]);
        let texts: Vec<_> = action.gives.iter().map(|field| field.description.as_str()).collect();
        out.push_str(&table(rows.collect(), &texts, 4, look));
    }
    if !action.undo.is_empty() {
        let mut undo = Paragraph::default();
        undo.push(look.bold(), "undo: ");
        undo.push(look.plain(), action.undo.as_str());
        lines(&mut out, 2, &undo, look);
    }
    block(&mut out, 2, look, look.bold(), "example:");
    for line in action.example.lines() {
        let _ = writeln!(out, "    {}", look.code().on(line));
    }
    out
}

/// Adds a paragraph, wrapped, behind so many blanks.
fn block(out: &mut String, indent: usize, look: Look, paint: Paint, text: &str) {
    let mut paragraph = Paragraph::default();
    paragraph.push(paint, text);
    lines(out, indent, &paragraph, look);
}

fn lines(out: &mut String, indent: usize, paragraph: &Paragraph, look: Look) {
    for line in paragraph.wrap(look.width.map(|width| width.saturating_sub(indent))) {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

/// Returns rows of cells, each with a text behind it that is wrapped in what is left of the line; where too little is, all
/// but the first cell stands below it.
fn table(rows: Vec<Vec<(Paint, String)>>, texts: &[&str], indent: usize, look: Look) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..count).map(|c| rows.iter().map(|row| columns(&row[c].1)).max().unwrap_or(0)).collect();
    let used = indent + widths.iter().filter(|w| **w > 0).map(|w| w + 2).sum::<usize>();
    let narrow = look.width.is_some_and(|width| width < used + 24);
    let mut out = String::new();
    for (row, text) in rows.into_iter().zip(texts) {
        let mut said = Paragraph::default();
        let mut line = " ".repeat(indent);
        for (number, ((paint, cell), width)) in row.into_iter().zip(&widths).enumerate() {
            if narrow && number > 0 {
                if !cell.is_empty() {
                    said.push(paint, format!("{cell}  "));
                }
            } else if *width > 0 {
                let blanks = " ".repeat(width.saturating_sub(columns(&cell)) + 2);
                line.push_str(&paint.on(&cell));
                line.push_str(&blanks);
            }
        }
        said.push(look.plain(), *text);
        let under = if narrow { indent + 2 } else { used };
        let mut wrapped = said.wrap(look.width.map(|width| width.saturating_sub(under))).into_iter();
        if !narrow {
            line.push_str(&wrapped.next().unwrap_or_default());
        }
        let _ = writeln!(out, "{}", line.trim_end());
        for more in wrapped {
            let _ = writeln!(out, "{:under$}{more}", "");
        }
    }
    out
}

/// Returns the page of the modules, `docs/stdlib.md`. `names` declares what its examples use.
pub fn page(modules: &[Module], names: &str) -> String {
    let mut out = String::from(
        "# The standard library\n\n\
         <!-- Generated from the signatures and comments of the modules: SNAPSHOTS=overwrite cargo test --test stdlib -->\n\n\
         Modules that come with Mainstay. `use NAME` brings one in; `mainstay stdlib NAME` shows the same at a terminal. An \
         action that *reads* is called by\n`check` and in conditions, one that *changes* by `run`, `undo` and `finally`; \
         [the language](language.md#actions) says more.\n\n| module | |\n| --- | --- |\n",
    );
    for module in modules {
        let _ = writeln!(out, "| [`{0}`](#{0}) | {1} |", module.name, module.about);
    }
    let _ = write!(
        out,
        "\nThe examples are checked by a test. They use these names:\n\n```runbook names\n{names}```\n"
    );
    for module in modules {
        page_of(module, &mut out);
    }
    out
}

fn page_of(module: &Module, out: &mut String) {
    let _ = write!(out, "\n## {}\n\n{}.", module.name, module.about);
    if module.native {
        out.push_str(" In the program itself: it needs no tool.\n");
    } else {
        let _ = writeln!(out, " Written in the language: [its source](../stdlib/{}.runbook).", module.name);
    }
    for paragraph in &module.introduction {
        let _ = write!(out, "\n{paragraph}\n");
    }
    if !module.tools.is_empty() {
        let tools: Vec<_> = module.tools.iter().map(|tool| format!("`{tool}`")).collect();
        let _ = write!(out, "\nNeeds {}.\n", tools.join(", "));
    }
    for action in &module.actions {
        let parts = parts_markdown(&module_parts(action, "runbook in resolve"));
        let _ = write!(out, "\n### {}\n\n{parts}", action.name);
    }
}
