//! The plug is pulled at every place, and nothing is lost: the real program, killed and taken up again.
//!
//! A case is a runbook in `tests/crash/`. What it changes is a line in a file outside, `effects`, which the tools below
//! write. Each case is run once in peace, and then killed at every append to its journal (before and after), before and
//! after each change is begun; each time once alone and once with its supervisor; taken up again and run to its
//! end. Killed alone, it must come to the same effects and the same outcome; with its supervisor, every change
//! is made at most once, and what happened and was not taken back is listed. With the supervisor each second place is tried;
//! in CI, half as many of all. `CRASHES=all` tries every one.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mainstay::event::Record;
use mainstay::journal::{Reader, StateDir};
use support::sandbox::{Finished, Sandbox, in_checkout};

/// What the cases change the world with. Each takes a moment, so that it can be caught in the act.
const TOOLS: &[(&str, &str)] = &[
    ("act", "sleep 0.01; echo \"$*\" >> \"$EFFECTS\""),
    ("fail", "sleep 0.01; echo \"$*\" >> \"$EFFECTS\"; exit 1"),
    ("act-unless", "sleep 0.01; echo \"$2\" >> \"$EFFECTS\"; test \"$2\" != \"up-$1\""),
    ("third-time", "echo \"$*\" >> \"$EFFECTS\"; test \"$(grep -c \"^$*\\$\" \"$EFFECTS\")\" -ge 3"),
    ("state", "printf %s \"$(grep -c \"^$1\\$\" \"$EFFECTS\")\""),
];

struct Case {
    name: &'static str,
    file: PathBuf,
}

/// A home for one run of a case.
struct Home {
    sandbox: Sandbox,
    file: String,
}

impl Home {
    fn new(case: &Case) -> Self {
        let sandbox = Sandbox::new();
        for (name, text) in TOOLS {
            let path = sandbox.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{text}\n"));
            support::sandbox::make_executable(&path);
        }
        sandbox.write("effects", "");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", sandbox.home().join("bin").display());
        let effects = sandbox.home().join("effects").display().to_string();
        let sandbox = sandbox.with_env("PATH", path).with_env("EFFECTS", effects);
        Home { sandbox, file: case.file.display().to_string() }
    }

    /// Runs the case, and is killed at that place.
    fn run_until(self, place: &str) -> (Home, Finished) {
        self.run_with(place, &[])
    }

    /// The same, and nobody is asked about what is in doubt.
    fn run_alone_until(self, place: &str) -> (Home, Finished) {
        self.run_with(place, &["--unattended"])
    }

    fn run_with(self, place: &str, options: &[&str]) -> (Home, Finished) {
        let home = Home { sandbox: self.sandbox.with_env("MAINSTAY_FAILPOINT", place), ..self };
        let arguments = ["run", "--format", "json"].into_iter().chain(options.iter().copied());
        let done = home.sandbox.run(arguments.chain([home.file.as_str()]));
        (home, done)
    }

    fn resume(self) -> (Home, Finished) {
        self.resume_until("")
    }

    fn resume_until(self, place: &str) -> (Home, Finished) {
        let home = Home { sandbox: self.sandbox.with_env("MAINSTAY_FAILPOINT", place), ..self };
        let mut done = home.sandbox.run(["resume", "last", "--format", "json"]);
        if let Some((_, ended)) = done.stderr.split_once(" has ended: ") {
            // Killed when everything was written down.
            let codes = [("resolved", 0), ("failed", 1), ("rolled_back", 3), ("aborted", 4)];
            let code = codes.iter().find(|(word, _)| ended.starts_with(word)).map(|(_, code)| *code);
            let state = home.sandbox.state().join("mainstay");
            let reader = Reader::open(&StateDir::existing(&state), &run_of(&state)).expect("its journal");
            let records = reader.read().expect("its records");
            done = Finished { code, stdout: lines(&records), stderr: String::new() };
        }
        (home, done)
    }

    fn effects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.sandbox.home().join("effects")).expect("the effects");
        text.lines().map(str::to_owned).collect()
    }
}

/// Returns the only run of a state folder.
fn run_of(state: &Path) -> String {
    StateDir::existing(state).runs().expect("its runs").pop().expect("a run")
}

