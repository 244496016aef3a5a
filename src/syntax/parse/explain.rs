//! What does not fit, in the words of the language.
//!
//! Owns the guess at what was meant: habits from other languages first, then the place where the sentence
//! stops making sense. Never shows one of pest's own texts.

use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};

use super::call::shortened;
use super::clause::above_its_run;
use super::forms::{FORMS, Form, Place, described, form, forms};
use super::grammar::{Grammar, Rule};
use super::reader::{Pair, Reader, first_word, head_length};
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

impl<'i> Reader<'i> {
    /// Explains an `invalid` or a `mistake_clause`; `span` is its head, without a block.
    pub fn explain(&mut self, pair: &Pair<'i>, span: Span, host: Option<&str>) {
        let written = self.slice(span);
        let unfinished = pair.clone().into_inner().flatten_one(Rule::junk, Rule::unfinished);
        let diagnostic = if let Some(unfinished) = unfinished {
            self.unfinished(&unfinished)
        } else {
            let blocked = pair.clone().into_inner().any(|part| part.as_rule() == Rule::loose_block);
            self.guessed(written, span, blocked, host)
        };
        self.report(diagnostic);
    }

    fn unfinished(&mut self, pair: &Pair<'_>) -> Diagnostic {
        let start = pair.as_span().start();
        let what = match pair.as_str().get(..3) {
            Some("\"\"\"") => Some(("this text is never closed", "close it with `\"\"\"`")),
            Some("```") => Some(("this script is never closed", "close it with a line of three backticks")),
            _ => None,
        };
        if let Some((message, help)) = what {
            self.gave_up = true;
            return Diagnostic::error("unclosed-text", message).at(self.place(start, start + 3), "").help(help);
        }
        Diagnostic::error("unclosed-text", "this text does not end on its line")
            .at(self.span(pair), "")
            .help("close it with `\"`; a text of several lines stands between `\"\"\"`")
    }

    fn guessed(&self, written: &str, span: Span, blocked: bool, host: Option<&str>) -> Diagnostic {
        let word = first_word(written);
        let first_line = written.lines().next().unwrap_or("");
        let at_word = self.place(span.start as usize, span.start as usize + head_length(written));
        if let Some(diagnostic) = habit(written, first_line, span, at_word) {
            return diagnostic;
        }
        if written.is_empty() {
            return Diagnostic::error("syntax", "a block belongs to a statement")
                .at(self.place(span.start as usize, span.start as usize + 1), "")
                .help("name it with `step \"TITLE\" { … }`");
        }
        if word.is_empty() {
            return nameless(first_line, span);
        }
        let clause = host.is_some() || forms(word).all(|form| form.place == Place::Clause);
        if forms(word).next().is_some() {
            return self.does_not_fit(written, span, blocked, form(word, clause), at_word);
        }
        unknown_word(word, first_line, at_word)
    }

    /// Finds where a sentence with a known word stops making sense.
    fn does_not_fit(&self, written: &str, span: Span, blocked: bool, form: Option<&Form>, at_word: Span) -> Diagnostic {
        let form_help = |diagnostic: Diagnostic| match form {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None => diagnostic,
        };
        let word = self.slice(at_word);
        if let Some(diagnostic) = self.command_in_value(written, span, word) {
            return diagnostic;
        }
        let tried = if blocked { format!("{written} {{ show x }}") } else { written.to_owned() };
        if nests_too_deeply(written) {
            return too_deep(at_word);
        }
        let arm = form.is_some_and(|form| form.place == Place::Arm);
        let parsed = Grammar::parse(if arm { Rule::alone_arm } else { Rule::alone }, &tried);
        let trailing = parsed.as_ref().ok().and_then(|pairs| {
            pairs.clone().flatten().find(|pair| pair.as_rule() == Rule::trailing).map(|pair| pair.as_span().start())
        });
        if let Some(at) = trailing {
            let token = token(written.get(at..).unwrap_or(""));
            let start = span.start as usize + at;
            return form_help(
                Diagnostic::error("unexpected", format!("`{token}` does not fit behind this"))
                    .at(self.place(start, start + token.len()), ""),
            );
        }
        let Err(error) = parsed else {
            let place = form.map_or("elsewhere", |form| form.place.words());
            return Diagnostic::error("misplaced", format!("`{word}` does not belong here"))
                .at(at_word, "")
                .help(format!("it stands {place}"));
        };
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
        let needs_block = form.is_some_and(|form| form.form.ends_with('}') && form.place != Place::Clause);
        if at >= written.trim_end().len() {
            if let Some(open) = unclosed_bracket(written) {
                let start = span.start as usize + open;
                let bracket = written.get(open..=open).unwrap_or("");
                return Diagnostic::error("unclosed-bracket", format!("this `{bracket}` is never closed"))
                    .at(self.place(start, start + 1), "");
            }
            let message = match (needs_block && !blocked, expected(&error.variant)) {
                (true, _) => format!("`{word}` needs a block `{{ … }}`"),
                (false, None) if blocked => format!("something is missing before the block of `{word}`"),
                (false, Some(expected)) => format!("`{word}` ends too early: expected {expected}"),
                (false, None) => format!("`{word}` ends too early"),
            };
            let last = written.rfind([' ', '\t', '\n']).map_or(0, |at| at + 1);
            let place = self.place(span.start as usize + last, span.end as usize);
            return form_help(Diagnostic::error("syntax", message).at(place, ""));
        }
        let rest = written.get(at..).unwrap_or("");
        if at == 0 {
            let line = written.lines().next().unwrap_or("").trim_end().len();
            let place = self.place(span.start as usize, span.start as usize + line);
            return form_help(Diagnostic::error("syntax", format!("`{word}` is not written like this")).at(place, ""));
        }
        let token = token(rest);
        let start = span.start as usize + at;
        let message = match expected(&error.variant) {
            Some(expected) => format!("expected {expected}, found `{token}`"),
            None => format!("`{token}` does not fit here"),
        };
        form_help(Diagnostic::error("syntax", message).at(self.place(start, start + token.len()), ""))
    }

