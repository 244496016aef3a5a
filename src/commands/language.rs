//! The reference of the language by topics: sections, statements, clauses, functions, messages.
//!
//! Owns finding the part of `docs/language.md` that a word is about. The page itself is the source: nothing is
//! written here that it does not say.

use crate::check::codes;
use crate::diagnostic::nearest;

const PAGE: &str = include_str!("../../docs/language.md");

/// The parts that list messages.
const MESSAGES: [&str; 2] = ["Messages", "Messages of drills"];

/// A part of the page: a heading and what stands below it, up to the next one.
struct Part {
    level: usize,
    title: &'static str,
    text: String,
}

/// What was found for a topic.
pub(super) enum Found {
    /// Markdown.
    Text(String),
    /// Nothing; the nearest topic, if there is one.
    Nothing(Option<String>),
}

/// Returns the names of all topics: sections, then what they hold.
pub(super) fn topics() -> Vec<String> {
    let parts = parts();
    let mut found: Vec<String> = parts.iter().filter(|part| part.level > 1).flat_map(names).collect();
    found.extend(messages(&parts).chain(rows(&parts, "Functions")).map(|(name, _)| name));
    found.dedup();
    found
}

/// Returns the list of topics as Markdown.
pub(super) fn list() -> String {
    let mut out = String::from("# The language, by topics\n\n");
    let parts = parts();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.level == 2) {
        let below: Vec<String> = parts
            .iter()
            .skip(at + 1)
            .take_while(|part| part.level > 2)
            .flat_map(names)
            .map(|name| format!("`{name}`"))
            .collect();
        let own = part.title.to_lowercase();
        match below.as_slice() {
            [] => out.push_str(&format!("- `{own}`\n")),
            below => out.push_str(&format!("- `{own}`: {}\n", below.join(", "))),
        }
    }
    out + "\nA topic is also a clause (`undo`), a function (`capture`), or the code of a message (`missing-at-most`):\n\
           `mainstay help language TOPIC`.\n"
}

/// Returns what the page says about the code of a message.
pub(super) fn of_code(code: &str) -> Option<String> {
    let parts = parts();
    let (_, says) = messages(&parts).find(|(known, _)| known == code)?;
    Some(message(&parts, code, &says))
}

/// Returns what the page says about a topic.
pub(super) fn find(topic: &str) -> Found {
    let wanted = topic.trim().trim_matches('`').to_lowercase();
    let parts = parts();
    if let Some(at) = parts.iter().position(|part| part.level > 1 && is_of(part, &wanted)) {
        return Found::Text(with_what_is_below(&parts, at));
    }
    if let Some((code, says)) = messages(&parts).find(|(code, _)| *code == wanted) {
        return Found::Text(message(&parts, &code, &says));
    }
    if let Some((at, row)) = row_of(&parts, &wanted) {
        let part = &parts[at];
        let rest = if part.title == "Functions" { String::new() } else { with_what_is_below(&parts, at) };
        return Found::Text(format!("# {}\n\n{row}\n\n{rest}", part.title));
    }
    let all = topics();
    Found::Nothing(nearest(&wanted, all.iter().map(String::as_str)).map(str::to_owned))
}

/// Returns what a message says and the examples that have it.
fn message(parts: &[Part], code: &str, says: &str) -> String {
    let mut out = format!("# {code}\n\n{says}.\n");
    let mut shown = None;
    for part in parts {
        let mut lines = part.text.lines();
        while let Some(line) = lines.next() {
            let wrong = line.starts_with("```")
                && line
                    .split_once(" wrong ")
                    .is_some_and(|(_, codes)| codes.split_whitespace().any(|word| word == code));
            if wrong {
                let example: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
                shown = shown.or(Some(part));
                out.push_str(&format!("\nSo it is wrong:\n\n```\n{}\n```\n", example.join("\n")));
            }
        }
    }
    if codes::page(code).is_some() {
        out.push_str(&format!("\nWhy, and how it is mended: `mainstay explain {code}`\n"));
    }
    let about =
        parts.iter().find(|part| !MESSAGES.contains(&part.title) && part.text.contains(&format!("`{code}`")));
    let word =
        code.rsplit('-').find_map(|word| parts.iter().find(|part| part.level > 1 && is_of(part, word)));
    if let Some(part) = shown.or(about).or(word) {
        out.push_str(&format!("\nMore: `mainstay help language {}`\n", names(part).join(" ")));
    }
    out
}

/// Returns the row of a table that begins with the word in backticks, and the part it stands in.
fn row_of(parts: &[Part], wanted: &str) -> Option<(usize, String)> {
    let begins = |cell: &str| {
        cell.split('`').skip(1).step_by(2).any(|code| {
            let end =
                code.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).unwrap_or(code.len());
            code.get(..end).is_some_and(|word| word.eq_ignore_ascii_case(wanted))
                || code.to_lowercase().starts_with(&format!("{wanted} "))
        })
    };
    parts.iter().enumerate().filter(|(_, part)| !MESSAGES.contains(&part.title)).find_map(|(at, part)| {
        let row = part
            .text
            .lines()
            .filter(|line| line.starts_with("| "))
            .find(|line| line.split('|').nth(1).is_some_and(begins))?;
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        Some((at, cells.join(" — ")))
    })
}

/// Returns the words a part is asked for by.
fn names(part: &Part) -> Vec<String> {
    part.title.to_lowercase().split(", ").map(str::to_owned).collect()
}

fn is_of(part: &Part, wanted: &str) -> bool {
    part.title.eq_ignore_ascii_case(wanted)
        || names(part).iter().any(|name| name == wanted || name.strip_suffix('s') == Some(wanted))
}

/// Returns a part as Markdown, with the parts below it.
fn with_what_is_below(parts: &[Part], at: usize) -> String {
    let own = &parts[at];
    let below = parts.iter().skip(at + 1).take_while(|part| part.level > own.level);
    std::iter::once(own)
        .chain(below)
        .map(|part| format!("{} {}\n\n{}\n", "#".repeat(part.level), part.title, part.text))
        .collect()
}

/// Returns the codes of all messages and what they say.
fn messages(parts: &[Part]) -> impl Iterator<Item = (String, String)> {
    MESSAGES.iter().flat_map(|title| rows(parts, title))
}

/// Returns first words and second cells of the tables in a part.
fn rows(parts: &[Part], title: &str) -> impl Iterator<Item = (String, String)> {
    let part = parts.iter().find(|part| part.title == title);
    let lines: Vec<String> =
        part.map(|part| part.text.lines().map(str::to_owned).collect()).unwrap_or_default();
    lines.into_iter().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `")?.split_once('`')?;
        let word = name.split(['(', ' ']).next()?.to_owned();
        let says = rest.split_once('|')?.1.trim().trim_end_matches('|').trim().to_owned();
        Some((word, says))
    })
}

/// Cuts the page at its headings.
fn parts() -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut fenced = false;
    for line in PAGE.lines() {
        fenced ^= line.starts_with("```");
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !fenced && level > 0 {
            parts.push(Part { level, title: line.trim_start_matches('#').trim(), text: String::new() });
        } else if let Some(part) = parts.last_mut() {
            part.text.push_str(line);
            part.text.push('\n');
        }
    }
    parts
}
