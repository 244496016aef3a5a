//! What the engine found and did: the material of timelines, screens and reports.

use serde::{Deserialize, Serialize};

use super::{Address, Deed, Difference, Moment, Point, QuestionKind};
use crate::source::Span;
use crate::value::Value;

/// A fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The runbook's `rto` ran out before the run had come to its end. `at`: when that was; it is written down with the
    /// next input.
    OverRto {
        rto_ns: i64,
        at: Moment,
    },
    /// The title, now that its parameters are known.
    Titled {
        title: String,
    },
    PhaseBegan {
        phase: PhaseKind,
        title: String,
        deadline: Option<i64>,
    },
    PhaseEnded {
        phase: PhaseKind,
        title: String,
        ok: bool,
    },
    /// A symptom was measured. `holds`: the trouble is there; `None`: it could not be read, `why` says why.
    Symptom {
        title: String,
        holds: Option<bool>,
        why: String,
    },
    /// `deadline`: of this attempt, on the run's clock. `attempts`: how many there may be.
    StepBegan {
        title: String,
        attempt: u32,
        attempts: u32,
        deadline: Option<i64>,
        span: Span,
    },
    StepEnded {
        title: String,
        attempt: u32,
        outcome: StepOutcome,
        message: String,
    },
    /// A loop began: how many items, how many at a time.
    LoopBegan {
        name: String,
        items: u32,
        at_a_time: u32,
    },
    /// An iteration began with this item.
    IterationBegan {
        name: String,
        item: String,
        index: u32,
    },
    IterationEnded {
        name: String,
        item: String,
        index: u32,
        ok: bool,
    },
    /// A `check` brought a value. `text`: the value as shown, bounded.
    Read {
        name: String,
        call: String,
        text: String,
        span: Span,
    },
    /// A reading failed: `message` says why.
    Unread {
        name: String,
        call: String,
        message: String,
        span: Span,
    },
    /// A polled condition was sampled.
    Sampled {
        text: String,
        sample: u32,
        judgement: Judgement,
        /// When it is given up, on the run's clock; `None` where only what is around it bounds it.
        #[serde(default)]
        until: Option<i64>,
    },
    /// A `watch` has looked.
    Watched {
        title: String,
        sample: u32,
        verdict: Verdict,
    },
    Verified {
        text: String,
        samples: u32,
        span: Span,
    },
    Finding {
        text: String,
    },
    Shown {
        name: String,
        value: Value,
    },
    Output {
        name: String,
        value: Value,
    },
    Decided {
        reason: String,
        choice: String,
    },
    /// A change begins (its intent; the request follows in the same turn).
    ChangeBegan(Change),
    ChangeEnded {
        change: Change,
        state: ChangeState,
        message: String,
    },
    UndoRegistered {
        change: Change,
        undo: String,
        safe: bool,
    },
    /// An undo or a `finally` begins.
    UnwindBegan {
        change: Change,
        what: String,
        finally: bool,
    },
    UnwindEnded {
        change: Change,
        what: String,
        finally: bool,
        settled: Settled,
        message: String,
    },
    /// Somebody was asked; answers follow.
    Asked {
        kind: QuestionKind,
        text: String,
        roles: Vec<String>,
        count: u32,
        deadline: Option<i64>,
    },
    Answered {
        kind: QuestionKind,
        text: String,
        who: String,
        uid: u32,
        role: String,
        value: Value,
        /// Why, where somebody said so.
        because: String,
    },
    /// An answer that does not count.
    Void {
        text: String,
        who: String,
        uid: u32,
        why: String,
    },
    /// The run was left where it stands. `by`: who or what left it.
    Suspended {
        by: String,
    },
    /// Somebody went on with a run that was left. `accepted`: the hash of the program that took the old one's
    /// place; empty where it did not.
    Resumed {
        who: String,
        uid: u32,
        #[serde(default)]
        accepted: String,
    },
    /// Somebody wrote something on the timeline.
    Noted {
        text: String,
        who: String,
        uid: u32,
    },
    /// The instructor of a game day made the world so.
    Injected {
        text: String,
        who: String,
        uid: u32,
    },
    Silent {
        text: String,
        why: String,
        then: String,
    },
    Notified {
        channel: String,
        text: String,
        page: bool,
        ok: bool,
        message: String,
    },
    Waiting {
        reason: String,
        until: i64,
    },
    /// Another runbook begins inside this one.
    FollowBegan {
        file: String,
        title: String,
    },
    /// `prevention`: what it says that keeps its incident from coming back.
    FollowEnded {
        file: String,
        title: String,
        end: FollowEnd,
        prevention: String,
    },
    /// A point of no return was passed. `when`: under which condition it counts, as written; empty: always.
    PointPassed {
        text: String,
        when: String,
    },
    /// Something failed behind a point of no return. `past`: nothing before it is undone; `why` says why, or why not.
    PointJudged {
        text: String,
        past: bool,
        why: String,
    },
    /// A dry run came to something that it did not do. `known`: whether all of it is.
    Would {
        what: Would,
        deed: Deed,
        known: bool,
        span: Span,
    },
    /// A dry run came to something that hangs on what it did not do: `why` says on what.
    Unknown {
        text: String,
        why: String,
        span: Span,
    },
    /// A dry run shows from here what may be done: under which condition, and why nobody knows.
    PerhapsBegan {
        text: String,
        why: String,
    },
    PerhapsEnded,
    /// A dry run came to a point that a saved plan binds.
    Planned(Box<Point>),
    /// A dry run came to changes that it does not know all of, or that may not be made: where they stand.
    Unbound {
        places: Vec<String>,
    },
    /// What comes next is not as it was planned. `readings`: those so far that are not what they were.
    Differs {
        differs: Vec<Difference>,
        readings: Vec<Difference>,
    },
    /// Something failed: where, and why. `detail`: command, exit status, end of its output.
    Failed {
        message: String,
        detail: Vec<String>,
        span: Span,
    },
    /// Somebody stopped the run.
    Stopped {
        by: String,
        /// Why, where somebody said so.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        because: String,
    },
    /// Somebody takes the run back, which may have ended before.
    RollingBack {
        by: String,
    },
    /// The run is over.
    Ended {
        outcome: Outcome,
        reason: String,
        /// Changes that were made and stay on purpose, or are what the run is for.
        changed: Vec<Entry>,
        taken_back: Vec<Entry>,
        /// What still stands although the run was to take it back, or in doubt.
        standing: Vec<Entry>,
        left: Vec<Entry>,
    },
}

