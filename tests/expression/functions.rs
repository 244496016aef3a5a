//! Functions and filters: results and errors.

use mainstay::expression::{call_function, names, result_type, signature};
use mainstay::value::{Type, Value};

use crate::helpers::{command, v};

fn result(name: &str, args: &[&str]) -> String {
    let args = args.iter().map(|arg| v(arg)).collect();
    outcome(name, args, vec![])
}

fn outcome(name: &str, args: Vec<Value>, named: Vec<(&str, &str)>) -> String {
    let named = named.into_iter().map(|(n, value)| (n.to_owned(), v(value))).collect();
    let now = "2026-11-20T14:30:00Z".parse().unwrap();
    match call_function(name, args, named, now) {
        Ok(value) => value.to_string(),
        Err(failure) => {
            let mut lines = vec![failure.message];
            lines.extend(failure.help);
            lines.join(" | ")
        }
    }
}

const ROWS: &str = r#"[{"app": "b", "n": 2}, {"app": "a", "n": 10}, {"app": "b", "n": 1}]"#;

#[test]
fn units() {
    for (name, args, expected) in [
        ("bytes", vec!["1024"], "1KiB"),
        ("bytes", vec!["1.6"], "2B"),
        ("seconds", vec!["90"], "1m 30s"),
        ("seconds", vec!["0.5"], "500ms"),
        ("percent", vec!["91"], "91%"),
        ("in_bytes", vec!["1KiB"], "1024"),
        ("in_seconds", vec!["2m"], "120"),
        ("in_seconds", vec!["1500ms"], "1.5"),
        ("number", vec!["\"42\""], "42"),
        ("number", vec!["80%"], "0.8"),
        ("int", vec!["3.9"], "3"),
        ("int", vec!["\"-7\""], "-7"),
        ("bool", vec!["\"yes\""], "true"),
        ("time", vec!["\"2026-11-20\""], "2026-11-20T00:00Z"),
        ("age", vec!["\"2026-11-20T14:00:00Z\""], "30m"),
        ("duration", vec!["\"5m\""], "5m"),
        ("duration", vec!["\"00:06:10.5\""], "6m 10.5s"),
        ("duration", vec!["\"3 days 04:05:06\""], "3d 4h 5m 6s"),
        ("duration", vec!["\"2-03:00:00\""], "2d 3h"),
        ("size", vec!["\"1GiB\""], "1GiB"),
        ("abs", vec!["-5m"], "5m"),
        ("round", vec!["2.5"], "3"),
        ("round", vec!["2.345", "2"], "2.35"),
        ("round", vec!["93.1234%", "1"], "93.1%"),
    ] {
        assert_eq!(result(name, &args), expected, "{name} {args:?}");
    }
}

