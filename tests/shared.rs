//! A state folder that a team shares: what is refused at the start, who sees what, and who can change nothing.
//!
//! With real users of this machine, made for each test; so it runs as root, as continuous integration does.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mainstay::journal::{JournalError, RunLock, StateDir, read_file};
use mainstay::people::inbox::{Found, Inbox, Letter, Message, Seen, seal_of};
use support::shop::{Shop, end};
use support::users::{self, command_as, uid_of};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

#[test]
fn others_of_the_group_look_at_a_run_while_it_goes_on_and_afterwards() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li, eve] = [shop.team.member(0), shop.team.member(1), shop.team.stranger()];
    for umask in ["077", "000"] {
        let (child, run) = shop.wait(dana, umask);
        let listed = shop.prints(li, &["runs"]);
        assert!(listed.contains(&run) && listed.contains("running"), "{listed}");
        assert!(shop.prints(li, &["show", &run]).contains("The team's"));
        assert!(shop.prints(li, &["timeline", &run]).contains("cat gate"));
        shop.open_gate();
        assert_eq!(end(child), Some(0));
        let folder = shop.state().join("runs").join(&run);
        assert!(!folder.join("journal.db-wal").exists(), "it ended in order");
        assert!(shop.prints(li, &["show", &run]).contains("resolved"));
        assert!(shop.prints(li, &["timeline", &run]).contains("seq 1 20000"));
        // Whoever may write beside the journal leaves nothing there that keeps the others out.
        for user in [dana, "root", li] {
            assert!(shop.prints(user, &["show", &run]).contains("resolved"));
        }
        let output = fs::read_dir(folder.join("out")).unwrap().next().unwrap().unwrap().path();
        assert!(
            shop.shell(li, &format!("cat {}", output.display())).is_ok_and(|text| text.ends_with("20000\n"))
        );
        for (name, expected) in [
            ("", 0o2750),
            ("journal.db", 0o640),
            ("sources.json", 0o640),
            ("holder", 0o640),
            ("lock", 0o600),
            ("supervisor.log", 0o600),
            ("out", 0o2750),
        ] {
            assert_eq!(mode(&folder.join(name)), expected, "{name} with umask {umask}");
        }
        assert_eq!(mode(&output), 0o640);
        // Both have a list of their own, and neither enters the other's.
        for user in [dana, li, dana, li] {
            assert!(shop.prints(user, &["runs", "--outcome", "resolved"]).contains(&run));
        }
        let index = shop.state().join(format!("index-{}", uid_of(dana).unwrap()));
        assert_eq!(mode(&index) & 0o777, 0o700);
        assert!(shop.shell(li, &format!("ls {}", index.display())).is_err());
        let output = shop.mainstay(eve, &["runs"]);
        assert_eq!(output.status.code(), Some(1), "a stranger sees nothing: {output:?}");
    }
}

#[test]
fn a_run_that_was_cut_off_is_seen_by_others_as_it_stood() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (mut child, run) = shop.wait(dana, "022");
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = shop.state().join("runs").join(&run);
    assert!(folder.join("journal.db-wal").exists(), "its log is left");
    let listed = shop.prints(li, &["runs"]);
    assert!(listed.contains(&run) && listed.contains("its end was not seen"), "{listed}");
    assert!(shop.prints(li, &["timeline", &run]).contains("cat gate"));
    assert!(shop.prints(li, &["show", &run]).contains("The team's"));
    let before = fs::read(folder.join("journal.db-wal")).unwrap();
    assert!(!before.is_empty());
    // Its owner still sees the same, although others looked in between.
    assert!(shop.prints(dana, &["timeline", &run]).contains("cat gate"));
}

