//! How a run is carried out, whether it begins or goes on: what it is given, who watches, and what is said at its end.
//!
//! Never decides what is run, nor with which values (`run`, `resume`, `rollback` do).

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Arc;

use super::failure::{Failure, warn, warn_with};
use super::past::Past;
use super::view::View;
use super::{Format, detach, kept, letters};
use crate::engine::{self, Replayed};
use crate::event::{Body, Input, Opened, Outcome, Record};
use crate::journal::{Asks, Head, Index, RunJournal, Stamps, StateDir};
use crate::people::inbox::Seen;
use crate::people::{Rules, Terminal};
use crate::program::Program;
use crate::real::{Clock, RealConfig, RealWorld};
use crate::timeline::Summary;
use crate::value::Secret;
use crate::world::Observer;

/// A run, ready to be carried out.
pub(super) struct Conduct {
    pub program: Arc<Program>,
    pub secrets: BTreeMap<String, Secret>,
    pub state: StateDir,
    pub run: String,
    pub clock: Clock,
    pub journal: RunJournal,
    pub seat: Option<Terminal>,
    pub prevention: String,
    /// What a run that was left has behind it, as it is shown.
    pub records: Vec<Record>,
    /// Whether the machine has run without a break since somebody executed it.
    pub same_boot: bool,
}

impl Conduct {
    /// Carries a new run out.
    pub fn open(self, format: Format, opened: Opened) -> Result<u8, Failure> {
        let rules = Rules::of(&opened);
        self.carry_out(
            format,
            rules,
            opened.unattended,
            Seen::default(),
            |program, secrets, world, journal, observers| {
                engine::drive(program, opened, secrets, world, journal, observers)
            },
        )
    }

    /// Returns a run that was left, ready to be gone on with.
    pub fn again(past: Past, secrets: BTreeMap<String, Secret>, clock: Clock, format: Format) -> Conduct {
        let terminal = !past.opened.unattended
            && std::io::stdin().is_terminal()
            && std::io::stdout().is_terminal()
            && format == Format::Text;
        let seat = if terminal { Terminal::open().ok() } else { None };
        if seat.is_some() {
            detach::warn_of_what_ends_all();
        }
        let records = past.shown();
        let same_boot = kept::is_of_this_boot(past.summary.executor.as_ref());
        let Past { state, run, journal, program, .. } = past;
        let prevention =
            std::fs::read_to_string(state.run_dir(&run).join(kept::PREVENTION)).unwrap_or_default();
        Conduct { program, secrets, state, run, clock, journal, seat, prevention, records, same_boot }
    }

    /// Goes on with a run that was left, beginning with these inputs.
    pub fn resume(mut self, format: Format, replayed: Replayed, inputs: Vec<Input>) -> Result<u8, Failure> {
        let records = std::mem::take(&mut self.records);
        let same_boot = self.same_boot;
        let Some(opened) = opening(&records) else {
            return Err(Failure::new(1, "the run was never opened"));
        };
        let (rules, unattended) = (Rules::of(opened), opened.unattended);
        let seen = letters::taken(&records);
        self.carry_out(format, rules, unattended, seen, |_, _, world, journal, observers| {
            for observer in observers.iter_mut() {
                observer.stored(&records);
            }
            world.take_up(replayed.open, same_boot)?;
            engine::go_on(replayed.engine, inputs, world, journal, observers)
        })
    }

    fn carry_out(
        self,
        format: Format,
        rules: Rules,
        unattended: bool,
        seen: Seen,
        drive: impl FnOnce(
            Arc<Program>,
            BTreeMap<String, Secret>,
            &mut RealWorld,
            &mut RunJournal,
            &mut [&mut dyn Observer],
        ) -> Result<Outcome, engine::DriveError>,
    ) -> Result<u8, Failure> {
        let Conduct { program, secrets, state, run, clock, mut journal, seat, prevention, .. } = self;
        let sources = Arc::new(program.sources.clone());
        let mut view = View::new(format, sources, &prevention, &state.run_dir(&run));
        let mut world = RealWorld::new(RealConfig {
            clock,
            seat: seat.map(|terminal| view.seat(terminal)),
            rules,
            inbox: Some(seen),
            unattended,
            secrets: secrets.values().cloned().collect(),
            commands: program.has_commands(),
            live: view.live(),
            tick: view.tick(),
            ..RealConfig::new(state.run_dir(&run))
        })
        .map_err(|e| Failure::new(1, e.to_string()))?;
        let mut folded = Folded::default();
        let observers: &mut [&mut dyn Observer] = &mut [&mut folded, view.observer()];
        let driven = drive(program, secrets, &mut world, &mut journal, observers);
        match &driven {
            Ok(_) => world.close(),
            Err(_) => drop(world),
        }
        view.leave();
        let outcome = match driven {
            Ok(outcome) => outcome,
            Err(error) if journal.head().seq == 0 => {
                let failure = not_begun(&error, journal.remedy());
                drop(journal);
                state.discard(&run);
                return Err(failure);
            }
            Err(error) => return Err(stopped(&error, journal.remedy(), &run)),
        };
        let head = journal.close();
        match head {
            Ok(head) => {
                // The journal has it; whoever closed the output does not want it.
                let _ = view.record(&run, outcome, &head);
                folded.list(&state, head);
            }
            Err(error) => warn(error.to_string()),
        }
        if outcome == Outcome::Suspended && format == Format::Text {
            let help = match folded.summary.open_questions.is_empty() {
                true => format!("`mainstay resume {run}` goes on with it"),
                false => format!(
                    "`mainstay waiting {run}` shows how it is answered; `mainstay resume {run}` goes on with it, and with \
                     what was answered in time"
                ),
            };
            warn_with("the run was left as it stands", help);
        }
        Ok(outcome.exit_code())
    }
}

fn opening(records: &[Record]) -> Option<&Opened> {
    match records.first().map(|record| &record.body) {
        Some(Body::Input(Input::Opened(opened))) => Some(opened),
        _ => None,
    }
}

/// Returns the words for a run of which not even the beginning could be stored.
pub(super) fn not_begun(error: &engine::DriveError, remedy: Option<&str>) -> Failure {
    let failure = Failure::new(1, format!("nothing was run: {error}"));
    remedy.into_iter().fold(failure, |failure, remedy| failure.help(remedy))
}

/// Returns the words for a run that could not go on. `remedy`: what can be done about its journal.
fn stopped(error: &engine::DriveError, remedy: Option<&str>, run: &str) -> Failure {
    let failure = Failure::new(1, format!("the run was stopped where it stood: {error}"));
    let failure = remedy.into_iter().fold(failure, |failure, remedy| failure.help(remedy));
    failure
        .help(format!("then `mainstay resume {run}` goes on with it"))
        .help(format!("`mainstay show {run}` shows what was changed and not taken back"))
}

/// Folds the run for the index while it goes on.
#[derive(Default)]
pub(super) struct Folded {
    pub summary: Summary,
    seq: u64,
}

impl Folded {
    /// Puts the run into the index, which is only a shortcut: what it lacks is folded from the journal.
    pub fn list(&self, state: &StateDir, head: Head) {
        if let Ok(mut index) = Index::open(state) {
            let stamp = Stamps::of(state).and_then(|stamps| stamps.stamp(&self.summary.run));
            let asks = self.summary.asks().map(Asks::brief);
            let _ = index.record(&self.summary.listing(head), asks.as_ref(), stamp.as_ref());
        }
    }
}

impl Observer for Folded {
    fn stored(&mut self, records: &[Record]) {
        for record in records {
            self.seq += 1;
            self.summary.take(self.seq, record);
        }
    }
}
