//! Values that try to be code, and commands that might let them.

use std::process::{Command, Stdio};

use mainstay::shell::{Bound, CommandKind, Piece, Shell, analyse, bind, quote};
use mainstay::source::Span;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::template::pieces;

/// Pieces of values: whatever any quoting might trip over, and code that leaves a file behind.
const SHARDS: &[&str] = &[
    "$(touch canary)",
    "`touch canary`",
    "; touch canary;",
    "'; touch canary; '",
    "\"; touch canary; \"",
    "\n touch canary\n",
    "a[$(touch canary)]",
    "x=$(touch canary)",
    "&& touch canary",
    "| touch canary",
    "${IFS}",
    "$HOME",
    "${x:-$(touch canary)}",
    "*",
    "?",
    "[a-z]",
    "~",
    "{a,b}",
    "\\",
    "\\\\",
    "\"",
    "'",
    "`",
    "$",
    "#",
    "!",
    " ",
    "\t",
    "\n",
    "\r",
    "-",
    "--",
    "EOF",
    "\nEOF\n",
    "}",
    ")",
    "))",
    "]]",
    "é",
    "\u{1F980}",
    "\u{7f}",
    "\u{1}",
    "\\n",
    "%s",
    "%n",
    "<(touch canary)",
    "> canary",
    "&",
    "a b",
    "=",
    ";;",
    "\\$(touch canary)",
    "\\`touch canary\\`",
    "'\"'\"'",
    "$'\\''",
    "\u{85}",
    "\u{feff}",
    "\u{202e}",
    "]]",
    "-f",
];

/// Returns values: any text, and text made of shards. None holds a NUL byte.
pub fn value() -> impl Strategy<Value = String> {
    let shard = proptest::sample::select(SHARDS).prop_map(str::to_owned);
    let any = proptest::collection::vec(any::<char>().prop_filter("no NUL", |c| *c != '\0'), 0..12)
        .prop_map(|chars| chars.into_iter().collect::<String>());
    prop_oneof![
        3 => proptest::collection::vec(shard, 0..6).prop_map(|shards| shards.concat()),
        1 => any,
    ]
    // A line that is the delimiter ends a here-document in text that is typed, not in what runs.
    .prop_map(|v| v.replace('V', "v"))
    .prop_filter("typed text", |v| {
        !v.lines().any(|l| ["EOF", "A", "B", "E-F"].contains(&l.trim_matches('\t')))
    })
}

