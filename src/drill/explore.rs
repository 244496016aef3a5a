//! Every failure: a drill's path broken at every request in every way, and what is wrong with what comes of it.
//!
//! Owns which cases are run, and the comparison of a run that was taken up with one that was not. Nothing is kept of a
//! case but what was found.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::cases::{Break, Case, Chance};
use super::findings::{Finding, Findings, Rule, matters, not_the_same};
use super::stage::{Kept, Problem, Ran, Stage};
use crate::event::{Address, Body, Class, Fact, Record};
use crate::given::{Fault, Faults};
use crate::program::{Drill, Program};
use crate::source::Span;
use crate::timeline;

/// How far to look.
#[derive(Clone, Copy, Debug)]
pub struct Depth {
    /// How many pairs of failures, at most; 0: none.
    pub pairs: usize,
    /// Which pairs: the same seed, the same ones.
    pub seed: u64,
}

/// What came of breaking a drill.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// How many broken runs.
    pub cases: u64,
    pub findings: Findings,
    /// What is so in the run that nothing breaks: the drill shows it, and so it is known.
    pub known: Findings,
}

impl Explored {
    /// Returns what came of the drills of one file: what one of them shows unbroken is no finding of another.
    pub fn together(all: impl IntoIterator<Item = Explored>) -> Explored {
        let mut together = Explored::default();
        for one in all {
            together.cases += one.cases;
            together.findings.merge(one.findings);
            together.known.merge(one.known);
        }
        together.findings.forget(&together.known);
        together
    }
}

/// Breaks a drill everywhere.
pub fn explore(program: &Arc<Program>, drill: &Drill, depth: Depth) -> Explored {
    let mut explorer = Explorer::new(program, drill);
    let unbroken = explorer.run(&Case::default(), Faults::exploring().surveyed());
    explorer.rule.unbroken(&unbroken);
    explorer.note(&Case::default(), &unbroken);
    explorer.explored.known = std::mem::take(&mut explorer.explored.findings);
    explorer.baseline = Facts::of(&unbroken);
    let requests = unbroken.world.broken().survey().map(|(place, fault)| Break::Request(place, fault));
    // The first write opens the run: where it is refused, there is none.
    let cases: Vec<Break> = requests.chain((1..unbroken.writes).map(Break::Write)).collect();
    let places = unbroken.world.places();
    drop(unbroken);
    let mut lengths = Vec::with_capacity(cases.len());
    for one in &cases {
        lengths.push(explorer.single(*one));
    }
    let mut chance = Chance::new(depth.seed);
    for _ in 0..depth.pairs {
        let at = chance.below(cases.len());
        let (Some(first), Some(length)) = (cases.get(at), lengths.get(at)) else { break };
        let from = match first {
            Break::Request(place, _) => place + 1,
            Break::Write(_) => 0,
        };
        let length = if first.is_crash() { places } else { *length };
        let second = from + chance.below(length.saturating_sub(from));
        let fault = Fault::ALL[chance.below(Fault::ALL.len())];
        explorer.pair(*first, second, fault);
    }
    explorer.explored
}

/// One broken run.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it wrote down.
    pub records: Vec<Record>,
    pub findings: Findings,
    /// What of the case could be broken, with what that is.
    pub broken: Case,
}

/// Runs one case of a drill.
pub fn case(program: &Arc<Program>, drill: &Drill, case: &Case) -> Shown {
    let mut explorer = Explorer::new(program, drill);
    let unbroken = explorer.run(&Case::default(), Faults::exploring());
    explorer.rule.unbroken(&unbroken);
    explorer.note(&Case::default(), &unbroken);
    let known = std::mem::take(&mut explorer.explored.findings);
    let kept = case.write().map_or_else(Kept::default, Kept::refusing);
    let ran = explorer.caught(|stage| stage.run_with(case.faults(), kept));
    explorer.judged(case, &ran);
    let mut findings = explorer.explored.findings;
    findings.forget(&known);
    let mut broken = case.as_struck(ran.world.broken());
    broken.breaks.retain(|one| !matches!(one, Break::Write(write) if *write == 0 || *write >= ran.writes));
    Shown { broken, records: ran.records, findings }
}

struct Explorer {
    stage: Stage,
    rule: Rule,
    title: String,
    span: Span,
    baseline: Facts,
    explored: Explored,
}

impl Explorer {
    fn new(program: &Arc<Program>, drill: &Drill) -> Explorer {
        Explorer {
            stage: Stage::new(program, drill),
            rule: Rule::of(program),
            title: drill.title.clone(),
            span: drill.span,
            baseline: Facts::default(),
            explored: Explored::default(),
        }
    }

    /// Breaks one thing; returns how many requests could then be broken.
    fn single(&mut self, one: Break) -> usize {
        let case = Case::of([one]);
        let ran = self.run(&case, case.faults());
        if case.is_lasting() {
            let differs = self.baseline.differ(&ran);
            self.compared(&case, &ran, differs);
        } else {
            self.note(&case, &ran);
        }
        self.explored.cases += 1;
        ran.world.places()
    }

