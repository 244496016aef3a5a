//! What newcomers do wrong at their first runs, and what they are told.

mod support;

use support::sandbox::Sandbox;

const RUNBOOK: &str = r#"runbook "The first one"

param region: one of "eu", "us" "Where"
param limit:  int in 1..100     "Most files" = 3
param name:   text              "Whose"

symptom "never" {
  check n = $ echo {{ limit }}
  when n.number > 1000
}

resolve "Nothing" {
  run $ true
    leave "nothing happened"
}
"#;

#[test]
fn all_mistakes_in_parameters_are_told_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("first.runbook", RUNBOOK);
    sandbox.write("p.toml", "region = \"asia\"\nlimit = 500\nnmae = \"ann\"\n");
    let done = sandbox.run(["run", "first.runbook", "--params", "p.toml", "-p", "name"]).expect_code(2);
    for told in [
        "parameter `region`: `asia` is none of eu, us",
        "parameter `limit`: `500` is not in 1..100",
        "there is no parameter `nmae`",
        "did you mean `name`?",
        "it stands in `p.toml`",
        "`name` is no parameter",
    ] {
        assert!(done.stderr.contains(told), "no `{told}` in:\n{}", done.stderr);
    }
}

#[test]
fn an_empty_answer_to_a_parameter_is_answered() {
    let sandbox = Sandbox::new().with_env("LANG", "C.UTF-8");
    sandbox.write("first.runbook", RUNBOOK);
    let mut terminal = sandbox.at_terminal(["run", "first.runbook", "-p", "region=eu"]);
    terminal.wait_for("name: ");
    terminal.type_line("");
    terminal.wait_for("it has no default: type a value");
    terminal.type_line("ann");
    terminal.finish().expect_code(6);
}

#[test]
fn a_pipe_that_was_cut_off_is_explained() {
    let sandbox = Sandbox::new();
    let runbook = RUNBOOK.replace("echo {{ limit }}", "yes | head --lines=1");
    sandbox.write("first.runbook", &runbook);
    let arguments = ["run", "first.runbook", "-p", "region=eu", "-p", "name=ann"];
    let done = sandbox.run(arguments).expect_code(1);
    let words: Vec<&str> = done.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("`allow exit 0, 141` below the command"), "{}", done.stdout);

    let mended = runbook
        .replace("--lines=1", "--lines=1\n    allow exit 0, 141")
        .replace("n.number > 1000", "n.lines == []");
    sandbox.write("first.runbook", &mended);
    sandbox.run(arguments).expect_code(6);
}
