//! A run at a terminal: lines that stay, above what moves; prompts; the last screen.
//!
//! Owns the bars: one for the phase, one for each step that runs, with what it does now, for
//! how long, and how long it may. Facts become the same lines as without a terminal. Has no
//! thread: whoever waits for the world ticks it ([`Screen::tick`]), and nothing moves while
//! somebody types an answer but the time that is left.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bars::{Bars, is_inside, write_raw};
use super::keys::Keys;
use super::prompt::{self, Drawn};
use super::text::one_line;
use super::{Look, ending, line};
use crate::event::{Address, Body, Fact, Record};
use crate::people::{Closed, Prompt, Prompter};
use crate::source::Sources;
use crate::timeline::{Entry, Kind, Narrator, Summary, Tone, Weight};
use crate::world::Observer;

/// How often what moves is drawn.
pub const TICK: Duration = Duration::from_millis(200);

/// The screen. Clones draw on the same one.
#[derive(Clone)]
pub struct Screen(Rc<RefCell<Inner>>);

struct Inner {
    look: Look,
    sources: Arc<Sources>,
    narrator: Narrator,
    summary: Summary,
    seq: u64,
    bars: Bars,
    /// Lines that say which step began, until something happens in it.
    begun: BTreeMap<Address, (i64, String)>,
    /// When what was told last happened, on the run's clock.
    told: i64,
    prompt: Option<Open>,
    /// Lines that came while somebody was asked.
    held: String,
    /// Gives the terminal back as it was.
    keys: Keys,
}

/// A prompt that stands on the screen.
struct Open {
    ask: String,
    /// Lines above the cursor on which the time left stands, and when it is over.
    countdown: Option<(usize, Instant)>,
    shown: u64,
}

impl Screen {
    /// Returns a screen on standard output. `sources`: what failures point into.
    pub fn new(look: Look, sources: Arc<Sources>) -> Self {
        Screen(Rc::new(RefCell::new(Inner {
            look,
            sources,
            narrator: Narrator::default(),
            summary: Summary::default(),
            seq: 0,
            bars: Bars::new(look),
            begun: BTreeMap::new(),
            told: 0,
            prompt: None,
            held: String::new(),
            keys: Keys::quiet(),
        })))
    }

    /// Shows that text at the end, as what keeps the incident from coming back.
    #[must_use]
    pub fn with_prevention(self, text: &str) -> Self {
        text.clone_into(&mut self.0.borrow_mut().summary.prevention);
        self
    }

    /// Returns what draws prompts on this screen.
    pub fn prompter(&self) -> Box<dyn Prompter> {
        Box::new(self.clone())
    }

    /// Draws what moves.
    pub fn tick(&self) {
        // Not while it is being drawn: the next tick comes soon.
        if let Ok(mut inner) = self.0.try_borrow_mut() {
            inner.tick();
        }
    }

    /// Shows the end of what the command at `address` prints.
    pub fn printed(&self, address: &Address, bytes: &[u8]) {
        if let Ok(inner) = self.0.try_borrow_mut() {
            let text = String::from_utf8_lossy(bytes);
            let last = text.lines().rev().map(one_line).find(|l| !l.trim().is_empty());
            if let Some(last) = last {
                inner.bars.tell(address, &last);
            }
        }
    }

    /// Takes what moves off the screen; the run is left as it stands.
    pub fn leave(&self) {
        if let Ok(mut inner) = self.0.try_borrow_mut() {
            inner.bars.clear();
            inner.keys.restore();
        }
    }

    /// Returns the summary of the run so far.
    pub fn summary(&self) -> Summary {
        self.0.borrow().summary.clone()
    }
}

impl Observer for Screen {
    fn stored(&mut self, records: &[Record]) {
        self.0.borrow_mut().stored(records);
    }
}

impl Inner {
    fn stored(&mut self, records: &[Record]) {
        let mut text = String::new();
        for record in records {
            self.seq += 1;
            self.summary.take(self.seq, record);
            self.bars.follow(record);
            for entry in self.narrator.tell(self.seq, record) {
                // The last screen says how it ended.
                if entry.kind != Kind::Ended {
                    self.tell(&entry, record, &mut text);
                }
            }
            if let Body::Fact(Fact::Ended { .. }) = record.body {
                self.bars.clear();
                self.keys.restore();
                text.push_str(&ending(&self.summary, self.look));
            }
        }
        self.print(&text);
    }

