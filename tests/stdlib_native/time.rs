//! The module `time`.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay::check::{Disk, check};
use mainstay::engine;
use mainstay::event::{Outcome, Record};
use mainstay::value::Value;

use crate::support::sandbox::Sandbox;

use crate::{call, failure, field, keeps_its_promise, record, text};

fn time(text: &str) -> Value {
    Value::Time(text.parse().expect("a time"))
}

#[test]
fn now_is_the_time_of_the_clock() {
    let before = jiff::Timestamp::now();
    let Ok(Value::Time(now)) = call("time.now", &[]) else { panic!("no time") };
    let after = jiff::Timestamp::now();
    let slack = jiff::SignedDuration::from_millis(1);
    assert!(before - slack <= now && now <= after + slack, "{before} {now} {after}");
    assert_eq!(now.as_nanosecond() % 1_000_000, 0, "to the millisecond");
}

#[test]
fn a_zone_shows_its_clocks_and_calendar() {
    let args = [("time", time("2026-07-04T22:30:05Z")), ("zone", text("Europe/Berlin"))];
    let found = record("time.in_zone", &args);
    keeps_its_promise("time.in_zone", &found);
    let shown = ["text", "date", "clock", "weekday", "week", "hour", "offset"]
        .map(|name| field(&found, name).to_string());
    assert_eq!(shown, ["2026-07-05 00:30:05 CEST", "2026-07-05", "00:30", "sun", "27", "0", "2h"]);
    let winter =
        record("time.in_zone", &[("time", time("2026-01-04T22:30:05Z")), ("zone", text("Europe/Berlin"))]);
    assert_eq!(field(&winter, "offset").to_string(), "1h");
    assert_eq!(
        failure("time.in_zone", &[("time", time("2026-01-04T22:30:05Z")), ("zone", text("Mars/Olympus"))]),
        "there is no time zone `Mars/Olympus` on this machine: write one like `Europe/Berlin` (is the package tzdata installed?)"
    );
}

#[test]
fn times_are_written_as_others_want_them() {
    let at = ("time", time("2026-11-20T14:30:05Z"));
    let berlin = ("zone", text("Europe/Berlin"));
    let format = |args: &[(&str, Value)]| call("time.format", args);
    assert_eq!(format(&[at.clone(), ("pattern", text("%Y%m%d-%H%M"))]), Ok(text("20261120-1430")));
    assert_eq!(format(&[at.clone(), ("pattern", text("%H:%M %z")), berlin]), Ok(text("15:30 +0100")));
    let message = failure("time.format", &[at, ("pattern", text("%!"))]);
    assert!(message.starts_with("`%!` is no pattern of a time: "), "{message}");
}

#[test]
fn times_are_read_as_others_write_them() {
    let parse = |shown: &str, pattern: &str, zone: &str| {
        call("time.parse", &[("text", text(shown)), ("pattern", text(pattern)), ("zone", text(zone))])
    };
    assert_eq!(parse("20.11.2026 15:30", "%d.%m.%Y %H:%M", "Europe/Berlin"), Ok(time("2026-11-20T14:30Z")));
    assert_eq!(parse("2026-11-20", "%Y-%m-%d", "UTC"), Ok(time("2026-11-20T00:00Z")));
    assert_eq!(parse("1795185000", "%s", "UTC"), Ok(time("2026-11-20T14:30Z")));
    // An offset in the text is stronger than the zone.
    assert_eq!(
        parse("2026-11-20 15:30 +0100", "%Y-%m-%d %H:%M %z", "America/New_York"),
        Ok(time("2026-11-20T14:30Z"))
    );
    let message = parse("tomorrow", "%Y-%m-%d", "UTC").expect_err("no time");
    assert!(message.starts_with("`tomorrow` is no time of the form `%Y-%m-%d`: "), "{message}");
}

#[test]
fn the_next_time_of_day_is_after_the_given_one() {
    let next = |clock: &str, zone: &str, after: &str| {
        call("time.next", &[("clock", text(clock)), ("zone", text(zone)), ("after", time(after))])
    };
    let berlin = "Europe/Berlin";
    assert_eq!(next("09:00", berlin, "2026-11-20T07:59Z"), Ok(time("2026-11-20T08:00Z")));
    assert_eq!(next("09:00", berlin, "2026-11-20T08:00Z"), Ok(time("2026-11-21T08:00Z")));
    // Clocks go from 02:00 to 03:00.
    assert_eq!(next("02:30", berlin, "2026-03-29T00:00Z"), Ok(time("2026-03-29T01:30Z")));
    let Ok(Value::Time(soon)) = call("time.next", &[("clock", text("09:00"))]) else { panic!("no time") };
    assert!(soon > jiff::Timestamp::now());
    for bad in ["25:00", "9", "soon", ""] {
        assert_eq!(
            failure("time.next", &[("clock", text(bad))]),
            format!("`{bad}` is no time of day: write it like `09:00`")
        );
    }
}

/// The finding and the output hold the time: a replay that read the clock again would come to other records, and be refused.
#[test]
fn a_replay_reads_the_clock_in_the_journal() {
    let sandbox = Sandbox::new();
    let text = "runbook \"Now\"\nuse time\ndiagnose {\n  check now = time.now()\n  \
                check here = time.in_zone(now, \"Europe/Berlin\")\n  finding \"{{ now }} is {{ here.text }}\"\n}\n\
                resolve \"Tell\" {\n  output at = now\n}\n";
    let file = sandbox.write("now.runbook", text).display().to_string();
    let ran = sandbox.run(["run", "--format", "json", &file]).expect_code(0);
    // Behind the records stands how it ended.
    let records = ran.stdout.lines().filter(|line| line.contains("\"class\":"));
    let records: Vec<Record> = records.map(|line| serde_json::from_str(line).expect("a record")).collect();
    assert!(ran.stdout.contains("CE"), "the time of Berlin was found: {}", ran.stdout);
    let program = Arc::new(check(&file, &Disk).program.expect("a program"));
    let replayed = engine::replay(program, BTreeMap::new(), &records).expect("the same records");
    assert_eq!(replayed.outcome, Some(Outcome::Resolved));
    assert!(replayed.open.is_empty(), "nothing is asked of the world again");
}
