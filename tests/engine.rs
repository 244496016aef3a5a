//! The engine through its real door: a runbook, a given world, and what the run then wrote down.
//!
//! A case is a folder entry `tests/engine/NAME.runbook`, with `NAME.toml` beside it for what is given, and
//! `NAME.expected` for what must come of it. Drop a new pair in; `SNAPSHOTS=overwrite cargo test --test engine`
//! writes what is expected, to be read before it is committed.
//!
//! Three properties hold for every case, and for every way to break it once at every place: the run ends in an
//! outcome; its journal replays, from every turn on, to the same records; what still stands is listed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use mainstay::check::{self, Disk};
use mainstay::engine::{self, Engine, Replayed};
use mainstay::event::{
    Address, Ask, Body, Class, Control, Entry, Fact, Input, Moment, Opened, Outcome, PhaseKind, Record,
    Request, Settled,
};
use mainstay::given::{self, Fault, Faults, Given, GivenWorld, People};
use mainstay::program::Program;
use mainstay::value::{Secret, Value};
use mainstay::world::{Next, Observer, Store, StoreError, World, WorldError};

struct Case {
    name: String,
    program: Arc<Program>,
    given: toml::Table,
    expected: PathBuf,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "runbook"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    paths.into_iter().map(case).collect()
}

fn case(path: PathBuf) -> Case {
    let checked = check::check(&path.to_string_lossy(), &Disk);
    let errors: Vec<_> = checked.diagnostics.iter().map(|d| format!("{}: {}", d.code, d.message)).collect();
    let program = checked.program.unwrap_or_else(|| panic!("{}: {errors:#?}", path.display()));
    let given = std::fs::read_to_string(path.with_extension("toml")).unwrap_or_default();
    Case {
        name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
        program: Arc::new(program),
        given: given.parse().expect("the given values are TOML"),
        expected: path.with_extension("expected"),
    }
}

/// `"93%"`, `"40s"`, `"10GiB"` mean what they mean in a runbook; everything else is as in JSON.
fn value(given: &toml::Value) -> Value {
    match given {
        toml::Value::String(text) => mainstay::value::parse_percent(text)
            .or_else(|_| mainstay::value::parse_duration(text))
            .or_else(|_| mainstay::value::parse_size(text))
            .unwrap_or_else(|_| Value::text(text.as_str())),
        toml::Value::Array(items) => Value::list(items.iter().map(value).collect()),
        toml::Value::Table(fields) => Value::record(fields.iter().map(|(n, v)| (n.as_str(), value(v)))),
        toml::Value::Integer(n) => Value::Int(*n),
        toml::Value::Float(n) => Value::Number(*n),
        toml::Value::Boolean(b) => Value::Bool(*b),
        toml::Value::Datetime(d) => panic!("a time is not given yet: {d}"),
    }
}

fn duration(given: &toml::Value) -> i64 {
    match value(given) {
        Value::Duration(ns) => ns,
        other => panic!("expected a duration, found {other}"),
    }
}

/// `{ fails = "…" }` and `{ takes = "90s", then = … }`, else a value.
fn answer(given: &toml::Value) -> Given {
    let field = |name| given.as_table().and_then(|t| t.get(name));
    if let Some(why) = field("fails") {
        return Given::Fails(why.as_str().expect("a text").to_owned());
    }
    if let Some(takes) = field("takes") {
        let then = field("then").map_or(Given::Value(Value::None), answer);
        return Given::Takes(duration(takes), Box::new(then));
    }
    Given::Value(value(given))
}

