//! The module `disk` against real folders and file systems.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::sandbox::Sandbox;
use crate::support::service::wait_until;
use crate::{Process, WAITS, changing, reading};

#[test]
fn a_disk_is_measured() {
    let sandbox = Sandbox::new();
    let home = sandbox.home().display().to_string();
    let df = Command::new("df").args(["-B1", "--output=size,target", "--", &home]).output().expect("df");
    let df = String::from_utf8_lossy(&df.stdout).into_owned();
    let mut words = df.lines().nth(1).expect("a line").split_whitespace();
    let (size, mount) = (words.next().expect("a size"), words.next().expect("a folder"));
    let seen = reading(
        &sandbox,
        "disk",
        &format!(
            r#"
  check now = disk.usage("{home}")
  show "total {{{{ now.total | in_bytes }}}} on {{{{ now.mount }}}}"
  show "fits {{{{ now.used + now.free <= now.total and now.share > 0% and now.share <= 100% }}}} {{{{ now.inodes_share <= 100% }}}}"
  check share = disk.used("{home}")
  check room = disk.free("{home}")
  show "short {{{{ share <= 100% and room > 0B }}}}"
"#
        ),
    );
    seen.expect_code(0)
        .expect_output(&format!("total {size} on {mount}"))
        .expect_output("fits true true")
        .expect_output("short true");
    reading(&sandbox, "disk", "  check a = disk.usage(\"--help\")")
        .expect_code(1)
        .expect_output("`--help` is not absolute");
    reading(&sandbox, "disk", "  check a = disk.usage(\"/nonesuch\")")
        .expect_code(1)
        .expect_output("No such file or directory");
    // A file system without a size, and without a limit of its files.
    reading(
        &sandbox,
        "disk",
        "  check a = disk.usage(\"/proc\")\n  show \"{{ a.kind }} {{ a.share }} {{ a.inodes_share }}\"",
    )
    .expect_code(0)
    .expect_output("proc 0% 0%");
}

#[test]
fn what_fills_a_disk_is_found() {
    let sandbox = Sandbox::new();
    sandbox.write("var/big/a \"b\".log", &"x".repeat(90_000));
    sandbox.write("var/big/new\nline.log", &"x".repeat(50_000));
    sandbox.write("var/small/-rf", &"x".repeat(100));
    let var = sandbox.home().join("var").display().to_string();
    let seen = reading(
        &sandbox,
        "disk",
        &format!(
            r#"
  check files = disk.largest_files("{var}", count: 2)
  show files | map("bytes") | join(",")
  show "first {{{{ files[0].path }}}}"
  show "second {{{{ files[1].path }}}}"
  check folders = disk.largest_folders("{var}", count: 5)
  show "folders {{{{ folders | map("path") | join(" ") }}}}"
"#
        ),
    );
    seen.expect_code(0)
        .expect_output("90000,50000")
        .expect_output(&format!("first {var}/big/a \"b\".log"))
        .expect_output(&format!("second {var}/big/new line.log"))
        .expect_output(&format!("folders {var}/big {var}/small"));
    reading(&sandbox, "disk", "  check a = disk.largest_files(\"/nonesuch\")")
        .expect_code(1)
        .expect_output("No such file");
}

#[test]
fn a_removed_file_that_is_held_open_is_found() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("gone.log", &"x".repeat(70_000));
    let mut holder = Process::start(
        sandbox.home(),
        "ms-holder",
        &format!("exec 7<'{0}'; rm '{0}'; touch '{0}.removed'; {WAITS}", file.display()),
    );
    let removed = file.with_extension("log.removed");
    let deadline = Instant::now() + Duration::from_secs(30);
    assert!(wait_until(deadline, || removed.exists()), "it is removed");
    let seen = reading(
        &sandbox,
        "disk",
        r#"
  check held = disk.removed_but_open()
  let ours = held | selectattr("name", "==", "ms-holder")
  show "{{ ours[0].pid }} {{ ours[0].bytes }} {{ ours[0].path }}"
"#,
    );
    seen.expect_code(0).expect_output(&format!("{} 70000 {}", holder.pid(), file.display()));
    assert!(!holder.has_ended());
}

#[test]
fn old_files_are_removed_unless_there_are_too_many() {
    let sandbox = Sandbox::new();
    let old: Vec<_> = (0..3).map(|n| sandbox.write(&format!("log/{n}.gz"), "12345")).collect();
    let new = sandbox.write("log/new.gz", "12345");
    let other = sandbox.write("log/other.log", "12345");
    for path in old.iter().chain([&other]) {
        Command::new("touch").args(["-d", "3 days ago"]).arg(path).status().expect("touch");
    }
    let log = sandbox.home().join("log").display().to_string();
    let remove = |most: u32| {
        format!(
            "  run gone = disk.remove_old_files(\"{log}\", \"*.gz\", older_than: 2d, at_most: {most})\n  \
             show \"{{{{ gone.files }}}} files, {{{{ gone.freed }}}}\""
        )
    };
    changing(&sandbox, "disk", &remove(2))
        .expect_output("3 files are that old, and at most 2 may be removed");
    assert!(old.iter().all(|path| path.exists()), "nothing was removed");
    changing(&sandbox, "disk", &remove(3))
        .expect_code(0)
        .expect_output("3 files, 15B")
        .expect_output("irreversible: files");
    assert!(old.iter().all(|path| !path.exists()) && new.exists() && other.exists());
}
