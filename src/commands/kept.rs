//! Runs that are kept: found by what was typed, read, and listed with where they stand.
//!
//! Shared by `runs`, `show` and `timeline`. What can be read is shown; what is wrong with the
//! rest is a warning.

use std::collections::HashMap;

use super::failure::{Failure, warn};
use super::past::forget_places;
use super::{letters, settings};
use crate::display::RunState;
use crate::event::Record;
use crate::journal::{Counts, Head, Index, Listing, Reader, RunLock, Stamp, Stamps, StateDir, read_file};
use crate::process::identity;
use crate::real::Clock;
use crate::source::{SourceId, Sources};
use crate::timeline::Summary;
use crate::users;

/// The file in a run's folder with the texts it was read from.
pub(super) const SOURCES: &str = "sources.json";

/// Returns the file in a run's folder with the texts of that hash, which took the place of those it began with.
pub(super) fn sources_of(hash: &str) -> String {
    format!("sources-{}.json", hash.get(..16).unwrap_or(hash))
}

/// The file in a run's folder with the runbook's `prevention`, its values filled in.
pub(super) const PREVENTION: &str = "prevention.md";

/// Bytes of either that are read.
pub(super) const TEXT_LIMIT: u64 = 64 << 20;

/// One run, read.
pub(super) struct Kept {
    pub records: Vec<(u64, Record)>,
    pub summary: Summary,
    pub state: RunState,
    pub sources: Sources,
}

/// Reads the run that `given` stands for.
pub(super) fn read(given: &str) -> Result<Kept, Failure> {
    let state_dir = settings::state_dir()?;
    let run = state_dir.find(given)?;
    let reader = Reader::open(&state_dir, &run)?;
    let found = reader.salvage();
    let kept = Index::open_existing(&state_dir)
        .and_then(|index| index.get(&run).ok().flatten())
        // Of a run that goes on, the last rows may be lost with the machine.
        .filter(|listing| listing.outcome.is_some());
    let damage = match kept {
        Some(kept) if found.damage.is_none() => reader.verify_against(&kept.head).err(),
        _ => found.damage,
    };
    if let Some(damage) = damage {
        warn(damage.to_string());
    }
    let folder = state_dir.run_dir(&run);
    let mut records = found.records;
    letters::add(&folder, &mut records);
    let mut summary = Summary::of(&records);
    // The first row may be what cannot be read.
    summary.run.clone_from(&run);
    if let Some(owner) = another(&state_dir, &summary) {
        warn(format!("the run belongs to `{owner}`, but its journal says that `{}` began it", summary.user));
    }
    let state = state_of(&state_dir, &summary.listing(found.head.clone()));
    summary.abandoned = matches!(state, RunState::Suspended | RunState::Interrupted);
    summary.head = found.head;
    let followed = std::mem::take(&mut summary.prevention);
    summary.prevention = read_file(&folder.join(PREVENTION), TEXT_LIMIT)
        .ok()
        .and_then(|text| String::from_utf8(text).ok())
        .unwrap_or_default();
    summary.prevent(&followed);
    let texts = match summary.accepted.1.as_str() {
        "" => SOURCES.to_owned(),
        accepted => sources_of(accepted),
    };
    forget_places(&mut records.iter_mut().map(|(seq, record)| (record, *seq)), summary.accepted.0);
    for failure in summary.failures.iter_mut().filter(|failure| failure.seq < summary.accepted.0) {
        failure.span.source = SourceId(u32::MAX);
    }
    let sources = read_file(&folder.join(texts), TEXT_LIMIT)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    Ok(Kept { records, summary, state, sources })
}

