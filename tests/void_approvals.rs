//! What was approved when the text was another one: an approval is to what was shown, and void where something else follows.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use mainstay::check::{self, Memory};
use mainstay::engine::{self, Engine, Text, Turn};
use mainstay::event::{
    Answer, Ask, Body, CommandEnd, Ended, Fact, Heard, Input, Moment, Question, Record, Reply, Request,
};
use mainstay::given;
use mainstay::program::Program;
use mainstay::value::Value;
use support::sandbox::{Finished, Running, Sandbox, make_executable};

struct Home(Sandbox);

impl Home {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        make_executable(&sandbox.write("bin/act", "#!/bin/sh\necho \"$*\" >> effects\n"));
        sandbox.write("pool.runbook", BEHIND);
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", sandbox.home().join("bin").display());
        Home(sandbox.with_env("PATH", path))
    }

    fn call(&self, arguments: &[&str]) -> Finished {
        self.0.run(arguments)
    }

    fn write(&self, name: &str, text: &str) {
        self.0.write(name, text);
    }

    fn effects(&self) -> String {
        fs::read_to_string(self.0.home().join("effects")).expect("the effects").replace('\n', ", ")
    }
}

/// A run that is cut off behind an approval, at a question that nobody is asked for.
const BEHIND: &str = r#"runbook "Behind an approval"

resolve "Do it" {
  run $ act first
    undo $ act unfirst
  approve "Do it?" by oncall within 1h on silence abort
  ask name "Which?" one of "x", "y" by oncall within 1h on silence "x"
  run $ act second
    undo $ act unsecond
  run $ act third {{ name }}
    leave "harmless"
}
"#;

/// Cuts a run off behind its approval, and goes on with this text until it asks that.
fn gone_on_with(text: &str, asked: &str) -> (Home, Running) {
    let home = Home::new();
    let mut running = home.0.start(["run", "pool.runbook"]);
    running.wait_for("Do it?");
    home.0.waits_for("Do it?");
    home.call(&["approve", "last", "--yes"]).expect_code(0);
    home.0.waits_for("Which?");
    running.kill();
    home.write("pool.runbook", text);
    let mut running = home.0.start(["resume", "last", "--accept-changed"]);
    running.wait_for("Which?");
    home.call(&["answer", "last", "y"]).expect_code(0);
    if !asked.is_empty() {
        running.wait_for(asked);
    }
    (home, running)
}

#[test]
fn an_approval_of_what_follows_no_more_is_void_and_asked_for_again() {
    let (home, mut running) = gone_on_with(&BEHIND.replace("act second", "act another"), "does not count");
    home.0.waits_for("Do it?");
    assert_eq!(home.effects(), "first, ");
    running.kill();
    home.call(&["approve", "last", "--yes"]).expect_code(0).expect_output("$ act another");
    home.call(&["resume", "last"]).expect_code(0);
    assert_eq!(home.effects(), "first, another, third y, ");
    let timeline = home.call(&["timeline", "last"]).expect_code(0).stdout;
    assert!(timeline.contains("before the text changed"), "{timeline}");

    let (home, running) = gone_on_with(&BEHIND.replace("act second", "act another"), "does not count");
    home.0.waits_for("Do it?");
    home.call(&["deny", "last"]).expect_code(0);
    running.finish().expect_code(4);
    assert_eq!(home.effects(), "first, unfirst, ");
}

#[test]
fn an_approval_of_what_still_follows_stands() {
    let (home, running) = gone_on_with(&format!("# the same in other words\n{BEHIND}"), "");
    running.finish().expect_code(0);
    assert_eq!(home.effects(), "first, second, third y, ");
}

const FOUR_EYES: &str = "runbook \"Drop it\"\n\nresolve \"Drop it\" {\n  approve \"Drop it?\" by any 2 of lead, oncall within 1h on silence abort\n  \
     run $ drop old\n    irreversible \"gone\"\n}\n";

fn program(text: &str) -> Arc<Program> {
    let checked = check::check("a.runbook", &Memory::new([("a.runbook".to_owned(), text.to_owned())]));
    Arc::new(checked.program.expect("it is in order"))
}

