//! What a step costs through the supervisor, beside spawning it bare; what a stream of 100 MB
//! costs, beside `tee`. Prints figures, compares nothing: machines differ.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mainstay::process::{CommandSpec, Ended, Event, Program, SecretText, Supervisor};

const STEPS: u32 = 2000;
const ROUNDS: u32 = 5;
const MEGABYTES: u32 = 100;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let begun = Instant::now();
    let exe = Path::new(env!("CARGO_BIN_EXE_mainstay"));
    let mut supervisor = Supervisor::spawn(dir.path(), Some(exe)).await?;
    println!("supervisor up: {:.2} ms", begun.elapsed().as_secs_f64() * 1e3);
    let (mut bare, mut through) = (Vec::new(), Vec::new());
    for n in 0..STEPS {
        let begun = Instant::now();
        bare_step()?;
        bare.push(begun.elapsed());
        let begun = Instant::now();
        step(&mut supervisor, spec(format!("step.{n}"), Program::argv(["/bin/true"]))).await?;
        through.push(begun.elapsed());
    }
    for (name, share) in [("fastest tenth", 10), ("median", 2)] {
        let (bare, through) = (at(&mut bare, share), at(&mut through, share));
        println!(
            "/bin/true, {name}: bare {bare:.3} ms, supervisor {through:.3} ms, {:.2} times",
            through / bare
        );
    }
    let source = format!("head -c {MEGABYTES}M /dev/zero");
    let secrets = ["correct horse battery staple", "s3cr3t-w/th \"quotes\"", "0123456789abcdef"];
    let file = dir.path().join("tee");
    let script = format!("{source} | tee {} > /dev/null", file.display());
    let mut times = [const { Vec::new() }; 3];
    for round in 0..ROUNDS {
        let begun = Instant::now();
        Command::new("bash").args(["-c", &script]).status()?;
        times[0].push(begun.elapsed());
        for (n, secrets) in [(1, &[][..]), (2, &secrets[..])] {
            let mut spec = spec(format!("big.{round}.{n}"), Program::bash("big", source.clone(), []));
            spec.secrets = secrets.iter().map(|text| SecretText::new(*text)).collect();
            let begun = Instant::now();
            step(&mut supervisor, spec).await?;
            times[n].push(begun.elapsed());
        }
    }
    let [tee, plain, blotted] = times.map(|mut times| at(&mut times, 2));
    println!("{MEGABYTES} MB: tee {tee:.0} ms, supervisor {plain:.0} ms, with three secrets {blotted:.0} ms");
    supervisor.shutdown().await?;
    Ok(())
}

fn spec(id: String, program: Program) -> CommandSpec {
    CommandSpec::new(id, program, Duration::from_secs(60))
}

/// Returns the time in ms below which one of `share` steps stayed.
fn at(times: &mut [Duration], share: usize) -> f64 {
    times.sort_unstable();
    times.get(times.len() / share).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// The floor: the same spawn with both pipes, and a wait.
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