/// Returns records as `--format json` writes them.
fn lines(records: &[Record]) -> String {
    records.iter().map(|record| serde_json::to_string(record).expect("a record is JSON") + "\n").collect()
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct End {
    code: Option<i32>,
    /// Each effect with how often it happened. Their order is not the same where things go on at once.
    effects: BTreeMap<String, usize>,
}

impl End {
    fn of(home: &Home, done: &Finished) -> End {
        let mut effects = BTreeMap::new();
        for effect in home.effects() {
            *effects.entry(effect).or_default() += 1;
        }
        End { code: done.code, effects }
    }
}

fn case(name: &'static str) -> Case {
    Case { name, file: in_checkout(&format!("tests/crash/{name}.runbook")) }
}

const PLACES: [&str; 4] = ["append.before", "append.after", "begin.before", "begin.after"];

/// Returns which places are tried, each so many-th one: `CRASHES=all` tries all, a run of CI half as many as others.
fn stride(otherwise: usize) -> usize {
    if std::env::var("CRASHES").is_ok_and(|wanted| wanted == "all") {
        return 1;
    }
    if std::env::var_os("CI").is_some() { 2 * otherwise } else { otherwise }
}

/// A bound on how often a place is reached in one run.
const OFTEN: usize = 500;

fn in_peace(case: &Case) -> End {
    let (home, done) = Home::new(case).run_until("");
    assert!(done.code.is_some_and(|code| code != 2), "{}: {}", case.name, done.stderr);
    End::of(&home, &done)
}

/// Kills the executor alone at every place, and takes the run up again.
fn alone(case: &Case) {
    let wanted = in_peace(case);
    let mut tried = 0;
    for place in PLACES {
        for number in (1..OFTEN).step_by(stride(1)) {
            let (home, done) = Home::new(case).run_until(&format!("{place}:{number}"));
            if done.code.is_some() {
                break;
            }
            let what = format!("{} killed at {place}:{number}", case.name);
            let (home, done) = home.resume();
            if done.code == Some(1) && done.stderr.contains("was never opened") {
                assert_eq!(home.effects(), Vec::<String>::new(), "{what}");
                continue;
            }
            assert_eq!(End::of(&home, &done), wanted, "{what}\n{}\n{}", done.stderr, told(&done));
            tried += 1;
        }
    }
    println!("{}: {tried} crashes", case.name);
    assert!(tried > 10, "{}: only {tried} crashes", case.name);
}

/// Kills every executor after some appends, again and again, until the run ends.
fn again_and_again(case: &Case) {
    let wanted = in_peace(case);
    // Each lives long enough to get on: that it goes on, two commands inside a reading, and the reading's value may
    // each be an append of their own, and a reading that was not finished is made again.
    for (place, number) in
        [("append.after", 5), ("append.before", 6), ("append.after", 7), ("begin.after", 4)]
    {
        let place = format!("{place}:{number}");
        let (mut home, mut done) = Home::new(case).run_until(&place);
        let mut times = 0;
        while done.code.is_none() {
            times += 1;
            assert!(times < OFTEN, "{}: no end at {place}", case.name);
            (home, done) = home.resume_until(&place);
        }
        let what = format!("{} killed {times} times at {place}", case.name);
        assert_eq!(End::of(&home, &done), wanted, "{what}\n{}\n{}", done.stderr, told(&done));
    }
}

/// Kills executor and supervisor at every place in which something may be under way.
fn with_supervisor(case: &Case) {
    let wanted = in_peace(case);
    let mut tried = 0;
    for place in PLACES {
        for number in (1..OFTEN).step_by(stride(2)) {
            let (home, done) = Home::new(case).run_alone_until(&format!("{place}:{number}:children"));
            if done.code.is_some() {
                break;
            }
            tried += 1;
            let what = format!("{} killed with its supervisor at {place}:{number}", case.name);
            let (home, done) = home.resume();
            assert_accounted_for(&home, &done, &wanted, &what);
        }
    }
    println!("{}: {tried} crashes with the supervisor", case.name);
}

/// Kills the supervisor alone at its own places.
fn supervisor_alone(case: &Case) {
    let wanted = in_peace(case);
    for place in ["supervise.attempted", "supervise.begun", "supervise.ended"] {
        for number in (1..OFTEN).step_by(stride(2)) {
            let (home, done) = Home::new(case).run_alone_until(&format!("{place}:{number}"));
            let what = format!("{}: its supervisor killed at {place}:{number}", case.name);
            assert_accounted_for(&home, &done, &wanted, &what);
            let reached = done.stdout.contains("\"reply\":\"lost\"");
            if !reached {
                break;
            }
        }
    }
}

/// Whatever happened: no change was made more often than in peace, and each one that was made is taken back or listed.
fn assert_accounted_for(home: &Home, done: &Finished, wanted: &End, what: &str) {
    if done.code == Some(1) && done.stderr.contains("was never opened") {
        assert_eq!(home.effects(), Vec::<String>::new(), "{what}");
        return;
    }
    let told = || format!("{what}\n{}\n{}\n{:?}", done.stderr, told(done), home.effects());
    let end = End::of(home, done);
    assert!(matches!(end.code, Some(0..=6)), "{}", told());
    let ended = done.json_lines().into_iter().rfind(|record| record["body"]["fact"] == "ended");
    let ended = ended.unwrap_or_else(|| panic!("{}", told()));
    let mut listed = String::new();
    for list in ["changed", "taken_back", "standing", "left"] {
        listed.push_str(&ended["body"][list].to_string());
    }
    let word = |effect: &str| effect.split(' ').next().unwrap_or_default().to_owned();
    for (effect, times) in &end.effects {
        if let Some(undone) = word(effect).strip_prefix("undo-") {
            // As often as what it takes back, and once where it takes back a whole action.
            let made =
                end.effects.iter().filter(|(made, _)| word(made) == undone).map(|(_, times)| times).sum();
            assert!(*times <= 1.max(made), "`{effect}` happened {times} times\n{}", told());
            continue;
        }
        let often = wanted.effects.get(effect).copied().unwrap_or(1);
        assert!(*times <= often, "`{effect}` happened {times} times\n{}", told());
        let whole =
            word(effect).split('-').next().map(|first| format!("undo-{first}-whole")).unwrap_or_default();
        let undo = format!("undo-{}", word(effect));
        let undone = end.effects.keys().any(|made| word(made) == undo || word(made) == whole);
        let is_way_back = ["rolled", "back"].contains(&effect.as_str()) || effect.starts_with("end");
        assert!(
            undone || is_way_back || listed.contains(&word(effect)) || listed.contains(&whole),
            "`{effect}` is forgotten\n{}",
            told()
        );
    }
}

fn told(done: &Finished) -> String {
    let mut told = String::new();
    for record in done.json_lines() {
        let body = &record["body"];
        let told_of = ["change_ended", "unwind_ended", "failed", "resumed", "ended"];
        if told_of.iter().any(|fact| body["fact"] == *fact) {
            let call = body["change"]["call"].as_str().or(body["message"].as_str()).unwrap_or_default();
            let how = body["state"].as_str().or(body["settled"].as_str()).or(body["outcome"].as_str());
            told.push_str(&format!("  {} {} {call}\n", body["fact"], how.unwrap_or_default()));
        }
    }
    told
}

macro_rules! cases {
    ($($name:ident)*) => {
        $(mod $name {
            #[test]
            fn killed_alone() {
                super::alone(&super::case(stringify!($name)));
            }

            #[test]
            fn killed_again_and_again() {
                super::again_and_again(&super::case(stringify!($name)));
            }

            #[test]
            fn killed_with_its_supervisor() {
                super::with_supervisor(&super::case(stringify!($name)));
            }

            #[test]
            fn its_supervisor_killed() {
                super::supervisor_alone(&super::case(stringify!($name)));
            }
        })*

        #[test]
        fn every_runbook_of_the_folder_is_a_case() {
            let names = [$(stringify!($name)),*];
            let folder = in_checkout("tests/crash");
            for entry in std::fs::read_dir(folder).expect("the folder of cases") {
                let path = entry.expect("an entry").path();
                let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
                assert!(names.contains(&name), "`{}` has no line in tests/crash.rs", Path::new(name).display());
            }
        }
    };
}

cases! { already fails linear loops nested parallel people polls retry undo_fails }
