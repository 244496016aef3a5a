//! The command line: one file for each subcommand.
//!
//! Owns arguments, help texts, wiring and exit codes. Never decides anything about a run:
//! what a file means, what happens and how it is shown are other rooms' matters.

mod answer;
mod attach;
mod bash_line;
mod beforehand;
mod check;
mod complete;
mod completions;
mod concurrency;
mod conduct;
mod detach;
mod doc;
mod coverage;
mod drill;
mod dry;
mod explain;
mod explore;
mod failure;
mod gameday;
mod fmt;
mod help;
mod inject;
mod kept;
mod language;
mod letters;
mod listed;
mod man;
mod new;
mod note;
mod params;
mod past;
mod plan;
mod prevention;
mod prune;
mod recorded;
mod resume;
mod rollback;
mod run;
mod runs;
mod saved;
mod settings;
mod show;
mod sign;
mod stdlib;
mod stop;
mod supervise;
mod timeline;
mod verify;
mod view;
mod waiting;
mod written;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::display::{Look, ascii};
use failure::Failure;

/// How a run ends as the caller sees it, for every help text that mentions it.
const EXIT_CODES: &str = "\
Exit codes:
  0  resolved: the symptom is gone
  1  failed: something still stands, or could not be done
  2  invalid file or arguments; nothing was run
  3  rolled back: changes were taken back
  4  aborted: refused, or stopped by an operator
  5  escalated: handed to a person; it is written down, no channel is set up to send it yet
  6  not needed: no symptom holds; nothing was changed
  7  suspended: left as it stands; `mainstay resume RUN` goes on with it";

const ENVIRONMENT: &str = "\
Environment:
  MAINSTAY_CONFIG  the configuration [default: the nearest mainstay.toml, else ~/.config/mainstay/mainstay.toml,
                   else /etc/mainstay/mainstay.toml]
  MAINSTAY_STATE   folder of all runs [default: `state` of the configuration, else $XDG_STATE_HOME/mainstay,
                   else ~/.local/state/mainstay]
  MAINSTAY_LOG     what to log to standard error for debugging, such as `debug`
  NO_COLOR         no colours when set; CLICOLOR_FORCE=1 keeps them without a terminal";

const EXAMPLES: &str = "\
Examples:
  mainstay check incidents/*.runbook
  mainstay run disk-full.runbook -p host=db1
  mainstay runs --outcome failed
  mainstay timeline last > post-mortem.md";

/// Runs runbooks: symptom, diagnose, resolve, and everything taken back when it fails.
#[derive(Debug, Parser)]
#[command(
    name = "mainstay",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}\n\n{ENVIRONMENT}"),
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Args),
    Check(check::Args),
    Explain(explain::Args),
    Fmt(fmt::Args),
    Plan(plan::Args),
    Doc(doc::Args),
    Drill(drill::Args),
    Run(run::Args),
    Waiting(waiting::Args),
    Approve(answer::Approve),
    Deny(answer::Deny),
    Answer(answer::Answer),
    Note(note::Args),
    Inject(inject::Args),
    Resume(resume::Args),
    Rollback(rollback::Args),
    Attach(attach::Args),
    Stop(stop::Args),
    Runs(runs::Args),
    Show(show::Args),
    Timeline(timeline::Args),
    Verify(verify::Args),
    Sign(sign::Args),
    Stdlib(stdlib::Args),
    Help(help::Args),
    Completions(completions::Args),
    Man(man::Args),
    #[command(hide = true)]
    Complete(complete::Args),
    #[command(hide = true)]
    Supervise(supervise::Args),
}

/// How output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Does what the command line says, and returns the program's exit code.
pub fn main() -> ExitCode {
    log();
    let cli = Cli::parse();
    let done = match cli.command {
        Command::New(args) => new::new(&args),
        Command::Check(args) => check::check(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Fmt(args) => fmt::fmt(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Doc(args) => doc::doc(&args),
        Command::Drill(args) => drill::drill(&args),
        Command::Run(args) => run::run(&args),
        Command::Waiting(args) => waiting::waiting(&args),
        Command::Approve(args) => answer::approve(&args),
        Command::Deny(args) => answer::deny(&args),
        Command::Answer(args) => answer::answer(&args),
        Command::Note(args) => note::note(&args),
        Command::Inject(args) => inject::inject(&args),
        Command::Resume(args) => resume::resume(&args),
        Command::Rollback(args) => rollback::rollback(&args),
        Command::Attach(args) => attach::attach(&args),
        Command::Stop(args) => stop::stop(&args),
        Command::Runs(args) => runs::runs(&args),
        Command::Show(args) => show::show(&args),
        Command::Timeline(args) => timeline::timeline(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Sign(args) => sign::sign(&args),
        Command::Stdlib(args) => stdlib::stdlib(&args),
        Command::Help(args) => help::help(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args),
        Command::Complete(args) => complete::complete(&args),
        Command::Supervise(args) => supervise::supervise(&args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.tell();
            ExitCode::from(failure.code)
        }
    }
}

/// Logs to standard error what `MAINSTAY_LOG` asks for.
fn log() {
    let wanted = std::env::var("MAINSTAY_LOG").unwrap_or_default();
    if wanted.is_empty() {
        return;
    }
    // Of this program alone: what its libraries would log of a request might hold a secret.
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(format!("mainstay={wanted}"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(crate::display::Look::of_stderr().colour)
        .init();
}

/// Writes to standard output. Whoever closed the pipe has read enough.
fn print(text: &str) -> Result<(), Failure> {
    let look = Look::of_stdout();
    let text = if look.width.is_some() && !look.unicode { ascii(text) } else { text.into() };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(1, format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Returns JSON for people's eyes, too.
fn pretty(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|e| Failure::new(1, format!("cannot be written as JSON: {e}")))
}
