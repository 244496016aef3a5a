//! `mainstay verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::{Failure, INVALID};
use super::{Format, kept, pretty, print, settings};
use crate::display::{self, Discrepancy, Look, Verified};
use crate::event::{Body, Fact, Input, Record};
use crate::journal::{Audit, Head, Index, Reader, StateDir, Wrong, outputs, read_file, signatures};
use crate::process::OUTPUT_FOLDER;
use crate::source::Sources;
use crate::timeline::Rows;

const AFTER: &str = "\
Examples:
  mainstay verify last
  mainstay verify --all
  mainstay verify k7f3 --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

A run prints the hash in which its record ends. Kept where nobody who can write to this machine can write, it shows whether all
rows up to there are those that were written.

With `--allowed-signers`, the record must have been signed by one of them: `mainstay sign`.

Exit codes: 0 all are intact, 1 one is not or is not signed by them, 2 there is no such run.";

/// What a finding is called that is only about who has signed.
const UNSIGNED: &str = "unsigned";

/// Digits of a hash.
const DIGITS: usize = 64;

/// Check that a run's record is as it was written: every event, and every file of output
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The runs: their ids, the beginning or the last part of them, or `last`
    #[arg(value_name = "RUN", required_unless_present = "all", add = super::complete::run())]
    run: Vec<String>,

    /// All runs that are kept
    #[arg(long, conflicts_with = "run")]
    all: bool,

    /// A hash that was kept elsewhere: the record must have gone through it
    #[arg(long, value_name = "HASH", conflicts_with = "all")]
    head: Option<String>,

    /// Whose signatures count, as `ssh-keygen -Y verify` reads it: each run must have one of them
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    allowed_signers: Option<PathBuf>,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What was found of one run.
#[derive(Debug, Default, Serialize)]
struct Found {
    run: String,
    intact: bool,
    head: Head,
    /// Files of output that were compared.
    files: usize,
    findings: Vec<Finding>,
    notes: Vec<String>,
}

/// One thing that is not as it was recorded.
#[derive(Debug, Default, Serialize)]
struct Finding {
    /// `changed`, `inserted`, `moved`, `dropped`, `unread`, `missing`, `differs`, `unrecorded`, `head`, `signature`, `unsigned`,
    /// `journal`.
    what: &'static str,
    /// The row, 0 where it is about none.
    row: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    file: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    address: String,
    /// The step around it.
    #[serde(skip_serializing_if = "String::is_empty")]
    step: String,
    /// What the row says.
    #[serde(skip_serializing_if = "String::is_empty")]
    says: String,
    /// What is wrong, in words.
    text: String,
}

pub(super) fn verify(args: &Args) -> Result<u8, Failure> {
    let state = settings::state_dir()?;
    let runs = match args.all {
        true => state.runs()?,
        false => args.run.iter().map(|run| state.find(run)).collect::<Result<_, _>>()?,
    };
    let head = args.head.as_deref().map(|head| hash_of(head, &runs)).transpose()?;
    let index = Index::open_existing(&state);
    let allowed = args.allowed_signers.as_deref();
    if let Some(allowed) = allowed
        && let Err(error) = std::fs::File::open(allowed)
    {
        return Err(Failure::new(INVALID, format!("`{}` cannot be read: {error}", allowed.display())));
    }
    let through = |run: &String| look(&state, index.as_ref(), run, head.as_deref(), allowed);
    let found: Vec<Found> = runs.iter().map(through).collect();
    match args.format {
        Format::Json => print(&pretty(&found)?)?,
        Format::Text if found.is_empty() => print("nothing has been run yet; `mainstay run FILE` starts\n")?,
        Format::Text => {
            let shown: Vec<Verified<'_>> = found.iter().map(shown).collect();
            print(&display::verified(&shown, Look::of_stdout()))?;
        }
    }
    Ok(u8::from(found.iter().any(|found| !found.intact)))
}

/// Returns the hash that was typed.
fn hash_of(typed: &str, runs: &[String]) -> Result<String, Failure> {
    if runs.len() != 1 {
        return Err(Failure::new(INVALID, "`--head` is the hash of one run, and several are given")
            .help("write `mainstay verify RUN --head HASH` for each"));
    }
    let hash = typed.trim().to_lowercase();
    if hash.len() == DIGITS && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(hash);
    }
    Err(Failure::new(INVALID, format!("`{typed}` is no hash of a record"))
        .help(format!("it has {DIGITS} hexadecimal digits, as the run printed them behind `record`")))
}