/// Returns the question that a turn puts.
fn asked(turn: &Turn) -> (&Ask, &Question) {
    let question = turn.asks.iter().find_map(|ask| match &ask.request {
        Request::Question(question) => Some((ask, &**question)),
        _ => None,
    });
    question.unwrap_or_else(|| panic!("nothing is asked: {:#?}", turn.asks))
}

fn yes(turn: &Turn, uid: u32) -> Input {
    let (ask, question) = asked(turn);
    let answer = Answer {
        who: format!("user {uid}"),
        uid,
        role: "lead".to_owned(),
        value: Value::Bool(true),
        because: String::new(),
        letter: String::new(),
        shown: question.shown.clone(),
    };
    let (request, occurred) = (ask.address.clone(), Moment::default());
    Input::Delivered { request, occurred, reply: Reply::Answer(answer) }
}

/// Lets one of two agree, goes on with that text, and lets the other one agree.
fn the_second_agrees_to(text: &str) -> (Engine, Turn) {
    let before = program(FOUR_EYES);
    let mut engine = Engine::new(Arc::clone(&before), BTreeMap::new());
    let opened = engine.feed(Input::Opened(Box::new(given::opening(&before, "a.runbook"))));
    let first = engine.feed(yes(&opened, 5001));
    asked(&first);
    let records: Vec<Record> = opened.records.into_iter().chain(first.records).collect();
    let replayed = engine::replay_as(program(text), BTreeMap::new(), &records, Text::Changed);
    let mut engine = replayed.unwrap_or_else(|error| panic!("{error}")).engine;
    let heard = Heard::Resumed { executor: None, accepted: "another".to_owned() };
    let (who, letter, occurred) = (String::new(), String::new(), Moment::default());
    let resumed = engine.feed(Input::Heard { heard, who, uid: 0, letter, occurred });
    let anew = resumed.records.iter().find_map(|record| match &record.body {
        Body::Request(ask) => Some(ask.clone()),
        _ => None,
    });
    let put = Turn { asks: anew.into_iter().collect(), records: Vec::new(), durable: true, outcome: None };
    let second = engine.feed(yes(&put, 5002));
    (engine, second)
}

fn drops(turn: &Turn) -> bool {
    turn.asks.iter().any(|ask| matches!(ask.request, Request::Command(_)))
}

#[test]
fn of_several_who_must_agree_nobody_counts_who_agreed_to_something_else() {
    let (_, second) = the_second_agrees_to(&FOUR_EYES.replace("Drop it\"\n\n", "Drop the old one\"\n\n"));
    assert!(drops(&second), "what follows is the same: {:#?}", second.asks);

    let (mut engine, second) = the_second_agrees_to(&FOUR_EYES.replace("drop old", "drop new"));
    let void = second.records.iter().any(|record| match &record.body {
        Body::Fact(Fact::Void { uid, why, .. }) => *uid == 5001 && why.contains("before the text changed"),
        _ => false,
    });
    assert!(void && !drops(&second), "{:#?}", second.records);
    let third = engine.feed(yes(&second, 5001));
    assert!(drops(&third), "who agrees again counts: {:#?}", third.asks);
}

/// A run played by hand: what it has recorded, and what is out.
struct Played {
    engine: Engine,
    records: Vec<Record>,
    out: Vec<Ask>,
}

impl Played {
    fn of(text: &str) -> Self {
        let program = program(text);
        let engine = Engine::new(Arc::clone(&program), BTreeMap::new());
        let mut played = Played { engine, records: Vec::new(), out: Vec::new() };
        played.feed(Input::Opened(Box::new(given::opening(&program, "a.runbook"))));
        played
    }

    fn feed(&mut self, input: Input) {
        let turn = self.engine.feed(input);
        self.records.extend(turn.records);
        self.out.extend(turn.asks);
    }

    /// Goes on with that text, as after a crash.
    fn go_on_with(&mut self, text: &str) {
        let replayed = engine::replay_as(program(text), BTreeMap::new(), &self.records, Text::Changed);
        let replayed = replayed.unwrap_or_else(|error| panic!("{error}"));
        (self.engine, self.out) = (replayed.engine, replayed.open);
        let heard = Heard::Resumed { executor: None, accepted: "another".to_owned() };
        let (who, letter, occurred) = (String::new(), String::new(), Moment::default());
        self.feed(Input::Heard { heard, who, uid: 0, letter, occurred });
    }

