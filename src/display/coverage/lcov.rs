//! Coverage as lcov writes it (`geninfo(1)`, *FILES*), for the tools that CI has.
//!
//! Owns the form. A step or an undo is a line that is reached; everything else is a branch of its line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::drill::{Coverage, FileCoverage, Group, Point};

/// Returns the text of an `lcov.info`. Counts are numbers of drills.
pub fn lcov(of: &Coverage) -> String {
    let mut out = String::new();
    of.files().for_each(|file| record(&mut out, file));
    out
}

fn record(out: &mut String, file: &FileCoverage) {
    let mut lines: BTreeMap<usize, Vec<Point>> = BTreeMap::new();
    for point in file.points() {
        lines.entry(point.line).or_default().push(point);
    }
    let reached = |points: &[Point]| points.iter().map(|point| point.drills).max().unwrap_or(0);
    let _ = write!(out, "TN:\nSF:{}\n", file.name.replace(['\n', '\r'], " "));
    let (mut found, mut hit) = (0, 0);
    for (line, points) in &lines {
        let branches = points.iter().filter(|point| is_branch(point));
        for (number, point) in branches.enumerate() {
            let taken = match reached(points) {
                0 => String::from("-"),
                _ => point.drills.to_string(),
            };
            let _ = writeln!(out, "BRDA:{line},0,{number},{taken}");
            found += 1;
            hit += usize::from(point.drills > 0);
        }
    }
    let _ = write!(out, "BRF:{found}\nBRH:{hit}\n");
    for (line, points) in &lines {
        let _ = writeln!(out, "DA:{line},{}", reached(points));
    }
    let reached = lines.values().filter(|points| reached(points) > 0).count();
    let _ = write!(out, "LF:{}\nLH:{reached}\nend_of_record\n", lines.len());
}

fn is_branch(point: &Point) -> bool {
    !matches!(Group::of(point.passed), Group::Steps | Group::Undos)
}
