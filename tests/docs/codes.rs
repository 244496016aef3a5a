//! The pages of `mainstay explain`: their form, and that the reference says the same. Their examples are checked as those
//! of every page are.

use std::collections::BTreeMap;

use mainstay::check::codes;
use mainstay::diagnostic::Severity;

use crate::page::{CODES, Kind, Page};

/// Codes that no example can show: they come when a command starts, from `fmt`, or from what no page can hold.
const WITHOUT: &[&str] = &[
    "argument-too-long",
    "internal",
    "layout",
    "leading-dash",
    "nested-too-deeply",
    "nul-byte",
    "out-of-memory",
];

/// Returns what is wrong.
pub fn wrong() -> Vec<String> {
    let reference = crate::page("docs/language.md");
    let listed: BTreeMap<String, String> = crate::tables::cells(&reference.text, "Messages")
        .map(|(code, cell)| (code, cell.trim().trim_end_matches('|').trim().replace("\\|", "|")))
        .collect();
    let pages: Vec<Page> =
        crate::page::all().into_iter().filter(|page| page.path.starts_with(CODES)).collect();
    let mut wrong = Vec::new();
    for page in &pages {
        let code = page.path.rsplit('/').next().and_then(|name| name.strip_suffix(".md")).unwrap_or("");
        let Some(known) = codes::page(code) else {
            wrong.push(format!("{}: not among the pages of the program", page.path));
            continue;
        };
        let sign = if known.severity == Severity::Warning { "warning: " } else { "" };
        let says = format!("{sign}{}", known.says);
        if listed.get(code) != Some(&says) {
            wrong.push(format!("{}: says `{says}`, docs/language.md `{:?}`", page.path, listed.get(code)));
        }
        wrong.extend(form(page, code));
    }
    let embedded = codes::all().count();
    if embedded != pages.len() {
        wrong.push(format!("{embedded} pages are in the program, {} in {CODES}", pages.len()));
    }
    wrong
}

/// Returns what is wrong with the form of a page: title, prose, a wrong example that has the code, a mended one.
fn form(page: &Page, code: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !page.text.starts_with(&format!("# {code}\n\n")) {
        wrong.push(format!("{}: its title is not `{code}`", page.path));
    }
    let prose: usize = page.prose().skip(4).map(|(_, line)| line.split_whitespace().count()).sum();
    if prose < 12 {
        wrong.push(format!("{}: it says hardly anything", page.path));
    }
    let examples: Vec<&[String]> = page
        .fences
        .iter()
        .filter_map(
            |fence| if let Kind::Runbook { wrong, .. } = &fence.kind { Some(wrong.as_slice()) } else { None },
        )
        .collect();
    let shown = examples.iter().filter(|codes| codes.iter().any(|told| told == code)).count();
    let mended = examples.last().is_some_and(|codes| codes.is_empty());
    match (WITHOUT.contains(&code), shown, mended) {
        (true, 0, false) | (false, 1, true) => {}
        _ => wrong.push(format!("{}: one wrong example and a mended one are wanted", page.path)),
    }
    // Another message that comes with it has to be spoken of.
    let told = examples.iter().flat_map(|codes| codes.iter()).filter(|told| *told != code);
    let silent = told.filter(|told| !page.prose().any(|(_, line)| line.contains(&format!("`{told}`"))));
    wrong.extend(silent.map(|told| format!("{}: `{told}` comes too, and nothing is said of it", page.path)));
    wrong
}
