//! The words for every fact. The only place where they stand, with `people` beside it.

use super::clock::length;
use super::{Entry, Kind, Tone, Weight, Words, departure, people};
use crate::event::{
    Change, ChangeState, Fact, FollowEnd, Judgement, Moment, Outcome, PhaseKind, Settled, StepOutcome,
    Verdict, Would,
};
use crate::value::Value;

/// Characters of a value in a line.
pub(super) const SHOWN: usize = 300;

/// What a command printed that printed nothing.
const NOTHING: &str = "(nothing printed)";

/// Kind, weight, tone, what, and what came of it.
type Told = (Kind, Weight, Tone, Words, Words);

/// Fills `entry` with what the fact says. Returns `false` for what is not worth telling.
pub(super) fn tell(fact: &Fact, at: Moment, entry: &mut Entry) -> bool {
    let told = match fact {
        Fact::StepBegan { .. } | Fact::StepEnded { .. } => return step(fact, entry),
        Fact::Asked { .. }
        | Fact::Answered { .. }
        | Fact::Void { .. }
        | Fact::Noted { .. }
        | Fact::Injected { .. }
        | Fact::Resumed { .. }
        | Fact::Suspended { .. }
        | Fact::Silent { .. }
        | Fact::Notified { .. } => {
            return people::tell(fact, at, entry);
        }
        _ => walking(fact, at)
            .or_else(|| reading(fact, entry))
            .or_else(|| saying(fact, entry))
            .or_else(|| changing(fact))
            .or_else(|| not_doing(fact, entry))
            .or_else(|| ending(fact, entry)),
    };
    let Some((kind, weight, tone, what, outcome)) = told else {
        return false;
    };
    entry.kind = kind;
    entry.weight = weight;
    entry.tone = tone;
    entry.what = what;
    entry.outcome = outcome;
    true
}

/// Where the run is.
fn walking(fact: &Fact, at: Moment) -> Option<Told> {
    use Tone::{Bad, Good, Plain, Quiet, Warn};
    use Weight::{Begin, Key, Line};
    let told = match fact {
        Fact::OverRto { rto_ns, .. } => {
            let what = Words::say(format!("the rto of {} has run out", length(*rto_ns)));
            (Kind::Rto, Key, Bad, what, none())
        }
        Fact::Titled { title } => (Kind::Title, Line, Plain, Words::say(title.as_str()), none()),
        Fact::PhaseBegan { phase, title, .. } => {
            (Kind::Phase, Line, Plain, phase_words(*phase, title), none())
        }
        Fact::Symptom { title, holds, why } => {
            let (tone, outcome) = match holds {
                Some(true) => (Bad, Words::say("holds")),
                Some(false) => (Good, Words::say("does not hold")),
                None => (Warn, Words::say(format!("could not be read: {why}"))),
            };
            (Kind::Symptom, Key, tone, titled("symptom", title), outcome)
        }
        Fact::LoopBegan { name, items, at_a_time } => {
            let many = if *items == 1 { "1 item".to_owned() } else { format!("{items} items") };
            let how = match at_a_time {
                0 | 1 => many,
                n if n >= items => format!("{many} at once"),
                n => format!("{many}, {n} at a time"),
            };
            let what = Words::say("for each ").code(name.as_str());
            (Kind::Step, Line, Quiet, what, Words::say(how))
        }
        Fact::IterationBegan { name, item, .. } => {
            let what = Words::quote(format!("{name} = {item}"));
            (Kind::Step, Begin, Quiet, what, none())
        }
        Fact::IterationEnded { name, item, ok, .. } => {
            let what = Words::quote(format!("{name} = {item}"));
            let (tone, word) = if *ok { (Good, "ok") } else { (Bad, "failed") };
            (Kind::Step, Line, tone, what, Words::say(word))
        }
        Fact::Waiting { reason, until } => {
            let what = Words::say(format!("wait {}", length(until.saturating_sub(at.run_ns))));
            (Kind::Wait, Line, Quiet, what, Words::say(reason.as_str()))
        }
        _ => return None,
    };
    Some(told)
}

