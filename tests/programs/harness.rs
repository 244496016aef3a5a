//! Runs of runbooks made by chance: whole, cut off anywhere and taken up again, on a store that fails.
//!
//! Owns what must hold of a run and of two runs that are to be the same. Never decides what is tried.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use mainstay::check::{self, Memory};
use mainstay::display::{self, Look};
use mainstay::engine::{self, DriveError, Engine};
use mainstay::event::{
    Address, Ask, Body, ChangeState, Class, Fact, Input, Moment, Opened, Outcome, Planned, Record, Reply,
};
use mainstay::given;
use mainstay::program::Program;
use mainstay::real::DryWorld;
use mainstay::timeline::planned;
use mainstay::world::{Next, Store, StoreError, World, WorldError};

use crate::outside::{Fate, Outside};

/// A runbook and the world it runs in.
pub struct Case {
    pub text: String,
    pub program: Arc<Program>,
    pub fate: Fate,
    /// The saved plan that its runs follow.
    pub plan: Option<Box<Planned>>,
}

impl Case {
    /// Checks a runbook, which must be free of errors.
    pub fn new(text: String, fate: Fate) -> Result<Case, String> {
        let checked = check::check("chance.runbook", &Memory::new([("chance.runbook", text.as_str())]));
        match checked.program {
            Some(program) => Ok(Case { text, program: Arc::new(program), fate, plan: None }),
            None => {
                let messages = display::diagnostics(&checked.diagnostics, &checked.sources, Look::BARE);
                Err(format!("{text}\n{messages}"))
            }
        }
    }

    fn opened(&self) -> Opened {
        let plan = self.plan.clone();
        Opened { named_calls: !self.fate.real, plan, ..given::opening(&self.program, "chance.runbook") }
    }

    /// Runs it from its opening. `shared`: inputs that are there at once may share a transaction.
    pub fn run(&self, store: &mut Kept, shared: bool) -> (Result<Outcome, DriveError>, Watched) {
        let world = Outside::new(self.fate);
        let mut world = Watched::new(world, store, shared);
        let program = Arc::clone(&self.program);
        let result = engine::drive(program, self.opened(), BTreeMap::new(), &mut world, store, &mut []);
        (result, world)
    }

    /// Walks it as a dry run, in a world that refuses to act.
    pub fn dry(&self) -> (Result<Outcome, String>, Vec<Record>) {
        let mut world = DryWorld::new(Outside::new(self.fate));
        let engine = Engine::dry(Arc::clone(&self.program), BTreeMap::new());
        let mut records = Vec::new();
        let first = [Input::Opened(Box::new(self.opened()))];
        let result = engine::go_on(engine, first, &mut world, &mut records, &mut []);
        let acts = world.into_inner().acts;
        let result = match result {
            Ok(_) if !acts.is_empty() => Err(format!("the world was acted on: {acts:?}")),
            result => result.map_err(|e| e.to_string()),
        };
        (result, records)
    }

    /// Returns it bound to what a dry run in that world tells; as it is, where it would fail there.
    pub fn planned_in(mut self, fate: Fate) -> Case {
        let own = std::mem::replace(&mut self.fate, Fate { stop: None, ..fate });
        let (result, records) = self.dry();
        self.fate = own;
        if !matches!(result, Err(_) | Ok(Outcome::Failed | Outcome::Aborted)) {
            let digest = String::from("0123456789abcdef");
            self.plan = Some(Box::new(Planned { digest, ..planned(&records).0 }));
        }
        self
    }

    /// Takes a run up again: `kept` is what is stored of it, `world` as it was then.
    pub fn resume(&self, kept: &[Record], mut world: Outside, lost: bool) -> Result<Ran, String> {
        let program = Arc::clone(&self.program);
        let replayed = engine::replay(program, BTreeMap::new(), kept).map_err(|e| e.to_string())?;
        let mut store = Kept::of(kept);
        if let Some(outcome) = replayed.outcome {
            return Ok(Ran { outcome, records: kept.to_vec(), world, lost: Vec::new() });
        }
        let changes = |ask: &&Ask| ask.acts() && ask.changes;
        let lost_ones = if lost {
            replayed.open.iter().filter(changes).map(|a| a.address.clone()).collect()
        } else {
            Vec::new()
        };
        world.crash(kept);
        world.take_up(replayed.open, lost);
        let result = engine::go_on(replayed.engine, [], &mut world, &mut store, &mut []);
        let outcome = result.map_err(|e| e.to_string())?;
        let records = store.records();
        Ok(Ran { outcome, records, world, lost: lost_ones })
    }
}

/// A run that has ended.
pub struct Ran {
    pub outcome: Outcome,
    pub records: Vec<Record>,
    pub world: Outside,
    /// Changes whose end nobody will know.
    pub lost: Vec<Address>,
}

/// What is stored, and on which append it fails.
#[derive(Clone, Default)]
pub struct Kept {
    records: Rc<RefCell<Vec<Record>>>,
    appends: Rc<Cell<usize>>,
    fails: Option<(usize, Fails)>,
    failed: Rc<Cell<bool>>,
}

