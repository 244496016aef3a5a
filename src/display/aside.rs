//! What a key brings to the screen while the run goes on: all that was printed, all that is known so far.
//!
//! Owns how much of it. What does not fit stands in a file, which is named.

use std::fmt::Write as _;
use std::path::Path;

use super::Look;
use super::now::Now;
use super::text::{Paragraph, columns, fit, one_line, printed};
use crate::event::{CommandEnd, Outlet};
use crate::process::{self, OutputSummary};

/// Bytes shown of a stream that outgrew the supervisor's memory: its end.
const END: usize = 16 * 1024;

/// One stream as it is shown.
struct Stream {
    name: &'static str,
    /// Bytes in all.
    len: u64,
    text: String,
    /// The file with all of it, relative to the run's folder, where `text` is not.
    file: Option<String>,
}

/// Returns what the running commands printed so far; where none runs, what the last one printed.
pub(super) fn output(now: &Now, run_dir: &Path, look: Look) -> String {
    let mut out = String::new();
    for call in now.calls.iter().filter(|call| call.command) {
        let streams = match process::peek(run_dir, &call.address.0) {
            Ok(Some(printed)) => [so_far("stdout", printed.stdout), so_far("stderr", printed.stderr)],
            // It ended just now: what it came to stands above in a moment.
            Ok(None) => continue,
            Err(error) => {
                let _ = writeln!(out, "what it printed cannot be had now: {error}");
                continue;
            }
        };
        draw(&mut out, "printed so far by", &call.text, &streams, run_dir, look);
    }
    if let (true, Some((text, end))) = (out.is_empty(), &now.ended) {
        let CommandEnd { stdout, stderr, .. } = end;
        let streams = [ended("stdout", stdout), ended("stderr", stderr)];
        draw(&mut out, "printed by", text, &streams, run_dir, look);
    }
    out
}

fn so_far(name: &'static str, summary: OutputSummary) -> Stream {
    let OutputSummary { len, head, tail, file, .. } = summary;
    let bytes = if tail.is_empty() { head } else { tail };
    Stream { name, len, text: String::from_utf8_lossy(&bytes).into_owned(), file }
}

fn ended(name: &'static str, outlet: &Outlet) -> Stream {
    let text = if outlet.cut { &outlet.tail } else { &outlet.text };
    let begin = if outlet.file.is_some() { text.len().saturating_sub(END) } else { 0 };
    let begins = |at: &usize| text.is_char_boundary(*at);
    let begin = (begin..text.len()).find(begins).unwrap_or(text.len());
    Stream { name, len: outlet.len, text: text[begin..].to_owned(), file: outlet.file.clone() }
}

fn draw(out: &mut String, words: &str, command: &str, streams: &[Stream; 2], run_dir: &Path, look: Look) {
    rule(out, &format!("{words} {command}"), look);
    let bar = look.dim().on(look.bar());
    let mut line = |text: &str, quiet: bool| {
        let mut paragraph = Paragraph::default();
        paragraph.push(if quiet { look.dim() } else { look.plain() }, text);
        for text in paragraph.wrap(look.width.map(|width| width.saturating_sub(3))) {
            let _ = writeln!(out, "{bar} {text}");
        }
    };
    let spoke: Vec<&Stream> = streams.iter().filter(|stream| stream.len > 0).collect();
    if spoke.is_empty() {
        line("(nothing printed)", true);
    }
    for stream in &spoke {
        if spoke.len() > 1 || stream.name == "stderr" {
            line(&format!("{}:", stream.name), true);
        }
        if let Some(file) = &stream.file {
            let path = run_dir.join(file);
            line(&format!("the end of {} bytes; all of it: {}", stream.len, path.display()), true);
        }
        let mut lines = printed(&stream.text);
        // The first line of an end is seldom whole.
        let _ = stream.file.is_some().then(|| lines.next());
        lines.for_each(|text| line(&text, false));
    }
    rule(out, "", look);
}

/// Writes a line across the screen, with words in it.
pub(super) fn rule(out: &mut String, words: &str, look: Look) {
    let sign = if look.unicode { "─" } else { "-" };
    let width = look.width.unwrap_or(80).saturating_sub(1);
    let words = match fit(&one_line(words), Some(width.saturating_sub(6)), look.unicode).as_str() {
        "" => String::new(),
        words => format!(" {words} "),
    };
    let rest = sign.repeat(width.saturating_sub(2 + columns(&words)));
    let _ = writeln!(out, "{}", look.dim().on(&format!("{sign}{sign}{words}{rest}")));
}
