//! `mainstay drill --game-day`: people play a runbook in the world of a drill.
//!
//! Owns which drill is played, and what is said at its end. Never begins anything real, and keeps no run from beginning: it
//! takes no key of `concurrency`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::beforehand::Beforehand;
use super::conduct::{Folded, not_begun};
use super::drill::{Args, Format as Written};
use super::failure::{Failure, INVALID, warn};
use super::view::View;
use super::{Format, kept, prevention, print, run, settings};
use crate::check::drills::BEGINNING;
use crate::check::{self, Checked, Disk, Memory};
use crate::display::{self, Expected, Look, record_line};
use crate::drill::{self, Stage};
use crate::engine;
use crate::event::{GameDay, Opened, Outcome, Record};
use crate::gameday::{Injector, PlayedWorld};
use crate::given::GivenWorld;
use crate::journal::{Head, RunJournal, StateDir};
use crate::people::inbox::{Inbox, Seen};
use crate::people::{Rules, Terminal};
use crate::program::{Drill, Program};
use crate::real::{Clock, RealConfig, RealWorld};
use crate::source::Sources;
use crate::timeline::Summary;
use crate::value::Secret;
use crate::world::Observer;

#[derive(Debug, clap::Args)]
pub(super) struct Playing {
    /// Let people play one drill: they are asked and timed, everything else is given; `mainstay inject` changes it
    #[arg(long, conflicts_with_all = ["jobs", "coverage", "coverage_html", "coverage_lcov", "min_coverage", "every_failure"])]
    pub game_day: bool,

    /// Let waits and commands take the time that they are given, also while nobody is asked anything
    #[arg(long, requires = "game_day")]
    real_time: bool,
}

/// What is played.
struct Play {
    program: Arc<Program>,
    drill: Drill,
    game_day: GameDay,
    /// The path of the runbook.
    runbook: String,
}

/// A game day that has begun, and nobody has played yet.
struct Begun {
    state: StateDir,
    run: String,
    journal: RunJournal,
    clock: Clock,
    opened: Opened,
    secrets: BTreeMap<String, Secret>,
    seat: Option<Terminal>,
    prevention: String,
}

pub(super) fn game_day(args: &Args) -> Result<u8, Failure> {
    let format = match args.format {
        Written::Text => Format::Text,
        Written::Json => Format::Json,
        _ => return Err(Failure::new(INVALID, "a game day is written as text or as JSON")),
    };
    let play = chosen(args)?;
    let begun = begin(&play, format)?;
    let run_dir = begun.state.run_dir(&begun.run);
    let sources = Arc::new(play.program.sources.clone());
    let mut view = View::new(format, sources, &begun.prevention, &run_dir);
    let people = RealWorld::new(RealConfig {
        clock: begun.clock,
        seat: begun.seat.map(|terminal| view.seat(terminal)),
        rules: Rules::of(&begun.opened),
        inbox: Some(Seen::default()),
        people_only: true,
        secrets: begun.secrets.values().cloned().collect(),
        tick: view.tick(),
        ..RealConfig::new(run_dir)
    })
    .map_err(|e| Failure::new(1, e.to_string()))?;
    let injector = Injector::new(&play.runbook, &play.program.sources);
    let given = GivenWorld::played(&play.program, &play.drill);
    let mut world = PlayedWorld::new(given, people, injector, args.game_day.real_time);
    let (mut folded, mut kept) = (Folded::default(), Keeping::default());
    let observers: &mut [&mut dyn Observer] = &mut [&mut folded, &mut kept, view.observer()];
    let (program, mut journal) = (Arc::clone(&play.program), begun.journal);
    let driven = engine::drive(program, begun.opened, begun.secrets, &mut world, &mut journal, observers);
    world.close();
    view.leave();
    let outcome = match driven {
        Ok(outcome) => outcome,
        Err(error) if journal.head().seq == 0 => {
            let failure = not_begun(&error, journal.remedy());
            drop(journal);
            begun.state.discard(&begun.run);
            return Err(failure);
        }
        Err(error) => return Err(Failure::new(1, format!("the game day ended where it stood: {error}"))),
    };
    let head = journal.close()?;
    folded.list(&begun.state, head.clone());
    let expected = judged(&play.program, &play.drill, &folded.summary, &kept.0);
    tell(format, &folded.summary, &expected, outcome, &head)?;
    Ok(outcome.exit_code())
}

