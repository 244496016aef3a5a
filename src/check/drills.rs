//! Drills: from the tree to the checked form.
//!
//! Owns values that are given, which are computed here, and the names that an `expect` may use. Never decides
//! whether what is named exists (`drilled` does, once the whole program is known).

use super::expressions::unknown;
use super::lower::{Lower, Place, Section};
use super::scope::Frame;
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::expression::{self, Scope};
use crate::program::{
    Drill, Expect, ExpectWhat, Expr, Given, GivenWhat, NameRef, Reading, Reply, Slot, StepFate, StepOutcome,
};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::{Type, Value};

/// 2026-01-01T00:00Z, where a drill's clock begins; microseconds.
pub const BEGINNING: i64 = 1_767_225_600_000_000;

/// A place without names, at the beginning of a drill.
struct Nowhere;

impl Scope for Nowhere {
    fn name(&self, _: NameRef) -> Option<Value> {
        None
    }

    fn describe(&self, _: NameRef) -> (String, String) {
        Default::default()
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(BEGINNING).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl Lower<'_> {
    /// Returns the checked form of these drills; `locals`: the names of the phases.
    pub fn drills<'f>(
        mut self,
        drills: impl Iterator<Item = crate::source::Spanned<&'f ast::Drill>>,
        locals: &[Slot],
    ) -> Vec<Drill> {
        let slots = locals.to_vec();
        self.frame = Frame::all_visible(slots);
        // `elapsed` is that of the run.
        self.place = Place { in_step: true, ..Place::of(Section::Top) };
        let mut made: Vec<Drill> = Vec::new();
        for drill in drills {
            let title = self.c.literal(&drill.node.title, "the title of a drill");
            let span = drill.node.title.span;
            if let Some(first) = made.iter().find(|other| other.title == title) {
                self.c.report.push(
                    Diagnostic::error("written-twice", format!("two drills are called \"{title}\""))
                        .at(span, "again here")
                        .at(first.span, "first here"),
                );
            }
            made.push(self.drill(drill.node, title, span));
        }
        let _ = self.finish();
        made
    }

    fn drill(&mut self, drill: &ast::Drill, title: String, span: Span) -> Drill {
        let mut made = Drill { title, span, given: Vec::new(), expect: Vec::new() };
        for part in &drill.parts {
            match &part.node {
                ast::DrillPart::Given(given) => {
                    let what = self.given(given);
                    made.given.push(Given { span: part.span, what });
                }
                ast::DrillPart::Expect(expect) => {
                    if let Some(what) = self.expected(expect) {
                        made.expect.push(Expect { span: part.span, what });
                    }
                }
            }
        }
        if drill.parts.iter().all(|part| matches!(part.node, ast::DrillPart::Given(_))) {
            self.c.report.push(
                Diagnostic::error("missing-expect", "this drill expects nothing")
                    .at(span, "")
                    .help("say what must come of it: `expect outcome resolved`"),
            );
        }
        made
    }

    fn given(&mut self, given: &ast::Given) -> GivenWhat {
        match given {
            ast::Given::Value { name, values } => {
                let readings = values.iter().map(|reading| self.reading(&reading.node)).collect();
                GivenWhat::Readings { name: name.dotted(), readings }
            }
            ast::Given::Step { title, outcomes } => {
                let outcomes = outcomes.iter().map(|outcome| self.step_outcome(&outcome.node)).collect();
                GivenWhat::Step { name: self.as_written(title), outcomes }
            }
            ast::Given::Reply { manual, text, replies } => {
                let replies = replies.iter().map(|reply| Reply {
                    yes: match reply.node.says {
                        ast::Says::Granted => Some(true),
                        ast::Says::Denied => Some(false),
                        ast::Says::Never => None,
                    },
                    by: self.somebody(reply.node.by.as_ref()),
                    after: self.length(reply.node.after.as_ref(), "`after`"),
                });
                let replies = replies.collect();
                let text = text.as_ref().map(|text| self.c.sources.unquoted(text.span).to_owned());
                GivenWhat::Replies { manual: *manual, text, replies }
            }
            ast::Given::Answer { name, value, by, after } => GivenWhat::Answer {
                name: name.node.clone(),
                value: value.as_ref().map(|value| self.computed(value)),
                by: self.somebody(by.as_ref()),
                after: self.length(after.as_ref(), "`after`"),
            },
            ast::Given::Alert { name, labels } => {
                self.alert(name);
                let labels = labels.iter().map(|entry| (entry.key.node.clone(), self.computed(&entry.value)));
                GivenWhat::Alert { labels: labels.collect() }
            }
            ast::Given::OperatorStops { step } => GivenWhat::OperatorStops { step: self.as_written(step) },
            ast::Given::Crash { step } => GivenWhat::Crash { step: self.as_written(step) },
        }
    }

