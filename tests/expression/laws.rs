//! Laws that hold for all values.

use std::sync::Arc;

use mainstay::expression::{Stop, binary_type, evaluate};
use mainstay::program::BinaryOp;
use mainstay::value::{
    CommandValue, Output, Record, Tried, Type, Value, conforms, parse_duration, parse_percent, parse_size,
    parse_time,
};
use proptest::prelude::*;

use crate::helpers::{World, binary, lit};

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>().prop_filter("finite", |n| n.is_finite()), -1e6..1e6_f64]
}

fn time() -> impl Strategy<Value = Value> {
    (-62_000_000_000..250_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(s, ns)| Value::Time(jiff::Timestamp::new(s, ns).unwrap()))
}

fn output() -> impl Strategy<Value = Output> {
    (any::<String>(), any::<bool>(), any::<bool>()).prop_map(|(text, utf8, cut)| Output {
        text: text.into(),
        utf8,
        cut,
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        finite().prop_map(Value::Number),
        finite().prop_map(Value::Percent),
        any::<String>().prop_map(Value::text),
        any::<String>().prop_map(|text| Value::Damaged(text.into())),
        any::<i64>().prop_map(Value::Duration),
        any::<i64>().prop_map(Value::Size),
        time(),
        (any::<String>(), any::<i32>(), output(), output(), any::<i64>()).prop_map(
            |(typed, exit, stdout, stderr, elapsed)| {
                Value::Command(Arc::new(CommandValue {
                    typed: typed.into(),
                    exit,
                    ok: exit == 0,
                    stdout,
                    stderr,
                    elapsed,
                }))
            }
        ),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            proptest::collection::btree_map(any::<String>(), inner.clone(), 0..4).prop_map(|fields| {
                Value::Record(Arc::new(Record(fields.into_iter().map(|(n, v)| (n.into(), v)).collect())))
            }),
            (any::<String>(), proptest::result::maybe_ok(inner, any::<String>()))
                .prop_map(|(call, result)| Value::Tried(Arc::new(Tried { call: call.into(), result }))),
        ]
    })
}

fn apply(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Stop> {
    evaluate(&binary(op, lit(a.clone()), lit(b.clone())), &World::default())
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::None => Type::None,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Number(_) => Type::Number,
        Value::Percent(_) => Type::Percent,
        Value::Text(_) | Value::Damaged(_) => Type::Text,
        Value::Duration(_) => Type::Duration,
        Value::Size(_) => Type::Size,
        Value::Time(_) => Type::Time,
        Value::List(_) => Type::List(Box::new(Type::Any)),
        Value::Record(_) => Type::Record(None),
        Value::Command(_) => Type::Command,
        Value::Response(_) => Type::Response,
        Value::Tried(_) => Type::Tried(Box::new(Type::Any)),
        Value::Secret(_) => Type::Secret,
    }
}

fn operator() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    prop::sample::select(vec![
        Equal,
        NotEqual,
        Less,
        LessEqual,
        Greater,
        GreaterEqual,
        In,
        NotIn,
        Add,
        Subtract,
        Multiply,
        Divide,
        Join,
        Or,
        And,
    ])
}

