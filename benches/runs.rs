//! What the list of runs costs: `mainstay runs` and `mainstay waiting` of 10,000 runs that have ended, and of 5,000 that wait
//! for somebody.
//!
//! `cargo bench --bench runs` makes them, and prints each figure beside a floor: reading the folder and looking at two
//! files of each run, which is the least that anybody must do who is to notice a run that went on. A figure is the best
//! of several rounds; compare ratios, since a busy machine is busy for both.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay::event::{
    Address, Ask, Body, Class, Fact, Input, Moment, Opened, Outcome, Place, Question, QuestionKind, Record,
    Request, Wanted,
};
use mainstay::journal::{RunJournal, StateDir};
use mainstay::world::Store as _;

const ENDED: usize = 10_000;
const WAITING: usize = 5_000;
const ROUNDS: usize = 9;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    for (what, runs, body) in [("ended", ENDED, ended()), ("waiting", WAITING, waiting())] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let state = StateDir::create(folder.path().join("state"))?;
        make(&state, runs, body)?;
        let first = list(state.root(), &["runs"])?;
        // What was written just now may be written to once more within the same tick.
        let again = (0..ROUNDS).map(|_| list(state.root(), &["runs"])).collect::<Result<Vec<_>>>()?;
        let asked = (0..ROUNDS).map(|_| list(state.root(), &["waiting"])).collect::<Result<Vec<_>>>()?;
        let json = list(state.root(), &["runs", "--format", "json"])?;
        let floor = (0..ROUNDS).map(|_| look(state.root())).collect::<Result<Vec<_>>>()?;
        let (again, asked, floor) = (best(&again), best(&asked), best(&floor));
        println!(
            "{runs:6} runs, {what:8} floor {floor:6.1} ms   runs {again:6.1} ms ({:.1} × floor)   waiting {asked:6.1} ms   as JSON {:6.1} ms   first time {:6.0} ms",
            again / floor,
            ms(json),
            ms(first)
        );
    }
    Ok(())
}

/// Makes one run through the library's door, and copies of it: of each its own journal.
fn make(state: &StateDir, runs: usize, body: Vec<Body>) -> Result<()> {
    let name = |number: usize| format!("202611{:02}-{:04}-{number:04x}", number / 500 + 1, number % 500);
    let mut journal = RunJournal::create(state, &name(0))?;
    let record = |body| Record {
        class: match body {
            Body::Input(_) => Class::Input,
            Body::Request(_) => Class::Request,
            Body::Fact(_) => Class::Fact,
        },
        address: Address("s1".into()),
        at: Moment { run_ns: 1_000_000, wall_us: 1_795_000_000_000_000 },
        body,
    };
    let records: Vec<Record> = body.into_iter().map(record).collect();
    journal.append(&records, true)?;
    journal.close()?;
    let first = state.run_dir(&name(0));
    for number in 1..runs {
        let folder = state.create_run_dir(&name(number))?;
        for file in ["journal.db", "lock"] {
            fs::copy(first.join(file), folder.join(file))?;
        }
    }
    Ok(())
}

fn list(state: &Path, words: &[&str]) -> Result<Duration> {
    let begun = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(words)
        .env("MAINSTAY_STATE", state)
        .stdout(Stdio::null())
        .status()?;
    assert!(status.success(), "{words:?}: {status}");
    Ok(begun.elapsed())
}

/// The floor.
fn look(state: &Path) -> Result<Duration> {
    let begun = Instant::now();
    for entry in fs::read_dir(state.join("runs"))? {
        let folder = entry?.path();
        for file in ["journal.db", "journal.db-wal"] {
            // There need be no log.
            let _ = fs::symlink_metadata(folder.join(file));
        }
    }
    Ok(begun.elapsed())
}

fn best(times: &[Duration]) -> f64 {
    times.iter().min().copied().map_or(0.0, ms)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn ended() -> Vec<Body> {
    let end = Fact::Ended {
        outcome: Outcome::Resolved,
        reason: String::new(),
        changed: Vec::new(),
        taken_back: Vec::new(),
        standing: Vec::new(),
        left: Vec::new(),
    };
    vec![opened(), titled(), Body::Fact(end)]
}

fn waiting() -> Vec<Body> {
    let question = Question {
        kind: QuestionKind::Approval,
        text: "Switch over?".to_owned(),
        roles: vec!["oncall".to_owned()],
        count: 1,
        quorum: false,
        wanted: Wanted::YesNo,
        params: Vec::new(),
        evidence: Vec::new(),
        ahead: Vec::new(),
        made: Vec::new(),
        on_silence: "the run is aborted".to_owned(),
        game_day: false,
        plan: None,
        shown: "0".repeat(64),
    };
    let ask = Ask {
        address: Address("s1.q1".into()),
        request: Request::Question(Box::new(question)),
        deadline: None,
        bound: "".into(),
        changes: false,
        inner: false,
        asked: Moment::default(),
        place: Place::default(),
    };
    vec![opened(), titled(), Body::Request(ask)]
}

fn titled() -> Body {
    Body::Fact(Fact::Titled { title: "The connections of the database are exhausted".to_owned() })
}

fn opened() -> Body {
    let text: Arc<str> = "incidents/database-connections.runbook".into();
    let opened = serde_json::json!({
        "input": "opened", "format": 1, "run": "20261101-0000-0000", "at": { "run_ns": 0, "wall_us": 1_795_000_000_000_000_i64 },
        "program_hash": "", "file": &*text, "sources": [], "params": [], "env_names": [], "cwd": "/", "uid": 1000, "user": "dana",
        "host": "ops-1", "boot_id": "", "pid": 1, "version": "0.1.0", "force": false, "attended": false, "unattended": false,
        "roles": {}, "named_calls": false, "call_timeout_ns": 60_000_000_000_i64,
    });
    let opened: Opened = serde_json::from_value(opened).expect("fields of an opening");
    Body::Input(Input::Opened(Box::new(opened)))
}
