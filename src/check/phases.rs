//! A runbook's sections: what each may hold, and which names reach from one to the next.
//!
//! Owns symptom, diagnosis, resolutions and rollback as wholes, also those of changes and
//! checklists, which do not run yet. Never looks into a statement.

use super::expressions::unknown;
use super::lower::{Lower, Place, Section};
use super::statements::Flow;
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::program::{Expr, NameRef, Phase, Polling, Slot, Symptom, Template};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, PhaseWord};

/// The sections of a file and the names bound in them.
#[derive(Default)]
pub(super) struct Sections {
    pub symptoms: Vec<Symptom>,
    pub diagnose: Option<Phase>,
    pub resolves: Vec<Phase>,
    pub rollback: Option<Phase>,
    pub locals: Vec<Slot>,
}

impl Lower<'_> {
    /// Returns the sections of the file, in the order in which they run.
    pub fn sections(mut self) -> Sections {
        let file = self.file();
        self.c.resolves =
            file.phases().filter(|p| changes(p.node.word.node)).map(|p| self.phase_name(p.node)).collect();
        self.same_titles(&file);
        let mut sections = Sections::default();
        for symptom in file.symptoms() {
            let symptom = self.symptom(symptom.node, symptom.span);
            sections.symptoms.push(symptom);
        }
        let mut flow = Flow::Goes;
        if let Some(first) = self.only(&file, reads) {
            let word = first.node.word.node.word();
            let (phase, own) = self.phase(&first, Section::Reads(word), None);
            sections.diagnose = Some(phase);
            flow = own;
        }
        for (at, phase) in file.phases().filter(|p| changes(p.node.word.node)).enumerate() {
            let word = phase.node.word.node.word();
            let reached = Some(super::scope::index(at));
            let (made, _) = self.phase(&phase, Section::Changes(word), reached);
            sections.resolves.push(made);
        }
        if let Some(rollback) = self.only(&file, |w| w == PhaseWord::Rollback) {
            let (phase, _) = self.phase(&rollback, Section::Rollback, None);
            sections.rollback = Some(phase);
        }
        self.expect_choice(&file, &sections, flow);
        sections.locals = self.finish();
        sections
    }

    fn phase_name(&self, phase: &ast::Phase) -> String {
        phase.title.as_ref().map_or_else(String::new, |t| self.as_written(t))
    }

    fn same_titles(&mut self, file: &ast::File) {
        let mut first = std::collections::HashMap::new();
        for phase in file.phases().filter(|p| changes(p.node.word.node)) {
            let name = self.phase_name(phase.node);
            let span = phase.node.title.as_ref().map_or(phase.node.word.span, |t| t.span);
            if phase.node.word.node == PhaseWord::Resolve && phase.node.title.is_none() {
                continue;
            }
            if let Some(first) = first.insert(name.clone(), span) {
                let word = phase.node.word.node.word();
                let message = if name.is_empty() {
                    format!("`{word}` is written twice")
                } else {
                    format!("two sections are called `{word} \"{name}\"`")
                };
                self.c.report.push(
                    Diagnostic::error("written-twice", message)
                        .at(span, "again here")
                        .at(first, "first here"),
                );
            }
        }
    }

    /// Returns the only phase of that kind, and says so when there are more.
    fn only<'f>(
        &mut self,
        file: &'f ast::File,
        kind: fn(PhaseWord) -> bool,
    ) -> Option<Spanned<&'f ast::Phase>> {
        let mut found = file.phases().filter(|p| kind(p.node.word.node));
        let first = found.next()?;
        for again in found {
            let word = again.node.word.node.word();
            if again.node.word.node != first.node.word.node {
                // One of them does not belong here, which is said elsewhere.
                continue;
            }
            self.c.report.push(
                Diagnostic::error("written-twice", format!("`{word}` is written twice"))
                    .at(again.node.word.span, "again here")
                    .at(first.node.word.span, "first here"),
            );
        }
        Some(first)
    }

    fn symptom(&mut self, symptom: &ast::Symptom, span: Span) -> Symptom {
        self.place = Place::of(Section::Symptom);
        let title = self.template(&symptom.title);
        let alert = match symptom.alerts.as_slice() {
            [] => None,
            [one] => Some(self.c.literal(one, "the name of an alert")),
            [first, more, ..] => {
                self.not_yet(more.span, "a second `alert`");
                Some(self.c.literal(first, "the name of an alert"))
            }
        };
        let before = self.frame.sequence();
        let (body, _) = self.block(&symptom.body);
        let when = match &symptom.when {
            Some(when) => self.spanned_condition(when, "`when`").0,
            // It may be what could not be read.
            None if holds_invalid(&symptom.body) => unknown(span),
            None => {
                self.c.report.push(
                    Diagnostic::error("missing-when", "this symptom does not say when it holds")
                        .at(symptom.title.span, "")
                        .help(match symptom.body.node.last().map(|last| &last.kind) {
                            Some(ast::StatementKind::Finding { when: Some(_), .. }) => {
                                "the `when` behind `finding` belongs to the finding: put `when EXPR` above it"
                            }
                            _ => "add `when EXPR` below its checks",
                        }),
                );
                unknown(span)
            }
        };
        let cleared = symptom.cleared.as_ref().map(|cleared| self.cleared(cleared, before));
        Symptom { title, alert, body, when, cleared, span }
    }

    /// `cleared when` reads the symptom's checks again, and what it calls itself.
    fn cleared(&mut self, cleared: &Spanned<ast::Cleared>, before: u32) -> (Expr, Polling) {
        let (expr, calls) = self.condition(&cleared.node.condition, "`cleared when`");
        let measured = walk::names(&expr).into_iter().any(|name| match name {
            NameRef::Local(slot) => self
                .frame
                .slots
                .get(slot as usize)
                .and_then(|s| self.frame.get(&s.name))
                .is_some_and(|e| e.slot == slot && e.sequence > before),
            NameRef::Global(_) => false,
        });
        let valid = cleared.node.condition.node != ast::Expression::Invalid;
        if calls == 0 && !measured && valid {
            let own = "use a `check` of this symptom in it, which is read again each time";
            self.frozen(&expr, "`cleared when`", Some(own));
        }
        let polling = self.polling(&cleared.node.poll, cleared.span, "`cleared when`");
        (expr, polling)
    }

    fn phase(
        &mut self,
        phase: &Spanned<&ast::Phase>,
        section: Section,
        resolve: Option<u32>,
    ) -> (Phase, Flow) {
        self.place = Place::of(section);
        let of = phase.node;
        let outer = self.frame.enter();
        let before = self.frame.sequence();
        if let Some((sequence, at)) = self.decided_before(section, resolve) {
            self.frame.forget_after(sequence, at);
        }
        let title = match &of.title {
            Some(title) => self.template(title),
            None => Template { parts: Vec::new(), span: of.word.span },
        };
        let within =
            of.within.as_ref().map(|w| self.plain_of(&w.node, &crate::value::Type::Duration, "`within`"));
        if let Some(timeout) = &of.timeout {
            self.c.report.push(
                Diagnostic::error("clause-not-here", "a phase has no `timeout`")
                    .at(timeout.span, "")
                    .help("write `within`: it bounds the whole phase"),
            );
        }
        let (body, flow) = self.block(&of.body);
        let name = self.phase_name(of);
        if !matches!(section, Section::Reads(_)) {
            let word = of.word.node.word();
            let what = if name.is_empty() { format!("`{word}`") } else { format!("`{word} \"{name}\"`") };
            self.frame.leave_phase(outer, before, &what);
        }
        let made = Phase { title, name, within, body, span: phase.span };
        (made, flow)
    }

    /// Returns the first decision that leads here: what is bound after it is not there.
    fn decided_before(&self, section: Section, resolve: Option<u32>) -> Option<(u32, Span)> {
        self.c
            .arrows
            .iter()
            .filter(|arrow| match section {
                Section::Changes(_) => Some(arrow.resolve) == resolve,
                Section::Rollback => true,
                _ => false,
            })
            .map(|arrow| (arrow.sequence, arrow.span))
            .min()
    }

    /// Says so when it is not known which resolution is taken.
    fn expect_choice(&mut self, file: &ast::File, sections: &Sections, flow: Flow) {
        if !matches!(file.head.node, ast::Head::Runbook { .. }) {
            return;
        }
        let unread =
            file.phases().any(|p| p.node.word.node == PhaseWord::Diagnose && holds_invalid(&p.node.body));
        if unread || !file.unread.sections.is_empty() {
            return;
        }
        let resolves: Vec<_> = file.phases().filter(|p| p.node.word.node == PhaseWord::Resolve).collect();
        let ends = flow.leaves() && sections.diagnose.is_some();
        match resolves.as_slice() {
            [] if !ends => self.c.report.push(
                Diagnostic::error("missing-resolve", "this runbook resolves nothing")
                    .at(file.head.span, "")
                    .help("add `resolve \"…\" { … }`, or end every path of `diagnose` with `escalate to ROLE \"why\"`"),
            ),
            [_, second, ..] if !ends => {
                let mut d = Diagnostic::error(
                    "missing-decide",
                    format!("nothing decides which of {} resolutions is taken", resolves.len()),
                )
                .at(second.node.word.span, "");
                if let Some(diagnose) = &sections.diagnose {
                    d = d.at(diagnose.span, "its end can be reached without a decision");
                }
                self.c.report.push(d.help("end `diagnose` with `decide { when EXPR -> resolve \"…\"  otherwise -> … }`"));
            }
            // What is wrong elsewhere may be the very arm.
            resolves if ends && !self.c.report.has_errors() => {
                let titles = self.c.resolves.clone();
                for resolve in resolves {
                    let name = self.phase_name(resolve.node);
                    let taken = self.c.arrows.iter().any(|arrow| {
                        titles.get(arrow.resolve as usize).is_none_or(|t| *t == name)
                    });
                    if taken || name.is_empty() {
                        continue;
                    }
                    let span = resolve.node.title.as_ref().map_or(resolve.span, |t| t.span);
                    self.c.report.push(
                        Diagnostic::warning("resolve-never-taken", "no decision leads to this resolution")
                            .at(span, "")
                            .help("add an arm to `decide`, or take the resolution out"),
                    );
                }
            }
            _ => {}
        }
    }

    /// Reads the items of a checklist, which does not run yet.
    pub fn checklist(mut self) {
        let file = self.file();
        for section in file.sections() {
            let _ = self.template(&section.node.title);
            for item in &section.node.items {
                self.place = Place::of(Section::Item);
                let _ = self.template(&item.node.title);
                if let Some(weight) = &item.node.weight {
                    let _ = self.plain_of(weight, &crate::value::Type::Number, "`weight`");
                }
                let mark = self.frame.enter();
                let _ = self.block(&item.node.body);
                self.frame.leave_inside(mark, "the `item`");
            }
        }
        let _ = self.finish();
    }
}

/// Returns whether a statement of the block could not be read.
fn holds_invalid(block: &ast::Block) -> bool {
    block.node.iter().any(|statement| matches!(statement.kind, ast::StatementKind::Invalid(_)))
}

fn reads(word: PhaseWord) -> bool {
    matches!(word, PhaseWord::Diagnose | PhaseWord::Preflight)
}

fn changes(word: PhaseWord) -> bool {
    matches!(word, PhaseWord::Resolve | PhaseWord::Procedure)
}