/// Makes the folder of the game day, with all that it is played with.
fn begin(play: &Play, format: Format) -> Result<Begun, Failure> {
    let stage = Stage::new(&play.program, &play.drill);
    if let Some(name) = stage.wanting() {
        let what = format!("the drill gives the parameter `{name}` no value; nothing was begun");
        return Err(Failure::new(INVALID, what).help(format!("add `given {name} = …` to it")));
    }
    let (params, secrets) = (stage.params().to_vec(), stage.secrets().clone());
    let config = settings::of_runbook(&play.runbook)?;
    let roles = settings::roles(&config, &play.program)?;
    let state = StateDir::create(StateDir::place(config.state())?)?;
    let known = Beforehand::new(&play.program, &params, &secrets);
    let clock = Clock::start();
    let (journal, run) = run::create(&state, clock.now())?;
    if let Err(error) = Inbox::at(&state.run_dir(&run)).create() {
        drop(journal);
        state.discard(&run);
        return Err(error.into());
    }
    run::keep_sources(&play.program, &state, &run);
    let prevention = prevention::text(&play.program, &known);
    if !prevention.is_empty() {
        // As of a run: without it a game day is as good.
        let _ = state.keep(&run, kept::PREVENTION, prevention.as_bytes());
    }
    let seat = if run::is_attended(format) { Terminal::open().ok() } else { None };
    let opened = Opened {
        named_calls: true,
        // Its clock jumps: only the wall clock says later how much time has passed since.
        zero_ns: None,
        game_day: Some(play.game_day.clone()),
        ..run::here(&play.runbook, &play.program, params, roles, &run, clock, seat.is_some())
    };
    Ok(Begun { state, run, journal, clock, opened, secrets, seat, prevention })
}

/// Returns the drill that is meant.
fn chosen(args: &Args) -> Result<Play, Failure> {
    let [file] = args.files.as_slice() else {
        return Err(Failure::new(INVALID, "one game day is played at a time").help("name one file"));
    };
    if Path::new(file).is_dir() {
        return Err(Failure::new(INVALID, format!("`{file}` is a folder")).help("name one file"));
    }
    let checked = check::check(file, &Disk);
    if checked.has_errors() {
        eprintln!("{}", display::diagnostics(&checked.diagnostics, &checked.sources, Look::of_stderr()));
        return Err(Failure::new(INVALID, format!("`{file}` has errors; nothing was begun")));
    }
    let wanted = |drill: &&Drill| args.filter.as_deref().is_none_or(|text| drill.title.contains(text));
    let fitting: Vec<&Drill> = checked.drills.iter().filter(wanted).collect();
    // A title that is a part of another one's can be meant, too.
    let exact = fitting.iter().find(|drill| Some(&drill.title) == args.filter.as_ref());
    let drill = match (exact, fitting.as_slice()) {
        (Some(drill), _) => *drill,
        (None, [drill]) => *drill,
        (None, []) => return Err(none(file, &checked, args.filter.as_deref())),
        (None, several) => {
            let titles: Vec<String> = several.iter().map(|drill| format!("\"{}\"", drill.title)).collect();
            let which = args.filter.as_ref().map(|text| format!(" with `{text}` in their titles"));
            let what = format!("`{file}` has {} drills{}", several.len(), which.unwrap_or_default());
            return Err(Failure::new(INVALID, what)
                .note(titles.join("\n"))
                .help("choose the one whose world is played: `--filter TITLE`"));
        }
    };
    let drill = drill.clone();
    let Some(program) = checked.drilled().cloned().map(Arc::new) else {
        return Err(Failure::new(INVALID, format!("`{file}` uses what does not run yet; nothing was begun")));
    };
    let runbook = program.sources.get(program.title.span.source).map_or(file, |source| &source.name).clone();
    let game_day = GameDay { drill: drill.title.clone(), file: file.clone(), zero_us: BEGINNING };
    Ok(Play { program, drill, game_day, runbook })
}