    /// Adds the entry's line. That a step began is a line of its own only when something is told of it
    /// before it ends.
    fn tell(&mut self, entry: &Entry, record: &Record, text: &mut String) {
        let drawn = line(entry, &self.sources, self.look);
        match &record.body {
            Body::Fact(Fact::StepBegan { .. }) if entry.kind == Kind::Step => {
                self.begun.insert(record.address.clone(), (record.at.run_ns, drawn));
                return;
            }
            Body::Fact(Fact::StepEnded { .. }) => {
                self.begun.remove(&record.address);
                text.push_str(&drawn);
            }
            _ if entry.weight == Weight::Begin => return,
            _ => {
                let inside = |step: &&Address| is_inside(&record.address, step);
                let around: Vec<Address> = self.begun.keys().filter(inside).cloned().collect();
                for (at, begun) in around.iter().filter_map(|step| self.begun.remove(step)) {
                    // Where other steps run beside it, lines have its name, and time only goes on.
                    if entry.lane.is_empty() && at >= self.told {
                        text.push_str(&begun);
                    }
                }
                text.push_str(&drawn);
            }
        }
        self.told = record.at.run_ns;
    }

    fn print(&mut self, text: &str) {
        if self.prompt.is_some() {
            self.held.push_str(text);
        } else if !text.is_empty() {
            self.bars.print(text);
        }
    }

    fn tick(&mut self) {
        let look = self.look;
        match &mut self.prompt {
            None => self.bars.tick(),
            Some(open) => {
                let Some((up, until)) = open.countdown else {
                    return;
                };
                let left = until.saturating_duration_since(Instant::now());
                if left.as_secs() != open.shown {
                    open.shown = left.as_secs();
                    let line = prompt::time_left(left, look);
                    // Save the cursor, go up, write the line anew, come back to what is being typed.
                    write_raw(&format!("\x1b7\x1b[{up}A\r\x1b[2K{}\x1b8", line.trim_end_matches('\n')));
                }
            }
        }
    }

    fn open(&mut self, drawn: Drawn, left: Option<Duration>) {
        self.bars.clear();
        self.bars.show(false);
        write_raw(&format!("{}{}", drawn.text, drawn.ask));
        let countdown = drawn.countdown.zip(left.and_then(|left| Instant::now().checked_add(left)));
        self.prompt = Some(Open { ask: drawn.ask, countdown, shown: left.map_or(0, |left| left.as_secs()) });
    }
}

impl Prompter for Screen {
    fn show(&mut self, asked: Prompt<'_>) {
        let mut inner = self.0.borrow_mut();
        match asked {
            Prompt::Question { question, left, note, answerable } => {
                let drawn = prompt::question(question, left, note, answerable, inner.look);
                inner.open(drawn, left);
            }
            Prompt::Stop => {
                let drawn = prompt::stop(inner.look);
                inner.open(drawn, None);
            }
        }
    }

    fn invalid(&mut self, why: &str) {
        let mut inner = self.0.borrow_mut();
        let look = inner.look;
        if let Some(open) = &mut inner.prompt {
            // The answer and its line end moved everything up by one line, this message by another.
            if let Some((up, _)) = &mut open.countdown {
                *up += 2;
            }
            let message = look.tone(Tone::Warn).on(&one_line(why));
            write_raw(&format!("{message}\n{}", open.ask));
        }
    }

    fn close(&mut self, closed: Closed<'_>) {
        let mut inner = self.0.borrow_mut();
        if inner.prompt.take().is_none() {
            return;
        }
        // Whoever typed an answer ended the line, too.
        match closed {
            Closed::Answered { .. } => {}
            Closed::Silent | Closed::Withdrawn => write_raw("\n"),
        }
        inner.bars.show(true);
        let held = std::mem::take(&mut inner.held);
        inner.print(&held);
        inner.bars.tick();
    }
}
