//! Units as people write and read them: `1h 30m`, `10GiB`, `80%`, `2026-11-20T14:30Z`.
//!
//! Owns both directions, so that what is shown can be written again: durations, sizes and
//! times are shown exactly; a measured percentage is rounded to two digits behind the point.
//! Computes in whole numbers, as no unit here may lose a nanosecond or a byte.

use super::Value;

const DURATIONS: [(&str, i64); 8] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

const BINARY: [(&str, i64); 5] =
    [("PiB", 1 << 50), ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

const DECIMAL: [(&str, i64); 6] = [
    ("PB", 1_000_000_000_000_000),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Reads a duration: `30s`, `1h 30m`, `1.5h`, `-5m`; units `d h m s ms us ns`.
///
/// # Errors
/// It is no duration, is finer than a nanosecond, or longer than 292 years.
pub fn parse_duration(text: &str) -> Result<Value, String> {
    let fail = || format!("`{text}` is not a duration: write it like `30s` or `1h 30m`");
    let (negative, mut rest) = sign(text);
    let mut total: i128 = 0;
    if rest.is_empty() {
        return Err(fail());
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(fail)?;
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let scale =
            DURATIONS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale).ok_or_else(fail)?;
        let part = scaled(number, scale)
            .ok_or_else(|| format!("`{text}` is finer than a nanosecond, or too long"))?;
        total = total.checked_add(part).ok_or_else(fail)?;
        rest = after.trim_start();
    }
    signed(negative, total).map(Value::Duration).ok_or_else(|| format!("`{text}` is longer than 292 years"))
}

/// Reads a size: `10GiB`, `512MB`, `1.5 GiB`, `0B`; units `B kB KB MB GB TB PB KiB MiB GiB TiB PiB`.
///
/// # Errors
/// It is no size, is no whole number of bytes, or has more than 8 EiB.
pub fn parse_size(text: &str) -> Result<Value, String> {
    let fail = || format!("`{text}` is not a size: write it like `512MB` or `10GiB`");
    let (negative, rest) = sign(text);
    let (number, unit) = split_number(rest).ok_or_else(fail)?;
    let unit = unit.trim_start();
    let scale = BINARY
        .iter()
        .chain(&DECIMAL)
        .chain(&[("KB", 1_000)])
        .find(|(name, _)| *name == unit)
        .map(|(_, scale)| *scale)
        .ok_or_else(fail)?;
    scaled(number, scale)
        .and_then(|bytes| signed(negative, bytes))
        .map(Value::Size)
        .ok_or_else(|| format!("`{text}` is not a whole number of bytes, or too large"))
}

/// Reads a percentage: `80%`, `0.5%`.
///
/// # Errors
/// It is no percentage.
pub fn parse_percent(text: &str) -> Result<Value, String> {
    let fail = || format!("`{text}` is not a percentage: write it like `80%`");
    let number = text.trim().strip_suffix('%').ok_or_else(fail)?.trim_end();
    let (_, digits) = sign(number);
    match split_number(digits) {
        // The decimal point is moved in the text: 7% is then exactly what 0.07 is.
        Some((_, "")) => format!("{number}e-2")
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
            .map(Value::Percent)
            .ok_or_else(fail),
        _ => Err(fail()),
    }
}

/// Reads a time: `2026-11-20` (midnight, UTC), `2026-11-20T14:30Z`, `2026-11-20 14:30:05.5+01:00`.
///
/// # Errors
/// It is no time, or has no zone.
pub fn parse_time(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Value::Time(time));
    }
    let date_only = text.len() <= 10;
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if date_only => date
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map(|zoned| Value::Time(zoned.timestamp()))
            .map_err(|_| format!("`{text}` is out of range")),
        _ if text.parse::<jiff::civil::DateTime>().is_ok() && !date_only => {
            Err(format!("`{text}` has no zone: write `{text}Z` for UTC, or an offset like `+01:00`"))
        }
        _ => Err(format!("`{text}` is not a time: write it like `2026-11-20` or `2026-11-20T14:30Z`")),
    }
}

