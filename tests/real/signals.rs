//! Signals, in a process of their own: this test program, started once more.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use mainstay::event::{Ask, Input, Request};
use mainstay::people::{Closed, Prompt, Prompter, Seat, Terminal};
use mainstay::real::{RealConfig, RealWorld};
use mainstay::world::{Next, World as _};
use rustix::process::{Pid, Signal, kill_process};

const TERMINAL: &str = "MAINSTAY_TEST_TERMINAL";

/// Not a test: what the others start.
#[test]
#[ignore = "is started by the tests of this file"]
fn listener() {
    let Ok(terminal) = std::env::var(TERMINAL) else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let mut config = RealConfig::new(dir.path());
    config.seat = (!terminal.is_empty())
        .then(|| Seat { terminal: Terminal::at(terminal).expect("opens"), prompter: Box::new(Printer) });
    let mut world = RealWorld::new(config).expect("a world");
    let asked = world.now();
    let ask = Ask {
        address: mainstay::event::Address("timer".into()),
        request: Request::Timer,
        deadline: Some(asked.run_ns + 120_000_000_000),
        bound: "".into(),
        changes: false,
        inner: false,
        asked,
        place: mainstay::event::Place::default(),
    };
    world.begin(vec![ask]).expect("begins");
    println!("\n> ready");
    loop {
        match world.next().expect("an input") {
            Next::Input(Input::Control { control, by, .. }) => println!("> {control:?} by {by}"),
            Next::Suspend(_) => break println!("> suspend"),
            other => println!("> {other:?}"),
        }
    }
}

struct Printer;

impl Prompter for Printer {
    fn show(&mut self, prompt: Prompt<'_>) {
        println!("> {prompt:?}?");
    }

    fn invalid(&mut self, _found: &str, why: &str) {
        println!("> invalid {why}");
    }

    fn close(&mut self, closed: Closed<'_>) {
        println!("> {closed:?}");
    }
}

struct Listener {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    fn start(terminal: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "signals::listener", "--ignored", "--nocapture"])
            .env(TERMINAL, terminal)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut listener = Listener { child, lines };
        assert_eq!(listener.says(), "ready");
        listener
    }

    fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("fits");
        kill_process(Pid::from_raw(pid).expect("a process"), signal).expect("signals");
    }

    fn says(&mut self) -> String {
        loop {
            let line = self.lines.next().expect("it still runs").expect("text");
            if let Some(said) = line.strip_prefix("> ") {
                return said.to_owned();
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.child.wait().expect("it ends");
    }
}

fn me() -> String {
    mainstay::people::Person::current().name
}

#[test]
fn without_a_terminal_the_first_interrupt_stops_and_the_second_leaves() {
    let mut listener = Listener::start("");
    listener.send(Signal::INT);
    assert_eq!(listener.says(), format!("Stop by {}", me()));
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "suspend");
}

#[test]
fn the_systems_end_stops_and_a_lost_terminal_leaves() {
    let mut listener = Listener::start("");
    listener.send(Signal::TERM);
    assert_eq!(listener.says(), "Stop by signal TERM");
    listener.send(Signal::HUP);
    assert_eq!(listener.says(), "suspend");
}

#[test]
fn at_a_terminal_an_interrupt_asks_first() {
    let (mut desk, path) = crate::people::open_terminal();
    let mut listener = Listener::start(&path);
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "Stop?");
    std::io::Write::write_all(&mut desk, b"\n").expect("types");
    assert_eq!(listener.says(), r#"Answered { said: "", role: "" }"#);
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "Stop?");
    std::io::Write::write_all(&mut desk, b"y\n").expect("types");
    assert_eq!(listener.says(), r#"Answered { said: "y", role: "" }"#);
    assert_eq!(listener.says(), format!("Stop by {}", me()));
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "suspend");
}

#[test]
fn a_second_interrupt_while_one_is_asked_leaves() {
    let (_desk, path) = crate::people::open_terminal();
    let mut listener = Listener::start(&path);
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "Stop?");
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "Withdrawn");
    assert_eq!(listener.says(), "suspend");
}

#[test]
fn the_systems_end_stops_also_while_an_interrupt_is_asked_about() {
    let (_desk, path) = crate::people::open_terminal();
    let mut listener = Listener::start(&path);
    listener.send(Signal::INT);
    assert_eq!(listener.says(), "Stop?");
    listener.send(Signal::TERM);
    assert_eq!(listener.says(), "Withdrawn");
    assert_eq!(listener.says(), "Stop by signal TERM");
    listener.send(Signal::TERM);
    assert_eq!(listener.says(), "suspend");
}
