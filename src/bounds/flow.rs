//! What branches, repeats, runs side by side, or leads to another runbook.

use super::cost::{Cost, Made};
use super::extent::{Known, whole};
use super::fold::Fold;
use super::{Amount, PATIENCE, Time};
use crate::program::{Choice, Expr, Failure, Follow, For, Step, Watch, WatchTarget};

/// Batches that are counted one by one for a share of a list.
const COUNTED: u64 = 1000;

impl<'p> Fold<'p> {
    /// Returns what a step takes with its attempts. A failed attempt is taken back before the next one.
    pub fn step(&mut self, step: &'p Step, timed: bool) -> (Cost, Option<Made>) {
        let bounded = step.timeout.is_some() || step.within.is_some();
        let body = self.block(&step.body, timed || bounded);
        let timeout = step.timeout.as_ref().map(|timeout| self.names.duration(timeout));
        let time = timeout.map_or(body.full, |timeout| body.full.within(timeout, body.late));
        let (ends, undoing) = (body.ends.back(), body.undoing());
        let retries = match step.retry.as_ref().map(|retry| self.names.count(retry)) {
            None => Ok(0),
            Some(count) => count,
        };
        let tolerated = step.on_failure != Failure::Stop;
        let asked = match step.on_failure {
            Failure::Ask => Time::people(Amount::of(PATIENCE)),
            Failure::Stop | Failure::Continue => Time::ZERO,
        };
        let last = time.plus(if tolerated { undoing } else { ends });
        let (full, pauses) = match retries {
            Ok(retries) => {
                let pauses = self.pauses(step, retries);
                (time.plus(undoing).times(retries).plus(pauses).plus(last), pauses)
            }
            Err(span) => (Time::work(Amount::unknown(span)), Time::ZERO),
        };
        let unwinds = tolerated || retries != Ok(0);
        let late = if unwinds { body.late.plus(undoing) } else { body.late.or(ends) };
        let within = step.within.as_ref().map(|within| self.names.duration(within));
        // Whether to go on without it is asked when its bound has ended.
        let cut = within.map_or(full, |within| full.within(within, late)).plus(asked);
        let made = (within.is_some() || retries != Ok(0)).then(|| Made::Attempts {
            count: retries.map_or(u64::MAX, |retries| retries.saturating_add(1)),
            each: time,
            undoing: if unwinds { undoing } else { ends },
            pauses,
            cut: within.map(|within| (within, full, late)),
        });
        let begins = body.begins.saturating_mul(retries.unwrap_or(0).saturating_add(1));
        (Cost { full: cut, late, begins, ..body.scope_left() }, made)
    }

    /// Returns all pauses between attempts: doubling from the shortest to the longest.
    fn pauses(&self, step: &Step, retries: u64) -> Time {
        let Some((shortest, longest)) = &step.every else { return Time::ZERO };
        let (shortest, longest) = (self.names.duration(shortest), self.names.duration(longest));
        let longest = longest.or(shortest);
        let (mut sum, mut pause, mut left) = (Amount::ZERO, shortest, retries);
        while left > 0 && pause.known < longest.known && pause.known > 0 {
            sum = sum.plus(pause);
            pause = pause.times(2);
            left -= 1;
        }
        Time::work(sum.plus(longest.times(left)))
    }

    /// Returns what a loop takes, batch by batch. As many batches may be taken back as items may fail.
    pub fn looping(&mut self, looping: &'p For, timed: bool) -> (Cost, Option<Made>) {
        self.names.bind(looping.slot, Known::default());
        let list = self.names.expr(&looping.list).length;
        let most = looping.at_most.as_ref().map(|at_most| self.names.count(at_most));
        let items = match (list, most) {
            (Some(list), Some(Ok(most))) => Ok(list.min(most)),
            (Some(list), _) => Ok(list),
            (None, Some(most)) => most,
            (None, None) => Err(looping.list.span),
        };
        let body = self.block(&looping.body, timed);
        let items = match items {
            Ok(items) => items,
            Err(span) => {
                let full = Time::work(Amount::unknown(span));
                return (Cost { full, late: body.late.plus(body.undoing()), ..Cost::default() }, None);
            }
        };
        let (together, batches) = self.batches(looping, items);
        let failing = match looping.stop_after.as_ref().map(|n| self.names.count(n)) {
            None => 1,
            Some(Ok(n)) => n.max(1),
            Some(Err(_)) => batches,
        };
        let failing = failing.min(batches);
        let (ends, undoing) = (body.ends.back(), body.undoing());
        let each = body.full.plus(ends);
        let apart = looping.apart.as_ref().map_or(Amount::ZERO, |apart| self.names.duration(apart));
        let pauses = Time::work(apart.times(batches.saturating_sub(1)));
        let full = each.times(batches - failing).plus(body.full.plus(undoing).times(failing)).plus(pauses);
        let kept = looping.keep_finished;
        let cost = Cost {
            full,
            late: body.late.plus(undoing),
            back: body.back.times(if kept { together } else { items }),
            ends: Time::ZERO,
            open: body.open.plus(ends).times(together),
            begins: body.begins.saturating_mul(items),
        };
        (cost, Some(Made::Loop { items, batches, each, pauses, undoing, failing }))
    }

