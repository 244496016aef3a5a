//! What a program receives is exactly the value, in every kind of quotes, from bash and from dash.

use std::process::{Command, Stdio};

use mainstay::shell::{Bound, CommandKind, Form, Shell, as_typed};
use proptest::prelude::*;

use crate::hostile::{tried, value, world};
use crate::template::{invocation, plan, texts};

/// Commands that print what they got, and what they print for the value `V`. `SUFFIX` is what a context adds.
const BOTH: &[(&str, &str)] = &[
    ("printf '%s\\0' {{x}}", "V\0"),
    ("/usr/bin/printf -- '%s\\0' {{x}} {{x}}", "V\0V\0"),
    ("printf '%s\\0' 'a{{x}}b'", "aVb\0"),
    ("printf '%s\\0' '{{x}}'", "V\0"),
    ("printf '%s\\0' '{{x}}{{x}}'c", "VVc\0"),
    ("printf '%s\\0' \"a{{x}}b\"", "aVb\0"),
    ("printf '%s\\0' \"{{x}}\"'{{x}}'{{x}}", "VVV\0"),
    ("printf '%s\\0' \"\\\"{{x}}\\\"\"", "\"V\"\0"),
    ("printf '%s\\0' \"\\$\"{{x}}[0]", "$V[0]\0"),
    ("printf '%s\\0' \"{{x}}[0]\"", "V[0]\0"),
    ("printf '%s\\0' \"$(printf '%s.' {{x}})\"", "V.\0"),
    ("printf '%s\\0' \"$(printf '%s.' \"$(printf '%s.' '{{x}}')\")\"", "V..\0"),
    ("y=`printf '%s.' {{x}}`; printf '%s\\0' \"$y\"", "V.\0"),
    ("printf '%s\\0' \"`printf '%s.' \"{{x}}\"`\"", "V.\0"),
    ("printf '%s\\0' \"`printf '%s.' '{{x}}'`\"", "V.\0"),
    ("y=`printf '%s.' \"\\`printf '%s.' {{x}}\\`\"`; printf '%s\\0' \"$y\"", "V..\0"),
    ("y={{x}}; printf '%s\\0' \"$y\"", "V\0"),
    ("y=a'{{x}}'\"{{x}}\"{{x}}; printf '%s\\0' \"$y\"", "aVVV\0"),
    ("Y={{x}} /usr/bin/env sh -c 'printf \"%s\\0\" \"$Y\"'", "V\0"),
    ("sh -c 'printf \"%s\\0\" \"$1\"' sh {{x}}", "V\0"),
    ("export Y={{x}}; printf '%s\\0' \"$Y\"", "V\0"),
    ("printf '%s\\0' \"${u:-{{x}}}\"", "V\0"),
    ("printf '%s\\0' ${u:-{{x}}}", "V\0"),
    ("printf '%s\\0' ${u:-'{{x}}'}", "V\0"),
    ("printf '%s\\0' \"${u:-a{{x}}b}\"", "aVb\0"),
    ("printf '%s\\0' \"${u:={{x}}}\"; unset u", "V\0"),
    ("printf '%s\\0' \"${HOME:+{{x}}}\"", "V\0"),
    ("printf '%s\\0' \"${u:-${v:-{{x}}}}\"", "V\0"),
    ("printf '%s\\0' \"${u:-$(printf '%s.' {{x}})}\"", "V.\0"),
    ("cat <<EOF\n{{x}}\nEOF\nprintf '\\0'", "V\n\0"),
    ("cat <<EOF\na {{x}} \"{{x}}\" '{{x}}' \\$HOME \\\\\nEOF\nprintf '\\0'", "a V \"V\" 'V' $HOME \\\n\0"),
    (
        "cat <<'EOF'\n$HOME `id` \\ {{x}} \"$(id)\" \\\\ \\$\nEOF\nprintf '\\0'",
        "$HOME `id` \\ V \"$(id)\" \\\\ \\$\n\0",
    ),
    ("cat <<-\"E-F\"\n\ta\\\n\t\t{{x}}\n\tE-F\nprintf '\\0'", "a\\\nV\n\0"),
    ("cat <<\\EOF | cat\n{{x}}$\nEOF\nprintf '\\0'", "V$\n\0"),
    ("y=$(cat <<'EOF'\n{{x}}.$y\nEOF\n)\nprintf '%s\\0' \"$y\"", "V.$y\0"),
    ("cat <<A; cat <<'B'\n{{x}}\nA\n$ {{x}}\nB\nprintf '\\0'", "V\n$ V\n\0"),
    ("cat <<EOF\n${u:-{{x}}}\nEOF\nprintf '\\0'", "V\n\0"),
    ("cat <<EOF\n$(printf '%s.' {{x}})\nEOF\nprintf '\\0'", "V.\n\0"),
    ("cat <<EOF\n`printf '%s.' {{x}}`\nEOF\nprintf '\\0'", "V.\n\0"),
    ("f() { printf '%s\\0' {{x}}; }; f a b", "V\0"),
    ("set -- a b c; shift 2; printf '%s\\0' {{x}} \"$1\"", "V\0c\0"),
    ("set -- {{x}}; printf '%s\\0' \"$1\"", "V\0"),
    ("( printf '%s\\0' {{x}} ) | cat", "V\0"),
    ("{ printf '%s\\0' {{x}}; } 2> /dev/null", "V\0"),
    ("if true; then printf '%s\\0' {{x}}; else printf '%s\\0' no {{x}}; fi", "V\0"),
    ("for i in {{x}} b; do printf '%s\\0' \"$i\"; done", "V\0b\0"),
    ("while true; do printf '%s\\0' {{x}}; break; done", "V\0"),
    ("case {{x}} in '') printf '%s\\0' {{x}} ;; *) printf '%s\\0' {{x}} ;; esac", "V\0"),
    ("[ {{x}} = {{x}} ] && printf '%s\\0' {{x}}", "V\0"),
    ("[ ! {{x}} != {{x}} ] && printf '%s\\0' {{x}}", "V\0"),
    ("printf '%s\\0' a{{x}}b # {{x}}", "aVb\0"),
    ("printf '%s\\0' \\\n {{x}}", "V\0"),
    ("printf '%s\\0' *{{x}}.none-such*", "*V.none-such*\0"),
    ("! printf '%s\\0' {{x}} & wait", "V\0"),
];

