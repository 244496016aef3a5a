//! What was so in a real run, as lines that begin with `given`.
//!
//! Owns which line says which request's answer, and what no line can say. The first change of a step's attempt is said
//! of the step, any other by its name. Never knows how a drill is read.

use std::collections::{BTreeMap, BTreeSet};

use super::literal::{Shift, as_written, duration, literal, quote};
use super::way::{Event, Happened, Met, Way};
use crate::check::names::inside;
use crate::event::{Address, Ended, Opened, Outlet, QuestionKind, Reply, Request};
use crate::value::{CommandValue, Output, Value, brief};

/// Characters of a message that a line holds.
const MESSAGE: usize = 160;

/// Columns of a line before it goes on in the next one.
const WIDE: usize = 110;

const SECOND: i64 = 1_000_000_000;

/// Successive values of one line, in the order in which its first was asked for.
#[derive(Debug, Default)]
struct Lines {
    order: Vec<String>,
    values: BTreeMap<String, Vec<String>>,
}

impl Lines {
    fn push(&mut self, key: &str, value: String) {
        if !self.values.contains_key(key) {
            self.order.push(key.to_owned());
        }
        self.values.entry(key.to_owned()).or_default().push(value);
    }

    /// Returns the lines, each with its values in succession; the last one stays, so that it is said once.
    fn written(mut self, head: impl Fn(&str, &str) -> String, out: &mut Vec<String>) {
        for key in self.order {
            let mut values = self.values.remove(&key).unwrap_or_default();
            while values.len() > 1 && values[values.len() - 1] == values[values.len() - 2] {
                values.pop();
            }
            let first = values.first().map_or("", String::as_str);
            out.push(successive(&format!("  given {}", head(&key, first)), &values));
        }
    }
}

/// Returns a line of successive values, broken behind a comma where it gets long.
fn successive(head: &str, values: &[String]) -> String {
    let mut out = head.to_owned();
    let mut column = out.chars().count();
    for (number, value) in values.iter().enumerate() {
        let piece = if number == 0 { value.clone() } else { format!("then {value}") };
        if number > 0 && column + piece.chars().count() > WIDE {
            out.push_str(",\n    ");
            column = 4;
        } else if number > 0 {
            out.push_str(", ");
            column += 2;
        }
        column += piece.chars().count();
        out.push_str(&piece);
    }
    out
}

/// What is said so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    readings: Lines,
    steps: Lines,
    /// Steps in which something did not simply succeed.
    told: BTreeSet<String>,
    approvals: Lines,
    manuals: Lines,
    answers: Lines,
    /// Attempts whose first change was met.
    attempts: BTreeSet<Address>,
    /// The request that is met first in each step.
    first_in: BTreeMap<String, usize>,
    events: Vec<String>,
    /// What is real and cannot be said.
    unsaid: Vec<String>,
    shift: Shift,
    /// To what durations are rounded down, nanoseconds; shorter ones are not said.
    grain: i64,
    /// Whether approvals are told apart by their text.
    apart: bool,
}

/// Returns the lines that give what was so, and what no line can say.
pub(super) fn given(opened: &Opened, way: &Way, shift: Shift, grain: i64) -> (Vec<String>, Vec<String>) {
    let mut said = Said { shift, grain, apart: apart(&way.met), ..Said::default() };
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in &opened.params {
        lines.push(format!("  given {name} = {}", literal(value, shift)));
    }
    for (at, met) in way.met.iter().enumerate() {
        said.met(at, met);
    }
    for event in &way.events {
        said.event(event, &way.met);
    }
    if opened.force {
        said.unsaid.push(String::from("the run was begun with `--force`"));
    }
    if way.goes_on {
        said.unsaid.push(String::from("the run was taken back after its end"));
    }
    let equals = |first: &str| if first.starts_with("fails") { "" } else { "= " };
    said.readings.written(|name, first| format!("{name} {}", equals(first)), &mut lines);
    let told = &said.told;
    said.steps.order.retain(|name| told.contains(name));
    said.steps.written(|name, _| format!("step {} ", as_written(name)), &mut lines);
    said.approvals.written(|text, _| format!("approval {text}"), &mut lines);
    said.manuals.written(|text, _| format!("manual {text}"), &mut lines);
    said.answers.written(|name, _| format!("answer {name} "), &mut lines);
    lines.append(&mut said.events);
    said.unsaid.dedup();
    (lines, said.unsaid)
}

/// Returns whether several approvals were asked for: then each is named.
fn apart(met: &[Met]) -> bool {
    let texts: BTreeSet<&str> = met
        .iter()
        .filter_map(|met| match &met.ask.request {
            Request::Question(question) if question.kind == QuestionKind::Approval => {
                Some(&*met.ask.place.name)
            }
            _ => None,
        })
        .collect();
    let own = |met: &Met| match &met.ask.request {
        Request::Question(q) => matches!(q.kind, QuestionKind::Failure | QuestionKind::Doubt),
        _ => false,
    };
    texts.len() > 1 || !texts.is_empty() && met.iter().any(own)
}