#[test]
fn nobody_but_its_owner_changes_a_run() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (child, run) = shop.wait(dana, "000");
    let folder = shop.state().join("runs").join(&run);
    Inbox::at(&folder).create().unwrap();
    let at = format!("cd {};", folder.display());
    for script in [
        "mv ../$(basename $PWD) ../gone",
        "rm -r -f ../$(basename $PWD)",
        "echo x >> journal.db",
        "echo x >> journal.db-wal",
        "echo x >> journal.db-shm",
        "echo x >> sources.json",
        "echo x >> holder",
        "echo x >> lock",
        "cat lock",
        "flock --nonblock lock true",
        "rm journal.db",
        "mv sources.json s",
        "touch new",
        "echo x >> supervisor.log",
        "mv ../../runs ../../gone",
        "chmod 777 .",
    ] {
        let done = shop.shell(li, &format!("{at} {script}"));
        assert!(done.is_err(), "{script}: {done:?}");
    }
    let socket = folder.join("supervisor.sock");
    assert_eq!(mode(&socket), 0o600);
    shop.open_gate();
    assert_eq!(end(child), Some(0));
    assert!(shop.prints(li, &["show", &run]).contains("resolved"));
}

#[test]
fn a_run_that_claims_another_author_is_told_from_its_owner() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (child, run) = shop.wait(dana, "022");
    shop.open_gate();
    end(child);
    let runs = shop.state().join("runs");
    shop.shell(li, &format!("cp -r {0}/{run} {0}/20261121-0000-fake", runs.display())).unwrap_or_default();
    let output = shop.mainstay(li, &["show", "20261121-0000-fake"]);
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        warned.contains(&format!("the run belongs to `{li}`, but its journal says that `{dana}`")),
        "{warned}"
    );
    // What is not a file is not waited for.
    shop.shell(
        li,
        &format!("cd {}; mkdir 20261121-0001-pipe; mkfifo 20261121-0001-pipe/journal.db", runs.display()),
    )
    .unwrap();
    assert!(shop.prints(li, &["runs"]).contains("damaged"));
}

#[test]
fn a_pipe_in_a_run_is_waited_for_by_nobody() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (mut child, run) = shop.wait(dana, "022");
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = shop.state().join("runs").join(&run);
    let bounded = |user: &str, arguments: &[&str]| {
        let output = command_as(user, "timeout")
            .args(["20", "./mainstay"])
            .args(arguments)
            .current_dir(shop.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_ne!(output.status.code(), Some(124), "{user} waits: {arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for name in ["holder", "lock", "sources.json", "prevention.md", "journal.db-shm", "journal.db-wal"] {
        let at = format!("cd {}; rm -rf kept; mv {name} kept;", folder.display());
        let made = shop.shell(dana, &format!("{at} mkfifo -m 644 {name}"));
        assert!(made.is_ok(), "{name}: {made:?}");
        for user in [li, "root"] {
            assert!(bounded(user, &["runs"]).contains(&run), "{name}");
            bounded(user, &["waiting"]);
            bounded(user, &["show", &run]);
        }
        shop.shell(dana, &format!("cd {}; rm {name}; test ! -e kept || mv kept {name}", folder.display()))
            .unwrap();
    }
}

#[test]
fn a_lock_is_written_through_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    for name in ["lock", "holder"] {
        let run = folder.path().join(name);
        fs::create_dir(&run).unwrap();
        fs::set_permissions(&run, Permissions::from_mode(0o2750)).unwrap();
        fs::write(&elsewhere, "mine").unwrap();
        std::os::unix::fs::symlink(&elsewhere, run.join(name)).unwrap();
        let taken = RunLock::take(&run);
        assert_eq!(taken.is_err(), name == "lock", "{taken:?}");
        assert_eq!(fs::read(&elsewhere).unwrap(), b"mine", "{name}");
    }
}

#[test]
fn what_is_read_from_a_run_is_a_file_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "12345").unwrap();
    assert_eq!(read_file(&path, 5).unwrap(), b"12345");
    assert!(read_file(&path, 4).is_err());
    std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
    assert!(read_file(&folder.path().join("link"), 5).is_err());
    assert!(read_file(folder.path(), 5).is_err());
}

