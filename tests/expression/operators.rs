//! Operators on literals: results and errors.

use mainstay::program::{BinaryOp, ExprKind, UnaryOp};

use crate::helpers::{World, binary, expr, lit, outcome, v};

fn op(sign: &str) -> BinaryOp {
    match sign {
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterEqual,
        "in" => BinaryOp::In,
        "not in" => BinaryOp::NotIn,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        _ => BinaryOp::Join,
    }
}

fn result(a: &str, sign: &str, b: &str) -> String {
    let expr = binary(op(sign), lit(v(a)), lit(v(b)));
    outcome(&expr, &World::default())
}

#[test]
fn units_compute() {
    for (a, sign, b, expected) in [
        ("5m", "+", "30s", "5m 30s"),
        ("10GiB", "/", "2", "5GiB"),
        ("10GiB", "*", "0.5", "5GiB"),
        ("2", "*", "30s", "1m"),
        ("1h", "/", "30m", "2"),
        ("10GiB", "/", "4GiB", "2.5"),
        ("1h", "*", "50%", "30m"),
        ("90%", "+", "0.5%", "90.5%"),
        ("0.9", "+", "0.5%", "90.5%"),
        ("80%", "*", "50", "40"),
        ("80%", "*", "50%", "40%"),
        ("80%", "/", "2", "40%"),
        ("80%", "/", "40%", "2"),
        ("7", "/", "2", "3.5"),
        ("6", "/", "2", "3"),
        ("7", "-", "9", "-2"),
        ("2026-11-20T14:30Z", "-", "2026-11-20T14:00Z", "30m"),
        ("2026-11-20T14:30Z", "+", "30m", "2026-11-20T15:00Z"),
        ("30m", "+", "2026-11-20T14:30Z", "2026-11-20T15:00Z"),
        ("2026-11-20T14:30Z", "-", "30m", "2026-11-20T14:00Z"),
        ("[1]", "+", "[2]", "[1, 2]"),
        ("a", "~", "5m", "a5m"),
    ] {
        assert_eq!(result(a, sign, b), expected, "{a} {sign} {b}");
    }
}

#[test]
fn values_of_one_kind_compare() {
    for (a, sign, b) in [
        ("0.8", "==", "80%"),
        ("1", "==", "1.0"),
        ("9007199254740993", ">", "9007199254740992.0"),
        ("-1", "<", "0.5"),
        ("5m", ">", "200s"),
        ("1GiB", ">", "1GB"),
        ("2026-11-20", "<", "2026-11-21"),
        ("abc", "<", "abd"),
        ("none", "==", "none"),
        ("5", "!=", "none"),
        ("[1, 2]", "==", "[1.0, 2]"),
        ("[1, 2]", "!=", "[1, \"2\"]"),
        (r#"{"a": 1, "b": 2}"#, "==", r#"{"b": 2, "a": 1}"#),
        ("5", "in", "[1, 5]"),
        ("6", "not in", "[1, 5]"),
        ("1", "in", "[\"a\", 1]"),
        ("6", "not in", "[]"),
        ("ell", "in", "hello"),
        ("a", "in", r#"{"a": 1}"#),
        ("true", "or", "5"),
    ] {
        assert_eq!(result(a, sign, b), "true", "{a} {sign} {b}");
    }
}

#[test]
fn what_does_not_go_together_names_both() {
    for (a, sign, b, expected) in [
        (
            "5m",
            "<",
            "300",
            "cannot compare `5m` (a duration) with `300` (a whole number) | `seconds(n)` makes a duration of a number",
        ),
        (
            "five",
            "==",
            "5",
            "cannot compare `five` (text) with `5` (a whole number) | `number(text)` makes a number of text",
        ),
        ("none", "<", "5", "cannot compare none with `5` (a whole number)"),
        ("true", "<", "false", "cannot compare `true` (true or false) with `false` (true or false)"),
        (
            "a",
            "+",
            "b",
            "cannot add `a` (text) and `b` (text) | `~` joins text, `number(text)` makes a number of it",
        ),
        (
            "10GiB",
            "-",
            "5",
            "cannot subtract `5` (a whole number) from `10GiB` (a size) | `bytes(n)` makes a size of a number",
        ),
        (
            "5m",
            "*",
            "5m",
            "cannot multiply `5m` (a duration) by `5m` (a duration) | `seconds(n)` makes a duration of a number",
        ),
        ("1", "/", "0", "division by zero: `1` (a whole number) / `0` (a whole number)"),
        ("1h", "/", "0s", "division by zero: `1h` (a duration) / `0s` (a duration)"),
        ("9223372036854775807", "+", "1", "the result is too large"),
        ("1e308", "*", "10", "the result is too large"),
        ("106751d", "+", "1d", "the result is too large"),
        ("8000TiB", "*", "2e9", "the result is too large"),
        ("5", "in", "7", "cannot look for `5` (a whole number) in `7` (a whole number)"),
        (
            "5",
            "in",
            "[\"5\"]",
            "cannot compare `5` (text) with `5` (a whole number) | `number(text)` makes a number of text",
        ),
        ("5", "and", "true", "`and` takes true or false, not `5` (a whole number)"),
    ] {
        assert_eq!(result(a, sign, b), expected, "{a} {sign} {b}");
    }
}

#[test]
fn signs_and_not() {
    let unary =
        |op, value: &str| outcome(&expr(ExprKind::Unary(op, Box::new(lit(v(value))))), &World::default());
    assert_eq!(unary(UnaryOp::Negate, "5m"), "-5m");
    assert_eq!(unary(UnaryOp::Negate, "-9223372036854775808"), "the result is too large");
    assert_eq!(unary(UnaryOp::Negate, "a"), "cannot negate `a` (text)");
    assert_eq!(unary(UnaryOp::Not, "true"), "false");
    assert_eq!(unary(UnaryOp::Not, "0"), "`not` takes true or false, not `0` (a whole number)");
}
