//! Whoever keeps this process, and would end it with everything it began: a session, a service, a container.
//!
//! Commands outlive the program, but not what ends a whole control group or a namespace of processes. Owns what can be read of
//! that, and what it means. Never changes anything.

use std::fs;
use std::path::Path;

/// What can be read of where this process stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `/proc/self/cgroup`.
    pub cgroup: String,
    /// Whether logind ends what a session of this user began (`KillUserProcesses`).
    pub kills_at_logout: bool,
    /// Whether this user's manager goes on when nobody is logged in.
    pub lingers: bool,
    /// `KillMode` of the service this process belongs to; empty where it is not known.
    pub kill_mode: String,
    /// Whether this is a container.
    pub container: bool,
    pub user: String,
}

impl Surroundings {
    /// Reads it. What cannot be read threatens nobody.
    pub fn read(user: &str, uid: u32) -> Surroundings {
        let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let kill_mode = service(&unit(&cgroup)).map(|name| kill_mode(&name)).unwrap_or_default();
        Surroundings {
            // Root's processes are left alone unless somebody says otherwise (`KillExcludeUsers`).
            kills_at_logout: uid != 0 && kill_user_processes(&logind_conf()),
            lingers: Path::new("/var/lib/systemd/linger").join(user).exists(),
            container: Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists(),
            user: user.to_owned(),
            kill_mode,
            cgroup,
        }
    }

    /// Returns what would end the run's commands, and what to do about it.
    pub fn threat(&self) -> Option<(String, String)> {
        let path = path(&self.cgroup);
        let unit = unit(&self.cgroup);
        if unit.starts_with("session-") && unit.ends_with(".scope") && self.kills_at_logout {
            return Some((
                "systemd ends everything of this session at logout, with the run and its commands \
                 (KillUserProcesses=yes)"
                    .to_owned(),
                format!(
                    "`systemd-run --user --scope mainstay …` is not part of the session; it needs \
                     `loginctl enable-linger {}` once",
                    self.user
                ),
            ));
        }
        if path.split('/').any(|part| part.starts_with("user@") && part.ends_with(".service")) {
            return (!self.lingers).then(|| {
                (
                    "systemd ends everything of this user at the last logout, with the run and its commands"
                        .to_owned(),
                    format!("`loginctl enable-linger {}` keeps it", self.user),
                )
            });
        }
        if let Some(name) = service(&unit)
            && matches!(self.kill_mode.as_str(), "control-group" | "mixed")
        {
            return Some((
                format!(
                    "when the service `{name}` is stopped, systemd ends the run's commands with it (KillMode={})",
                    self.kill_mode
                ),
                "`systemd-run --scope mainstay …` is not part of the service; or set KillMode=process in it"
                    .to_owned(),
            ));
        }
        self.container.then(|| {
            (
                "this is a container: when it ends, the run's commands end with it".to_owned(),
                "keep the state folder on a volume, so that the run can be resumed; or run outside of it"
                    .to_owned(),
            )
        })
    }
}

/// Returns the control group in systemd's tree.
fn path(cgroup: &str) -> &str {
    let of = |wanted: fn(&str, &str) -> bool| {
        cgroup.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            wanted(number, controllers).then_some(path)
        })
    };
    of(|_, controllers| controllers == "name=systemd").or_else(|| of(|number, _| number == "0")).unwrap_or("")
}

/// Returns the innermost unit this process belongs to.
fn unit(cgroup: &str) -> String {
    let is_unit = |part: &&str| part.ends_with(".service") || part.ends_with(".scope");
    path(cgroup).rsplit('/').find(is_unit).unwrap_or("").to_owned()
}

/// Returns the unit's name where it is a service of the system.
fn service(unit: &str) -> Option<String> {
    (unit.ends_with(".service") && !unit.starts_with("user@")).then(|| unit.to_owned())
}

fn kill_mode(service: &str) -> String {
    let asked = std::process::Command::new("systemctl")
        .args(["show", "--property=KillMode", "--value", "--", service])
        .stdin(std::process::Stdio::null())
        .output();
    asked
        .ok()
        .filter(|said| said.status.success())
        .map_or_else(String::new, |said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// Returns whether the last line that says so switches it on.
fn kill_user_processes(conf: &str) -> bool {
    let mut set = conf.lines().filter_map(|line| line.trim().strip_prefix("KillUserProcesses="));
    set.next_back()
        .is_some_and(|value| matches!(value.trim().to_lowercase().as_str(), "yes" | "true" | "on" | "1"))
}

/// Returns logind's configuration, what counts more behind what counts less.
fn logind_conf() -> String {
    let mut text = String::new();
    for file in ["/usr/lib/systemd/logind.conf", "/etc/systemd/logind.conf"] {
        text += &fs::read_to_string(file).unwrap_or_default();
        text.push('\n');
    }
    let folders = ["/usr/lib", "/run", "/etc"].map(|root| format!("{root}/systemd/logind.conf.d"));
    let mut more: Vec<_> =
        folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten().collect();
    more.sort_by_key(fs::DirEntry::file_name);
    for entry in more.iter().filter(|entry| entry.file_name().to_string_lossy().ends_with(".conf")) {
        text += &fs::read_to_string(entry.path()).unwrap_or_default();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(cgroup: &str) -> Surroundings {
        Surroundings { cgroup: format!("{cgroup}\n"), user: "dana".to_owned(), ..Surroundings::default() }
    }

    #[test]
    fn what_would_end_the_commands_is_told_with_what_to_do() {
        let session = at("0::/user.slice/user-1000.slice/session-3.scope");
        let manager = at("0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope");
        let service = at("0::/system.slice/deploy.service");
        let cases = [
            (Surroundings { kills_at_logout: true, ..session.clone() }, Some("enable-linger dana")),
            (session, None),
            (manager.clone(), Some("enable-linger dana")),
            (Surroundings { lingers: true, ..manager }, None),
            (Surroundings { kill_mode: "control-group".to_owned(), ..service.clone() }, Some("--scope")),
            (Surroundings { kill_mode: "process".to_owned(), ..service.clone() }, None),
            (service, None),
            (Surroundings { container: true, ..at("0::/") }, Some("volume")),
            (at("12:pids:/x\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n0::/"), None),
            (at(""), None),
        ];
        for (around, told) in cases {
            let threat = around.threat();
            assert_eq!(threat.is_some(), told.is_some(), "{around:?}: {threat:?}");
            if let (Some((_, help)), Some(told)) = (&threat, told) {
                assert!(help.contains(told), "no `{told}` in {help}");
            }
        }
    }

    #[test]
    fn the_last_word_on_it_counts() {
        assert!(kill_user_processes("[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n"));
        assert!(!kill_user_processes("KillUserProcesses=yes\n[Login]\nKillUserProcesses=no\n"));
        assert!(!kill_user_processes("#KillUserProcesses=yes\n"));
    }
}
