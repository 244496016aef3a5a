//! A flowchart as SVG that stands in a page: no script, no font of its own, coloured by the page's look.
//!
//! Owns shapes, arrows and how labels are wrapped. Where all of it stands is `layout`'s.

use std::fmt::Write as _;

use super::super::plan::{Boxed, Chart, Shape};
use super::super::text::{Paragraph, clean, columns};
use super::html::escaped;
use super::layout::{Item, Layout, What, layout};
use crate::display::Look;

/// Columns of a line in a box, and at an arrow.
const BOX: usize = 28;
const ARROW: usize = 22;
/// Lines at most; what is longer is cut.
const LINES: usize = 6;
/// What a column takes: wide enough for the fonts that systems have.
const COLUMN: f64 = 7.4;
const LINE: f64 = 18.0;
const PAD: f64 = 12.0;
const TIP: f64 = 7.0;

/// Returns the picture, and how many pixels wide it is at least. `id`: the name of its title on the page.
pub fn svg(chart: &Chart, id: &str) -> (String, f64) {
    let boxes: Vec<Vec<String>> = chart.boxes.iter().map(|one| wrapped(&one.label, BOX)).collect();
    let labels: Vec<Vec<String>> = chart.arrows.iter().map(|(_, _, label)| wrapped(label, ARROW)).collect();
    let size = |what: What| match what {
        What::Box(at) => {
            let (width, height) = size_of(&boxes[at]);
            let slant = if matches!(chart.boxes[at].shape, Shape::Box) { 0.0 } else { 2.0 * PAD };
            (width + 2.0 * PAD + slant, height + PAD)
        }
        What::Label(at) => size_of(&labels[at]),
        What::Bend => (1.0, 0.0),
    };
    let laid = layout(chart, size);
    let (width, height) = (laid.width.ceil(), laid.height.ceil());
    // Narrower than this nobody could read it: then it is scrolled.
    let least = (width * 0.72).floor();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"{id}\" width=\"{width}\" \
         height=\"{height}\" style=\"min-width:{least}px\" viewBox=\"0 0 {width} {height}\">\n<title id=\"{id}\">{}</title>\n",
        escaped(&told(chart))
    );
    for (from, to) in &laid.lines {
        line(&laid, &laid.items[*from], &laid.items[*to], &mut out);
    }
    for item in &laid.items {
        match item.what {
            What::Box(at) => shape(&chart.boxes[at], item, &boxes[at], &mut out),
            What::Label(at) => words(item, &labels[at], "small", &mut out),
            What::Bend => {}
        }
    }
    out.push_str("</svg>");
    (out, least)
}

/// Returns what the picture shows, for whoever cannot see it.
fn told(chart: &Chart) -> String {
    let count = |wanted: Shape| chart.boxes.iter().filter(|one| one.shape == wanted).count();
    format!(
        "The flow: {} boxes, of which {} ask for a decision and {} ask somebody; all of it is also told in words",
        chart.boxes.len(),
        count(Shape::Decision),
        count(Shape::Person)
    )
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in clean(text).lines() {
        let mut paragraph = Paragraph::default();
        paragraph.push(Look::BARE.plain(), line);
        lines.extend(paragraph.wrap(Some(width)));
    }
    if lines.len() > LINES {
        lines.truncate(LINES);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

fn size_of(lines: &[String]) -> (f64, f64) {
    let widest = lines.iter().map(|line| columns(line)).max().unwrap_or(0);
    (number(widest) * COLUMN, number(lines.len()) * LINE)
}

fn number(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}

fn shape(of: &Boxed, item: &Item, lines: &[String], out: &mut String) {
    let (left, right) = (item.x - item.width / 2.0, item.x + item.width / 2.0);
    let (top, bottom) = (item.y, item.y + item.height);
    let middle = f64::midpoint(top, bottom);
    let _ = match of.shape {
        Shape::Box => rounded(item, 3.0, "box", out),
        Shape::Phase => rounded(item, item.height.min(36.0) / 2.0, "box phase", out),
        Shape::Decision => writeln!(
            out,
            "<polygon class=\"box decision\" points=\"{left:.1},{middle:.1} {:.1},{top:.1} {:.1},{top:.1} \
             {right:.1},{middle:.1} {:.1},{bottom:.1} {:.1},{bottom:.1}\"/>",
            left + PAD,
            right - PAD,
            right - PAD,
            left + PAD
        ),
        Shape::Person => writeln!(
            out,
            "<polygon class=\"box person\" points=\"{:.1},{top:.1} {right:.1},{top:.1} {:.1},{bottom:.1} \
             {left:.1},{bottom:.1}\"/>",
            left + PAD,
            right - PAD
        ),
    };
    words(item, lines, if of.shape == Shape::Phase { "head" } else { "" }, out);
}

fn rounded(item: &Item, radius: f64, class: &str, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\"/>",
        item.x - item.width / 2.0,
        item.y,
        item.width,
        item.height
    )
}

/// Writes lines of text into the middle of an item.
fn words(item: &Item, lines: &[String], class: &str, out: &mut String) {
    let first = item.y + (item.height - number(lines.len()) * LINE) / 2.0 + LINE * 0.74;
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    for (at, line) in lines.iter().enumerate() {
        let y = first + number(at) * LINE;
        let (x, line) = (item.x, escaped(line));
        let _ = writeln!(out, "<text{class} text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y:.1}\">{line}</text>");
    }
}

/// Draws a line to the layer below; it goes straight through the layers it passes, and ends in a tip at a box.
fn line(laid: &Layout, from: &Item, to: &Item, out: &mut String) {
    let tip = matches!(to.what, What::Box(_));
    let (begin, leave) = (from.y + from.height, laid.layer_of(from).1);
    let (arrive, end) = (laid.layer_of(to).0, if to.what == What::Bend { laid.layer_of(to).1 } else { to.y });
    let begin = if from.what == What::Bend { leave } else { begin };
    let end = if tip { end - TIP } else { end };
    let arrive = arrive.min(end);
    let middle = f64::midpoint(leave, arrive);
    let _ = writeln!(
        out,
        "<path class=\"arrow\" d=\"M{x0:.1} {begin:.1}V{leave:.1}C{x0:.1} {middle:.1} {x1:.1} {middle:.1} {x1:.1} {arrive:.1}\
         V{end:.1}\"/>",
        x0 = from.x,
        x1 = to.x
    );
    if tip {
        let (x, y) = (to.x, end);
        let _ = writeln!(
            out,
            "<polygon class=\"tip\" points=\"{:.1},{y:.1} {:.1},{y:.1} {x:.1},{:.1}\"/>",
            x - 4.0,
            x + 4.0,
            y + TIP
        );
    }
}
