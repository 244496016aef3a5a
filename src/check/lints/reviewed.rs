//! `review-overdue`: a file that nobody has gone through for long.
//!
//! Owns the rule. Never knows what day it is: who checks hands it in, and without a day nothing is said. A file without
//! `reviewed` promises nothing, so nothing is said of it either.

use jiff::Unit;
use jiff::civil::Date;

use crate::check::report::Report;
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;

/// What reviews are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviews {
    pub today: Date,
    /// Days after which a review is overdue.
    pub days: u32,
}

impl Reviews {
    /// Half a year.
    pub const DAYS: u32 = 180;
}

/// Says so when the review of the file is overdue, or has not been yet.
pub(in crate::check) fn reviewed(date: &Spanned<Date>, reviews: Reviews, report: &mut Report) {
    let age = date.node.until((Unit::Day, reviews.today)).map_or(0, |age| age.get_days());
    let d = if age > i32::try_from(reviews.days).unwrap_or(i32::MAX) {
        let days = reviews.days;
        let message = format!("nobody has gone through this for {age} days; {days} are the limit");
        Diagnostic::warning("review-overdue", message).help(format!(
            "go through it, play it with `mainstay drill`, then write `reviewed {}`",
            reviews.today
        ))
    } else if age < -1 {
        // A day ahead is another time zone.
        Diagnostic::warning("review-overdue", "this review is still to come")
            .help("write the day of the last one")
    } else {
        return;
    };
    report.push(d.at(date.span, ""));
}
