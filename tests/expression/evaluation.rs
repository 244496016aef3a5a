//! The walk: names, fields, calls, templates, and where errors lead back to.

use std::sync::Arc;

use mainstay::expression::{Stop, calls, evaluate, render};
use mainstay::program::{BinaryOp, Expr, ExprKind, NameRef, Template, TemplatePart};
use mainstay::source::Span;
use mainstay::value::{CommandValue, Output, ResponseValue, Tried, Type, Value};

use crate::helpers::{World, binary, call, command, expr, field, function, index, lit, name, outcome, v};

fn x(value: Value) -> World {
    World::with(value)
}

#[test]
fn fields_of_a_command() {
    let world = x(command("df -B1 /", "10\n20\n"));
    for (name_, expected) in [
        ("stdout", "10\n20"),
        ("stderr", ""),
        ("lines", "[10, 20]"),
        ("exit", "0"),
        ("ok", "true"),
        ("elapsed", "1.5s"),
        (
            "number",
            "what `df -B1 /` gave is not a number: `10 20` | `| capture(\"[0-9.]+\")` picks a number out of text | `x` came from `df -B1 /`",
        ),
        (
            "json",
            "what `df -B1 /` gave is not JSON: trailing characters at line 2, column 1 | it begins with `10 20` | `x` came from `df -B1 /`",
        ),
        (
            "stdot",
            "the result of `df -B1 /` has no field `stdot` | did you mean `stdout`? | it has `stdout`, `stderr`, `lines`, `json`, `number`, `exit`, `ok`, `elapsed`; fields of JSON stand under `.json` | `x` came from `df -B1 /`",
        ),
    ] {
        assert_eq!(outcome(&field(name(0), name_), &world), expected);
    }
    assert_eq!(outcome(&field(name(0), "number"), &x(command("a", " 5 \n"))), "5");
    assert_eq!(
        outcome(&field(name(0), "number"), &x(command("a", ""))),
        "`a` gave nothing, where a number was expected | `x` came from `a`"
    );
    assert_eq!(
        outcome(&field(name(0), "json"), &x(command("a", ""))),
        "what `a` gave is not JSON: EOF while parsing a value at line 1, column 0 | it gave nothing | `x` came from `a`"
    );
}

