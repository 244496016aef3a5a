//! A run at a terminal: lines that stay, above what moves; prompts; the last screen.
//!
//! Owns the order of what is written: facts become the same lines as without a terminal, above what
//! goes on now (`stage`), and nothing moves while somebody types an answer but the time that is
//! left. Has no thread: whoever waits for the world ticks it ([`Screen::tick`]).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::aside;
use super::keys::{Keys, Use};
use super::now::{Now, is_inside};
use super::pen::Pen;
use super::prompt::{self, Drawn};
use super::region::{Line, Region};
use super::stage::{self, Frame};
use super::text::{columns, one_line};
use super::{Look, ending, line, look, show};
use crate::event::{Address, Body, Fact, Record};
use crate::people::{Closed, Prompt, Prompter};
use crate::process::StreamName;
use crate::source::Sources;
use crate::timeline::{Entry, Kind, Narrator, Summary, Tone, Weight};
use crate::world::Observer;

/// How often what moves is drawn, and keys are looked at.
pub const TICK: Duration = Duration::from_millis(200);

/// Columns of what stands before an answer.
const ASK: usize = 11;

/// How soon lines that stay are written after others.
const LINES: Duration = Duration::from_millis(100);

/// The screen. Clones draw on the same one.
#[derive(Clone)]
pub struct Screen(Rc<RefCell<Inner>>);

