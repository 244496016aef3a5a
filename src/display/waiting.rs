//! What waits for whom, as a list.

use std::fmt::Write as _;
use std::time::Duration;

use super::Look;
use super::ending::row;
use super::gameday::{GAME_DAY, NOTHING_IS_REAL};
use super::saved::of_plan;
use super::text::{Paragraph, one_line};
use crate::event::{Question, QuestionKind, Wanted};
use crate::timeline::{Tone, clock, of_roles};

/// A question that is open.
pub struct WaitingLine<'a> {
    pub run: &'a str,
    /// What names the question.
    pub id: &'a str,
    /// Of the run.
    pub title: &'a str,
    pub question: &'a Question,
    /// Whose answers count, by name.
    pub who: &'a [String],
    /// Who has said yes already.
    pub agreed: Vec<&'a str>,
    /// Who has answered what while nobody executed the run.
    pub kept: &'a [(String, String)],
    pub left: Option<Duration>,
    /// Whether the one who looks may answer.
    pub yours: bool,
}

/// Returns the questions, each with who answers how.
pub fn waiting(lines: &[WaitingLine<'_>], look: Look) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let mut paragraph = Paragraph::default();
        let tone = if line.yours { look.asking() } else { look.dim() };
        paragraph.push(tone, "? ");
        paragraph.push(look.bold(), one_line(&line.question.text));
        for text in paragraph.wrap(look.width) {
            let _ = writeln!(out, "{text}");
        }
        row(&mut out, "run", &[line.run, line.title], Tone::Plain, look);
        if line.question.game_day {
            row(&mut out, GAME_DAY, &[NOTHING_IS_REAL], Tone::Warn, look);
        }
        if let Some(plan) = &line.question.plan {
            of_plan(&mut out, plan, look);
        }
        let mut of = match line.question.roles.as_slice() {
            [] if line.who.is_empty() => "who started the run".to_owned(),
            [] => "who started the run, or anybody who holds a role".to_owned(),
            roles => of_roles(roles, line.question.count),
        };
        if !line.who.is_empty() {
            let _ = write!(of, " ({})", line.who.join(", "));
        }
        row(&mut out, "asked of", &[&of], Tone::Plain, look);
        if !line.agreed.is_empty() {
            row(&mut out, "said yes", &[&line.agreed.join(", ")], Tone::Plain, look);
        }
        for (who, said) in line.kept {
            let text = format!("{who}: `{said}`; it counts when `mainstay resume {}` goes on", line.run);
            row(&mut out, "answered", &[&text], Tone::Plain, look);
        }
        let left = match line.left {
            None => "nothing bounds it".to_owned(),
            Some(left) if left.is_zero() => "none; silence decides when the run goes on".to_owned(),
            Some(left) => {
                let whole = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
                clock::length(whole.max(1).saturating_mul(1_000_000_000))
            }
        };
        row(&mut out, "time left", &[&left], Tone::Plain, look);
        row(&mut out, "on silence", &[&line.question.on_silence], Tone::Plain, look);
        if line.yours && line.left.is_none_or(|left| !left.is_zero()) {
            row(&mut out, "answer", &[&how(line)], Tone::Plain, look);
        }
        row(&mut out, "id", &[line.id], Tone::Quiet, look);
    }
    out
}

fn how(line: &WaitingLine<'_>) -> String {
    match (&line.question.wanted, line.question.kind) {
        (Wanted::YesNo, _) => format!("mainstay approve {0}, or: mainstay deny {0}", line.run),
        (Wanted::Done, _) | (_, QuestionKind::Manual) => {
            format!("mainstay answer {0} done, or: mainstay answer {0} no", line.run)
        }
        (Wanted::Value(domain), _) => format!("mainstay answer {} ANSWER ({domain})", line.run),
    }
}
