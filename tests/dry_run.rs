//! `mainstay run --dry-run`: what reads is real, what would change is told, and nothing is left behind.
//!
//! A case is a file `tests/dry/NAME.runbook` whose first line says the exit code: `# exit 0: why`; `NAME.expected` beside
//! it is what is written. Drop a new file in; `SNAPSHOTS=overwrite cargo test --test dry_run` writes what is expected, to
//! be read before it is committed. No command of a change may run: each would make a file `made`.

mod support;

use std::fs;

use support::cases;
use support::sandbox::Sandbox;

#[test]
fn every_case_is_told_as_expected_and_changes_nothing() {
    let mut wrong = Vec::new();
    for path in cases::runbooks("tests/dry") {
        let text = fs::read_to_string(&path).expect("the case");
        let code = text.lines().next().and_then(|line| line.strip_prefix("# exit ")?.split(':').next());
        let code = code.and_then(|code| code.parse().ok());
        let code = code.unwrap_or_else(|| panic!("{}: its exit code", path.display()));
        let sandbox = Sandbox::new();
        sandbox.write("case.runbook", &text);
        let before = files(&sandbox);
        let told = sandbox.run(["run", "--dry-run", "case.runbook"]).expect_code(code);
        assert_eq!(told.stderr, "", "{}", path.display());
        assert_eq!(files(&sandbox), before, "{}: it left something behind", path.display());
        let expected = path.with_extension("expected");
        if std::env::var("SNAPSHOTS").is_ok_and(|wanted| wanted == "overwrite") {
            fs::write(&expected, &told.stdout).expect("the expectation is written");
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        if wanted != told.stdout {
            wrong.push(format!("{}:\n--- expected\n{wanted}\n--- found\n{}", path.display(), told.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the names of what lies in a home: a run's state would be there, too.
fn files(sandbox: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(sandbox.home()).expect("a home");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const SECRETS: &str = r#"
runbook "With secrets"

secret read "Reads" = command("touch fetched-read; echo hunter2-long")
secret changes "Changes" = command("touch fetched-changes; echo other-long")

symptom "it can be read" {
  check up = $ echo "{{ read }}"
  when up.stdout != ""
}

resolve "Change" {
  run $ touch made
    with env { PASSWORD: changes }
    leave "it stays"
}
"#;

#[test]
fn a_secret_that_only_changes_need_is_not_fetched() {
    let sandbox = Sandbox::new();
    sandbox.write("case.runbook", SECRETS);
    let told = sandbox.run(["run", "--dry-run", "case.runbook"]).expect_code(0);
    assert!(sandbox.home().join("fetched-read").exists());
    assert!(!sandbox.home().join("fetched-changes").exists());
    assert!(told.stdout.contains("up = [secret]"), "{}", told.stdout);
}

#[test]
fn programs_get_each_line_with_how_certain_it_is() {
    let sandbox = Sandbox::new();
    let case = support::sandbox::in_checkout("tests/dry/known.runbook");
    let case = case.to_string_lossy();
    let lines = sandbox.run(["run", "--dry-run", "--format", "json", &case]).expect_code(0).json_lines();
    let of = |known: &str| lines.iter().filter(|line| line["known"] == known).count();
    assert!(of("observed") >= 4 && of("predicted") >= 4 && of("unknown") >= 1, "{lines:#?}");
    let moved = lines.iter().find(|line| line["text"] == "$ touch made a").expect("the change");
    assert_eq!(moved["would"], "change");
    assert_eq!(moved["known"], "predicted");
    assert_eq!(moved["back"], "irreversible: it is moved");
    let end = lines.last().expect("the end");
    assert_eq!(end["dry_run"], "would_act", "{end}");
    assert_eq!(end["would"]["questions"], 1, "{end}");
}

#[test]
fn nothing_of_it_can_be_taken_for_a_run() {
    let sandbox = Sandbox::new();
    let case = support::sandbox::in_checkout("tests/dry/known.runbook");
    let case = case.to_string_lossy();
    sandbox.run(["run", "--dry-run", &case]).expect_code(0);
    let runs = sandbox.run(["runs"]).expect_code(0);
    assert!(runs.stdout.contains("nothing has been run yet"), "{}", runs.stdout);
    for command in ["resume", "rollback", "show"] {
        sandbox.run([command, "last"]).expect_code(2);
    }
    for option in ["--detach", "--unattended"] {
        let refused = sandbox.run(["run", "--dry-run", option, &case]).expect_code(2);
        assert!(refused.stderr.contains("cannot be used with"), "{}", refused.stderr);
    }
}

#[test]
fn what_keeps_a_run_from_beginning_is_told() {
    let sandbox = Sandbox::new();
    let keyed = "runbook \"Keyed\"\n\nconcurrency \"k\" refuse\n\nresolve \"Ask\" {\n  approve \"Go?\" by oncall within 5m on silence abort\n}\n";
    sandbox.write("keyed.runbook", keyed);
    let alone = sandbox.run(["run", "--dry-run", "keyed.runbook"]).expect_code(6);
    assert_eq!(alone.stderr, "");
    let mut running = sandbox.start(["run", "keyed.runbook"]);
    running.wait_for("Go?");
    let beside = sandbox.run(["run", "--dry-run", "keyed.runbook"]).expect_code(6);
    assert!(beside.stderr.contains("the key `k` is taken by \"Keyed\""), "{}", beside.stderr);
    assert!(beside.stderr.contains("a run would be refused"), "{}", beside.stderr);
    sandbox.run(["deny", "last"]).expect_code(0);
    running.finish();

    let secret = "secret pw \"Password\" = env(\"NO_SUCH_PW\") else file(\"no-such-file\")\n\nresolve \"Use\" {\n  run $ touch made\n    with env { PW: pw }\n    leave \"it stays\"\n}\n";
    sandbox.write("secret.runbook", &format!("runbook \"Secret\"\n\n{secret}"));
    let told = sandbox.run(["run", "--dry-run", "secret.runbook"]).expect_code(0);
    assert!(told.stderr.contains("secret `pw` cannot be had"), "{}", told.stderr);
    assert!(
        told.stderr.contains("the file `no-such-file` is not there; a run would be refused"),
        "{}",
        told.stderr
    );

    sandbox.write("mainstay.toml", "[roles]\nlead = [\"root\"]\n");
    let nobody = sandbox.run(["run", "--dry-run", "keyed.runbook"]).expect_code(2);
    assert!(nobody.stderr.contains("nobody holds `oncall`"), "{}", nobody.stderr);
}

#[test]
fn what_decides_is_read_once() {
    let sandbox = Sandbox::new();
    let text = "runbook \"Once\"\n\naction seen() -> text reads {\n  check out = $ echo x >> reads; echo yes\n  return out.stdout\n}\n\n\
                diagnose {\n  decide {\n    when seen() == \"yes\" -> resolve \"Do\"\n    otherwise -> escalate to oncall \"no\"\n  }\n}\n\n\
                resolve \"Do\" {\n  run $ touch made\n    leave \"it stays\"\n}\n";
    sandbox.write("once.runbook", text);
    sandbox.run(["run", "--dry-run", "once.runbook"]).expect_code(0);
    assert_eq!(fs::read_to_string(sandbox.home().join("reads")).expect("it was read"), "x\n");
}
