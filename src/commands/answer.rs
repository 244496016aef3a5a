//! `mainstay approve`, `mainstay deny`, `mainstay answer`: what a run asks, answered from elsewhere.
//!
//! Owns that whoever answers has seen what is answered. Whether the answer counts, the run decides.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::failure::{Failure, INVALID, warn, warn_with};
use super::waiting::{Open, one};
use super::{letters, print};
use crate::display::{Look, clean, question_page};
use crate::event::{Body, Fact, Heard, Input, QuestionKind, Reply, Wanted};
use crate::journal::{Reader, RunLock};
use crate::people::Person;
use crate::people::inbox::{Inbox, Letter, Message};
use crate::value::Value;

/// How long a run that is executed now may take to read a letter.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// How often the journal is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the subcommands have in common.
#[derive(Debug, clap::Args)]
struct Which {
    /// The run: its id, the beginning or the last part of it, or `last`
    #[arg(value_name = "RUN", add = super::complete::run())]
    run: String,

    /// Which question, where the run asks several: the beginning of its id in `mainstay waiting`
    #[arg(long, value_name = "ID")]
    question: Option<String>,

    /// Why; it stands on the timeline
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
}

/// Say yes to what a run asks
///
/// Shows what is asked, the evidence, what will be run and what can be taken back, and asks once more. The answer is
/// yours: the user of this process. It counts when you hold a role that is asked, and it came in time.
#[derive(Debug, clap::Args)]
pub(super) struct Approve {
    #[command(flatten)]
    which: Which,

    /// Do not ask once more
    #[arg(long)]
    yes: bool,
}

/// Say no to what a run asks
///
/// A refusal of an approval aborts the run; changes are taken back.
#[derive(Debug, clap::Args)]
pub(super) struct Deny {
    #[command(flatten)]
    which: Which,
}

/// Answer a run's question, or say that a manual step is `done`
#[derive(Debug, clap::Args)]
pub(super) struct Answer {
    #[command(flatten)]
    which: Which,

    /// The answer; for a manual step `done` or `no`
    #[arg(value_name = "ANSWER")]
    answer: String,
}

pub(super) fn approve(args: &Approve) -> Result<u8, Failure> {
    let open = one(&args.which.run, args.which.question.as_deref(), is_yes_or_no, "approve")?;
    show(&open)?;
    let attended = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !args.yes {
        if !attended {
            return Err(Failure::new(
                INVALID,
                "nobody was asked whether this is approved, and nothing was answered",
            )
            .help("at a terminal you are asked; `--yes` approves what is shown above"));
        }
        match ask("approve? yes or no? ")? {
            Some(true) => {}
            Some(false) => {
                print(&format!("nothing was answered; `mainstay deny {}` refuses it\n", open.run))?;
                return Ok(1);
            }
            None => return Err(Failure::new(1, "nothing was answered")),
        }
    }
    send(&open, "yes", &args.which.because)
}

pub(super) fn deny(args: &Deny) -> Result<u8, Failure> {
    let open = one(&args.which.run, args.which.question.as_deref(), is_yes_or_no, "deny")?;
    send(&open, "no", &args.which.because)
}

pub(super) fn answer(args: &Answer) -> Result<u8, Failure> {
    let open = one(&args.which.run, args.which.question.as_deref(), |_| true, "answer")?;
    if let Err(why) = open.question.wanted.parse(&args.answer) {
        return Err(Failure::new(INVALID, why).note(open.question.text.clone()));
    }
    send(&open, &args.answer, &args.which.because)
}

/// Returns whether `approve` and `deny` answer it.
fn is_yes_or_no(open: &Open) -> bool {
    open.question.wanted == Wanted::YesNo
}

fn show(open: &Open) -> Result<(), Failure> {
    let look = Look::of_stdout();
    let mut page = format!(
        "{}\n  run {} on {}, started by {}\n",
        clean(&open.title),
        open.run,
        clean(&open.host),
        clean(&open.user)
    );
    page.push_str(&question_page(&open.question, open.left, look));
    print(&page)
}

/// Asks for yes or no; `None`: the terminal was closed.
fn ask(prompt: &str) -> Result<Option<bool>, Failure> {
    let mut lines = std::io::stdin().lock();
    loop {
        print(prompt)?;
        let mut line = String::new();
        match lines.read_line(&mut line) {
            Ok(0) | Err(_) => return Ok(None),
            Ok(_) => {}
        }
        match Wanted::YesNo.parse(&line) {
            Ok(value) => return Ok(Some(value == Value::Bool(true))),
            Err(why) => {
                let _ = writeln!(std::io::stderr(), "{}", clean(&why));
            }
        }
    }
}

