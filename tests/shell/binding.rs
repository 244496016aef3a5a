//! Plans and values: what no argument can hold, what would look like an option, where a secret goes.

use std::process::Command;

use mainstay::shell::{BindError, Bound, CommandKind, Form, Shell, as_typed, bind};

use crate::template::{invocation, plan};

fn text(value: &str) -> Bound {
    Bound::Text(value.into())
}

fn list(values: &[&str]) -> Bound {
    Bound::List(values.iter().map(|v| (*v).to_owned()).collect())
}

fn secret() -> Bound {
    Bound::Secret { env: "MAINSTAY_SECRET_1".into(), name: "token".into() }
}

/// Returns the message and the help of binding `values` to `command`.
fn error(command: &str, values: &[Bound]) -> (String, &'static str, &'static str) {
    let error = bind(&plan(command, CommandKind::OneLine), values).expect_err(command);
    (error.to_string(), error.help(), error.code())
}

#[test]
fn a_word_that_a_value_makes_an_option_is_refused() {
    let (message, help, code) = error("rm {{x}}", &[text("-rf")]);
    assert_eq!(message, "`-rf` begins with `-` and would be read as an option or an expression");
    assert_eq!(help, "put `--` before it, or text: `./{{ x }}`, `--name={{ x }}`");
    assert_eq!(code, "leading-dash");
    for (command, values) in [
        ("rm {{x}}.txt", vec![text("-r")]),
        ("rm {{x}}-r", vec![text("")]),
        ("rm {{x}}{{y}}", vec![text(""), text("-r")]),
        ("rm {{x}}", vec![list(&["a", "-r"])]),
        ("rm '{{x}}' | cat", vec![text("-r")]),
        ("sudo -u {{x}} id", vec![text("-i")]),
        ("sudo -- rm {{x}}", vec![text("-rf")]),
        ("kubectl exec p -- rm {{x}}", vec![text("-rf")]),
        ("rm {{x}} -- b", vec![text("-rf")]),
        ("kill {{x}}", vec![text("-1")]),
        ("cd {{x}} && ls", vec![text("-")]),
        ("ls {{x}}$HOME", vec![text("-")]),
        ("ssh {{x}} uptime", vec![text("-oProxyCommand=touch canary")]),
    ] {
        assert!(
            matches!(
                bind(&plan(command, CommandKind::OneLine), &values),
                Err(BindError::LeadingSign { index: 0, .. })
            ),
            "{command}"
        );
    }
    for (command, values) in [
        ("rm -- {{x}}", vec![text("-rf")]),
        ("rm ./{{x}}", vec![text("-rf")]),
        ("git checkout main -- {{x}} | cat", vec![text("-rf")]),
        ("psql -v n={{x}}", vec![text("-1")]),
        ("rm {{x}}{{y}}", vec![text("a"), text("-r")]),
        ("x={{x}}; ls > {{y}}", vec![text("-a"), text("-b")]),
        ("printf '%s\\n' {{x}}", vec![text("-a")]),
        ("rm {{x}}", vec![list(&[])]),
    ] {
        assert!(bind(&plan(command, CommandKind::OneLine), &values).is_ok(), "{command}");
    }
}

#[test]
fn an_expression_of_find_is_refused() {
    let (message, help, _) = error("find {{x}} -delete", &[text("!")]);
    assert_eq!(message, "`!` begins with `!` and would be read as an option or an expression");
    assert_eq!(help, "put text before it: `./{{ x }}`");
    assert!(bind(&plan("find . -name {{x}}", CommandKind::OneLine), &[text("!a")]).is_ok());
}

#[test]
fn what_no_argument_can_hold_names_stdin() {
    let (message, help, code) = error("ls {{x}}", &[text("a\0b")]);
    assert_eq!(
        (message.as_str(), help, code),
        (
            "the value has a NUL byte, which no argument can hold",
            "hand it over with `with stdin`",
            "nul-byte"
        )
    );
    let (message, help, code) = error("ls {{x}}", &[text(&"a".repeat(131_072))]);
    assert_eq!(
        (message.as_str(), help, code),
        (
            "the value has 131072 bytes, an argument holds 131071",
            "hand it over with `with stdin`",
            "argument-too-long"
        )
    );
    let long = text(&"a".repeat(131_071));
    assert!(bind(&plan("ls {{x}}", CommandKind::OneLine), std::slice::from_ref(&long)).is_ok());
    assert!(matches!(
        bind(&plan("ls b{{x}}", CommandKind::OneLine), &[long]),
        Err(BindError::TooLong { index: 0, bytes: 131_072 })
    ));
    let (message, help, _) = error(&format!("echo {}", "a".repeat(131_072)), &[]);
    assert_eq!(message, "the script has 131077 bytes, an argument holds 131071");
    assert_eq!(help, "put the script into a file, and its data into `with stdin`");
}

#[test]
fn the_longest_argument_starts() {
    let value = "a".repeat(131_071);
    for command in ["wc -c /dev/null {{x}}", "printf %s {{x}} | wc -c"] {
        let argv = invocation(command, CommandKind::OneLine, &[text(&value)]).argv;
        assert!(Command::new(&argv[0]).args(&argv[1..]).output().is_ok(), "{command}");
    }
}

