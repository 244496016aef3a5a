//! `mainstay timeline`.

use super::failure::Failure;
use super::{kept, print};
use crate::timeline;

const AFTER: &str = "\
Examples:
  mainstay timeline last
  mainstay timeline k7f3 > post-mortem.md

Each entry names its evidence: `#12` is row 12 of the run's journal, a path is a file in the run's folder.";

/// Write a run's timeline as Markdown, ready for the post-mortem
///
/// With times in UTC, who did what, the outcome and its evidence, and the times to detect, decide and
/// resolve. What a person must judge stays empty, with a prompt.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,
}

pub(super) fn timeline(args: &Args) -> Result<u8, Failure> {
    let kept = kept::read(&args.run)?;
    let entries = timeline::entries(&kept.records);
    print(&timeline::markdown(&kept.summary, &entries, &kept.sources))?;
    Ok(0)
}
