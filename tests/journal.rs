//! The journal: what is appended comes back, tampering shows, and every trouble with the disk has its own words.

#[path = "records/generated.rs"]
mod generated;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mainstay::event::{Address, Body, Class, Fact, Moment, Outcome, Record};
use mainstay::journal::{
    Counts, Head, Index, JournalError, Listing, Reader, RunJournal, RunLock, StateDir, new_run_id,
};
use mainstay::value::{Secret, Value};
use mainstay::world::Store as _;
use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

const RUN: &str = "20261121-0142-k7f3";

fn state() -> (TempDir, StateDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::create(folder.path().join("state")).unwrap();
    (folder, state)
}

fn finding(text: &str) -> Record {
    Record {
        class: Class::Fact,
        address: Address("s1".into()),
        at: Moment { run_ns: 7, wall_us: 1_795_000_000_000_000 },
        body: Body::Fact(Fact::Finding { text: text.to_owned() }),
    }
}

/// A finished journal of one finding a row.
fn journal_of(state: &StateDir, rows: usize) -> Head {
    let mut journal = RunJournal::create(state, RUN).unwrap();
    for row in 1..=rows {
        journal.append(&[finding(&format!("number {row}"))], true).unwrap();
    }
    journal.close().unwrap()
}

/// Does to the database what its triggers forbid.
fn tamper(state: &StateDir, sql: &str) {
    let connection = Connection::open(state.run_dir(RUN).join("journal.db")).unwrap();
    connection
        .execute_batch(&format!("DROP TRIGGER journal_update; DROP TRIGGER journal_delete; {sql}"))
        .unwrap();
}

#[track_caller]
fn corrupt(result: Result<Head, JournalError>) -> String {
    match result {
        Err(JournalError::Corrupt { why, .. }) => why,
        other => panic!("not found to be corrupt: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_appended_comes_back(turns in vec((vec(generated::record(), 0..6), any::<bool>()), 0..8)) {
        let (_folder, state) = state();
        let mut journal = RunJournal::create(&state, RUN).unwrap();
        let mut expected = Vec::new();
        for (records, durable) in &turns {
            journal.append(records, *durable).unwrap();
            expected.extend_from_slice(records);
        }
        let together: Vec<_> = turns.iter().map(|(records, _)| records.clone()).collect();
        journal.append_turns(&together, true).unwrap();
        expected.extend(together.into_iter().flatten());
        prop_assert_eq!(&journal.read().unwrap(), &expected);
        let head = journal.close().unwrap();
        let reader = Reader::open(&state, RUN).unwrap();
        prop_assert_eq!(reader.read().unwrap(), expected);
        prop_assert_eq!(reader.verify_chain().unwrap(), head);
    }

    #[test]
    fn a_changed_byte_of_a_body_shows(row in 1_i64..6, at in any::<prop::sample::Index>()) {
        let (_folder, state) = state();
        journal_of(&state, 5);
        let connection = Connection::open(state.run_dir(RUN).join("journal.db")).unwrap();
        let body: String = connection
            .query_row("SELECT body FROM journal WHERE seq = ?1", [row], |r| r.get(0)).unwrap();
        let mut bytes = body.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        let changed = String::from_utf8(bytes).unwrap();
        connection.execute_batch("DROP TRIGGER journal_update").unwrap();
        connection.execute("UPDATE journal SET body = ?1 WHERE seq = ?2", rusqlite::params![changed, row]).unwrap();
        drop(connection);
        let why = corrupt(Reader::open(&state, RUN).unwrap().verify_chain());
        prop_assert_eq!(why, format!("row {row} is not what was written"));
    }
}

#[test]
fn every_column_is_under_the_chain() {
    for change in [
        "turn = turn + 1",
        "class = 'trace'",
        "kind = 'read'",
        "address = 's2'",
        "wall_us = wall_us + 1",
        "run_ns = run_ns - 1",
        "hash = zeroblob(32)",
    ] {
        let (_folder, state) = state();
        journal_of(&state, 4);
        tamper(&state, &format!("UPDATE journal SET {change} WHERE seq = 2"));
        let why = corrupt(Reader::open(&state, RUN).unwrap().verify_chain());
        assert_eq!(why, "row 2 is not what was written", "{change}");
    }
}

#[test]
fn dropped_inserted_and_reordered_rows_show() {
    let renumber = "UPDATE journal SET seq = seq - 1 WHERE seq > 2";
    let swap = "UPDATE journal SET seq = -seq WHERE seq IN (2, 3);
                UPDATE journal SET seq = 5 + seq WHERE seq < 0";
    let push = "UPDATE journal SET seq = -seq - 1 WHERE seq > 2; UPDATE journal SET seq = -seq WHERE seq < 0;
                INSERT INTO journal SELECT 3, turn, class, kind, address, wall_us, run_ns, body, hash
                FROM journal WHERE seq = 2";
    for (sql, expected) in [
        ("DELETE FROM journal WHERE seq = 1".to_owned(), "row 1 is missing"),
        ("DELETE FROM journal WHERE seq = 2".to_owned(), "row 2 is missing"),
        (format!("DELETE FROM journal WHERE seq = 2; {renumber}"), "row 2 is not what was written"),
        (swap.to_owned(), "row 2 is not what was written"),
        (push.to_owned(), "row 3 is not what was written"),
    ] {
        let (_folder, state) = state();
        journal_of(&state, 4);
        tamper(&state, &sql);
        let why = corrupt(Reader::open(&state, RUN).unwrap().verify_chain());
        assert_eq!(why, expected, "{sql}");
    }
}

#[test]
fn an_end_that_was_cut_off_shows_against_what_was_kept() {
    let (_folder, state) = state();
    let head = journal_of(&state, 4);
    tamper(&state, "DELETE FROM journal WHERE seq = 4");
    let reader = Reader::open(&state, RUN).unwrap();
    assert_eq!(reader.verify_chain().unwrap().seq, 3);
    let why = corrupt(reader.verify_against(&head));
    assert_eq!(why, "it ends at row 3, but had 4 rows");
}

#[test]
fn rows_cannot_be_changed_by_accident() {
    let (_folder, state) = state();
    journal_of(&state, 1);
    let connection = Connection::open(state.run_dir(RUN).join("journal.db")).unwrap();
    for sql in ["UPDATE journal SET turn = 9", "DELETE FROM journal"] {
        let error = connection.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains("only appended to"), "{error}");
    }
}