/// What a dry run did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Would {
    Change,
    /// An action, whose changes follow.
    Call,
    /// Somebody would be told, or paged.
    Tell,
    Ask,
    Wait,
    /// A point of no return would be passed.
    Pass,
}

/// The parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    Symptom,
    Diagnose,
    Resolve,
    /// The symptom again, after a resolution.
    Clearing,
    /// Undo, last first.
    Unwind,
    Rollback,
    /// The symptom again, after a rollback.
    Remeasure,
}

/// How an attempt of a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    Ok,
    Failed,
    /// Failed, and the run goes on (`on failure continue`).
    Tolerated,
    /// Stopped from outside: an operator, a refusal, another arm.
    Stopped,
    /// Its change or its place is not needed any more.
    Skipped,
}

/// How a runbook ended that another one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowEnd {
    /// Its symptom is gone.
    Cleared,
    /// None of its symptoms held: nothing was done.
    NotNeeded,
    Failed,
    /// Stopped from outside: an operator, a refusal, an escalation, another arm.
    Stopped,
}

impl FollowEnd {
    /// Returns the end in words.
    pub fn words(self) -> &'static str {
        match self {
            FollowEnd::Cleared => "its symptom is gone",
            FollowEnd::NotNeeded => "not needed, none of its symptoms holds",
            FollowEnd::Failed => "failed",
            FollowEnd::Stopped => "stopped",
        }
    }
}

/// What a sample of a polled condition says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Judgement {
    Holds,
    NotYet,
    Unreadable { why: String },
}

/// What a sample of a `watch` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Verdict {
    Good,
    /// `of`: how often in a row it must be bad.
    Bad {
        in_a_row: u32,
        of: u32,
    },
    Neither,
    Unreadable {
        why: String,
    },
}

/// A change, as lists name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub address: Address,
    /// The call as it could be typed, secrets named.
    pub call: String,
    /// The step it stands in.
    pub step: String,
    /// Whether it is part of an undo, a `finally` or `rollback`.
    pub undoing: bool,
    pub span: Span,
}

/// The four ends of a change, and the one before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    Done,
    /// `done when` held already, or it was never begun.
    NotRun,
    Failed,
    InDoubt,
}

/// How an undo or a `finally` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    Done,
    /// Nothing to take back.
    NotNeeded,
    Failed,
    InDoubt,
}

/// A line of the result's lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub change: Change,
    /// Why it stands, or how it was taken back.
    pub note: String,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Resolved,
    Failed,
    RolledBack,
    Aborted,
    Escalated,
    NotNeeded,
    Suspended,
}

impl Outcome {
    /// Returns the exit code of `mainstay run` (`docs/language.md`, *Outcomes*).
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Resolved => 0,
            Outcome::Failed => 1,
            Outcome::RolledBack => 3,
            Outcome::Aborted => 4,
            Outcome::Escalated => 5,
            Outcome::NotNeeded => 6,
            Outcome::Suspended => 7,
        }
    }

    /// Returns the outcome's word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Resolved => "resolved",
            Outcome::Failed => "failed",
            Outcome::RolledBack => "rolled_back",
            Outcome::Aborted => "aborted",
            Outcome::Escalated => "escalated",
            Outcome::NotNeeded => "not_needed",
            Outcome::Suspended => "suspended",
        }
    }
}
