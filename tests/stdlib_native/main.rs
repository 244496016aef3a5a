//! The native modules that look at the network and at the clock, against real servers.

#[path = "../support/mod.rs"]
mod support;

mod dns;
mod tcp;
mod time;
mod tls;

use std::time::Duration;

use mainstay::event::{Address, Ask, Input, NativeRequest, Reply, Request};
use mainstay::real::{RealConfig, RealWorld};
use mainstay::value::{Record, Secret, Value};
use mainstay::world::{Next, World as _};

/// Longer than any test takes.
const LONG: i64 = 120_000_000_000;

/// Calls one native function in a world of its own, which knows these secrets.
fn call_with(secrets: &[Secret], function: &str, args: &[(&str, Value)]) -> Result<Value, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let mut config = RealConfig::new(dir.path());
    config.secrets = secrets.to_vec();
    let mut world = RealWorld::new(config).expect("a world");
    let (module, name) = function.split_once('.').expect("module.function");
    let request = Request::Native(Box::new(NativeRequest {
        module: module.to_owned(),
        function: name.to_owned(),
        args: args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        typed: format!("{function}(…)"),
    }));
    let asked = world.now();
    let ask = Ask {
        address: Address("call".into()),
        request,
        deadline: Some(asked.run_ns + LONG),
        bound: "".into(),
        changes: false,
        inner: false,
        asked,
        place: mainstay::event::Place::default(),
    };
    world.begin(vec![ask]).expect("begins");
    let reply = match world.next().expect("an input") {
        Next::Input(Input::Delivered { reply, .. }) => reply,
        other => panic!("not a reply: {other:?}"),
    };
    world.close();
    match reply {
        Reply::Value { value } => Ok(value),
        Reply::Failed { message, doubt: false } => Err(message),
        other => panic!("neither a value nor a failure: {other:?}"),
    }
}

fn call(function: &str, args: &[(&str, Value)]) -> Result<Value, String> {
    call_with(&[], function, args)
}

/// Returns the record that a call brings.
#[track_caller]
fn record(function: &str, args: &[(&str, Value)]) -> Record {
    match call(function, args) {
        Ok(Value::Record(record)) => (*record).clone(),
        other => panic!("no record: {other:?}"),
    }
}

#[track_caller]
fn field(record: &Record, name: &str) -> Value {
    record.get(name).unwrap_or_else(|| panic!("no field `{name}` in {record}")).clone()
}

#[track_caller]
fn failure(function: &str, args: &[(&str, Value)]) -> String {
    call(function, args).expect_err("it fails")
}

fn text(text: impl AsRef<str>) -> Value {
    Value::text(text.as_ref())
}

fn span(span: Duration) -> Value {
    Value::Duration(i64::try_from(span.as_nanos()).expect("fits"))
}

fn timeout(ms: u64) -> (&'static str, Value) {
    ("timeout", span(Duration::from_millis(ms)))
}

/// What is promised of a result: its fields, in the record that the signature names.
#[track_caller]
fn keeps_its_promise(function: &str, result: &Record) {
    let (module, name) = function.split_once('.').expect("module.function");
    let native = mainstay::program::native::find(module, name).expect("it is known");
    let value = Value::record(result.0.iter().cloned());
    mainstay::value::conforms(&value, &native.returns).expect("the type that is declared");
    let promised: Vec<_> = native.fields.iter().map(|(name, _)| *name).collect();
    let mut found: Vec<_> = result.names().collect();
    found.sort_unstable();
    let mut sorted = promised.clone();
    sorted.sort_unstable();
    assert_eq!(found, sorted, "exactly the fields that help tells of");
}