/// Looks through one run.
fn look(
    state: &StateDir,
    index: Option<&Index>,
    run: &str,
    head: Option<&str>,
    allowed: Option<&Path>,
) -> Found {
    let mut found = Found { run: run.to_owned(), ..Found::default() };
    match Reader::open(state, run) {
        Err(error) => found.findings.push(journal(error.to_string())),
        Ok(reader) => {
            let audit = reader.audit();
            through(&mut found, state, index, &audit, head);
            signed(&mut found, &state.run_dir(run), &audit, allowed);
        }
    }
    found.intact = found.findings.is_empty();
    found
}

fn through(found: &mut Found, state: &StateDir, index: Option<&Index>, audit: &Audit, head: Option<&str>) {
    found.head.clone_from(&audit.head);
    found.findings.extend(audit.damage.as_ref().map(|damage| journal(damage.to_string())));
    let rows = Rows::of(&audit.records);
    for fault in &audit.faults {
        let place = match fault.wrong {
            // Nothing of them is left: what comes before them tells where they stood.
            Wrong::Missing { .. } => fault.seq.saturating_sub(1),
            _ => fault.seq,
        };
        found.findings.push(Finding {
            what: fault.wrong.word(),
            row: fault.seq,
            file: String::new(),
            kind: fault.kind.clone(),
            address: fault.address.clone(),
            step: rows.step(place).to_owned(),
            says: rows.words(place).to_owned(),
            text: match fault.wrong {
                Wrong::Missing { to } if to > fault.seq => format!("up to row {to} they are not there"),
                Wrong::Missing { .. } => "is not there".to_owned(),
                ref other => other.to_string(),
            },
        });
    }
    ends(found, index, audit, head);
    let folder = state.run_dir(&found.run);
    let over = audit.records.iter().any(|(_, record)| matches!(record.body, Body::Fact(Fact::Ended { .. })));
    let files = outputs(&folder, OUTPUT_FOLDER, &audit.records, over);
    found.files = files.compared;
    for fault in files.faults {
        found.findings.push(Finding {
            what: fault.wrong.word(),
            row: fault.seq,
            step: rows.step(fault.seq).to_owned(),
            says: rows.words(fault.seq).to_owned(),
            text: fault.wrong.to_string(),
            file: fault.file,
            ..Finding::default()
        });
    }
    let short = |(file, why): (String, String)| format!("{file} holds the beginning only: {why}");
    found.notes.extend(files.short.into_iter().map(short));
    let unclaimed = |file| format!("{file} is recorded by no row: the end of its command was not seen");
    found.notes.extend(files.unclaimed.into_iter().map(unclaimed));
    texts(found, &folder, &audit.records);
    if let Some((_, Record { body: Body::Input(Input::Opened(opened)), .. })) = audit.records.first()
        && opened.game_day.is_some()
    {
        found.notes.push("it is a game day: nothing of it was real".to_owned());
    }
}

/// Compares the end of the chain with what was kept of it.
fn ends(found: &mut Found, index: Option<&Index>, audit: &Audit, head: Option<&str>) {
    let differs = |text: String| Finding { what: "head", text, ..Finding::default() };
    let indexed = index.and_then(|index| index.get(&found.run).ok().flatten());
    if let Some(listing) = indexed.filter(|listing| listing.outcome.is_some() && listing.head.seq > 0) {
        let kept = &listing.head;
        match audit.misses(kept) {
            Some(why) => found.findings.push(differs(format!("{why} when it ended, says the index"))),
            None if kept.seq < audit.head.seq => {
                let more = audit.head.seq - kept.seq;
                found.notes.push(format!("{more} rows were added after what the index knows of its end"));
            }
            None => found.notes.push("it ends where the index says".to_owned()),
        }
    }
    match head.map(|hash| (hash, audit.row_of(hash))) {
        None => {}
        Some((hash, None)) => {
            found.findings.push(differs(format!("no row has the hash that was kept, {hash}")));
        }
        Some((_, Some(row))) if row < audit.head.seq => {
            let more = audit.head.seq - row;
            found
                .notes
                .push(format!("the hash that was kept is that of row {row}; {more} rows were added since"));
        }
        Some(_) => found.notes.push("it ends in the hash that was kept".to_owned()),
    }
}