/// The same, for what only bash knows.
const BASH: &[(&str, &str)] = &[
    ("printf '%s\\0' $'a\\t{{x}}\\'b'", "a\tV'b\0"),
    ("printf '%s\\0' \"${u:-a\"{{x}}\"b}\"", "aVb\0"),
    ("printf '%s\\0' \"${u:-'{{x}}'}\"", "'V'\0"),
    ("cat <<< {{x}}; printf '\\0'", "V\n\0"),
    ("cat <<< 'a{{x}}'\"{{x}}\"; printf '\\0'", "aVV\n\0"),
    ("a=({{x}} 'b{{x}}' \"{{x}}\"); printf '%s\\0' \"${a[@]}\"", "V\0bV\0V\0"),
    ("a[1]={{x}}; printf '%s\\0' \"${a[1]}\"", "V\0"),
    ("declare -A m; m[k]={{x}}; printf '%s\\0' \"${m[k]}\"", "V\0"),
    ("[[ {{x}} == {{x}} && {{x}} = \"{{x}}\" ]] && printf '%s\\0' {{x}}", "V\0"),
    ("[[ ! ( {{x}} != {{x}} ) ]] && printf '%s\\0' {{x}}", "V\0"),
    ("function f { local y={{x}}; printf '%s\\0' \"$y\"; }; f", "V\0"),
    ("cat <(printf '%s\\0' {{x}})", "V\0"),
    ("y+={{x}}; printf '%s\\0' \"$y\"; y=", "V\0"),
    ("cat < <(printf '%s\\0' {{x}}) |& cat", "V\0"),
    ("for ((i = 0; i < 1; i++)); do printf '%s\\0' {{x}}; done", "V\0"),
    ("((1 + 1)) && printf '%s\\0' \"$((1 + 1))\" {{x}}", "2\0V\0"),
    ("((printf '%s\\0' {{x}}) | cat)", "V\0"),
    ("printf -v y '%s.' {{x}}; printf '%s\\0' \"$y\"", "V.\0"),
    ("read -r -d '' y <<< {{x}}; printf '%s\\0' {{x}}", "V\0"),
];

