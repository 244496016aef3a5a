//! What the reading of a command yields: the plan that is checked, stored, and bound to values at run time.
//!
//! Owns the types of the room's interface. Never reads text: a plan is data, serialisable and hashed with the program.

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// A piece of a command's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Shell text as it stands in the file, its escapes untouched.
    Text { text: String, span: Span },
    /// The `index`-th `{{ }}` of the command, from 0. `raw`: it ends in `| raw` and is pasted.
    Value { index: usize, span: Span, raw: bool },
}

/// What the text was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CommandKind {
    /// `$ …`, run by bash when it needs a shell.
    OneLine,
    /// A fence, always run by its shell.
    Fence(Shell),
}

/// The shells whose text may have values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    Bash,
    Sh,
}

impl Shell {
    /// Returns the shell a fence names, or `None` for other interpreters, which take no `{{ }}`.
    pub fn named(name: &str) -> Option<Shell> {
        match name {
            "bash" => Some(Shell::Bash),
            "sh" => Some(Shell::Sh),
            _ => None,
        }
    }

    /// Returns the program's name.
    pub fn program(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Sh => "sh",
        }
    }
}

/// How a command is run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommandPlan {
    pub form: Form,
    /// One for each `{{ }}`, in the order of the text.
    pub bindings: Vec<Binding>,
    /// The text as written, for the log.
    pub template: Vec<ScriptPart>,
}

/// The two ways to run a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Form {
    /// No shell syntax: the program is started with these words. The first one is literal.
    Direct { words: Vec<Word> },
    /// A shell reads `text`, in which each `{{ }}` has become a reference to its binding's variable.
    Script {
        shell: Shell,
        text: Vec<ScriptPart>,
        /// Words that begin with a value, looked at before the shell starts.
        guards: Vec<Word>,
    },
}

/// A part of a script or of a template: text, or the place of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptPart {
    Text(String),
    /// In a script this is a pasted (`| raw`) value; all others are references by then.
    Value(usize),
}

/// A word of a command: its parts are joined. A word that is one value may be a list, and is then several words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Word {
    pub parts: Vec<WordPart>,
    /// What it may begin with when a value begins it.
    pub start: Start,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordPart {
    Literal(String),
    Value(usize),
}

/// What a word may begin with when a value begins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Anything: it stands after `--`, or where no options are read.
    Free,
    /// No `-`, it would be an option.
    NotOption,
    /// No `-`, `(`, `)`, `!` or `,`: `find` would read an expression, and `--` does not help there.
    NotExpression,
}

/// What is known about one `{{ }}` before its value is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Binding {
    pub index: usize,
    /// The shell variable it becomes; unused in a direct command.
    pub variable: String,
    pub position: Position,
    /// A list may stand here and becomes several words. Elsewhere a list is an error.
    pub several: bool,
    /// The value reaches the argument list of a program, where other users see it: no place for a secret.
    pub exposed: bool,
    pub quoting: Quoting,
    /// How many backquotes it stands in.
    pub backquotes: u8,
}

/// The places where the shell takes data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// An argument of an external program.
    Argument,
    /// An argument of a builtin of the shell that takes data (`echo`, `printf`, `cd` …).
    Builtin,
    /// The right side of an assignment, or an element of an array.
    Assignment,
    /// The target of a redirection.
    Redirection,
    HereDocument,
    HereString,
    /// The word of `case`, of `for … in`, or an operand of `[` that is compared as text.
    Word,
    /// Nobody reads it.
    Comment,
    /// `| raw`: pasted, wherever it stands.
    Raw,
}

/// The quotes a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quoting {
    Bare,
    Single,
    Double,
    /// `$'…'`
    Ansi,
    /// A here-document that expands.
    HereDocument,
    /// A here-document that does not (`<<'EOF'`).
    QuotedHereDocument,
}
