//! Redirections and here-documents.
//!
//! Owns the collection of here-documents, whose bodies come lines after the command they belong to.

use super::cells::{Atom, Cell};
use super::plan::Quoting;
use super::reader::{Fault, Pending, Reader};
use super::tree::{Document, Part, Redirection, RedirectionKind, Word};
use super::words::Until;

impl Reader {
    /// Reads the redirections behind a compound command.
    pub fn redirections(&mut self) -> Result<Vec<Redirection>, Fault> {
        let mut redirections = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirection()? {
                Some(redirection) => redirections.push(redirection),
                None => return Ok(redirections),
            }
        }
    }

    /// Reads a redirection, when one begins here.
    pub fn redirection(&mut self) -> Result<Option<Redirection>, Fault> {
        let from = self.position;
        let start = self.at();
        if self.take("{") {
            while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                self.position += 1;
            }
            if !self.take("}") {
                self.position = from;
            }
        } else {
            while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.position += 1;
            }
        }
        let bare = self.position == from;
        let operators = ["<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">|", ">&", ">", "&>>", "&>"];
        let found = operators.into_iter().find(|o| self.sees(o)).filter(|o| bare || !o.starts_with('&'));
        let process = bare && (self.sees("<(") || self.sees(">("));
        let Some(operator) = found.filter(|_| !process) else {
            self.position = from;
            return Ok(None);
        };
        self.position += operator.len();
        self.skip_blanks();
        let before = self.position;
        let target = self.word(Until::Meta)?;
        if target.parts.is_empty() {
            return Err(
                self.fault(format!("nothing stands behind `{operator}`"), "name the file, or the delimiter")
            );
        }
        let kind = match operator {
            "<<<" => RedirectionKind::HereString,
            "<<" | "<<-" => {
                let cells = self.cells.get(before..self.position).unwrap_or_default().to_vec();
                self.document(&target, cells, operator == "<<-", start)?
            }
            ">&" | "<&" => RedirectionKind::Descriptor,
            _ => RedirectionKind::File,
        };
        Ok(Some(Redirection { kind, target, writes: operator.contains('>') }))
    }

    fn document(
        &mut self,
        delimiter: &Word,
        cells: Vec<Cell>,
        strip: bool,
        at: usize,
    ) -> Result<RedirectionKind, Fault> {
        let Some(text) = delimiter.literal() else {
            return Err(self.fault(
                "the delimiter of a here-document must be written out",
                "write `<<EOF`, or `<<'EOF'`",
            ));
        };
        let number = self.documents.len();
        self.pending.push(Pending { number, strip, at });
        self.documents.push(Document {
            quoted: delimiter.is_quoted(),
            delimiter: text,
            delimiter_cells: cells,
            backquotes: self.backquotes,
            ..Document::default()
        });
        Ok(RedirectionKind::HereDocument(number))
    }

    /// Reads the bodies of the here-documents begun on the line that has just ended.
    pub fn bodies(&mut self) -> Result<(), Fault> {
        for pending in std::mem::take(&mut self.pending) {
            let Some(document) = self.documents.get(pending.number) else {
                continue;
            };
            let (quoted, delimiter) = (document.quoted, document.delimiter.clone());
            let mut body: Vec<Cell> = Vec::new();
            let mut continued = false;
            loop {
                if self.is_at_end() {
                    return Err(unended(&delimiter, pending.at));
                }
                let rest = self.cells.get(self.position..).unwrap_or_default();
                let length = rest.iter().position(|c| c.atom == Atom::Char('\n')).unwrap_or(rest.len());
                let line = rest.get(..length).unwrap_or_default();
                let with_end = rest.get(..(length + 1).min(rest.len())).unwrap_or_default();
                self.position += with_end.len();
                if !continued && is_line(line, &delimiter, pending.strip) {
                    break;
                }
                let backslashes = line.iter().rev().take_while(|c| c.atom == Atom::Char('\\')).count();
                continued = !quoted && backslashes % 2 == 1;
                body.extend_from_slice(with_end);
            }
            let parts = if quoted {
                Vec::from_iter(body.iter().filter_map(|cell| match cell.atom {
                    Atom::Value(piece) => Some(Part::Value(self.hole(piece, Quoting::QuotedHereDocument))),
                    Atom::Raw(piece) => Some(Part::Raw(self.hole(piece, Quoting::QuotedHereDocument))),
                    Atom::Char(_) => None,
                }))
            } else {
                self.deeper(|r| r.inside(body.clone(), 0, |inner| inner.quoted(Quoting::HereDocument, None)))?
            };
            if let Some(document) = self.documents.get_mut(pending.number) {
                document.parts = parts;
                document.body_cells = body;
            }
        }
        Ok(())
    }

    /// Refuses an end of the text that leaves a here-document without a body.
    pub fn refuse_pending(&self) -> Result<(), Fault> {
        match self.pending.first() {
            None => Ok(()),
            Some(pending) => {
                let delimiter = self.documents.get(pending.number).map_or("", |d| d.delimiter.as_str());
                Err(unended(delimiter, pending.at))
            }
        }
    }
}

fn unended(delimiter: &str, at: usize) -> Fault {
    Fault {
        code: "unterminated-here-document",
        message: format!("the here-document `{delimiter}` does not end"),
        help: format!("close it with a line that is `{delimiter}` and nothing else"),
        at,
    }
}

fn is_line(line: &[Cell], delimiter: &str, strip: bool) -> bool {
    let mut cells = line.iter().skip_while(|c| strip && c.atom == Atom::Char('\t'));
    delimiter.chars().all(|c| cells.next().is_some_and(|cell| cell.atom == Atom::Char(c)))
        && cells.next().is_none()
}
