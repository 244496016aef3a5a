//! Runbooks made by chance, in a world where things go wrong: cut off at every place of their journal and taken up again
//! they end as if nothing had happened, and no append that fails lets anything begin.
//!
//! A few are tried in every run of the tests. `CONTRIBUTING.md` says how thousands are.

mod harness;
mod outside;
#[path = "../support/pages.rs"]
mod pages;
mod text;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use harness::{Case, Fails, Kept, Ran, same, sound, story};
use mainstay::bounds::{Amount, Bounds, Given, Time};
use mainstay::display;
use mainstay::event::{Body, Fact, Input, PhaseKind, Point, Record, Request};
use mainstay::plan::Plan;
use mainstay::program::{Call, Program, StatementKind, Target};
use mainstay::shell::ScriptPart;
use mainstay::value::Value;
use outside::Fate;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// Returns runbooks and worlds.
fn case() -> impl Strategy<Value = (Vec<u16>, Fate)> {
    let stop = prop_oneof![3 => Just(None), 1 => (0..120_u32).prop_map(Some)];
    let fate = (any::<u64>(), prop_oneof![2 => 0..8_u64, 1 => 8..40_u64], any::<bool>(), stop)
        .prop_map(|(seed, trouble, real, stop)| Fate { seed, trouble, real, slow: false, stop });
    (proptest::collection::vec(any::<u16>(), 0..160), fate)
}

/// As many cases as `PROPTEST_CASES` asks for, else `cases`.
fn tried(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: std::env::var("SHRINK").ok().and_then(|v| v.parse().ok()).unwrap_or(300),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Returns a world in which other things are read.
fn another(fate: Fate) -> Fate {
    Fate { seed: fate.seed ^ 1, ..fate }
}

fn whole(case: &Case, shared: bool) -> (Ran, Vec<harness::Point>) {
    let mut store = Kept::default();
    let (result, watched) = case.run(&mut store, shared);
    let records = store.records();
    let outcome = result.unwrap_or_else(|e| panic!("{}", story(case, &records, &e.to_string())));
    (Ran { outcome, records, world: watched.world, lost: Vec::new() }, watched.points)
}

#[test]
fn a_run_cut_off_anywhere_goes_on_as_if_nothing_had_happened() {
    let (programs, prefixes, broken_off) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(0_u64));
    let outcomes = std::cell::RefCell::new(std::collections::BTreeMap::<String, u64>::new());
    let property = |(choices, fate): (Vec<u16>, Fate)| {
        let case = Case::new(text::runbook(&choices), fate).map_err(TestCaseError::fail)?;
        // Some follow a plan that was made in a world which was another one.
        let case = if fate.seed % 3 == 0 { case.planned_in(another(fate)) } else { case };
        let (ran, points) = whole(&case, fate.seed % 2 == 0);
        sound(&ran).map_err(|e| TestCaseError::fail(story(&case, &ran.records, &e)))?;
        programs.set(programs.get() + 1);
        *outcomes.borrow_mut().entry(format!("{:?}", ran.outcome)).or_default() += 1;
        for point in points.into_iter().filter(|point| point.kept > 0) {
            let kept = &ran.records[..point.kept];
            for lost in [false, true] {
                let again = case
                    .resume(kept, point.world.clone(), lost)
                    .map_err(|e| TestCaseError::fail(story(&case, kept, &e)))?;
                let what = |e: String| TestCaseError::fail(story(&case, kept, &format!("lost: {lost}: {e}")));
                sound(&again).map_err(what)?;
                if again.lost.is_empty() && !same(&ran, &again).map_err(what)? {
                    broken_off.set(broken_off.get() + 1);
                }
                prefixes.set(prefixes.get() + 1);
            }
        }
        Ok(())
    };
    let mut runner = TestRunner::new(tried(12));
    if let Err(error) = runner.run(&case(), property) {
        panic!("{error}");
    }
    let (ends, few) = (outcomes.borrow(), broken_off.get());
    println!(
        "{} programs, {} places, {few} with a reading broken off, {ends:?}",
        programs.get(),
        prefixes.get()
    );
    assert!(few * 20 < prefixes.get(), "too many places are not compared to the end");
    assert!(prefixes.get() > 20 * programs.get(), "hardly anything was cut off");
}

