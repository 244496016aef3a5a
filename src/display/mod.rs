//! What stands on the terminal: progress, prompts, results, diagnostics.
//!
//! Owns colours, glyphs, widths and layout. Draws what `timeline` says and finds no words of
//! its own for facts. Never writes what came from outside without taking out what a terminal
//! would obey: a command's output must not move the cursor or recolour an approval.

mod aside;
mod coverage;
mod diagnostics;
pub mod doc;
mod drill;
mod dry;
mod explored;
mod ending;
mod gameday;
mod json;
mod keys;
mod line;
mod look;
pub mod manual;
mod markdown;
mod now;
mod page;
mod pen;
pub mod plan;
mod plain;
mod prompt;
mod region;
mod reports;
mod runs;
mod saved;
mod screen;
mod show;
mod stage;
mod tail;
mod text;
mod verified;
mod waiting;

pub use coverage::{coverage, coverage_json, lcov, page as coverage_page};
pub use diagnostics::{json as diagnostics_json, render as diagnostics, render_one as diagnostic};
pub use drill::{DrilledFile, drills, drills_failed, drills_json, drills_sum, drills_table};
pub use dry::{DryRun, Tally};
pub use ending::ending;
pub use explored::{ExploredFile, explored, explored_case, explored_case_json, explored_json};
pub use gameday::{Expected, game_day, game_day_json};
pub use json::Json;
pub use line::line;
pub use look::{Look, Paint};
pub use markdown::markdown;
pub use plain::Plain;
pub use prompt::{question_page, question_text as question};
pub use reports::{CheckedFile, checked_github, github, junit, sarif, tap};
pub use runs::{RunState, runs, runs_json};
pub use saved::saved_plan;
pub use screen::{Screen, TICK};
pub use show::show;
pub use text::{ascii, clean};
pub use verified::{Discrepancy, Verified, record_line, verified};
pub use waiting::{WaitingLine, waiting};
