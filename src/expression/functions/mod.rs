//! Functions and filters, by name.
//!
//! Owns the call: arguments bound as `signature` says, a secret refused, carried or passed on
//! into the result, damaged text kept damaged. Never reads a clock: the time is given.

mod address;
mod arguments;
mod jinja;
mod lists;
mod select;
mod sql;
mod units;
mod words;

use jiff::Timestamp;

use super::operators::plain;
use super::scope::Failure;
use super::signature::{SecretUse, bind};
use super::text::{damaged, is_damaged, revealed, secret_in};
use crate::value::Value;
use arguments::Args;

/// Returns `name(args…, named…)` at the time `now`.
///
/// # Errors
/// There is no such function, it does not take these arguments, or it has no result for them; never
/// shows a secret.
pub fn call_function(
    name: &str,
    args: Vec<Value>,
    named: Vec<(String, Value)>,
    now: Timestamp,
) -> Result<Value, Failure> {
    if name == "default"
        && let [Value::Tried(tried), or] = args.as_slice()
        && tried.result.is_err()
    {
        return Ok(or.clone());
    }
    let args = args.into_iter().map(plain).collect::<Result<_, _>>()?;
    let named =
        named.into_iter().map(|(name, value)| Ok((name, plain(value)?))).collect::<Result<_, Failure>>()?;
    let (signature, values) = bind(name, args, named)?;
    let mut args = Args { name: signature.name, values, now };
    let secret = args.values.iter().flatten().find_map(secret_in).cloned();
    match (secret, signature.secret) {
        (_, SecretUse::Carried) => dispatch(&args),
        (Some(secret), SecretUse::Refused) => {
            Err(Failure::new(format!("`{name}` takes no secret, and `{}` is one", secret.name()))
                .help("a secret may go into a command or a request and nowhere else"))
        }
        (Some(secret), SecretUse::Derived) => {
            let whole = matches!(args.given(0), Some(Value::Secret(_)));
            for value in args.values.iter_mut().flatten() {
                *value = revealed(value);
            }
            if name == "parse_url" && whole {
                return address::parse_secret(&args, &secret);
            }
            match dispatch(&args) {
                Ok(value) => Ok(Value::Secret(secret.derive(value.to_string()))),
                // Its message might quote the secret.
                Err(failure) => Err(Failure {
                    message: format!("`{name}` has no result for the secret `{}`", secret.name()),
                    help: Vec::new(),
                    missing: failure.missing,
                }),
            }
        }
        (None, _) => {
            let spoiled = args.values.iter().flatten().any(is_damaged);
            let result = dispatch(&args)?;
            Ok(if spoiled { damaged(&result) } else { result })
        }
    }
}

fn dispatch(args: &Args) -> Result<Value, Failure> {
    match args.name {
        "bytes" | "seconds" | "percent" | "in_bytes" | "in_seconds" | "number" | "float" | "int" | "bool"
        | "time" | "duration" | "size" | "age" | "abs" | "round" => units::call(args),
        "upper" | "lower" | "title" | "capitalize" | "trim" | "replace" | "indent" | "split" | "lines"
        | "format" | "urlencode" => jinja::call(args),
        "text" | "string" | "capture" | "url" | "tojson" | "parse_json" => words::call(args),
        "sql" => sql::literal(args.any(0)?),
        "sql_name" => sql::name(&args.text(0)?),
        "parse_url" => address::parse(args),
        "map" | "attr" | "select" | "reject" | "selectattr" | "rejectattr" | "groupby" | "sort"
        | "unique" => select::call(args),
        _ => lists::call(args),
    }
}
