//! The stage: a program with everything that a drill gives it, which can be run again and again.
//!
//! Owns how a run is opened in a drill, and how one that crashes is taken up again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{self, DriveError, Engine, Visits};
use crate::event::{Body, Fact, Heard, Input, Opened, Outcome, Record};
use crate::given::{self, Faults, GivenWorld, Missing};
use crate::program::{Drill, GivenWhat, GlobalSource, Program};
use crate::value::{Secret, Value};
use crate::world::{Store, StoreError, WorldError};

/// A program and all that is given.
#[derive(Clone, Debug)]
pub struct Stage {
    pub program: Arc<Program>,
    opened: Opened,
    secrets: BTreeMap<String, Secret>,
    world: GivenWorld,
    /// A parameter that has no value.
    wanting: Option<String>,
    /// Where its runs have been; `None`: nobody wants to know.
    visits: Option<Visits>,
}

/// Why a run did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something was asked for that the drill does not give.
    Missing(Missing),
    /// A parameter without a default.
    Param(String),
    /// Anything else: a mistake of this program.
    Other(String),
}

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
    pub records: Vec<Record>,
    /// How often records were stored.
    pub writes: usize,
    pub problem: Option<Problem>,
    pub world: GivenWorld,
}

/// Where a run's records are kept, and what of them.
#[derive(Debug, Default)]
pub struct Kept {
    records: Vec<Record>,
    writes: usize,
    /// The write that is refused, from 0; the run is then taken up.
    refuses: Option<usize>,
    refused: bool,
    /// Which records are kept; `None`: all, as a run that is taken up needs.
    only: Option<fn(&Record) -> bool>,
    seen: usize,
}

fn endless() -> String {
    format!("after {ENDLESS} records it was given up: what is given lets it go on and on")
}

fn ended_in(records: &[Record]) -> Option<Outcome> {
    records.iter().rev().find_map(|record| match &record.body {
        Body::Fact(Fact::Ended { outcome, .. }) => Some(*outcome),
        _ => None,
    })
}

/// Records after which a run is taken to go on for ever.
const ENDLESS: usize = 500_000;

impl Kept {
    /// Returns what keeps only these.
    pub fn only(keeps: fn(&Record) -> bool) -> Kept {
        Kept { only: Some(keeps), ..Kept::default() }
    }

    /// Returns what keeps all, and refuses one write.
    pub fn refusing(write: usize) -> Kept {
        Kept { refuses: Some(write), ..Kept::default() }
    }

    fn was_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }
}

impl Store for Kept {
    fn append(&mut self, records: &[Record], _: bool) -> Result<(), StoreError> {
        self.append_turns(&[records.to_vec()], true)
    }

    fn append_turns(&mut self, turns: &[Vec<Record>], _: bool) -> Result<(), StoreError> {
        if self.refuses == Some(self.writes) {
            self.refuses = None;
            self.refused = true;
            return Err(StoreError(String::from("no space left, as a fault gives it")));
        }
        self.writes += 1;
        self.seen += turns.iter().map(Vec::len).sum::<usize>();
        if self.seen > ENDLESS {
            return Err(StoreError(endless()));
        }
        Ok(())
    }

    fn take(&mut self, stored: Vec<Record>) {
        match self.only {
            None => self.records.extend(stored),
            Some(keeps) => self.records.extend(stored.into_iter().filter(keeps)),
        }
    }
}

impl Ran {
    /// Returns how it ended, if it did.
    pub fn outcome(&self) -> Option<Outcome> {
        ended_in(&self.records)
    }

    /// Returns how long it took on the virtual clock, nanoseconds.
    pub fn elapsed(&self) -> i64 {
        self.records.last().map_or(0, |record| record.at.run_ns)
    }
}

impl Stage {
    /// Sets up what the drill gives.
    pub fn new(program: &Arc<Program>, drill: &Drill) -> Stage {
        let mut given: BTreeMap<&str, &Value> = BTreeMap::new();
        for line in &drill.given {
            match &line.what {
                GivenWhat::Alert { labels } => {
                    for (name, value) in labels {
                        given.entry(name).or_insert(value);
                    }
                }
                GivenWhat::Param { name, value } => {
                    given.insert(name, value);
                }
                _ => {}
            }
        }
        let wanting = program.params().find(|(global, param)| {
            param.default.is_none() && !given.contains_key(global.slot.name.as_str())
        });
        let secrets = secrets(program, &given);
        let params = given.iter().filter(|(name, _)| !secrets.contains_key(**name));
        let params = params.map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
        let world = GivenWorld::of(program, drill).hiding(secrets.values());
        Stage {
            program: Arc::clone(program),
            opened: opened(program, params),
            secrets,
            world,
            wanting: wanting.map(|(global, _)| global.slot.name.clone()),
            visits: None,
        }
    }

