//! What moves on the screen: a bar for the phase, and one for each step that runs.
//!
//! Owns what each of them does now, for how long, and how long it may. Never draws by itself:
//! whoever waits ticks it.

use std::collections::BTreeMap;
use std::io::Write as _;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Look;
use super::text::{columns, fit, one_line};
use crate::event::{Address, Body, Class, Fact, PhaseKind, Record, Request};
use crate::timeline::clock;

/// What moves: the phase, and each step that runs.
pub(super) struct Bars {
    look: Look,
    multi: MultiProgress,
    /// By address; the phase has the empty one.
    open: BTreeMap<Address, Bar>,
}

struct Bar {
    title: String,
    depth: usize,
    bar: ProgressBar,
}

impl Bars {
    pub fn new(look: Look) -> Self {
        let multi = MultiProgress::with_draw_target(target());
        Bars { look, multi, open: BTreeMap::new() }
    }

    /// Takes in what begins and ends.
    pub fn follow(&mut self, record: &Record) {
        let address = &record.address;
        match &record.body {
            Body::Fact(_) if record.class == Class::Trace => {}
            Body::Fact(Fact::PhaseBegan { phase, title, deadline }) => {
                let words = phase_words(*phase, title);
                self.add(Address("".into()), words, record.at.run_ns, *deadline);
            }
            Body::Fact(Fact::PhaseEnded { .. }) => self.remove(&Address("".into())),
            Body::Fact(Fact::StepBegan { title, deadline, .. }) => {
                self.add(address.clone(), title.clone(), record.at.run_ns, *deadline)
            }
            Body::Fact(Fact::StepEnded { .. }) => self.remove(address),
            Body::Fact(Fact::Sampled { text, sample, .. }) => {
                self.tell(address, &format!("until {text} (read {sample} times)"));
            }
            Body::Fact(Fact::ChangeBegan(change)) => self.tell(address, &change.call),
            Body::Fact(Fact::UnwindBegan { what, .. }) => self.tell(address, what),
            Body::Fact(Fact::Waiting { reason, until }) => {
                let left = clock::length(until.saturating_sub(record.at.run_ns));
                self.tell(address, &format!("wait {left} {reason}"));
            }
            Body::Request(ask) => match &ask.request {
                Request::Command(command) => self.tell(address, &command.typed),
                Request::Native(native) => self.tell(address, &native.typed),
                Request::Reading { call, .. } => self.tell(address, call),
                _ => {}
            },
            Body::Fact(_) | Body::Input(_) => {}
        }
    }

    fn add(&mut self, address: Address, title: String, now: i64, deadline: Option<i64>) {
        self.remove(&address);
        let depth = self.around(&address).count();
        let bound = deadline.map(|at| clock::length(at.saturating_sub(now)));
        let bar = ProgressBar::no_length().with_style(style(bound, self.look));
        let bar = self.multi.add(bar);
        let open = Bar { title: one_line(&title), depth, bar };
        open.draw("", self.look);
        self.open.insert(address, open);
    }

    fn remove(&mut self, address: &Address) {
        if let Some(open) = self.open.remove(address) {
            open.bar.finish_and_clear();
            self.multi.remove(&open.bar);
        }
    }

    /// Says what the innermost of those around `address` does now.
    pub fn tell(&self, address: &Address, what: &str) {
        if let Some(open) = self.around(address).last() {
            open.draw(&one_line(what), self.look);
        }
    }

    fn around<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = &'a Bar> {
        self.open.iter().filter(|(outer, _)| is_inside(address, outer)).map(|(_, bar)| bar)
    }

    pub fn print(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        // Not `println`: that fills lines with spaces up to the edge, and what is copied from them is one long line.
        self.multi.suspend(|| write_raw(&format!("{text}\n")));
    }

    pub fn tick(&self) {
        for open in self.open.values() {
            open.bar.tick();
        }
    }

    /// Lets bars be drawn, or not: nothing may move where somebody types.
    pub fn show(&self, visible: bool) {
        self.multi.set_draw_target(if visible { target() } else { ProgressDrawTarget::hidden() });
    }

    /// Takes all bars off the screen; the next tick brings back those that are open.
    pub fn clear(&self) {
        let _ = self.multi.clear();
    }
}

impl Bar {
    fn draw(&self, doing: &str, look: Look) {
        let width = look.width.unwrap_or(80);
        // The sign, the time and the spaces between take their share.
        let indent = 2 * self.depth;
        let room = width.saturating_sub(indent + 24).max(8);
        let title = fit(&self.title, Some(room), look.unicode);
        let rest = room.saturating_sub(columns(&title) + 2);
        self.bar.set_prefix(format!("{:indent$}{}", "", look.bold().on(&title)));
        let doing = if rest < 8 { String::new() } else { fit(doing, Some(rest), look.unicode) };
        self.bar.set_message(look.dim().on(&doing));
    }
}

/// `⠹ TITLE 12s of 4m DOING`.
fn style(bound: Option<String>, look: Look) -> ProgressStyle {
    let time = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let elapsed = i64::try_from(state.elapsed().as_secs()).unwrap_or(0);
        let elapsed = clock::length(elapsed.saturating_mul(1_000_000_000));
        // Nobody is told of a time that cannot be written.
        let _ = match &bound {
            Some(bound) => write!(out, "{elapsed} of {bound}"),
            None => write!(out, "{elapsed}"),
        };
    };
    let ticks = if look.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "|/-\\ " };
    // The template is fixed: it cannot fail, and if it did the default would do.
    ProgressStyle::with_template("{spinner} {prefix}  {time}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .with_key("time", time)
        .tick_chars(ticks)
}

fn phase_words(phase: PhaseKind, title: &str) -> String {
    crate::timeline::phase_words(phase, title).to_string()
}

fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stdout_with_hz(10)
}

/// Returns whether a place is at or below another; all are below the empty one.
pub(super) fn is_inside(inner: &Address, outer: &Address) -> bool {
    let rest = inner.0.strip_prefix(&*outer.0);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || outer.0.is_empty())
}

/// Writes past the bars, which are off the screen.
pub(super) fn write_raw(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
