//! `mainstay help`: of subcommands, and of the language.
//!
//! Owns the way to the reader's eyes: a pager at a terminal, plain text elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use clap::CommandFactory as _;

use super::failure::{Failure, INVALID};
use super::language::{self, Found};
use super::{Cli, complete, print};
use crate::diagnostic::nearest;
use crate::display::{self, Look};

const AFTER: &str = "\
Examples:
  mainstay help run
  mainstay help language
  mainstay help language approve
  mainstay help language change-without-undo

At a terminal the language is shown by $PAGER, or by less.";

/// Show help: of a subcommand, or of the language by topics
///
/// `mainstay help language` lists the topics; with one it shows what the reference says about it: a
/// statement, a clause, a function, the code of a message.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// A subcommand, or `language`
    #[arg(value_name = "COMMAND", add = clap_complete::engine::ArgValueCompleter::new(commands))]
    command: Option<String>,

    /// Of the language: what about
    #[arg(value_name = "TOPIC", add = clap_complete::engine::ArgValueCompleter::new(topics))]
    topic: Vec<String>,
}

pub(super) fn help(args: &Args) -> Result<u8, Failure> {
    let mut program = Cli::command();
    program.build();
    match (args.command.as_deref(), args.topic.join(" ")) {
        (None, _) => print(&program.render_long_help().to_string())?,
        (Some("language"), topic) if topic.is_empty() => page(&language::list())?,
        (Some("language"), topic) => match language::find(&topic) {
            Found::Text(text) => page(&text)?,
            Found::Nothing(near) => {
                let failure =
                    Failure::new(INVALID, format!("the language has no topic `{}`", display::clean(&topic)));
                return Err(match near {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None => failure.help("`mainstay help language` lists them"),
                });
            }
        },
        (Some(name), _) => {
            let known: Vec<String> = program
                .get_subcommands()
                .filter(|c| !c.is_hide_set())
                .map(|c| c.get_name().to_owned())
                .collect();
            let Some(command) = program.find_subcommand_mut(name) else {
                let failure =
                    Failure::new(INVALID, format!("there is no subcommand `{}`", display::clean(name)));
                let words = known.iter().map(String::as_str).chain(["language"]);
                return Err(match nearest(name, words) {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None => failure
                        .help(format!("`mainstay help language {}` asks the language", display::clean(name))),
                });
            };
            let look = Look::of_stdout();
            let help = command.render_long_help();
            print(&if look.colour { help.ansi().to_string() } else { help.to_string() })?;
        }
    }
    Ok(0)
}

/// Shows Markdown: by a pager at a terminal, else as it is.
pub(super) fn page(text: &str) -> Result<(), Failure> {
    let look = Look::of_stdout();
    // Wider lines are hard to read.
    let text = display::markdown(text, Look { width: Some(look.width.unwrap_or(80).min(100)), ..look });
    if !std::io::stdout().is_terminal() || !by_pager(&text) {
        print(&text)?;
    }
    Ok(())
}

/// Returns whether a pager showed the text.
fn by_pager(text: &str) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| String::from("less"));
    if pager.trim().is_empty() || pager == "cat" {
        return false;
    }
    let mut command = Command::new("sh");
    command.arg("-c").arg(&pager).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Ends at once when all fits, keeps colours, leaves the text on the screen.
        command.env("LESS", "FRX");
    }
    let Ok(mut shown) = command.spawn() else {
        return false;
    };
    if let Some(mut input) = shown.stdin.take() {
        // Who leaves the pager early has read enough.
        let _ = input.write_all(text.as_bytes());
    }
    // 127: there is no such pager.
    shown.wait().is_ok_and(|status| status.code() != Some(127))
}

fn commands(current: &std::ffi::OsStr) -> Vec<clap_complete::engine::CompletionCandidate> {
    let program = Cli::command();
    let names = program
        .get_subcommands()
        .filter(|c| !c.is_hide_set())
        .map(clap::Command::get_name)
        .chain(["language"]);
    complete::fitting(names, current)
}

fn topics(current: &std::ffi::OsStr) -> Vec<clap_complete::engine::CompletionCandidate> {
    complete::fitting(language::topics().iter().map(String::as_str), current)
}
