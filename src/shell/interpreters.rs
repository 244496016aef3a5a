//! Programs that read code: shells, `awk`, `sed`, `perl`, `jq`, `psql` …
//!
//! Owns the reading of an interpreter's options: which words are code, which name a file of it, which are data, and
//! whether the input is code too. What the options are is in `programs`.

use std::rc::Rc;

use super::names::lists;
use super::positions::{Flow, ReadsCode, Stand, Walk};
use super::programs::{Interpreter, Operand};
use super::refusal::Refusal;
use super::tree::Word;

impl Walk<'_> {
    /// Walks a shell that is started as a program.
    pub fn shell(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let refusal = Refusal::interpreter(name, shell_help());
        let (mut command, mut stdin) = (false, false);
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            if !prefix.starts_with(['-', '+']) || prefix.len() < 2 {
                break;
            }
            at += 1;
            if word.literal().as_deref() == Some("--") {
                break;
            }
            self.refuse(word, &refusal, flow);
            let long = prefix.starts_with("--");
            command |= !long && prefix.contains('c');
            stdin |= !long && prefix.contains('s');
            if (!long && prefix.ends_with(['o', 'O']))
                || ["--rcfile", "--init-file"].contains(&prefix.as_str())
            {
                words.get(at).into_iter().for_each(|next| self.refuse(next, &refusal, flow));
                at += 1;
            }
        }
        let mut rest = words.get(at..).unwrap_or_default();
        if let Some((first, behind)) = rest.split_first().filter(|_| command || !stdin) {
            let refused = if command { refusal.clone() } else { Refusal::program(name) };
            self.refuse(first, &refused, flow);
            rest = behind;
            stdin = false;
        } else {
            stdin = true;
        }
        rest.iter().for_each(|word| self.word(word, &Stand::argument(), flow));
        stdin.then_some(refusal)
    }

    /// Walks an interpreter.
    pub fn interpreter(&mut self, name: &str, it: &Interpreter, words: &[Word], flow: &Flow) -> ReadsCode {
        let refusal = Refusal::interpreter(name, it.help);
        let mut reading =
            Options { it, code_given: false, operands: 0, ended: false, files: false, before: String::new() };
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let next = words.get(at + 1);
            let (here, behind) = reading.next(word);
            at += 1;
            self.taken(here, word, name, &refusal, flow);
            match behind {
                Behind::Nothing => {}
                Behind::One(taken) => {
                    at += 1;
                    next.into_iter().for_each(|next| self.taken(taken, next, name, &refusal, flow));
                }
                Behind::Pair => {
                    next.into_iter().for_each(|next| self.taken(Taken::Code, next, name, &refusal, flow));
                    words
                        .get(at + 1)
                        .into_iter()
                        .for_each(|value| self.word(value, &Stand::argument(), flow));
                    at += 2;
                }
            }
        }
        let dash = words
            .iter()
            .filter_map(Word::literal)
            .any(|l| ["-", "-f-", "--file=-", "/dev/stdin"].contains(&l.as_str()));
        (it.stdin && (dash || !reading.code_given)).then_some(refusal)
    }

    fn taken(&mut self, taken: Taken, word: &Word, name: &str, refusal: &Rc<Refusal>, flow: &Flow) {
        match taken {
            Taken::Code => self.refuse(word, refusal, flow),
            Taken::Program => self.refuse(word, &Refusal::program(name), flow),
            Taken::Data => self.argument(word, flow),
            Taken::Free => self.word(word, &Stand::argument(), flow),
        }
    }
}

/// How a word of an interpreter is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Code,
    Program,
    /// Data where options are read.
    Data,
    /// Data where none are.
    Free,
}

/// What the word decides about those behind it.
enum Behind {
    Nothing,
    One(Taken),
    /// A name and a value.
    Pair,
}

