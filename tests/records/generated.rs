//! Records of every kind with arbitrary contents.

use std::sync::Arc;

use mainstay::config::RolePerson;
use mainstay::event::{
    Address, Answer, Ask, Body, Change, ChangeState, Class, CommandEnd, CommandRequest, Control, Deed,
    Difference, Ended, Entry, Fact, GameDay, Heard, Input, Judgement, Moment, NativeRequest, OfPlan, Opened,
    Outcome, Outlet, PhaseKind, Planned, PlannedReading, Point, PointKind, Question, QuestionKind, Record,
    Reply, Request, Settled, SourceHash, StepOutcome, Wanted,
};
use mainstay::source::{SourceId, Span};
use mainstay::value::{CommandValue, Domain, Output, Record as Fields, ResponseValue, Tried, Type, Value};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const KINDS: [QuestionKind; 6] = [
    QuestionKind::Approval,
    QuestionKind::Answer,
    QuestionKind::Manual,
    QuestionKind::Failure,
    QuestionKind::Doubt,
    QuestionKind::Plan,
];

/// Any record.
pub fn record() -> BoxedStrategy<Record> {
    let body = prop_oneof![
        input().prop_map(|b| (Class::Input, Body::Input(b))),
        ask().prop_map(|b| (Class::Request, Body::Request(b))),
        fact().prop_map(|b| (Class::Fact, Body::Fact(b))),
        input().prop_map(|b| (Class::Trace, Body::Input(b))),
        ask().prop_map(|b| (Class::Trace, Body::Request(b))),
        fact().prop_map(|b| (Class::Trace, Body::Fact(b))),
    ];
    (address(), moment(), body)
        .prop_map(|(address, at, (class, body))| Record { class, address, at, body })
        .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z \"'\\\\|]{0,12}",
        1 => any::<String>(),
        1 => Just(String::from("fact\u{0}\u{1b}[31m\n\t€🚒{\"fact\":\"read\"}")),
    ]
    .boxed()
}

fn texts() -> BoxedStrategy<Vec<String>> {
    vec(text(), 0..3).boxed()
}

fn address() -> BoxedStrategy<Address> {
    "(s[0-9]{1,3}(\\.[ian][0-9])?){0,3}".prop_map(|s| Address(s.as_str().into())).boxed()
}

fn moment() -> BoxedStrategy<Moment> {
    (any::<i64>(), any::<i64>()).prop_map(|(run_ns, wall_us)| Moment { run_ns, wall_us }).boxed()
}

fn span() -> BoxedStrategy<Span> {
    (any::<u32>(), any::<u32>(), any::<u32>())
        .prop_map(|(source, start, end)| Span { source: SourceId(source), start, end })
        .boxed()
}

fn finite() -> BoxedStrategy<f64> {
    any::<f64>().prop_filter("JSON has finite numbers only", |n| n.is_finite()).boxed()
}

fn output() -> BoxedStrategy<Output> {
    (text(), any::<bool>(), any::<bool>())
        .prop_map(|(text, utf8, cut)| Output { text: text.into(), utf8, cut })
        .boxed()
}

fn arc() -> BoxedStrategy<Arc<str>> {
    text().prop_map(Arc::from).boxed()
}

/// Any value but a secret, which comes back with its name only.
fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        finite().prop_map(Value::Number),
        finite().prop_map(Value::Percent),
        arc().prop_map(Value::Text),
        arc().prop_map(Value::Damaged),
        any::<i64>().prop_map(Value::Duration),
        any::<i64>().prop_map(Value::Size),
        (-4_000_000_000_i64..200_000_000_000)
            .prop_map(|s| Value::Time(jiff::Timestamp::from_second(s).unwrap())),
        command_value(),
        (arc(), any::<i64>(), output(), any::<i64>()).prop_map(|(request, status, body, elapsed)| {
            Value::Response(Arc::new(ResponseValue {
                request,
                status,
                headers: Fields(vec![("content-type".into(), Value::text("a"))]),
                body,
                elapsed,
            }))
        }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::list),
            vec((arc(), inner.clone()), 0..4).prop_map(|mut fields| {
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                fields.dedup_by(|a, b| a.0 == b.0);
                Value::Record(Arc::new(Fields(fields)))
            }),
            (arc(), prop_oneof![inner.prop_map(Ok), text().prop_map(Err)])
                .prop_map(|(call, result)| Value::Tried(Arc::new(Tried { call, result }))),
        ]
    })
    .boxed()
}

