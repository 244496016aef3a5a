//! Drills: how long one takes, how many failures a second are explored on one core, and whether memory stays flat.
//!
//! `cargo bench --bench drills` prints the figures beside what is aimed at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay::check::{self, Memory};
use mainstay::drill::{self, Depth};
use mainstay::program::{Drill, Program};

const STEPS: usize = 50;
const ROUNDS: usize = 200;
const EXPLORED: u64 = 100_000;

fn main() {
    let (program, drill) = made(STEPS);
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            let report = drill::drill(&program, &drill);
            assert!(report.passed(), "{:?}", report.unmet);
            assert!(report.elapsed >= 3_600_000_000_000, "an hour on the virtual clock");
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("a drill of {STEPS} steps and an hour  {:8.3} ms (aim: 2)", times[ROUNDS / 2]);
    for steps in [5, 10, STEPS] {
        let (program, drill) = made(steps);
        let (cases, took) = explore(&program, &drill, Duration::from_secs(3));
        let rate = cases as f64 / took.as_secs_f64();
        println!("failures explored, {steps:2} steps       {rate:8.0} a second on one core (aim: 2000)");
    }
    let (program, drill) = made(5);
    let before = resident();
    let (mut cases, mut after_a_tenth) = (0, None);
    while cases < EXPLORED {
        let depth = Depth { pairs: 5000, seed: cases };
        cases += drill::explore(&program, &drill, depth).cases;
        if cases >= EXPLORED / 10 {
            after_a_tenth.get_or_insert_with(resident);
        }
    }
    let tenth = after_a_tenth.unwrap_or_default();
    println!("memory: before {before} kB, after a tenth {tenth} kB, after {cases} cases {} kB", resident());
}

/// Explores until that much time has passed.
fn explore(program: &Arc<Program>, drill: &Drill, at_least: Duration) -> (u64, Duration) {
    let (begun, mut cases) = (Instant::now(), 0);
    while begun.elapsed() < at_least {
        cases += drill::explore(program, drill, Depth { pairs: 0, seed: 1 }).cases;
    }
    (cases, begun.elapsed())
}

/// A runbook of that many steps, which take an hour.
fn made(steps: usize) -> (Arc<Program>, Drill) {
    let wait = 3600 / steps;
    let step = |n: usize| {
        format!(
            "  step \"Host {n}\" timeout 1h {{\n    check state{n} = $ state {n}\n    run $ drain {n}\n      finally $ fill {n}\n    \
             run $ update {n}\n      undo $ downgrade {n}\n        safe\n    wait {wait}s \"settle\"\n    \
             verify state{n}.number > 0\n  }}\n"
        )
    };
    let body: String = (0..steps).map(step).collect();
    let given: String = (0..steps).map(|n| format!("  given state{n} = \"1\"\n")).collect();
    let text = format!(
        "runbook \"Many hosts\"\n\nresolve \"Update\" {{\n{body}}}\n\ndrill \"updated\" {{\n{given}  \
         expect outcome resolved\n}}\n"
    );
    let memory = Memory([(String::from("many.runbook"), text)].into_iter().collect());
    let checked = check::check("many.runbook", &memory);
    let told: Vec<_> = checked.diagnostics.iter().map(|d| d.message.clone()).collect();
    let program = checked.program.unwrap_or_else(|| panic!("{told:#?}"));
    let drill = checked.drills.into_iter().next().expect("its drill");
    (Arc::new(program), drill)
}

/// Returns how much memory this process has, kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or_default()
}
