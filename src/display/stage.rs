//! What moves, as lines: what goes on, for how long, and how long it may; the end of what is
//! printed; what was changed and can be taken back; the keys.
//!
//! Owns the shares of a small screen. Pure: time and size come in, lines go out.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Look;
use super::gameday::GAME_DAY;
use super::now::{Call, Now, Place};
use super::region::Line;
use super::text::{Paragraph, columns, fit};
use crate::event::Settled;
use crate::timeline::{ChangeLine, Summary, Tone};

/// Lines of output below a command that runs alone.
const TAIL: usize = 5;

/// Columns from which on the time of day is shown.
const WIDE: usize = 60;

/// How long a call must be out to be named where a condition is polled.
const SETTLED: Duration = Duration::from_secs(1);

/// How much room there is, and the time.
#[derive(Clone)]
pub(super) struct Frame {
    pub look: Look,
    pub width: usize,
    pub height: usize,
    pub now: Instant,
    /// The time of day: `03:12`.
    pub clock: String,
    /// Whether keys are read.
    pub keys: bool,
    /// Whether the run is somebody else's to end: this is a look at it.
    pub watches: bool,
}

/// Returns the lines.
pub(super) fn lines(now: &Now, summary: &Summary, frame: &Frame) -> Vec<Line> {
    let Some(phase) = &now.phase else {
        return Vec::new();
    };
    let mut lines = vec![head(now, phase, summary, frame)];
    let foot = foot(now, summary, frame);
    // At most half the screen, so that what stays can be read while something moves.
    let room = (frame.height / 2).clamp(3, 24).saturating_sub(1 + foot.len()).max(1);
    lines.extend(body(now, phase, room, frame));
    lines.extend(foot);
    lines
}

/// `── resolve "…" ── 12s of 5m ── rto: 14m left ────`.
fn head(now: &Now, phase: &Place, summary: &Summary, frame: &Frame) -> Line {
    let look = frame.look;
    let rule = if look.unicode { "─" } else { "-" };
    let time = took(phase.began, phase.bound, frame.now);
    // For whoever has to tell others when it was.
    let clock = if frame.width < WIDE { String::new() } else { format!(" {} UTC {rule}{rule}", frame.clock) };
    let (tone, rto) = match now.left(frame.now) {
        None => (Tone::Quiet, String::new()),
        Some(Ok(left)) => (Tone::Plain, format!("rto: {} left", ticking(left))),
        Some(Err(over)) => (Tone::Bad, format!("over the rto by {}", ticking(over))),
    };
    let between = if rto.is_empty() { String::new() } else { format!(" {rule}{rule} ") };
    let aside = columns(&time) + columns(&between) + columns(&rto) + columns(&clock);
    let room = frame.width.saturating_sub(aside + 9);
    let mark =
        if summary.game_day.is_some() { format!("{} ", GAME_DAY.to_uppercase()) } else { String::new() };
    let title = fit(&phase.title, Some(room.saturating_sub(columns(&mark))), look.unicode);
    let used = columns(&mark) + columns(&title) + aside + 8;
    vec![
        (look.dim(), format!("{0}{0} ", rule)),
        (look.tone(Tone::Warn), mark),
        (look.bold(), title),
        (look.dim(), format!(" {rule} ")),
        (look.plain(), time),
        (look.dim(), between),
        (look.tone(tone), rto),
        (look.dim(), format!(" {}{clock}", rule.repeat(frame.width.saturating_sub(used)))),
    ]
}

fn body(now: &Now, phase: &Place, room: usize, frame: &Frame) -> Vec<Line> {
    let leaves = now.places.iter().filter(|place| now.is_leaf(place)).count();
    if leaves > 1 {
        return beside(now, room, frame);
    }
    let mut lines: Vec<Line> = Vec::new();
    for place in &now.places {
        lines.push(name(now, place, frame));
    }
    let place = now.places.last().unwrap_or(phase);
    let depth = if now.places.is_empty() { 0 } else { now.depth(place) + 1 };
    let call = now.call_of(place).or_else(|| now.calls.last());
    lines.extend(doing(place, call, depth, frame));
    // The innermost matter most.
    let surplus = lines.len().saturating_sub(room);
    lines.drain(..surplus);
    if let Some(call) = call {
        let bar = format!("{:1$}{2} ", "", 2 + 2 * depth, frame.look.bar());
        for text in call.tail.lines(TAIL.min(room - lines.len())) {
            let text = fit(&text, Some(frame.width.saturating_sub(columns(&bar) + 1)), frame.look.unicode);
            lines.push(vec![(frame.look.dim(), format!("{bar}{text}"))]);
        }
    }
    lines
}