    fn alert(&mut self, name: &ast::Text) {
        let wanted = self.c.literal(name, "the name of an alert");
        let file = self.file();
        let alerts: Vec<String> =
            file.symptoms().flat_map(|s| &s.node.alerts).filter_map(|a| a.node.literal()).collect();
        if !alerts.contains(&wanted) {
            let unknown =
                Diagnostic::error("unknown-alert", format!("no symptom names the alert \"{wanted}\""))
                    .at(name.span, "");
            let known = alerts.iter().map(String::as_str);
            self.c.report.push(
                super::report::near(unknown, &wanted, known)
                    .help(format!("add `alert \"{wanted}\"` to the symptom that it tells of")),
            );
        }
    }

    fn somebody(&mut self, by: Option<&ast::Text>) -> Option<String> {
        by.map(|by| self.c.literal(by, "a name"))
    }

    fn reading(&mut self, reading: &ast::GivenReading) -> Reading {
        let brings = match &reading.what {
            ast::GivenWhat::Value(value) => Ok(self.computed(value)),
            ast::GivenWhat::Fails(None) => Err(String::from("it fails, as the drill gives it")),
            ast::GivenWhat::Fails(Some(why)) => Err(self.c.literal(why, "why a reading fails")),
        };
        Reading { brings, takes: self.length(reading.after.as_ref(), "`after`") }
    }

    fn step_outcome(&mut self, outcome: &ast::StepOutcome) -> StepOutcome {
        match outcome {
            ast::StepOutcome::Fails => StepOutcome::Fails,
            ast::StepOutcome::Lost => StepOutcome::Lost,
            ast::StepOutcome::Takes(length) => StepOutcome::Takes(self.length(Some(length), "`takes`")),
            ast::StepOutcome::Prints(text) => StepOutcome::Prints(self.computed(text).to_string()),
            ast::StepOutcome::Exits(code) => {
                let expr = self.plain_of(code, &Type::Int, "`exits`");
                match super::types::constant(&expr) {
                    Some(Value::Int(code)) if (0..=255).contains(&code) => {
                        StepOutcome::Exits(i32::try_from(code).unwrap_or(1))
                    }
                    _ if expr.ty != Type::Int => StepOutcome::Fails,
                    _ => {
                        self.c.report.push(
                            Diagnostic::error("out-of-range", "an exit status is a number from 0 to 255")
                                .at(code.span, ""),
                        );
                        StepOutcome::Fails
                    }
                }
            }
        }
    }

    fn length(&mut self, of: Option<&ast::Expr>, what: &'static str) -> i64 {
        let Some(of) = of else { return 0 };
        let expr = self.plain_of(of, &Type::Duration, what);
        match self.compute(&expr) {
            Some(Value::Duration(length)) => length.max(0),
            _ => 0,
        }
    }

    /// Returns the value of an expression without names.
    fn computed(&mut self, of: &ast::Expr) -> Value {
        let told = self.c.report.len();
        let expr = self.plain(of, "`given`");
        // What is wrong already needs no second message.
        if self.c.report.len() > told { Value::None } else { self.compute(&expr).unwrap_or(Value::None) }
    }

