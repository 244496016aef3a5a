//! `mainstay run`.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::beforehand::Beforehand;
use super::check::program_of;
use super::conduct::Conduct;
use super::failure::{Failure, INVALID, warn};
use super::{
    EXIT_CODES, Format, complete, concurrency, detach, dry, kept, params, prevention, saved, settings,
};
use crate::bounds::{self, Bounds};
use crate::config::RolePerson;
use crate::engine::Engine;
use crate::event::{FORMAT, Input, Moment, Opened, SavedPlan, SourceHash};
use crate::journal::{JournalError, RunJournal, StateDir, new_run_id};
use crate::people::inbox::Inbox;
use crate::people::{Person, Terminal};
use crate::process::identity;
use crate::program::{GlobalSource, Program};
use crate::real::{Clock, fetch_secret};
use crate::value::{Secret, Value};
use crate::world::Store as _;

/// How long a call without a timeout may take, nanoseconds.
const CALL_TIMEOUT: i64 = 60_000_000_000;

const EXAMPLES: &str = "\
Examples:
  mainstay run disk-full.runbook
  mainstay run disk-full.runbook -p host=db1 -p limit=90%
  mainstay run disk-full.runbook --params prod.toml --format json
  mainstay run disk-full.runbook --detach
  mainstay run --plan tonight.json

Parameters that are missing are asked for at the terminal. Approvals and questions are asked there, too, and
can be answered from anywhere else on this machine: `mainstay waiting`, `mainstay approve RUN`.

Ctrl-C asks whether to stop and take changes back; a second one leaves the run as it stands.";

/// Run a runbook: measure the symptom, diagnose, resolve, and measure again
///
/// When something fails, every change is taken back, the last one first, and the symptom is measured
/// again. What cannot be taken back is listed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(super) struct Args {
    /// The runbook
    #[arg(value_name = "FILE", required_unless_present = "plan", add = complete::runbook())]
    file: Option<String>,

    /// A parameter; may be given more than once
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", add = complete::param())]
    param: Vec<String>,

    /// Parameters in a file, `.toml` or `.json`; those given with `-p` win
    #[arg(long, value_name = "FILE", add = complete::params_file())]
    params: Option<PathBuf>,

    /// What to write while it runs: lines for people, or the journal's records as JSON lines
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// A plan that `mainstay plan --out` saved: does what it says, or stops and shows what is different
    ///
    /// The plan names the runbook and has the parameters. Where another text, or another parameter, is found, nothing is run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["force", "dry_run"], add = complete::saved_plan())]
    plan: Option<PathBuf>,

    /// Go on although no symptom holds
    #[arg(long)]
    force: bool,

    /// Ask nobody: silence decides at once, as the runbook says
    #[arg(long)]
    unattended: bool,

    /// Begin it, and let it go on in the background, without this terminal
    #[arg(long, conflicts_with = "format")]
    detach: bool,

    /// Show what it would do now: read for real, change nothing, ask and tell nobody
    ///
    /// Each line says whether it was observed, is predicted, or unknown. Exit code 0: a run would act; 6: nothing to do.
    #[arg(long, conflicts_with_all = ["detach", "unattended"])]
    dry_run: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let Begun { file, program, given, plan } = begin(args)?;
    tools(&program)?;
    if args.dry_run {
        let clock = Clock::start();
        let opened = here(&file, &program, given, BTreeMap::new(), "", clock, false);
        let opened = Opened { force: args.force, ..opened };
        let config = settings::of_runbook(&file)?;
        settings::roles(&config, &program)?;
        let secrets = dry::secrets(&program, false)?;
        dry::warn_of_what_has_the_key(
            &program,
            &config,
            &Beforehand::new(&program, &opened.params, &secrets),
        )?;
        return Ok(dry::run(program, opened, secrets, args.format, clock)?.code);
    }
    let secrets = secrets(&program)?;
    let config = settings::of_runbook(&file)?;
    let roles = settings::roles(&config, &program)?;
    let state = StateDir::create(StateDir::place(config.state())?)?;
    let known = Beforehand::new(&program, &given, &secrets);
    let begin = || {
        let clock = Clock::start();
        create(&state, clock.now()).map(|(journal, run)| (clock, journal, run))
    };
    let (clock, journal, run) = match concurrency::key(&program, &known)? {
        Some(key) => concurrency::enter(&state, &key, args.format, begin, |(_, _, run)| run)?,
        None => begin()?,
    };
    if let Err(error) = Inbox::at(&state.run_dir(&run)).create() {
        drop(journal);
        state.discard(&run);
        return Err(error.into());
    }
    keep_sources(&program, &state, &run);
    warn_of_the_rto(&program, &given);
    let seat = if is_attended_by(args) && !args.detach { Terminal::open().ok() } else { None };
    if seat.is_some() || args.detach {
        detach::warn_of_what_ends_all();
    }
    let opened = Opened {
        force: args.force || plan.as_ref().is_some_and(|plan| plan.force),
        unattended: args.unattended,
        plan: plan.map(|plan| Box::new(plan.bind())),
        ..here(&file, &program, given, roles, &run, clock, seat.is_some())
    };
    let prevention = prevention::text(&program, &known);
    if !prevention.is_empty() {
        // As with the sources, without it a run is as good.
        let _ = state.keep(&run, kept::PREVENTION, prevention.as_bytes());
    }
    if args.detach {
        let mut journal = journal;
        let turn = Engine::new(program, secrets).feed(Input::Opened(Box::new(opened)));
        journal.append(&turn.records, true).map_err(|e| Failure::new(1, e.to_string()))?;
        journal.close()?;
        return detach::go_on(&state, &run, &["--as-begun"]);
    }
    let (records, same_boot) = (Vec::new(), true);
    let conduct =
        Conduct { program, secrets, state, run, clock, journal, seat, prevention, records, same_boot };
    conduct.open(args.format, opened)
}

