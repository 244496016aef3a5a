//! Findings: what they are about, and the same thing only once.
//!
//! Owns their kinds, how they are told, and that what is the same is one. Never decides what is a finding.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::Case;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An undo or a `finally` fails although nothing it does was broken.
    UndoFails,
    /// A change may have happened, and nothing settles whether it did.
    LeftInDoubt,
    /// A change stands that nothing takes back, and that was not declared.
    NothingTakesBack,
    /// Something stands, and the outcome does not say so.
    NotSaid,
    /// What a later statement was to end goes on in a resolved run.
    LeftOn,
    /// An irreversible change was made twice.
    MadeTwice,
    /// It took longer than the runbook's `rto`.
    OverRto,
    /// The run came to no end.
    NoOutcome,
    /// A run that was taken up went another way.
    NotTheSame,
    /// No finding: a change is in doubt, and stays so where nobody says whether it happened.
    Unanswered,
    /// No finding: whether an undo works depends on what is not given for that way.
    NotJudged,
}

impl Kind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::UndoFails => "undo-fails",
            Kind::LeftInDoubt => "left-in-doubt",
            Kind::NothingTakesBack => "nothing-takes-back",
            Kind::NotSaid => "not-said",
            Kind::LeftOn => "left-on",
            Kind::MadeTwice => "made-twice",
            Kind::OverRto => "over-rto",
            Kind::NoOutcome => "no-outcome",
            Kind::NotTheSame => "not-the-same",
            Kind::Unanswered => "in-doubt-unanswered",
            Kind::NotJudged => "undo-not-judged",
        }
    }
}

/// The same thing, found in one case or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// The statement that stands, or where it went wrong.
    pub span: Span,
    pub message: String,
    pub notes: Vec<String>,
    pub help: Vec<String>,
    /// In how many cases.
    pub cases: u64,
    /// The drill of the first case.
    pub drill: String,
    /// All drills that have it.
    pub drills: BTreeSet<String>,
    pub first: Case,
}

impl Finding {
    pub(super) fn new(kind: Kind, span: Span, message: String) -> Finding {
        let (notes, help, drill) = (Vec::new(), Vec::new(), String::new());
        let drills = BTreeSet::new();
        Finding { kind, span, message, notes, help, cases: 1, drill, drills, first: Case::default() }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Finding {
        self.notes.push(note.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Finding {
        self.help.push(help.into());
        self
    }

    /// Returns it as a message.
    pub fn diagnostic(&self) -> Diagnostic {
        let told = Diagnostic::error(self.kind.word(), self.message.clone()).at(self.span, "");
        let told = self.notes.iter().fold(told, Diagnostic::note);
        let cases = match self.cases {
            1 => String::from("in one case"),
            n => format!("in {n} cases, the first"),
        };
        let told = told.note(format!("{cases} of \"{}\": {}", self.drill, self.first.words()));
        self.help.iter().fold(told, Diagnostic::help)
    }
}

/// Findings by what they are about; what is the same is one.
#[derive(Clone, Debug, Default)]
pub struct Findings(BTreeMap<(Kind, Span), Finding>);

impl Findings {
    /// Adds what was found in a case.
    pub(super) fn add(&mut self, finding: Finding) {
        let key = (finding.kind, finding.span);
        match self.0.get_mut(&key) {
            Some(known) => {
                known.cases += finding.cases;
                known.drills.extend(finding.drills);
            }
            None => {
                self.0.insert(key, finding);
            }
        }
    }

    /// Returns whether this has been found already.
    pub(super) fn knows(&self, finding: &Finding) -> bool {
        self.0.contains_key(&(finding.kind, finding.span))
    }

    /// Adds those of another drill of the same file.
    pub fn merge(&mut self, other: Findings) {
        for finding in other.0.into_values() {
            self.add(finding);
        }
    }

    /// Leaves out what is known.
    pub fn forget(&mut self, known: &Findings) {
        self.0.retain(|key, _| !known.0.contains_key(key));
    }

    /// Returns them in the order of their places.
    pub fn in_order(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.0.values().collect();
        findings.sort_by_key(|finding| (finding.span, finding.kind));
        findings
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