fn command_value() -> BoxedStrategy<Value> {
    (arc(), any::<i32>(), any::<bool>(), output(), output(), any::<i64>())
        .prop_map(|(typed, exit, ok, stdout, stderr, elapsed)| {
            Value::Command(Arc::new(CommandValue { typed, exit, ok, stdout, stderr, elapsed }))
        })
        .boxed()
}

fn input() -> BoxedStrategy<Input> {
    prop_oneof![
        opened(),
        (address(), moment(), reply()).prop_map(|(request, occurred, reply)| Input::Delivered {
            request,
            occurred,
            reply
        }),
        (text(), text(), any::<u32>(), text(), moment(), 0..4).prop_map(
            |(text, who, uid, letter, occurred, which)| {
                let why = who.clone();
                let heard = match which {
                    0 => Heard::Note { text },
                    1 => Heard::Stop { because: text },
                    2 => Heard::Injected { text },
                    _ => Heard::Void { text, why },
                };
                Input::Heard { heard, who, uid, letter, occurred }
            }
        ),
        (text(), moment()).prop_map(|(by, occurred)| Input::Control { control: Control::Stop, by, occurred }),
    ]
    .boxed()
}

fn opened() -> BoxedStrategy<Input> {
    (
        (text(), moment(), text(), text()),
        vec((text(), value()), 0..3),
        texts(),
        (any::<u32>(), any::<bool>(), any::<i64>()),
    )
        .prop_map(|((run, at, hash, file), params, env_names, (uid, flag, timeout))| {
            Input::Opened(Box::new(Opened {
                format: 1,
                run,
                at,
                program_hash: hash.clone(),
                file: file.clone(),
                sources: vec![SourceHash { name: file, hash }],
                params,
                env_names,
                cwd: "/".to_owned(),
                uid,
                user: "dana".to_owned(),
                host: "ops-1".to_owned(),
                boot_id: "b".to_owned(),
                zero_ns: Some(0),
                pid: uid,
                version: "0.1.0".to_owned(),
                force: flag,
                attended: !flag,
                unattended: flag,
                roles: [("oncall".to_owned(), vec![RolePerson { name: "dana".to_owned(), uid }])].into(),
                named_calls: flag,
                call_timeout_ns: timeout,
                rto_ns: flag.then_some(timeout),
                game_day: flag.then(|| GameDay {
                    drill: "d".to_owned(),
                    file: "f".to_owned(),
                    zero_us: timeout,
                }),
                plan: flag.then(|| Box::new(plan("d", timeout))),
            }))
        })
        .boxed()
}

fn plan(text: &str, made_us: i64) -> Planned {
    let text = text.to_owned();
    let at = Address("s1.a1".into());
    let point = Point {
        at: at.clone(),
        place: text.clone(),
        kind: PointKind::Change,
        text: text.clone(),
        exact: text.clone(),
    };
    let digest = String::new();
    let reading = PlannedReading { at, name: text.clone(), call: text.clone(), text: text.clone(), digest };
    Planned {
        digest: text.clone(),
        by: text.clone(),
        host: text.clone(),
        made_us,
        readings: vec![reading],
        points: vec![point],
        unbound: vec![text],
    }
}

