//! The module `evidence` against real folders.

use std::path::Path;
use std::process::Command;

use crate::changing;
use crate::support::sandbox::Sandbox;

#[test]
fn evidence_is_gathered_and_packed() {
    let sandbox = Sandbox::new();
    let log = sandbox.write("shop/error.log", "one\ntwo\nthree\n");
    let folder = sandbox.home().display().to_string();
    let body = format!(
        r#"
  run bundle = evidence.begin("shop-errors", folder: "{folder}")
  run first = evidence.add(bundle, "out.txt", "first $(id) 'quoted'")
  run second = evidence.add(bundle, "out.txt", "second")
  run evidence.tail(bundle, "{log}", lines: 2)
  run evidence.copy(bundle, "{log}")
  run evidence.machine(bundle)
  run packed = evidence.pack(bundle)
  show "packed {{{{ packed.path }}}} {{{{ packed.digest }}}} {{{{ packed.files }}}}"
  show "same {{{{ packed.size > 100B }}}} {{{{ bundle }}}}"
"#,
        log = log.display()
    );
    let finished = changing(&sandbox, "evidence", &body).expect_code(0).expect_output("same true");
    let line = finished.stdout.lines().find(|l| l.contains(" packed /")).expect("the line").to_owned();
    let words: Vec<_> = line.split_whitespace().skip_while(|word| *word != "packed").skip(1).collect();
    let [archive, digest, files] = words[..] else { panic!("three words: {line}") };
    assert_eq!(files, "13");
    let sum = Command::new("sha256sum").arg(archive).output().expect("sha256sum");
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(digest), "{line}");
    let bundle = Path::new(archive.strip_suffix(".tar.gz").expect("its name"));
    let read =
        |name: &str| std::fs::read_to_string(bundle.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(read("out.txt"), "first $(id) 'quoted'");
    assert_eq!(read("2-out.txt"), "second");
    assert_eq!(read("error.log"), "two\nthree\n");
    assert_eq!(read("2-error.log"), "one\ntwo\nthree\n");
    assert!(read("disks.txt").contains("Mounted on") && read("processes.txt").contains("PID"));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&bundle.metadata().expect("it is there").permissions());
    assert_eq!(mode & 0o077, 0, "nobody else may look at it");
    let listed = Command::new("tar").args(["--list", "--file", archive]).output().expect("tar");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("/2-out.txt"));
}

#[test]
fn evidence_stays_in_its_folder() {
    let sandbox = Sandbox::new();
    let folder = sandbox.home().display().to_string();
    for name in ["../escape", "-rf", ".hidden", "", "a/b"] {
        let body = format!("  run bundle = evidence.begin(\"{name}\", folder: \"{folder}\")");
        changing(&sandbox, "evidence", &body).expect_code(1).expect_output("cannot be the name of a bundle");
        let body = format!("  run evidence.add(\"{folder}\", \"{name}\", \"x\")");
        changing(&sandbox, "evidence", &body)
            .expect_code(1)
            .expect_output("cannot be the name of a file in a bundle");
    }
    let body = format!("  run evidence.copy(\"{folder}\", \"/etc/passwd\", largest: 5B)");
    changing(&sandbox, "evidence", &body).expect_code(1).expect_output("more than 5B");
    let body = format!("  run evidence.tail(\"{folder}\", \"/nonesuch\")");
    changing(&sandbox, "evidence", &body).expect_output("there is no file /nonesuch");
}
