//! `mainstay show`.

use super::failure::Failure;
use super::{Format, pretty, print};
use super::{gameday, kept};
use crate::display::{self, Look};

const AFTER: &str = "\
Examples:
  mainstay show last
  mainstay show k7f3
  mainstay show 20261121-0142-k7f3 --format json";

/// Show a run: how it ended, what was found, approved, changed, and what stands
///
/// Failures are shown where they happened in the runbook, with the command, its exit status, and the end
/// of what it printed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn show(args: &Args) -> Result<u8, Failure> {
    let kept = kept::read(&args.run)?;
    let played = kept.summary.game_day.is_some();
    let expected = gameday::expected(&kept.summary, &kept.sources, &kept.records);
    match args.format {
        Format::Json if played => {
            let cannot = |e| Failure::new(1, format!("cannot be written as JSON: {e}"));
            let mut all = serde_json::to_value(&kept.summary).map_err(cannot)?;
            all["game_day"] = display::game_day_json(&kept.summary, &expected);
            print(&pretty(&all)?)?;
        }
        Format::Json => print(&pretty(&kept.summary)?)?,
        Format::Text => {
            let look = Look::of_stdout();
            print(&display::show(&kept.summary, kept.state, &kept.sources, look))?;
            if played {
                print(&display::game_day(&kept.summary, &expected, look))?;
            }
        }
    }
    Ok(0)
}
