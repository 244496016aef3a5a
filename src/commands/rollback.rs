//! `mainstay rollback`.

use serde_json::json;

use super::conduct::Conduct;
use super::failure::Failure;
use super::past::Past;
use super::run::{secrets, tools};
use super::{EXIT_CODES, Format, concurrency, pretty, print, settings};
use crate::engine::{Replayed, Stands};
use crate::event::{Control, Input, Outcome, Request};
use crate::journal::StateDir;
use crate::people::Person;
use crate::program::StatementKind;

const AFTER: &str = "\
Examples:
  mainstay rollback last --dry-run
  mainstay rollback k7f3

A run that has ended is taken back by the undos it recorded, with the values they had, the last one first; then its
section `rollback` is walked, if it was not yet, and the symptom is measured. A run that was left is stopped and taken
back in the same way. An undo that fails does not stop the others; calling again tries what still stands.";

/// Take a run back, also one that has ended
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{AFTER}\n\n{EXIT_CODES}"))]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// Only show what would be taken back, in which order
    #[arg(long)]
    dry_run: bool,

    /// What to write: lines for people, or JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn rollback(args: &Args) -> Result<u8, Failure> {
    let state = StateDir::create(settings::state_dir()?.root())?;
    let past = Past::open(state, &args.run, "take back")?;
    let secrets = secrets(&past.program)?;
    let replayed = past.replay(&secrets)?;
    let (back, stays): (Vec<Stands>, Vec<Stands>) =
        replayed.engine.made().into_iter().rev().partition(|stands| stands.undo.is_some());
    if args.dry_run {
        list(&past, replayed.outcome, &back, &stays, args.format)?;
        if args.format == Format::Text {
            print(&provisos(&past, &replayed))?;
        }
        return Ok(0);
    }
    if replayed.outcome.is_some() && back.is_empty() {
        match args.format {
            Format::Json => list(&past, replayed.outcome, &back, &stays, args.format)?,
            Format::Text => {
                print(&format!("nothing of the run {} can be taken back; nothing was done\n", past.run))?
            }
        }
        return Ok(0);
    }
    concurrency::again(&past.state, &past.run)?;
    tools(&past.program)?;
    let clock = past.clock();
    let by = Person::current().name;
    let occurred = past.no_earlier(clock.now());
    let inputs = vec![past.taken_up(clock)?, Input::Control { control: Control::Rollback, by, occurred }];
    Conduct::again(past, secrets, clock, args.format).resume(args.format, replayed, inputs)
}

/// Returns what may make it come otherwise than is listed.
fn provisos(past: &Past, replayed: &Replayed) -> String {
    let mut text = String::new();
    for ask in &replayed.open {
        if let Request::Command(command) = &ask.request {
            text += &format!(
                "`{}` was under way and may still run: it is ended first, and its own change is settled as one in doubt\n",
                command.typed
            );
        }
    }
    let mut has_point = false;
    past.program.every(&mut |statement| {
        has_point |= matches!(statement.kind, StatementKind::PointOfNoReturn { .. });
    });
    if has_point {
        text += "The runbook has a point of no return: what was done before it stays, where it holds then.\n";
    }
    text
}

fn list(
    past: &Past,
    outcome: Option<Outcome>,
    back: &[Stands],
    stays: &[Stands],
    format: Format,
) -> Result<(), Failure> {
    let run = &past.run;
    if format == Format::Json {
        let of = |stands: &Stands| json!({"change": stands.deed.call, "undo": stands.undo, "note": stands.deed.back});
        return print(&pretty(&json!({
            "run": run,
            "outcome": outcome.map(Outcome::word),
            "would_undo": back.iter().map(of).collect::<Vec<_>>(),
            "would_stay": stays.iter().map(of).collect::<Vec<_>>(),
        }))?);
    }
    let mut text = String::new();
    let mut section = |title: String, deeds: &[Stands], line: fn(&Stands) -> (String, String)| {
        if deeds.is_empty() {
            return;
        }
        text.push_str(&title);
        text.push('\n');
        for (number, deed) in (1..).zip(deeds) {
            let (first, second) = line(deed);
            text.push_str(&format!("{number:4}. {first}\n      {second}\n"));
        }
    };
    section(format!("Rolling the run {run} back would do, in this order:"), back, |stands| {
        (stands.undo.clone().unwrap_or_default(), format!("takes back `{}`", stands.deed.call))
    });
    section("These would stay:".to_owned(), stays, |stands| {
        (stands.deed.call.clone(), stands.deed.back.clone())
    });
    if back.is_empty() {
        text.push_str(&format!("nothing of the run {run} can be taken back\n"));
    }
    print(&text)
}