    fn compute(&mut self, expr: &Expr) -> Option<Value> {
        if !walk::names(expr).is_empty() {
            self.c.report.push(
                Diagnostic::error("literal-only", "what is given is written out: no name has a value yet")
                    .at(expr.span, ""),
            );
            return None;
        }
        match expression::evaluate(expr, &Nowhere) {
            Ok(value) => Some(value),
            Err(expression::Stop::Error(error)) => {
                let told = Diagnostic::error("cannot-be-given", error.message).at(error.span, "");
                self.c.report.push(error.help.into_iter().fold(told, |told, help| told.help(help)));
                None
            }
            Err(expression::Stop::NeedCall(_) | expression::Stop::Unknown(_)) => None,
        }
    }

    /// Says so where an attempt is asked for: in the end there is none.
    fn refuse_attempt(&mut self, expr: &Expr) {
        let mut found = None;
        expr.every(&mut |inner| {
            if matches!(inner.kind, crate::program::ExprKind::Attempt) {
                found.get_or_insert(inner.span);
            }
        });
        if let Some(span) = found {
            self.c.report.push(
                Diagnostic::error(
                    "outside-step",
                    "`attempt` is that of a step, and in the end there is none",
                )
                .at(span, "")
                .help("write `expect step \"TITLE\" 3 times`"),
            );
        }
    }

    /// Returns how many attempts are expected.
    fn times(&mut self, of: &ast::Expr) -> Option<u32> {
        let expr = self.plain_of(of, &Type::Int, "`times`");
        let Some(Value::Int(times)) = self.compute(&expr) else { return None };
        let wanted = u32::try_from(times).ok();
        if wanted.is_none() {
            self.c.report.push(
                Diagnostic::error("out-of-range", format!("no step begins {times} times")).at(of.span, ""),
            );
        }
        wanted
    }

    fn expected(&mut self, expect: &ast::Expect) -> Option<ExpectWhat> {
        Some(match expect {
            ast::Expect::Outcome(name) => {
                super::drilled::outcome(name, &mut self.c.report);
                ExpectWhat::Outcome(name.node.clone())
            }
            ast::Expect::Resolve(title) => ExpectWhat::Resolve(self.as_written(title)),
            ast::Expect::Step { title, fate } => {
                let fate = match &fate.node {
                    ast::StepFate::Ran => StepFate::Ran,
                    ast::StepFate::NotRun => StepFate::NotRun,
                    ast::StepFate::Undone => StepFate::Undone,
                    ast::StepFate::Before(other) => StepFate::Before(self.as_written(other)),
                    ast::StepFate::Times(times) => StepFate::Times(self.times(times)?),
                };
                ExpectWhat::Step { name: self.as_written(title), fate }
            }
            ast::Expect::NothingChanged => ExpectWhat::NothingChanged,
            ast::Expect::NothingLeftChanged => ExpectWhat::NothingLeftChanged,
            ast::Expect::EscalatedTo(role) => ExpectWhat::EscalatedTo(role.node.clone()),
            ast::Expect::Notified { channel, message } => ExpectWhat::Notified {
                channel: channel.node.clone(),
                message: message.as_ref().map(|message| self.c.literal(message, "an expected message")),
            },
            ast::Expect::Finding(text) => ExpectWhat::Finding(self.c.literal(text, "an expected finding")),
            ast::Expect::Timeline(text) => {
                ExpectWhat::Timeline(self.c.literal(text, "an expected line of the timeline"))
            }
            ast::Expect::That(expr) => {
                let mut calls = super::lower::Calls::refused("an `expect`");
                let checked = self.expr(expr, &mut calls);
                self.expect_bool(&checked, "`expect`");
                self.refuse_attempt(&checked);
                let checked =
                    if expr.node == ast::Expression::Invalid { unknown(expr.span) } else { checked };
                ExpectWhat::That(checked)
            }
        })
    }
}
