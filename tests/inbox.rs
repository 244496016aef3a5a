//! The inbox of a run: what is put comes back with its author, and what somebody made up is void.
//!
//! Authors are users of this machine; where a test needs more than one, it must run as root.

mod support;

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mainstay::people::Person;
use mainstay::people::inbox::{Found, Inbox, InboxError, Letter, Message, Received, Seen, Watch, seal_of};
use support::users::is_root;
use tempfile::TempDir;

const RUN: &str = "20261121-0142-k7f3";

fn inbox() -> (TempDir, Inbox) {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join(RUN);
    fs::create_dir(&run).unwrap();
    fs::set_permissions(&run, Permissions::from_mode(0o700)).unwrap();
    let inbox = Inbox::at(&run);
    inbox.create().unwrap();
    (folder, inbox)
}

fn note(text: &str) -> Letter {
    Letter { run: RUN.to_owned(), message: Message::Note { text: text.to_owned() } }
}

fn collect(inbox: &Inbox) -> Vec<Found> {
    inbox.collect(&mut Seen::default()).unwrap()
}

#[track_caller]
fn letter(found: Found) -> Received {
    match found {
        Found::Letter(received) => received,
        void @ Found::Void { .. } => panic!("void: {void:?}"),
    }
}

/// Why the only file in the inbox is void.
#[track_caller]
fn void(inbox: &Inbox) -> String {
    let found = collect(inbox);
    match &*found {
        [Found::Void { why, who, .. }] => {
            assert_eq!(who, &Person::current());
            why.clone()
        }
        other => panic!("not one that is void: {other:?}"),
    }
}

fn texts(found: Vec<Found>) -> Vec<String> {
    let text = |found| match letter(found).letter.message {
        Message::Note { text } => text,
        other => panic!("no note: {other:?}"),
    };
    found.into_iter().map(text).collect()
}

/// Puts a letter and returns where it lies.
fn put(inbox: &Inbox, letter: &Letter) -> PathBuf {
    inbox.folder().join(inbox.put(letter).unwrap())
}

/// Writes a file by hand that claims to be a letter.
fn write(inbox: &Inbox, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = inbox.folder().join(name);
    seal(inbox, name, text.as_ref());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    path
}

fn seal(inbox: &Inbox, name: &str, text: &[u8]) -> PathBuf {
    let path = inbox.folder().join(seal_of(name, text));
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
    path
}

fn answer(said: &str) -> Letter {
    Letter {
        run: RUN.to_owned(),
        message: Message::Answer {
            question: "s1/3".to_owned(),
            shown: "ab".repeat(32),
            said: said.to_owned(),
            because: String::new(),
        },
    }
}

