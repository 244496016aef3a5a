//! What a step costs through the supervisor, beside spawning it bare; what a stream of 100 MB
//! costs, beside `tee`. Prints figures, compares nothing: machines differ.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mainstay::process::{CommandSpec, Ended, Event, Program, Supervisor};

const STEPS: u32 = 400;
const ROUNDS: u32 = 5;
const MEGABYTES: u32 = 100;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let begun = Instant::now();
    let exe = Path::new(env!("CARGO_BIN_EXE_mainstay"));
    let mut supervisor = Supervisor::spawn(dir.path(), Some(exe)).await?;
    println!(
        "supervisor up: {:.2} ms",
        begun.elapsed().as_secs_f64() * 1e3
    );
    let (mut bare, mut through) = (f64::MAX, f64::MAX);
    for round in 0..ROUNDS {
        bare = bare.min(per_step(bare_steps()?));
        let begun = Instant::now();
        for n in 0..STEPS {
            step(
                &mut supervisor,
                format!("{round}.{n}"),
                Program::argv(["/bin/true"]),
            )
            .await?;
        }
        through = through.min(per_step(begun.elapsed()));
    }
    println!(
        "/bin/true: bare {bare:.3} ms, through the supervisor {through:.3} ms, {:.2} times",
        through / bare
    );
    let source = format!("head -c {}M /dev/zero", MEGABYTES);
    let (mut tee, mut stream) = (f64::MAX, f64::MAX);
    for round in 0..ROUNDS {
        let begun = Instant::now();
        let file = dir.path().join("tee");
        Command::new("bash")
            .args([
                "-c",
                &format!("{source} | tee {} > /dev/null", file.display()),
            ])
            .status()?;
        tee = tee.min(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        step(
            &mut supervisor,
            format!("big.{round}"),
            Program::bash("big", source.clone(), []),
        )
        .await?;
        stream = stream.min(begun.elapsed().as_secs_f64());
    }
    println!(
        "{MEGABYTES} MB: tee {:.0} ms, through the supervisor {:.0} ms",
        tee * 1e3,
        stream * 1e3
    );
    supervisor.shutdown().await?;
    Ok(())
}

fn per_step(whole: Duration) -> f64 {
    whole.as_secs_f64() * 1e3 / f64::from(STEPS)
}

/// The floor: the same spawn with both pipes, and a wait.
fn bare_steps() -> Result<Duration> {
    let begun = Instant::now();
    for _ in 0..STEPS {
        let child = Command::new("/bin/true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child.wait_with_output()?;
    }
    Ok(begun.elapsed())
}

async fn step(supervisor: &mut Supervisor, id: String, program: Program) -> Result<Ended> {
    supervisor
        .start(CommandSpec::new(
            id.clone(),
            program,
            Duration::from_secs(60),
        ))
        .await?;
    loop {
        if let Event::Ended(ended) = supervisor.next().await? {
            supervisor.ack(&id).await?;
            return Ok(*ended);
        }
    }
}
