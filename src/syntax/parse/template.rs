//! Texts, command lines and scripts: pieces, escapes, indentation.
//!
//! Owns what a text's characters become, and keeps every plain piece mapped onto the file. Never quotes or
//! splits anything: that is the shell's side.

use super::grammar::Rule;
use super::reader::{Pair, Reader, parts};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Expression, Name, Piece, Template, Text};

/// A piece before indentation is removed.
enum Raw {
    /// Taken from the file as it is; may hold ends of lines.
    Plain(String),
    /// Anything else; never the start of a line.
    Fixed(Piece),
}

impl<'i> Reader<'i> {
    /// Reads a `text`: in quotes, in triple quotes, or in the wrong quotes.
    pub fn text(&mut self, pair: Pair<'i>) -> Text {
        let span = self.span(&pair);
        let block = pair.as_str().starts_with("\"\"\"");
        let pieces: Vec<Spanned<Raw>> = pair.into_inner().filter_map(|piece| self.piece(piece)).collect();
        let template = if block { block_text(pieces) } else { joined(pieces) };
        self.single_braces(&template);
        Spanned::new(template, span)
    }

    /// Reads a `text` where nothing is filled in: a key, a role.
    pub fn literal_text(&mut self, pair: Pair<'i>) -> Name {
        let text = self.text(pair);
        if let Some(literal) = text.node.literal() {
            return Spanned::new(literal, text.span);
        }
        self.report(
            Diagnostic::error("fixed-text", "nothing can be filled in here")
                .at(text.span, "`{{ }}` is not read in this text"),
        );
        Spanned::new(String::new(), text.span)
    }

    /// Reads the pieces of a `command`; outer blanks are gone.
    pub fn command_template(&mut self, pair: Pair<'i>) -> Template {
        let pieces = pair.into_inner().filter_map(|piece| self.piece(piece)).collect();
        let mut template = joined(pieces);
        trim_end(&mut template);
        template
    }

    /// Reads the pieces of a `fence`'s script, its indentation removed.
    pub fn script_template(&mut self, pairs: impl Iterator<Item = Pair<'i>>) -> Template {
        let pieces = pairs.filter_map(|piece| self.piece(piece)).collect();
        dedented(whole_lines(pieces), true)
    }

    fn piece(&mut self, pair: Pair<'i>) -> Option<Spanned<Raw>> {
        let place = pair.as_span();
        let span = self.place(place.start(), place.end());
        let written = pair.as_str();
        let raw = match pair.as_rule() {
            Rule::interpolation => {
                let expr = parts(pair).next().map(|inner| self.expression(inner));
                let expr = expr.unwrap_or(Spanned::new(Expression::Invalid, span));
                Raw::Fixed(Piece::Interpolation(expr))
            }
            Rule::escaped_braces => Raw::Fixed(Piece::Text(String::from("{{"))),
            Rule::escape => Raw::Fixed(Piece::Text(unescaped(written).to_owned())),
            Rule::line_break => Raw::Fixed(Piece::Text(String::from("\\\n"))),
            Rule::mistake_interpolation => {
                self.explain_interpolation(span);
                Raw::Fixed(Piece::Interpolation(Spanned::new(Expression::Invalid, span)))
            }
            Rule::mistake_open_braces => {
                self.report(Diagnostic::error("unclosed-braces", "`{{` is never closed").at(span, "").help(
                    "close it with `}}` on the same line, or write `\\{{` for the characters themselves",
                ));
                Raw::Plain(written.to_owned())
            }
            Rule::mistake_quotes => {
                self.wrong_quotes(written, span);
                let inner: String = written.chars().skip(1).collect();
                let inner = inner.strip_suffix(|_: char| true).unwrap_or("").to_owned();
                Raw::Fixed(Piece::Text(inner))
            }
            Rule::block_text_end | Rule::shell | Rule::interpreter => return None,
            _ => Raw::Plain(written.to_owned()),
        };
        Some(Spanned::new(raw, span))
    }

    fn wrong_quotes(&mut self, written: &str, span: Span) {
        let message = if written.starts_with('\'') {
            "text stands in double quotes"
        } else {
            "text stands in plain double quotes, not in typographic ones"
        };
        let inner: String = written.chars().skip(1).collect();
        let inner = inner.strip_suffix(|_: char| true).unwrap_or("");
        let help = if inner.contains('"') {
            String::from("write `\"…\"`, and `\\\"` for a quote inside it")
        } else {
            format!("write `\"{inner}\"`")
        };
        self.report(Diagnostic::error("wrong-quotes", message).at(span, "").help(help));
    }

    /// Points at `{ name }` in a text: nearly always `{{ name }}` was meant.
    fn single_braces(&mut self, template: &Template) {
        for piece in &template.pieces {
            let Piece::Text(text) = &piece.node else {
                continue;
            };
            if piece.span.range().len() != text.len() {
                continue;
            }
            for (at, _) in text.match_indices('{') {
                let Some((inner, _)) = text.get(at + 1..).and_then(|rest| rest.split_once('}')) else {
                    continue;
                };
                let before = text.get(..at).and_then(|before| before.chars().next_back());
                let name = inner.trim();
                let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
                if !is_name || before.is_some_and(|c| c == '$' || c == '{' || c.is_ascii_alphanumeric()) {
                    continue;
                }
                let start = piece.span.start as usize + at;
                let span = self.place(start, start + inner.len() + 2);
                self.report(
                    Diagnostic::warning(
                        "single-braces",
                        format!("`{{{inner}}}` stands in the text as it is"),
                    )
                    .at(span, "")
                    .help(format!("to fill in a value write `{{{{ {name} }}}}`")),
                );
            }
        }
    }
}