/// The state of reading an interpreter's options.
struct Options<'a> {
    it: &'a Interpreter,
    code_given: bool,
    operands: usize,
    ended: bool,
    /// `perl -n`, which opens its operands in its own way.
    files: bool,
    /// The operand before.
    before: String,
}

impl Options<'_> {
    fn next(&mut self, word: &Word) -> (Taken, Behind) {
        let prefix = word.prefix();
        if self.ended || !prefix.starts_with('-') || prefix.len() < 2 {
            return (self.operand(word), Behind::Nothing);
        }
        if word.literal().as_deref() == Some("--") {
            self.ended = true;
            return (Taken::Free, Behind::Nothing);
        }
        if lists(self.it.pairs, &prefix) {
            return (Taken::Code, Behind::Pair);
        }
        let (option, attached) = match prefix.split_once('=') {
            Some((option, _)) => (option, true),
            None => (prefix.as_str(), false),
        };
        let name = option.trim_start_matches('-');
        if lists(self.it.long_code, name) {
            self.code_given = true;
            return (Taken::Code, if attached { Behind::Nothing } else { Behind::One(Taken::Code) });
        }
        if option.starts_with("--") || lists(self.it.long, name) && name.len() > 1 {
            return match (lists(self.it.long, name), attached) {
                (true, false) => (Taken::Data, Behind::One(Taken::Data)),
                (_, true) => (Taken::Data, Behind::Nothing),
                (false, false) => {
                    self.code_given |= name == "from-file" || name == "file";
                    (Taken::Code, Behind::Nothing)
                }
            };
        }
        self.cluster(word, &prefix)
    }

    fn cluster(&mut self, word: &Word, prefix: &str) -> (Taken, Behind) {
        let last = prefix.chars().count() - 1;
        for (at, c) in prefix.chars().enumerate().skip(1) {
            let alone = at == last && word.literal().is_some();
            if self.it.loads.contains(c) {
                return (Taken::Code, if alone { Behind::One(Taken::Code) } else { Behind::Nothing });
            }
            if self.it.short_code.contains(c) {
                self.code_given = true;
                self.ended |= self.it.stops && "cm".contains(c);
                return (Taken::Code, if alone { Behind::One(Taken::Code) } else { Behind::Nothing });
            }
            if self.it.short.contains(c) || self.it.file.contains(c) {
                self.code_given |= self.it.file.contains(c);
                return (Taken::Data, if alone { Behind::One(Taken::Data) } else { Behind::Nothing });
            }
            self.files |= lists(self.it.names, "perl") && "np".contains(c);
        }
        // The rest of the word could be any option.
        (Taken::Code, Behind::Nothing)
    }

    fn operand(&mut self, word: &Word) -> Taken {
        let first = self.operands == 0;
        self.operands += 1;
        let given = self.code_given;
        let data = if self.ended { Taken::Free } else { Taken::Data };
        let taken = match self.it.operand {
            Operand::Code if first && !given => Taken::Code,
            // `yq eval 'expression'`
            Operand::Code if !given && ["eval", "e", "eval-all", "ea"].contains(&self.before.as_str()) => {
                Taken::Code
            }
            Operand::CodeBehindEval if self.before.to_lowercase().starts_with("eval") => Taken::Code,
            Operand::Program if first && !given => Taken::Program,
            Operand::CodeBehindFirst if !first => Taken::Code,
            _ if self.files => Taken::Code,
            _ => data,
        };
        self.before = word.literal().unwrap_or_default();
        let dash = self.before == "-";
        self.code_given |= (taken == Taken::Program && !dash)
            || (taken == Taken::Code && self.it.operand == Operand::CodeBehindFirst);
        self.ended |= self.it.stops;
        taken
    }
}

/// Returns the way to hand data to a shell.
pub(super) fn shell_help() -> &'static str {
    "hand it over as an argument behind the script, `sh -c '… \"$1\" …' sh {{ x }}`, or use `with env { X: … }` and `\"$X\"`"
}
