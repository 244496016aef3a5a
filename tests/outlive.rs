//! Commands outlive the program that began them: it is killed, or the connection it ran over breaks off. They go on, what they
//! print and how they end is kept, and whoever resumes takes up what still runs or finds how it ended.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::sandbox::{Sandbox, program};
use support::service::{Service, find_program, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

const WORKS: &str = r#"
runbook "Works"

resolve "Work" {
  run made = $ echo begun >> begun; until test -e go; do sleep 0.05; done; echo the end of it; echo ended >> ended
    timeout 5m
    leave "a word"
  output said = made.stdout
}
"#;

fn works() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.runbook", WORKS);
    sandbox
}

fn appears(sandbox: &Sandbox, name: &str) -> bool {
    wait_until(Instant::now() + PATIENCE, || sandbox.home().join(name).exists())
}

/// The command ran once, to its end, and what it printed is the run's.
fn ran_once(sandbox: &Sandbox) {
    for (name, line) in [("begun", "begun\n"), ("ended", "ended\n")] {
        assert_eq!(fs::read_to_string(sandbox.home().join(name)).unwrap(), line);
    }
    let shown = sandbox.run(["show", "last", "--format", "json"]).expect_code(0).stdout;
    assert!(shown.contains("the end of it"), "{shown}");
}

/// The supervisors of the runs in this sandbox that still live.
fn supervisors(sandbox: &Sandbox) -> usize {
    of_sandbox(sandbox, "supervise")
}

/// The processes that were begun in this sandbox, with this in their command line.
fn of_sandbox(sandbox: &Sandbox, text: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let inside = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == sandbox.home());
            inside && String::from_utf8_lossy(&line).contains(text)
        })
        .count()
}

#[test]
fn after_kill_9_a_command_that_still_runs_is_taken_up() {
    let sandbox = works();
    let mut running = sandbox.start(["run", "a.runbook"]);
    assert!(appears(&sandbox, "begun"));
    running.kill();
    let mut resumed = sandbox.start(["resume", "last"]);
    resumed.wait_for("went on with the run");
    assert!(!sandbox.home().join("ended").exists());
    sandbox.write("go", "");
    resumed.finish().expect_code(0);
    ran_once(&sandbox);
    assert!(wait_until(Instant::now() + PATIENCE, || supervisors(&sandbox) == 0), "it ends with the run");
}

#[test]
fn after_kill_9_the_end_of_a_command_is_found() {
    let sandbox = works();
    let mut running = sandbox.start(["run", "a.runbook"]);
    assert!(appears(&sandbox, "begun"));
    running.kill();
    sandbox.write("go", "");
    assert!(appears(&sandbox, "ended"));
    sandbox.run(["resume", "last"]).expect_code(0);
    ran_once(&sandbox);
}

/// The bound of a command holds although nobody executes the run.
#[test]
fn a_commands_time_runs_out_while_nobody_executes_the_run() {
    let sandbox = works();
    sandbox.write("a.runbook", &WORKS.replace("timeout 5m", "timeout 2s"));
    let mut running = sandbox.start(["run", "a.runbook"]);
    assert!(appears(&sandbox, "begun"));
    running.kill();
    let ended = wait_until(Instant::now() + PATIENCE, || of_sandbox(&sandbox, "echo the end of it") == 0);
    assert!(ended, "its supervisor ends it");
    let done = sandbox.run(["resume", "last"]).expect_code(3);
    assert!(done.stdout.contains("the timeout of 2s ran out"), "{}", done.stdout);
    assert!(!sandbox.home().join("ended").exists());
}

/// A run that is left with nothing running under it leaves no process behind.
#[test]
fn a_run_that_is_left_at_a_question_leaves_no_process() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.runbook",
        "runbook \"Asks\"\nresolve \"Ask\" {\n  run $ true\n    leave \"nothing\"\n  \
         approve \"Go on?\" by oncall within 10m on silence abort\n}\n",
    );
    let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
    terminal.wait_for("yes or no?");
    assert_eq!(supervisors(&sandbox), 1);
    terminal.type_line("leave");
    terminal.finish().expect_code(7);
    assert!(wait_until(Instant::now() + PATIENCE, || supervisors(&sandbox) == 0));
}

/// A server of secure shells of our own, and who may come in: this user, with a key.
struct Remote {
    _server: Service,
    port: u16,
    folder: tempfile::TempDir,
}

impl Remote {
    fn new() -> Self {
        let folder = support::service::folder("mainstay-ssh-");
        let path = |name: &str| folder.path().join(name);
        for key in ["host", "id"] {
            let made = Command::new(find_program("ssh-keygen", &[], "openssh-client"))
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path(key))
                .status();
            assert!(made.unwrap().success());
        }
        fs::copy(path("id.pub"), path("allowed")).unwrap();
        // Where the server separates its privileges; only root has to.
        let _ = fs::create_dir_all("/run/sshd");
        let sshd = find_program("sshd", &["/usr/sbin".into()], "openssh-server");
        let (server, port) = Service::start("sshd", Signal::TERM, "Server listening", |port| {
            let mut command = Command::new(&sshd);
            command.args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string(), "-h"]).arg(path("host"));
            for option in [
                "ListenAddress=127.0.0.1",
                "PidFile=none",
                "UsePAM=no",
                "PasswordAuthentication=no",
                "StrictModes=no",
                "PermitRootLogin=prohibit-password",
                &format!("AuthorizedKeysFile={}", path("allowed").display()),
            ] {
                command.args(["-o", option]);
            }
            command
        });
        Remote { _server: server, port, folder }
    }

    /// Begins a command at a terminal of its own over there.
    fn start(&self, script: &str) -> Child {
        let me = mainstay::people::Person::current().name;
        Command::new(find_program("ssh", &[], "openssh-client"))
            .args(["-tt", "-F", "/dev/null", "-p", &self.port.to_string(), "-i"])
            .arg(self.folder.path().join("id"))
            .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
            .args(["-o", "BatchMode=yes", &format!("{me}@127.0.0.1"), script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

#[test]
fn a_connection_that_breaks_off_leaves_the_run_and_its_command_goes_on() {
    let sandbox = works();
    let remote = Remote::new();
    let environment = sandbox.environment();
    let script = format!(
        "cd {} && env -i TERM=xterm PATH='{}' HOME='{}' XDG_STATE_HOME='{}' {} run a.runbook",
        quoted(sandbox.home()),
        environment["PATH"],
        environment["HOME"],
        environment["XDG_STATE_HOME"],
        quoted(Path::new(program())),
    );
    let mut connection = remote.start(&script);
    assert!(appears(&sandbox, "begun"), "{}", remote._server.log());
    connection.kill().unwrap();
    connection.wait().unwrap();
    let left = wait_until(Instant::now() + PATIENCE, || sandbox.run(["runs"]).stdout.contains("suspended"));
    assert!(left, "{}", sandbox.run(["runs"]).stdout);
    let mut resumed = sandbox.start(["resume", "last"]);
    resumed.wait_for("went on with the run");
    assert!(!sandbox.home().join("ended").exists(), "the command still runs");
    sandbox.write("go", "");
    resumed.finish().expect_code(0);
    ran_once(&sandbox);
}
