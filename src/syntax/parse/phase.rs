//! Blocks, and the sections that are blocks with a head: symptom and phases.
//!
//! Owns titles and closing braces. Never decides which statement may stand in which section.

use super::clause::{Clauses, Host};
use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Block, Cleared, Phase, PhaseWord, Piece, Statement, StatementKind, Symptom, Template, Text,
};

/// A head with clauses and a block.
pub(super) struct Headed {
    pub title: Text,
    pub titled: bool,
    pub clauses: Clauses,
    pub body: Block,
}

impl<'i> Reader<'i> {
    /// Reads a `block` or a `loose_block`.
    pub fn block(&mut self, pair: Pair<'i>) -> Block {
        let span = self.span(&pair);
        let pairs: Vec<Pair<'i>> = pair.into_inner().collect();
        let opened = self.place(span.start as usize, span.start as usize + 1);
        let statements = self.statements(pairs, opened);
        Spanned::new(statements, span)
    }

    fn statements(&mut self, pairs: Vec<Pair<'i>>, opened: Span) -> Vec<Statement> {
        let mut statements = Vec::with_capacity(pairs.len());
        let mut pairs = pairs.into_iter().peekable();
        while let Some(part) = pairs.next() {
            let outer = self.next_word;
            self.next_word = pairs.peek().filter(|next| next.as_rule() == Rule::run).map(|_| "run");
            match part.as_rule() {
                Rule::comment => {}
                Rule::unclosed => self.unclosed_at(&part, opened),
                Rule::too_deep => self.too_deep(opened),
                Rule::decide_arm
                | Rule::watch_arm
                | Rule::alert
                | Rule::cleared
                | Rule::symptom_when
                | Rule::checklist_item
                | Rule::given
                | Rule::expect => self.loose_part(part),
                _ => statements.push(self.statement(part)),
            }
            self.next_word = outer;
        }
        statements
    }

    /// Reads what stands in a block whose head could not be read, for the sake of its messages.
    fn loose_part(&mut self, part: Pair<'i>) {
        match part.as_rule() {
            Rule::decide_arm => drop(self.decide_arm(part)),
            Rule::watch_arm => drop(self.watch_arm(part)),
            Rule::checklist_item => drop(self.checklist_item(part)),
            Rule::given | Rule::expect => drop(self.drill_part(part)),
            Rule::alert => drop(self.first_text(part)),
            _ => drop(self.value(part)),
        }
    }

    pub fn too_deep(&mut self, opened: Span) {
        self.gave_up = true;
        self.report(
            Diagnostic::error("nested-too-deeply", "blocks and brackets nest deeper than 128 levels")
                .at(opened, "")
                .help("move the inner parts into actions"),
        );
    }

    /// Reports a block that is never closed; `pair` is where it should have been.
    fn unclosed_at(&mut self, pair: &Pair<'_>, opened: Span) {
        let at = pair.as_span().start();
        if self.indented_section(at, opened) {
            return;
        }
        let opened = self.suspect(opened, at);
        let diagnostic = Diagnostic::error("unclosed-block", "this `{` is never closed").at(opened, "");
        let diagnostic = if at < self.text.len() {
            let line = self.text.get(at..).map_or(0, |rest| super::reader::first_word(rest).len());
            diagnostic.at(self.place(at, at + line), "a section begins here, so the block must end before")
        } else {
            diagnostic
        };
        self.report(diagnostic.help("add the missing `}`"));
    }

    /// Explains a section that is written inside another one.
    fn indented_section(&mut self, at: usize, opened: Span) -> bool {
        let before = self.text.get(..at).unwrap_or("");
        let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
        let word = self.text.get(at..).map_or("", super::reader::first_word);
        let head = self.text.get(..opened.start as usize).unwrap_or("");
        let head = head.get(head.rfind('\n').map_or(0, |end| end + 1)..).unwrap_or("");
        let indent = head.len() - head.trim_start().len();
        if blanks <= indent || word.is_empty() {
            return false;
        }
        self.told.braces += 1;
        let around = super::reader::first_word(head.trim_start());
        self.report(
            Diagnostic::error("section-in-section", format!("`{word}` stands inside `{around}`"))
                .at(self.place(at, at + word.len()), "a section stands at the top of the file")
                .help(format!("move it out, below the `}}` that closes `{around}`: `{word} {{ … }}`")),
        );
        true
    }

