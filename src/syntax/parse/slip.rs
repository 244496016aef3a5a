//! Small slips in a sentence whose first word is known: a missing comma, a foreign operator, a date.
//!
//! Owns guesses that say how exactly the sentence is mended, with the user's own words in it. Never
//! guesses without knowing where the sentence stops making sense.

use super::call::shortened;
use super::declared::{behind_default, date, in_param, in_secret, in_use};
use super::forms::{Form, Place, form, forms};
use super::reader::{Reader, first_word};
use super::token::token;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A sentence that stops making sense at a place.
pub(super) struct Stop<'w> {
    /// Its first word.
    pub word: &'w str,
    /// What fits, from the first word on.
    pub before: &'w str,
    /// What does not fit, to the end of the line.
    pub rest: &'w str,
    /// Where `rest` stands.
    pub span: Span,
}

/// Operators of other languages between two values, and what is written here; `A` and `B` stand for the values.
const OPERATORS: [(&str, &str); 18] = [
    ("contains", "B in A"),
    ("includes", "B in A"),
    ("has", "B in A"),
    ("===", "A == B"),
    ("!==", "A != B"),
    ("equals", "A == B"),
    ("eq", "A == B"),
    ("ne", "A != B"),
    ("=~", "A matches B"),
    ("~=", "A matches B"),
    ("like", "A matches B"),
    ("match", "A matches B"),
    ("-eq", "A == B"),
    ("-ne", "A != B"),
    ("-gt", "A > B"),
    ("-ge", "A >= B"),
    ("-lt", "A < B"),
    ("-le", "A <= B"),
];

impl Reader<'_> {
    /// Explains a slip, if it is a known one.
    pub fn slip(&mut self, stop: &Stop<'_>) -> Option<Diagnostic> {
        self.missing_brace(stop)
            .or_else(|| comment(stop))
            .or_else(|| operator(stop))
            .or_else(|| in_loop(stop))
            .or_else(|| in_param(stop))
            .or_else(|| in_secret(stop))
            .or_else(|| superfluous(stop))
            .or_else(|| date(stop))
            .or_else(|| arrow(stop))
            .or_else(|| dollar(stop))
            .or_else(|| quotes(stop))
            .or_else(|| nameless_check(stop))
            .or_else(|| escalation(stop))
    }

    /// Explains a head whose line ends as other languages end one.
    pub fn other_head(&mut self, written: &str, span: Span) -> Option<Diagnostic> {
        let line = written.lines().next()?.trim_end();
        let end = [":", "; then", ";then", " then", "; do", ";do", " do"]
            .into_iter()
            .find(|end| line.ends_with(end))?;
        let at = line.len() - end.trim_start().len();
        let start = u32::try_from(at).ok()?.saturating_add(span.start);
        let stop = Stop {
            word: first_word(line),
            before: line.get(..at)?,
            rest: line.get(at..)?,
            span: Span { start, ..span },
        };
        self.missing_brace(&stop)
    }

    /// `if x:`, `if x; then`, `if [ x ]; then`, `diagnose:`.
    fn missing_brace(&mut self, stop: &Stop<'_>) -> Option<Diagnostic> {
        let known = forms(stop.word).any(Form::has_block) || stop.word == "else";
        let rest = stop.rest.trim();
        let ending = ["; then", ";then", "then", "; do", ";do", "do"].into_iter().find(|end| *end == rest);
        if !known || !(rest == ":" || ending.is_some() || is_test(stop)) {
            return None;
        }
        self.told.braceless = true;
        let diagnostic = Diagnostic::error(
            "missing-brace",
            format!("the block of `{}` stands between `{{` and `}}`", stop.word),
        )
        .at(first_line(stop), "");
        if is_test(stop) {
            return Some(diagnostic.help("a condition compares values: `if NAME.number > 0 {`"));
        }
        let head = stop.before.trim_end().trim_end_matches([':', ';']).trim_end();
        let diagnostic = diagnostic.help(format!("write `{} {{`", shortened(head)));
        Some(match ending {
            Some(_) => diagnostic.help("and `}` instead of the word that ends the block"),
            None => diagnostic.help("and `}` on a line of its own below the block"),
        })
    }

    /// Explains what stands behind the end of a sentence, if it is a known slip.
    pub fn slip_behind(&mut self, stop: &Stop<'_>) -> Option<Diagnostic> {
        comment(stop)
            .or_else(|| arm_behind(stop))
            .or_else(|| operator(stop))
            .or_else(|| behind_default(stop))
            .or_else(|| in_use(stop))
            .or_else(|| superfluous(stop))
            .or_else(|| question_mark(stop))
            .or_else(|| roles(stop))
            .or_else(|| message(stop))
            .or_else(|| in_loop(stop))
    }
}

