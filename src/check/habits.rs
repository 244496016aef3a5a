//! What other languages call a value, a field or a function, and how it is written here.
//!
//! Owns these tables, and the guess at a shell's name in a text. Never decides whether something is wrong.

use super::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;
use crate::value::Type;

/// Constants of other languages.
const CONSTANTS: [(&str, &str); 10] = [
    ("null", "none"),
    ("None", "none"),
    ("nil", "none"),
    ("undefined", "none"),
    ("NULL", "none"),
    ("True", "true"),
    ("TRUE", "true"),
    ("yes", "true"),
    ("False", "false"),
    ("no", "false"),
];

/// Fields of a command's result under other names.
const COMMAND_FIELDS: [(&str, &str); 22] = [
    ("exit_code", "exit"),
    ("exitcode", "exit"),
    ("exit_status", "exit"),
    ("returncode", "exit"),
    ("return_code", "exit"),
    ("rc", "exit"),
    ("code", "exit"),
    ("status", "exit"),
    ("output", "stdout"),
    ("out", "stdout"),
    ("text", "stdout"),
    ("result", "stdout"),
    ("value", "stdout"),
    ("err", "stderr"),
    ("success", "ok"),
    ("succeeded", "ok"),
    ("stdout_lines", "lines"),
    ("int", "number"),
    ("float", "number"),
    ("count", "number"),
    ("duration", "elapsed"),
    ("data", "json"),
];

/// Fields of a response under other names.
const RESPONSE_FIELDS: [(&str, &str); 7] = [
    ("status_code", "status"),
    ("code", "status"),
    ("text", "body"),
    ("content", "body"),
    ("data", "json"),
    ("success", "ok"),
    ("duration", "elapsed"),
];

/// Functions of other languages; `A` and `B` stand for their arguments.
const FUNCTIONS: [(&str, &str); 24] = [
    ("len", "length(A)"),
    ("size_of", "length(A)"),
    ("str", "text(A)"),
    ("tostring", "text(A)"),
    ("to_string", "text(A)"),
    ("num", "number(A)"),
    ("to_number", "number(A)"),
    ("basename", "A | split(\"/\") | last"),
    ("dirname", "A | replace(\"/\" ~ (A | split(\"/\") | last), \"\")"),
    ("in_minutes", "A / 1m"),
    ("minutes", "A / 1m"),
    ("in_hours", "A / 1h"),
    ("hours", "A / 1h"),
    ("in_days", "A / 1d"),
    ("days", "A / 1d"),
    ("contains", "B in A"),
    ("includes", "B in A"),
    ("strip", "trim(A)"),
    ("tolower", "lower(A)"),
    ("toupper", "upper(A)"),
    ("json", "parse_json(A)"),
    ("from_json", "parse_json(A)"),
    ("to_json", "tojson(A)"),
    ("now", ""),
];

/// Returns the constant that another language calls so.
pub(super) fn constant(name: &str) -> Option<&'static str> {
    CONSTANTS.iter().find(|(foreign, _)| *foreign == name).map(|(_, own)| *own)
}

/// Returns the field of a command's result that is called so elsewhere.
pub(super) fn command_field(name: &str) -> Option<&'static str> {
    COMMAND_FIELDS.iter().take(8).find(|(foreign, _)| *foreign == name).map(|(_, own)| *own)
}

/// Returns how a field that is called so elsewhere is written; `of` is the value's text.
pub(super) fn field(ty: &Type, field: &str, of: &str) -> Option<String> {
    let named = |table: &[(&str, &str)]| {
        let own = table.iter().find(|(foreign, _)| *foreign == field).map(|(_, own)| *own)?;
        Some(format!("{of}.{own}"))
    };
    match ty {
        Type::Tried(inner) => self::field(inner, field, of),
        Type::Command | Type::Response if matches!(field, "failed" | "error" | "failure") => {
            Some(format!("not {of}.ok"))
        }
        Type::Command => named(&COMMAND_FIELDS),
        Type::Response => named(&RESPONSE_FIELDS),
        Type::Duration => match field {
            "seconds" | "total_seconds" | "secs" => Some(format!("{of} | in_seconds")),
            "minutes" => Some(format!("{of} / 1m")),
            "hours" => Some(format!("{of} / 1h")),
            "days" => Some(format!("{of} / 1d")),
            "milliseconds" | "ms" => Some(format!("{of} / 1ms")),
            _ => None,
        },
        Type::Size => match field {
            "bytes" => Some(format!("{of} | in_bytes")),
            "kb" | "mb" | "gb" => {
                Some(format!("{of} / 1{}", if field == "kb" { "kB".into() } else { field.to_uppercase() }))
            }
            _ => None,
        },
        Type::Text | Type::List(_) if matches!(field, "length" | "size" | "len" | "count") => {
            Some(format!("length({of})"))
        }
        _ => None,
    }
}

