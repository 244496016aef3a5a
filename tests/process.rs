//! The supervisor from outside: the real program, real processes, its real socket.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mainstay::process::ends::read_ends;
use mainstay::process::supervisor::Server;
use mainstay::process::{
    ClientError, CommandSpec, Ended, Event, How, OutputSummary, SecretText, SpawnFailure, Started,
    StdinSource, Supervisor, read_output,
};

/// Longer than any test takes; a command that is not stopped runs into the test runner's limit.
const LONG: Duration = Duration::from_secs(600);

/// The folder goes first: a supervisor whose last client leaves then leaves as well.
struct Run {
    dir: tempfile::TempDir,
    supervisor: Supervisor,
}

impl Run {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let supervisor = Supervisor::spawn(dir.path(), Some(exe())).await.expect("a supervisor");
        Run { dir, supervisor }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    async fn run(&mut self, spec: CommandSpec) -> Ended {
        self.supervisor.start(spec).await.expect("is sent");
        self.ended().await
    }

    async fn ended(&mut self) -> Ended {
        loop {
            if let Event::Ended(ended) = self.supervisor.next().await.expect("an event") {
                return *ended;
            }
        }
    }

    async fn started(&mut self) -> Started {
        loop {
            match self.supervisor.next().await.expect("an event") {
                Event::Started(started) => return started,
                Event::Ended(ended) => panic!("it did not start: {:?}", ended.how),
                _ => {}
            }
        }
    }

    /// Returns everything shown live until it holds `text`.
    async fn shown(&mut self, text: &str) -> String {
        let mut shown = String::new();
        while !shown.contains(text) {
            match self.supervisor.next().await.expect("an event") {
                Event::Output(output) => shown.push_str(&String::from_utf8_lossy(&output.bytes)),
                Event::Ended(ended) => panic!("it ended without `{text}`: {ended:?}"),
                _ => {}
            }
        }
        shown
    }

    fn read(&self, summary: &OutputSummary) -> Vec<u8> {
        read_output(self.dir.path(), summary, usize::MAX).expect("the output").0
    }
}

fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_mainstay"))
}

fn bash(id: &str, text: &str) -> CommandSpec {
    CommandSpec::new(id, ["bash", "-o", "pipefail", "-c", text, "test"], LONG)
}

fn make_fifo(dir: &Path) -> PathBuf {
    let fifo = dir.join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
        .expect("a fifo");
    fifo
}

fn stdout(ended: &Ended) -> String {
    String::from_utf8_lossy(&ended.stdout.head).into_owned()
}

