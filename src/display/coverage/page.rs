//! Coverage as a page for a browser: figures, and the text with what no drill has taken.
//!
//! Owns the page, which needs no other file. The template engine writes what comes from files so that a browser takes
//! none of it for markup.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde_json::json;

use super::super::page::frame;
use super::untaken;
use crate::drill::{Coverage, FileCoverage, Group, Point, Tally};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// Returns the page.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn page(of: &Coverage) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let files: Vec<_> = of.files().enumerate().map(|(number, file)| one(number, file)).collect();
    let groups: Vec<&str> = Group::ALL.iter().map(|group| group.word()).collect();
    let page = json!({ "total": figures(of.tally()), "groups": groups, "files": files });
    let body = environment.render_str(TEMPLATE, Serde(&page))?;
    frame(&format!("Coverage of drills: {}", of.tally().percent()), "mainstay drill", STYLE, &body)
}

fn figures(tally: Tally) -> serde_json::Value {
    json!({
        "taken": tally.taken,
        "points": tally.points,
        "percent": tally.percent(),
        "whole": tally.taken == tally.points,
    })
}

fn one(number: usize, file: &FileCoverage) -> serde_json::Value {
    let points = file.points();
    let lines = (1..).zip(file.text.lines()).map(|(line, text)| {
        let own: Vec<&Point> = points.iter().filter(|point| point.line == line).collect();
        let taken = own.iter().filter(|point| point.drills > 0).count();
        let state = match (own.len(), taken) {
            (0, _) => "",
            (all, taken) if all == taken => "taken",
            (_, 0) => "missed",
            _ => "partly",
        };
        json!({ "number": line, "text": text, "state": state, "missed": untaken(&points, line).join(", ") })
    });
    json!({
        "number": number,
        "name": file.name,
        "total": figures(file.tally()),
        "groups": Group::ALL.map(|group| figures(file.tally_of(group))),
        "lines": lines.collect::<Vec<_>>(),
    })
}
