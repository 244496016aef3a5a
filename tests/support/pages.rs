//! Pages, looked at as what reads them would: HTML as XML, Markdown as CommonMark.

use std::collections::BTreeSet;

use mainstay::plan::{Node, Plan};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use quick_xml::events::{BytesStart, Event as Xml};

/// Elements that a page may be made of: nothing that runs, fetches or sends.
const ELEMENTS: &[&str] = &[
    "a",
    "body",
    "br",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "html",
    "li",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "polygon",
    "pre",
    "rect",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];
const ATTRIBUTES: &[&str] = &[
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "d",
    "data-name",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "points",
    "role",
    "rx",
    "scope",
    "style",
    "tabindex",
    "text-anchor",
    "viewBox",
    "width",
    "x",
    "xmlns",
    "y",
];

/// Returns what is wrong with a page, and its text.
pub fn html(page: &str) -> Result<String, String> {
    let mut reader = quick_xml::Reader::from_str(page);
    let mut seen = Seen::default();
    loop {
        let event = reader.read_event().map_err(|e| format!("at {}: {e}", reader.error_position()))?;
        match event {
            Xml::Start(tag) => {
                seen.element(&tag)?;
                let name = tag.name().as_ref().to_owned();
                seen.open.push(name);
            }
            Xml::Empty(tag) => seen.element(&tag)?,
            Xml::End(_) => {
                seen.open.pop();
            }
            Xml::Text(text) => seen.text.push_str(&text),
            Xml::GeneralRef(named) => {
                let shown = match &*named {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" | "#34" => '"',
                    "#x27" | "#39" => '\'',
                    "#x2f" | "#47" => '/',
                    other => {
                        return Err(format!("a browser may not know &{};", other));
                    }
                };
                seen.text.push(shown);
            }
            Xml::DocType(_) => {}
            Xml::Eof => break,
            other => return Err(format!("no such thing stands on a page: {other:?}")),
        }
    }
    if !seen.open.is_empty() {
        return Err(format!("not closed: {:?}", seen.open));
    }
    seen.links()?;
    if let Some(word) = ["url(", "@import", "expression("].iter().find(|word| style(page).contains(*word)) {
        return Err(format!("the style has `{word}`"));
    }
    Ok(seen.text)
}

fn style(page: &str) -> &str {
    page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap_or_default()
}

#[derive(Default)]
struct Seen {
    open: Vec<String>,
    ids: BTreeSet<String>,
    targets: BTreeSet<String>,
    text: String,
}

impl Seen {
    fn element(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let name = tag.name().as_ref().to_owned();
        if !ELEMENTS.contains(&name.as_str()) {
            return Err(format!("<{name}> stands on no page"));
        }
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| e.to_string())?;
            let key = attribute.key.as_ref().to_owned();
            let value = attribute.value.to_string();
            if !ATTRIBUTES.contains(&key.as_str()) {
                return Err(format!("<{name} {key}> stands on no page"));
            }
            match key.as_str() {
                "id" if !self.ids.insert(value.clone()) => return Err(format!("two are called `{value}`")),
                "href" => match value.strip_prefix('#') {
                    Some(id) => {
                        self.targets.insert(id.to_owned());
                    }
                    None if value.contains([':', '\\', '?', '#']) || value.starts_with('/') => {
                        return Err(format!("a link leads away from the pages: {value}"));
                    }
                    None => {}
                },
                "aria-labelledby" => {
                    self.targets.insert(value);
                }
                "style" if !value.starts_with("min-width:") => return Err(format!("style {value}")),
                _ => {}
            }
        }
        Ok(())
    }

    fn links(&self) -> Result<(), String> {
        let lost: Vec<_> = self.targets.difference(&self.ids).collect();
        if lost.is_empty() { Ok(()) } else { Err(format!("links lead nowhere: {lost:?}")) }
    }
}

/// Returns what is wrong with a page, and its code: each block and each span.
pub fn markdown(page: &str) -> Result<Vec<String>, String> {
    let (mut codes, mut block) = (Vec::new(), None);
    let mut seen = Seen::default();
    for event in Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => block = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => codes.extend(block.take()),
            Event::Text(text) if block.is_some() => block.as_mut().expect("a block").push_str(&text),
            Event::Code(code) => codes.push(code.into_string()),
            Event::Start(Tag::Link { dest_url, .. }) => match dest_url.strip_prefix('#') {
                Some(id) => {
                    seen.targets.insert(id.to_owned());
                }
                None if dest_url.contains([':', '\\', '?', '#']) || dest_url.starts_with('/') => {
                    return Err(format!("a link leads away from the pages: {dest_url}"));
                }
                None => {}
            },
            Event::Start(Tag::Image { .. } | Tag::Strikethrough) => {
                return Err("a text became markup".to_owned());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                let place = html.strip_prefix("<a id=\"").and_then(|rest| rest.split_once('"'));
                match place {
                    Some((id, rest)) if rest == ">" || rest == "></a>" => {
                        if !seen.ids.insert(id.to_owned()) {
                            return Err(format!("two are called `{id}`"));
                        }
                    }
                    _ if html.is_empty()
                        || html == "</a>"
                        || html == "<br>"
                        || html.starts_with("<!-- mainstay") => {}
                    _ => return Err(format!("a text became markup: {html}")),
                }
            }
            _ => {}
        }
    }
    seen.links()?;
    Ok(codes)
}

/// Returns every command of a plan, as it would be typed.
pub fn commands(plan: &Plan) -> Vec<String> {
    fn walk(node: &Node, found: &mut Vec<String>) {
        found.extend(node.text.strip_prefix("$ ").map(str::to_owned));
        node.children.iter().for_each(|child| walk(child, found));
    }
    let mut found = Vec::new();
    plan.phases.iter().for_each(|node| walk(node, &mut found));
    found
}

/// Returns what is wrong with both pages of a runbook: what is no page, and which commands are missing.
pub fn wrong(plan: &Plan) -> Result<(), String> {
    let page = mainstay::display::doc::html(plan, 1).map_err(|e| e.to_string())?;
    let text = html(&page).map_err(|e| format!("HTML: {e}"))?;
    let page = mainstay::display::doc::markdown(plan, 1);
    let codes = markdown(&page).map_err(|e| format!("Markdown: {e}"))?;
    for command in commands(plan) {
        let command = command.trim_end_matches('\n');
        if !text.contains(command) {
            return Err(format!("not in the HTML: {command}"));
        }
        if !codes.iter().any(|code| code.trim_end_matches('\n') == command) {
            return Err(format!("not in the Markdown: {command}"));
        }
    }
    Ok(())
}
