//! Comments that silence one warning in one place: `# mainstay: allow CODE, why`.
//!
//! Owns their form and what each covers: the first line below it that is no comment, with the lines that continue it.
//! Errors cannot be silenced, a reason is required, and a comment that silences nothing is itself told. What the
//! grammar makes of the comment's place is of no matter: in a script it stands in the script.

use std::ops::Range;

use super::codes;
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::source::{SourceId, Sources, Span};

/// What such a comment begins with.
const MARK: &str = "mainstay:";

/// How it may be written: with a capital letter it is meant the same.
const MARKS: [&str; 2] = [MARK, "Mainstay:"];

/// Warnings that say nothing about a place that could be meant so.
const NEVER: [&str; 2] = ["allow-without-effect", "not-yet-supported"];

/// Warnings that come only where the day is known.
const WITH_A_DAY: &str = "review-overdue";

/// One comment.
struct Allow {
    code: String,
    span: Span,
    covers: Range<usize>,
    used: bool,
}

/// Takes out of `found` what comments in the files allow, and says which of the checked file's own comments allow
/// nothing. `dated`: reviews were looked at.
pub(super) fn apply(sources: &Sources, found: &mut Vec<Diagnostic>, dated: bool) {
    let mut allows = Vec::new();
    let mut wrong = Vec::new();
    for (id, source) in sources.iter() {
        // Nearly no file has one.
        if MARKS.iter().any(|mark| source.text.contains(mark)) && !super::stdlib::is_source_name(&source.name)
        {
            comments(id, &source.text, &mut allows, &mut wrong);
        }
    }
    if allows.is_empty() && wrong.is_empty() {
        return;
    }
    found.retain(|d| {
        let Some(span) = d.span().filter(|_| d.severity == Severity::Warning) else { return true };
        let covering = allows.iter_mut().find(|allow| {
            allow.code == d.code
                && allow.span.source == span.source
                && allow.covers.contains(&(span.start as usize))
        });
        covering.map(|allow| allow.used = true).is_none()
    });
    let own = |span: Span| span.source == SourceId::default();
    found.extend(wrong.into_iter().filter(|d: &Diagnostic| d.span().is_some_and(own)));
    // An error elsewhere may keep the warning from being found.
    if !found.iter().any(|d| d.severity == Severity::Error) {
        let idle = |allow: &&Allow| !allow.used && own(allow.span) && (dated || allow.code != WITH_A_DAY);
        found.extend(allows.iter().filter(idle).map(|allow| {
            without_effect(format!("there is no `{}` here to allow", allow.code), allow.span)
                .help("take the comment out, or put it right above the line that it is about")
        }));
    }
    found.sort_by_key(|d| (d.span().map(|s| (s.source, s.start, s.end)), d.severity));
}

/// Finds the comments of a file.
fn comments(id: SourceId, text: &str, allows: &mut Vec<Allow>, wrong: &mut Vec<Diagnostic>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        let end = at + line.trim_end().len();
        at += line.len();
        let comment = line.trim().strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim_start());
        let Some(comment) = comment else {
            wrong.extend(behind(line).map(|from| too_late(Span::new(id, at - line.len() + from, end))));
            continue;
        };
        let Some(rest) = marked(comment) else { continue };
        let span = Span::new(id, start, end);
        match read(rest) {
            Ok(code) => allows.push(Allow { code, span, covers: covered(text, at), used: false }),
            Err(d) => wrong.push(d(span)),
        }
    }
}

/// Returns what stands behind the mark. With a capital letter it may begin a sentence about the program.
fn marked(comment: &str) -> Option<&str> {
    let capital = || comment.strip_prefix(MARKS[1]).filter(|rest| rest.trim_start().starts_with("allow "));
    comment.strip_prefix(MARK).or_else(capital)
}

/// Returns where a comment that allows begins behind something else on its line.
fn behind(line: &str) -> Option<usize> {
    let (at, _) = line.match_indices(" #").find(|(at, _)| {
        let comment = line.get(at + 2..).unwrap_or_default().trim_start_matches('#').trim_start();
        marked(comment).is_some_and(|rest| read(rest).is_ok())
    })?;
    // Between quotes it is text.
    let open = line.get(..at).unwrap_or_default().matches('"').count() % 2 == 1;
    (!open).then_some(at + 1)
}

fn too_late(span: Span) -> Diagnostic {
    without_effect("this comment allows nothing behind what it is about", span)
        .help("put it on a line of its own, right above this one")
}

/// Makes a message for a place.
type Told = Box<dyn Fn(Span) -> Diagnostic>;

/// Returns the code that a comment allows.
fn read(rest: &str) -> Result<String, Told> {
    let told = |message: String, help: String| -> Told {
        Box::new(move |span| without_effect(message.clone(), span).help(help.clone()))
    };
    let form = String::from("write `# mainstay: allow CODE, why`");
    let Some(rest) = rest.trim().strip_prefix("allow").filter(|rest| rest.starts_with(char::is_whitespace))
    else {
        return Err(told(String::from("this comment is not understood"), form));
    };
    let rest = rest.trim_start();
    let code: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let code = code.trim_end_matches('-').to_owned();
    let why = rest.get(code.len()..).unwrap_or("");
    match codes::page(&code) {
        Some(page) if page.severity == Severity::Error => {
            return Err(told(
                format!("`{code}` is an error: it cannot be allowed"),
                format!("`mainstay explain {code}` says how it is mended"),
            ));
        }
        Some(_) if !NEVER.contains(&code.as_str()) => {}
        Some(_) => {
            return Err(told(format!("`{code}` cannot be allowed"), String::from("take the comment out")));
        }
        None => {
            let warnings =
                codes::all().filter(|page| page.severity == Severity::Warning).map(|page| page.code);
            let help = match nearest(&code, warnings) {
                Some(near) => format!("did you mean `{near}`?"),
                None => form,
            };
            return Err(told(format!("there is no warning `{code}`"), help));
        }
    }
    if !why.chars().any(char::is_alphanumeric) {
        let help = format!("say behind it why: `# mainstay: allow {code}, …`");
        return Err(told(String::from("this does not say why it is allowed"), help));
    }
    Ok(code)
}

fn without_effect(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::warning("allow-without-effect", message).at(span, "")
}

/// Returns what a comment that ends before `at` is about.
fn covered(text: &str, at: usize) -> Range<usize> {
    let mut begin = at;
    let mut end = at;
    for line in text.get(at..).unwrap_or("").split_inclusive('\n') {
        let own = line.trim();
        let passed = end == begin && (own.is_empty() || own.starts_with('#'));
        end += line.len();
        if passed {
            begin = end;
        } else if !own.ends_with('\\') {
            break;
        }
    }
    begin..end
}
