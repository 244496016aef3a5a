//! The modules `process`, `disk`, `slack` and `evidence` against real processes, folders, and a server.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/http.rs"]
#[expect(dead_code, reason = "it can do more than Slack does")]
mod server;

mod disk;
mod evidence;
mod hostile;
mod process;
mod slack;

use std::path::Path;
use std::process::{Child, Command};

use support::sandbox::{Finished, Sandbox};

/// Runs statements of a diagnosis.
fn reading(sandbox: &Sandbox, module: &str, body: &str) -> Finished {
    let text = format!(
        "runbook \"Look\"\nuse {module}\ndiagnose {{\n{body}\n}}\nresolve \"Nothing\" {{\n  show \"-\"\n}}\n"
    );
    let file = sandbox.write("look.runbook", &text);
    sandbox.run(["run".as_ref(), file.as_os_str()])
}

/// Runs statements of a resolution.
fn changing(sandbox: &Sandbox, module: &str, body: &str) -> Finished {
    let file = sandbox.write(
        "change.runbook",
        &format!("runbook \"Change\"\nuse {module}\nresolve \"Change\" {{\n{body}\n}}\n"),
    );
    sandbox.run(["run".as_ref(), file.as_os_str()])
}

/// A process of our own, ended when it is dropped.
struct Process(Child);

impl Process {
    /// Starts a copy of a shell under another name that waits, in this way.
    fn start(folder: &Path, name: &str, script: &str) -> Self {
        let program = folder.join(name);
        if !program.exists() {
            std::fs::copy("/bin/bash", &program).expect("a program can be copied");
        }
        let nothing = folder.join(format!("{name}.pipe"));
        let made = Command::new("mkfifo").arg(&nothing).status().expect("mkfifo can be started");
        assert!(made.success(), "a pipe can be made");
        let child = Command::new(program).args(["-c", script]).env("NOTHING", nothing).spawn();
        Process(child.expect("it can be started"))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn state(&self) -> String {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        stat.rsplit(") ").next().unwrap_or_default().chars().take(1).collect()
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for ever without starting anything: nobody ever writes to the pipe.
const WAITS: &str = "trap 'exit 0' TERM; exec 9<>\"$NOTHING\"; while :; do read -t 0.1 -u 9 || :; done";
const STUBBORN: &str = "trap '' TERM; exec 9<>\"$NOTHING\"; while :; do read -t 0.1 -u 9 || :; done";
