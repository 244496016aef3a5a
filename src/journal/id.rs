//! Names of runs: short, sortable by time, and easy to type from a screen.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Digits and lowercase letters without those that look alike (`i l o u`).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Returns a new id for a run opened at `now`: `20261121-0142-k7f3`, date and time in UTC.
///
/// Two runs of one minute differ in the last part, by chance; [`super::RunJournal::create`]
/// refuses one that is taken.
pub fn new_run_id(now: jiff::Timestamp) -> String {
    // Seeded by the operating system for each value.
    let mut bits = RandomState::new().build_hasher().finish();
    let mut tail = String::with_capacity(4);
    for _ in 0..4 {
        let digit = usize::try_from(bits % 32).unwrap_or(0);
        tail.push(char::from(ALPHABET[digit]));
        bits /= 32;
    }
    format!("{}-{tail}", now.strftime("%Y%m%d-%H%M"))
}

/// Returns when the run of that id was opened, as the id says: to the minute, in microseconds since 1970 UTC. `None`
/// where it does not say.
pub fn opened_as_named(run: &str) -> Option<i64> {
    let minute = run.get(..13).filter(|_| run.as_bytes().get(13) == Some(&b'-'))?;
    let time = jiff::civil::DateTime::strptime("%Y%m%d-%H%M", minute).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

/// Returns whether `name` has the shape of a run's id: letters, digits and `-`, not at the ends.
pub(super) fn is_run_id(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