/// Steps that run beside each other: a line for each, with the last it printed; those that do not fit are counted.
fn beside(now: &Now, room: usize, frame: &Frame) -> Vec<Line> {
    let look = frame.look;
    // What only holds others is the first to go.
    let all: Vec<&Place> = now.places.iter().collect();
    let leaves: Vec<&Place> = now.places.iter().filter(|place| now.is_leaf(place)).collect();
    let shown = if all.len() <= room { all } else { leaves };
    let fitting = if shown.len() > room { room.saturating_sub(1) } else { room };
    let mut lines: Vec<Line> = Vec::new();
    for place in shown.iter().take(fitting) {
        let mut line = name(now, place, frame);
        let used: usize = line.iter().map(|(_, text)| columns(text)).sum();
        let rest = frame.width.saturating_sub(used + 3);
        let call = now.call_of(place);
        let printed = call.and_then(|call| call.tail.lines(1).pop());
        let said = printed.unwrap_or_else(|| match call {
            Some(call) if place.note.is_empty() => call.text.clone(),
            _ => place.note.clone(),
        });
        if rest > 7 && !said.is_empty() {
            line.push((look.dim(), format!("  {}", fit(&said, Some(rest), look.unicode))));
        }
        lines.push(line);
    }
    if shown.len() > fitting {
        let more = shown.len() - fitting;
        let mark = if look.unicode { "…" } else { "..." };
        lines.push(vec![(look.dim(), format!("  {mark} and {more} more"))]);
    }
    lines
}

/// `  Move  3s of 30s`.
fn name(now: &Now, place: &Place, frame: &Frame) -> Line {
    let look = frame.look;
    let indent = 2 + 2 * now.depth(place);
    let time = took(place.began, place.bound, frame.now);
    let room = frame.width.saturating_sub(indent + columns(&time) + 3).max(8);
    let title = fit(&place.title, Some(room), look.unicode);
    vec![(look.bold(), format!("{:indent$}{title}", "")), (look.plain(), format!("  {time}"))]
}

/// `    $ mv a b  3s of 10s (its timeout)`.
fn doing(place: &Place, call: Option<&Call>, depth: usize, frame: &Frame) -> Option<Line> {
    let look = frame.look;
    let old = |call: &&Call| frame.now.duration_since(call.began) >= SETTLED;
    let (text, time) = match call.filter(|call| place.note.is_empty() || old(call)) {
        Some(call) if !call.whose.is_empty() => {
            let time = took(call.began, call.bound, frame.now);
            (call.text.as_str(), format!("{time} ({})", call.whose))
        }
        Some(call) => (call.text.as_str(), String::new()),
        None => {
            let time = place.noted.map_or_else(String::new, |(since, bound)| took(since, bound, frame.now));
            (place.note.as_str(), time)
        }
    };
    if text.is_empty() {
        return None;
    }
    let indent = 2 + 2 * depth;
    let gap = if time.is_empty() { 0 } else { 2 };
    let room = frame.width.saturating_sub(indent + columns(&time) + gap + 1).max(8);
    let text = fit(text, Some(room), look.unicode);
    Some(vec![
        (look.plain(), " ".repeat(indent)),
        (look.code(), text),
        (look.dim(), format!("{:gap$}{time}", "")),
    ])
}

