//! A module as a page: what its actions take, give and change, and how that is taken back.
//!
//! Owns the parts of an action on a page; `docs/stdlib.md` is made of the same.

use super::super::page::{self, Block, Inline, Page, code, heading, joined, marked, text};
use super::BY;
use crate::check::manual::{Action, Module};

/// Returns the page of a module as Markdown.
pub fn markdown(module: &Module, file: &str) -> String {
    page::markdown(&page(module, file))
}

/// Returns the page of a module as HTML.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn html(module: &Module, file: &str) -> Result<String, minijinja::Error> {
    page::html(&page(module, file))
}

fn page(module: &Module, file: &str) -> Page {
    let mut blocks = Vec::new();
    if !module.about.is_empty() {
        blocks.push(Block::Para(vec![text(format!("{}.", module.about.trim_end_matches('.')))]));
    }
    blocks.extend(module.introduction.iter().map(|paragraph| Block::Para(marked(paragraph))));
    blocks.extend(tools(module));
    for (at, action) in module.actions.iter().enumerate() {
        blocks.push(heading(2, format!("action-{}", at + 1), &action.name));
        blocks.extend(parts(action, "runbook"));
    }
    Page { title: format!("Module {}", module.name), by: BY, from: file.to_owned(), blocks }
}

/// Returns which programs a module needs.
pub fn tools(module: &Module) -> Option<Block> {
    let mut line = vec![text("Needs ")];
    line.extend(joined(module.tools.iter().map(|tool| vec![code(tool)]), &text(", ")));
    line.push(text("."));
    (!module.tools.is_empty()).then_some(Block::Para(line))
}

/// Returns all that is to be said of an action. `lang`: what its example is in.
pub fn parts(action: &Action, lang: &str) -> Vec<Block> {
    let mut blocks = vec![Block::Para(vec![code(action.signature()), text(format!(" {}", action.does()))])];
    blocks.extend(action.description.iter().map(|paragraph| Block::Para(marked(paragraph))));
    if !action.params.is_empty() {
        let rows = action.params.iter().map(|param| {
            let default = match param.default.as_deref() {
                None => vec![text("needed")],
                Some("" | "none") => Vec::new(),
                Some(default) => vec![code(default)],
            };
            vec![vec![code(&param.name)], vec![code(&param.ty)], default, marked(&param.description)]
        });
        blocks.push(Block::Table { head: vec!["parameter", "type", "default", ""], rows: rows.collect() });
    }
    if !action.gives.is_empty() {
        let head = if action.each { "each has" } else { "it has" };
        let row = |field: &crate::check::manual::Field| -> Vec<Vec<Inline>> {
            vec![vec![code(&field.name)], marked(&field.description)]
        };
        blocks.push(Block::Table { head: vec![head, ""], rows: action.gives.iter().map(row).collect() });
    }
    if !action.undo.is_empty() {
        let mut line = vec![text("Taken back: ")];
        line.extend(marked(&action.undo));
        blocks.push(Block::Para(line));
    }
    if !action.example.is_empty() {
        let example: Vec<String> = action.example.lines().map(|line| format!("  {line}")).collect();
        blocks.push(Block::Code { lang: lang.to_owned(), text: example.join("\n") });
    }
    blocks
}
