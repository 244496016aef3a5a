//! Users and groups of this machine, made for one test and removed by it.
//!
//! Only root can make them. A test that needs them says so and passes where it runs as somebody else, but
//! not in continuous integration (`CI` is set), where it must be tried.

use std::process::{Command, Stdio};

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
    pub fn new(members: usize) -> Self {
        let unique = format!("{:x}", std::process::id());
        let mut team = Team { group: format!("msg{unique}"), names: Vec::new() };
        must(Command::new("groupadd").arg(&team.group));
        for number in 0..=members {
            let name = format!("ms{unique}{}", char::from(b'a' + u8::try_from(number).unwrap_or(0)));
            let mut useradd = Command::new("useradd");
            useradd.args(["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "--user-group"]);
            if number < members {
                useradd.args(["--groups", &team.group]);
            }
            must(useradd.arg(&name));
            team.names.push(name);
        }
        team
    }

    /// Returns the name of a member.
    pub fn member(&self, number: usize) -> &str {
        assert!(number + 1 < self.names.len(), "there is no such member");
        &self.names[number]
    }

    /// Returns the name of the one who is not in the group.
    pub fn stranger(&self) -> &str {
        self.names.last().expect("there is one")
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        for name in &self.names {
            quietly(Command::new("userdel").arg(name));
        }
        quietly(Command::new("groupdel").arg(&self.group));
    }
}

/// Returns a command that is run as this user, with the groups it is in.
pub fn command_as(user: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(program);
    command
}

fn must(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn quietly(command: &mut Command) {
    let _ = command.stdin(Stdio::null()).output();
}
