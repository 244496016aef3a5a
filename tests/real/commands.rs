//! Commands through the supervisor.

use std::time::Duration;

use mainstay::event::{Address, Ask, CommandEnd, CommandRequest, Ended, Reply, Request};
use mainstay::process::Supervisor;
use mainstay::value::{Secret, Value};
use mainstay::world::World as _;

use crate::{LONG, Stage, text};

pub fn command(words: &[&str]) -> CommandRequest {
    CommandRequest {
        argv: words.iter().map(|word| (*word).to_owned()).collect(),
        typed: words.join(" "),
        env: Vec::new(),
        secret_env: Vec::new(),
        stdin: None,
        dir: None,
        user: None,
        allow_exit: Vec::new(),
    }
}

fn bash(script: &str) -> CommandRequest {
    command(&["bash", "-c", script, "bash"])
}

fn ask(command: CommandRequest) -> Request {
    Request::Command(command.into())
}

fn out(end: &CommandEnd) -> &str {
    &end.stdout.text
}

#[test]
fn a_command_tells_its_status_and_both_streams() {
    let mut stage = Stage::with(|mut config| {
        config.commands = true;
        config
    });
    let end = stage.command(ask(bash("echo out; printf err >&2; exit 3")));
    assert_eq!(end.ended, Ended::Exit { code: 3 });
    assert_eq!((out(&end), &*end.stderr.text), ("out\n", "err"));
    assert_eq!(end.stdout.digest, blake3::hash(b"out\n").to_hex().to_string());
    assert!(end.elapsed > 0);
    let end = stage.command(ask(command(&["true"])));
    assert_eq!((end.ended, &*end.stdout.digest), (Ended::Exit { code: 0 }, ""));
}

#[test]
fn environment_folder_input_and_scripts() {
    let mut stage = Stage::new();
    let mut request = bash("cat; echo $A $B; pwd");
    request.env = vec![("A".to_owned(), "a b".to_owned())];
    request.secret_env = vec![("B".to_owned(), Secret::new("token", "correct-horse"))];
    request.stdin = Some(vec![text("in:"), Value::Secret(Secret::new("pass", "battery-staple"))]);
    request.dir = Some("/".to_owned());
    assert_eq!(out(&stage.command(ask(request))), "in:[secret]a b [secret]\n/\n");
}

#[test]
fn what_cannot_begin_says_why() {
    let mut stage = Stage::new();
    let end = stage.command(ask(command(&["no-such-program-anywhere"])));
    let Ended::NotStarted { message } = end.ended else { panic!("it began: {end:?}") };
    assert!(message.contains("no-such-program-anywhere"), "{message}");
    let mut damaged = command(&["cat"]);
    damaged.stdin = Some(vec![Value::Damaged("\u{fffd}".into())]);
    let message = "its standard input is text that was not UTF-8".to_owned();
    assert_eq!(stage.command(ask(damaged)).ended, Ended::NotStarted { message });
}

#[test]
fn output_of_any_size_is_bounded() {
    let mut stage = Stage::new();
    let end = stage.command(ask(bash("head -c 300000 /dev/zero | tr '\\0' x; printf 'caf\\351' >&2")));
    assert_eq!((end.stdout.len, out(&end).len(), end.stdout.cut), (300_000, 300_000, false));
    assert!(end.stdout.file.is_some());
    assert_eq!((&*end.stderr.text, end.stderr.utf8), ("caf\u{fffd}", false));
    let end = stage.command(ask(bash("head -c 9000000 /dev/zero | tr '\\0' x; echo end")));
    assert_eq!((end.stdout.len, out(&end).len(), end.stdout.cut), (9_000_004, 16 << 10, true));
    assert!(end.stdout.tail.ends_with("xxxend\n"));
}

#[test]
fn a_command_ends_at_its_deadline_and_when_it_is_killed() {
    let mut stage = Stage::new();
    let sleeper = || ask(command(&["sleep", "600"]));
    let reply = stage.reply(sleeper(), Duration::from_millis(50));
    assert!(matches!(reply, Reply::Command(end) if end.ended == Ended::Timeout));
    let address = stage.begin(sleeper(), LONG);
    stage.begin(Request::Kill { command: address.clone() }, LONG);
    let (request, reply, _) = stage.next();
    assert_eq!(request, address);
    assert!(matches!(reply, Reply::Command(end) if end.ended == Ended::Killed));
}