#[test]
fn a_list_stands_alone() {
    for command in [
        "ls a{{x}}",
        "ls \"{{x}}\"",
        "x={{x}}; ls",
        "ls > {{x}}",
        "cat <<< {{x}}",
        "case {{x}} in a) ;; esac",
    ] {
        let (message, help, code) = error(command, &[list(&["a", "b"])]);
        assert_eq!(
            (message.as_str(), code),
            ("a list stands where only one word can", "list-in-word"),
            "{command}"
        );
        assert_eq!(
            help,
            "let it stand alone as a word, outside quotes, or join it: `{{ xs | join(\",\") }}`"
        );
    }
    let fence = plan("ls {{x}}", CommandKind::Fence(Shell::Sh));
    assert!(!fence.bindings[0].several, "sh has no arrays");
}

#[test]
fn a_secret_travels_by_the_environment_and_leaves_it() {
    let command = "printf '%s' {{x}}; printf ' %s' \"${MAINSTAY_SECRET_1-unset}\"; printf ' %s' \"$#\"";
    let found = invocation(command, CommandKind::OneLine, &[secret()]);
    assert_eq!(found.secrets.iter().collect::<Vec<_>>(), ["MAINSTAY_SECRET_1"]);
    assert!(!found.argv.concat().contains("s3cr$t"));
    let output = Command::new(&found.argv[0])
        .args(&found.argv[1..])
        .env("MAINSTAY_SECRET_1", "s3cr$t *")
        .output()
        .expect("bash");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "s3cr$t * unset 0");
    assert_eq!(
        as_typed(&plan("cat <<< {{x}} > f", CommandKind::OneLine), &[secret()]),
        "cat <<< [secret token] > f"
    );
}

#[test]
fn a_secret_in_an_argument_list_is_seen_before_it_is_there() {
    for command in [
        "curl -H {{x}}",
        "curl -H \"Authorization: {{x}}\" | cat",
        "x={{x}}; curl \"$x\"",
        "curl \"$(echo {{x}})\"",
        "curl \"a$(cat <<< {{x}})\"",
        "f() { printf '%s' {{x}}; }; curl \"$(f)\"",
        "sudo echo {{x}} | cat",
        "for i in {{x}}; do curl $i; done",
        "curl {{x|raw}}",
    ] {
        assert!(plan(command, CommandKind::OneLine).bindings[0].exposed, "{command}");
        let (message, help, code) = error(command, &[secret()]);
        assert_eq!(
            message,
            "the secret `token` would stand in an argument list, where every user of the machine can read it"
        );
        assert_eq!((help, code), ("use `with env { NAME: … }` or `with stdin`", "secret-in-arguments"));
    }
    for command in [
        "printf %s {{x}} | docker login --password-stdin",
        "export T={{x}}; curl",
        "T={{x}} curl",
        "curl -K - <<< {{x}}",
        "cat <<EOF\n{{x}}\nEOF",
        "echo {{x}} > f",
    ] {
        assert!(!plan(command, CommandKind::OneLine).bindings[0].exposed, "{command}");
    }
}

#[test]
fn names_of_variables_are_names() {
    let bad = Bound::Secret { env: "A;touch canary".into(), name: "token".into() };
    assert_eq!(error("echo {{x}}", &[bad]).0, "`A;touch canary` cannot name an environment variable");
    assert_eq!(error("echo {{x}}", &[]).0, "there is no value for interpolation 0");
    assert_eq!(BindError::Missing { index: 0 }.help(), "this is a mistake in mainstay, please report it");
}

#[test]
fn the_variables_of_a_script_are_its_own() {
    let found = plan("__m1=a; echo {{x}} $__m1", CommandKind::OneLine);
    assert_eq!(found.bindings[0].variable, "__m_1");
}

#[test]
fn raw_is_pasted() {
    let found =
        invocation("grep {{x|raw}} {{y|raw}}", CommandKind::OneLine, &[text("-v a | wc"), list(&["b", "c"])]);
    assert_eq!(found.argv[4], "grep -v a | wc b c");
}

#[test]
fn a_script_keeps_its_line_numbers() {
    let found = invocation("\n\nnosuchprogram {{x}}", CommandKind::Fence(Shell::Bash), &[text("a")]);
    let output = Command::new(&found.argv[0]).args(&found.argv[1..]).output().expect("bash");
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 3"), "{output:?}");
}

#[test]
fn the_log_shows_what_could_be_typed() {
    for (command, value, typed) in [
        ("ls {{x}} b", "a b", "ls 'a b' b"),
        ("ls \"{{x}}\"", "a\"$b", "ls \"a\\\"\\$b\""),
        ("ls '{{x}}'", "it's", "ls 'it'\\''s'"),
        ("ls {{x}}", "", "ls ''"),
        ("ls {{x|raw}}", "a b", "ls a b"),
        ("ls # {{x|raw}}", "a\nid", "ls # a\nid"),
    ] {
        assert_eq!(as_typed(&plan(command, CommandKind::OneLine), &[text(value)]), typed);
    }
    assert_eq!(as_typed(&plan("ls {{x}}", CommandKind::OneLine), &[list(&["a b", "c"])]), "ls 'a b' c");
    assert_eq!(as_typed(&plan("ls {{x}}", CommandKind::OneLine), &[]), "ls {{ }}");
}

#[test]
fn a_plan_is_data() {
    let found = plan("echo {{x}} | cat", CommandKind::OneLine);
    let text = serde_json::to_string(&found).expect("json");
    assert_eq!(serde_json::from_str::<mainstay::shell::CommandPlan>(&text).expect("a plan"), found);
    assert!(matches!(found.form, Form::Script { .. }));
}
