//! Saved plans: `mainstay plan --out` makes one, `mainstay run --plan` follows it.
//!
//! Owns the file, and what keeps a run from following it before anything is done. What differs later is found by `engine`.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::dry::{self, Dry};
use super::failure::{Failure, INVALID, warn, warn_with};
use super::{Format, check, params, print, run, settings};
use crate::display::{self, Look};
use crate::event::{Opened, Outcome, PLAN_FORMAT, Planned, SavedPlan, plan_id};
use crate::program::Program;
use crate::real::Clock;
use crate::timeline::planned;
use crate::value::Value;

/// Bytes of a plan that are read.
const LIMIT: u64 = 64 << 20;

/// What a plan is made of.
pub(super) struct Making<'a> {
    pub file: &'a str,
    pub param: &'a [String],
    pub params: Option<&'a Path>,
    pub force: bool,
    pub out: &'a Path,
}

/// Makes the readings, shows what a run would do, and saves it.
pub(super) fn make(making: &Making<'_>) -> Result<u8, Failure> {
    must_be_new(making.out)?;
    let program = check::program_of(making.file)?;
    let given = params::gather(&program, making.param, making.params, run::is_attended(Format::Text))?;
    run::tools(&program)?;
    settings::roles(&settings::of_runbook(making.file)?, &program)?;
    // All of them: what a reading shows of one is blotted out as in a run, also where only a change needs it.
    let secrets = dry::secrets(&program, true)?;
    let clock = Clock::start();
    let opened = run::here(making.file, &program, given, Default::default(), "", clock, false);
    let opened = Opened { force: making.force, ..opened };
    let told = dry::run(program, opened.clone(), secrets, Format::Text, clock)?;
    if matches!(told.outcome, Outcome::Failed | Outcome::Aborted | Outcome::Suspended) {
        warn_with("no plan was saved", "a run would not come to its end; mend what stands above first");
        return Ok(told.code);
    }
    let plan = plan_of(opened, &told);
    write(making.out, &plan)?;
    let (id, path) = (plan_id(&plan.digest), making.out.display());
    print(&format!(
        "\nplan {id}, saved in {path}\n\n  mainstay plan {path}         shows it\n  \
         mainstay run --plan {path}   runs it, and stops where something is different then\n"
    ))?;
    Ok(told.code)
}

fn plan_of(opened: Opened, told: &Dry) -> SavedPlan {
    let (planned, title) = planned(&told.records);
    let planned = Planned { by: opened.user, host: opened.host, made_us: opened.at.wall_us, ..planned };
    let mut plan = SavedPlan {
        format: PLAN_FORMAT,
        digest: String::new(),
        title,
        file: opened.file,
        folder: opened.cwd,
        program_hash: opened.program_hash,
        sources: opened.sources,
        params: opened.params,
        force: opened.force,
        outcome: told.outcome,
        version: opened.version,
        shown: told.lines.lines().map(str::to_owned).collect(),
        planned,
    };
    plan.digest = plan.fingerprint();
    plan
}

/// Refuses to write over anything: a plan that is there may have been reviewed.
fn must_be_new(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() { Err(is_there(path)) } else { Ok(()) }
}

fn is_there(path: &Path) -> Failure {
    Failure::new(INVALID, format!("`{}` is there already; no plan was saved", path.display()))
        .help("name another file with `--out`, or remove that one first")
}

fn write(path: &Path, plan: &SavedPlan) -> Result<(), Failure> {
    let fail = |why: String| Failure::new(1, format!("`{}` cannot be written: {why}", path.display()));
    let text = super::pretty(plan)?;
    // Whole or not at all, with the mode that any new file has.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(|e| fail(e.to_string()))?;
    file.write_all(text.as_bytes()).map_err(|e| fail(e.to_string()))?;
    file.persist_noclobber(path).map(drop).map_err(|e| match e.error.kind() {
        std::io::ErrorKind::AlreadyExists => is_there(path),
        _ => fail(e.error.to_string()),
    })
}

/// Returns whether a file is meant that holds a saved plan: it is JSON by its name, or by how it begins.
pub(super) fn is_meant(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "json") || is_json(Path::new(file))
}

/// Returns whether a file begins as JSON does, and no runbook.
fn is_json(path: &Path) -> bool {
    let mut begins = [0];
    // What is read from a pipe is gone.
    path.is_file()
        && std::fs::File::open(path)
            .and_then(|mut file| file.read(&mut begins))
            .is_ok_and(|_| begins == *b"{")
}

/// Refuses to run a saved plan as if it were a runbook.
pub(super) fn must_be_none(file: &str) -> Result<(), Failure> {
    if !is_json(Path::new(file)) {
        return Ok(());
    }
    let help = format!("`mainstay run --plan {file}` runs what it says");
    Err(Failure::new(INVALID, format!("`{file}` is no runbook, but a saved plan; nothing was run"))
        .help(help))
}

