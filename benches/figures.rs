//! Figures: whole processes side by side in one run.
//!
//! `cargo bench --bench figures` prints, as medians of five rounds: a step `$ /bin/true` against a floor (spawn,
//! wait, one fdatasync) and against bash; the start of a run with one step; `check` of 10,000 steps; and how many
//! broken runs a second the given world explores on one core.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay::check::{self, Disk};
use mainstay::engine;
use mainstay::event::{Moment, Opened};
use mainstay::given::{Fault, Faults, Given, GivenWorld};
use mainstay::value::Value;

const STEPS: usize = 1000;
const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let one = runbook(folder, "one", 1);
    let many = runbook(folder, "many", STEPS + 1);
    let large = runbook(folder, "large", 10_000);
    let script = folder.join("many.sh");
    std::fs::write(&script, "/bin/true\n".repeat(STEPS + 1)).expect("a script");
    let script_one = folder.join("one.sh");
    std::fs::write(&script_one, "/bin/true\n").expect("a script");

    let floor = median(|| floor(folder));
    let bash = median(|| timed("bash", &[path(&script)], folder))
        - median(|| timed("bash", &[path(&script_one)], folder));
    let start = median(|| mainstay(&["run", path(&one)], folder));
    let whole = median(|| mainstay(&["run", path(&many)], folder));
    let per_step = (whole - start) / STEPS as f64;
    let bash_one = median(|| timed("bash", &[path(&script_one)], folder));
    let checked = median(|| mainstay(&["check", path(&large)], folder));

    println!("one more step $ /bin/true      {:8.3} ms", per_step * 1e3);
    println!("  floor: spawn, wait, fdatasync {:7.3} ms  ratio {:.2}", floor * 1e3, per_step / floor);
    println!(
        "  bash, which keeps nothing     {:7.3} ms  ratio {:.2}",
        bash * 1e3 / STEPS as f64,
        per_step / (bash / STEPS as f64)
    );
    println!("a run with one step            {:8.3} ms  ratio to bash {:.2}", start * 1e3, start / bash_one);
    println!("check of 10,000 steps          {:8.1} ms", checked * 1e3);
    println!("broken runs explored           {:8.0} a second on one core", explored());
}

/// A runbook of that many steps, each of one change.
fn runbook(folder: &Path, name: &str, steps: usize) -> std::path::PathBuf {
    let mut text = String::from("runbook \"Steps\"\n\nresolve \"All\" within 1h {\n");
    for n in 0..steps {
        text.push_str(&format!(
            "  step \"Step {n}\" {{\n    run $ /bin/true\n      leave \"nothing\"\n  }}\n"
        ));
    }
    text.push_str("}\n");
    let path = folder.join(format!("{name}.runbook"));
    std::fs::write(&path, text).expect("a runbook");
    path
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

fn median(mut measure: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| measure()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn timed(program: &str, args: &[&str], folder: &Path) -> f64 {
    let began = Instant::now();
    let status = Command::new(program)
        .args(args)
        .env("MAINSTAY_STATE", folder.join("state"))
        .stdout(Stdio::null())
        .stdin(Stdio::null())
        .status()
        .expect("it runs");
    assert!(status.success(), "{program} {args:?}: {status}");
    began.elapsed().as_secs_f64()
}

fn mainstay(args: &[&str], folder: &Path) -> f64 {
    timed(env!("CARGO_BIN_EXE_mainstay"), args, folder)
}

/// Spawn, wait, write 300 bytes, fdatasync: a step that keeps what it did.
fn floor(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("floor")).expect("a file");
    let began = Instant::now();
    for _ in 0..STEPS {
        Command::new("/bin/true").stdin(Stdio::null()).stdout(Stdio::piped()).output().expect("it runs");
        file.write_all(&[b'x'; 300]).expect("written");
        file.sync_data().expect("on disk");
    }
    began.elapsed().as_secs_f64() / STEPS as f64
}

/// Explores a case with a retry, a verify, undos and a rollback, broken everywhere in every way.
fn explored() -> f64 {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/finally.runbook");
    let program = Arc::new(check::check(path(&case), &Disk).program.expect("it checks"));
    let world = || {
        GivenWorld::new()
            .given("quality", [Given::Value(Value::text("1")), Given::Value(Value::text("9"))])
            .given("after", [Given::Value(Value::text("open"))])
    };
    let run = |world: GivenWorld| {
        let (mut world, mut store) = (world, Vec::new());
        engine::drive(Arc::clone(&program), opened(), BTreeMap::new(), &mut world, &mut store, &mut [])
            .expect("it ends");
        world.places()
    };
    let places = run(world());
    let faults = [Fault::Fails, Fault::TimesOut, Fault::Lost, Fault::Stop];
    let (mut cases, began) = (0u32, Instant::now());
    while began.elapsed() < Duration::from_secs(2) {
        for place in 0..places {
            for fault in faults {
                run(world().faults(Faults::default().at(place, fault)));
                cases += 1;
            }
        }
    }
    f64::from(cases) / began.elapsed().as_secs_f64()
}

fn opened() -> Opened {
    Opened {
        format: mainstay::event::FORMAT,
        run: String::from("bench"),
        at: Moment::default(),
        program_hash: String::new(),
        file: String::new(),
        sources: Vec::new(),
        params: Vec::new(),
        env_names: Vec::new(),
        cwd: String::new(),
        uid: 1000,
        user: String::new(),
        host: String::new(),
        boot_id: String::new(),
        pid: 0,
        version: String::new(),
        force: false,
        attended: false,
        named_calls: true,
        call_timeout_ns: 60_000_000_000,
    }
}
