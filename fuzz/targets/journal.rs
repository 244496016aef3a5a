//! What reading a journal promises for any bytes: an error or records, and folds that take whatever the records are.
//!
//! Called by the fuzzer and by `tests/fuzz_corpus.rs`. An input is a letter and what is done with the rest: `d` it is the
//! database, `l` the log beside a good one, `p` patches of a good one (three bytes for the place, one for what stands
//! there), `r` rows, lines of `class`, `kind`, `address`, `wall_us`, `run_ns` and `body` with tabs between. A row
//! is chained as it should be; one that begins with `!` is not, and before one that begins with `+` a row is missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mainstay::check::{self, Memory};
use mainstay::display::{self, Json, Look, Plain, RunState};
use mainstay::engine;
use mainstay::event::{Moment, Opened, Record};
use mainstay::given::{self, Given, GivenWorld, People};
use mainstay::journal::{Reader, RunJournal, StateDir};
use mainstay::program::Program;
use mainstay::source::Sources;
use mainstay::timeline::{self, Summary};
use mainstay::value::Value;
use mainstay::world::Observer as _;
use tempfile::TempDir;

const RUN: &str = "20261121-0142-k7f3";

const NARROW: Look = Look { colour: true, unicode: true, width: Some(20) };

/// What the good journal is of.
const RUNBOOK: &str = r#"runbook "The queue of {{ service }} is full"

param service: text "the service" = "shop"

symptom "Orders wait" {
  check waiting = $ queue-length {{ service }}
  when waiting.number > 100
}

resolve "Start again" {
  approve "Restart {{ service }}?" by oncall within 5m on silence abort
  step "One by one" timeout 2m retry 2 every 1s..5s {
    for host in ["a", "b"] {
      run $ restart {{ host }}
        undo $ start {{ host }}
    }
  }
  parallel {
    step "Left" {
      run $ drain left
        leave "it fills again"
    }
    step "Right" {
      ask how_many "How many?" int by oncall within 5m on silence 2
      run $ scale right {{ how_many }}
        irreversible "it costs money"
    }
  }
  check health = $ health
    until health.ok within 1m every 10s
  verify health.stdout == "ok"
}
"#;

/// Reads one input; panics where the promise is broken.
pub fn journal(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    DESK.with(|desk| match kind {
        b'd' => desk.read(rest, None),
        b'l' => desk.read(&desk.base, Some(rest)),
        b'p' => desk.read(&patched(&desk.whole, rest), None),
        b'r' => desk.rows(&String::from_utf8_lossy(rest)),
        _ => {}
    });
}

thread_local! {
    static DESK: Desk = Desk::new();
}

/// A state folder with one run, and what its journal can be made of.
struct Desk {
    state: StateDir,
    program: Arc<Program>,
    sources: Arc<Sources>,
    /// A good database without its log, which has all rows.
    base: Vec<u8>,
    /// A good database, its log folded in.
    whole: Vec<u8>,
    /// One without rows.
    empty: Vec<u8>,
    _folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        // In memory, where there is such a place.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let state = StateDir::create(folder.path().join("state")).expect("a state folder");
        let checked = check::check("queue.runbook", &Memory::new([("queue.runbook", RUNBOOK)]));
        let sources = Arc::new(checked.sources.clone());
        let program = Arc::new(checked.program.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics)));
        let path = state.run_dir(RUN).join("journal.db");
        let mut journal = RunJournal::create(&state, RUN).expect("a journal");
        let empty = bytes_without_log(&path, &folder.path().join("empty.db"));
        let outcome = engine::drive(
            Arc::clone(&program),
            opened(&program),
            BTreeMap::new(),
            &mut world(),
            &mut journal,
            &mut [],
        );
        outcome.expect("the run ends");
        let base = fs::read(&path).expect("the database");
        journal.close().expect("a whole journal");
        let whole = bytes_without_log(&path, &folder.path().join("whole.db"));
        Desk { state, program, sources, base, whole, empty, _folder: folder }
    }

    fn path(&self) -> PathBuf {
        self.state.run_dir(RUN).join("journal.db")
    }

    /// Reads these files as the journal in every way there is.
    fn read(&self, database: &[u8], log: Option<&[u8]>) {
        let path = self.path();
        let _ = fs::remove_file(beside(&path, "-shm"));
        let _ = fs::remove_file(beside(&path, "-wal"));
        fs::write(&path, database).expect("the database is written");
        if let Some(log) = log {
            fs::write(beside(&path, "-wal"), log).expect("the log is written");
        }
        self.look();
        if let Ok(journal) = RunJournal::open(&self.state, RUN)
            && let Ok(records) = journal.read()
        {
            self.replay(&records);
        }
    }

    /// Reads rows that somebody wrote into a good database.
    fn rows(&self, text: &str) {
        let path = self.path();
        let _ = fs::remove_file(beside(&path, "-shm"));
        let _ = fs::remove_file(beside(&path, "-wal"));
        fs::write(&path, &self.empty).expect("the database is written");
        insert(&path, text).expect("rows are written");
        self.look();
    }

    fn look(&self) {
        let Ok(reader) = Reader::open(&self.state, RUN) else { return };
        let found = reader.salvage();
        let strict = reader.read();
        assert_eq!(strict.is_ok(), found.damage.is_none(), "salvage and reading disagree");
        assert_eq!(reader.verify_chain().is_ok(), strict.is_ok(), "the chain and reading disagree");
        let mut summary = Summary::of(&found.records);
        let _ = summary.listing(found.head.clone());
        summary.run = RUN.to_owned();
        let entries = timeline::entries(&found.records);
        for sources in [&self.sources, &Arc::new(Sources::default())] {
            let _ = timeline::markdown(&summary, &entries, sources);
            for look in [Look::BARE, NARROW] {
                let _ = display::show(&summary, RunState::Damaged, sources, look);
            }
        }
        for (question, _) in summary.open_questions.values() {
            let _ = display::question(question, None, NARROW);
        }
        let records: Vec<Record> = found.records.into_iter().map(|(_, record)| record).collect();
        Plain::new(Vec::new(), NARROW, Arc::clone(&self.sources)).stored(&records);
        Json::new(Vec::new()).stored(&records);
        if found.damage.is_none() {
            self.replay(&records);
        }
    }

    /// Replays them: what the runbook did not do is an error, nothing else.
    fn replay(&self, records: &[Record]) {
        let _ = engine::replay(Arc::clone(&self.program), BTreeMap::new(), records);
    }
}