/// What was read of the world.
fn reading(fact: &Fact, entry: &mut Entry) -> Option<Told> {
    use Tone::{Good, Plain, Quiet, Warn};
    use Weight::{Key, Line};
    let told = match fact {
        Fact::Read { name, call, text, .. } => {
            let what = read_words(name, call, entry);
            let outcome = match text.as_str() {
                "" if call.starts_with('$') => Words::say(NOTHING),
                "" => Words::say("nothing"),
                text => Words::quote(text),
            };
            (Kind::Reading, Key, Plain, what, outcome)
        }
        Fact::Unread { name, call, message, .. } => {
            let what = read_words(name, call, entry);
            let outcome = Words::say(format!("could not be read: {message}"));
            (Kind::Reading, Key, Warn, what, outcome)
        }
        Fact::Sampled { text, judgement, .. } => {
            let (tone, word) = match judgement {
                Judgement::Holds => (Good, "true".to_owned()),
                Judgement::NotYet => (Quiet, "not yet".to_owned()),
                Judgement::Unreadable { why } => (Warn, format!("could not be read: {why}")),
            };
            let what = Words::quote(text.as_str());
            (Kind::Condition, Line, tone, what, Words::say(word))
        }
        Fact::Watched { title, verdict, .. } => {
            let (tone, word) = match verdict {
                Verdict::Good => (Good, "good".to_owned()),
                Verdict::Bad { of: 0 | 1, .. } => (Warn, "bad".to_owned()),
                Verdict::Bad { in_a_row, of } => (Warn, format!("bad, {in_a_row} of {of} times in a row")),
                Verdict::Neither => (Warn, "neither good nor bad".to_owned()),
                Verdict::Unreadable { why } => (Warn, format!("could not be read: {why}")),
            };
            (Kind::Condition, Key, tone, titled("watch", title), Words::say(word))
        }
        Fact::Verified { text, samples, .. } => {
            let times = match samples {
                0 | 1 => String::new(),
                n => format!(", read {n} times"),
            };
            let what = Words::say("verified ").code(text.as_str());
            let outcome = Words::say(format!("true{times}"));
            (Kind::Condition, Key, Good, what, outcome)
        }
        _ => return None,
    };
    Some(told)
}

/// What the runbook says of it.
fn saying(fact: &Fact, entry: &mut Entry) -> Option<Told> {
    use Tone::{Bad, Good, Plain, Warn};
    use Weight::{Key, Line};
    let told = match fact {
        Fact::Finding { text } => {
            let what = Words::say(format!("finding: {text}"));
            (Kind::Finding, Key, Warn, what, none())
        }
        Fact::Shown { name, value } => {
            let (what, outcome) = shown(name, value, entry);
            (Kind::Value, Key, Plain, what, outcome)
        }
        Fact::Output { name, value } => {
            let what = Words::say("output ").code(name.as_str());
            (Kind::Value, Key, Plain, what, value_words(value))
        }
        Fact::FollowBegan { file, title } => {
            (Kind::Phase, Line, Plain, Words::say(format!("follow {file}: {title}")), none())
        }
        Fact::FollowEnded { file, end, .. } => {
            let (weight, tone) = match end {
                FollowEnd::Cleared => (Key, Good),
                FollowEnd::NotNeeded => (Key, Plain),
                FollowEnd::Failed | FollowEnd::Stopped => (Line, Bad),
            };
            (Kind::Decision, weight, tone, Words::say(format!("followed {file}")), Words::say(end.words()))
        }
        Fact::PointPassed { text, when } => {
            let what = Words::say(format!("point of no return: {text}"));
            let outcome = if when.is_empty() { none() } else { Words::say("when ").code(when.as_str()) };
            (Kind::Decision, Key, Plain, what, outcome)
        }
        Fact::PointJudged { text, past, why } => {
            let (tone, word) = match past {
                true => (Warn, "past the point of no return"),
                false => (Plain, "not past the point of no return"),
            };
            (Kind::Decision, Key, tone, Words::say(format!("{word}: {text}")), Words::say(why.as_str()))
        }
        Fact::Differs { differs, readings } => {
            entry.detail = differs.iter().skip(1).chain(readings).map(departure::line).collect();
            let first = differs.first().map(departure::line).unwrap_or_default();
            (Kind::Decision, Key, Warn, Words::say(format!("not as planned: {first}")), none())
        }
        Fact::Decided { reason, choice } => {
            let what = Words::say(format!("decided: {choice}"));
            let outcome = if reason.starts_with(['`']) || reason == "otherwise" {
                Words::say(reason.as_str())
            } else {
                Words::say("because ").code(reason.as_str())
            };
            (Kind::Decision, Key, Plain, what, outcome)
        }
        _ => return None,
    };
    Some(told)
}