fn unescaped(written: &str) -> &str {
    match written {
        "\\n" => "\n",
        "\\t" => "\t",
        "\\r" => "\r",
        other => other.get(1..).unwrap_or(""),
    }
}

/// Adds plain text, to the last piece when both are what the file holds, without a gap.
fn push(template: &mut Template, text: &str, span: Span) {
    if text.is_empty() {
        return;
    }
    if let Some(last) = template.pieces.last_mut()
        && let Piece::Text(before) = &mut last.node
        && last.span.end == span.start
        && last.span.range().len() == before.len()
        && span.range().len() == text.len()
    {
        before.push_str(text);
        last.span = last.span.to(span);
        return;
    }
    template.pieces.push(Spanned::new(Piece::Text(text.to_owned()), span));
}

fn joined(pieces: Vec<Spanned<Raw>>) -> Template {
    let mut template = Template { pieces: Vec::with_capacity(pieces.len()) };
    for piece in pieces {
        match piece.node {
            Raw::Plain(text) => push(&mut template, &text, piece.span),
            Raw::Fixed(fixed) => template.pieces.push(Spanned::new(fixed, piece.span)),
        }
    }
    template
}

fn trim_end(template: &mut Template) {
    while let Some(last) = template.pieces.last_mut() {
        let Piece::Text(text) = &mut last.node else {
            return;
        };
        if text == "\\\n" {
            return;
        }
        let kept = text.trim_end().len();
        let dropped = u32::try_from(text.len() - kept).unwrap_or(0);
        text.truncate(kept);
        last.span.end = last.span.end.saturating_sub(dropped);
        if kept > 0 {
            return;
        }
        template.pieces.pop();
    }
}

/// A text in triple quotes: the line of the opening quotes does not count when nothing follows them, nor do
/// the blanks before the closing ones.
fn block_text(mut pieces: Vec<Spanned<Raw>>) -> Template {
    let mut starts_line = false;
    if let Some(first) = pieces.first_mut()
        && let Raw::Plain(text) = &mut first.node
    {
        let blanks = text.len() - text.trim_start_matches([' ', '\t', '\r']).len();
        if text.get(blanks..).is_some_and(|rest| rest.starts_with('\n')) {
            text.drain(..=blanks);
            first.span.start = first.span.start.saturating_add(u32::try_from(blanks + 1).unwrap_or(0));
            starts_line = true;
        }
    }
    dedented(pieces, starts_line)
}

/// Joins what is plain and was read in pieces, so that a line with nothing but blanks is seen to be one.
fn whole_lines(pieces: Vec<Spanned<Raw>>) -> Vec<Spanned<Raw>> {
    let mut whole: Vec<Spanned<Raw>> = Vec::new();
    for piece in pieces {
        if let Raw::Plain(text) = &piece.node
            && let Some(Spanned { node: Raw::Plain(before), span }) = whole.last_mut()
        {
            before.push_str(text);
            *span = span.to(piece.span);
        } else {
            whole.push(piece);
        }
    }
    whole
}

/// Removes from each line the blanks that all lines with something on them begin with.
fn dedented(pieces: Vec<Spanned<Raw>>, starts_line: bool) -> Template {
    let indent = common_indent(&pieces, starts_line);
    let mut template = Template::default();
    let mut at_start = starts_line;
    let count = pieces.len();
    for (index, piece) in pieces.into_iter().enumerate() {
        match piece.node {
            Raw::Fixed(fixed) => {
                template.pieces.push(Spanned::new(fixed, piece.span));
                at_start = false;
            }
            Raw::Plain(text) => {
                let mut offset = piece.span.start as usize;
                for line in text.split_inclusive('\n') {
                    let ends = line.ends_with('\n');
                    let content = line.trim_end_matches('\n');
                    let blank = at_start && content.trim().is_empty() && (ends || index + 1 == count);
                    let cut = if blank {
                        content.len()
                    } else if at_start {
                        leading(content).min(indent)
                    } else {
                        0
                    };
                    let kept = content.get(cut..).unwrap_or("");
                    let kept = if ends { kept.strip_suffix('\r').unwrap_or(kept) } else { kept };
                    let at = |from: usize, len: usize| Span::new(piece.span.source, from, from + len);
                    push(&mut template, kept, at(offset + cut, kept.len()));
                    if ends {
                        push(&mut template, "\n", at(offset + content.len(), 1));
                    }
                    offset += line.len();
                    at_start = ends;
                }
            }
        }
    }
    template
}

fn leading(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn common_indent(pieces: &[Spanned<Raw>], starts_line: bool) -> usize {
    let mut indent = usize::MAX;
    let mut at_start = starts_line;
    for (index, piece) in pieces.iter().enumerate() {
        let Raw::Plain(text) = &piece.node else {
            if at_start {
                indent = 0;
            }
            at_start = false;
            continue;
        };
        for line in text.split_inclusive('\n') {
            let ends = line.ends_with('\n');
            let blank = line.trim().is_empty() && (ends || index + 1 == pieces.len());
            if at_start && !blank {
                indent = indent.min(leading(line));
            }
            at_start = ends;
        }
    }
    if indent == usize::MAX { 0 } else { indent }
}