struct Inner {
    look: Look,
    sources: Arc<Sources>,
    run_dir: PathBuf,
    narrator: Narrator,
    summary: Summary,
    seq: u64,
    now: Now,
    region: Region,
    pen: Pen,
    /// Whether anything moves.
    live: bool,
    /// Lines that say which step began, until something happens in it.
    begun: BTreeMap<Address, (i64, String)>,
    /// When what was told last happened, on the run's clock.
    told: i64,
    prompt: Option<Open>,
    /// Lines that stay and are not written yet.
    held: String,
    /// When lines were written last.
    written: Instant,
    /// Whether this is only a look at a run that goes on elsewhere.
    watches: bool,
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
        let moves = look.width.is_some() && look::height().is_some();
        let keys = if moves { Keys::take() } else { Keys::untouched() };
        Screen::with(look, sources, moves, keys)
    }

    /// Returns a screen that draws prompts, on a terminal where nothing can move.
    pub fn still(look: Look) -> Self {
        Screen::with(look, Arc::default(), false, Keys::untouched())
    }

    fn with(look: Look, sources: Arc<Sources>, live: bool, keys: Keys) -> Self {
        let pen = Pen::new(look);
        Screen(Rc::new(RefCell::new(Inner {
            look,
            sources,
            run_dir: PathBuf::new(),
            narrator: Narrator::default(),
            summary: Summary::default(),
            seq: 0,
            now: Now::default(),
            region: Region::new(pen.rate()),
            pen,
            live,
            begun: BTreeMap::new(),
            told: 0,
            prompt: None,
            held: String::new(),
            written: Instant::now(),
            watches: false,
            keys,
        })))
    }

    /// Shows that text at the end, as what keeps the incident from coming back.
    #[must_use]
    pub fn with_prevention(self, text: &str) -> Self {
        text.clone_into(&mut self.0.borrow_mut().summary.prevention);
        self
    }

    /// Knows the run's folder, where its supervisor is asked for what a command printed so far.
    #[must_use]
    pub fn in_folder(self, run_dir: &Path) -> Self {
        run_dir.clone_into(&mut self.0.borrow_mut().run_dir);
        self
    }

    /// Makes it a look at a run that goes on elsewhere.
    pub fn watch(&self) {
        self.0.borrow_mut().watches = true;
    }

    /// Returns what draws prompts on this screen.
    pub fn prompter(&self) -> Box<dyn Prompter> {
        Box::new(self.clone())
    }

    /// Draws what moves, and does what a key asks for.
    pub fn tick(&self) {
        // Not while it is being drawn: the next tick comes soon.
        if let Ok(mut inner) = self.0.try_borrow_mut() {
            inner.tick();
        }
    }

    /// Takes in what the command at `address` prints; it is drawn with the next tick.
    pub fn printed(&self, address: &Address, stream: StreamName, offset: u64, bytes: &[u8]) {
        if let Ok(mut inner) = self.0.try_borrow_mut() {
            inner.now.printed(address, stream, offset, bytes);
        }
    }

    /// Takes what moves off the screen; the run is left as it stands.
    pub fn leave(&self) {
        if let Ok(mut inner) = self.0.try_borrow_mut() {
            inner.leave("");
            inner.pen.finish();
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
            self.now.follow(record);
            for entry in self.narrator.tell(self.seq, record) {
                // The last screen says how it ended; and what an instructor changed, players find out themselves.
                let injected = matches!(record.body, Body::Fact(Fact::Injected { .. }));
                if entry.kind != Kind::Ended && !injected {
                    self.tell(&entry, record, &mut text);
                }
            }
            if let Body::Fact(Fact::Ended { .. }) = record.body {
                self.leave(&text);
                text = ending(&self.summary, self.look);
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

    /// Writes lines that stay: soon, and not while somebody types an answer.
    fn print(&mut self, text: &str) {
        self.held.push_str(text);
        if self.prompt.is_none() && (!self.live || self.written.elapsed() >= LINES) {
            self.write_held();
        }
    }

    fn write_held(&mut self) {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return;
        }
        let erased = self.erase();
        let (lines, width) = (self.lines(), self.width());
        let text = erased + &held + &self.region.draw(&lines, width);
        self.pen.write(&text);
        self.written = Instant::now();
    }

    fn tick(&mut self) {
        if !self.live {
            return;
        }
        self.look = self.look.as_wide_as_now();
        self.keys.set(if self.prompt.is_some() { Use::Line } else { Use::Watch });
        if self.keys.is_stopped() {
            self.stop();
        }
        let continued = self.keys.is_continued();
        self.pen.pump(Duration::ZERO);
        match &mut self.prompt {
            None => {
                match self.keys.pressed() {
                    Some(b'o') => self.held += &aside::output(&self.now, &self.run_dir, self.look),
                    Some(b's') => self.held += &show::so_far(&self.summary, self.look),
                    _ => {}
                }
                if continued {
                    // The shell wrote below what stood there; it stands anew below that.
                    self.region.forget();
                }
                if !self.held.is_empty() {
                    self.write_held();
                } else if self.pen.is_idle() && self.keys.is_foreground() {
                    let (lines, width) = (self.lines(), self.width());
                    let text = self.region.update(&lines, width);
                    self.pen.write(&text);
                }
            }
            Some(open) if continued => {
                open.countdown = None;
                self.pen.write(&open.ask);
            }
            Some(open) => {
                let Some((up, until)) = open.countdown else {
                    return;
                };
                let left = until.saturating_duration_since(Instant::now());
                if left.as_secs() != open.shown {
                    open.shown = left.as_secs();
                    let line = prompt::time_left(left, self.look);
                    // Save the cursor, go up, write the line anew, come back to what is being typed.
                    let line = line.trim_end_matches('\n');
                    self.pen.write(&format!("\x1b7\x1b[{up}A\r\x1b[2K{line}\x1b8"));
                }
            }
        }
    }

    /// Stops the program as Ctrl-Z wants it, until the shell continues it.
    fn stop(&mut self) {
        if self.keys.is_foreground() {
            let text = self.erase();
            self.pen.write(&text);
        } else {
            // The shell was faster: what stands there now is its own.
            self.region.forget();
        }
        self.keys.stop();
    }

    /// Takes what moves off the screen, for good, and writes what is left to write.
    fn leave(&mut self, text: &str) {
        self.held.push_str(text);
        self.now = Now::default();
        self.write_held();
        let text = self.erase();
        self.pen.write(&text);
        self.keys.set(Use::Given);
        self.live = false;
    }

    /// Returns what takes the moving lines off the screen as wide as it is now.
    fn erase(&mut self) -> String {
        self.look = self.look.as_wide_as_now();
        let width = self.width();
        self.region.erase(width)
    }

    fn width(&self) -> usize {
        self.look.width.unwrap_or(80)
    }

    fn lines(&self) -> Vec<Line> {
        // In the background the terminal is the shell's.
        if !self.live || !self.keys.is_foreground() {
            return Vec::new();
        }
        let frame = Frame {
            look: self.look,
            width: self.width(),
            height: look::height().unwrap_or(24),
            now: Instant::now(),
            clock: jiff::Timestamp::now().strftime("%H:%M").to_string(),
            keys: self.keys.are_read(),
            watches: self.watches,
        };
        stage::lines(&self.now, &self.summary, &frame)
    }

    fn open(&mut self, drawn: Drawn, left: Option<Duration>) {
        self.write_held();
        self.keys.set(Use::Line);
        let mut text = self.erase();
        if self.live {
            // Whoever waited for it looks elsewhere by now.
            text.push('\x07');
        }
        text = text + &stage::meanwhile(&self.now, self.look) + &drawn.text + &drawn.ask;
        self.pen.write(&text);
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
                let mut drawn = prompt::stop(inner.look);
                // What it is about.
                let mark = if inner.summary.game_day.is_some() { "game day: " } else { "" };
                let standing = format!("{mark}{}", stage::standing(&inner.summary));
                let standing = inner.look.dim().on(&standing);
                drawn.text.push_str(&format!("  {standing}\n"));
                inner.open(drawn, None);
            }
        }
    }

    fn invalid(&mut self, found: &str, why: &str) {
        let mut inner = self.0.borrow_mut();
        let look = inner.look;
        if let Some(open) = &mut inner.prompt {
            let answer = columns(&one_line(found));
            let message = one_line(why);
            // The answer and its line end moved everything up, and so does this message.
            if let (Some((up, _)), Some(width)) = (&mut open.countdown, look.width) {
                let rows = |columns: usize| columns.div_ceil(width).max(1);
                *up += rows(answer + ASK) + rows(columns(&message));
            }
            let text = format!("{}\n{}", look.tone(Tone::Warn).on(&message), open.ask);
            inner.pen.write(&text);
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
            Closed::Silent | Closed::Withdrawn => inner.pen.write("\n"),
        }
        if inner.live {
            inner.keys.set(Use::Watch);
        }
        inner.write_held();
    }
}