/// `2 changes can be taken back, 1 finding     o output, s so far, Ctrl-C stop`.
fn foot(now: &Now, summary: &Summary, frame: &Frame) -> Vec<Line> {
    let look = frame.look;
    let dot = if look.unicode { " · " } else { ", " };
    let mut said = standing(summary);
    if frame.watches && !summary.open_questions.is_empty() {
        // The question stands where the run is, and can be answered from anywhere.
        said = format!("it asks: mainstay waiting {}", summary.run);
    }
    match summary.findings.len() {
        0 => {}
        1 => said += &format!("{dot}1 finding"),
        n => said += &format!("{dot}{n} findings"),
    }
    let mut keys = Vec::new();
    if frame.keys {
        if now.ended.is_some() || now.calls.iter().any(|call| call.command) {
            keys.push("o output");
        }
        keys.push("s so far");
    }
    keys.push(if frame.watches { "Ctrl-C leave the view" } else { "Ctrl-C stop" });
    let keys = keys.join(dot);
    let fits = frame.width.saturating_sub(1);
    let used = 2 + columns(&said) + columns(&keys);
    let said = (look.plain(), format!("  {}", fit(&said, Some(fits.saturating_sub(2)), look.unicode)));
    if used + 2 <= fits {
        let gap = fits - used;
        return vec![vec![said, (look.dim(), format!("{:gap$}{keys}", ""))]];
    }
    let keys = fit(&keys, Some(fits.saturating_sub(2)), look.unicode);
    vec![vec![said], vec![(look.dim(), format!("  {keys}"))]]
}

/// Returns what stands above a question while other things go on; nothing where none does.
pub(super) fn meanwhile(now: &Now, look: Look) -> String {
    let goes = match now.calls.len() {
        0 => return String::new(),
        1 => "1 other thing goes".to_owned(),
        n => format!("{n} other things go"),
    };
    let mut paragraph = Paragraph::default();
    paragraph.push(look.dim(), format!("{goes} on meanwhile; what is told of it comes after the answer"));
    paragraph.wrap(look.width).iter().map(|line| format!("\n{line}")).collect::<String>() + "\n"
}

/// Returns what was changed and can be taken back, in words.
pub(super) fn standing(summary: &Summary) -> String {
    // What only holds other changes is none of its own.
    let holders: HashSet<&str> =
        summary.changes.iter().flat_map(|change| around(&change.change.address.0)).collect();
    let is_counted = |change: &&ChangeLine| {
        let holds = holders.contains(&*change.change.address.0);
        change.is_made() && !change.change.undoing && (!holds || change.undo.is_some())
    };
    let made: Vec<&ChangeLine> = summary.changes.iter().filter(is_counted).collect();
    let back = made.iter().filter(|c| c.unwound == Some(Settled::Done)).count();
    let can = made.iter().filter(|c| c.undo.is_some() && c.unwound.is_none()).count();
    let many = |n: usize| if n == 1 { "1 change".to_owned() } else { format!("{n} changes") };
    match (made.len(), can, back) {
        (0, ..) => "nothing changed".to_owned(),
        (all, can, 0) if can == all => format!("{} can be taken back", many(all)),
        (all, 0, 0) => format!("{}, none can be taken back", many(all)),
        (all, can, 0) => format!("{}, {can} can be taken back", many(all)),
        (all, 0, back) => format!("{}, {back} taken back", many(all)),
        (all, can, back) => format!("{}, {back} taken back, {can} can be", many(all)),
    }
}

/// Returns the addresses around one.
fn around(address: &str) -> impl Iterator<Item = &str> {
    address.match_indices('.').map(|(at, _)| &address[..at])
}

fn took(since: Instant, bound: Option<Duration>, now: Instant) -> String {
    let elapsed = ticking(now.saturating_duration_since(since));
    match bound {
        // What is left of a bound is a little less than it.
        Some(bound) => format!("{elapsed} of {}", ticking(bound + Duration::from_millis(500))),
        None => elapsed,
    }
}

/// Whole seconds: `12s`, `3m`, `3m 20s`, `2h 05m 10s`. It always moves on.
fn ticking(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, seconds) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s:02}s"),
        (h, 0, 0) => format!("{h}h"),
        (h, m, s) => format!("{h}h {m:02}m {s:02}s"),
    }
}