    /// Explains a command where only a value can stand.
    fn command_in_value(&self, written: &str, span: Span, word: &str) -> Option<Diagnostic> {
        let at = written.find(" $ ")? + 1;
        let place = self.place(span.start as usize + at, span.end as usize);
        let command = shortened(written.get(at..)?);
        match word {
            "let" | "output" | "show" | "return" => Some(
                Diagnostic::error("command-in-value", format!("`{word}` calls nothing"))
                    .at(place, "")
                    .help(format!("read it first: `check NAME = {command}`")),
            ),
            "verify" | "if" | "when" | "until" | "done" | "cleared" | "good" | "bad" | "finding" => Some(
                Diagnostic::error("command-in-condition", "a condition takes no command")
                    .at(place, "")
                    .help(format!("read it first: `check NAME = {command}`, then use `NAME.ok` or another part of it")),
            ),
            _ => None,
        }
    }

    /// Explains what stands behind the end of a sentence.
    pub fn trailing(&mut self, pair: Pair<'i>, word: &str) {
        let block = pair.clone().into_inner().find(|part| part.as_rule() == Rule::loose_block);
        let start = pair.as_span().start();
        let end = block.as_ref().map_or(pair.as_span().end(), |block| block.as_span().start());
        let written = self.text.get(start..end).unwrap_or("").trim_end();
        let span = self.place(start, start + written.len());
        let form = form(word, false);
        let form_help = |diagnostic: Diagnostic| match form {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None => diagnostic,
        };
        let diagnostic = if written.is_empty() {
            form_help(
                Diagnostic::error("unexpected", format!("`{word}` takes no block")).at(self.place(start, start + 1), ""),
            )
        } else if nests_too_deeply(written) {
            too_deep(span)
        } else if written.starts_with('"') && written.matches('"').count() % 2 == 1 {
            Diagnostic::error("unclosed-text", "this text does not end on its line")
                .at(span, "")
                .help("close it with `\"`; a text of several lines stands between `\"\"\"`")
        } else {
            let token = token(written);
            let at = self.place(start, start + token.len());
            let operator = token == written && !matches!(token, ")" | "]" | "}") && first_word(token).is_empty();
            let message = if operator {
                format!("nothing stands behind `{token}`")
            } else {
                format!("`{token}` does not fit behind this")
            };
            let diagnostic = Diagnostic::error("unexpected", message).at(at, "");
            match first_word(written) {
                "when" | "if" => diagnostic.help(format!("to do it only sometimes: `if EXPR {{ {word} … }}`")),
                "unless" => diagnostic.help(format!("to do it only sometimes: `if not (EXPR) {{ {word} … }}`")),
                _ => form_help(diagnostic),
            }
        };
        self.report(diagnostic);
        if let Some(block) = block {
            self.block(block);
        }
    }

    /// Explains what trails a sentence that is no statement.
    pub fn trailing_of(&mut self, pair: &Pair<'i>, word: &str) {
        let trailing = pair.clone().into_inner().find(|part| part.as_rule() == Rule::trailing);
        if let Some(trailing) = trailing {
            self.trailing(trailing, word);
        }
    }

