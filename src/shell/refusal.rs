//! Why a value may not stand somewhere, in words.
//!
//! Owns the messages of `unsafe-position` and `second-interpreter`. Never decides; `positions` does.

use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::source::Span;

use super::tree::Reading;

/// A place that takes no value.
#[derive(Debug)]
pub(super) struct Refusal {
    code: &'static str,
    /// Completes "a value cannot be …".
    what: String,
    label: String,
    help: String,
    /// Names of variables are read there without a `$`.
    pub evaluates: bool,
}

impl Refusal {
    fn new(
        code: &'static str,
        what: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Rc<Self> {
        Rc::new(Refusal { code, what: what.into(), label: label.into(), help: help.into(), evaluates: false })
    }

    /// Returns the refusal of a place where the shell evaluates text as arithmetic.
    pub fn evaluated(what: &str, help: &str) -> Rc<Self> {
        let label = "the shell would evaluate it".into();
        Rc::new(Refusal {
            code: "unsafe-position",
            what: what.into(),
            label,
            help: help.into(),
            evaluates: true,
        })
    }

    /// Returns the refusal of a place that the shell itself reads as code, or might.
    pub fn shell(what: impl Into<String>, help: impl Into<String>) -> Rc<Self> {
        Refusal::new("unsafe-position", what, "the shell takes no data here", help)
    }

    /// Returns the refusal of code for `program`.
    pub fn interpreter(program: &str, help: impl Into<String>) -> Rc<Self> {
        let (what, label) =
            (format!("part of a script for `{program}`"), format!("`{program}` would read it as code"));
        Refusal::new("second-interpreter", what, label, help)
    }

    /// Returns the refusal of the name of what is run.
    pub fn command() -> Rc<Self> {
        Refusal::shell(
            "the name of a command",
            "write the program's name out, in an `if` for each where there are several",
        )
    }

    /// Returns the refusal of arguments of something whose name is not known.
    pub fn unknown_command() -> Rc<Self> {
        let help = "write the program's name out, so that it is known what reads the value";
        Refusal::shell("an argument of a command whose name is computed", help)
    }

    /// Returns the refusal of a second program's file.
    pub fn program(program: &str) -> Rc<Self> {
        let help = "write the path out, or use `with dir` and a path relative to it";
        Refusal::shell(format!("the program that `{program}` runs"), help)
    }

    /// Returns the refusal of text that `by` reads.
    pub fn reading(by: Reading) -> Rc<Self> {
        let compare = "compare it in the runbook (`if x > 1`), or compute it there: `{{ x + 1 }}`";
        match by {
            Reading::Arithmetic => Refusal::evaluated("part of shell arithmetic", compare),
            Reading::Subscript => {
                Refusal::evaluated("the subscript of an array", "look it up in the runbook: `{{ list[0] }}`")
            }
            Reading::Parameter => Refusal::shell(
                "the name of a variable",
                "write the name out; a record in the runbook has keys",
            ),
            Reading::Offset => Refusal::evaluated("part of `${x:offset:length}`", compare),
            Reading::Pattern => Refusal::shell(
                "a pattern in `${…}`",
                "change the text in the runbook: `{{ x | replace(a, b) }}`",
            ),
            Reading::Default => Refusal::shell(
                "the default in an unquoted `${x:=…}`",
                "put it into double quotes: `\"${x:={{ y }}}\"`",
            ),
            Reading::Prompt => Refusal::shell("expanded as a prompt, `${x@P}`", "take it as it is: `$x`"),
            Reading::Translation => {
                Refusal::shell("in a text to be translated, `$\"…\"`", "use plain double quotes")
            }
        }
    }

    /// Returns the diagnostic for the value at `span`; `through` is the variable that carried it.
    pub fn diagnostic(&self, span: Span, through: Option<&str>) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code, format!("a value cannot be {}", self.what));
        match through {
            None => diagnostic.at(span, self.label.clone()),
            Some(name) => diagnostic.at(span, format!("the variable `{name}` brings it there")),
        }
        .help(self.help.clone())
    }
}