/// When an append fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// Nothing of it is stored.
    Before,
    /// All of it is stored, and nobody is told.
    After,
}

impl Kept {
    pub fn of(records: &[Record]) -> Kept {
        Kept { records: Rc::new(RefCell::new(records.to_vec())), ..Kept::default() }
    }

    /// Returns a store whose append number `at`, from 0, fails, and all behind it.
    pub fn failing(at: usize, how: Fails) -> Kept {
        Kept { fails: Some((at, how)), ..Kept::default() }
    }

    pub fn records(&self) -> Vec<Record> {
        self.records.borrow().clone()
    }

    pub fn appends(&self) -> usize {
        self.appends.get()
    }

    fn len(&self) -> usize {
        self.records.borrow().len()
    }
}

impl Store for Kept {
    fn append(&mut self, records: &[Record], _durable: bool) -> Result<(), StoreError> {
        let at = self.appends.replace(self.appends.get() + 1);
        let fails = self.fails.filter(|(from, _)| *from <= at);
        // Only the first may have been stored: a disk that has failed takes nothing more.
        if fails.is_none_or(|(from, how)| how == Fails::After && from == at) {
            self.records.borrow_mut().extend_from_slice(records);
        }
        match fails {
            None => Ok(()),
            Some(_) => {
                self.failed.set(true);
                Err(StoreError("disk full".to_owned()))
            }
        }
    }
}

/// A place where a run can be cut off: how many records are stored, and the world as it is.
pub struct Point {
    pub kept: usize,
    pub world: Outside,
}

/// A world that remembers how it was, and looks into the journal.
pub struct Watched {
    pub world: Outside,
    pub points: Vec<Point>,
    kept: Kept,
    shared: bool,
    looks: usize,
}

impl Watched {
    fn new(world: Outside, kept: &Kept, shared: bool) -> Watched {
        Watched { world, points: Vec::new(), kept: kept.clone(), shared, looks: 0 }
    }

    fn remember(&mut self) {
        if self.kept.fails.is_none() {
            self.points.push(Point { kept: self.kept.len(), world: self.world.clone() });
        }
    }
}

impl World for Watched {
    fn now(&mut self) -> Moment {
        self.world.now()
    }

    fn begin(&mut self, asks: Vec<Ask>) -> Result<(), WorldError> {
        assert!(!self.kept.failed.get(), "something begins after an append that failed: {asks:#?}");
        let stored = self.kept.records.borrow();
        for ask in asks.iter().filter(|ask| ask.acts()) {
            let kept =
                stored.iter().rev().any(|r| matches!(&r.body, Body::Request(a) if a.address == ask.address));
            assert!(kept, "it acts before it is stored: {ask:#?}");
        }
        drop(stored);
        self.remember();
        // Requests of one turn begin one after the other.
        for ask in asks {
            self.world.begin(vec![ask])?;
            self.remember();
        }
        Ok(())
    }

    fn ready(&mut self) -> Result<Option<Next>, WorldError> {
        self.looks += 1;
        if !self.shared || self.looks.is_multiple_of(3) {
            return Ok(None);
        }
        match self.world.next() {
            Err(WorldError::Nothing) => Ok(None),
            next => next.map(Some),
        }
    }

    fn next(&mut self) -> Result<Next, WorldError> {
        self.remember();
        self.world.next()
    }
}

/// Returns what a replay needs of these records: all but what happened inside readings.
pub fn essence(records: &[Record]) -> Vec<&Record> {
    records.iter().filter(|r| r.class != Class::Trace).collect()
}

/// Checks that a run that was taken up again is the one that was not interrupted. False: up to a reading that was broken
/// off, which takes another time when it is made again.
pub fn same(whole: &Ran, again: &Ran) -> Result<bool, String> {
    let (a, b) = (essence(&whole.records), essence(&again.records));
    let mut late = false;
    for at in 0..a.len().max(b.len()) {
        let (one, two) = (a.get(at).copied(), b.get(at).copied());
        if one == two {
            continue;
        }
        // A reading that an arm broke off goes on to its next statement; made again it does not even begin.
        if [one, two].into_iter().flatten().any(is_broken_off) {
            return Ok(false);
        }
        late |= ran_out_elsewhere(one, two);
        // From there on, whoever tells of that failure has its words.
        if !(late && words_apart(one, two)) {
            let show = |r: Option<&Record>| r.map_or("nothing".to_owned(), |r| format!("{r:?}"));
            return Err(format!("record {at} was\n  {}\nand is\n  {}", show(one), show(two)));
        }
    }
    if whole.outcome != again.outcome {
        return Err(format!("the outcome was {:?} and is {:?}", whole.outcome, again.outcome));
    }
    if whole.world.acts != again.world.acts {
        return Err(format!("the acts were {:?} and are {:?}", whole.world.acts, again.world.acts));
    }
    Ok(true)
}