#[test]
fn a_list_that_another_one_made_is_not_used() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let index = shop.state().join(format!("index-{}", uid_of(dana).unwrap()));
    shop.shell(
        li,
        &format!("mkdir -m 777 {0}; echo x > {0}/index.db; chmod 666 {0}/index.db", index.display()),
    )
    .unwrap();
    let (child, run) = shop.wait(dana, "022");
    shop.open_gate();
    assert_eq!(end(child), Some(0));
    assert!(shop.prints(dana, &["runs"]).contains(&run));
    assert_eq!(fs::read(index.join("index.db")).unwrap(), b"x\n");
}

#[test]
fn letters_are_from_whom_the_machine_says_and_stay_theirs() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li, eve] = [shop.team.member(0), shop.team.member(1), shop.team.stranger()];
    let folder = shop.state().join("runs/20261121-0142-k7f3");
    shop.shell(dana, &format!("mkdir {0} && chmod 2750 {0}", folder.display())).unwrap();
    let made = shop.act(dana, &folder, "create", "");
    assert!(made.is_ok(), "{made:?}");
    let inbox = Inbox::at(&folder);
    assert_eq!(mode(inbox.folder()), 0o3770);
    shop.act(li, &folder, "put", "by li").unwrap();
    assert!(shop.act(eve, &folder, "put", "by eve").is_err());
    // As dana, who executes the run: the letter was written with the strictest umask.
    let entries: Vec<PathBuf> =
        fs::read_dir(inbox.folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let file = entries.iter().find(|path| path.extension().is_some()).unwrap();
    let seal = entries.iter().find(|path| path.is_dir()).unwrap();
    assert_eq!((entries.len(), mode(file), mode(seal)), (2, 0o640, 0o2750));
    assert!(shop.shell(dana, &format!("cat {}", file.display())).unwrap().contains("by li"));
    let mut seen = Seen::default();
    match &*inbox.collect(&mut seen).unwrap() {
        [Found::Letter(received)] => {
            assert_eq!((received.who.uid, received.who.name.as_str()), (uid_of(li).unwrap(), li));
        }
        other => panic!("{other:?}"),
    }
    // Dana owns the folder; what another member of the group forges in it is his or void.
    let own =
        format!(r#"{{"format":1,"run":"20261121-0142-k7f3","message":{{"kind":"note","text":"{dana}"}}}}"#);
    let loose = shop.state().join("loose");
    shop.shell(dana, &format!("echo '{own}' > {0}; chmod 666 {0}", loose.display())).unwrap();
    shop.shell(li, &format!("ln {} {}/forged", loose.display(), inbox.folder().display())).unwrap();
    match &*inbox.collect(&mut seen).unwrap() {
        [Found::Void { who, why, .. }] => {
            assert_eq!((who.name.as_str(), why.as_str()), (dana, "it has more than one name"));
        }
        other => panic!("{other:?}"),
    }
    shop.shell(dana, &format!("rm {}", loose.display())).unwrap();
    match &*inbox.collect(&mut Seen::default()).unwrap() {
        [_, Found::Void { why, .. }] | [Found::Void { why, .. }, _] => {
            assert_eq!(why, "others than its owner can write to it", "its other name is gone");
        }
        other => panic!("{other:?}"),
    }
    let third = format!("cd {}; f=$(ls *.json); ", inbox.folder().display());
    shop.act(dana, &folder, "put", "by dana").unwrap();
    let dana_only =
        shop.shell(li, &format!("{third} for f in $f; do test -O $f || rm -f $f || exit 1; done"));
    assert!(dana_only.is_err(), "li removes what dana put");
}

#[test]
fn a_file_that_somebody_copied_is_not_made_their_answer() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let folder = shop.state().join("runs/20261121-0142-k7f3");
    shop.shell(dana, &format!("mkdir {0} && chmod 2750 {0}", folder.display())).unwrap();
    shop.act(dana, &folder, "create", "").unwrap();
    let inbox = Inbox::at(&folder);
    // A checkout that the group shares, in which dana copies what li wrote.
    let checkout = shop.state().join("checkout");
    let made =
        Command::new("install").args(["-d", "-m", "2770", "-g", &shop.team.group]).arg(&checkout).status();
    assert!(made.unwrap().success());
    let text = r#"{"format":1,"run":"20261121-0142-k7f3","message":{"kind":"note","text":"by dana"}}"#;
    let seal = seal_of("note-1.json", text.as_bytes());
    let at = format!("cd {};", checkout.display());
    shop.shell(li, &format!("{at} umask 027; printf %s '{text}' > a; mkdir seals seals/{seal}")).unwrap();
    shop.shell(dana, &format!("{at} umask 022; cp a copy; cp -r seals copies")).unwrap();
    let into = inbox.folder().display();
    shop.shell(li, &format!("{at} mv copy {into}/note-1.json")).unwrap();
    let file = inbox.folder().join("note-1.json");
    assert_eq!((fs::metadata(&file).unwrap().uid(), mode(&file)), (uid_of(dana).unwrap(), 0o640));
    let no_seal = || match &*inbox.collect(&mut Seen::default()).unwrap() {
        [Found::Void { who, why, .. }] => {
            assert_eq!(
                (who.name.as_str(), why.as_str()),
                (dana, "its owner need not have put it here: it has no seal")
            );
        }
        other => panic!("{other:?}"),
    };
    no_seal();
    // The folder that dana copied along stays where it is, wherever li may write.
    shop.shell(dana, &format!("{at} cp -r seals/{seal} sealed")).unwrap();
    let rename = format!("{at} mv -T sealed {into}/{seal}");
    let moved = shop.shell(li, &rename);
    assert!(moved.as_ref().is_err_and(|said| said.contains("Permission denied")), "{moved:?}");
    no_seal();
    // One that the group can write to goes along, and is none.
    shop.shell(dana, &format!("{at} chmod 2770 sealed")).unwrap();
    shop.shell(li, &rename).unwrap();
    assert_eq!(fs::metadata(inbox.folder().join(&seal)).unwrap().uid(), uid_of(dana).unwrap());
    no_seal();
    // One of li's own is not dana's.
    fs::remove_dir(inbox.folder().join(&seal)).unwrap();
    shop.shell(li, &format!("mkdir -m 750 {into}/{seal}")).unwrap();
    no_seal();
}