fn world(case: &Case) -> GivenWorld {
    let mut world = GivenWorld::new();
    for (name, values) in case.given.get("given").and_then(toml::Value::as_table).into_iter().flatten() {
        let values = values.as_array().expect("successive values").iter().map(answer).collect::<Vec<_>>();
        world = world.given(name, values);
    }
    let people =
        case.given.get("people").and_then(toml::Value::as_array).into_iter().flatten().map(|person| {
            let field = |name| person.get(name);
            match field("never") {
                Some(_) => People::Never,
                None => People::Answer {
                    who: field("who").and_then(toml::Value::as_str).unwrap_or("dana").to_owned(),
                    uid: field("uid")
                        .and_then(toml::Value::as_integer)
                        .map_or(1001, |n| u32::try_from(n).expect("a uid")),
                    value: field("answer").map_or_else(
                        || Value::Bool(field("yes").and_then(toml::Value::as_bool).unwrap_or(true)),
                        value,
                    ),
                    after: field("after").map_or(0, duration),
                },
            }
        });
    world.people(people)
}

fn opened(case: &Case) -> Opened {
    let params = case.given.get("params").and_then(toml::Value::as_table).into_iter().flatten();
    Opened {
        run: String::from("case"),
        params: params.map(|(n, v)| (n.clone(), value(v))).collect(),
        force: case.given.get("force").is_some(),
        ..given::opening(&case.program, &case.name)
    }
}

fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([(String::from("db"), Secret::new("db", "postgres://app:hunter22@db.internal:5432/shop"))])
}

#[derive(Default)]
struct Gathered(Vec<Record>);

impl Observer for Gathered {
    fn stored(&mut self, records: &[Record]) {
        self.0.extend_from_slice(records);
    }
}

struct Ran {
    outcome: Outcome,
    records: Vec<Record>,
    world: GivenWorld,
}

fn run(case: &Case, mut world: GivenWorld) -> Ran {
    let mut store = Vec::new();
    let mut seen = Gathered::default();
    let program = Arc::clone(&case.program);
    let outcome = engine::drive(program, opened(case), secrets(), &mut world, &mut store, &mut [&mut seen])
        .unwrap_or_else(|e| panic!("{}: {e}\n{}{:#?}", case.name, told(&store), world));
    assert_eq!(store, seen.0, "{}: observers are told what is stored", case.name);
    Ran { outcome, records: store, world }
}

fn told(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        let Body::Fact(fact) = &record.body else { continue };
        if record.class == Class::Trace {
            continue;
        }
        let at = Value::Duration(record.at.run_ns);
        let mut json = serde_json::to_value(fact).expect("a fact is JSON");
        let fields = json.as_object_mut().expect("a fact is an object");
        let kind = fields.remove("fact").expect("its kind");
        fields.remove("span");
        if kind == "sampled" {
            // How long a poll may take is no event; the screen shows it, and its tests see it.
            fields.remove("until");
        }
        let fields: Vec<String> = fields.iter().filter_map(|(name, v)| line(name, v)).collect();
        writeln!(text, "{at:>8}  {} {}", kind.as_str().expect("a word"), fields.join(" ").trim_end())
            .expect("text");
    }
    text
}

/// Leaves out what is empty, and addresses: a case is about what a person is told.
fn line(name: &str, value: &serde_json::Value) -> Option<String> {
    use serde_json::Value as Json;
    match value {
        Json::Null => None,
        Json::String(s) if s.is_empty() => None,
        Json::String(s) => Some(format!("{name}={s:?}")),
        Json::Array(items) if items.is_empty() => None,
        Json::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(|v| line("", v)).collect();
            Some(format!("{name}=[{}]", items.join(", ").replace("=\"", "\"")))
        }
        Json::Object(map) => {
            let inner: Vec<_> = map
                .iter()
                .filter(|(n, _)| !matches!(n.as_str(), "span" | "address"))
                .filter_map(|(n, v)| line(n, v))
                .collect();
            Some(format!("{name}({})", inner.join(" ")))
        }
        other => Some(format!("{name}={other}")),
    }
}

