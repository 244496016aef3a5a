//! Users and groups of this machine, made for one test and removed by it.
//!
//! Only root can make them. A test that needs them says so and passes where it runs as somebody else, but
//! not in continuous integration (`CI` is set), where it must be tried.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::service::wait_until;

/// Returns whether this process may make users and give files away.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns whether users can be made here; says so where not.
///
/// # Panics
///
/// In continuous integration, when they cannot.
#[must_use]
pub fn can_be_made() -> bool {
    if is_root() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "needs root to make users: run tests/run as root");
    eprintln!(
        "not tried: making users needs root; `sudo --preserve-env=PATH,HOME tests/run shared` tries it"
    );
    false
}

/// A group and some users of it, with names nobody else has.
pub struct Team {
    pub group: String,
    names: Vec<String>,
}

impl Team {
    /// Makes a group and this many users in it, and one user who is not in it.
    ///
    /// # Panics
    ///
    /// When they cannot be made.
    pub fn new(members: u8) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let unique = format!("{:x}x{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let mut team = Team { group: format!("ms{unique}"), names: Vec::new() };
        must("groupadd", &["--system", &team.group]);
        for number in 0..=members {
            let name = format!("ms{unique}{}", char::from(b'a' + number));
            let groups = if number < members { team.group.as_str() } else { "" };
            let no_login = ["--no-create-home", "--shell", "/usr/sbin/nologin"];
            let arguments =
                [&["--system", "--user-group", "--groups", groups], &no_login[..], &[&name]].concat();
            must("useradd", &arguments);
            team.names.push(name);
        }
        team
    }

    /// Returns the name of a member.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    pub fn member(&self, number: usize) -> &str {
        assert!(number + 1 < self.names.len(), "there is no such member");
        &self.names[number]
    }

    /// Returns the name of the one who is not in the group.
    ///
    /// # Panics
    ///
    /// Never: there is one.
    pub fn stranger(&self) -> &str {
        self.names.last().expect("there is one")
    }
}

impl Drop for Team {
    /// Removes them, with every process they still have.
    fn drop(&mut self) {
        let named = |name: &String| uid_of(name);
        let uids: Vec<u32> = self.names.iter().filter_map(named).collect();
        wait_until(Instant::now() + Duration::from_secs(20), || {
            let pids = processes_of(&uids);
            for pid in &pids {
                let _ = rustix::process::kill_process(*pid, rustix::process::Signal::KILL);
            }
            pids.is_empty()
        });
        for name in &self.names {
            let _ = again("userdel", &["--force", name]);
        }
        let _ = again("groupdel", &[&self.group]);
    }
}

/// Returns the number of a user of this machine.
pub fn uid_of(name: &str) -> Option<u32> {
    mainstay::users::by_name(name).map(|user| user.uid)
}

/// Returns a command that is run as this user, with the groups it is in.
pub fn command_as(user: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(program);
    command
}

/// Returns the processes of these users that are not only waited for.
fn processes_of(uids: &[u32]) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_user = |entry: &std::fs::DirEntry| {
        let uid = entry.metadata().ok()?.uid();
        let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
        (uids.contains(&uid) && !status.contains("State:\tZ")).then_some(())
    };
    entries
        .filter_map(|entry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            of_user(&entry).map(|()| pid)
        })
        .collect()
}

/// Runs it, again while somebody else changes the list of users. Returns what it said when it failed.
fn again(program: &str, arguments: &[&str]) -> Result<(), String> {
    let mut result = Err(String::new());
    wait_until(Instant::now() + Duration::from_secs(60), || {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
        result = match output {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        };
        !matches!(&result, Err(said) if said.contains("try again later"))
    });
    result
}

fn must(program: &str, arguments: &[&str]) {
    again(program, arguments).unwrap_or_else(|said| panic!("{program} {arguments:?}: {said}"));
}
