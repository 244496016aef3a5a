//! Every failure: a drill's path broken at every request in every way, and what is wrong with what comes of it.
//!
//! Owns which cases are run, and the comparison of a run that was taken up with one that was not. Nothing is kept of a
//! case but what was found.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::cases::{Break, Case, Chance};
use super::findings::{Judged, Rule, not_the_same};
use super::found::{Finding, Findings, Kind};
use super::same::{Arms, fact, more_often, place};
use super::stage::{Kept, Problem, Ran, Stage};
use crate::event::Record;
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
    /// What is no finding and should be known: where nobody answers, and what was not judged.
    pub remarks: Findings,
}

impl Explored {
    /// Returns what came of the drills of one file: what one of them shows unbroken is no finding of another.
    pub fn together(all: impl IntoIterator<Item = Explored>) -> Explored {
        let mut together = Explored::default();
        for one in all {
            together.cases += one.cases;
            together.findings.merge(one.findings);
            together.known.merge(one.known);
            together.remarks.merge(one.remarks);
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
    /// What is no finding and should be known.
    pub remarks: Findings,
    /// What was to take something back and was itself broken, as it could be typed.
    pub unable: Vec<String>,
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
    let unable = explorer.rule.judged(&ran).broken;
    let Explored { mut findings, remarks, .. } = explorer.explored;
    findings.forget(&known);
    let mut broken = case.as_struck(ran.world.broken());
    broken.breaks.retain(|one| !matches!(one, Break::Write(write) if *write == 0 || *write >= ran.writes));
    Shown { broken, records: ran.records, findings, remarks, unable }
}

struct Explorer {
    stage: Stage,
    rule: Rule,
    title: String,
    span: Span,
    arms: Arms,
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
            arms: Arms::of(program),
            baseline: Facts::default(),
            explored: Explored::default(),
        }
    }

    /// Breaks one thing; returns how many requests could then be broken.
    fn single(&mut self, one: Break) -> usize {
        let case = Case::of([one]);
        let ran = self.run(&case, case.faults());
        if case.is_lasting() {
            let differs = self.baseline.differ(&ran, &self.arms);
            self.compared(&case, &ran, differs);
        } else {
            for place in self.note(&case, &ran) {
                self.unanswered(one, place);
            }
        }
        self.explored.cases += 1;
        ran.world.places()
    }

    /// Runs the case in which nobody answers whether what it broke has happened.
    fn unanswered(&mut self, one: Break, place: usize) {
        let case = Case::of([one, Break::Request(place, Fault::Silent)]);
        let ran = self.run(&case, case.faults());
        // How long a question waits that the runbook does not write is no matter of its `rto`.
        let mut judged = self.rule.judged(&ran);
        judged.findings.retain(|finding| finding.kind != Kind::OverRto);
        self.add(&case, &ran, judged);
        self.explored.cases += 1;
    }

    fn pair(&mut self, first: Break, place: usize, fault: Fault) {
        let case = Case::of([first]);
        let lasting = first.is_crash() || fault.is_crash();
        let faults = case.faults().at_or_next(place, fault);
        let faults = if lasting { faults.lasting() } else { faults };
        let kept = match first {
            Break::Write(write) => Kept::refusing(write),
            Break::Request(..) if lasting => Kept::default(),
            Break::Request(..) => Kept::only(self.rule.matters()),
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
            self.compared(case, ran, straight.differ(ran, &self.arms));
        }
    }

