//! Sentences with their quotations told apart.
//!
//! A command or a value in a sentence is drawn otherwise than the sentence, on a screen as in
//! Markdown; and what somebody else wrote must not pass for ours. Never draws.

use std::fmt;

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Our words, or a title that the runbook's author wrote.
    Say(String),
    /// A command, an expression, a value.
    Code(String),
}

/// A sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<Word>);

impl Words {
    /// Returns a sentence of our words.
    pub fn say(text: impl Into<String>) -> Self {
        Words::default().and(text)
    }

    /// Returns a sentence that is one quotation.
    pub fn quote(text: impl Into<String>) -> Self {
        Words::default().code(text)
    }

    /// Adds words.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.push(Word::Say(text.into()));
        self
    }

    /// Adds a quotation.
    #[must_use]
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.push(Word::Code(text.into()));
        self
    }

    /// Returns whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, word: Word) {
        let (Word::Say(text) | Word::Code(text)) = &word;
        if !text.is_empty() {
            self.0.push(word);
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| {
            let (Word::Say(text) | Word::Code(text)) = word;
            f.write_str(text)
        })
    }
}
