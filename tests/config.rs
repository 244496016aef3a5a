//! `mainstay.toml`: where it is found, what may stand in it, and how its roles become people.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use mainstay::config::{Config, ConfigError};
use mainstay::display::{self, Look};
use support::sandbox::Sandbox;
use support::users::is_root;
use tempfile::TempDir;

/// A configuration with this text.
fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mainstay.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[track_caller]
fn refused(text: &str) -> ConfigError {
    let (_folder, path) = written(text);
    match Config::read(&path).and_then(|config| config.roles()) {
        Err(error) => error,
        Ok(roles) => panic!("was accepted: {roles:?}"),
    }
}

/// What a refusal looks like, without the folder.
#[track_caller]
fn shown(text: &str) -> String {
    let error = refused(text);
    let look = Look { colour: false, unicode: true, width: None };
    let drawn = display::diagnostics(&error.diagnostics, &error.sources, look);
    let folder =
        error.sources.iter().next().map_or("", |(_, source)| source.name.trim_end_matches("mainstay.toml"));
    drawn.replace(folder, "")
}

#[test]
fn every_key_is_read() {
    let (_folder, path) = written(
        "state = \"/srv/mainstay\"\nreview_days = 90\n[roles]\noncall = [\"root\"]\n\"db admins\" = [\"@root\"]\n",
    );
    let config = Config::read(&path).unwrap();
    assert_eq!(config.path(), Some(&*path));
    assert_eq!(config.state(), Some(Path::new("/srv/mainstay")));
    assert_eq!(config.review_days(), Some(90));
    let roles = config.roles().unwrap();
    assert_eq!(roles.keys().collect::<Vec<_>>(), ["db admins", "oncall"]);
    for people in roles.values() {
        assert!(people.iter().any(|person| person.uid == 0 && person.name == "root"), "{people:?}");
    }
}