impl Said {
    fn met(&mut self, at: usize, met: &Met) {
        match &met.ask.request {
            Request::Reading { name, action, call } => self.reading(at, met, name, action, call),
            Request::Command(_) | Request::Native(_) if met.ask.changes => self.change(at, met),
            Request::Question(question) => self.question(met, question.kind),
            _ => {}
        }
    }

    fn reading(&mut self, at: usize, met: &Met, name: &str, action: &str, call: &str) {
        let step = met.ask.place.step.to_string();
        if !step.is_empty() && !met.ask.place.undoing {
            self.first_in.entry(step).or_insert(at);
        }
        let key = if name.is_empty() { action.to_owned() } else { own(met, name) };
        if key.is_empty() {
            self.unsaid.push(format!("`{}` has no name: write `check NAME = …`", brief(call, MESSAGE)));
            return;
        }
        let value = match &met.reply {
            Some((_, Reply::Value { value })) => literal(value, self.shift),
            Some((_, Reply::Failed { message, .. })) => format!("fails {}", message_of(message)),
            Some((_, Reply::Lost { why })) => format!("fails {}", message_of(why)),
            _ => String::from("fails \"its end was not seen\""),
        };
        self.value(&key, &value, met.took());
    }

    /// Adds a value, or `fails …`, of a name.
    fn value(&mut self, key: &str, value: &str, took: i64) {
        let after = self.rounded(took).map(|length| format!(" after {length}")).unwrap_or_default();
        self.readings.push(key, format!("{value}{after}"));
    }

    fn rounded(&self, ns: i64) -> Option<String> {
        let rounded = ns / self.grain * self.grain;
        (rounded > 0).then(|| duration(rounded))
    }

    fn change(&mut self, at: usize, met: &Met) {
        let place = &met.ask.place;
        let step = place.step.to_string();
        let of_step = !place.undoing && !step.is_empty();
        if of_step {
            self.first_in.entry(step.clone()).or_insert(at);
        }
        let end = End::of(met);
        if of_step && self.attempts.insert(place.attempt.clone()) {
            self.first_change(&step, met, &end);
            return;
        }
        let name = own(met, &place.name);
        match &end {
            End::Done(value) if !name.is_empty() => {
                let value = literal(value, self.shift);
                self.value(&name, &value, met.took());
            }
            End::Done(_) | End::Cut => {}
            end if !name.is_empty() => {
                let why = message_of(&end.words());
                self.value(&name, &format!("fails {why}"), met.took());
            }
            end => {
                let how =
                    if place.undoing { "on the way back" } else { "which is not the first of its step" };
                let call = brief(&typed(met), MESSAGE);
                self.unsaid.push(format!("{}: `{call}`, a change {how} and without a name", end.words()));
            }
        }
    }

    fn first_change(&mut self, step: &str, met: &Met, end: &End) {
        let name = own(met, &met.ask.place.name);
        let outcome = match end {
            End::Done(value) => {
                if !name.is_empty() {
                    let value = literal(value, self.shift);
                    self.value(&name, &value, 0);
                }
                match self.rounded(met.took()) {
                    Some(length) => {
                        self.told.insert(step.to_owned());
                        format!("takes {length}")
                    }
                    None if name.is_empty() => String::from("exits 0"),
                    None => String::from("takes 0s"),
                }
            }
            End::Cut => String::from("exits 0"),
            other => {
                self.told.insert(step.to_owned());
                match other {
                    End::Exit(code) => format!("exits {code}"),
                    End::RanOut(length) => format!("takes {}", duration(*length)),
                    End::Lost => String::from("lost"),
                    _ => String::from("fails"),
                }
            }
        };
        self.steps.push(step, outcome);
    }

    fn question(&mut self, met: &Met, kind: QuestionKind) {
        let name = met.ask.place.name.to_string();
        let after = self.rounded(met.took()).map(|length| format!(" after {length}")).unwrap_or_default();
        let (value, who) = match &met.reply {
            Some((_, Reply::Answer(answer))) => (Some(&answer.value), format!(" by {}", quote(&answer.who))),
            _ => (None, String::new()),
        };
        if kind == QuestionKind::Plan {
            let what =
                "was asked whether it goes on although something was not as planned: a drill follows no plan";
            self.unsaid.push(String::from("somebody ") + what);
            return;
        }
        if kind == QuestionKind::Answer {
            let answer = match value {
                Some(value) => format!("= {}{who}{after}", literal(value, self.shift)),
                None => String::from("never"),
            };
            match self.answers.values.get(&name) {
                Some(before) if *before != [answer.clone()] => {
                    self.unsaid.push(format!("`{name}` was asked for again and answered otherwise"));
                }
                Some(_) => {}
                None => self.answers.push(&name, answer),
            }
            return;
        }
        let manual = kind == QuestionKind::Manual;
        let reply = match value {
            Some(Value::Bool(true)) if manual => format!("done{who}{after}"),
            Some(Value::Bool(true)) => format!("granted{who}{after}"),
            Some(_) => format!("denied{who}{after}"),
            None => String::from("never"),
        };
        let own = matches!(kind, QuestionKind::Failure | QuestionKind::Doubt);
        let named = (manual || self.apart) && !own && !name.is_empty() && !name.contains('\n');
        let text = if named { format!("\"{name}\" ") } else { String::new() };
        if manual { &mut self.manuals } else { &mut self.approvals }.push(&text, reply);
    }

