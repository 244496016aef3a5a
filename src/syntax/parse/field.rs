//! The fields below a file's first line.
//!
//! Owns their values as written. Never decides which kind of file takes which field.

use super::grammar::Rule;
use super::reader::{Pair, Reader};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Busy, ChangeKind, Clock, Field, Item, Severity, Weekday, Window};

const SEVERITIES: [(&str, Severity); 5] = [
    ("P0", Severity::P0),
    ("P1", Severity::P1),
    ("P2", Severity::P2),
    ("P3", Severity::P3),
    ("P4", Severity::P4),
];

const KINDS: [(&str, ChangeKind); 3] = [
    ("standard", ChangeKind::Standard),
    ("normal", ChangeKind::Normal),
    ("emergency", ChangeKind::Emergency),
];

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

impl<'i> Reader<'i> {
    pub fn field(&mut self, pair: Pair<'i>) -> Option<Field> {
        let part = pair.into_inner().next()?;
        let rule = part.as_rule();
        let mut parts = part.clone().into_inner().filter(|p| !is_word(p));
        Some(match rule {
            Rule::field_severity => Field::Severity(self.choice(&parts.next()?, &SEVERITIES, "severity")?),
            Rule::field_owner => Field::Owner(self.text(parts.next()?)),
            Rule::field_reviewed => Field::Reviewed(self.date(&parts.next()?)?),
            Rule::field_rto => Field::Rto(self.expression(parts.next()?)),
            Rule::field_impact => Field::Impact(self.text(parts.next()?)),
            Rule::field_tags => Field::Tags(parts.map(|tag| self.text(tag)).collect()),
            Rule::field_kind => Field::Kind(self.choice(&parts.next()?, &KINDS, "kind")?),
            Rule::field_window => Field::Window(self.window(part)?),
            Rule::field_freeze => {
                let (from, to) = (self.date(&parts.next()?)?, self.date(&parts.next()?)?);
                Field::Freeze { from, to, why: parts.next().map(|why| self.text(why)) }
            }
            Rule::field_needs => Field::NeedsTool(self.text(parts.next()?)),
            Rule::field_pass => Field::Pass(self.expression(parts.next()?)),
            _ => {
                let key = self.text(parts.next()?);
                let refuse =
                    part.into_inner().find(|p| matches!(p.as_rule(), Rule::w_refuse | Rule::w_wait))?;
                let span = self.span(&refuse);
                let busy = parts.next().map_or(Busy::Refuse, |wait| Busy::Wait(self.expression(wait)));
                Field::Concurrency { key, busy: Spanned::new(busy, span) }
            }
        })
    }

    fn choice<T: Copy>(
        &mut self,
        pair: &Pair<'_>,
        choices: &[(&'static str, T)],
        what: &str,
    ) -> Option<Spanned<T>> {
        let span = self.span(pair);
        let word = pair.as_str().trim_end();
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == word) {
            return Some(Spanned::new(*value, span));
        }
        let diagnostic =
            Diagnostic::error("unknown-choice", format!("`{word}` is not a {what}")).at(span, "");
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let exact = names.iter().find(|name| name.eq_ignore_ascii_case(word)).copied();
        self.report(
            match exact.or_else(|| nearest(word, names.iter().copied()).filter(|_| word.len() > 2)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("it is one of `{}`", names.join("`, `"))),
            },
        );
        None
    }

    fn window(&mut self, pair: Pair<'i>) -> Option<Window> {
        let mut days = Vec::new();
        let mut clocks = Vec::new();
        let mut zone = None;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::days => {
                    let ends: Vec<_> = part
                        .into_inner()
                        .map(|day| self.choice(&day, &DAYS, "day"))
                        .collect::<Option<_>>()?;
                    let (first, last) = (ends.first()?.node, ends.last()?.node);
                    days.push(Spanned::new((first, last), span));
                }
                Rule::clock => clocks.push(self.clock(part.as_str(), span)?),
                Rule::text => zone = Some(self.text(part)),
                _ => {}
            }
        }
        let mut clocks = clocks.into_iter();
        Some(Window { days, from: clocks.next()?, to: clocks.next()?, zone })
    }

    fn clock(&mut self, written: &str, span: Span) -> Option<Spanned<Clock>> {
        let (hour, minute) = written.split_once(':')?;
        let clock = Clock { hour: hour.parse().ok()?, minute: minute.parse().ok()? };
        if clock.hour < 24 && clock.minute < 60 || clock == (Clock { hour: 24, minute: 0 }) {
            return Some(Spanned::new(clock, span));
        }
        self.report(
            Diagnostic::error("invalid-date", format!("`{written}` is not a time of day")).at(span, ""),
        );
        None
    }

    /// Reports a field that stands in the file more than once.
    pub fn fields_twice(&mut self, items: &[Spanned<Item>]) {
        let mut seen: Vec<(&'static str, Span)> = Vec::new();
        for item in items {
            let Item::Field(field) = &item.node else {
                continue;
            };
            let word = field.word();
            if matches!(word, "needs" | "freeze" | "window") {
                continue;
            }
            match seen.iter().find(|(seen, _)| *seen == word) {
                Some((_, first)) => self.given_twice(word, item.span, *first),
                None => seen.push((word, item.span)),
            }
        }
    }
}

fn is_word(pair: &Pair<'_>) -> bool {
    !matches!(
        pair.as_rule(),
        Rule::name | Rule::text | Rule::date | Rule::expression | Rule::days | Rule::clock
    )
}
