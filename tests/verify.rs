//! `mainstay verify`: whatever is done to a record is found and named; and records of earlier formats are read as long as
//! there is a program.
//!
//! `tests/journal/format-1` holds a run as the program that wrote format 1 left it: an approval from another terminal, a change, a
//! failure, what took the change back, and output in a file. It is never made again: a program that cannot read
//! it any more is wrong.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value as Json;
use support::sandbox::{Finished, Sandbox, in_checkout};

/// The run in the folder of its format.
const OLD: &str = "20261121-0816-twfe";

/// The hash in which it ends.
const HEAD: &str = "530cd75caa8f112f8e5372fc3ab63f12258e654dbd88e8b029f3217dbf16ffbb";

/// A copy of the kept run, in a state folder of its own.
struct Old(Sandbox);

impl Old {
    fn copy() -> Self {
        let sandbox = Sandbox::new();
        let to = sandbox.state().join("mainstay/runs").join(OLD);
        copy(&in_checkout("tests/journal/format-1").join(OLD), &to);
        Old(sandbox)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.state().join("mainstay/runs").join(OLD).join(name)
    }

    /// Does to the journal what its triggers forbid.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.file("journal.db")).expect("a database");
        connection
            .execute_batch(&format!("DROP TRIGGER journal_update; DROP TRIGGER journal_delete; {sql}"))
            .expect("the rows can be changed");
    }

    fn mainstay(&self, words: &[&str]) -> Finished {
        self.0.run(words.iter().copied())
    }

    /// What `verify --format json` finds.
    #[track_caller]
    fn findings(&self) -> Vec<Json> {
        let found = self.mainstay(&["verify", "last", "--format", "json"]);
        let found: Json = serde_json::from_str(&found.stdout).expect("JSON");
        let run = &found[0];
        let findings = run["findings"].as_array().expect("a list").clone();
        assert_eq!(run["intact"], Json::Bool(findings.is_empty()), "{run}");
        findings
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file can be copied");
        }
    }
}

/// Words of the text that are expected, each in its order.
#[track_caller]
fn expect_all(found: &Finished, words: &[&str]) {
    let mut rest = found.stdout.as_str();
    for word in words {
        let at = rest.find(word).unwrap_or_else(|| panic!("no `{word}` here:\n{}", found.stdout));
        rest = &rest[at + word.len()..];
    }
}

#[test]
fn a_run_of_format_1_is_read_in_all_ways() {
    let old = Old::copy();
    let runs = old.mainstay(&["runs"]).expect_code(0);
    expect_all(&runs, &[OLD, "rolled back", "The shop does not answer"]);
    let show = old.mainstay(&["show", OLD]).expect_code(0);
    expect_all(
        &show,
        &[
            "the log has 13000 lines",
            "Start the shop: failed",
            "yes of root (uid 0, oncall): Switch blue off? (because the shop is down anyway)",
            "done: $ touch blue.off (taken back)",
            "the command ended with exit status 3",
            "irreversible: a start cannot be taken back",
            HEAD,
            "57 rows",
        ],
    );
    assert_eq!(show.stderr, "");
    let timeline = old.mainstay(&["timeline", OLD]).expect_code(0);
    expect_all(&timeline, &["The shop does not answer", "the shop is down anyway", "#36", "undone"]);
    let verify = old.mainstay(&["verify", OLD]).expect_code(0);
    expect_all(&verify, &["intact", OLD, HEAD, "57 rows", "1 file compared", "it ends where the index says"]);
    let resume = old.mainstay(&["resume", OLD]).expect_code(2);
    assert!(resume.stderr.contains("has ended: rolled_back"), "{}", resume.stderr);
}

#[test]
fn a_journal_of_a_newer_format_is_refused_by_its_number() {
    let old = Old::copy();
    old.tamper("PRAGMA user_version = 77");
    let refusal = "was written by a newer version of mainstay (format 77, this program knows up to 1)";
    for command in ["show", "timeline", "resume"] {
        let refused = old.mainstay(&[command, OLD]).expect_code(1);
        assert!(refused.stderr.contains(refusal), "{command}: {}", refused.stderr);
        assert!(refused.stderr.contains("use that version, or a later one"), "{}", refused.stderr);
    }
    let findings = old.findings();
    assert!(findings[0]["text"].as_str().is_some_and(|text| text.contains(refusal)), "{findings:?}");
    expect_all(&old.mainstay(&["runs"]).expect_code(0), &[OLD, "damaged"]);
}