    fn deliver(&mut self, which: impl Fn(&Request) -> bool, reply: impl Fn(&Ask) -> Reply) {
        let at = self.out.iter().position(|ask| which(&ask.request));
        let ask = self.out.remove(at.unwrap_or_else(|| panic!("nothing of it is out: {:#?}", self.out)));
        self.feed(Input::Delivered {
            request: ask.address.clone(),
            occurred: Moment::default(),
            reply: reply(&ask),
        });
    }

    fn wait_ends(&mut self) {
        self.deliver(|request| matches!(request, Request::Timer), |_| Reply::Fired);
    }

    fn answer(&mut self, agrees: bool) {
        let answered = |ask: &Ask| match &ask.request {
            Request::Question(question) => Reply::Answer(Answer {
                who: "dana".to_owned(),
                uid: 5001,
                role: "lead".to_owned(),
                value: Value::Bool(agrees),
                because: String::new(),
                letter: String::new(),
                shown: question.shown.clone(),
            }),
            _ => Reply::Fired,
        };
        self.deliver(|request| matches!(request, Request::Question(_)), answered);
    }

    /// Returns the commands that were ever started, as typed.
    fn started(&self) -> Vec<&str> {
        let commands = self.records.iter().filter_map(|record| match &record.body {
            Body::Request(ask) => Some(&ask.request),
            _ => None,
        });
        let typed = commands.filter_map(|request| match request {
            Request::Command(command) => Some(&*command.typed),
            _ => None,
        });
        typed.collect()
    }

    fn questions(&self) -> usize {
        self.out.iter().filter(|ask| matches!(ask.request, Request::Question(_))).count()
    }
}

const BESIDE: &str = r#"runbook "Beside each other"

resolve "Do it" {
  approve "Do it?" by oncall within 1h on silence abort
  parallel {
    step "A" {
      wait 1m "for a"
      run $ act a
        leave "harmless"
    }
    step "B" {
      wait 2m "for b"
      run $ act b
        leave "harmless"
    }
  }
}
"#;

#[test]
fn nothing_is_changed_beside_an_approval_that_is_asked_for_again() {
    for agrees in [true, false] {
        let mut played = Played::of(BESIDE);
        played.answer(true);
        played.go_on_with(&BESIDE.replace("act b", "act another"));
        played.wait_ends();
        assert_eq!((played.questions(), played.started().len()), (1, 0));
        played.wait_ends();
        assert_eq!((played.questions(), played.started().len()), (1, 0), "{:?}", played.started());
        played.answer(agrees);
        let mut started = played.started();
        started.sort_unstable();
        assert_eq!(started, if agrees { vec!["act a", "act another"] } else { Vec::new() });
        assert_eq!(played.questions(), 0);
    }
}

fn well() -> CommandEnd {
    let (stdout, stderr) = Default::default();
    CommandEnd { ended: Ended::Exit { code: 0 }, stdout, stderr, elapsed: 0 }
}

const ONE_BY_ONE: &str = r#"runbook "One by one"

resolve "Do it" {
  approve "Do it?" by oncall within 1h on silence abort
  wait 1m "first"
  run $ act x
    leave "harmless"
  wait 1m "second"
  run $ act y
    leave "harmless"
}
"#;

#[test]
fn what_was_approved_again_is_asked_for_once_more_where_the_text_changes_once_more() {
    let one = ONE_BY_ONE;
    let mut played = Played::of(one);
    played.answer(true);
    played.go_on_with(&one.replace("act x", "act x2"));
    played.wait_ends();
    assert_eq!((played.questions(), played.started().len()), (1, 0));
    played.answer(true);
    assert_eq!(played.started(), ["act x2"]);
    played.deliver(|request| matches!(request, Request::Command(_)), |_| Reply::Command(Box::new(well())));
    played.go_on_with(&one.replace("act x", "act x2").replace("act y", "act y3"));
    played.wait_ends();
    assert_eq!((played.questions(), played.started().len()), (1, 1), "{:?}", played.started());
    played.answer(true);
    assert_eq!(played.started(), ["act x2", "act y3"]);
}
