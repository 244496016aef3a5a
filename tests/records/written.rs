//! Runs written by hand, as their journals would tell them.
//!
//! To add one: write a function that returns a [`Story`], add it to [`stories`], and run the tests with
//! `SNAPSHOTS=overwrite`; then read what appeared in `tests/snapshots/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay::event::{
    Address, Answer, Ask, Body, Change, ChangeState, Class, CommandEnd, Control, Deed, Ended, Entry, FORMAT,
    Fact, Input, Judgement, Moment, Opened, Outcome, Outlet, PhaseKind, Question, QuestionKind, Record,
    Reply, Request, Settled, StepOutcome, Wanted,
};
use mainstay::source::{SourceId, Sources, Span};
use mainstay::value::{Secret, Value};

/// 2026-11-21 01:42:07 UTC, microseconds.
const OPENED: i64 = 1_795_225_327_000_000;
const SECOND: i64 = 1_000_000_000;

const RUNBOOK: &str = "\
runbook \"Database connections exhausted\"

resolve \"Cap the noisiest client\" {
  step \"Cap it\" {
    run $ psql -c 'alter role app connection limit 5'
      undo $ psql -c 'alter role app connection limit -1'
  }
  verify used() < limit within 10s every 2s
    else \"app does not give its connections back\"
}
";

/// A run with its name for the snapshot files.
pub struct Story {
    pub name: &'static str,
    pub records: Vec<(u64, Record)>,
    pub sources: Arc<Sources>,
    /// Seconds since the start.
    now: i64,
}

/// Returns all of them.
pub fn stories() -> Vec<Story> {
    vec![resolved(), rolled_back(), standing(), refused(), waiting(), parallel()]
}

/// Returns the sources that spans of the stories point into.
fn sources() -> Arc<Sources> {
    let mut sources = Sources::default();
    sources.add("database.runbook", RUNBOOK);
    Arc::new(sources)
}

/// Returns where `text` stands in the runbook.
fn span(text: &str) -> Span {
    let start = RUNBOOK.find(text).expect("it stands in the runbook");
    Span::new(SourceId(0), start, start + text.len())
}

impl Story {
    fn new(name: &'static str) -> Self {
        let story = Story { name, records: Vec::new(), sources: sources(), now: 0 };
        let params = vec![
            ("limit".to_owned(), Value::Percent(0.8)),
            ("note".to_owned(), Value::text("a | b `c` <script> [x](y)\n_z_")),
            ("db".to_owned(), Value::Secret(Secret::new("db", "correct-horse"))),
        ];
        let opened = Opened {
            format: FORMAT,
            run: "20261121-0142-k7f3".to_owned(),
            at: story.moment(),
            program_hash: "0123456789abcdef".repeat(4),
            file: "database.runbook".to_owned(),
            sources: Vec::new(),
            params,
            env_names: vec!["PATH".to_owned()],
            cwd: "/srv".to_owned(),
            uid: 1000,
            user: "dana".to_owned(),
            host: "ops-1".to_owned(),
            boot_id: "b".to_owned(),
            zero_ns: Some(0),
            pid: 4711,
            version: "0.1.0".to_owned(),
            force: false,
            attended: true,
            unattended: false,
            roles: BTreeMap::new(),
            named_calls: false,
            call_timeout_ns: 60 * SECOND,
            rto_ns: Some(20 * 60 * SECOND),
            game_day: None,
            plan: None,
        };
        let title = "Database connections exhausted on <db1>".to_owned();
        story.input("", Input::Opened(Box::new(opened))).fact("", Fact::Titled { title })
    }

    fn moment(&self) -> Moment {
        Moment { run_ns: self.now * SECOND, wall_us: OPENED + self.now * 1_000_000 }
    }

    /// Lets time pass.
    fn after(mut self, seconds: i64) -> Self {
        self.now += seconds;
        self
    }

    fn push(mut self, class: Class, address: &str, body: Body) -> Self {
        let record = Record { class, address: Address(address.into()), at: self.moment(), body };
        self.records.push((self.records.len() as u64 + 1, record));
        self
    }

    fn input(self, address: &str, input: Input) -> Self {
        self.push(Class::Input, address, Body::Input(input))
    }

