//! Fields and items of values.
//!
//! Owns what `value.field` and `value[index]` are, and the errors when they are not there:
//! they name the value, what it has, and the command or request it came from. Never guesses
//! a key.

use super::operators::{SHOWN, failed_call, named};
use super::scope::Failure;
use super::text::{text_of, whole_output};
use super::types::{COMMAND_FIELDS, RESPONSE_FIELDS, plain};
use crate::diagnostic::nearest;
use crate::value::{
    CommandValue, Output, Record, ResponseValue, Type, Value, brief, parse_number, read_json, whole,
};

/// Most names a message lists.
const LISTED: usize = 12;

/// Returns `base.field`. `what` names the base in messages; `ty` is its type where it is known.
///
/// # Errors
/// There is no such field, or it cannot be read (`.json` of what is not JSON).
pub(super) fn field(
    base: &Value,
    field_name: &str,
    ty: &Type,
    what: &dyn Fn() -> String,
) -> Result<Value, Failure> {
    if let Some(value) = given_for_call(base, field_name, ty) {
        return match field_name {
            "ok" if matches!(ty, Type::Tried(_)) => Ok(Value::Bool(went_well(&value))),
            "error" if matches!(ty, Type::Tried(_)) => Ok(why_not(&value)),
            _ => field(&value, field_name, &Type::Any, what),
        };
    }
    match base {
        Value::Record(record) => {
            record.get(field_name).cloned().ok_or_else(|| missing_key(record, field_name, &what()))
        }
        Value::Command(command) => command_field(command, field_name),
        Value::Response(response) => response_field(response, field_name),
        Value::Tried(tried) => match (field_name, &tried.result) {
            ("ok", Ok(value)) => Ok(Value::Bool(went_well(value))),
            ("ok", Err(_)) => Ok(Value::Bool(false)),
            ("error", Ok(value)) => Ok(why_not(value)),
            ("error", Err(error)) => Ok(Value::text(error.as_str())),
            (_, Ok(value)) => field(value, field_name, &Type::Any, what),
            (_, Err(error)) => Err(failed_call(&tried.call, error)),
        },
        Value::Text(_) | Value::Damaged(_) if COMMAND_FIELDS.iter().any(|(name, _)| *name == field_name) => {
            text_field(base, field_name, &what())
        }
        Value::None => Err(Failure::missing(format!("`{}` is none, it has no `{field_name}`", what()))),
        Value::Secret(secret) => {
            Err(Failure::new(format!("the secret `{}` has no field `{field_name}`", secret.name()))
                .help("`parse_url` takes a connection string apart"))
        }
        other => {
            let failure =
                Failure::new(format!("`{}` is {}, it has no field `{field_name}`", what(), named(other)));
            Err(match other {
                Value::List(_) => failure.help(format!(
                    "`[0].{field_name}` is that of the first item, `| map(\"{field_name}\")` those of all"
                )),
                _ => failure,
            })
        }
    }
}

/// Returns the result that a plain value stands for, where a drill gave one for a call of that type.
fn given_for_call(base: &Value, field_name: &str, ty: &Type) -> Option<Value> {
    let call_type = plain(ty);
    let stands = match base {
        Value::Tried(_) | Value::Secret(_) => false,
        _ if matches!(ty, Type::Tried(_)) && ["ok", "error"].contains(&field_name) => true,
        Value::Command(_) | Value::Response(_) | Value::Text(_) | Value::Damaged(_) => false,
        Value::Record(_) => matches!(call_type, Type::Command | Type::Response),
        _ => *call_type == Type::Command,
    };
    stands.then(|| base.clone().given(call_type))
}

/// Returns whether what a call returned is a success: a response below 400, an allowed exit status.
fn went_well(value: &Value) -> bool {
    match value {
        Value::Command(command) => command.ok,
        Value::Response(response) => response.status < 400,
        _ => true,
    }
}

fn why_not(value: &Value) -> Value {
    match value {
        Value::Command(command) if !command.ok => Value::text(format!("exit status {}", command.exit)),
        Value::Response(response) if response.status >= 400 => {
            Value::text(format!("status {}", response.status))
        }
        _ => Value::None,
    }
}

fn missing_key(record: &Record, key: &str, what: &str) -> Failure {
    let mut failure = Failure::missing(format!("`{what}` has no `{key}`"));
    let names: Vec<&str> = record.names().collect();
    if let Some(near) = nearest(key, names.iter().copied()) {
        failure = failure.help(format!("did you mean `{near}`?"));
    }
    if names.is_empty() {
        return failure.help("it is empty");
    }
    let mut listed: Vec<String> =
        names.iter().take(LISTED).map(|name| format!("`{}`", brief(name, SHOWN))).collect();
    if names.len() > LISTED {
        listed.push(format!("and {} more", names.len() - LISTED));
    }
    failure.help(format!("it has {}", listed.join(", ")))
}