/// Returns the place of what does not fit, to the end of its line.
pub(super) fn first_line(stop: &Stop<'_>) -> Span {
    // At least a character, whatever its length; none where the file ends.
    let least = stop.rest.chars().next().map_or(0, char::len_utf8);
    let length = stop.rest.lines().next().unwrap_or("").trim_end().len().max(least);
    Span { end: stop.span.start.saturating_add(u32::try_from(length).unwrap_or(0)), ..stop.span }
}

/// Returns the place of the first bytes of what could not be read, no further than it goes.
pub(super) fn head(stop: &Stop<'_>, length: usize) -> Span {
    let fits = |length: &usize| stop.rest.is_char_boundary(*length);
    let length = (0..=length.min(stop.rest.len())).rev().find(fits).unwrap_or(0);
    Span { end: stop.span.start.saturating_add(u32::try_from(length).unwrap_or(1)), ..stop.span }
}

/// `if [ … ]; then`.
fn is_test(stop: &Stop<'_>) -> bool {
    let whole = format!("{}{}", stop.before, stop.rest);
    let condition = whole.get(stop.word.len()..).unwrap_or("").trim_start();
    matches!(stop.word, "if" | "else") && condition.starts_with('[') && condition.trim_end().ends_with("then")
}

/// Explains a comment of another language; `None` when there is none.
pub(super) fn comment(stop: &Stop<'_>) -> Option<Diagnostic> {
    let sign = ["//", "--", "/*", "<!--", ";;"].into_iter().find(|sign| stop.rest.starts_with(sign))?;
    let text = stop.rest.lines().next().unwrap_or("").get(sign.len()..).unwrap_or("");
    let text = text.trim().trim_end_matches("*/").trim_end_matches("-->").trim();
    Some(
        Diagnostic::error("foreign-comment", format!("`{sign}` begins no comment here"))
            .at(head(stop, sign.len()), "")
            .help(format!("write `# {}`", shortened(text))),
    )
}

/// `when x -> …` below a `finding`, which takes the `when`.
fn arm_behind(stop: &Stop<'_>) -> Option<Diagnostic> {
    (stop.word == "finding" && stop.rest.starts_with("->")).then(|| {
        Diagnostic::error("misplaced", "`when` stands outside a `decide`")
            .at(head(stop, 2), "")
            .help("write `decide {` above the arms, and `}` below the last one, which is `otherwise -> …`")
    })
}

/// `when x then`, `retry 3 times`.
fn superfluous(stop: &Stop<'_>) -> Option<Diagnostic> {
    let word = first_word(stop.rest);
    let known = matches!(word, "then" | "do") || word == "times" && stop.before.contains("retry");
    known.then(|| {
        Diagnostic::error("foreign-word", format!("`{word}` is not a word of this language"))
            .at(head(stop, word.len()), "")
            .help("leave it out")
    })
}

/// `let x = c ? a : b`.
fn question_mark(stop: &Stop<'_>) -> Option<Diagnostic> {
    let (then, otherwise) = stop.rest.strip_prefix('?')?.lines().next()?.split_once(" : ")?;
    let condition = match stop.before.split_once(" = ") {
        Some((_, condition)) => condition,
        None => stop.before.get(stop.word.len()..)?,
    };
    let (then, condition, otherwise) = (then.trim(), condition.trim(), otherwise.trim());
    Some(
        Diagnostic::error("wrong-operator", "`?` is not an operator here")
            .at(head(stop, 1), "")
            .help(format!("write `{then} if {condition} else {otherwise}`")),
    )
}