#[test]
fn no_append_that_fails_lets_anything_begin() {
    let (programs, failures) = (Cell::new(0_u64), Cell::new(0_u64));
    let property = |(choices, fate): (Vec<u16>, Fate)| {
        let case = Case::new(text::runbook(&choices), fate).map_err(TestCaseError::fail)?;
        let shared = fate.seed % 2 == 0;
        let mut store = Kept::default();
        let (result, watched) = case.run(&mut store, shared);
        let outcome = result.map_err(|e| TestCaseError::fail(e.to_string()))?;
        let ran = Ran { outcome, records: store.records(), world: watched.world, lost: Vec::new() };
        programs.set(programs.get() + 1);
        for at in 0..store.appends() {
            for how in [Fails::Before, Fails::After] {
                let mut store = Kept::failing(at, how);
                let (result, watched) = case.run(&mut store, shared);
                let kept = store.records();
                let fail =
                    |e: String| TestCaseError::fail(story(&case, &kept, &format!("{at} {how:?}: {e}")));
                let message = result.err().map(|e| e.to_string()).unwrap_or_default();
                if message != "the journal cannot be written: disk full" {
                    return Err(fail(format!("it ended with: {message}")));
                }
                if kept.is_empty() {
                    continue;
                }
                let again = case.resume(&kept, watched.world, false).map_err(fail)?;
                same(&ran, &again).map_err(fail)?;
                failures.set(failures.get() + 1);
            }
        }
        Ok(())
    };
    let mut runner = TestRunner::new(tried(12));
    if let Err(error) = runner.run(&case(), property) {
        panic!("{error}");
    }
    println!("{} programs, {} failing appends", programs.get(), failures.get());
    assert!(failures.get() > 10 * programs.get(), "hardly any append failed");
}

/// What a dry run of any program asks the world for only reads, and it always comes to an end.
#[test]
fn a_dry_run_acts_on_nothing() {
    let (programs, acting) = (Cell::new(0_u64), Cell::new(0_u64));
    let property = |(choices, fate): (Vec<u16>, Fate)| {
        let case = Case::new(text::runbook(&choices), fate).map_err(TestCaseError::fail)?;
        let (result, records) = case.dry();
        let fail = |e: String| TestCaseError::fail(story(&case, &records, &e));
        result.map_err(fail)?;
        let acts = |record: &Record| match &record.body {
            Body::Request(ask) => ask.acts(),
            Body::Fact(fact) => {
                matches!(fact, Fact::ChangeBegan(_) | Fact::Asked { .. } | Fact::Notified { .. })
            }
            Body::Input(_) => false,
        };
        if let Some(record) = records.iter().find(|record| acts(record)) {
            return Err(fail(format!("it acts: {record:?}")));
        }
        programs.set(programs.get() + 1);
        let would = |record: &&Record| matches!(&record.body, Body::Fact(Fact::Would { .. }));
        acting.set(acting.get() + u64::from(records.iter().find(would).is_some()));
        Ok(())
    };
    let mut runner = TestRunner::new(tried(200));
    if let Err(error) = runner.run(&case(), property) {
        panic!("{error}");
    }
    println!("{} programs, {} would act", programs.get(), acting.get());
    assert!(acting.get() * 2 > programs.get(), "hardly any would have acted");
}

/// Where nothing has changed since, nothing is different; and whatever has, each change is one that was planned, or of which
/// the plan said that it may be made, until somebody has accepted another one.
#[test]
fn a_run_that_follows_a_plan_does_what_was_planned_or_somebody_accepts_it() {
    let (programs, followed, differing) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(0_u64));
    let property = |(choices, fate): (Vec<u16>, Fate)| {
        for planned in [fate, another(fate)] {
            let case =
                Case::new(text::runbook(&choices), fate).map_err(TestCaseError::fail)?.planned_in(planned);
            let (ran, _) = whole(&case, fate.seed % 2 == 0);
            let same = planned.seed == fate.seed;
            let differs = as_planned(&case, &ran, same)
                .map_err(|e| TestCaseError::fail(story(&case, &ran.records, &e)))?;
            programs.set(programs.get() + 1);
            followed.set(followed.get() + u64::from(case.plan.is_some()));
            differing.set(differing.get() + u64::from(differs));
        }
        Ok(())
    };
    // The same ones each time; others where many are asked for.
    let mut runner = match std::env::var_os("PROPTEST_CASES") {
        None => {
            let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            TestRunner::new_with_rng(tried(150), rng)
        }
        Some(_) => TestRunner::new(tried(150)),
    };
    if let Err(error) = runner.run(&case(), property) {
        panic!("{error}");
    }
    println!("{} programs, {} followed a plan, {} differed", programs.get(), followed.get(), differing.get());
    assert!(followed.get() * 4 > programs.get(), "hardly any followed a plan");
    assert!(differing.get() * 20 > programs.get(), "hardly any differed");
}

