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
use crate::world::WorldError;

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
    pub problem: Option<Problem>,
    pub world: GivenWorld,
}

impl Ran {
    /// Returns how it ended, if it did.
    pub fn outcome(&self) -> Option<Outcome> {
        self.records.iter().rev().find_map(|record| match &record.body {
            Body::Fact(Fact::Ended { outcome, .. }) => Some(*outcome),
            _ => None,
        })
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
        Stage {
            program: Arc::clone(program),
            opened: opened(program, params),
            secrets,
            world: GivenWorld::of(program, drill),
            wanting: wanting.map(|(global, _)| global.slot.name.clone()),
            visits: None,
        }
    }

    /// Lets every run note where it has been, over crashes too.
    #[must_use]
    pub fn noting(self, visits: &Visits) -> Stage {
        Stage { visits: Some(visits.clone()), ..self }
    }

    /// Runs it, broken in these ways.
    pub fn run(&self, faults: Faults) -> Ran {
        let mut world = self.world.clone().faults(faults);
        let mut records: Vec<Record> = Vec::new();
        if let Some(name) = &self.wanting {
            return Ran { records, problem: Some(Problem::Param(name.clone())), world };
        }
        let mut engine = Engine::new(Arc::clone(&self.program), self.secrets.clone());
        let mut first = Input::Opened(Box::new(self.opened.clone()));
        let problem = loop {
            if let Some(visits) = &self.visits {
                engine.note(visits);
            }
            let ended = engine::go_on(engine, [first], &mut world, &mut records, &mut []);
            match ended {
                Ok(_) => break None,
                Err(DriveError::World(WorldError::Crashed)) => match self.taken_up(&records, &mut world) {
                    Ok((again, resumed)) => (engine, first) = (again, resumed),
                    Err(why) => break Some(Problem::Other(why)),
                },
                Err(error) => {
                    let missing = world.missing().cloned().map(Problem::Missing);
                    break Some(missing.unwrap_or_else(|| Problem::Other(error.to_string())));
                }
            }
        };
        Ran { records, problem, world }
    }

    /// Takes up a run whose program is gone: what its journal says, and no more, is known.
    fn taken_up(&self, records: &[Record], world: &mut GivenWorld) -> Result<(Engine, Input), String> {
        let replayed = self.replay(records)?;
        world.take_up(replayed.open);
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
