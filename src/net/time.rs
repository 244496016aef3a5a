//! The module `time`: the clock, zones, and times as text.
//!
//! Never keeps a time. What it returns is a reading: it stands in the journal, and a run that is taken up reads it there.

use jiff::civil::{self, Weekday};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};

use crate::event::NativeRequest;
use crate::value::{Value, brief};

use super::Failure;
use super::arguments::Arguments;

/// How much of a text a message shows, in characters.
const SHOWN: usize = 60;

/// Carries out one function of the module.
///
/// # Errors
/// When a zone, a pattern or a text cannot be read.
pub fn call(request: &NativeRequest) -> Result<Value, Failure> {
    let arguments = Arguments::new(request);
    match request.function.as_str() {
        "now" => Ok(Value::Time(now())),
        "in_zone" => {
            let zone = zone(arguments.text("zone")?)?;
            Ok(in_zone(&given(&arguments)?.to_zoned(zone)))
        }
        "format" => format(&arguments),
        "parse" => parse(&arguments).map(Value::Time),
        "next" => next(&arguments).map(Value::Time),
        _ => Err(Failure::seen(format!("there is no {}", arguments.call()))),
    }
}

/// Returns the time, to the millisecond: nobody means the digits behind that.
fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Millisecond).unwrap_or(now)
}

fn given(arguments: &Arguments<'_>) -> Result<Timestamp, Failure> {
    let time = arguments.time("time")?;
    time.ok_or_else(|| Failure::seen(format!("{} needs `time`", arguments.call())))
}

fn zone(name: &str) -> Result<TimeZone, Failure> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        Failure::seen(format!(
            "there is no time zone `{}` on this machine: write one like `Europe/Berlin` (is the package tzdata installed?)",
            brief(name, SHOWN)
        ))
    })
}

fn own_zone(arguments: &Arguments<'_>) -> Result<TimeZone, Failure> {
    zone(arguments.optional_text("zone")?.unwrap_or("UTC"))
}

fn in_zone(at: &Zoned) -> Value {
    let int = |n: i8| Value::Int(n.into());
    Value::record([
        ("text", Value::text(at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())),
        ("date", Value::text(at.date().to_string())),
        ("clock", Value::text(at.strftime("%H:%M").to_string())),
        ("weekday", Value::text(weekday(at.weekday()))),
        ("year", Value::Int(at.year().into())),
        ("month", int(at.month())),
        ("day", int(at.day())),
        ("hour", int(at.hour())),
        ("minute", int(at.minute())),
        ("second", int(at.second())),
        ("week", int(at.date().iso_week_date().week())),
        ("offset", Value::Duration(i64::from(at.offset().seconds()) * 1_000_000_000)),
    ])
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

fn format(arguments: &Arguments<'_>) -> Result<Value, Failure> {
    let pattern = arguments.text("pattern")?;
    let at = given(arguments)?.to_zoned(own_zone(arguments)?);
    BrokenDownTime::from(&at).to_string(pattern).map(Value::text).map_err(|error| unfit(pattern, &error))
}

fn unfit(pattern: &str, error: &jiff::Error) -> Failure {
    let (pattern, why) = (brief(pattern, SHOWN), super::words::plain(&error.to_string()));
    Failure::seen(format!("`{pattern}` is no pattern of a time: {why}"))
}

fn parse(arguments: &Arguments<'_>) -> Result<Timestamp, Failure> {
    let (text, pattern) = (arguments.text("text")?.trim(), arguments.text("pattern")?);
    let zone = own_zone(arguments)?;
    let cannot = |error: jiff::Error| {
        let (text, pattern) = (brief(text, SHOWN), brief(pattern, SHOWN));
        let why = super::words::plain(&error.to_string());
        Failure::seen(format!("`{text}` is no time of the form `{pattern}`: {why}"))
    };
    let parsed = BrokenDownTime::parse(pattern, text).map_err(cannot)?;
    // A text that says how far it is from UTC, or counts seconds, needs no zone.
    if let Ok(time) = parsed.to_timestamp() {
        return Ok(time);
    }
    let date = parsed.to_date().map_err(cannot)?;
    let clock = match parsed.hour() {
        Some(_) => parsed.to_time().map_err(cannot)?,
        None => civil::Time::midnight(),
    };
    let at = date.to_datetime(clock).to_zoned(zone).map_err(cannot)?;
    Ok(at.timestamp())
}

fn next(arguments: &Arguments<'_>) -> Result<Timestamp, Failure> {
    let text = arguments.text("clock")?;
    let clock: civil::Time = match text.split_once(':') {
        Some(_) => text.parse().ok(),
        None => None,
    }
    .ok_or_else(|| {
        Failure::seen(format!("`{}` is no time of day: write it like `09:00`", brief(text, SHOWN)))
    })?;
    let after = arguments.time("after")?.unwrap_or_else(now);
    let zone = own_zone(arguments)?;
    let today = after.to_zoned(zone.clone()).date();
    let mut days = std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(3);
    days.find_map(|day| {
        let at = day.to_datetime(clock).to_zoned(zone.clone()).ok()?.timestamp();
        (at > after).then_some(at)
    })
    .ok_or_else(|| Failure::seen("that time of day does not come again".to_owned()))
}
