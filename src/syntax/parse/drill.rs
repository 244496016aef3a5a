//! Drills.
//!
//! Owns `given` and `expect`. Never knows whether a name exists.

use super::forms::forms;
use super::grammar::Rule;
use super::reader::{Pair, Reader, first_word};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Drill, DrillPart, Expect, Expr, Expression, Given, GivenReading, GivenReply, GivenWhat, Says, StepFate,
    StepOutcome, Template, Text,
};

impl<'i> Reader<'i> {
    pub fn drill(&mut self, pair: Pair<'i>, span: Span) -> Drill {
        let mut title: Text = Spanned::new(Template::default(), span);
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::title => title = self.title(part),
                Rule::given | Rule::expect => parts.extend(self.drill_part(part)),
                Rule::unclosed => self.unclosed(&part, "drill"),
                Rule::invalid => drop(self.invalid(part)),
                _ => {}
            }
        }
        Drill { title, parts }
    }

    pub fn drill_part(&mut self, pair: Pair<'i>) -> Option<Spanned<DrillPart>> {
        let span = self.span(&pair);
        let given = pair.as_rule() == Rule::given;
        if let Some(slip) = self.slip_in_drill(&pair) {
            self.report(slip);
            // Something is expected all the same.
            let unread = || DrillPart::Expect(Expect::That(Spanned::new(Expression::Invalid, span)));
            return (!given).then(|| Spanned::new(unread(), span));
        }
        self.trailing_of(&pair, if given { "given" } else { "expect" });
        let part = pair.into_inner().nth(1)?;
        let part =
            if given { DrillPart::Given(self.given(part)?) } else { DrillPart::Expect(self.expect(part)?) };
        Some(Spanned::new(part, span))
    }

    /// Explains a line that was taken for something else, because what begins it could be a name.
    fn slip_in_drill(&self, pair: &Pair<'i>) -> Option<Diagnostic> {
        let mut parts = pair.clone().into_inner();
        let part = parts.nth(1)?;
        let behind = parts.find(|part| part.as_rule() == Rule::trailing)?;
        let (written, at_behind) = (part.as_str().trim(), self.span(&behind));
        let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        match part.as_rule() {
            Rule::expect_that if is_name(written) => {
                let at = self.place(self.span(&part).start as usize, at_behind.end as usize);
                let told = Diagnostic::error(
                    "syntax",
                    format!("nothing is expected in the form `expect {written} …`"),
                );
                let told = forms("expect").fold(told.at(at, ""), |told, form| told.note(form.form));
                Some(told.help("write one of these, or what is true in the end: `expect NAME == VALUE`"))
            }
            Rule::given_value if written.replace(' ', "").ends_with("=fails") => {
                let name = written.split(['=', ' ']).next().unwrap_or("NAME");
                let told = Diagnostic::error("syntax", "`fails` stands without `=`").at(self.span(&part), "");
                Some(told.help(format!("write `given {name} fails \"WHY\"`")))
            }
            _ if pair.as_rule() == Rule::given && first_word(behind.as_str()) == "then" => {
                let start = at_behind.start as usize;
                let told = Diagnostic::error("missing-comma", "a comma stands before `then`");
                Some(told.at(self.place(start, start + "then".len()), "").help("write `…, then …`"))
            }
            _ => None,
        }
    }

    fn given(&mut self, pair: Pair<'i>) -> Option<Given> {
        Some(match pair.as_rule() {
            Rule::given_step => {
                let mut title = None;
                let mut outcomes = Vec::new();
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::text => title = Some(self.text(part)),
                        Rule::step_outcome => outcomes.extend(self.step_outcome(part)),
                        _ => {}
                    }
                }
                Given::Step { title: title?, outcomes }
            }
            Rule::given_approval => {
                let manual = pair.clone().into_inner().any(|p| p.as_rule() == Rule::w_manual);
                let mut text = None;
                let mut replies = Vec::new();
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::text => text = Some(self.text(part)),
                        Rule::given_reply => {
                            let span = self.span(&part);
                            replies.push(Spanned::new(self.given_reply(part), span));
                        }
                        _ => {}
                    }
                }
                Given::Reply { manual, text, replies }
            }
            Rule::given_answer => self.given_answer(pair)?,
            Rule::given_alert => {
                let mut name = None;
                let mut labels = Vec::new();
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::text => name = Some(self.text(part)),
                        Rule::record => labels = self.entries(part),
                        _ => {}
                    }
                }
                Given::Alert { name: name?, labels }
            }
            Rule::given_operator => Given::OperatorStops { step: self.first_text(pair)? },
            Rule::given_crash => Given::Crash { step: self.first_text(pair)? },
            _ => {
                let mut name = None;
                let mut values = Vec::new();
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::path => name = Some(self.path(part)),
                        Rule::reading | Rule::failing => values.extend(self.given_reading(part)),
                        _ => {}
                    }
                }
                Given::Value { name: name?, values }
            }
        })
    }

    fn given_reading(&mut self, pair: Pair<'i>) -> Option<Spanned<GivenReading>> {
        let span = self.span(&pair);
        let fails = pair.as_rule() == Rule::failing;
        let mut why = None;
        let mut exprs = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::text => why = Some(self.text(part)),
                Rule::expression => exprs.push(self.expression(part)),
                _ => {}
            }
        }
        let mut exprs = exprs.into_iter();
        let what = if fails { GivenWhat::Fails(why) } else { GivenWhat::Value(exprs.next()?) };
        Some(Spanned::new(GivenReading { what, after: exprs.next() }, span))
    }

    fn step_outcome(&mut self, pair: Pair<'i>) -> Option<Spanned<StepOutcome>> {
        let span = self.span(&pair);
        let kind = pair.clone().into_inner().next()?.as_rule();
        let value = self.value(pair);
        let outcome = match (kind, value) {
            (Rule::w_exits, Some(code)) => StepOutcome::Exits(code),
            (Rule::w_takes, Some(duration)) => StepOutcome::Takes(duration),
            (Rule::w_prints, Some(text)) => StepOutcome::Prints(text),
            (Rule::w_lost, _) => StepOutcome::Lost,
            _ => StepOutcome::Fails,
        };
        Some(Spanned::new(outcome, span))
    }

    fn given_reply(&mut self, pair: Pair<'i>) -> GivenReply {
        let (by, after) = self.by_and_after(pair.clone());
        let says = match pair.into_inner().next().map(|p| p.as_rule()) {
            Some(Rule::w_denied) => Says::Denied,
            Some(Rule::w_never) => Says::Never,
            _ => Says::Granted,
        };
        GivenReply { says, by, after }
    }

    fn by_and_after(&mut self, pair: Pair<'i>) -> (Option<Text>, Option<Expr>) {
        let (mut by, mut after) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::given_by => by = self.first_text(part),
                Rule::given_after => after = self.value(part),
                _ => {}
            }
        }
        (by, after)
    }

    fn given_answer(&mut self, pair: Pair<'i>) -> Option<Given> {
        let (by, after) = self.by_and_after(pair.clone());
        let name = pair.clone().into_inner().find(|p| p.as_rule() == Rule::name)?;
        Some(Given::Answer { name: self.name(&name), value: self.value(pair), by, after })
    }

    fn expect(&mut self, pair: Pair<'i>) -> Option<Expect> {
        let rule = pair.as_rule();
        let name = pair.clone().into_inner().find(|p| matches!(p.as_rule(), Rule::name | Rule::role));
        Some(match rule {
            Rule::expect_outcome => Expect::Outcome(self.name(&name?)),
            Rule::expect_resolve => Expect::Resolve(self.first_text(pair)?),
            Rule::expect_nothing => Expect::NothingChanged,
            Rule::expect_nothing_left => Expect::NothingLeftChanged,
            Rule::expect_escalated => Expect::EscalatedTo(self.name(&name?)),
            Rule::expect_notified => {
                Expect::Notified { channel: self.name(&name?), message: self.first_text(pair) }
            }
            Rule::expect_finding => Expect::Finding(self.first_text(pair)?),
            Rule::expect_timeline => Expect::Timeline(self.first_text(pair)?),
            Rule::expect_step => {
                let fate = pair.clone().into_inner().find(|p| p.as_rule() == Rule::step_fate)?;
                let title = self.first_text(pair)?;
                let span = self.span(&fate);
                Expect::Step { title, fate: Spanned::new(self.step_fate(fate)?, span) }
            }
            _ => Expect::That(self.value(pair)?),
        })
    }

    fn step_fate(&mut self, pair: Pair<'i>) -> Option<StepFate> {
        let part = pair.clone().into_inner().next()?;
        Some(match part.as_rule() {
            Rule::w_before => StepFate::Before(self.first_text(pair)?),
            Rule::w_ran => StepFate::Ran,
            Rule::w_not => StepFate::NotRun,
            Rule::w_undone => StepFate::Undone,
            _ => {
                let span = self.span(&part);
                StepFate::Times(Spanned::new(self.quantity(&part), span))
            }
        })
    }
}