fn opened(program: &Program) -> Opened {
    Opened {
        run: RUN.to_owned(),
        at: Moment { run_ns: 0, wall_us: 1_795_000_000_000_000 },
        user: "dana".to_owned(),
        host: "ops-1".to_owned(),
        ..given::opening(program, "queue.runbook")
    }
}

fn world() -> GivenWorld {
    let text = |text: &str| Given::Value(Value::text(text));
    let person = |value| People::Answer { who: "kim".to_owned(), uid: 1001, value, after: 1_000_000_000 };
    GivenWorld::new()
        .given("waiting", [text("300"), text("2")])
        .given("health", [Given::Fails(String::from("no answer")), text("ok")])
        .people([person(Value::Bool(true)), person(Value::Int(3))])
}

/// Returns the bytes of a database with the log folded in.
fn bytes_without_log(path: &Path, copy: &Path) -> Vec<u8> {
    fs::copy(path, copy).expect("a copy");
    if beside(path, "-wal").exists() {
        fs::copy(beside(path, "-wal"), beside(copy, "-wal")).expect("a copy of the log");
    }
    let connection = rusqlite::Connection::open(copy).expect("a database");
    connection.pragma_update(None, "journal_mode", "delete").expect("the log is folded in");
    drop(connection);
    fs::read(copy).expect("the database")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn patched(whole: &[u8], patches: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for patch in patches.chunks_exact(4) {
        let place = usize::from(patch[0]) << 16 | usize::from(patch[1]) << 8 | usize::from(patch[2]);
        let place = place % bytes.len();
        bytes[place] = patch[3];
    }
    bytes
}

/// Writes rows with a chain of our own over them, as `docs/architecture.md` and the journal's files say it is made.
fn insert(path: &Path, text: &str) -> rusqlite::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; BEGIN")?;
    let mut insert = connection.prepare("INSERT INTO journal VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")?;
    let mut hash = *blake3::hash(b"mainstay journal 1").as_bytes();
    let mut seq = 0_i64;
    for line in text.split('\n').filter(|line| !line.is_empty()).take(200) {
        let wrong = line.starts_with('!');
        seq += if line.starts_with('+') { 2 } else { 1 };
        let mut columns = line.trim_start_matches(['!', '+']).splitn(6, '\t');
        let mut column = || columns.next().unwrap_or_default();
        let (class, kind, address) = (column(), column(), column());
        let (wall_us, run_ns): (i64, i64) = (column().parse().unwrap_or(0), column().parse().unwrap_or(0));
        let body = column();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&hash);
        for number in [seq, seq, wall_us, run_ns] {
            hasher.update(&number.to_le_bytes());
        }
        for text in [class, kind, address, body] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hash = if wrong { [0; 32] } else { *hasher.finalize().as_bytes() };
        insert.execute(rusqlite::params![
            seq,
            seq,
            class,
            kind,
            address,
            wall_us,
            run_ns,
            body,
            hash.as_slice()
        ])?;
    }
    drop(insert);
    connection.execute_batch("COMMIT")
}
