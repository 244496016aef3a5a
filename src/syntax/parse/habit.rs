//! What people bring along from YAML, shells and other languages.
//!
//! Owns the guesses that need no grammar: the first words of a line are enough. Never guesses where a known
//! sentence went wrong.

use pest::Parser as _;

use super::call::shortened;
use super::forms::{FORMS, Form, Place, form, forms};
use super::grammar::{Grammar, Rule};
use super::reader::{Reader, first_word};
use super::token::token;
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Span;

/// Words of other languages, and what is said here. `{}` stands for the rest of the line as a text, `{=}` for the
/// rest as it is.
const FOREIGN: [(&str, &str); 72] = [
    ("unless", "write `if not (…) { … }`"),
    ("elif", "write `else if … { … }` right behind the block of the `if`"),
    ("elsif", "write `else if … { … }` right behind the block of the `if`"),
    ("case", "write `if … { … } else if … { … }`, or in `diagnose` `decide { when EXPR -> … }`"),
    ("switch", "write `if … { … } else if … { … }`, or in `diagnose` `decide { when EXPR -> … }`"),
    ("match", "write `if … { … } else if … { … }`, or in `diagnose` `decide { when EXPR -> … }`"),
    ("while", "read again until it holds: `check NAME = CALL`, below it `until EXPR within 5m every 10s`"),
    ("repeat", "read again until it holds: `check NAME = CALL`, below it `until EXPR within 5m every 10s`"),
    ("loop", "write `for x in xs, at most 50 { … }`"),
    ("foreach", "write `for {=}`"),
    ("then", "leave it out: the block follows the condition"),
    ("try", "`try` stands before a call: `check NAME = try $ …`, then `if not NAME.ok { … }`"),
    ("except", "a failure is looked at behind `try`: `check NAME = try $ …`, then `if not NAME.ok { … }`"),
    ("catch", "a failure is looked at behind `try`: `check NAME = try $ …`, then `if not NAME.ok { … }`"),
    ("assert", "write `verify {=}`"),
    ("expect", "write `verify {=}`"),
    ("ensure", "write `verify {=}`"),
    ("require", "write `verify {=}`"),
    ("echo", "write `show {}`"),
    ("print", "write `show {}`"),
    ("println", "write `show {}`"),
    ("printf", "write `show {}`"),
    ("puts", "write `show {}`"),
    ("log", "write `show {}`"),
    ("info", "write `show {}`"),
    ("debug", "write `show {}`"),
    ("warn", "write `show {}`"),
    ("message", "write `show {}`"),
    ("say", "write `show {}`"),
    ("fail", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("abort", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("exit", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("die", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("raise", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("throw", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("error", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("panic", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("stop", "to fail here: `verify false else {}`; to hand over to a person: `escalate to oncall {}`"),
    ("page", "to hand over to a person: `escalate to oncall {}`"),
    ("alert", "to hand over to a person: `escalate to oncall {}`"),
    ("confirm", "write `approve {} by oncall within 5m on silence abort`"),
    ("prompt", "write `approve {} by oncall within 5m on silence abort`"),
    ("pause", "write `wait 30s \"why\"`; for a person: `approve {} by oncall within 5m on silence abort`"),
    ("set", "write `let {=}`"),
    ("var", "write `let {=}`"),
    ("const", "write `let {=}`"),
    ("local", "write `let {=}`"),
    ("export", "write `let {=}`; a command gets it by `with env { NAME: value }`"),
    ("sleep", "write `wait 30s \"why\"`"),
    ("delay", "write `wait 30s \"why\"`"),
    ("exec", "write `run $ {=}`"),
    ("command", "write `run $ {=}`"),
    ("cmd", "write `run $ {=}`"),
    ("shell", "write `run $ {=}`"),
    ("sh", "write `run $ sh {=}`"),
    ("sudo", "write `run $ sudo {=}`"),
    ("import", "write `use {=}`"),
    ("include", "write `use {=}`"),
    ("source", "write `use {=}`"),
    ("from", "write `use NAME` or `use \"./file.runbook\" as name`"),
    ("function", "write `action {=}`"),
    ("func", "write `action {=}`"),
    ("fn", "write `action {=}`"),
    ("def", "write `action {=}`"),
    ("task", "write `step {}`"),
    ("title", "a title stands behind its statement's word: `step {} { … }`"),
    ("revert", "what takes a change back stands below its `run`: `undo $ {=}`"),
    ("end", "a block ends with `}`"),
    ("fi", "a block ends with `}`"),
    ("done", "a block ends with `}`"),
    ("endif", "a block ends with `}`"),
    ("esac", "a block ends with `}`"),
];

impl Reader<'_> {
    /// Explains what people bring along from YAML, shells and other languages.
    pub fn habit(&mut self, written: &str, line: &str, span: Span, at_word: Span) -> Option<Diagnostic> {
        let length = u32::try_from(line.trim_end().len()).unwrap_or(0);
        let whole = Span { end: span.start.saturating_add(length), ..span };
        yaml(line, whole).or_else(|| alone(written, line, whole)).or_else(|| self.foreign(line, at_word))
    }

    fn foreign(&mut self, line: &str, at_word: Span) -> Option<Diagnostic> {
        let word = first_word(line);
        let rest = line.get(word.len()..).unwrap_or("").trim();
        // A clause of this language that stands wrong is explained as one.
        let (_, help) = FOREIGN.iter().find(|(foreign, _)| *foreign == word).filter(|_| {
            word != "done" && word != "expect" && word != "alert" || rest.is_empty() && word == "done"
        })?;
        self.told.tried_block |= word == "try";
        let text = rest.trim_start_matches('(').trim_end_matches([')', ';']).trim();
        let text = match text.strip_prefix('f').filter(|text| text.starts_with(['"', '\''])) {
            Some(formatted) => formatted.replace('{', "{{ ").replace('}', " }}"),
            None => text.to_owned(),
        };
        let quoted = match text.as_str() {
            "" => String::from("\"…\""),
            text if text.starts_with('"') => text.to_owned(),
            text => format!("\"{}\"", text.trim_matches(['\'', '"'])),
        };
        let rest = if rest.is_empty() { "…" } else { rest };
        let help = help.replace("{}", &quoted).replace("{=}", &shortened(rest));
        let message = format!("`{word}` is not a word of this language");
        let diagnostic = Diagnostic::error("foreign-word", message).at(at_word, "");
        Some(match help.split_once("; to hand") {
            Some((first, second)) => diagnostic.help(first).help(format!("to hand{second}")),
            None => diagnostic.help(help),
        })
    }
}

/// A line of YAML: `- name: …`, `severity: P1`.
fn yaml(line: &str, whole: Span) -> Option<Diagnostic> {
    if line.trim_end() == "---" {
        return None;
    }
    let item = line.strip_prefix("- ").map(str::trim_start);
    let entry = item.unwrap_or(line).trim_end();
    let word = first_word(entry);
    let value = entry.get(word.len()..)?.trim_start().strip_prefix(':').filter(|_| !word.is_empty());
    let value = value.map(str::trim);
    let head = forms(word).any(Form::has_block) && value.is_none_or(str::is_empty);
    if item.is_none() && (value.is_none() || head) {
        return None;
    }
    let message = match item {
        Some(_) => "this is no YAML: statements have no `-` before them",
        None => "this is no YAML: no `:` stands behind the first word",
    };
    let dash = if item.is_some() { Span { end: whole.start.saturating_add(1), ..whole } } else { whole };
    Some(Diagnostic::error("yaml-habit", message).at(dash, "").help(from_yaml(word, value, entry)))
}

/// Returns how a line of YAML is written here; what is said to be written is tried before.
fn from_yaml(word: &str, value: Option<&str>, entry: &str) -> String {
    let lower = word.to_lowercase();
    let Some(value) = value else {
        return if fits(entry) { format!("write `{entry}`") } else { known_form(word, &lower) };
    };
    let bare = value.trim_matches(['"', '\'']);
    if matches!(lower.as_str(), "name" | "title" | "task") && !value.is_empty() {
        return format!("a title stands behind its statement's word: `step \"{bare}\" {{`");
    }
    if matches!(lower.as_str(), "command" | "cmd" | "shell" | "script" | "exec") {
        let command = shortened(bare);
        return format!("a command stands behind `run $` or `check NAME = $`: `run $ {command}`");
    }
    if forms(&lower).any(Form::has_block) && !value.is_empty() && lower != "for" && lower != "if" {
        return format!("write `{lower} \"{bare}\" {{`, and `}}` below its last line");
    }
    let tries = [
        format!("{lower} {value}"),
        format!("{lower} \"{bare}\""),
        format!("{lower} $ {value}"),
        format!("{lower} found = $ {value}"),
    ];
    match tries.into_iter().find(|line| !value.is_empty() && fits(line)) {
        Some(line) => format!("write `{}`", shortened(&line)),
        None => known_form(word, &lower),
    }
}

fn known_form(word: &str, lower: &str) -> String {
    let near = nearest(lower, FORMS.iter().map(|form| form.word));
    let near = near.filter(|near| near.len() > 3 && lower.starts_with(*near));
    match form(lower, false).or_else(|| near.and_then(|near| form(near, false))) {
        Some(form) => format!("it is written `{}`", form.form),
        None if word.is_empty() => String::from("a step is written `step \"TITLE\" { … }`"),
        None => format!("`{word}` is not a word of this language"),
    }
}

/// Returns whether a line alone is a sentence of this language, with nothing behind it.
fn fits(line: &str) -> bool {
    Grammar::parse(Rule::alone, line).is_ok_and(|pairs| {
        pairs.flatten().all(|pair| {
            !matches!(
                pair.as_rule(),
                Rule::trailing | Rule::mistake_bare_command | Rule::mistake_quotes | Rule::mistake_title
            )
        })
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
    let step = ["+=", "-=", "*=", "++", "--"].into_iter().find(|sign| rest.starts_with(sign));
    if let Some(sign) = step {
        let value = rest.get(2..).unwrap_or("").trim();
        let value = if value.is_empty() { "1" } else { value };
        let operator = sign.get(..1).unwrap_or("+");
        return Diagnostic::error("unknown-statement", format!("`{word}` keeps the value it was bound to"))
            .at(at_word, "")
            .help(format!("bind another name: `let {word}2 = {word} {operator} {value}`"));
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
