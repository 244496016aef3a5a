//! `mainstay drill --coverage`: what drills have taken of their files.
//!
//! Owns the options, and whether it is enough.

use std::path::Path;

use crate::display::{self, Look};
use crate::drill::{Coverage, FileCoverage};

use super::failure::{Failure, INVALID};
use super::{print, written};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Show which branches, undos, timeouts and answers no drill has taken
    #[arg(long)]
    coverage: bool,

    /// Write a page for a browser about it
    #[arg(long, value_name = "FILE", conflicts_with = "filter", value_hint = clap::ValueHint::FilePath)]
    coverage_html: Option<String>,

    /// Write it as lcov does, for other tools
    #[arg(long, value_name = "FILE", conflicts_with = "filter", value_hint = clap::ValueHint::FilePath)]
    coverage_lcov: Option<String>,

    /// The share of each file that drills must take, in percent
    #[arg(long, value_name = "PERCENT", conflicts_with = "filter", value_parser = percent)]
    min_coverage: Option<f64>,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share),
        _ => Err(String::from("a share is a number from 0 to 100")),
    }
}

impl Options {
    /// Returns whether it is shown.
    pub fn shown(&self) -> bool {
        self.coverage
    }

    /// Returns whether too little of it is an error.
    pub fn bounds(&self) -> bool {
        self.min_coverage.is_some()
    }

    /// Writes the files that were asked for.
    pub fn write(&self, of: &Coverage) -> Result<(), Failure> {
        if let Some(file) = &self.coverage_lcov {
            written::write(Path::new(file), &display::lcov(of), "an `lcov.info`", |old| {
                old.starts_with("TN:") || old.starts_with("SF:")
            })?;
        }
        if let Some(file) = &self.coverage_html {
            let page = display::coverage_page(of)
                .map_err(|e| Failure::new(INVALID, format!("cannot make the page: {e}")))?;
            written::write(Path::new(file), &page, "a page", |old| {
                let old = old.trim_start().to_ascii_lowercase();
                old.starts_with("<!doctype html") || old.starts_with("<html")
            })?;
        }
        Ok(())
    }

    /// Shows it on standard output. `filter`: of which drills.
    pub fn show(&self, of: &Coverage, filter: Option<&str>) -> Result<(), Failure> {
        match self.coverage {
            true => print(&format!("\n{}", display::coverage(of, filter, Look::of_stdout()))),
            false => Ok(()),
        }
    }

    /// Returns what is wrong where a file has too little.
    pub fn lacking(&self, of: &Coverage) -> Option<Failure> {
        let wanted = self.min_coverage?;
        let little: Vec<&FileCoverage> = of.files().filter(|file| short_of(file, wanted) > 0.0).collect();
        if little.is_empty() {
            return None;
        }
        let failure = Failure::new(1, format!("drills take less than {wanted}% of what they must"));
        let failure = little.iter().fold(failure, |failure, file| {
            let share = file.tally().percent();
            failure.note(format!("`{}`: {share}, {} too little", file.name, points(short_of(file, wanted))))
        });
        Some(failure.help("see what is left with `--coverage`, and write drills that take it"))
    }
}

/// Returns how much of a file is lacking, in points of a percent.
fn short_of(file: &FileCoverage, wanted: f64) -> f64 {
    let tally = file.tally();
    if tally.points == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers of points in a text")]
    let share = tally.taken as f64 * 100.0 / tally.points as f64;
    wanted - share
}

/// Returns the difference of two percentages, rounded up: something is lacking.
fn points(difference: f64) -> String {
    format!("{:.1} percentage points", (difference * 10.0).ceil() / 10.0)
}
