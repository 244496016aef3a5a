//! Links between pages: the file is there, and so is the heading.

use std::path::{Component, Path, PathBuf};

use crate::page::{Page, root};

/// Returns the links that lead nowhere.
pub fn wrong(pages: &[Page]) -> Vec<String> {
    let mut wrong = Vec::new();
    for page in pages {
        for (line, text) in page.prose() {
            for target in targets(text) {
                if let Some(why) = dead(page, target, pages) {
                    wrong.push(format!("{}:{line}: `{target}` {why}", page.path));
                }
            }
        }
    }
    wrong
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

fn dead(page: &Page, target: &str, pages: &[Page]) -> Option<String> {
    if target.contains("://") {
        return None;
    }
    let (path, heading) = target.split_once('#').map_or((target, None), |(p, h)| (p, Some(h)));
    let to = if path.is_empty() {
        page.path.clone()
    } else {
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        tidy(&folder.join(path))
    };
    if !root().join(&to).exists() {
        return Some(String::from("leads to no file"));
    }
    let heading = heading?;
    let there = pages.iter().find(|p| p.path == to)?;
    (!headings(there).any(|h| h == heading)).then(|| String::from("leads to no heading"))
}

/// Returns the headings as links name them.
fn headings(page: &Page) -> impl Iterator<Item = String> + '_ {
    page.prose().filter_map(|(_, line)| {
        let text = line.trim_start_matches('#');
        (text.len() < line.len() && text.starts_with(' ')).then(|| slug(text.trim()))
    })
}

fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn tidy(path: &Path) -> String {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out.to_string_lossy().into_owned()
}
