//! What each code of a message means, as a page: why it matters, a wrong example, a mended one.
//!
//! Owns the list of pages, which are embedded into the binary, and their form: the code, then `Error:` or `Warning:` with
//! what it says, then Markdown. The tests check every example and that no code lacks a page.

use crate::diagnostic::Severity;

/// What is known of a code.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub code: &'static str,
    pub severity: Severity,
    /// What it says, lowercase, without a full stop.
    pub says: &'static str,
    /// Markdown: what it means, and the examples.
    pub text: &'static str,
}

impl Page {
    /// Returns the whole page as Markdown; of what the tests do with an example nothing is left.
    pub fn markdown(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        let mut out = format!("# {}\n\n{severity}: {}.\n\n", self.code, self.says);
        for line in self.text.lines() {
            let ticks = line.len() - line.trim_start_matches('`').len();
            let fence = if ticks >= 3 { line.split_whitespace().next() } else { None };
            out.push_str(fence.unwrap_or(line));
            out.push('\n');
        }
        out
    }
}

/// Returns every page, by code.
pub fn all() -> impl Iterator<Item = Page> {
    PAGES.iter().map(|(code, text)| read(code, text))
}

/// Returns the page of a code.
pub fn page(code: &str) -> Option<Page> {
    let at = PAGES.binary_search_by_key(&code, |(known, _)| *known).ok()?;
    PAGES.get(at).map(|(code, text)| read(code, text))
}

fn read(code: &'static str, page: &'static str) -> Page {
    let below = page.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    let (first, text) = below.split_once('\n').unwrap_or((below, ""));
    let (severity, says) = match first.strip_prefix("Warning: ") {
        Some(says) => (Severity::Warning, says),
        None => (Severity::Error, first.strip_prefix("Error: ").unwrap_or(first)),
    };
    Page { code, severity, says: says.trim_end_matches('.'), text: text.trim() }
}

macro_rules! pages {
    ($($code:literal)*) => { &[$(($code, include_str!(concat!("codes/", $code, ".md")))),*] };
}

/// Code and page, sorted.
const PAGES: &[(&str, &str)] = pages! {
    "action-never-called"
    "allow-without-effect"
    "answer-to-approve"
    "argument-missing"
    "argument-too-long"
    "bad-arguments"
    "bad-interpolation"
    "bad-interpreter"
    "bad-pattern"
    "bad-variable-name"
    "blind-approval"
    "bound-on-some-paths"
    "bound-twice"
    "braces-in-script"
    "call-not-here"
    "cannot-be-given"
    "chained-comparison"
    "change-where-only-reads"
    "change-without-undo"
    "check-changes"
    "clause-above"
    "clause-in-command"
    "clause-not-here"
    "command-alone"
    "command-in-condition"
    "command-in-value"
    "condition-not-bool"
    "else-for-silence"
    "else-without-message"
    "empty-command"
    "empty-range"
    "equals-for-colon"
    "fixed-text"
    "follow-circle"
    "foreign-comment"
    "foreign-word"
    "frozen-condition"
    "function-as-call"
    "given-twice"
    "good-leads-nowhere"
    "here-document"
    "internal"
    "invalid-date"
    "layout"
    "leading-dash"
    "list-in-word"
    "literal-only"
    "misplaced"
    "misplaced-clause"
    "misplaced-range"
    "misplaced-statement"
    "missing-arrow"
    "missing-at-most"
    "missing-blank"
    "missing-brace"
    "missing-by"
    "missing-comma"
    "missing-decide"
    "missing-dollar"
    "missing-effect"
    "missing-every"
    "missing-expect"
    "missing-name"
    "missing-on-silence"
    "missing-otherwise"
    "missing-quotes"
    "missing-resolve"
    "missing-return"
    "missing-source"
    "missing-target"
    "missing-title"
    "missing-type"
    "missing-when"
    "missing-within"
    "module-as-value"
    "name-out-of-reach"
    "nested-too-deeply"
    "no-answer"
    "no-value"
    "not-a-call"
    "not-a-choice"
    "not-a-list"
    "not-a-module"
    "not-a-runbook"
    "not-a-step"
    "not-a-target"
    "not-an-arm"
    "not-callable"
    "not-yet-supported"
    "nothing-after-finally"
    "nul-byte"
    "number-as-percent"
    "number-too-large"
    "out-of-memory"
    "out-of-range"
    "outside-step"
    "over-rto"
    "over-within"
    "path-too-long"
    "raw-outside-command"
    "raw-value"
    "read-where-changes"
    "recursion"
    "resolve-never-taken"
    "return-without-type"
    "review-overdue"
    "run-where-only-reads"
    "second-interpreter"
    "secret-in-arguments"
    "secret-misplaced"
    "secret-shown"
    "section-in-section"
    "several-answers"
    "several-endings"
    "shell-name"
    "shell-syntax"
    "single-braces"
    "spaced-unit"
    "stray-brace"
    "syntax"
    "too-many-arguments"
    "type-mismatch"
    "unbounded-loop"
    "unbounded-retry"
    "unclosed-block"
    "unclosed-braces"
    "unclosed-bracket"
    "unclosed-text"
    "undo-in-undo"
    "unexpected"
    "unknown-action"
    "unknown-alert"
    "unknown-argument"
    "unknown-choice"
    "unknown-field"
    "unknown-file"
    "unknown-function"
    "unknown-in-drill"
    "unknown-module"
    "unknown-name"
    "unknown-outcome"
    "unknown-resolve"
    "unknown-source"
    "unknown-statement"
    "unknown-type"
    "unknown-unit"
    "unreachable"
    "unreadable-file"
    "unsafe-position"
    "unterminated-here-document"
    "unterminated-quote"
    "unterminated-substitution"
    "used-before-bound"
    "value-not-for-commands"
    "verify-proves-nothing"
    "written-twice"
    "wrong-count"
    "wrong-file-kind"
    "wrong-operator"
    "wrong-place"
    "wrong-quotes"
    "yaml-habit"
};