/// Compares the signatures with the chain; with `allowed`, one of theirs must hold.
fn signed(found: &mut Found, folder: &Path, audit: &Audit, allowed: Option<&Path>) {
    let mut wrong = |file: String, text: String| {
        found.findings.push(Finding { what: "signature", file, text, ..Finding::default() });
    };
    let (mut notes, mut held, mut refused) = (Vec::new(), false, Vec::new());
    let signatures = signatures(folder);
    let is_signed = !signatures.is_empty();
    for signature in signatures {
        let file = signature.file.clone();
        let Some(statement) =
            signature.statement.as_ref().filter(|said| said.run == found.run && said.head.seq > 0)
        else {
            wrong(file, "what is signed is not about this run".to_owned());
            continue;
        };
        if let Some(why) = audit.misses(&statement.head) {
            wrong(file, format!("{why} when it was signed"));
            continue;
        }
        let more = audit.head.seq.saturating_sub(statement.head.seq);
        let of = match more {
            0 => format!("the whole record, {}", statement.outcome),
            more => format!(
                "rows 1 to {}, {}; {more} rows were added since",
                statement.head.seq, statement.outcome
            ),
        };
        match allowed.map(|allowed| signature.verify(allowed)) {
            None => notes.push(format!("{file} says that it signs {of}; `--allowed-signers` verifies it")),
            Some(Ok(who)) => {
                held = true;
                notes.push(format!("signed by {who}: {of}"));
            }
            Some(Err(error)) => refused.push((file, format!("does not hold: {error}"))),
        }
    }
    for (file, why) in refused {
        // Beside one that holds, another one's is no harm.
        if held { notes.push(format!("{file} {why}")) } else { wrong(file, why) }
    }
    if allowed.is_some() && !held {
        let text = match is_signed {
            true => "no allowed signer has signed it",
            false => "nobody has signed it; `mainstay sign` does",
        };
        found.findings.push(Finding { what: UNSIGNED, text: text.to_owned(), ..Finding::default() });
    }
    found.notes.extend(notes);
}

/// Compares the texts of the runbook with those that the run was opened with.
fn texts(found: &mut Found, folder: &Path, records: &[(u64, Record)]) {
    let opened = records.iter().find_map(|(seq, record)| match &record.body {
        Body::Input(Input::Opened(opened)) => Some((*seq, opened)),
        _ => None,
    });
    let Some((seq, opened)) = opened else { return };
    let mut wrong = |text: String, what| {
        let file = kept::SOURCES.to_owned();
        found.findings.push(Finding { what, row: seq, file, text, ..Finding::default() });
    };
    let texts: Sources = match read_file(&folder.join(kept::SOURCES), kept::TEXT_LIMIT) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return wrong("is not there".to_owned(), "missing");
        }
        Err(error) => return wrong(format!("cannot be read: {error}"), "unread"),
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(texts) => texts,
            Err(error) => return wrong(format!("cannot be understood: {error}"), "unread"),
        },
    };
    let there: BTreeMap<&str, String> = texts
        .iter()
        .map(|(_, text)| (text.name.as_str(), blake3::hash(text.text.as_bytes()).to_hex().to_string()))
        .collect();
    if texts.iter().count() > there.len() {
        wrong("has more than one text of one name".to_owned(), "differs");
    }
    let recorded: BTreeMap<&str, &String> =
        opened.sources.iter().map(|text| (text.name.as_str(), &text.hash)).collect();
    for name in there.keys().chain(recorded.keys()).collect::<std::collections::BTreeSet<_>>() {
        match (there.get(name), recorded.get(name)) {
            (Some(found), Some(hash)) if found == *hash => {}
            (_, None) => wrong(format!("has a text that the run did not begin with: {name}"), "unrecorded"),
            (None, _) => wrong(format!("lacks a text that the run began with: {name}"), "missing"),
            _ => wrong(format!("has another text of {name} than the run began with"), "differs"),
        }
    }
}

fn journal(text: String) -> Finding {
    Finding { what: "journal", text, ..Finding::default() }
}

fn shown(found: &Found) -> Verified<'_> {
    let discrepancy = |finding: &Finding| Discrepancy {
        place: match finding {
            Finding { file, .. } if !file.is_empty() => file.clone(),
            Finding { what: UNSIGNED, .. } => "signature".to_owned(),
            Finding { row: 0, .. } => "journal".to_owned(),
            Finding { row, .. } => format!("row {row}"),
        },
        wrong: finding.text.clone(),
        about: about(finding),
    };
    Verified {
        run: &found.run,
        head: &found.head,
        files: found.files,
        wrong: found.findings.iter().map(discrepancy).collect(),
        only_unsigned: found.findings.iter().all(|finding| finding.what == UNSIGNED),
        notes: found.notes.clone(),
    }
}

/// Returns what the row or the file is about, a line each.
fn about(finding: &Finding) -> Vec<String> {
    let Finding { what, row, file, kind, address, step, says, .. } = finding;
    let mut lines = Vec::new();
    let before = if *what == "dropped" && kind.is_empty() { "behind: " } else { "" };
    match (kind.as_str(), address.as_str()) {
        ("", _) => {}
        (kind, "") => lines.push(kind.to_owned()),
        (kind, address) => lines.push(format!("{kind} at {address}")),
    }
    if !file.is_empty() && *row > 0 {
        lines.push(format!("row {row}"));
    }
    if !says.is_empty() {
        lines.push(format!("{before}{says}"));
    }
    if !step.is_empty() && step != says {
        lines.push(format!("in the step: {step}"));
    }
    lines
}
