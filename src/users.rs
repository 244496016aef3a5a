//! Users and groups, as the operating system knows them.
//!
//! Owns how a number becomes a name and a name a number: from passwd(5) and group(5), and from the
//! directory services that only the C library can ask, through `getent`. Never asks the
//! environment, which anybody can set, and never decides what somebody may do.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

/// A user of the operating system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    pub uid: u32,
    pub name: String,
    /// The primary group.
    gid: u32,
}

/// Returns the user with this number.
pub fn by_uid(uid: u32) -> Option<User> {
    let number = uid.to_string();
    entry("/etc/passwd", "passwd", &number, |line| user_of(line).filter(|user| user.uid == uid))
}

/// Returns the user with this name.
pub fn by_name(name: &str) -> Option<User> {
    if !is_name(name) {
        return None;
    }
    entry("/etc/passwd", "passwd", name, |line| user_of(line).filter(|user| user.name == name))
}

/// Returns the name of the user with this number; `uid 1007` for one that has none.
pub fn name_of(uid: u32) -> String {
    by_uid(uid).map_or_else(|| format!("uid {uid}"), |user| user.name)
}

/// Returns the name of the group with this number; the number for one that has none.
pub fn group_name(gid: u32) -> String {
    let number = gid.to_string();
    entry("/etc/group", "group", &number, |line| group_of(line).filter(|group| group.gid == gid))
        .map_or(number, |group| group.name)
}

/// Returns the members of the group with this name, those whose primary group it is with them, by number;
/// `None` when there is no such group.
pub fn members(group: &str) -> Option<Vec<User>> {
    if !is_name(group) {
        return None;
    }
    // A directory service may add members to a group of this machine, so that it is asked first.
    let of = |text: &str| text.lines().find_map(|line| group_of(line).filter(|found| found.name == group));
    let found =
        getent("group", Some(group)).and_then(|text| of(&text)).or_else(|| of(&file("/etc/group")))?;
    let mut known = users(&file("/etc/passwd"));
    known.extend(users(&getent("passwd", None).unwrap_or_default()));
    Some(members_of(&found, &known, by_name))
}

/// A line of group(5).
#[derive(Debug, PartialEq, Eq)]
struct Group {
    name: String,
    gid: u32,
    /// Names of those whose primary group is another one.
    members: Vec<String>,
}

/// Returns who is in the group: of the known users those whose primary group it is, and those it names.
/// A name without a user is left out: nobody can be that.
fn members_of(
    group: &Group,
    known: &BTreeMap<String, User>,
    look_up: impl Fn(&str) -> Option<User>,
) -> Vec<User> {
    let primary = known.values().filter(|user| user.gid == group.gid).cloned();
    let named = group.members.iter().filter_map(|name| known.get(name).cloned().or_else(|| look_up(name)));
    let mut members: Vec<User> = primary.chain(named).collect();
    members.sort();
    members.dedup_by_key(|user| user.uid);
    members
}

fn users(passwd: &str) -> BTreeMap<String, User> {
    passwd.lines().filter_map(user_of).map(|user| (user.name.clone(), user)).collect()
}

/// Returns the first line of the file that fits, else of what the directory services say.
fn entry<T>(path: &str, database: &str, key: &str, fits: impl Fn(&str) -> Option<T>) -> Option<T> {
    let of = |text: &str| text.lines().find_map(&fits);
    of(&file(path)).or_else(|| of(&getent(database, Some(key))?))
}

fn file(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Asks the C library's name service, `None` where it does not know the key or cannot be asked.
fn getent(database: &str, key: Option<&str>) -> Option<String> {
    let output = Command::new("getent")
        .arg(database)
        .args(key)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Returns whether this can be a name: all digits would be taken for a number, and `-` for an option.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.contains([':', '\n', '/', '\0'])
        && !name.bytes().all(|byte| byte.is_ascii_digit())
}

fn user_of(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| is_name(name))?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(User { uid, name, gid })
}

fn group_of(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| is_name(name))?.to_owned();
    let gid = fields.nth(1)?.parse().ok()?;
    let members = fields.next().unwrap_or("");
    let members = members.split(',').map(str::trim).filter(|name| is_name(name)).map(str::to_owned).collect();
    Some(Group { name, gid, members })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nbroken\n::5:5\n+::::\n1000:x:7:7::/:/bin/sh\n\
                          dana:x:1000:1000::/home/dana:/bin/sh\nli:x:1001:40::/home/li:/bin/sh\n";

    fn names(members: Vec<User>) -> Vec<String> {
        members.into_iter().map(|user| user.name).collect()
    }

    #[test]
    fn a_line_without_name_or_number_is_nobody() {
        let users = users(PASSWD);
        assert_eq!(users.keys().collect::<Vec<_>>(), ["dana", "li", "root"]);
        assert_eq!(users["dana"].uid, 1000);
    }

    #[test]
    fn a_group_has_those_it_names_and_those_whose_primary_group_it_is() {
        let group = group_of("sre:x:40:dana, gone,li,-x").expect("a group");
        let found = members_of(&group, &users(PASSWD), |_| None);
        assert_eq!(names(found), ["dana", "li"], "each once, none without a user");
    }

    #[test]
    fn who_is_not_listed_is_looked_up() {
        let group = group_of("sre:x:41:far").expect("a group");
        let far = |name: &str| Some(User { uid: 9, name: name.to_owned(), gid: 9 });
        assert_eq!(names(members_of(&group, &users(PASSWD), far)), ["far"]);
        assert_eq!(group_of("empty:x:42:").map(|group| group.members), Some(Vec::new()));
    }

    #[test]
    fn the_machine_knows_its_root() {
        assert_eq!(name_of(0), "root");
        assert_eq!(by_name("root").map(|user| user.uid), Some(0));
        assert!(members("root").is_some_and(|members| members.iter().any(|user| user.uid == 0)));
    }

    #[test]
    fn what_is_no_name_is_nobody() {
        for name in ["", "0", "-u", "a:b", "../x", "no such user"] {
            assert_eq!(by_name(name), None, "{name}");
            assert_eq!(members(name), None, "{name}");
        }
        assert_eq!(name_of(4_294_967_294 - 7), "uid 4294967287");
    }
}
