//! `watch`: something is looked at again and again while the statements behind it in its block are carried out.
//!
//! Owns samples, what they say in a row, and how they hold the block or end it. Nothing of it races: samples and
//! statements go on side by side, and the order of what comes in settles everything.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use super::context::Cx;
use super::evaluate::Taken;
use super::failure::{Failure, Flow, Stop};
use super::join::{self, Walking};
use super::statement::block;
use super::visits::Passed;
use crate::event::{Fact, Verdict};
use crate::program::{Statement, Watch, WatchTarget};
use crate::source::Span;

/// How a block and its watch stand to each other.
#[derive(Clone, Debug, Default)]
struct Both {
    /// Nothing is left to be watched: no other sample is taken.
    over: Arc<AtomicBool>,
    /// The block waits before its next statement.
    held: Arc<AtomicBool>,
    /// What an arm led to is not wanted any more.
    cut: Arc<AtomicBool>,
}

/// What an arm leads to, while it goes on; and how it ended, if not well.
struct Acting<'a> {
    running: Option<Walking<'a, Result<Flow, Stop>>>,
    failed: Option<Stop>,
}

impl<'w> Cx<'w> {
    /// Walks the statements behind a `watch`, and samples beside them. `self`: the block; `here`: the statement.
    pub fn watched<'a>(
        &'a self,
        here: Cx<'w>,
        watch: &'w Watch,
        span: Span,
        rest: &'w [Statement],
    ) -> Walking<'a, Result<Flow, Stop>> {
        Box::pin(async move {
            let title = here.text(&watch.title)?;
            let every = here.duration(&watch.every)?.max(1_000_000);
            let mut series = Series::of(&here, watch)?;
            let (together, first) = self.together();
            let both = Both::default();
            let sampling = Cx { halt: together.halt.clone(), ..here };
            let walking = Cx { halt: together.halt.held_by(&both.held), ..self.clone() };
            let (first, both) = (&first, &both);
            let sampler: Walking<'_, Result<Flow, Stop>> = Box::pin(async move {
                let ended = sampling.sample(&mut series, (&title, every), both, span).await;
                both.held.store(false, Ordering::Relaxed);
                first.note(ended).map(|()| Flow::Next)
            });
            let statements: Walking<'_, Result<Flow, Stop>> = Box::pin(async move {
                let ended = block(&walking, rest).await;
                both.over.store(true, Ordering::Relaxed);
                first.note(ended)
            });
            // The samples first: what they say counts before the next statement begins.
            let ends = join::all(vec![sampler, statements]).await;
            first.result()?;
            Ok(ends.into_iter().flatten().find(|flow| *flow != Flow::Next).unwrap_or(Flow::Next))
        })
    }

    /// Samples until the block is over. What an arm leads to holds the block, and samples go on beside it.
    async fn sample(
        &self,
        series: &mut Series<'w>,
        (title, every): (&str, i64),
        both: &Both,
        span: Span,
    ) -> Result<(), Stop> {
        let mut acting = Acting { running: None, failed: None };
        let mut number = 0;
        // A stop, and a bound around the block, are met by its statements.
        while !both.over.load(Ordering::Relaxed) && self.may_go_on(span).is_ok() {
            number += 1;
            let here = self.down(format!("n{number}"));
            let said = acting.beside(both, Box::pin(here.look(series.watch))).await;
            let Ok(said) = said else { break };
            if self.may_go_on(span).is_err() {
                break;
            }
            let (verdict, target) = series.take(said, acting.running.is_some());
            series.note(&here, &verdict, target.is_some());
            here.fact(Fact::Watched { title: title.to_owned(), sample: number, verdict });
            match target {
                Some((WatchTarget::Fail(text), words)) => {
                    let message = match text {
                        Some(text) => here.text(text)?,
                        None => format!("the watch \"{title}\" fails it: {words}"),
                    };
                    acting.end(both).await;
                    return Err(Failure::new(message, span).into());
                }
                Some((WatchTarget::Block(body), _)) => {
                    both.held.store(true, Ordering::Relaxed);
                    let place = Cx { halt: self.halt.cut_by(&both.cut), ..here.down("o") };
                    acting.running = Some(Box::pin(async move { block(&place, body).await }));
                }
                None => {}
            }
            let place = Cx { halt: self.halt.cut_by(&both.over), ..here.down("t") };
            let next = self.now().run_ns.saturating_add(every);
            if acting.beside(both, Box::pin(place.sleep(next, span))).await.is_err() {
                break;
            }
        }
        acting.rest(both).await
    }

    /// Reads what the arms need, each call once. Returns which arm holds, if one does, or why that cannot be read.
    async fn look(&self, watch: &'w Watch) -> Result<Result<Option<usize>, String>, Stop> {
        let mut taken = Taken::default();
        for (index, arm) in watch.arms.iter().enumerate() {
            match self.down(format!("e{index}")).holds_with(&arm.when, &mut taken).await {
                Ok(true) => return Ok(Ok(Some(index))),
                Ok(false) => {}
                Err(Stop::Failure(failure)) => return Ok(Err(failure.message)),
                Err(stop) => return Err(stop),
            }
        }
        Ok(Ok(None))
    }

    /// Waits while a `watch` around holds the block.
    pub async fn unheld(&self) {
        poll_fn(|_| {
            let stopped = self.walk.door.stopped().is_some() && !self.halt.shielded;
            match self.halt.is_held() && !self.halt.is_set() && !stopped {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        })
        .await;
    }
}

