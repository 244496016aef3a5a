//! What can stand where the cursor is: runbooks, parameters, runs.
//!
//! Owns the completers that arguments name with `add = …`, and the hidden command that the shells' scripts
//! call. Only reads, fetches no secret, and never says a word: what goes wrong completes nothing.
//!
//! A subcommand whose argument is a run takes [`run`]: `#[arg(value_name = "RUN", add = complete::run())]`.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::OnceLock;

use clap::CommandFactory as _;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, complete as candidates};

use super::failure::Failure;
use super::{Cli, bash_line, print, settings};
use crate::check::{Disk, check};
use crate::display::clean;
use crate::journal::{Index, Listing};
use crate::program::Program;
use crate::timeline::{clock::utc, outcome_words};
use crate::value::Type;

/// A larger file is no runbook that anyone waits for.
const LARGEST: u64 = 4 << 20;

/// What was typed before the cursor, for completers that depend on it.
static TYPED: OnceLock<Vec<String>> = OnceLock::new();

/// Says what can stand at the end of the words: one candidate on each line
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Who asks: it decides how a candidate is written
    shell: super::completions::Shell,

    /// The words up to the cursor, the last of which is completed; of bash the line and its last word
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

pub(super) fn complete(args: &Args) -> Result<u8, Failure> {
    use super::completions::Shell;
    let bash = args.shell == Shell::Bash;
    let line = bash.then(|| bash_line::Line::of(&args.words));
    let words = line.as_ref().map_or_else(|| args.words.clone(), |line| line.words.clone());
    let typed = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let _ = TYPED.set(typed);
    let last = words.len().saturating_sub(1);
    let typed_option = words.last().is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let folder = std::env::current_dir().ok();
    let Ok(found) = candidates(&mut Cli::command(), words, last, folder.as_deref()) else {
        return Ok(0);
    };
    let dashed = |candidate: &CompletionCandidate| candidate.get_value().as_encoded_bytes().starts_with(b"-");
    // Options are offered to who begins one, or where nothing else fits.
    let only_options = found.iter().all(&dashed) || typed_option;
    let mut out = String::new();
    for candidate in found.iter().filter(|candidate| only_options || !dashed(candidate)) {
        let value = candidate.get_value().to_string_lossy();
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = clean(help.lines().next().unwrap_or(""));
        let line = match (&line, args.shell) {
            (Some(line), _) => line.written(&value),
            (None, Shell::Zsh) if help.is_empty() => value.replace('\\', "\\\\").replace(':', "\\:"),
            (None, Shell::Zsh) => {
                format!("{}:{}", value.replace('\\', "\\\\").replace(':', "\\:"), help.replace('\\', "\\\\"))
            }
            (None, _) => format!("{value}\t{help}"),
        };
        if !line.contains('\n') {
            out.push_str(&line);
            out.push('\n');
        }
    }
    print(&out)?;
    Ok(0)
}

/// Completes files that are runbooks.
pub(super) fn runbook() -> ArgValueCompleter {
    ArgValueCompleter::new(
        PathCompleter::any().filter(|path| path.extension().is_some_and(|ext| ext == "runbook")),
    )
}

/// Completes files of parameters.
pub(super) fn params_file() -> ArgValueCompleter {
    ArgValueCompleter::new(
        PathCompleter::any()
            .filter(|path| path.extension().is_some_and(|ext| ext == "toml" || ext == "json")),
    )
}

/// Completes saved plans.
pub(super) fn saved_plan() -> ArgValueCompleter {
    ArgValueCompleter::new(
        PathCompleter::any().filter(|path| path.extension().is_some_and(|ext| ext == "json")),
    )
}

/// Completes the runs that are kept: the newest first, also by the last part of an id.
pub(super) fn run() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| runs(&current.to_string_lossy()).unwrap_or_default())
}

/// Completes `name=` of the runbook on the line, and behind it the values that are one of a few.
pub(super) fn param() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| params(&current.to_string_lossy()).unwrap_or_default())
}

/// Completes the names of the runbooks that were run.
pub(super) fn runbook_name() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| runbook_names(&current.to_string_lossy()).unwrap_or_default())
}

/// Completes some words.
pub(super) fn words(all: &'static [&'static str]) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| fitting(all.iter().copied(), current))
}