    fn fact(self, address: &str, fact: Fact) -> Self {
        self.push(Class::Fact, address, Body::Fact(fact))
    }

    /// A command ends, with its output in a file.
    fn command(self, address: &str, file: Option<&str>) -> Self {
        let stdout = Outlet {
            len: 3,
            text: "ok\n".to_owned(),
            utf8: true,
            file: file.map(str::to_owned),
            ..Outlet::default()
        };
        let end = CommandEnd {
            ended: Ended::Exit { code: 0 },
            stdout,
            stderr: Outlet { utf8: true, ..Outlet::default() },
            elapsed: SECOND,
        };
        let occurred = self.moment();
        let request = Address(address.into());
        self.input(address, Input::Delivered { request, occurred, reply: Reply::Command(Box::new(end)) })
    }

    fn phase(self, phase: PhaseKind, title: &str) -> Self {
        self.fact("", Fact::PhaseBegan { phase, title: title.to_owned(), deadline: None })
    }

    fn symptom(self, address: &str, holds: Option<bool>, why: &str) -> Self {
        let title = "more than 80% of max_connections in use".to_owned();
        self.fact(address, Fact::Symptom { title, holds, why: why.to_owned() })
    }

    fn step(self, address: &str, title: &str, attempt: u32, attempts: u32) -> Self {
        let deadline = Some((self.now + 30) * SECOND);
        let title = title.to_owned();
        self.fact(address, Fact::StepBegan { title, attempt, attempts, deadline, span: Span::default() })
    }

    fn step_ends(self, address: &str, title: &str, outcome: StepOutcome, message: &str) -> Self {
        let (title, message) = (title.to_owned(), message.to_owned());
        self.fact(address, Fact::StepEnded { title, attempt: 1, outcome, message })
    }

    fn read(self, address: &str, name: &str, text: &str) -> Self {
        let call = format!("postgres.{name}(db)");
        let (name, text) = (name.to_owned(), text.to_owned());
        self.fact(address, Fact::Read { name, call, text, span: Span::default() })
    }

    fn asked(self, address: &str, text: &str) -> Self {
        let text = text.to_owned();
        let deadline = Some((self.now + 300) * SECOND);
        let roles = vec!["oncall".to_owned(), "lead".to_owned()];
        let question = Question {
            kind: QuestionKind::Approval,
            text: text.clone(),
            roles: roles.clone(),
            count: 1,
            quorum: false,
            wanted: Wanted::YesNo,
            params: vec!["site = blue".to_owned()],
            evidence: vec!["used = 93%".to_owned(), "finding: 17 sessions leak".to_owned()],
            ahead: vec![Deed { call: "$ restart pool".to_owned(), back: "stays: harmless".to_owned() }],
            made: Vec::new(),
            on_silence: "the run escalates to dba".to_owned(),
            game_day: false,
            plan: None,
            shown: "0".repeat(64),
        };
        let ask = Ask {
            address: Address(format!("{address}.q1").into()),
            request: Request::Question(Box::new(question)),
            deadline,
            bound: "the approval's 5m".into(),
            changes: false,
            inner: false,
            asked: self.moment(),
            place: mainstay::event::Place::default(),
        };
        self.push(Class::Request, &format!("{address}.q1"), Body::Request(ask))
            .fact(address, Fact::Asked { kind: QuestionKind::Approval, text, roles, count: 1, deadline })
    }

    fn answered(self, address: &str, text: &str, yes: bool) -> Self {
        let (who, role) = ("erin".to_owned(), "oncall".to_owned());
        let request = Address(format!("{address}.q1").into());
        let (value, because) = (Value::Bool(yes), String::new());
        let answer = Answer {
            who: who.clone(),
            uid: 1001,
            role: role.clone(),
            value: value.clone(),
            because: because.clone(),
            letter: String::new(),
            shown: String::new(),
        };
        let reply = Reply::Answer(answer);
        let occurred = self.moment();
        let (kind, text) = (QuestionKind::Approval, text.to_owned());
        self.input(&request.0.clone(), Input::Delivered { request, occurred, reply })
            .fact(address, Fact::Answered { kind, text, who, uid: 1001, role, value, because })
    }