/// Returns every run, the newest first. The index is brought up to date on the way, where it can be.
pub(super) fn list(state_dir: &StateDir) -> Result<Vec<(Listing, RunState)>, Failure> {
    let runs = state_dir.runs()?;
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    // Without an index, as on a read-only disk, all journals are read.
    let mut index = Index::open(state_dir).ok();
    let stamped = index.as_ref().and_then(|index| index.list_stamped().ok()).unwrap_or_default();
    let mut known: HashMap<String, (Listing, Stamp)> =
        stamped.into_iter().map(|(listing, stamp)| (listing.run.clone(), (listing, stamp))).collect();
    let stamps = Stamps::of(state_dir);
    let mut listed = Vec::with_capacity(runs.len());
    let mut folded = Vec::new();
    for run in &runs {
        let stamp = stamps.as_ref().and_then(|stamps| stamps.stamp(run));
        let before = match known.remove(run) {
            Some((listing, kept)) if stamp.as_ref() == Some(&kept) => {
                let state = state_of(state_dir, &listing);
                listed.push((listing, state));
                continue;
            }
            before => before.map(|(listing, _)| listing.head),
        };
        let (listing, mut state) = fold(state_dir, run);
        // What was seen of it once must still be there; otherwise the index keeps what it knows.
        if before.is_some_and(|head| !holds(state_dir, run, &head)) {
            state = RunState::Damaged;
        }
        // What was written to meanwhile is folded again the next time.
        if let Some(stamp) = stamp
            && state != RunState::Damaged
            && stamps.as_ref().and_then(|stamps| stamps.stamp(run)).as_ref() == Some(&stamp)
        {
            folded.push((listing.clone(), stamp));
        }
        listed.push((listing, state));
    }
    if let Some(index) = &mut index {
        let gone: Vec<String> = known.into_keys().filter(|run| runs.binary_search(run).is_err()).collect();
        // What is not kept now is folded again the next time.
        let _ = index.update(&folded, &gone);
    }
    listed.sort_by(|(a, _), (b, _)| (b.opened_us, &b.run).cmp(&(a.opened_us, &a.run)));
    Ok(listed)
}

/// Returns one run as the list shows it, from the index where that knows it as over.
pub(super) fn one(state_dir: &StateDir, run: &str) -> (Listing, RunState) {
    let known = Index::open_existing(state_dir).and_then(|index| index.get(run).ok().flatten());
    match known {
        Some(listing) if listing.outcome.is_some() => {
            let state = state_of(state_dir, &listing);
            (listing, state)
        }
        _ => fold(state_dir, run),
    }
}

/// Returns whether the run's journal still has the row in which it ended when it was last looked at.
fn holds(state_dir: &StateDir, run: &str, head: &Head) -> bool {
    head.seq == 0 || Reader::open(state_dir, run).is_ok_and(|reader| reader.holds(head))
}

fn fold(state_dir: &StateDir, run: &str) -> (Listing, RunState) {
    let Ok(reader) = Reader::open(state_dir, run) else {
        return (unreadable(run), RunState::Damaged);
    };
    let found = reader.salvage();
    let mut summary = Summary::of(&found.records);
    summary.run = run.to_owned();
    if let Some(owner) = another(state_dir, &summary) {
        summary.user = owner;
    }
    let listing = summary.listing(found.head);
    let state = match found.damage {
        Some(_) => RunState::Damaged,
        None => state_of(state_dir, &listing),
    };
    (listing, state)
}

/// Returns to whom the run belongs, where that is another one than who is said to have begun it.
pub(super) fn another(state_dir: &StateDir, summary: &Summary) -> Option<String> {
    state_dir.owner(&summary.run).filter(|owner| *owner != summary.uid).map(users::name_of)
}

/// Returns whether the machine has run without a break since somebody executed the run.
pub(super) fn is_of_this_boot(summary: &Summary) -> bool {
    summary.executor.as_ref().is_some_and(|executor| executor.boot_id == identity::boot_id())
}

/// Returns the clock of a run that is not over.
pub(super) fn clock(summary: &Summary) -> Clock {
    let executor = summary.executor.as_ref().filter(|_| is_of_this_boot(summary));
    Clock::resume(summary.last, executor.map(|executor| executor.zero_ns))
}

fn state_of(state_dir: &StateDir, listing: &Listing) -> RunState {
    if let Some(outcome) = listing.outcome {
        return RunState::Ended(outcome);
    }
    match RunLock::holder(&state_dir.run_dir(&listing.run)) {
        Ok(Some(_)) if listing.waiting.is_empty() => RunState::Running,
        Ok(Some(_)) => RunState::Waiting,
        _ if listing.left => RunState::Suspended,
        _ => RunState::Interrupted,
    }
}

fn unreadable(run: &str) -> Listing {
    Listing {
        run: run.to_owned(),
        title: String::new(),
        file: String::new(),
        user: String::new(),
        host: String::new(),
        opened_us: 0,
        ended_us: None,
        outcome: None,
        left: false,
        waiting: String::new(),
        counts: Counts::default(),
        head: Head::default(),
    }
}
