//! Markdown on a terminal: headings, paragraphs, lists, tables, code.
//!
//! Owns their layout in columns. For the pages that ship with the program: what it does not know it shows as
//! plain text, and links lose their target.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::text::{Paragraph, columns};
use super::{Look, Paint};

/// Returns the text for a terminal; code is indented, and nothing but code is wider than the look.
pub fn markdown(text: &str, look: Look) -> String {
    let mut page = Page { look, ..Page::new(look) };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        page.event(event);
    }
    page.out.trim_end().to_owned() + "\n"
}

struct Page {
    look: Look,
    out: String,
    /// The paragraph, item or cell that is being read.
    line: Vec<(Paint, String)>,
    strong: bool,
    heading: bool,
    code: bool,
    /// How deep lists nest, each with the number of its next item.
    lists: Vec<Option<u64>>,
    /// What stands before the next line of an item.
    marker: String,
    row: Vec<Vec<(Paint, String)>>,
    rows: Vec<Vec<Vec<(Paint, String)>>>,
}

impl Page {
    fn new(look: Look) -> Page {
        Page {
            look,
            out: String::new(),
            line: Vec::new(),
            strong: false,
            heading: false,
            code: false,
            lists: Vec::new(),
            marker: String::new(),
            row: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => {
                for line in text.lines() {
                    self.out.push_str(format!("  {line}").trim_end());
                    self.out.push('\n');
                }
            }
            Event::Text(text) => self.push(&text),
            Event::Code(code) => {
                let code = if self.look.colour { code.to_string() } else { format!("`{code}`") };
                self.line.push((self.look.code(), code));
            }
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        let paint = if self.strong || self.heading { self.look.bold() } else { self.look.plain() };
        self.line.push((paint, text.to_owned()));
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Strong => self.strong = true,
            Tag::Heading { .. } => self.heading = true,
            Tag::CodeBlock(_) => self.code = true,
            Tag::List(first) => {
                // The text of the item around it.
                self.flush();
                self.lists.push(*first);
            }
            Tag::Item => {
                let depth = "  ".repeat(self.lists.len());
                self.marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{depth}{}. ", *number - 1)
                    }
                    _ => format!("{depth}- "),
                };
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = false,
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = false;
                self.out.push('\n');
            }
            TagEnd::Paragraph => {
                self.flush();
                if self.lists.is_empty() {
                    self.out.push('\n');
                }
            }
            TagEnd::CodeBlock => {
                self.code = false;
                self.out.push('\n');
            }
            TagEnd::Item => self.flush(),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.out.push('\n');
                }
            }
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.line)),
            TagEnd::TableHead | TagEnd::TableRow => self.rows.push(std::mem::take(&mut self.row)),
            TagEnd::Table => self.table(),
            _ => {}
        }
    }

    /// Writes the paragraph or item that was read.
    fn flush(&mut self) {
        let pieces = std::mem::take(&mut self.line);
        if pieces.is_empty() {
            return;
        }
        let marker = std::mem::take(&mut self.marker);
        let indent = " ".repeat(columns(&marker).max(2 * self.lists.len()));
        let lines = wrapped(pieces, self.look.width.map(|width| width.saturating_sub(columns(&indent))));
        for (number, line) in lines.into_iter().enumerate() {
            let before = if number == 0 && !marker.is_empty() { &marker } else { &indent };
            self.out.push_str(&format!("{before}{line}\n"));
        }
    }

    /// Writes a table: the last column takes what is left of the line. When the others leave too little, it goes
    /// on below them.
    fn table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let Some(last) = count.checked_sub(1) else { return };
        let width = |cell: &Vec<(Paint, String)>| cell.iter().map(|(_, text)| columns(text)).sum::<usize>();
        let widths: Vec<usize> = (0..last)
            .map(|at| rows.iter().filter_map(|row| row.get(at)).map(width).max().unwrap_or(0))
            .collect();
        let taken: usize = widths.iter().map(|width| width + 2).sum::<usize>() + 2;
        let room = self.look.width.map(|width| width.saturating_sub(taken));
        let below = room.is_some_and(|room| room < 24);
        for row in rows {
            if row.iter().all(|cell| width(cell) == 0) {
                continue;
            }
            let mut line = String::from("  ");
            let mut rest = Vec::new();
            for (at, cell) in row.into_iter().enumerate() {
                if at == last || below && at > 0 {
                    if !rest.is_empty() {
                        rest.push((self.look.plain(), String::from(" · ")));
                    }
                    rest.extend(cell);
                    continue;
                }
                let used = width(&cell);
                line.extend(cell.into_iter().map(|(paint, text)| paint.on(&text)));
                line.push_str(&" ".repeat(widths.get(at).map_or(2, |width| width + 2).saturating_sub(used)));
            }
            let (indent, room) =
                if below { (6, self.look.width.map(|width| width.saturating_sub(6))) } else { (taken, room) };
            let mut lines = wrapped(rest, room).into_iter();
            if below {
                self.out.push_str(&format!("{}\n", line.trim_end()));
            } else {
                self.out.push_str(format!("{line}{}", lines.next().unwrap_or_default()).trim_end());
                self.out.push('\n');
            }
            for line in lines {
                self.out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
            }
        }
        self.out.push('\n');
    }
}

fn wrapped(pieces: Vec<(Paint, String)>, width: Option<usize>) -> Vec<String> {
    let mut paragraph = Paragraph::default();
    for (paint, text) in pieces {
        paragraph.push(paint, text);
    }
    paragraph.wrap(width)
}
