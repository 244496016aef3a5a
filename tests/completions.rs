//! Completions in real shells at a terminal, and the manual pages in a real `man`.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::sandbox::{Sandbox, program};
use support::service::find_program;
use support::terminal::Terminal;

const RUNBOOK: &str = r#"runbook "The spool is full"

param region: one of "eu", "us" "Where"
param limit:  int in 1..100     "Most files" = 3
param quiet:  bool              "Tell nobody" = false

secret token "Of the queue" = command("touch fetched; echo token")

symptom "too many files" {
  check n = $ ls | wc --lines
  when n.number > 1000
}

resolve "Move them away" {
  run $ true
    with env { TOKEN: token }
    leave "nothing happened"
}
"#;

const QUIET: &str = r#"runbook "Nothing is wrong"

symptom "never" {
  check n = $ echo 1
  when n.number > 1
}

resolve "Nothing" {
  run $ true
    leave "nothing happened"
}
"#;

fn home() -> Sandbox {
    let sandbox = Sandbox::new().with_env("LANG", "C.UTF-8");
    sandbox.write("spool.runbook", RUNBOOK);
    sandbox.write("quiet.runbook", QUIET);
    sandbox.write("broken.runbook", "runbook \"x\"\nresolve {\n");
    sandbox
}

/// A shell that has read the completion's script.
fn shell(sandbox: &Sandbox, name: &str, arguments: &[&str], setup: &str) -> Terminal {
    let folder = Path::new(program()).parent().expect("the program stands in a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut environment = sandbox.environment();
    environment.insert("PATH".to_owned(), path);
    let mut terminal =
        Terminal::start(&find_program(name, &[], name), arguments, &environment, sandbox.home(), (24, 80));
    terminal.type_line(&format!("{setup}; echo re''ady"));
    terminal.wait_for("ready");
    terminal
}

/// What every shell completes.
fn completes(sandbox: &Sandbox, mut terminal: Terminal) {
    for (typed, completed) in [
        ("mainstay timel", "mainstay timeline "),
        ("mainstay run --para", "mainstay run --param"),
        ("mainstay run sp", "mainstay run spool.runbook"),
        ("mainstay run spool.runbook -p li", "mainstay run spool.runbook -p limit="),
        ("mainstay run spool.runbook -p region=e", "mainstay run spool.runbook -p region=eu"),
        ("mainstay run spool.runbook -p quiet=t", "mainstay run spool.runbook -p quiet=true"),
        ("mainstay runs --outcome rol", "mainstay runs --outcome rolled_back"),
        ("mainstay help language approv", "mainstay help language approve"),
    ] {
        terminal.press(&format!("{typed}\t"));
        terminal.wait_for(completed);
        erase(&mut terminal);
    }
    terminal.press("mainstay run broken.runbook -p x\t=1");
    terminal.wait_for("-p x=1");
    assert!(!terminal.screen().contains("error"), "{}", terminal.screen());
    assert!(!sandbox.home().join("fetched").exists(), "a completion has fetched a secret");
    erase(&mut terminal);

    let run = runs(sandbox).remove(0);
    let tail = run.rsplit('-').next().expect("an id has parts").to_owned();
    terminal.press(&format!("mainstay show {}\t", &run[..run.len() - 2]));
    terminal.wait_for(&format!("mainstay show {run}"));
    erase(&mut terminal);
    terminal.press(&format!("mainstay timeline {tail}\t"));
    terminal.wait_for(&format!("mainstay timeline {run}"));
    erase(&mut terminal);
    terminal.type_line("exit");
    terminal.finish();
}

/// Takes back what was typed, and waits until it is gone.
fn erase(terminal: &mut Terminal) {
    terminal.press("\x15@@@");
    terminal.wait_for("@@@");
    terminal.press("\x15");
}

/// Runs something once, and returns the ids of all runs, the newest first.
fn runs(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run(["run", "quiet.runbook"]).expect_code(6);
    let listed = sandbox.run(["runs", "--format", "json"]).expect_code(0);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).expect("it is JSON");
    listed.iter().map(|run| run["run"].as_str().expect("a run has an id").to_owned()).collect()
}

