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
    let _ = write!(out, "TN:\nSF:{}\n", file.name.replace(['\n', '\r'], " "));
    let (mut found, mut hit) = (0, 0);
    for (line, points) in &lines {
        let branches = points.iter().filter(|point| is_branch(point));
        for (number, point) in branches.enumerate() {
            // Whether a line was executed is known of steps and undos alone: `-` would say that it was not.
            let _ = writeln!(out, "BRDA:{line},0,{number},{}", point.drills);
            found += 1;
            hit += usize::from(point.drills > 0);
        }
    }
    let _ = write!(out, "BRF:{found}\nBRH:{hit}\n");
    let (mut found, mut hit) = (0, 0);
    for (line, points) in &lines {
        let own = points.iter().filter(|point| !is_branch(point));
        let Some(reached) = own.map(|point| point.drills).max() else { continue };
        let _ = writeln!(out, "DA:{line},{reached}");
        found += 1;
        hit += usize::from(reached > 0);
    }
    let _ = write!(out, "LF:{found}\nLH:{hit}\nend_of_record\n");
}

fn is_branch(point: &Point) -> bool {
    !matches!(Group::of(point.passed), Group::Steps | Group::Undos)
}
