//! `mainstay man`: one manual page for each subcommand.
//!
//! Owns the pages' layout as far as clap does not. What they say is what `--help` says.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::Cli;
use super::failure::Failure;

const AFTER: &str = "\
Examples:
  mainstay man ~/.local/share/man/man1
  sudo mainstay man /usr/local/share/man/man1";

/// Write the manual pages into a folder
///
/// One page for each subcommand, as `man mainstay-run` shows them. The folder is made when it is missing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The folder, such as `~/.local/share/man/man1`
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
}

pub(super) fn man(args: &Args) -> Result<u8, Failure> {
    let fail = |what: &std::path::Path, error: &std::io::Error| {
        Failure::new(1, format!("cannot write `{}`: {error}", what.display()))
    };
    std::fs::create_dir_all(&args.folder).map_err(|e| fail(&args.folder, &e))?;
    let mut program = Cli::command();
    program.build();
    let below = program.get_subcommands().flat_map(|one| std::iter::once(one).chain(one.get_subcommands()));
    for command in std::iter::once(&program).chain(below) {
        if command.is_hide_set() {
            continue;
        }
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        let path = args.folder.join(format!("{name}.1"));
        let page = page(command.clone(), &name).map_err(|e| fail(&path, &e))?;
        std::fs::write(&path, page).map_err(|e| fail(&path, &e))?;
    }
    Ok(0)
}

/// Returns a page. What stands below `--help` keeps its lines.
fn page(command: clap::Command, name: &str) -> std::io::Result<Vec<u8>> {
    let below = command.get_after_long_help().or_else(|| command.get_after_help()).map(ToString::to_string);
    let subcommands = command.get_subcommands().any(|command| !command.is_hide_set());
    let man = Man::new(command.after_help("").after_long_help(""))
        .title(name)
        .source(concat!("Mainstay ", env!("CARGO_PKG_VERSION")))
        .manual("Mainstay");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if subcommands {
        man.render_subcommands_section(&mut out)?;
    }
    out.extend(extra(&below.unwrap_or_default()).into_bytes());
    man.render_version_section(&mut out)?;
    Ok(out)
}

/// Returns sections of the texts that stand below `--help`: a line that ends with `:` is a heading.
fn extra(text: &str) -> String {
    let mut out = String::new();
    let mut open = false;
    for line in text.lines() {
        let heading = line.strip_suffix(':').filter(|line| !line.starts_with(' '));
        if let Some(heading) = heading {
            if std::mem::replace(&mut open, true) {
                out.push_str(".fi\n");
            }
            out.push_str(&format!(".SH {}\n.nf\n", heading.to_uppercase()));
            continue;
        }
        if !open {
            out.push_str(".SH NOTES\n.nf\n");
            open = true;
        }
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        out.push_str(&format!("{guard}{line}\n"));
    }
    if open {
        out.push_str(".fi\n");
    }
    out
}
