//! Arms that are none, and arrows that lead nowhere.
//!
//! Owns what is said of a line in `decide` or `watch` that does not fit, and what stands in the tree for it,
//! so that nobody misses the arm. Never reads an arm that fits.

use super::forms::{Place, forms};
use super::grammar::Rule;
use super::reader::{Pair, Reader, first_word};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{DecideArm, Expression, Statement, StatementKind, Target};

/// What others call `otherwise`.
const OTHERWISE: [&str; 5] = ["else", "default", "_", "catch", "otherwise"];

/// What others write to end here, or to do nothing.
const NOTHING: [&str; 14] = [
    "none", "nothing", "noop", "pass", "skip", "ignore", "continue", "ok", "done", "exit", "stop", "abort",
    "end", "return",
];

/// What others write to end badly.
const FAILURES: [&str; 6] = ["fail", "error", "die", "panic", "raise", "throw"];

impl<'i> Reader<'i> {
    /// Explains a line among the arms of `decide` or `watch` that is none, and returns what stands for it.
    pub fn not_an_arm(&mut self, pair: Pair<'i>, word: &str) -> Spanned<DecideArm> {
        let span = self.span(&pair);
        let first = first_word(pair.as_str());
        if forms(first).any(|form| form.place == Place::Arm) {
            self.invalid(pair);
            return self.no_arm(span, first);
        }
        self.line_that_is_no_arm(span, word)
    }

    /// Explains the lines that were taken for the rest of a target.
    pub fn lines_behind(&mut self) -> Vec<Spanned<DecideArm>> {
        let lines = std::mem::take(&mut self.told.lines_behind);
        lines.into_iter().map(|line| self.line_that_is_no_arm(line, "decide")).collect()
    }

    fn no_arm(&self, span: Span, first: &str) -> Spanned<DecideArm> {
        let condition = (!OTHERWISE.contains(&first)).then(|| Spanned::new(Expression::Invalid, span));
        Spanned::new(DecideArm { condition, target: self.no_target(span) }, span)
    }

    fn line_that_is_no_arm(&mut self, span: Span, word: &str) -> Spanned<DecideArm> {
        let line = self.slice(span).lines().next().unwrap_or("").trim_end();
        let first = first_word(line);
        let arm = self.no_arm(span, first);
        self.note_unread(line);
        let at = self.place(span.start as usize, span.start as usize + line.len());
        let target = line.get(first.len()..).unwrap_or("").trim_start_matches([' ', ':', '=', '-', '>']);
        let help = match word {
            "decide" if OTHERWISE.contains(&first) && !target.is_empty() => {
                format!("write `otherwise -> {target}`")
            }
            "decide" => String::from("write `when EXPR -> …` or `otherwise -> …`"),
            _ => String::from("write `good when EXPR`, `bad when EXPR -> …` or `otherwise -> …`"),
        };
        self.report(
            Diagnostic::error("not-an-arm", format!("this is no arm of `{word}`")).at(at, "").help(help),
        );
        arm
    }

    /// Explains what an arrow cannot lead to; `None` when it is explained as any other sentence.
    pub fn not_a_target(&mut self, pair: &Pair<'i>) -> Option<Spanned<Target>> {
        if pair.as_rule() != Rule::invalid {
            return None;
        }
        let whole = self.span(pair);
        let line = self.slice(whole).lines().next().unwrap_or("").trim_end();
        let span = self.place(whole.start as usize, whole.start as usize + line.len());
        let word = first_word(line);
        let rest = line.get(word.len()..).unwrap_or("").trim();
        let diagnostic = if line.starts_with(['"', '\'']) {
            let title = line.replace('\'', "\"");
            self.leads_nowhere(span, "a text").help(format!("write `resolve {title}`"))
        } else if word == "resolve" && !rest.is_empty() && !rest.starts_with('"') {
            let title = rest.trim_matches(['(', ')', '\'', '"']);
            Diagnostic::error("missing-quotes", "a title stands in quotes")
                .at(span, "")
                .help(format!("write `resolve \"{title}\"`"))
        } else if FAILURES.contains(&word) || NOTHING.contains(&word) {
            let why = if rest.starts_with('"') { rest } else { "\"no known cause\"" };
            let diagnostic = self
                .leads_nowhere(span, &format!("`{word}`"))
                .help(format!("when a person must go on: `-> escalate to oncall {why}`"));
            if FAILURES.contains(&word) {
                diagnostic.help(format!("to fail: `-> {{ verify false else {why} }}`"))
            } else {
                diagnostic.help("when nothing is to be done: `-> { finding \"nothing to do\" }`")
            }
        } else {
            return None;
        };
        self.note_unread(line);
        self.report(diagnostic);
        let mut at = whole.start as usize + self.slice(whole).find('\n').map_or(line.len(), |end| end + 1);
        for below in self.slice(whole).split_inclusive('\n').skip(1) {
            let indent = below.len() - below.trim_start().len();
            let line = self.place(at + indent, at + below.trim_end().len());
            self.told.lines_behind.extend((!below.trim().is_empty()).then_some(line));
            at += below.len();
        }
        Some(self.no_target(whole))
    }

    fn leads_nowhere(&self, span: Span, what: &str) -> Diagnostic {
        Diagnostic::error("not-a-target", format!("an arm does not lead to {what}")).at(span, "")
    }

    /// Returns what stands for a target that could not be read.
    pub fn no_target(&self, span: Span) -> Spanned<Target> {
        let nothing = Statement { kind: StatementKind::Invalid(None), span, word: span };
        Spanned::new(Target::Statement(Box::new(nothing)), span)
    }
}
