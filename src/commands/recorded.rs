//! `mainstay drill --from RUN`: a drill written from what a run recorded.
//!
//! Owns which run and which text are meant, and where the drill goes. Never writes one that does not pass.

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Component, Path, PathBuf};

use super::failure::{Failure, INVALID, warn_with};
use super::{past, print, settings};
use crate::check::{self, Disk};
use crate::display::{self, Look};
use crate::drill::{self, Unrecorded};
use crate::event::{Body, Input, Record};
use crate::journal::{Reader, RunLock};
use crate::program::Program;
use crate::source::Sources;
use crate::timeline::Summary;

/// Writes the drill to `out`, or to standard output.
pub(super) fn record(given: &str, out: Option<&Path>) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let run = state.find(given)?;
    let records = Reader::open(&state, &run)?.read()?;
    let Some(Body::Input(Input::Opened(opened))) = records.first().map(|record| &record.body) else {
        return Err(Failure::new(
            1,
            format!("the run {run} was never opened; no drill can be written from it"),
        ));
    };
    if let Some(game_day) = &opened.game_day {
        let what =
            format!("the run {run} is a game day: it went as people played, and nothing of it was real");
        let help = format!("its world is the drill \"{}\" of `{}`", game_day.drill, game_day.file);
        return Err(Failure::new(INVALID, what).help(help));
    }
    let numbered: Vec<(u64, Record)> = (1..).zip(records.iter().cloned()).collect();
    let (_, program) = past::followed(&state, &run, opened, &Summary::of(&numbered))?;
    let recorded = match drill::record(&program, &records) {
        Err(Unrecorded::NotOpened | Unrecorded::NotEnded) => {
            return Err(not_ended(&run, RunLock::holder(&state.run_dir(&run)).ok().flatten().is_some()));
        }
        other => other.map_err(|why| refused(&run, why))?,
    };
    let runbook = Path::new(&opened.cwd).join(&opened.file);
    let here = std::env::current_dir().unwrap_or_default();
    let folder =
        out.map_or(here.clone(), |out| here.join(out).parent().map(Path::to_path_buf).unwrap_or_default());
    let text = drill::file_of_drills(&from(&folder, &runbook).to_string_lossy(), &recorded.text);
    match out {
        // A terminal must obey nothing that a command printed; a file holds it as it was.
        None if std::io::stdout().is_terminal() => print(&display::clean(&text))?,
        None => print(&text)?,
        Some(out) => {
            let made = OpenOptions::new().write(true).create_new(true).open(out);
            made.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| {
                let failure = Failure::new(INVALID, format!("cannot write `{}`: {e}", out.display()));
                failure.help("name a file that is not there yet")
            })?;
        }
    }
    changed_since(&runbook, &opened.file, &program);
    Ok(0)
}

/// Warns where the runbook is no longer what the drill was written for.
fn changed_since(runbook: &Path, name: &str, program: &Program) {
    let now = check::check(&runbook.to_string_lossy(), &Disk);
    let texts = |of: &Sources| of.iter().map(|(_, source)| source.text.to_string()).collect::<Vec<_>>();
    if texts(&now.sources) != texts(&program.sources) {
        warn_with(
            format!(
                "`{}` has changed since that run: the drill fits the text of that time",
                display::clean(name)
            ),
            "drill it: what has changed meanwhile is what does not come out as expected",
        );
    }
}

fn not_ended(run: &str, lives: bool) -> Failure {
    let failure =
        Failure::new(INVALID, format!("the run {run} has not ended: no drill can be written from it"));
    failure.help(if lives {
        format!("it goes on now; `mainstay attach {run}` shows it")
    } else {
        format!("`mainstay resume {run}` goes on with it")
    })
}

fn refused(run: &str, why: Unrecorded) -> Failure {
    let Unrecorded::Differs { unmet, sources, unsaid } = why else { return not_ended(run, false) };
    let what = format!("a drill of the run {run} does not come out as the run did; none was written");
    let failure = Failure::new(1, what);
    if unsaid.is_empty() {
        eprintln!("{}", display::diagnostics(&unmet, &sources, Look::of_stderr()));
        return failure.help(
            "what is read or changed under a name of its own can be said: `check NAME = …`, `run NAME = …`",
        );
    }
    // What differs follows from what could not be said: the text that it points into is nowhere to be read.
    let failure =
        unmet.iter().fold(failure, |failure, unmet| failure.note(format!("it differs: {}", unmet.message)));
    let stops = unsaid.iter().any(|line| line.contains(" stopped the run after "));
    let failure =
        unsaid.into_iter().fold(failure, |failure, line| failure.note(format!("no drill can say: {line}")));
    failure.help(if stops {
        "write by hand what comes nearest: `given operator stops at step \"…\"` stops it at the first change of a step"
    } else {
        "a change with a name (`run NAME = …`), or the first one of a step, can be said: of runs of the runbook so written a drill can be made"
    })
}

/// Returns the path of `file` as it is written in a file of `folder`; both are absolute.
fn from(folder: &Path, file: &Path) -> PathBuf {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let (folder, file) = (real(folder), real(file));
    let mut above: Vec<Component<'_>> = folder.components().collect();
    let mut below: Vec<Component<'_>> = file.components().collect();
    let same = above.iter().zip(&below).take_while(|(one, other)| one == other).count();
    above.drain(..same);
    below.drain(..same);
    above.iter().map(|_| Component::ParentDir).chain(below).collect()
}
