//! The index of a folder of pages: what there is, who keeps it, how long it takes, and what has no page.
//!
//! Owns the order: runbooks by how severe what they resolve is, then modules; and once more by tag.

use std::collections::BTreeMap;

use super::super::page::{self, Block, Inline, Page, code, heading, joined, quiet, text};
use super::super::plan::length;
use super::BY;
use crate::check::manual::Module;
use crate::plan::{Kind, Plan};

/// A page of the folder.
#[derive(Clone, Debug)]
pub struct Entry {
    title: String,
    /// From the index, with `/` between its parts.
    path: String,
    severity: String,
    owner: String,
    reviewed: String,
    worst: String,
    tags: Vec<String>,
    /// How one sees that it is this one.
    symptoms: Vec<String>,
    about: String,
    drills: usize,
    module: bool,
}

impl Entry {
    /// Returns the entry of a runbook, whose page lies at `path`.
    pub fn runbook(plan: &Plan, drills: usize, path: String) -> Entry {
        let symptoms = plan.phases.iter().filter(|node| node.kind == Kind::Symptom);
        Entry {
            title: plan.title.clone(),
            path,
            severity: plan.severity.clone().unwrap_or_default(),
            owner: plan.owner.clone().unwrap_or_default(),
            reviewed: plan.about.reviewed.clone().unwrap_or_default(),
            worst: length(&plan.worst),
            tags: plan.about.tags.clone(),
            symptoms: symptoms.map(|node| node.text.clone()).collect(),
            about: String::new(),
            drills,
            module: false,
        }
    }

    /// Returns the entry of a module.
    pub fn module(module: &Module, path: String) -> Entry {
        Entry {
            title: module.name.clone(),
            path,
            severity: String::new(),
            owner: String::new(),
            reviewed: String::new(),
            worst: String::new(),
            tags: Vec::new(),
            symptoms: Vec::new(),
            about: module.about.clone(),
            drills: 0,
            module: true,
        }
    }

    fn link(&self) -> Inline {
        Inline::Beside { path: encoded(&self.path), text: self.title.clone() }
    }
}

/// What an index tells.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The folder of the runbooks, as it was named.
    pub folder: String,
    pub entries: Vec<Entry>,
    /// Files that have no page, and why.
    pub without: Vec<(String, String)>,
}

/// Returns the index as Markdown.
pub fn index_markdown(index: &Index) -> String {
    page::markdown(&page(index))
}

/// Returns the index as HTML.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn index_html(index: &Index) -> Result<String, minijinja::Error> {
    page::html(&page(index))
}

fn page(index: &Index) -> Page {
    let (modules, mut runbooks): (Vec<&Entry>, Vec<&Entry>) =
        index.entries.iter().partition(|entry| entry.module);
    // What has no severity stands last.
    let order = |entry: &&Entry| (entry.severity.is_empty(), entry.severity.clone(), entry.title.clone());
    runbooks.sort_by_cached_key(order);
    let mut blocks = Vec::new();
    if !runbooks.is_empty() {
        blocks.push(heading(2, "runbooks", "Runbooks"));
        let head = vec!["runbook", "severity", "owner", "last updated", "worst case", "drills"];
        blocks.push(Block::Table { head, rows: runbooks.iter().map(|entry| row(entry)).collect() });
        blocks.extend(by_tag(&runbooks));
    }
    if !modules.is_empty() {
        blocks.push(heading(2, "modules", "Modules"));
        let rows = modules.iter().map(|entry| vec![vec![entry.link()], vec![text(&entry.about)]]);
        blocks.push(Block::Table { head: vec!["module", "what it is for"], rows: rows.collect() });
    }
    if !index.without.is_empty() {
        blocks.push(heading(2, "without", "Without a page"));
        let items = index
            .without
            .iter()
            .map(|(file, why)| vec![Block::Para(vec![code(file), text(format!(": {why}"))])]);
        blocks.push(Block::Bullets(items.collect()));
    }
    Page { title: "Runbooks".to_owned(), by: BY, from: index.folder.clone(), blocks }
}

fn row(entry: &Entry) -> Vec<Vec<Inline>> {
    let mut title = vec![entry.link()];
    for symptom in &entry.symptoms {
        title.extend([Inline::Break, quiet(symptom)]);
    }
    let said = |of: &str| vec![text(of)];
    let drills = if entry.drills == 0 { "none".to_owned() } else { entry.drills.to_string() };
    vec![
        title,
        said(&entry.severity),
        said(&entry.owner),
        (!entry.reviewed.is_empty())
            .then(|| Inline::Word("date", entry.reviewed.clone()))
            .into_iter()
            .collect(),
        said(&entry.worst),
        vec![text(drills)],
    ]
}

fn by_tag(runbooks: &[&Entry]) -> Vec<Block> {
    let mut tags: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in runbooks {
        for tag in &entry.tags {
            tags.entry(tag).or_default().push(entry);
        }
    }
    if tags.is_empty() {
        return Vec::new();
    }
    let rows = tags.into_iter().map(|(tag, entries)| {
        let links = joined(entries.into_iter().map(|entry| vec![entry.link()]), &Inline::Break);
        vec![vec![text(tag)], links]
    });
    let rows = rows.collect();
    vec![heading(2, "tags", "By tag"), Block::Table { head: vec!["tag", "runbooks"], rows }]
}

/// Returns a relative path as an address: each of its parts is encoded, so that none of it is a scheme or markup.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