/// Reads a saved plan.
///
/// # Errors
/// When it is none, was written by a later program, or is not as it was written.
pub(super) fn read(path: &Path) -> Result<SavedPlan, Failure> {
    let name = path.display();
    let fail = |why: String| Failure::new(INVALID, format!("`{name}` {why}; nothing was run"));
    let text = crate::journal::read_file(path, LIMIT).map_err(|e| fail(format!("cannot be read: {e}")))?;
    let json: serde_json::Value =
        serde_json::from_slice(&text).map_err(|e| fail(format!("is no saved plan: {e}")))?;
    let format = json.get("format").and_then(serde_json::Value::as_u64);
    let known = u64::from(PLAN_FORMAT);
    match format.filter(|_| json.get("planned").is_some()) {
        None => {
            return Err(
                fail("is no saved plan".to_owned()).help("`mainstay plan --out FILE RUNBOOK` makes one")
            );
        }
        Some(format) if format > known => {
            let why = format!("is a plan of format {format}, this program knows {known}");
            return Err(
                fail(why).help("run it with the program that made it, or a later one, or make the plan anew")
            );
        }
        Some(_) => {}
    }
    let help = "make the plan anew, and have it reviewed again";
    let plan: SavedPlan = serde_json::from_value(json)
        .map_err(|e| fail(format!("is not as it was written: {e}")).help(help))?;
    let found = plan.fingerprint();
    if found != plan.digest {
        let why = format!(
            "is not as it was written: it says {}, and is {}",
            plan_id(&plan.digest),
            plan_id(&found)
        );
        return Err(fail(why).help(help));
    }
    Ok(plan)
}

/// Shows a saved plan.
pub(super) fn show(file: &str) -> Result<u8, Failure> {
    print(&display::saved_plan(&read(Path::new(file))?, Look::of_stdout()))?;
    Ok(0)
}

/// What is given on the command line beside a plan.
pub(super) struct Beside<'a> {
    pub file: Option<&'a str>,
    pub params: Option<&'a Path>,
}

/// Reads the plan that a run follows, and goes to the folder in which it was made. Returns it, and the file of parameters
/// as it is called from there.
pub(super) fn open(path: &Path, beside: &Beside<'_>) -> Result<(SavedPlan, Option<PathBuf>), Failure> {
    let plan = read(path)?;
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let params = beside.params.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    if let Some(file) = beside.file
        && whole(Path::new(file))
            .is_none_or(|file| whole(&Path::new(&plan.folder).join(&plan.file)) != Some(file))
    {
        let planned = Path::new(&plan.folder).join(&plan.file);
        let what =
            format!("the plan {} is for `{}`, not for `{file}`", plan_id(&plan.digest), planned.display());
        return Err(
            Failure::new(INVALID, what).help("leave the file out: the plan names it; nothing was run")
        );
    }
    for name in ["MAINSTAY_STATE", "MAINSTAY_CONFIG"] {
        let is_relative =
            std::env::var_os(name).is_some_and(|path| !path.is_empty() && Path::new(&path).is_relative());
        if is_relative && whole(Path::new(".")) != whole(Path::new(&plan.folder)) {
            let what = format!(
                "`{name}` is a path from here, and the run goes to `{}`, where the plan was made",
                plan.folder
            );
            return Err(
                Failure::new(INVALID, what).help(format!("give `{name}` from the root; nothing was run"))
            );
        }
    }
    std::env::set_current_dir(&plan.folder).map_err(|e| {
        Failure::new(INVALID, format!("the folder `{}`, in which the plan was made: {e}", plan.folder))
            .help("a run follows a plan where it was made; make the plan here; nothing was run")
    })?;
    Ok((plan, params))
}

/// Refuses a plan that is not of these files, or of other parameters.
pub(super) fn must_fit(
    plan: &SavedPlan,
    program: &Program,
    given: &[(String, Value)],
) -> Result<(), Failure> {
    let id = plan_id(&plan.digest);
    let changed = changed(plan, program);
    if !changed.is_empty() || plan.program_hash != program.hash {
        let failure = Failure::new(
            INVALID,
            format!("the text is not what it was when the plan {id} was made; nothing was run"),
        );
        let failure = match changed.is_empty() {
            true => failure.note(format!(
                "its files are the same: mainstay {} made the plan, this is {}",
                plan.version,
                env!("CARGO_PKG_VERSION")
            )),
            false => changed.into_iter().fold(failure, Failure::note),
        };
        return Err(failure.help("make the plan anew, and have it reviewed again"));
    }
    for (name, value) in given {
        let planned = plan.params.iter().find(|(planned, _)| planned == name).map(|(_, value)| value);
        if planned != Some(value) {
            let planned = planned.map_or_else(|| String::from("its default"), |value| format!("`{value}`"));
            let what =
                format!("the plan {id} has {planned} for the parameter `{name}`, and `{value}` is given");
            return Err(Failure::new(INVALID, what)
                .help("leave the parameters out: the plan has them; nothing was run"));
        }
    }
    let here = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if plan.planned.host != here {
        warn(format!("the plan {id} was made on {}, this is {here}", plan.planned.host));
    }
    Ok(())
}

/// Returns which texts are not what they were, each a line.
fn changed(plan: &SavedPlan, program: &Program) -> Vec<String> {
    let short = |hash: &str| hash.get(..16).unwrap_or(hash).to_owned();
    let now = run::sources_of(program);
    let mut lines = Vec::new();
    for was in &plan.sources {
        match now.iter().find(|is| is.name == was.name) {
            Some(is) if is.hash == was.hash => {}
            Some(is) => {
                lines.push(format!("`{}` was {}, and is {}", was.name, short(&was.hash), short(&is.hash)))
            }
            None => lines.push(format!("`{}` was {}, and is not used any more", was.name, short(&was.hash))),
        }
    }
    for is in now.iter().filter(|is| plan.sources.iter().all(|was| was.name != is.name)) {
        lines.push(format!("`{}` was not used, and is {}", is.name, short(&is.hash)));
    }
    lines
}
