//! Values in words: each finds its place, or is refused.
//!
//! Owns the verdict on a single value, also on one that a variable carries, and the few words in which the shell would
//! not take even data as it is.

use std::rc::Rc;

use super::commands::closes_subscript;
use super::plan::{Position, Quoting, Shell};
use super::positions::{Flow, Placed, ReadsCode, Refused, Stand, Walk};
use super::refusal::Refusal;
use super::tree::{Hole, Part, Word};

impl Walk<'_> {
    /// Walks a word, all of whose values stand as `stand` says.
    pub fn word(&mut self, word: &Word, stand: &Stand, flow: &Flow) {
        let stand = match stand {
            Stand::Data { position, exposes, echoes, several } => {
                let several = *several && word.is_value() && self.shell == Shell::Bash;
                Stand::Data { position: *position, exposes: *exposes, echoes: *echoes, several }
            }
            Stand::Refused(_) => stand.clone(),
        };
        if let (Stand::Data { .. }, Some(refusal)) = (&stand, unsafe_word(word)) {
            return self.parts(&word.parts, &Stand::Refused(refusal), flow);
        }
        self.parts(&word.parts, &stand, flow);
    }

    /// Walks a word that takes no values.
    pub fn refuse(&mut self, word: &Word, refusal: &Rc<Refusal>, flow: &Flow) {
        self.word(word, &Stand::Refused(refusal.clone()), flow);
    }

    /// Walks words that take no values.
    pub fn refuse_all(&mut self, words: &[Word], refusal: &Rc<Refusal>, flow: &Flow) {
        words.iter().for_each(|word| self.refuse(word, refusal, flow));
    }

    /// Walks parts of a word.
    pub fn parts(&mut self, parts: &[Part], stand: &Stand, flow: &Flow) {
        for part in parts {
            match part {
                Part::Text { text, .. } => {
                    if let Stand::Refused(refusal) = stand
                        && refusal.evaluates
                    {
                        self.names(text, refusal);
                    }
                }
                Part::Value(hole) => self.value(*hole, stand, flow),
                Part::Raw(hole) => self.raw(*hole),
                Part::Expansion { name, operand } => {
                    self.carried(name, stand, flow);
                    self.parts(operand, stand, flow);
                }
                Part::Read { by, parts } => self.parts(parts, &Stand::Refused(Refusal::reading(*by)), flow),
                Part::Commands(script) | Part::Process(script) => {
                    let inner = inner_flow(stand, flow);
                    self.script(script, &inner);
                }
                Part::Array(words) => {
                    words.iter().for_each(|word| self.element(word, stand, flow));
                }
            }
        }
    }

    /// Walks a word between the parentheses of an array.
    fn element(&mut self, word: &Word, stand: &Stand, flow: &Flow) {
        let closing = word.parts.iter().position(closes_subscript);
        if let Some(at) = closing.filter(|_| word.prefix().starts_with('[')) {
            let (head, value) = word.parts.split_at((at + 1).min(word.parts.len()));
            self.subscript(head, flow);
            return self.parts(value, stand, flow);
        }
        let stand = match stand {
            Stand::Data { position, exposes, echoes, .. } => {
                Stand::Data { position: *position, exposes: *exposes, echoes: *echoes, several: true }
            }
            Stand::Refused(_) => stand.clone(),
        };
        self.word(word, &stand, flow);
    }

    fn value(&mut self, hole: Hole, stand: &Stand, flow: &Flow) {
        if self.shell == Shell::Sh && hole.quoting == Quoting::Ansi {
            let refusal =
                Refusal::shell("in `$'…'`", "use plain quotes, or a `bash` fence: sh does not know `$'…'`");
            return self.refuse_piece(hole.piece, &refusal, None);
        }
        match stand {
            Stand::Refused(refusal) => self.refuse_piece(hole.piece, refusal, None),
            Stand::Data { position, exposes, echoes, several } => {
                if let Some(refusal) = flow.refusal.as_ref().filter(|_| *echoes) {
                    return self.refuse_piece(hole.piece, refusal, None);
                }
                let exposed = *exposes || (*echoes && flow.exposed);
                self.placed.push(Placed { hole, position: *position, several: *several, exposed });
            }
        }
    }

    fn raw(&mut self, hole: Hole) {
        self.placed.push(Placed { hole, position: Position::Raw, several: false, exposed: true });
    }

    fn refuse_piece(&mut self, piece: usize, refusal: &Rc<Refusal>, through: Option<&str>) {
        if !self.refused.iter().any(|r| r.piece == piece) {
            let through = through.map(str::to_owned);
            self.refused.push(Refused { piece, refusal: refusal.clone(), through });
        }
    }

    /// Looks at an expansion of a variable that may hold values.
    fn carried(&mut self, name: &str, stand: &Stand, flow: &Flow) {
        let pieces = self.carriers.held(name);
        let (refusal, exposed) = match stand {
            Stand::Refused(refusal) => (Some(refusal.clone()), false),
            Stand::Data { exposes, echoes, .. } => {
                (flow.refusal.clone().filter(|_| *echoes), *exposes || (*echoes && flow.exposed))
            }
        };
        if exposed {
            self.exposed.extend(&pieces);
        }
        for (piece, refusal) in pieces.iter().zip(std::iter::repeat(refusal)) {
            if let Some(refusal) = refusal {
                self.refuse_piece(*piece, &refusal, Some(name));
            }
        }
    }

    /// Looks for variables in text that is read as code: arithmetic needs no `$`.
    fn names(&mut self, text: &str, refusal: &Rc<Refusal>) {
        for name in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            for piece in self.carriers.held(name) {
                self.refuse_piece(piece, refusal, Some(name));
            }
        }
    }

    /// Looks at a call of a function defined above.
    pub fn call(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let help = "write the `{{ }}` inside the function: it is right there too";
        self.refuse_all(words, &Refusal::shell(format!("an argument of the function `{name}`"), help), flow);
        for piece in self.carriers.printed(name) {
            if let Some(refusal) = &flow.refusal {
                self.refuse_piece(piece, refusal, None);
            }
            if flow.exposed {
                self.exposed.insert(piece);
            }
        }
        self.functions.get(name).cloned().flatten()
    }
}

