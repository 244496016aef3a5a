//! The module `file`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use mainstay::value::{Secret, Value};

use crate::{Stage, text, written};

fn at(path: &str) -> (&'static str, Value) {
    ("path", text(path))
}

#[test]
fn a_written_file_takes_the_old_ones_place() {
    let mut stage = Stage::new();
    let (path, link) = (stage.path("conf"), stage.path("link"));
    fs::write(&path, "old").expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("sets");
    symlink("conf", &link).expect("links");
    let before = fs::metadata(&path).expect("is there").ino();
    stage.value("file.write", &[at(&link), ("text", text("new"))]);
    let after = fs::metadata(&path).expect("is there");
    assert_eq!(written(&path), "new");
    assert_eq!(after.permissions().mode() & 0o777, 0o640);
    assert_ne!(after.ino(), before);
    assert!(fs::symlink_metadata(&link).expect("is there").is_symlink());
    let names = stage.value("file.list", &[at(&stage.path(""))]);
    assert_eq!(names, Value::list(vec![text(&path), text(&link)]), "nothing is left behind");
}

#[test]
fn a_reader_never_sees_half_a_file() {
    let mut stage = Stage::new();
    let path = stage.path("conf");
    let versions = ["a".repeat(200_000), "b".repeat(300_000)];
    fs::write(&path, &versions[0]).expect("writes");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                let seen = written(&path);
                assert!(versions.contains(&seen), "{} bytes", seen.len());
            }
        });
        for version in versions.iter().cycle().take(20) {
            stage.value("file.write", &[at(&path), ("text", text(version))]);
        }
        over.store(true, Ordering::SeqCst);
        reader.join().expect("it saw whole files only");
    });
}

#[test]
fn a_write_that_fails_leaves_the_old_file() {
    let mut stage = Stage::new();
    let folder = stage.path("folder");
    stage.value("file.make_folder", &[at(&format!("{folder}/a/b"))]);
    let write = |stage: &mut Stage, path: &str| stage.failure("file.write", &[at(path), ("text", text("x"))]);
    assert_eq!(write(&mut stage, &folder), (format!("cannot write `{folder}`: it is a folder"), false));
    let beyond = format!("{folder}/missing/file");
    assert_eq!(
        write(&mut stage, &beyond),
        (format!("cannot write `{beyond}`: no such file or folder"), false)
    );
    let device = "/dev/null";
    assert_eq!(
        stage.failure("file.read", &[at(device)]).0,
        format!("cannot read `{device}`: it is not a regular file")
    );
    assert_eq!(
        write(&mut stage, device),
        (format!("cannot write `{device}`: it is not a regular file"), false)
    );
}

#[test]
fn reading_tells_text_from_bytes() {
    let mut stage = Stage::with(|mut config| {
        config.secrets = vec![Secret::new("token", "correct-horse")];
        config
    });
    let path = stage.path("file");
    fs::write(&path, "is correct-horse\n").expect("writes");
    assert_eq!(stage.value("file.read", &[at(&path)]), text("is [secret]\n"));
    fs::write(&path, b"caf\xe9").expect("writes");
    assert_eq!(stage.value("file.read", &[at(&path)]), Value::Damaged("caf\u{fffd}".into()));
    fs::write(&path, vec![b'x'; (8 << 20) + 1]).expect("writes");
    assert_eq!(
        stage.failure("file.read", &[at(&path)]).0,
        format!("cannot read `{path}`: it is larger than the 8 MiB that a value holds")
    );
    let missing = stage.path("missing");
    assert_eq!(
        stage.failure("file.read", &[at(&missing)]).0,
        format!("cannot read `{missing}`: no such file or folder")
    );
}

#[test]
fn files_are_measured_moved_and_removed() {
    let mut stage = Stage::new();
    let folder = stage.path("folder");
    let (a, b, c) = (format!("{folder}/a"), format!("{folder}/b"), format!("{folder}/below/c"));
    stage.value("file.make_folder", &[at(&format!("{folder}/below"))]);
    stage.value("file.append", &[at(&a), ("text", text("one\n"))]);
    stage.value("file.append", &[at(&a), ("text", text("two\n"))]);
    assert_eq!(written(&a), "one\ntwo\n");
    fs::set_permissions(&a, fs::Permissions::from_mode(0o600)).expect("sets");
    stage.value("file.copy", &[at(&a), ("to", text(&b))]);
    assert_eq!(fs::metadata(&b).expect("is there").permissions().mode() & 0o777, 0o600);
    stage.value("file.move", &[at(&b), ("to", text(&c))]);
    assert_eq!(stage.value("file.exists", &[at(&b)]), Value::Bool(false));
    assert_eq!(stage.value("file.exists", &[at(&c)]), Value::Bool(true));
    assert_eq!(stage.value("file.size", &[at(&folder)]), Value::Size(16));
    assert_eq!(stage.value("file.size", &[at(&a)]), Value::Size(8));
    assert!(matches!(stage.value("file.modified", &[at(&a)]), Value::Time(_)));
    assert_eq!(
        stage.failure("file.remove", &[at(&folder)]),
        (format!("cannot remove `{folder}`: the folder is not empty"), false)
    );
    assert_eq!(
        stage.failure("file.move", &[at(&a), ("to", text(&folder))]).0,
        format!("cannot move to `{folder}`: it is a folder; name the file in it")
    );
    stage.value("file.remove", &[at(&a)]);
    assert_eq!(stage.value("file.exists", &[at(&a)]), Value::Bool(false));
}
