//! The modules `process`, `disk`, `slack` and `evidence` against real processes, folders, and a server.

mod support;

#[path = "support/http.rs"]
#[expect(dead_code, reason = "it can do more than Slack does")]
mod server;

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use server::{Answer, Server};
use support::sandbox::{Finished, Sandbox};

/// Runs statements of a diagnosis.
fn reading(sandbox: &Sandbox, module: &str, body: &str) -> Finished {
    let text = format!(
        "runbook \"Look\"\nuse {module}\ndiagnose {{\n{body}\n}}\nresolve \"Nothing\" {{\n  show \"-\"\n}}\n"
    );
    let file = sandbox.write("look.runbook", &text);
    sandbox.run(["run".as_ref(), file.as_os_str()])
}

/// Runs statements of a resolution.
fn changing(sandbox: &Sandbox, module: &str, body: &str) -> Finished {
    let file = sandbox.write(
        "change.runbook",
        &format!("runbook \"Change\"\nuse {module}\nresolve \"Change\" {{\n{body}\n}}\n"),
    );
    sandbox.run(["run".as_ref(), file.as_os_str()])
}

/// A process of our own, ended when it is dropped.
struct Process(Child);

impl Process {
    /// Starts a copy of a shell under another name that waits, in this way.
    fn start(folder: &Path, name: &str, script: &str) -> Self {
        let program = folder.join(name);
        if !program.exists() {
            std::fs::copy("/bin/bash", &program).expect("a program can be copied");
        }
        Process(Command::new(program).args(["-c", script]).spawn().expect("it can be started"))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn state(&self) -> String {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        stat.rsplit(") ").next().unwrap_or_default().chars().take(1).collect()
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for ever, and starts nothing that could be left behind.
const WAITS: &str = "trap 'exit 0' TERM; while :; do read -t 0.05 <> <(:) || :; done";
const STUBBORN: &str = "trap '' TERM; while :; do read -t 0.05 <> <(:) || :; done";

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
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    assert!(support::service::wait_until(deadline, || removed.exists()), "it is removed");
    let seen = reading(
        &sandbox,
        "disk",
        r#"
  check held = disk.removed_but_open()
  let ours = held | selectattr("name", "ms-holder")
  show "{{ ours[0].pid }} {{ ours[0].bytes }} {{ ours[0].path }}"
"#
        .replace("\"name\", \"ms-holder\"", "\"name\", \"==\", \"ms-holder\"")
        .as_str(),
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

/// The secret part of a webhook's address.
const KEY: &str = "T0K3N-of-the-webhook";

fn slack(server: &Server, body: &str) -> (Sandbox, Finished) {
    let sandbox = Sandbox::new().with_env("SLACK_WEBHOOK", server.url(&format!("/services/{KEY}")));
    let text = format!(
        "runbook \"Tell\"\nuse slack\nsecret webhook \"Webhook\" = env(\"SLACK_WEBHOOK\")\nresolve \"Tell\" {{\n{body}\n}}\n"
    );
    let file = sandbox.write("tell.runbook", &text).display().to_string();
    let finished = sandbox.run(["run", &file]);
    (sandbox, finished)
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_message_reaches_slack_as_text_and_the_webhook_stays_secret() {
    let server = Server::start(|_| Answer::text("ok"));
    let body = r#"
  run slack.message(webhook, "web1 said <!channel> & 'quit' \"now\"")
  run slack.message(webhook, "look", mention: "here")
"#;
    let (sandbox, finished) = slack(&server, body);
    let finished = finished.expect_code(0);
    let seen = server.seen();
    assert_eq!((&*seen[0].method, &*seen[0].path), ("POST", &*format!("/services/{KEY}")));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let sent: Vec<serde_json::Value> =
        seen.iter().map(|seen| serde_json::from_str(&seen.body).expect("JSON")).collect();
    assert_eq!(sent[0]["text"], "web1 said &lt;!channel&gt; &amp; 'quit' \"now\"");
    assert_eq!(sent[1]["text"], "<!here> look");
    assert!(!finished.stdout.contains(KEY) && !finished.stderr.contains(KEY), "{}", finished.stdout);
    assert_eq!(files_with(sandbox.home(), KEY), Vec::<String>::new());
}

#[test]
fn what_slack_refuses_fails_with_its_reason() {
    let server = Server::start(|_| Answer::Respond {
        status: 404,
        headers: Vec::new(),
        body: format!("no_service for {KEY}").into_bytes(),
    });
    let (sandbox, finished) = slack(&server, "  run slack.message(webhook, \"hello\")");
    let finished =
        finished.expect_code(3).expect_output("Slack did not take the message: 404 no_service for");
    assert!(!finished.stdout.contains(&format!("services/{KEY}")), "{}", finished.stdout);
    assert_eq!(files_with(sandbox.home(), &format!("services/{KEY}")), Vec::<String>::new());
}

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
