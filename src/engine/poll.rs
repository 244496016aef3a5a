//! Conditions that are read again: `until`, polled `verify`, `cleared when`.

use super::context::{Bound, Cx};
use super::failure::{Failure, Stop};
use crate::event::{Fact, Judgement};
use crate::program::Polling;
use crate::source::Span;
use crate::value::Value;

/// What a polling came to.
pub(super) struct Polled {
    pub samples: u32,
}

/// Bounds of a polling, in nanoseconds.
pub(super) struct Rhythm {
    pub within: Option<i64>,
    pub every: i64,
    pub holds: Option<i64>,
    /// Where `within` stands.
    pub written: Option<Span>,
}

impl Rhythm {
    pub fn of(cx: &Cx<'_>, polling: &Polling) -> Result<Self, Failure> {
        let length = |e: &Option<crate::program::Expr>| e.as_ref().map(|e| cx.duration(e)).transpose();
        Ok(Rhythm {
            within: length(&polling.within)?,
            every: cx.duration(&polling.every)?.max(1_000_000),
            holds: length(&polling.holds)?,
            written: polling.within.as_ref().map(|within| within.span),
        })
    }
}

/// Samples until the condition holds (or has held for as long as it must).
///
/// `sample` gets the place of each sample. A failing sample means *not yet*; with `holds` and without `within`,
/// the first that does not hold is the end.
pub(super) async fn poll<'w, F>(
    cx: &Cx<'w>,
    rhythm: &Rhythm,
    text: &str,
    span: Span,
    mut sample: F,
) -> Result<Polled, Stop>
where
    F: for<'a> FnMut(&'a Cx<'w>) -> super::join::Walking<'a, Result<bool, Stop>> + Send,
{
    let began = cx.now().run_ns;
    let deadline = rhythm.within.map(|w| began.saturating_add(w));
    let mut held_since: Option<i64> = None;
    let mut samples = 0;
    loop {
        cx.may_go_on(span)?;
        samples += 1;
        let mut here = cx.down(format!("n{samples}"));
        if let (Some(at), Some(within)) = (deadline, rhythm.within) {
            let words = format!("within {}", Value::Duration(within));
            if here.bound.as_ref().is_none_or(|b| b.at > at) && at > here.now().run_ns {
                here.bound = Some(Bound { at, words: words.into(), written: rhythm.written });
            }
        }
        let judgement = judge(sample(&here).await)?;
        here.fact(Fact::Sampled {
            text: text.to_owned(),
            sample: samples,
            judgement: judgement.clone(),
            until: deadline,
        });
        let now = cx.now().run_ns;
        held_since = match judgement {
            Judgement::Holds => held_since.or(Some(now)),
            _ => None,
        };
        if let Some(since) = held_since
            && rhythm.holds.is_none_or(|h| now - since >= h)
        {
            return Ok(Polled { samples });
        }
        if cx.walk.dry && !cx.inner {
            let how = if held_since.is_some() { "true now, and must stay so" } else { "not yet" };
            let how = format!("{how}: a run would wait for it");
            return Err(Failure { unknown: true, ..Failure::new(how, span) }.into());
        }
        if held_since.is_none() && rhythm.holds.is_some() && deadline.is_none() {
            return Err(did_not_hold(text, rhythm, &judgement, samples, span).into());
        }
        if deadline.is_some_and(|d| now >= d) {
            cx.walk.door.ran_out(rhythm.written);
            return Err(did_not_hold(text, rhythm, &judgement, samples, span).into());
        }
        let mut next = now.saturating_add(rhythm.every);
        if let (Some(since), Some(holds)) = (held_since, rhythm.holds) {
            next = next.min(since.saturating_add(holds));
        }
        if let Some(deadline) = deadline {
            next = next.min(deadline);
        }
        here.down("t").sleep_in(cx, next, span).await?;
    }
}

impl<'w> Cx<'w> {
    /// Waits at this place, bounded by what bounds `outer`.
    async fn sleep_in(&self, outer: &Cx<'w>, until: i64, span: Span) -> Result<(), Stop> {
        Cx { bound: outer.bound.clone(), ..self.clone() }.sleep(until, span).await
    }
}

fn judge(sample: Result<bool, Stop>) -> Result<Judgement, Stop> {
    match sample {
        Ok(true) => Ok(Judgement::Holds),
        Ok(false) => Ok(Judgement::NotYet),
        Err(Stop::Failure(failure)) if !failure.unknown => Ok(Judgement::Unreadable { why: failure.message }),
        Err(stop) => Err(stop),
    }
}

fn did_not_hold(text: &str, rhythm: &Rhythm, judgement: &Judgement, samples: u32, span: Span) -> Failure {
    let length = |ns: i64| Value::Duration(ns).to_string();
    let message = match (rhythm.holds, rhythm.within) {
        (Some(_), None) => format!("`{text}` did not stay true"),
        (Some(holds), Some(within)) => {
            format!("`{text}` did not stay true for {} within {}", length(holds), length(within))
        }
        (None, Some(within)) => format!("`{text}` did not become true within {}", length(within)),
        (None, None) => format!("`{text}` is not true"),
    };
    let mut failure = Failure::new(message, span);
    let times = if samples == 1 { String::from("once") } else { format!("{samples} times") };
    failure.detail.push(format!("read {times}, every {}", length(rhythm.every)));
    if let Judgement::Unreadable { why } = judgement {
        failure.detail.push(format!("the last reading failed: {why}"));
    }
    failure
}