fn difference(text: &str) -> Difference {
    let (what, planned, now) = (text.to_owned(), text.to_owned(), String::new());
    Difference { what, reading: !text.is_empty(), back: text.len().is_multiple_of(2), planned, now }
}

fn outlet() -> BoxedStrategy<Outlet> {
    (any::<u64>(), text(), any::<bool>(), any::<bool>(), option::of(text()))
        .prop_map(|(len, text, utf8, cut, file)| Outlet {
            len,
            tail: text.clone(),
            text,
            utf8,
            cut,
            digest: String::new(),
            file,
            kept: None,
        })
        .boxed()
}

fn reply() -> BoxedStrategy<Reply> {
    let ended = prop_oneof![
        any::<i32>().prop_map(|code| Ended::Exit { code }),
        any::<i32>().prop_map(|signal| Ended::Signal { signal }),
        Just(Ended::Timeout),
        Just(Ended::Killed),
        text().prop_map(|message| Ended::NotStarted { message }),
    ];
    prop_oneof![
        (ended, outlet(), outlet(), any::<i64>()).prop_map(|(ended, stdout, stderr, elapsed)| {
            Reply::Command(Box::new(CommandEnd { ended, stdout, stderr, elapsed }))
        }),
        value().prop_map(|value| Reply::Value { value }),
        (text(), any::<bool>()).prop_map(|(message, doubt)| Reply::Failed { message, doubt }),
        Just(Reply::Descend),
        Just(Reply::Fired),
        (text(), any::<u32>(), text(), value(), text(), text(), text()).prop_map(
            |(who, uid, role, value, because, letter, shown)| {
                Reply::Answer(Answer { who, uid, role, value, because, letter, shown })
            }
        ),
        text().prop_map(|why| Reply::Silence { why }),
        Just(Reply::Done),
        text().prop_map(|why| Reply::Lost { why }),
    ]
    .boxed()
}

fn ask() -> BoxedStrategy<Ask> {
    (address(), request(), option::of(any::<i64>()), text(), (any::<bool>(), any::<bool>()), moment())
        .prop_map(|(address, request, deadline, bound, (changes, inner), asked)| Ask {
            address,
            request,
            deadline,
            bound: bound.into(),
            changes,
            inner,
            asked,
            place: mainstay::event::Place::default(),
        })
        .boxed()
}

fn request() -> BoxedStrategy<Request> {
    let kinds = select(KINDS.to_vec());
    prop_oneof![
        (texts(), text(), option::of(vec(value(), 0..2)), option::of(text()), vec(any::<i32>(), 0..2))
            .prop_map(|(argv, typed, stdin, dir, allow_exit)| {
                Request::Command(std::sync::Arc::new(CommandRequest {
                    argv,
                    env: vec![("A".to_owned(), typed.clone())],
                    typed,
                    secret_env: Vec::new(),
                    stdin,
                    user: dir.clone(),
                    dir,
                    allow_exit,
                }))
            }),
        (text(), text(), vec((text(), value()), 0..3)).prop_map(|(module, function, args)| {
            Request::Native(Box::new(NativeRequest { typed: module.clone(), module, function, args }))
        }),
        (text(), text(), text()).prop_map(|(name, action, call)| Request::Reading { name, action, call }),
        (text(), text()).prop_map(|(action, call)| Request::Named { action, call }),
        Just(Request::Timer),
        (kinds, text(), texts(), texts(), any::<u32>(), any::<bool>(), vec(value(), 0..2)).prop_map(
            |(kind, text, roles, evidence, count, quorum, choices)| {
                let deed = Deed { call: text.clone(), back: text.clone() };
                Request::Question(Box::new(Question {
                    kind,
                    wanted: match kind {
                        QuestionKind::Answer => Wanted::Value(Domain { ty: Type::Any, choices, range: None }),
                        QuestionKind::Manual => Wanted::Done,
                        _ => Wanted::YesNo,
                    },
                    params: roles.clone(),
                    ahead: vec![deed.clone()],
                    made: vec![deed],
                    on_silence: text.clone(),
                    shown: text.clone(),
                    plan: quorum.then(|| OfPlan { digest: text.clone(), differs: vec![difference(&text)] }),
                    text,
                    roles,
                    count,
                    quorum,
                    game_day: quorum,
                    evidence,
                }))
            }
        ),
        (text(), text(), any::<bool>()).prop_map(|(channel, text, page)| Request::Notify {
            channel,
            text,
            page
        }),
        address().prop_map(|command| Request::Kill { command }),
        address().prop_map(|request| Request::Cancel { request }),
    ]
    .boxed()
}