/// `by oncall, lead`, `by oncall and lead`.
fn roles(stop: &Stop<'_>) -> Option<Diagnostic> {
    let first = stop.before.rsplit_once(" by ")?.1.trim();
    let rest = stop.rest.strip_prefix(',').or_else(|| stop.rest.strip_prefix("and "))?.trim_start();
    let second = first_word(rest);
    (!second.is_empty() && !first.contains(' ')).then(|| {
        Diagnostic::error("unexpected", "several roles are joined with `or`, or counted")
            .at(head(stop, 1), "")
            .help(format!("when one of them is enough: `by {first} or {second}`"))
            .help(format!("when both are needed: `by any 2 of {first}, {second}`"))
    })
}

/// `verify x "message"`.
fn message(stop: &Stop<'_>) -> Option<Diagnostic> {
    (stop.word == "verify" && stop.rest.starts_with('"')).then(|| {
        Diagnostic::error("unexpected", "`else` stands before the message of a `verify`")
            .at(first_line(stop), "")
            .help(format!("write `else {}`", stop.rest.lines().next().unwrap_or("").trim_end()))
    })
}

/// An operator of another language between two values.
fn operator(stop: &Stop<'_>) -> Option<Diagnostic> {
    let rest = stop.rest.lines().next().unwrap_or("").trim_end();
    let (sign, form) = OPERATORS
        .into_iter()
        .find(|(sign, _)| rest.strip_prefix(sign).is_some_and(|b| b.starts_with(' ')))?;
    let right = rest.get(sign.len()..)?.trim().trim_end_matches('{').trim_end();
    let right = [" and ", " or ", " ->", " within ", " for "]
        .iter()
        .filter_map(|end| right.split_once(end))
        .map(|(value, _)| value)
        .min_by_key(|value| value.len())
        .unwrap_or(right);
    let left = stop.before.split_whitespace().last().filter(|left| *left != stop.word)?;
    let mended = form.replace('A', "\u{1}").replace('B', right).replace('\u{1}', left);
    Some(
        Diagnostic::error("wrong-operator", format!("`{sign}` is not an operator here"))
            .at(head(stop, sign.len()), "")
            .help(format!("write `{mended}`")),
    )
}

fn in_loop(stop: &Stop<'_>) -> Option<Diagnostic> {
    if stop.word != "for" {
        return None;
    }
    let whole = format!("{}{}", stop.before, stop.rest);
    if let Some(inner) = whole.strip_prefix("for").and_then(|head| head.trim().strip_prefix('(')) {
        let inner = inner.trim().trim_end_matches(')');
        return Some(
            Diagnostic::error("syntax", "the head of a loop stands without parentheses")
                .at(head(stop, 1), "")
                .help(format!("write `for {inner} {{`")),
        );
    }
    let rest = stop.rest.trim_end();
    let word = token(rest);
    let begins =
        matches!(word, "at" | "all" | "stop" | "keep") || word.starts_with(|c: char| c.is_ascii_digit());
    begins.then(|| {
        Diagnostic::error("missing-comma", format!("a comma stands before `{word}`"))
            .at(head(stop, word.len()), "")
            .help(format!("write `, {}`", shortened(rest)))
    })
}

/// `when x => …`, `when x resolve "…"`.
fn arrow(stop: &Stop<'_>) -> Option<Diagnostic> {
    if !forms(stop.word).any(|form| form.place == Place::Arm) {
        return None;
    }
    let rest = stop.rest.lines().next()?.trim_end();
    let (target, length) = match ["=>", ":", "then", "→"].into_iter().find(|sign| rest.starts_with(sign)) {
        Some(sign) => (rest.get(sign.len()..)?.trim(), sign.len()),
        None => (rest, token(rest).len()),
    };
    let leads = matches!(first_word(target), "resolve" | "escalate" | "follow" | "fail" | "approve");
    (leads || target.starts_with(['"', '{'])).then(|| {
        Diagnostic::error("missing-arrow", "`->` stands between a condition and what it leads to")
            .at(head(stop, length), "")
            .help(format!("write `-> {}`", shortened(target)))
    })
}