#[test]
fn a_commands_end_comes_before_a_timer_that_fired_after_it() {
    let mut stage = Stage::new();
    stage.command(ask(command(&["true"])));
    let path = stage.path("fifo");
    stage.command(ask(command(&["mkfifo", &path])));
    let command = stage.begin(ask(bash(&format!(": > {path}"))), LONG);
    let timer = stage.begin(Request::Timer, Duration::from_millis(300));
    // Opened from both sides: the command ends now, while nobody looks at the world.
    std::fs::read(&path).expect("reads");
    let due = stage.latest;
    while stage.world().now().run_ns < due {
        std::thread::yield_now();
    }
    let (first, _, ended) = stage.next();
    let (second, _, fired) = stage.next();
    assert_eq!([first, second], [command, timer]);
    assert!(ended <= fired);
}

#[test]
fn the_screen_sees_output_while_a_command_runs() {
    let (tell, told) = std::sync::mpsc::channel();
    let mut stage = Stage::with(|mut config| {
        config.live = Some(Box::new(move |address, stream, _, bytes| {
            tell.send((address.to_string(), stream, bytes.to_vec())).expect("a listener");
        }));
        config
    });
    let path = stage.path("fifo");
    stage.command(ask(command(&["mkfifo", &path])));
    let address = stage.begin(ask(bash(&format!("echo begun; read line < {path}"))), LONG);
    let writer = std::thread::spawn(move || {
        let (id, stream, bytes) = told.recv().expect("output");
        std::fs::write(path, "go\n").expect("writes");
        (id, stream, String::from_utf8(bytes).expect("text"))
    });
    assert!(matches!(stage.next().1, Reply::Command(_)));
    let (id, stream, bytes) = writer.join().expect("it was told");
    assert_eq!((id, &*bytes), (address.to_string(), "begun\n"));
    assert_eq!(stream, mainstay::process::StreamName::Stdout);
}

#[test]
fn commands_of_a_supervisor_that_died_are_ended_and_lost() {
    let mut stage = Stage::new();
    let path = stage.path("pid");
    let address =
        stage.begin(ask(bash(&format!("echo $$ > {path}.new; mv {path}.new {path}; exec sleep 600"))), LONG);
    let folder = stage.dir.path().to_owned();
    let killer = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            while !std::path::Path::new(&path).exists() {
                tokio::task::yield_now().await;
            }
            let supervisor = Supervisor::connect(&folder).await.expect("connects");
            let pid = rustix::process::Pid::from_raw(supervisor.process().pid).expect("a process");
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kills");
        });
        path
    });
    let (request, reply, _) = stage.next();
    assert_eq!(request, address);
    let Reply::Lost { why } = reply else { panic!("it is not lost: {reply:?}") };
    assert_eq!(why, "its supervisor died before it ended");
    let path = killer.join().expect("it killed");
    let pid = crate::written(&path);
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "it still runs: {state}");
    // The run goes on with another supervisor.
    assert_eq!(stage.command(ask(command(&["true"]))).ended, Ended::Exit { code: 0 });
}

#[test]
fn a_command_is_taken_up_again_by_another_world() {
    let mut first = Stage::new();
    let path = first.path("fifo");
    first.command(ask(command(&["mkfifo", &path])));
    let count = first.path("count");
    let request = ask(bash(&format!("echo x >> {count}; cat {path}")));
    let begun = first.begin_ask(request, LONG, true);
    let never = ask(bash("printf 'begun now'"));
    let never = Ask { address: Address("never".into()), request: never, ..begun.clone() };
    let mut second = first.again();
    second.world().take_up(vec![begun, never], true).expect("takes up");
    let (request, reply, _) = second.next();
    assert!(matches!(&reply, Reply::Command(end) if end.stdout.text == "begun now"), "{reply:?}");
    assert_eq!(&*request.0, "never");
    std::fs::write(&path, "late").expect("writes");
    let (_, reply, _) = second.next();
    assert!(matches!(reply, Reply::Command(end) if end.stdout.text == "late"));
    assert_eq!(crate::written(&count), "x\n", "it was started once");
}
