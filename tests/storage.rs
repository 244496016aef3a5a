//! Trouble with the disk, for real: full, read-only, locked by another process, damaged. The run stops before its next
//! effect, what is recorded can be read, and it goes on once the trouble is over.
//!
//! A full disk is a small file system in memory, mounted where nobody else sees it. That needs root; a test says so where it
//! has it not, and fails then only where `CI` is set.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use support::sandbox::{PATIENCE, Sandbox, program};
use support::service::wait_until;
use support::users;

/// Two changes, each a line in a file outside; between them it says that it waits, and waits for a file that a test
/// makes: whoever sees `waiting` knows that the record tells the end of the first.
const RUNBOOK: &str = r#"
runbook "Two changes"

resolve "Both" {
  step "First" {
    run $ echo first >> done
      leave "a line"
  }
  step "Wait" timeout 2m {
    run $ echo > waiting; until [ -e go ]; do sleep 0.02; done
      leave "nothing"
  }
  step "Second" {
    run $ echo second >> done
      leave "a line"
  }
}
"#;

/// What each script of a test begins with: `try NAME WORDS…` keeps what the program says under that name.
const PRELUDE: &str = r#"
set -u
mount --make-rprivate /
try() { name=$1; shift; "$MAINSTAY" "$@" > "$name.out" 2> "$name.err"; echo $? > "$name.code"; }
until_there() { for _ in $(seq 3000); do [ -e "$1" ] && return; sleep 0.02; done; echo "no $1" >&2; exit 1; }
"#;

/// A place in which a script as root mounts what it likes.
struct Place(Sandbox);

impl Place {
    /// Returns what the script left; `None` where it cannot be tried.
    fn after(script: &str) -> Option<Place> {
        if !users::is_root() {
            assert!(std::env::var_os("CI").is_none(), "needs root to mount: run tests/run as root");
            eprintln!(
                "not tried: mounting needs root; `sudo --preserve-env=PATH,HOME tests/run storage` tries it"
            );
            return None;
        }
        let sandbox = Sandbox::new().with_env("MAINSTAY", program());
        sandbox.write("two.runbook", RUNBOOK);
        fs::create_dir_all(sandbox.state()).expect("a folder can be made");
        let output = Command::new("timeout")
            .args([
                "--kill-after=5",
                "120",
                "unshare",
                "--mount",
                "bash",
                "-c",
                &format!("{PRELUDE}{script}"),
            ])
            .env_clear()
            .envs(sandbox.environment())
            .env("STATE", sandbox.state())
            .current_dir(sandbox.home())
            .stdin(Stdio::null())
            .output()
            .expect("unshare can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", output.status);
        Some(Place(sandbox))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.home().join(name)).unwrap_or_default()
    }

    /// Asserts how a command of the script ended, and that it said all of this.
    #[track_caller]
    fn expect(&self, name: &str, code: u8, words: &[&str]) {
        let (out, err) = (self.read(&format!("{name}.out")), self.read(&format!("{name}.err")));
        let said = format!("--- stdout\n{out}\n--- stderr\n{err}");
        assert_eq!(self.read(&format!("{name}.code")).trim(), code.to_string(), "{name}: {said}");
        for word in words {
            assert!(said.contains(word), "{name}: no `{word}`\n{said}");
        }
    }
}

#[test]
fn a_full_disk_stops_the_run_before_its_next_effect_and_it_goes_on_once_there_is_room() {
    let script = r#"
mount -t tmpfs -o size=2m tmpfs "$STATE"
try run run two.runbook & run=$!
until_there waiting
dd if=/dev/zero of="$STATE/ballast" bs=1k 2> dd.err
touch go
wait $run
cp done done.full
run_id=$(ls "$STATE/mainstay/runs")
try show show last
try runs runs
try verify verify last
try again run two.runbook
try early resume $run_id
cp done done.early
rm "$STATE/ballast"
ls "$STATE/mainstay/runs" > left
try resume resume last
try after verify last
"#;
    let Some(place) = Place::after(script) else { return };
    place.expect(
        "run",
        1,
        &["the run was stopped where it stood", "is full", "free some space", "mainstay resume"],
    );
    assert_eq!(place.read("done.full"), "first\n");
    place.expect("show", 0, &["Two changes", "done: $ echo first >> done"]);
    place.expect("runs", 0, &["Two changes"]);
    place.expect("verify", 0, &["intact"]);
    place.expect("again", 1, &["is full", "free some space"]);
    place.expect("early", 1, &["is full"]);
    assert_eq!(place.read("done.early"), "first\n");
    assert_eq!(place.read("left").lines().count(), 1, "nothing is left of a run that never began");
    place.expect("resume", 0, &["resolved"]);
    assert_eq!(place.read("done"), "first\nsecond\n");
    place.expect("after", 0, &["intact"]);
}