#[tokio::test]
async fn exit_codes_and_both_streams() {
    let mut run = Run::new().await;
    let ended = run.run(bash("a", "echo out; echo err >&2; exit 3")).await;
    assert_eq!(ended.how, How::Exit(3));
    assert_eq!((ended.stdout.head.as_slice(), ended.stderr.head.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    assert_eq!(ended.stdout.digest, blake3::hash(b"out\n").to_hex().to_string());
    assert_eq!((ended.stdout.file, ended.survivors), (None, false));
    assert!(!run.path().join("out").exists());
    assert_eq!(run.run(CommandSpec::new("b", ["true"], LONG)).await.how, How::Exit(0));
    run.supervisor.shutdown().await.expect("leaves");
}

#[tokio::test]
async fn a_signal_of_its_own() {
    let mut run = Run::new().await;
    assert_eq!(run.run(bash("a", "kill -SEGV $$")).await.how, How::Signal(11));
}

#[tokio::test]
async fn what_cannot_be_run() {
    let mut run = Run::new().await;
    fs::write(run.path().join("plain"), "text").expect("written");
    let plain = run.path().join("plain").display().to_string();
    let mut nowhere = bash("d", "true");
    nowhere.dir = Some("/no/such/dir".into());
    let mut no_input = bash("e", "true");
    no_input.stdin = StdinSource::File("/no/such/file".into());
    for (spec, expected) in [
        (CommandSpec::new("a", ["no-such-program-at-all"], LONG), SpawnFailure::NotFound),
        (CommandSpec::new("b", ["/no/such/program"], LONG), SpawnFailure::NotFound),
        (CommandSpec::new("c", [plain], LONG), SpawnFailure::Permission),
        (nowhere, SpawnFailure::Directory),
        (no_input, SpawnFailure::Stdin),
        (CommandSpec::new("f", ["true", &"x".repeat(200_000)], LONG), SpawnFailure::TooLong),
        (CommandSpec::new("g", ["true", "a\0b"], LONG), SpawnFailure::Other),
        (CommandSpec::new("h", [""; 0], LONG), SpawnFailure::NotFound),
    ] {
        let ended = run.run(spec).await;
        assert!(matches!(&ended.how, How::SpawnFailed { kind, .. } if *kind == expected), "{:?}", ended.how);
    }
}

#[tokio::test]
async fn a_timeout_ends_the_whole_group() {
    let mut run = Run::new().await;
    // The leader dies of TERM, the grandchild ignores it, and neither writes to the pipes after.
    let script = "(trap '' TERM; echo \"grandchild $BASHPID\"; while :; do read -t 100 < <(sleep 100); done) & \
                  trap 'echo told; exit 0' TERM; wait; wait";
    let mut spec = bash("a", script);
    spec.timeout = Duration::from_millis(300);
    spec.grace = Duration::from_millis(300);
    let ended = run.run(spec).await;
    assert_eq!((&ended.how, ended.survivors), (&How::Timeout, false));
    let out = stdout(&ended);
    assert!(out.contains("told"), "the leader had no chance: {out}");
    let grandchild: i32 = out.split_whitespace().nth(1).and_then(|pid| pid.parse().ok()).expect("a pid");
    assert!(!mainstay::process::ProcessIdentity::of(grandchild).lives());
    assert!(ended.elapsed >= Duration::from_millis(600), "the grace was cut short: {:?}", ended.elapsed);
}

#[tokio::test]
async fn a_group_that_obeys_needs_no_grace() {
    let mut run = Run::new().await;
    let mut spec = bash("a", "sleep 1000 | sleep 1000");
    spec.timeout = Duration::from_millis(50);
    spec.grace = LONG;
    assert_eq!(run.run(spec).await.how, How::Timeout);
}

#[tokio::test]
async fn a_stopped_command_hears_its_end() {
    let mut run = Run::new().await;
    let mut spec = bash("a", "kill -STOP $$");
    spec.timeout = Duration::from_millis(100);
    spec.grace = LONG;
    assert_eq!(run.run(spec).await.how, How::Timeout);
}

#[tokio::test]
async fn killed_on_request_and_shutdown_refused_meanwhile() {
    let mut run = Run::new().await;
    run.supervisor.start(bash("a", "echo up; exec sleep 1000")).await.expect("is sent");
    run.shown("up").await;
    let second = Supervisor::connect(&run.path()).await.expect("a second client");
    assert!(matches!(second.shutdown().await, Err(ClientError::Refused { .. })));
    run.supervisor.kill("a").await.expect("is sent");
    assert_eq!(run.ended().await.how, How::Killed);
    run.supervisor.kill("never").await.expect("is sent");
    assert_eq!(run.supervisor.next().await.expect("an event"), Event::Unknown { id: "never".into() });
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_does_not_delay_the_end() {
    let mut run = Run::new().await;
    let fifo = run.path().join("fifo");
    let script = format!("mkfifo {0}; (read line < {0}; echo late) & echo done", fifo.display());
    let ended = run.run(bash("a", &script)).await;
    assert_eq!((&ended.how, stdout(&ended).as_str()), (&How::Exit(0), "done\n"));
    // The grandchild still waits, and what it says now blocks nobody.
    assert_eq!(run.run(bash("b", &format!("echo go > {}", fifo.display()))).await.how, How::Exit(0));
}

#[tokio::test]
async fn a_hundred_megabytes_pass_through_flat_memory() {
    let mut run = Run::new().await;
    let pid = run.supervisor.process().pid;
    let bytes = 100_000_000;
    let ended = run.run(bash("a", &format!("(yes 'all work and no play' || true) | head -c {bytes}"))).await;
    assert_eq!((&ended.how, ended.stdout.len, ended.stdout.truncated), (&How::Exit(0), bytes, false));
    let file = fs::read(run.path().join(ended.stdout.file.as_deref().expect("a file"))).expect("readable");
    assert_eq!(ended.stdout.digest, blake3::hash(&file).to_hex().to_string());
    assert_eq!(file.len() as u64, bytes);
    assert!(file.starts_with(&ended.stdout.head) && file.ends_with(&ended.stdout.tail));
    let (part, cut) = read_output(&run.path(), &ended.stdout, 1000).expect("readable");
    assert_eq!((part.as_slice(), cut), (&file[..1000], true));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("readable");
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok())
        .expect("a peak");
    assert!(peak < 40_000, "{peak} kB");
}

#[tokio::test]
async fn beyond_the_limit_output_is_counted_and_cut() {
    let mut run = Run::new().await;
    let mut spec = bash("a", "head -c 300000 /dev/zero");
    spec.output_limit = 100_000;
    let ended = run.run(spec).await;
    assert_eq!((ended.stdout.len, ended.stdout.truncated), (300_000, true));
    assert_eq!(run.read(&ended.stdout).len(), 100_000);
}

#[tokio::test]
async fn secrets_are_blotted_before_anyone_sees_them() {
    let mut run = Run::new().await;
    let secret = "s3cr3t-w/th \"quotes\"";
    let fifo = make_fifo(&run.path());
    // One write holds the first half of the secret, and the second half comes only when that
    // write was read: what stands before it was shown.
    let script = format!(
        "printf 'begin %s' \"${{TOKEN:0:7}}\" >&2; read -r _ < {}; printf '%s\\n' \"${{TOKEN:7}}\" >&2; \
         fill() {{ head -c 60000 /dev/zero | tr '\\0' x; }}; \
         fill; printf '<%s>' \"$TOKEN\"; printf %s \"a$TOKEN\" | base64 -w0; fill; printf '<%s>' \"$TOKEN\"",
        fifo.display()
    );
    let mut spec = bash("a", &script);
    spec.secret_env = vec![("TOKEN".into(), SecretText::new(secret))];
    spec.secrets = vec![SecretText::new(secret)];
    run.supervisor.start(spec).await.expect("is sent");
    assert_eq!(run.shown("begin ").await, "begin ");
    fs::write(&fifo, "go\n").expect("written");
    let ended = run.ended().await;
    assert_eq!(ended.stderr.head, b"begin [secret]\n");
    let file = run.read(&ended.stdout);
    let text = String::from_utf8_lossy(&file);
    assert_eq!(text.matches("[secret]").count(), 3, "{}", text.replace('x', ""));
    assert!(!text.contains("s3cr3t") && file.len() > 120_000);
    assert_eq!(ended.stdout.digest, blake3::hash(&file).to_hex().to_string());
}

#[tokio::test]
async fn a_failure_to_start_shows_no_secret() {
    let mut run = Run::new().await;
    let mut spec = CommandSpec::new("a", ["/no/hunter2hunter2"], LONG);
    spec.secrets = vec![SecretText::new("hunter2hunter2")];
    let ended = run.run(spec).await;
    assert!(
        matches!(&ended.how, How::SpawnFailed { message, .. } if message.contains("`/no/[secret]`")),
        "{ended:?}"
    );
}

#[tokio::test]
async fn the_same_id_starts_once() {
    let mut run = Run::new().await;
    let count = run.path().join("count");
    let script = format!("echo x >> {}; read -r _; echo end", count.display());
    let fifo = make_fifo(&run.path());
    let spec = bash("a", &format!("exec < {}; {script}", fifo.display()));
    run.supervisor.start(spec.clone()).await.expect("is sent");
    let first = run.started().await;
    run.supervisor.start(spec.clone()).await.expect("is sent");
    assert_eq!(run.started().await, first);
    fs::write(&fifo, "go\n").expect("written");
    let ended = run.ended().await;
    assert_eq!(run.run(spec.clone()).await, ended);
    assert_eq!(fs::read_to_string(&count).expect("readable"), "x\n");
    run.supervisor.ack("a").expect("is sent");
    run.supervisor.recall("a").await.expect("is sent");
    assert!(matches!(run.supervisor.next().await, Ok(Event::Unknown { .. })));
    run.supervisor.start(spec).await.expect("is sent");
    assert!(matches!(run.supervisor.next().await, Ok(Event::Refused { id, .. }) if id == "a"));
}

#[tokio::test]
async fn an_end_waits_for_the_client_that_comes_back() {
    let mut run = Run::new().await;
    let fifo = make_fifo(&run.path());
    run.supervisor
        .start(bash("a", &format!("read -r word < {}; echo got $word; exit 4", fifo.display())))
        .await
        .expect("is sent");
    let started = run.started().await;
    let Run { dir, supervisor } = run;
    drop(supervisor);
    fs::write(&fifo, "it\n").expect("written");
    let supervisor = Supervisor::connect(dir.path()).await.expect("connects");
    let mut run = Run { dir, supervisor };
    run.supervisor.recall("a").await.expect("is sent");
    // The end may come before the answer, to everyone, and then once more as part of it.
    while run.supervisor.next().await.expect("an event") != Event::Started(started.clone()) {}
    let ended = run.ended().await;
    assert_eq!((&ended.how, stdout(&ended).as_str()), (&How::Exit(4), "got it\n"));
    let path = run.path();
    run.supervisor.shutdown().await.expect("leaves");
    assert_eq!(
        read_ends(&path).expect("readable").into_iter().map(|end| end.ended).collect::<Vec<_>>(),
        std::slice::from_ref(&ended)
    );
    assert!(matches!(Supervisor::connect(&path).await, Err(ClientError::Absent(_))));
    // The next supervisor of the run knows it, and does not run it again.
    let mut next = Supervisor::spawn(&path, Some(exe())).await.expect("a supervisor");
    next.start(bash("a", "exit 5")).await.expect("is sent");
    assert!(matches!(next.next().await, Ok(Event::Started(_))));
    assert!(matches!(next.next().await, Ok(Event::Ended(again)) if *again == ended));
    next.ack("a").expect("is sent");
    next.shutdown().await.expect("leaves");
    assert_eq!(read_ends(&path).expect("readable"), []);
}

#[tokio::test]
async fn alone_and_idle_it_leaves_the_ends_on_disk() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::bind(dir.path(), Duration::from_millis(1)).expect("listens");
    // Connected before it runs: it is not alone until this client leaves.
    let served = std::thread::scope(|scope| {
        let path = dir.path().to_owned();
        let client = std::os::unix::net::UnixStream::connect(path.join("supervisor.sock")).expect("connects");
        let serving = scope.spawn(move || server.run());
        let request = mainstay::process::Request::Start(Box::new(bash("a", "exit 7")));
        let mut client = client;
        std::io::Write::write_all(&mut client, &mainstay::process::frame::encode(&request).expect("encodes"))
            .expect("is sent");
        drop(client);
        serving.join().expect("no panic")
    });
    served.expect("leaves in order");
    let ends = read_ends(dir.path()).expect("readable");
    assert_eq!(ends.into_iter().map(|end| end.ended.how).collect::<Vec<_>>(), [How::Exit(7)]);
    assert!(!dir.path().join("supervisor.sock").exists());
}

#[tokio::test]
async fn one_supervisor_for_a_run() {
    let run = Run::new().await;
    let second = Supervisor::spawn(&run.path(), Some(exe())).await;
    assert!(
        matches!(second, Err(ClientError::NotReady { reason }) if reason.ends_with("another supervisor serves this run"))
    );
}

#[tokio::test]
async fn a_deep_run_folder_is_no_obstacle() {
    let dir = tempfile::tempdir().expect("a folder");
    let deep = dir.path().join("x".repeat(120));
    fs::create_dir(&deep).expect("made");
    let first = Supervisor::spawn(&deep, Some(exe())).await.expect("a supervisor");
    let second = Supervisor::connect(&deep).await.expect("connects");
    assert_eq!(first.process(), second.process());
    first.shutdown().await.expect("leaves");
}

#[tokio::test]
async fn standard_input_arrives_exactly() {
    let mut run = Run::new().await;
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let mut spec = CommandSpec::new("a", ["cat"], LONG);
    spec.stdin = StdinSource::Bytes(bytes.clone());
    let ended = run.run(spec).await;
    assert_eq!(run.read(&ended.stdout), bytes);
    let mut deaf = bash("b", "exec 0<&-; exit 0");
    deaf.stdin = StdinSource::Bytes(bytes);
    assert_eq!(run.run(deaf).await.how, How::Exit(0));
    let mut secret = bash("c", "cat");
    secret.stdin = StdinSource::Secret(SecretText::new("short"));
    assert_eq!(stdout(&run.run(secret).await), "short");
    let ended = run.run(bash("d", "readlink /proc/self/fd/0")).await;
    assert_eq!(stdout(&ended), "/dev/null\n");
}

#[tokio::test]
async fn the_environment_arrives_exactly() {
    let mut run = Run::new().await;
    let value = "a b\n\"c\" $d `e` \\ ü'";
    let mut spec = bash("a", "printf '%s|%s' \"$ONE\" \"$TWO\"");
    spec.env = vec![("ONE".into(), "first".into()), ("ONE".into(), value.into())];
    spec.secret_env = vec![("TWO".into(), SecretText::new(value))];
    assert_eq!(stdout(&run.run(spec).await), format!("{value}|{value}"));
    let bin = run.path().join("bin");
    fs::create_dir(&bin).expect("made");
    std::os::unix::fs::symlink("/bin/echo", bin.join("speak")).expect("made");
    let mut spec = CommandSpec::new("b", ["speak", "hi"], LONG);
    spec.env = vec![("PATH".into(), bin.display().to_string())];
    assert_eq!(stdout(&run.run(spec).await), "hi\n");
    let mut spec = CommandSpec::new("c", ["./speak", "there"], LONG);
    spec.dir = Some(bin.display().to_string());
    assert_eq!(stdout(&run.run(spec).await), "there\n");
}

#[tokio::test]
async fn commands_run_beside_each_other_and_output_is_shown_live() {
    let mut run = Run::new().await;
    let fifo = make_fifo(&run.path());
    run.supervisor
        .start(bash("a", &format!("echo waiting; read -r word < {}; echo $word", fifo.display())))
        .await
        .expect("is sent");
    assert_eq!(run.shown("waiting").await, "waiting\n");
    run.supervisor.list().await.expect("is sent");
    let Ok(Event::Listed { commands }) = run.supervisor.next().await else { panic!("no list") };
    assert_eq!(commands.iter().map(|c| (c.id.as_str(), c.ended)).collect::<Vec<_>>(), [("a", false)]);
    run.supervisor.start(bash("b", &format!("echo word > {}", fifo.display()))).await.expect("is sent");
    let mut ended = [run.ended().await, run.ended().await];
    ended.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(stdout(&ended[0]), "waiting\nword\n");
    assert_eq!((ended[1].id.as_str(), &ended[1].how), ("b", &How::Exit(0)));
}

#[tokio::test]
async fn a_killed_supervisor_leaves_a_process_that_can_be_found_and_ended() {
    let mut run = Run::new().await;
    run.supervisor.start(bash("a", "exec sleep 1000")).await.expect("is sent");
    let started = run.started().await;
    let pid = rustix::process::Pid::from_raw(run.supervisor.process().pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("is killed");
    while !matches!(run.supervisor.next().await, Err(ClientError::Gone)) {}
    assert!(started.process.lives());
    started.process.end_group(false).expect("is signalled");
    started.process.gone().await.expect("is waited for");
    assert!(!started.process.lives());
    let path = run.path();
    let mut next = Supervisor::spawn(&path, Some(exe())).await.expect("another one");
    next.recall("a").await.expect("is sent");
    assert_eq!(next.next().await.expect("an event"), Event::Unknown { id: "a".into() });
    next.shutdown().await.expect("leaves");
}

#[tokio::test]
async fn hangup_and_interrupt_pass_and_commands_inherit_nothing() {
    let mut run = Run::new().await;
    let pid = rustix::process::Pid::from_raw(run.supervisor.process().pid).expect("a pid");
    for signal in [rustix::process::Signal::HUP, rustix::process::Signal::INT] {
        rustix::process::kill_process(pid, signal).expect("is signalled");
    }
    assert_eq!(run.run(bash("a", "kill -HUP $$; exit 0")).await.how, How::Signal(1));
    assert_eq!(run.run(bash("b", "kill -INT $$; exit 0")).await.how, How::Signal(2));
    // Its session is its own, and commands get no descriptor but what this test was given itself.
    let session = bash("c", "cut -d' ' -f6 /proc/$PPID/stat");
    assert_eq!(stdout(&run.run(session).await), format!("{}\n", pid.as_raw_pid()));
    let list = ["ls", "/proc/self/fd"];
    let own = std::process::Command::new(list[0]).arg(list[1]).output().expect("is run");
    let ended = run.run(CommandSpec::new("d", list, LONG)).await;
    assert_eq!(ended.stdout.head, own.stdout);
}

#[tokio::test]
async fn another_user_sees_the_environment_and_not_by_its_arguments() {
    let mut run = Run::new().await;
    let have = |name: &str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|p| p.join(name).exists())
    };
    if !rustix::process::getuid().is_root() || have("sudo") || !have("runuser") {
        return;
    }
    let mut spec = bash("a", "id -un; echo \"$TOKEN\"");
    spec.user = Some("nobody".into());
    spec.dir = Some("/".into());
    spec.secret_env = vec![("TOKEN".into(), SecretText::new("via env"))];
    let ended = run.run(spec).await;
    assert_eq!(stdout(&ended), "nobody\nvia env\n", "{ended:?}");
    let mut spec = bash("b", "trap '' TERM; sleep 1000; sleep 1000");
    spec.user = Some("nobody".into());
    spec.dir = Some("/".into());
    spec.timeout = Duration::from_millis(100);
    spec.grace = Duration::from_millis(100);
    let begun = Instant::now();
    let ended = run.run(spec).await;
    assert_eq!((ended.how, ended.survivors), (How::Timeout, false));
    assert!(begun.elapsed() < Duration::from_secs(60));
}
