//! Moments and lengths of time as people read them.

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Returns `2026-11-21 01:42:07`, in UTC; `?` for what no calendar has.
pub fn utc(wall_us: i64) -> String {
    jiff::Timestamp::from_microsecond(wall_us)
        .map_or_else(|_| "?".to_owned(), |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Returns the time since the start: `+00:12`, `+1:02:03`.
pub fn offset(run_ns: i64) -> String {
    let seconds = run_ns.max(0) / SECOND;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("+{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("+{minutes:02}:{seconds:02}")
    }
}

/// Returns a length of time with as much precision as matters: `40ms`, `1.2s`, `12s`, `3m 20s`, `2h 05m`, `1d 3h`.
pub fn length(ns: i64) -> String {
    let ns = ns.max(0);
    let seconds = ns / SECOND;
    match seconds {
        0 => format!("{}ms", ns / 1_000_000),
        1..10 if ns % SECOND >= SECOND / 10 => {
            format!("{seconds}.{}s", ns % SECOND / (SECOND / 10))
        }
        1..60 => format!("{seconds}s"),
        60..3600 if seconds % 60 == 0 => format!("{}m", seconds / 60),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86400, seconds / 3600 % 24),
    }
}

/// Returns `2026-11-21T01:42:07.123456Z`, for programs.
pub fn rfc3339(wall_us: i64) -> String {
    jiff::Timestamp::from_microsecond(wall_us).map_or_else(|_| String::new(), |t| t.to_string())
}