#[test]
fn what_was_done_to_a_row_is_named_with_its_step_and_its_command() {
    let renumber = "UPDATE journal SET seq = seq - 1 WHERE seq > 30";
    let room =
        "UPDATE journal SET seq = -seq - 1 WHERE seq > 29; UPDATE journal SET seq = -seq WHERE seq < 0;";
    let cases: [(&str, String, &str, u64, &str); 6] = [
        (
            "an answer is made another one",
            "UPDATE journal SET body = replace(body, '\"root\"', '\"dana\"') WHERE seq = 25".to_owned(),
            "changed",
            25,
            "yes, because the shop is down anyway",
        ),
        (
            "a command is made another one",
            "UPDATE journal SET body = replace(body, 'touch blue', 'touch green') WHERE seq = 29".to_owned(),
            "changed",
            29,
            "touch green.off",
        ),
        ("a row is taken out", "DELETE FROM journal WHERE seq = 30".to_owned(), "dropped", 30, "touch blue.off"),
        (
            "a row is taken out, and the others close up",
            format!("DELETE FROM journal WHERE seq = 30; {renumber}"),
            "dropped",
            30,
            "done",
        ),
        (
            "a row is put in",
            format!("{room} INSERT INTO journal SELECT 30, turn, class, kind, address, wall_us, run_ns, body, zeroblob(32) FROM journal WHERE seq = 29"),
            "inserted",
            30,
            "touch blue.off",
        ),
        (
            "two rows change places",
            "UPDATE journal SET seq = -seq WHERE seq IN (29, 31); UPDATE journal SET seq = 60 + seq WHERE seq < 0".to_owned(),
            "moved",
            29,
            "done",
        ),
    ];
    for (what, sql, word, row, says) in cases {
        let old = Old::copy();
        old.tamper(&sql);
        let findings = old.findings();
        let first = &findings[0];
        assert_eq!(
            (first["what"].as_str(), first["row"].as_u64()),
            (Some(word), Some(row)),
            "{what}: {findings:?}"
        );
        assert!(first["says"].as_str().is_some_and(|text| text.contains(says)), "{what}: {first}");
        if row > 26 {
            assert_eq!(first["step"], "Switch it off", "{what}: {first}");
        }
        let text = old.mainstay(&["verify", OLD]).expect_code(1);
        expect_all(&text, &["not as it was recorded", &format!("row {row}")]);
    }
}

#[test]
fn an_end_that_was_cut_off_shows_against_the_index_and_a_kept_hash() {
    let old = Old::copy();
    old.mainstay(&["runs"]).expect_code(0);
    old.tamper("DELETE FROM journal WHERE seq > 50");
    let findings = old.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["text"], "it ends at row 50, but had 57 rows when it ended, says the index");

    // A look at the list does not make it true.
    old.mainstay(&["runs"]).expect_code(0).expect_output("damaged");
    assert_eq!(old.findings().len(), 1);

    fs::remove_file(old.0.state().join("mainstay/index.db")).expect("there is an index");
    assert!(old.findings().is_empty(), "a chain does not show that its end is gone");
    let text = old.mainstay(&["verify", OLD, "--head", HEAD]).expect_code(1);
    expect_all(&text, &["no row has the hash that was kept", HEAD]);
}

#[test]
fn an_earlier_hash_is_found_at_its_row() {
    let old = Old::copy();
    let connection = Connection::open(old.file("journal.db")).expect("a database");
    let hash: String = connection
        .query_row("SELECT lower(hex(hash)) FROM journal WHERE seq = 23", [], |row| row.get(0))
        .expect("a row");
    let text = old.mainstay(&["verify", OLD, "--head", &hash]).expect_code(0);
    expect_all(&text, &["intact", "that of row 23; 34 rows were added since"]);
    let text = old.mainstay(&["verify", OLD, "--head", &HEAD.to_uppercase()]).expect_code(0);
    expect_all(&text, &["intact", "it ends in the hash that was kept"]);
    let refused = old.mainstay(&["verify", OLD, "--head", "530cd75c"]).expect_code(2);
    assert!(refused.stderr.contains("`530cd75c` is no hash of a record"), "{}", refused.stderr);
}