#[test]
fn roles_survive_being_stored() {
    let (_folder, path) = written("[roles]\noncall = [\"root\", \"root\"]\n");
    let roles = Config::read(&path).unwrap().roles().unwrap();
    assert_eq!(roles["oncall"].len(), 1, "nobody has a role twice");
    let text = serde_json::to_string(&roles).unwrap();
    assert_eq!(text, r#"{"oncall":[{"name":"root","uid":0}]}"#);
    let back: std::collections::BTreeMap<String, Vec<mainstay::config::RolePerson>> =
        serde_json::from_str(&text).unwrap();
    assert_eq!(back, roles);
}

#[test]
fn a_relative_state_folder_stands_beside_the_file() {
    let (folder, path) = written("state = \"kept/runs\"\n");
    assert_eq!(Config::read(&path).unwrap().state(), Some(&*folder.path().join("kept/runs")));
}

#[test]
fn an_empty_file_sets_nothing() {
    let (_folder, path) = written("# nothing yet\n");
    let config = Config::read(&path).unwrap();
    assert_eq!(config.state(), None);
    assert!(config.roles().unwrap().is_empty());
}

#[test]
fn an_unknown_key_is_underlined_and_mended() {
    let drawn = shown("# the team\nstat = \"/srv/mainstay\"\n");
    assert!(drawn.contains("there is no key `stat`"), "{drawn}");
    assert!(drawn.contains("mainstay.toml:2:1"), "{drawn}");
    assert!(drawn.contains("━━━━"), "{drawn}");
    assert!(drawn.contains("did you mean `state`?"), "{drawn}");
    assert!(shown("colour = true\n").contains("there are: state, roles, review_days"));
}

#[test]
fn every_key_is_documented() {
    let listed = refused("colour = true\n").diagnostics.remove(0).help.remove(0);
    let keys: Vec<&str> = listed.strip_prefix("there are: ").unwrap().split(", ").collect();
    assert_eq!(keys, ["state", "roles", "review_days"]);
    let page = include_str!("../docs/config.md");
    for key in keys {
        assert!(page.contains(&format!("| `{key}` |")) || page.contains(&format!("| `[{key}]` |")), "{key}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_their_order() {
    let error = refused("stat = 1\nstate = 7\n[roles]\noncall = \"dana\"\nlead = [3]\n");
    let messages: Vec<&str> = error.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "there is no key `stat`",
            "`state` is the path of a folder",
            "role `oncall` is a list of names",
            "role `lead` is a list of names"
        ]
    );
    assert!(error.to_string().contains("mainstay.toml:2:9: `state` is the path of a folder"), "{error}");
}

#[test]
fn what_is_not_toml_says_where() {
    let drawn = shown("state = \"/srv\nroles = 1\n");
    assert!(drawn.contains("not TOML") && drawn.contains("mainstay.toml:1:"), "{drawn}");
    assert!(shown("roles = 1\n").contains("`roles` is a table"));
    assert!(shown("state = \"a\"\nstate = \"b\"\n").contains("mainstay.toml:2:1"));
}

#[test]
fn a_path_is_taken_as_it_is() {
    for path in ["~/runs", "$HOME/runs"] {
        assert!(shown(&format!("state = \"{path}\"\n")).contains("no variable, no `~`"));
    }
    assert!(shown("state = \"\"\n").contains("`state` is the path of a folder"));
}

#[test]
fn who_does_not_exist_is_an_error_on_its_line() {
    let drawn = shown("[roles]\noncall = [\n  \"root\",\n  \"nobody-is-called-so\",\n]\n");
    assert!(drawn.contains("there is no user `nobody-is-called-so` on this machine"), "{drawn}");
    assert!(drawn.contains("mainstay.toml:4:3"), "{drawn}");
    let drawn = shown("[roles]\noncall = [\"@no-such-group\"]\n");
    assert!(drawn.contains("there is no group `no-such-group` on this machine"), "{drawn}");
    let drawn = shown("[roles]\noncall = [\"shadow\"]\n");
    assert!(drawn.contains("write `@shadow`"), "{drawn}");
    let drawn = shown("[roles]\noncall = []\n");
    assert!(drawn.contains("role `oncall` has nobody"), "{drawn}");
}

#[test]
fn a_file_that_everybody_can_write_to_is_refused() {
    let (_folder, path) = written("");
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let error = Config::read(&path).unwrap_err();
    assert!(error.to_string().starts_with("every user of this machine can write to"), "{error}");
    assert_eq!(error.diagnostics[0].help, [format!("run `chmod o-w {}`", path.display())]);
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    assert!(Config::read(&path).is_ok(), "a team may share it");
}

#[test]
fn what_cannot_be_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = Config::read(&folder.path().join("none.toml")).unwrap_err();
    assert!(error.to_string().contains("none.toml` cannot be read"), "{error}");
    let error = Config::read(folder.path()).unwrap_err();
    assert!(error.to_string().contains("it is not a file"), "{error}");
}

#[test]
fn the_nearest_file_counts_and_the_first_folder_goes_before_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let [team, service, other] = ["team", "team/service", "other"].map(|name| folder.path().join(name));
    for (place, text) in [(&team, "state = \"/team\""), (&other, "state = \"/other\"")] {
        fs::create_dir_all(place).unwrap();
        fs::write(place.join("mainstay.toml"), text).unwrap();
    }
    fs::create_dir_all(&service).unwrap();
    let state = |folders: &[&Path]| Config::find(folders).unwrap().state().map(Path::to_owned);
    assert_eq!(state(&[&service, &other]), Some("/team".into()));
    assert_eq!(state(&[&other, &service]), Some("/other".into()));
    assert_eq!(state(&[&folder.path().join("none"), &service]), Some("/team".into()));
    fs::write(service.join("mainstay.toml"), "state = \"/service\"").unwrap();
    assert_eq!(state(&[&service]), Some("/service".into()));
}

const NOTHING: &str = "runbook \"Nothing\"\n\nresolve \"Look\" {\n  show 1\n}\n";

/// Runs a runbook in `work/` and returns the folder of these in which its run then is.
#[track_caller]
fn kept_in(sandbox: &Sandbox, folders: &[&str]) -> String {
    sandbox.write("work/nothing.runbook", NOTHING);
    sandbox.run(["run", "work/nothing.runbook"]).expect_code(0);
    let holds = |folder: &&&str| {
        fs::read_dir(sandbox.home().join(folder).join("runs")).is_ok_and(|mut runs| runs.next().is_some())
    };
    let kept: Vec<_> = folders.iter().filter(holds).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    (*kept[0]).to_owned()
}