/// Checks the changes of a run against its plan. Returns whether anything differed.
fn as_planned(case: &Case, ran: &Ran, same: bool) -> Result<bool, String> {
    let Some(plan) = &case.plan else { return Ok(false) };
    let (mut differs, mut accepted) = (false, false);
    for record in &ran.records {
        // A later attempt reads the world again: there it may be another one in any case.
        let again = record.address.0.split('.').any(|part| {
            part.strip_prefix('a').and_then(|n| n.parse::<u32>().ok()).is_some_and(|attempt| attempt > 1)
        });
        match &record.body {
            Body::Fact(Fact::Differs { differs: list, .. }) => {
                differs = true;
                if same && !again {
                    return Err(format!("nothing has changed, and this differs: {list:?}"));
                }
            }
            Body::Fact(Fact::Answered { value, .. }) => accepted |= differs && *value != Value::Bool(false),
            Body::Fact(Fact::ChangeBegan(change)) if !accepted && !again && !change.undoing => {
                let place = case.program.sources.place(change.span).to_string();
                let is_it = |point: &Point| point.at == record.address && point.text == change.call;
                let is_command = change.call.starts_with("$ ");
                if is_command && !plan.points.iter().any(is_it) && !plan.unbound.contains(&place) {
                    return Err(format!("nobody has planned or accepted `{}`", change.call));
                }
            }
            _ => {}
        }
    }
    Ok(differs)
}

/// Checks that nothing of a run took longer than its bounds say: the run, its phases, and what of it nobody was asked in.
fn in_time(case: &Case, ran: &Ran) -> Result<(), String> {
    let bounds = Bounds::of(&case.program, &Given::nothing());
    let most = |what: &str, took: i64, most: Amount| match most.bounded() {
        Some(most) if took <= most => Ok(()),
        Some(most) => Err(format!("{what} took {}s, at most {}s was computed", seconds(took), seconds(most))),
        None => Err(format!("{what} is not bounded: {most:?}")),
    };
    let (mut began, mut open, mut asked, mut since) = (BTreeMap::new(), BTreeSet::new(), 0, 0);
    for record in &ran.records {
        let now = record.at.run_ns;
        if !open.is_empty() {
            asked += now - since;
        }
        since = now;
        match &record.body {
            Body::Request(ask) => match &ask.request {
                Request::Question(_) => drop(open.insert(ask.address.clone())),
                Request::Cancel { request } => drop(open.remove(request)),
                _ => {}
            },
            Body::Input(Input::Delivered { request, .. }) => drop(open.remove(request)),
            Body::Fact(Fact::PhaseBegan { phase, title, .. }) => {
                began.insert((format!("{phase:?}"), title.clone()), now);
            }
            Body::Fact(Fact::PhaseEnded { phase, title, .. }) => {
                let key = (format!("{phase:?}"), title.clone());
                let took = now - began.remove(&key).unwrap_or(now);
                let back = bounds.ways().map(|way| way.back).reduce(Time::or).unwrap_or_default();
                let bound = match phase {
                    PhaseKind::Symptom | PhaseKind::Remeasure => bounds.symptoms,
                    PhaseKind::Clearing => bounds.clearing,
                    PhaseKind::Diagnose => bounds.diagnose.expect("a diagnosis").time,
                    PhaseKind::Rollback => bounds.rollback.expect("a rollback").time,
                    PhaseKind::Unwind => back,
                    PhaseKind::Resolve => {
                        let at = case.program.resolves.iter().position(|resolve| resolve.name == *title);
                        bounds.resolves[at.expect("a resolution")].time
                    }
                };
                most(&format!("{phase:?} {title}"), took, bound.all)?;
            }
            _ => {}
        }
    }
    most("the run", since, bounds.worst().all)?;
    most("what nobody was asked in", since - asked, bounds.worst().machine)
}

fn seconds(ns: i64) -> i64 {
    ns / 1_000_000_000
}

