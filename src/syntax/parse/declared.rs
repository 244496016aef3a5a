//! Slips in what is declared at the top of a file: parameters, secrets, imports, dates.
//!
//! Owns guesses like those of `slip`, for these lines.

use super::call::shortened;
use super::reader::first_word;
use super::slip::{Stop, first_line, head};
use crate::diagnostic::Diagnostic;

/// `param x = 1`, `param x text`.
pub(super) fn in_param(stop: &Stop<'_>) -> Option<Diagnostic> {
    if stop.word != "param" {
        return None;
    }
    let name = first_word(stop.before.get("param".len()..)?.trim_start());
    let rest = stop.rest.lines().next()?.trim_end();
    if name.is_empty() || !stop.before.trim_end().ends_with(name) {
        return None;
    }
    if let Some(value) = rest.strip_prefix('=') {
        let kind = kind_of(value.trim());
        return Some(
            Diagnostic::error("missing-type", format!("the parameter `{name}` has no type"))
                .at(head(stop, 1), "")
                .help(format!("write `{name}: {kind} = {}`", shortened(value.trim()))),
        );
    }
    if rest.is_empty() {
        return Some(
            Diagnostic::error("missing-type", format!("the parameter `{name}` has no type"))
                .at(head(stop, 1), "")
                .help(format!("write `{name}: text`, or another type")),
        );
    }
    first_word(rest).starts_with(|c: char| c.is_ascii_alphabetic()).then(|| {
        Diagnostic::error("missing-type", format!("a colon stands between `{name}` and its type"))
            .at(head(stop, first_word(rest).len()), "")
            .help(format!("write `{name}: {}`", shortened(rest)))
    })
}

/// Returns the type of a literal.
fn kind_of(value: &str) -> &'static str {
    let digits = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '_');
    let is_number = digits.len() < value.len();
    match digits.trim() {
        _ if matches!(value, "true" | "false") => "bool",
        "" if is_number && value.contains('.') => "number",
        "" if is_number => "int",
        "%" if is_number => "percent",
        "ms" | "s" | "m" | "h" | "d" if is_number => "duration",
        unit if is_number && unit.ends_with('B') => "size",
        _ => "text",
    }
}

/// `param x: int = 5 in 1..9`, `param x: text = "a" "what it is"`.
pub(super) fn behind_default(stop: &Stop<'_>) -> Option<Diagnostic> {
    let rest = stop.rest.lines().next()?.trim_end();
    let declared = stop.before.strip_prefix("param")?.trim();
    let (head_of, default) = declared.split_once('=')?;
    let (head_of, default) = (head_of.trim(), default.trim());
    if let (Some(to), Some((value, from))) = (rest.strip_prefix(".."), default.split_once(" in ")) {
        let (kind, description) = match head_of.find('"') {
            Some(at) => (head_of.get(..at)?.trim(), head_of.get(at..)?),
            None => (head_of, ""),
        };
        let blank = if description.is_empty() { "" } else { " " };
        return Some(
            Diagnostic::error("misplaced-range", "a range belongs to the type, before the default")
                .at(first_line(stop), "")
                .help(format!(
                    "write `{kind} in {}..{to}{blank}{description} = {}`",
                    from.trim(),
                    value.trim()
                )),
        );
    }
    rest.starts_with('"').then(|| {
        Diagnostic::error("unexpected", "a description stands before the default")
            .at(first_line(stop), "")
            .help(format!("write `{head_of} {rest} = {default}`"))
    })
}

/// `reviewed 20.11.2026`.
pub(super) fn date(stop: &Stop<'_>) -> Option<Diagnostic> {
    if !matches!(stop.word, "reviewed" | "freeze") {
        return None;
    }
    let rest = stop.rest.lines().next()?.trim();
    let parts: Vec<&str> = rest.trim_matches(['"', '\'']).split(['.', '/', '-']).collect();
    let [a, b, c] = parts.as_slice() else {
        return None;
    };
    let number = |text: &str| text.parse::<u16>().ok();
    let (a, b, c, american) = (number(a)?, number(b)?, number(c)?, rest.contains('/'));
    let (year, month, day) = match (a, b, c) {
        (year, month, day) if year > 31 => (year, month, day),
        (month, day, year) if american && month <= 12 => (year, month, day),
        (day, month, year) => (year, month, day),
    };
    Some(
        Diagnostic::error("invalid-date", "a date is year, month and day: `2026-11-20`")
            .at(first_line(stop), "")
            .help(format!("write `{} {year:04}-{month:02}-{day:02}`", stop.word)),
    )
}

/// `secret token`, `secret token = "s3cret"`.
pub(super) fn in_secret(stop: &Stop<'_>) -> Option<Diagnostic> {
    let declared = stop.before.strip_prefix("secret")?.trim_start();
    let name = first_word(declared);
    let open = stop.rest.trim().is_empty() || stop.rest.starts_with(['"', '\'']) && declared.contains('=');
    (open && !name.is_empty()).then(|| {
        Diagnostic::error("missing-source", format!("the secret `{name}` does not say where it comes from"))
            .at(first_line(stop), "a secret never stands in a file")
            .help(format!("write `secret {name} = env(\"{}\")`", name.to_uppercase()))
    })
}

/// `use http, file`.
pub(super) fn in_use(stop: &Stop<'_>) -> Option<Diagnostic> {
    let name = first_word(stop.rest.strip_prefix(',')?.trim_start());
    (stop.word == "use" && !name.is_empty()).then(|| {
        Diagnostic::error("unexpected", "each `use` stands on a line of its own")
            .at(first_line(stop), "")
            .help(format!("write `use {name}` below it"))
    })
}
