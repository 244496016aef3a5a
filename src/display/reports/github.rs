//! Drills as GitHub Actions show them beside a change: workflow commands, and a line for each drill.
//!
//! Escapes as `actions/toolkit` does: a message has `%`, CR and LF escaped, a property `:` and `,` as well.

use std::fmt::Write as _;

use super::{details, outcome, place, summary, took};
use crate::display::DrilledFile;
use crate::display::text::one_line;
use crate::source::Place;

/// Returns a line for each drill, and commands that mark what is not as expected in the files.
pub fn github(files: &[DrilledFile<'_>]) -> String {
    let mut out = String::new();
    for of in files {
        for report in of.reports {
            let sign = if report.passed() { "passed" } else { "FAILED" };
            let line = format!("{}: {}: {}, {}", of.file, report.title, outcome(report), took(report));
            let _ = writeln!(out, "{sign}  {}", readable(&line));
            if report.passed() {
                for name in &report.unused {
                    let place = of.sources.place(report.span);
                    command(
                        &mut out,
                        "warning",
                        &place,
                        &report.title,
                        &format!("`{name}` is given and never asked for"),
                    );
                }
            } else {
                let message = format!("{}\n\n{}", summary(report), details(report, of.sources));
                command(&mut out, "error", &place(report, of), &report.title, &message);
            }
        }
    }
    out
}

fn command(out: &mut String, kind: &str, place: &Place, title: &str, message: &str) {
    let Place { file, line, column } = place;
    let (file, title, message) = (property(file), property(&format!("drill \"{title}\"")), data(message));
    let _ = writeln!(out, "::{kind} file={file},line={line},col={column},title={title}::{message}");
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a line that holds no command: the old form of commands is found anywhere in a line.
fn readable(line: &str) -> String {
    one_line(line).replace("##[", "## [")
}