/// Adds a `watch` over the whole of some resolutions, and a point of no return to some.
fn watched(text: &str, seed: u64) -> String {
    let head = text.find("\nresolve \"A\"").expect("a resolution");
    let body = head + text[head..].find("{\n").expect("its body") + 2;
    let (before, behind) = text.split_at(body);
    let point = match seed % 5 {
        0 => {
            "  run $ first\n    undo $ first-back\n  point of no return \"there\" when seen(\"point\") == \"1\"\n"
        }
        _ => "",
    };
    let watch = match seed % 3 {
        0 => {
            "  watch \"it\" every 20s {\n    good when seen(\"good\") == \"1\"\n    bad when seen(\"bad\") == \"1\" -> {\n      \
             run $ mend\n        undo $ mend-back\n      wait 10s\n    }\n    otherwise -> approve \"go on\" by oncall \
             within 2m on silence continue\n  }\n"
        }
        _ => "",
    };
    format!("{before}{point}{watch}{behind}")
}

#[test]
fn no_run_takes_longer_than_the_worst_case_that_was_computed() {
    let (programs, share) = (Cell::new(0_u64), Cell::new(0.0_f64));
    let property = |(choices, fate): (Vec<u16>, Fate)| {
        let fate = Fate { slow: fate.seed % 4 != 0, ..fate };
        let text = watched(&text::runbook(&choices), fate.seed);
        let case = Case::new(text, fate).map_err(TestCaseError::fail)?;
        let (ran, _) = whole(&case, fate.seed.is_multiple_of(2));
        in_time(&case, &ran).map_err(|e| TestCaseError::fail(story(&case, &ran.records, &e)))?;
        programs.set(programs.get() + 1);
        let worst = Bounds::of(&case.program, &Given::nothing()).worst().all.bounded().unwrap_or(0);
        let took = ran.records.last().map_or(0, |record| record.at.run_ns);
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        share.set(share.get().max(took as f64 / worst.max(1) as f64));
        Ok(())
    };
    let mut runner = TestRunner::new(tried(150));
    if let Err(error) = runner.run(&case(), property) {
        panic!("{error}");
    }
    println!("{} programs, at most {:.0} % of the worst case", programs.get(), share.get() * 100.0);
    assert!(share.get() > 0.2, "no run comes near the worst case: it says nothing");
}

#[test]
fn every_program_has_a_whole_page_with_each_of_its_commands() {
    let commands = Cell::new(0_usize);
    let property = |(choices, fate): (Vec<u16>, Fate)| {
        let text = watched(&text::runbook(&choices), fate.seed);
        let case = Case::new(text, fate).map_err(TestCaseError::fail)?;
        let plan = Plan::told(&case.program, "chance.runbook");
        pages::wrong(&plan).map_err(|e| TestCaseError::fail(format!("{}\n{e}", case.text)))?;
        let plain = display::plan::html(&Plan::of(&case.program, "chance.runbook", &Given::nothing()));
        let plain = plain.map_err(|e| TestCaseError::fail(e.to_string()))?;
        pages::html(&plain).map_err(|e| TestCaseError::fail(format!("{}\n{e}", case.text)))?;
        commands.set(commands.get() + written(&case.program, &plan)?);
        Ok(())
    };
    let mut runner = proptest::test_runner::TestRunner::new(tried(100));
    if let Err(error) = runner.run(&case(), property) {
        panic!("{error}");
    }
    assert!(commands.get() > 500, "hardly any command was looked for: {}", commands.get());
}

/// Holds that the plan has each command of the program, those of actions that are called and of undos with them.
fn written(program: &Program, plan: &Plan) -> Result<usize, TestCaseError> {
    let known: BTreeSet<String> = pages::commands(plan).into_iter().collect();
    let mut count = 0;
    let mut lost = None;
    let mut look = |call: &Call| {
        if let (Target::Command(command), true) = (&call.target, lost.is_none()) {
            count += 1;
            let typed = |word: &str| known.iter().any(|one| one.split(' ').next() == Some(word));
            let word = command.plan.template.iter().find_map(|part| match part {
                ScriptPart::Text(text) => text.split(' ').next().map(str::to_owned),
                ScriptPart::Value(_) => None,
            });
            lost = word.filter(|word| !typed(word));
        }
    };
    program.every(&mut |statement| match &statement.kind {
        StatementKind::Check { call, .. } => look(call),
        StatementKind::Run(run) => {
            look(&run.call);
            run.finally.as_deref().into_iter().for_each(&mut look);
        }
        _ => {}
    });
    match lost {
        Some(word) => Err(TestCaseError::fail(format!("`{word}` is in the program and not in the plan"))),
        None => Ok(count),
    }
}
