//! Shell text as a tree: as much of its grammar as is needed to say what reads each value.
//!
//! Owns the types. Never judges; a tree may well be nonsense to a shell.

use super::cells::Cell;
use super::plan::Quoting;

/// Commands one after the other, whatever joins them.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub pipelines: Vec<Vec<Command>>,
    /// Something else than a new line joins or ends them, or stands before one: `&`, `;`, `!`, `time`.
    pub joined: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Command {
    Simple {
        words: Vec<Word>,
        assignments: usize,
        redirections: Vec<Redirection>,
    },
    /// Groups, subshells, `if`, loops, `case`, `(( ))`.
    Compound {
        heads: Vec<(Head, Word)>,
        scripts: Vec<Script>,
        redirections: Vec<Redirection>,
    },
    /// `[[ … ]]`
    Test {
        items: Vec<Word>,
        redirections: Vec<Redirection>,
    },
    Function {
        name: String,
        body: Box<Command>,
    },
}

/// Words of a compound command that are no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The word of `case`, a word of `for … in`.
    Data,
    /// A word of `for … in`, which a list may fill.
    Several,
    Pattern,
    LoopName,
    Arithmetic,
}

#[derive(Clone, Debug)]
pub(super) struct Redirection {
    pub kind: RedirectionKind,
    pub target: Word,
    /// It opens what it names for writing.
    pub writes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RedirectionKind {
    File,
    /// `>&`, `<&`
    Descriptor,
    HereString,
    /// The number of the document.
    HereDocument(usize),
}

/// A here-document.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub quoted: bool,
    pub delimiter: String,
    /// Where the delimiter stands behind `<<`.
    pub delimiter_cells: Vec<Cell>,
    pub body_cells: Vec<Cell>,
    pub parts: Vec<Part>,
    pub backquotes: u8,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub parts: Vec<Part>,
}

/// A value in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    /// The number of its piece.
    pub piece: usize,
    pub quoting: Quoting,
    pub backquotes: u8,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Text with its quotes and backslashes resolved. `quoted`: no character of it means anything to the shell.
    Text {
        text: String,
        quoted: bool,
    },
    Value(Hole),
    Raw(Hole),
    /// `$x`, `${x}`, or with the operand of `${x:-operand}`.
    Expansion {
        name: String,
        operand: Vec<Part>,
    },
    /// Text that the shell reads as something else than data.
    Read {
        by: Reading,
        parts: Vec<Part>,
    },
    /// `$( )` and backquotes.
    Commands(Script),
    /// `<( )` and `>( )`.
    Process(Script),
    /// `( … )` behind `name=`.
    Array(Vec<Word>),
}

/// What reads a piece of text that is not data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Arithmetic,
    Subscript,
    /// The name in `${name}`.
    Parameter,
    /// `${x:1:2}`
    Offset,
    /// `${x#p}`, `${x%p}`, `${x/p/r}`, `${x^p}`, `${x@Q}`
    Pattern,
    /// Unquoted `${x:=y}`: what it assigns is split afterwards.
    Default,
    /// `$"…"`
    Translation,
    /// `${x@P}`
    Prompt,
}

impl Word {
    /// Returns the word's text when nothing in it is expanded.
    pub fn literal(&self) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            let Part::Text { text, .. } = part else {
                return None;
            };
            out.push_str(text);
        }
        Some(out)
    }

    /// Returns the text before the first thing that is expanded.
    pub fn prefix(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            let Part::Text { text, .. } = part else { break };
            out.push_str(text);
        }
        out
    }

    /// Returns whether a value stands in the word, at any depth.
    pub fn has_value(&self) -> bool {
        has_value(&self.parts)
    }

    /// Returns the word's own values, those in substitutions not counted.
    pub fn has_own_value(&self) -> bool {
        has_own_value(&self.parts)
    }

    /// Returns whether the word is one unquoted value.
    pub fn is_value(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Value(hole)] if hole.quoting == Quoting::Bare)
    }

    /// Returns whether quotes or a backslash stand in the word.
    pub fn is_quoted(&self) -> bool {
        self.parts.iter().any(|p| matches!(p, Part::Text { quoted: true, .. }))
    }
}

/// Returns whether a value stands in `parts`, at any depth.
pub(super) fn has_value(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Text { .. } => false,
        Part::Value(_) | Part::Raw(_) => true,
        Part::Expansion { operand: parts, .. } | Part::Read { parts, .. } => has_value(parts),
        Part::Commands(script) | Part::Process(script) => script.has_value(),
        Part::Array(words) => words.iter().any(Word::has_value),
    })
}

fn has_own_value(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Value(_) => true,
        Part::Expansion { operand: parts, .. } | Part::Read { parts, .. } => has_own_value(parts),
        Part::Array(words) => words.iter().any(Word::has_own_value),
        Part::Text { .. } | Part::Raw(_) | Part::Commands(_) | Part::Process(_) => false,
    })
}

impl Script {
    /// Returns whether a value stands in the script (here-documents not counted).
    pub fn has_value(&self) -> bool {
        self.commands().any(Command::has_value)
    }

    /// Returns the commands, those inside others not counted.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.pipelines.iter().flatten()
    }
}

impl Command {
    fn has_value(&self) -> bool {
        let redirected = |redirections: &[Redirection]| {
            redirections
                .iter()
                .any(|r| matches!(r.kind, RedirectionKind::HereDocument(_)) || r.target.has_value())
        };
        match self {
            Command::Simple { words, redirections, .. } | Command::Test { items: words, redirections } => {
                words.iter().any(Word::has_value) || redirected(redirections)
            }
            Command::Compound { heads, scripts, redirections } => {
                heads.iter().any(|(_, w)| w.has_value())
                    || scripts.iter().any(Script::has_value)
                    || redirected(redirections)
            }
            Command::Function { body, .. } => body.has_value(),
        }
    }
}
