//! `mainstay waiting`: what waits for whom.

use std::time::Duration;

use serde::Serialize;

use super::failure::{Failure, INVALID};
use super::listed::Listed;
use super::{Format, kept, letters, pretty, print, settings};
use crate::display::{self, Look};
use crate::event::{Address, Question};
use crate::journal::{Asks, Listing, Reader, RunLock, StateDir};
use crate::people::{Person, Rules};
use crate::timeline::Summary;

const AFTER: &str = "\
Examples:
  mainstay waiting
  mainstay waiting k7f3
  mainstay waiting --format json";

/// List what runs wait for: which question, whom it asks, and how long still
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// Only this run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: Option<String>,

    /// How to write the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A question that is open.
pub(super) struct Open {
    pub state: StateDir,
    pub run: String,
    /// Why its journal is not to be believed, if it is not.
    pub suspect: Option<String>,
    pub title: String,
    pub host: String,
    /// Who began it.
    pub user: String,
    pub address: Address,
    pub question: Question,
    /// `None` where nothing bounds it; zero where it has run out, and nobody has executed the run since.
    pub left: Option<Duration>,
    /// Whether this user's answer would count, and in which role; else why not.
    pub mine: Result<String, String>,
    /// Whose answers count, by name; empty where no roles are set up.
    pub who: Vec<String>,
    /// Who has said yes already, by name and number.
    pub agreed: Vec<(String, u32)>,
    /// Who has answered what while nobody executed the run.
    pub kept: Vec<(String, String)>,
    pub rules: Rules,
}

impl Open {
    /// Returns what names the question on the command line.
    pub fn id(&self) -> &str {
        self.question.shown.get(..8).unwrap_or(&self.question.shown)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    run: &'a str,
    title: &'a str,
    host: &'a str,
    game_day: bool,
    question: &'a str,
    id: &'a str,
    kind: crate::event::QuestionKind,
    asked_of: &'a [String],
    count: u32,
    who: &'a [String],
    agreed: Vec<&'a str>,
    kept: &'a [(String, String)],
    answer: String,
    left_seconds: Option<u64>,
    yours: bool,
}

pub(super) fn waiting(args: &Args) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let mut open = Vec::new();
    match &args.run {
        Some(given) => open.extend(of_run(&state, &state.find(given)?)?),
        None => {
            let me = Person::current();
            for (listing, asks) in Listed::of(&state)?.asking() {
                // A run that cannot be read is told by `runs`, not here.
                open.extend(questions(&state, &listing, asks, None, &me));
            }
        }
    }
    open.sort_by_key(|open| open.left);
    match args.format {
        Format::Json => {
            let lines: Vec<Line<'_>> = open.iter().map(line).collect();
            print(&pretty(&lines)?)?;
        }
        Format::Text if open.is_empty() => print("nothing waits for anybody\n")?,
        Format::Text => {
            let look = Look::of_stdout();
            let rows: Vec<display::WaitingLine<'_>> = open
                .iter()
                .map(|open| display::WaitingLine {
                    run: &open.run,
                    id: open.id(),
                    title: &open.title,
                    question: &open.question,
                    who: &open.who,
                    agreed: open.agreed.iter().map(|(name, _)| name.as_str()).collect(),
                    kept: &open.kept,
                    left: open.left,
                    yours: open.mine.is_ok(),
                })
                .collect();
            print(&display::waiting(&rows, look))?;
        }
    }
    Ok(0)
}

fn line(open: &Open) -> Line<'_> {
    Line {
        run: &open.run,
        title: &open.title,
        host: &open.host,
        game_day: open.question.game_day,
        question: &open.question.text,
        id: open.id(),
        kind: open.question.kind,
        asked_of: &open.question.roles,
        count: open.question.count,
        who: &open.who,
        agreed: open.agreed.iter().map(|(name, _)| name.as_str()).collect(),
        kept: &open.kept,
        answer: open.question.wanted.to_string(),
        // Zero only when it has run out.
        left_seconds: open.left.map(|left| left.as_secs() + u64::from(left.subsec_nanos() > 0)),
        yours: open.mine.is_ok(),
    }
}

