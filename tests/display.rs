//! What stands on the terminal, of runs written by hand. `SNAPSHOTS=overwrite` writes `tests/snapshots/` anew.

#[path = "records/generated.rs"]
mod generated;
#[path = "records/written.rs"]
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay::diagnostic::Diagnostic;
use mainstay::display::{self, Json, Look, Plain, RunState, Screen};
use mainstay::event::{Outcome, Record};
use mainstay::journal::{Counts, Head, Listing};
use mainstay::source::{Sources, Span};
use mainstay::timeline::Summary;
use mainstay::world::Observer as _;
use proptest::prelude::*;
use snapbox::{Data, assert_data_eq};
use unicode_width::UnicodeWidthStr as _;
use written::{Story, stories};

/// Without a terminal, in a UTF-8 locale.
const FILE: Look = Look { colour: false, unicode: true, width: None };

fn at(width: usize) -> Look {
    Look { width: Some(width), ..FILE }
}

fn snapshot(name: &str) -> Data {
    let path = format!("{}/tests/snapshots/{name}", env!("CARGO_MANIFEST_DIR"));
    Data::read_from(std::path::Path::new(&path), None).raw()
}

#[track_caller]
fn same(text: String, name: &str) {
    assert_data_eq!(Data::text(text).raw(), snapshot(name));
}

fn records(story: &Story) -> Vec<Record> {
    story.records.iter().map(|(_, record)| record.clone()).collect()
}

fn plain(story: &Story, look: Look) -> String {
    let mut out = Vec::new();
    let mut plain = Plain::new(&mut out, look, Arc::clone(&story.sources));
    for record in records(story) {
        plain.stored(&[record]);
    }
    drop(plain);
    String::from_utf8(out).unwrap()
}

fn state(summary: &Summary) -> RunState {
    summary.outcome().map_or(RunState::Waiting, RunState::Ended)
}

fn story(name: &str) -> Story {
    stories().into_iter().find(|s| s.name == name).unwrap()
}

#[test]
fn stories_as_plain_lines() {
    for story in stories() {
        same(plain(&story, FILE), &format!("plain-{}.txt", story.name));
    }
}

#[test]
fn lines_fit_at_every_width_and_in_ascii() {
    for width in [40, 80, 200] {
        let name = format!("plain-standing-{width}.txt");
        same(plain(&story("standing"), at(width)), &name);
    }
    let bare = plain(&story("standing"), Look::BARE);
    let strange: BTreeSet<char> = bare.chars().filter(|c| !c.is_ascii()).collect();
    // The run's own text may hold anything; what was taken out of it shows.
    assert_eq!(strange, BTreeSet::from(['\u{fffd}']));
}

#[test]
fn stories_in_full() {
    for story in stories() {
        let summary = Summary::of(&story.records);
        let text = display::show(&summary, state(&summary), &story.sources, FILE);
        same(text, &format!("show-{}.txt", story.name));
    }
}

#[test]
fn a_run_in_full_fits_at_every_width() {
    let story = story("standing");
    let summary = Summary::of(&story.records);
    for width in [40, 80, 200] {
        let text = display::show(&summary, state(&summary), &story.sources, at(width));
        same(text, &format!("show-standing-{width}.txt"));
    }
}

#[test]
fn colours_are_only_where_they_are_wanted() {
    let story = story("resolved");
    assert!(!plain(&story, FILE).contains('\u{1b}'));
    let coloured = plain(&story, Look { colour: true, ..FILE });
    let allowed = |rest: &str| {
        rest.split_once('m').is_some_and(|(code, _)| {
            code.starts_with('[') && code[1..].chars().all(|c| c.is_ascii_digit() || c == ';')
        })
    };
    for rest in coloured.split('\u{1b}').skip(1) {
        assert!(allowed(rest), "no colour: {rest:?}");
    }
    assert!(coloured.contains("\u{1b}[38;5;28m"), "{coloured}");
}