fn change() -> BoxedStrategy<Change> {
    (address(), text(), text(), span())
        .prop_map(|(address, call, step, span)| Change { address, call, step, undoing: false, span })
        .boxed()
}

fn entries() -> BoxedStrategy<Vec<Entry>> {
    vec((change(), text()).prop_map(|(change, note)| Entry { change, note }), 0..2).boxed()
}

fn fact() -> BoxedStrategy<Fact> {
    prop_oneof![walking(), reading(), changing(), people(), ending()].boxed()
}

fn walking() -> BoxedStrategy<Fact> {
    let phase = || {
        select(vec![
            PhaseKind::Symptom,
            PhaseKind::Diagnose,
            PhaseKind::Resolve,
            PhaseKind::Clearing,
            PhaseKind::Unwind,
            PhaseKind::Rollback,
            PhaseKind::Remeasure,
        ])
    };
    let outcome = select(vec![
        StepOutcome::Ok,
        StepOutcome::Failed,
        StepOutcome::Tolerated,
        StepOutcome::Stopped,
        StepOutcome::Skipped,
    ]);
    prop_oneof![
        text().prop_map(|title| Fact::Titled { title }),
        (phase(), text(), option::of(any::<i64>()))
            .prop_map(|(phase, title, deadline)| { Fact::PhaseBegan { phase, title, deadline } }),
        (phase(), text(), any::<bool>()).prop_map(|(phase, title, ok)| Fact::PhaseEnded { phase, title, ok }),
        (text(), any::<u32>(), any::<u32>(), option::of(any::<i64>()), span()).prop_map(
            |(title, attempt, attempts, deadline, span)| {
                Fact::StepBegan { title, attempt, attempts, deadline, span }
            }
        ),
        (text(), any::<u32>(), outcome, text()).prop_map(|(title, attempt, outcome, message)| {
            Fact::StepEnded { title, attempt, outcome, message }
        }),
        (text(), any::<u32>(), any::<u32>())
            .prop_map(|(name, items, at_a_time)| { Fact::LoopBegan { name, items, at_a_time } }),
        (text(), text(), any::<u32>()).prop_map(|(name, item, index)| Fact::IterationBegan {
            name,
            item,
            index
        }),
        (text(), text(), any::<u32>(), any::<bool>())
            .prop_map(|(name, item, index, ok)| { Fact::IterationEnded { name, item, index, ok } }),
        (text(), any::<i64>()).prop_map(|(reason, until)| Fact::Waiting { reason, until }),
    ]
    .boxed()
}