/// Returns where the output of a substitution goes that stands as `stand` says.
fn inner_flow(stand: &Stand, flow: &Flow) -> Flow {
    match stand {
        Stand::Refused(refusal) => Flow { refusal: Some(refusal.clone()), exposed: true },
        Stand::Data { exposes, echoes: true, .. } => {
            Flow { refusal: flow.refusal.clone(), exposed: *exposes || flow.exposed }
        }
        Stand::Data { exposes, .. } => Flow { refusal: None, exposed: *exposes },
    }
}

/// Returns why a word that takes data would not take it as it is.
pub(super) fn unsafe_word(word: &Word) -> Option<Rc<Refusal>> {
    let value = word.parts.iter().position(|p| matches!(p, Part::Value(_)))?;
    let unquoted = |parts: &[Part], found: &dyn Fn(&str) -> bool| {
        parts.iter().any(|p| matches!(p, Part::Text { text, quoted: false } if found(text)))
    };
    let before = word.parts.get(..value).unwrap_or_default();
    if let [Part::Text { text, quoted: false }] = before
        && (text == "~" || text.ends_with("=~") || text.ends_with(":~"))
    {
        return Some(Refusal::shell("the name behind `~`", "write the directory out: `/home/{{ user }}`"));
    }
    let expands = unquoted(before, &|t| t.contains('{'))
        && unquoted(&word.parts, &|t| t.contains(',') || t.contains(".."));
    expands.then(|| {
        let help = "write the words one by one, or use `$(seq {{ a }} {{ b }})`";
        Refusal::shell("in `{a,b}` or `{a..b}`", help)
    })
}
