//! Texts and scripts of several lines, moved to where they stand.
//!
//! Owns their indentation, of which the language takes no notice. Never changes a line behind it, nor what stands
//! inside `{{ }}`.

use std::borrow::Cow;
use std::ops::Range;

use super::token::STEP;

const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Returns a text or script whose quotes or fences stand in a line indented by `indent` columns. `start` is where it
/// begins in the file, as `holes`, the places of its `{{ }}`, count from there.
pub(super) fn indented<'i>(
    written: &'i str,
    start: usize,
    holes: &[Range<usize>],
    indent: usize,
) -> Cow<'i, str> {
    let end = written.get(..3).filter(|quotes| matches!(*quotes, "\"\"\"" | "```"));
    let Some(inner) = end.and_then(|end| written.strip_suffix(end)) else {
        return Cow::Borrowed(written);
    };
    let end = end.unwrap_or("");
    let mut lines = pieces(inner, start, holes);
    if lines.len() < 2 {
        return Cow::Borrowed(written);
    }
    let first = lines.remove(0);
    let closing = lines.pop().unwrap_or("");
    let common = lines.iter().chain(std::iter::once(&closing)).filter(|line| !line.trim().is_empty());
    let common = common.map(|line| leading(line)).min().unwrap_or(0);
    let mut out = String::with_capacity(written.len());
    // What stands behind the opening quotes is a line of the text.
    out.push_str(if is_opening(first) { first.trim_end_matches(BLANKS) } else { first });
    for line in lines {
        out.push('\n');
        content(&mut out, line, common, indent + STEP);
    }
    out.push('\n');
    if closing.trim().is_empty() {
        out.extend(std::iter::repeat_n(' ', indent));
    } else {
        content(&mut out, closing, common, indent + STEP);
    }
    out.push_str(end);
    Cow::Owned(out)
}

/// Returns the lines; one that ends inside `{{ }}` goes on.
fn pieces<'i>(inner: &'i str, start: usize, holes: &[Range<usize>]) -> Vec<&'i str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in inner.match_indices('\n') {
        if !holes.iter().any(|hole| hole.contains(&(start + at))) {
            pieces.push(inner.get(from..at).unwrap_or(""));
            from = at + 1;
        }
    }
    pieces.push(inner.get(from..).unwrap_or(""));
    pieces
}

/// Returns whether nothing of the text stands in its first line.
fn is_opening(first: &str) -> bool {
    first.starts_with("```") || first.trim_end_matches(BLANKS) == "\"\"\""
}

fn content(out: &mut String, line: &str, common: usize, indent: usize) {
    if line.trim().is_empty() {
        return;
    }
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(line.get(common.min(leading(line))..).unwrap_or(line));
}

fn leading(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}