#[test]
fn every_case_ends_as_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let ran = run(&case, world(&case));
        let mut text = told(&ran.records);
        writeln!(text, "acts:").expect("text");
        for act in &ran.world.acts {
            writeln!(text, "  {act}").expect("text");
        }
        for (channel, message) in &ran.world.notified {
            writeln!(text, "told {channel}: {message}").expect("text");
        }
        writeln!(text, "exit {}", ran.outcome.exit_code()).expect("text");
        assert!(!text.contains("hunter22"), "{}: a secret was written down", case.name);
        if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
            std::fs::write(&case.expected, &text).expect("the expectation is written");
        }
        let expected = std::fs::read_to_string(&case.expected).unwrap_or_default();
        if expected != text {
            wrong.push(format!("{}:\n--- expected\n{expected}\n--- found\n{text}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the questions of a case show of what lies ahead, each a line.
fn ahead(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine");
    let case = case(folder.join(name).with_extension("runbook"));
    let mut lines = Vec::new();
    for record in run(&case, world(&case)).records {
        let Body::Request(Ask { request: Request::Question(question), .. }) = record.body else { continue };
        lines.extend(question.ahead.into_iter().map(|deed| format!("{}: {}", deed.call, deed.back)));
    }
    lines
}

#[test]
fn an_approval_shows_a_point_of_no_return_that_lies_ahead() {
    let shown = [
        "point of no return \"The old one is gone: deploy it again\": what is done before it is not taken back when not old_is_there()",
        "$ replace: taken back by `$ put-back`",
    ];
    assert_eq!(ahead("point_past"), shown);
}

#[test]
fn an_approval_shows_what_a_followed_runbook_will_do() {
    let shown = ahead("follow_statement");
    let of = "followed/service.runbook, ";
    for line in [
        "follow \"followed/service.runbook\": what it changes is taken back as it says",
        &format!("{of}\"Make room\": $ make-room b: irreversible: old logs are gone"),
        &format!("{of}\"Restart\": $ drain b.service: ended by `$ fill b.service`"),
        "$ right: taken back by `$ unright`",
        &format!("{of}\"Restart\": $ restart c.service: taken back by `$ restart-old c.service`"),
    ] {
        assert!(shown.iter().any(|shown| shown == line), "{line}\n{shown:#?}");
    }
}

#[test]
fn every_case_replays_from_every_turn() {
    for case in cases() {
        let ran = run(&case, world(&case));
        assert_replays(&case, &ran.records, &case.name);
    }
}

/// Cuts the journal behind every turn, replays what is left, and feeds the rest: the records must come out the same.
fn assert_replays(case: &Case, records: &[Record], what: &str) {
    let kept: Vec<Record> = records.iter().filter(|r| r.class != Class::Trace).cloned().collect();
    let begins: Vec<usize> =
        kept.iter().enumerate().filter(|(_, r)| r.class == Class::Input).map(|(i, _)| i).collect();
    for cut in begins.iter().skip(1).copied().chain([kept.len()]) {
        let mut replayed = engine::replay(Arc::clone(&case.program), secrets(), &kept[..cut])
            .unwrap_or_else(|e| panic!("{what}: cut at {cut}: {e}"));
        let mut again = kept[..cut].to_vec();
        again.extend(feed(&mut replayed.engine, &kept[cut..]));
        for (found, recorded) in again.iter().zip(&kept) {
            assert_eq!(found, recorded, "{what}: cut at {cut}");
        }
        assert_eq!(again.len(), kept.len(), "{what}: cut at {cut}");
    }
}

fn feed(engine: &mut Engine, rest: &[Record]) -> Vec<Record> {
    let mut found = Vec::new();
    for record in rest {
        if let Body::Input(input) = &record.body {
            let records = engine.feed(input.clone()).records;
            found.extend(records.into_iter().filter(|r| r.class != Class::Trace));
        }
    }
    found
}

const FAULTS: [Fault; 6] =
    [Fault::Fails, Fault::TimesOut, Fault::Lost, Fault::Denied, Fault::Silent, Fault::Stop];

#[test]
fn every_case_broken_once_everywhere_ends_with_nothing_lost() {
    let mut tried = 0;
    for case in cases() {
        let places = run(&case, world(&case)).world.places();
        for place in 0..places {
            for fault in FAULTS {
                let ran = run(&case, world(&case).faults(Faults::default().at(place, fault)));
                let what = format!("{} broken at {place} by {fault:?}", case.name);
                assert_nothing_lost(&ran, &what);
                assert_replays_whole(&case, &ran.records, &what);
                tried += 1;
            }
        }
    }
    println!("{tried} broken runs");
    assert!(tried > 1000, "only {tried} broken runs");
}

/// What a run has done can be taken back after its end: by its own undos, once, also where the first attempt at one failed.
#[test]
fn every_case_can_be_taken_back_later() {
    let (mut taken, mut failed) = (0, 0);
    for case in cases() {
        let ran = run(&case, world(&case));
        let what = format!("{} taken back", case.name);
        let first = later(&case, &ran.records, world(&case));
        assert_replays(&case, &first.records, &what);
        let undone = |records: &[Record]| -> Vec<Address> {
            let done = |record: &Record| match &record.body {
                Body::Fact(Fact::UnwindEnded { change, settled, finally: false, .. }) => {
                    matches!(settled, Settled::Done | Settled::NotNeeded).then(|| change.address.clone())
                }
                _ => None,
            };
            records.iter().filter_map(done).collect()
        };
        let mut once = undone(&first.records);
        taken += once.len() - undone(&ran.records).len();
        once.sort_unstable();
        let count = once.len();
        once.dedup();
        assert_eq!(once.len(), count, "{what}: something was taken back twice\n{}", told(&first.records));
        let left = replayed(&case, &first.records).engine.made();
        let is_stuck = |record: &Record| match &record.body {
            Body::Fact(Fact::UnwindEnded { settled, .. }) => {
                matches!(settled, Settled::Failed | Settled::InDoubt)
            }
            Body::Fact(Fact::PhaseEnded { phase: PhaseKind::Rollback, ok, .. }) => !ok,
            _ => false,
        };
        if !first.records.iter().any(is_stuck) {
            assert!(left.iter().all(|stands| stands.undo.is_none()), "{what}: {left:?}");
        }
        // An undo that fails leaves the others to be done, and is tried again.
        let places = first.world.places();
        for place in 0..places {
            let broken =
                later(&case, &ran.records, world(&case).faults(Faults::default().at(place, Fault::Fails)));
            let again = later(&case, &broken.records, world(&case));
            let what = format!("{what}, broken at {place}");
            assert_replays_whole(&case, &again.records, &what);
            let (mut there, mut here) = (undone(&first.records), undone(&again.records));
            there.sort_unstable();
            here.sort_unstable();
            if first.outcome == Outcome::RolledBack {
                assert_eq!(there, here, "{what}\n{}", told(&again.records));
                failed += usize::from(broken.outcome == Outcome::Failed);
            }
        }
    }
    assert!(taken > 5 && failed > 5, "{taken} taken back, {failed} attempts failed");
}

fn replayed(case: &Case, records: &[Record]) -> Replayed {
    engine::replay(Arc::clone(&case.program), secrets(), records)
        .unwrap_or_else(|e| panic!("{}: {e}\n{}", case.name, told(records)))
}

/// Takes a run that has ended back.
fn later(case: &Case, records: &[Record], mut world: GivenWorld) -> Ran {
    let replayed = replayed(case, records);
    let mut store = records.to_vec();
    let last = records.last().expect("a record").at;
    let occurred = Moment { run_ns: last.run_ns + 60_000_000_000, wall_us: last.wall_us + 60_000_000 };
    let back = Input::Control { control: Control::Rollback, by: String::from("lead"), occurred };
    let outcome = engine::go_on(replayed.engine, [back], &mut world, &mut store, &mut [])
        .unwrap_or_else(|e| panic!("{}: {e}\n{}", case.name, told(&store)));
    Ran { outcome, records: store, world }
}

fn assert_replays_whole(case: &Case, records: &[Record], what: &str) {
    let replayed = engine::replay(Arc::clone(&case.program), secrets(), records)
        .unwrap_or_else(|e| panic!("{what}: {e}\n{}", told(records)));
    assert!(replayed.outcome.is_some(), "{what}: the replay ends");
}

/// Every change that began has exactly one end, and every one that happened is in exactly one of the lists.
fn assert_nothing_lost(ran: &Ran, what: &str) {
    let mut began = BTreeMap::new();
    for record in &ran.records {
        match &record.body {
            Body::Fact(Fact::ChangeBegan(change)) => {
                let before = began.insert(change.address.clone(), 0);
                assert_eq!(before, None, "{what}: `{}` began twice at one place", change.call);
            }
            Body::Fact(Fact::ChangeEnded { change, .. }) => {
                if let Some(ends) = began.get_mut(&change.address) {
                    *ends += 1;
                }
            }
            _ => {}
        }
    }
    for (address, ends) in &began {
        assert_eq!(*ends, 1, "{what}: the change at {address} has {ends} ends\n{}", told(&ran.records));
    }
    let Some(Body::Fact(Fact::Ended { outcome, standing, .. })) = ran.records.last().map(|r| &r.body) else {
        panic!("{what}: the last record is the end\n{}", told(&ran.records));
    };
    assert_eq!(*outcome, ran.outcome, "{what}");
    let undeclared: Vec<&Entry> = standing.iter().filter(|e| !e.note.contains("irreversible")).collect();
    if !undeclared.is_empty() {
        let told = told(&ran.records);
        assert!(matches!(outcome, Outcome::Failed | Outcome::Escalated), "{what}: {undeclared:?}\n{told}");
    }
}

#[test]
fn an_append_that_fails_stops_the_run_before_its_effect() {
    struct Full {
        left: usize,
    }
    impl mainstay::world::Store for Full {
        fn append(&mut self, _: &[Record], _: bool) -> Result<(), mainstay::world::StoreError> {
            if self.left == 0 {
                return Err(mainstay::world::StoreError(String::from("disk full")));
            }
            self.left -= 1;
            Ok(())
        }
    }
    for case in cases() {
        for left in 0.. {
            let mut world = world(&case);
            let program = Arc::clone(&case.program);
            let mut seen = Gathered::default();
            let result = engine::drive(
                program,
                opened(&case),
                secrets(),
                &mut world,
                &mut Full { left },
                &mut [&mut seen],
            );
            let asked =
                seen.0.iter().filter(|r| matches!(&r.body, Body::Request(ask) if ask.changes)).count();
            assert!(
                world.acts.len() <= asked,
                "{}: an act without its intent, after {left} appends",
                case.name
            );
            match result {
                Ok(_) => break,
                Err(error) => assert_eq!(error.to_string(), "the journal cannot be written: disk full"),
            }
        }
    }
}

/// A world in which the next input is mostly there at once, and that looks into the journal.
struct Prompt {
    world: GivenWorld,
    kept: Rc<RefCell<Kept>>,
    asked: Vec<Address>,
    looks: usize,
}

/// What is stored, how much of it on disk, in how many transactions.
#[derive(Default)]
struct Kept {
    records: Vec<Record>,
    durable: usize,
    transactions: usize,
}

/// The journal, which the world looks into.
struct Shared(Rc<RefCell<Kept>>);

impl Store for Shared {
    fn append(&mut self, records: &[Record], durable: bool) -> Result<(), StoreError> {
        self.append_turns(&[records.to_vec()], durable)
    }

    fn append_turns(&mut self, turns: &[Vec<Record>], durable: bool) -> Result<(), StoreError> {
        let mut kept = self.0.borrow_mut();
        kept.transactions += 1;
        kept.records.extend(turns.iter().flatten().cloned());
        if durable {
            kept.durable = kept.records.len();
        }
        Ok(())
    }
}

fn requests(records: &[Record]) -> Vec<&Address> {
    let request = |r: &&Record| matches!(r.body, Body::Request(_));
    records.iter().filter(request).map(|r| &r.address).collect()
}

impl World for Prompt {
    fn now(&mut self) -> Moment {
        self.world.now()
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        let kept = self.kept.borrow();
        let durable = requests(&kept.records[..kept.durable]);
        for ask in &asks {
            assert!(!ask.acts() || durable.contains(&&ask.address), "it acts before it is on disk: {ask:?}");
            self.asked.push(ask.address.clone());
        }
        self.world.begin(asks)
    }

    fn ready(&mut self) -> Result<Option<Next>, WorldError> {
        self.looks += 1;
        if self.looks.is_multiple_of(4) {
            return Ok(None);
        }
        match self.world.next() {
            Err(WorldError::Nothing) => Ok(None),
            next => next.map(Some),
        }
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        let kept = self.kept.borrow();
        let stored = requests(&kept.records);
        let lacking = self.asked.iter().find(|address| !stored.contains(address));
        assert!(lacking.is_none(), "it is waited for before it is stored: {lacking:?}");
        self.world.next()
    }
}

#[test]
fn turns_that_share_a_transaction_are_stored_before_anything_acts_or_is_waited_for() {
    let mut shared = false;
    for case in cases() {
        let alone = Rc::new(RefCell::new(Kept::default()));
        let mut given = world(&case);
        let program = || Arc::clone(&case.program);
        engine::drive(
            program(),
            opened(&case),
            secrets(),
            &mut given,
            &mut Shared(Rc::clone(&alone)),
            &mut [],
        )
        .unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let kept = Rc::new(RefCell::new(Kept::default()));
        let (asked, looks) = (Vec::new(), 0);
        let mut prompt = Prompt { world: world(&case), kept: Rc::clone(&kept), asked, looks };
        let mut seen = Gathered::default();
        let observers: &mut [&mut dyn Observer] = &mut [&mut seen];
        let mut store = Shared(Rc::clone(&kept));
        engine::drive(program(), opened(&case), secrets(), &mut prompt, &mut store, observers)
            .unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let (kept, alone) = (kept.borrow(), alone.borrow());
        assert_eq!(kept.records, alone.records, "{}", case.name);
        assert_eq!(kept.records, seen.0, "{}: observers are told what is stored", case.name);
        shared |= kept.transactions < alone.transactions;
    }
    assert!(shared, "no turns shared a transaction");
}

#[test]
fn a_journal_of_another_runbook_is_refused() {
    let mut cases = cases();
    let (first, second) = (cases.remove(0), cases.remove(0));
    let ran = run(&first, world(&first));
    let error =
        engine::replay(Arc::clone(&second.program), secrets(), &ran.records).err().expect("they differ");
    assert!(error.to_string().starts_with("what was recorded does not fit the text at the top: "), "{error}");
}

#[test]
fn a_journal_that_does_not_begin_is_refused() {
    let case = cases().remove(0);
    let error = engine::replay(Arc::clone(&case.program), secrets(), &[]).err().expect("it is empty");
    assert_eq!(error.to_string(), "the journal does not begin with the opening of a run");
}

#[test]
fn the_given_world_says_what_was_not_given() {
    let mut world = GivenWorld::new();
    assert_eq!(
        world.next().err().map(|e| e.to_string()).as_deref(),
        Some("the run waits for something that was never asked")
    );
    assert!(!matches!(world.next(), Ok(Next::Input(Input::Opened(_)))));
}

#[test]
fn a_reading_that_was_not_given_ends_the_run_and_is_named() {
    let case = cases().into_iter().find(|c| c.name == "retry").expect("the case");
    let mut world = GivenWorld::new();
    let program = Arc::clone(&case.program);
    let result =
        engine::drive(program, opened(&case), secrets(), &mut world, &mut Vec::<Record>::new(), &mut []);
    let error = result.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("`$ edge-version` was not given"), "{error}");
}
