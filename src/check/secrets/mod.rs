//! Where secrets go: into commands and requests, and nowhere else.
//!
//! Owns the flow of secrets through names, expressions and the parameters of actions. Never
//! decides types: it walks the checked form. A parameter is secret when any call hands it one;
//! what is computed from a secret is secret; what a call brings back is not, for what a command
//! prints of it is blotted out. Bodies are walked again only when what they are handed changes,
//! so that the whole takes linear time in practice.

mod values;

use std::collections::{BTreeSet, VecDeque};

use super::phases::Sections;
use super::report::Report;
use crate::diagnostic::Diagnostic;
use crate::program::{
    Action, Block, Choice, Ending, Expr, Follow, Global, GlobalSource, Phase, Polling, Run, Silence,
    Statement, StatementKind, Step, Template, TemplatePart, Watch, WatchTarget,
};
use crate::source::Span;

/// That a value is secret, and why.
#[derive(Clone, Debug)]
struct Taint {
    /// Only the field `password` is: it is what `parse_url` made of a secret.
    url: bool,
    /// The name of the secret.
    name: String,
    declared: Span,
    /// The call that handed it over.
    through: Option<Span>,
}

/// What a place is, for the message.
#[derive(Clone, Copy)]
enum Sink {
    /// People see it: "a finding".
    Shown(&'static str),
    /// It is used for something else: "a condition".
    Used(&'static str),
}

const COMPUTED: Sink = Sink::Used("a comparison or a calculation");

struct Flow<'p> {
    globals: &'p [Global],
    actions: &'p [Action],
    sections: &'p Sections,
    global_taints: Vec<Option<Taint>>,
    /// Frame 0 is the runbook's, the others those of the actions.
    slots: Vec<Vec<Option<Taint>>>,
    returns: Vec<Option<Taint>>,
    callers: Vec<BTreeSet<usize>>,
    queue: VecDeque<usize>,
    queued: Vec<bool>,
    /// Present in the last round only.
    report: Option<&'p mut Report>,
    frame: usize,
}

/// Says where a secret goes astray.
pub(super) fn check(
    globals: &[Global],
    actions: &[Action],
    sections: &Sections,
    texts: &[(&Template, &'static str)],
    report: &mut Report,
) {
    let frames = actions.len() + 1;
    let mut slots = vec![vec![None; sections.locals.len()]];
    slots.extend(actions.iter().map(|a| vec![None; a.locals.len()]));
    let mut flow = Flow {
        globals,
        actions,
        sections,
        global_taints: vec![None; globals.len()],
        slots,
        returns: vec![None; frames],
        callers: vec![BTreeSet::new(); frames],
        queue: (0..frames).collect(),
        queued: vec![true; frames],
        report: None,
        frame: 0,
    };
    flow.declare();
    while let Some(frame) = flow.queue.pop_front() {
        flow.queued[frame] = false;
        flow.walk(frame);
    }
    flow.report = Some(report);
    flow.declare();
    for (text, what) in texts {
        flow.template(text, what);
    }
    for frame in 0..frames {
        flow.walk(frame);
    }
}

impl Flow<'_> {
    fn declare(&mut self) {
        let globals = self.globals;
        for (at, global) in globals.iter().enumerate() {
            self.global_taints[at] = match &global.source {
                GlobalSource::Secret(_) => Some(Taint {
                    url: false,
                    name: global.slot.name.clone(),
                    declared: global.slot.span,
                    through: None,
                }),
                GlobalSource::Let(expr) => self.expr(expr),
                GlobalSource::Param(param) => {
                    if let Some(default) = &param.default {
                        self.sink(default, Sink::Used("the default of a parameter"));
                    }
                    None
                }
            };
        }
    }

    fn walk(&mut self, frame: usize) {
        self.frame = frame;
        let actions = self.actions;
        let sections = self.sections;
        if let Some(action) = frame.checked_sub(1).and_then(|at| actions.get(at)) {
            self.block(&action.body);
            return;
        }
        for symptom in &sections.symptoms {
            self.template(&symptom.title, "a title");
            self.block(&symptom.body);
            self.sink(&symptom.when, Sink::Used("a condition"));
            if let Some((expr, polling)) = &symptom.cleared {
                self.sink(expr, Sink::Used("a condition"));
                self.polling(polling);
            }
        }
        let phases = sections.diagnose.iter().chain(&sections.resolves).chain(&sections.rollback);
        phases.for_each(|phase| self.phase(phase));
    }

    fn phase(&mut self, phase: &Phase) {
        self.template(&phase.title, "a title");
        self.number(phase.within.as_ref());
        self.block(&phase.body);
    }

    fn block(&mut self, block: &Block) {
        for statement in block {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Check { slot, call, until } => {
                let taint = self.call(call);
                self.bind(*slot, taint);
                if let Some((expr, polling)) = until.as_deref() {
                    self.sink(expr, Sink::Used("a condition"));
                    self.polling(polling);
                }
            }
            StatementKind::Run(run) => self.run(run),
            StatementKind::Verify { expr, message, polling } => {
                self.sink(expr, Sink::Used("a condition"));
                self.message(message.as_ref(), "a message");
                if let Some(polling) = polling {
                    self.polling(polling);
                }
            }
            StatementKind::Let { slot, expr } => {
                let taint = self.expr(expr);
                self.bind(Some(*slot), taint);
            }
            StatementKind::Show { expr, .. } => self.sink(expr, Sink::Shown("what is shown")),
            StatementKind::Output { slot, expr, .. } => {
                self.sink(expr, Sink::Shown("an output"));
                self.bind(Some(*slot), None);
            }
            StatementKind::Finding { text, when } => {
                self.template(text, "a finding");
                if let Some(when) = when {
                    self.sink(when, Sink::Used("a condition"));
                }
            }
            StatementKind::Wait { duration, reason } => {
                self.number(Some(duration));
                self.message(reason.as_ref(), "a message");
            }
            StatementKind::Approve(approval) => {
                self.template(&approval.text, "a question");
                self.number(Some(&approval.within));
                self.silence(&approval.on_silence);
            }
            StatementKind::Ask(asking) => {
                self.template(&asking.text, "a question");
                self.number(Some(&asking.within));
                self.silence(&asking.on_silence);
                if let Some(list) = &asking.one_of {
                    self.sink(list, Sink::Shown("a question"));
                }
                self.bind(Some(asking.slot), None);
            }
            StatementKind::Notify { text, .. } | StatementKind::Escalate { text, .. } => {
                self.template(text, "a message");
            }
            StatementKind::Step(step) => self.step(step),
            StatementKind::If { arms, otherwise, .. } => {
                for (condition, body) in arms {
                    self.sink(condition, Sink::Used("a condition"));
                    self.block(body);
                }
                self.block(otherwise);
            }
            StatementKind::For(each) => {
                self.sink(&each.list, Sink::Used("the list of a loop"));
                let numbers = [&each.at_most, &each.at_a_time, &each.apart, &each.stop_after];
                numbers.into_iter().for_each(|n| self.number(n.as_ref()));
                self.block(&each.body);
            }
            StatementKind::Parallel(steps) => self.block(steps),
            StatementKind::Decide { arms, otherwise, .. } => {
                for (condition, choice) in arms {
                    self.sink(condition, Sink::Used("a condition"));
                    self.choice(choice);
                }
                self.choice(otherwise);
            }
            StatementKind::Watch(watch) => self.watch(watch),
            StatementKind::Follow(follow) => self.follow(follow),
            StatementKind::PointOfNoReturn { text, when } => {
                self.template(text, "a point of no return");
                if let Some(when) = when {
                    self.sink(when, Sink::Used("a condition"));
                }
            }
            StatementKind::Return(value) => self.return_(value.as_ref()),
        }
    }

    pub(super) fn silence(&mut self, silence: &Silence) {
        match silence {
            Silence::Escalate { text: Some(text), .. } => self.template(text, "a message"),
            Silence::Answer(answer) => self.sink(answer, Sink::Shown("an answer")),
            _ => {}
        }
    }

    fn run(&mut self, run: &Run) {
        let taint = self.call(&run.call);
        self.bind(run.slot, taint);
        if let Some(condition) = &run.done_when {
            self.sink(condition, Sink::Used("a condition"));
        }
        match &run.ending {
            Ending::Undo(undo) => self.block(&undo.body),
            Ending::Leave(why) | Ending::Irreversible(why) => self.template(why, "a reason"),
            Ending::Own => {}
        }
        if let Some(finally) = &run.finally {
            let _ = self.call(finally);
        }
    }

    fn step(&mut self, step: &Step) {
        self.template(&step.title, "a title");
        self.number(step.timeout.as_ref());
        self.number(step.within.as_ref());
        self.number(step.retry.as_ref());
        if let Some((from, to)) = &step.every {
            self.number(Some(from));
            if to.span != from.span {
                self.number(Some(to));
            }
        }
        self.block(&step.body);
    }

    fn choice(&mut self, choice: &Choice) {
        match choice {
            Choice::Resolve(_) => {}
            Choice::Escalate { text, .. } => self.template(text, "a message"),
            Choice::Follow(follow) => self.follow(follow),
            Choice::Block(block) => self.block(block),
        }
    }

    fn watch(&mut self, watch: &Watch) {
        self.template(&watch.title, "a title");
        self.number(Some(&watch.every));
        for arm in &watch.arms {
            self.sink(&arm.when, Sink::Used("a condition"));
            self.number(arm.times.as_ref());
        }
        for target in watch.arms.iter().filter_map(|arm| arm.target.as_ref()).chain([&watch.otherwise]) {
            match target {
                WatchTarget::Fail(text) => self.message(text.as_ref(), "a message"),
                WatchTarget::Block(block) => self.block(block),
            }
        }
    }

    fn follow(&mut self, follow: &Follow) {
        for (_, value) in &follow.args {
            self.sink(value, Sink::Used("a parameter of a runbook that is followed"));
        }
    }

    fn return_(&mut self, value: Option<&Expr>) {
        let taint = value.and_then(|v| self.expr(v));
        let known = &mut self.returns[self.frame];
        if known.is_none() && taint.is_some() {
            *known = taint;
            let callers: Vec<_> = self.callers[self.frame].iter().copied().collect();
            for caller in callers {
                self.again(caller);
            }
        }
    }

    fn again(&mut self, frame: usize) {
        if self.report.is_none() && !self.queued[frame] {
            self.queued[frame] = true;
            self.queue.push_back(frame);
        }
    }

    fn bind(&mut self, slot: Option<u32>, taint: Option<Taint>) {
        if let (Some(slot), Some(taint)) = (slot, taint)
            && let Some(known) = self.slots[self.frame].get_mut(slot as usize)
            && known.as_ref().is_none_or(|k| k.url && !taint.url)
        {
            *known = Some(taint);
        }
    }

    fn polling(&mut self, polling: &Polling) {
        self.number(polling.within.as_ref());
        self.number(Some(&polling.every));
        self.number(polling.holds.as_ref());
    }

    fn number(&mut self, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.sink(expr, Sink::Used("a number or duration"));
        }
    }

    fn message(&mut self, text: Option<&Template>, what: &'static str) {
        if let Some(text) = text {
            self.template(text, what);
        }
    }

    fn template(&mut self, text: &Template, what: &'static str) {
        for part in &text.parts {
            if let TemplatePart::Value(expr) = part {
                self.sink(expr, Sink::Shown(what));
            }
        }
    }

    /// A place where no secret may come.
    fn sink(&mut self, expr: &Expr, sink: Sink) {
        let Some(taint) = self.expr(expr) else { return };
        let d = match sink {
            Sink::Shown(what) => {
                Diagnostic::error("secret-shown", format!("{what} would show the secret `{}`", taint.name))
                    .at(expr.span, "")
                    .help("a secret may go into a command or a request and nowhere else")
            }
            Sink::Used(what) => Diagnostic::error(
                "secret-misplaced",
                format!("the secret `{}` cannot be used in {what}", taint.name),
            )
            .at(expr.span, "")
            .help("a secret may go into a command or a request and nowhere else"),
        };
        self.tell(d, &taint);
    }

    fn tell(&mut self, mut d: Diagnostic, taint: &Taint) {
        let Some(report) = &mut self.report else {
            return;
        };
        if let Some(through) = taint.through {
            d = d.at(through, "handed over here");
        }
        report.push(d.at(taint.declared, "declared as a secret here"));
    }
}
