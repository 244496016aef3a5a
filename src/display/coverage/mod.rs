//! What drills have taken of the files, as a person or a tool reads it.
//!
//! Owns the figures and the marked text on a terminal, and the form as JSON. Never counts anything itself.

mod lcov;
mod page;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::text::{clean, cut, figures as columns_of, one_line};
use super::{Look, Paint};
use crate::drill::{Coverage, FileCoverage, Group, Point, Tally, never};
use crate::timeline::{Kind, Tone};

pub use lcov::lcov;
pub use page::page;

/// Lines around one with something that no drill has taken.
const AROUND: usize = 1;

/// Returns the figures, and the text where something is left that no drill has taken.
///
/// `partial`: which drills are meant, where they are not all.
pub fn coverage(of: &Coverage, partial: Option<&str>, look: Look) -> String {
    let all = of.tally();
    let mut out = format!("coverage: {} of {} points, {}", all.taken, all.points, all.percent());
    if let Some(text) = partial {
        let _ = write!(out, "; only of drills whose title contains `{}`", clean(text));
    }
    let _ = write!(out, "\n\n{}", figures(of, look));
    for file in of.files().filter(|file| file.tally().taken < file.tally().points) {
        let _ = write!(out, "\n{}\n{}", look.bold().on(&clean(&file.name)), marked(file, look));
    }
    out
}

/// Returns a table: a line for each file.
fn figures(of: &Coverage, look: Look) -> String {
    let groups: Vec<Group> = Group::ALL
        .into_iter()
        .filter(|group| of.files().any(|file| file.tally_of(*group).points > 0))
        .collect();
    let shown = |tally: Tally| match tally.points {
        0 => String::from("-"),
        points => format!("{}/{points}", tally.taken),
    };
    let names = groups.iter().map(|group| group.word().to_uppercase());
    let head = [String::from("FILE"), String::from("TAKEN")].into_iter().chain(names);
    let mut rows: Vec<Vec<(Paint, String)>> = vec![head.map(|name| (look.dim(), name)).collect()];
    for file in of.files() {
        let tally = file.tally();
        let tone = if tally.taken == tally.points { Tone::Good } else { Tone::Warn };
        let own = groups.iter().map(|group| (look.plain(), shown(file.tally_of(*group))));
        let cells = [(look.plain(), one_line(&file.name)), (look.tone(tone), tally.percent())];
        rows.push(cells.into_iter().chain(own).collect());
    }
    columns_of(&rows, look.width, look.unicode)
}

/// Returns the lines of a file with something that no drill has taken, and what that is.
fn marked(file: &FileCoverage, look: Look) -> String {
    let points = file.points();
    let lines: Vec<&str> = file.text.lines().collect();
    let missed: BTreeSet<usize> =
        points.iter().filter(|point| point.drills == 0).map(|point| point.line).collect();
    let near = |line: usize| line.saturating_sub(AROUND)..=line + AROUND;
    let shown: BTreeSet<usize> =
        missed.iter().flat_map(|line| near(*line)).filter(|line| (1..=lines.len()).contains(line)).collect();
    let digits = lines.len().to_string().len();
    let sign = look.tone(Tone::Bad).on(look.glyph(Kind::Ended, Tone::Bad));
    let mut out = String::new();
    let mut before = 0;
    for line in shown {
        if before > 0 && line > before + 1 {
            let dots = if look.unicode { "⋮" } else { ":" };
            let _ = writeln!(out, "  {:>digits$}", dots);
        }
        before = line;
        let text = lines[line - 1];
        let sign = if missed.contains(&line) { sign.as_str() } else { " " };
        let row = format!("  {line:>digits$} {sign} {}", clean(text));
        let _ = writeln!(out, "{}", cut(row.trim_end(), look.width, look.unicode));
        if missed.contains(&line) {
            let indent = text.len() - text.trim_start().len();
            let words = look.tone(Tone::Warn).on(&untaken(&points, line).join(", "));
            let _ = writeln!(out, "  {:digits$}   {:indent$}{words}", "", "");
        }
    }
    out
}

/// Returns what no drill has taken in a line, in words.
fn untaken(points: &[Point], line: usize) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for point in points.iter().filter(|point| point.line == line && point.drills == 0) {
        let words = never(point.passed);
        if !found.contains(&words) {
            found.push(words);
        }
    }
    found
}

/// Returns the figures and what is left as JSON; `partial` as in [`coverage`].
pub fn coverage_json(of: &Coverage, partial: Option<&str>) -> serde_json::Value {
    let figures = |tally: Tally| json!({ "taken": tally.taken, "points": tally.points });
    let files = of.files().map(|file| {
        let groups: serde_json::Map<String, serde_json::Value> = Group::ALL
            .iter()
            .map(|group| (group.word().to_owned(), figures(file.tally_of(*group))))
            .collect();
        let points = file.points();
        let missed = points.iter().filter(|point| point.drills == 0);
        let missed = missed.map(|point| json!({ "line": point.line, "what": never(point.passed) }));
        json!({
            "file": file.name,
            "total": figures(file.tally()),
            "groups": groups,
            "missed": missed.collect::<Vec<_>>(),
        })
    });
    json!({ "total": figures(of.tally()), "filter": partial, "files": files.collect::<Vec<_>>() })
}