/// Returns how a function that is called so elsewhere is written, with the texts of its arguments.
pub(super) fn function(name: &str, arguments: &[&str]) -> Option<String> {
    let (_, form) = FUNCTIONS.iter().find(|(foreign, _)| *foreign == name)?;
    let mut form = (*form).to_owned();
    if form.contains('B') {
        form = form.replace('B', arguments.get(1)?);
    }
    (!form.is_empty()).then(|| Some(form.replace('A', arguments.first()?)))?
}

/// Returns what makes a value of a command's result that compares with the other type.
pub(super) fn of_command(other: &Type, command: &str) -> Option<String> {
    Some(match other {
        Type::Duration => format!("seconds({command}.number)"),
        Type::Size => format!("bytes({command}.number)"),
        Type::Percent => format!("percent({command}.number)"),
        Type::Int | Type::Number => format!("{command}.number"),
        Type::Bool => format!("{command}.ok"),
        Type::List(_) => format!("{command}.lines"),
        Type::Time => format!("time({command}.stdout)"),
        _ => return None,
    })
}

impl Lower<'_> {
    /// Points at `$name` and `${name}` in a text, where `name` is bound here.
    pub fn shell_names(&mut self, template: &ast::Template) {
        for piece in &template.pieces {
            let ast::Piece::Text(text) = &piece.node else {
                continue;
            };
            if text.contains('$') && piece.span.range().len() == text.len() {
                for (at, length, name) in shell_names(text) {
                    self.shell_name(piece.span, at, length, name, "stands in the text as it is");
                }
            }
        }
    }

    /// Points at `$name` in a command that does not get it from anywhere else; `env` are the names it gets.
    pub fn shell_names_in_command(&mut self, template: &ast::Template, env: &[ast::Entry]) {
        for piece in &template.pieces {
            let ast::Piece::Text(text) = &piece.node else {
                continue;
            };
            if !text.contains('$') || piece.span.range().len() != text.len() {
                continue;
            }
            for (at, length, name) in shell_names(text) {
                let assigned = [
                    format!("{name}="),
                    format!("for {name} "),
                    format!("read {name}"),
                    format!("read -r {name}"),
                ];
                let given = env.iter().any(|entry| entry.key.node == name)
                    || template.pieces.iter().any(|piece| match &piece.node {
                        ast::Piece::Text(text) => assigned.iter().any(|sign| text.contains(sign.as_str())),
                        ast::Piece::Interpolation(_) => false,
                    });
                if !given {
                    self.shell_name(piece.span, at, length, name, "is a variable of the shell");
                }
            }
        }
    }

    fn shell_name(&mut self, piece: Span, at: usize, length: usize, name: &str, what: &str) {
        let visible = self.frame.get(name).is_some() || self.c.units[self.unit].globals.contains_key(name);
        if !visible {
            return;
        }
        let start = piece.start as usize + at;
        let span = Span::new(piece.source, start, start + length);
        let written = self.c.sources.text(span).to_owned();
        self.c.report.push(
            Diagnostic::warning("shell-name", format!("`{written}` {what}"))
                .at(span, "")
                .help(format!("to fill in the value write `{{{{ {name} }}}}`")),
        );
    }
}

/// Returns where `$name` and `${name}` stand in a text: offset, length, name.
fn shell_names(text: &str) -> Vec<(usize, usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('$') {
        let escaped = text.get(..at).is_some_and(|before| before.ends_with(['\\', '$']));
        let rest = text.get(at + 1..).unwrap_or("");
        let braced = rest.strip_prefix('{');
        let inner = braced.unwrap_or(rest);
        let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        let name = inner.get(..end).unwrap_or("");
        let closed = inner.get(end..).is_some_and(|rest| rest.starts_with('}'));
        if escaped || name.is_empty() || braced.is_some() && !closed {
            continue;
        }
        found.push((at, end + if braced.is_some() { 3 } else { 1 }, name));
    }
    found
}