fn is_broken_off(record: &Record) -> bool {
    failure(record) == Some("the run stops")
}

/// Returns why a request failed, if the record says that one did.
fn failure(record: &Record) -> Option<&str> {
    match &record.body {
        Body::Input(Input::Delivered { reply: Reply::Failed { message, .. }, .. }) => Some(message),
        _ => None,
    }
}

/// What a bound's end is told with where it ended a command.
const ENDED: &str = "the command was ended: ";

/// Returns whether one reading failed in both because the same bound ran out, at another of its statements. It ran out while
/// the reading was made; the reading that is made again then does not come so far.
fn ran_out_elsewhere(one: Option<&Record>, two: Option<&Record>) -> bool {
    let bound = |record: Option<&Record>| {
        let first = failure(record?)?.lines().next()?;
        let bound = first.strip_prefix(ENDED).unwrap_or(first).strip_suffix(" ran out")?;
        Some(bound.to_owned())
    };
    bound(one).is_some() && bound(one) == bound(two)
}

/// Returns whether two records are the same but for the words of why something failed.
fn words_apart(one: Option<&Record>, two: Option<&Record>) -> bool {
    let bare = |record: Option<&Record>| -> Option<String> {
        let mut json = serde_json::to_value(record?).expect("a record is JSON");
        without_words(&mut json);
        Some(json.to_string())
    };
    bare(one).is_some() && bare(one) == bare(two)
}

/// Takes the words of failures out: what is told of one, in lists too, and the place it points at.
fn without_words(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(fields) => {
            let words = ["message", "detail", "why", "reason", "note", "evidence", "shown", "span"];
            fields.retain(|name, _| !words.contains(&name.as_str()));
            fields.values_mut().for_each(without_words);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_words),
        // A question tells of the failure in its own text.
        serde_json::Value::String(text) => *text = text.replace(ENDED, ""),
        _ => {}
    }
}

/// Checks what holds of every run, whatever went wrong in it: each change has one end, is made once and taken back at most
/// once; what was lost is in doubt; and what stands is told.
pub fn sound(ran: &Ran) -> Result<(), String> {
    let mut acts = BTreeSet::new();
    for (address, typed) in &ran.world.acts {
        if !acts.insert(address) {
            return Err(format!("`{typed}` was made twice at {address}"));
        }
    }
    let mut ends: BTreeMap<Address, Option<ChangeState>> = BTreeMap::new();
    let mut unwound = BTreeSet::new();
    for record in &ran.records {
        match &record.body {
            Body::Fact(Fact::ChangeBegan(change)) if ends.insert(change.address.clone(), None).is_some() => {
                return Err(format!("`{}` began twice at {}", change.call, change.address));
            }
            Body::Fact(Fact::ChangeEnded { change, state, .. }) => {
                if let Some(end) = ends.get_mut(&change.address)
                    && end.replace(*state).is_some()
                {
                    return Err(format!("`{}` has two ends at {}", change.call, change.address));
                }
            }
            Body::Fact(Fact::UnwindBegan { change, finally, .. })
                if !unwound.insert((change.address.clone(), *finally)) =>
            {
                return Err(format!("`{}` is taken back twice", change.call));
            }
            _ => {}
        }
    }
    if let Some((address, _)) = ends.iter().find(|(_, end)| end.is_none()) {
        return Err(format!("the change at {address} has no end"));
    }
    for address in &ran.lost {
        let found = ends.iter().find(|(change, _)| format!("{change}.d.x") == *address.0);
        if let Some((_, end)) = found
            && *end != Some(ChangeState::InDoubt)
        {
            return Err(format!(
                "the end of the change at {address} is unknown, and it is told to be {end:?}"
            ));
        }
    }
    told(ran)
}

/// The last record is the end, with everything that stands.
fn told(ran: &Ran) -> Result<(), String> {
    let Some(Body::Fact(Fact::Ended { outcome, standing, .. })) = ran.records.last().map(|r| &r.body) else {
        return Err("the last record is not the end".to_owned());
    };
    if *outcome != ran.outcome {
        return Err(format!("it ends as {outcome:?} and returns {:?}", ran.outcome));
    }
    let undeclared = standing.iter().any(|entry| !entry.note.contains("irreversible"));
    if undeclared && !matches!(outcome, Outcome::Failed | Outcome::Escalated) {
        return Err(format!("it ends as {outcome:?}, and this stands: {standing:?}"));
    }
    Ok(())
}

/// Returns what a person needs to see what went wrong: the runbook, its world, and what was stored.
pub fn story(case: &Case, kept: &[Record], what: &str) -> String {
    let mut text = format!("{what}\n\n{:?}\n\n{}\n", case.fate, case.text);
    for record in kept {
        let json = serde_json::to_string(&record.body).expect("JSON");
        let json: String = json.chars().take(300).collect();
        writeln!(text, "{:?} {} {} {json}", record.class, record.at.run_ns / 1_000_000, record.address)
            .expect("text");
    }
    text
}
