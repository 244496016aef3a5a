//! Text in columns: cleaned, measured, cut, wrapped.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Paint;

/// Returns the text without what a terminal would obey: control characters but line ends and
/// tabs, and the marks that turn the direction of writing (a name must not read backwards).
pub fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| *c != '\r')
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            // Marks of the same kind, and line ends that only some programs know.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Returns the text as a terminal without UTF-8 can show it: `?` for each column of what is not ASCII.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if c.is_ascii() { (c, 1) } else { ('?', c.width().unwrap_or(1)) };
    Cow::Owned(text.chars().map(shown).flat_map(|(c, times)| std::iter::repeat_n(c, times)).collect())
}

/// Returns the lines of what a command printed, as they would stand on a terminal: without escape
/// sequences, what a carriage return wrote over gone, tabs as spaces, cleaned.
pub(super) fn printed(text: &str) -> impl DoubleEndedIterator<Item = String> {
    // Line by line: a sequence that is never closed must not hide what comes after it.
    text.trim_end_matches(['\n', '\r']).split('\n').map(|line| {
        let line = anstream::adapter::strip_str(line).to_string();
        let line = line.trim_end_matches('\r');
        let seen = line.rsplit_once('\r').map_or(line, |(_, last)| last);
        let mut out = String::new();
        for c in seen.chars() {
            match c {
                '\t' => out.extend(std::iter::repeat_n(' ', 8 - columns(&out) % 8)),
                c => out.push(c),
            }
        }
        one_line(&out)
    })
}

/// Returns the text cleaned and on one line.
pub(super) fn one_line(text: &str) -> String {
    clean(text).trim_end().replace(['\n', '\t'], " ")
}

/// Returns how many columns the text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// Returns as much of the text as fits, with `…` (or `...`) where it was cut.
pub(super) fn fit(text: &str, width: Option<usize>, unicode: bool) -> String {
    let Some(width) = width else {
        return text.to_owned();
    };
    if columns(text) <= width {
        return text.to_owned();
    }
    let mark = if unicode { "…" } else { "..." };
    let room = width.saturating_sub(columns(mark));
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    out + mark
}

/// Returns as much of a painted line as fits. What paints it stays, so that nothing runs on in its colour.
pub(super) fn cut(line: &str, width: Option<usize>, unicode: bool) -> String {
    let bare = anstream::adapter::strip_str(line).to_string();
    let Some(width) = width.filter(|width| columns(&bare) > *width) else {
        return line.to_owned();
    };
    let mark = match bare.chars().next_back() {
        // The end of an underline is none of a text.
        Some('━' | '─' | '^' | '-' | '_' | '┛' | '┘') => "",
        _ if unicode => "…",
        _ => "...",
    };
    let room = width.saturating_sub(columns(mark));
    let (mut out, mut used, mut painting) = (String::new(), 0, false);
    for c in line.chars() {
        let paints = painting || c == '\u{1b}';
        painting = paints && (c == '\u{1b}' || !c.is_ascii_alphabetic());
        if paints {
            out.push(c);
            continue;
        }
        let before = used;
        used += c.width().unwrap_or(0);
        if used <= room {
            out.push(c);
        } else if before <= room {
            out.push_str(mark);
            used = usize::MAX / 2;
        }
    }
    out
}

/// Returns rows of painted cells in columns, the first at the left and the others at the right. Where they are wider
/// than `width`, names in the first column lose their beginning.
pub(super) fn figures(rows: &[Vec<(Paint, String)>], width: Option<usize>, unicode: bool) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|(_, text)| columns(text)).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..count).map(widest).collect();
    let rest: usize = widths.iter().skip(1).map(|width| width + GAP).sum();
    if let (Some(first), Some(width)) = (widths.first_mut(), width) {
        *first = (*first).min(width.saturating_sub(rest).max(NAME));
    }
    let mut out = String::new();
    for row in rows {
        for (at, (paint, text)) in row.iter().enumerate() {
            let room = widths[at];
            if at == 0 {
                let text = fit_end(text, room, unicode);
                let pad = room.saturating_sub(columns(&text));
                out.push_str(&paint.on(&text));
                out.extend(std::iter::repeat_n(' ', pad));
            } else {
                let pad = GAP + room.saturating_sub(columns(text));
                out.extend(std::iter::repeat_n(' ', pad));
                out.push_str(&paint.on(text));
            }
        }
        out.push('\n');
    }
    out
}

/// Columns between two of a table.
const GAP: usize = 2;

/// Columns that a name keeps, at least.
const NAME: usize = 12;

/// Returns as much of the end of a text as fits.
fn fit_end(text: &str, width: usize, unicode: bool) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mark = if unicode { "…" } else { "..." };
    let mut used = columns(mark);
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        start = at;
    }
    format!("{mark}{}", &text[start..])
}

/// Pieces of one paragraph, each written in its way, wrapped together.
#[derive(Debug, Default)]
pub(super) struct Paragraph(Vec<(Paint, String)>);

impl Paragraph {
    pub fn push(&mut self, paint: Paint, text: impl Into<String>) {
        self.0.push((paint, text.into()));
    }

    /// Returns the lines of the paragraph, none wider than `width` columns. It breaks at spaces, and
    /// inside a word only when that is wider than a line.
    pub fn wrap(&self, width: Option<usize>) -> Vec<String> {
        let width = width.map_or(usize::MAX, |w| w.max(8));
        let mut lines = Lines::default();
        for (paint, text) in &self.0 {
            for piece in pieces(text) {
                lines.add(*paint, piece, width);
            }
        }
        lines.finish()
    }
}

/// Splits into words, each with the spaces behind it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

#[derive(Default)]
struct Lines {
    done: Vec<String>,
    /// The line so far: stretches that are written in the same way.
    line: Vec<(Paint, String)>,
    used: usize,
}

impl Lines {
    fn add(&mut self, paint: Paint, piece: &str, width: usize) {
        let word = piece.trim_end_matches(' ');
        let mut word_columns = columns(word);
        if self.used > 0 && self.used + word_columns > width {
            self.break_line();
        }
        let mut rest = word;
        while word_columns > width {
            let (head, tail) = split_at(rest, width);
            self.write(paint, head);
            self.break_line();
            rest = tail;
            word_columns = columns(rest);
        }
        self.write(paint, rest);
        self.used += word_columns;
        let spaces = &piece[word.len()..];
        if self.used + spaces.len() <= width && (self.used > 0 || self.done.is_empty()) {
            self.write(paint, spaces);
            self.used += spaces.len();
        }
    }

    fn write(&mut self, paint: Paint, text: &str) {
        match self.line.last_mut() {
            Some((last, line)) if *last == paint => line.push_str(text),
            _ => self.line.push((paint, text.to_owned())),
        }
    }

    fn break_line(&mut self) {
        if let Some((_, last)) = self.line.last_mut() {
            last.truncate(last.trim_end_matches(' ').len());
        }
        let line = self.line.drain(..).map(|(paint, text)| paint.on(&text)).collect();
        self.done.push(line);
        self.used = 0;
    }

    fn finish(mut self) -> Vec<String> {
        if self.used > 0 || self.done.is_empty() {
            self.break_line();
        }
        self.done
    }
}

/// Splits a word so that the first part has at most `width` columns and at least one character.
fn split_at(word: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width && at > 0 {
            return word.split_at(at);
        }
    }
    (word, "")
}