/// What a run begins with.
struct Begun {
    file: String,
    program: Arc<Program>,
    given: Vec<(String, Value)>,
    plan: Option<SavedPlan>,
}

/// Reads what is to be run: the runbook with what is given, or what a plan says.
fn begin(args: &Args) -> Result<Begun, Failure> {
    let Some(path) = &args.plan else {
        let file = args.file.clone().unwrap_or_default();
        saved::must_be_none(&file)?;
        let program = program_of(&file)?;
        let terminal = is_attended_by(args);
        let given = params::gather(&program, &args.param, args.params.as_deref(), terminal)?;
        return Ok(Begun { file, program, given, plan: None });
    };
    let (param, params) = (args.param.as_slice(), args.params.as_deref());
    let (plan, params) = saved::open(path, &saved::Beside { file: args.file.as_deref(), params })?;
    let program = program_of(&plan.file)?;
    let given = params::given(&program, param, params.as_deref())?;
    saved::must_fit(&plan, &program, &given.into_iter().collect::<Vec<_>>())?;
    Ok(Begun { file: plan.file.clone(), program, given: plan.params.clone(), plan: Some(plan) })
}

/// With `--format json` the output is a program's: nobody sits there.
fn is_attended_by(args: &Args) -> bool {
    !args.unattended && is_attended(args.format)
}

/// Returns whether somebody sits there who can be asked.
pub(super) fn is_attended(format: Format) -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && format == Format::Text
}

/// Refuses to begin without the tools that the runbook needs.
pub(super) fn tools(program: &Program) -> Result<(), Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let is_there = |tool: &str| {
        folders
            .iter()
            .any(|folder| rustix::fs::access(folder.join(tool), rustix::fs::Access::EXEC_OK).is_ok())
    };
    let missing: Vec<String> =
        program.tools.iter().filter(|tool| !is_there(tool)).map(|tool| format!("`{tool}`")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(INVALID, format!("the runbook needs {}, not found in PATH", missing.join(", ")))
        .help("install it, or add its folder to PATH; nothing was run"))
}

