//! Runs that somebody goes on with: their journal, the text they follow, and where they stand.
//!
//! Shared by `resume` and `rollback`. Owns which text a run follows: the one it began with, or the last one
//! that was accepted in its place. Never begins anything.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::failure::{Failure, INVALID};
use super::kept;
use crate::check::{self, Disk, Memory};
use crate::engine::{self, Replayed, Text};
use crate::event::{Body, Executor, Fact, Heard, Input, Moment, Opened, Record};
use crate::journal::{Index, RunJournal, StateDir};
use crate::people::Person;
use crate::process::identity;
use crate::program::Program;
use crate::real::Clock;
use crate::source::{SourceId, Sources};
use crate::timeline::Summary;
use crate::value::Secret;

/// A run that somebody goes on with. Holds its lock.
pub(super) struct Past {
    pub state: StateDir,
    pub run: String,
    pub journal: RunJournal,
    pub records: Vec<Record>,
    pub opened: Opened,
    pub summary: Summary,
    /// The texts it follows.
    pub sources: Sources,
    pub program: Arc<Program>,
    /// The hash of the text that takes the place of the one it followed; empty where none does.
    pub accepted: String,
}

impl Past {
    /// Opens the run that `given` stands for, in the folder in which it began.
    ///
    /// # Errors
    /// When somebody else executes it, it belongs to another user, or its journal or its texts are damaged.
    pub fn open(state: StateDir, given: &str, doing: &str) -> Result<Past, Failure> {
        let run = state.find(given)?;
        let journal = RunJournal::open(&state, &run)?;
        let records = journal.read()?;
        let Some(Body::Input(Input::Opened(opened))) = records.first().map(|record| &record.body) else {
            return Err(Failure::new(
                1,
                format!("the run {run} was never opened; there is nothing to {doing}"),
            ));
        };
        let opened = (**opened).clone();
        if opened.game_day.is_some() {
            return Err(super::gameday::refused(&run, doing));
        }
        let me = Person::current();
        if me.uid != opened.uid {
            let user = Person::of(opened.uid).name;
            let what = format!("the run {run} is `{user}`'s, and only who began a run can {doing} it");
            let verb = doing.split(' ').next().unwrap_or_default();
            let verb = if verb == "go" { "resume" } else { "rollback" };
            return Err(
                Failure::new(INVALID, what).help(format!("as root: `sudo -u {user} mainstay {verb} {run}`"))
            );
        }
        let numbered: Vec<(u64, Record)> = (1..).zip(records.iter().cloned()).collect();
        let summary = Summary::of(&numbered);
        std::env::set_current_dir(Path::new(&opened.cwd)).map_err(|e| {
            Failure::new(1, format!("the folder `{}`, in which the run began: {e}", opened.cwd))
        })?;
        let (sources, program) = followed(&state, &run, &opened, &summary)?;
        Ok(Past { state, run, journal, records, opened, summary, sources, program, accepted: String::new() })
    }

    /// Takes the text as it is now, where it has changed and `accept` says so.
    ///
    /// # Errors
    /// When it has changed and `accept` does not say so; or what it has become does not run.
    pub fn look_at_the_text(&mut self, accept: bool) -> Result<(), Failure> {
        let now = check::check(&self.opened.file, &Disk);
        if now.program.as_ref().is_some_and(|program| program.hash == self.program.hash) {
            return Ok(());
        }
        let run = &self.run;
        let changed = self.changed(&now.sources);
        let is_gone = !Path::new(&self.opened.file).exists();
        if !accept {
            let mut failure = Failure::new(
                INVALID,
                format!("the text of the run {run} is not what it was; nothing was done"),
            );
            for line in changed.into_iter().filter(|_| !is_gone) {
                failure = failure.note(line);
            }
            if is_gone {
                failure = failure.note(format!("`{}` is not there any more", self.opened.file));
            } else {
                failure = failure.help(format!(
                    "`mainstay resume {run} --accept-changed` goes on with the text as it is now, where what was \
                     done fits it"
                ));
            }
            return Err(
                failure.help(format!("`mainstay resume {run} --as-begun` goes on with the text as it was"))
            );
        }
        let program = super::check::ready(&self.opened.file, now)?;
        self.accepted.clone_from(&program.hash);
        self.sources = program.sources.clone();
        self.program = program;
        Ok(())
    }

    /// Returns which texts are not what they were, each a line.
    fn changed(&self, now: &Sources) -> Vec<String> {
        let hashes = |sources: &Sources| -> BTreeMap<String, String> {
            let hash = |text: &str| blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
            sources.iter().map(|(_, source)| (source.name.clone(), hash(&source.text))).collect()
        };
        let (before, now) = (hashes(&self.sources), hashes(now));
        let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
        names
            .filter(|name| before.get(*name) != now.get(*name))
            .map(|name| match (before.get(name), now.get(name)) {
                (Some(was), Some(is)) => format!("`{name}` was {was}, and is {is}"),
                (Some(was), None) => format!("`{name}` was {was}, and is not there or not used any more"),
                (_, is) => {
                    format!("`{name}` was not used, and is {}", is.map(String::as_str).unwrap_or_default())
                }
            })
            .collect()
    }

