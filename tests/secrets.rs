//! A property of the whole program: whatever commands print, no form of a secret of at least eight bytes is in anything that is kept or
//! shown, nor in any process's arguments.
//!
//! Each case is a generated secret, and a runbook whose commands get it and print it in generated forms, between noise, short
//! and long, where they are read, where they change something, where they fail, and where they take something back. `PROPTEST_CASES` says how
//! many cases there are.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use support::sandbox::Sandbox;

/// Characters that some form writes in another way than others.
const ODD: &[char] =
    &['"', '\\', '/', '+', '=', '%', '&', '\'', '$', ' ', '<', '?', '#', 'é', '~', '@', ':', '-'];

/// How a command prints the secret.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    /// So many bytes before it.
    Base64(usize),
    UrlBase64(usize),
    Percent,
    Json,
}

/// What one command prints.
#[derive(Clone, Debug)]
struct Print {
    forms: Vec<(Form, usize)>,
    errors: bool,
}

#[derive(Clone, Copy, Debug)]
enum Shown {
    Plain,
    Terminal,
    Json,
}

fn secret() -> impl Strategy<Value = String> {
    let letter = prop_oneof![3 => prop::char::range('a', 'z'), 1 => prop::char::range('0', '9'), 2 => prop::sample::select(ODD)];
    ("[A-Za-z0-9]{4}", prop::collection::vec(letter, 4..24), "[A-Za-z0-9]{4}")
        .prop_map(|(head, middle, tail)| format!("{head}{}{tail}", String::from_iter(middle)))
}

fn print() -> impl Strategy<Value = Print> {
    let form = prop_oneof![
        Just(Form::Plain),
        (0_usize..3).prop_map(Form::Base64),
        (0_usize..3).prop_map(Form::UrlBase64),
        Just(Form::Percent),
        Just(Form::Json),
    ];
    // Up to more than what is kept in memory.
    let noise = prop_oneof![4 => 0_usize..200, 1 => 60_000_usize..70_000];
    (prop::collection::vec((form, noise), 1..4), any::<bool>())
        .prop_map(|(forms, errors)| Print { forms, errors })
}

fn shown() -> impl Strategy<Value = Shown> {
    prop_oneof![Just(Shown::Plain), Just(Shown::Terminal), Just(Shown::Json)]
}

impl Form {
    fn write(self, secret: &str) -> String {
        let padded = |count: usize| [&b"xyz"[..count], secret.as_bytes(), b"w"].concat();
        match self {
            Form::Plain => secret.to_owned(),
            Form::Base64(count) => STANDARD.encode(padded(count)),
            Form::UrlBase64(count) => URL_SAFE.encode(padded(count)),
            Form::Percent => percent(secret),
            Form::Json => json(secret),
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text");
    quoted[1..quoted.len() - 1].to_owned()
}

/// Everything that must not be found; of base64 what does not depend on its neighbours.
fn needles(secret: &str) -> Vec<Vec<u8>> {
    let mut needles = vec![secret.to_owned(), percent(secret), json(secret), json(&json(secret))];
    for engine in [&STANDARD, &URL_SAFE] {
        for before in 0..3 {
            let text = engine.encode([&b"xyz"[..before], secret.as_bytes()].concat());
            let first = (before * 8).div_ceil(6);
            let last = (before + secret.len()) * 8 / 6;
            needles.push(text[first..last].to_owned());
        }
    }
    needles.into_iter().map(String::into_bytes).collect()
}

/// Fails when one of them is in there.
fn clean(what: &str, bytes: &[u8], needles: &[Vec<u8>]) {
    for needle in needles {
        let at = bytes.windows(needle.len()).position(|window| window == needle);
        let around = |at: usize| {
            String::from_utf8_lossy(&bytes[at.saturating_sub(60)..bytes.len().min(at + 90)]).into_owned()
        };
        assert!(
            at.is_none(),
            "{what} holds {}: …{}…",
            String::from_utf8_lossy(needle),
            at.map(around).unwrap_or_default()
        );
    }
}

fn clean_folder(folder: &Path, needles: &[Vec<u8>]) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a type");
        clean("a name", path.as_os_str().as_encoded_bytes(), needles);
        if kind.is_dir() {
            files += clean_folder(&path, needles);
        } else if kind.is_file() {
            clean(&path.display().to_string(), &fs::read(&path).expect("a file"), needles);
            files += 1;
        }
    }
    files
}