#[test]
fn bash_completes() {
    let sandbox = home();
    let terminal = shell(
        &sandbox,
        "bash",
        &["--norc", "--noprofile", "-i"],
        "source <(mainstay completions bash); PS1='> '; bind 'set enable-bracketed-paste off'",
    );
    completes(&sandbox, terminal);
}

#[test]
fn zsh_completes() {
    let sandbox = home();
    let terminal = shell(
        &sandbox,
        "zsh",
        &["-f", "-i"],
        "PS1='> '; unsetopt prompt_sp; autoload -Uz compinit && compinit -u -D; source <(mainstay completions zsh)",
    );
    completes(&sandbox, terminal);
}

#[test]
fn fish_completes() {
    let sandbox = home().with_env("fish_greeting", "");
    let terminal = shell(
        &sandbox,
        "fish",
        &["--no-config", "-i"],
        "function fish_prompt; echo '> '; end; mainstay completions fish | source",
    );
    completes(&sandbox, terminal);
}

/// What is said at the end of the words, as fish gets it: candidate and description.
fn said(sandbox: &Sandbox, words: &[&str]) -> Vec<(String, String)> {
    let arguments = ["complete", "fish", "--", "mainstay"].into_iter().chain(words.iter().copied());
    let done = sandbox.run(arguments).expect_code(0);
    assert_eq!(done.stderr, "");
    let lines = done.stdout.lines().filter_map(|line| line.split_once('\t'));
    lines.map(|(value, help)| (value.to_owned(), help.to_owned())).collect()
}

#[test]
fn parameters_are_described_and_offered_once() {
    let sandbox = home();
    let values = |words: &[&str]| -> Vec<String> {
        said(&sandbox, words).into_iter().map(|(value, _)| value).collect()
    };
    let all = said(&sandbox, &["run", "spool.runbook", "-p", ""]);
    let region = ("region=".to_owned(), "text, needed: Where".to_owned());
    assert_eq!(all.first(), Some(&region));
    assert_eq!(values(&["run", "spool.runbook", "-p", ""]), ["region=", "limit=", "quiet="]);
    assert_eq!(values(&["run", "spool.runbook", "-p", "limit=4", "-p", ""]), ["region=", "quiet="]);
    assert_eq!(values(&["run", "spool.runbook", "-p", "region="]), ["region=eu", "region=us"]);
    assert_eq!(values(&["run", "missing.runbook", "-p", ""]), Vec::<String>::new());
    assert!(!sandbox.home().join("fetched").exists(), "a completion has fetched a secret");
}

#[test]
fn runs_are_offered_the_newest_first() {
    let sandbox = home();
    runs(&sandbox);
    let ids = runs(&sandbox);
    let offered = said(&sandbox, &["show", ""]);
    let values: Vec<&str> = offered.iter().map(|(value, _)| value.as_str()).collect();
    assert_eq!(values, [ids[0].as_str(), ids[1].as_str(), "last"]);
    assert!(offered[0].1.starts_with("not needed, 20"), "{offered:?}");
    assert!(offered[0].1.ends_with(": Nothing is wrong"), "{offered:?}");
}

#[test]
fn runs_are_completed_where_there_are_none() {
    let offered = said(&home(), &["show", ""]);
    assert!(!offered.is_empty() && offered.iter().all(|(value, _)| value.starts_with("--")), "{offered:?}");
}

#[test]
fn manual_pages_are_rendered_without_a_warning() {
    let sandbox = home();
    let folder = sandbox.home().join("man1");
    sandbox.run([Path::new("man"), &folder]).expect_code(0);
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("it was made")
        .map(|entry| entry.expect("it is there").path())
        .collect();
    pages.sort();
    let names: Vec<_> = pages.iter().filter_map(|page| page.file_stem()?.to_str()).collect();
    for name in
        ["mainstay", "mainstay-check", "mainstay-run", "mainstay-runs", "mainstay-show", "mainstay-timeline"]
    {
        assert!(names.contains(&name), "no page `{name}` in {names:?}");
    }
    let groff = find_program("groff", &[], "groff");
    for page in &pages {
        let done = Command::new(&groff)
            .args(["-ww", "-man", "-Tutf8", "-Kutf8"])
            .arg(page)
            .output()
            .expect("groff can be started");
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{}", page.display());
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(text.contains("S\u{8}SY\u{8}Y"), "{text}");
    }
}
