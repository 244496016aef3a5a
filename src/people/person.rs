//! Who somebody is, as the operating system tells it.

use std::fs;
use std::process::{Command, Stdio};

/// A user of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub uid: u32,
    pub name: String,
}

impl Person {
    /// Returns the user this process runs as. The environment is not asked: anybody can set it.
    pub fn current() -> Self {
        let uid = rustix::process::getuid().as_raw();
        let name = fs::read_to_string("/etc/passwd")
            .ok()
            .and_then(|text| name_of(uid, &text))
            .or_else(|| directory_name(uid))
            .unwrap_or_else(|| format!("uid {uid}"));
        Person { uid, name }
    }
}

/// Returns the name of the first line of passwd(5) with this number.
fn name_of(uid: u32, passwd: &str) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// Returns the name a directory service knows (NSS), which only the C library can ask.
fn directory_name(uid: u32) -> Option<String> {
    let output = Command::new("id")
        .args(["-un", "--", &uid.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_on_the_line_of_the_number() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbroken\n::5:\ndana:x:1000:1000::/home/dana:/bin/sh\n";
        assert_eq!(name_of(1000, passwd).as_deref(), Some("dana"));
        assert_eq!(name_of(0, passwd).as_deref(), Some("root"));
        assert_eq!(name_of(5, passwd), None);
    }
}
