//! What people bring along from YAML, shells and other languages.
//!
//! Owns the guesses that need no grammar: the first words of a line are enough. Never guesses where a known
//! sentence went wrong.

use super::call::shortened;
use super::forms::{FORMS, Place, form, forms};
use super::reader::first_word;
use super::token::token;
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Span;

/// Words of other languages, and what is said here.
const FOREIGN: [(&str, &str); 16] = [
    ("unless", "write `if not (…) { … }`"),
    ("elif", "write `else if … { … }` right behind the block of the `if`"),
    ("elsif", "write `else if … { … }` right behind the block of the `if`"),
    ("while", "poll with `check … until EXPR within 5m every 10s`"),
    ("foreach", "write `for x in xs, at most 50 { … }`"),
    ("then", "leave it out: the block follows the condition"),
    ("try", "`try` stands before a call: `check x = try $ …`"),
    ("assert", "write `verify EXPR`"),
    ("echo", "write `show EXPR` or `finding \"…\"`"),
    ("print", "write `show EXPR` or `finding \"…\"`"),
    ("set", "write `let NAME = EXPR`"),
    ("var", "write `let NAME = EXPR`"),
    ("const", "write `let NAME = EXPR`"),
    ("sleep", "write `wait 30s \"why\"`"),
    ("exec", "write `run $ …`"),
    ("import", "write `use NAME` or `use \"./file.runbook\" as name`"),
];

/// Explains what people bring along from YAML, shells and other languages.
pub(super) fn habit(written: &str, line: &str, span: Span, at_word: Span) -> Option<Diagnostic> {
    let length = u32::try_from(line.trim_end().len()).unwrap_or(0);
    let whole = Span { end: span.start.saturating_add(length), ..span };
    yaml(written, line, whole).or_else(|| alone(written, line, whole)).or_else(|| foreign(written, at_word))
}

fn yaml(written: &str, line: &str, whole: Span) -> Option<Diagnostic> {
    if let Some(item) = line.strip_prefix("- ") {
        let dash = Span { end: whole.start + 1, ..whole };
        let diagnostic =
            Diagnostic::error("yaml-habit", "this is no YAML: statements have no `-` before them")
                .at(dash, "");
        return Some(match forms(first_word(item)).next() {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None => diagnostic.help("a step is written `step \"TITLE\" { … }`"),
        });
    }
    let word = first_word(written);
    let after = written.get(word.len()..)?.trim_start().strip_prefix(':').filter(|_| !word.is_empty())?;
    let value = after.lines().next().unwrap_or("").trim();
    let lower = word.to_lowercase();
    let near = nearest(&lower, FORMS.iter().map(|form| form.word));
    let near = near.filter(|near| near.len() > 3 && lower.starts_with(*near));
    let known = forms(word).next().or_else(|| forms(&lower).next());
    let known = known.or_else(|| near.and_then(|near| form(near, false)));
    let diagnostic =
        Diagnostic::error("yaml-habit", "this is no YAML: no `:` stands behind the first word").at(whole, "");
    Some(match (known, lower.as_str()) {
        (Some(form), _) => diagnostic.help(format!("it is written `{}`", form.form)),
        (None, "name" | "title") => {
            diagnostic.help("a title stands in quotes behind its statement's word: `step \"TITLE\" { … }`")
        }
        (None, "command" | "cmd" | "shell" | "script") => {
            let command = shortened(value);
            diagnostic.help(format!("a command stands behind `run $` or `check NAME = $`: `run $ {command}`"))
        }
        _ if value.is_empty() => diagnostic.help("sections and steps have a block: `step \"TITLE\" { … }`"),
        _ => diagnostic.help(format!("`{word}` is not a word of this language")),
    })
}

/// A command or a script without the word that says what it is for.
fn alone(written: &str, line: &str, whole: Span) -> Option<Diagnostic> {
    let command = shortened(line);
    if written.starts_with("$ ") {
        let message = "a command does not say whether it reads or changes";
        return Some(
            Diagnostic::error("command-alone", message)
                .at(whole, "")
                .help(format!("when it changes something: `run {command}`"))
                .help(format!("when it only reads: `check NAME = {command}`")),
        );
    }
    let message = "a script does not say whether it reads or changes";
    written.starts_with("```").then(|| {
        Diagnostic::error("command-alone", message)
            .at(whole, "")
            .help("put `run` before it, or `check NAME =` when it only reads")
    })
}

fn foreign(written: &str, at_word: Span) -> Option<Diagnostic> {
    let word = first_word(written);
    let (_, help) = FOREIGN.iter().find(|(foreign, _)| *foreign == word)?;
    let message = format!("`{word}` is not a word of this language");
    Some(Diagnostic::error("foreign-word", message).at(at_word, "").help(*help))
}

pub(super) fn nameless(line: &str, span: Span) -> Diagnostic {
    let token = token(line);
    let at = Span { end: span.start.saturating_add(u32::try_from(token.len()).unwrap_or(0)), ..span };
    Diagnostic::error("syntax", format!("no statement begins with `{token}`")).at(at, "")
}

pub(super) fn unknown_word(word: &str, line: &str, at_word: Span) -> Diagnostic {
    let rest = line.get(word.len()..).unwrap_or("").trim_start();
    let diagnostic =
        Diagnostic::error("unknown-statement", format!("`{word}` begins no statement")).at(at_word, "");
    let known = FORMS.iter().filter(|form| form.place != Place::First).map(|form| form.word);
    if let Some(value) = rest.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        let value = value.trim();
        return diagnostic.help(if value.starts_with('$') || value.contains('(') {
            format!("to bind what a call reads: `check {word} = {}`", shortened(value))
        } else {
            format!("to bind a value: `let {word} = {}`", shortened(value))
        });
    }
    if rest.starts_with('.') && line.contains('(') || rest.starts_with('(') {
        return diagnostic
            .help(format!("when it changes something: `run {}`", shortened(line.trim_end())))
            .help(format!("when it only reads: `check NAME = {}`", shortened(line.trim_end())));
    }
    if let Some(near) = nearest(word, known) {
        return diagnostic.help(format!("did you mean `{near}`?"));
    }
    diagnostic.help(format!(
        "a command stands behind `run $` or `check NAME = $`: `run $ {}`",
        shortened(line.trim_end())
    ))
}