#[test]
fn text() {
    for (name, args, expected) in [
        ("upper", vec!["abc"], "ABC"),
        ("lower", vec!["ABC"], "abc"),
        ("title", vec!["a bc"], "A Bc"),
        ("capitalize", vec!["aBC"], "Abc"),
        ("trim", vec!["\" a \""], "a"),
        ("trim", vec!["--a--", "-"], "a"),
        ("replace", vec!["a-b-c", "-", "+"], "a+b+c"),
        ("split", vec!["a,b", ","], "[a, b]"),
        ("split", vec!["a b  c"], "[a, b, c]"),
        ("lines", vec!["a\nb"], "[a, b]"),
        ("indent", vec!["a\nb", "2"], "a\n  b"),
        ("format", vec!["%.1f", "2.25"], "2.2"),
        ("urlencode", vec!["a b/c"], "a%20b/c"),
        ("urlencode", vec![r#"{"a": 1, "b": "x y"}"#], "a=1&b=x%20y"),
        ("url", vec!["a b/c?"], "a%20b%2Fc%3F"),
        ("text", vec!["90s"], "1m 30s"),
        ("capture", vec!["pid=42;", "pid=([0-9]+)"], "42"),
        ("capture", vec!["pid=42;", "\"[0-9]+\""], "42"),
        ("sql", vec!["o'brien"], "'o''brien'"),
        ("sql", vec![r"a\b"], r" E'a\\b'"),
        ("sql", vec!["5"], "5"),
        ("sql", vec!["none"], "null"),
        ("sql_name", vec!["a\"b"], "\"a\"\"b\""),
        ("tojson", vec![r#"{"b": [1, "x"]}"#], r#"{"b":[1,"x"]}"#),
        ("tojson", vec!["[1]", "2"], "[\n  1\n]"),
        ("parse_json", vec!["\"[1, 2]\""], "[1, 2]"),
        ("length", vec!["äöü"], "3"),
        ("reverse", vec!["abc"], "cba"),
    ] {
        assert_eq!(result(name, &args), expected, "{name} {args:?}");
    }
    assert_eq!(outcome("upper", vec![command("a", "b\n")], vec![]), "B");
}

#[test]
fn lists() {
    for (name, args, expected) in [
        ("length", vec![ROWS], "3"),
        ("count", vec!["[1]"], "1"),
        ("first", vec!["[1, 2]"], "1"),
        ("last", vec!["[1, 2]"], "2"),
        ("take", vec!["[1, 2, 3]", "2"], "[1, 2]"),
        ("take", vec!["[1]", "5"], "[1]"),
        ("min", vec!["3", "2.5"], "2.5"),
        ("max", vec!["[1, 7, 3]"], "7"),
        ("min", vec!["5m", "30s"], "30s"),
        ("sum", vec!["[1, 2.5]"], "3.5"),
        ("sum", vec!["[]"], "0"),
        ("sort", vec!["[3, 1, 2]"], "[1, 2, 3]"),
        ("unique", vec!["[1, 1.0, \"1\", 2, 1]"], "[1, 1, 2]"),
        ("reverse", vec!["[1, 2]"], "[2, 1]"),
        ("join", vec!["[1, \"a\"]", ", "], "1, a"),
        ("map", vec![ROWS, "app"], "[b, a, b]"),
        ("attr", vec![r#"{"a": {"b": [7]}}"#, "a.b.0"], "7"),
        ("select", vec!["[0, 1, null, 2]"], "[1, 2]"),
        ("select", vec!["[1, 5, 9]", ">", "4"], "[5, 9]"),
        ("reject", vec!["[1, 5, 9]", "in", "[5]"], "[1, 9]"),
        ("select", vec!["[\"web-1\", \"db\"]", "matches", "^web"], "[web-1]"),
        ("selectattr", vec![ROWS, "n", "ge", "2"], "[{app: b, n: 2}, {app: a, n: 10}]"),
        ("rejectattr", vec![ROWS, "zzz", "defined"], ROWS_SHOWN),
        (
            "groupby",
            vec![ROWS, "app"],
            "[{grouper: a, list: [{app: a, n: 10}]}, {grouper: b, list: [{app: b, n: 2}, {app: b, n: 1}]}]",
        ),
        ("batch", vec!["[1, 2, 3]", "2", "0"], "[[1, 2], [3, 0]]"),
        ("slice", vec!["[1, 2, 3]", "2"], "[[1, 2], [3]]"),
        ("list", vec!["ab"], "[a, b]"),
        ("items", vec![r#"{"b": 1, "a": 2}"#], "[[b, 1], [a, 2]]"),
        ("dictsort", vec![r#"{"b": 1, "a": 2}"#], "[[a, 2], [b, 1]]"),
        ("keys", vec![r#"{"b": 1, "a": 2}"#], "[b, a]"),
        ("values", vec![r#"{"b": 1, "a": 2}"#], "[1, 2]"),
        ("chain", vec!["[1]", "[2]"], "[1, 2]"),
        ("zip", vec!["[1, 2]", "[\"a\"]"], "[[1, a]]"),
        ("range", vec!["3"], "[0, 1, 2]"),
        ("range", vec!["2", "4"], "[2, 3]"),
        ("default", vec!["none", "5"], "5"),
    ] {
        assert_eq!(result(name, &args), expected, "{name} {args:?}");
    }
}

const ROWS_SHOWN: &str = "[{app: b, n: 2}, {app: a, n: 10}, {app: b, n: 1}]";

#[test]
fn list_functions_keep_units() {
    let units = || Value::list(vec![v("90s"), v("30s"), v("90s")]);
    for (name, expected) in [
        ("sum", "3m 30s"),
        ("sort", "[30s, 1m 30s, 1m 30s]"),
        ("unique", "[1m 30s, 30s]"),
        ("max", "1m 30s"),
        ("first", "1m 30s"),
        ("join", "1m 30s30s1m 30s"),
    ] {
        assert_eq!(outcome(name, vec![units()], vec![]), expected);
    }
    let rows = Value::list(vec![Value::record([("took", v("5m"))])]);
    assert_eq!(outcome("map", vec![rows, v("took")], vec![]), "[5m]");
}

#[test]
fn named_arguments() {
    assert_eq!(
        outcome("sort", vec![v(ROWS)], vec![("attribute", "n"), ("reverse", "true")]),
        "[{app: a, n: 10}, {app: b, n: 2}, {app: b, n: 1}]"
    );
    assert_eq!(
        outcome("sort", vec![v(ROWS)], vec![("attribute", "\"app, n\"")]),
        "[{app: a, n: 10}, {app: b, n: 1}, {app: b, n: 2}]"
    );
    assert_eq!(outcome("map", vec![v("[\"a\"]")], vec![("filter", "upper")]), "[A]");
    assert_eq!(outcome("sort", vec![v("[\"b\", \"A\"]")], vec![("case_sensitive", "false")]), "[A, b]");
}

#[test]
fn errors_name_function_argument_and_value() {
    for (name, args, expected) in [
        ("uper", vec!["a"], "there is no function `uper`: did you mean `upper`?"),
        ("upper", vec!["5"], "`upper` takes text, not `5` (a whole number)"),
        ("upper", vec!["a", "b"], "`upper` takes 1 argument, not 2"),
        ("take", vec!["[1]"], "`take` needs the argument `n`"),
        ("take", vec!["[1]", "-1"], "`take` takes a whole number from 0 as `n`, not `-1` (a whole number)"),
        ("take", vec!["a", "1"], "`take` takes a list, not `a` (text)"),
        ("first", vec!["[]"], "`first` of an empty list"),
        ("max", vec!["[]"], "`max` of an empty list"),
        ("max", vec!["5"], "`max` takes a list, not `5` (a whole number)"),
        (
            "max",
            vec!["5", "5m"],
            "cannot compare `5m` (a duration) with `5` (a whole number) | `seconds(n)` makes a duration of a number",
        ),
        (
            "sum",
            vec!["[\"a\"]"],
            "cannot subtract `a` (text) from `a` (text) | `number(text)` makes a number of text",
        ),
        (
            "sort",
            vec!["[1, \"a\"]"],
            "cannot compare `1` (a whole number) with `a` (text) | `number(text)` makes a number of text",
        ),
        (
            "map",
            vec![ROWS, "ap"],
            "`item 0 of the list` has no `ap` | did you mean `app`? | it has `app`, `n`",
        ),
        (
            "map",
            vec![ROWS],
            "`map` needs the argument `attribute` | `map(\"name\")` takes that field of each item, `map(filter: \"upper\")` a filter",
        ),
        ("select", vec!["[1]", "gte", "1"], "there is no test `gte` | did you mean `ge`?"),
        ("select", vec!["[1]", "gt"], "the test `gt` needs a value to test with"),
        ("number", vec!["many"], "`many` is not a number"),
        ("number", vec!["5m"], "`number` takes text, not `5m` (a duration) | use `in_seconds`"),
        ("bool", vec!["maybe"], "`bool` takes true, yes, on, 1 or false, no, off, 0, not `maybe` (text)"),
        ("in_seconds", vec!["5"], "`in_seconds` takes a duration, not `5` (a whole number)"),
        ("seconds", vec!["1e30"], "`seconds` takes a number in range, not `1e30` (a number)"),
        ("capture", vec!["abc", "\"[0-9]\""], "`abc` does not match `[0-9]`"),
        ("capture", vec!["abc", "("], "`(` is not a regular expression: unclosed group"),
        ("parse_json", vec!["{a"], "`{a` is not JSON: key must be a string at line 1, column 2"),
        (
            "sql",
            vec!["[1]"],
            "`sql` takes one value, not `[1]` (a list) | for a list: `xs | map(filter: \"sql\") | join(\", \")`",
        ),
        ("sql", vec!["5m"], "`sql` takes no duration: `5m` (a duration) | render it with `in_seconds`"),
        ("sql", vec!["a\0b"], "SQL has no text with a NUL byte"),
        ("sql_name", vec!["\"\""], "`sql_name` takes no empty name"),
        (
            "indent",
            vec!["a", "9999999999"],
            "`indent` takes a whole number from 0 to 1000 as `width`, not `9999999999` (a whole number)",
        ),
        ("format", vec!["%9999d", "1"], "`format` takes no width above 999"),
        ("range", vec!["1000000"], "`range` makes at most 100000 numbers"),
        (
            "batch",
            vec!["[1]", "0"],
            "`batch` takes a whole number from 1 to 100000 as `size`, not `0` (a whole number)",
        ),
        ("round", vec!["a"], "`round` takes a number, not `a` (text)"),
        (
            "parse_url",
            vec!["db/x"],
            "`db/x` is not an address: relative URL without a base | an address begins with its scheme: `https://…`, `postgres://…`",
        ),
    ] {
        let args: Vec<Value> =
            args.iter().map(|arg| if *arg == "{a" { Value::text("{a") } else { v(arg) }).collect();
        assert_eq!(outcome(name, args.clone(), vec![]), expected, "{name} {args:?}");
    }
    assert_eq!(
        outcome("sort", vec![v("[1]")], vec![("atribute", "n")]),
        "`sort` has no argument `atribute`: did you mean `attribute`?"
    );
    assert_eq!(outcome("take", vec![v("[1]"), v("1")], vec![("n", "1")]), "`take` is given `n` twice");
    assert_eq!(
        outcome("length", vec![command("a", "b")], vec![]),
        "`length` takes a list, a record or text, not `b` (a command's result) | `.lines`, `.json` or `.stdout` say what of the command is counted"
    );
}

#[test]
fn addresses_are_taken_apart() {
    let parsed = |text: &str| result("parse_url", &[&format!("\"{text}\"")]);
    assert_eq!(
        parsed("postgres://us%40er:p%2Fw@db.example:6432/shop?sslmode=require#x"),
        "{scheme: postgres, host: db.example, port: 6432, user: us@er, password: p/w, path: shop, query: sslmode=require, fragment: x}"
    );
    assert_eq!(
        parsed("postgres://[::1]/shop"),
        "{scheme: postgres, host: ::1, port: 5432, user: none, password: none, path: shop, query: none, fragment: none}"
    );
    assert_eq!(
        parsed("custom://%2Fvar%2Frun/a/b"),
        "{scheme: custom, host: /var/run, port: none, user: none, password: none, path: a/b, query: none, fragment: none}"
    );
}

#[test]
fn a_value_fits_the_type_its_function_promises() {
    let samples = ["5", "2.5", "a", "5m", "1GiB", "50%", "2026-11-20", "true", "[1, 2]", "{\"a\": 1}"];
    let ty = |text: &str| match v(text) {
        Value::Int(_) => Type::Int,
        Value::Number(_) => Type::Number,
        Value::Text(_) => Type::Text,
        Value::Duration(_) => Type::Duration,
        Value::Size(_) => Type::Size,
        Value::Percent(_) => Type::Percent,
        Value::Time(_) => Type::Time,
        Value::Bool(_) => Type::Bool,
        Value::List(_) => Type::List(Box::new(Type::Int)),
        _ => Type::Record(None),
    };
    let now = "2026-11-20T14:30:00Z".parse().unwrap();
    for name in names() {
        for a in samples {
            for args in std::iter::once(vec![a]).chain(samples.iter().map(|b| vec![a, *b])) {
                let types: Vec<Type> = args.iter().map(|arg| ty(arg)).collect();
                let values = args.iter().map(|arg| v(arg)).collect();
                let typed = result_type(name, &types);
                match (typed, call_function(name, values, vec![], now)) {
                    (Ok(promised), Ok(value)) => assert_eq!(
                        mainstay::value::conforms(&value, &promised),
                        Ok(()),
                        "{name} {args:?} gave {value}"
                    ),
                    (Err(message), Ok(value)) => {
                        panic!("{name} {args:?} gave {value} in spite of: {message}")
                    }
                    (_, Err(_)) => {}
                }
            }
        }
        assert!(signature(name).is_some_and(|s| s.description.ends_with('.')));
    }
}