    fn change(self, change: &Change, undo: &str, seconds: i64, state: ChangeState, message: &str) -> Self {
        let address = Arc::clone(&change.address.0);
        let begun = self.fact(&address, Fact::ChangeBegan(change.clone()));
        let registered = if undo.is_empty() {
            begun
        } else {
            let fact = Fact::UndoRegistered { change: change.clone(), undo: undo.to_owned(), safe: false };
            begun.fact(&address, fact)
        };
        let fact = Fact::ChangeEnded { change: change.clone(), state, message: message.to_owned() };
        registered
            .after(seconds)
            .command(&format!("{address}.d.c"), Some("output/s9.out"))
            .fact(&address, fact)
    }

    fn unwind(self, change: &Change, what: &str, finally: bool, settled: Settled, message: &str) -> Self {
        let address = format!("{}.u1", change.address);
        let place = Address(format!("{address}.s1").into());
        let own = Change { address: place, call: what.to_owned(), undoing: true, ..change.clone() };
        let (change, what, message) = (change.clone(), what.to_owned(), message.to_owned());
        let began = Fact::UnwindBegan { change: change.clone(), what: what.clone(), finally };
        let state = if settled == Settled::Failed { ChangeState::Failed } else { ChangeState::Done };
        let mut story = self
            .fact(&address, began)
            .fact(&own.address.0, Fact::ChangeBegan(own.clone()))
            .after(1)
            .command(&format!("{address}.s1.d.c"), None)
            .fact(&own.address.0, Fact::ChangeEnded { change: own.clone(), state, message: message.clone() });
        if settled == Settled::Failed {
            let detail = vec![
                what.clone(),
                "exit status 2 after 12ms".to_owned(),
                "psql: error: \u{1b}[2Jconnection to server failed: Connection refused".to_owned(),
            ];
            let span = span("undo $ psql -c 'alter role app connection limit -1'");
            story = story.fact(&address, Fact::Failed { message: message.clone(), detail, span });
        }
        story.fact(&address, Fact::UnwindEnded { change, what, finally, settled, message })
    }

    fn ended(self, outcome: Outcome, reason: &str, lists: [Vec<Entry>; 4]) -> Self {
        let [changed, taken_back, standing, left] = lists;
        let reason = reason.to_owned();
        self.fact("", Fact::Ended { outcome, reason, changed, taken_back, standing, left })
    }
}

fn change(address: &str, step: &str, call: &str) -> Change {
    Change {
        address: Address(address.into()),
        call: call.to_owned(),
        step: step.to_owned(),
        undoing: false,
        span: span("run $ psql -c 'alter role app connection limit 5'"),
    }
}

fn entry(change: &Change, note: &str) -> Entry {
    Entry { change: change.clone(), note: note.to_owned() }
}

fn diagnosed(story: Story) -> Story {
    story
        .phase(PhaseKind::Symptom, "")
        .after(1)
        .command("y0.s1.r.c", None)
        .read("y0.s1", "used", "93%")
        .symptom("y0", Some(true), "")
        .phase(PhaseKind::Diagnose, "")
        .step("diagnose.s2.a1", "Who holds the connections", 1, 1)
        .after(2)
        .command("diagnose.s2.a1.s3.r.c", Some("output/s3.out"))
        .read("diagnose.s2.a1.s3", "holders", "[{app: worker, n: 61}, {app: \u{1b}[31mweb, n: 4}]")
        .fact(
            "diagnose.s2.a1.s4",
            Fact::Shown {
                name: "holders".to_owned(),
                value: Value::list(vec![
                    Value::record([("app", Value::text("worker")), ("n", Value::Int(61))]),
                    Value::record([("app", Value::text("\u{1b}[31mweb")), ("n", Value::Int(4))]),
                ]),
            },
        )
        .fact("diagnose.s2.a1.s5", Fact::Finding { text: "17 sessions leak, of worker|batch".to_owned() })
        .step_ends("diagnose.s2.a1", "Who holds the connections", StepOutcome::Ok, "")
        .fact(
            "diagnose.s6",
            Fact::Decided {
                reason: "length(leaked) > 0".to_owned(),
                choice: "resolve \"Terminate the leaked sessions\"".to_owned(),
            },
        )
}

const QUESTION: &str = "Terminate 10 of 17 leaked sessions?";