#[test]
fn the_places_are_tried_in_their_order() {
    const ALL: [&str; 6] = ["env", "here", "above", "xdg", "home", "state/mainstay"];
    let state = |sandbox: &Sandbox, path: &str, name: &str| {
        sandbox.write(path, &format!("state = '{}'\n", sandbox.home().join(name).display()));
    };
    let sandbox = Sandbox::new();
    assert_eq!(kept_in(&sandbox, &ALL), "state/mainstay");
    let sandbox = Sandbox::new();
    state(&sandbox, ".config/mainstay/mainstay.toml", "home");
    assert_eq!(kept_in(&sandbox, &ALL), "home");
    let sandbox = Sandbox::new();
    let config_home = sandbox.home().join("xdg-config").display().to_string();
    let sandbox = sandbox.with_env("XDG_CONFIG_HOME", config_home);
    state(&sandbox, ".config/mainstay/mainstay.toml", "home");
    state(&sandbox, "xdg-config/mainstay/mainstay.toml", "xdg");
    assert_eq!(kept_in(&sandbox, &ALL), "xdg");
    let sandbox = Sandbox::new();
    state(&sandbox, ".config/mainstay/mainstay.toml", "home");
    state(&sandbox, "mainstay.toml", "above");
    assert_eq!(kept_in(&sandbox, &ALL), "above");
    let sandbox = Sandbox::new();
    state(&sandbox, "mainstay.toml", "above");
    state(&sandbox, "work/mainstay.toml", "here");
    assert_eq!(kept_in(&sandbox, &ALL), "here", "beside the runbook");
    let sandbox = Sandbox::new();
    let named = sandbox.home().join("named.toml").display().to_string();
    let sandbox = sandbox.with_env("MAINSTAY_CONFIG", named);
    state(&sandbox, "work/mainstay.toml", "here");
    state(&sandbox, "named.toml", "env");
    assert_eq!(kept_in(&sandbox, &ALL), "env");
    assert!(
        sandbox.run(["runs"]).expect_code(0).stdout.contains("Nothing"),
        "found again without the runbook"
    );
}

#[test]
fn the_environment_goes_before_the_configured_folder() {
    let sandbox = Sandbox::new();
    let named = sandbox.home().join("named").display().to_string();
    let sandbox = sandbox.with_env("MAINSTAY_STATE", named);
    sandbox.write("mainstay.toml", "state = \"configured\"\n");
    assert_eq!(kept_in(&sandbox, &["named", "configured"]), "named");
}

#[test]
fn a_mistake_is_shown_in_its_text_and_nothing_is_run() {
    let sandbox = Sandbox::new();
    sandbox.write("work/nothing.runbook", NOTHING);
    sandbox.write("mainstay.toml", "stat = \"state\"\nrole = 1\n");
    for arguments in [vec!["run", "work/nothing.runbook"], vec!["runs"], vec!["show", "last"]] {
        let said = sandbox.run(&arguments).expect_code(2).stderr;
        assert!(said.contains("there is no key `stat`") && said.contains("did you mean `state`?"), "{said}");
        assert!(said.contains("there is no key `role`") && said.contains("mainstay.toml:2:1"), "{said}");
    }
    assert!(!sandbox.state().exists());
    let sandbox = Sandbox::new().with_env("MAINSTAY_CONFIG", "/nowhere/mainstay.toml");
    assert!(sandbox.run(["runs"]).expect_code(2).stderr.contains("`/nowhere/mainstay.toml` cannot be read"));
}

#[test]
fn a_file_that_a_stranger_left_above_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, below) = (folder.path().join("mainstay.toml"), folder.path().join("work"));
    fs::write(&path, "").unwrap();
    fs::create_dir(&below).unwrap();
    assert_eq!(Config::find(&[&below]).unwrap().path(), Some(&*fs::canonicalize(&path).unwrap()));
    if !is_root() {
        return;
    }
    let give = |path: &Path, uid| std::os::unix::fs::chown(path, Some(uid), None).unwrap();
    give(&path, 54_321);
    let error = Config::find(&[&below]).unwrap_err();
    assert!(error.to_string().contains("belongs to `uid 54321`, neither to root"), "{error}");
    assert!(error.diagnostics[0].help[0].contains("set MAINSTAY_CONFIG="), "{error}");
    // Whoever owns the folder may say what counts in it.
    give(&below, 54_321);
    Config::find(&[&below]).unwrap();
}