    fn event(&mut self, event: &Event, met: &[Met]) {
        let when = duration(event.at.saturating_add(SECOND / 2) / SECOND * SECOND);
        // What waited then, and is what the step began with.
        let under_way = event.open.iter().find(|at| {
            let step = &*met[**at].ask.place.step;
            self.first_in.get(step) == Some(*at)
        });
        let step_of = |at: usize| met[at].ask.place.step.to_string();
        match (&event.what, under_way) {
            (Happened::Stopped(_), Some(at)) => {
                self.events.push(format!("  given operator stops at step {}", as_written(&step_of(*at))));
            }
            (Happened::Stopped(by), None) => {
                let last = (0..event.before).rev().map(step_of).find(|step| !step.is_empty());
                match last {
                    Some(step) => {
                        self.events.push(format!(
                            "  # {} stopped the run after {when}, when the first change of this step was over\n  \
                             given operator stops at step {}",
                            brief(by, 40),
                            as_written(&step)
                        ));
                    }
                    None => self.unsaid.push(format!("{} stopped the run after {when}", brief(by, 40))),
                }
            }
            (Happened::TakenUp, Some(at)) => {
                let line = format!("  given crash in step {}", as_written(&step_of(*at)));
                if !self.events.contains(&line) {
                    self.events.push(line);
                }
            }
            (Happened::TakenUp, None) => {
                self.unsaid.push(format!("the run was left or cut off, and taken up again after {when}"));
            }
            (Happened::TakenBack(by), _) => {
                self.unsaid.push(format!("{} took the run back after {when}", brief(by, 40)));
            }
        }
    }
}

/// How a change ended.
enum End {
    Done(Value),
    Exit(i32),
    Fails(String),
    /// At its deadline: a length that is beyond it.
    RanOut(i64),
    Lost,
    /// Ended because the run stopped.
    Cut,
}

impl End {
    fn of(met: &Met) -> End {
        let ask = &met.ask;
        let beyond = || {
            let length = ask.deadline.map_or(met.took(), |deadline| deadline - ask.asked.run_ns);
            (length.max(0).saturating_add(SECOND - 1) / SECOND + 1).saturating_mul(SECOND)
        };
        match &met.reply {
            Some((_, Reply::Command(end))) => match &end.ended {
                Ended::Exit { code } if *code == 0 || allows(&ask.request, *code) => {
                    End::Done(Value::Command(std::sync::Arc::new(CommandValue {
                        typed: typed(met).into(),
                        exit: *code,
                        ok: true,
                        stdout: whole(&end.stdout),
                        stderr: whole(&end.stderr),
                        elapsed: 0,
                    })))
                }
                Ended::Exit { code } => End::Exit(*code),
                Ended::Signal { signal } => End::Exit(128 + signal),
                Ended::Timeout => End::RanOut(beyond()),
                Ended::Killed => End::Cut,
                Ended::NotStarted { message } => End::Fails(message.clone()),
            },
            Some((_, Reply::Value { value })) => End::Done(value.clone()),
            Some((at, Reply::Failed { doubt: true, .. })) if ask.deadline.is_some_and(|d| *at >= d) => {
                End::RanOut(beyond())
            }
            Some((_, Reply::Failed { doubt: true, .. })) => End::Lost,
            Some((_, Reply::Failed { message, .. })) => End::Fails(message.clone()),
            _ => End::Lost,
        }
    }

    fn words(&self) -> String {
        match self {
            End::Done(_) => String::from("it was done"),
            End::Exit(code) => format!("the command ended with exit status {code}"),
            End::Fails(message) => message.lines().next().unwrap_or_default().to_owned(),
            End::RanOut(_) => String::from("it was ended at its deadline"),
            End::Lost => String::from("its end was not seen"),
            End::Cut => String::from("it was ended because the run stopped"),
        }
    }
}

fn allows(request: &Request, code: i32) -> bool {
    matches!(request, Request::Command(command) if command.allow_exit.contains(&code))
}

fn whole(outlet: &Outlet) -> Output {
    Output { text: outlet.text.as_str().into(), utf8: outlet.utf8, cut: outlet.cut }
}

fn typed(met: &Met) -> String {
    match &met.ask.request {
        Request::Command(command) => command.typed.clone(),
        Request::Native(native) => native.typed.clone(),
        _ => String::new(),
    }
}

/// Returns the name under which a drill gives what is bound there: inside an action, with the action's.
fn own(met: &Met, name: &str) -> String {
    match &*met.ask.place.within {
        action if action.is_empty() || name.is_empty() => name.to_owned(),
        action => inside(action, name),
    }
}

fn message_of(message: &str) -> String {
    quote(&brief(message.lines().next().unwrap_or_default(), MESSAGE))
}