#[test]
fn files_that_differ_are_missing_or_were_put_there_are_named() {
    let cases: [(&str, Spoil, &str, &str, &str); 6] = [
        ("changed", |old| flip(&old.file("out/2.stdout")), "differs", "out/2.stdout", "other bytes"),
        (
            "cut",
            |old| fs::write(old.file("out/2.stdout"), "1\n").unwrap(),
            "differs",
            "out/2.stdout",
            "holds 2 bytes",
        ),
        (
            "gone",
            |old| fs::remove_file(old.file("out/2.stdout")).unwrap(),
            "missing",
            "out/2.stdout",
            "not there",
        ),
        (
            "new",
            |old| fs::write(old.file("out/9.stdout"), "").unwrap(),
            "unrecorded",
            "out/9.stdout",
            "by no row",
        ),
        ("a link", link, "unread", "out/2.stdout", "cannot be read"),
        (
            "another runbook",
            |old| {
                let text = fs::read_to_string(old.file("sources.json")).unwrap();
                fs::write(old.file("sources.json"), text.replace("oncall", "anybody")).unwrap();
            },
            "differs",
            "sources.json",
            "another text of shop.runbook",
        ),
    ];
    for (name, spoil, what, file, text) in cases {
        let old = Old::copy();
        spoil(&old);
        let findings = old.findings();
        assert_eq!(findings.len(), 1, "{name}: {findings:?}");
        assert_eq!(
            (findings[0]["what"].as_str(), findings[0]["file"].as_str()),
            (Some(what), Some(file)),
            "{name}"
        );
        assert!(
            findings[0]["text"].as_str().is_some_and(|found| found.contains(text)),
            "{name}: {findings:?}"
        );
        if name == "changed" {
            assert_eq!(findings[0]["row"], 15);
            assert_eq!(findings[0]["says"], "the end of: seq 13000");
            let text = old.mainstay(&["verify", OLD]).expect_code(1);
            expect_all(&text, &["out/2.stdout", "other bytes", "row 15", "seq 13000", "What it says"]);
        }
    }
}

/// Does something to the kept run's folder.
type Spoil = fn(&Old);

fn flip(file: &Path) {
    let mut bytes = fs::read(file).expect("a file");
    bytes[40_000] ^= 1;
    fs::write(file, bytes).expect("a file");
}

fn link(old: &Old) {
    let file = old.file("out/2.stdout");
    fs::rename(&file, old.0.home().join("elsewhere")).expect("a file");
    std::os::unix::fs::symlink(old.0.home().join("elsewhere"), file).expect("a link");
}

#[test]
fn a_run_prints_the_hash_in_which_it_ends_and_all_runs_are_verified_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.runbook",
        "runbook \"Nothing much\"\n\nresolve \"Do it\" {\n  run $ seq 20000\n    leave \"nothing\"\n}\n",
    );
    let plain = sandbox.run(["run", "a.runbook"]).expect_code(0);
    let hash =
        plain.stdout.lines().find_map(|line| line.trim().strip_prefix("record")).expect("a line").trim();
    sandbox
        .run(["verify", "last", "--head", hash])
        .expect_code(0)
        .expect_output("it ends in the hash that was kept");
    let json = sandbox.run(["run", "a.runbook", "--format", "json"]).expect_code(0).json_lines();
    let head = &json.last().expect("lines")["head"];
    let kept = head["hash"].as_str().expect("a hash");
    let screen = sandbox.at_terminal(["run", "a.runbook"]).finish().expect_code(0);
    assert!(screen.stdout.contains("  record        "), "{}", screen.stdout);
    let all = sandbox.run(["verify", "--all", "--format", "json"]).expect_code(0);
    let all: Json = serde_json::from_str(&all.stdout).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    assert!(
        all.as_array().unwrap().iter().any(|run| run["head"]["hash"] == kept && run["files"] == 1),
        "{all}"
    );
    sandbox.run(["verify", "--all"]).expect_code(0).expect_output("3 runs, 0 not as recorded");
}

/// Makes a key, and a file that allows it for this name.
fn key(old: &Old, name: &str) {
    let home = old.0.home();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name])
        .current_dir(home)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "openssh-client is needed");
    let public = fs::read_to_string(home.join(format!("{name}.pub"))).expect("a public key");
    old.0.write(&format!("{name}.signers"), &format!("{name}@example.org {public}"));
}

