//! What lies on the way back and is no change: points of no return, and the `rollback`s of followed runbooks.
//!
//! Owns when a point counts: it was passed, something failed behind it, and what it reads at that moment is true or
//! cannot be read. Never takes a change back (`unwind` does).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::context::{Cx, Walk};
use super::failure::{Failure, Stop};
use super::follow::Rollback;
use super::frame::Frame;
use super::ledger::Item;
use super::unwind::OWN_BOUND;
use crate::event::{ChangeState, Deed, Entry, Fact, Settled};
use crate::program::{Expr, Template};

/// A point of no return that was passed.
#[derive(Clone, Debug)]
pub(super) struct Point<'w> {
    /// Its place among the changes: what completed before it is not undone where it counts.
    pub order: u64,
    /// As it was when it was passed.
    text: String,
    when: Option<&'w Expr>,
    /// The runbook it stands in.
    walk: Arc<Walk<'w>>,
    /// Where it was passed, for what it reads.
    frame: Frame,
    step: Arc<str>,
    attempt: u32,
    began: i64,
    /// Something failed behind it, and it counted: that cannot change any more.
    held: bool,
}

/// The points that were passed in a step, an iteration, or the whole run, and the `rollback`s of what it followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks<'w> {
    points: Arc<Mutex<Vec<Point<'w>>>>,
    rollbacks: Arc<Mutex<Vec<Rollback<'w>>>>,
}

impl<'w> Marks<'w> {
    /// Moves everything into `outer`.
    pub fn merge_into(&self, outer: &Marks<'w>) {
        let points = self.take();
        outer.points().extend(points);
        let rollbacks = self.take_rollbacks();
        outer.rollbacks().extend(rollbacks);
    }

    pub fn is_empty(&self) -> bool {
        self.points().is_empty() && self.rollbacks().is_empty()
    }

    pub fn push_rollback(&self, rollback: Rollback<'w>) {
        self.rollbacks().push(rollback);
    }

    /// Takes the `rollback`s out, in the order in which their runbooks began.
    pub fn take_rollbacks(&self) -> Vec<Rollback<'w>> {
        let mut rollbacks = std::mem::take(&mut *self.rollbacks());
        rollbacks.sort_by_key(|rollback| rollback.order);
        rollbacks
    }

    /// Takes everything out, in the order in which it was passed.
    fn take(&self) -> Vec<Point<'w>> {
        let mut points = std::mem::take(&mut *self.points());
        points.sort_by_key(|point| point.order);
        points
    }

    fn points(&self) -> MutexGuard<'_, Vec<Point<'w>>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rollbacks(&self) -> MutexGuard<'_, Vec<Rollback<'w>>> {
        self.rollbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'w> Cx<'w> {
    /// Passes a point of no return.
    ///
    /// # Errors
    /// When its text cannot be written out.
    pub fn pass(&self, text: &Template, when: Option<&'w Expr>) -> Result<(), Failure> {
        let text = self.text(text)?;
        let words = when.map(|when| self.walk.program.sources.text(when.span).to_owned());
        self.note("", format!("passed the point of no return: {text}"));
        self.fact(Fact::PointPassed { text: text.clone(), when: words.unwrap_or_default() });
        let order = self.walk.ledger().next_order();
        self.changes.1.points().push(Point {
            order,
            text,
            when,
            walk: Arc::clone(&self.walk),
            frame: self.frame.fork(),
            step: Arc::clone(&self.step),
            attempt: self.attempt,
            began: self.began,
            held: false,
        });
        Ok(())
    }

    /// Returns a point of no return that lies ahead, for a question.
    pub fn point_ahead(&self, text: &Template, condition: Option<&Expr>, when: &str) -> Deed {
        let sources = &self.walk.program.sources;
        let text = self.text(text).unwrap_or_else(|_| sources.text(text.span).to_owned());
        let back = match condition {
            Some(condition) => {
                format!("what is done before it is not taken back when {}", sources.text(condition.span))
            }
            None => String::from("what is done before it is not taken back"),
        };
        Deed { call: format!("{when}point of no return \"{text}\""), back }
    }
}

/// Reads the points of what is about to be taken back, the last one first. Returns the one that counts: it stays
/// passed, whatever is taken back or tried again; one that does not count has been gone back behind.
pub(super) async fn past<'w>(cx: &Cx<'w>) -> Option<Point<'w>> {
    for mut point in cx.changes.1.take().into_iter().rev() {
        if point.held || judge(cx, &point).await {
            point.held = true;
            cx.changes.1.points().push(point.clone());
            return Some(point);
        }
    }
    None
}

/// Reads a point at the moment of failure; what cannot be read counts.
async fn judge<'w>(cx: &Cx<'w>, point: &Point<'w>) -> bool {
    let here = Cx {
        walk: Arc::clone(&point.walk),
        frame: point.frame.fork(),
        step: Arc::clone(&point.step),
        attempt: point.attempt,
        began: point.began,
        ..cx.shielded().down(format_args!("k{}", point.order))
    };
    let (past, why) = match point.when {
        None => (true, String::new()),
        Some(when) => {
            let words = here.walk.program.sources.text(when.span);
            match here.bounded(OWN_BOUND, "the bound of 1m of a reading", None).holds(when).await {
                Ok(true) => (true, format!("`{words}` is true")),
                Ok(false) => (false, format!("`{words}` is not true")),
                Err(Stop::Failure(failure)) => {
                    (true, format!("`{words}` could not be read: {}", failure.message))
                }
                Err(_) => (true, format!("`{words}` could not be read")),
            }
        }
    };
    here.fact(Fact::PointJudged { text: point.text.clone(), past, why });
    past
}

/// Runs the `rollback`s of runbooks that began behind that place among the changes, the last one first. Returns whether
/// all went well.
pub(super) async fn run_behind<'w>(cx: &Cx<'w>, rollbacks: &mut Vec<Rollback<'w>>, order: u64) -> bool {
    let mut clean = true;
    while let Some(rollback) = rollbacks.pop_if(|rollback| rollback.order > order) {
        clean &= rollback.run(cx).await;
    }
    clean
}

/// Lists a change that is not taken back, because it lies before a point of no return.
pub(super) fn stays(cx: &Cx<'_>, item: &Item<'_>, point: &Point<'_>) -> Settled {
    let doubt = if item.state == ChangeState::InDoubt { "in doubt, and " } else { "" };
    let note = format!("{doubt}not undone, past the point of no return: {}", point.text);
    let mut ledger = cx.walk.ledger();
    // A point that counted once counts for ever: nothing takes it back any more.
    ledger.stands(&item.change, note.clone(), None);
    ledger.standing.push(Entry { change: item.change.clone(), note });
    Settled::Failed
}
