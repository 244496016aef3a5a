//! The lines at the bottom that move, below those that stay.
//!
//! Owns what stands there now, and sends only what is different: a clock that goes on costs a
//! few bytes, also over a slow line. Never decides what the lines say. The cursor rests below the
//! last line, so that whatever else writes does not write into it.

use std::fmt::Write as _;
use std::time::Instant;

use unicode_width::UnicodeWidthChar as _;

use super::Paint;

/// A line: stretches, each written in its way.
pub(super) type Line = Vec<(Paint, String)>;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cell {
    c: char,
    paint: Paint,
    columns: usize,
}

pub(super) struct Region {
    shown: Vec<Vec<Cell>>,
    /// The terminal's width when they were drawn.
    width: usize,
    budget: Budget,
}

/// What may be spent on redrawing.
struct Budget {
    rate: f64,
    left: f64,
    since: Instant,
}

impl Region {
    /// `rate`: bytes a second.
    pub fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        Region { shown: Vec::new(), width: 0, budget: Budget { rate, left: rate, since: Instant::now() } }
    }

    /// Returns what takes the lines off the screen of that width and leaves the cursor where they began.
    pub fn erase(&mut self, width: usize) -> String {
        let up = self.rows(width);
        self.shown.clear();
        if up == 0 { String::new() } else { format!("\x1b[{up}A\x1b[J") }
    }

    /// Forgets what stands on the screen: it was written over.
    pub fn forget(&mut self) {
        self.shown.clear();
    }

    /// Returns what draws the lines where the cursor is: there are none on the screen.
    pub fn draw(&mut self, lines: &[Line], width: usize) -> String {
        self.width = width;
        self.shown = lines.iter().map(|line| cells(line, width)).collect();
        let text: String = self.shown.iter().map(|line| paint(line) + "\n").collect();
        self.budget.spend(text.len());
        text
    }

    /// Returns what turns the lines on the screen into these; nothing when that would be more
    /// than the line to the terminal should carry now.
    pub fn update(&mut self, lines: &[Line], width: usize) -> String {
        if !self.budget.has_some() {
            return String::new();
        }
        let new: Vec<Vec<Cell>> = lines.iter().map(|line| cells(line, width)).collect();
        if new == self.shown && width == self.width {
            return String::new();
        }
        if width != self.width || new.len() < self.shown.len() {
            return self.erase(width) + &self.draw(lines, width);
        }
        let mut text = String::new();
        let mut row = self.shown.len();
        let rows = row;
        for (at, (old, line)) in self.shown.iter().zip(&new).enumerate() {
            if old != line {
                go(&mut text, row, at);
                patch(&mut text, old, line);
                text.push('\r');
                row = at;
            }
        }
        go(&mut text, row, rows);
        for line in &new[rows..] {
            text += &paint(line);
            text.push('\n');
        }
        self.shown = new;
        self.budget.spend(text.len());
        text
    }

    /// Returns how many rows the lines take: a terminal that became narrower has wrapped them.
    fn rows(&self, width: usize) -> usize {
        let rows = |line: &Vec<Cell>| {
            let columns: usize = line.iter().map(|cell| cell.columns).sum();
            columns.div_ceil(width.max(1)).max(1)
        };
        if width < self.width { self.shown.iter().map(rows).sum() } else { self.shown.len() }
    }
}

impl Budget {
    fn has_some(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.duration_since(self.since).as_secs_f64() * self.rate;
        self.left = (self.left + earned).min(self.rate);
        self.since = now;
        self.left > 0.0
    }

    fn spend(&mut self, bytes: usize) {
        // A burst is forgiven after a second.
        self.left = (self.left - f64::from(u32::try_from(bytes).unwrap_or(u32::MAX))).max(-self.rate);
    }
}

/// Returns as many cells as fit, with one column to spare: what is written there would wrap on some terminals.
fn cells(line: &Line, width: usize) -> Vec<Cell> {
    let mut used = 0;
    let mut cells = Vec::new();
    for (paint, text) in line {
        for c in text.chars() {
            let columns = c.width().unwrap_or(0);
            used += columns;
            if used >= width {
                return cells;
            }
            cells.push(Cell { c, paint: *paint, columns });
        }
    }
    cells
}

fn paint(cells: &[Cell]) -> String {
    cells
        .chunk_by(|a, b| a.paint == b.paint)
        .map(|run| run[0].paint.on(&run.iter().map(|cell| cell.c).collect::<String>()))
        .collect()
}

/// Moves from one row to the beginning of another; the cursor is at the beginning of its own.
fn go(text: &mut String, from: usize, to: usize) {
    let _ = match from.cmp(&to) {
        std::cmp::Ordering::Greater => write!(text, "\x1b[{}A", from - to),
        std::cmp::Ordering::Less => write!(text, "\x1b[{}B", to - from),
        std::cmp::Ordering::Equal => Ok(()),
    };
}

/// Writes what is different in a row, from its beginning.
fn patch(text: &mut String, old: &[Cell], new: &[Cell]) {
    // Terminals do not agree on where the next column is behind an emoji: such a row is written whole.
    let plain = old.iter().chain(new).all(|cell| cell.columns == 1);
    let head = if plain { same(old.iter(), new.iter()) } else { 0 };
    if head > 0 {
        let _ = write!(text, "\x1b[{head}C");
    }
    let (old, new) = (&old[head..], &new[head..]);
    let tail = if plain && old.len() == new.len() { same(old.iter().rev(), new.iter().rev()) } else { 0 };
    *text += &paint(&new[..new.len() - tail]);
    if tail == 0 {
        text.push_str("\x1b[K");
    }
}

fn same<'a>(a: impl Iterator<Item = &'a Cell>, b: impl Iterator<Item = &'a Cell>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}