/// Returns what a run asks now.
fn of_run(state: &StateDir, run: &str) -> Result<Vec<Open>, Failure> {
    let found = Reader::open(state, run)?.salvage();
    let mut summary = Summary::of(&found.records);
    summary.run = run.to_owned();
    let Some(asks) = summary.asks() else {
        return Ok(Vec::new());
    };
    let suspect = match kept::another(state, &summary) {
        Some(owner) => {
            Some(format!("it belongs to `{owner}`, but its journal says that `{}` began it", summary.user))
        }
        None => found.damage.map(|damage| damage.to_string()),
    };
    Ok(questions(state, &summary.listing(found.head), asks, suspect.as_deref(), &Person::current()))
}

/// Returns the questions of a run, as they stand for whoever looks.
fn questions(
    state: &StateDir,
    listing: &Listing,
    asks: Asks,
    suspect: Option<&str>,
    me: &Person,
) -> Vec<Open> {
    let is_played = asks.questions.iter().any(|asked| asked.question.game_day);
    if is_played && !matches!(RunLock::holder(&state.run_dir(&listing.run)), Ok(Some(_))) {
        // Nobody goes on with a game day.
        return Vec::new();
    }
    let now = kept::clock(asks.executor.as_ref(), asks.last).now().run_ns;
    let rules = Rules::new(asks.roles, asks.starter);
    let letters = if asks.questions.is_empty() { Vec::new() } else { letters::unread(state, &listing.run) };
    let open = asks.questions.into_iter().map(|asked| {
        let kept = letters.iter().filter_map(|letter| {
            Some((letter.who.name.clone(), letters::answer(letter, &asked.question, &rules)?.to_owned()))
        });
        let left = |at: i64| Duration::from_nanos(at.saturating_sub(now).max(0).unsigned_abs());
        Open {
            state: state.clone(),
            run: listing.run.clone(),
            suspect: suspect.map(str::to_owned),
            title: listing.title.clone(),
            host: listing.host.clone(),
            user: listing.user.clone(),
            address: asked.address,
            left: asked.deadline.map(left),
            mine: rules.role_of(&asked.question, me),
            who: rules.who(&asked.question),
            agreed: asked.agreed,
            kept: kept.collect(),
            rules: rules.clone(),
            question: asked.question,
        }
    });
    open.collect()
}

/// Returns the one question of a run that a subcommand answers.
pub(super) fn one(
    given: &str,
    id: Option<&str>,
    fits: impl Fn(&Open) -> bool,
    verb: &str,
) -> Result<Open, Failure> {
    let state = settings::state_dir()?;
    let run = state.find(given)?;
    let mut open = of_run(&state, &run)?;
    if open.is_empty() {
        return Err(Failure::new(INVALID, format!("the run {run} waits for no answer"))
            .help(format!("`mainstay show {run}` shows where it stands")));
    }
    if let Some(id) = id {
        open.retain(|open| open.question.shown.starts_with(id));
        if open.is_empty() {
            return Err(Failure::new(INVALID, format!("the run {run} has no open question `{id}`"))
                .help(format!("`mainstay waiting {run}` lists them; what changed since has another id")));
        }
    }
    let any = open[0].question.text.clone();
    open.retain(&fits);
    match open.len() {
        1 => Ok(open.remove(0)),
        0 => Err(Failure::new(INVALID, format!("`mainstay {verb}` does not answer what the run asks"))
            .note(format!("it asks: {any}"))
            .help(format!("write `mainstay answer {run} ANSWER`"))),
        _ => {
            let ids: Vec<String> =
                open.iter().map(|open| format!("{}  {}", open.id(), open.question.text)).collect();
            Err(Failure::new(INVALID, format!("the run {run} asks {} things", open.len()))
                .note(ids.join("\n"))
                .help("say which with `--question ID`"))
        }
    }
}
