//! A secret is never shown, stored or compared.

use std::sync::Arc;

use mainstay::expression::{call_function, names, render};
use mainstay::program::{BinaryOp, Template, TemplatePart};
use mainstay::source::Span;
use mainstay::value::{Secret, Tried, Value};

use crate::helpers::{World, binary, lit, outcome, v};

const TEXT: &str = "postgres://app:hunter22@db/shop";

fn secret(text: &str) -> Value {
    Value::Secret(Secret::new("db", text))
}

fn call(name: &str, args: Vec<Value>) -> Result<Value, mainstay::expression::Failure> {
    call_function(name, args, vec![], "2026-11-20T14:30:00Z".parse().unwrap())
}

#[test]
fn nothing_that_holds_one_shows_it() {
    let holders = [
        secret(TEXT),
        Value::list(vec![secret(TEXT)]),
        Value::record([("a", secret(TEXT))]),
        Value::Tried(Arc::new(Tried { call: "x".into(), result: Ok(secret(TEXT)) })),
    ];
    for value in holders {
        for shown in [
            value.to_string(),
            format!("{value:?}"),
            value.brief(500),
            serde_json::to_string(&value).unwrap(),
            value.to_json().to_string(),
        ] {
            assert!(!shown.contains("hunter22"), "{shown}");
            assert!(shown.contains("db"), "{shown}");
        }
    }
}

#[test]
fn what_is_computed_from_it_is_secret() {
    for (name, args) in [
        ("trim", vec![]),
        ("upper", vec![]),
        ("replace", vec![v("a"), v("b")]),
        ("capture", vec![v("app:(.*)@")]),
        ("sql", vec![]),
        ("url", vec![]),
        ("tojson", vec![]),
    ] {
        let mut all = vec![secret(TEXT)];
        all.extend(args);
        assert!(matches!(call(name, all), Ok(Value::Secret(_))), "{name}");
    }
    let list = Value::list(vec![v("a"), secret("b")]);
    let Ok(Value::Secret(joined)) = call("join", vec![list, v(",")]) else {
        panic!("not a secret");
    };
    assert_eq!(joined.reveal(), "a,b");
    let record = Value::record([("token", secret("t")), ("n", v("1"))]);
    let Ok(Value::Secret(json)) = call("tojson", vec![record]) else {
        panic!("not a secret");
    };
    assert_eq!(json.reveal(), r#"{"n":1,"token":"t"}"#);
    let template = Template {
        parts: vec![TemplatePart::Text(String::from("Bearer ")), TemplatePart::Value(lit(secret("t")))],
        span: Span::default(),
    };
    let Ok(Value::Secret(text)) = render(&template, &World::default()) else {
        panic!("not a secret");
    };
    assert_eq!(text.reveal(), "Bearer t");
    assert_eq!(text.name(), "db");
}

#[test]
fn no_function_shows_one_in_result_or_error() {
    let others = [v("x"), v("1"), v("[1]"), secret(TEXT)];
    for name in names() {
        let mut tries = vec![vec![secret(TEXT)], vec![Value::list(vec![secret(TEXT)])]];
        for other in &others {
            tries.push(vec![secret(TEXT), other.clone()]);
            tries.push(vec![other.clone(), secret(TEXT)]);
            tries.push(vec![secret(TEXT), other.clone(), other.clone()]);
            tries.push(vec![Value::list(vec![secret(TEXT)]), other.clone()]);
        }
        for args in tries {
            let shown = match call(name, args) {
                Ok(value) => format!("{value} {value:?} {}", value.to_json()),
                Err(failure) => format!("{failure:?}"),
            };
            assert!(!shown.contains("hunter22"), "{name}: {shown}");
            assert!(!shown.contains("22retnuh"), "{name}: {shown}");
        }
    }
}

#[test]
fn comparing_one_is_an_error() {
    for op in [BinaryOp::Equal, BinaryOp::Less, BinaryOp::In, BinaryOp::Add] {
        let expr = binary(op, lit(secret(TEXT)), lit(v("x")));
        let message = outcome(&expr, &World::default());
        assert!(message.contains("[secret db]") && !message.contains("hunter22"), "{message}");
    }
    let inside = Value::list(vec![secret("a")]);
    let expr = binary(BinaryOp::Equal, lit(inside.clone()), lit(inside));
    assert!(outcome(&expr, &World::default()).starts_with("cannot compare"));
}

#[test]
fn of_an_address_only_the_password_is_secret() {
    let parsed = call("parse_url", vec![secret(TEXT)]).unwrap();
    assert_eq!(
        parsed.to_string(),
        "{scheme: postgres, host: db, port: 5432, user: app, password: [secret db], path: shop, query: none, fragment: none}"
    );
    let Value::Record(record) = &parsed else {
        panic!("not a record");
    };
    let Some(Value::Secret(password)) = record.get("password") else {
        panic!("not a secret");
    };
    assert_eq!(password.reveal(), "hunter22");
}

#[test]
fn a_password_never_lands_in_another_part() {
    for text in [
        "postgres://app:12/hunter22@db/shop",
        "postgres://app:12?hunter22@db/shop",
        "postgres://app:12#hunter22@db/shop",
        "postgres://app:hunter22/x@db/shop",
        "postgres://db/shop?password=hunter22",
        "postgres://db/shop?sslpassword=hunter22&a=b",
        "host=db password=hunter22",
    ] {
        let shown = match call("parse_url", vec![secret(text)]) {
            Ok(value) => value.to_string(),
            Err(failure) => format!("{} {:?}", failure.message, failure.help),
        };
        assert!(!shown.contains("hunter22"), "{shown}");
    }
}

#[test]
fn a_refused_secret_is_named() {
    assert_eq!(
        call("split", vec![secret(TEXT)]).unwrap_err().message,
        "`split` takes no secret, and `db` is one"
    );
    assert_eq!(
        call("capture", vec![secret(TEXT), v("zzz")]).unwrap_err().message,
        "`capture` has no result for the secret `db`"
    );
}
