//! Drills: how long one takes, how many failures a second are explored on one core, and whether memory stays flat.
//!
//! `cargo bench --bench drills` prints the figures beside what is aimed at: processor time, since others may use the
//! machine, and of several rounds the best.

use std::sync::Arc;
use std::time::Duration;

use mainstay::check::{self, Memory};
use mainstay::drill::{self, Depth};
use mainstay::program::{Drill, Program};
use rustix::time::{ClockId, clock_gettime};

const STEPS: usize = 50;
const ROUNDS: usize = 200;
const PAIRS: [usize; 2] = [1_000, 100_000];

fn main() {
    // First of all: the peak of memory never falls.
    let (program, drill) = made(5);
    for pairs in PAIRS {
        let begun = spent();
        let cases = drill::explore(&program, &drill, Depth { pairs, seed: 1 }).cases;
        let rate = cases as f64 / (spent() - begun).as_secs_f64();
        println!("memory after {cases:6} cases          {:8} kB at most ({rate:.0} cases a second)", peak());
    }
    let (program, drill) = made(STEPS);
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = spent();
            let report = drill::drill(&program, &drill);
            let took = spent() - begun;
            assert!(report.passed(), "{:?}", report.unmet);
            assert!(report.elapsed >= 3_600_000_000_000, "an hour on the virtual clock");
            took.as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (best, median) = (times[0], times[ROUNDS / 2]);
    println!(
        "a drill of {STEPS} steps and an hour  {best:8.3} ms, median {median:.3} (aim: 2; {:.2} ×)",
        best / 2.0
    );
    for steps in [5, 10, STEPS] {
        let (program, drill) = made(steps);
        let rate = (0..5).map(|_| explored(&program, &drill)).fold(0.0, f64::max);
        println!(
            "failures explored, {steps:2} steps       {rate:8.0} a second on one core (aim: 2000; {:.2} ×)",
            rate / 2000.0
        );
    }
}

/// Returns how many single failures are explored in a second of processor time.
fn explored(program: &Arc<Program>, drill: &Drill) -> f64 {
    let (begun, mut cases) = (spent(), 0);
    while cases < 1_000 {
        cases += drill::explore(program, drill, Depth { pairs: 0, seed: 1 }).cases;
    }
    cases as f64 / (spent() - begun).as_secs_f64()
}

/// Returns how much processor time this process has had.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
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

/// Returns how much memory this process had at most, kilobytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or_default()
}