    fn run(&self, case: &Case, faults: Faults) -> Ran {
        let kept = match case.write() {
            Some(write) => Kept::refusing(write),
            None if case.is_lasting() || case.breaks.is_empty() => Kept::default(),
            None => Kept::only(self.rule.matters()),
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

    /// Adds what is wrong with a run. Returns the questions whether something happened that nobody has left
    /// unanswered yet.
    fn note(&mut self, case: &Case, ran: &Ran) -> Vec<usize> {
        self.add(case, ran, self.rule.judged(ran))
    }

    fn add(&mut self, case: &Case, ran: &Ran, judged: Judged) -> Vec<usize> {
        for finding in judged.findings {
            let finding = self.told(case, ran, finding, &self.explored.findings);
            self.explored.findings.add(finding);
        }
        let mut asked = ran.world.doubts().iter().map(|(place, _)| *place);
        let mut places = Vec::new();
        for remark in judged.remarks {
            let place = if remark.kind == Kind::Unanswered { asked.next() } else { None };
            places.extend(place.filter(|_| !self.explored.remarks.knows(&remark)));
            let remark = self.told(case, ran, remark, &self.explored.remarks);
            self.explored.remarks.add(remark);
        }
        places
    }

    /// Returns a finding with where it was found, unless that is known.
    fn told(&self, case: &Case, ran: &Ran, finding: Finding, known: &Findings) -> Finding {
        if known.knows(&finding) {
            return finding;
        }
        let first = if ran.world.broken().struck().is_empty() && case.write().is_none() {
            case.clone()
        } else {
            case.as_struck(ran.world.broken())
        };
        let (drill, drills) = (self.title.clone(), BTreeSet::from([self.title.clone()]));
        Finding { drill, drills, first, ..finding }
    }

    /// Adds in what a run that was taken up differs from the same without that.
    fn compared(&mut self, case: &Case, ran: &Ran, differs: Option<Difference>) {
        let Some(Difference { lines, span }) = differs else { return };
        let struck = ran.world.broken().struck().last().map(|struck| struck.span);
        let span = span.or(struck.filter(|span| *span != Span::default())).unwrap_or(self.span);
        let finding = self.told(case, ran, not_the_same(span, lines), &self.explored.findings);
        self.explored.findings.add(finding);
    }
}

/// In what a run that was taken up differs.
#[derive(Debug, Default)]
struct Difference {
    lines: Vec<String>,
    span: Option<Span>,
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
            records: ran.records.iter().filter(|record| fact(record).is_some()).cloned().collect(),
            acts: ran.world.acts.clone(),
            notified: ran.world.notified.clone(),
            problem: ran.problem.clone(),
        }
    }

    /// Returns the first thing in which a run differs. What goes on side by side may change places.
    fn differ(&self, ran: &Ran, arms: &Arms) -> Option<Difference> {
        if ran.problem != self.problem {
            let why = |problem: &Option<Problem>| match problem {
                Some(Problem::Other(why)) => why.clone(),
                Some(_) => String::from("something was not given"),
                None => String::from("an outcome"),
            };
            return Some(Difference::of(&why(&self.problem), &why(&ran.problem)));
        }
        let Ran { world, records, .. } = ran;
        if world.acts != self.acts
            && let Some((act, straight, taken_up)) = more_often(&self.acts, &world.acts)
        {
            return Some(Difference::of(&times(act, straight), &times(act, taken_up)));
        }
        if world.notified != self.notified {
            let words = |told: &[(String, String)]| -> Vec<String> {
                told.iter().map(|(whom, text)| format!("{whom} was told: {text}")).collect()
            };
            let (straight, taken_up) = (words(&self.notified), words(&world.notified));
            if let Some((told, straight, taken_up)) = more_often(&straight, &taken_up) {
                return Some(Difference::of(&times(told, straight), &times(told, taken_up)));
            }
        }
        if self.records.iter().filter_map(fact).eq(records.iter().filter_map(fact)) {
            return None;
        }
        let [straight, taken_up] = arms.difference(&self.records, records)?;
        let span = straight.and_then(place).or(taken_up.and_then(place));
        let told = Difference::of(&line(&self.records, straight), &line(records, taken_up));
        Some(Difference { span, ..told })
    }
}

impl Difference {
    fn of(straight: &str, taken_up: &str) -> Difference {
        let lines = vec![format!("straight on: {straight}"), format!("taken up: {taken_up}")];
        Difference { lines, span: None }
    }
}

fn times(what: &str, times: usize) -> String {
    match times {
        1 => format!("{what} (once)"),
        n => format!("{what} ({n} times)"),
    }
}

/// Returns a record of a run as its timeline tells it.
fn line(of: &[Record], record: Option<&Record>) -> String {
    let Some(record) = record else { return String::from("nothing more") };
    let up_to = of.iter().position(|known| std::ptr::eq(known, record)).unwrap_or(0);
    let rows: Vec<(u64, Record)> =
        (1..).zip(of.iter().take(up_to + 1).filter(|record| fact(record).is_some()).cloned()).collect();
    let last = timeline::entries(&rows).pop();
    last.map(|entry| [entry.what.to_string(), entry.outcome.to_string()].join(" ")).unwrap_or_default()
}