/// Returns the words that begin as what was typed, in their order.
pub(super) fn fitting<'w>(
    words: impl IntoIterator<Item = &'w str>,
    typed: &OsStr,
) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let fitting = words.into_iter().filter(|word| word.starts_with(&*typed));
    fitting.enumerate().map(|(at, word)| CompletionCandidate::new(word).display_order(Some(at))).collect()
}

fn runs(current: &str) -> Option<Vec<CompletionCandidate>> {
    let state = settings::state_dir().ok()?;
    let mut ids = state.runs().ok()?;
    let known = Index::open_existing(&state).and_then(|index| index.list().ok()).unwrap_or_default();
    let known: HashMap<&str, &Listing> =
        known.iter().map(|listing| (listing.run.as_str(), listing)).collect();
    let opened = |run: &str| known.get(run).map(|listing| listing.opened_us);
    // What is not over is not in the index, and newer than what is.
    ids.sort_by_key(|run| std::cmp::Reverse((opened(run).unwrap_or(i64::MAX), run.clone())));
    let tail = |run: &str| run.rsplit('-').next().is_some_and(|tail| tail.starts_with(current));
    let fits = |run: &&String| run.starts_with(current) || !current.is_empty() && tail(run);
    let mut found: Vec<_> = ids
        .iter()
        .filter(fits)
        .map(|run| {
            let help = match known.get(run.as_str()) {
                Some(listing) => {
                    let outcome = listing.outcome.map_or("not over", outcome_words);
                    let mark = if listing.game_day.is_some() { "game day: " } else { "" };
                    format!("{mark}{outcome}, {}: {}", utc(listing.opened_us), listing.title)
                }
                None => "not over".to_owned(),
            };
            CompletionCandidate::new(run).help(Some(help.into()))
        })
        .collect();
    if !ids.is_empty() && "last".starts_with(current) {
        found.push(CompletionCandidate::new("last").help(Some("the newest run".into())));
    }
    let ordered = found.into_iter().enumerate();
    Some(ordered.map(|(order, candidate)| candidate.display_order(Some(order))).collect())
}

/// Returns the runbook that stands on the line, when it can be run.
fn program() -> Option<Program> {
    let words = TYPED.get()?;
    let (_, before) = words.split_last()?;
    let file = before.iter().skip(2).find(|word| word.ends_with(".runbook") && is_small(word))?;
    check(file, &Disk).program
}

fn is_small(path: &str) -> bool {
    Path::new(path).metadata().is_ok_and(|file| file.is_file() && file.len() <= LARGEST)
}

fn params(current: &str) -> Option<Vec<CompletionCandidate>> {
    let program = program()?;
    let declared = program.params();
    if let Some((name, value)) = current.split_once('=') {
        let (_, param) = declared.into_iter().find(|(global, _)| global.slot.name == name)?;
        let values: Vec<String> = match &param.domain.ty {
            Type::Bool => vec!["true".to_owned(), "false".to_owned()],
            _ => param.domain.choices.iter().map(ToString::to_string).collect(),
        };
        let fitting = values.iter().filter(|choice| choice.starts_with(value));
        return Some(fitting.map(|choice| CompletionCandidate::new(format!("{name}={choice}"))).collect());
    }
    let given = |name: &str| {
        let before = TYPED.get().into_iter().flatten();
        before.clone().any(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    };
    let fitting =
        declared.filter(|(global, _)| global.slot.name.starts_with(current) && !given(&global.slot.name));
    let candidate = |(order, (global, param)): (usize, (&crate::program::Global, &crate::program::Param))| {
        let needed = if param.default.is_none() { ", needed" } else { "" };
        let description = match global.description.as_str() {
            "" => String::new(),
            text => format!(": {text}"),
        };
        CompletionCandidate::new(format!("{}=", global.slot.name))
            .help(Some(format!("{}{needed}{description}", param.domain.ty).into()))
            .display_order(Some(order))
    };
    Some(fitting.enumerate().map(candidate).collect())
}

fn runbook_names(current: &str) -> Option<Vec<CompletionCandidate>> {
    let state = settings::state_dir().ok()?;
    let known = Index::open_existing(&state)?.list().ok()?;
    let stem = |file: &str| Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = known.iter().filter_map(|listing| stem(&listing.file)).collect();
    names.sort();
    names.dedup();
    names.retain(|name| name.starts_with(current));
    Some(names.into_iter().map(CompletionCandidate::new).collect())
}
