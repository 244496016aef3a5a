//! What does not fit, in the words of the language.
//!
//! Owns the guess at what was meant: habits from other languages first, then the place where the sentence
//! stops making sense. Never shows one of pest's own texts.

use pest::Parser as _;
use pest::error::InputLocation;

use super::call::shortened;
use super::clause::above_its_run;
use super::forms::{Form, Place, form, form_of, forms};
use super::grammar::{Grammar, Rule};
use super::habit::{nameless, unknown_word};
use super::reader::{Pair, Reader, first_word, head_length};
use super::slip::{Stop, comment};
use super::token::{expected, nests_too_deeply, token, too_deep, unclosed_bracket};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

impl<'i> Reader<'i> {
    /// Explains an `invalid` or a `mistake_clause`; `span` is its head, without a block.
    pub fn explain(&mut self, pair: &Pair<'i>, span: Span, host: Option<&str>) {
        let written = self.slice(span);
        self.note_unread(written);
        if self.follows(written) {
            return;
        }
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
            return Diagnostic::error("unclosed-text", message)
                .at(self.place(start, start + 3), "")
                .help(help);
        }
        Diagnostic::error("unclosed-text", "this text does not end on its line")
            .at(self.span(pair), "")
            .help("close it with `\"`; a text of several lines stands between `\"\"\"`")
    }

    fn guessed(&mut self, written: &str, span: Span, blocked: bool, host: Option<&str>) -> Diagnostic {
        let word = first_word(written);
        let first_line = written.lines().next().unwrap_or("");
        let at_word = self.place(span.start as usize, span.start as usize + head_length(written));
        let stop = Stop { word: "", before: "", rest: written, span };
        if let Some(diagnostic) = comment(&stop) {
            self.told.comment = written.starts_with("/*") && !written.contains("*/");
            return diagnostic;
        }
        if let Some(diagnostic) = self.habit(written, first_line, span, at_word) {
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
            return self.does_not_fit(written, span, blocked, form_of(written, clause), at_word);
        }
        unknown_word(word, first_line, at_word)
    }

    /// Returns the place in a sentence where it stops making sense.
    fn stop(&self, written: &'i str, span: Span, at: usize) -> Stop<'i> {
        let start = span.start as usize + at;
        Stop {
            word: first_word(written),
            before: written.get(..at).unwrap_or(""),
            rest: written.get(at..).unwrap_or(""),
            span: self.place(start, span.end as usize),
        }
    }

    /// Returns the same for what stands at `span` behind a whole sentence that begins with `word`.
    fn stop_behind(&self, word: &'i str, start: usize, span: Span) -> Stop<'i> {
        let before = self.text.get(..start).unwrap_or("");
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let before = before.get(line..).unwrap_or("").trim_start();
        Stop { word, before, rest: self.slice(span), span }
    }

    /// Returns whether a line only follows from a mistake that was told, such as the `fi` of a shell's `if`.
    fn follows(&mut self, written: &str) -> bool {
        let line = written.lines().next().unwrap_or("").trim_end();
        let word = first_word(line);
        if self.told.comment {
            self.told.comment = !written.contains("*/");
            return true;
        }
        if let Some(end) = self.told.here_document.take() {
            let over = written.lines().any(|line| line.trim() == end);
            self.told.here_document = (!over).then_some(end);
            return true;
        }
        let ends = matches!(word, "fi" | "end" | "done" | "endif" | "endfor" | "esac" | "then" | "do");
        let goes_on = matches!(word, "else" | "elif")
            && (line.ends_with(':') || line.ends_with("then") || line == "else");
        let catches = matches!(word, "except" | "catch" | "rescue" | "finally" | "ensure");
        let arms = self.told.loose_arms && matches!(word, "when" | "otherwise");
        let condition = self.told.condition && matches!(word, "else" | "elif");
        arms || condition
            || self.told.braceless && (ends && line == word || goes_on)
            || self.told.tried_block && catches
    }

    /// Finds where a sentence with a known word stops making sense.
    fn does_not_fit(
        &mut self,
        written: &str,
        span: Span,
        blocked: bool,
        form: Option<&Form>,
        at_word: Span,
    ) -> Diagnostic {
        let word = self.slice(at_word);
        if let Some(diagnostic) = self.command_in_value(written, span, word) {
            return diagnostic;
        }
        if nests_too_deeply(written) {
            return too_deep(at_word);
        }
        if !blocked && let Some(diagnostic) = self.other_head(written, span) {
            return diagnostic;
        }
        let tried = if blocked { format!("{written} {{ show x }}") } else { written.to_owned() };
        let arm = form.is_some_and(|form| form.place == Place::Arm);
        let diagnostic = match Grammar::parse(if arm { Rule::alone_arm } else { Rule::alone }, &tried) {
            Ok(pairs) => {
                let trailing = pairs.flatten().find(|pair| pair.as_rule() == Rule::trailing);
                let Some(at) = trailing.map(|pair| pair.as_span().start()) else {
                    if arm {
                        self.told.loose_arms = true;
                        return Diagnostic::error("misplaced", format!("`{word}` stands outside a `decide`"))
                            .at(at_word, "")
                            .help("write `decide {` above the arms, and `}` below the last one, which is `otherwise -> …`");
                    }
                    let place = form.map_or("elsewhere", |form| form.place.words());
                    return Diagnostic::error("misplaced", format!("`{word}` does not belong here"))
                        .at(at_word, "")
                        .help(format!("it stands {place}"));
                };
                let start = span.start as usize + at;
                if let Some(slip) = self.slip(&self.stop(written, span, at)) {
                    return slip;
                }
                let token = token(written.get(at..).unwrap_or(""));
                Diagnostic::error("unexpected", format!("`{token}` does not fit behind this"))
                    .at(self.place(start, start + token.len()), "")
            }
            Err(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
                if let Some(slip) = self.slip(&self.stop(written, span, at)) {
                    return slip;
                }
                let expected = expected(&error.variant);
                if at >= written.trim_end().len() {
                    let blockless = !blocked && form.is_some_and(Form::has_block);
                    self.ends_too_early(written, span, word, expected, blockless, blocked)
                } else {
                    self.stops_at(written, span, word, expected, at)
                }
            }
        };
        match form {
            Some(form) if diagnostic.code != "unclosed-bracket" => {
                diagnostic.help(format!("it is written `{}`", form.form))
            }
            _ => diagnostic,
        }
    }

    /// Explains a sentence that lacks its end.
    fn ends_too_early(
        &self,
        written: &str,
        span: Span,
        word: &str,
        expected: Option<String>,
        blockless: bool,
        blocked: bool,
    ) -> Diagnostic {
        if let Some(open) = unclosed_bracket(written) {
            let start = span.start as usize + open;
            let bracket = written.get(open..=open).unwrap_or("");
            let closing = if bracket == "(" { ")" } else { "]" };
            return Diagnostic::error("unclosed-bracket", format!("this `{bracket}` is never closed"))
                .at(self.place(start, start + 1), "")
                .help(format!("close it with `{closing}`"));
        }
        let message = match expected {
            _ if blockless => format!("`{word}` needs a block `{{ … }}`"),
            None if blocked => format!("something is missing before the block of `{word}`"),
            Some(expected) => format!("`{word}` ends too early: expected {expected}"),
            None => format!("`{word}` ends too early"),
        };
        let last = written.rfind([' ', '\t', '\n']).map_or(0, |at| at + 1);
        let place = self.place(span.start as usize + last, span.end as usize);
        Diagnostic::error("syntax", message).at(place, "")
    }

    /// Explains the first token of a sentence that does not fit.
    fn stops_at(
        &self,
        written: &str,
        span: Span,
        word: &str,
        expected: Option<String>,
        at: usize,
    ) -> Diagnostic {
        let start = span.start as usize;
        if at == 0 {
            let line = written.lines().next().unwrap_or("").trim_end().len();
            return Diagnostic::error("syntax", format!("`{word}` is not written like this"))
                .at(self.place(start, start + line), "");
        }
        let token = token(written.get(at..).unwrap_or(""));
        let message = match expected {
            Some(expected) => format!("expected {expected}, found `{token}`"),
            None => format!("`{token}` does not fit here"),
        };
        Diagnostic::error("syntax", message).at(self.place(start + at, start + at + token.len()), "")
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
                Diagnostic::error("command-in-condition", "a condition takes no command").at(place, "").help(
                    format!(
                        "read it first: `check NAME = {command}`, then use `NAME.ok` or another part of it"
                    ),
                ),
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
        self.note_unread(written);
        if self.is_of_a_choice(start) {
            return;
        }
        let form = form(word, false);
        let form_help = |diagnostic: Diagnostic| match form {
            Some(form) => diagnostic.help(format!("it is written `{}`", form.form)),
            None => diagnostic,
        };
        let diagnostic = if written.is_empty() && word == "when" {
            Diagnostic::error("unexpected", "`when` takes no block")
                .at(self.place(start, start + 1), "")
                .help("take the block out: what is done about a symptom stands in a resolution")
        } else if written.is_empty() {
            form_help(
                Diagnostic::error("unexpected", format!("`{word}` takes no block"))
                    .at(self.place(start, start + 1), ""),
            )
        } else if nests_too_deeply(written) {
            too_deep(span)
        } else if written.starts_with('"') && written.matches('"').count() % 2 == 1 {
            Diagnostic::error("unclosed-text", "this text does not end on its line")
                .at(span, "")
                .help("close it with `\"`; a text of several lines stands between `\"\"\"`")
        } else if let Some(slip) = self.slip_behind(&self.stop_behind(word, start, span)) {
            slip
        } else {
            let token = token(written);
            let at = self.place(start, start + token.len());
            let operator =
                token == written && !matches!(token, ")" | "]" | "}") && first_word(token).is_empty();
            let message = if operator {
                format!("nothing stands behind `{token}`")
            } else {
                format!("`{token}` does not fit behind this")
            };
            let diagnostic = Diagnostic::error("unexpected", message).at(at, "");
            match first_word(written) {
                "when" | "if" => {
                    diagnostic.help(format!("to do it only sometimes: `if EXPR {{ {word} … }}`"))
                }
                "unless" => {
                    diagnostic.help(format!("to do it only sometimes: `if not (EXPR) {{ {word} … }}`"))
                }
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
        if self.told.condition && pair.as_str().starts_with("else") {
            return;
        }
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