    /// Returns a parameter that has neither a default nor a value.
    pub fn wanting(&self) -> Option<&str> {
        self.wanting.as_deref()
    }

    /// Returns the parameters that are given, with their values.
    pub fn params(&self) -> &[(String, Value)] {
        &self.opened.params
    }

    /// Returns what stands for the secrets, by their names.
    pub fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.secrets
    }

    /// Lets every run note where it has been, over crashes too.
    #[must_use]
    pub fn noting(self, visits: &Visits) -> Stage {
        Stage { visits: Some(visits.clone()), ..self }
    }

    /// Runs it, broken in these ways.
    pub fn run(&self, faults: Faults) -> Ran {
        self.run_with(faults, Kept::default())
    }

    /// Runs it, broken in these ways, and keeps of its records what `kept` keeps.
    pub fn run_with(&self, faults: Faults, mut kept: Kept) -> Ran {
        let mut world = self.world.clone().faults(faults);
        if self.world.crashes() {
            kept.only = None;
        }
        if let Some(name) = &self.wanting {
            let problem = Some(Problem::Param(name.clone()));
            return Ran { records: Vec::new(), writes: 0, problem, world };
        }
        let mut engine = Engine::new(Arc::clone(&self.program), self.secrets.clone());
        let mut first = Input::Opened(Box::new(self.opened.clone()));
        let problem = loop {
            if let Some(visits) = &self.visits {
                engine.note(visits);
            }
            let ended = engine::go_on(engine, [first], &mut world, &mut kept, &mut []);
            let gone = match &ended {
                Err(DriveError::World(WorldError::Crashed)) => true,
                Err(DriveError::Store(_)) => kept.was_refused(),
                _ => false,
            };
            match ended {
                Ok(_) => break None,
                // What is gone had nothing left to do.
                Err(_) if gone && ended_in(&kept.records).is_some() => break None,
                Err(_) if gone => match self.taken_up(&kept.records, &mut world) {
                    Ok((again, resumed)) => (engine, first) = (again, resumed),
                    Err(why) => break Some(Problem::Other(why)),
                },
                Err(error) => {
                    let missing = world.missing().cloned().map(Problem::Missing);
                    let why = if kept.seen > ENDLESS { endless() } else { error.to_string() };
                    break Some(missing.unwrap_or(Problem::Other(why)));
                }
            }
        };
        Ran { records: kept.records, writes: kept.writes, problem, world }
    }

    /// Takes up a run whose program is gone: what its journal says, and no more, is known.
    fn taken_up(&self, records: &[Record], world: &mut GivenWorld) -> Result<(Engine, Input), String> {
        let replayed = self.replay(records)?;
        let stored = |input: &Input| {
            records.iter().rev().any(|record| matches!(&record.body, Body::Input(known) if known == input))
        };
        world.take_up(replayed.open, stored);
        let resumed = Input::Heard {
            heard: Heard::Resumed { executor: None, accepted: String::new() },
            who: self.opened.user.clone(),
            uid: self.opened.uid,
            letter: String::new(),
            occurred: crate::world::World::now(world),
        };
        Ok((replayed.engine, resumed))
    }

    /// Returns the run as these records leave it.
    ///
    /// # Errors
    /// When they are not what the program does.
    pub fn replay(&self, records: &[Record]) -> Result<engine::Replayed, String> {
        engine::replay(Arc::clone(&self.program), self.secrets.clone(), records).map_err(|e| e.to_string())
    }
}

/// Returns what stands for the secrets of a program of which nothing is given.
pub(super) fn stand_ins(program: &Program) -> BTreeMap<String, Secret> {
    secrets(program, &BTreeMap::new())
}

/// Returns what stands for the secrets: what is given, else an address that says what it is, since many are one.
fn secrets(program: &Program, given: &BTreeMap<&str, &Value>) -> BTreeMap<String, Secret> {
    let globals = program.with_followed().flat_map(|book| &book.globals);
    let names = globals.filter(|global| matches!(global.source, GlobalSource::Secret(_)));
    names
        .map(|global| {
            let name = &global.slot.name;
            let text = given.get(name.as_str()).map_or_else(
                || format!("drill://drill:drilled-{name}@drill.invalid/{name}"),
                ToString::to_string,
            );
            (name.clone(), Secret::new(name.as_str(), text.as_str()))
        })
        .collect()
}

fn opened(program: &Program, params: Vec<(String, Value)>) -> Opened {
    let file = program.sources.iter().next().map_or("", |(_, source)| source.name.as_str());
    Opened {
        run: String::from("drill"),
        host: String::from("drill"),
        params,
        ..given::opening(program, file)
    }
}
