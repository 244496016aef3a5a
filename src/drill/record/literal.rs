//! Values as a drill writes them.
//!
//! Owns how each value is written out so that it is read as the same one. Never writes a secret: what stands for one
//! is a text that says so.

use jiff::{SignedDuration, Timestamp};

use crate::value::{CommandValue, Record, ResponseValue, Value};

const SECOND: i64 = 1_000_000_000;

/// How far times are moved: a drill's clock begins at a fixed time, and what was near must be near.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift(pub i64);

impl Shift {
    fn of(self, time: Timestamp) -> Timestamp {
        time.checked_add(SignedDuration::from_micros(self.0)).unwrap_or(time)
    }
}

/// Returns the value as it is written in a drill.
pub(super) fn literal(value: &Value, shift: Shift) -> String {
    match value {
        Value::None => String::from("none"),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Number(n) => number(*n),
        Value::Percent(share) => percent(*share),
        Value::Text(text) | Value::Damaged(text) => quote(text),
        Value::Duration(n) => duration(*n),
        Value::Size(_) => value.to_string(),
        Value::Time(time) => shift.of(*time).to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(item, shift)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Record(record) => fields(record, shift),
        Value::Command(command) => printed(command),
        Value::Response(response) => responded(response, shift),
        Value::Tried(tried) => {
            tried.result.as_ref().map_or_else(|_| String::from("none"), |v| literal(v, shift))
        }
        Value::Secret(secret) => quote(&format!("stand-in for {}", secret.name())),
    }
}

/// Returns the text in quotes, everything in it as it is.
pub(super) fn quote(text: &str) -> String {
    as_written(text).replace("{{", "\\{{")
}

/// Returns a text that names something by how that is written: its `{{ }}` stay what they are.
pub(super) fn as_written(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns a duration without blanks, in the units that the language has.
pub(super) fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let n = ns.unsigned_abs();
    let second = SECOND.unsigned_abs();
    if n.is_multiple_of(second) {
        return Value::Duration(ns).to_string().replace(' ', "");
    }
    let (whole, part, digits, unit) =
        if n >= second { (n / second, n % second, 9, "s") } else { (n / 1_000_000, n % 1_000_000, 6, "ms") };
    let fraction = format!("{part:0digits$}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}{unit}")
}

/// Returns a number with a point: without one it would be a whole number, which is of another type.
fn number(n: f64) -> String {
    let text = n.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Returns a share with its sign where that is read as the same one, else as a number.
fn percent(share: f64) -> String {
    let text = (share * 100.0).to_string();
    let rounded = format!("{:.6}", share * 100.0);
    let rounded = rounded.trim_end_matches('0').trim_end_matches('.');
    [rounded, text.as_str()]
        .into_iter()
        .find(|points| points.parse::<f64>().is_ok_and(|points| points / 100.0 == share))
        .map_or_else(|| number(share), |points| format!("{points}%"))
}

fn fields(record: &Record, shift: Shift) -> String {
    if record.0.is_empty() {
        return String::from("{}");
    }
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let name = |name: &str| if plain(name) { name.to_owned() } else { quote(name) };
    let fields = record.0.iter().map(|(n, value)| format!("{}: {}", name(n), literal(value, shift)));
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
}

/// Returns what a command printed; more than that only where it is not what a text alone stands for.
fn printed(command: &CommandValue) -> String {
    let CommandValue { exit, ok, stderr, .. } = command;
    if *exit == 0 && stderr.text.is_empty() {
        return quote(command.printed());
    }
    let mut parts = vec![format!("stdout: {}", quote(command.printed()))];
    if !stderr.text.is_empty() {
        parts.push(format!("stderr: {}", quote(stderr.trimmed())));
    }
    parts.push(format!("exit: {exit}"));
    if *ok != (*exit == 0) {
        parts.push(format!("ok: {ok}"));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn responded(response: &ResponseValue, shift: Shift) -> String {
    let mut parts = vec![format!("status: {}", response.status)];
    if !response.headers.0.is_empty() {
        parts.push(format!("headers: {}", fields(&response.headers, shift)));
    }
    if !response.body.text.is_empty() {
        parts.push(format!("body: {}", quote(&response.body.text)));
    }
    format!("{{ {} }}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Memory};
    use crate::program::GivenWhat;

    /// Returns the value that a drill reads where it is written so.
    fn read(written: &str) -> Value {
        let text = format!(
            "runbook \"r\"\n\naction a() -> any reads {{\n  check c = $ b\n  return c\n}}\n\nresolve \"x\" {{\n  check v = a()\n  show v\n}}\n\n\
             drill \"d\" {{\n  given v = {written}\n  expect outcome resolved\n}}\n"
        );
        let checked = check::check("r.runbook", &Memory::new([("r.runbook", text.as_str())]));
        assert!(!checked.has_errors(), "{written}: {:?}", checked.diagnostics);
        match &checked.drills[0].given[0].what {
            GivenWhat::Readings { readings, .. } => readings[0].brings.clone().expect("a value"),
            other => panic!("{other:?}"),
        }
    }

    fn is_read_back(value: &Value) {
        let written = literal(value, Shift::default());
        assert_eq!(read(&written), *value, "{written}");
    }

    #[test]
    fn every_value_is_read_back_as_it_was() {
        let texts = [
            "",
            "plain",
            "a \"b\" \\n c:\\dir\\",
            "{{ x }} {{{ { }} \\{{",
            "one\ntwo\r\n\tthree",
            "🔥 é \u{1b}[31m \u{7f}",
        ];
        texts.iter().for_each(|text| is_read_back(&Value::text(*text)));
        for n in [0, 7, -7, i64::MAX, -i64::MAX] {
            is_read_back(&Value::Int(n));
            is_read_back(&Value::Size(n));
        }
        for n in [0.5, -2.0, 1e300, 1e-9, 1.0 / 3.0, 5.0] {
            is_read_back(&Value::Number(n));
        }
        for share in [0.93, 0.07, 0.5, 1.25, 0.0, -0.3] {
            is_read_back(&Value::Percent(share));
        }
        for length in [0, 1, 1_500, 250_000_000, 1_234_567_891, 90_000_000_000, 93_784_000_000_000] {
            is_read_back(&Value::Duration(length));
        }
        is_read_back(&Value::Time("2026-02-03T04:05:06.789Z".parse().expect("a time")));
        is_read_back(&Value::list(vec![
            Value::Int(1),
            Value::None,
            Value::Bool(true),
            Value::list(Vec::new()),
        ]));
        is_read_back(&Value::record([
            ("name", Value::text("x")),
            ("Content-Type", Value::Int(-1)),
            ("if", Value::None),
        ]));
        is_read_back(&Value::record(Vec::<(&str, Value)>::new()));
    }

    #[test]
    fn a_share_that_has_no_short_form_is_a_number_of_the_same_size() {
        let share = 1.0 / 3.0;
        let written = literal(&Value::Percent(share), Shift::default());
        let read = read(&written);
        assert_eq!(read.coerce(&crate::value::Type::Percent), Ok(Value::Percent(share)), "{written}");
    }

    #[test]
    fn a_secret_is_never_written() {
        let secret = crate::value::Secret::new("password", "hunter2");
        let written = literal(&Value::list(vec![Value::Secret(secret)]), Shift::default());
        assert_eq!(written, "[\"stand-in for password\"]");
    }
}
