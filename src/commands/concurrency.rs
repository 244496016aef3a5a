//! One run at a time with a key (`concurrency`): who has it, and the wait for it.
//!
//! Owns when a key is free: when no run that took it is still to end. Never asks who executes that run: one that was left
//! stands half done, and nobody begins beside it.

use std::time::{Duration, Instant};

use super::beforehand::Beforehand;
use super::failure::{Failure, INVALID};
use super::{Format, kept, print};
use crate::display::{RunState, clean};
use crate::journal::{Index, KeyRing, Listing, RunLock, Stamps, StateDir};
use crate::program::Program;
use crate::timeline::clock;

/// How often a key that somebody has is asked for.
const AGAIN: Duration = Duration::from_millis(500);

/// What a run must have before it begins.
pub(super) struct Key {
    text: String,
    /// How long it is waited for.
    wait: Option<Duration>,
}

/// Returns the key of a run of this program.
pub(super) fn key(program: &Program, known: &Beforehand) -> Result<Option<Key>, Failure> {
    let Some(concurrency) = &program.fields.concurrency else { return Ok(None) };
    let Some(text) = known.render(&concurrency.key) else {
        let written = program.sources.text(concurrency.key.span);
        return Err(Failure::new(INVALID, format!("the key of `concurrency` has no value: {written}"))
            .help("it may hold parameters, and what is computed from them alone"));
    };
    let wait = concurrency.wait.map(|ns| Duration::from_nanos(ns.max(0).unsigned_abs()));
    Ok(Some(Key { text, wait }))
}

/// Begins a run with the key, as soon as nobody has it; `id` names the run that was begun.
pub(super) fn enter<T>(
    state: &StateDir,
    key: &Key,
    format: Format,
    mut begin: impl FnMut() -> Result<T, Failure>,
    id: impl Fn(&T) -> &String,
) -> Result<T, Failure> {
    let since = Instant::now();
    let mut told = String::new();
    loop {
        let ring = KeyRing::lock(state)?;
        let Some((listing, stands)) = holder(state, &ring, &key.text, "")? else {
            let begun = begin()?;
            ring.give(id(&begun), &key.text)?;
            return Ok(begun);
        };
        drop(ring);
        let Some(wait) = key.wait.filter(|wait| since.elapsed() < *wait) else {
            return Err(refused(&listing, stands, key));
        };
        if told != listing.run {
            told.clone_from(&listing.run);
            tell(&listing, stands, key, wait.saturating_sub(since.elapsed()), format)?;
        }
        std::thread::sleep(AGAIN.min(wait.saturating_sub(since.elapsed())));
    }
}

/// Returns in words that a run would not begin now, since another one has the key.
pub(super) fn taken(state: &StateDir, key: &Key) -> Result<Option<String>, Failure> {
    let ring = KeyRing::lock(state)?;
    Ok(holder(state, &ring, &key.text, "")?.map(|(listing, stands)| {
        let then = if key.wait.is_some() { "would wait for it" } else { "would be refused" };
        format!("the key `{}` is taken by {}; a run {then}", clean(&key.text), describe(&listing, stands))
    }))
}

/// Refuses to take a run up again whose key another one has by now. It is executed by this process, which keeps others out
/// from here on.
pub(super) fn again(state: &StateDir, run: &str) -> Result<(), Failure> {
    let ring = KeyRing::lock(state)?;
    let Some(text) = ring.key_of(run)? else { return Ok(()) };
    match holder(state, &ring, &text, run)? {
        Some((listing, stands)) => Err(refused(&listing, stands, &Key { text, wait: None })),
        None => Ok(()),
    }
}

/// Returns the run that has the key, beside `own`.
fn holder(
    state: &StateDir,
    ring: &KeyRing<'_>,
    key: &str,
    own: &str,
) -> Result<Option<(Listing, RunState)>, Failure> {
    let (index, stamps) = (Index::open_existing(state), Stamps::of(state));
    for run in ring.takers(key)?.into_iter().filter(|run| run != own) {
        let executed = RunLock::holder(&state.run_dir(&run))?.is_some();
        let (listing, stands) = kept::one(state, index.as_ref(), stamps.as_ref(), &run);
        let over = match stands {
            RunState::Ended(_) => true,
            // It was cut off before it was opened.
            RunState::Suspended | RunState::Interrupted => listing.head.seq == 0,
            RunState::Damaged => !state.run_dir(&run).join("journal.db").exists(),
            _ => false,
        };
        if executed || !over {
            return Ok(Some((listing, stands)));
        }
    }
    Ok(None)
}

fn refused(listing: &Listing, stands: RunState, key: &Key) -> Failure {
    let run = &listing.run;
    let waited = key.wait.map_or_else(String::new, |wait| {
        format!(", also after {}", clock::length(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)))
    });
    let failure = Failure::new(
        INVALID,
        format!("the run {run} has the key `{}`{waited}; nothing was run", clean(&key.text)),
    )
    .note(describe(listing, stands));
    match stands {
        RunState::Suspended | RunState::Interrupted => failure.help(format!(
            "`mainstay resume {run}` goes on with it, `mainstay rollback {run}` takes it back"
        )),
        RunState::Waiting => failure.help(format!("`mainstay waiting {run}` shows what it asks, and how it is answered")),
        RunState::Damaged => failure.help(format!(
            "its journal cannot be read whole: look with `mainstay show {run}` what stands, then move its folder away"
        )),
        _ => failure.help(format!("`mainstay show {run}` shows what it does; `mainstay stop {run}` stops it")),
    }
}

fn tell(
    listing: &Listing,
    stands: RunState,
    key: &Key,
    left: Duration,
    format: Format,
) -> Result<(), Failure> {
    let left = clock::length(i64::try_from(left.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000_000_000));
    let text = format!(
        "waiting for the run {}, at most {left}: it has the key `{}` (Ctrl-C leaves; nothing was run)\n  {}\n",
        listing.run,
        clean(&key.text),
        describe(listing, stands)
    );
    match format {
        Format::Text => print(&text)?,
        // Standard output is the journal's.
        Format::Json => eprint!("{text}"),
    }
    Ok(())
}

/// Returns what run it is, whose, since when, and where it stands.
fn describe(listing: &Listing, stands: RunState) -> String {
    let title = if listing.title.is_empty() { &listing.file } else { &listing.title };
    let stands = match stands {
        RunState::Waiting => format!("waits for {}", clean(&listing.waiting)),
        RunState::Suspended => "was left as it stands".to_owned(),
        RunState::Interrupted => "was cut off".to_owned(),
        RunState::Damaged => "cannot be read".to_owned(),
        _ => "is running".to_owned(),
    };
    let since = clock::utc(listing.opened_us);
    format!("\"{}\", begun by {} at {since} UTC, {stands}", clean(title), clean(&listing.user))
}