#[test]
fn a_disk_without_room_for_output_or_answers_or_the_list_stops_no_run() {
    let script = r#"
cat > long.runbook <<'END'
runbook "Long output"

resolve "Print" {
  approve "Print?" by oncall within 5m on silence abort
  run $ seq 200000
    leave "numbers"
  run $ echo printed >> done
    leave "a line"
}
END
try run run long.runbook & run=$!
inbox() { echo "$STATE"/mainstay/runs/*/inbox; }
until_there "$STATE/mainstay/runs"
for _ in $(seq 3000); do "$MAINSTAY" waiting 2> /dev/null | grep -q Print && break; sleep 0.02; done
mount -t tmpfs -o size=4k tmpfs "$(inbox)"
head -c 4096 /dev/zero > "$(inbox)/.ballast"
try full approve --yes last
ls "$(inbox)" > inbox.left
umount "$(inbox)"
out=$(dirname "$(inbox)")/out
mkdir -m 700 "$out"
mount -t tmpfs -o size=256k tmpfs "$out"
mkdir "$STATE/mainstay/index.db"
try approve approve --yes last
wait $run
try verify verify last
try timeline timeline last
try runs runs
"#;
    let Some(place) = Place::after(script) else { return };
    place.expect("full", 1, &["is full", "nothing was put into the inbox"]);
    assert_eq!(place.read("inbox.left"), "");
    place.expect("approve", 0, &[]);
    place.expect("run", 0, &["resolved", "of its output the first", "No space left on device"]);
    assert_eq!(place.read("done"), "printed\n");
    place.expect(
        "verify",
        0,
        &["intact", "1 file compared", "holds the beginning only", "No space left on device"],
    );
    place.expect("timeline", 0, &["No space left on device"]);
    place.expect("runs", 0, &["Long output", "resolved"]);
}

#[test]
fn a_disk_that_can_only_be_read_refuses_runs_and_shows_what_is_there() {
    let script = r#"
cat > asks.runbook <<'END'
runbook "Ask first"

resolve "Both" {
  run $ echo first >> done
    leave "a line"
  approve "Go on?" by oncall within 5m on silence abort
  run $ echo second >> done
    leave "a line"
}
END
mount -t tmpfs -o size=8m tmpfs "$STATE"
"$MAINSTAY" run asks.runbook > left.out 2> left.err & run=$!
for _ in $(seq 3000); do "$MAINSTAY" waiting 2> /dev/null | grep -q "Go on" && break; sleep 0.02; done
kill -HUP $run; wait $run; echo $? > left.code
for _ in $(seq 500); do mount -o remount,ro "$STATE" 2> remount.err && break; sleep 0.02; done
try run run two.runbook
try resume resume last
try approve approve --yes last
try show show last
try runs runs
try verify verify --all
mount -o remount,rw "$STATE"
try yes approve --yes last
try again resume last
"#;
    let Some(place) = Place::after(script) else { return };
    place.expect("left", 7, &["mainstay resume"]);
    place.expect("run", 1, &["read-only", "set MAINSTAY_STATE"]);
    place.expect("resume", 1, &["read-only"]);
    place.expect("approve", 1, &["read-only", "nothing was put into the inbox"]);
    place.expect("show", 0, &["Ask first", "echo first", "Go on?"]);
    place.expect("runs", 0, &["Ask first"]);
    place.expect("verify", 0, &["intact"]);
    place.expect("again", 0, &["resolved"]);
    assert_eq!(place.read("done"), "first\nsecond\n");
}

/// Returns the journal of the one run in a sandbox.
fn journal(sandbox: &Sandbox) -> PathBuf {
    let runs = sandbox.state().join("mainstay/runs");
    let run = fs::read_dir(runs).expect("runs").next().expect("a run").expect("an entry");
    run.path().join("journal.db")
}

fn wait_for(file: &Path) {
    let there = wait_until(std::time::Instant::now() + PATIENCE, || file.exists());
    assert!(there, "no {}", file.display());
}

#[test]
fn a_journal_that_another_process_locks_stops_the_run_until_it_is_free() {
    let sandbox = Sandbox::new();
    sandbox.write("two.runbook", RUNBOOK);
    let running = sandbox.start(["run", "two.runbook"]);
    wait_for(&sandbox.home().join("waiting"));
    let other = Connection::open(journal(&sandbox)).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("it can be locked");
    sandbox.write("go", "");
    let stopped = running.finish().expect_code(1);
    assert!(stopped.stderr.contains("is locked by another program"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("names the program"), "{}", stopped.stderr);
    sandbox.run(["show", "last"]).expect_code(0).expect_output("done: $ echo first >> done");
    other.execute_batch("ROLLBACK").expect("it can be given free");
    drop(other);
    sandbox.run(["resume", "last"]).expect_code(0).expect_output("resolved");
    let done = fs::read_to_string(sandbox.home().join("done")).expect("a file");
    assert_eq!(done, "first\nsecond\n");
}

#[test]
fn a_journal_whose_bytes_flipped_is_shown_as_far_as_it_goes_and_not_gone_on_with() {
    let sandbox = Sandbox::new();
    sandbox.write("two.runbook", RUNBOOK);
    sandbox.write("go", "");
    sandbox.run(["run", "two.runbook"]).expect_code(0);
    let path = journal(&sandbox);
    // What is in the log would mend it.
    let connection = Connection::open(&path).expect("a database");
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("the log can be folded in");
    drop(connection);
    let mut bytes = fs::read(&path).expect("a file");
    let at = bytes.windows(12).rposition(|window| window == b"step_ended\",").expect("a record");
    bytes[at] ^= 0x20;
    fs::write(&path, bytes).expect("a file");
    let shown = sandbox.run(["show", "last"]).expect_code(0).expect_output("Two changes");
    assert!(shown.stderr.contains("is damaged: row "), "{}", shown.stderr);
    sandbox.run(["verify", "last"]).expect_code(1).expect_output("is not what was written");
    let resumed = sandbox.run(["resume", "last"]);
    assert_ne!(resumed.code, Some(0));
    assert!(resumed.stderr.contains("is damaged"), "{}", resumed.stderr);
}
