//! `mainstay run --dry-run`: what a run would do now.
//!
//! Owns how it is set up: in a folder of its own that is gone afterwards, with no inbox, no index, no lock and no name
//! of a run. Never decides what would be done (`engine` does).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::beforehand::Beforehand;
use super::failure::{Failure, warn};
use super::{Format, concurrency};
use crate::config::Config;
use crate::display::{DryRun, Look};
use crate::engine::{self, Engine};
use crate::event::{Input, Opened, Outcome, Record};
use crate::journal::StateDir;
use crate::program::{Expr, ExprKind, GlobalSource, NameRef, Program};
use crate::real::{Clock, DryWorld, RealConfig, RealWorld, fetch_secret, secret_is_missing};
use crate::value::Secret;

/// Exit code of a dry run after which a run would do nothing.
const NOTHING_TO_DO: u8 = 6;

/// What a dry run came to.
pub(super) struct Dry {
    pub code: u8,
    pub outcome: Outcome,
    pub records: Vec<Record>,
    /// What it told, as plain text.
    pub lines: String,
}

/// Carries a dry run out, and shows it.
pub(super) fn run(
    program: Arc<Program>,
    opened: Opened,
    secrets: BTreeMap<String, Secret>,
    format: Format,
    clock: Clock,
) -> Result<Dry, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("mainstay-dry-")
        .tempdir()
        .map_err(|e| Failure::new(1, format!("cannot make a folder for what commands print: {e}")))?;
    let world = RealWorld::new(RealConfig {
        clock,
        unattended: true,
        secrets: secrets.values().cloned().collect(),
        commands: program.has_commands(),
        ..RealConfig::new(folder.path())
    })
    .map_err(|e| Failure::new(1, e.to_string()))?;
    let mut world = DryWorld::new(world);
    let sources = Arc::new(program.sources.clone());
    let mut shown =
        DryRun::new(std::io::stdout(), format == Format::Json, Look::of_stdout(), sources.clone());
    let mut lines = Vec::new();
    let mut kept = DryRun::new(&mut lines, false, Look { unicode: true, ..Look::BARE }, sources);
    let mut records: Vec<Record> = Vec::new();
    let first = [Input::Opened(Box::new(opened))];
    let driven = engine::go_on(
        Engine::dry(program, secrets),
        first,
        &mut world,
        &mut records,
        &mut [&mut shown, &mut kept],
    );
    world.into_inner().close();
    if let Err(error) = folder.close() {
        warn(format!("a folder of a dry run is left behind: {error}"));
    }
    let outcome =
        driven.map_err(|e| Failure::new(1, format!("the dry run was stopped where it stood: {e}")))?;
    let would = shown.end(outcome);
    kept.end(outcome);
    let code = match outcome {
        Outcome::Failed | Outcome::Aborted | Outcome::Suspended => outcome.exit_code(),
        _ if would.acts() => 0,
        _ => NOTHING_TO_DO,
    };
    Ok(Dry { code, outcome, records, lines: String::from_utf8_lossy(&lines).into_owned() })
}

/// Warns where a run has the key that this one would need.
pub(super) fn warn_of_what_has_the_key(
    program: &Program,
    config: &Config,
    known: &Beforehand,
) -> Result<(), Failure> {
    let root = StateDir::place(config.state())?;
    let Some(key) = concurrency::key(program, known)? else { return Ok(()) };
    // Where no run was ever kept, none has it; and nothing is made here.
    if root.exists()
        && let Some(taken) = concurrency::taken(&StateDir::create(root)?, &key)?
    {
        warn(taken);
    }
    Ok(())
}

/// Fetches the secrets that readings may need, and with `all` the others that can be had. In the place of those that are
/// not fetched stands nothing: what would be changed with them is not.
pub(super) fn secrets(program: &Program, all: bool) -> Result<BTreeMap<String, Secret>, Failure> {
    let mut fetched = BTreeMap::new();
    for program in program.with_followed() {
        let needed = read_with(program);
        for (index, global) in (0u32..).zip(&program.globals) {
            let GlobalSource::Secret(sources) = &global.source else { continue };
            let name = &global.slot.name;
            if needed.contains(&index) {
                let secret = fetch_secret(name, sources).map_err(|e| {
                    Failure::new(super::failure::INVALID, e.to_string()).help("a reading needs it")
                })?;
                fetched.insert(name.clone(), secret);
            } else if let Some(why) = secret_is_missing(name, sources) {
                warn(format!("{why}; a run would be refused"));
            } else if all && let Ok(secret) = fetch_secret(name, sources) {
                fetched.insert(name.clone(), secret);
            }
        }
    }
    Ok(fetched)
}

/// Returns which of the names of the whole run readings may need: also what other names are made of.
fn read_with(program: &Program) -> BTreeSet<u32> {
    let mut needed = BTreeSet::new();
    let mut note = |expr: &Expr| {
        expr.every(&mut |expr| {
            if let ExprKind::Name(NameRef::Global(index)) = expr.kind {
                needed.insert(index);
            }
        });
    };
    for symptom in &program.symptoms {
        note(&symptom.when);
        symptom.cleared.iter().for_each(|(cleared, _)| note(cleared));
    }
    for global in &program.globals {
        if let GlobalSource::Let(expr) = &global.source {
            note(expr);
        }
    }
    program.every(&mut |statement| statement.read().into_iter().for_each(&mut note));
    needed
}