/// Fetches every secret, and names all that cannot be had.
pub(super) fn secrets(program: &Program) -> Result<BTreeMap<String, Secret>, Failure> {
    let mut secrets = BTreeMap::new();
    let mut missing = Vec::new();
    for global in program.with_followed().flat_map(|program| &program.globals) {
        if let GlobalSource::Secret(sources) = &global.source {
            match fetch_secret(&global.slot.name, sources) {
                Ok(secret) => {
                    secrets.insert(global.slot.name.clone(), secret);
                }
                Err(error) => missing.push(error.to_string()),
            }
        }
    }
    match missing.as_slice() {
        [] => Ok(secrets),
        [one] => Err(Failure::new(INVALID, one.as_str())),
        many => Err(Failure::new(INVALID, "secrets cannot be had").note(many.join("\n"))),
    }
}

/// Makes the run's folder and journal. An id that is taken is drawn again.
pub(super) fn create(state: &StateDir, now: Moment) -> Result<(RunJournal, String), Failure> {
    let time = jiff::Timestamp::from_microsecond(now.wall_us).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut last = None;
    for _ in 0..8 {
        let run = new_run_id(time);
        match RunJournal::create(state, &run) {
            Ok(journal) => return Ok((journal, run)),
            Err(error @ JournalError::Taken(_)) => last = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.map_or_else(|| Failure::new(1, "no id for the run"), Failure::from))
}

/// Says so where a way may take longer than the `rto` with these parameters: a run is not cut off by it.
fn warn_of_the_rto(program: &Program, given: &[(String, Value)]) {
    let Some(rto) = program.fields.rto else { return };
    let known = bounds::Given { params: given.to_vec(), whole: true, call: CALL_TIMEOUT };
    let bounds = Bounds::of(program, &known);
    let ways = program.resolves.iter().zip(&bounds.resolves);
    for (resolve, way) in ways {
        if let Some(takes) = bounds.forward(way).all.bounded().filter(|takes| *takes > rto) {
            warn(format!(
                "the way through \"{}\" may take {}, longer than the rto of {}",
                resolve.name,
                Value::Duration(takes),
                Value::Duration(rto)
            ));
        }
    }
}

/// Keeps the texts, so that failures can be shown in them later. Without them a run is as good.
pub(super) fn keep_sources(program: &Program, state: &StateDir, run: &str) {
    if let Ok(text) = serde_json::to_vec(&program.sources) {
        let _ = state.keep(run, kept::SOURCES, &text);
    }
}

/// Returns the opening of a run that this process begins now.
pub(super) fn here(
    file: &str,
    program: &Program,
    params: Vec<(String, Value)>,
    roles: BTreeMap<String, Vec<RolePerson>>,
    run: &str,
    clock: Clock,
    attended: bool,
) -> Opened {
    let person = Person::current();
    let mut env_names: Vec<String> =
        std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    env_names.sort_unstable();
    Opened {
        format: FORMAT,
        run: run.to_owned(),
        at: clock.now(),
        program_hash: program.hash.clone(),
        file: file.to_owned(),
        sources: sources_of(program),
        params,
        env_names,
        cwd: std::env::current_dir().map(|d| d.display().to_string()).unwrap_or_default(),
        uid: person.uid,
        user: person.name,
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        boot_id: identity::boot_id().to_owned(),
        zero_ns: Some(clock.zero()),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        force: false,
        attended,
        unattended: false,
        roles,
        named_calls: false,
        call_timeout_ns: CALL_TIMEOUT,
        rto_ns: program.fields.rto,
        game_day: None,
        plan: None,
    }
}

/// Returns the files of a program, with their hashes.
pub(super) fn sources_of(program: &Program) -> Vec<SourceHash> {
    let hash = |text: &str| blake3::hash(text.as_bytes()).to_hex().to_string();
    let sources = program.sources.iter();
    sources.map(|(_, source)| SourceHash { name: source.name.clone(), hash: hash(&source.text) }).collect()
}