    /// Walks the recorded way again, to where the run stands.
    ///
    /// # Errors
    /// When the recorded way does not fit the text.
    pub fn replay(&self, secrets: &BTreeMap<String, Secret>) -> Result<Replayed, Failure> {
        // Also where it was accepted before: what stands above that was written with another one.
        let is_same = self.accepted.is_empty() && self.summary.accepted.1.is_empty();
        let text = if is_same { Text::Same } else { Text::Changed };
        let replayed = engine::replay_as(Arc::clone(&self.program), secrets.clone(), &self.records, text);
        replayed.map_err(|error| {
            let failure = Failure::new(1, error.to_string());
            let run = &self.run;
            match self.accepted.as_str() {
                "" => {
                    failure.help(format!("`mainstay show {run}` shows what stands"))
                }
                _ => failure
                    .note("what was done before must stand in the new text as it did in the old one, in the same order")
                    .help(format!("`mainstay resume {run} --as-begun` goes on with the text as it was")),
            }
        })
    }

    /// Returns the run's clock: it went on while nobody ran it.
    pub fn clock(&self) -> Clock {
        kept::clock(self.summary.executor.as_ref(), self.summary.last)
    }

    /// Writes down that this process executes the run from here on.
    ///
    /// # Errors
    /// When the text that was accepted cannot be kept.
    pub fn taken_up(&self, clock: Clock) -> Result<Input, Failure> {
        if !self.accepted.is_empty() {
            let name = kept::sources_of(&self.accepted);
            let text = serde_json::to_vec(&self.sources).unwrap_or_default();
            // Accepted before, by somebody who did not come to say so: it is the same text.
            if !self.state.run_dir(&self.run).join(&name).exists() {
                self.state.keep(&self.run, &name, &text)?;
            }
        }
        // It goes on: what the list of runs knows of its end holds no more.
        if let Ok(mut index) = Index::open(&self.state) {
            let _ = index.forget(&self.run);
        }
        let Person { uid, name: who } = Person::current();
        let executor = Some(Box::new(this_process(clock)));
        let heard = Heard::Resumed { executor, accepted: self.accepted.clone() };
        Ok(Input::Heard { heard, who, uid, letter: String::new(), occurred: self.no_earlier(clock.now()) })
    }

    /// Returns a moment that is not before the last one of the run.
    pub fn no_earlier(&self, now: Moment) -> Moment {
        let last = self.records.last().map_or(now.run_ns, |record| record.at.run_ns);
        Moment { run_ns: now.run_ns.max(last), ..now }
    }

    /// Returns the records as they are shown: places in a text that another one has replaced are left out.
    pub fn shown(&self) -> Vec<Record> {
        let mut records = self.records.clone();
        if self.accepted.is_empty() {
            forget_places(&mut records.iter_mut().zip(1..), self.summary.accepted.0);
        } else {
            forget_places(&mut records.iter_mut().zip(1..), u64::MAX);
        }
        records
    }
}

/// Leaves the places out that point into a text which was replaced at row `before`.
pub(super) fn forget_places(records: &mut dyn Iterator<Item = (&mut Record, u64)>, before: u64) {
    for (record, seq) in records {
        if seq < before
            && let Body::Fact(Fact::Failed { span, .. }) = &mut record.body
        {
            span.source = SourceId(u32::MAX);
        }
    }
}

/// Returns what is written down of this process as an executor.
fn this_process(clock: Clock) -> Executor {
    Executor {
        pid: std::process::id(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        boot_id: identity::boot_id().to_owned(),
        zero_ns: clock.zero(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Returns the texts with which the run in that folder began.
///
/// # Errors
/// When they cannot be read.
pub(super) fn texts(folder: &Path, run: &str) -> Result<Sources, Failure> {
    texts_at(&folder.join(kept::SOURCES), run)
}

fn texts_at(path: &Path, run: &str) -> Result<Sources, Failure> {
    let text = std::fs::read(path).map_err(|e| lost(path, run, &e.to_string()))?;
    serde_json::from_slice(&text).map_err(|e| lost(path, run, &e.to_string()))
}

fn lost(path: &Path, run: &str, why: &str) -> Failure {
    Failure::new(1, format!("the texts of the run cannot be had from `{}`: {why}", path.display()))
        .help(format!("`mainstay show {run}` shows what was changed and not taken back"))
}

/// Returns the program that the run follows: of the text it began with, or of the last one that was accepted.
///
/// # Errors
/// When the texts cannot be read, or are not those that the run followed.
pub(super) fn followed(
    state: &StateDir,
    run: &str,
    opened: &Opened,
    summary: &Summary,
) -> Result<(Sources, Arc<Program>), Failure> {
    let (name, hash) = match summary.accepted.1.as_str() {
        "" => (kept::SOURCES.to_owned(), &opened.program_hash),
        accepted => (kept::sources_of(accepted), &summary.accepted.1),
    };
    let path = state.run_dir(run).join(name);
    let sources = texts_at(&path, run)?;
    let lost = |why: String| lost(&path, run, &why);
    let loader =
        Memory::new(sources.iter().map(|(_, source)| (source.name.clone(), source.text.to_string())));
    let program = check::check(&opened.file, &loader)
        .program
        .ok_or_else(|| lost("they are not in order".to_owned()))?;
    if program.hash != *hash {
        return Err(lost(format!("they are {}, the run follows {hash}", program.hash)));
    }
    Ok((sources, Arc::new(program)))
}
