//! What happens inside: figures of single parts, without the processes around them.
//!
//! `cargo bench --bench inside` prints a step through the supervisor beside the bare spawn of the same command, a
//! stream of 100 MB with secrets to blot out, a durable turn of the journal beside a bare durable append, and how many
//! broken runs a second the given world explores on one core. Compares with no target: `benches/compare` does, with whole
//! processes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay::check::{self, Disk};
use mainstay::engine;
use mainstay::event::{Address, Body, Class, Fact, Moment, Record};
use mainstay::given::{self, Fault, Faults, Given, GivenWorld};
use mainstay::journal::{RunJournal, StateDir};
use mainstay::process::{CommandSpec, Ended, Event, SecretText, Supervisor};
use mainstay::value::Value;
use mainstay::world::Store as _;

const STEPS: usize = 2000;
const STREAMS: usize = 5;
const MEGABYTES: u32 = 100;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    // Not where the system keeps its temporary files: that may be memory, for which no disk is waited.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(supervised(folder.path()))?;
    journal(folder.path())?;
    println!("broken runs explored              {:8.0} a second on one core", explored());
    Ok(())
}

async fn supervised(folder: &Path) -> Result<()> {
    let exe = Path::new(env!("CARGO_BIN_EXE_mainstay"));
    let begun = Instant::now();
    let mut supervisor = Supervisor::spawn(folder, Some(exe)).await?;
    println!("supervisor up                     {:8.3} ms", ms(begun));
    let (mut bare, mut through) = (Vec::new(), Vec::new());
    for n in 0..STEPS {
        let begun = Instant::now();
        bare_step()?;
        bare.push(ms(begun));
        let begun = Instant::now();
        step(&mut supervisor, spec(format!("step.{n}"), &["/bin/true"])).await?;
        through.push(ms(begun));
    }
    println!("/bin/true, bare                   {:8.3} ms", median(&mut bare));
    println!("/bin/true, through the supervisor {:8.3} ms", median(&mut through));
    let source = format!("head -c {MEGABYTES}M /dev/zero");
    let secrets = ["correct horse battery staple", "s3cr3t-w/th \"quotes\"", "0123456789abcdef"];
    for (words, secrets) in [("no secret    ", &[][..]), ("three secrets", &secrets[..])] {
        let mut times = Vec::new();
        for round in 0..STREAMS {
            let id = format!("stream.{}.{round}", secrets.len());
            let mut spec = spec(id, &["bash", "-c", &source]);
            spec.secrets = secrets.iter().map(|text| SecretText::new(*text)).collect();
            let begun = Instant::now();
            step(&mut supervisor, spec).await?;
            times.push(ms(begun));
        }
        println!("{MEGABYTES} MB printed, {words}     {:8.1} ms", median(&mut times));
    }
    supervisor.shutdown().await?;
    Ok(())
}

/// A turn as a step has it, of six records, beside an append of as many bytes to a bare file.
fn journal(folder: &Path) -> Result<()> {
    let state = StateDir::create(folder.join("state"))?;
    let mut journal = RunJournal::create(&state, "20000101-0000-aaaa")?;
    let text = "x".repeat(200);
    let record = Record {
        class: Class::Fact,
        address: Address("resolve0.s1.a1".into()),
        at: Moment::default(),
        body: Body::Fact(Fact::Finding { text }),
    };
    let turn = vec![record; 6];
    let bytes = serde_json::to_vec(&turn)?;
    let mut file = File::create(folder.join("bare"))?;
    let (mut kept, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..STEPS {
        let begun = Instant::now();
        journal.append(&turn, true)?;
        kept.push(ms(begun));
        let begun = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        bare.push(ms(begun));
    }
    println!("durable append, bare              {:8.3} ms", median(&mut bare));
    println!("durable turn of the journal       {:8.3} ms", median(&mut kept));
    Ok(())
}

fn spec(id: String, argv: &[&str]) -> CommandSpec {
    CommandSpec::new(id, argv.iter().copied(), Duration::from_secs(60))
}

fn ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The same spawn with both pipes, and a wait.
fn bare_step() -> Result<()> {
    let child = Command::new("/bin/true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.wait_with_output()?;
    Ok(())
}

async fn step(supervisor: &mut Supervisor, spec: CommandSpec) -> Result<Ended> {
    let id = spec.id.clone();
    supervisor.start(spec).await?;
    loop {
        if let Event::Ended(ended) = supervisor.next().await? {
            supervisor.ack(&id)?;
            return Ok(*ended);
        }
    }
}

/// Explores a case with a retry, a verify, undos and a rollback, broken everywhere in every way.
fn explored() -> f64 {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/finally.runbook");
    let program = Arc::new(check::check(&case.to_string_lossy(), &Disk).program.expect("it checks"));
    let world = || {
        GivenWorld::new()
            .given("quality", [Given::Value(Value::text("1")), Given::Value(Value::text("9"))])
            .given("after", [Given::Value(Value::text("open"))])
    };
    let run = |world: GivenWorld| {
        let (mut world, mut store) = (world, Vec::new());
        engine::drive(
            Arc::clone(&program),
            given::opening(&program, "finally.runbook"),
            BTreeMap::new(),
            &mut world,
            &mut store,
            &mut [],
        )
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