#[test]
fn what_is_behind_a_damaged_row_can_still_be_read() {
    let (_folder, state) = state();
    journal_of(&state, 4);
    tamper(&state, "UPDATE journal SET body = '{' WHERE seq = 2");
    let reader = Reader::open(&state, RUN).unwrap();
    assert!(reader.read().is_err());
    let found = reader.salvage();
    let seqs: Vec<u64> = found.records.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, [1, 3, 4]);
    assert!(matches!(found.damage, Some(JournalError::Corrupt { .. })));
}

#[test]
fn a_turn_that_may_wait_is_seen_at_once_and_survives_its_process() {
    let (_folder, state) = state();
    let mut journal = RunJournal::create(&state, RUN).unwrap();
    journal.append(&[finding("one")], false).unwrap();
    journal.append(&[finding("two")], false).unwrap();
    let reader = Reader::open(&state, RUN).unwrap();
    assert_eq!(reader.read().unwrap().len(), 2);
    // As after `kill -9`: nothing of this process acts any more.
    std::mem::forget(journal);
    assert_eq!(Reader::open(&state, RUN).unwrap().read().unwrap(), [finding("one"), finding("two")]);
}

#[test]
fn an_opened_journal_goes_on_where_it_stood() {
    let (_folder, state) = state();
    journal_of(&state, 2);
    let mut journal = RunJournal::open(&state, RUN).unwrap();
    journal.append(&[finding("more"), finding("and more")], true).unwrap();
    let head = journal.close().unwrap();
    assert_eq!(head.seq, 4);
    assert_eq!(Reader::open(&state, RUN).unwrap().verify_chain().unwrap(), head);
}

#[test]
fn a_secret_is_stored_by_its_name() {
    let (_folder, state) = state();
    let mut journal = RunJournal::create(&state, RUN).unwrap();
    let shown = Record {
        body: Body::Fact(Fact::Shown {
            name: "db".to_owned(),
            value: Value::Secret(Secret::new("db", "correct-horse")),
        }),
        ..finding("")
    };
    journal.append(&[shown], true).unwrap();
    journal.close().unwrap();
    for entry in fs::read_dir(state.run_dir(RUN)).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|w| w == b"correct-horse"));
    }
}