fn command_field(command: &CommandValue, name: &str) -> Result<Value, Failure> {
    let typed = &command.typed;
    Ok(match name {
        "stdout" => command.stdout.value(whole_output(&command.stdout, typed)?),
        "stderr" => command.stderr.value(whole_output(&command.stderr, typed)?),
        "lines" => lines(&command.stdout, whole_output(&command.stdout, typed)?),
        "json" => json(&command.stdout, typed)?,
        "number" => number(whole_output(&command.stdout, typed)?, typed)?,
        "exit" => Value::Int(command.exit.into()),
        "ok" => Value::Bool(command.ok),
        "elapsed" => Value::Duration(command.elapsed),
        _ => {
            return Err(unknown(&format!("the result of `{typed}`"), name, &COMMAND_FIELDS));
        }
    })
}

fn response_field(response: &ResponseValue, name: &str) -> Result<Value, Failure> {
    let request = &response.request;
    Ok(match name {
        "status" => Value::Int(response.status),
        "headers" => Value::Record(response.headers.clone().into()),
        "body" => {
            whole_output(&response.body, request)?;
            response.body.value(&response.body.text)
        }
        "json" => json(&response.body, request)?,
        "ok" => Value::Bool(response.status < 400),
        "elapsed" => Value::Duration(response.elapsed),
        _ => {
            return Err(unknown(&format!("the response of `{request}`"), name, &RESPONSE_FIELDS));
        }
    })
}

/// Text offers what a command offers, as if it had printed it: a drill gives text for a command.
fn text_field(base: &Value, name: &str, what: &str) -> Result<Value, Failure> {
    let mut output = Output::whole(text_of(base)?);
    output.utf8 = matches!(base, Value::Text(_));
    let command = CommandValue {
        typed: what.into(),
        exit: 0,
        ok: true,
        stdout: output,
        stderr: Output::default(),
        elapsed: 0,
    };
    command_field(&command, name)
}

fn unknown(what: &str, name: &str, fields: &[(&str, Type)]) -> Failure {
    let names: Vec<String> = fields.iter().map(|(n, _)| format!("`{n}`")).collect();
    let mut failure = Failure::new(format!("{what} has no field `{name}`"));
    if let Some(near) = nearest(name, fields.iter().map(|(n, _)| *n)) {
        failure = failure.help(format!("did you mean `{near}`?"));
    }
    failure.help(format!("it has {}; fields of JSON stand under `.json`", names.join(", ")))
}

fn lines(output: &Output, text: &str) -> Value {
    Value::list(text.lines().map(|line| output.value(line)).collect())
}

fn json(output: &Output, of: &str) -> Result<Value, Failure> {
    let text = whole_output(output, of)?;
    if !output.utf8 && text.contains('\u{fffd}') {
        return Err(Failure::new(format!("what `{of}` gave is not JSON: it holds bytes that are not UTF-8")));
    }
    read_json(text).map_err(|why| {
        let failure = Failure::new(format!("what `{of}` gave is not JSON: {why}"));
        if text.trim().is_empty() {
            failure.help("it gave nothing")
        } else {
            failure.help(format!("it begins with `{}`", brief(text, SHOWN)))
        }
    })
}

fn number(text: &str, of: &str) -> Result<Value, Failure> {
    parse_number(text.trim()).ok_or_else(|| {
        if text.trim().is_empty() {
            return Failure::new(format!("`{of}` gave nothing, where a number was expected"));
        }
        Failure::new(format!("what `{of}` gave is not a number: `{}`", brief(text, SHOWN)))
            .help("`| capture(\"[0-9.]+\")` picks a number out of text")
    })
}

/// Returns `base[index]`; items count from 0.
///
/// # Errors
/// There is no such item, or the value has none.
pub(super) fn index(base: &Value, index: &Value, what: &dyn Fn() -> String) -> Result<Value, Failure> {
    match (base, index) {
        (Value::List(items), Value::Int(n)) => item(items, *n, what),
        (Value::List(items), Value::Number(n)) if whole(*n).is_some() => {
            item(items, whole(*n).unwrap_or_default(), what)
        }
        (Value::List(_), other) => {
            Err(Failure::new(format!("a list is indexed by a whole number, not {}", named(other))))
        }
        (Value::Record(record), Value::Text(_) | Value::Command(_)) => {
            let key = text_of(index)?;
            record.get(&key).cloned().ok_or_else(|| missing_key(record, &key, &what()))
        }
        (Value::Record(_), other) => {
            Err(Failure::new(format!("a record is indexed by text, not {}", named(other))))
        }
        (Value::None, other) => {
            Err(Failure::missing(format!("`{}` is none, it has no {}", what(), named(other))))
        }
        (base, _) => {
            let failure = Failure::new(format!("`{}` is {}, it has no items to index", what(), named(base)));
            Err(match base {
                Value::Command(_) => failure.help("`.lines` and `.json` of a command can be indexed"),
                _ => failure,
            })
        }
    }
}

fn item(items: &[Value], n: i64, what: &dyn Fn() -> String) -> Result<Value, Failure> {
    let Ok(at) = usize::try_from(n) else {
        return Err(Failure::new(format!("items count from 0: there is no item `{n}`"))
            .help("`| last` is the last item"));
    };
    items.get(at).cloned().ok_or_else(|| {
        let has = match items.len() {
            0 => String::from("it is empty"),
            1 => String::from("it has 1 item"),
            len => format!("it has {len} items"),
        };
        Failure::missing(format!("`{}` has no item {n}: {has}", what()))
    })
}
