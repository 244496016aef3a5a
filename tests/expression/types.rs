//! What the checker relies on.

use std::sync::Arc;

use mainstay::expression::{
    assignable, binary_type, common, field_type, index_type, result_type, result_type_with, unary_type,
};
use mainstay::program::{BinaryOp, UnaryOp};
use mainstay::value::Type;

use Type::{Any, Bool, Command, Duration, Int, Number, Percent, Response, Secret, Size, Text, Time};

fn list(of: Type) -> Type {
    Type::List(Box::new(of))
}

#[test]
fn operators_have_types() {
    use BinaryOp::{Add, Divide, Equal, In, Join, Less, Multiply, Subtract};
    for (op, a, b, expected) in [
        (Add, Duration, Duration, Duration),
        (Divide, Size, Int, Size),
        (Divide, Duration, Duration, Number),
        (Subtract, Time, Time, Duration),
        (Add, Time, Duration, Time),
        (Add, Number, Percent, Percent),
        (Multiply, Percent, Int, Number),
        (Divide, Int, Int, Number),
        (Add, Any, Int, Any),
        (Less, Int, Percent, Bool),
        (Equal, Command, Text, Bool),
        (Equal, Type::None, Int, Bool),
        (In, Int, list(Number), Bool),
        (Join, Int, Duration, Text),
        (Join, Text, Secret, Secret),
        (Less, Type::Tried(Box::new(Int)), Int, Bool),
    ] {
        assert_eq!(binary_type(op, &a, &b), Ok(expected), "{op:?} {a} {b}");
    }
    for (op, a, b, message) in [
        (
            Less,
            Duration,
            Int,
            "cannot compare `duration` with `int`: write the number with its unit, or make it a duration with `seconds(n)`",
        ),
        (Add, Text, Text, "cannot add `text` and `text`: `~` joins text"),
        (Less, Bool, Bool, "`bool` has no order: only `==` and `!=` compare it"),
        (
            Less,
            Command,
            Int,
            "cannot compare `command result` with `int`: use `.number`, `.json`, `.lines` or `.exit` of the command",
        ),
        (In, Int, Size, "`in` looks into a list, a text or a record, not into `size`"),
        (In, Int, list(Text), "`int` is never in `list of text`"),
        (BinaryOp::And, Int, Bool, "`and` takes true or false, not `int`"),
        (
            Equal,
            Secret,
            Text,
            "a secret may go into a command or a request and nowhere else: only `~` takes one",
        ),
        (Multiply, Size, Size, "cannot multiply `size` by `size`"),
    ] {
        assert_eq!(binary_type(op, &a, &b).unwrap_err(), message);
    }
    assert_eq!(unary_type(UnaryOp::Negate, &Duration), Ok(Duration));
    assert_eq!(unary_type(UnaryOp::Not, &Int).unwrap_err(), "`not` takes true or false, not `int`");
}

#[test]
fn fields_have_types() {
    assert_eq!(field_type(&Command, "lines"), Ok(list(Text)));
    assert_eq!(field_type(&Response, "status"), Ok(Int));
    assert_eq!(field_type(&Type::Tried(Box::new(Response)), "error"), Ok(Text));
    assert_eq!(field_type(&Type::Tried(Box::new(Response)), "status"), Ok(Int));
    assert_eq!(field_type(&Any, "x"), Ok(Any));
    let error = field_type(&Command, "stdot").unwrap_err();
    assert_eq!(error.message, "`command result` has no field `stdot`: did you mean `stdout`?");
    assert_eq!(error.known.len(), 8);
    let record = Type::Record(Some(Arc::new([(String::from("name"), Text)].into())));
    assert_eq!(
        field_type(&record, "nme").unwrap_err().message,
        "`record` has no field `nme`: did you mean `name`?"
    );
    assert_eq!(
        field_type(&list(Int), "name").unwrap_err().message,
        "`list of int` has no field `name`: `[0]` takes its first item"
    );
    assert!(field_type(&Secret, "host").unwrap_err().message.contains("`parse_url`"));
    assert_eq!(index_type(&list(Int), &Int), Ok(Int));
    assert_eq!(index_type(&list(Int), &Text).unwrap_err(), "a list is indexed by a whole number, not `text`");
    assert_eq!(index_type(&Size, &Int).unwrap_err(), "`size` has no items to index");
}

#[test]
fn what_may_stand_where() {
    for (from, to) in [
        (Int, Number),
        (Number, Percent),
        (Percent, Number),
        (Any, Size),
        (Size, Any),
        (Type::Tried(Box::new(Int)), Int),
        (Command, Text),
        (Secret, Text),
        (list(Int), list(Number)),
        (list(Any), list(Text)),
    ] {
        assert!(assignable(&from, &to), "{from} {to}");
    }
    for (from, to) in [
        (Number, Int),
        (Text, Secret),
        (Int, Duration),
        (Text, Command),
        (Type::None, Int),
        (list(Text), list(Int)),
    ] {
        assert!(!assignable(&from, &to), "{from} {to}");
    }
    assert_eq!(common(&Int, &Percent), Percent);
    assert_eq!(common(&Text, &Int), Any);
}

#[test]
fn functions_have_types() {
    for (name, args, expected) in [
        ("length", vec![list(Int)], Int),
        ("first", vec![list(Size)], Size),
        ("take", vec![list(Size), Int], list(Size)),
        ("min", vec![Int, Number], Number),
        ("max", vec![list(Duration)], Duration),
        ("sum", vec![list(Duration)], Duration),
        ("default", vec![Any, Int], Any),
        ("default", vec![Int, Int], Int),
        ("map", vec![list(Any), Text], list(Any)),
        ("upper", vec![Command], Text),
        ("upper", vec![Secret], Secret),
        ("tojson", vec![list(Secret)], Secret),
        ("first", vec![list(Secret)], Secret),
        ("length", vec![list(Secret)], Int),
        ("age", vec![Any], Duration),
        ("bytes", vec![Number], Size),
    ] {
        assert_eq!(result_type(name, &args), Ok(expected), "{name}");
    }
    assert_eq!(field_type(&result_type("parse_url", &[Secret]).unwrap(), "password"), Ok(Secret));
    assert_eq!(field_type(&result_type("parse_url", &[Secret]).unwrap(), "host"), Ok(Text));
    for (name, args, message) in [
        ("uper", vec![Text], "there is no function `uper`: did you mean `upper`?"),
        ("upper", vec![Int], "`upper` takes `text`, not `int`"),
        ("take", vec![list(Int), Text], "`take` takes `int` as `n`, not `text`"),
        ("take", vec![Int, Int], "`take` takes a list, not `int`"),
        ("take", vec![list(Int)], "`take` needs the argument `n`"),
        ("age", vec![Int], "`age` takes `text` or `time`, not `int`"),
        ("sum", vec![list(Text)], "`sum` takes numbers, durations or sizes, not `text`"),
        ("min", vec![Int], "`min` takes a list, or at least two values, not `int`"),
        ("length", vec![Int], "`length` takes a list, a record or text, not `int`"),
        (
            "split",
            vec![Secret],
            "`split` takes no secret: a secret may go into a command or a request and nowhere else",
        ),
    ] {
        assert_eq!(result_type(name, &args).unwrap_err(), message);
    }
    assert_eq!(result_type_with("sort", &[list(Int)], &[(String::from("reverse"), Bool)]), Ok(list(Int)));
    assert_eq!(
        result_type_with("sort", &[list(Int)], &[(String::from("reverse"), Int)]).unwrap_err(),
        "`sort` takes `bool` as `reverse`, not `int`"
    );
}