#[test]
fn json_has_a_line_for_each_record() {
    let story = story("resolved");
    let mut out = Vec::new();
    Json::new(&mut out).stored(&records(&story));
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("correct-horse"));
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), story.records.len());
    for (line, (seq, record)) in lines.iter().zip(&story.records) {
        assert_eq!(line["seq"], *seq);
        let back: Record = serde_json::from_value(line.clone()).unwrap();
        assert_eq!(back.address, record.address);
        assert_eq!(back.at, record.at);
    }
    assert_eq!(lines.last().unwrap()["body"]["outcome"], "resolved");
}

#[test]
fn a_screen_that_is_no_terminal_draws_nothing_that_moves() {
    // Standard output of a test is captured: this shows that nothing in it panics.
    for story in stories() {
        let mut screen = Screen::new(at(80), Arc::clone(&story.sources));
        for record in records(&story) {
            screen.stored(&[record]);
            screen.tick();
        }
        assert_eq!(screen.summary(), Summary::of(&story.records));
    }
}

#[test]
fn a_question_says_what_of_whom_and_how_long() {
    let story = story("waiting");
    let summary = Summary::of(&story.records);
    let (question, _) = summary.open_questions.values().next().unwrap();
    let left = Some(std::time::Duration::from_millis(299_400));
    for width in [40, 80, 200] {
        same(display::question(question, left, at(width)), &format!("question-{width}.txt"));
    }
}

#[test]
fn a_question_with_much_to_show_is_told_again_where_it_is_answered() {
    let story = story("waiting");
    let summary = Summary::of(&story.records);
    let (question, _) = summary.open_questions.values().next().unwrap();
    let told = |evidence: usize| {
        let evidence = (0..evidence).map(|n| format!("reading {n}")).collect();
        let page =
            display::question(&mainstay::event::Question { evidence, ..question.clone() }, None, at(80));
        page.lines().filter(|line| line.contains("Terminate 10 of 17 leaked sessions?")).count()
    };
    assert_eq!((told(0), told(12)), (1, 2));
}

fn two_files() -> (Sources, Diagnostic) {
    let mut sources = Sources::default();
    let main = "use \"edge.runbook\" as edge\n\ncheck used = edge.shere(db)  # größer\n";
    let edge = "module edge\n\naction share(db: text) -> percent reads {\n}\n";
    let main_id = sources.add("main.runbook", main);
    let edge_id = sources.add("edge.runbook", edge);
    let place = |id, text: &str, word: &str| {
        let start = text.find(word).unwrap();
        Span::new(id, start, start + word.len())
    };
    let diagnostic = Diagnostic::error("unknown-action", "`edge` has no action `shere`")
        .at(place(main_id, main, "edge.shere"), "not found")
        .at(place(main_id, main, "\"edge.runbook\""), "brought in here")
        .at(place(edge_id, edge, "share"), "this one is near")
        .help("did you mean `share`?")
        .note("an action is called by its module's name");
    (sources, diagnostic)
}

#[test]
fn a_diagnostic_points_into_all_its_files() {
    let (sources, diagnostic) = two_files();
    let warning = Diagnostic::warning("unused-name", "`x` is not used");
    let all = [diagnostic, warning];
    same(display::diagnostics(&all, &sources, FILE), "diagnostics.txt");
    same(display::diagnostics(&all, &sources, Look::BARE), "diagnostics-ascii.txt");
    let json = display::diagnostics_json(&all, &sources);
    same(serde_json::to_string_pretty(&json).unwrap() + "\n", "diagnostics.json");
}

#[test]
fn a_span_that_points_nowhere_is_no_end() {
    let (sources, _) = two_files();
    let id = sources.iter().next().unwrap().0;
    for span in [
        Span::new(id, 0, 0),
        Span::new(id, 60, 61),
        Span::new(id, 64, 66),
        Span::new(id, 5, 2),
        Span::new(id, 900, 999),
        Span::new(mainstay::source::SourceId(7), 0, 1),
    ] {
        let diagnostic = Diagnostic::error("x", "gone").at(span, "here");
        let drawn = display::diagnostic(&diagnostic, &sources, FILE);
        assert!(drawn.contains("gone"), "{drawn}");
    }
}

