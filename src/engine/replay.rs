//! Replay: the recorded inputs in order, and the proof that they cause what is recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::door::kill_of;
use super::turn::Engine;
use crate::event::{Address, Ask, Body, Class, Control, Fact, Input, Outcome, Record, Request};
use crate::program::Program;
use crate::source::Span;
use crate::value::{Secret, brief};

/// A run as the journal left it.
pub struct Replayed {
    pub engine: Engine,
    /// Requests without an answer, in the order they were made: to be taken up again.
    pub open: Vec<Ask>,
    /// Set when the run had ended.
    pub outcome: Option<Outcome>,
}

/// Why a journal cannot be replayed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReplayError {
    #[error("the journal does not begin with the opening of a run")]
    NotOpened,
    /// `place`: the statement in the text, or the step around it; where neither is known, the address in the walk.
    #[error(
        "what was recorded does not fit the text at {place}: recorded is {recorded}, the text has {found}"
    )]
    Differs { place: String, recorded: String, found: String },
}

/// Feeds the recorded inputs in their order; what they cause must come out as recorded. Traces are not needed.
///
/// # Errors
/// When the journal does not begin with an opening, or the walk asks for something else than is recorded.
pub fn replay(
    program: Arc<Program>,
    secrets: BTreeMap<String, Secret>,
    records: &[Record],
) -> Result<Replayed, ReplayError> {
    replay_as(program, secrets, records, Text::Same)
}

/// Replays as [`replay`] does, with a text that may have changed since.
///
/// # Errors
/// As [`replay`].
pub fn replay_as(
    program: Arc<Program>,
    secrets: BTreeMap<String, Secret>,
    records: &[Record],
    text: Text,
) -> Result<Replayed, ReplayError> {
    let kept: Vec<&Record> = records.iter().filter(|r| r.class != Class::Trace).collect();
    if !matches!(kept.first().map(|r| &r.body), Some(Body::Input(Input::Opened(_)))) {
        return Err(ReplayError::NotOpened);
    }
    let mut engine = Engine::new(Arc::clone(&program), secrets);
    let mut places = Places::default();
    let mut open: BTreeMap<Address, (usize, Ask)> = BTreeMap::new();
    let mut outcome = None;
    for turn in kept.chunk_by(|_, next| next.class != Class::Input) {
        let Some((Record { body: Body::Input(input), .. }, caused)) = turn.split_first() else {
            continue;
        };
        if let Input::Delivered { request, .. } = input {
            open.remove(request);
            open.remove(&kill_of(request));
        }
        let found = engine.feed(input.clone());
        let again: Vec<&Record> = found.records.iter().filter(|r| r.class != Class::Trace).skip(1).collect();
        places.learn(&again);
        compare(caused, &again, text).map_err(|differs| ReplayError::Differs {
            place: places.name(&program, &differs.address),
            recorded: differs.recorded,
            found: differs.found,
        })?;
        for ask in found.asks {
            note(&mut open, ask);
        }
        if let Input::Control { control: Control::Rollback, .. } = input {
            outcome = None;
        }
        outcome = found.outcome.or(outcome);
    }
    let mut open: Vec<(usize, Ask)> = open.into_values().collect();
    open.sort_by_key(|(order, _)| *order);
    Ok(Replayed { engine, open: open.into_iter().map(|(_, ask)| ask).collect(), outcome })
}

fn note(open: &mut BTreeMap<Address, (usize, Ask)>, ask: Ask) {
    match &ask.request {
        Request::Cancel { request } => {
            open.remove(request);
        }
        Request::Kill { command } if !open.contains_key(command) => {}
        _ => {
            let order = open.values().map(|(n, _)| n + 1).max().unwrap_or(0);
            open.insert(ask.address.clone(), (order, ask));
        }
    }
}

/// Whether a journal is replayed with the text it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Same,
    /// It has changed since: places in it may have moved, and nothing else.
    Changed,
}

/// Where in the text things of the walk stand, as far as it has come.
#[derive(Default)]
struct Places(BTreeMap<Address, Span>);

impl Places {
    fn learn(&mut self, records: &[&Record]) {
        for record in records {
            let span = match &record.body {
                Body::Fact(
                    Fact::ChangeBegan(change)
                    | Fact::ChangeEnded { change, .. }
                    | Fact::UndoRegistered { change, .. },
                ) => change.span,
                Body::Fact(
                    Fact::StepBegan { span, .. }
                    | Fact::Read { span, .. }
                    | Fact::Unread { span, .. }
                    | Fact::Verified { span, .. }
                    | Fact::Failed { span, .. },
                ) => *span,
                _ => continue,
            };
            self.0.insert(record.address.clone(), span);
        }
    }