/// The symptom holds, somebody says yes, and it is gone.
fn resolved() -> Story {
    let step = "Terminate while new connections are held back";
    let disable = change("resolve0.s8.a1.s9", step, "pgbouncer.disable(pool)");
    let kill = change("resolve0.s8.a1.s10.i1.s11", step, "postgres.terminate_if_idle(db, 41, 5m)");
    diagnosed(Story::new("resolved"))
        .phase(PhaseKind::Resolve, "Terminate the leaked sessions")
        .asked("resolve0.s7", QUESTION)
        .after(38)
        .answered("resolve0.s7", QUESTION, true)
        .step("resolve0.s8.a1", step, 1, 1)
        .change(&disable, "", 1, ChangeState::Done, "")
        .fact("resolve0.s8.a1.s10", Fact::LoopBegan { name: "session".to_owned(), items: 1, at_a_time: 1 })
        .fact(
            "resolve0.s8.a1.s10.i1",
            Fact::IterationBegan { name: "session".to_owned(), item: "{pid: 41}".to_owned(), index: 1 },
        )
        .change(&kill, "", 2, ChangeState::Done, "")
        .fact(
            "resolve0.s8.a1.s10.i1",
            Fact::IterationEnded {
                name: "session".to_owned(),
                item: "{pid: 41}".to_owned(),
                index: 1,
                ok: true,
            },
        )
        .unwind(&disable, "pgbouncer.enable(pool)", true, Settled::Done, "")
        .step_ends("resolve0.s8.a1", step, StepOutcome::Ok, "")
        .phase(PhaseKind::Clearing, "")
        .sampled(1, Judgement::NotYet, "85%")
        .sampled(2, Judgement::NotYet, "85%")
        .sampled(3, Judgement::Holds, "31%")
        .symptom("z0", Some(false), "")
        .fact("s12", Fact::Output { name: "ended".to_owned(), value: Value::Int(1) })
        .ended(
            Outcome::Resolved,
            "",
            [
                Vec::new(),
                vec![entry(&disable, "put back: pgbouncer.enable(pool)")],
                Vec::new(),
                vec![entry(&kill, "the client reconnects by itself")],
            ],
        )
}

impl Story {
    /// The symptom is read again.
    fn sampled(self, sample: u32, judgement: Judgement, used: &str) -> Self {
        let place = format!("z0.n{sample}");
        let text = "used < limit".to_owned();
        self.after(2)
            .command(&format!("{place}.s1.r.c"), None)
            .read(&format!("{place}.s1"), "used", used)
            .fact(&place, Fact::Sampled { text, sample, judgement, until: None })
    }
}

/// The change does not help; it is undone, and the symptom is still there.
fn rolled_back() -> Story {
    let cap = change("resolve0.s8.a1.s9", "Cap it", "$ psql -c 'alter role app connection limit 5'");
    let failover = Change { undoing: true, ..change("rollback.s21", "", "balancer.reset()") };
    let undo = "$ psql -c 'alter role app connection limit -1'";
    let message = "app does not give its connections back";
    diagnosed(Story::new("rolled_back"))
        .phase(PhaseKind::Resolve, "Cap the noisiest client")
        .step("resolve0.s8.a1", "Cap it", 1, 2)
        .change(&cap, undo, 1, ChangeState::Done, "")
        .step_ends("resolve0.s8.a1", "Cap it", StepOutcome::Ok, "")
        .after(10)
        .fact(
            "resolve0",
            Fact::Failed {
                message: message.to_owned(),
                detail: vec!["read 6 times, every 2s".to_owned(), "used() = 93%".to_owned()],
                span: span("verify used() < limit within 10s every 2s"),
            },
        )
        .phase(PhaseKind::Unwind, "")
        .unwind(&cap, undo, false, Settled::Done, "")
        .phase(PhaseKind::Rollback, "")
        .fact(
            "rollback.s20",
            Fact::Notified {
                channel: "dba".to_owned(),
                text: "The resolution was taken back".to_owned(),
                page: true,
                ok: false,
                message: "no channel is set up for it: it stands here and on the timeline only".to_owned(),
            },
        )
        .change(&failover, "", 1, ChangeState::Done, "")
        .phase(PhaseKind::Remeasure, "")
        .symptom("x0", None, "connection refused")
        .ended(
            Outcome::RolledBack,
            message,
            [Vec::new(), vec![entry(&cap, &format!("undone: {undo}"))], Vec::new(), Vec::new()],
        )
}