/// Looks at the arguments of all processes until it is told to end; returns those that hold one of them.
fn watch(needles: Vec<Vec<u8>>, over: Arc<AtomicBool>) -> thread::JoinHandle<Option<String>> {
    thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
                let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                if needles.iter().any(|needle| words.windows(needle.len()).any(|window| window == needle)) {
                    return Some(String::from_utf8_lossy(&words).into_owned());
                }
            }
        }
        None
    })
}

const RUNBOOK: &str = r#"
runbook "Whatever is printed"

secret token = env("TOKEN_OF_THE_TEST")

resolve "Print" {
  step "Read" {
    check first = $ cat print0; cat errors0 >&2; printf %s "$GIVEN"
      with env { GIVEN: token }
    finding "it says {{ first.stdout }}"
    show first.stdout
  }
  step "Change" {
    run $ cat print1; cat errors1 >&2; cat
      with stdin token
      undo $ cat print2; cat errors2 >&2; printf %s "$GIVEN"
        with env { GIVEN: token }
  }
  step "Fail" {
    run $ cat print3; cat errors3 >&2; printf %s "$GIVEN" >&2; exit 1
      with env { GIVEN: token }
      leave "nothing"
  }
}
"#;

fn case(secret: &str, prints: &[Print], shown: Shown) {
    let sandbox = Sandbox::new().with_env("TOKEN_OF_THE_TEST", secret);
    sandbox.write("a.runbook", RUNBOOK);
    for (number, print) in prints.iter().enumerate() {
        let text: String = print
            .forms
            .iter()
            .map(|(form, noise)| format!("{}{}\n", "-".repeat(*noise), form.write(secret)))
            .collect();
        let (out, errors) = if print.errors { ("", text.as_str()) } else { (text.as_str(), "") };
        sandbox.write(&format!("print{number}"), out);
        sandbox.write(&format!("errors{number}"), errors);
    }
    let needles = needles(secret);
    let over = Arc::new(AtomicBool::new(false));
    let watched = watch(needles.clone(), Arc::clone(&over));
    match shown {
        Shown::Terminal => {
            let mut terminal = sandbox.at_terminal(["run", "a.runbook"]);
            terminal.wait_for("  record");
            clean("the terminal", terminal.written(), &needles);
            terminal.finish().expect_code(3);
        }
        Shown::Plain | Shown::Json => {
            let format = if matches!(shown, Shown::Json) { "json" } else { "text" };
            let done = sandbox.run(["run", "a.runbook", "--format", format]).expect_code(3);
            clean("what it prints", done.stdout.as_bytes(), &needles);
            clean("its errors", done.stderr.as_bytes(), &needles);
        }
    }
    over.store(true, Ordering::Relaxed);
    assert_eq!(watched.join().expect("a thread"), None, "a process has it among its arguments");
    for words in [
        &["show", "last"][..],
        &["show", "last", "--format", "json"],
        &["timeline", "last"],
        &["verify", "last"],
        &["runs"],
    ] {
        let said = sandbox.run(words.iter().copied()).expect_code(0);
        clean(&words.join(" "), said.stdout.as_bytes(), &needles);
        clean(&words.join(" "), said.stderr.as_bytes(), &needles);
    }
    let files = clean_folder(&sandbox.state(), &needles);
    assert!(files > 3, "{files} files");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(16),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_form_of_a_secret_is_kept_or_shown(
        secret in secret(), prints in prop::collection::vec(print(), 4), shown in shown(),
    ) {
        case(&secret, &prints, shown);
    }
}

#[test]
fn what_is_looked_for_is_found_where_it_is() {
    let secret = "a\"b/c+d=e%f\\g";
    for form in [
        Form::Plain,
        Form::Base64(0),
        Form::Base64(1),
        Form::Base64(2),
        Form::UrlBase64(1),
        Form::Percent,
        Form::Json,
    ] {
        let text = format!("before{}behind", form.write(secret));
        let found = needles(secret)
            .iter()
            .any(|needle| text.as_bytes().windows(needle.len()).any(|window| window == needle));
        assert!(found, "{form:?}: {text}");
    }
}
