//! How many files of one person are looked at.
//!
//! Answers, notes, injections and stops are counted apart, so that a program that writes notes keeps nobody's answer from the run. What a
//! file is said to be stands in its name: the count needs nothing that must be read first.

/// Files of one person and one kind that are looked at in all.
pub(super) const LIMIT: usize = 1000;

const ANSWER: &str = "answer-";
const INJECT: &str = "inject-";
const NOTE: &str = "note-";
const STOP: &str = "stop-";

/// What a file is said to be by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Answer,
    Inject,
    /// Everything that is not named as something else, too.
    Note,
    Stop,
}

impl Kind {
    pub(super) fn of(file: &str) -> Kind {
        match file {
            _ if file.starts_with(ANSWER) => Kind::Answer,
            _ if file.starts_with(INJECT) => Kind::Inject,
            _ if file.starts_with(STOP) => Kind::Stop,
            _ => Kind::Note,
        }
    }

    pub(super) fn of_message(message: &super::Message) -> Kind {
        match message {
            super::Message::Answer { .. } => Kind::Answer,
            super::Message::Inject { .. } => Kind::Inject,
            super::Message::Note { .. } => Kind::Note,
            super::Message::Stop { .. } => Kind::Stop,
        }
    }

    /// Returns what the names of such files begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Kind::Answer => ANSWER,
            Kind::Inject => INJECT,
            Kind::Note => NOTE,
            Kind::Stop => STOP,
        }
    }

    /// Returns the word for more than one.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Kind::Answer => "answers",
            Kind::Inject => "injections",
            Kind::Note => "notes",
            Kind::Stop => "stops",
        }
    }
}
