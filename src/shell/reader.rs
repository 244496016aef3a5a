//! The reader of shell text: its state, and what moves it.
//!
//! Owns the tape, the position on it, and the faults that end a reading. `words` and `commands` read with it.

use super::cells::{Atom, Cell};
use super::plan::Quoting;
use super::tree::{Document, Hole};

/// Nesting beyond this is refused: the reader calls itself.
const DEEPEST: usize = 48;

/// How often `((` may turn out not to be arithmetic, each of which reads the text again.
const MOST_ATTEMPTS: usize = 64;

/// Why a text cannot be read, and where.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub code: &'static str,
    pub message: String,
    pub help: String,
    /// The cell on the tape.
    pub at: usize,
}

/// A here-document whose body has not come yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub number: usize,
    /// `<<-`
    pub strip: bool,
    /// Where `<<` stands on the tape.
    pub at: usize,
}

/// A reading of a tape.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub cells: Vec<Cell>,
    pub position: usize,
    pub documents: Vec<Document>,
    pub pending: Vec<Pending>,
    /// Values in comments.
    pub comments: Vec<Hole>,
    pub backquotes: u8,
    depth: usize,
    attempts: usize,
}

impl Reader {
    /// Returns a reader at the start of `cells`.
    pub fn new(cells: Vec<Cell>) -> Self {
        Reader { cells, ..Reader::default() }
    }

    /// Returns what `read` makes of other cells, with the documents and limits of this reader.
    pub fn inside<T>(
        &mut self,
        cells: Vec<Cell>,
        backquotes: u8,
        read: impl FnOnce(&mut Reader) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut inner = Reader {
            cells,
            documents: std::mem::take(&mut self.documents),
            comments: std::mem::take(&mut self.comments),
            backquotes: self.backquotes.saturating_add(backquotes),
            depth: self.depth,
            attempts: self.attempts,
            ..Reader::default()
        };
        let result = read(&mut inner);
        self.documents = inner.documents;
        self.comments = inner.comments;
        self.attempts = inner.attempts;
        result
    }

    /// Returns what `read` makes one level deeper, or a fault when that is too deep.
    pub fn deeper<T>(&mut self, read: impl FnOnce(&mut Reader) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= DEEPEST {
            return Err(self.fault(
                "this is nested too deeply to be read",
                "put the inner part into a script of its own",
            ));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Counts an attempt to read arithmetic that was none.
    pub fn failed_attempt(&mut self) -> Result<(), Fault> {
        self.attempts += 1;
        if self.attempts > MOST_ATTEMPTS {
            return Err(self
                .fault("there is too much `((` here to be read", "write subshells as `( (`, with a blank"));
        }
        Ok(())
    }

    pub fn atom(&self) -> Option<Atom> {
        self.atom_after(0)
    }

    pub fn atom_after(&self, ahead: usize) -> Option<Atom> {
        self.cells.get(self.position + ahead).map(|c| c.atom)
    }

    /// Returns the next character, `None` at a value and at the end.
    pub fn peek(&self) -> Option<char> {
        self.peek_after(0)
    }

    pub fn peek_after(&self, ahead: usize) -> Option<char> {
        match self.atom_after(ahead) {
            Some(Atom::Char(c)) => Some(c),
            _ => None,
        }
    }

    pub fn is_at_end(&self) -> bool {
        self.position >= self.cells.len()
    }

    /// Returns whether `text` comes next.
    pub fn sees(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek_after(i) == Some(c))
    }

    /// Steps over `text` when it comes next.
    pub fn take(&mut self, text: &str) -> bool {
        let found = self.sees(text);
        if found {
            self.position += text.chars().count();
        }
        found
    }

    /// Returns the place of the next cell on the tape.
    pub fn at(&self) -> usize {
        match self.cells.get(self.position).or(self.cells.last()) {
            Some(cell) if self.is_at_end() => cell.at + 1,
            Some(cell) => cell.at,
            None => 0,
        }
    }

    pub fn hole(&self, piece: usize, quoting: Quoting) -> Hole {
        Hole { piece, quoting, backquotes: self.backquotes }
    }

    /// Returns a fault of the shell's grammar at the next cell.
    pub fn fault(&self, message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault { code: "shell-syntax", message: message.into(), help: help.into(), at: self.at() }
    }

    /// Returns the fault of something opened at `at` that never ends.
    pub fn unterminated(code: &'static str, what: &str, closer: &str, at: usize) -> Fault {
        Fault { code, message: format!("{what} is not closed"), help: format!("close it with {closer}"), at }
    }

    /// Refuses a sign right before a value that would take hold of the reference.
    pub fn refuse_before_value(&self, sign: char) -> Result<(), Fault> {
        match self.atom() {
            Some(Atom::Value(_) | Atom::Raw(_)) if sign == '$' => Err(self.fault(
                "`$` stands right before a value",
                "write `\\$` for a dollar sign; a value needs none",
            )),
            Some(Atom::Value(_) | Atom::Raw(_)) => Err(self.fault(
                "a backslash stands right before a value",
                "write `\\\\` for a backslash; a value needs none",
            )),
            _ => Ok(()),
        }
    }
}
