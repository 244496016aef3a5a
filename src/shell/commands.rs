//! Commands: lists, pipelines, compound commands.
//!
//! Owns the grammar above words. It is generous: what bash would reject may pass, what it accepts and this reader
//! does not know is a fault, never a guess.

use super::cells::Atom;
use super::plan::Quoting;
use super::reader::{Fault, Reader};
use super::tree::{Command, Head, Part, Script, Word};
use super::words::{Until, is_meta, is_name};

/// Words that end a list of commands wherever a command could begin.
const CLOSERS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl Reader {
    /// Reads to the end of the cells.
    pub fn whole_script(&mut self) -> Result<Script, Fault> {
        let script = self.script()?;
        if !self.is_at_end() {
            return Err(self.unexpected());
        }
        self.refuse_pending()?;
        Ok(script)
    }

    /// Reads commands up to a `)`, `;;`, a closing word, or the end.
    pub fn script(&mut self) -> Result<Script, Fault> {
        let mut script = Script::default();
        loop {
            self.skip_blanks_and_newlines()?;
            if self.is_at_end() || self.sees(")") || self.sees(";;") || self.sees(";&") {
                break;
            }
            if self.take(";") || self.take("&&") || self.take("||") || (!self.sees("&>") && self.take("&")) {
                script.joined = true;
                continue;
            }
            if self.plain_word().is_some_and(|w| CLOSERS.contains(&w.as_str())) {
                break;
            }
            script.joined |= self.plain_word().is_some_and(|w| w == "!" || w == "time");
            let pipeline = self.deeper(Reader::pipeline)?;
            script.pipelines.push(pipeline);
            self.skip_blanks();
            let ended = self.is_at_end() || self.peek().is_some_and(|c| "\n;&|)".contains(c));
            if !ended && !self.plain_word().is_some_and(|w| CLOSERS.contains(&w.as_str())) {
                return Err(self.unexpected());
            }
        }
        Ok(script)
    }

    fn pipeline(&mut self) -> Result<Vec<Command>, Fault> {
        let mut commands = Vec::new();
        loop {
            while let Some(word) = self.plain_word().filter(|w| w == "!" || w == "time") {
                self.position += word.len();
                self.skip_blanks();
                if word == "time" && self.plain_word().as_deref() == Some("-p") {
                    self.position += 2;
                    self.skip_blanks();
                }
            }
            commands.push(self.command()?);
            self.skip_blanks();
            if self.sees("||") || !self.take("|") {
                return Ok(commands);
            }
            self.take("&");
            self.skip_blanks_and_newlines()?;
        }
    }

    fn command(&mut self) -> Result<Command, Fault> {
        if self.sees("((")
            && let Some(part) = self.arithmetic("((", "))")?
        {
            let heads = vec![(Head::Arithmetic, Word { parts: vec![part] })];
            return Ok(Command::Compound { heads, scripts: Vec::new(), redirections: self.redirections()? });
        }
        let start = self.at();
        if self.take("(") {
            let script = self.script()?;
            self.close(")", "the subshell's `(`", start)?;
            return self.compound(Vec::new(), vec![script]);
        }
        let Some(word) = self.plain_word() else {
            return self.simple();
        };
        let keyword = ["{", "if", "while", "until", "for", "select", "case", "function", "[[", "coproc"]
            .contains(&word.as_str());
        if !keyword {
            return self.simple();
        }
        self.position += word.len();
        match word.as_str() {
            "{" => {
                let script = self.script()?;
                self.close("}", "the group's `{`", start)?;
                self.compound(Vec::new(), vec![script])
            }
            "if" => self.conditional(start),
            "while" | "until" => {
                let condition = self.script()?;
                let body = self.loop_body(start)?;
                self.compound(Vec::new(), vec![condition, body])
            }
            "for" | "select" => self.for_loop(&word, start),
            "case" => self.case(start),
            "function" => {
                self.skip_blanks();
                let name = self.word(Until::Meta)?;
                self.skip_blanks();
                if self.take("(") {
                    self.skip_blanks();
                    self.close(")", "the function's `(`", start)?;
                }
                self.function(&name)
            }
            "[[" => self.test(start),
            _ => Err(self.fault("`coproc` is not read here", "start it with `&`, or write a script file")),
        }
    }

    fn compound(&mut self, heads: Vec<(Head, Word)>, scripts: Vec<Script>) -> Result<Command, Fault> {
        Ok(Command::Compound { heads, scripts, redirections: self.redirections()? })
    }

    fn conditional(&mut self, start: usize) -> Result<Command, Fault> {
        let mut scripts = vec![self.script()?];
        self.close("then", "this `if`", start)?;
        scripts.push(self.script()?);
        loop {
            match self.plain_word().as_deref() {
                Some("elif") => {
                    self.position += 4;
                    scripts.push(self.script()?);
                    self.close("then", "this `if`", start)?;
                    scripts.push(self.script()?);
                }
                Some("else") => {
                    self.position += 4;
                    scripts.push(self.script()?);
                }
                _ => {
                    self.close("fi", "this `if`", start)?;
                    return self.compound(Vec::new(), scripts);
                }
            }
        }
    }

    fn loop_body(&mut self, start: usize) -> Result<Script, Fault> {
        self.close("do", "this loop", start)?;
        let body = self.script()?;
        self.close("done", "this loop", start)?;
        Ok(body)
    }

    fn for_loop(&mut self, keyword: &str, start: usize) -> Result<Command, Fault> {
        self.skip_blanks();
        let mut heads = Vec::new();
        if let Some(part) = self.arithmetic("((", "))")? {
            heads.push((Head::Arithmetic, Word { parts: vec![part] }));
        } else {
            heads.push((Head::LoopName, self.word(Until::Meta)?));
            self.skip_blanks_and_newlines()?;
            if self.plain_word().as_deref() == Some("in") {
                self.position += 2;
                loop {
                    self.skip_blanks();
                    let word = self.word(Until::Meta)?;
                    if word.parts.is_empty() {
                        break;
                    }
                    // `select` asks at a terminal, which no command has.
                    heads.push((if keyword == "for" { Head::Several } else { Head::LoopName }, word));
                }
            }
        }
        self.skip_blanks();
        self.take(";");
        self.skip_blanks_and_newlines()?;
        let body = if self.plain_word().as_deref() == Some("{") {
            self.position += 1;
            let body = self.script()?;
            self.close("}", "this loop", start)?;
            body
        } else {
            self.loop_body(start)?
        };
        self.compound(heads, vec![body])
    }

    fn case(&mut self, start: usize) -> Result<Command, Fault> {
        self.skip_blanks();
        let mut heads = vec![(Head::Data, self.word(Until::Meta)?)];
        let mut scripts = Vec::new();
        self.skip_blanks_and_newlines()?;
        self.close("in", "this `case`", start)?;
        loop {
            self.skip_blanks_and_newlines()?;
            if self.plain_word().as_deref() == Some("esac") {
                self.position += 4;
                return self.compound(heads, scripts);
            }
            self.take("(");
            loop {
                self.skip_blanks();
                let pattern = self.word(Until::Meta)?;
                if pattern.parts.is_empty() {
                    return Err(self.unclosed("this `case`", "`esac`", start));
                }
                heads.push((Head::Pattern, pattern));
                self.skip_blanks();
                if self.take(")") {
                    break;
                }
                if !self.take("|") {
                    return Err(self.unclosed("this `case`", "`esac`", start));
                }
            }
            scripts.push(self.script()?);
            if !(self.take(";;&") || self.take(";;") || self.take(";&")) {
                self.skip_blanks_and_newlines()?;
                self.close("esac", "this `case`", start)?;
                return self.compound(heads, scripts);
            }
        }
    }

    fn test(&mut self, start: usize) -> Result<Command, Fault> {
        let mut items: Vec<Word> = Vec::new();
        loop {
            self.skip_blanks_and_newlines()?;
            if self.plain_word().as_deref() == Some("]]") {
                self.position += 2;
                return Ok(Command::Test { items, redirections: self.redirections()? });
            }
            if self.is_at_end() {
                return Err(Reader::unterminated("shell-syntax", "the test `[[`", "`]]`", start));
            }
            let operator = ["&&", "||", "(", ")", "<", ">"].into_iter().find(|o| self.sees(o));
            if let Some(operator) = operator {
                self.position += operator.len();
                items.push(Word { parts: vec![Part::Text { text: operator.into(), quoted: false }] });
                continue;
            }
            let last = items.last().and_then(Word::literal).unwrap_or_default();
            let until =
                if ["=~", "==", "=", "!="].contains(&last.as_str()) { Until::Blank } else { Until::Meta };
            let word = self.word(until)?;
            if word.parts.is_empty() {
                return Err(self.unexpected());
            }
            items.push(word);
        }
    }

    fn function(&mut self, name: &Word) -> Result<Command, Fault> {
        let Some(name) = name.literal().filter(|n| !n.is_empty()) else {
            return Err(self.fault("a function's name must be written out", "give it a plain name"));
        };
        self.skip_blanks_and_newlines()?;
        let body = self.deeper(Reader::command)?;
        Ok(Command::Function { name, body: Box::new(body) })
    }

    fn simple(&mut self) -> Result<Command, Fault> {
        let (mut words, mut redirections) = (Vec::new(), Vec::new());
        let mut assignments = 0;
        loop {
            self.skip_blanks();
            if let Some(redirection) = self.redirection()? {
                redirections.push(redirection);
                continue;
            }
            let word = self.word(Until::Meta)?;
            if word.parts.is_empty() {
                break;
            }
            if words.len() == assignments && assigned(&word).is_some() {
                assignments += 1;
            }
            words.push(word);
        }
        if let ([name], 0, true, Some('(')) =
            (words.as_slice(), assignments, redirections.is_empty(), self.peek())
        {
            let name = name.clone();
            self.position += 1;
            self.skip_blanks();
            if !self.take(")") {
                return Err(self.unexpected());
            }
            return self.function(&name);
        }
        if words.is_empty() && redirections.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command::Simple { words, assignments, redirections })
    }

    /// Steps over blanks, continued lines and a comment.
    pub fn skip_blanks(&mut self) {
        while self.take(" ") || self.take("\t") || self.take("\\\n") {}
        if self.peek() == Some('#') {
            while let Some(atom) = self.atom().filter(|a| *a != Atom::Char('\n')) {
                if let Atom::Value(piece) | Atom::Raw(piece) = atom {
                    let hole = self.hole(piece, Quoting::Bare);
                    self.comments.push(hole);
                }
                self.position += 1;
            }
        }
    }

    pub fn skip_blanks_and_newlines(&mut self) -> Result<(), Fault> {
        loop {
            self.skip_blanks();
            if !self.take("\n") {
                return Ok(());
            }
            self.bodies()?;
        }
    }

    /// Returns the next word when it has neither quotes nor anything to expand: a keyword may be one.
    fn plain_word(&self) -> Option<String> {
        let mut word = String::new();
        for ahead in 0.. {
            match self.atom_after(ahead) {
                None => break,
                Some(Atom::Char(c)) if is_meta(c) => break,
                Some(Atom::Char(c)) if !matches!(c, '\\' | '\'' | '"' | '$' | '`') => word.push(c),
                Some(_) => return None,
            }
        }
        Some(word).filter(|w| !w.is_empty())
    }

    /// Steps over the word or sign that closes what was opened at `start`.
    fn close(&mut self, closer: &str, what: &str, start: usize) -> Result<(), Fault> {
        let found =
            if closer == ")" { self.sees(closer) } else { self.plain_word().as_deref() == Some(closer) };
        if !found {
            return Err(self.unclosed(what, &format!("`{closer}`"), start));
        }
        self.position += closer.len();
        Ok(())
    }

    fn unclosed(&self, what: &str, closer: &str, start: usize) -> Fault {
        if self.is_at_end() {
            Reader::unterminated("shell-syntax", what, closer, start)
        } else {
            self.unexpected()
        }
    }

    pub fn unexpected(&self) -> Fault {
        let help = "check the quotes and brackets before it; a script of its own can be run by its path";
        match (self.atom(), self.plain_word()) {
            (Some(Atom::Char('\n')), _) => self.fault("the line ends where a command is expected", help),
            (Some(Atom::Char(_)), Some(word)) => self.fault(format!("`{word}` is not expected here"), help),
            (Some(Atom::Char(c)), None) => self.fault(format!("`{c}` is not expected here"), help),
            (Some(_), _) => self.fault("a value is not expected here", help),
            (None, _) => self.fault("the command ends where more is expected", help),
        }
    }
}

/// What an assignment word assigns to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    pub name: String,
    /// How many parts of the word come before the value, the last of which holds the `=`.
    pub head: usize,
    /// `name[…]=`
    pub subscript: bool,
}

/// Returns what `word` assigns to, `None` when it is no assignment.
pub(super) fn assigned(word: &Word) -> Option<Assigned> {
    let Some(Part::Text { text, quoted: false }) = word.parts.first() else {
        return None;
    };
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !is_name(name) {
        return None;
    }
    if rest.starts_with('=') || rest.starts_with("+=") {
        return Some(Assigned { name: name.into(), head: 1, subscript: false });
    }
    let closing = word.parts.iter().position(closes_subscript).filter(|_| rest.starts_with('['))?;
    Some(Assigned { name: name.into(), head: closing + 1, subscript: true })
}

/// Returns whether the `]=` of an assignment to an element stands in `part`.
pub(super) fn closes_subscript(part: &Part) -> bool {
    match part {
        Part::Text { text, quoted: false } => text.contains("]=") || text.contains("]+="),
        _ => false,
    }
}
