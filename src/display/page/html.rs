//! A page as HTML: one file, without scripts, and with nothing that a browser would have to fetch.
//!
//! Owns the elements; the look is `style.css`, which all pages share. Whatever is written here is well-formed XML, too.

use minijinja::{Environment, HtmlEscape};
use serde_json::json;

use super::super::text::clean;
use super::{Block, Inline, Page, picture, pieces};

const FRAME: &str = include_str!("frame.html");
/// Pixels that a phone's screen has for a picture.
const PHONE: f64 = 328.0;
const STYLE: &str = include_str!("style.css");

/// Returns the page.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn html(page: &Page) -> Result<String, minijinja::Error> {
    let mut body = Body::default();
    body.out.push_str(&format!("<h1>{}</h1>\n", inline(&Inline::Text(page.title.clone()))));
    body.blocks(&page.blocks, true);
    let written = format!("Written by <code>{}</code> from <code>{}</code>.", page.by, escaped(&page.from));
    body.out.push_str(&format!("<footer>{written}</footer>\n"));
    frame(&page.title, page.by, "", &body.out)
}

/// Returns a whole document around what stands in its body. `style`: what is added to the look that pages share.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn frame(title: &str, by: &str, style: &str, body: &str) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    let style = format!("{STYLE}{style}");
    let of = json!({ "title": clean(title), "by": by, "style": style, "body": body });
    environment.render_str(FRAME, minijinja::value::Serde(&of))
}

/// Returns text in which nothing is markup.
pub fn escaped(text: &str) -> String {
    // A slash is no markup; commands are full of them.
    HtmlEscape(&clean(text)).to_string().replace("&#x2f;", "/")
}

#[derive(Default)]
struct Body {
    out: String,
    /// Pictures so far: their titles have names.
    pictures: usize,
}

impl Body {
    /// `top`: whether a list of what stands on the page comes before its second heading of the first level.
    fn blocks(&mut self, of: &[Block], top: bool) {
        let mut contents = top.then(|| contents(of)).flatten();
        for one in of {
            if matches!(one, Block::Heading { .. })
                && let Some(list) = contents.take()
            {
                self.out.push_str(&list);
            }
            self.block(one);
        }
    }

    fn block(&mut self, of: &Block) {
        match of {
            Block::Heading { level, id, text } => {
                let id = if id.is_empty() { String::new() } else { format!(" id=\"{}\"", escaped(id)) };
                let level = (*level).min(6);
                self.out.push_str(&format!("<h{level}{id}>{}</h{level}>\n", inlines(text)));
            }
            Block::Para(text) => self.out.push_str(&format!("<p>{}</p>\n", inlines(text))),
            Block::Warning(text) => {
                self.out.push_str(&format!("<p class=\"warning\">{}</p>\n", inlines(text)));
            }
            Block::Code { text, .. } => {
                let text = escaped(text.trim_end_matches('\n'));
                self.out.push_str(&format!("<pre tabindex=\"0\"><code>{text}</code></pre>\n"));
            }
            Block::Steps(items) | Block::Bullets(items) if items.is_empty() => {}
            Block::Steps(items) => self.list("ol", items),
            Block::Bullets(items) => self.list("ul", items),
            Block::Facts(rows) => {
                self.out.push_str("<dl class=\"facts\">\n");
                for (name, text) in rows {
                    let (name, text) = (escaped(name), inlines(text));
                    self.out.push_str(&format!("<div><dt>{name}</dt><dd>{text}</dd></div>\n"));
                }
                self.out.push_str("</dl>\n");
            }
            Block::Table { head, rows } => self.table(head, rows),
            Block::Inset(inside) => {
                self.out.push_str("<div class=\"inset\">\n");
                self.blocks(inside, false);
                self.out.push_str("</div>\n");
            }
            Block::Fold { head, inside } if inside.is_empty() => {
                self.out.push_str(&format!("<p class=\"leaf\">{}</p>\n", inlines(head)));
            }
            Block::Fold { head, inside } => {
                self.out.push_str(&format!("<details open=\"\"><summary>{}</summary>\n", inlines(head)));
                self.blocks(inside, false);
                self.out.push_str("</details>\n");
            }
            Block::Flow(chart) => {
                self.pictures += 1;
                let (picture, least) = picture::svg(chart, &format!("flow-{}", self.pictures));
                let hint = if least > PHONE {
                    "<figcaption class=\"hint\">Wider than the page: move it sideways.</figcaption>\n"
                } else {
                    ""
                };
                self.out
                    .push_str(&format!("<figure class=\"wide\" tabindex=\"0\">{hint}{picture}</figure>\n"));
            }
        }
    }

    fn list(&mut self, tag: &str, items: &[Vec<Block>]) {
        self.out.push_str(&format!("<{tag}>\n"));
        for item in items {
            self.out.push_str("<li>");
            self.blocks(item, false);
            self.out.push_str("</li>\n");
        }
        self.out.push_str(&format!("</{tag}>\n"));
    }

    fn table(&mut self, head: &[&str], rows: &[Vec<Vec<Inline>>]) {
        // On a phone a row of many cells becomes a card.
        let class = if head.len() > 2 { " class=\"cards\"" } else { "" };
        self.out.push_str(&format!("<div class=\"wide\" tabindex=\"0\"><table{class}>\n<thead><tr>"));
        for name in head {
            self.out.push_str(&format!("<th scope=\"col\">{}</th>", escaped(name)));
        }
        self.out.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.out.push_str("<tr>");
            for (name, cell) in head.iter().zip(row) {
                let name = escaped(name);
                self.out.push_str(&format!("<td data-name=\"{name}\"><div>{}</div></td>", inlines(cell)));
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table></div>\n");
    }
}

/// Returns links to the headings that have a name, where there are several.
fn contents(of: &[Block]) -> Option<String> {
    let mut out = String::from("<nav aria-label=\"Contents\"><ul>\n");
    let mut count = 0;
    for one in of {
        if let Block::Heading { level, id, text } = one
            && !id.is_empty()
            && *level <= 3
        {
            let class = if *level == 3 { " class=\"deeper\"" } else { "" };
            let (id, text) = (escaped(id), inlines(text));
            out.push_str(&format!("<li{class}><a href=\"#{id}\">{text}</a></li>\n"));
            count += 1;
        }
    }
    out.push_str("</ul></nav>\n");
    (count > 2).then_some(out)
}

fn inlines(of: &[Inline]) -> String {
    of.iter().map(inline).collect()
}

fn inline(of: &Inline) -> String {
    let piece = |(value, piece): (bool, &str)| match value {
        true => format!("<code>{}</code>", escaped(piece)),
        false => escaped(piece).replace('\n', "<br/>"),
    };
    let broken = |text: &str| pieces(text.trim_end_matches('\n')).into_iter().map(piece).collect::<String>();
    match of {
        Inline::Text(text) => broken(text),
        Inline::Strong(text) => format!("<strong>{}</strong>", broken(text)),
        Inline::Code(text) => format!("<code>{}</code>", escaped(text)),
        Inline::Quiet(text) => format!("<span class=\"quiet\">{}</span>", broken(text)),
        Inline::Word(class, text) => format!("<span class=\"{class}\">{}</span>", broken(text)),
        Inline::Link { to, text } => format!("<a href=\"#{}\">{}</a>", escaped(to), broken(text)),
        Inline::Beside { path, text } => format!("<a href=\"{}\">{}</a>", escaped(path), broken(text)),
        Inline::Place(id) => format!("<a id=\"{}\"></a>", escaped(id)),
        Inline::Break => "<br/>".to_owned(),
    }
}
