//! All runs, the newest first: what the index knows, and what had to be read anew.
//!
//! Owns which of the two holds for a run: the index, as long as the run's journal stands as it stood when it was folded. The
//! index is brought up to date on the way, where it can be. What the index knows is read for those alone that
//! are shown: of many runs, most are only looked at.

use std::collections::HashMap;

use super::failure::Failure;
use super::kept::{self, Line};
use crate::display::RunState;
use crate::journal::{Asks, Folded, Glance, Index, Listing, Stamps, StateDir};

/// So many lines are fetched from the index one by one; more of them all at once.
const FEW: usize = 500;

/// All runs of a state folder, the newest first.
pub(super) struct Listed<'s> {
    state: &'s StateDir,
    index: Option<Index>,
    rows: Vec<Row>,
}

struct Row {
    run: String,
    opened_us: i64,
    over: bool,
    /// What was read; `None` where the index knows it.
    read: Option<Box<Line>>,
}

impl<'s> Listed<'s> {
    /// Looks at every run.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub fn of(state: &'s StateDir) -> Result<Listed<'s>, Failure> {
        let runs = state.runs()?;
        if runs.is_empty() {
            return Ok(Listed { state, index: None, rows: Vec::new() });
        }
        // Without an index, as on a read-only disk, all journals are read.
        let index = Index::open(state).ok();
        let known = index.as_ref().and_then(|index| index.glance().ok()).unwrap_or_default();
        let stamps = Stamps::of(state);
        let mut listed = Listed { state, index, rows: Vec::with_capacity(runs.len()) };
        let (mut folded, mut gone) = (Vec::new(), Vec::new());
        let mut known = known.into_iter().peekable();
        for run in runs {
            // Both are in the order of their names.
            while let Some(glance) = known.next_if(|glance| glance.run < run) {
                gone.push(glance.run);
            }
            let before = known.next_if(|glance| glance.run == run);
            let row = listed.row(run, before.as_ref(), stamps.as_ref(), &mut folded);
            listed.rows.push(row);
        }
        gone.extend(known.map(|glance| glance.run));
        if let Some(index) = &mut listed.index {
            // What is not kept now is folded again the next time.
            let _ = index.update(&folded, &gone);
        }
        listed.rows.sort_by(|a, b| (b.opened_us, &b.run).cmp(&(a.opened_us, &a.run)));
        Ok(listed)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns those that `wanted` says, from their place in the list and whether they are over.
    pub fn read(self, mut wanted: impl FnMut(usize, bool) -> bool) -> Vec<(Listing, RunState)> {
        let Listed { state, index, rows } = self;
        let rows = rows.into_iter().enumerate();
        let rows: Vec<Row> =
            rows.filter(|(place, row)| wanted(*place, row.over)).map(|(_, row)| row).collect();
        let mut lines: HashMap<String, Listing> = match &index {
            Some(index) if rows.len() > FEW => index.list().unwrap_or_default(),
            _ => Vec::new(),
        }
        .into_iter()
        .map(|listing| (listing.run.clone(), listing))
        .collect();
        let line = |row: Row| {
            if let Some(read) = row.read {
                return (read.listing, read.state);
            }
            let fetch = || index.as_ref()?.get(&row.run).ok()?;
            match lines.remove(&row.run).or_else(fetch) {
                Some(listing) => {
                    let stands = kept::state_of(state, &listing);
                    (listing, stands)
                }
                None => {
                    let line = kept::fold(state, &row.run);
                    (line.listing, line.state)
                }
            }
        };
        rows.into_iter().map(line).collect()
    }

    /// Returns those that ask something, each with what it asks.
    pub fn asking(self) -> Vec<(Listing, Asks)> {
        let Listed { state, index, rows } = self;
        let kept = index.and_then(|index| index.open_runs().ok()).unwrap_or_default();
        let mut kept: HashMap<String, (Listing, Option<Asks>)> =
            kept.into_iter().map(|(listing, asks)| (listing.run.clone(), (listing, asks))).collect();
        let asking = |row: Row| match row.read {
            Some(read) => Some((read.listing, read.asks?)),
            None => {
                let (listing, asks) = kept.remove(&row.run).unwrap_or_else(|| {
                    let line = kept::fold(state, &row.run);
                    (line.listing, line.asks)
                });
                Some((listing, asks?))
            }
        };
        rows.into_iter().filter(|row| !row.over).filter_map(asking).collect()
    }

    fn row(
        &self,
        run: String,
        before: Option<&Glance>,
        stamps: Option<&Stamps>,
        folded: &mut Vec<Folded>,
    ) -> Row {
        let stamp = stamps.and_then(|stamps| stamps.stamp(&run));
        if let Some(before) = before
            && stamp.as_ref() == Some(&before.stamp)
        {
            return Row { run, opened_us: before.opened_us, over: before.over, read: None };
        }
        let head = before.and_then(|_| self.index.as_ref()?.get(&run).ok()?).map(|listing| listing.head);
        let mut line = kept::fold(self.state, &run);
        // What was seen of it once must still be there; otherwise the index keeps what it knows.
        if head.is_some_and(|head| !kept::holds(self.state, &run, &head)) {
            line.state = RunState::Damaged;
        }
        // What was written to meanwhile is folded again the next time.
        if let Some(stamp) = stamp
            && line.state != RunState::Damaged
            && stamps.and_then(|stamps| stamps.stamp(&run)).as_ref() == Some(&stamp)
        {
            folded.push((line.listing.clone(), line.asks.clone(), stamp));
        }
        let over = matches!(line.state, RunState::Ended(_));
        Row { run, opened_us: line.listing.opened_us, over, read: Some(Box::new(line)) }
    }
}