/// Returns the configuration of a property: `cases`, or as many as `PROPTEST_CASES` asks for.
pub fn tried(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Returns an empty folder.
pub fn world() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Fragments that commands are thrown together from. All programs among them are harmless in an empty folder.
const FRAGMENTS: &[&str] = &[
    "{{x}}",
    "{{x}}",
    "{{x}}",
    "{{x}}",
    "'{{x}}'",
    "\"{{x}}\"",
    "echo",
    "echo",
    "printf '%s\\n'",
    "printf",
    "-v",
    "cat",
    "eval",
    ":",
    "true",
    "[[",
    "]]",
    "[",
    "]",
    "test",
    "-gt",
    "-eq",
    "-v",
    "==",
    "=",
    "-n",
    "&&",
    "||",
    "((",
    "))",
    "$((",
    "$(",
    ")",
    "(",
    "`",
    "\"",
    "'",
    "$'",
    "${u:-",
    "${u:=",
    "${u[",
    "${u:",
    "${#",
    "${!",
    "${u#",
    "}",
    "{",
    "|",
    ";",
    "\n",
    "<<EOF",
    "<<'EOF'",
    "\nEOF\n",
    "<<<",
    "> out",
    "< ",
    "x=",
    "x+=",
    "x=(",
    "$x",
    "\"$x\"",
    "a[",
    "]=1",
    "declare",
    "declare -i",
    "-n",
    "local",
    "export",
    "readonly",
    "typeset",
    "let",
    "read",
    "read x",
    "trap",
    "EXIT",
    "unset",
    "alias",
    "source",
    ".",
    "<(",
    "bash -c",
    "sh -c",
    "bash",
    "sh",
    "env",
    "nice",
    "timeout 1",
    "xargs",
    "exec",
    "command",
    "builtin",
    "awk",
    "sed",
    "sed -n",
    "find . -exec",
    "\\;",
    "if",
    "then",
    "fi",
    "for",
    "in",
    "do",
    "done",
    "case",
    "esac",
    ";;",
    "while false;",
    "f() {",
    "f",
    "!",
    "time",
    "1",
    "a",
    "b",
    "\\",
    "#",
    "&",
    "set --",
    "$1",
    "$@",
    "shift",
    "~",
    "{a,",
    "..",
    "--",
    "-",
    "2>&1",
    ">&",
    "mapfile",
    "wait",
    "cd",
    "\"$(",
    ")\"",
    "printf '%d'",
    "-c",
    "-e",
    "let x=",
    "x",
    "+1",
];

/// Whole statements, put one behind the other: what one of them stores, another might read. Files are left out: what is
/// written to one and then run is not followed.
const STATEMENTS: &[&str] = &[
    "x={{x}}",
    "x='{{x}}'",
    "x=\"a{{x}}\"",
    "read -r x <<< {{x}}",
    "x=({{x}})",
    "export x={{x}}",
    "declare x={{x}}",
    "printf -v x %s {{x}}",
    "set -- {{x}}",
    "for x in {{x}}; do :; done",
    "y=$x",
    "y=\"$1\"",
    "y=\"${x:-a}\"",
    "f() { echo {{x}}; }",
    "f() { echo \"$x\"; }",
    "x=$(echo {{x}})",
    "read -r x < <(echo {{x}})",
    "mapfile -t x <<< {{x}}",
    "IFS= read -r x << EOF\n{{x}}\nEOF",
    "while read -r x; do eval \"$x\"; done <<< {{x}}",
    "echo {{x}} | while read -r x; do eval \"$x\"; done",
    "local x={{x}}",
    "x=1; x+={{x}}",
    "for x in {{x}}; do eval \"$x\"; done",
    "for x in {{x}}; do echo $((x)); done",
    "eval \"$x\"",
    "eval $x",
    "eval \"$y\"",
    "[[ $x -gt 1 ]]",
    "[[ x -gt 1 ]]",
    "(( x > 1 ))",
    "echo $((x + 1))",
    "echo $((y))",
    "bash -c \"$x\"",
    "sh -c \"$y\"",
    "echo \"$x\" | bash",
    "bash <<< \"$x\"",
    "bash <<EOF\n$x\nEOF",
    "let y=x",
    "let \"$x\"",
    "declare -i y=$x",
    "declare -i n; n={{x}}",
    "a[$x]=1",
    "a[x]=1",
    "echo ${a[$x]}",
    "echo ${a[x]}",
    "echo ${HOME:x:1}",
    "$x",
    "\"$x\"",
    "printf \"$x\"",
    "trap \"$x\" EXIT",
    "eval \"$(f)\"",
    "f | bash",
    "test -v \"$x\"",
    "[ -v \"$x\" ]",
    "unset \"$x\"",
    "read \"$x\" <<< a",
    "export \"$x\"",
    "local -n y=$x",
    "wait -p \"$x\"",
    "mapfile \"$x\" <<< a",
    "echo ${#a[$x]}",
    "for ((i = x; i < 1; i++)); do :; done",
    "[[ a -nt b || $x -ge 0 ]]",
    "exec {fd}> \"$x\"",
    "printf %d \"$x\"",
    "ulimit -n \"$x\"",
    "shift \"$x\"",
    "test \"$x\" -eq 1",
    "getopts a \"$x\"",
    "a=([$x]=1)",
    "a=($x)",
    "declare -A m; m[$x]=1; echo ${m[$x]}",
    "echo ${x/a/b} ${x%c} ${x^^} ${x:0:1}",
    "echo ${y:-$((x))}",
    "cat <<< $((x))",
    "y=$x; [[ -v y ]]; [[ -v $y ]]",
    "declare \"$x\"",
    "printf -v \"$x\" a",
    "source <(f)",
    ". <(echo \"$x\")",
    "eval \"$1\"",
    "bash -c \"$1\"",
    "$1",
    "eval \"$@\"",
    "eval \"${x[0]}\"",
    "eval \"${x[@]}\"",
    "if [[ $x -eq 0 ]]; then :; fi",
    "echo ${!x}",
    "x=${x@P}; echo ${x@P}",
    "env bash -c \"$x\"",
    "awk \"BEGIN { $x }\"",
    "sed \"$x\"",
    "echo a | xargs -I@ sh -c \"$x\"",
    "g() { eval \"$1\"; }; g \"$x\"",
    "g() { bash; }; echo {{x}} | g",
    "{ bash; } <<< {{x}}",
    "(cat | bash) <<< {{x}}",
    "cat <<< {{x}} | sh",
    "echo {{x}} | tee out | sh",
    "cat > out <<< {{x}}",
];

/// Code for each way of reading text: as commands, as arithmetic, as a prompt, as awk and sed.
const ATTACKS: &[&str] = &[
    "touch canary",
    "$(touch canary)",
    "`touch canary`",
    "a[$(touch canary)]",
    "x[$(touch canary)]",
    "; touch canary; ",
    "\ntouch canary\n",
    "'; touch canary; '",
    "\"; touch canary; \"",
    "}; touch canary; {",
    "); touch canary; (",
    "x;touch canary",
    "1e touch canary",
    "system(\"touch canary\")",
    "-c",
    "a[`touch canary`]=1",
];

/// Runs the command when it is accepted, and returns whether a value became code.
fn breaks_out(text: &str, attack: &str, kind: CommandKind) -> bool {
    let Ok(plan) = analyse(&pieces(text), kind) else {
        return false;
    };
    let values = vec![Bound::Text(attack.into()); text.matches("{{x}}").count()];
    let Ok(invocation) = bind(&plan, &values) else {
        return false;
    };
    let folder = world();
    let mut command = Command::new("timeout");
    command
        .args(["-s", "KILL", "2"])
        .args(&invocation.argv)
        .current_dir(folder.path())
        .env("HOME", folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.status();
    folder.path().join("canary").exists()
}

proptest! {
    #![proptest_config(tried(3000))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n]{0,60}", tail in proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..8)) {
        let text = text + &tail.join(" ");
        for kind in [CommandKind::OneLine, CommandKind::Fence(Shell::Bash), CommandKind::Fence(Shell::Sh)] {
            let _ = analyse(&pieces(&text), kind);
        }
    }
}

proptest! {
    #![proptest_config(tried(300))]

    #[test]
    fn no_accepted_command_runs_a_value(
        fragments in proptest::collection::vec((proptest::sample::select(FRAGMENTS), prop_oneof![3 => Just(" "), 1 => Just("")]), 1..10),
        attack in proptest::sample::select(ATTACKS),
        kind in proptest::sample::select(vec![CommandKind::OneLine, CommandKind::Fence(Shell::Bash), CommandKind::Fence(Shell::Sh)]),
    ) {
        let text: String = fragments.iter().flat_map(|(a, b)| [*a, *b]).collect();
        prop_assert!(!breaks_out(&text, attack, kind), "{text}\n{attack}");
    }

    #[test]
    fn no_statement_hands_a_value_to_another_that_runs_it(
        statements in proptest::collection::vec(proptest::sample::select(STATEMENTS), 1..5),
        attack in proptest::sample::select(ATTACKS),
    ) {
        let text = statements.join("\n");
        prop_assert!(!breaks_out(&text, attack, CommandKind::Fence(Shell::Bash)), "{text}\n{attack}");
    }
}

#[test]
fn deep_nesting_is_refused_in_good_time() {
    for (open, close) in [
        ("$(", ")"),
        ("((", "))"),
        ("$((", "))"),
        ("${a:-", "}"),
        ("\"$(", ")\""),
        ("( ", " )"),
        ("{ ", "; }"),
        ("if ", ""),
    ] {
        for depth in [10, 47, 60, 500, 5000] {
            let text = format!("echo {}{{{{x}}}}{}", open.repeat(depth), close.repeat(depth));
            let _ = analyse(&pieces(&text), CommandKind::OneLine);
            let _ = analyse(&pieces(&format!("echo {}{{{{x}}}}", open.repeat(depth))), CommandKind::OneLine);
        }
    }
    let backquotes = Piece::Text { text: "`".repeat(4000), span: Span::default() };
    let _ = analyse(&[backquotes], CommandKind::OneLine);
}

#[test]
fn quoted_text_is_one_word_to_a_shell() {
    for shard in SHARDS {
        assert_eq!(shlex::split(&quote(shard)), Some(vec![(*shard).to_owned()]), "{shard}");
    }
}