    /// Returns the place of what is at `address`, or of the nearest thing around it.
    fn name(&self, program: &Program, address: &Address) -> String {
        let mut around = &*address.0;
        loop {
            if let Some(span) = self.0.get(&Address(around.into())) {
                return program.sources.place(*span).to_string();
            }
            match around.rsplit_once('.') {
                Some((outer, _)) => around = outer,
                None if address.0.is_empty() => return String::from("the top"),
                None => return format!("`{address}`"),
            }
        }
    }
}

/// What is not as it was recorded.
struct Differs {
    address: Address,
    recorded: String,
    found: String,
}

fn compare(recorded: &[&Record], found: &[&Record], text: Text) -> Result<(), Differs> {
    for index in 0..recorded.len().max(found.len()) {
        let (before, now) = (recorded.get(index), found.get(index));
        let is_same = match (before, now) {
            (Some(before), Some(now)) if before.address == now.address => {
                before.body == now.body
                    || written(&before.body, Text::Same) == written(&now.body, Text::Same)
                    || text == Text::Changed && written(&before.body, text) == written(&now.body, text)
            }
            _ => false,
        };
        if !is_same {
            let address = now.or(before).map_or_else(|| Address("".into()), |r| r.address.clone());
            let words = |r: Option<&&Record>| r.map_or_else(|| String::from("nothing"), |r| words(&r.body));
            let (recorded, mut found) = (words(before), words(now));
            if recorded == found {
                found.push_str(", with other bounds or other particulars");
            }
            return Err(Differs { address, recorded, found });
        }
    }
    Ok(())
}

/// Returns a body as it is written down; of a changed text without places, and without what lies ahead.
fn written(body: &Body, text: Text) -> String {
    if text == Text::Changed && matches!(body, Body::Fact(Fact::Titled { .. })) {
        return String::new();
    }
    if text == Text::Same {
        return serde_json::to_string(body).unwrap_or_default();
    }
    let mut value = serde_json::to_value(body).unwrap_or_default();
    without_what_may_change(&mut value);
    value.to_string()
}

fn without_what_may_change(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            // What follows a question is not what was done: one that is open is asked anew.
            fields.retain(|name, _| !matches!(name.as_str(), "span" | "ahead" | "shown"));
            fields.values_mut().for_each(without_what_may_change);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_what_may_change),
        _ => {}
    }
}

/// Returns in few words what a row says.
fn words(body: &Body) -> String {
    let typed = |what: &str, text: &str| format!("{what} `{}`", brief(text, 200));
    match body {
        Body::Request(ask) => match &ask.request {
            Request::Command(command) => typed("the command", &command.typed),
            Request::Native(native) => typed("the call", &native.typed),
            Request::Reading { call, .. } => typed("the reading", call),
            Request::Named { call, .. } => typed("the action", call),
            Request::Question(question) => typed("the question", &question.text),
            Request::Notify { text, .. } => typed("the message", text),
            Request::Timer => String::from("a wait"),
            Request::Kill { .. } | Request::Cancel { .. } => String::from("the end of something"),
        },
        Body::Fact(Fact::ChangeBegan(change) | Fact::ChangeEnded { change, .. }) => {
            typed("the change", &change.call)
        }
        Body::Fact(Fact::UndoRegistered { change, undo, .. }) => {
            format!("{} of `{}`", typed("the undo", undo), brief(&change.call, 200))
        }
        Body::Fact(Fact::StepBegan { title, .. } | Fact::StepEnded { title, .. }) => typed("the step", title),
        Body::Fact(Fact::Decided { choice, .. }) => typed("the decision", choice),
        Body::Fact(Fact::Read { call, .. } | Fact::Unread { call, .. }) => typed("the reading", call),
        Body::Fact(Fact::Ended { outcome, .. }) => typed("the end", outcome.word()),
        Body::Fact(Fact::Titled { title }) => typed("the title", title),
        Body::Fact(fact) => typed("the fact", &serde_json::to_string(fact).unwrap_or_default()),
        Body::Input(_) => String::from("an input"),
    }
}