fn none(file: &str, checked: &Checked, filter: Option<&str>) -> Failure {
    match filter {
        Some(text) if !checked.drills.is_empty() => {
            Failure::new(INVALID, format!("no drill's title in `{file}` contains `{text}`"))
                .help("without `--filter` all titles are listed")
        }
        _ => Failure::new(INVALID, format!("`{file}` has no drill whose world could be played"))
            .help("a drill is written `drill \"TITLE\" { given … expect … }`"),
    }
}

/// Returns what a drill expects and whether it is so; empty while the game day is not over.
fn judged(program: &Arc<Program>, drill: &Drill, summary: &Summary, records: &[Record]) -> Vec<Expected> {
    if summary.outcome().is_none() {
        return Vec::new();
    }
    let unmet = drill::unmet(program, drill, records);
    let expected = drill.expect.iter().map(|expect| {
        let text = program.sources.text(expect.span).trim();
        let text = text.strip_prefix("expect").unwrap_or(text).trim().to_owned();
        let not = unmet.iter().find(|told| told.span() == Some(expect.span));
        Expected { text, not: not.map(|told| told.message.clone()) }
    });
    expected.collect()
}

/// Returns what the drill of a game day that is kept expects, and whether it is so.
pub(super) fn expected(summary: &Summary, sources: &Sources, records: &[(u64, Record)]) -> Vec<Expected> {
    let Some(game_day) = &summary.game_day else { return Vec::new() };
    let texts = sources.iter().map(|(_, source)| (source.name.clone(), source.text.to_string()));
    let checked = check::check(&game_day.file, &Memory::new(texts));
    let Some(drill) = checked.drills.iter().find(|drill| drill.title == game_day.drill) else {
        return Vec::new();
    };
    // What lies in the inbox is no record.
    let records: Vec<Record> =
        records.iter().filter(|(seq, _)| *seq > 0).map(|(_, record)| record.clone()).collect();
    match checked.drilled() {
        Some(program) => judged(&Arc::new(program.clone()), drill, summary, &records),
        None => Vec::new(),
    }
}

fn tell(
    format: Format,
    summary: &Summary,
    expected: &[Expected],
    outcome: Outcome,
    head: &Head,
) -> Result<(), Failure> {
    if format == Format::Json {
        let report = display::game_day_json(summary, expected);
        let last =
            serde_json::json!({ "run": summary.run, "outcome": outcome, "head": head, "game_day": report });
        return print(&format!("{last}\n"));
    }
    let look = Look::of_stdout();
    print(&display::game_day(summary, expected, look))?;
    print(&format!("\n{}", record_line(head, look)))?;
    if outcome == Outcome::Suspended {
        warn("the game day was ended where it stood, and nobody goes on with it");
    }
    Ok(())
}

/// Returns why nobody can do that with a game day.
pub(super) fn refused(run: &str, doing: &str) -> Failure {
    let what = format!("the run {run} is a game day, nothing of it was real: there is nothing to {doing}");
    Failure::new(INVALID, what).help("`mainstay drill FILE --game-day` begins another one")
}

/// Keeps the records, which are judged in the end.
#[derive(Default)]
struct Keeping(Vec<Record>);

impl Observer for Keeping {
    fn stored(&mut self, records: &[Record]) {
        self.0.extend_from_slice(records);
    }
}