fn valid() -> String {
    format!(r#"{{"format":1,"run":"{RUN}","message":{{"kind":"note","text":"by hand"}}}}"#)
}

#[test]
fn what_is_put_comes_back_with_its_author_and_its_time() {
    let (_folder, inbox) = inbox();
    let sent = Letter {
        run: RUN.to_owned(),
        message: Message::Answer {
            question: "s1/3".to_owned(),
            shown: "ab".repeat(32),
            said: "yes".to_owned(),
            because: "“the graph” is down\n".to_owned(),
        },
    };
    let name = inbox.put(&sent).unwrap();
    let found: Vec<Received> = collect(&inbox).into_iter().map(letter).collect();
    let metadata = fs::metadata(inbox.folder().join(&name)).unwrap();
    let wall_us = metadata.ctime() * 1_000_000 + metadata.ctime_nsec() / 1000;
    assert_eq!(found, [Received { letter: sent, who: Person::current(), wall_us, file: name }]);
    assert_eq!(metadata.mode() & 0o7777, 0o640);
}

#[test]
fn each_file_is_reported_once_in_the_order_in_which_they_came() {
    let (_folder, inbox) = inbox();
    let mut seen = Seen::default();
    let mut times = Vec::new();
    for number in 0..5 {
        let path = put(&inbox, &note(&format!("number {number}")));
        times.push(fs::metadata(path).map(|m| (m.ctime(), m.ctime_nsec())).unwrap());
    }
    let found = inbox.collect(&mut seen).unwrap();
    let came: Vec<i64> = found.iter().cloned().map(|found| letter(found).wall_us).collect();
    assert!(came.is_sorted() && came.len() == 5, "{came:?}");
    assert!(times.is_sorted());
    assert_eq!(inbox.collect(&mut seen).unwrap(), []);
    inbox.put(&note("later")).unwrap();
    assert_eq!(texts(inbox.collect(&mut seen).unwrap()), ["later"]);
    // As after a resume: the journal knows what was reported.
    let mut known = Seen::default();
    for found in &found {
        known.add(found.file(), Person::current().uid);
    }
    assert_eq!(texts(inbox.collect(&mut known).unwrap()), ["later"]);
    assert_eq!(fs::read_dir(inbox.folder()).unwrap().count(), 12, "letters and seals: nothing is deleted");
}

#[test]
fn a_time_that_was_set_back_does_not_count() {
    let (_folder, inbox) = inbox();
    let first = put(&inbox, &note("first"));
    let before = letter(collect(&inbox).remove(0)).wall_us;
    let second = put(&inbox, &note("late"));
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    File::options().write(true).open(&second).unwrap().set_modified(long_ago).unwrap();
    assert!(
        fs::metadata(&second).unwrap().modified().unwrap()
            < fs::metadata(&first).unwrap().modified().unwrap()
    );
    let found: Vec<Received> = collect(&inbox).into_iter().map(letter).collect();
    let late = found.iter().find(|received| received.letter == note("late")).unwrap();
    assert!(late.wall_us >= before, "{late:?}");
}

#[test]
fn half_a_letter_and_hidden_files_are_not_seen() {
    let (_folder, inbox) = inbox();
    write(&inbox, ".new-1234", &valid()[..20]);
    write(&inbox, ".hidden.json", valid());
    assert_eq!(collect(&inbox), []);
}

#[test]
fn what_is_no_letter_is_void() {
    let cases: [(&str, &str); 7] = [
        ("", "it is not a letter"),
        ("yes", "it is not a letter"),
        ("\u{0}\u{1}", "it is not a letter"),
        (r#"{"format":2,"run":"x","answer":"yes"}"#, "it has format 2, this program knows 1"),
        (r#"{"format":1,"run":"20261121-0142-k7f3"}"#, "missing field `message`"),
        (
            r#"{"format":1,"run":"20261121-0142-k7f3","uid":0,"message":{"kind":"note","text":""}}"#,
            "unknown field `uid`",
        ),
        (
            r#"{"format":1,"run":"20261121-0150-aaaa","message":{"kind":"note","text":""}}"#,
            "it was written to run `20261121-0150-aaaa`",
        ),
    ];
    for (text, expected) in cases {
        let (_folder, inbox) = inbox();
        write(&inbox, "a.json", text);
        let why = void(&inbox);
        assert!(why.contains(expected), "{text}: {why}");
    }
}

#[test]
fn a_letter_is_bounded() {
    let (_folder, inbox) = inbox();
    let long = note(&"x".repeat(64 * 1024));
    assert!(matches!(inbox.put(&long), Err(InboxError::TooLong(_))));
    assert_eq!(fs::read_dir(inbox.folder()).unwrap().count(), 0);
    let long = write(&inbox, "a.json", vec![b' '; 64 * 1024 + 1]);
    assert_eq!(void(&inbox), "it is larger than 65536 bytes");
    fs::remove_file(long).unwrap();
    let fits = write(&inbox, "a.json", format!("{}{}", valid(), " ".repeat(64 * 1024 - valid().len())));
    assert_eq!(fs::metadata(fits).unwrap().len(), 64 * 1024);
    assert_eq!(texts(collect(&inbox)), ["by hand"]);
}

#[test]
fn what_is_not_a_file_of_its_own_is_void() {
    let (folder, first) = inbox();
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, valid()).unwrap();
    symlink(&elsewhere, first.folder().join("a")).unwrap();
    assert_eq!(void(&first), "it is a link");

    let (_folder, second) = inbox();
    fs::create_dir(second.folder().join("a")).unwrap();
    assert_eq!(void(&second), "it is not a file");

    let (_folder, third) = inbox();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        third.folder().join("a"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert_eq!(void(&third), "it is not a file", "and nobody waited for its other end");

    let (_folder, fourth) = inbox();
    let _listener = std::os::unix::net::UnixListener::bind(fourth.folder().join("a")).unwrap();
    assert!(void(&fourth).starts_with("it cannot be opened"));
}

#[test]
fn a_file_with_two_names_is_void() {
    let (folder, inbox) = inbox();
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, valid()).unwrap();
    fs::set_permissions(&elsewhere, Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(&elsewhere, inbox.folder().join("a")).unwrap();
    assert_eq!(void(&inbox), "it has more than one name");
}

#[test]
fn a_file_that_others_can_write_to_is_void() {
    for mode in [0o660, 0o602, 0o666] {
        let (_folder, inbox) = inbox();
        let path = write(&inbox, "a", valid());
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(void(&inbox), "others than its owner can write to it", "{mode:o}");
    }
}

#[test]
fn a_file_that_is_not_as_a_letter_is_put_is_void() {
    for mode in [0o600, 0o644, 0o750, 0o1640] {
        let (_folder, inbox) = inbox();
        let path = write(&inbox, "a", valid());
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(void(&inbox), format!("its mode is {mode:o}, and that of a letter 640"));
    }
    if is_root() {
        let (_folder, inbox) = inbox();
        let path = write(&inbox, "a", valid());
        rustix::fs::chown(&path, None, Some(rustix::fs::Gid::from_raw(54_321))).unwrap();
        assert_eq!(void(&inbox), "it does not belong to the group of the inbox");
    }
}

#[test]
fn a_letter_without_the_seal_of_its_owner_is_void() {
    let no_seal = "its owner need not have put it here: it has no seal";
    let (_folder, inbox) = inbox();
    let path = write(&inbox, "a", valid());
    let seal = inbox.folder().join(seal_of("a", valid().as_bytes()));
    assert_eq!(texts(collect(&inbox)), ["by hand"]);
    for mode in [0o700, 0o755, 0o770, 0o757] {
        fs::set_permissions(&seal, Permissions::from_mode(mode)).unwrap();
        assert_eq!(void(&inbox), no_seal, "{mode:o}");
    }
    fs::set_permissions(&seal, Permissions::from_mode(0o750)).unwrap();
    if is_root() {
        rustix::fs::chown(&seal, Some(rustix::fs::Uid::from_raw(54_321)), None).unwrap();
        assert_eq!(void(&inbox), no_seal);
        rustix::fs::chown(&seal, Some(rustix::fs::Uid::ROOT), None).unwrap();
    }
    // It stands for this name and this text.
    fs::rename(&path, inbox.folder().join("b")).unwrap();
    assert_eq!(void(&inbox), no_seal);
    fs::rename(inbox.folder().join("b"), &path).unwrap();
    assert_eq!(texts(collect(&inbox)), ["by hand"]);
    fs::write(&path, valid().replace("by hand", "by hans")).unwrap();
    assert_eq!(void(&inbox), no_seal);
    fs::write(&path, valid()).unwrap();
    fs::remove_dir(&seal).unwrap();
    symlink("/", &seal).unwrap();
    assert_eq!(void(&inbox), no_seal, "and no link is one");
}

#[test]
fn an_answer_is_named_as_one() {
    let (_folder, first) = inbox();
    let path = put(&first, &answer("yes"));
    let text = fs::read(&path).unwrap();
    fs::remove_file(path).unwrap();
    write(&first, "note-1.json", text);
    assert_eq!(void(&first), "its name does not begin with `answer-`");
    let (_folder, second) = inbox();
    write(&second, "answer-1.json", valid());
    assert_eq!(void(&second), "its name does not begin with `note-`");
}

#[test]
fn one_person_cannot_fill_the_inbox() {
    let (_folder, inbox) = inbox();
    for number in 0..1010 {
        write(&inbox, &number.to_string(), valid());
    }
    let mut seen = Seen::default();
    let found = inbox.collect(&mut seen).unwrap();
    assert_eq!(found.len(), 1001);
    assert!(
        matches!(&found[1000], Found::Void { why, .. } if why.starts_with("more than 1000 notes of one person")),
        "{:?}",
        found[1000]
    );
    assert_eq!(inbox.collect(&mut seen).unwrap(), [], "said once");
    if is_root() {
        let path = write(&inbox, "other", valid());
        let seal = inbox.folder().join(seal_of("other", valid().as_bytes()));
        for path in [&path, &seal] {
            rustix::fs::chown(path, Some(rustix::fs::Uid::from_raw(54_321)), None).unwrap();
        }
        assert_eq!(texts(inbox.collect(&mut seen).unwrap()), ["by hand"]);
    }
}

#[test]
fn notes_keep_nobodys_answer_away_and_one_too_many_is_refused() {
    let (_folder, inbox) = inbox();
    for number in 0..999 {
        write(&inbox, &number.to_string(), valid());
        fs::write(inbox.folder().join(format!(".hidden-{number}")), "").unwrap();
    }
    inbox.put(&note("the last")).unwrap();
    let refused = inbox.put(&note("too many")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "1000 notes of this user lie in the run's inbox, and no further one is looked at"
    );
    assert!(refused.help().is_some());
    let mut seen = Seen::default();
    assert_eq!(texts(inbox.collect(&mut seen).unwrap()).len(), 1000);
    let file = inbox.put(&answer("yes")).unwrap();
    match &*inbox.collect(&mut seen).unwrap() {
        [Found::Letter(received)] => assert_eq!((&received.letter, &received.file), (&answer("yes"), &file)),
        other => panic!("the answer is not taken: {other:?}"),
    }
    for number in 0..999 {
        write(&inbox, &format!("answer-{number}"), "{}");
    }
    assert!(matches!(inbox.put(&answer("no")), Err(InboxError::Full("answers"))));
}

#[test]
fn hidden_names_hide_nothing() {
    let (_folder, inbox) = inbox();
    // One file with many names costs the test less than many files.
    let first = inbox.folder().join(".x");
    fs::write(&first, "").unwrap();
    let mut linked = 0;
    while linked < 100_001 {
        let current = inbox.folder().join(format!(".x{linked}"));
        if linked % 30_000 == 0 {
            fs::write(&current, "").unwrap();
        } else {
            let origin = inbox.folder().join(format!(".x{}", linked - linked % 30_000));
            fs::hard_link(origin, &current).unwrap();
        }
        linked += 1;
    }
    inbox.put(&note("seen")).unwrap();
    assert_eq!(texts(collect(&inbox)), ["seen"]);
}

#[test]
fn an_inbox_that_is_not_there_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = Inbox::at(&folder.path().join(RUN));
    assert!(matches!(inbox.put(&note("")), Err(InboxError::Missing(_))));
    assert!(matches!(inbox.collect(&mut Seen::default()), Err(InboxError::Missing(_))));
    assert!(matches!(inbox.create(), Err(InboxError::Missing(_))));
}

#[test]
fn a_letter_is_put_into_a_folder_only_and_never_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    symlink("elsewhere", folder.path().join("inbox")).unwrap();
    let inbox = Inbox::at(folder.path());
    assert!(matches!(inbox.put(&note("")), Err(InboxError::Other { .. })));
    assert_eq!(fs::read_dir(folder.path().join("elsewhere")).unwrap().count(), 0);
    assert!(inbox.collect(&mut Seen::default()).is_err());
}

#[test]
fn making_it_twice_is_no_error_and_its_modes_do_not_depend_on_the_umask() {
    let (_folder, inbox) = inbox();
    put(&inbox, &note("kept"));
    inbox.create().unwrap();
    assert_eq!(texts(collect(&inbox)), ["kept"]);
    assert_eq!(fs::metadata(inbox.folder()).unwrap().mode() & 0o7777, 0o2700);
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o2750)).unwrap();
    let shared = Inbox::at(folder.path());
    shared.create().unwrap();
    assert_eq!(fs::metadata(shared.folder()).unwrap().mode() & 0o7777, 0o3770);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Waits until the watch tells, with a bound.
