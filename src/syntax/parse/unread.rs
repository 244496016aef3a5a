//! What a sentence that could not be read would have brought: names, sections.
//!
//! Owns the guess, so that nothing that follows from one mistake is told as another. Never reports.

use super::forms::{Place, forms};
use super::reader::{Reader, first_word};

/// Words, of this language and of others, behind which a name is bound.
const BINDING: [&str; 24] = [
    "check",
    "run",
    "let",
    "ask",
    "output",
    "param",
    "secret",
    "for",
    "foreach",
    "use",
    "import",
    "action",
    "function",
    "def",
    "func",
    "fn",
    "set",
    "var",
    "const",
    "local",
    "export",
    "register",
    "parameter",
    "variable",
];

impl Reader<'_> {
    /// Takes note of what the lines of a text that could not be read would have brought.
    pub fn note_unread(&mut self, written: &str) {
        for line in written.lines() {
            let line = line.trim_start().trim_start_matches("- ").trim_start();
            let word = first_word(line);
            if forms(word).any(|form| form.place == Place::Top && form.has_block()) {
                self.unread.sections.push(word.to_owned());
            }
            let rest = line.get(word.len()..).unwrap_or("");
            let name = if BINDING.contains(&word) {
                first_word(rest.trim_start_matches([' ', '\t', ':', '(', '$']))
            } else if is_assigned(rest) {
                word
            } else {
                ""
            };
            if !name.is_empty() {
                self.unread.names.push(name.to_owned());
            }
        }
    }
}

/// Returns whether what stands behind a name gives it a value.
fn is_assigned(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with(":=") || rest.starts_with('=') && !rest.starts_with("==")
}
