//! `mainstay stdlib`.

use super::failure::{Failure, INVALID};
use super::{Format, pretty, print};
use crate::check::manual::{self, Module};
use crate::diagnostic::nearest;
use crate::display::Look;
use crate::display::manual as shown;

const AFTER: &str = "\
Examples:
  mainstay stdlib
  mainstay stdlib tls
  mainstay stdlib systemd.restart";

/// Explain the modules that come with Mainstay
///
/// Without a name, every module with one line. With one, what its actions take, give and change, and how that is taken
/// back, with an example for each.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// A module, or one of its actions: `tls`, `tls.certificate`
    #[arg(value_name = "MODULE")]
    name: Option<String>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn stdlib(args: &Args) -> Result<u8, Failure> {
    let all = manual::modules();
    let look = Look::of_stdout();
    let Some(name) = &args.name else {
        print(&match args.format {
            Format::Json => pretty(&all)?,
            Format::Text => shown::modules(&all, look),
        })?;
        return Ok(0);
    };
    let (wanted, action) = match name.split_once('.') {
        Some((module, action)) => (module, Some(action)),
        None => (name.as_str(), None),
    };
    let module = all.iter().find(|m| m.name == wanted).ok_or_else(|| unknown(wanted, &all))?;
    let Some(action) = action else {
        print(&match args.format {
            Format::Json => pretty(module)?,
            Format::Text => shown::module(module, look),
        })?;
        return Ok(0);
    };
    let found = module.actions.iter().find(|a| a.name == *name);
    let found = found.ok_or_else(|| unknown_action(module, action))?;
    print(&match args.format {
        Format::Json => pretty(found)?,
        Format::Text => shown::action(found, look),
    })?;
    Ok(0)
}

fn unknown(name: &str, all: &[Module]) -> Failure {
    let names: Vec<_> = all.iter().map(|module| module.name.as_str()).collect();
    let failure = Failure::new(INVALID, format!("there is no module `{name}`"));
    let failure = match nearest(name, names.iter().copied()) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure,
    };
    failure.note(format!("modules: {}", names.join(", ")))
}

fn unknown_action(module: &Module, action: &str) -> Failure {
    let prefix = module.name.len() + 1;
    let names: Vec<_> = module.actions.iter().map(|action| &action.name[prefix..]).collect();
    let failure = Failure::new(INVALID, format!("`{}` has no action `{action}`", module.name));
    let failure = match nearest(action, names.iter().copied()) {
        Some(near) => failure.help(format!("did you mean `{}.{near}`?", module.name)),
        None => failure,
    };
    failure.note(format!("actions of `{}`: {}", module.name, names.join(", ")))
}