/// A change was lost and an undo fails: both still stand.
fn standing() -> Story {
    let cap = change("resolve0.s8.a1.s9", "Cap it", "$ psql -c 'alter role app connection limit 5'");
    let lost = change("resolve0.s8.a1.s10", "Cap it", "http.post(\"https://lb/drain\")");
    let undo = "$ psql -c 'alter role app connection limit -1'";
    let why = "exit status 2";
    diagnosed(Story::new("standing"))
        .phase(PhaseKind::Resolve, "Cap the noisiest client")
        .step("resolve0.s8.a1", "Cap it", 1, 1)
        .change(&cap, undo, 1, ChangeState::Done, "")
        .change(&lost, "", 60, ChangeState::InDoubt, "no answer within 1m")
        .fact(
            "resolve0.s8.a1",
            Fact::Failed {
                message: "no answer within 1m".to_owned(),
                detail: Vec::new(),
                span: span("run $ psql -c 'alter role app connection limit 5'"),
            },
        )
        .step_ends("resolve0.s8.a1", "Cap it", StepOutcome::Failed, "no answer within 1m")
        .phase(PhaseKind::Unwind, "")
        .unwind(&cap, undo, false, Settled::Failed, why)
        .fact("", Fact::Stopped { by: "dana".to_owned(), because: String::new() })
        .ended(
            Outcome::Failed,
            "no answer within 1m",
            [
                Vec::new(),
                Vec::new(),
                vec![
                    entry(&cap, "its undo failed: exit status 2"),
                    entry(&lost, "in doubt: it may have happened"),
                ],
                Vec::new(),
            ],
        )
}

/// Somebody says no.
fn refused() -> Story {
    diagnosed(Story::new("refused"))
        .phase(PhaseKind::Resolve, "Terminate the leaked sessions")
        .asked("resolve0.s7", QUESTION)
        .after(3700)
        .answered("resolve0.s7", QUESTION, false)
        .ended(Outcome::Aborted, &format!("erin refused: {QUESTION}"), Default::default())
}

/// The run is not over: somebody has to answer. A first question was not answered in time.
fn waiting() -> Story {
    let first = "Is the primary really db1?";
    let silence = Reply::Silence { why: "nobody answered in time".to_owned() };
    let story = diagnosed(Story::new("waiting"))
        .phase(PhaseKind::Resolve, "Terminate the leaked sessions")
        .asked("resolve0.s6", first)
        .after(300);
    let occurred = story.moment();
    let request = Address("resolve0.s6.q1".into());
    story
        .input("resolve0.s6.q1", Input::Delivered { request, occurred, reply: silence })
        .fact(
            "resolve0.s6",
            Fact::Silent {
                text: first.to_owned(),
                why: "nobody answered in time".to_owned(),
                then: "the run goes on".to_owned(),
            },
        )
        .asked("resolve0.s7", QUESTION)
}

/// Two steps at once, one of them stopped by an operator.
fn parallel() -> Story {
    let story = Story::new("parallel")
        .phase(PhaseKind::Symptom, "")
        .symptom("y0", Some(true), "")
        .phase(PhaseKind::Resolve, "Drain both")
        .step("resolve0.s1.p0.a1", "Drain eu", 1, 1)
        .step("resolve0.s1.p1.a1", "Drain us", 1, 3)
        .after(1)
        .read("resolve0.s1.p0.a1.s2", "eu", "12 clients")
        .read("resolve0.s1.p1.a1.s2", "us", "7 clients")
        .fact("resolve0.s1.p1.a1.s3", Fact::Waiting { reason: "let them go".to_owned(), until: 31 * SECOND })
        .after(4);
    let occurred = story.moment();
    story
        .step_ends("resolve0.s1.p0.a1", "Drain eu", StepOutcome::Ok, "")
        .input("", Input::Control { control: Control::Stop, by: "dana".to_owned(), occurred })
        .step_ends("resolve0.s1.p1.a1", "Drain us", StepOutcome::Stopped, "")
        .fact("", Fact::Stopped { by: "dana".to_owned(), because: String::new() })
        .ended(Outcome::Aborted, "stopped by dana", Default::default())
}