fn sign(text: &str) -> (bool, &str) {
    let text = text.trim();
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

fn signed(negative: bool, n: i128) -> Option<i64> {
    i64::try_from(if negative { n.checked_neg()? } else { n }).ok()
}

/// Splits `1.5GiB` into `1.5` and `GiB`. `None` when it does not begin with a number.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let well_formed = number.starts_with(|c: char| c.is_ascii_digit())
        && number.ends_with(|c: char| c.is_ascii_digit())
        && number.matches('.').count() <= 1;
    well_formed.then_some((number, rest))
}

/// Returns `number` (digits, perhaps with a point) times `scale`. `None` when that is no whole number.
fn scaled(number: &str, scale: i64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.parse::<i128>().ok()?.checked_mul(scale.into())?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let power = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<i128>().ok()?.checked_mul(scale.into())?;
    (part % power == 0).then(|| part / power).and_then(|part| whole.checked_add(part))
}

/// Returns `n / 10^digits` without needless zeros.
fn point(n: i128, digits: usize) -> String {
    let text = format!("{n:0>width$}", width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Returns a duration as people read it: `1h 30m`, `30s`, `12.5s`, `500ms`.
pub(super) fn show_duration(nanoseconds: i64) -> String {
    let mut rest = i128::from(nanoseconds).abs();
    let mut parts = Vec::new();
    for (unit, scale) in &DURATIONS[..3] {
        let scale = i128::from(*scale);
        if rest >= scale {
            parts.push(format!("{}{unit}", rest / scale));
            rest %= scale;
        }
    }
    if rest > 0 || parts.is_empty() {
        parts.push(match rest {
            0 => String::from("0s"),
            n if n >= 1_000_000_000 || !parts.is_empty() => format!("{}s", point(n, 9)),
            n if n >= 1_000_000 => format!("{}ms", point(n, 6)),
            n if n >= 1_000 => format!("{}us", point(n, 3)),
            n => format!("{n}ns"),
        });
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

/// Returns a size as people read it, exactly, and in the units that say it shorter: `10GiB`, `1.5MiB`,
/// `90GB`, `1.234567MB`.
pub(super) fn show_size(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    let n = i128::from(bytes).abs();
    // Two digits behind the point are enough for halves and quarters.
    let binary = BINARY
        .into_iter()
        .map(|(unit, scale)| (unit, i128::from(scale)))
        .find(|(_, scale)| n >= *scale && (n * 100) % scale == 0)
        .map(|(unit, scale)| format!("{sign}{}{unit}", point(n * 100 / scale, 2)));
    let decimal = [15, 12, 9, 6, 3, 0]
        .into_iter()
        .zip(DECIMAL)
        .find(|(_, (_, scale))| n >= i128::from(*scale))
        .map_or_else(
            || String::from("0B"),
            |(digits, (unit, _))| format!("{sign}{}{unit}", point(n, digits)),
        );
    match binary {
        Some(binary) if binary.len() <= decimal.len() => binary,
        _ => decimal,
    }
}

/// Returns a share as people read it: `80%`, `0.5%`, `33.33%`.
pub(super) fn show_percent(share: f64) -> String {
    if share.abs() >= 1e12 {
        return format!("{:e}%", share * 100.0);
    }
    let exact = format!("{share}");
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let points = if fraction.len() <= 6 {
        let (sign, whole) = match whole.strip_prefix('-') {
            Some(whole) => ("-", whole),
            None => ("", whole),
        };
        let digits = format!("{whole}{fraction:0<6}");
        let number = digits.parse::<i128>().map(|n| point(n, 4));
        number.map_or_else(|_| exact.clone(), |n| format!("{sign}{n}"))
    } else {
        let points = share * 100.0;
        let rounded = format!("{points:.2}");
        if rounded.trim_matches(['-', '0', '.']).is_empty() {
            format!("{points:.1e}")
        } else {
            rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    format!("{points}%")
}

/// Returns a number as people read it: `5`, `0.25`, `1e300`.
pub(super) fn show_number(n: f64) -> String {
    let size = n.abs();
    if size == 0.0 || (1e-7..1e17).contains(&size) { format!("{n}") } else { format!("{n:e}") }
}

/// Returns a time as people read it: `2026-11-20T14:30Z`, with seconds when there are some.
pub(super) fn show_time(time: jiff::Timestamp) -> String {
    let text = time.to_string();
    match text.strip_suffix(":00Z") {
        Some(short) => format!("{short}Z"),
        None => text,
    }
}
