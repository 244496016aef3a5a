//! What is shown of a run while it goes on: a screen, plain lines, or its records.
//!
//! The same for whoever executes it and for whoever looks on (`attach`).

use std::path::Path;
use std::sync::Arc;

use super::failure::Failure;
use super::{Format, print};
use crate::display::{Json, Look, Plain, Screen, TICK, record_line};
use crate::event::Outcome;
use crate::journal::Head;
use crate::people::{Seat, Terminal};
use crate::real::Tick;
use crate::source::Sources;
use crate::world::Observer;

/// What is shown while it runs.
pub(super) enum View {
    Json(Json<std::io::Stdout>),
    Plain(Box<Plain<std::io::Stdout>>),
    Screen(Screen),
}

impl View {
    pub fn new(format: Format, sources: Arc<Sources>, prevention: &str, run_dir: &Path) -> View {
        let look = Look::of_stdout();
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        match format {
            Format::Json => View::Json(Json::new(std::io::stdout())),
            Format::Text if look.width.is_some() && !dumb => {
                View::Screen(Screen::new(look, sources).with_prevention(prevention).in_folder(run_dir))
            }
            Format::Text => {
                let plain = Plain::new(std::io::stdout(), look, sources).with_prevention(prevention);
                View::Plain(Box::new(plain))
            }
        }
    }

    pub fn observer(&mut self) -> &mut dyn Observer {
        match self {
            View::Json(json) => json,
            View::Plain(plain) => &mut **plain,
            View::Screen(screen) => screen,
        }
    }

    /// Makes it a look at a run that goes on elsewhere.
    pub fn watch(&self) {
        if let View::Screen(screen) = self {
            screen.watch();
        }
    }

    pub fn seat(&self, terminal: Terminal) -> Seat {
        let prompter = match self {
            View::Screen(screen) => screen.prompter(),
            // Somebody sits at a terminal that can only be written to line by line.
            _ => Screen::still(Look { colour: false, ..Look::of_stdout() }).prompter(),
        };
        Seat { terminal, prompter }
    }

    pub fn live(&self) -> Option<crate::real::Live> {
        let View::Screen(screen) = self else {
            return None;
        };
        let screen = screen.clone();
        Some(Box::new(move |address, stream, offset, bytes| screen.printed(address, stream, offset, bytes)))
    }

    pub fn tick(&self) -> Option<Tick> {
        let View::Screen(screen) = self else {
            return None;
        };
        let screen = screen.clone();
        Some(Tick { every: TICK, call: Box::new(move || screen.tick()) })
    }

    /// Writes the hash in which the record ends, so that it can be kept elsewhere.
    pub fn record(&self, run: &str, outcome: Outcome, head: &Head) -> Result<(), Failure> {
        match self {
            View::Json(_) => {
                let last = serde_json::json!({ "run": run, "outcome": outcome, "head": head });
                print(&format!("{last}\n"))
            }
            View::Plain(_) | View::Screen(_) => print(&record_line(head, Look::of_stdout())),
        }
    }

    pub fn leave(&self) {
        if let View::Screen(screen) = self {
            screen.leave();
        }
    }
}