/// `when $jobs.number > 1`.
fn dollar(stop: &Stop<'_>) -> Option<Diagnostic> {
    let inner = stop.rest.strip_prefix('$')?;
    let (name, length) = match inner.strip_prefix('{') {
        Some(braced) => (first_word(braced), first_word(braced).len() + 3),
        None => (first_word(inner), first_word(inner).len() + 1),
    };
    (!name.is_empty()).then(|| {
        Diagnostic::error("shell-name", "a name stands without `$`")
            .at(head(stop, length), "")
            .help(format!("write `{name}`"))
    })
}

/// `finding f"…"`, `owner web-team`.
fn quotes(stop: &Stop<'_>) -> Option<Diagnostic> {
    let rest = stop.rest.lines().next()?.trim_end();
    let letter = first_word(rest);
    let behind = rest.get(letter.len()..)?;
    if matches!(letter, "f" | "F" | "r" | "b" | "u" | "rb" | "fr") && behind.starts_with(['"', '\'']) {
        let end = behind.get(1..)?.find(['"', '\'']).map_or(behind.len(), |at| at + 2);
        let text = behind.get(..end)?.replace('\'', "\"");
        let text = if text.contains("{{") { text } else { text.replace('{', "{{ ").replace('}', " }}") };
        return Some(
            Diagnostic::error("wrong-quotes", format!("no `{letter}` stands before a text"))
                .at(head(stop, letter.len()), "")
                .help(format!("write `{text}`")),
        );
    }
    let takes_text = matches!(
        stop.word,
        "owner"
            | "impact"
            | "prevention"
            | "alert"
            | "approve"
            | "finding"
            | "leave"
            | "irreversible"
            | "manual"
    );
    let bare = stop.before.trim() == stop.word && !letter.is_empty() && !rest.contains('"');
    let value = rest.contains(['.', '(']) && !rest.contains(' ') && stop.word == "finding";
    let text = if value { format!("{{{{ {rest} }}}}") } else { rest.to_owned() };
    (takes_text && bare).then(|| {
        Diagnostic::error("missing-quotes", format!("the text of `{}` stands in quotes", stop.word))
            .at(first_line(stop), "")
            .help(format!("write `{} \"{text}\"`", stop.word))
    })
}

/// `check $ cmd`.
fn nameless_check(stop: &Stop<'_>) -> Option<Diagnostic> {
    if stop.word != "check" || stop.before.contains('=') {
        return None;
    }
    let call = stop.before.get("check".len()..)?.to_owned() + stop.rest.lines().next()?;
    let call = call.trim();
    let is_call = call.starts_with(['$', '`']) || call.starts_with("try ") || call.contains('(');
    is_call.then(|| {
        Diagnostic::error("missing-name", "what `check` reads has no name")
            .at(first_line(stop), "")
            .help(format!("write `check found = {}`", shortened(call)))
    })
}

/// `escalate oncall "…"`.
fn escalation(stop: &Stop<'_>) -> Option<Diagnostic> {
    let rest = stop.rest.lines().next()?.trim_end();
    if stop.before.trim() != "escalate" {
        return None;
    }
    let mended = if rest.starts_with('"') { format!("to oncall {rest}") } else { format!("to {rest}") };
    let form = form("escalate", false)?;
    let diagnostic =
        Diagnostic::error("syntax", "`escalate` does not say to whom").at(head(stop, token(rest).len()), "");
    Some(if rest.is_empty() {
        diagnostic.help(format!("it is written `{}`", form.form))
    } else {
        diagnostic.help(format!("write `escalate {mended}`"))
    })
}
