//! `mainstay fmt` as it is called: what it writes, says and leaves alone.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::support::sandbox::{Sandbox, program};

const LOOSE: &str = "runbook \"x\"\ndrill \"d\" { expect outcome resolved }\n";
const LAID: &str = "runbook \"x\"\n\ndrill \"d\" {\n  expect outcome resolved\n}\n";

fn text(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.home().join(name)).expect("the file")
}

#[test]
fn files_and_folders_are_rewritten_in_place() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.home().join("books/more")).expect("a folder");
    let loose = sandbox.write("books/more/loose.runbook", LOOSE);
    sandbox.write("books/laid.runbook", LAID);
    sandbox.write("books/notes.txt", LOOSE);
    std::fs::set_permissions(&loose, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    let link = sandbox.home().join("link.runbook");
    std::os::unix::fs::symlink(&loose, &link).expect("a link");

    let told = sandbox.run(["fmt", "link.runbook", "books"]).expect_code(0);
    assert_eq!(told.stdout, "link.runbook\n1 file changed, 1 in the layout already\n");
    assert_eq!(text(&sandbox, "books/more/loose.runbook"), LAID);
    assert_eq!(text(&sandbox, "books/notes.txt"), LOOSE);
    assert_eq!(std::fs::metadata(&loose).expect("the file").mode() & 0o777, 0o640);
    assert!(std::fs::symlink_metadata(&link).expect("the link").is_symlink());
    let beside = std::fs::read_dir(sandbox.home().join("books/more")).expect("the folder").count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[test]
fn check_shows_what_would_change_and_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("loose.runbook", LOOSE);
    sandbox.write("laid.runbook", LAID);
    let told = sandbox.run(["fmt", "--check", "loose.runbook", "laid.runbook"]).expect_code(1);
    assert_eq!(
        told.stdout,
        "--- loose.runbook\n+++ loose.runbook\n@@ -1,2 +1,5 @@\n runbook \"x\"\n\
         -drill \"d\" { expect outcome resolved }\n+\n+drill \"d\" {\n+  expect outcome resolved\n+}\n\
         1 file would change, 1 in the layout already\n"
    );
    assert_eq!(text(&sandbox, "loose.runbook"), LOOSE);
    let told = sandbox.run(["fmt", "--check", "laid.runbook"]).expect_code(0);
    assert_eq!(told.stdout, "1 file: nothing to change\n");
}

#[test]
fn what_cannot_be_read_is_left_alone_and_the_others_are_not() {
    let sandbox = Sandbox::new();
    let broken = "runbook \"x\"\n   resolve {\n";
    sandbox.write("broken.runbook", broken);
    sandbox.write("loose.runbook", LOOSE);
    let told = sandbox.run(["fmt", "broken.runbook", "gone.runbook", "loose.runbook"]).expect_code(2);
    assert!(told.stderr.contains("error[unclosed-block]"), "{}", told.stderr);
    assert!(told.stderr.contains("cannot read `gone.runbook`: there is no such file"), "{}", told.stderr);
    assert_eq!(text(&sandbox, "broken.runbook"), broken);
    assert_eq!(text(&sandbox, "loose.runbook"), LAID);
    let told = sandbox.run(["fmt", "--check", "broken.runbook"]).expect_code(2);
    assert!(told.stderr.contains("error[unclosed-block]"), "{}", told.stderr);
    let nothing = sandbox.home().join("empty");
    std::fs::create_dir(&nothing).expect("a folder");
    let told = sandbox.run(["fmt", "empty"]).expect_code(2);
    assert!(told.stderr.contains("there is no `.runbook`"), "{}", told.stderr);
}

/// Returns exit code, output and error output of the program that reads `input`.
fn fed(sandbox: &Sandbox, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(program())
        .args(arguments)
        .env_clear()
        .envs(sandbox.environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let done = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn standard_input_becomes_standard_output() {
    let sandbox = Sandbox::new();
    assert_eq!(fed(&sandbox, &["fmt", "-"], LOOSE), (Some(0), LAID.to_owned(), String::new()));
    let (code, out, told) = fed(&sandbox, &["fmt", "-"], "runbook \"x\"\nresolve {\n");
    assert!(code == Some(2) && out.is_empty() && told.contains("<stdin>:2:9"), "{told}");
    let (code, out, _) = fed(&sandbox, &["fmt", "--check", "-"], LOOSE);
    assert!(code == Some(1) && out.contains("+++ <stdin>"), "{out}");
    let (code, out, _) = fed(&sandbox, &["fmt", "--check", "-"], LAID);
    assert_eq!((code, out.as_str()), (Some(0), ""));
}
