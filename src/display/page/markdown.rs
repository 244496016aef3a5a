//! A page as Markdown, for a wiki, a repository, or the eye alone.
//!
//! Owns escaping for CommonMark and GitHub's tables. Places that links lead to are empty anchors, since each renderer makes
//! other names of headings.

use super::super::text::clean;
use super::{Block, Inline, Page, pieces};
use crate::display::plan;

/// Returns the page.
pub fn markdown(page: &Page) -> String {
    let mut out = format!("<!-- {} -->\n\n# {}\n", page.by, line(&[Inline::Text(page.title.clone())]));
    out.push('\n');
    out.push_str(&blocks(&page.blocks));
    out.push_str(&format!("\n---\n\nWritten by `{}` from {}.\n", page.by, code_span(&page.from)));
    out
}

/// Returns blocks with an empty line between them.
pub fn blocks(of: &[Block]) -> String {
    let written: Vec<String> = of.iter().map(block).filter(|text| !text.is_empty()).collect();
    written.join("\n")
}

fn block(of: &Block) -> String {
    match of {
        Block::Heading { level, id, text } => {
            let place = if id.is_empty() { String::new() } else { format!("<a id=\"{id}\"></a>\n\n") };
            // At the end of a heading signs of it would be taken for its closing.
            let text = line(text);
            let text = match text.strip_suffix('#') {
                Some(rest) => format!("{rest}\\#"),
                None => text,
            };
            format!("{place}{} {text}\n", "#".repeat(*level))
        }
        Block::Para(text) => format!("{}\n", paragraph(text)),
        Block::Warning(text) => format!("> {}\n", paragraph(text).replace('\n', "\n> ")),
        Block::Code { lang, text } => {
            let text = clean(text);
            let fence = "`".repeat(longest_run(&text).max(2) + 1);
            format!("{fence}{lang}\n{}\n{fence}\n", text.trim_end_matches('\n'))
        }
        Block::Steps(items) => list(items, |at| format!("{}. ", at + 1)),
        Block::Bullets(items) => list(items, |_| "- ".to_owned()),
        Block::Facts(rows) => {
            let facts = rows.iter().map(|(name, text)| row([(*name).to_owned(), cell(text)]));
            format!("| | |\n| --- | --- |\n{}", facts.collect::<String>())
        }
        Block::Table { head, rows } => {
            let names = row(head.iter().map(|name| (*name).to_owned()));
            let rule = row(head.iter().map(|_| "---".to_owned()));
            let rows: String = rows.iter().map(|cells| row(cells.iter().map(|one| cell(one)))).collect();
            format!("{names}{rule}{rows}")
        }
        Block::Inset(inside) => blocks(inside),
        Block::Fold { head, inside } => {
            let inside = blocks(inside);
            if inside.is_empty() {
                format!("{}\n", line(head))
            } else {
                format!("{}\n\n{inside}", line(head))
            }
        }
        Block::Flow(chart) => format!("```mermaid\n{}```\n", plan::chart_mermaid(chart)),
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells =
        cells.into_iter().map(|cell| if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
    format!("|{}\n", cells.collect::<String>())
}

fn list(items: &[Vec<Block>], marker: impl Fn(usize) -> String) -> String {
    let loose = items.iter().any(|item| item.len() > 1);
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        let marker = marker(at);
        if loose && at > 0 {
            out.push('\n');
        }
        let indent = " ".repeat(marker.len());
        for (number, line) in blocks(item).lines().enumerate() {
            match (number, line) {
                (0, _) => out.push_str(&marker),
                (_, "") => {}
                _ => out.push_str(&indent),
            }
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Returns a paragraph, in which the breaks of its text stay.
fn paragraph(of: &[Inline]) -> String {
    let text: String = of.iter().map(inline).collect();
    let lines: Vec<_> = text.lines().map(|line| at_start(line.trim())).filter(|l| !l.is_empty()).collect();
    lines.join("\\\n")
}

/// Returns it on one line.
fn line(of: &[Inline]) -> String {
    paragraph(of).replace("\\\n", " ")
}

fn cell(of: &[Inline]) -> String {
    let text: String = of.iter().map(inline).collect();
    text.trim().replace('|', "\\|").replace('\n', "<br>")
}

fn inline(of: &Inline) -> String {
    match of {
        Inline::Text(text) | Inline::Quiet(text) | Inline::Word(_, text) => filled(text),
        Inline::Strong(text) if text.trim().is_empty() => String::new(),
        Inline::Strong(text) => format!("**{}**", filled(text.trim()).replace('\n', " ")),
        Inline::Code(text) => code_span(text),
        Inline::Link { to, text } => format!("[{}](#{to})", filled(text)),
        Inline::Beside { path, text } => format!("[{}]({path})", filled(text)),
        Inline::Place(id) => format!("<a id=\"{id}\"></a>"),
        Inline::Break => "\n".to_owned(),
    }
}

/// Returns text with the values that are put there as code.
fn filled(text: &str) -> String {
    let piece = |(value, piece): (bool, &str)| if value { code_span(piece) } else { escaped(piece) };
    pieces(text).into_iter().map(piece).collect()
}

/// Returns text in which nothing is markup.
fn escaped(text: &str) -> String {
    let text = clean(text).replace('\t', " ");
    let mut out = String::with_capacity(text.len());
    let signs: Vec<char> = text.chars().collect();
    let word = |at: Option<usize>| at.and_then(|at| signs.get(at)).is_some_and(|c| c.is_alphanumeric());
    for (at, sign) in signs.iter().enumerate() {
        let next = signs.get(at + 1);
        let markup = match sign {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            // Inside a word it is no markup.
            '_' => !(word(at.checked_sub(1)) && word(Some(at + 1))),
            '&' => next.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '#'),
            _ => false,
        };
        if markup {
            out.push('\\');
        }
        out.push(*sign);
    }
    out
}

/// Returns a line in whose beginning nothing is markup.
fn at_start(line: &str) -> String {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match line.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        Some(b'-' | b'+' | b'=' | b'#' | b'>' | b':' | b'|') if digits == 0 => format!("\\{line}"),
        _ => line.to_owned(),
    }
}

fn code_span(text: &str) -> String {
    let text = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return text;
    }
    let quotes = "`".repeat(longest_run(&text) + 1);
    // A blank at both ends is taken off again.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{quotes}{pad}{text}{pad}{quotes}")
}

/// Returns how many backquotes follow each other at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::{Block, Inline, text};
    use super::{block, code_span, inline};

    #[test]
    fn no_text_is_markup() {
        let shown = |t: &str| inline(&Inline::Text(t.to_owned()));
        assert_eq!(shown("a_b *c* <b> [x](y) `d` &amp; _e_"), r"a_b \*c\* \<b> \[x\](y) \`d\` \&amp; \_e\_");
        let lines = block(&Block::Para(vec![text("- a\n# b\n1. c\n=== d\n  e")]));
        assert_eq!(lines, "\\- a\\\n\\# b\\\n1\\. c\\\n\\=== d\\\ne\n");
    }

    #[test]
    fn code_keeps_its_backquotes() {
        assert_eq!(code_span("echo `date`"), "`` echo `date` ``");
        let fenced = block(&Block::Code { lang: "sh".to_owned(), text: "cat <<'E'\n```\nE".to_owned() });
        assert_eq!(fenced, "````sh\ncat <<'E'\n```\nE\n````\n");
    }
}