/// What was changed and taken back.
fn changing(fact: &Fact) -> Option<Told> {
    use Tone::Plain;
    use Weight::{Begin, Key};
    let told = match fact {
        Fact::ChangeBegan(change) => (Kind::Change, Begin, Plain, change_words(change), none()),
        Fact::ChangeEnded { change, state, message } => {
            let (tone, outcome) = change_end(*state, message);
            (Kind::Change, Key, tone, change_words(change), outcome)
        }
        Fact::UnwindBegan { what, finally, change } => {
            (Kind::Unwind, Begin, Plain, unwind_words(what, *finally, false, change), none())
        }
        Fact::UnwindEnded { what, finally, settled, message, change } => {
            let (tone, outcome) = unwind_end(*settled, *finally, message);
            let done = *settled == Settled::Done;
            (Kind::Unwind, Key, tone, unwind_words(what, *finally, done, change), outcome)
        }
        _ => return None,
    };
    Some(told)
}

/// What a dry run did not do.
fn not_doing(fact: &Fact, entry: &mut Entry) -> Option<Told> {
    use Tone::{Plain, Quiet, Warn};
    use Weight::Key;
    let told = match fact {
        Fact::Would { what, deed, known, .. } => {
            if !deed.back.is_empty() {
                entry.detail = vec![deed.back.clone()];
            }
            let kind = match what {
                Would::Change | Would::Call => Kind::Change,
                Would::Tell => Kind::Message,
                Would::Ask => Kind::Question,
                Would::Wait => Kind::Wait,
                Would::Pass => Kind::Note,
            };
            (kind, Key, if *known { Plain } else { Warn }, Words::quote(deed.call.as_str()), none())
        }
        Fact::Unknown { text, why, .. } => {
            (Kind::Condition, Key, Warn, Words::quote(text.as_str()), Words::say(why.as_str()))
        }
        Fact::PerhapsBegan { text, why } => {
            (Kind::Decision, Key, Quiet, Words::quote(text.as_str()), Words::say(why.as_str()))
        }
        _ => return None,
    };
    Some(told)
}

/// Returns a value that the runbook shows: a text template as its text alone.
fn shown(name: &str, value: &Value, entry: &mut Entry) -> (Words, Words) {
    if let Value::Text(text) = value
        && name.starts_with('"')
    {
        let mut lines = text.trim_end().lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().unwrap_or_default();
        entry.detail = lines.map(str::to_owned).collect();
        return (Words::say(first), none());
    }
    entry.value = Some(value.clone());
    (Words::quote(name), value_words(value))
}

fn value_words(value: &Value) -> Words {
    match value {
        Value::Command(command) if command.printed().is_empty() => Words::say(NOTHING),
        value => Words::quote(value.brief(SHOWN)),
    }
}

/// What ended it.
fn ending(fact: &Fact, entry: &mut Entry) -> Option<Told> {
    use Tone::{Bad, Warn};
    use Weight::Key;
    let told = match fact {
        Fact::Failed { message, detail, span } => {
            entry.detail.clone_from(detail);
            entry.span = Some(*span);
            (Kind::Failure, Key, Bad, Words::say(message.as_str()), none())
        }
        Fact::Stopped { by, because } => {
            entry.who.clone_from(by);
            let why = if because.is_empty() { none() } else { Words::say(format!("because {because}")) };
            (Kind::Stop, Key, Warn, Words::say("stopped the run"), why)
        }
        Fact::RollingBack { by } => {
            entry.who.clone_from(by);
            (Kind::Stop, Key, Warn, Words::say("takes the run back"), none())
        }
        Fact::Ended { outcome, reason, .. } => {
            let what = Words::say(format!("run ended: {}", outcome_words(*outcome)));
            (Kind::Ended, Key, outcome_tone(*outcome), what, Words::say(reason.as_str()))
        }
        _ => return None,
    };
    Some(told)
}

/// Returns what a reading is called: its name, or else its call.
fn read_words(name: &str, call: &str, entry: &mut Entry) -> Words {
    if name.is_empty() {
        return Words::quote(call);
    }
    entry.from = call.to_owned();
    Words::quote(name)
}