#[test]
fn a_signature_holds_for_what_was_signed_and_for_those_who_may() {
    let old = Old::copy();
    key(&old, "ann");
    key(&old, "bob");
    let unsigned = old.mainstay(&["verify", OLD, "--allowed-signers", "ann.signers"]).expect_code(1);
    expect_all(
        &unsigned,
        &["as it was recorded, but not signed", "nobody has signed it; `mainstay sign` does"],
    );
    assert!(!unsigned.stdout.contains("not as it was"), "{}", unsigned.stdout);
    let signed = old.mainstay(&["sign", OLD, "--key", "ann"]).expect_code(0);
    expect_all(&signed, &["mainstay head 1", OLD, "rows 57", HEAD, "outcome rolled_back", "57-ann.sig"]);
    let verified = old.mainstay(&["verify", OLD, "--allowed-signers", "ann.signers"]).expect_code(0);
    expect_all(&verified, &["intact", "signed by ann@example.org: the whole record, rolled_back"]);
    let other = old.mainstay(&["verify", OLD, "--allowed-signers", "bob.signers"]).expect_code(1);
    expect_all(&other, &["57-ann.sig", "does not hold", "no allowed signer has signed it"]);
    expect_all(&other, &["not as it was recorded"]);
    old.mainstay(&["verify", OLD]).expect_code(0).expect_output("`--allowed-signers` verifies it");
    let again = old.mainstay(&["sign", OLD, "--key", "ann"]).expect_code(1);
    assert!(again.stderr.contains("has signed this already"), "{}", again.stderr);

    // By ssh-keygen alone.
    let text = fs::File::open(old.file("signatures/57-ann")).expect("the text");
    let alone = std::process::Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", "mainstay", "-I", "ann@example.org", "-f"])
        .arg(old.0.home().join("ann.signers"))
        .arg("-s")
        .arg(old.file("signatures/57-ann.sig"))
        .stdin(text)
        .output()
        .expect("ssh-keygen");
    assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stderr));

    // The run goes on: it was taken back later.
    let state = mainstay::journal::StateDir::existing(old.0.state().join("mainstay"));
    let records = mainstay::journal::Reader::open(&state, OLD).unwrap().read().unwrap();
    let mut journal = mainstay::journal::RunJournal::open(&state, OLD).unwrap();
    mainstay::world::Store::append(&mut journal, &records[56..], true).unwrap();
    journal.close().unwrap();
    let later = old.mainstay(&["verify", OLD, "--allowed-signers", "ann.signers"]).expect_code(0);
    expect_all(&later, &["signed by ann@example.org: rows 1 to 57, rolled_back; 1 rows were added since"]);

    // The text is made another one, with the hash of another record.
    let text = fs::read_to_string(old.file("signatures/57-ann")).expect("the text");
    fs::write(old.file("signatures/57-ann"), text.replace("rolled_back", "resolved")).expect("the text");
    let forged = old.mainstay(&["verify", OLD, "--allowed-signers", "ann.signers"]).expect_code(1);
    expect_all(&forged, &["57-ann.sig", "does not hold"]);
    fs::write(old.file("signatures/57-ann"), text.replace(HEAD, &"0".repeat(64))).expect("the text");
    let forged = old.mainstay(&["verify", OLD, "--allowed-signers", "ann.signers"]).expect_code(1);
    expect_all(&forged, &["57-ann.sig", "row 57 has another hash than was kept"]);
}

#[test]
fn what_is_not_as_it_was_written_is_not_signed_and_keys_that_are_none_are_refused() {
    let old = Old::copy();
    key(&old, "ann");
    let refused = old.mainstay(&["sign", OLD, "--key", "nobody"]).expect_code(1);
    assert!(refused.stderr.contains("`ssh-keygen` refuses"), "{}", refused.stderr);
    assert_eq!(fs::read_dir(old.file("signatures")).map_or(0, Iterator::count), 0);
    old.tamper("UPDATE journal SET wall_us = wall_us + 1 WHERE seq = 5");
    let refused = old.mainstay(&["sign", OLD, "--key", "ann"]).expect_code(1);
    assert!(refused.stderr.contains("it is not signed"), "{}", refused.stderr);
}
