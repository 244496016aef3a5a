//! `blind-approval`: an `approve` that whoever answers can judge by nothing.
//!
//! A question shows all that was read, found and changed before it. So one is pointed at only where that is nothing at
//! all, on no path. In an action it is the caller's matter, in `rollback` the changes tell.

use crate::check::phases::Sections;
use crate::check::report::Report;
use crate::diagnostic::Diagnostic;
use crate::program::{Approval, Choice, ExprKind, NameRef, Statement, StatementKind, WatchTarget};

/// Looks at the phases up to the changes, in the order in which they run.
pub(super) fn of_sections(sections: &Sections, report: &mut Report) {
    let mut before = Walk { shown: false, report };
    before.shown = sections.symptoms.iter().any(|symptom| {
        let mut reads = !symptom.body.is_empty();
        symptom.when.every(&mut |e| reads |= matches!(e.kind, ExprKind::Call { .. }));
        reads
    });
    if let Some(diagnose) = &sections.diagnose {
        before.block(&diagnose.body);
    }
    let shown = before.shown;
    for resolve in &sections.resolves {
        before.shown = shown;
        before.block(&resolve.body);
    }
}

struct Walk<'p> {
    /// Something was read, found or changed.
    shown: bool,
    report: &'p mut Report,
}

impl Walk<'_> {
    fn block(&mut self, body: &[Statement]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Approve(approval) => self.approve(approval),
            StatementKind::Check { .. }
            | StatementKind::Run(_)
            | StatementKind::Verify { .. }
            | StatementKind::Finding { .. }
            | StatementKind::Show { .. }
            | StatementKind::Output { .. }
            | StatementKind::Ask(_)
            | StatementKind::Follow(_) => self.shown = true,
            StatementKind::Step(step) => self.block(&step.body),
            StatementKind::Parallel(arms) => self.block(arms),
            StatementKind::For(each) => self.block(&each.body),
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, body)| self.block(body));
                self.block(otherwise);
            }
            StatementKind::Decide { arms, otherwise, .. } => {
                for choice in arms.iter().map(|(_, choice)| choice).chain([otherwise]) {
                    if let Choice::Block(body) = choice {
                        self.block(body);
                    }
                }
            }
            StatementKind::Watch(watch) => {
                // Its own readings stand with whatever it asks.
                self.shown = true;
                for target in
                    watch.arms.iter().filter_map(|arm| arm.target.as_ref()).chain([&watch.otherwise])
                {
                    if let WatchTarget::Block(body) = target {
                        self.block(body);
                    }
                }
            }
            _ => {}
        }
    }

    fn approve(&mut self, approval: &Approval) {
        let mut told = self.shown;
        for value in approval.text.values() {
            value.every(&mut |e| told |= matches!(e.kind, ExprKind::Name(NameRef::Local(_))));
        }
        if !told {
            self.report.push(
                Diagnostic::warning(
                    "blind-approval",
                    "nothing is read before this question: whoever answers has nothing to judge by",
                )
                .at(approval.text.span, "")
                .help("read above it what decides: `check NAME = $ …`, it is shown with the question")
                .help("and say it in the question: `{{ NAME }}`"),
            );
        }
    }
}
