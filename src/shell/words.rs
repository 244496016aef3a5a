//! Words: quotes, expansions, substitutions.
//!
//! Owns the modes of shell quoting, and notes for each value which of them it stands in.

use super::cells::{Atom, Cell};
use super::plan::Quoting;
use super::reader::{Fault, Reader};
use super::tree::{Part, Reading, Word};

/// Returns whether `c` ends an unquoted word.
pub(super) fn is_meta(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

/// Where an unquoted stretch ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Meta,
    /// The `}` of `${x:-…}`.
    Brace,
    /// A blank: the right side of `=~` and `==` in `[[ ]]`, where `( | )` may stand.
    Blank,
}

/// Collects the parts of a word.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn text(&mut self, c: char, quoted: bool) {
        match self.0.last_mut() {
            Some(Part::Text { text, quoted: q }) if *q == quoted => text.push(c),
            _ => self.0.push(Part::Text { text: c.into(), quoted }),
        }
    }
}

impl Reader {
    /// Reads a word; it is empty when none begins here.
    pub fn word(&mut self, until: Until) -> Result<Word, Fault> {
        self.deeper(|r| r.bare(until)).map(|parts| Word { parts })
    }

    fn bare(&mut self, until: Until) -> Result<Vec<Part>, Fault> {
        let mut parts = Parts::default();
        let mut open = 0_usize;
        while let Some(atom) = self.atom() {
            let c = match atom {
                Atom::Char(c) => c,
                Atom::Value(piece) => {
                    parts.0.push(Part::Value(self.hole(piece, Quoting::Bare)));
                    self.position += 1;
                    continue;
                }
                Atom::Raw(piece) => {
                    parts.0.push(Part::Raw(self.hole(piece, Quoting::Bare)));
                    self.position += 1;
                    continue;
                }
            };
            if until == Until::Meta && (self.sees("<(") || self.sees(">(")) {
                parts.0.push(self.process()?);
                continue;
            }
            let ends = match until {
                Until::Meta => is_meta(c),
                Until::Brace => c == '}',
                Until::Blank => open == 0 && (" \t\n;&)".contains(c)),
            };
            if ends {
                break;
            }
            let start = self.at();
            self.position += 1;
            match c {
                '\\' => self.backslash(&mut parts)?,
                '\'' => self.single(&mut parts, start)?,
                '"' => parts.0.extend(self.double(start)?),
                '$' => self.dollar(Quoting::Bare, &mut parts)?,
                '`' => parts.0.push(self.backquote(Quoting::Bare, start)?),
                _ => {
                    match c {
                        '(' => open += 1,
                        ')' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    parts.text(c, false);
                    if c == '=' && self.peek() == Some('(') && until == Until::Meta && is_assignment(&parts.0)
                    {
                        parts.0.push(self.array()?);
                    }
                }
            }
        }
        Ok(parts.0)
    }

    fn backslash(&mut self, parts: &mut Parts) -> Result<(), Fault> {
        self.refuse_before_value('\\')?;
        match self.peek() {
            Some('\n') => {}
            Some(c) => parts.text(c, true),
            None => parts.text('\\', true),
        }
        self.position += 1;
        Ok(())
    }

    fn single(&mut self, parts: &mut Parts, start: usize) -> Result<(), Fault> {
        // An empty `''` is a word too.
        parts.0.push(Part::Text { text: String::new(), quoted: true });
        loop {
            match self.atom() {
                Some(Atom::Char('\'')) => break,
                Some(Atom::Char(c)) => parts.text(c, true),
                Some(Atom::Value(piece)) => parts.0.push(Part::Value(self.hole(piece, Quoting::Single))),
                Some(Atom::Raw(piece)) => parts.0.push(Part::Raw(self.hole(piece, Quoting::Single))),
                None => {
                    return Err(Reader::unterminated("unterminated-quote", "the quote `'`", "`'`", start));
                }
            }
            self.position += 1;
        }
        self.position += 1;
        Ok(())
    }

    fn ansi(&mut self, parts: &mut Parts, start: usize) -> Result<(), Fault> {
        parts.0.push(expansion(String::new()));
        loop {
            match self.atom() {
                Some(Atom::Char('\'')) => break,
                Some(Atom::Char('\\')) => {
                    self.position += 1;
                    self.refuse_before_value('\\')?;
                }
                Some(Atom::Char(_)) => {}
                Some(Atom::Value(piece)) => parts.0.push(Part::Value(self.hole(piece, Quoting::Ansi))),
                Some(Atom::Raw(piece)) => parts.0.push(Part::Raw(self.hole(piece, Quoting::Ansi))),
                None => {
                    return Err(Reader::unterminated("unterminated-quote", "the quote `$'`", "`'`", start));
                }
            }
            self.position += 1;
        }
        self.position += 1;
        Ok(())
    }

    fn double(&mut self, start: usize) -> Result<Vec<Part>, Fault> {
        let parts = self.deeper(|r| r.quoted(Quoting::Double, Some('"')))?;
        if !self.take("\"") {
            return Err(Reader::unterminated("unterminated-quote", "the quote `\"`", "`\"`", start));
        }
        Ok(parts)
    }

    /// Reads text in which only `$`, backquotes and the backslash mean something, up to `closer` or the end.
    pub fn quoted(&mut self, quoting: Quoting, closer: Option<char>) -> Result<Vec<Part>, Fault> {
        let mut parts = Parts(vec![Part::Text { text: String::new(), quoted: true }]);
        while let Some(atom) = self.atom() {
            let start = self.at();
            match atom {
                Atom::Char(c) if Some(c) == closer => break,
                Atom::Value(piece) => parts.0.push(Part::Value(self.hole(piece, quoting))),
                Atom::Raw(piece) => parts.0.push(Part::Raw(self.hole(piece, quoting))),
                Atom::Char(_) => {}
            }
            self.position += 1;
            match atom {
                Atom::Char('\\') => {
                    self.refuse_before_value('\\')?;
                    let next = self.peek();
                    match next {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '\\')) => parts.text(c, true),
                        Some('"') if quoting == Quoting::Double => parts.text('"', true),
                        Some(c) => {
                            parts.text('\\', true);
                            parts.text(c, true);
                        }
                        None => parts.text('\\', true),
                    }
                    self.position += usize::from(next.is_some());
                }
                Atom::Char('$') => self.dollar(quoting, &mut parts)?,
                Atom::Char('`') => parts.0.push(self.backquote(quoting, start)?),
                Atom::Char('"') if closer == Some('}') && quoting == Quoting::Double => {
                    parts.0.extend(self.double(start)?);
                }
                Atom::Char(c) => parts.text(c, true),
                Atom::Value(_) | Atom::Raw(_) => {}
            }
        }
        Ok(parts.0)
    }

    /// Reads what follows a `$`.
    fn dollar(&mut self, quoting: Quoting, parts: &mut Parts) -> Result<(), Fault> {
        let start = self.at().saturating_sub(1);
        self.refuse_before_value('$')?;
        let part = match self.peek() {
            Some('(') => {
                if let Some(part) = self.arithmetic("((", "))")? {
                    part
                } else {
                    self.position += 1;
                    self.substitution("`$(`", start).map(Part::Commands)?
                }
            }
            Some('{') => {
                self.position += 1;
                self.deeper(|r| r.braces(quoting, start))?
            }
            Some('[') => match self.arithmetic("[", "]")? {
                Some(part) => part,
                None => Part::Text { text: "$".into(), quoted: false },
            },
            Some('\'') if quoting == Quoting::Bare => {
                self.position += 1;
                return self.ansi(parts, start);
            }
            Some('"') if quoting == Quoting::Bare => {
                self.position += 1;
                Part::Read { by: Reading::Translation, parts: self.double(start)? }
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => expansion(self.name()),
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.position += 1;
                expansion(c.into())
            }
            _ => Part::Text { text: "$".into(), quoted: quoting != Quoting::Bare },
        };
        parts.0.push(part);
        Ok(())
    }

    /// Reads `$( … )`, the opening read already.
    fn substitution(&mut self, what: &str, start: usize) -> Result<super::tree::Script, Fault> {
        let outer = std::mem::take(&mut self.pending);
        let script = self.deeper(Reader::script)?;
        if !self.take(")") {
            return Err(if self.is_at_end() {
                Reader::unterminated("unterminated-substitution", what, "`)`", start)
            } else {
                self.unexpected()
            });
        }
        self.refuse_pending()?;
        self.pending = outer;
        Ok(script)
    }

    fn process(&mut self) -> Result<Part, Fault> {
        let start = self.at();
        let what = if self.peek() == Some('<') { "`<(`" } else { "`>(`" };
        self.position += 2;
        self.substitution(what, start).map(Part::Process)
    }

    /// Reads `` `…` ``: one level of backslashes is taken away, then it is a script.
    fn backquote(&mut self, quoting: Quoting, start: usize) -> Result<Part, Fault> {
        let mut inner: Vec<Cell> = Vec::new();
        loop {
            let Some(cell) = self.cells.get(self.position).copied() else {
                return Err(Reader::unterminated(
                    "unterminated-substitution",
                    "the backquote",
                    "another backquote",
                    start,
                ));
            };
            self.position += 1;
            match cell.atom {
                Atom::Char('`') => break,
                Atom::Char('\\') => {
                    let taken = match self.peek() {
                        Some('`' | '\\' | '$') => true,
                        Some('"') => quoting == Quoting::Double,
                        _ => false,
                    };
                    if !taken {
                        inner.push(cell);
                    }
                    if let Some(next) = self.cells.get(self.position) {
                        inner.push(*next);
                        self.position += 1;
                    }
                }
                _ => inner.push(cell),
            }
        }
        self.deeper(|r| r.inside(inner, 1, Reader::whole_script)).map(Part::Commands)
    }

    /// Reads what follows `${`.
    fn braces(&mut self, quoting: Quoting, start: usize) -> Result<Part, Fault> {
        let mut parts = Vec::new();
        let indirect = self.peek() == Some('!');
        if matches!(self.peek(), Some('!' | '#')) && self.peek_after(1) != Some('}') {
            self.position += 1;
        }
        let mut name = self.name();
        if let Some(c) = self.peek().filter(|c| name.is_empty() && "@*#?-$!".contains(*c)) {
            self.position += 1;
            name.push(c);
        }
        if name.is_empty() {
            let rest = self.operand(quoting, true)?;
            parts.push(Part::Read { by: Reading::Parameter, parts: rest });
        }
        if let Some(subscript) = self.arithmetic("[", "]")? {
            let Part::Read { parts: inner, .. } = subscript else {
                return Err(self.unexpected());
            };
            parts.push(Part::Read { by: Reading::Subscript, parts: inner });
        }
        let prompt = self.sees("@P");
        if indirect || prompt {
            let by = if prompt { Reading::Prompt } else { Reading::Parameter };
            parts.push(Part::Read { by, parts: vec![expansion(name.clone())] });
        }
        parts.extend(self.operator(quoting)?);
        if !self.take("}") {
            return Err(Reader::unterminated("unterminated-substitution", "`${`", "`}`", start));
        }
        Ok(Part::Expansion { name, operand: parts })
    }

    /// Reads what follows the name in `${name…}`.
    fn operator(&mut self, quoting: Quoting) -> Result<Vec<Part>, Fault> {
        let data = [":-", ":=", ":+", ":?", "-", "=", "+", "?"];
        if let Some(operator) = data.iter().find(|o| self.sees(o)) {
            self.position += operator.len();
            let parts = self.operand(quoting, false)?;
            if operator.ends_with('=') && quoting == Quoting::Bare {
                return Ok(vec![Part::Read { by: Reading::Default, parts }]);
            }
            return Ok(parts);
        }
        let by = match self.peek() {
            Some('}') => return Ok(Vec::new()),
            Some(':') => Reading::Offset,
            _ => Reading::Pattern,
        };
        Ok(vec![Part::Read { by, parts: self.operand(quoting, true)? }])
    }

    /// Reads letters, digits and underscores.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
            self.position += 1;
        }
        name
    }

    /// Reads up to the `}` of an expansion. In a pattern, quotes quote also inside double quotes.
    fn operand(&mut self, quoting: Quoting, pattern: bool) -> Result<Vec<Part>, Fault> {
        if quoting == Quoting::Bare || pattern {
            self.deeper(|r| r.bare(Until::Brace))
        } else {
            self.deeper(|r| r.quoted(quoting, Some('}')))
        }
    }

    /// Reads arithmetic between `open` and `close`; `None`, with nothing read, when it is none.
    pub fn arithmetic(&mut self, open: &str, close: &str) -> Result<Option<Part>, Fault> {
        let start = self.position;
        if !self.take(open) {
            return Ok(None);
        }
        let known = self.documents.len();
        let read = self.deeper(|r| r.balanced(close));
        match read {
            Ok(Some(parts)) => Ok(Some(Part::Read { by: Reading::Arithmetic, parts })),
            // Two opening parentheses may begin a subshell in a subshell: the caller reads again.
            Ok(None) | Err(_) => {
                self.position = start;
                self.failed_attempt()?;
                self.documents.truncate(known);
                self.pending.retain(|p| p.number < known);
                Ok(None)
            }
        }
    }

    fn balanced(&mut self, close: &str) -> Result<Option<Vec<Part>>, Fault> {
        let (opener, closer) = if close == "]" { ('[', ']') } else { ('(', ')') };
        let mut parts = Parts::default();
        let mut open = 0_usize;
        loop {
            if open == 0 && self.take(close) {
                return Ok(Some(parts.0));
            }
            let start = self.at();
            let Some(atom) = self.atom() else {
                return Ok(None);
            };
            self.position += 1;
            match atom {
                Atom::Value(piece) => parts.0.push(Part::Value(self.hole(piece, Quoting::Bare))),
                Atom::Raw(piece) => parts.0.push(Part::Raw(self.hole(piece, Quoting::Bare))),
                Atom::Char('\\') => self.backslash(&mut parts)?,
                Atom::Char('"') => parts.0.extend(self.double(start)?),
                Atom::Char('$') => self.dollar(Quoting::Double, &mut parts)?,
                Atom::Char('`') => parts.0.push(self.backquote(Quoting::Double, start)?),
                Atom::Char(c) if c == closer && open == 0 => return Ok(None),
                Atom::Char(c) => {
                    open = if c == opener { open + 1 } else { open - usize::from(c == closer) };
                    parts.text(c, false);
                }
            }
        }
    }

    /// Reads the `( … )` of `name=( … )`.
    fn array(&mut self) -> Result<Part, Fault> {
        let start = self.at();
        self.position += 1;
        let mut words = Vec::new();
        loop {
            self.skip_blanks_and_newlines()?;
            if self.take(")") {
                return Ok(Part::Array(words));
            }
            if self.is_at_end() {
                return Err(Reader::unterminated(
                    "unterminated-substitution",
                    "the array's `(`",
                    "`)`",
                    start,
                ));
            }
            let word = self.word(Until::Meta)?;
            if word.parts.is_empty() {
                return Err(self.unexpected());
            }
            words.push(word);
        }
    }
}

fn expansion(name: String) -> Part {
    Part::Expansion { name, operand: Vec::new() }
}

/// Returns whether `parts` are `name=` or `name+=` so far.
fn is_assignment(parts: &[Part]) -> bool {
    let [Part::Text { text, quoted: false }] = parts else {
        return false;
    };
    let Some(name) = text.strip_suffix('=') else {
        return false;
    };
    is_name(name.strip_suffix('+').unwrap_or(name))
}

/// Returns whether `text` can name a shell variable.
pub(super) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
