//! Values shown, read and checked.

use mainstay::value::{
    Type, Value, brief, conforms, parse_duration, parse_json, parse_percent, parse_size, parse_time,
};
use serde_json::json;

use crate::helpers::{command, v};

#[test]
fn durations_are_shown_as_people_write_them() {
    for (ns, shown) in [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5us"),
        (500_000_000, "500ms"),
        (1_500_000, "1.5ms"),
        (30_000_000_000, "30s"),
        (12_500_000_000, "12.5s"),
        (90_000_000_000, "1m 30s"),
        (5_400_000_000_000, "1h 30m"),
        (172_800_000_000_000, "2d"),
        (-60_000_000_000, "-1m"),
        (60_000_000_001, "1m 0.000000001s"),
    ] {
        assert_eq!(Value::Duration(ns).to_string(), shown);
        assert_eq!(parse_duration(shown), Ok(Value::Duration(ns)));
    }
    assert_eq!(parse_duration("1h30m"), parse_duration("1.5h"));
    assert!(parse_duration(&Value::Duration(i64::MIN).to_string()).is_ok());
}

#[test]
fn sizes_are_shown_exactly() {
    for (bytes, shown) in [
        (0, "0B"),
        (512, "512B"),
        (1024, "1KiB"),
        (1536, "1.5KiB"),
        (10 << 30, "10GiB"),
        (90_000_000_000, "90GB"),
        (1_234_567, "1.234567MB"),
        (-(1 << 20), "-1MiB"),
        (98_765_432_101, "98.765432101GB"),
    ] {
        assert_eq!(Value::Size(bytes).to_string(), shown);
        assert_eq!(parse_size(shown), Ok(Value::Size(bytes)));
    }
    assert_eq!(parse_size("1.5 GiB"), Ok(Value::Size(3 << 29)));
    assert_eq!(parse_size("1 KB"), Ok(Value::Size(1000)));
}

#[test]
fn percentages_are_shares() {
    for (share, shown) in [
        (0.8, "80%"),
        (0.005, "0.5%"),
        (0.07, "7%"),
        (0.0, "0%"),
        (-0.015, "-1.5%"),
        (2.5, "250%"),
        (0.000_001, "0.0001%"),
    ] {
        assert_eq!(Value::Percent(share).to_string(), shown);
        assert_eq!(parse_percent(shown), Ok(Value::Percent(share)));
    }
    assert_eq!(Value::Percent(1.0 / 3.0).to_string(), "33.33%");
    assert_eq!(Value::Percent(0.1 + 0.2).to_string(), "30%");
    assert_eq!(Value::Percent(1e-9).to_string(), "1.0e-7%");
}

#[test]
fn times_are_shown_in_utc() {
    for (text, shown) in [
        ("2026-11-20", "2026-11-20T00:00Z"),
        ("2026-11-20T14:30Z", "2026-11-20T14:30Z"),
        ("2026-11-20T14:30:05.5Z", "2026-11-20T14:30:05.5Z"),
        ("2026-11-20T14:30:00+01:00", "2026-11-20T13:30Z"),
        ("2026-11-20 14:30:05+00", "2026-11-20T14:30:05Z"),
    ] {
        assert_eq!(parse_time(text).unwrap().to_string(), shown, "{text}");
    }
}