#[test]
fn json_is_navigated_with_errors_that_lead_back() {
    let world = x(command("kubectl get pods -o json", r#"{"items": [{"name": "a"}]}"#));
    let items = || field(field(name(0), "json"), "items");
    assert_eq!(outcome(&field(index(items(), "0"), "name"), &world), "a");
    assert_eq!(
        outcome(&field(index(items(), "0"), "nane"), &world),
        "`x.json.items[0]` has no `nane` | did you mean `name`? | it has `name` | `x` came from `kubectl get pods -o json`"
    );
    assert_eq!(
        outcome(&index(items(), "3"), &world),
        "`x.json.items` has no item 3: it has 1 item | `x` came from `kubectl get pods -o json`"
    );
    assert_eq!(
        outcome(&index(items(), "-1"), &world),
        "items count from 0: there is no item `-1` | `| last` is the last item | `x` came from `kubectl get pods -o json`"
    );
    assert_eq!(
        outcome(&field(items(), "name"), &world),
        "`x.json.items` is `[{name: a}]` (a list), it has no field `name` | `[0].name` is that of the first item, `| map(\"name\")` those of all | `x` came from `kubectl get pods -o json`"
    );
}

#[test]
fn errors_name_what_a_name_was_bound_to() {
    let rows = v(r#"[{"n": "many", "none": null}]"#);
    let n = || field(index(name(0), "0"), "n");
    assert_eq!(
        outcome(&binary(BinaryOp::Greater, n(), lit(v("50"))), &x(rows.clone())),
        "cannot compare `many` (text) with `50` (a whole number) | `number(text)` makes a number of text | `x` came from `postgres.query(db)`"
    );
    assert_eq!(
        outcome(&field(field(index(name(0), "0"), "none"), "y"), &x(rows)),
        "`x[0].none` is none, it has no `y` | `x` came from `postgres.query(db)`"
    );
    assert_eq!(
        outcome(&index(name(0), "0"), &x(v("{}"))),
        "a record is indexed by text, not `0` (a whole number) | `x` came from `postgres.query(db)`"
    );
    assert_eq!(
        outcome(&index(name(0), "0"), &x(v("5"))),
        "`x` is `5` (a whole number), it has no items to index | `x` came from `postgres.query(db)`"
    );
    assert_eq!(outcome(&name(7), &World::default()), "`unbound` is not bound on this path");
}

#[test]
fn default_catches_what_is_missing_and_nothing_else() {
    let or = |value: Expr| function("default", vec![value, lit(v("7"))]);
    let world = x(v(r#"{"a": null, "list": []}"#));
    assert_eq!(outcome(&or(field(name(0), "zzz")), &world), "7");
    assert_eq!(outcome(&or(field(field(name(0), "zzz"), "b")), &world), "7");
    assert_eq!(outcome(&or(field(name(0), "a")), &world), "7");
    assert_eq!(outcome(&or(index(field(name(0), "list"), "0")), &world), "7");
    assert_eq!(outcome(&or(function("first", vec![field(name(0), "list")])), &world), "7");
    assert_eq!(outcome(&or(function("capture", vec![lit(v("abc")), lit(v("\"[0-9]+\""))])), &world), "7");
    let wrong = binary(BinaryOp::Add, lit(v("5m")), lit(v("1")));
    assert!(outcome(&or(wrong), &world).starts_with("cannot add"));
    assert_eq!(outcome(&or(lit(v("5"))), &world), "5");
}

#[test]
fn what_is_made_of_an_unknown_value_is_unknown_but_where_the_other_side_decides() {
    let world = World::default();
    let unknown = || expr(ExprKind::Name(NameRef::Global(0)));
    let truth = |truth| lit(Value::Bool(truth));
    let said = |of: Expr| outcome(&of, &world);
    for (op, decides) in [(BinaryOp::And, false), (BinaryOp::Or, true)] {
        assert_eq!(said(binary(op, unknown(), truth(decides))), decides.to_string());
        assert_eq!(said(binary(op, truth(decides), unknown())), decides.to_string());
        assert_eq!(said(binary(op, unknown(), truth(!decides))), "skipped is unknown");
        assert_eq!(said(binary(op, truth(!decides), unknown())), "skipped is unknown");
        assert_eq!(said(binary(op, unknown(), unknown())), "skipped is unknown");
    }
    assert_eq!(said(binary(BinaryOp::Equal, unknown(), unknown())), "skipped is unknown");
    assert_eq!(said(field(unknown(), "stdout")), "skipped is unknown");
    assert_eq!(said(function("default", vec![unknown(), truth(true)])), "skipped is unknown");
}

#[test]
fn only_the_calls_needed_are_asked_for() {
    let both = |op| binary(op, call(0, false, vec![]), call(1, false, vec![]));
    let mut world = World::default();
    assert_eq!(outcome(&both(BinaryOp::And), &world), "needs call 0");
    world.readings.insert(0, Ok(Value::Bool(false)));
    assert_eq!(outcome(&both(BinaryOp::And), &world), "false");
    assert_eq!(outcome(&both(BinaryOp::Or), &world), "needs call 1");
    world.readings.insert(1, Err(String::from("no route to host")));
    assert_eq!(outcome(&both(BinaryOp::Or), &world), "no route to host");
    let choice = expr(ExprKind::Conditional {
        then: Box::new(call(1, false, vec![])),
        condition: Box::new(call(0, false, vec![])),
        otherwise: Box::new(lit(v("5"))),
    });
    assert_eq!(outcome(&choice, &world), "5");
    assert_eq!(calls(&choice).iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_call_among_the_arguments_comes_first() {
    let nested = call(0, false, vec![call(1, false, vec![])]);
    let mut world = World::default();
    assert_eq!(outcome(&nested, &world), "needs call 1");
    world.readings.insert(1, Ok(v("5")));
    assert_eq!(outcome(&nested, &world), "needs call 0");
    assert_eq!(calls(&nested).len(), 2);
}

fn tried(result: Result<Value, String>) -> Value {
    Value::Tried(Arc::new(Tried { call: "http.get(url)".into(), result }))
}

fn response(status: i64) -> Value {
    Value::Response(Arc::new(ResponseValue {
        request: "GET http://a/".into(),
        status,
        headers: mainstay::value::Record(vec![("content-type".into(), Value::text("text/html"))]),
        body: Output::whole("{\"a\": 1}"),
        elapsed: 1,
    }))
}

#[test]
fn a_tried_call_can_be_looked_at() {
    let world = x(tried(Err(String::from("timed out"))));
    assert_eq!(outcome(&field(name(0), "ok"), &world), "false");
    assert_eq!(outcome(&field(name(0), "error"), &world), "timed out");
    assert_eq!(
        outcome(&field(name(0), "status"), &world),
        "`http.get(url)` failed: timed out | of a failed call only `.ok` and `.error` can be read | `x` came from `postgres.query(db)`"
    );
    let caught = function("default", vec![field(name(0), "status"), lit(v("0"))]);
    assert_eq!(outcome(&caught, &world), "0");
    let world = x(tried(Ok(response(503))));
    assert_eq!(outcome(&field(name(0), "ok"), &world), "false");
    assert_eq!(outcome(&field(name(0), "error"), &world), "status 503");
    assert_eq!(outcome(&field(name(0), "status"), &world), "503");
    let world = x(tried(Ok(v("5"))));
    assert_eq!(outcome(&binary(BinaryOp::Add, name(0), lit(v("1"))), &world), "6");
    let mut world = World::default();
    world.readings.insert(0, Err(String::from("refused")));
    assert_eq!(outcome(&field(call(0, true, vec![]), "ok"), &world), "false");
}

#[test]
fn fields_of_a_response() {
    let world = x(response(200));
    assert_eq!(outcome(&field(name(0), "status"), &world), "200");
    assert_eq!(outcome(&field(name(0), "ok"), &world), "true");
    assert_eq!(outcome(&field(field(name(0), "json"), "a"), &world), "1");
    let header = index(field(name(0), "headers"), "Content-Type");
    assert_eq!(outcome(&header, &world), "text/html");
    assert_eq!(
        outcome(&field(name(0), "statsu"), &world),
        "the response of `GET http://a/` has no field `statsu` | did you mean `status`? | it has `status`, `headers`, `body`, `json`, `ok`, `elapsed`; fields of JSON stand under `.json` | `x` came from `GET http://a/`"
    );
}

#[test]
fn given_values_stand_for_a_calls_result() {
    let typed = |ty: Type, field_name: &str| {
        let mut base = name(0);
        base.ty = ty;
        field(base, field_name)
    };
    let text = x(v("90000000000"));
    assert_eq!(outcome(&typed(Type::Command, "number"), &text), "90000000000");
    assert_eq!(outcome(&typed(Type::Command, "ok"), &x(v("free"))), "true");
    assert_eq!(outcome(&typed(Type::Command, "exit"), &x(v("free"))), "0");
    assert_eq!(outcome(&typed(Type::Command, "exit"), &x(v(r#"{"exit": 3}"#))), "3");
    assert_eq!(outcome(&typed(Type::Command, "ok"), &x(v(r#"{"exit": 3}"#))), "false");
    assert_eq!(outcome(&typed(Type::Command, "json"), &x(v(r#"{"a": 3}"#))), "{a: 3}");
    let status = x(v(r#"{"status": 404}"#));
    assert_eq!(outcome(&typed(Type::Response, "ok"), &status), "false");
    assert_eq!(outcome(&typed(Type::Tried(Box::new(Type::Response)), "ok"), &status), "false");
}

fn template(parts: Vec<TemplatePart>) -> Template {
    Template { parts, span: Span::default() }
}

#[test]
fn templates_are_text() {
    let text = template(vec![
        TemplatePart::Text(String::from("free: ")),
        TemplatePart::Value(name(0)),
        TemplatePart::Text(String::from(", ")),
        TemplatePart::Value(lit(v("90s"))),
    ]);
    let world = x(command("df", "10\n"));
    assert_eq!(render(&text, &world), Ok(Value::text("free: 10, 1m 30s")));
}

#[test]
fn half_of_an_output_never_passes_for_the_whole() {
    let cut = Value::Command(Arc::new(CommandValue {
        typed: "journalctl".into(),
        exit: 0,
        ok: true,
        stdout: Output { text: "beginning".into(), utf8: true, cut: true },
        stderr: Output::default(),
        elapsed: 0,
    }));
    for expr in [field(name(0), "lines"), function("upper", vec![name(0)])] {
        assert_eq!(
            outcome(&expr, &x(cut.clone())),
            format!(
                "`journalctl` printed more than a value can hold | let it print less, or write to a file | `x` came from `journalctl`"
            )
        );
    }
}

#[test]
fn damaged_text_stays_damaged() {
    let world = x(Value::Damaged("a\u{fffd}".into()));
    for expr in [function("upper", vec![name(0)]), binary(BinaryOp::Join, lit(v("b")), name(0))] {
        assert_eq!(evaluate(&expr, &world).unwrap().kind(), "text");
        assert!(matches!(evaluate(&expr, &world), Ok(Value::Damaged(_))));
    }
}

#[test]
fn patterns_and_time() {
    let matches = |pattern: &str| expr(ExprKind::Matches(Box::new(lit(v("web-12"))), pattern.to_owned()));
    let world = World::default();
    assert_eq!(outcome(&matches("^web-[0-9]+$"), &world), "true");
    assert_eq!(outcome(&matches("db"), &world), "false");
    assert!(outcome(&matches("("), &world).starts_with("`(` is not a regular expression: unclosed group"));
    assert_eq!(outcome(&expr(ExprKind::Attempt), &world), "2");
    assert_eq!(outcome(&expr(ExprKind::Elapsed), &world), "30s");
    assert_eq!(outcome(&function("age", vec![lit(v("2026-11-20T14:00Z"))]), &world), "30m");
}

#[test]
fn nesting_without_end_is_an_error() {
    let mut deep = lit(v("1"));
    for _ in 0..2_000 {
        deep = binary(BinaryOp::Add, deep, lit(v("1")));
    }
    assert!(matches!(
        evaluate(&deep, &World::default()),
        Err(Stop::Error(error)) if error.message == "the expression is nested too deep"
    ));
}