fn step(fact: &Fact, entry: &mut Entry) -> bool {
    entry.kind = Kind::Step;
    match fact {
        Fact::StepBegan { title, attempt, attempts, .. } => {
            entry.weight = Weight::Begin;
            entry.what = step_words(title, *attempt);
            if *attempts > 1 {
                entry.outcome = Words::say(format!("attempt {attempt} of {attempts}"));
            }
        }
        Fact::StepEnded { title, attempt, outcome, message } => {
            entry.what = step_words(title, *attempt);
            let (tone, word) = match outcome {
                StepOutcome::Ok => (Tone::Good, "ok"),
                StepOutcome::Failed => (Tone::Bad, "failed"),
                StepOutcome::Tolerated => (Tone::Warn, "failed, and the run goes on"),
                StepOutcome::Stopped => (Tone::Warn, "stopped"),
                StepOutcome::Skipped => (Tone::Quiet, "skipped"),
            };
            entry.tone = tone;
            entry.outcome = Words::say(word);
            if !message.is_empty() {
                entry.detail = vec![message.clone()];
            }
        }
        _ => return false,
    }
    true
}

fn step_words(title: &str, attempt: u32) -> Words {
    let again = if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
    Words::say(format!("step \"{title}\"{again}"))
}

/// Adds how long it took.
pub(super) fn after(outcome: Words, ns: i64) -> Words {
    outcome.and(format!(" after {}", length(ns)))
}

fn none() -> Words {
    Words::default()
}

fn titled(what: &str, title: &str) -> Words {
    Words::say(format!("{what} \"{title}\""))
}

/// Returns the name of a part of a run.
pub fn phase_words(phase: PhaseKind, title: &str) -> Words {
    let words = match phase {
        PhaseKind::Symptom => "measure the symptom".to_owned(),
        PhaseKind::Diagnose => "diagnose".to_owned(),
        PhaseKind::Resolve if title.is_empty() => "resolve".to_owned(),
        PhaseKind::Resolve => format!("resolve \"{title}\""),
        PhaseKind::Clearing => "measure the symptom again".to_owned(),
        PhaseKind::Unwind => "take changes back, the last one first".to_owned(),
        PhaseKind::Rollback => "rollback".to_owned(),
        PhaseKind::Remeasure => "measure the symptom after the way back".to_owned(),
    };
    Words::say(words)
}

fn change_end(state: ChangeState, message: &str) -> (Tone, Words) {
    let (tone, word) = match state {
        ChangeState::Done => (Tone::Good, "done"),
        ChangeState::NotRun => (Tone::Quiet, "not run"),
        ChangeState::Failed => (Tone::Bad, "failed"),
        ChangeState::InDoubt => (Tone::Bad, "in doubt"),
    };
    (tone, with_message(word, message))
}

/// Returns a change's call. One that no undo stands around is the `rollback`'s own.
fn change_words(change: &Change) -> Words {
    if change.undoing {
        return Words::say("rollback ").code(change.call.as_str());
    }
    Words::quote(change.call.as_str())
}

fn unwind_words(what: &str, finally: bool, done: bool, change: &Change) -> Words {
    // An undo that is only known by its change: nothing else names it.
    let what = if what.is_empty() { &change.call } else { what };
    let verb = match (finally, done) {
        (true, _) => "finally ",
        (false, true) => "undone: ",
        (false, false) => "undo ",
    };
    Words::say(verb).code(what)
}

fn unwind_end(settled: Settled, finally: bool, message: &str) -> (Tone, Words) {
    let (tone, word) = match settled {
        Settled::Done if finally => (Tone::Good, "done"),
        // The verb says it.
        Settled::Done => return (Tone::Good, Words::default()),
        Settled::NotNeeded => (Tone::Quiet, "not needed"),
        Settled::Failed => (Tone::Bad, "failed"),
        Settled::InDoubt => (Tone::Bad, "in doubt"),
    };
    (tone, with_message(word, message))
}

fn with_message(word: &str, message: &str) -> Words {
    if message.is_empty() { Words::say(word) } else { Words::say(format!("{word}: {message}")) }
}

/// Returns the outcome in a sentence.
pub fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Resolved => "resolved",
        Outcome::Failed => "failed",
        Outcome::RolledBack => "rolled back",
        Outcome::Aborted => "aborted",
        Outcome::Escalated => "escalated",
        Outcome::NotNeeded => "not needed",
        Outcome::Suspended => "suspended",
    }
}

/// Returns how an outcome is to be taken.
pub fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Resolved | Outcome::NotNeeded => Tone::Good,
        Outcome::Failed => Tone::Bad,
        Outcome::RolledBack | Outcome::Aborted | Outcome::Escalated | Outcome::Suspended => Tone::Warn,
    }
}

/// Returns how a value stands in a list of names.
pub(super) fn pair(name: &str, value: &Value) -> Words {
    Words::quote(format!("{name} = {}", value.brief(SHOWN)))
}
