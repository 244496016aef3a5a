//! The module `process` against real processes.

use crate::support::sandbox::Sandbox;
use crate::{Process, STUBBORN, WAITS, changing, reading};

#[test]
fn processes_are_found_by_name_pattern_and_user() {
    let sandbox = Sandbox::new();
    let waits = Process::start(sandbox.home(), "ms-shop-worker", &format!("tag='quo\"te'; {WAITS}"));
    let pid = waits.pid();
    let seen = reading(
        &sandbox,
        "process",
        r#"
  check named = process.find("ms-shop-worker")
  show "named {{ named | map("pid") | join(",") }} {{ named[0].name }} {{ named[0].memory > 0 }} {{ named[0].age < 600 }}"
  check shown = process.find(pattern: "ms-shop-[w]orker .*quo\"te")
  show "pattern {{ shown | map("pid") | join(",") }} {{ shown[0].command }}"
  check nobody = process.find("ms-shop-worker", user: "nonesuch")
  show "nobody {{ length(nobody) }}"
  check there = process.exists("ms-shop-worker")
  check part = process.exists("ms-shop")
  show "there {{ there }} part {{ part }}"
"#,
    );
    let seen = seen.expect_code(0);
    assert!(seen.stdout.contains(&format!("named {pid} ms-shop-worker true true")), "{}", seen.stdout);
    assert!(seen.stdout.contains(&format!("pattern {pid} ")), "{}", seen.stdout);
    assert!(seen.stdout.contains("quo\"te"), "{}", seen.stdout);
    seen.expect_output("nobody 0").expect_output("there true part false");
}

#[test]
fn a_search_does_not_find_itself() {
    let sandbox = Sandbox::new();
    let text = "runbook \"Look\"\nuse process\nparam what: text \"What\"\ndiagnose {\n  check found = process.find(pattern: what)\n  \
                show \"found {{ length(found) }}\"\n}\nresolve \"Nothing\" {\n  show \"-\"\n}\n";
    let file = sandbox.write("look.runbook", text).display().to_string();
    sandbox
        .run(["run", &file, "-p", "what=surely nothing is called so"])
        .expect_code(0)
        .expect_output("found 0");
    sandbox.run(["run", &file, "-p", "what="]).expect_code(1).expect_output("process.find needs a name");
}

#[test]
fn what_a_process_uses_is_measured() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("held.log", "x");
    let busy = Process::start(
        sandbox.home(),
        "ms-busy",
        &format!("exec 7<'{}'; while :; do :; done", file.display()),
    );
    let seen = reading(
        &sandbox,
        "process",
        &format!(
            r#"
  check used = process.usage({pid})
  show "busy {{{{ used.cpu > 10% }}}} memory {{{{ used.memory > 1MiB }}}} threads {{{{ used.threads }}}} files {{{{ used.open_files > 3 }}}} {{{{ used.open_files_limit > 3 }}}}"
  check open = process.open_files({pid})
  show "holds {{{{ open | select("endingwith", "held.log") | length }}}}"
"#,
            pid = busy.pid()
        ),
    );
    seen.expect_code(0)
        .expect_output("busy true memory true threads 1 files true true")
        .expect_output("holds 1");
    drop(busy);
    reading(&sandbox, "process", "  check used = process.usage(4194304)")
        .expect_code(1)
        .expect_output("there is no process 4194304");
}

#[test]
fn a_process_ends_at_term_or_else_at_kill() {
    let sandbox = Sandbox::new();
    let mut willing = Process::start(sandbox.home(), "ms-willing", WAITS);
    let mut stubborn = Process::start(sandbox.home(), "ms-stubborn", STUBBORN);
    let wait = format!(
        "  run process.terminate({}, \"ms-willing\", grace: 20s)\n  run process.terminate({}, \"ms-stubborn\", grace: 500ms)",
        willing.pid(),
        stubborn.pid()
    );
    changing(&sandbox, "process", &wait).expect_code(0).expect_output("irreversible: ms-willing");
    assert!(willing.has_ended());
    assert!(stubborn.has_ended());
}

#[test]
fn a_number_that_belongs_to_another_process_is_spared() {
    let sandbox = Sandbox::new();
    let mut other = Process::start(sandbox.home(), "ms-other", WAITS);
    for action in ["terminate", "signal", "pause"] {
        let call = format!("  run process.{action}({}, \"nginx\")", other.pid());
        changing(&sandbox, "process", &call)
            .expect_output(&format!("process {} is ms-other, not nginx", other.pid()));
    }
    assert!(!other.has_ended());
    changing(&sandbox, "process", "  run process.terminate(4194304, \"nginx\")")
        .expect_output("there is no process 4194304");
}

#[test]
fn a_paused_process_goes_on_when_the_run_fails() {
    let sandbox = Sandbox::new();
    let process = Process::start(sandbox.home(), "ms-paused", WAITS);
    let pid = process.pid();
    let pause = format!("  run process.pause({pid}, \"ms-paused\")");
    changing(&sandbox, "process", &pause).expect_code(0);
    assert_eq!(process.state(), "T");
    changing(&sandbox, "process", &format!("  run process.resume({pid}, \"ms-paused\")")).expect_code(0);
    assert_ne!(process.state(), "T");
    changing(&sandbox, "process", &format!("{pause}\n  verify false else \"it did not help\""))
        .expect_code(3);
    assert_ne!(process.state(), "T");
}