    /// Returns the brace that is more likely to be the one without its partner, by the indentation of lines.
    fn suspect(&self, opened: Span, end: usize) -> Span {
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        let mut blamed = None;
        for line in self.text.get(..end).unwrap_or("").split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let inner = line.trim();
            if inner.starts_with('}')
                && let Some((brace, own)) = open.pop()
                && own > indent
                && brace >= opened.start as usize
            {
                blamed = blamed.or(Some(brace));
            }
            if inner.ends_with('{') {
                open.push((at + line.trim_end().len() - 1, indent));
            }
            at += line.len();
        }
        blamed.map_or(opened, |brace| self.place(brace, brace + 1))
    }

    /// Reports a list of arms or parts that is never closed.
    pub fn unclosed(&mut self, pair: &Pair<'_>, word: &str) {
        let at = pair.as_span().start();
        let text = self.text.get(..at).unwrap_or("");
        let opened =
            text.rfind(word).and_then(|from| self.text.get(from..)?.find('{').map(|brace| from + brace));
        let opened = opened.unwrap_or(at);
        self.unclosed_at(pair, self.place(opened, opened + usize::from(opened < self.text.len())));
    }

    /// Reads a `title`: a text, or words that lack their quotes.
    pub fn title(&mut self, pair: Pair<'i>) -> Text {
        let span = self.span(&pair);
        let Some(part) = pair.into_inner().next() else {
            return Spanned::new(Template::default(), span);
        };
        if part.as_rule() == Rule::text {
            return self.text(part);
        }
        let words = self.slice(span);
        self.report(
            Diagnostic::error("missing-quotes", "a title stands in quotes")
                .at(span, "")
                .help(format!("write `\"{words}\"`")),
        );
        let piece = Spanned::new(Piece::Text(words.to_owned()), span);
        Spanned::new(Template { pieces: vec![piece] }, span)
    }

    /// Reads a head with its title, clauses and block.
    pub fn headed(&mut self, pair: Pair<'i>, span: Span, host: Host) -> Headed {
        let mut title = None;
        let mut body = Spanned::new(Vec::new(), span);
        let mut rest = Vec::new();
        let mut block = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::title => title = Some(self.title(part)),
                Rule::text => title = Some(self.text(part)),
                Rule::block => block = Some(part),
                _ => rest.push(part),
            }
        }
        let clauses = self.clauses(rest, host, None);
        if let Some(block) = block {
            body = self.block(block);
        }
        let titled = title.is_some();
        Headed { title: title.unwrap_or(Spanned::new(Template::default(), span)), titled, clauses, body }
    }

    pub fn phase(&mut self, pair: Pair<'i>) -> Phase {
        let span = self.span(&pair);
        let place = self.word_span(&pair);
        let word = match self.slice(place) {
            "diagnose" => PhaseWord::Diagnose,
            "preflight" => PhaseWord::Preflight,
            "procedure" => PhaseWord::Procedure,
            "rollback" => PhaseWord::Rollback,
            _ => PhaseWord::Resolve,
        };
        let headed = self.headed(pair, span, Host { word: word.word(), takes: &["within", "timeout"] });
        if word == PhaseWord::Resolve && !headed.titled {
            self.report(
                Diagnostic::error("missing-title", "`resolve` needs a title")
                    .at(place, "")
                    .help("`decide` picks a resolution by its title: `resolve \"Restart the pool\" { … }`"),
            );
        }
        let title = headed.titled.then_some(headed.title);
        let Clauses { timeout, within, .. } = headed.clauses;
        Phase { word: Spanned::new(word, place), title, timeout, within, body: headed.body }
    }

    pub fn symptom(&mut self, pair: Pair<'i>) -> Symptom {
        let span = self.span(&pair);
        let mut title = Spanned::new(Template::default(), span);
        let mut symptom = (Vec::new(), None, None);
        let mut rest = Vec::new();
        let mut start = span.end as usize;
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::w_symptom | Rule::comment => {}
                Rule::title => {
                    start = place.end as usize;
                    title = self.title(part);
                }
                Rule::alert => {
                    self.trailing_of(&part, "alert");
                    symptom.0.extend(self.first_text(part));
                }
                Rule::symptom_when => self.symptom_when(part, place, &mut symptom.1),
                Rule::cleared => self.cleared(part, place, &mut symptom.2),
                _ => rest.push(part),
            }
        }
        let brace = self.text.get(start..).and_then(|text| text.find('{')).map_or(start, |at| start + at);
        let statements = self.statements(rest, self.place(brace, (brace + 1).min(self.text.len())));
        let body = Spanned::new(statements, self.place(brace, span.end as usize));
        Symptom { title, alerts: symptom.0, body, when: symptom.1, cleared: symptom.2 }
    }

    fn symptom_when(
        &mut self,
        pair: Pair<'i>,
        span: Span,
        slot: &mut Option<Spanned<crate::syntax::ast::Expr>>,
    ) {
        let trailing = pair.clone().into_inner().find(|part| part.as_rule() == Rule::trailing);
        let outer = self.cut_at(trailing.as_ref());
        self.trailing_of(&pair, "when");
        let value = self.value(pair);
        self.cut = outer;
        let Some(value) = value else {
            return;
        };
        match slot {
            Some(first) => self.given_twice("when", span, first.span),
            None => *slot = Some(Spanned::new(value, span)),
        }
    }

    fn cleared(&mut self, pair: Pair<'i>, span: Span, slot: &mut Option<Spanned<Cleared>>) {
        self.trailing_of(&pair, "cleared");
        let mut condition = self.no_expression(span);
        let mut rest = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expression => condition = self.expression(part),
                _ => rest.push(part),
            }
        }
        let host = Host { word: "cleared when", takes: &["for", "within", "every"] };
        let poll = self.clauses(rest, host, None).poll;
        self.missing_within(&poll, "cleared when", span);
        match slot {
            Some(first) => self.given_twice("cleared when", span, first.span),
            None => *slot = Some(Spanned::new(Cleared { condition, poll }, span)),
        }
    }

    /// Reads what fits nowhere, with the block it opens.
    pub fn invalid(&mut self, pair: Pair<'i>) -> StatementKind {
        let block = pair.clone().into_inner().find(|part| part.as_rule() == Rule::loose_block);
        let end = block.as_ref().map_or(pair.as_span().end(), |block| block.as_span().start());
        let start = pair.as_span().start();
        let head = self.text.get(start..end).unwrap_or("").trim_end();
        let span = self.place(start, start + head.len());
        self.explain(&pair, span, None);
        let word = super::reader::first_word(head);
        if block.is_none()
            && super::forms::forms(word)
                .any(|form| form.place == super::forms::Place::Top && form.has_block())
        {
            self.told.open_section = true;
        }
        let condition = matches!(word, "if" | "else" | "elif");
        let block = block.map(|block| self.block(block));
        self.told.condition = condition;
        StatementKind::Invalid(block)
    }
}