#[test]
#[ignore = "other tests start it, as another user"]
fn acts_as_another_user() {
    let run_dir = PathBuf::from(std::env::var_os("MAINSTAY_TEST_RUN_DIR").expect("is started by a test"));
    let text = std::env::var("MAINSTAY_TEST_NOTE").unwrap();
    let inbox = Inbox::at(&run_dir);
    let run = run_dir.file_name().unwrap().to_string_lossy().into_owned();
    let fails = match &*std::env::var("MAINSTAY_TEST_ACT").unwrap() {
        "create" => inbox.create().err().map(|error| error.to_string()),
        "put" => {
            inbox.put(&Letter { run, message: Message::Note { text } }).err().map(|error| error.to_string())
        }
        "take" => RunLock::take(&run_dir).err().map(|error| error.to_string()),
        other => panic!("there is no act {other}"),
    };
    assert_eq!(fails, None);
}

#[test]
fn what_others_could_do_to_a_shared_folder_is_refused_with_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let runs = state.join("runs");
    fs::create_dir_all(&runs).unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let refused = |path: &Path| match StateDir::create(&state) {
        Err(error @ (JournalError::Unsafe { .. } | JournalError::Exposed(_))) => {
            assert!(error.to_string().contains(&format!("`{}`", path.display())), "{error}");
            (error.to_string(), error.help().unwrap())
        }
        other => panic!("not refused: {other:?}"),
    };
    for (bad, why) in [
        (0o3777, "can be written by every user"),
        (0o775, "entered by every user"),
        (0o3775, "entered by every user"),
        (0o3771, "entered by every user"),
        (0o2770, "could take away"),
        (0o1770, "would not belong to the group"),
        (0o3720, "cannot do everything"),
    ] {
        for broken in [&state, &runs] {
            set(&state, 0o3770);
            set(&runs, 0o3770);
            StateDir::create(&state).unwrap();
            set(broken, bad);
            let (error, help) = refused(broken);
            assert!(error.contains(why), "{bad:o}: {error}");
            assert!(help.contains(&format!("`chmod 3770 {}`", broken.display())), "{bad:o}: {help}");
        }
    }
    set(&state, 0o3770);
    set(&runs, 0o755);
    assert!(refused(&runs).0.contains("would not") || refused(&runs).0.contains("every user"));
    // Private again.
    set(&state, 0o700);
    set(&runs, 0o3770);
    let (error, help) = refused(&runs);
    assert!(error.contains("the folder above it is not shared"), "{error}");
    assert_eq!(help, format!("run `chmod g-w {}`", runs.display()));
    set(&runs, 0o700);
    set(&state, 0o702);
    assert!(refused(&state).1.starts_with(&format!("run `chmod 700 {}`", state.display())));
    set(&state, 0o755);
    StateDir::create(&state).unwrap();
}