fn listing(run: &str, outcome: Option<Outcome>, title: &str, standing: usize) -> Listing {
    Listing {
        run: run.to_owned(),
        title: title.to_owned(),
        file: "incidents/database.runbook".to_owned(),
        user: "dana".to_owned(),
        host: "ops-1".to_owned(),
        game_day: None,
        plan: None,
        opened_us: 1_795_225_327_000_000,
        ended_us: outcome.map(|_| 1_795_225_527_000_000),
        outcome,
        left: false,
        waiting: if outcome.is_none() { "oncall or lead".to_owned() } else { String::new() },
        counts: Counts { standing, ..Counts::default() },
        head: Head::default(),
    }
}

#[test]
fn runs_as_a_table_at_every_width() {
    let played = Listing {
        game_day: Some("it grows again".to_owned()),
        ..listing("20261121-0143-2gdy", Some(Outcome::RolledBack), "Database connections exhausted", 0)
    };
    let listed = [
        (played, RunState::Ended(Outcome::RolledBack)),
        (listing("20261121-0142-k7f3", None, "Database connections exhausted", 0), RunState::Waiting),
        (
            listing("20261121-0141-0abc", Some(Outcome::Failed), "A log fills\u{1b}[2J its folder", 2),
            RunState::Ended(Outcome::Failed),
        ),
        (listing("20261120-2359-zzzz", Some(Outcome::Resolved), "", 0), RunState::Ended(Outcome::Resolved)),
    ];
    for width in [40, 80, 200] {
        let plain = display::runs(&listed, at(width));
        let coloured = display::runs(&listed, Look { colour: true, ..at(width) });
        assert_ne!(coloured, plain);
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain, "colours take no room");
        same(plain, &format!("runs-{width}.txt"));
    }
    let json = display::runs_json(&listed);
    same(serde_json::to_string_pretty(&json).unwrap() + "\n", "runs.json");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No text of a runbook, a command or a person moves the cursor, and no line is wider than the terminal.
    #[test]
    fn what_others_wrote_stays_in_its_line(text in any::<String>(), width in 40_usize..120) {
        use mainstay::event::{Body, Fact};
        let story = story("refused");
        let mut records = records(&story);
        let mut record = records[5].clone();
        record.body = Body::Fact(Fact::Failed {
            message: text.clone(),
            detail: vec![text.clone()],
            span: Span { source: mainstay::source::SourceId(9), start: 0, end: 0 },
        });
        records.insert(5, record.clone());
        record.body = Body::Fact(Fact::Finding { text: text.clone() });
        records.insert(5, record.clone());
        record.body = Body::Fact(Fact::Read {
            name: text.clone(),
            call: String::new(),
            text,
            span: Span::default(),
        });
        records.insert(5, record);
        let mut out = Vec::new();
        Plain::new(&mut out, at(width), Arc::clone(&story.sources)).stored(&records);
        let drawn = String::from_utf8(out).unwrap();
        for line in drawn.lines() {
            prop_assert!(line.width() <= width, "{} columns: {line:?}", line.width());
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }

    /// A journal that makes no sense is shown as it is.
    #[test]
    fn no_journal_is_an_end(
        records in proptest::collection::vec(generated::record(), 0..12),
        width in 1_usize..100,
    ) {
        let numbered: Vec<(u64, Record)> = (1..).zip(records.iter().cloned()).collect();
        let summary = Summary::of(&numbered);
        let sources = Sources::default();
        let mut screen = Screen::new(at(width), Arc::default());
        screen.stored(&records);
        Plain::new(Vec::new(), at(width), Arc::default()).stored(&records);
        let shown = display::show(&summary, state(&summary), &sources, at(width));
        prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
        let entries = mainstay::timeline::entries(&numbered);
        let markdown = mainstay::timeline::markdown(&summary, &entries, &sources);
        prop_assert!(!markdown.chars().any(|c| c.is_control() && c != '\n'));
        display::runs(&[(summary.listing(Head::default()), state(&summary))], at(width));
    }
}
