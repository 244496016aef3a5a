//! The command line as bash hands it to a completion.
//!
//! Owns its words, and how a candidate is written back. Bash cuts words at `=` and `:` and replaces only what
//! stands behind the last of them; what is completed here are whole words. Never runs or expands anything.

use std::ffi::OsString;

/// A line up to the cursor.
pub(super) struct Line {
    pub words: Vec<OsString>,
    /// What of the last word bash does not replace.
    kept: String,
    /// Whether the cursor stands inside quotes.
    quoted: bool,
}

impl Line {
    /// Takes the line and the piece of its last word that bash replaces.
    pub fn of(given: &[OsString]) -> Line {
        let text =
            |at: usize| given.get(at).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let (line, piece) = (text(0), text(1));
        let (words, quoted) = split(&line);
        let last = words.last().cloned().unwrap_or_default();
        let kept = last.strip_suffix(piece.as_str()).unwrap_or("").to_owned();
        Line { words: words.into_iter().map(OsString::from).collect(), kept, quoted }
    }

    /// Returns a candidate as bash takes it.
    pub fn written(&self, value: &str) -> String {
        let rest = value.strip_prefix(self.kept.as_str()).unwrap_or(value);
        if self.quoted {
            return rest.to_owned();
        }
        let mut out = String::with_capacity(rest.len());
        for sign in rest.chars() {
            if !(sign.is_alphanumeric() || "_-./=:@%+,~".contains(sign)) {
                out.push('\\');
            }
            out.push(sign);
        }
        out
    }
}

/// Splits a line as a shell does, without expanding; quotes need not be closed. Returns whether they are not.
fn split(line: &str) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (Some(open), sign) if sign == open => quote = None,
            (None, '\'' | '"') => quote = Some(sign),
            (None | Some('"'), '\\') => word.extend(signs.next()),
            (None, ' ' | '\t') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, sign) => word.push(sign),
        }
    }
    words.push(word);
    (words, quote.is_some())
}