#[test]
fn its_owner_makes_what_is_missing_in_a_shared_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o3770)).unwrap();
    let state = StateDir::create(folder.path()).unwrap();
    assert_eq!(mode(&folder.path().join("runs")), 0o3770);
    let run = state.create_run_dir("20261121-0142-k7f3").unwrap();
    assert_eq!(mode(&run), 0o2750);
}

#[test]
fn who_owns_and_who_shares_is_checked_at_the_start() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li, eve] = [shop.team.member(0), shop.team.member(1), shop.team.stranger()];
    let [state, runs] = [shop.state(), shop.state().join("runs")];
    let group = &shop.team.group;
    let refused = |user: &str| {
        let output = shop.mainstay(user, &["run", "wait.runbook"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let own = |path: &Path, user: u32, group: Option<u32>| {
        std::os::unix::fs::chown(path, Some(user), group).unwrap()
    };
    let said = refused(eve);
    assert!(
        said.contains(&format!("shared by the group `{group}`, of which this process is no member")),
        "{said}"
    );
    assert!(said.contains(&format!("usermod --append --groups {group} USER")), "{said}");
    for path in [&state, &runs] {
        own(path, uid_of(dana).unwrap(), None);
        let said = refused(li);
        assert!(
            said.contains(&format!("belongs to `{dana}`, who could take away what others keep")),
            "{said}"
        );
        assert!(said.contains(&format!("run `chown root {}`", path.display())), "{said}");
        own(path, 0, None);
    }
    own(&runs, 0, Some(0));
    fs::set_permissions(&runs, Permissions::from_mode(0o3770)).unwrap();
    assert!(refused(li).contains(&format!("run `chgrp {group} {}`", runs.display())));
    fs::remove_dir(&runs).unwrap();
    let said = refused(li);
    assert!(
        said.contains(&format!("run `install -d -m 3770 -g {group} {}` as root", runs.display())),
        "{said}"
    );
}

#[test]
fn a_run_of_another_one_is_not_taken_up() {
    if !users::can_be_made() {
        return;
    }
    let shop = Shop::new();
    let [dana, li] = [shop.team.member(0), shop.team.member(1)];
    let (child, run) = shop.wait(dana, "022");
    shop.open_gate();
    assert_eq!(end(child), Some(0));
    let folder = shop.state().join("runs").join(&run);
    let said = shop.act(li, &folder, "take", "").unwrap_err();
    assert!(said.contains(&format!("run `{run}` belongs to `{dana}`, who alone can execute it")), "{said}");
    shop.act(dana, &folder, "take", "").unwrap();
}
