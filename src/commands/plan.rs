//! `mainstay plan`.

use std::path::PathBuf;

use super::failure::{Failure, INVALID};
use super::{check, complete, params, pretty, print, saved};
use crate::bounds::{CALL, Given};
use crate::display::{self, Look};
use crate::plan::Plan;

const AFTER: &str = "\
Examples:
  mainstay plan disk-full.runbook
  mainstay plan disk-full.runbook -p host=db1
  mainstay plan disk-full.runbook --format mermaid > plan.mmd
  mainstay plan disk-full.runbook --format dot | dot -Tsvg > plan.svg
  mainstay plan disk-full.runbook --format html > plan.html
  mainstay plan disk-full.runbook -p host=db1 --out tonight.json
  mainstay plan tonight.json

Exit codes:
  0  the plan was written, and with `--out` a run would act
  1  with `--out` a run would fail, or the file cannot be written
  2  the file has errors, or a parameter does not fit
  6  with `--out` the plan was saved, and there is nothing to do";

/// Show what a run could do, along every path, without touching anything
///
/// Reads the file and what it uses, and nothing else. Shows every path with what it reads and changes, the commands as they
/// would be typed, who is asked, how each change is taken back, how long everything takes at worst, and from where on there is no way
/// back.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The runbook; or a saved plan, which is shown
    #[arg(value_name = "FILE", add = complete::runbook())]
    file: String,

    /// A parameter; with one, the others have their defaults, and without any they may be whatever they take
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", add = complete::param())]
    param: Vec<String>,

    /// Parameters in a file, `.toml` or `.json`; those given with `-p` win
    #[arg(long, value_name = "FILE", add = complete::params_file())]
    params: Option<PathBuf>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Make the readings, as `run --dry-run` does, and save what a run would do now, for `run --plan`
    #[arg(long, value_name = "PLAN", conflicts_with = "format")]
    out: Option<PathBuf>,

    /// With `--out`: go on although no symptom holds
    #[arg(long, requires = "out")]
    force: bool,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// A flowchart for Mermaid
    Mermaid,
    /// A flowchart for Graphviz
    Dot,
    /// A page for a browser, which needs nothing else
    Html,
}

pub(super) fn plan(args: &Args) -> Result<u8, Failure> {
    let (file, param, params) = (args.file.as_str(), args.param.as_slice(), args.params.as_deref());
    if let Some(out) = &args.out {
        return saved::make(&saved::Making { file, param, params, force: args.force, out });
    }
    if saved::is_meant(file) {
        if args.format != Format::Text || !param.is_empty() || params.is_some() {
            let what = format!("`{file}` is a saved plan: it is shown as it is, as text");
            return Err(Failure::new(INVALID, what)
                .help("leave `--format` and the parameters out, or name the runbook"));
        }
        return saved::show(file);
    }
    let program = check::program_of(file)?;
    let params = params::given(&program, param, params)?;
    let given = Given { whole: !params.is_empty(), params: params.into_iter().collect(), call: CALL };
    let plan = Plan::of(&program, file, &given);
    print(&match args.format {
        Format::Text => display::plan::text(&plan, Look::of_stdout()),
        Format::Json => pretty(&plan)?,
        Format::Mermaid => display::plan::mermaid(&plan),
        Format::Dot => display::plan::dot(&plan),
        Format::Html => display::plan::html(&Plan { file: super::doc::on_page(file, file), ..plan.clone() })
            .map_err(|e| Failure::new(INVALID, format!("cannot make the page: {e}")))?,
    })?;
    // The program ends here: to take them apart takes a tenth of the time.
    std::mem::forget((program, plan));
    Ok(0)
}