    /// Explains a clause that has no statement above it.
    pub fn orphan_clause(&mut self, pair: &Pair<'i>, span: Span) {
        let known = pair.clone().into_inner().find_map(|part| super::clause::clause_word(part.as_rule()));
        let Some((word, belongs)) = known else {
            self.explain(pair, span, None);
            return;
        };
        let at = self.place(span.start as usize, span.start as usize + word.len());
        let of_run = matches!(word, "undo" | "done when" | "leave" | "irreversible" | "finally");
        let diagnostic = if of_run && self.next_word == Some("run") {
            above_its_run(word, at)
        } else {
            Diagnostic::error("misplaced-clause", format!("`{word}` has no statement above it"))
                .at(at, "")
                .help(format!("`{word}` {belongs}"))
        };
        self.report(diagnostic);
    }

    /// Explains a line among the arms of `decide` or `watch` that is none.
    pub fn not_an_arm(&mut self, pair: Pair<'i>, word: &str) {
        let span = self.span(&pair);
        let first = first_word(pair.as_str());
        if forms(first).any(|form| form.place == Place::Arm) {
            self.invalid(pair);
            return;
        }
        let line = self.slice(span).lines().next().unwrap_or("");
        let at = self.place(span.start as usize, span.start as usize + line.trim_end().len());
        let help = if word == "decide" {
            "write `when EXPR -> …` or `otherwise -> …`"
        } else {
            "write `good when EXPR`, `bad when EXPR -> …` or `otherwise -> …`"
        };
        self.report(Diagnostic::error("not-an-arm", format!("this is no arm of `{word}`")).at(at, "").help(help));
    }

    /// Explains a `{{ … }}` that holds no expression.
    pub fn explain_interpolation(&mut self, span: Span) {
        let written = self.slice(span);
        let mut at = span;
        if let Err(error) = Grammar::parse(Rule::alone_interpolation, written) {
            let from = match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            };
            let rest = written.get(from..).unwrap_or("");
            if !rest.starts_with("}}") && !rest.is_empty() {
                let start = span.start as usize + from;
                at = self.place(start, start + token(rest).len());
            }
        }
        if nests_too_deeply(written) {
            self.report(too_deep(span));
            return;
        }
        let message = format!("`{}` holds no expression", shortened(written));
        self.report(
            Diagnostic::error("bad-interpolation", message)
                .at(at, "")
                .help("for the characters themselves write `\\{{`"),
        );
    }

    /// Explains a first line that names no kind of file.
    pub fn explain_head(&mut self, written: &str, span: Span) {
        let word = first_word(written);
        let kinds = FORMS.iter().filter(|form| form.place == Place::First);
        let near = nearest(word, kinds.clone().map(|form| form.word));
        let at = self.place(span.start as usize, span.start as usize + head_length(written));
        let diagnostic = Diagnostic::error("unknown-file", "the first line does not say what this file is").at(at, "");
        let diagnostic = match near.and_then(|near| kinds.clone().find(|form| form.word == near)) {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None => diagnostic.help(
                "begin with `runbook \"…\"`, `change \"…\"`, `checklist \"…\"`, `module NAME \"…\"` or `drills for \"FILE\"`",
            ),
        };
        self.report(diagnostic);
    }

    /// Reports a file without its first line.
    pub fn no_head(&mut self, at: Span) {
        self.report(
            Diagnostic::error("unknown-file", "the first line does not say what this file is").at(at, "").help(
                "begin with `runbook \"…\"`, `change \"…\"`, `checklist \"…\"`, `module NAME \"…\"` or `drills for \"FILE\"`",
            ),
        );
    }
}

