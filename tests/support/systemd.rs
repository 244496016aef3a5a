//! A real systemd with its journal, as the first process of a world of its own: its own processes, its own `/run`, its own
//! journal and units. Nothing of it is seen outside, and nothing outside is touched.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::sandbox::{Finished, Sandbox, program};
use super::service::{find_program, wait_until};

/// How long it may take until it is up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Targets that systemd cannot do without.
const TARGETS: &[&str] = &[
    "sysinit", "basic", "shutdown", "local-fs", "swap", "sockets", "timers", "paths", "slices", "umount",
    "final", "reboot", "exit",
];

/// Makes a control group for the world, waits until it is over, and takes the group away. `$1` is what is done in the world,
/// `$2` the folder of its units.
const AROUND: &str = r#"
set -e
mount --make-rprivate /
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
here=$(sed -n 's/^0:://p' /proc/self/cgroup)
own=/sys/fs/cgroup${here%/}/mainstay-test-$$
mkdir "$own"
sh -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' sh "$own" \
  setpriv --pdeathsig KILL unshare --mount --pid --cgroup --ipc --uts --fork --kill-child sh -c "$1" sh "$2" || true
find "$own" -depth -type d -exec rmdir {} +
"#;

/// What is done in the world: nothing of it reaches the outside, as nothing that is mounted here is seen there.
const WORLD: &str = r#"
set -e
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /etc/systemd/system
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd/system /run/lock
exec env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin container=mainstay SYSTEMD_UNIT_PATH="$1:/etc/systemd/system" \
  /lib/systemd/systemd --system --show-status=0 --log-target=null
"#;

/// A machine with systemd.
pub struct Systemd {
    child: Child,
    first: u32,
    sandbox: Sandbox,
}

impl Systemd {
    /// Starts it with these units: their names and texts.
    ///
    /// # Panics
    ///
    /// When this machine has no systemd, or does not let us make namespaces: that needs root, or sudo without a password.
    pub fn start(units: &[(&str, &str)]) -> Self {
        let folders = [PathBuf::from("/lib/systemd")];
        find_program("systemd", &folders, "systemd");
        let sandbox = Sandbox::new();
        for target in TARGETS {
            let text = format!("[Unit]\nDescription={target}\nDefaultDependencies=no\n");
            sandbox.write(&format!("units/{target}.target"), &text);
        }
        sandbox
            .write("units/default.target", "[Unit]\nDescription=The test\nWants=systemd-journald.service\n");
        for unit in ["systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"]
        {
            let text = std::fs::read_to_string(Path::new("/lib/systemd/system").join(unit))
                .expect("systemd's own unit");
            sandbox.write(&format!("units/{unit}"), &text);
        }
        for (name, text) in units {
            sandbox.write(&format!("units/{name}"), text);
        }
        let child = as_root("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", AROUND, "sh", WORLD])
            .arg(sandbox.home().join("units"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("unshare can be started");
        let mut machine = Systemd { child, first: 0, sandbox };
        let up = wait_until(Instant::now() + PATIENCE, || machine.is_up());
        assert!(
            up,
            "systemd did not come up: this test needs root, or sudo without a password, and namespaces of its own"
        );
        machine
    }

    /// Looks for the first process of the world, and whether it has come up.
    fn is_up(&mut self) -> bool {
        let mut processes = vec![self.child.id()];
        while let Some(process) = processes.pop() {
            let read =
                |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
            if read("comm").trim() == "systemd" {
                self.first = process;
                return self.inside(["systemctl", "is-system-running"]).stdout.starts_with(b"running");
            }
            let children = read(&format!("task/{process}/children"));
            processes.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        false
    }

    /// Runs a program inside.
    pub fn inside<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Output {
        let mut command = as_root("nsenter");
        command.args(["--target", &self.first.to_string(), "--mount", "--pid", "--"]).args(arguments);
        command.env_clear().envs(self.sandbox.environment()).current_dir("/").stdin(Stdio::null());
        command.output().expect("nsenter can be started")
    }

    /// Runs a runbook inside.
    pub fn run(&self, text: &str) -> Finished {
        let file = self.sandbox.write("test.runbook", text).display().to_string();
        let output = self.inside([program(), "run", &file]);
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns a property of a unit.
    pub fn property(&self, unit: &str, name: &str) -> String {
        let output = self.inside(["systemctl", "show", "--value", "--property", name, "--", unit]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        // The first process of a world takes everything in it along; what is around it tidies up and ends.
        if self.first != 0 {
            let _ = as_root("kill").args(["-KILL", &self.first.to_string()]).status();
        }
        let ended = wait_until(Instant::now() + PATIENCE, || matches!(self.child.try_wait(), Ok(Some(_))));
        if !ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", "--preserve-env=HOME,XDG_STATE_HOME", program]);
    command
}