#[test]
fn a_second_executor_is_told_who_has_the_run() {
    let (_folder, state) = state();
    let journal = RunJournal::create(&state, RUN).unwrap();
    let error = RunJournal::open(&state, RUN).unwrap_err().to_string();
    let pid = std::process::id();
    assert!(error.starts_with(&format!("run `{RUN}` is being executed by process {pid} on ")), "{error}");
    assert_eq!(RunLock::holder(&state.run_dir(RUN)).unwrap().unwrap().pid, pid);
    journal.close().unwrap();
    assert_eq!(RunLock::holder(&state.run_dir(RUN)).unwrap(), None);
    RunJournal::open(&state, RUN).unwrap();
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let (_folder, state) = state();
    journal_of(&state, 1);
    tamper(&state, "PRAGMA user_version = 77");
    for error in [Reader::open(&state, RUN).unwrap_err(), RunJournal::open(&state, RUN).unwrap_err()] {
        assert!(
            error.to_string().ends_with(
                "was written by a newer version of mainstay (format 77, this program knows up to 1)"
            ),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_is_no_journal_is_called_so() {
    let (_folder, state) = state();
    let folder = state.create_run_dir(RUN).unwrap();
    let path = folder.join("journal.db");
    for bytes in [&b"hello, this is not a database at all; far too short"[..], &[7; 9000], b""] {
        fs::write(&path, bytes).unwrap();
        let error = Reader::open(&state, RUN).unwrap_err();
        assert!(error.to_string().ends_with("is damaged: it is not a journal"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(Reader::open(&state, RUN), Err(JournalError::Missing(_))));
}

#[test]
fn torn_pages_lose_no_more_than_they_held() {
    let (_folder, state) = state();
    journal_of(&state, 400);
    let path = state.run_dir(RUN).join("journal.db");
    let mut bytes = fs::read(&path).unwrap();
    let torn = bytes.len() / 4096 - 3;
    bytes[torn * 4096..(torn + 1) * 4096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let found = Reader::open(&state, RUN).unwrap().salvage();
    assert!(found.records.len() > 100, "{} rows", found.records.len());
    assert!(matches!(found.damage, Some(JournalError::Corrupt { .. })));
}

#[test]
fn folders_are_for_their_owner_alone() {
    let (_folder, state) = state();
    journal_of(&state, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(state.root()), 0o700);
    assert_eq!(mode(&state.run_dir(RUN)), 0o700);
    assert_eq!(mode(&state.run_dir(RUN).join("journal.db")), 0o600);
    fs::set_permissions(state.root(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(StateDir::create(state.root()), Err(JournalError::Exposed(_))));
}

#[test]
fn a_state_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = StateDir::create(folder.path().join("file/state")).unwrap_err();
    assert!(error.to_string().contains("file/state"), "{error}");
    let error = StateDir::create("/proc/mainstay").unwrap_err();
    assert!(error.to_string().contains("/proc/mainstay"), "{error}");
}

#[test]
fn ids_are_sortable_and_typeable() {
    let at = "2026-11-21T01:42:59Z".parse().unwrap();
    let (one, two) = (new_run_id(at), new_run_id(at));
    assert!(one.starts_with("20261121-0142-"), "{one}");
    assert_eq!(one.len(), RUN.len());
    assert_ne!(one, two);
}

#[test]
fn a_run_is_found_by_its_beginning_its_end_and_the_word_last() {
    let (_folder, state) = state();
    for run in ["20261120-2300-aaaa", "20261121-0142-k7f3", "20261121-0143-m2x9"] {
        state.create_run_dir(run).unwrap();
    }
    assert_eq!(state.find("20261121-0142-k7f3").unwrap(), RUN);
    assert_eq!(state.find("k7f3").unwrap(), RUN);
    assert_eq!(state.find("20261120").unwrap(), "20261120-2300-aaaa");
    assert_eq!(state.find("last").unwrap(), "20261121-0143-m2x9");

    let ambiguous = state.find("20261121").unwrap_err();
    assert_eq!(
        ambiguous.to_string(),
        "`20261121` stands for more than one run: 20261121-0142-k7f3, 20261121-0143-m2x9"
    );
    for slip in ["k7f4", "20261121-0142-k7f4"] {
        let unknown = state.find(slip).unwrap_err();
        assert_eq!(unknown.to_string(), format!("there is no run `{slip}`"));
        assert_eq!(unknown.help().unwrap(), "did you mean `20261121-0142-k7f3`?");
    }
    let other = state.find("yesterday").unwrap_err();
    assert_eq!(other.help().unwrap(), "`mainstay runs` lists the runs of this machine");
    let empty = StateDir::existing("/nowhere").find("last").unwrap_err();
    assert!(empty.help().unwrap().starts_with("nothing has been run yet"));
}

fn listing(run: &str, opened_us: i64) -> Listing {
    Listing {
        run: run.to_owned(),
        title: "Disk full".to_owned(),
        file: "disk.runbook".to_owned(),
        user: "dana".to_owned(),
        host: "ops-1".to_owned(),
        game_day: None,
        plan: None,
        opened_us,
        ended_us: None,
        outcome: Some(Outcome::Resolved),
        left: false,
        waiting: String::new(),
        counts: Counts::default(),
        head: Head::default(),
    }
}

#[test]
fn the_index_lists_the_newest_first_and_is_made_again_when_it_is_damaged() {
    let (_folder, state) = state();
    let mut index = Index::open(&state).unwrap();
    for (run, at) in [("a", 10), ("b", 30), ("c", 20)] {
        index.record(&listing(run, at), None, None).unwrap();
    }
    index.record(&listing("c", 40), None, None).unwrap();
    let runs = |index: &Index| -> Vec<String> { index.list().unwrap().into_iter().map(|l| l.run).collect() };
    assert_eq!(runs(&index), ["c", "b", "a"]);
    let glance = index.glance().unwrap();
    let seen: Vec<(&str, i64, bool)> = glance.iter().map(|g| (&*g.run, g.opened_us, g.over)).collect();
    assert_eq!(seen, [("a", 10, true), ("b", 30, true), ("c", 40, true)]);
    assert!(index.open_runs().unwrap().is_empty());
    index.record(&Listing { outcome: None, ..listing("d", 5) }, None, None).unwrap();
    assert_eq!(index.open_runs().unwrap().len(), 1);
    index.forget("d").unwrap();
    assert_eq!(index.get("b").unwrap(), Some(listing("b", 30)));
    assert_eq!(index.get("z").unwrap(), None);
    drop(index);
    // The log could mend what is in it.
    fs::remove_file(state.root().join("index.db-wal")).unwrap();
    fs::write(state.root().join("index.db"), [9; 5000]).unwrap();
    let mut index = Index::open(&state).unwrap();
    assert!(runs(&index).is_empty());
    index.record(&listing("a", 10), None, None).unwrap();
    assert_eq!(runs(&index), ["a"]);
}

/// What an audit says, a line for each row.
fn audited(state: &StateDir) -> Vec<String> {
    let audit = Reader::open(state, RUN).unwrap().audit();
    audit.faults.iter().map(|fault| format!("{} {} {}", fault.seq, fault.wrong.word(), fault.wrong)).collect()
}

#[test]
fn an_audit_tells_changed_dropped_inserted_and_moved_rows_apart() {
    let renumber = "UPDATE journal SET seq = seq - 2 WHERE seq > 4";
    let make_room =
        "UPDATE journal SET seq = -seq - 1 WHERE seq > 2; UPDATE journal SET seq = -seq WHERE seq < 0;";
    let forged = "INSERT INTO journal VALUES (3, 3, 'fact', 'finding', 's1', 1, 7, '{\"fact\":\"finding\",\"text\":\"x\"}', zeroblob(32))";
    let swap = "UPDATE journal SET seq = -seq WHERE seq IN (2, 5);
                UPDATE journal SET seq = 7 + seq WHERE seq < 0";
    let cases: [(&str, String, &[&str]); 9] = [
        ("nothing", "SELECT 1".to_owned(), &[]),
        (
            "changed",
            "UPDATE journal SET body = replace(body, 'number', 'numbing') WHERE seq = 3".to_owned(),
            &["3 changed is not what was written"],
        ),
        (
            "forged hash",
            "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3".to_owned(),
            &["3 changed is not what was written", "4 changed is not what was written"],
        ),
        ("dropped", "DELETE FROM journal WHERE seq = 3".to_owned(), &["3 dropped not there"]),
        (
            "several dropped",
            "DELETE FROM journal WHERE seq IN (1, 2, 5)".to_owned(),
            &["1 dropped not there", "5 dropped not there"],
        ),
        (
            "dropped and numbered anew",
            format!("DELETE FROM journal WHERE seq IN (3, 4); {renumber}"),
            &["3 dropped took the number of 2 rows before it that are not there"],
        ),
        ("inserted", format!("{make_room} {forged}"), &["3 inserted was put in between"]),
        (
            "copied in",
            format!(
                "{make_room} INSERT INTO journal SELECT 3, turn, class, kind, address, wall_us, run_ns, body, hash FROM journal WHERE seq = 2"
            ),
            &["3 inserted was put in between"],
        ),
        ("swapped", swap.to_owned(), &["2 moved was written as row 5", "5 moved was written as row 2"]),
    ];
    for (what, sql, expected) in cases {
        let (_folder, state) = state();
        journal_of(&state, 8);
        tamper(&state, &sql);
        assert_eq!(audited(&state), expected, "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_audit_finds_whatever_is_done_to_rows(
        rows in 3_usize..90, at in 1_i64..90, to in 1_i64..90, kind in 0..4_u8,
    ) {
        let (_folder, state) = state();
        journal_of(&state, rows);
        let rows = i64::try_from(rows).unwrap();
        let (at, to) = ((at - 1) % rows + 1, (to - 1) % rows + 1);
        let sql = match kind {
            0 => format!("UPDATE journal SET body = body || ' ' WHERE seq = {at}"),
            // The last row is what a head shows.
            1 => format!("DELETE FROM journal WHERE seq = {}", at.min(rows - 1)),
            2 => format!(
                "UPDATE journal SET seq = -seq - 1 WHERE seq >= {at}; UPDATE journal SET seq = -seq WHERE seq < 0;
                 INSERT INTO journal SELECT {at}, turn, class, kind, address, wall_us, run_ns, body, hash
                 FROM journal WHERE seq = {}", if at == 1 { 2 } else { 1 }),
            _ => format!(
                "UPDATE journal SET seq = -seq WHERE seq IN ({at}, {});
                 UPDATE journal SET seq = {} + seq WHERE seq < 0", if at == to { at % rows + 1 } else { to },
                at + if at == to { at % rows + 1 } else { to }),
        };
        tamper(&state, &sql);
        let audit = Reader::open(&state, RUN).unwrap().audit();
        prop_assert!(!audit.faults.is_empty(), "{sql}");
        if kind < 3 {
            prop_assert_eq!(audit.faults.len(), 1, "{}: {:?}", sql, audit.faults);
            // A copy of the first row before the first row leaves the second one out of place.
            let place = match kind { 1 => at.min(rows - 1), 2 if at == 1 => 2, _ => at };
            prop_assert_eq!(audit.faults[0].seq, u64::try_from(place).unwrap());
        }
        prop_assert!(Reader::open(&state, RUN).unwrap().verify_chain().is_err());
    }

    #[test]
    fn a_head_that_was_kept_is_found_as_long_as_its_row_is(rows in 2_usize..40, at in 1_usize..40) {
        let (_folder, state) = state();
        let at = (at - 1) % (rows - 1) + 1;
        let kept = journal_of(&state, at);
        let mut journal = RunJournal::open(&state, RUN).unwrap();
        for _ in at..rows {
            journal.append(&[finding("more")], true).unwrap();
        }
        let head = journal.close().unwrap();
        let audit = Reader::open(&state, RUN).unwrap().audit();
        prop_assert_eq!(&audit.head, &head);
        prop_assert_eq!(audit.misses(&kept), None);
        prop_assert_eq!(audit.row_of(&kept.hash), Some(kept.seq));
        // Written anew from there on, with a chain that fits.
        tamper(&state, &format!("DELETE FROM journal WHERE seq >= {at}"));
        let mut journal = RunJournal::open(&state, RUN).unwrap();
        for _ in at..=rows {
            journal.append(&[finding("another")], true).unwrap();
        }
        journal.close().unwrap();
        let audit = Reader::open(&state, RUN).unwrap().audit();
        prop_assert!(audit.faults.is_empty());
        prop_assert!(audit.misses(&kept).is_some());
        prop_assert_eq!(audit.row_of(&kept.hash), None);
    }
}