/// Explains what people bring along from YAML, shells and other languages.
fn habit(written: &str, line: &str, span: Span, at_word: Span) -> Option<Diagnostic> {
    let word = first_word(written);
    let rest = written.get(word.len()..).unwrap_or("");
    let whole = Span { end: span.start.saturating_add(u32::try_from(line.trim_end().len()).unwrap_or(0)), ..span };
    if let Some(item) = line.strip_prefix("- ") {
        let diagnostic = Diagnostic::error("yaml-habit", "this is no YAML: statements have no `-` before them")
            .at(Span { end: span.start + 1, ..span }, "");
        let word = first_word(item);
        return Some(match forms(word).next() {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None => diagnostic.help("a step is written `step \"TITLE\" { … }`"),
        });
    }
    if let Some(after) = rest.trim_start().strip_prefix(':').filter(|_| !word.is_empty()) {
        let value = after.lines().next().unwrap_or("").trim();
        let lower = word.to_lowercase();
        let known = forms(word).next().or_else(|| forms(&lower).next());
        let near = nearest(&lower, FORMS.iter().map(|f| f.word)).filter(|near| near.len() > 3 && lower.starts_with(*near));
        let known = known.or_else(|| near.and_then(|near| form(near, false)));
        let diagnostic =
            Diagnostic::error("yaml-habit", "this is no YAML: no `:` stands behind the first word").at(whole, "");
        return Some(match known {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None if matches!(lower.as_str(), "name" | "title") => {
                diagnostic.help("a title stands in quotes behind its statement's word: `step \"TITLE\" { … }`")
            }
            None if matches!(lower.as_str(), "command" | "cmd" | "shell" | "script") => {
                diagnostic.help(format!("a command stands behind `run $` or `check NAME = $`: `run $ {}`", shortened(value)))
            }
            None if value.is_empty() => diagnostic.help("sections and steps have a block: `step \"TITLE\" { … }`"),
            None => diagnostic.help(format!("`{word}` is not a word of this language")),
        });
    }
    if written.starts_with("$ ") {
        return Some(
            Diagnostic::error("command-alone", "a command does not say whether it reads or changes")
                .at(whole, "")
                .help(format!("when it changes something: `run {}`", shortened(line)))
                .help(format!("when it only reads: `check NAME = {}`", shortened(line))),
        );
    }
    if written.starts_with("```") {
        return Some(
            Diagnostic::error("command-alone", "a script does not say whether it reads or changes")
                .at(whole, "")
                .help("put `run` before it, or `check NAME =` when it only reads"),
        );
    }
    let (_, help) = FOREIGN.iter().find(|(foreign, _)| *foreign == word)?;
    Some(Diagnostic::error("foreign-word", format!("`{word}` is not a word of this language")).at(at_word, "").help(*help))
}

fn nameless(line: &str, span: Span) -> Diagnostic {
    let token = token(line);
    let at = Span { end: span.start.saturating_add(u32::try_from(token.len()).unwrap_or(0)), ..span };
    Diagnostic::error("syntax", format!("no statement begins with `{token}`")).at(at, "")
}

fn unknown_word(word: &str, line: &str, at_word: Span) -> Diagnostic {
    let rest = line.get(word.len()..).unwrap_or("").trim_start();
    let diagnostic = Diagnostic::error("unknown-statement", format!("`{word}` begins no statement")).at(at_word, "");
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
    diagnostic
        .help(format!("a command stands behind `run $` or `check NAME = $`: `run $ {}`", shortened(line.trim_end())))
}

/// Returns what stands at the beginning of `text`: a word, a number, a text, or a sign.
fn token(text: &str) -> &str {
    let word = first_word(text);
    if !word.is_empty() {
        return word;
    }
    if text.starts_with('"')
        && let Some(end) = text.get(1..).and_then(|rest| rest.find(['"', '\n']))
    {
        return text.get(..end + 2).unwrap_or(text);
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    let pair = ["->", "==", "!=", "<=", ">=", "&&", "||", "{{", "}}", ".."].iter().find(|pair| text.starts_with(**pair));
    text.get(..pair.map_or(first, |pair| pair.len())).unwrap_or("")
}

/// Returns what would fit, when that can be said in a few words.
fn expected(variant: &ErrorVariant<Rule>) -> Option<String> {
    let ErrorVariant::ParsingError { positives, .. } = variant else { return None };
    let mut words: Vec<&str> = Vec::new();
    for word in positives.iter().filter_map(|rule| described(*rule)) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    // A value may begin with nearly everything.
    if words.contains(&"a value") {
        words.retain(|word| !matches!(*word, "a name" | "a text in quotes" | "a number" | "a record `{ name: value }`" | "a date such as `2026-11-20`"));
    }
    match words.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [many @ .., last] if words.len() <= 6 => Some(format!("{} or {last}", many.join(", "))),
        _ => None,
    }
}

/// Returns the last bracket that is opened and not closed, texts left out.
fn unclosed_bracket(written: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut quoted = false;
    for (at, byte) in written.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' | b'[' if !quoted => open.push(at),
            b')' | b']' if !quoted => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error("nested-too-deeply", "blocks and brackets nest deeper than 128 levels")
        .at(at, "")
        .help("give the inner parts names with `let`")
}

/// Returns whether a line opens more brackets than may nest, at once.
fn nests_too_deeply(written: &str) -> bool {
    let mut depth = 0_usize;
    written.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 100
    })
}

trait FlattenOne<'i> {
    /// Returns the first `inner` that stands directly in an `outer`.
    fn flatten_one(self, outer: Rule, inner: Rule) -> Option<Pair<'i>>;
}

impl<'i, I: Iterator<Item = Pair<'i>>> FlattenOne<'i> for I {
    fn flatten_one(mut self, outer: Rule, inner: Rule) -> Option<Pair<'i>> {
        self.find_map(|part| {
            if part.as_rule() != outer {
                return None;
            }
            part.into_inner().find(|part| part.as_rule() == inner)
        })
    }
}
