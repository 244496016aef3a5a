//! Functions of numbers, units and times.
//!
//! Owns how bare numbers get a unit and lose it again. Never guesses a unit.

use super::super::scope::Failure;
use super::arguments::Args;
use crate::value::{Value, brief, float, parse_duration, parse_number, parse_size, parse_time, whole};

const SECOND: f64 = 1e9;

pub(super) fn call(args: &Args) -> Result<Value, Failure> {
    let out_of_range = || args.wants(0, "a number in range");
    match args.name {
        "bytes" => match args.any(0)? {
            Value::Int(n) => Ok(Value::Size(*n)),
            _ => whole(args.number(0)?.round()).map(Value::Size).ok_or_else(out_of_range),
        },
        "seconds" => match args.any(0)? {
            Value::Int(n) => n.checked_mul(1_000_000_000).map(Value::Duration).ok_or_else(out_of_range),
            _ => whole((args.number(0)? * SECOND).round()).map(Value::Duration).ok_or_else(out_of_range),
        },
        "percent" => match args.any(0)? {
            Value::Percent(share) => Ok(Value::Percent(*share)),
            _ => Ok(Value::Percent(args.number(0)? / 100.0)),
        },
        "in_bytes" => match args.any(0)? {
            Value::Size(n) => Ok(Value::Int(*n)),
            _ => Err(args.wants(0, "a size")),
        },
        "in_seconds" => match args.any(0)? {
            Value::Duration(n) if n % 1_000_000_000 == 0 => Ok(Value::Int(n / 1_000_000_000)),
            Value::Duration(n) => Ok(Value::Number(float(*n) / SECOND)),
            _ => Err(args.wants(0, "a duration")),
        },
        "number" | "float" => number(args),
        "int" => int(args),
        "bool" => boolean(args),
        "time" => time(args),
        "age" => age(args),
        "duration" => match args.any(0)? {
            Value::Duration(n) => Ok(Value::Duration(*n)),
            _ => {
                let text = args.text(0)?;
                clock(&text).map_or_else(|| Ok(parse_duration(&text)?), Ok)
            }
        },
        "size" => match args.any(0)? {
            Value::Size(n) => Ok(Value::Size(*n)),
            _ => Ok(parse_size(&args.text(0)?)?),
        },
        "abs" => absolute(args),
        _ => round(args),
    }
}

fn number(args: &Args) -> Result<Value, Failure> {
    match args.any(0)? {
        value @ (Value::Int(_) | Value::Number(_)) => Ok(value.clone()),
        Value::Percent(share) => Ok(Value::Number(*share)),
        Value::Duration(_) => Err(args.wants(0, "text").help("use `in_seconds`")),
        Value::Size(_) => Err(args.wants(0, "text").help("use `in_bytes`")),
        _ => {
            let text = args.text(0)?;
            parse_number(text.trim())
                .ok_or_else(|| Failure::new(format!("`{}` is not a number", brief(&text, 60))))
        }
    }
}

fn int(args: &Args) -> Result<Value, Failure> {
    let value = match args.any(0)? {
        Value::Bool(b) => Value::Int((*b).into()),
        _ => number(args)?,
    };
    match value {
        Value::Number(n) => {
            whole(n.trunc()).map(Value::Int).ok_or_else(|| args.wants(0, "a number in range"))
        }
        other => Ok(other),
    }
}

fn boolean(args: &Args) -> Result<Value, Failure> {
    match args.any(0)? {
        Value::Bool(b) => Ok(Value::Bool(*b)),
        Value::Int(n @ (0 | 1)) => Ok(Value::Bool(*n == 1)),
        Value::Int(_) => Err(args.wants(0, "0 or 1")),
        _ => match args.text(0)?.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "off" | "0" => Ok(Value::Bool(false)),
            _ => Err(args.wants(0, "true, yes, on, 1 or false, no, off, 0")),
        },
    }
}

fn time(args: &Args) -> Result<Value, Failure> {
    match args.any(0)? {
        Value::Time(time) => Ok(Value::Time(*time)),
        _ => Ok(parse_time(&args.text(0)?)?),
    }
}

fn age(args: &Args) -> Result<Value, Failure> {
    match time(args)? {
        Value::Time(time) => i64::try_from(args.now.as_nanosecond() - time.as_nanosecond())
            .map(Value::Duration)
            .map_err(|_| args.wants(0, "a time within 292 years of now")),
        _ => Err(args.wants(0, "a time")),
    }
}

/// Reads a duration as `ps` and databases print it: `00:06:10.5`, `2-03:00:00`, `3 days 04:05:06`.
fn clock(text: &str) -> Option<Value> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (days, time) = match text.split_once([' ', '-']) {
        Some((days, rest)) => {
            let time = rest.strip_prefix("days ").or_else(|| rest.strip_prefix("day ")).unwrap_or(rest);
            (days, time)
        }
        None => ("0", text),
    };
    let parts: Vec<&str> = time.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [h, m, s] => (*h, *m, *s),
        [m, s] => ("0", *m, *s),
        _ => return None,
    };
    let sign = if negative { "-" } else { "" };
    parse_duration(&format!("{sign}{days}d {hours}h {minutes}m {seconds}s")).ok()
}

fn absolute(args: &Args) -> Result<Value, Failure> {
    let too_large = || args.wants(0, "a number in range");
    match args.any(0)? {
        Value::Int(n) => n.checked_abs().map(Value::Int).ok_or_else(too_large),
        Value::Duration(n) => n.checked_abs().map(Value::Duration).ok_or_else(too_large),
        Value::Size(n) => n.checked_abs().map(Value::Size).ok_or_else(too_large),
        Value::Number(n) => Ok(Value::Number(n.abs())),
        Value::Percent(n) => Ok(Value::Percent(n.abs())),
        _ => Err(args.wants(0, "a number, a duration or a size")),
    }
}

fn round(args: &Args) -> Result<Value, Failure> {
    let digits = match args.given(1) {
        None => 0,
        Some(_) => args.int_in(1, 0, 15)?,
    };
    let to = |n: f64| {
        let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
        let scaled = (n * scale).round() / scale;
        if scaled.is_finite() { scaled } else { n }
    };
    match args.any(0)? {
        Value::Int(n) => Ok(Value::Int(*n)),
        Value::Number(n) => Ok(Value::Number(to(*n))),
        Value::Percent(share) => Ok(Value::Percent(to(share * 100.0) / 100.0)),
        _ => Err(args.wants(0, "a number")),
    }
}