/// Puts the answer into the run's inbox, and tells what became of it.
fn send(open: &Open, said: &str, because: &str) -> Result<u8, Failure> {
    let me = Person::current();
    if let Some(why) = &open.suspect {
        return Err(Failure::new(
            1,
            format!("the run's journal is not to be believed, and nothing was answered: {why}"),
        ));
    }
    if said == "yes" && open.agreed.iter().any(|(_, uid)| *uid == me.uid) {
        return Err(Failure::new(INVALID, "you have answered already, and nobody counts twice")
            .help(format!("`mainstay deny {}` takes it back: a refusal aborts the run", open.run)));
    }
    if let Err(why) = &open.mine {
        return Err(Failure::new(INVALID, format!("your answer would not count: {why}"))
            .note(format!("it is asked: {}", open.question.text)));
    }
    let folder = open.state.run_dir(&open.run);
    // Where somebody executes the run, its own clock decides.
    if open.left.is_some_and(|left| left.is_zero()) && RunLock::holder(&folder)?.is_none() {
        return Err(Failure::new(1, "it is too late: the time for an answer has run out")
            .help(format!("`mainstay show {}` shows what the run did, or will do, then", open.run)));
    }
    if let Some((who, kept)) = kept_answer(open, &folder)? {
        return Err(Failure::new(
            INVALID,
            format!("{who} has answered `{kept}` already, and that is kept for the run"),
        )
        .help(format!(
            "it counts when `mainstay resume {0}` goes on; Ctrl-C stops that, and takes changes back",
            open.run
        )));
    }
    let letter = Letter {
        run: open.run.clone(),
        message: Message::Answer {
            question: open.address.to_string(),
            shown: open.question.shown.clone(),
            said: said.to_owned(),
            because: because.to_owned(),
        },
    };
    let file = Inbox::at(&folder).put(&letter)?;
    if let Some(taken) = until_taken(&folder, || taken(open, &file))? {
        return told(open, &taken);
    }
    if RunLock::holder(&folder)?.is_some() {
        warn(format!(
            "your answer is kept, and the run has not taken it yet; `mainstay show {}` will say what became of it",
            open.run
        ));
        return Ok(0);
    }
    if has_ended(open)? {
        return Err(Failure::new(1, "the run ended before it took your answer")
            .help(format!("`mainstay show {}` shows how", open.run)));
    }
    warn_with(
        "your answer is kept, and nobody executes the run now",
        format!("it counts when `mainstay resume {}` goes on with it", open.run),
    );
    Ok(0)
}

/// Looks again and again, for as long as somebody executes the run in `folder` and a little time has not passed, what
/// became of a letter to it.
pub(super) fn until_taken<T>(
    folder: &Path,
    mut look: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<Option<T>, Failure> {
    let until = Instant::now() + TAKEN_WITHIN;
    while RunLock::holder(folder)?.is_some() && Instant::now() < until {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    look()
}

/// What the run made of a letter.
enum Taken {
    Counts,
    Void(String),
}

fn taken(open: &Open, file: &str) -> Result<Option<Taken>, Failure> {
    let records = Reader::open(&open.state, &open.run)?.salvage().records;
    let mut rest = records.iter().map(|(_, record)| record);
    let found = rest.find_map(|record| match &record.body {
        Body::Input(Input::Delivered { request, reply: Reply::Answer(answer), .. })
            if answer.letter == file =>
        {
            Some(Ok((request, answer.uid)))
        }
        Body::Input(Input::Heard { heard: Heard::Void { why, .. }, letter, .. }) if letter == file => {
            Some(Err(why.clone()))
        }
        _ => None,
    });
    let (request, me) = match found {
        Some(Ok(found)) => found,
        Some(Err(why)) => return Ok(Some(Taken::Void(why))),
        None => return Ok(None),
    };
    // Of several answers that are needed, each counts once: what the run says of it stands in the same turn. Others, and
    // other questions, may stand there too.
    let asked = request.0.rsplit_once('.').map_or("", |(asked, _)| asked);
    let mut taken = Taken::Counts;
    for record in rest.take_while(|record| !matches!(record.body, Body::Input(_))) {
        match &record.body {
            Body::Fact(Fact::Void { why, uid, .. }) if *uid == me && *record.address.0 == *asked => {
                taken = Taken::Void(why.clone());
            }
            Body::Fact(Fact::Answered { uid, .. }) if *uid == me && *record.address.0 == *asked => {
                taken = Taken::Counts;
            }
            _ => {}
        }
    }
    Ok(Some(taken))
}

/// Returns an answer that lies in the inbox and decides before another one can: who gave it, and which.
fn kept_answer(open: &Open, folder: &Path) -> Result<Option<(String, String)>, Failure> {
    let records = Reader::open(&open.state, &open.run)?.salvage().records;
    let me = Person::current();
    Ok(letters::kept(folder, &records).into_iter().find_map(|letter| {
        let said = letters::answer(&letter, &open.question, &open.rules)?;
        let decides = !open.question.quorum || letter.who.uid == me.uid || said == "no";
        decides.then(|| (letter.who.name.clone(), said.to_owned()))
    }))
}

fn has_ended(open: &Open) -> Result<bool, Failure> {
    let records = Reader::open(&open.state, &open.run)?.salvage().records;
    Ok(records.iter().any(|(_, record)| matches!(record.body, Body::Fact(Fact::Ended { .. }))))
}

fn told(open: &Open, taken: &Taken) -> Result<u8, Failure> {
    match taken {
        Taken::Void(why) => Err(Failure::new(1, format!("the answer does not count: {}", clean(why)))),
        Taken::Counts => {
            let what = match open.question.kind {
                QuestionKind::Manual => "the run has heard of it",
                _ => "the answer is taken",
            };
            print(&format!("{what}: {}\n", clean(&open.question.text)))?;
            Ok(0)
        }
    }
}