#[test]
fn literals_that_are_wrong_say_how_one_is_written() {
    let message = |result: Result<Value, String>| result.unwrap_err();
    for (found, expected) in [
        (message(parse_duration("5")), "`5` is not a duration: write it like `30s` or `1h 30m`"),
        (message(parse_duration("")), "`` is not a duration: write it like `30s` or `1h 30m`"),
        (message(parse_duration("1.5ns")), "`1.5ns` is finer than a nanosecond, or too long"),
        (message(parse_duration("999999d")), "`999999d` is longer than 292 years"),
        (message(parse_size("10")), "`10` is not a size: write it like `512MB` or `10GiB`"),
        (message(parse_size("0.5B")), "`0.5B` is not a whole number of bytes, or too large"),
        (message(parse_percent("80")), "`80` is not a percentage: write it like `80%`"),
        (
            message(parse_time("2026-11-20T14:30")),
            "`2026-11-20T14:30` has no zone: write `2026-11-20T14:30Z` for UTC, or an offset like `+01:00`",
        ),
        (
            message(parse_time("noon")),
            "`noon` is not a time: write it like `2026-11-20` or `2026-11-20T14:30Z`",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn other_values_are_shown_plainly() {
    for (value, shown) in [
        (Value::None, "none"),
        (v("5.0"), "5"),
        (v("0.25"), "0.25"),
        (v("1e300"), "1e300"),
        (v(r#"["a", 1, null]"#), "[a, 1, none]"),
        (v(r#"{"b": 1, "a b": [true]}"#), r#"{b: 1, "a b": [true]}"#),
        (command("df", "10\n20\n"), "10\n20"),
    ] {
        assert_eq!(value.to_string(), shown);
    }
}

#[test]
fn brief_is_one_bounded_line() {
    assert_eq!(brief("a\n  b\tc", 10), "a b c");
    assert_eq!(brief("abcdef", 4), "abc…");
    assert_eq!(brief("abcd", 4), "abcd");
    assert_eq!(brief("äöü…", 3), "äö…");
    assert_eq!(brief("abc", 0), "");
    assert_eq!(brief("\u{1b}[31mred", 20), "[31mred");
}

#[test]
fn json_keeps_the_order_of_fields() {
    let value = parse_json(r#"{"z": 1, "a": 2, "z": 3}"#).unwrap();
    assert_eq!(value.to_string(), "{z: 3, a: 2}");
    assert_eq!(parse_json("18446744073709551615").unwrap().kind(), "a number");
}

fn list_of(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

#[test]
fn parameters_are_read_by_their_type() {
    for (ty, text, shown) in [
        (Type::Text, "5", "5"),
        (Type::Int, "-5", "-5"),
        (Type::Number, "0.5", "0.5"),
        (Type::Bool, "true", "true"),
        (Type::Percent, "80%", "80%"),
        (Type::Duration, "90s", "1m 30s"),
        (Type::Size, "1GiB", "1GiB"),
        (list_of(Type::Text), "a, b", "[a, b]"),
        (list_of(Type::Text), r#"["a,b"]"#, "[a,b]"),
        (list_of(Type::Text), "", "[]"),
        (list_of(Type::Duration), "1s,2m", "[1s, 2m]"),
        (Type::Record(None), r#"{"a": 1}"#, "{a: 1}"),
    ] {
        assert_eq!(Value::parse_as(&ty, text).unwrap().to_string(), shown);
    }
    for (ty, text, message) in [
        (Type::Int, "five", "`five` is not a whole number"),
        (Type::Number, "inf", "`inf` is not a number"),
        (Type::Bool, "yes", "`yes` is neither `true` nor `false`"),
        (Type::Percent, "80", "`80` is not a percentage: write it like `80%`"),
        (Type::Record(None), "[1]", "`[1]` is a list, not `record`"),
        (Type::Secret, "x", "a secret is never given as text"),
        (Type::Record(None), "{a", "`{a` is not JSON: key must be a string at line 1 column 2"),
    ] {
        assert_eq!(Value::parse_as(&ty, text).unwrap_err(), message);
    }
}

#[test]
fn parameters_are_read_from_json() {
    for (ty, json, shown) in [
        (Type::Percent, json!(0.8), "80%"),
        (Type::Percent, json!("80%"), "80%"),
        (Type::Duration, json!("30s"), "30s"),
        (Type::Int, json!(5.0), "5"),
        (list_of(Type::Size), json!(["1GiB"]), "[1GiB]"),
    ] {
        assert_eq!(Value::from_json_as(&ty, &json).unwrap().to_string(), shown);
    }
    for (ty, json, message) in [
        (Type::Duration, json!(30), "`30` has no unit: write `\"30s\"`"),
        (Type::Size, json!(30), "`30` has no unit: write `\"10GiB\"`"),
        (Type::Percent, json!(80), "`80` as a percentage is 80 times 100%: write `\"80%\"`"),
        (Type::Int, json!(1.5), "`1.5` is a number, not `int`"),
        (list_of(Type::Int), json!([1, "a"]), "item 1: `a` is text, not `int`"),
    ] {
        assert_eq!(Value::from_json_as(&ty, &json).unwrap_err(), message);
    }
}

#[test]
fn a_value_conforms_to_what_it_may_stand_for() {
    let record = Type::Record(Some(std::sync::Arc::new([(String::from("n"), Type::Percent)].into())));
    assert_eq!(conforms(&v(r#"{"n": 0.5}"#), &record), Ok(()));
    assert_eq!(v(r#"{"n": 0.5}"#).coerce(&record).unwrap().to_string(), "{n: 50%}");
    assert_eq!(conforms(&v(r#"{"n": "a"}"#), &record).unwrap_err(), "field `n`: `a` is text, not `percent`");
    assert_eq!(conforms(&v("{}"), &record).unwrap_err(), "the field `n` is missing");
    assert_eq!(conforms(&Value::None, &Type::Int).unwrap_err(), "none is none, not `int`");
    assert_eq!(command("df", "5\n").coerce(&Type::Text), Ok(Value::text("5")));
}

#[test]
fn json_for_tools_has_units_as_text() {
    let value = Value::record([("d", v("90s")), ("s", v("10GiB")), ("p", v("80%")), ("t", v("2026-11-20"))]);
    assert_eq!(value.to_json(), json!({"d": "1m 30s", "s": "10GiB", "p": 0.8, "t": "2026-11-20T00:00Z"}));
}
