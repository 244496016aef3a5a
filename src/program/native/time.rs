//! The module `time`: signatures and texts.

use super::Native;
use crate::value::Type;

const ZONE: &str = "a zone of the IANA database, as \"Europe/Berlin\", or \"UTC\"";
const PATTERN: &str = "as strftime has it: %Y-%m-%d %H:%M:%S %z %a %b";

/// Returns the functions of the module.
pub(super) fn time() -> Vec<Native> {
    let reads = |name, returns, description| Native::reads("time", name, returns, description);
    vec![
        reads(
            "now",
            Type::Time,
            "Returns the time of this machine's clock, to the millisecond. It is a reading like any other: written down, \
             and not taken again when a run is taken up.",
        )
        .example("check begun = time.now()\nshow \"begun at {{ begun }}\""),
        reads("in_zone", Type::Any, "Returns a time as the clocks and calendars of a zone show it.")
            .needs("time", Type::Time, "the time")
            .needs("zone", Type::Text, ZONE)
            .gives(&[
                ("text", Type::Text, "all of it, as \"2026-11-20 15:30:05 CET\""),
                ("date", Type::Text, "the date, as \"2026-11-20\""),
                ("clock", Type::Text, "the time of day, as \"15:30\"; two of these compare as they should"),
                ("weekday", Type::Text, "\"mon\" to \"sun\""),
                ("year", Type::Int, "the year"),
                ("month", Type::Int, "1 to 12"),
                ("day", Type::Int, "1 to 31"),
                ("hour", Type::Int, "0 to 23"),
                ("minute", Type::Int, "0 to 59"),
                ("second", Type::Int, "0 to 59"),
                ("week", Type::Int, "the week of the year, as ISO 8601 counts them"),
                ("offset", Type::Duration, "how far its clocks are ahead of UTC"),
            ])
            .example(
                "check now = time.now()\n\
                 check here = time.in_zone(now, \"Europe/Berlin\")\n\
                 finding \"nobody is in the office\" when here.weekday in [\"sat\", \"sun\"] or here.hour < 8",
            ),
        reads("format", Type::Text, "Returns a time as text, in the form that somebody else wants.")
            .needs("time", Type::Time, "the time")
            .needs("pattern", Type::Text, PATTERN)
            .takes("zone", Type::Text, "\"UTC\"", ZONE)
            .example(
                "check now = time.now()\n\
                 check stamp = time.format(now, \"%Y%m%d-%H%M\", zone: \"Europe/Berlin\")",
            ),
        reads("parse", Type::Time, "Reads a time from text. What the pattern does not have is midnight, and `zone`.")
            .needs("text", Type::Text, "the text")
            .needs("pattern", Type::Text, PATTERN)
            .takes("zone", Type::Text, "\"UTC\"", ZONE)
            .example(
                "check last = $ shop-backup --last\n\
                 check taken = time.parse(last.stdout, \"%d.%m.%Y %H:%M\", zone: \"Europe/Berlin\")\n\
                 verify age(taken) < 1d else \"the last backup is of {{ taken }}\"",
            ),
        reads(
            "next",
            Type::Time,
            "Returns when clocks of a zone show that time of day next, after now or after a time. Where clocks are put \
             forward over it, the first moment after that.",
        )
        .needs("clock", Type::Text, "the time of day, as \"09:00\"")
        .takes("zone", Type::Text, "\"UTC\"", ZONE)
        .takes("after", Type::Time, "", "the time to begin at; without it, now")
        .example(
            "check opening = time.next(\"09:00\", zone: \"Europe/Berlin\")\n\
             show \"the office opens at {{ opening }}\"",
        ),
    ]
}