fn run(argv: &[String], folder: &std::path::Path) -> Vec<u8> {
    let (program, arguments) = argv.split_first().expect("a program");
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    assert!(output.stderr.is_empty(), "{}\n{argv:?}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn same(found: &[u8], expected: &str, context: &str) -> Result<(), TestCaseError> {
    let found = String::from_utf8_lossy(found);
    prop_assert_eq!(found.as_ref(), expected, "{}", context);
    Ok(())
}

/// Returns whether the log's form is exact. It is for reading: inside `${ }` and backquotes bash has rules of its own for
/// quotes, a comment may be ended by a value, and `<<-` takes a value's tabs away.
fn typeable(context: &str) -> bool {
    !["#", ":-", ":+", ":=", "<<-", "`"].iter().any(|odd| context.contains(odd))
}

/// Repeats `context` for each of `values`, so that one shell serves them all.
fn repeated(context: &str, expected: &str, values: &[String]) -> (String, Vec<Bound>, String) {
    let mut script = String::new();
    let mut bound = Vec::new();
    let mut output = String::new();
    for value in values {
        script.push_str(context);
        script.push('\n');
        bound.extend(texts(std::iter::repeat_n(value, context.matches("{{x}}").count())));
        output.push_str(&expected.replace('V', value));
    }
    (script, bound, output)
}

fn holds(shell: Shell, contexts: &[(&str, &str)], values: &[String]) -> Result<(), TestCaseError> {
    let folder = world();
    for (context, expected) in contexts {
        let (script, bound, expected) = repeated(context, expected, values);
        let found = run(&invocation(&script, CommandKind::Fence(shell), &bound).argv, folder.path());
        same(&found, &expected, context)?;
    }
    prop_assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0,
        "something ran: {:?}",
        values
    );
    Ok(())
}

proptest! {
    #![proptest_config(tried(2))]

    #[test]
    fn bash_receives_the_value(values in proptest::collection::vec(value(), 24)) {
        holds(Shell::Bash, BOTH, &values)?;
        holds(Shell::Bash, BASH, &values)?;
    }

    #[test]
    fn sh_receives_the_value(values in proptest::collection::vec(value(), 24)) {
        holds(Shell::Sh, BOTH, &values)?;
    }

    #[test]
    fn typed_as_the_log_shows_it_the_command_does_the_same(values in proptest::collection::vec(value(), 12)) {
        let folder = world();
        // In what is typed, bash doubles these two in places; and inside `$( )` a line that only begins with the
        // delimiter ends a here-document, when a `)` follows in it.
        let values: Vec<String> =
            values.iter().map(|v| v.replace(['\u{1}', '\u{7f}'], "").replace("EOF", "eof")).collect();
        for (context, expected) in BOTH.iter().chain(BASH).filter(|(c, _)| typeable(c)) {
            let (script, bound, expected) = repeated(context, expected, &values);
            let typed = as_typed(&plan(&script, CommandKind::Fence(Shell::Bash)), &bound);
            let argv = ["bash", "-o", "pipefail", "-c", &typed].map(str::to_owned);
            same(&run(&argv, folder.path()), &expected, context)?;
        }
    }

    #[test]
    fn a_list_becomes_words_in_bash(values in proptest::collection::vec(value(), 0..40)) {
        let folder = world();
        for context in [
            "printf '%s\\0' {{x}}",
            "f() { printf '%s\\0' {{x}}; }; f a b",
            "a=({{x}}); printf '%s\\0' \"${a[@]}\"",
            "printf '%s\\0' a \"$(printf '%s\\n' {{x}} > /dev/null)\" {{x}}",
            "set -u; printf '%s\\0' {{x}}",
            "for i in {{x}}; do printf '%s\\0' \"$i\"; done",
        ] {
            let bound = vec![Bound::List(values.clone()); context.matches("{{x}}").count()];
            let found = run(&invocation(context, CommandKind::Fence(Shell::Bash), &bound).argv, folder.path());
            let mut expected: String = values.iter().map(|v| format!("{v}\0")).collect();
            if context.contains(" a \"$(") {
                expected.insert_str(0, "a\0\0");
            } else if values.is_empty() && !context.contains("for") {
                // printf with nothing to print prints its format once.
                expected.push('\0');
            }
            same(&found, &expected, context)?;
        }
    }
}

proptest! {
    #![proptest_config(tried(256))]

    #[test]
    fn a_direct_command_gets_the_words(value in value(), list in proptest::collection::vec(value(), 0..4)) {
        let text = "tool -- a{{x}}\"b {{x}}\" '{{x}}'\\ c {{x}} --y={{x}} {{list}} '' d";
        let mut bound = texts(std::iter::repeat_n(&value, 5));
        bound.push(Bound::List(list.clone()));
        prop_assert!(matches!(plan(text, CommandKind::OneLine).form, Form::Direct { .. }), "not direct");
        let argv = invocation(text, CommandKind::OneLine, &bound).argv;
        let mut expected = vec!["tool".into(), "--".into(), format!("a{value}b {value}"), format!("{value} c"), value.clone()];
        expected.push(format!("--y={value}"));
        expected.extend(list);
        expected.extend([String::new(), "d".into()]);
        prop_assert_eq!(argv, expected);
    }
}
