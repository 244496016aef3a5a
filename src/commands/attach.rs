//! `mainstay attach`: a run that somebody else executes, shown as on its own screen.
//!
//! Owns the look at the journal while it is written, and at what commands print. Changes nothing: whoever leaves the view
//! leaves the run as it goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, interval, sleep_until};

use super::failure::{Failure, INVALID, warn_with};
use super::view::View;
use super::{EXIT_CODES, Format, kept, settings};
use crate::display::TICK;
use crate::event::{Address, Body, Fact, Outcome, Record};
use crate::journal::{JournalError, Reader, RunLock, StateDir};
use crate::process::{Event, Supervisor};
use crate::real::Live;

const AFTER: &str = "\
Examples:
  mainstay attach last
  mainstay attach k7f3 --format json

Shows the run from its beginning, and ends with it, with its exit code. Ctrl-C leaves the view only; the run goes on.
What it asks is answered with `mainstay approve`, `deny` or `answer`.";

/// How often the supervisor is looked for where there is none.
const CONNECT_EVERY: Duration = Duration::from_secs(1);

/// Show a run that goes on elsewhere, as on its own screen
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{AFTER}\n\n{EXIT_CODES}"))]
pub(super) struct Args {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// What to write: lines for people, or the journal's records as JSON lines
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How looking on ends.
enum Over {
    Ended(Outcome),
    /// Nobody executes it any more.
    Left,
    /// Whoever looked on has gone.
    Away,
}

pub(super) fn attach(args: &Args) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let run = state.find(&args.run)?;
    let kept = kept::read(&run)?;
    if RunLock::holder(&state.run_dir(&run))?.is_none() {
        return Err(match kept.summary.outcome() {
            Some(outcome) => Failure::new(INVALID, format!("the run {run} has ended: {}", outcome.word()))
                .help(format!("`mainstay show {run}` shows how")),
            None if kept.summary.game_day.is_some() => super::gameday::refused(&run, "look at"),
            None => Failure::new(INVALID, format!("nobody executes the run {run}")).help(format!(
                "`mainstay resume {run}` goes on with it; `mainstay show {run}` shows where it stands"
            )),
        });
    }
    let played = kept.summary.game_day.is_some();
    let sources = Arc::new(kept.sources);
    let view = View::new(args.format, sources, &kept.summary.prevention, &state.run_dir(&run));
    view.watch();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(1, format!("cannot wait for events: {e}")))?;
    let follower =
        Follower { reader: Reader::open(&state, &run)?, state, run: run.clone(), seq: 0, outcome: None };
    let over = runtime.block_on(look_on(follower, view))?;
    match over {
        Over::Ended(outcome) => return Ok(outcome.exit_code()),
        Over::Left if played => return Ok(Outcome::Suspended.exit_code()),
        Over::Left => {
            warn_with("nobody executes the run any more", format!("`mainstay resume {run}` goes on with it"));
            return Ok(Outcome::Suspended.exit_code());
        }
        Over::Away => eprintln!("the view was left; the run {run} goes on (`mainstay stop {run}` stops it)"),
    }
    Ok(0)
}

/// The run's journal, read as it grows.
struct Follower {
    state: StateDir,
    run: String,
    reader: Reader,
    /// The last row that was shown.
    seq: u64,
    outcome: Option<Outcome>,
}

impl Follower {
    /// Returns what has come.
    fn next(&mut self) -> Result<Vec<Record>, JournalError> {
        if !self.reader.is_live() {
            self.reader = Reader::open(&self.state, &self.run)?;
        }
        let rows = self.reader.after(self.seq)?;
        self.seq = rows.last().map_or(self.seq, |(seq, _)| *seq);
        for (_, record) in &rows {
            match &record.body {
                Body::Fact(Fact::Ended { outcome, .. }) => self.outcome = Some(*outcome),
                Body::Fact(Fact::Resumed { .. } | Fact::RollingBack { .. }) => self.outcome = None,
                _ => {}
            }
        }
        Ok(rows.into_iter().map(|(_, record)| record).collect())
    }

    fn is_executed(&self) -> Result<bool, JournalError> {
        Ok(RunLock::holder(&self.state.run_dir(&self.run))?.is_some())
    }
}

async fn look_on(mut follower: Follower, mut view: View) -> Result<Over, Failure> {
    let fail = |e: std::io::Error| Failure::new(1, format!("cannot listen to signals: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fail)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(fail)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(fail)?;
    let mut ticks = interval(TICK);
    let mut printed = Printed {
        run_dir: follower.state.run_dir(&follower.run),
        live: view.live(),
        connection: None,
        next: Instant::now(),
    };
    let mut tick = view.tick();
    let over = loop {
        // Asked before the journal is read: what its last executor wrote is there then.
        let executed = follower.is_executed()?;
        let records = follower.next()?;
        if !records.is_empty() {
            view.observer().stored(&records);
        }
        if let Some(outcome) = follower.outcome {
            break Over::Ended(outcome);
        }
        if !executed {
            break Over::Left;
        }
        if let Some(tick) = &mut tick {
            (tick.call)();
        }
        let away = async {
            tokio::select! {
                () = heard(&mut interrupt) => {}
                () = heard(&mut terminate) => {}
                () = heard(&mut hangup) => {}
            }
        };
        tokio::pin!(away);
        let left = loop {
            tokio::select! {
                biased;
                () = &mut away => break true,
                _ = ticks.tick() => break false,
                () = printed.news() => {}
            }
        };
        if left {
            break Over::Away;
        }
    };
    view.leave();
    Ok(over)
}

async fn heard(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending().await
    }
}

/// What commands print now, from a second connection to their supervisor, where this user may have one.
struct Printed {
    run_dir: std::path::PathBuf,
    live: Option<Live>,
    connection: Option<Supervisor>,
    /// When it is looked for again.
    next: Instant,
}

impl Printed {
    /// Waits for something, and shows it.
    async fn news(&mut self) {
        let Some(live) = &mut self.live else { return std::future::pending().await };
        let Some(supervisor) = &mut self.connection else {
            sleep_until(self.next).await;
            self.next = Instant::now() + CONNECT_EVERY;
            self.connection = Supervisor::connect(&self.run_dir).await.ok();
            return;
        };
        match supervisor.next().await {
            Ok(Event::Output(output)) => {
                live(&Address(output.id.into()), output.stream, output.offset, &output.bytes);
            }
            Ok(_) => {}
            Err(_) => self.connection = None,
        }
    }
}