async fn told(watch: &mut Watch) {
    tokio::time::timeout(Duration::from_secs(30), watch.changed()).await.expect("the watch tells");
}

#[test]
fn a_watch_tells_of_a_letter_once() {
    let (_folder, inbox) = inbox();
    runtime().block_on(async {
        let mut watch = Watch::new(&inbox);
        assert!(watch.is_told());
        inbox.put(&note("one")).unwrap();
        told(&mut watch).await;
        assert_eq!(texts(collect(&inbox)), ["one"]);
        let more = tokio::time::timeout(Duration::from_millis(20), watch.changed()).await;
        assert!(more.is_err(), "nothing came any more");
        // Was given up in the middle, and lost nothing.
        inbox.put(&note("two")).unwrap();
        told(&mut watch).await;
        assert_eq!(collect(&inbox).len(), 2);
    });
}

#[test]
fn what_is_not_looked_at_wakes_nobody_and_what_is_forged_does() {
    let (folder, inbox) = inbox();
    runtime().block_on(async {
        let mut watch = Watch::new(&inbox);
        let mut hidden = File::create(inbox.folder().join(".new-1")).unwrap();
        hidden.write_all(b"half").unwrap();
        drop(hidden);
        assert!(tokio::time::timeout(Duration::from_millis(20), watch.changed()).await.is_err());
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, valid()).unwrap();
        fs::hard_link(&elsewhere, inbox.folder().join("forged")).unwrap();
        told(&mut watch).await;
        assert_eq!(void(&inbox), "it has more than one name");
    });
}

#[test]
fn without_the_kernels_help_the_inbox_is_looked_at_from_time_to_time() {
    runtime().block_on(async {
        let nowhere = Inbox::at(Path::new("/nowhere"));
        let mut watch = Watch::new(&nowhere);
        assert!(!watch.is_told());
        // Given up again and again, it still comes to its end.
        let begun = std::time::Instant::now();
        let mut cancelled = 0;
        while tokio::time::timeout(Duration::from_millis(50), watch.changed()).await.is_err() {
            cancelled += 1;
            assert!(begun.elapsed() < Duration::from_secs(30));
        }
        assert!(cancelled > 3, "no busy loop: {cancelled}");
    });
}

#[test]
fn a_folder_that_vanishes_ends_no_watch() {
    let (folder, inbox) = inbox();
    runtime().block_on(async {
        let mut watch = Watch::new(&inbox);
        fs::remove_dir_all(folder.path()).unwrap();
        told(&mut watch).await;
        assert!(!watch.is_told());
    });
}