proptest! {
    #[test]
    fn a_stored_value_comes_back(value in value()) {
        let stored = serde_json::to_string(&value).unwrap();
        let read: Value = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(read, value);
    }

    #[test]
    fn a_shown_duration_can_be_written(n in any::<i64>()) {
        let value = Value::Duration(n);
        prop_assert_eq!(parse_duration(&value.to_string()), Ok(value));
    }

    #[test]
    fn a_shown_size_can_be_written(n in any::<i64>()) {
        let value = Value::Size(n);
        prop_assert_eq!(parse_size(&value.to_string()), Ok(value));
    }

    #[test]
    fn a_shown_time_can_be_written(value in time()) {
        prop_assert_eq!(parse_time(&value.to_string()), Ok(value));
    }

    #[test]
    fn a_written_percentage_is_shown_as_written(points in -1_000_000..1_000_000_i64) {
        let value = parse_percent(&format!("{}%", f64::from(i32::try_from(points).unwrap()) / 100.0)).unwrap();
        prop_assert_eq!(parse_percent(&value.to_string()), Ok(value));
    }

    #[test]
    fn a_measured_percentage_is_shown_to_a_hundredth(share in -10.0..10.0_f64) {
        let Ok(Value::Percent(shown)) = parse_percent(&Value::Percent(share).to_string()) else {
            return Err(TestCaseError::fail("not a percentage"));
        };
        prop_assert!((shown - share).abs() <= 0.000_050_1);
    }

    #[test]
    fn adding_and_taking_away_are_inverse(a in any::<i64>(), b in any::<i64>()) {
        for unit in [Value::Duration, Value::Size, Value::Int] {
            if let Ok(sum) = apply(BinaryOp::Add, &unit(a), &unit(b)) {
                prop_assert_eq!(apply(BinaryOp::Subtract, &sum, &unit(b)), Ok(unit(a)));
                prop_assert_eq!(apply(BinaryOp::Add, &unit(b), &unit(a)), Ok(sum));
            }
        }
    }

    #[test]
    fn time_and_duration_are_inverse(t in time(), d in -1_000_000_000_000_000..1_000_000_000_000_000_i64) {
        let d = Value::Duration(d);
        let Ok(later) = apply(BinaryOp::Add, &t, &d) else { return Ok(()) };
        prop_assert_eq!(apply(BinaryOp::Subtract, &later, &t), Ok(d));
    }

    #[test]
    fn multiplying_then_dividing_gives_it_back(n in -1_000_000_000_i64..1_000_000_000, by in 1..1_000_i64) {
        for unit in [Value::Duration, Value::Size] {
            let product = apply(BinaryOp::Multiply, &unit(n), &Value::Int(by)).unwrap();
            prop_assert_eq!(apply(BinaryOp::Divide, &product, &Value::Int(by)), Ok(unit(n)));
        }
    }

    #[test]
    fn comparisons_agree_with_each_other(a in scalar(), b in scalar()) {
        if let Ok(less) = apply(BinaryOp::Less, &a, &b) {
            let is = |op| apply(op, &a, &b).unwrap() == Value::Bool(true);
            let less = less == Value::Bool(true);
            prop_assert_eq!(is(BinaryOp::GreaterEqual), !less);
            prop_assert_eq!(is(BinaryOp::LessEqual), less || is(BinaryOp::Equal));
            prop_assert_eq!(apply(BinaryOp::Greater, &b, &a), Ok(Value::Bool(less)));
        }
    }

    /// What the checker allows, the walk can do; and what comes of it is of the promised type.
    #[test]
    fn types_and_values_agree(op in operator(), a in scalar(), b in scalar()) {
        let (ta, tb) = (type_of(&a), type_of(&b));
        match (binary_type(op, &ta, &tb), apply(op, &a, &b)) {
            (Ok(ty), Ok(value)) => prop_assert_eq!(conforms(&value, &ty), Ok(())),
            (Ok(_), Err(Stop::Error(error))) => {
                let expected = ["the result is too large", "division by zero", "printed more"];
                prop_assert!(expected.iter().any(|e| error.message.contains(e)), "{} {:?} {}: {}", ta, op, tb, error.message);
            }
            (Err(message), Ok(value)) => prop_assert!(
                matches!(op, BinaryOp::Or | BinaryOp::And),
                "{} {:?} {} gave {} in spite of {}", ta, op, tb, value, message
            ),
            _ => {}
        }
    }

    #[test]
    fn nothing_is_too_strange_to_be_shown(value in value(), width in 0..80_usize) {
        let brief = value.brief(width);
        prop_assert!(brief.chars().count() <= width);
        prop_assert!(!brief.contains('\n'));
        let _ = value.to_json();
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), tail in "[0-9.]{1,25}[a-zµ%]{0,3}") {
        for text in [text, tail] {
            for parse in [parse_duration, parse_size, parse_percent, parse_time] {
                let _ = parse(&text);
            }
        }
    }
}