fn reading() -> BoxedStrategy<Fact> {
    let judgement = prop_oneof![
        Just(Judgement::Holds),
        Just(Judgement::NotYet),
        text().prop_map(|why| Judgement::Unreadable { why }),
    ];
    prop_oneof![
        (text(), option::of(any::<bool>()), text())
            .prop_map(|(title, holds, why)| { Fact::Symptom { title, holds, why } }),
        (text(), text(), text(), span()).prop_map(|(name, call, text, span)| Fact::Read {
            name,
            call,
            text,
            span
        }),
        (text(), text(), text(), span()).prop_map(|(name, call, message, span)| Fact::Unread {
            name,
            call,
            message,
            span
        }),
        (text(), any::<u32>(), judgement, proptest::option::of(any::<i64>()))
            .prop_map(|(text, sample, judgement, until)| Fact::Sampled { text, sample, judgement, until }),
        (text(), any::<u32>(), span()).prop_map(|(text, samples, span)| Fact::Verified {
            text,
            samples,
            span
        }),
        text().prop_map(|text| Fact::Finding { text }),
        (text(), value()).prop_map(|(name, value)| Fact::Shown { name, value }),
        (text(), value()).prop_map(|(name, value)| Fact::Output { name, value }),
        (text(), text()).prop_map(|(reason, choice)| Fact::Decided { reason, choice }),
    ]
    .boxed()
}

fn changing() -> BoxedStrategy<Fact> {
    let state =
        select(vec![ChangeState::Done, ChangeState::NotRun, ChangeState::Failed, ChangeState::InDoubt]);
    let settled = select(vec![Settled::Done, Settled::NotNeeded, Settled::Failed, Settled::InDoubt]);
    prop_oneof![
        change().prop_map(Fact::ChangeBegan),
        (change(), state, text()).prop_map(|(change, state, message)| Fact::ChangeEnded {
            change,
            state,
            message
        }),
        (change(), text(), any::<bool>())
            .prop_map(|(change, undo, safe)| { Fact::UndoRegistered { change, undo, safe } }),
        (change(), text(), any::<bool>())
            .prop_map(|(change, what, finally)| { Fact::UnwindBegan { change, what, finally } }),
        (change(), text(), any::<bool>(), settled, text()).prop_map(
            |(change, what, finally, settled, message)| Fact::UnwindEnded {
                change,
                what,
                finally,
                settled,
                message
            }
        ),
    ]
    .boxed()
}

fn people() -> BoxedStrategy<Fact> {
    prop_oneof![
        (select(KINDS.to_vec()), text(), texts(), any::<u32>(), option::of(any::<i64>())).prop_map(
            |(kind, text, roles, count, deadline)| Fact::Asked { kind, text, roles, count, deadline }
        ),
        (select(KINDS.to_vec()), text(), text(), any::<u32>(), text(), value(), text()).prop_map(
            |(kind, text, who, uid, role, value, because)| {
                Fact::Answered { kind, text, who, uid, role, value, because }
            }
        ),
        (text(), text(), any::<u32>()).prop_map(|(text, who, uid)| Fact::Injected { text, who, uid }),
        (text(), text(), any::<u32>(), text()).prop_map(|(text, who, uid, why)| Fact::Void {
            text,
            who,
            uid,
            why
        }),
        (text(), text(), any::<u32>()).prop_map(|(text, who, uid)| Fact::Noted { text, who, uid }),
        (text(), text(), text()).prop_map(|(text, why, then)| Fact::Silent { text, why, then }),
        (text(), text(), (any::<bool>(), any::<bool>()), text()).prop_map(
            |(channel, text, (page, ok), message)| Fact::Notified { channel, text, page, ok, message }
        ),
    ]
    .boxed()
}

fn ending() -> BoxedStrategy<Fact> {
    let outcome = select(vec![
        Outcome::Resolved,
        Outcome::Failed,
        Outcome::RolledBack,
        Outcome::Aborted,
        Outcome::Escalated,
        Outcome::NotNeeded,
        Outcome::Suspended,
    ]);
    prop_oneof![
        (text(), texts(), span()).prop_map(|(message, detail, span)| Fact::Failed { message, detail, span }),
        (text(), text()).prop_map(|(by, because)| Fact::Stopped { by, because }),
        (outcome, text(), entries(), entries(), entries(), entries()).prop_map(
            |(outcome, reason, changed, taken_back, standing, left)| Fact::Ended {
                outcome,
                reason,
                changed,
                taken_back,
                standing,
                left
            }
        ),
    ]
    .boxed()
}
