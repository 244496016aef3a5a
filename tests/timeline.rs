//! Timelines of runs written by hand, as Markdown. `SNAPSHOTS=overwrite` writes `tests/snapshots/` anew.

#[path = "records/written.rs"]
mod written;

use mainstay::event::{Fact, Outcome};
use mainstay::timeline::{self, Summary, clock};
use proptest::prelude::*;
use snapbox::{Data, assert_data_eq};
use written::{Story, stories};

fn snapshot(name: &str) -> Data {
    let path = format!("{}/tests/snapshots/{name}", env!("CARGO_MANIFEST_DIR"));
    Data::read_from(std::path::Path::new(&path), None).raw()
}

fn markdown(story: &Story) -> String {
    let (summary, entries) = (Summary::of(&story.records), timeline::entries(&story.records));
    timeline::markdown(&summary, &entries, &story.sources)
}

#[test]
fn stories_as_markdown() {
    for story in stories() {
        assert_data_eq!(Data::text(markdown(&story)).raw(), snapshot(&format!("timeline-{}.md", story.name)));
    }
}

#[test]
fn a_summary_goes_into_the_index_with_what_it_waits_for() {
    for story in stories() {
        let listing = Summary::of(&story.records).listing(mainstay::journal::Head::default());
        assert_eq!(listing.run, "20261121-0142-k7f3");
        let waits = if story.name == "waiting" { "oncall or lead" } else { "" };
        assert_eq!(listing.waiting, waits, "{}", story.name);
        if story.name == "standing" {
            assert_eq!((listing.counts.standing, listing.outcome), (2, Some(Outcome::Failed)));
        }
    }
}

#[test]
fn secrets_are_their_names() {
    for story in stories() {
        let text = markdown(&story);
        assert!(!text.contains("correct-horse"));
        assert!(text.contains("[secret db]"), "{text}");
    }
}

#[test]
fn lengths_have_as_much_precision_as_matters() {
    let second = 1_000_000_000;
    for (ns, expected) in [
        (0, "0ms"),
        (-5, "0ms"),
        (999_999_999, "999ms"),
        (second, "1s"),
        (second + second / 4, "1.2s"),
        (12 * second + second / 2, "12s"),
        (60 * second, "1m"),
        (61 * second, "1m 01s"),
        (2 * 3600 * second + 300 * second, "2h 05m"),
        (27 * 3600 * second, "1d 3h"),
    ] {
        assert_eq!(clock::length(ns), expected);
    }
    assert_eq!(clock::offset(0), "+00:00");
    assert_eq!(clock::offset(3723 * second), "+1:02:03");
    assert_eq!(clock::utc(i64::MAX), "?");
}

#[test]
fn prevention_stands_as_it_was_written() {
    let story = stories().swap_remove(0);
    let mut summary = Summary::of(&story.records);
    let without = timeline::markdown(&summary, &[], &story.sources);
    assert!(!without.contains("Prevention"), "{without}");
    summary.prevention = "Alert on *idle* sessions.\n\n- [ ] of `db1`\u{1b}[2J\n".to_owned();
    let text = timeline::markdown(&summary, &[], &story.sources);
    let expected = "## Prevention\n\nAlert on *idle* sessions.\n\n- [ ] of `db1`\u{fffd}[2J\n\n## Causes";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn shown_text_stands_alone_and_nothing_printed_is_said() {
    use mainstay::value::{CommandValue, Output, Value};
    let mut story = stories().swap_remove(0);
    let last = story.records.len() - 1;
    let nothing = Output { text: "".into(), utf8: true, cut: false };
    let silent = CommandValue {
        typed: "$ true".into(),
        exit: 0,
        ok: true,
        stdout: nothing.clone(),
        stderr: nothing,
        elapsed: 0,
    };
    for (name, value) in [
        ("\"{{ n }} files\"", Value::text("7 files")),
        ("printed", Value::Command(std::sync::Arc::new(silent))),
        ("host", Value::text("db1")),
    ] {
        let mut record = story.records[last].1.clone();
        record.body = mainstay::event::Body::Fact(Fact::Shown { name: name.to_owned(), value });
        story.records.push((last as u64 + 2, record));
    }
    let text = markdown(&story);
    for row in ["| 7 files |  |", "| `printed` | (nothing printed) |", "| `host` | `db1` |"] {
        assert!(text.contains(row), "no `{row}`:\n{text}");
    }
}

#[test]
fn a_run_that_nobody_executes_is_not_running() {
    let story = stories().into_iter().find(|s| s.name == "waiting").unwrap();
    let mut summary = Summary::of(&story.records);
    assert!(timeline::markdown(&summary, &[], &story.sources).contains("not over yet"));
    summary.abandoned = true;
    assert!(timeline::markdown(&summary, &[], &story.sources).contains("its end was not seen"));
}

/// A failure that does not follow, as when the run was stopped, must not swallow its change.
#[test]
fn a_failed_change_is_told_once_whether_or_not_its_failure_follows() {
    let story = stories().into_iter().find(|s| s.name == "standing").unwrap();
    let told = |records: &[(u64, mainstay::event::Record)]| {
        let entries = timeline::entries(records);
        entries.iter().filter(|e| e.outcome.to_string().contains("in doubt: no answer")).count()
    };
    assert_eq!(told(&story.records), 1);
    let ended = story.records.iter().position(|(_, record)| {
        matches!(&record.body, mainstay::event::Body::Fact(Fact::ChangeEnded { change, .. })
            if change.call.starts_with("http"))
    });
    let ended = ended.unwrap();
    assert_eq!(told(&story.records[..=ended]), 1, "at the end of what is known");
    let mut stopped = story.records.clone();
    stopped.remove(ended + 1);
    assert_eq!(told(&stopped), 1, "before what comes next");
}

/// Returns how many cells a row of a table has: `|` that is not escaped parts them.
fn cells(row: &str) -> usize {
    let mut cells = 0;
    let mut escaped = false;
    for c in row.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '|' if !escaped => cells += 1,
            _ => escaped = false,
        }
    }
    cells - 1
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a runbook, a command or a person says stays in its cell and on its line.
    #[test]
    fn nothing_breaks_out_of_the_table(text in any::<String>(), note in "[\\\\|`*_<\\[\\]\n a#]{0,24}") {
        let mut story = stories().swap_remove(0);
        let last = story.records.len() - 1;
        for text in [&text, &note] {
            let mut record = story.records[last].1.clone();
            record.body = mainstay::event::Body::Fact(Fact::Finding { text: text.clone() });
            story.records.insert(last, (last as u64, record.clone()));
            record.body = mainstay::event::Body::Fact(Fact::Unread {
                name: text.clone(),
                call: text.clone(),
                message: text.clone(),
                span: mainstay::source::Span::default(),
            });
            story.records.insert(last, (last as u64, record));
        }
        let document = markdown(&story);
        let table = document.split("## Timeline").nth(1).unwrap_or_default();
        for row in table.lines().filter(|line| !line.is_empty()) {
            prop_assert!(row.starts_with('|') && row.ends_with('|'), "{row}");
            prop_assert_eq!(cells(row), 5, "{}", row);
        }
        prop_assert!(!document.chars().any(|c| c.is_control() && c != '\n'));
    }
}
