//! Questions, with nobody there and with somebody at a terminal.

use std::fs::File;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use mainstay::event::{Answer, Question, QuestionKind, Reply, Request, Wanted};
use mainstay::people::{Closed, Person, Prompt, Prompter, Seat, Terminal};
use mainstay::value::Value;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{LONG, Stage};

pub fn question(roles: &[&str], quorum: bool) -> Request {
    Request::Question(Box::new(Question {
        kind: QuestionKind::Approval,
        text: "Restart the pool?".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        count: if quorum { 2 } else { 1 },
        quorum,
        wanted: Wanted::YesNo,
        params: Vec::new(),
        evidence: Vec::new(),
        ahead: Vec::new(),
        made: Vec::new(),
        on_silence: "abort".to_owned(),
        game_day: false,
        plan: None,
        shown: String::new(),
    }))
}

/// Returns the keyboard's side of a new terminal, and the path of the other.
pub fn open_terminal() -> (File, String) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&keyboard).expect("grants");
    unlockpt(&keyboard).expect("unlocks");
    let name = ptsname(&keyboard, Vec::new()).expect("a name");
    (keyboard.into(), name.into_string().expect("text"))
}

/// A terminal without a person: what is typed into it, and what is drawn on it.
struct Desk {
    keyboard: File,
    drawn: Receiver<String>,
}

struct Drawing(Sender<String>);

impl Prompter for Drawing {
    fn show(&mut self, prompt: Prompt<'_>) {
        let text = match prompt {
            Prompt::Stop => "stop?".to_owned(),
            Prompt::Question { question, left, note, answerable } => {
                assert!(left.is_some_and(|left| left <= LONG));
                assert_eq!(note.is_none(), answerable);
                format!("{} {}", question.text, note.unwrap_or_default())
            }
        };
        self.0.send(text).expect("a listener");
    }

    fn invalid(&mut self, _found: &str, why: &str) {
        self.0.send(why.to_owned()).expect("a listener");
    }

    fn close(&mut self, closed: Closed<'_>) {
        self.0.send(format!("{closed:?}")).expect("a listener");
    }
}

impl Desk {
    fn new() -> (Self, Seat) {
        let (keyboard, path) = open_terminal();
        let terminal = Terminal::at(path).expect("opens");
        let (draw, drawn) = channel();
        let desk = Desk { keyboard, drawn };
        let prompter = Box::new(Drawing(draw));
        (desk, Seat { terminal, prompter })
    }

    /// Types each line as soon as something new was drawn; returns what was drawn until the end.
    fn play(mut self, lines: &'static [&str]) -> std::thread::JoinHandle<Vec<String>> {
        std::thread::spawn(move || {
            let mut drawn = Vec::new();
            for line in lines {
                drawn.push(self.drawn.recv().expect("something is drawn"));
                self.keyboard.write_all(line.as_bytes()).expect("types");
            }
            drawn.extend(self.drawn.iter());
            drawn
        })
    }
}

fn stage() -> (Stage, Desk) {
    let (desk, seat) = Desk::new();
    let stage = Stage::with(|mut config| {
        config.seat = Some(seat);
        config
    });
    (stage, desk)
}

#[test]
fn without_a_terminal_silence_comes_at_once() {
    let why = "nobody is asked: the run is unattended".to_owned();
    assert_eq!(Stage::new().reply(question(&["oncall"], false), LONG), Reply::Silence { why });
}

#[test]
fn an_answer_says_who_gave_it_in_which_role() {
    let (mut stage, desk) = stage();
    let played = desk.play(&["perhaps\n", "  YES \n"]);
    let reply = stage.reply(question(&["oncall", "lead"], false), LONG);
    let Person { uid, name } = Person::current();
    let answer = Answer {
        who: name,
        uid,
        role: "oncall".to_owned(),
        value: Value::Bool(true),
        because: String::new(),
        letter: String::new(),
        shown: String::new(),
    };
    assert_eq!(reply, Reply::Answer(answer));
    drop(stage);
    assert_eq!(
        played.join().expect("played"),
        [
            "Restart the pool? ",
            "`perhaps` is no answer: type yes or no",
            r#"Answered { said: "YES", role: "oncall" }"#
        ]
    );
}

#[test]
fn no_is_an_answer_and_an_empty_line_is_none() {
    let (mut stage, desk) = stage();
    let played = desk.play(&["\n", "n\n"]);
    let reply = stage.reply(question(&["oncall"], false), LONG);
    assert!(matches!(&reply, Reply::Answer(answer) if !answer.is_yes()), "{reply:?}");
    drop(stage);
    assert_eq!(played.join().expect("played")[1], "type yes or no");
}

#[test]
fn a_word_and_an_end_of_input_leave_the_run() {
    for typed in ["leave\n", "\u{4}"] {
        let (mut stage, desk) = stage();
        let played = desk.play(match typed {
            "\u{4}" => &["\u{4}"],
            _ => &["leave\n"],
        });
        stage.begin(question(&["oncall"], false), LONG);
        assert_eq!(stage.left_by(), Person::current().name, "{typed:?}");
        drop(stage);
        assert_eq!(played.join().expect("played")[1], "Withdrawn");
    }
}

#[test]
fn what_was_typed_before_the_question_does_not_answer_it() {
    let (mut stage, mut desk) = stage();
    desk.keyboard.write_all(b"yes\n").expect("types");
    let reply = stage.reply(question(&["oncall"], false), Duration::from_millis(200));
    let why = "nobody answered in time".to_owned();
    assert_eq!(reply, Reply::Silence { why });
    assert_eq!(desk.drawn.try_iter().last().as_deref(), Some("Silent"));
}

#[test]
fn a_quorum_cannot_be_had_from_the_one_who_started_the_run() {
    let (mut stage, desk) = stage();
    let played = desk.play(&["yes\n"]);
    let reply = stage.reply(question(&["lead", "oncall"], true), Duration::from_millis(200));
    assert_eq!(reply, Reply::Silence { why: "nobody answered in time".to_owned() });
    let why = "who started the run does not count";
    drop(stage);
    let drawn = played.join().expect("played");
    assert_eq!(drawn, [format!("Restart the pool? {why}"), "Silent".to_owned()]);
}

#[test]
fn questions_are_asked_one_after_the_other_and_can_be_withdrawn() {
    let (mut stage, desk) = stage();
    let first = stage.begin(question(&["a"], false), LONG);
    let second = stage.begin(question(&["b"], false), LONG);
    let third = stage.begin(question(&["c"], false), LONG);
    stage.begin(Request::Cancel { request: first }, LONG);
    // Drawn so far: the first, its end, the second.
    let played = desk.play(&["", "", "y\n", "", "n\n"]);
    let replies = [stage.next(), stage.next()];
    let answers: Vec<_> = replies
        .iter()
        .map(|(address, reply, _)| match reply {
            Reply::Answer(answer) => (address.clone(), answer.role.as_str(), answer.is_yes()),
            other => panic!("no answer: {other:?}"),
        })
        .collect();
    assert_eq!(answers, [(second, "b", true), (third, "c", false)]);
    drop(stage);
    assert_eq!(played.join().expect("played")[1], "Withdrawn");
}

#[test]
fn a_terminal_that_hangs_up_leaves_the_run() {
    let (mut stage, desk) = stage();
    drop(desk.keyboard);
    stage.begin(question(&["oncall"], false), LONG);
    assert_eq!(stage.left_by(), "the terminal hung up");
}