    /// Returns how many items are worked on together at most, and the most batches.
    fn batches(&self, looping: &For, items: u64) -> (u64, u64) {
        if looping.all_at_once {
            return (items, items.min(1));
        }
        let Some(at_a_time) = &looping.at_a_time else { return (items.min(1), items) };
        let Some((low, high)) = self.names.expr(at_a_time).number else { return (items, items) };
        let share = matches!(at_a_time.ty, crate::value::Type::Percent | crate::value::Type::Number);
        let of = |n: u64, at: f64| -> u64 {
            #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
            let wanted = if share { whole((at * n as f64).floor()) } else { whole(at) };
            wanted.clamp(1, n.max(1))
        };
        let from = if share { items.saturating_sub(COUNTED).max(1) } else { items };
        // Of a share the longest list need not make the most batches.
        let counted = if share && from > 1 { 1..=COUNTED } else { 1..=items };
        let batches = counted.chain(from..=items).map(|n| n.div_ceil(of(n, low))).max().unwrap_or(0);
        (of(items, high).min(items), if items == 0 { 0 } else { batches })
    }

    /// Returns what a decision takes: all its conditions, and the longest of what they lead to.
    pub fn decide(&mut self, arms: &'p [(Expr, Choice)], otherwise: &'p Choice, timed: bool) -> Cost {
        let mut asked = Time::ZERO;
        let mut worst = Cost::default();
        for (when, choice) in arms {
            asked = asked.plus(self.calls_in(when, timed));
            worst = worst.or(self.choice(choice, timed));
        }
        Cost::of(asked).then(worst.or(self.choice(otherwise, timed)))
    }

    fn choice(&mut self, choice: &'p Choice, timed: bool) -> Cost {
        match choice {
            Choice::Resolve(_) => Cost::default(),
            Choice::Escalate { .. } => Cost::of(self.page()),
            Choice::Block(body) => self.block(body, timed),
            Choice::Follow(follow) => self.follow(follow, timed),
        }
    }

    /// Returns what another runbook takes. One that a diagnosis leads to begins when that has ended.
    pub fn follow(&mut self, follow: &'p Follow, timed: bool) -> Cost {
        let args: Vec<_> =
            follow.args.iter().map(|(name, expr)| (name.clone(), self.names.expr(expr))).collect();
        if follow.leaves {
            let cost = self.followed(follow.book, &args, false);
            self.leads.push((follow.book, cost));
            return Cost::default();
        }
        self.followed(follow.book, &args, timed)
    }

    /// Returns what is watched, with the watch: it may hold each statement that begins, and is waited for at the end.
    pub fn watch(&mut self, watch: &'p Watch, id: u32, rest: Cost, timed: bool) -> Cost {
        let mut sample = Time::ZERO;
        for arm in &watch.arms {
            sample = sample.plus(self.calls_in(&arm.when, timed));
        }
        let mut acting = Cost::default();
        for target in watch.arms.iter().filter_map(|arm| arm.target.as_ref()).chain([&watch.otherwise]) {
            if let WatchTarget::Block(body) = target {
                acting = acting.or(self.block(body, timed));
            }
        }
        let held = rest.begins.saturating_add(1);
        let holds = Cost {
            // That it holds more than once is no reason to give a bound around it more room.
            full: Time { forward: acting.full.forward, ..acting.full.times(held) }.plus(sample),
            back: acting.back.times(held),
            ends: acting.ends.times(held),
            ..acting
        };
        self.note(id, &holds, None);
        Cost { open: rest.open.plus(acting.open), ..rest.then(holds) }
    }
}

impl Cost {
    /// Returns what a scope leaves behind whose time is counted already.
    fn scope_left(self) -> Cost {
        Cost { open: self.open.plus(self.ends.back()), ends: Time::ZERO, ..self }
    }
}