    fn pair(&mut self, first: Break, place: usize, fault: Fault) {
        let case = Case::of([first]);
        let lasting = first.is_crash() || fault.is_crash();
        let faults = case.faults().at_or_next(place, fault);
        let faults = if lasting { faults.lasting() } else { faults };
        let kept = match first {
            Break::Write(write) => Kept::refusing(write),
            Break::Request(..) if lasting => Kept::default(),
            Break::Request(..) => Kept::only(matters),
        };
        let ran = self.caught(|stage| stage.run_with(faults, kept));
        let case = case.as_struck(ran.world.broken());
        self.judged(&case, &ran);
        self.explored.cases += 1;
    }

    /// Judges a run that may have been taken up.
    fn judged(&mut self, case: &Case, ran: &Ran) {
        self.note(case, ran);
        if case.is_lasting() {
            let without = case.without_crashes();
            let faults = without.faults();
            let straight = Facts::of(&self.caught(|stage| stage.run(faults)));
            self.compared(case, ran, straight.differ(ran));
        }
    }

    fn run(&self, case: &Case, faults: Faults) -> Ran {
        let kept = match case.write() {
            Some(write) => Kept::refusing(write),
            None if case.is_lasting() || case.breaks.is_empty() => Kept::default(),
            None => Kept::only(matters),
        };
        self.caught(|stage| stage.run_with(faults, kept))
    }

    /// Runs what may panic: a panic is a run without an end.
    fn caught(&self, run: impl FnOnce(&Stage) -> Ran) -> Ran {
        catch_unwind(AssertUnwindSafe(|| run(&self.stage))).unwrap_or_else(|_| Ran {
            records: Vec::new(),
            writes: 0,
            problem: Some(Problem::Other(String::from("the interpreter panicked"))),
            world: crate::given::GivenWorld::new(),
        })
    }

    /// Adds what is wrong with a run.
    fn note(&mut self, case: &Case, ran: &Ran) {
        for finding in self.rule.findings(ran) {
            self.add(case, ran, finding);
        }
    }

    fn add(&mut self, case: &Case, ran: &Ran, finding: Finding) {
        let (drill, mut first) = (String::new(), Case::default());
        if self.explored.findings.knows(&finding) {
            return self.explored.findings.add(Finding { drill, first, ..finding });
        }
        first = if ran.world.broken().struck().is_empty() && case.write().is_none() {
            case.clone()
        } else {
            case.as_struck(ran.world.broken())
        };
        self.explored.findings.add(Finding { drill: self.title.clone(), first, ..finding });
    }

    /// Adds in what a run that was taken up differs from the same without that.
    fn compared(&mut self, case: &Case, ran: &Ran, differs: Option<Vec<String>>) {
        let Some(differs) = differs else { return };
        let struck = ran.world.broken().struck().last().map(|struck| struck.span);
        let finding = not_the_same(struck.unwrap_or(self.span), differs);
        self.add(case, ran, finding);
    }
}

/// What a run found and did.
#[derive(Debug, Default)]
struct Facts {
    records: Vec<Record>,
    acts: Vec<String>,
    notified: Vec<(String, String)>,
    problem: Option<Problem>,
}

impl Facts {
    fn of(ran: &Ran) -> Facts {
        Facts {
            records: ran.records.iter().filter(|record| facts(record).is_some()).cloned().collect(),
            acts: ran.world.acts.clone(),
            notified: ran.world.notified.clone(),
            problem: ran.problem.clone(),
        }
    }

    /// Returns the first things in which a run differs, each a line.
    fn differ(&self, ran: &Ran) -> Option<Vec<String>> {
        if ran.problem != self.problem {
            let why = |problem: &Option<Problem>| match problem {
                Some(Problem::Other(why)) => why.clone(),
                Some(_) => String::from("something was not given"),
                None => String::from("an outcome"),
            };
            return Some(vec![
                format!("straight on: {}", why(&self.problem)),
                format!("taken up: {}", why(&ran.problem)),
            ]);
        }
        if ran.world.acts != self.acts {
            return Some(two(&self.acts, &ran.world.acts));
        }
        if ran.world.notified != self.notified {
            let words = |told: &[(String, String)]| -> Vec<String> {
                told.iter().map(|(whom, text)| format!("{whom} was told: {text}")).collect()
            };
            return Some(two(&words(&self.notified), &words(&ran.world.notified)));
        }
        let straight = self.records.iter().filter_map(facts);
        if straight.eq(ran.records.iter().filter_map(facts)) {
            return None;
        }
        Some(two(&lines(&self.records), &lines(&ran.records)))
    }
}

/// Returns what a record says that must be the same, however often a run was taken up.
fn facts(record: &Record) -> Option<(&Address, &Fact)> {
    match &record.body {
        Body::Fact(Fact::Resumed { .. }) => None,
        Body::Fact(fact) if record.class == Class::Fact => Some((&record.address, fact)),
        _ => None,
    }
}

fn lines(records: &[Record]) -> Vec<String> {
    let rows: Vec<(u64, Record)> =
        (1..).zip(records.iter().filter(|record| facts(record).is_some()).cloned()).collect();
    let entries = timeline::entries(&rows).into_iter();
    entries.map(|entry| [entry.what.to_string(), entry.outcome.to_string()].join(" ")).collect()
}

/// Returns the first two lines that differ.
fn two(straight: &[String], taken_up: &[String]) -> Vec<String> {
    let at = straight.iter().zip(taken_up).take_while(|(one, other)| one == other).count();
    let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_else(|| String::from("nothing more"));
    vec![format!("straight on: {}", line(straight)), format!("taken up: {}", line(taken_up))]
}