impl Acting<'_> {
    /// Waits for a future, and goes on with what an arm led to.
    async fn beside<T>(&mut self, both: &Both, mut future: Walking<'_, T>) -> T {
        poll_fn(|cx| {
            if let Some(running) = &mut self.running
                && let Poll::Ready(ended) = running.as_mut().poll(cx)
            {
                self.running = None;
                match ended {
                    Ok(_) => both.held.store(false, Ordering::Relaxed),
                    Err(stop) => {
                        self.failed = Some(stop);
                        both.over.store(true, Ordering::Relaxed);
                    }
                }
            }
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Waits until what an arm led to has ended.
    ///
    /// # Errors
    /// When it did not end well.
    async fn rest(mut self, both: &Both) -> Result<(), Stop> {
        if let Some(running) = self.running.take() {
            let ended = running.await;
            both.held.store(false, Ordering::Relaxed);
            self.failed = ended.err();
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Ends what an arm led to: a question is taken back, a command is waited for.
    async fn end(self, both: &Both) {
        both.cut.store(true, Ordering::Relaxed);
        // The verdict is why the block ends.
        let _ended = self.rest(both).await;
    }
}

/// What the samples say in a row.
struct Series<'w> {
    watch: &'w Watch,
    /// For each arm, how often in a row it must hold.
    times: Vec<u32>,
    /// The arm that held last, and how often in a row.
    last: (Option<usize>, u32),
    /// Which arms were acted on since the last good sample; `None` is `otherwise`.
    acted: Vec<Option<usize>>,
}

impl<'w> Series<'w> {
    fn of(cx: &Cx<'w>, watch: &'w Watch) -> Result<Self, Failure> {
        let times = watch.arms.iter().map(|arm| match &arm.times {
            Some(times) => Ok(cx.count(times)?.max(1)),
            None => Ok(1),
        });
        Ok(Series {
            watch,
            times: times.collect::<Result<_, Failure>>()?,
            last: (None, 0),
            acted: Vec::new(),
        })
    }

    /// Notes which arm the sample has taken: a `bad` one where it leads somewhere now.
    fn note(&self, cx: &Cx<'w>, verdict: &Verdict, leads: bool) {
        match self.last.0 {
            Some(at) if leads || *verdict == Verdict::Good => {
                cx.passed(self.watch.arms[at].when.span, Passed::Arm);
            }
            None if leads => cx.passed(self.watch.else_at, Passed::Otherwise),
            _ => {}
        }
    }

    /// Takes a sample in. Returns what it says and what it leads to, with the reason; `busy`: nothing more can be begun.
    fn take(
        &mut self,
        said: Result<Option<usize>, String>,
        busy: bool,
    ) -> (Verdict, Option<(&'w WatchTarget, String)>) {
        let watch = self.watch;
        let index = said.as_ref().ok().copied().flatten();
        self.last = match index {
            Some(_) if self.last.0 == index => (index, self.last.1.saturating_add(1)),
            Some(_) => (index, 1),
            None => (None, 0),
        };
        let (verdict, target, words) = match (index, said) {
            (Some(at), _) => {
                let (count, times) = (self.last.1, self.times[at]);
                let reached = count >= times;
                let arm = &watch.arms[at];
                if arm.good && reached {
                    self.acted.clear();
                }
                let verdict =
                    if arm.good { Verdict::Good } else { Verdict::Bad { in_a_row: count, of: times } };
                let words = if times > 1 { format!("bad {times} times in a row") } else { "bad".to_owned() };
                (verdict, arm.target.as_ref().filter(|_| reached), words)
            }
            (None, Ok(_)) => (Verdict::Neither, Some(&watch.otherwise), "neither good nor bad".to_owned()),
            (None, Err(why)) => {
                let words = format!("it cannot be read: {why}");
                (Verdict::Unreadable { why }, Some(&watch.otherwise), words)
            }
        };
        let target = target.filter(|target| match target {
            WatchTarget::Fail(_) => true,
            WatchTarget::Block(_) => !busy && !self.acted.contains(&index),
        });
        if matches!(target, Some(WatchTarget::Block(_))) {
            self.acted.push(index);
        }
        (verdict, target.map(|target| (target, words)))
    }
}
