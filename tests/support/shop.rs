//! A team with a state folder that it shares, made as `docs/how-to.md` says, and the program run by its members.
//!
//! Needs root ([`super::users::can_be_made`]).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::sandbox::program;
use super::service::wait_until;
use super::users::{Team, command_as};

const PATIENCE: Duration = Duration::from_secs(60);

/// What keeps a run at work until something is written to the pipe, and then prints more than fits in memory.
const RUNBOOK: &str = r#"
runbook "The team's"

resolve "Wait" {
  run $ cat gate
    leave "it only waits"
  run $ seq 1 20000
    leave "it only counts"
}
"#;

/// A team, its state folder as an administrator makes it, and a runbook.
pub struct Shop {
    pub folder: TempDir,
    pub team: Team,
}

impl Shop {
    pub fn new() -> Self {
        let team = Team::new(2);
        let folder = tempfile::Builder::new().prefix("mainstay-team-").tempdir().unwrap();
        let open = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        open(folder.path());
        fs::write(folder.path().join("wait.runbook"), RUNBOOK).unwrap();
        let config = "state = \"state\"\n[roles]\n";
        fs::write(folder.path().join("mainstay.toml"), config).unwrap();
        // The checkout may lie where others cannot go.
        fs::copy(program(), folder.path().join("mainstay")).unwrap();
        fs::copy(std::env::current_exe().unwrap(), folder.path().join("test")).unwrap();
        let gate = folder.path().join("gate");
        rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, 0o666.into(), 0).unwrap();
        let shop = Shop { folder, team };
        // The one line of docs/how-to.md.
        let state = shop.state();
        let install = Command::new("install")
            .args(["-d", "-m", "3770", "-g", &shop.team.group])
            .args([&state, &state.join("runs")])
            .status();
        assert!(install.unwrap().success());
        shop
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The program as this user, with this umask.
    pub fn command(&self, user: &str, umask: &str, arguments: &[&str]) -> Command {
        let mut command = command_as(user, "sh");
        command
            .args(["-c", "umask \"$1\"; shift; exec ./mainstay \"$@\"", "sh", umask])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null());
        command
    }

    pub fn mainstay(&self, user: &str, arguments: &[&str]) -> Output {
        self.command(user, "022", arguments).output().unwrap()
    }

    /// What the program prints for this user.
    #[track_caller]
    pub fn prints(&self, user: &str, arguments: &[&str]) -> String {
        let output = self.mainstay(user, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        assert_eq!(errors, "", "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a shell of this user says.
    pub fn shell(&self, user: &str, script: &str) -> Result<String, String> {
        let output =
            command_as(user, "sh").args(["-c", script]).current_dir(self.folder.path()).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Starts a run that waits, and returns it once others see that it is at work.
    pub fn wait(&self, user: &str, umask: &str) -> (Child, String) {
        let child = self
            .command(user, umask, &["run", "wait.runbook"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let other = self.team.member(1);
        let mut run = String::new();
        let mut said = String::new();
        let is_running = wait_until(Instant::now() + PATIENCE, || {
            let output = self.mainstay(other, &["runs", "--format", "json"]);
            said = format!("{output:?}");
            let Ok(runs) = serde_json::from_slice::<serde_json::Value>(&output.stdout) else {
                return false;
            };
            let running =
                runs.as_array().and_then(|runs| runs.iter().find(|run| run["outcome"] == "running"));
            run = running.and_then(|run| run["run"].as_str()).unwrap_or_default().to_owned();
            if run.is_empty() {
                return false;
            }
            let timeline = self.mainstay(other, &["timeline", &run]);
            said = format!("{timeline:?}");
            String::from_utf8_lossy(&timeline.stdout).contains("cat gate")
        });
        assert!(is_running, "nobody sees it at work: {said}");
        (child, run)
    }

    /// Lets the waiting run go on.
    pub fn open_gate(&self) {
        fs::write(self.folder.path().join("gate"), "on\n").unwrap();
    }

    /// Does something through the library, as this user and with the strictest umask.
    pub fn act(&self, user: &str, run_dir: &Path, what: &str, text: &str) -> Result<(), String> {
        let output = command_as(user, "sh")
            .args(["-c", "umask 077; exec ./test --exact --ignored acts_as_another_user"])
            .current_dir(self.folder.path())
            .env("MAINSTAY_TEST_RUN_DIR", run_dir)
            .env("MAINSTAY_TEST_ACT", what)
            .env("MAINSTAY_TEST_NOTE", text)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() && said.contains("1 passed") { Ok(()) } else { Err(said) }
    }
}

/// Waits for the end of a run and returns its exit code.
#[track_caller]
pub fn end(mut child: Child) -> Option<i32> {
    let mut code = None;
    let ended = wait_until(Instant::now() + PATIENCE, || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    assert!(ended, "the run does not end");
    code.and_then(|code| code.code())
}
